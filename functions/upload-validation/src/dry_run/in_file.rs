//! What the rows of one file say against each other: the same again, something else under the same key, one number for
//! two orders. Rows are judged one after the other, in the order of the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use chrono::NaiveDate;
use domain::claims::ClaimTerms;
use domain::facts::{AppealFact, EventFact, OrderFact, RateFact, TrackingFact};
use domain::order::OrderStatus;
use domain::policy::IntakePolicy;
use domain::ruling::{Ruling, Verdict};
use domain::seller::SellerFact;
use domain::statement::StatementLine;
use domain::{AppealStatus, Currency, Finding, Order, PolicyBook, Rate, RowCode, Timestamp};

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
    /// How many there are of what has a bound: events by number, appeals and statuses by order, states by appeal, orders that
    /// wait by number.
    counts: Table<u16>,
    rates: HashMap<(Currency, NaiveDate), Rate>,
    limits: IntakePolicy,
    claims: ClaimTerms,
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
        let claims = policy.newest().claims;
        Self {
            keys: Keys::new(&policy.carriers),
            numbers: Numbers::made_for(rows, &policy.carriers, claims.numbers_per_order_max),
            fixed: Table::new(),
            told: Table::new(),
            counts: Table::new(),
            rates: HashMap::new(),
            limits: policy.intake.clone(),
            claims,
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

    /// `NUM_USED_ELSEWHERE`, when an accepted row of another order has the number; `NUMBERS_LIMIT` where too many wait for it.
    pub(super) fn used_elsewhere(&mut self, fact: &TrackingFact) -> Option<Finding> {
        let (number, key) = (fact.number.as_ref()?, self.keys.of(fact)?);
        let holder = self.numbers.holder(&key)?;
        if !holder.is_of_other_order() {
            return None;
        }
        let orders_max = self.claims.orders_per_number_max;
        // The order that holds the number is one of them.
        let waiting_max = orders_max.saturating_sub(1);
        if self
            .is_told(&(number, &fact.order_id), fact.uploaded_at, number, waiting_max)
            .is_none()
        {
            let finding = Finding::new(RowCode::NumbersLimit, "tracking_number", number.as_str());
            return Some(finding.with_detail(format!(
                "{orders_max} orders a number | 每个运单号 {orders_max} 个订单"
            )));
        }
        let row = holder.row;
        let finding = Finding::new(RowCode::NumUsedElsewhere, "tracking_number", number.as_str());
        Some(finding.with_detail(format!("of row {row} | （第 {row} 行）")))
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
        if standing.is_one_too_many {
            let most = self.claims.numbers_per_order_max;
            let finding = Finding::new(RowCode::NumbersLimit, "tracking_number", number.as_str());
            let finding = finding.with_detail(format!("{most} numbers an order | 每个订单 {most} 个运单号"));
            return Place::Ruled(Ruling::applied(vec![finding]));
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
        let statuses_max = self.limits.statuses_per_order_max;
        let has_moved = says_status
            && match self.is_told(&state, fact.recorded_at, &fact.order_id, statuses_max) {
                Some(is_told) => !is_told,
                None => {
                    let finding = Finding::new(RowCode::StatusesLimit, "status", fact.status.as_str());
                    return Ruling::applied(vec![finding.with_detail(statuses_max.to_string())]);
                }
            };
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
        let appeal = (&fact.order_id, &fact.appeal_id);
        let too_many = |most: String| {
            let finding = Finding::new(RowCode::AppealsLimit, "appeal_id", &fact.appeal_id);
            Ruling::applied(vec![finding.with_detail(most)])
        };
        let appeals_max = self.limits.appeals_per_order_max;
        if self.fixed.get(self.hash(&appeal)).is_none() && !self.count(&fact.order_id, appeals_max) {
            return too_many(format!(
                "{appeals_max} appeals an order | 每个订单 {appeals_max} 个申诉"
            ));
        }
        if self.stands(&appeal, &facts) == Stands::Otherwise {
            let finding = Finding::new(RowCode::RowConflict, "appeal_id", &fact.appeal_id);
            return Ruling::applied(vec![finding]);
        }
        let decided_at = fact.decided_at.unwrap_or(fact.filed_at).unix();
        let decision = ("decision", &fact.order_id, &fact.appeal_id, decided_at);
        if fact.status != AppealStatus::Pending
            && self.stands(&decision, &(fact.status as u8)) == Stands::Otherwise
        {
            let finding = Finding::new(RowCode::RowConflict, "appeal_id", &fact.appeal_id);
            return Ruling::applied(vec![finding]);
        }
        let since = fact.decided_at.unwrap_or(fact.filed_at);
        let status = format!("{:?}", fact.status);
        let state = (&fact.order_id, &fact.appeal_id, status, since.unix());
        let states_max = self.limits.states_per_appeal_max;
        match self.is_told(&state, fact.recorded_at, &appeal, states_max) {
            Some(false) => Ruling::applied(Vec::new()),
            Some(true) => duplicate("appeal_id", &fact.appeal_id, None),
            None => too_many(format!(
                "{states_max} states an appeal | 每个申诉 {states_max} 个状态"
            )),
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
        let events_max = self.limits.events_per_order_max;
        match self.is_told(&event, fact.recorded_at, &fact.number, events_max) {
            Some(false) => Ruling::applied(fact.findings.clone()),
            Some(true) => Ruling::unchanged(),
            None => {
                let finding = Finding::new(RowCode::EventsLimit, "tracking_number", fact.number.as_str());
                Ruling::applied(vec![finding.with_detail(events_max.to_string())])
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
                crate::rates::rule_rate(fact, None, &[])
            }
            Entry::Occupied(first) => crate::rates::rule_rate(fact, Some(*first.get()), &[]),
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

    /// Whether the file has stated something before, recorded no later; `None` where it is new and one more than the `max` that
    /// there may be `of` one thing.
    fn is_told(
        &mut self,
        what: &impl Hash,
        recorded_at: Timestamp,
        of: &impl Hash,
        max: usize,
    ) -> Option<bool> {
        let (key, recorded_at) = (self.hash(what), seconds(recorded_at));
        let known = self.told.get(key);
        if known.is_none() && !self.count(of, max) {
            return None;
        }
        let is_told = known.is_some_and(|known| known <= recorded_at);
        if !is_told {
            self.told.put(key, recorded_at);
        }
        Some(is_told)
    }

    /// Counts one more of something; false where there are `max` already.
    fn count(&mut self, of: &impl Hash, max: usize) -> bool {
        let key = self.hash(of);
        let count = self.counts.get(key).unwrap_or_default();
        let has_room = usize::from(count) < max;
        if has_room {
            self.counts.put(key, count.saturating_add(1));
        }
        has_room
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
