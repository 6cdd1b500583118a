//! An order as of an instant.

use super::{Order, OrderStatus};
use crate::because::SilenceEnd;
use crate::claims::Claim;
use crate::shipment::{Holding, Timeline};
use crate::{Cents, Node, Policy, SendType, Shipment, Timestamp, TrackingNumber};

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

/// An order as of an instant: nothing that was recorded later.
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
}

impl Parcel<'_> {
    /// Whether the parcel counts at `at`: uploaded by then and neither replaced nor cancelled (B4).
    pub fn is_live_at(&self, at: Timestamp) -> bool {
        let cancelled = matches!(self.timeline.end, Some((end_at, Node::Cancelled)) if end_at <= at);
        self.is_in_use_at(at) && !cancelled
    }

    /// What ended a silence at an instant, where that was no event but the number's end as a parcel (B3).
    pub(crate) fn end_of_silence(&self, until: Timestamp) -> Option<SilenceEnd> {
        let is_event = self.timeline.instants.binary_search(&until).is_ok();
        (!is_event && self.timeline.stopped_at == Some(until)).then(|| match self.replaced_at {
            Some(at) if at == until => SilenceEnd::Replaced,
            _ => SilenceEnd::TakenOver,
        })
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
