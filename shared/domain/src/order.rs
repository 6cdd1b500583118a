//! An order with its whole operational state: facts, parcels, appeals, and what the ledger holds for it.
//!
//! Facts that change are kept as small histories with the instant at which each was learned, so that the order can
//! be seen as of any instant ([`Order::as_of`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::claims::{Claim, ClaimState, Word};
use crate::exchange::DatedRate;
use crate::facts::OrderFact;
use crate::ledger::Posted;
use crate::shipment::{Holding, Timeline};
use crate::withdrawal::Restored;
use crate::{
    Appeal, Cents, Money, Node, OrderId, Policy, RowCode, SellerId, SendType, Shipment, Timestamp,
    TrackingEvent, TrackingNumber, Uploader,
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

/// A failed upload as an order is assessed by it (A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When it became one.
    pub failed_at: Timestamp,
    /// The row's instant.
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

/// A parcel as of an instant: a number that the order claimed and that is, as of then, its own.
#[derive(Clone, Debug)]
pub struct Parcel<'a> {
    /// The shipment.
    pub shipment: &'a Shipment,
    /// Its timeline as of then.
    pub timeline: Timeline,
    /// When a later `all` row for a number of the order replaced it; `None` when none had by then.
    pub replaced_at: Option<Timestamp>,
    /// By each of its rows, from when the number was in use, and until when.
    in_use: Vec<(Timestamp, Option<Timestamp>)>,
}

/// An order as of an instant: nothing that was learned later.
#[derive(Clone, Debug)]
pub struct OrderAsOf<'a> {
    /// The order.
    pub order: &'a Order,
    /// The instant.
    pub as_of: Timestamp,
    /// Its parcels, in the order in which they count: numbers that it only claims are none.
    pub parcels: Vec<Parcel<'a>>,
    /// The amount in USD cents, by the rates recorded by then.
    pub usd: Cents,
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
        let known = self.rates.iter().rev().find(|dated| dated.recorded_at <= as_of);
        let rate = known.or(self.rates.first()).map(|dated| dated.rate);
        self.amount.usd_cents(rate).unwrap_or(Cents::ZERO)
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
    pub fn shipment(&self, number: &TrackingNumber) -> Option<&Shipment> {
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

    /// The order as of an instant under the policy that applies to it; `None` when it was not recorded then.
    pub fn as_of(&self, as_of: Timestamp, policy: &Policy) -> Option<OrderAsOf<'_>> {
        if self.recorded_at > as_of {
            return None;
        }
        let held: Vec<(&Shipment, Holding)> = self
            .shipments
            .iter()
            .filter(|shipment| shipment.uploaded_at() <= as_of)
            .filter_map(|shipment| Some((shipment, self.holding(shipment, policy, as_of)?)))
            .collect();
        // Only a row whose number is the order's replaces another (B3, B4).
        let replacing: Vec<(&TrackingNumber, &Claim)> = held
            .iter()
            .flat_map(|(shipment, _)| shipment.claims.iter().map(|claim| (&shipment.number, claim)))
            .filter(|(_, claim)| claim.send_type == SendType::All && claim.uploaded_at <= as_of)
            .collect();
        let replaced_at = |number: &TrackingNumber, claim: &Claim| {
            let later = replacing
                .iter()
                .filter(|(other, row)| *other != number && row.is_after(claim));
            later.map(|(_, row)| row.uploaded_at).min()
        };
        let parcels = held.iter().map(|(shipment, holding)| {
            let claims = shipment.claims.iter().filter(|claim| claim.uploaded_at <= as_of);
            let in_use: Vec<_> = claims
                .map(|claim| (claim.uploaded_at, replaced_at(&shipment.number, claim)))
                .collect();
            let replaced_at = in_use
                .iter()
                .map(|(_, until)| *until)
                .try_fold(None, |last, until| until.map(|until| last.max(Some(until))));
            let replaced_at = replaced_at.flatten();
            Parcel {
                shipment,
                timeline: shipment.timeline(as_of, holding, replaced_at.or(holding.taken_at())),
                replaced_at,
                in_use,
            }
        });
        Some(OrderAsOf {
            order: self,
            as_of,
            parcels: parcels.collect(),
            usd: self.usd_at(as_of),
        })
    }

    /// Of a number that this order claims: the order that holds it as of an instant, when this row's claim waits for it
    /// (`NUM_USED_ELSEWHERE`).
    pub fn waits_for(
        &self,
        number: &TrackingNumber,
        source: Source,
        policy: &Policy,
        as_of: Timestamp,
    ) -> Option<OrderId> {
        let shipment = self
            .shipment(number)
            .filter(|shipment| !shipment.rivals.is_empty())?;
        let own = self.word_on(number)?;
        let claim = shipment.claims.iter().position(|claim| claim.source == source)?;
        let state = shipment.claim_state(&own, claim, policy.claims, as_of);
        let holder = || shipment.holder_elsewhere(&own, policy.claims, as_of).cloned();
        (state == ClaimState::Waits).then(holder).flatten()
    }

    /// Whether the number is this order's as of an instant, by the latest of its uses.
    pub fn holds(&self, number: &TrackingNumber, policy: &Policy, as_of: Timestamp) -> bool {
        let (Some(shipment), Some(own)) = (self.shipment(number), self.word_on(number)) else {
            return false;
        };
        let is_known = self.recorded_at <= as_of && shipment.uploaded_at() <= as_of;
        is_known && shipment.holder_elsewhere(&own, policy.claims, as_of).is_none()
    }

    /// Keeps what another order says of a number, in place of what it said before. True when it says something new.
    pub fn keep_rival(&mut self, number: &TrackingNumber, word: Word) -> bool {
        let before = self.learned_at();
        let Some(shipment) = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.number == *number)
        else {
            return false;
        };
        match shipment
            .rivals
            .binary_search_by(|known| known.order_id.cmp(&word.order_id))
        {
            Ok(at) if shipment.rivals[at] == word => return false,
            Ok(at) => shipment.rivals[at] = word,
            Err(at) => shipment.rivals.insert(at, word),
        }
        let after = self.learned_at();
        for overtaken in before.into_iter().filter(|at| after.binary_search(at).is_err()) {
            self.note_overtaken(overtaken);
        }
        true
    }

    /// Takes over the events that another order's item has of a number: every order that claims it keeps all of them.
    pub fn keep_events(&mut self, number: &TrackingNumber, events: &[TrackingEvent]) {
        let Some(shipment) = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.number == *number)
        else {
            return;
        };
        for event in events {
            shipment.keep_event(event.clone());
        }
    }

    /// The earliest failed upload as of an instant (A6): of a refused row, which is stored, or of a row whose claim still
    /// waited after its time (`NUM_USED_ELSEWHERE`), which is derived from what was dated and recorded by then.
    pub fn first_failure(&self, policy: &Policy, as_of: Timestamp) -> Option<Failure> {
        let stored = self.failure.map(|failure| Failure {
            failed_at: failure.uploaded_at,
            uploaded_at: failure.uploaded_at,
            code: failure.code,
            source: failure.source,
        });
        let stored = stored.filter(|failure| failure.failed_at <= as_of);
        if !policy.upload.fined_codes.contains(&RowCode::NumUsedElsewhere) {
            return stored;
        }
        let contested = self
            .shipments
            .iter()
            .filter(|shipment| !shipment.rivals.is_empty());
        let waited_for_long = contested.filter_map(|shipment| self.waited_for_long(shipment, policy, as_of));
        stored
            .into_iter()
            .chain(waited_for_long)
            .min_by_key(|failure| (failure.failed_at, failure.source.row))
    }

    /// The earliest row of a number whose claim neither held it nor was superseded when its time was up.
    fn waited_for_long(&self, shipment: &Shipment, policy: &Policy, as_of: Timestamp) -> Option<Failure> {
        let own = self.word_on(&shipment.number)?;
        let rows = shipment.claims.iter().enumerate();
        let mut due = rows.map(|(index, claim)| (index, claim, policy.claims.fined_at(claim.uploaded_at)));
        due.find(|(index, _, failed_at)| {
            *failed_at <= as_of
                && self.recorded_at <= *failed_at
                && shipment.claim_state(&own, *index, policy.claims, *failed_at) == ClaimState::Waits
        })
        .map(|(_, claim, failed_at)| Failure {
            failed_at,
            uploaded_at: claim.uploaded_at,
            code: RowCode::NumUsedElsewhere,
            source: claim.source,
        })
    }

    /// The part of a number's timeline that is this order's; most numbers have no rivals, and nothing is to be weighed.
    fn holding(&self, shipment: &Shipment, policy: &Policy, as_of: Timestamp) -> Option<Holding> {
        let own = if shipment.rivals.is_empty() {
            Word {
                order_id: self.order_id.clone(),
                paid_at: self.paid_at,
                recorded_at: self.recorded_at,
                claims: Vec::new(),
            }
        } else {
            self.word_on(&shipment.number)?
        };
        shipment.holding(&own, policy.claims, as_of)
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

    /// Whether the parcel's number was in use at `at`, by the order's own rows up to then: uploaded and not replaced.
    pub fn is_in_use_at(&self, at: Timestamp) -> bool {
        self.in_use
            .iter()
            .any(|(from, until)| *from <= at && until.is_none_or(|until| until > at))
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

    /// The first accepted upload (A1), whosever the number is.
    pub fn first_upload_at(&self) -> Option<Timestamp> {
        self.first_upload().map(Shipment::uploaded_at)
    }

    /// The number of the first accepted upload (A1), whosever it is.
    pub fn first_upload(&self) -> Option<&Shipment> {
        let known = self.order.shipments.iter();
        known
            .filter(|shipment| shipment.uploaded_at() <= self.as_of)
            .min_by_key(|shipment| shipment.uploaded_at())
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
