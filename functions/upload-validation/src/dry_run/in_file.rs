//! What the rows of one file say against each other: the same again, something else under the same key, one number for
//! two orders. Rows are judged one after the other, in the order of the file.
//!
//! A row leaves 32 bytes or less behind, and a quarter of that again as free places: hashes, seeded anew each run, in place of ids. Among ten million rows some two keys
//! have one 64-bit hash once in 370,000 files; a number shared by two orders is taken for one of the same order once in 16
//! million. Such a row is told wrongly that it repeats another. A dry run applies nothing and fines nothing, and the upload
//! itself compares the ids whole.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash};

use chrono::NaiveDate;
use domain::carrier::CarrierTable;
use domain::facts::{AppealFact, EventFact, OrderFact, RateFact, TrackingFact};
use domain::order::OrderStatus;
use domain::ruling::{Ruling, Verdict};
use domain::seller::SellerFact;
use domain::statement::StatementLine;
use domain::{Currency, Finding, Order, Rate, RowCode, SendType, Timestamp};
use foldhash::quality::RandomState;

use super::table::Table;

/// What tells a tracking row among the others of its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    order: u64,
    number: u64,
    uploaded_at: u32,
    /// Carrier and send type.
    terms: u16,
}

/// Makes keys and hashes, the same on every thread of a run.
#[derive(Clone)]
pub(super) struct Keys {
    hasher: RandomState,
    carriers: HashMap<&'static str, u16>,
}

/// The rows of a file so far.
pub(super) struct InFile {
    keys: Keys,
    carrier_names: Vec<&'static str>,
    /// By number, the accepted row that holds it.
    held: Table<Held>,
    /// By order, the earliest accepted upload (A1).
    first_uploads: Table<u32>,
    /// By order or appeal, what may not change: a hash of it.
    fixed: Table<u64>,
    /// What was told already: states of orders and appeals, events with the earliest recording.
    told: Table<u32>,
    /// By number, how many of its events the file has.
    events: Table<u16>,
    rates: HashMap<(Currency, NaiveDate), Rate>,
    events_max: usize,
}

/// The accepted row that holds a number, in twelve bytes: its instant; then 24 bits of the order's hash and the low byte
/// of the terms (carrier and send type); then 24 bits of the row's number and the terms' high byte. A file has at most
/// ten million rows.
#[derive(Clone, Copy, Default)]
struct Held([u32; 3]);

impl Held {
    fn new(uploaded_at: u32, order: u64, row: u64, terms: u16) -> Self {
        let [low, high] = terms.to_le_bytes().map(u32::from);
        Self([
            uploaded_at,
            (order as u32 & 0xff_ffff) << 8 | low,
            (row as u32 & 0xff_ffff) << 8 | high,
        ])
    }

    fn uploaded_at(self) -> u32 {
        self.0[0]
    }

    fn is_of(self, order: u64) -> bool {
        self.0[1] >> 8 == order as u32 & 0xff_ffff
    }

    fn row(self) -> u32 {
        self.0[2] >> 8
    }

    fn terms(self) -> u16 {
        u16::from_le_bytes([self.0[1] as u8, self.0[2] as u8])
    }
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

impl Keys {
    /// The key of a row; `None` for one without number or carrier.
    pub(super) fn of(&self, fact: &TrackingFact) -> Option<Key> {
        let carrier = self.carriers.get(fact.carrier.as_deref()?);
        Some(Key {
            order: self.hash(&fact.order_id),
            number: self.hash(fact.number.as_ref()?),
            uploaded_at: seconds(fact.uploaded_at),
            terms: carrier.copied().unwrap_or(u16::MAX >> 1) << 1
                | u16::from(fact.send_type == SendType::Part),
        })
    }

    fn hash(&self, what: &impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }
}

impl InFile {
    pub(super) fn new(events_max: usize) -> Self {
        let carrier_names: Vec<&str> = CarrierTable::shipped()
            .carriers()
            .map(|carrier| carrier.id())
            .collect();
        let carriers = carrier_names
            .iter()
            .enumerate()
            .map(|(index, id)| (*id, index as u16));
        Self {
            keys: Keys {
                hasher: RandomState::default(),
                carriers: carriers.collect(),
            },
            carrier_names,
            held: Table::new(),
            first_uploads: Table::new(),
            fixed: Table::new(),
            told: Table::new(),
            events: Table::new(),
            rates: HashMap::new(),
            events_max,
        }
    }

    /// `NUM_USED_ELSEWHERE`, when an accepted row of another order has the number.
    pub(super) fn used_elsewhere(&self, fact: &TrackingFact) -> Option<Finding> {
        let number = fact.number.as_ref()?;
        let held = self.held.get(self.hash(number))?;
        (!held.is_of(self.hash(&fact.order_id))).then(|| {
            let row = held.row();
            Finding::new(RowCode::NumUsedElsewhere, "tracking_number", number.as_str())
                .with_detail(format!("of row {row} | （第 {row} 行）"))
        })
    }

    /// What makes keys as this judges them.
    pub(super) fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// Whether an accepted row holds the number already.
    pub(super) fn is_held(&self, key: &Key) -> bool {
        self.held.get(key.number).is_some()
    }

    /// Whether the row would be its order's first accepted upload as far as the file tells.
    pub(super) fn would_be_first(&self, key: &Key) -> bool {
        self.first_uploads
            .get(key.order)
            .is_none_or(|first| key.uploaded_at < first)
    }

    /// Lets a row hold its number.
    pub(super) fn hold(&mut self, key: &Key, row: u64) {
        self.held
            .put(key.number, Held::new(key.uploaded_at, key.order, row, key.terms));
        if self.would_be_first(key) {
            self.first_uploads.put(key.order, key.uploaded_at);
        }
    }

    /// Takes a tracking row that nothing refuses.
    pub(super) fn take(&mut self, fact: &TrackingFact) -> Place {
        let (Some(number), Some(key)) = (&fact.number, self.keys.of(fact)) else {
            return Place::Further;
        };
        if let Some(held) = self.held.get(key.number) {
            let row = held.row();
            if held.terms() != key.terms {
                let known = self.carrier_names.get(usize::from(held.terms() >> 1));
                let known = known.copied().unwrap_or_default();
                let detail = format!("row {row}: {known} | 第 {row} 行：{known}");
                return Place::Ruled(Ruling::applied(vec![
                    Finding::new(RowCode::RowConflict, "tracking_number", number.as_str())
                        .with_detail(detail),
                ]));
            }
            if held.uploaded_at() <= key.uploaded_at {
                return Place::Ruled(duplicate(
                    "tracking_number",
                    number.as_str(),
                    Some(u64::from(row)),
                ));
            }
        }
        let is_first = self.would_be_first(&key);
        self.hold(&key, fact.source.row);
        if is_first { Place::First } else { Place::Further }
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
                crate::batch::rule_rate(fact, None, None)
            }
            Entry::Occupied(first) => crate::batch::rule_rate(fact, Some(*first.get()), None),
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

/// Seconds since 1970 as far as they go in four bytes: to 2106.
fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.unix().max(0)).unwrap_or(u32::MAX)
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
