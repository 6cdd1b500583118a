//! An order with its whole operational state: facts, parcels, appeals, and what the ledger holds for it.
//!
//! Facts that change are kept as small histories with the instant at which each was learned, so that the order can
//! be seen as of any instant ([`Order::as_of`]).

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::facts::OrderFact;
use crate::ledger::Posted;
use crate::shipment::Timeline;
use crate::{
    Appeal, Cents, Money, Node, OrderId, Policy, Rate, RowCode, SellerId, SendType, Shipment, Timestamp,
};

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

/// The exchange rate frozen with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenRate {
    /// USD per unit.
    pub rate: Rate,
    /// The day it is of: the payment day, or the latest before within the lookback.
    pub date: NaiveDate,
}

impl FrozenRate {
    /// The rate for a payment day: that day's, else the latest of the `lookback_days_max` days before it.
    pub fn pick(
        rates: &BTreeMap<NaiveDate, Rate>,
        paid_on: NaiveDate,
        lookback_days_max: u32,
    ) -> Option<Self> {
        let earliest = paid_on.checked_sub_days(Days::new(u64::from(lookback_days_max)))?;
        rates
            .range(earliest..=paid_on)
            .next_back()
            .map(|(&date, &rate)| Self { rate, date })
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadFailure {
    /// The upload's instant; also when we learned of it.
    pub uploaded_at: Timestamp,
    /// The first of the row's fined codes.
    pub code: RowCode,
    /// The row.
    pub source: Source,
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
    /// The rate by which `usd` was made; `None` for an order in USD.
    pub rate: Option<FrozenRate>,
    /// The amount in USD cents, frozen.
    pub usd: Cents,
    /// ISO 3166-1 alpha-2.
    pub destination: String,
    /// The shop's category.
    pub category: Option<String>,
    /// The platform's own shipping deadline; informational.
    pub send_deadline: Option<Timestamp>,
    /// When we learned of the order.
    pub recorded_at: Timestamp,
    /// The row that brought it.
    pub source: Source,
    /// Statuses after `paid`, by the instant from which they hold; of each status at most one without an instant of
    /// its own, so that an export sent every day does not make the order grow.
    pub statuses: Vec<StatusChange>,
    /// Accepted tracking numbers, in the order in which they count.
    pub shipments: Vec<Shipment>,
    /// The earliest fined failure of an upload.
    pub failure: Option<UploadFailure>,
    /// Appeals.
    pub appeals: Vec<Appeal>,
    /// What the ledger holds for this order, a line a subject.
    pub posted: Vec<Posted>,
    /// The latest instant as of which entries were posted.
    pub settled_as_of: Option<Timestamp>,
    /// Instants at which something was thought to be learned until an older file told it, ascending: the lake has
    /// rows of them, which a later change must not leave standing.
    pub once_learned_at: Vec<Timestamp>,
}

/// A parcel as of an instant.
#[derive(Clone, Debug)]
pub struct Parcel<'a> {
    /// The shipment.
    pub shipment: &'a Shipment,
    /// Its timeline as of then.
    pub timeline: Timeline,
    /// When a later `all` upload replaced its number; `None` when none had by then.
    pub replaced_at: Option<Timestamp>,
}

/// An order as of an instant: nothing that was learned later.
#[derive(Clone, Debug)]
pub struct OrderAsOf<'a> {
    /// The order.
    pub order: &'a Order,
    /// The instant.
    pub as_of: Timestamp,
    /// Its parcels, in the order in which they count.
    pub parcels: Vec<Parcel<'a>>,
}

impl Order {
    /// An order as its first row tells it; `usd` is the amount in USD cents by `rate`.
    pub fn placed(fact: &OrderFact, rate: Option<FrozenRate>, usd: Cents) -> Self {
        let mut order = Self {
            order_id: fact.order_id.clone(),
            seller_id: fact.seller_id.clone(),
            paid_at: fact.paid_at,
            amount: fact.amount,
            rate,
            usd,
            destination: fact.destination.clone(),
            category: fact.category.clone(),
            send_deadline: fact.send_deadline,
            recorded_at: fact.recorded_at,
            source: fact.source,
            statuses: Vec::new(),
            shipments: Vec::new(),
            failure: None,
            appeals: Vec::new(),
            posted: Vec::new(),
            settled_as_of: None,
            once_learned_at: Vec::new(),
        };
        order.learn_status(fact);
        order
    }

    /// Adds the status of an order row; true when something changed. A plain `paid` says nothing new, and a
    /// status without an instant is taken to hold from when it was first learned.
    pub(crate) fn learn_status(&mut self, fact: &OrderFact) -> bool {
        if fact.status == OrderStatus::Paid && fact.status_at.is_none() {
            return false;
        }
        let change = StatusChange {
            at: fact.status_at,
            status: fact.status,
            recorded_at: fact.recorded_at,
        };
        match self
            .statuses
            .iter_mut()
            .find(|known| (known.at, known.status) == (change.at, change.status))
        {
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
    pub fn shipment(&self, number: &crate::TrackingNumber) -> Option<&Shipment> {
        self.shipments.iter().find(|shipment| shipment.number == *number)
    }

    /// Events over all parcels.
    pub fn event_count(&self) -> usize {
        self.shipments.iter().map(|shipment| shipment.events.len()).sum()
    }

    /// B4's deadline.
    pub fn sign_off_deadline(&self, policy: &Policy) -> Timestamp {
        self.paid_at.plus(policy.sign_off_max())
    }

    /// The order as of an instant; `None` when it was not known then.
    pub fn as_of(&self, as_of: Timestamp) -> Option<OrderAsOf<'_>> {
        if self.recorded_at > as_of {
            return None;
        }
        let known: Vec<&Shipment> = self
            .shipments
            .iter()
            .filter(|shipment| shipment.uploaded_at <= as_of)
            .collect();
        let parcels = known.iter().enumerate().map(|(index, shipment)| Parcel {
            shipment,
            timeline: shipment.timeline(as_of),
            replaced_at: known[index + 1..]
                .iter()
                .find(|later| later.send_type == SendType::All)
                .map(|later| later.uploaded_at),
        });
        Some(OrderAsOf {
            order: self,
            as_of,
            parcels: parcels.collect(),
        })
    }

    /// The instants at which something of this order was learned, ascending; the first is the order itself.
    pub fn learned_at(&self) -> Vec<Timestamp> {
        // An event told before its number's upload waited for it.
        let events = self.shipments.iter().flat_map(|shipment| {
            shipment
                .events
                .iter()
                .map(|event| event.recorded_at.max(shipment.uploaded_at))
        });
        let uploads = self.shipments.iter().map(|shipment| shipment.uploaded_at);
        let statuses = self
            .statuses
            .iter()
            .map(|change| change.recorded_at.max(change.since()));
        let mut instants: Vec<Timestamp> = events
            .chain(uploads)
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
    /// From when the status holds.
    pub fn since(&self) -> Timestamp {
        self.at.unwrap_or(self.recorded_at)
    }
}

impl Parcel<'_> {
    /// Whether the parcel counts at `at`: uploaded by then and neither replaced nor cancelled (B4).
    pub fn is_live_at(&self, at: Timestamp) -> bool {
        let cancelled = matches!(self.timeline.end, Some((end_at, Node::Cancelled)) if end_at <= at);
        self.is_in_use_at(at) && !cancelled
    }

    /// Whether the parcel's number was in use at `at`: uploaded by then and not replaced.
    pub fn is_in_use_at(&self, at: Timestamp) -> bool {
        self.shipment.uploaded_at <= at && self.replaced_at.is_none_or(|replaced_at| replaced_at > at)
    }
}

impl OrderAsOf<'_> {
    /// The order's status at `at` and since when it had it, as far as it was known as of the view's instant. Told
    /// again, a status still holds since it was first taken.
    pub fn status_at(&self, at: Timestamp) -> (OrderStatus, Timestamp) {
        self.status_expected_at(at.min(self.as_of))
    }

    /// As [`status_at`](Self::status_at), also ahead of the view's instant: a status may be known before it holds.
    pub fn status_expected_at(&self, at: Timestamp) -> (OrderStatus, Timestamp) {
        let known = self
            .order
            .statuses
            .iter()
            .filter(|change| change.recorded_at <= self.as_of && change.since() <= at);
        let mut latest_first = known.rev();
        let Some(latest) = latest_first.next() else {
            return (OrderStatus::Paid, self.order.paid_at);
        };
        let same = latest_first.take_while(|change| change.status == latest.status);
        (latest.status, same.last().unwrap_or(latest).since())
    }

    /// Whether the order was cancelled before shipment: cancelled with no pickup by then.
    pub fn is_excluded(&self) -> bool {
        match self.status_at(self.as_of) {
            (OrderStatus::Cancelled, at) => !self.parcels.iter().any(|parcel| {
                parcel
                    .timeline
                    .picked_up_at
                    .is_some_and(|picked_up_at| picked_up_at <= at)
            }),
            _ => false,
        }
    }

    /// The first accepted upload (A1).
    pub fn first_upload_at(&self) -> Option<Timestamp> {
        self.first_upload().map(|shipment| shipment.uploaded_at)
    }

    /// The parcel of the first accepted upload (A1).
    pub fn first_upload(&self) -> Option<&Shipment> {
        let shipments = self.parcels.iter().map(|parcel| parcel.shipment);
        shipments.min_by_key(|shipment| shipment.uploaded_at)
    }

    /// When the order was signed, by what counts at `horizon`: it has live parcels and all of them are signed (B4).
    pub fn signed_at(&self, horizon: Timestamp) -> Option<Timestamp> {
        let live = self.parcels.iter().filter(|parcel| parcel.is_live_at(horizon));
        let mut signed_at = None;
        for parcel in live {
            signed_at = signed_at.max(Some(parcel.timeline.signed_at.filter(|at| *at <= horizon)?));
        }
        signed_at
    }
}
