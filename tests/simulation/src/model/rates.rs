//! Rates: what an order comes to in US dollars, from when on.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::order::Order;
use super::{DAY, Says, Told};
use crate::people::BEGINS;

/// A rate that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub told_at: i64,
    pub day: i64,
    pub currency: &'static str,
    pub ten_thousandths: i64,
}

/// The rates that files state; of a day that stands twice in a file the first.
pub(super) fn stated(told: &[Told]) -> Vec<Rate> {
    let mut seen = BTreeSet::new();
    let mut stated = Vec::new();
    for told in told {
        if let Says::Rate {
            day,
            currency,
            ten_thousandths,
        } = &told.says
            && told.by.is_none()
            && seen.insert((told.writing, *day, *currency))
        {
            stated.push(Rate {
                told_at: told.at,
                day: *day,
                currency,
                ten_thousandths: *ten_thousandths,
            });
        }
    }
    stated
}

/// Those that may apply to an order that was paid at an instant and whose row was recorded at another.
pub(super) fn of(stated: &[Rate], currency: &str, paid_at: i64, known_at: i64) -> Vec<Rate> {
    // The season lies in one offset of the platform's zone.
    let paid_on = (paid_at - BEGINS).div_euclid(DAY);
    let counts = |rate: &&Rate| {
        rate.currency == currency
            && (paid_on - 7..=paid_on).contains(&rate.day)
            && rate.told_at <= known_at + 45 * DAY
    };
    stated.iter().filter(counts).copied().collect()
}

/// What an order comes to from when on, each instant at which it changes.
pub(super) fn usd(order: &Order, stated: &[Rate]) -> Vec<(i64, i64)> {
    if order.currency == "USD" {
        return vec![(order.known_at, order.cents)];
    }
    let rates = of(stated, order.currency, order.paid_at, order.known_at);
    let mut instants: Vec<i64> = rates.iter().map(|rate| rate.told_at).collect();
    instants.sort_unstable();
    let told = instants.into_iter().filter_map(|at| {
        let known = rates.iter().filter(|rate| rate.told_at <= at);
        let last = known.max_by_key(|rate| (rate.day, rate.told_at, Reverse(rate.ten_thousandths)))?;
        Some((at, (order.cents * last.ten_thousandths + 5_000) / 10_000))
    });
    changes(told, order.known_at)
}

/// Amounts with the instants from which they hold, each that changes nothing left out, and of those before the order was known
/// all but the last.
pub fn changes(told: impl Iterator<Item = (i64, i64)>, known_at: i64) -> Vec<(i64, i64)> {
    let mut changes: Vec<(i64, i64)> = Vec::new();
    for (at, cents) in told {
        let at = at.max(known_at);
        if changes.last().is_some_and(|(last, _)| *last == at) {
            changes.pop();
        }
        if changes.last().is_none_or(|(_, last)| *last != cents) {
            changes.push((at, cents));
        }
    }
    // Before the first one was recorded, that one applies.
    if let Some((first, _)) = changes.first_mut() {
        *first = known_at;
    }
    changes
}

impl Order {
    /// What it comes to in US dollars as of an instant.
    pub fn usd_cents(&self, as_of: i64) -> i64 {
        let known = self.usd.iter().rev().find(|(at, _)| *at <= as_of);
        known.or(self.usd.first()).map_or(0, |(_, cents)| *cents)
    }
}
