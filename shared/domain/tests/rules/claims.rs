//! Claims on numbers: whose a number is, whatever order the files arrive in (A2, A6, B3, B4).

use std::collections::{BTreeMap, BTreeSet};

use domain::assess::assess;
use domain::facts::{EventFact, OrderFact, TrackingFact};
use domain::figures::figures;
use domain::ledger::reconcile;
use domain::ruling::Uploader;
use domain::{
    Cents, Clause, Elapsed, LedgerEntry, Node, Order, OrderId, OrderStatus, PolicyBook, SendType, Source,
    Timestamp, TrackingNumber,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::season::{
    EVENTS_MAX, NUMBERS, cents, day, deadline, event_fact, hour, number, order_fact, status_fact,
    tracking_fact,
};

const ORDERS: [&str; 4] = [
    "8000011000000005",
    "8000011000000013",
    "8000011000000021",
    "8000011000000039",
];

fn id(order: usize) -> OrderId {
    OrderId::parse(ORDERS[order]).expect("an order id")
}

/// A row of any of several orders.
#[derive(Clone, Debug)]
enum Row {
    Order(OrderFact),
    Tracking(TrackingFact),
    Event(EventFact),
}

/// Several orders that contest numbers, with their ledgers: takes rows as an upload does.
#[derive(Clone, Debug, Default)]
struct Office {
    orders: BTreeMap<OrderId, Order>,
    waiting: Vec<Row>,
    entries: Vec<LedgerEntry>,
}

fn book() -> &'static PolicyBook {
    PolicyBook::shipped()
}

impl Office {
    fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut office = Self::default();
        rows.into_iter().for_each(|row| office.take(row));
        office
    }

    fn take(&mut self, row: &Row) {
        if !self.apply(row) {
            self.waiting.push(row.clone());
            return;
        }
        for row in std::mem::take(&mut self.waiting) {
            self.take(&row);
        }
    }

    fn apply(&mut self, row: &Row) -> bool {
        let order_id = match row {
            Row::Order(fact) => fact.order_id.clone(),
            Row::Tracking(fact) => fact.order_id.clone(),
            Row::Event(fact) => return self.report(fact),
        };
        let before = self.orders.get(&order_id).cloned();
        let mut after = match (row, before.clone()) {
            (Row::Order(fact), None) => {
                Order::placed(fact, Vec::new(), &Uploader::Operator).expect("an order in dollars")
            }
            (_, None) => return false,
            (Row::Order(fact), Some(mut order)) => {
                order.rule_order(fact, &Uploader::Operator);
                order
            }
            (Row::Tracking(fact), Some(mut order)) => {
                order.rule_tracking(fact, &Uploader::Operator, book().newest(), book());
                order
            }
            (Row::Event(_), Some(_)) => return false,
        };
        for number in after.numbers_with_news(before.as_ref()) {
            let others = self.orders.iter_mut().filter(|(other, _)| **other != order_id);
            for (_, other) in others {
                after.meet(other, &number);
            }
        }
        self.orders.insert(order_id, after);
        true
    }

    fn report(&mut self, fact: &EventFact) -> bool {
        let mut is_known = false;
        for order in self.orders.values_mut() {
            if order.shipment(&fact.number).is_some() {
                order.rule_event(fact, &Uploader::Operator, book().newest(), EVENTS_MAX);
                is_known = true;
            }
        }
        is_known
    }

    fn night(&mut self, as_of: Timestamp) {
        for order in self.orders.values_mut() {
            let due = assess(order, book().newest(), as_of).due;
            let posted = reconcile(order, &due, as_of, book().newest());
            order.note_posted(&posted, as_of);
            self.entries.extend(posted);
        }
    }

    /// What each order owes under each clause as of an instant, by the rules.
    fn due(&self, as_of: Timestamp) -> BTreeMap<(OrderId, Clause), Cents> {
        let mut sums = BTreeMap::new();
        for (order_id, order) in &self.orders {
            for due in assess(order, book().newest(), as_of).due {
                *sums
                    .entry((order_id.clone(), due.subject.clause))
                    .or_insert(Cents::ZERO) += due.amount;
            }
        }
        sums
    }

    /// What each order owes under each clause, by the ledger.
    fn net(&self) -> BTreeMap<(OrderId, Clause), Cents> {
        let mut sums = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.kind.moves_money()) {
            *sums
                .entry((entry.order_id.clone(), entry.clause))
                .or_insert(Cents::ZERO) += entry.amount;
        }
        sums.retain(|_, sum| *sum != Cents::ZERO);
        sums
    }

    /// The orders whose parcel a number is as of an instant, with the sign-off that each sees.
    fn holders(&self, text: &str, as_of: Timestamp) -> Vec<(OrderId, Option<Timestamp>)> {
        let mut holders = Vec::new();
        for (order_id, order) in &self.orders {
            let Some(seen) = order.as_of(as_of, book().newest()) else {
                continue;
            };
            let parcels = seen
                .parcels
                .iter()
                .filter(|parcel| parcel.shipment.number.as_str() == text);
            holders.extend(parcels.map(|parcel| (order_id.clone(), parcel.timeline.signed_at)));
        }
        holders
    }

    fn waits(&self, order: usize, text: &str) -> bool {
        let order = &self.orders[&id(order)];
        let shipment = order.shipment(&number(text)).expect("a claim");
        let last = shipment.claims.last().expect("a claim");
        order
            .waits_for(&shipment.number, last.source, book().newest(), day(300))
            .is_some()
    }
}

fn order(index: usize, paid_at: Timestamp, recorded_at: Timestamp) -> Row {
    Row::Order(OrderFact {
        order_id: id(index),
        paid_at,
        recorded_at,
        source: Source {
            upload: 100 + index as u64,
            row: 1,
        },
        ..order_fact()
    })
}

fn claim(index: usize, text: &str, uploaded_at: Timestamp, upload: u64) -> Row {
    typed(index, text, uploaded_at, upload, SendType::All)
}

fn typed(index: usize, text: &str, uploaded_at: Timestamp, upload: u64, send_type: SendType) -> Row {
    Row::Tracking(TrackingFact {
        order_id: id(index),
        source: Source {
            upload,
            row: index as u64 + 1,
        },
        ..tracking_fact(text, send_type, uploaded_at)
    })
}

fn event(text: &str, node: Node, occurred_at: Timestamp) -> Row {
    Row::Event(event_fact(text, node, occurred_at))
}

fn paid_orders(count: usize) -> Vec<Row> {
    (0..count).map(|index| order(index, hour(0), hour(0))).collect()
}

/// A file pasted one row off, its right file, and what the carriers reported of the three parcels.
fn pasted_one_row_off(right_at: Timestamp) -> Vec<Row> {
    let mut rows = paid_orders(3);
    rows.extend((0..3).map(|index| claim(index, NUMBERS[(index + 1) % 3], hour(2), 1)));
    rows.extend((0..3).map(|index| claim(index, NUMBERS[index], right_at, 2)));
    for text in NUMBERS {
        rows.extend([
            event(text, Node::PickedUp, hour(20)),
            event(text, Node::InTransit, hour(60)),
            event(text, Node::Signed, hour(100)),
        ]);
    }
    rows
}

#[test]
fn the_right_file_after_one_pasted_a_row_off_puts_everything_right() {
    for right_at in [hour(3), day(20), day(44)] {
        let rows = pasted_one_row_off(right_at);
        let is_wrong = |row: &&Row| matches!(row, Row::Tracking(fact) if fact.source.upload == 1);
        let right = Office::of(rows.iter().filter(|row| !is_wrong(row)));
        let mut office = Office::default();
        for (row, at) in rows.iter().zip(30..) {
            office.take(row);
            office.night(day(at));
        }
        office.night(day(100));
        assert_eq!(office.net(), right.due(day(100)), "{right_at}");
        for (index, text) in NUMBERS.into_iter().enumerate() {
            assert_eq!(office.holders(text, day(100)), [(id(index), Some(hour(100)))]);
            assert!(!office.waits(index, text));
        }
    }
}

#[test]
fn the_right_file_at_the_same_instant_counts_when_it_was_stored_later() {
    let stored = |row: Row, at_ms: i64, content: u64| match row {
        Row::Tracking(fact) => Row::Tracking(TrackingFact {
            stored: Some(domain::facts::Stored { at_ms, content }),
            ..fact
        }),
        other => other,
    };
    let mut rows = paid_orders(3);
    rows.extend((0..3).map(|index| stored(claim(index, NUMBERS[index], hour(2), 2), 20, 1)));
    rows.extend((0..3).map(|index| stored(claim(index, NUMBERS[(index + 1) % 3], hour(2), 1), 10, 2)));
    let office = Office::of(&rows);
    for (index, text) in NUMBERS.into_iter().enumerate() {
        assert_eq!(office.holders(text, day(1)), [(id(index), None)]);
    }
}

#[test]
fn a_claim_waits_while_another_order_holds_the_number_and_is_fined_after_45_days() {
    let mut rows = paid_orders(2);
    rows.extend([claim(0, NUMBERS[0], hour(1), 1), claim(1, NUMBERS[0], hour(2), 2)]);
    let office = Office::of(&rows);
    assert_eq!(office.holders(NUMBERS[0], day(60)), [(id(0), None)]);
    assert!(office.waits(1, NUMBERS[0]));
    let due_at = hour(2).plus(Elapsed::days(45));
    let a6 = |office: &Office, at| office.due(at).get(&(id(1), Clause::A6)).copied();
    assert_eq!(a6(&office, Timestamp::from_unix(due_at.unix() - 1)), None);
    assert_eq!(a6(&office, due_at), Some(cents("0.50")));
    // A row dated before that day takes it back whenever it arrives; one dated after it does not.
    let mut dated_before = office.clone();
    dated_before.take(&claim(1, NUMBERS[1], due_at, 3));
    assert_eq!(a6(&dated_before, day(200)), None);
    let mut dated_after = office;
    dated_after.take(&claim(1, NUMBERS[1], due_at.next(), 3));
    assert_eq!(a6(&dated_after, day(200)), Some(cents("0.50")));
}

#[test]
fn an_order_paid_after_the_claim_begins_a_new_use() {
    let mut rows = vec![order(0, hour(0), hour(0)), order(1, day(3), day(3))];
    rows.extend([
        claim(0, NUMBERS[0], hour(1), 1),
        event(NUMBERS[0], Node::PickedUp, hour(10)),
        claim(0, NUMBERS[1], day(5), 2),
        claim(1, NUMBERS[0], day(6), 3),
        event(NUMBERS[0], Node::Signed, day(8)),
    ]);
    let office = Office::of(&rows);
    assert_eq!(
        office.holders(NUMBERS[0], day(20)),
        [(id(0), None), (id(1), Some(day(8)))]
    );
    // The first order's silence counts up to the replacement, and is its own.
    assert_eq!(
        office.due(day(20)).get(&(id(0), Clause::B3)),
        Some(&cents("1.20"))
    );
    assert_eq!(office.due(day(20)).get(&(id(1), Clause::B3)), None);
}

#[test]
fn a_number_whose_timeline_ended_before_the_payment_is_free() {
    let mut rows = vec![order(0, hour(0), hour(0)), order(1, day(40), day(40))];
    rows.extend([
        claim(0, NUMBERS[0], hour(1), 1),
        event(NUMBERS[0], Node::PickedUp, hour(10)),
        event(NUMBERS[0], Node::Signed, hour(50)),
        claim(1, NUMBERS[0], day(41), 2),
        event(NUMBERS[0], Node::PickedUp, day(42)),
        event(NUMBERS[0], Node::Signed, day(43)),
    ]);
    let office = Office::of(&rows);
    assert!(!office.waits(1, NUMBERS[0]));
    assert_eq!(
        office.holders(NUMBERS[0], day(60)),
        [(id(0), Some(hour(50))), (id(1), Some(day(43)))]
    );
    assert_eq!(office.due(day(100)), BTreeMap::new());
}

#[test]
fn a_cancelled_order_gives_its_number_up() {
    let mut rows = paid_orders(2);
    rows.extend([claim(0, NUMBERS[0], hour(1), 1), claim(1, NUMBERS[0], hour(2), 2)]);
    rows.push(Row::Order(status_fact(
        OrderStatus::Cancelled,
        Some(hour(5)),
        hour(6),
    )));
    let office = Office::of(&rows);
    assert_eq!(office.holders(NUMBERS[0], hour(5)), [(id(0), None)]);
    assert_eq!(office.holders(NUMBERS[0], hour(6)), [(id(1), None)]);
}

#[test]
fn swapped_numbers_never_wait_for_each_other_for_ever() {
    let mut rows = paid_orders(2);
    rows.extend([
        claim(0, NUMBERS[0], hour(1), 1),
        claim(1, NUMBERS[1], hour(1), 1),
        claim(0, NUMBERS[1], hour(2), 2),
        claim(1, NUMBERS[0], hour(2), 2),
    ]);
    let office = Office::of(&rows);
    assert_eq!(office.holders(NUMBERS[0], day(1)), [(id(1), None)]);
    assert_eq!(office.holders(NUMBERS[1], day(1)), [(id(0), None)]);
}

#[test]
fn a_row_that_waits_replaces_nothing_for_silences_and_sign_offs() {
    let mut rows = paid_orders(2);
    rows.extend([
        claim(0, NUMBERS[0], hour(1), 1),
        claim(1, NUMBERS[1], hour(1), 1),
        claim(0, NUMBERS[1], hour(2), 2),
        event(NUMBERS[0], Node::Signed, hour(90)),
        event(NUMBERS[1], Node::Signed, hour(90)),
    ]);
    let office = Office::of(&rows);
    assert_eq!(office.due(day(40)), BTreeMap::new());
    assert_eq!(office.holders(NUMBERS[0], day(40)), [(id(0), Some(hour(90)))]);
}

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
