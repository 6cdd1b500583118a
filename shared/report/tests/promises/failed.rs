//! The orders that missed fulfilment, by name and by how much, and those that their seller alone stated.

use std::collections::BTreeMap;

use domain::Timestamp;
use proptest::prelude::*;
use report::{FailedOrder, Missing, MonthReport, html};

use crate::bytes::{NOW, any_order_rows};
use crate::lake::{Lake, OrderRow, failed, fulfilled, month, settled};
use crate::rescue::latest;

fn named(report: &MonthReport) -> BTreeMap<String, Vec<&FailedOrder>> {
    let sellers = report.failed.iter().flat_map(|failed| &failed.sellers);
    sellers
        .map(|seller| (seller.seller_id.to_string(), seller.orders.iter().collect()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_failed_order_is_named_and_no_other(orders in any_order_rows(), is_split in any::<bool>()) {
        let april = month("2024-04");
        let mut lake = Lake::empty();
        let (first, second) = orders.split_at(if is_split { orders.len() / 2 } else { orders.len() });
        lake.add(april, first, &[]);
        if !second.is_empty() {
            lake.add(april, second, &[]);
        }
        let report = lake.report(april, Timestamp::from_unix(NOW));
        let named = named(&report);
        let mut expected: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
        for row in latest(&orders) {
            let has_failed = row.fulfilment.is_some_and(|(met, at)| !met && at <= NOW);
            if has_failed && !row.excluded {
                let of_seller = expected.entry(row.seller_id.clone()).or_default();
                of_seller.push((row.paid_at, row.order_id.clone()));
            }
        }
        expected.values_mut().for_each(|orders| orders.sort());
        let told: BTreeMap<String, Vec<(i64, String)>> = named
            .iter()
            .map(|(seller, orders)| {
                let orders = orders.iter().map(|order| (order.paid_at.unix(), order.order_id.to_string()));
                (seller.clone(), orders.collect())
            })
            .collect();
        prop_assert_eq!(told, expected);
        for order in named.values().flatten() {
            prop_assert!(!order.misses.is_empty(), "{:?}", order);
            prop_assert!(order.misses.iter().all(|miss| miss.deadline.unix() < NOW), "{:?}", order);
        }
    }
}

/// What an order of May is told to have missed: the rule, and by how much.
fn missed(row: OrderRow) -> Vec<(Missing, Option<String>)> {
    let may = month("2024-05");
    let report = Lake::of(&[(may, vec![row])]).report(may, settled());
    let named = named(&report);
    let [order] = named["shop"][..] else {
        panic!("{named:?}")
    };
    let misses = order.misses.iter();
    misses
        .map(|miss| (miss.missing, miss.late_by().map(|late| late.to_string())))
        .collect()
}

#[test]
fn an_order_is_told_by_how_much_it_missed_each_rule() {
    let never = failed("shop", month("2024-05"), 1, 100);
    assert_eq!(missed(never.clone()), [(Missing::Upload, None)]);
    let late = OrderRow {
        first_upload_at: Some(never.paid_at + 86_401),
        ..never.clone()
    };
    assert_eq!(
        missed(late.clone()),
        [(Missing::Upload, Some("0 h 00 m 01 s".to_owned()))]
    );
    let pickup_due = never.paid_at + 3 * 86_400;
    let twice = OrderRow {
        pickup: Some((false, pickup_due + 1)),
        late_pickup_at: Some(pickup_due + 3 * 3_600 + 600),
        ..late
    };
    assert_eq!(
        missed(twice),
        [
            (Missing::Upload, Some("0 h 00 m 01 s".to_owned())),
            (Missing::Pickup, Some("3 h 10 m".to_owned()))
        ]
    );
}

#[test]
fn a_final_month_names_its_failed_orders_where_their_seller_is_opened() {
    let may = month("2024-05");
    let rows = (0..20).map(|number| match number {
        19 => failed("shop", may, number, 100),
        _ => fulfilled("shop", may, number, 100),
    });
    let report = Lake::of(&[(may, rows.collect())]).report(may, settled());
    assert!(!report.is_running() && report.failed.is_some());
    let page = html(&report, None, domain::PolicyBook::shipped().zone);
    assert!(
        page.contains("\"202405000000000019\""),
        "the order's id is in the page"
    );
}

#[test]
fn beyond_the_bound_those_with_the_fewest_failures_are_named_in_full() {
    let may = month("2024-05");
    let of = |seller: usize, failures: usize| {
        (0..failures).map(move |number| failed(&format!("S{seller:03}"), may, seller * 1_000 + number, 100))
    };
    let rows = (0..45).flat_map(|seller| of(seller, 46)).chain(of(99, 60));
    let report = Lake::of(&[(may, rows.collect())]).report(may, settled());
    let failed = report.failed.as_ref().expect("they failed");
    assert_eq!((failed.sellers_count, failed.orders_count), (46, 45 * 46 + 60));
    assert_eq!(failed.named_count(), 2_000);
    assert!(
        failed
            .sellers
            .iter()
            .take(43)
            .all(|seller| seller.orders.len() == 46)
    );
}

#[test]
fn an_order_that_its_seller_alone_stated_is_listed_as_unconfirmed() {
    let may = month("2024-05");
    let cancelled = OrderRow {
        excluded: true,
        ..fulfilled("shop", may, 1, 0)
    };
    let stated = OrderRow {
        unconfirmed: Some(true),
        ..fulfilled("shop", may, 2, 0)
    };
    let stated = OrderRow {
        excluded: true,
        ..stated
    };
    let rows = vec![fulfilled("shop", may, 0, 100), cancelled, stated];
    let report = Lake::of(&[(may, rows)]).report(may, settled());
    let [seller] = &report.unconfirmed[..] else {
        panic!("{:?}", report.unconfirmed)
    };
    let orders: Vec<String> = seller
        .orders
        .iter()
        .map(|order| order.order_id.to_string())
        .collect();
    assert_eq!((seller.count, orders), (1, vec!["202405000000000002".to_owned()]));
}
