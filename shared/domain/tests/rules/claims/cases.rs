//! Claims, case by case.

use std::collections::BTreeMap;

use domain::facts::TrackingFact;
use domain::{Clause, Elapsed, Node, OrderStatus, Timestamp};

use super::{Office, Row, claim, event, id, order, paid_orders};
use crate::season::{NUMBERS, cents, day, hour, status_fact};

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

/// Within the first use order 1 waits for order 0; since its timeline ended, order 2, which was paid later, has the number.
#[test]
fn a_claim_waits_for_the_holder_of_the_use_for_which_it_competes() {
    let mut rows = vec![
        order(0, hour(0), hour(0)),
        order(1, hour(0), hour(0)),
        order(2, day(10), day(10)),
    ];
    rows.extend([
        claim(0, NUMBERS[0], hour(1), 1),
        claim(1, NUMBERS[0], hour(2), 2),
        event(NUMBERS[0], Node::Signed, hour(50)),
        claim(2, NUMBERS[0], day(11), 3),
    ]);
    let office = Office::of(&rows);
    assert_eq!(office.waits_for(1, NUMBERS[0]), Some(id(0)));
    assert_eq!([0, 2].map(|order| office.waits(order, NUMBERS[0])), [false; 2]);
}
