//! The orders that missed fulfilment and those that their seller alone stated, as data: shown where a seller is opened.

use std::collections::BTreeMap;

use domain::{SellerId, Zone};
use serde::Serialize;

use crate::failed::both_times;
use crate::{FailedOrder, Miss, Missing, MonthReport};

/// An instant in Beijing and Pacific time.
type Instant = (String, String);

/// The number of the rule; its deadline; when it happened, and how many seconds late.
type Missed = (usize, Instant, Option<Instant>, Option<i64>);

/// Its id; its amount in cents; its payment; what it missed.
type Failed<'a> = (&'a str, i64, Instant, Vec<Missed>);

/// Its id and its payment.
type Unconfirmed<'a> = (&'a str, Instant);

/// What the script shows where a seller is opened.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    /// By number, the rules in English and Chinese.
    missing: Vec<(&'static str, &'static str)>,
    /// By seller: how many failed, and those that are named.
    failed: BTreeMap<&'a SellerId, (i64, Vec<Failed<'a>>)>,
    /// By seller: how many are unconfirmed, and the id and payment of those that are named.
    unconfirmed: BTreeMap<&'a SellerId, (u64, Vec<Unconfirmed<'a>>)>,
}

impl<'a> Listed<'a> {
    pub(super) fn of(report: &'a MonthReport, zone: Zone) -> Option<Self> {
        if report.failed.is_none() && report.unconfirmed.is_empty() {
            return None;
        }
        let failed = report.failed.iter().flat_map(|failed| &failed.sellers);
        let failed = failed.map(|seller| {
            let orders = seller.orders.iter().map(|order| order_of(order, zone));
            (&seller.seller_id, (seller.failed, orders.collect()))
        });
        let unconfirmed = report.unconfirmed.iter().map(|seller| {
            let orders = seller.orders.iter();
            let orders = orders.map(|order| (order.order_id.as_str(), both_times(order.paid_at, zone)));
            (&seller.seller_id, (seller.count, orders.collect()))
        });
        Some(Self {
            missing: Missing::ALL.map(Missing::names).to_vec(),
            failed: failed.collect(),
            unconfirmed: unconfirmed.collect(),
        })
    }
}

fn order_of(order: &FailedOrder, zone: Zone) -> Failed<'_> {
    let missed = order.misses.iter().map(|miss| missed_of(miss, zone));
    (
        order.order_id.as_str(),
        order.amount.0,
        both_times(order.paid_at, zone),
        missed.collect(),
    )
}

fn missed_of(miss: &Miss, zone: Zone) -> Missed {
    let kind = Missing::ALL.iter().position(|kind| *kind == miss.missing);
    (
        kind.unwrap_or(0),
        both_times(miss.deadline, zone),
        miss.happened_at.map(|at| both_times(at, zone)),
        miss.late_by().map(domain::Elapsed::seconds),
    )
}
