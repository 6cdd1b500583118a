//! What the rows of one file say against each other: the same again, something else under the same key, one number for
//! two orders. Rows are judged one after the other, in the order of the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use chrono::NaiveDate;
use domain::facts::{AppealFact, EventFact, OrderFact, RateFact, TrackingFact};
use domain::order::OrderStatus;
use domain::ruling::{Ruling, Verdict};
use domain::seller::SellerFact;
use domain::statement::StatementLine;
use domain::{Currency, Finding, Order, PolicyBook, Rate, RowCode, Timestamp};

use super::numbers::{Keys, Numbers, seconds};
use super::table::Table;

/// The rows of a file so far.
pub(super) struct InFile {
    keys: Keys,
    numbers: Numbers,
    /// By order or appeal, what may not change: a hash of it.
    fixed: Table<u64>,
    /// What was told already: states of orders and appeals, events with the earliest recording.
    told: Table<u32>,
    /// By number, how many of its events the file has.
    events: Table<u16>,
    rates: HashMap<(Currency, NaiveDate), Rate>,
    events_max: usize,
}

/// What an acceptable tracking row is in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It can be the order's first accepted upload as far as the file tells: A1 looks at it.
    First,
    /// A later one.
    Further,
    /// It repeats a row or contradicts one: its ruling.
    Ruled(Ruling),
}

/// Facts beside those that a file told first under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    First,
    Again,
    Otherwise,
}

impl InFile {
    /// For a file of about so many rows.
    pub(super) fn new(rows: usize, policy: &PolicyBook) -> Self {
        Self {
            keys: Keys::new(&policy.carriers),
            numbers: Numbers::made_for(rows, &policy.carriers),
            fixed: Table::new(),
            told: Table::new(),
            events: Table::new(),
            rates: HashMap::new(),
            events_max: policy.intake.events_per_order_max,
        }
    }

    /// What makes keys as this judges them.
    pub(super) fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// The numbers that the rows hold so far.
    pub(super) fn numbers(&mut self) -> &mut Numbers {
        &mut self.numbers
    }

    /// `NUM_USED_ELSEWHERE`, when an accepted row of another order has the number.
    pub(super) fn used_elsewhere(&self, fact: &TrackingFact) -> Option<Finding> {
        let (number, key) = (fact.number.as_ref()?, self.keys.of(fact)?);
        let holder = self.numbers.holder(&key)?;
        holder.is_of_other_order().then(|| {
            let row = holder.row;
            Finding::new(RowCode::NumUsedElsewhere, "tracking_number", number.as_str())
                .with_detail(format!("of row {row} | （第 {row} 行）"))
        })
    }

    /// Takes a tracking row that nothing refuses.
    pub(super) fn take(&mut self, fact: &TrackingFact) -> Place {
        let (Some(number), Some(key)) = (&fact.number, self.keys.of(fact)) else {
            return Place::Further;
        };
        let standing = self.numbers.standing(&key);
        if let Some(holder) = &standing.holder {
            let row = holder.row;
            if holder.terms != key.terms() {
                let known = self.numbers.carrier(holder.terms);
                let detail = format!("row {row}: {known} | 第 {row} 行：{known}");
                return Place::Ruled(Ruling::applied(vec![
                    Finding::new(RowCode::RowConflict, "tracking_number", number.as_str())
                        .with_detail(detail),
                ]));
            }
            if holder.uploaded_at <= key.uploaded_at() {
                return Place::Ruled(duplicate("tracking_number", number.as_str(), Some(row)));
            }
        }
        self.numbers.hold(&key, &standing, fact.source.row);
        if standing.is_first {
            Place::First
        } else {
            Place::Further
        }
    }

    /// Judges an order's row: its immutable facts stand, its status may move on.
    pub(super) fn judge_order(&mut self, fact: &OrderFact) -> Ruling {
        let order_id = fact.order_id.as_str();
        let amount = (fact.amount.minor, fact.amount.currency);
        let facts = (&fact.seller_id, fact.paid_at.unix(), amount, &fact.destination);
        let is_new = match self.stands(&fact.order_id, &facts) {
            Stands::Otherwise => {
                return Ruling::applied(vec![Finding::new(RowCode::RowConflict, "order_id", order_id)]);
            }
            stands => stands == Stands::First,
        };
        let says_status = fact.status != OrderStatus::Paid || fact.status_at.is_some();
        let status = match fact.status {
            OrderStatus::Paid => 0_u8,
            OrderStatus::Cancelled => 1,
            OrderStatus::Refunded => 2,
        };
        let state = (&fact.order_id, status, fact.status_at.map(Timestamp::unix));
        let has_moved = says_status && self.tells(&state, fact.recorded_at);
        if is_new || has_moved {
            Ruling::applied(Vec::new())
        } else {
            duplicate("order_id", order_id, None)
        }
    }

    /// Judges an appeal's row.
    pub(super) fn judge_appeal(&mut self, fact: &AppealFact) -> Ruling {
        let clause = format!("{:?}", fact.clause);
        let facts = (
            clause,
            fact.filed_at.unix(),
            fact.episode_start.map(Timestamp::unix),
        );
        if self.stands(&(&fact.order_id, &fact.appeal_id), &facts) == Stands::Otherwise {
            let finding = Finding::new(RowCode::RowConflict, "appeal_id", &fact.appeal_id);
            return Ruling::applied(vec![finding]);
        }
        let since = fact.decided_at.unwrap_or(fact.filed_at);
        let status = format!("{:?}", fact.status);
        let state = (&fact.order_id, &fact.appeal_id, status, since.unix());
        if self.tells(&state, fact.recorded_at) {
            Ruling::applied(Vec::new())
        } else {
            duplicate("appeal_id", &fact.appeal_id, None)
        }
    }

    /// Judges an event's row: the same event again is known, unless it was recorded earlier than thought.
    pub(super) fn judge_event(&mut self, fact: &EventFact) -> Ruling {
        let event = (
            &fact.number,
            fact.occurred_at.unix(),
            fact.node.as_str(),
            &fact.code,
        );
        let key = self.hash(&event);
        let number = self.hash(&fact.number);
        let count = self.events.get(number).unwrap_or_default();
        let is_known = self.told.get(key).is_some();
        if !is_known && usize::from(count) >= self.events_max {
            let finding = Finding::new(RowCode::EventsLimit, "tracking_number", fact.number.as_str());
            return Ruling::applied(vec![finding.with_detail(self.events_max.to_string())]);
        }
        if !is_known {
            self.events.put(number, count.saturating_add(1));
        }
        if self.tells(&event, fact.recorded_at) {
            Ruling::applied(fact.findings.clone())
        } else {
            Ruling {
                verdict: Verdict::Unchanged,
                findings: Vec::new(),
                fined: false,
            }
        }
    }

    /// Judges a seller's row: of several of one seller the first stands.
    pub(super) fn judge_seller(&mut self, fact: &SellerFact) -> Ruling {
        let id = fact.seller_id.as_str();
        let told = format!("{:?}", fact.told);
        match self.stands(&fact.seller_id, &told) {
            Stands::First => fact.rule(&[]),
            Stands::Again => duplicate("seller_id", id, None),
            Stands::Otherwise => Ruling::applied(vec![Finding::new(RowCode::RowConflict, "seller_id", id)]),
        }
    }

    /// Judges a line of a bill; `order` is the one that it names, if it is known.
    pub(super) fn judge_statement(&mut self, line: &StatementLine, order: Option<&Order>) -> Ruling {
        let ruling = line.rule(None, order);
        if ruling.findings.iter().any(Finding::is_error) {
            return ruling;
        }
        let key = (&line.seller_id, &line.statement_id, line.line_no);
        let amount = (line.amount.minor, line.amount.currency);
        let facts = (
            &line.order_id,
            &line.kind,
            amount,
            line.charged_at.unix(),
            &line.description,
        );
        let line_no = line.line_no.to_string();
        match self.stands(&key, &facts) {
            Stands::First => ruling,
            Stands::Again => duplicate("line_no", &line_no, None),
            Stands::Otherwise => {
                Ruling::applied(vec![Finding::new(RowCode::RowConflict, "line_no", &line_no)])
            }
        }
    }

    /// Judges a day's rate: within one file the first stands.
    pub(super) fn judge_rate(&mut self, fact: &RateFact) -> Ruling {
        match self.rates.entry((fact.currency, fact.date)) {
            Entry::Vacant(place) => {
                place.insert(fact.rate);
                crate::batch::rule_rate(fact, None, &[])
            }
            Entry::Occupied(first) => crate::batch::rule_rate(fact, Some(*first.get()), &[]),
        }
    }

    /// How facts stand beside those that the file told first under their key.
    fn stands(&mut self, key: &impl Hash, facts: &impl Hash) -> Stands {
        let (key, facts) = (self.hash(key), self.hash(facts));
        match self.fixed.get(key) {
            Some(known) if known == facts => Stands::Again,
            Some(_) => Stands::Otherwise,
            None => {
                self.fixed.put(key, facts);
                Stands::First
            }
        }
    }

    /// Whether the file tells something for the first time, or as learned earlier than it told before.
    fn tells(&mut self, what: &impl Hash, recorded_at: Timestamp) -> bool {
        let key = self.hash(what);
        let recorded_at = seconds(recorded_at);
        let is_news = self.told.get(key).is_none_or(|known| recorded_at < known);
        if is_news {
            self.told.put(key, recorded_at);
        }
        is_news
    }

    fn hash(&self, what: &impl Hash) -> u64 {
        self.keys.hash(what)
    }
}

fn duplicate(column: &str, value: &str, row: Option<u64>) -> Ruling {
    let finding = Finding::new(RowCode::RowDuplicate, column, value);
    Ruling {
        verdict: Verdict::Unchanged,
        findings: vec![match row {
            Some(row) => finding.with_detail(row.to_string()),
            None => finding,
        }],
        fined: false,
    }
}
