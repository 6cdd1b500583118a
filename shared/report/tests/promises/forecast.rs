//! The forecast of a running month, held against trying every ending out.

use domain::{Cents, Month, PolicyBook, SellerId, Timestamp, Zone};
use proptest::prelude::*;
use report::{Forecast, MonthFigures, MonthReport, Risk, SellerMonth, Standing, Tally, decide};

use crate::lake::{at, month, policy_with};
use crate::made::figures;

/// What one seller's three months come to, the running one (2024-05) first.
#[derive(Clone, Debug)]
struct Months {
    due: [i64; 3],
    failed: [i64; 3],
    pending: i64,
    gmv: [i64; 3],
}

impl Months {
    fn quiet() -> Self {
        Self {
            due: [100, 100, 100],
            failed: [0, 0, 0],
            pending: 0,
            gmv: [5_000_000; 3],
        }
    }

    /// The report of May, in the zone in which it ends on June 1st at 07:00 UTC.
    fn report(&self, as_of: Timestamp, book: &PolicyBook) -> MonthReport {
        let seller = SellerId::parse("shop").expect("a seller");
        let months = ["2024-05", "2024-04", "2024-03"].map(month);
        let figures = months.iter().enumerate().map(|(index, month)| {
            let pending = if index == 0 { self.pending } else { 0 };
            MonthFigures {
                orders: self.due[index] + pending,
                pending,
                gmv: Cents(self.gmv[index]),
                fulfilment: Tally {
                    due: self.due[index],
                    met: self.due[index] - self.failed[index],
                },
                ..figures(&seller, *month)
            }
        });
        decide(figures.collect(), months[0], as_of, book)
    }

    fn row(&self, as_of: Timestamp) -> SellerMonth {
        self.report(as_of, PolicyBook::shipped()).rows.remove(0)
    }

    fn forecast(&self, as_of: Timestamp) -> Forecast {
        self.row(as_of).forecast.expect("May still runs")
    }

    /// The same once `misses` of the pending orders have failed and the others are fulfilled, and so many new orders came.
    fn ended(&self, misses: i64, new_failed: i64, new_fulfilled: i64) -> Self {
        let mut ended = self.clone();
        ended.due[0] += self.pending + new_failed + new_fulfilled;
        ended.failed[0] += misses + new_failed;
        ended.pending = 0;
        ended
    }

    /// Whether C1 is met once everything is decided.
    fn is_kept(&self) -> bool {
        self.row(at("2025-01-01T00:00:00Z")).eligible
    }
}

fn middle() -> Timestamp {
    at("2024-05-15T19:00:00Z")
}

fn any_months() -> impl Strategy<Value = Months> {
    (0..60_i64, 0..8_i64, 0..30_i64).prop_map(|(due, failed, pending)| Months {
        due: [due, 100, 100],
        failed: [failed.min(due), 0, 0],
        pending,
        ..Months::quiet()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn so_many_misses_are_left_as_can_be_tried_and_the_next_one_loses_the_month(months in any_months()) {
        // Pending orders miss first; misses beyond them are new orders, and all else is fulfilled.
        let kept_with = |misses: i64| {
            months.ended(misses.min(months.pending), (misses - months.pending).max(0), 0).is_kept()
        };
        match months.forecast(middle()).misses_left {
            None => prop_assert!(!kept_with(0)),
            Some(left) => {
                prop_assert!((0..=left).all(kept_with));
                prop_assert!(!(left + 1..left + 5).any(kept_with));
            }
        }
    }

    #[test]
    fn the_marginal_orders_are_as_many_as_must_be_fulfilled(months in any_months()) {
        let forecast = months.forecast(middle());
        let kept_with = |fulfilled: i64| months.ended(months.pending - fulfilled, 0, 0).is_kept();
        let rescue = (0..=months.pending).find(|fulfilled| kept_with(*fulfilled));
        prop_assert_eq!(rescue.unwrap_or(0), forecast.orders_to_rescue);
        prop_assert_eq!(rescue.is_some(), forecast.misses_left.is_some());
    }

    #[test]
    fn new_orders_without_a_miss_mend_the_rate_and_one_fewer_does_not(months in any_months()) {
        let needed = months.forecast(middle()).orders_to_mend.expect("new orders may come");
        prop_assert!(months.ended(0, 0, needed).is_kept());
        prop_assert!(needed == 0 || !months.ended(0, 0, needed - 1).is_kept());
        // Once the month is over, none come.
        let over = months.forecast(at("2024-06-02T00:00:00Z"));
        prop_assert_eq!(over.orders_to_mend, (needed == 0).then_some(0));
    }

    #[test]
    fn the_gmv_of_the_days_left_is_enough_and_a_cent_a_day_less_is_not(
        gmv in proptest::array::uniform3(0..12_000_000_i64),
        day in 0..31_i64,
        every_month in any::<bool>(),
    ) {
        let book = policy_with("gmv_every_month = false", &format!("gmv_every_month = {every_month}"));
        let months = Months { gmv: if every_month { [gmv[0], 5_000_000, 5_000_000] } else { gmv }, ..Months::quiet() };
        let as_of = Timestamp::from_unix(at("2024-05-01T07:00:00Z").unix() + day * 86_400);
        let forecast = months.report(as_of, &book).rows[0].forecast.expect("May still runs");
        prop_assert_eq!(forecast.days_left, 31 - day);
        let is_kept = |more: i64| {
            let sold = Months { gmv: [months.gmv[0] + more, months.gmv[1], months.gmv[2]], ..months.clone() };
            sold.report(at("2025-01-01T00:00:00Z"), &book).rows[0].eligible
        };
        let needed = forecast.gmv_needed.0;
        prop_assert!(is_kept(needed) && (needed == 0 || !is_kept(needed - 1)));
        let per_day = forecast.gmv_needed_per_day.expect("days are left").0;
        prop_assert!(is_kept(per_day * forecast.days_left));
        prop_assert!(per_day == 0 || !is_kept((per_day - 1) * forecast.days_left));
    }

    #[test]
    fn only_what_can_no_longer_be_reached_counts_as_lost_once_the_month_is_over(months in any_months()) {
        let over = months.row(at("2024-06-02T00:00:00Z"));
        prop_assert_eq!(over.standing == Standing::NotEligible, !months.ended(0, 0, 0).is_kept());
    }
}

#[test]
fn seven_more_misses_and_may_is_lost() {
    // 15 of 300 may fail, and 8 did.
    let months = Months {
        due: [280, 100, 100],
        failed: [8, 0, 0],
        pending: 20,
        ..Months::quiet()
    };
    let row = months.row(middle());
    let forecast = row.forecast.expect("May still runs");
    assert_eq!(
        (
            forecast.misses_left,
            forecast.orders_to_rescue,
            forecast.orders_to_mend
        ),
        (Some(7), 13, Some(0))
    );
    assert_eq!(
        row.forecast_en()[0],
        "8 more misses and 2024-05 is lost: of 20 pending orders at least 13 must be fulfilled."
    );
    assert_eq!(
        row.forecast_zh()[0],
        "再失误 8 单即失去 2024-05：20 单待定中至少须履约 13 单。"
    );
}

#[test]
fn a_new_order_that_misses_counts_among_the_due_ones_too() {
    // 2 of 59 may fail and did; a 60th order that misses makes 3 of 60, which is 95 % still.
    for (due, pending) in [(59, 0), (57, 2)] {
        let months = Months {
            due: [due, 100, 100],
            failed: [2 - pending, 0, 0],
            pending,
            ..Months::quiet()
        };
        assert!(months.ended(pending, 1, 0).is_kept() && !months.ended(pending, 2, 0).is_kept());
        assert_eq!(months.forecast(middle()).misses_left, Some(pending + 1));
    }
}

#[test]
fn a_month_that_is_final_has_no_forecast() {
    let row = Months::quiet().row(at("2024-06-04T07:00:00Z"));
    assert!(
        row.is_final
            && row.forecast.is_none()
            && row.forecast_en().is_empty()
            && row.forecast_zh().is_empty()
    );
}

#[test]
fn the_days_left_are_the_platforms_calendar_days_also_when_the_clocks_change() {
    let zone: Zone = PolicyBook::shipped().zone;
    let seller = SellerId::parse("shop").expect("a seller");
    // 2024-03-10 has 23 hours; the last day counts until its last second.
    for (as_of, days) in [
        ("2024-03-01T08:00:00Z", 31),
        ("2024-03-10T07:59:59Z", 23),
        ("2024-03-10T08:00:00Z", 22),
        ("2024-03-11T07:00:00Z", 21),
        ("2024-04-01T06:59:59Z", 1),
        ("2024-04-01T07:00:00Z", 0),
        ("2024-02-20T00:00:00Z", 31),
    ] {
        let march: Month = month("2024-03");
        let mut made = figures(&seller, march);
        made.orders = 1;
        let report = decide(vec![made], march, at(as_of), PolicyBook::shipped());
        let forecast = report.rows[0].forecast.expect("it is not final");
        assert_eq!(forecast.days_left, days, "{as_of} in {zone}");
    }
}

#[test]
fn eligibility_is_worth_what_the_two_complete_months_brought_on_average() {
    let months = Months {
        gmv: [100, 7_000_001, 4_000_000],
        ..Months::quiet()
    };
    assert_eq!(months.forecast(middle()).at_stake, Cents(5_500_000));
}

#[test]
fn a_small_seller_without_a_failure_is_not_at_risk_and_one_that_failed_is() {
    let small = Months {
        due: [6, 12, 9],
        pending: 3,
        ..Months::quiet()
    };
    assert_eq!(small.row(middle()).standing, Standing::Eligible);
    let failed_once = Months {
        failed: [0, 0, 1],
        due: [6, 12, 20],
        ..small
    };
    let row = failed_once.row(middle());
    assert_eq!(row.standing, Standing::AtRisk);
    assert_eq!(
        row.risks[0].en(),
        "no room for a failed order in 2024-05, 3 pending"
    );
    assert_eq!(row.risks[0].zh(), "2024-05 已无失误余地，3 单待定");
}

#[test]
fn a_final_month_is_at_risk_with_less_room_than_one_order_in_a_hundred() {
    for (due, failed, standing) in [
        (20, 0, Standing::Eligible),
        (20, 1, Standing::AtRisk),
        (40, 1, Standing::Eligible),
        (1_000, 40, Standing::Eligible),
        (1_000, 41, Standing::AtRisk),
        (1_000, 50, Standing::AtRisk),
        (1_000, 51, Standing::NotEligible),
    ] {
        let months = Months {
            due: [due, 100, 100],
            failed: [failed, 0, 0],
            ..Months::quiet()
        };
        let row = months.row(at("2024-06-04T07:00:00Z"));
        assert_eq!(row.standing, standing, "{failed} of {due}");
        assert_eq!(row.eligible, standing != Standing::NotEligible);
    }
}

#[test]
fn pending_orders_count_against_the_room_at_the_rate_at_which_orders_failed() {
    // 4 % failed; of 75 pending orders 3 more would, and there is room for 2, or for 3.
    let months = |failed| Months {
        due: [100, 100, 100],
        failed: [failed, 4, 12 - failed - 4],
        pending: 75,
        ..Months::quiet()
    };
    assert_eq!(months(6).row(middle()).standing, Standing::AtRisk);
    assert_eq!(months(5).row(middle()).standing, Standing::Eligible);
}

#[test]
fn a_month_that_would_not_do_twice_is_at_risk() {
    let months = Months {
        gmv: [4_999_999, 5_000_000, 5_000_001],
        ..Months::quiet()
    };
    let row = months.row(at("2024-06-04T07:00:00Z"));
    let short = Cents(2);
    assert_eq!(
        (row.standing, row.risks),
        (Standing::AtRisk, vec![Risk::GmvFalling { short }])
    );
}

#[test]
fn gmv_is_on_course_at_the_months_own_pace_at_risk_at_the_best_one_and_else_out_of_reach() {
    // Half of May's 31 days are over: as much again is to come.
    let half = Timestamp::from_unix(at("2024-05-01T07:00:00Z").unix() + 31 * 43_200);
    for (gmv, standing) in [
        ([2_500_000, 5_000_000, 5_000_000], Standing::Eligible),
        ([2_499_999, 5_000_000, 5_000_000], Standing::AtRisk),
        // April's 30 days brought 80,000.00: 15 and a half of them bring 41,333.33.
        ([866_667, 8_000_000, 2_000_000], Standing::AtRisk),
        ([866_666, 8_000_000, 2_000_000], Standing::NotEligible),
    ] {
        let row = Months {
            gmv,
            ..Months::quiet()
        }
        .row(half);
        assert_eq!(row.standing, standing, "{gmv:?}: {:?}", row.risks);
    }
}

#[test]
fn a_month_before_that_failed_puts_the_running_one_out_of_reach() {
    let months = Months {
        failed: [0, 6, 0],
        ..Months::quiet()
    };
    let row = months.row(middle());
    let expected = Risk::RateOutOfReach {
        month: month("2024-04"),
    };
    assert_eq!((row.standing, row.risks), (Standing::NotEligible, vec![expected]));
}
