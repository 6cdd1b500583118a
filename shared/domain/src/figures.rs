//! What one order contributes to the figures of its month, as of what was learned by an instant.
//!
//! Each figure is a [`Standing`]: met or not, and the instant from which that is decided. A report as of T counts a
//! figure when `decided_at <= T`, so it compares instants and never re-implements a rule.

use serde::{Deserialize, Serialize};

use crate::assess::pickup_deadline;
use crate::node::NodeSet;
use crate::order::{OrderAsOf, Parcel};
use crate::policy::FulfilmentExtra;
use crate::{Cents, Month, Order, OrderStatus, Policy, PolicyBook, Timestamp};

/// A figure of one order: whether its rule is met, and from when that is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whether the rule is met.
    pub met: bool,
    /// The first instant at which that is so; in the future while a deadline still runs.
    pub decided_at: Timestamp,
}

/// An order's part in the figures of its month ("Figures of a month" of the rulebook).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The payment month in the platform zone.
    pub month: Month,
    /// Cancelled before shipment, or stated by its seller alone: in no figure but this.
    pub excluded: bool,
    /// What the order adds to GMV.
    pub gmv: Cents,
    /// Fulfilment: A1, and B1 for every parcel uploaded by then (and what else the policy asks for).
    pub fulfilment: Option<Standing>,
    /// A1.
    pub upload: Standing,
    /// B1 for every parcel uploaded by then; `None` while nothing is uploaded.
    pub pickup: Option<Standing>,
    /// Signed within B4's deadline.
    pub delivery: Standing,
    /// B2, once all timelines have ended.
    pub nodes: Option<Standing>,
    /// What the ended timelines of the parcels in use lack for B2; empty while one goes on.
    pub nodes_missing: NodeSet,
    /// The carrier of the first accepted upload.
    pub carrier: Option<String>,
    /// The first accepted upload, in time or late: by how much A1 is missed.
    pub first_upload_at: Option<Timestamp>,
    /// Where B1 is missed, the pickup that came late; `None` while one is still missing.
    pub late_pickup_at: Option<Timestamp>,
    /// Stated by its seller alone.
    pub unconfirmed: bool,
}

/// The figures of an order by what was learned by `learned_by`; `None` when the order was not known then.
pub fn figures(order: &Order, book: &PolicyBook, learned_by: Timestamp) -> Option<Figures> {
    let policy = book.in_force_at(order.paid_at);
    let seen = order.as_of(learned_by, policy)?;
    let upload = upload_standing(&seen, policy);
    let pickup = pickup_standing(&seen, policy);
    let delivery = delivery_standing(&seen, policy);
    let nodes = nodes_standing(&seen, policy);
    let nodes_missing = match nodes {
        Some(Standing { met: false, .. }) => nodes_missing(&seen, policy),
        _ => NodeSet::default(),
    };
    let refunded = seen.status_at(learned_by).0 == OrderStatus::Refunded;
    // What only its seller stated is judged and fined, and stands outside the figures of its month.
    let excluded = seen.is_excluded() || !order.confirmed;
    let is_subtracted = refunded && policy.eligibility.subtract_refunds;
    let extras = policy
        .eligibility
        .fulfilment_requires
        .iter()
        .map(|extra| match extra {
            FulfilmentExtra::Nodes => nodes,
            FulfilmentExtra::SignOff => Some(delivery),
        });
    Some(Figures {
        month: Month::of(order.paid_at, book.zone),
        excluded,
        gmv: if excluded || is_subtracted {
            Cents::ZERO
        } else {
            seen.usd
        },
        fulfilment: all_of([Some(upload), pickup].into_iter().chain(extras)),
        upload,
        pickup,
        delivery,
        nodes,
        nodes_missing,
        carrier: seen.first_upload().map(|shipment| shipment.carrier.clone()),
        first_upload_at: seen.first_upload_at(),
        late_pickup_at: late_pickup(&seen, policy, pickup),
        unconfirmed: !order.confirmed,
    })
}

/// All rules together: failed from the first failure on, met from the last fulfilment on, open while one is open.
fn all_of(standings: impl Iterator<Item = Option<Standing>> + Clone) -> Option<Standing> {
    let first_failure = standings
        .clone()
        .flatten()
        .filter(|standing| !standing.met)
        .min_by_key(|standing| standing.decided_at);
    if first_failure.is_some() {
        return first_failure;
    }
    let mut met = None;
    for standing in standings {
        met = met.max_by_decision(standing?);
    }
    met
}

trait Later {
    fn max_by_decision(self, other: Standing) -> Self;
}

impl Later for Option<Standing> {
    fn max_by_decision(self, other: Standing) -> Self {
        Some(
            self.filter(|known| known.decided_at > other.decided_at)
                .unwrap_or(other),
        )
    }
}

fn upload_standing(seen: &OrderAsOf<'_>, policy: &Policy) -> Standing {
    let deadline = seen.order.paid_at.plus(policy.upload_max());
    match seen.first_upload_at() {
        Some(at) if at <= deadline => Standing {
            met: true,
            decided_at: at,
        },
        _ => Standing {
            met: false,
            decided_at: deadline.next(),
        },
    }
}

/// B1 over the parcels uploaded by A1's deadline (or, after a late first upload, with it) whose number was not
/// replaced by then: a corrected number is no parcel, its replacement is. An order whose rows named only other orders'
/// numbers by then is judged by its first number of its own; without one it has shown no parcel, and misses.
fn pickup_standing(seen: &OrderAsOf<'_>, policy: &Policy) -> Option<Standing> {
    let first_upload_at = seen.first_upload_at()?;
    let judged = picked_up_parcels(seen, policy, first_upload_at);
    all_of(judged.map(|parcel| Some(parcel_pickup(seen.order, parcel, policy)))).or(Some(Standing {
        met: false,
        decided_at: pickup_deadline(seen.order, first_upload_at, policy).next(),
    }))
}

/// The parcels by which B1 is judged.
fn picked_up_parcels<'s>(
    seen: &'s OrderAsOf<'_>,
    policy: &Policy,
    first_upload_at: Timestamp,
) -> impl Iterator<Item = &'s Parcel<'s>> + Clone {
    let by = first_upload_at.max(seen.order.paid_at.plus(policy.upload_max()));
    let parcels = seen.parcels.iter();
    let in_time = parcels.clone().filter(move |parcel| parcel.is_in_use_at(by));
    let first = || {
        let own = parcels.filter(|parcel| parcel.shipment.uploaded_at() > by);
        own.min_by_key(|parcel| parcel.shipment.precedence())
    };
    let otherwise = if in_time.clone().next().is_none() {
        first()
    } else {
        None
    };
    in_time.chain(otherwise)
}

/// Of the parcels by which B1 is missed, the pickup that came last; `None` while one of them has none.
fn late_pickup(seen: &OrderAsOf<'_>, policy: &Policy, pickup: Option<Standing>) -> Option<Timestamp> {
    let missed = pickup.filter(|standing| !standing.met)?;
    let judged = picked_up_parcels(seen, policy, seen.first_upload_at()?);
    let mut last = None;
    for parcel in judged.filter(|parcel| parcel_pickup(seen.order, parcel, policy) == missed) {
        last = last.max(Some(parcel.timeline.picked_up_at?));
    }
    last
}

fn parcel_pickup(order: &Order, parcel: &Parcel<'_>, policy: &Policy) -> Standing {
    let deadline = pickup_deadline(order, parcel.shipment.uploaded_at(), policy);
    match parcel.timeline.picked_up_at {
        Some(at) if at <= deadline => Standing {
            met: true,
            decided_at: at,
        },
        _ => Standing {
            met: false,
            decided_at: deadline.next(),
        },
    }
}

fn delivery_standing(seen: &OrderAsOf<'_>, policy: &Policy) -> Standing {
    let deadline = seen.order.sign_off_deadline(policy);
    match seen.signed_at(deadline) {
        Some(at) => Standing {
            met: true,
            decided_at: at,
        },
        None => Standing {
            met: false,
            decided_at: deadline.next(),
        },
    }
}

fn nodes_standing(seen: &OrderAsOf<'_>, policy: &Policy) -> Option<Standing> {
    let mut nodes = None;
    for parcel in seen
        .parcels
        .iter()
        .filter(|parcel| parcel.is_in_use_at(seen.as_of))
    {
        let (decided_at, _) = parcel.timeline.end?;
        let met = nodes.is_none_or(|known: Standing| known.met) && policy.is_complete(parcel.timeline.nodes);
        nodes = Some(Standing {
            met,
            decided_at: nodes.map_or(decided_at, |known| known.decided_at.max(decided_at)),
        });
    }
    nodes
}

/// What the parcels in use lack, all of them together.
fn nodes_missing(seen: &OrderAsOf<'_>, policy: &Policy) -> NodeSet {
    let parcels = seen.parcels.iter();
    let in_use = parcels.filter(|parcel| parcel.is_in_use_at(seen.as_of));
    in_use
        .flat_map(|parcel| policy.missing_nodes(parcel.timeline.nodes).iter())
        .collect()
}
