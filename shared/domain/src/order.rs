//! An order with its whole operational state: facts, parcels, appeals, and what the ledger holds for it.
//!
//! Facts that change are kept as small histories with the instant at which each was learned, so that the order can
//! be seen as of any instant ([`Order::as_of`]).

mod numbers;
mod seen;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::because::Refused;
use crate::claims::Word;
use crate::exchange::DatedRate;
use crate::facts::OrderFact;
use crate::ledger::Posted;
use crate::withdrawal::Restored;
use crate::{
    Appeal, Cents, Money, OrderId, Policy, RowCode, SellerId, Shipment, Timestamp, TrackingNumber, Uploader,
};

pub use seen::{OrderAsOf, Parcel};

/// An order's status on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Paid and going on.
    Paid,
    /// Cancelled.
    Cancelled,
    /// Refunded in full.
    Refunded,
}

impl OrderStatus {
    /// The status in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// The status in English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        let zh = match self {
            Self::Paid => "已付款",
            Self::Cancelled => "已取消",
            Self::Refunded => "已退款",
        };
        (self.as_str(), zh)
    }
}

/// Where a fact came from: an upload and a row of it. Tells a redelivered row from a row sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The upload's id: a digest of the object's key and sequencer.
    pub upload: u64,
    /// The data row, from 1.
    pub row: u64,
}

/// An upload's id as logs and explanations write it: 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadId(pub u64);

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A status that an order took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// When it took it; `None` where no file says: then from when we first learned it.
    pub at: Option<Timestamp>,
    /// The status.
    pub status: OrderStatus,
    /// When we learned it.
    pub recorded_at: Timestamp,
}

/// A fined failure of an upload (A6): a fact of the order, whatever happens to the row later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadFailure {
    /// The upload's instant; also when we learned of it.
    pub uploaded_at: Timestamp,
    /// The first of the row's fined codes.
    pub code: RowCode,
    /// The row.
    pub source: Source,
    /// What of the row is cited. Not part of the stored state.
    #[serde(skip)]
    pub refused: Refused,
}

/// A failed upload as an order is assessed by it (A6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When it became one.
    pub failed_at: Timestamp,
    /// The row's instant.
    pub uploaded_at: Timestamp,
    /// The first of the row's fined codes.
    pub code: RowCode,
    /// The row.
    pub source: Source,
    /// What of the row is cited.
    pub refused: Refused,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The platform's number.
    pub order_id: OrderId,
    /// The shop.
    pub seller_id: SellerId,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// What was paid.
    pub amount: Money,
    /// The rates that apply to it in turn, by when they were recorded; empty for an order in USD.
    pub rates: Vec<DatedRate>,
    /// ISO 3166-1 alpha-2.
    pub destination: String,
    /// The shop's category.
    pub category: Option<String>,
    /// The platform's own shipping deadline; informational.
    pub send_deadline: Option<Timestamp>,
    /// When the order was recorded.
    pub recorded_at: Timestamp,
    /// The row that brought it.
    pub source: Source,
    /// Whether an operator stated it. What only its seller stated stands outside GMV and C1.
    pub confirmed: bool,
    /// Statuses after `paid`, by the instant from which they hold; of each status at most one without an instant of
    /// its own, so that an export sent every day does not make the order grow.
    pub statuses: Vec<StatusChange>,
    /// Claimed tracking numbers, in the order in which they count.
    pub shipments: Vec<Shipment>,
    /// The earliest fined failure of an upload.
    pub failure: Option<UploadFailure>,
    /// Appeals.
    pub appeals: Vec<Appeal>,
    /// What the ledger holds for this order, a line a subject.
    pub posted: Vec<Posted>,
    /// The latest instant as of which entries were posted that were not withdrawn.
    pub settled_as_of: Option<Timestamp>,
    /// Subjects that a withdrawal left standing by an earlier entry than their latest. Not part of the stored state.
    #[serde(skip)]
    pub restored: Vec<Restored>,
    /// Instants at which something was thought to be learned until an older file told it, ascending: the lake has
    /// rows of them, which a later change must not leave standing.
    pub once_learned_at: Vec<Timestamp>,
}

impl Order {
    /// An order as its first row states it; `None` without a rate for its currency (never 1.0).
    pub fn placed(fact: &OrderFact, rates: Vec<DatedRate>, uploader: &Uploader) -> Option<Self> {
        fact.amount.usd_cents(rates.first().map(|dated| dated.rate))?;
        let mut order = Self {
            order_id: fact.order_id.clone(),
            seller_id: fact.seller_id.clone(),
            paid_at: fact.paid_at,
            amount: fact.amount,
            rates,
            destination: fact.destination.clone(),
            category: fact.category.clone(),
            send_deadline: fact.send_deadline,
            recorded_at: fact.recorded_at,
            source: fact.source,
            confirmed: *uploader == Uploader::Operator,
            statuses: Vec::new(),
            shipments: Vec::new(),
            failure: None,
            appeals: Vec::new(),
            posted: Vec::new(),
            settled_as_of: None,
            restored: Vec::new(),
            once_learned_at: Vec::new(),
        };
        order.learn_status(fact);
        Some(order)
    }

    /// The amount in USD cents by the rates recorded by an instant; before the first one was, by that one.
    pub fn usd_at(&self, as_of: Timestamp) -> Cents {
        let rate = self.rate_at(as_of).map(|dated| dated.rate);
        self.amount.usd_cents(rate).unwrap_or(Cents::ZERO)
    }

    /// The rate that applies by those recorded by an instant; before the first one was, that one. `None` in US dollars.
    pub(crate) fn rate_at(&self, as_of: Timestamp) -> Option<&DatedRate> {
        let known = self.rates.iter().rev().find(|dated| dated.recorded_at <= as_of);
        known.or(self.rates.first())
    }

    /// Adds the status of an order row; true when something changed. A plain `paid` says nothing new, and a
    /// status without an instant is taken to hold from when it was first learned.
    pub(crate) fn learn_status(&mut self, fact: &OrderFact) -> bool {
        let Some(change) = StatusChange::of(fact) else {
            return false;
        };
        match self.statuses.iter_mut().find(|known| known.is_like(&change)) {
            Some(known) if known.recorded_at <= change.recorded_at => return false,
            Some(known) => {
                let overtaken = std::mem::replace(known, change);
                self.note_overtaken(overtaken.recorded_at.max(overtaken.since()));
            }
            None => self.statuses.push(change),
        }
        self.statuses
            .sort_by_key(|change| (change.since(), change.status, change.recorded_at));
        true
    }

    /// Whether the status of an order row is known, or says nothing: it takes no place.
    pub(crate) fn knows_status(&self, fact: &OrderFact) -> bool {
        StatusChange::of(fact).is_none_or(|change| self.statuses.iter().any(|known| known.is_like(&change)))
    }

    /// The order was learned of earlier than thought: an older file came after a newer one. True when it was.
    pub(crate) fn learn_of_order(&mut self, recorded_at: Timestamp) -> bool {
        let is_earlier = recorded_at < self.recorded_at;
        if is_earlier {
            self.note_overtaken(self.recorded_at);
            self.recorded_at = recorded_at;
        }
        is_earlier
    }

    /// Keeps an instant at which something was thought to be learned.
    pub(crate) fn note_overtaken(&mut self, learned_at: Timestamp) {
        let learned_at = learned_at.max(self.recorded_at);
        if let Err(place) = self.once_learned_at.binary_search(&learned_at) {
            self.once_learned_at.insert(place, learned_at);
        }
    }

    /// The shipment under `number`.
    pub fn shipment(&self, number: &TrackingNumber) -> Option<&Shipment> {
        self.shipments.iter().find(|shipment| shipment.number == *number)
    }

    /// The other orders that share numbers with this one.
    pub fn rivals(&self) -> BTreeSet<&OrderId> {
        let words = self.shipments.iter().flat_map(|shipment| &shipment.rivals);
        words.map(|word| &word.order_id).collect()
    }

    /// Events over all parcels.
    pub fn event_count(&self) -> usize {
        self.shipments.iter().map(|shipment| shipment.events.len()).sum()
    }

    /// B4's deadline.
    pub fn sign_off_deadline(&self, policy: &Policy) -> Timestamp {
        self.paid_at.plus(policy.sign_off_max())
    }

    /// The instants at which something of this order was learned, ascending; the first is the order itself.
    pub fn learned_at(&self) -> Vec<Timestamp> {
        // An event that was recorded before its number's upload waited for it.
        let events = self.shipments.iter().flat_map(|shipment| {
            shipment
                .events
                .iter()
                .map(|event| event.recorded_at.max(shipment.uploaded_at()))
        });
        let claims = self.shipments.iter().flat_map(|shipment| &shipment.claims);
        let uploads = claims.map(|claim| claim.uploaded_at);
        let rivals = self.shipments.iter().flat_map(|shipment| &shipment.rivals);
        let rivals = rivals.flat_map(Word::recorded_at);
        let rates = self.rates.iter().map(|dated| dated.recorded_at);
        let statuses = self
            .statuses
            .iter()
            .map(|change| change.recorded_at.max(change.since()));
        let mut instants: Vec<Timestamp> = events
            .chain(uploads)
            .chain(rivals)
            .chain(rates)
            .chain(statuses)
            .map(|at| at.max(self.recorded_at))
            .collect();
        instants.push(self.recorded_at);
        instants.sort_unstable();
        instants.dedup();
        instants
    }
}

impl StatusChange {
    /// The status that an order row states; a plain `paid` says nothing.
    fn of(fact: &OrderFact) -> Option<Self> {
        let says_nothing = fact.status == OrderStatus::Paid && fact.status_at.is_none();
        (!says_nothing).then_some(Self {
            at: fact.status_at,
            status: fact.status,
            recorded_at: fact.recorded_at,
        })
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.at, self.status) == (other.at, other.status)
    }

    /// From when the status holds.
    pub fn since(&self) -> Timestamp {
        self.at.unwrap_or(self.recorded_at)
    }
}
