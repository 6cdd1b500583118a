//! What holds of every set of claims, in whatever order they arrive.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::{EventFact, OrderFact};
use domain::figures::figures;
use domain::{Elapsed, Node, OrderId, OrderStatus, SendType, Timestamp, TrackingNumber};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Office, Row, book, id, order, typed};
use crate::season::{NUMBERS, day, deadline, event_fact, hour, number, status_fact};

/// Random orders, rows at distinct instants, and events.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let orders = proptest::collection::vec((0_i64..6, 0_i64..4, 0_i64..50), 4);
    let claims = proptest::collection::vec(
        (
            0..4_usize,
            0..3_usize,
            0_i64..60,
            prop_oneof![4 => Just(SendType::All), 1 => Just(SendType::Part)],
        ),
        1..9,
    );
    let nodes = select(vec![
        Node::PickedUp,
        Node::InTransit,
        Node::InTransit,
        Node::Signed,
        Node::Returned,
    ]);
    let events = proptest::collection::vec(
        (0..3_usize, nodes, 0_i64..60, select(vec![0_i64, 0, 30, 300])),
        0..8,
    );
    let cancelled = proptest::option::weighted(0.2, (0..4_usize, 1_i64..40, select(vec![0_i64, 100])));
    (orders, claims, events, cancelled).prop_map(|(orders, claims, events, cancelled)| {
        let mut rows = Vec::new();
        for (index, (paid, late, much)) in orders.into_iter().enumerate() {
            let delay = if late == 0 {
                Elapsed::days(much)
            } else {
                Elapsed::hours(1)
            };
            let paid_at = day(paid * 3);
            rows.push(order(index, paid_at, paid_at.plus(delay)));
            if let Some((_, at, delay)) = cancelled.filter(|(cancelled, ..)| *cancelled == index) {
                let at = paid_at.plus(Elapsed::hours(at * 17));
                let fact = status_fact(OrderStatus::Cancelled, Some(at), at.plus(Elapsed::hours(delay)));
                rows.push(Row::Order(OrderFact {
                    order_id: id(index),
                    paid_at,
                    ..fact
                }));
            }
        }
        for (place, (index, text, at, send_type)) in claims.into_iter().enumerate() {
            // No two rows at one instant, and each in a file of its own.
            let uploaded_at = day(at).plus(Elapsed::from_seconds(place as i64 * 60));
            rows.push(typed(
                index,
                NUMBERS[text],
                uploaded_at,
                place as u64 + 1,
                send_type,
            ));
        }
        for (text, node, at, delay) in events {
            let occurred_at = day(at).plus(Elapsed::hours(7));
            rows.push(Row::Event(EventFact {
                recorded_at: occurred_at.plus(Elapsed::hours(delay)),
                ..event_fact(NUMBERS[text], node, occurred_at)
            }));
        }
        rows
    })
}

fn shuffled(rows: &[Row], places: &[Index]) -> Vec<Row> {
    let mut shuffled = Vec::with_capacity(rows.len());
    for (row, place) in rows.iter().zip(places.iter().cycle()) {
        shuffled.insert(place.index(shuffled.len() + 1), row.clone());
    }
    shuffled
}

fn looks() -> impl Iterator<Item = Timestamp> {
    let mut looks: Vec<Timestamp> = (0..25).map(|step| day(step * 6 + 1)).collect();
    looks.extend([deadline().next(), day(400)]);
    looks.sort_unstable();
    looks.into_iter()
}

fn places() -> impl Strategy<Value = Vec<Index>> {
    proptest::collection::vec(any::<Index>(), 12..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whose_a_number_is_does_not_depend_on_arrival(
        rows in rows(),
        places in places(),
        again in proptest::collection::vec(any::<Index>(), 0..5),
        nights in proptest::collection::vec((any::<Index>(), 1_i64..110), 0..6),
    ) {
        let expected = Office::of(&rows);
        let mut arrived = rows.clone();
        arrived.extend(again.iter().map(|index| index.get(&rows).clone()));
        let arrived = shuffled(&arrived, &places);
        let mut instants: Vec<i64> = nights.iter().map(|(_, at)| *at).collect();
        instants.sort_unstable();
        let mut places: Vec<usize> = nights.iter().map(|(place, _)| place.index(arrived.len())).collect();
        places.sort_unstable();
        let mut runs = places.into_iter().zip(instants).peekable();
        let mut office = Office::default();
        for (place, row) in arrived.iter().enumerate() {
            office.take(row);
            while let Some((_, at)) = runs.next_if(|(after, _)| *after == place) {
                office.night(day(at));
            }
        }
        for at in looks() {
            prop_assert_eq!(office.due(at), expected.due(at), "as of {}", at);
            for (order_id, order) in &expected.orders {
                let found = figures(&office.orders[order_id], book(), at);
                prop_assert_eq!(found, figures(order, book(), at), "{} as of {}", order_id, at);
            }
        }
        office.night(day(400));
        prop_assert_eq!(office.net(), expected.due(day(400)));
    }

    #[test]
    fn no_event_counts_for_two_orders(rows in rows()) {
        let office = Office::of(&rows);
        for at in looks() {
            for text in NUMBERS {
                let mut signed = BTreeSet::new();
                for (order_id, signed_at) in office.holders(text, at) {
                    if let Some(signed_at) = signed_at {
                        prop_assert!(signed.insert(signed_at), "{} of {} as of {}", text, order_id, at);
                    }
                }
            }
        }
    }

    #[test]
    fn what_arrives_later_changes_nothing_as_of_then(rows in rows()) {
        let all = Office::of(&rows);
        for at in looks() {
            let known: Vec<&Row> = rows.iter().filter(|row| recorded_at(row) <= at).collect();
            prop_assert_eq!(all.due(at), Office::of(known).due(at), "as of {}", at);
        }
    }

    #[test]
    fn no_order_loses_a_number_that_it_holds_by_a_live_claim(rows in rows()) {
        // All orders are there from the start, and no timeline ends: only claims decide.
        let rows: Vec<Row> = rows
            .into_iter()
            .filter_map(|row| match row {
                Row::Order(fact) => Some(Row::Order(OrderFact { recorded_at: hour(0), ..fact })),
                Row::Event(fact) if fact.node.ends_timeline() => None,
                other => Some(other),
            })
            .collect();
        let office = Office::of(&rows);
        let mut holders: BTreeMap<&str, (OrderId, Timestamp)> = BTreeMap::new();
        for at in looks() {
            for text in NUMBERS {
                if let Some((holder, then)) = holders.get(text) {
                    let order = &office.orders[holder];
                    let held: Option<TrackingNumber> = order.shipment(&number(text)).map(|held| held.number.clone());
                    let word = held.and_then(|held| order.word_on(&held)).expect("a holder has claims");
                    let is_live = word.claims.iter().any(|claim| {
                        claim.uploaded_at <= *then && claim.superseded_at(at).is_none()
                    });
                    let holds = office.holders(text, at).iter().any(|(order_id, _)| order_id == holder);
                    prop_assert!(!is_live || holds, "{} lost {} as of {}", holder, text, at);
                }
                if let [(holder, _)] = office.holders(text, at).as_slice() {
                    holders.insert(text, (holder.clone(), at));
                }
            }
        }
    }
}

fn recorded_at(row: &Row) -> Timestamp {
    match row {
        Row::Order(fact) => fact.recorded_at,
        Row::Tracking(fact) => fact.uploaded_at,
        Row::Event(fact) => fact.recorded_at,
    }
}
