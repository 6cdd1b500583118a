//! Where a seller stands, which looks ahead: to the rest of a month that runs, or to the month after one that is final.
//!
//! *Not eligible* is who misses C1, or, while the month runs, who cannot reach it any more at the best pace of the months
//! that C1 looks at. Of the others, *at risk* is to whom one of these applies, and *eligible* everyone else:
//!
//! - Misses. The seller had failures in these months, and the failures left in a month are fewer than its allowance: one,
//!   or one in a hundred of its orders, or as many as its pending orders would bring at the rate of these months, whichever
//!   is most. Who never failed an order is not at risk for having few.
//! - The rate is too low, and new orders can still mend it.
//! - GMV. The month runs and lacks more than its pace so far brings; or it is final, and the sum falls short if the next
//!   month is just like it.
//!
//! Who may be admitted at all (C4), and papers (C2, C3) that admit as C1 does: `classes.rs`. Who is eligible by papers alone that
//! have ended since, or end before the month does, is at risk.

use domain::policy::KeyAccountPolicy;
use domain::seller::ValidUntil;
use domain::{Cents, Elapsed, Month, Timestamp, Zone};

use crate::forecast::{Standings, gmv_needed};
use crate::{MonthFigures, Tally};

/// A seller's standing, those who need attention first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Eligible or within reach, and close to losing it.
    AtRisk,
    /// C1 is missed, or out of reach.
    NotEligible,
    /// Eligible, or on course for it.
    Eligible,
}

/// What puts a seller at risk or out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// So few failures are left in a month, with so many orders pending.
    FewMissesLeft {
        /// The month.
        month: Month,
        /// Failures left if every pending order is decided.
        left: i64,
        /// Orders pending.
        pending: i64,
    },
    /// A month's rate is too low, and so many orders without a miss mend it.
    RateToMend {
        /// The month.
        month: Month,
        /// New orders, all of them fulfilled.
        orders: i64,
    },
    /// A month's rate is too low for good, or at the seller's best pace.
    RateOutOfReach {
        /// The month.
        month: Month,
    },
    /// The month lacks more GMV than its pace brings.
    GmvBehind {
        /// What is lacking.
        needed: Cents,
    },
    /// The month lacks more GMV than the best pace brings, or a month that is over lacks some.
    GmvOutOfReach {
        /// What is lacking.
        needed: Cents,
    },
    /// If the next month is just like this one, the sum is short by so much.
    GmvFalling {
        /// What would be lacking.
        short: Cents,
    },
    /// The papers that admit (C2, C3) end on this day: before the month does, or they have ended since.
    PapersEnd(ValidUntil),
}

pub(crate) struct Outlook {
    pub(crate) standing: Standing,
    pub(crate) risks: Vec<Risk>,
}

/// The months that C1 looks at, the latest first, as of an instant.
pub(crate) struct Judged<'a> {
    pub(crate) months: &'a [MonthFigures],
    pub(crate) numbers: &'a KeyAccountPolicy,
    pub(crate) as_of: Timestamp,
    pub(crate) zone: Zone,
}

impl Risk {
    /// Whether it alone makes a seller not eligible.
    pub(crate) fn is_out_of_reach(self) -> bool {
        matches!(self, Self::RateOutOfReach { .. } | Self::GmvOutOfReach { .. })
    }
}

impl Judged<'_> {
    /// Of a month whose figures are final.
    pub(crate) fn of_final(&self, is_eligible: bool) -> Outlook {
        if !is_eligible {
            return Outlook {
                standing: Standing::NotEligible,
                risks: Vec::new(),
            };
        }
        let risks = self.few_misses(&self.months[0]).into_iter();
        Outlook::of(risks.chain(self.gmv_falling()).collect())
    }

    /// Of a month whose figures can still change.
    pub(crate) fn of_running(&self) -> Outlook {
        let rates = self.months.iter().filter_map(|month| self.rate(month));
        Outlook::of(rates.chain(self.gmv()).collect())
    }

    fn standings(&self, month: &MonthFigures) -> Standings {
        Standings::of(month, self.numbers, self.as_of, self.zone)
    }

    fn rate(&self, month: &MonthFigures) -> Option<Risk> {
        let standings = self.standings(month);
        match standings.orders_to_mend() {
            Some(0) if standings.is_open || standings.pending > 0 => self.few_misses(month),
            Some(0) => None,
            Some(orders) if self.brings(orders, |month| month.orders - month.excluded) => {
                Some(Risk::RateToMend {
                    month: month.month,
                    orders,
                })
            }
            _ => Some(Risk::RateOutOfReach { month: month.month }),
        }
    }

    fn few_misses(&self, month: &MonthFigures) -> Option<Risk> {
        let standings = self.standings(month);
        let all = self
            .months
            .iter()
            .fold(Tally::default(), |sum, month| sum.and(month.fulfilment));
        if all.failed() == 0 {
            return None;
        }
        let in_a_hundred = (standings.due + standings.pending) / 100;
        let at_the_rate = standings.pending * all.failed() / all.due;
        let allowance = in_a_hundred.max(at_the_rate).max(1);
        (standings.spare() < allowance).then(|| Risk::FewMissesLeft {
            month: month.month,
            left: standings.spare(),
            pending: standings.pending,
        })
    }

    fn gmv(&self) -> Option<Risk> {
        let numbers = self.numbers;
        if numbers.gmv_every_month {
            let min = Cents(numbers.gmv_average_cents_min);
            if let Some(short) = self.months[1..].iter().find(|month| month.gmv < min) {
                return Some(Risk::GmvOutOfReach {
                    needed: min - short.gmv,
                });
            }
        }
        let needed = gmv_needed(self.months, self.numbers);
        let pace = (self.months[0].gmv.0, self.passed());
        if needed == Cents::ZERO || self.suffices(needed.0, pace) {
            None
        } else if self.brings(needed.0, |month| month.gmv.0) {
            Some(Risk::GmvBehind { needed })
        } else {
            Some(Risk::GmvOutOfReach { needed })
        }
    }

    fn gmv_falling(&self) -> Option<Risk> {
        let numbers = self.numbers;
        let staying = &self.months[..self.months.len() - 1];
        let sum: Cents = staying
            .iter()
            .chain(&self.months[..1])
            .map(|month| month.gmv)
            .sum();
        let min = numbers
            .gmv_average_cents_min
            .saturating_mul(i64::from(numbers.months));
        let short = Cents(min) - sum;
        (!numbers.gmv_every_month && short > Cents::ZERO).then_some(Risk::GmvFalling { short })
    }

    /// Whether the rest of the month brings `needed` at the pace of any of the months, this one so far among them.
    fn brings(&self, needed: i64, figure: impl Fn(&MonthFigures) -> i64) -> bool {
        let so_far = (figure(&self.months[0]), self.passed());
        let before = self.months[1..].iter().map(|month| {
            let length = month
                .month
                .ends_at(self.zone)
                .since(month.month.starts_at(self.zone));
            (figure(month), length)
        });
        std::iter::once(so_far)
            .chain(before)
            .any(|pace| self.suffices(needed, pace))
    }

    /// `needed / left ≤ brought / passed`, without a division.
    fn suffices(&self, needed: i64, (brought, passed): (i64, Elapsed)) -> bool {
        let left = self.months[0]
            .month
            .ends_at(self.zone)
            .since(self.as_of)
            .seconds()
            .max(0);
        passed.seconds() > 0
            && i128::from(needed) * i128::from(passed.seconds()) <= i128::from(brought) * i128::from(left)
    }

    /// How much of the month is over.
    fn passed(&self) -> Elapsed {
        let month = self.months[0].month;
        self.as_of
            .min(month.ends_at(self.zone))
            .since(month.starts_at(self.zone))
    }
}

impl Outlook {
    fn of(risks: Vec<Risk>) -> Self {
        let standing = if risks.iter().any(|risk| risk.is_out_of_reach()) {
            Standing::NotEligible
        } else if risks.is_empty() {
            Standing::Eligible
        } else {
            Standing::AtRisk
        };
        Self { standing, risks }
    }
}
