//! B3: USD 1.20 for each episode of silence strictly over 48 h, from the pickup to the end of the timeline.

use domain::Because;
use domain::assess::Warning;
use domain::deadlines::Matter;
use domain::{Clause, Elapsed, EntryKind, Node, OrderStatus, RowCode, SendType, Timestamp};

use crate::season::{Case, NUMBERS, cents, codes, day, event_fact, hour, paid, policy_with, silent_from};

/// The rulebook's vector: events at 0 (picked up), 40, 100, 101 and 160 h, signed at 160.
fn vector() -> Case {
    Case::travelled(&[
        (Node::PickedUp, 0),
        (Node::ExportCustoms, 40),
        (Node::ArrivedDestination, 100),
        (Node::ImportCustoms, 101),
        (Node::Signed, 160),
    ])
}

#[test]
fn gaps_of_40_60_1_and_59_hours_are_two_fines() {
    let due = vector().due(Clause::B3, day(40));
    let starts: Vec<_> = due.iter().filter_map(|due| silent_from(&due.because)).collect();
    assert_eq!(starts, [hour(40), hour(101)]);
    assert_eq!(
        due.iter().map(|due| due.amount).sum::<domain::Cents>(),
        cents("2.40")
    );
}

#[test]
fn a_fine_of_silence_says_what_was_compared_and_when_it_came_about() {
    let due = vector().due(Clause::B3, day(40));
    let expected = Because::Silence {
        silent_from: hour(40),
        silent_until: Some(hour(100)),
        comparison: "60 h 00 m > 48 h 00 m".to_owned(),
        ended_by: None,
    };
    assert_eq!(due[0].because, expected);
    assert_eq!(due[0].effective_at, hour(88).next());
}

#[test]
fn a_back_filled_event_that_splits_a_silence_reverses_its_fine() {
    let mut case = vector();
    assert_eq!(case.night(day(10)).len(), 2);
    assert_eq!(case.balance(), cents("2.40"));
    let mut case = case.event_learned(NUMBERS[0], Node::DepartedOrigin, hour(70), day(11));
    assert_eq!(case.night(day(12)), [(EntryKind::Reversal, cents("-1.20"))]);
    assert_eq!(case.balance(), cents("1.20"));
    assert_eq!(case.night(day(13)), []);
}

#[test]
fn a_back_filled_event_that_leaves_a_long_silence_moves_the_fine() {
    let mut case = Case::travelled(&[(Node::PickedUp, 0), (Node::Signed, 100)]);
    case.settle(day(10));
    let mut case = case.event_learned(NUMBERS[0], Node::InTransit, hour(40), day(11));
    let night = case.night(day(12));
    assert_eq!(
        night,
        [
            (EntryKind::Reversal, cents("-1.20")),
            (EntryKind::Fine, cents("1.20"))
        ]
    );
    assert_eq!(case.balance(), cents("1.20"));
}

#[test]
fn exactly_48_hours_are_no_silence_and_one_second_more_is_one() {
    let case = Case::travelled(&[(Node::PickedUp, 0), (Node::InTransit, 48)]);
    assert_eq!(case.silences(hour(96)), 0);
    let late = Case::travelled(&[(Node::PickedUp, 0)]).event(NUMBERS[0], Node::InTransit, hour(48).next());
    assert_eq!(late.silences(hour(96)), 1);
}

#[test]
fn a_silence_that_lasts_is_measured_to_the_scan() {
    let case = Case::travelled(&[(Node::PickedUp, 0)]);
    assert_eq!(case.silences(hour(48)), 0);
    assert_eq!(case.silences(hour(48).next()), 1);
}

#[test]
fn a_parcel_silent_for_200_hours_is_fined_once_however_many_nights_scan_it() {
    let mut case = Case::travelled(&[(Node::PickedUp, 0)]);
    for night in 1..=9 {
        case.settle(day(night));
    }
    let mut case = case.event(NUMBERS[0], Node::Signed, hour(200));
    for night in 9..=12 {
        case.settle(day(night));
    }
    assert_eq!(case.entries.len(), 1);
    assert_eq!(case.balance(), cents("1.20"));
}

#[test]
fn a_second_report_of_one_instant_is_no_update() {
    let case = Case::travelled(&[
        (Node::PickedUp, 0),
        (Node::InTransit, 0),
        (Node::ExportCustoms, 49),
        (Node::InTransit, 49),
    ]);
    assert_eq!(case.silences(hour(60)), 1);
    assert_eq!(case.silences(hour(98)), 2);
}

#[test]
fn what_comes_after_the_end_is_ignored() {
    for end in [Node::Signed, Node::Returned, Node::Lost, Node::Cancelled] {
        let case = Case::travelled(&[
            (Node::PickedUp, 0),
            (end, 10),
            (Node::InTransit, 100),
            (Node::Signed, 200),
        ]);
        assert_eq!(case.silences(day(60)), 0, "{end}");
    }
}

#[test]
fn silence_runs_whatever_the_orders_status() {
    for status in [OrderStatus::Cancelled, OrderStatus::Refunded] {
        let case = Case::travelled(&[(Node::PickedUp, 1)]).status(status, hour(2));
        assert_eq!(case.silences(day(5)), 1, "{status:?}");
    }
}

#[test]
fn silence_before_the_pickup_is_a_late_pickup_and_never_a_fine() {
    let case = Case::travelled(&[
        (Node::InfoReceived, 1),
        (Node::PickedUp, 200),
        (Node::Signed, 240),
    ]);
    for as_of in [hour(100), hour(199), hour(200), day(60)] {
        assert_eq!(case.silences(as_of), 0);
        let late = |warning: &Warning| matches!(warning, Warning::PickupLate { .. });
        assert_eq!(
            case.warnings(as_of)
                .iter()
                .filter(|warning| late(warning))
                .count(),
            1
        );
    }
    let never = Case::travelled(&[(Node::InfoReceived, 1)]);
    assert_eq!(never.silences(day(60)), 0);
}

#[test]
fn every_parcel_has_its_own_timeline() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::Part, paid())
        .upload(NUMBERS[1], SendType::Part, paid());
    let case = case
        .event(NUMBERS[0], Node::PickedUp, hour(1))
        .event(NUMBERS[1], Node::PickedUp, hour(1))
        .event(NUMBERS[0], Node::InTransit, hour(40));
    assert_eq!(case.silences(hour(60)), 1);
    assert_eq!(case.silences(hour(100)), 2);
}

/// A replaced number's silence counts up to its replacement, which ends it like an event.
#[test]
fn the_silence_of_a_replaced_number_ends_with_its_replacement() {
    let replaced = |at| Case::travelled(&[(Node::PickedUp, 1)]).upload(NUMBERS[1], SendType::All, at);
    assert_eq!(replaced(hour(2)).silences(day(5)), 0);
    assert_eq!(replaced(hour(49)).silences(day(5)), 0);
    assert_eq!(replaced(hour(49).next()).silences(day(5)), 1);
    // What is reported after it counts for nothing, and the number that comes back runs as if it had never left.
    let late = replaced(hour(2)).event(NUMBERS[0], Node::InTransit, hour(10));
    assert_eq!(late.silences(day(9)), 0);
    assert_eq!(
        late.upload(NUMBERS[0], SendType::All, hour(12)).silences(day(9)),
        1
    );
}

/// Events dated more than 7 days before the payment are of an earlier use of the number: kept, and no part of the timeline.
#[test]
fn events_long_before_the_payment_are_no_part_of_the_timeline() {
    let earliest = paid().minus(Elapsed::days(7));
    for (at, codes_of, sign_off) in [
        (earliest, vec![], false),
        (
            Timestamp::from_unix(earliest.unix() - 1),
            vec![RowCode::EventBeforeOrder],
            true,
        ),
    ] {
        let mut case = Case::shipped();
        let ruling = case.rule_event(event_fact(NUMBERS[0], Node::PickedUp, at));
        assert_eq!(codes(&ruling), codes_of);
        let seen = case.order.as_of(day(1), case.book.newest()).expect("recorded");
        assert_eq!(seen.parcels[0].timeline.picked_up_at.is_none(), sign_off);
    }
}

#[test]
fn an_event_that_has_not_happened_yet_ends_no_silence() {
    let case = Case::travelled(&[(Node::PickedUp, 0)]).event_learned(
        NUMBERS[0],
        Node::InTransit,
        hour(60),
        hour(50),
    );
    assert_eq!(case.silences(hour(48)), 0);
    assert_eq!(case.silences(hour(50)), 1);
    assert_eq!(case.silences(hour(61)), 1);
}

#[test]
fn under_the_per_shipment_policy_a_parcel_is_fined_once() {
    let book = policy_with(&[("fined_per = \"episode\"", "fined_per = \"shipment\"")]);
    let mut case = vector().under(book);
    assert_eq!(case.night(day(5)), [(EntryKind::Fine, cents("1.20"))]);
    assert_eq!(case.night(day(20)), []);
    assert_eq!(case.entries[0].subject.episode_start, None);
    // Splitting the first episode leaves the second: the one fine stands.
    let mut case = case.event_learned(NUMBERS[0], Node::InTransit, hour(70), day(21));
    assert_eq!(case.night(day(22)), []);
    assert_eq!(case.balance(), cents("1.20"));
    let mut case = case.event_learned(NUMBERS[0], Node::InTransit, hour(130), day(23));
    assert_eq!(case.night(day(24)), [(EntryKind::Reversal, cents("-1.20"))]);
}

#[test]
fn the_next_deadline_is_the_last_second_before_a_silence_costs() {
    let case = Case::travelled(&[(Node::PickedUp, 1), (Node::InTransit, 30)]);
    assert_eq!(case.next_deadline(hour(40)), Some((hour(78), Matter::Silence)));
    assert_eq!(case.silences(hour(78)), 0);
    assert_eq!(case.silences(hour(78).next()), 1);
}

#[test]
fn no_silence_is_fined_before_its_time_whatever_event_is_announced() {
    // The carrier's clock is ahead: at 46 h it tells an event of 60 h.
    let case = Case::travelled(&[(Node::PickedUp, 0)]).event_learned(
        NUMBERS[0],
        Node::InTransit,
        hour(60),
        hour(46),
    );
    assert_eq!(case.silences(hour(47)), 0);
    assert_eq!(case.silences(hour(48)), 0);
    assert_eq!(case.silences(hour(48).next()), 1);
}

#[test]
fn a_timeline_holds_each_instant_once() {
    let case = Case::travelled(&[
        (Node::PickedUp, 1),
        (Node::InTransit, 1),
        (Node::ExportCustoms, 1),
    ]);
    let seen = case.order.as_of(day(1), case.book.newest()).expect("recorded");
    assert_eq!(seen.parcels[0].timeline.instants, [hour(1)]);
}
