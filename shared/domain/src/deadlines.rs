//! What is near: every instant at which an order will fail a rule unless something new is learned, what it costs then, and
//! what to do about it.
//!
//! A deadline listed as of an instant is kept by news alone: whoever assesses the order later, with nothing learned
//! since, finds the fine (or the failing) that was listed. Holds no thresholds: which deadlines are worth showing is the
//! board's question.

mod advice;

use serde::{Deserialize, Serialize};

pub use advice::{Advice, AdviceTexts};

use crate::appeal::{Plea, is_accepted_from, plea_known};
use crate::assess::pickup_deadline;
use crate::order::{OrderAsOf, Parcel};
use crate::policy::SilenceUnit;
use crate::{Cents, Clause, OrderStatus, Policy, Subject, Timestamp, TrackingNumber};

/// What runs out at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Matter {
    /// A1: the first accepted upload. No money, but the order then counts as unfulfilled (C1).
    #[serde(rename = "A1")]
    Upload,
    /// B1: a parcel's first pickup. No money, but the order then counts as unfulfilled (C1).
    #[serde(rename = "B1")]
    Pickup,
    /// B3: a parcel's silence.
    #[serde(rename = "B3")]
    Silence,
    /// B4: the order's sign-off.
    #[serde(rename = "B4")]
    SignOff,
}

/// An instant at which an order fails a rule unless something new is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline<'a> {
    /// The last instant that is still in time.
    pub at: Timestamp,
    /// What runs out.
    pub matter: Matter,
    /// From when the time runs: the payment, the upload, the last event.
    pub since: Timestamp,
    /// The parcel, where the matter is one parcel's.
    pub tracking_number: Option<&'a TrackingNumber>,
    /// The carrier: the parcel's, or the one of the order's parcels that are not signed when they all have the same.
    pub carrier: Option<&'a str>,
    /// The fine then, in USD cents; nothing where the failing has no price of its own.
    pub at_risk: Cents,
    /// What to do.
    pub advice: Advice,
}

impl Matter {
    /// Every matter, in the order of the rulebook.
    pub const ALL: [Self; 4] = [Self::Upload, Self::Pickup, Self::Silence, Self::SignOff];

    /// The clause's id.
    pub fn clause(self) -> &'static str {
        match self {
            Self::Upload => "A1",
            Self::Pickup => "B1",
            Self::Silence => "B3",
            Self::SignOff => "B4",
        }
    }
}

/// Every deadline of an order that has not passed, the nearest first, under the policy in force at its payment.
///
/// Looks ahead with what is known as of the view's instant only: also a status, an event or a decision that is known by
/// then and dated ahead of it counts at the deadline.
pub fn deadlines<'a>(seen: &OrderAsOf<'a>, policy: &Policy) -> Vec<Deadline<'a>> {
    let outlook = Outlook { seen, policy };
    let mut found = Vec::new();
    found.extend(outlook.upload());
    for parcel in &seen.parcels {
        found.extend(outlook.pickup(parcel));
        outlook.silence(parcel, &mut found);
    }
    found.extend(outlook.sign_off());
    found.sort_by_key(|deadline| (deadline.at, deadline.matter, deadline.tracking_number));
    found
}

struct Outlook<'s, 'a> {
    seen: &'s OrderAsOf<'a>,
    policy: &'s Policy,
}

impl<'a> Outlook<'_, 'a> {
    /// A1: nothing accepted yet.
    fn upload(&self) -> Option<Deadline<'a>> {
        let (order, as_of) = (self.seen.order, self.seen.as_of);
        let at = order.paid_at.plus(self.policy.upload_max());
        let waits = self.seen.first_upload_at().is_none() && as_of <= at;
        if !waits || self.seen.status_expected_at(at).0 != OrderStatus::Paid {
            return None;
        }
        let has_failed = order.first_failure(self.policy, as_of).is_some();
        Some(Deadline {
            at,
            matter: Matter::Upload,
            since: order.paid_at,
            tracking_number: None,
            carrier: None,
            at_risk: Cents::ZERO,
            advice: if has_failed {
                Advice::UploadAgain
            } else {
                Advice::Upload
            },
        })
    }

    /// B1: a parcel in use that no carrier has picked up.
    fn pickup(&self, parcel: &Parcel<'a>) -> Option<Deadline<'a>> {
        let since = parcel.shipment.uploaded_at();
        let at = pickup_deadline(self.seen.order, since, self.policy);
        let waits = parcel.timeline.picked_up_at.is_none() && self.seen.as_of <= at;
        (waits && parcel.is_live_at(at)).then(|| Deadline {
            at,
            matter: Matter::Pickup,
            since,
            tracking_number: Some(&parcel.shipment.number),
            carrier: Some(&parcel.shipment.carrier),
            at_risk: Cents::ZERO,
            advice: Advice::Pickup,
        })
    }

    /// B3: the silence that lasts, and one before an event that is known ahead of its time.
    fn silence(&self, parcel: &Parcel<'a>, found: &mut Vec<Deadline<'a>>) {
        let (limit, as_of) = (self.policy.silence_max(), self.seen.as_of);
        let at_risk = Cents(i64::from(self.policy.silence.fine_cents));
        let is_per_shipment = self.policy.silence.fined_per == SilenceUnit::Shipment;
        if at_risk == Cents::ZERO {
            return;
        }
        for (since, until) in parcel.timeline.gaps() {
            let at = since.plus(limit);
            if until.is_some_and(|until| until <= at) {
                continue;
            }
            let episode_start = (!is_per_shipment).then_some(since);
            let subject = Subject::silence(&parcel.shipment.number, episode_start);
            if as_of <= at && !is_accepted_from(&self.seen.order.appeals, &subject, at, as_of, at.next()) {
                found.push(Deadline {
                    at,
                    matter: Matter::Silence,
                    since,
                    tracking_number: Some(&parcel.shipment.number),
                    carrier: Some(&parcel.shipment.carrier),
                    at_risk,
                    advice: Advice::Silence,
                });
            }
            // Fined once: what comes after the first long silence costs nothing more.
            if is_per_shipment {
                return;
            }
        }
    }

    /// B4: not signed, as far as is known.
    fn sign_off(&self) -> Option<Deadline<'a>> {
        let (order, as_of) = (self.seen.order, self.seen.as_of);
        let at = order.sign_off_deadline(self.policy);
        let at_risk = self.policy.sign_off_fine(self.seen.usd);
        let exempt = self.seen.status_expected_at(at).0 != OrderStatus::Paid;
        if as_of > at || at_risk == Cents::ZERO || exempt || self.seen.signed_at(at).is_some() {
            return None;
        }
        let subject = Subject::order(Clause::B4);
        if is_accepted_from(&order.appeals, &subject, at, as_of, at.next()) {
            return None;
        }
        let is_appealed = matches!(plea_known(&order.appeals, &subject, at, as_of, at.next()), Plea::Pending(appeal) if appeal.filed_at <= at);
        let mut unsigned = self.seen.parcels.iter().filter(|parcel| {
            parcel.is_live_at(at) && parcel.timeline.signed_at.is_none_or(|signed| signed > at)
        });
        let first = unsigned.next().map(|parcel| parcel.shipment);
        let is_one = unsigned.clone().next().is_none();
        let is_of_one_carrier =
            unsigned.all(|parcel| Some(&parcel.shipment.carrier) == first.map(|first| &first.carrier));
        Some(Deadline {
            at,
            matter: Matter::SignOff,
            since: order.paid_at,
            tracking_number: first.filter(|_| is_one).map(|shipment| &shipment.number),
            carrier: first
                .filter(|_| is_of_one_carrier)
                .map(|shipment| shipment.carrier.as_str()),
            at_risk,
            advice: match first {
                _ if is_appealed => Advice::SignOffAppealed,
                None => Advice::SignOffUnsent,
                Some(_) => Advice::SignOff,
            },
        })
    }
}
