//! The orders that decide a running month, by name: held against trying out what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cents, PolicyBook, Timestamp};
use proptest::prelude::*;
use report::{
    KeptPart, Missing, MonthFigures, MonthReport, OrdersByName, Part, SellerRescue, Standing, Tally, Wanted,
    decide, figures_of, html, orders_by_name,
};

use crate::bytes::{NOW, any_order_rows};
use crate::lake::{Lake, OrderRow, at, failed, fulfilled, month, settled};
use crate::made::{self, figures, portfolio};

/// The latest row of each order as of now.
pub fn latest(orders: &[OrderRow]) -> Vec<&OrderRow> {
    let mut latest: BTreeMap<&str, &OrderRow> = BTreeMap::new();
    for row in orders.iter().filter(|row| row.learned_at <= NOW) {
        let known = latest.entry(&row.order_id).or_insert(row);
        if (row.learned_at, row.version) > (known.learned_at, known.version) {
            *known = row;
        }
    }
    latest.into_values().collect()
}

fn is_undecided(row: &OrderRow) -> bool {
    !row.excluded && row.fulfilment.is_none_or(|(_, at)| at > NOW)
}

/// The rates of April by seller once each of these orders is fulfilled, or has failed: does 95 % hold?
fn kept_once(orders: &[OrderRow], decided: &[&OrderRow], met: bool) -> BTreeMap<String, bool> {
    let april = month("2024-04");
    let mut lake = Lake::of(&[(april, orders.to_vec())]);
    let rows: Vec<OrderRow> = decided
        .iter()
        .map(|row| OrderRow {
            version: 1_000,
            learned_at: NOW,
            fulfilment: Some((met, NOW)),
            ..(*row).clone()
        })
        .collect();
    if !rows.is_empty() {
        lake.add(april, &rows, &[]);
    }
    let figures = figures_of(&lake.files, april, Timestamp::from_unix(NOW)).expect("figures");
    let kept = figures.iter().map(|of| {
        let Tally { due, met } = of.fulfilment;
        (of.seller_id.to_string(), due > 0 && 100 * met >= 95 * due)
    });
    kept.collect()
}

fn named(report: &MonthReport) -> BTreeMap<String, &SellerRescue> {
    let sellers = report.rescue.iter().flat_map(|rescue| &rescue.sellers);
    sellers
        .map(|seller| (seller.seller_id.to_string(), seller))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn rescuing_the_named_orders_keeps_the_month_and_losing_them_loses_it(orders in any_order_rows()) {
        let april = month("2024-04");
        let mut lake = Lake::empty();
        let (first, second) = orders.split_at(orders.len() / 2);
        lake.add(april, first, &[]);
        lake.add(april, second, &[]);
        let report = lake.report(april, Timestamp::from_unix(NOW));
        let named = named(&report);
        let latest = latest(&orders);
        let waiting: Vec<&OrderRow> = latest.into_iter().filter(|row| is_undecided(row)).collect();
        let (rescued, lost) = (kept_once(&orders, &waiting, true), kept_once(&orders, &waiting, false));
        for row in &report.rows {
            let seller = row.seller_id.to_string();
            let mut expected: Vec<_> = waiting
                .iter()
                .filter(|row| row.seller_id == seller)
                .map(|row| {
                    let deadline = row.fulfilment.filter(|(met, _)| !met).map(|(_, at)| at - 1);
                    (deadline.unwrap_or(i64::MAX), row.order_id.clone(), row.paid_at, row.gmv_cents)
                })
                .collect();
            expected.sort();
            let decides = !expected.is_empty() && rescued[&seller] && !lost[&seller];
            prop_assert_eq!(named.contains_key(&seller), decides, "{}", seller);
            if let Some(of) = named.get(&seller) {
                let told: Vec<_> = of
                    .orders
                    .iter()
                    .map(|order| {
                        let deadline = order.deadline.map_or(i64::MAX, Timestamp::unix);
                        (deadline, order.order_id.to_string(), order.paid_at.unix(), order.amount.0)
                    })
                    .collect();
                prop_assert_eq!(&told, &expected);
                prop_assert_eq!(of.undecided, expected.len() as i64);
                prop_assert!((1..=of.undecided).contains(&of.needed));
            }
        }
    }

    #[test]
    fn parts_name_what_one_run_does(orders in any_order_rows(), exponent in 0..5_u32) {
        let april = month("2024-04");
        let as_of = Timestamp::from_unix(NOW);
        let lake = Lake::of(&[(april, orders)]);
        let report = lake.report(april, as_of);
        let buckets = 1 << exponent;
        let mut merged = KeptPart { months: Vec::new(), named: OrdersByName::default(), learned: None };
        for bucket in (0..buckets).rev() {
            let part = Part { bucket, buckets };
            let part = KeptPart {
                months: Vec::new(),
                named: orders_by_name(&lake.files, april, as_of, part, &Wanted::ALL).expect("a part"),
                learned: None,
            };
            let read = KeptPart::from_bytes(&part.to_bytes());
            prop_assert_eq!(read.as_ref(), Some(&part));
            merged.merge(part);
        }
        let mut parted = MonthReport { rescue: None, failed: None, unconfirmed: Vec::new(), ..report.clone() };
        parted.name_orders(&merged.named, PolicyBook::shipped());
        prop_assert_eq!(parted, report);
    }
}

/// A lake of May of which 19 of 20 orders are fulfilled, and these; as of noon in Pacific on its second day.
fn may(rows: impl IntoIterator<Item = OrderRow>) -> MonthReport {
    let may = month("2024-05");
    let fulfilled = (0..20).map(|number| match number {
        19 => failed("shop", may, number, 100),
        _ => fulfilled("shop", may, number, 100),
    });
    let lake = Lake::of(&[(may, fulfilled.chain(rows).collect())]);
    lake.report(may, at("2024-05-03T19:00:00Z"))
}

/// Paid at so many hours after the month's begin, and not uploaded.
fn paid(number: usize, hours: i64) -> OrderRow {
    let row = failed("shop", month("2024-05"), number, 2_000);
    let paid_at = row.paid_at + hours * 3_600;
    OrderRow {
        paid_at,
        learned_at: paid_at,
        fulfilment: Some((false, paid_at + 86_401)),
        upload: (false, paid_at + 86_401),
        ..row
    }
}

#[test]
fn an_order_is_named_with_what_it_lacks_until_when_and_what_to_do() {
    let unsent = paid(100, 50);
    let (id, paid_at) = (unsent.order_id.clone(), unsent.paid_at);
    let uploaded = OrderRow {
        upload: (true, unsent.paid_at + 60),
        pickup: Some((false, unsent.paid_at + 60 + 172_801)),
        fulfilment: Some((false, unsent.paid_at + 60 + 172_801)),
        ..paid(101, 50)
    };
    // Decided: one failed long ago, one that is fulfilled, one that is cancelled.
    let cancelled = OrderRow {
        excluded: true,
        gmv_cents: 0,
        ..paid(102, 50)
    };
    let report = may([unsent, uploaded, cancelled]);
    let rescue = report.rescue.as_ref().expect("two orders decide the month");
    let [seller] = &rescue.sellers[..] else {
        panic!("one seller: {rescue:?}")
    };
    assert_eq!(
        (seller.needed, seller.undecided),
        (2, 2),
        "one of 22 may fail, and one did"
    );
    assert_eq!((rescue.sellers_count, rescue.orders_count), (1, 2));
    let [first, second] = &seller.orders[..] else {
        panic!("two orders: {seller:?}")
    };
    assert_eq!(
        (first.order_id.as_str(), first.missing),
        (&id[..], Missing::Upload)
    );
    assert_eq!(first.deadline.map(Timestamp::unix), Some(paid_at + 86_400));
    assert_eq!((first.paid_at.unix(), first.amount), (paid_at, Cents(2_000)));
    assert_eq!(second.missing, Missing::Pickup);
    assert_eq!(second.deadline.map(Timestamp::unix), Some(paid_at + 60 + 172_800));
    let minutes = (paid_at + 86_400 - report.as_of.unix()) / 60;
    assert_eq!(first.minutes_left(report.as_of), Some(minutes));
    let (en, zh) = &rescue.advice[&Missing::Upload];
    assert!(en.starts_with("Upload the tracking number") && zh.starts_with("上传运单号"));
    let page = html(&report, None, PolicyBook::shipped().zone);
    let left = format!("{} h {:02} m", minutes / 60, minutes % 60);
    for told in [
        &id,
        "Orders to rescue",
        "需保住的订单",
        &left,
        "first pickup (B1)",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn a_month_that_is_final_or_safe_or_lost_has_none_to_rescue() {
    let rows = [paid(100, 50), paid(101, 50)];
    let lake = Lake::of(&[(month("2024-05"), rows.to_vec())]);
    assert!(
        lake.report(month("2024-05"), at("2024-05-03T19:00:00Z"))
            .rescue
            .is_some()
    );
    assert_eq!(lake.report(month("2024-05"), settled()).rescue, None);
    // An order of the month before is none of this one's.
    assert_eq!(
        lake.report(month("2024-06"), at("2024-05-03T19:00:00Z")).rescue,
        None
    );
    // Two of 22 failed: what is undecided cannot keep the month.
    let lost = may([failed("shop", month("2024-05"), 200, 1), rows[0].clone()]);
    assert_eq!(lost.rescue, None);
    let fulfilled = (300..320).map(|number| fulfilled("shop", month("2024-05"), number, 1));
    let safe = may(fulfilled.chain([rows[0].clone()]));
    assert_eq!(safe.rescue, None);
}

#[test]
fn of_a_seller_the_nearest_50_are_named_and_2000_in_all_and_the_rest_is_counted() {
    for (pending, named) in [(50, 50), (51, 50)] {
        let rows = (0..pending).map(|number| paid(100 + number, 40 + number as i64 % 18));
        let report = may(rows);
        let rescue = report.rescue.as_ref().expect("they decide the month");
        let [seller] = &rescue.sellers[..] else {
            panic!("one seller")
        };
        assert_eq!((seller.orders.len(), seller.undecided), (named, pending as i64));
        assert!(
            seller
                .orders
                .is_sorted_by_key(|order| (order.deadline, order.order_id.clone()))
        );
    }
    let may = month("2024-05");
    let sellers = |count: usize| {
        let figures = (0..count).map(|number| MonthFigures {
            orders: 140 + number as i64,
            pending: 50,
            fulfilment: Tally {
                due: 90 + number as i64,
                met: 90 + number as i64,
            },
            ..figures(
                &domain::SellerId::parse(&format!("S{number:03}")).expect("a seller"),
                may,
            )
        });
        let mut report = decide(
            figures.collect(),
            may,
            at("2024-05-15T19:00:00Z"),
            PolicyBook::shipped(),
        );
        let named = made::by_name(&report);
        report.name_orders(&named, PolicyBook::shipped());
        report.rescue.expect("they decide their months")
    };
    for (count, named) in [(40, 2_000), (41, 2_000)] {
        let rescue = sellers(count);
        assert_eq!(
            (rescue.sellers_count, rescue.orders_count),
            (count, 50 * count as i64)
        );
        assert_eq!((rescue.sellers.len(), rescue.named_count()), (40, named));
        assert_eq!(rescue.most_urgent_first().len(), named);
    }
}

#[test]
fn those_nearest_to_the_edge_come_first_and_who_is_lost_last() {
    let may = month("2024-05");
    let mut report = decide(
        portfolio(400, may, 56),
        may,
        at("2024-05-18T19:00:00Z"),
        PolicyBook::shipped(),
    );
    let named = made::by_name(&report);
    report.name_orders(&named, PolicyBook::shipped());
    let rescue = report.rescue.as_ref().expect("some decide their months");
    let edges: Vec<_> = rescue
        .sellers
        .iter()
        .map(|seller| {
            let row = report
                .rows
                .iter()
                .find(|row| row.seller_id == seller.seller_id)
                .expect("a row");
            let forecast = row.forecast.expect("it runs");
            (
                match row.standing {
                    Standing::AtRisk => 0,
                    Standing::Eligible => 1,
                    Standing::NotEligible => 2,
                },
                forecast.misses_left.expect("not lost"),
                std::cmp::Reverse(forecast.at_stake),
            )
        })
        .collect();
    assert!(edges.is_sorted() && edges.len() > 20, "{edges:?}");
    let orders = rescue.most_urgent_first();
    let urgency = |(seller, order): &(&SellerRescue, &report::UndecidedOrder)| {
        let deadline = order.deadline.map_or(i64::MAX, Timestamp::unix);
        (seller.standing != Standing::AtRisk, deadline)
    };
    assert!(orders.is_sorted_by_key(urgency) && orders[0].0.standing == Standing::AtRisk);
    let beyond: BTreeSet<_> = rescue.sellers.iter().map(|seller| &seller.seller_id).collect();
    assert!(beyond.len() < rescue.sellers_count, "the bound is reached");
}
