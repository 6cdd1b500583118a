//! What a month that is not final still asks for: its GMV, and how many orders may miss.
//!
//! Integers and instants only. `f` of `d` due orders failed, `p` are pending, `P` is the least rate in per cent. The
//! rate holds while `failed ≤ ⌊(100 − P) · due / 100⌋`, and everything here follows from that.

use domain::policy::KeyAccountPolicy;
use domain::{Cents, Month, Timestamp, Zone};

use crate::MonthFigures;
use crate::c1::failures_max;

/// What one seller's running month still asks for, and what there is to lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Calendar days of the month that are not over in the platform's zone, the instant's own among them.
    pub days_left: i64,
    /// GMV that C1 still lacks; nothing once it is reached.
    pub gmv_needed: Cents,
    /// The same for each of the days left, rounded up to the cent; `None` when something is lacking and no day is left.
    pub gmv_needed_per_day: Option<Cents>,
    /// The most orders that may miss from now on: pending ones first, then new ones, while all others are fulfilled. The
    /// next miss loses the month. `None` when the month's rate is too low even if every known order is fulfilled.
    pub misses_left: Option<i64>,
    /// The marginal orders: so many of the pending must be fulfilled, or the month is lost unless new orders come.
    pub orders_to_rescue: i64,
    /// New orders, all of them fulfilled, without which the rate stays too low; 0 when the known ones can do. `None` when
    /// none can come any more, or none would do.
    pub orders_to_mend: Option<i64>,
    /// What eligibility is worth: the seller's GMV a month, over the two complete months before, floor to the cent. Who
    /// loses it loses the channel, and this is what went through it.
    pub at_stake: Cents,
}

/// What is known of a month's fulfilment, and whether orders may still come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standings {
    pub(crate) due: i64,
    pub(crate) met: i64,
    pub(crate) pending: i64,
    pub(crate) is_open: bool,
    pub(crate) percent_min: u32,
}

impl Forecast {
    /// Of `months`, the one that runs first, those before it after; the first `numbers.months` are judged.
    pub(crate) fn of(
        months: &[MonthFigures],
        numbers: &KeyAccountPolicy,
        as_of: Timestamp,
        zone: Zone,
    ) -> Self {
        let month = &months[0];
        let days_left = days_left(month.month, as_of, zone);
        let gmv_needed = gmv_needed(months, numbers);
        let standings = Standings::of(month, numbers, as_of, zone);
        let misses_left = standings.misses_left();
        let before = months[1].gmv + months[2].gmv;
        Self {
            days_left,
            gmv_needed,
            gmv_needed_per_day: per_day(gmv_needed, days_left),
            misses_left,
            orders_to_rescue: misses_left.map_or(0, |left| (month.pending - left).max(0)),
            orders_to_mend: standings.orders_to_mend(),
            at_stake: Cents(before.0.div_euclid(2)),
        }
    }
}

impl Standings {
    pub(crate) fn of(
        figures: &MonthFigures,
        numbers: &KeyAccountPolicy,
        as_of: Timestamp,
        zone: Zone,
    ) -> Self {
        Self {
            due: figures.fulfilment.due,
            met: figures.fulfilment.met,
            pending: figures.pending,
            is_open: as_of < figures.month.ends_at(zone),
            percent_min: numbers.fulfilment_percent_min,
        }
    }

    pub(crate) fn failed(self) -> i64 {
        self.due - self.met
    }

    /// `⌊(100 − P)(d + p) / 100⌋ − f`: failures left if every pending order is decided and no other comes. Negative when
    /// there are too many already, also if every pending order is fulfilled.
    pub(crate) fn spare(self) -> i64 {
        failures_max(self.due + self.pending, self.percent_min) - self.failed()
    }

    /// A miss of a pending order leaves the orders as many as they are; one of a new order adds it, so beyond the pending
    /// `k` misses hold while `100 · (f + k) ≤ (100 − P)(d + k)`, which is `k ≤ ((100 − P) · d − 100 · f) / P`.
    fn misses_left(self) -> Option<i64> {
        if self.due + self.pending == 0 || self.spare() < 0 {
            return None;
        }
        if self.spare() < self.pending || !self.is_open || self.percent_min == 0 {
            return Some(self.spare().min(self.pending));
        }
        let percent_min = i64::from(self.percent_min);
        let beyond = ((100 - percent_min) * self.due - 100 * self.failed()).div_euclid(percent_min);
        Some(beyond)
    }

    /// The least `n` with `100 · f ≤ (100 − P)(d + p + n)`, and at least one order in all.
    pub(crate) fn orders_to_mend(self) -> Option<i64> {
        let known = self.due + self.pending;
        let allowed = 100 - i64::from(self.percent_min);
        let needed = match (self.failed(), allowed) {
            (0, _) => 1,
            (_, 0) => return None,
            (failed, allowed) => (100 * failed + allowed - 1).div_euclid(allowed),
        };
        let missing = (needed - known).max(0);
        (self.is_open || missing == 0).then_some(missing)
    }
}

/// GMV that the first of `months` lacks, given those after it.
pub(crate) fn gmv_needed(months: &[MonthFigures], numbers: &KeyAccountPolicy) -> Cents {
    let (judged, min) = if numbers.gmv_every_month {
        (1, numbers.gmv_average_cents_min)
    } else {
        let months = i64::from(numbers.months);
        (
            numbers.months as usize,
            numbers.gmv_average_cents_min.saturating_mul(months),
        )
    };
    let gmv: Cents = months[..judged].iter().map(|month| month.gmv).sum();
    (Cents(min) - gmv).max(Cents::ZERO)
}

fn days_left(month: Month, as_of: Timestamp, zone: Zone) -> i64 {
    let end = month.ends_at(zone);
    if as_of >= end {
        return 0;
    }
    let first = as_of.max(month.starts_at(zone)).date_in(zone);
    end.date_in(zone).signed_duration_since(first).num_days()
}

fn per_day(gmv_needed: Cents, days: i64) -> Option<Cents> {
    if gmv_needed == Cents::ZERO {
        return Some(Cents::ZERO);
    }
    (days > 0).then(|| Cents((gmv_needed.0 + days - 1).div_euclid(days)))
}
