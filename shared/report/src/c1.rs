//! C1: who is a key account, decided in integers from the months' figures.

use domain::policy::{FulfilmentExtra, KeyAccountPolicy};
use domain::{Cents, Month, Policy, PolicyBook, Timestamp};

use crate::MonthFigures;
use crate::reason::Reason;

/// Months that a report shows, whatever C1 looks at: `month`, `m1` and `m2`.
pub(crate) const MONTHS_SHOWN: u32 = 3;

/// What C1 says of one seller.
pub(crate) struct Verdict {
    pub(crate) met: bool,
    pub(crate) reasons: Vec<Reason>,
}

/// The months whose files a report of `month` needs, the latest first: those it shows and those that C1 looks at.
pub fn window(month: Month, book: &PolicyBook) -> Vec<Month> {
    let months = book.key_account_of(month).months.max(MONTHS_SHOWN);
    (0..months).map(|count| month.minus(count)).collect()
}

/// The first instant as of which the eligibility figures of `month` are final: its end and the last deadline that
/// fulfilment asks for (72 h for A1 and B1). B2 has no deadline: where the policy asks for it, a seller's figures are
/// final only once none of its orders is pending.
pub fn final_from(month: Month, book: &PolicyBook) -> Timestamp {
    let policy = deciding_policy(month, book);
    let end = month.ends_at(book.zone);
    let picked_up = end.plus(policy.upload_max()).plus(policy.pickup_max());
    if policy
        .eligibility
        .fulfilment_requires
        .contains(&FulfilmentExtra::SignOff)
    {
        picked_up.max(end.plus(policy.sign_off_max()))
    } else {
        picked_up
    }
}

/// The pack in force at the month's last second.
pub(crate) fn deciding_policy(month: Month, book: &PolicyBook) -> &Policy {
    book.in_force_at(Timestamp::from_unix(month.ends_at(book.zone).unix() - 1))
}

/// C1 over the months that it looks at, the earliest first. The reasons are all that was missed, or what was met.
pub(crate) fn key_account(months: &[&MonthFigures], numbers: &KeyAccountPolicy) -> Verdict {
    let mut missed = gmv_missed(months, numbers);
    missed.extend(
        months
            .iter()
            .filter_map(|month| fulfilment_missed(month, numbers)),
    );
    let met = missed.is_empty();
    let reasons = if met {
        what_was_met(months, numbers)
    } else {
        missed
    };
    Verdict { met, reasons }
}

fn what_was_met(months: &[&MonthFigures], numbers: &KeyAccountPolicy) -> Vec<Reason> {
    let gmv = if numbers.gmv_every_month {
        let months = months.iter().map(|month| (month.month, month.gmv)).collect();
        Reason::GmvMetEachMonth {
            min: Cents(numbers.gmv_average_cents_min),
            months,
        }
    } else {
        Reason::GmvMet {
            months: months.len(),
            gmv: gmv_of(months),
            min: gmv_min(numbers),
        }
    };
    let rates = months
        .iter()
        .filter_map(|month| Some((month.month, month.fulfilment.rate_bp()?)))
        .collect();
    vec![
        gmv,
        Reason::FulfilmentMet {
            percent_min: numbers.fulfilment_percent_min,
            rates,
        },
    ]
}

/// The sum against as many times the average as there are months, or each month against the average.
fn gmv_missed(months: &[&MonthFigures], numbers: &KeyAccountPolicy) -> Vec<Reason> {
    if numbers.gmv_every_month {
        let min = Cents(numbers.gmv_average_cents_min);
        let short = months.iter().filter(|month| month.gmv < min);
        return short
            .map(|month| Reason::GmvShortInMonth {
                month: month.month,
                gmv: month.gmv,
                min,
            })
            .collect();
    }
    let (gmv, min) = (gmv_of(months), gmv_min(numbers));
    if gmv < min {
        vec![Reason::GmvShort {
            months: months.len(),
            gmv,
            min,
        }]
    } else {
        Vec::new()
    }
}

pub(crate) fn gmv_of(months: &[&MonthFigures]) -> Cents {
    months.iter().map(|month| month.gmv).sum()
}

fn gmv_min(numbers: &KeyAccountPolicy) -> Cents {
    Cents(
        numbers
            .gmv_average_cents_min
            .saturating_mul(i64::from(numbers.months)),
    )
}

/// The failures that a month of `due` orders may have: `100 · fulfilled ≥ percent · due` is
/// `failed ≤ (100 − percent) · due / 100`, rounded down.
pub(crate) fn failures_max(due: i64, percent_min: u32) -> i64 {
    (100 - i64::from(percent_min)) * due / 100
}

fn fulfilment_missed(figures: &MonthFigures, numbers: &KeyAccountPolicy) -> Option<Reason> {
    let tally = figures.fulfilment;
    if tally.due == 0 {
        return Some(Reason::NothingDue { month: figures.month });
    }
    let failed_max = failures_max(tally.due, numbers.fulfilment_percent_min);
    (tally.failed() > failed_max).then_some(Reason::FulfilmentMissed {
        month: figures.month,
        tally,
        failed_max,
        pending: figures.pending,
    })
}
