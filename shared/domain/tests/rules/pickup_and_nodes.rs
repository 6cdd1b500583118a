//! B1: the first pickup within 48 h. B2: six named nodes and seven distinct ones by the end of the timeline.

use domain::assess::Warning;
use domain::deadlines::Matter;
use domain::{Clause, Node, OrderStatus, SendType, Timestamp};

use crate::season::{Case, NUMBERS, day, hour, number, paid, policy_with};

fn late_pickups(case: &Case, as_of: Timestamp) -> Vec<Option<Timestamp>> {
    let warnings = case.warnings(as_of);
    let late = warnings.iter().filter_map(|warning| match warning {
        Warning::PickupLate { picked_up_at, .. } => Some(*picked_up_at),
        _ => None,
    });
    late.collect()
}

fn missing(case: &Case, as_of: Timestamp) -> Vec<Vec<Node>> {
    let warnings = case.warnings(as_of);
    let missing = warnings.iter().filter_map(|warning| match warning {
        Warning::NodesMissing { missing, .. } => Some(missing.clone()),
        _ => None,
    });
    missing.collect()
}

/// Uploaded ten hours after the payment.
fn uploaded() -> Case {
    Case::paid("80.10").upload(NUMBERS[0], SendType::All, hour(10))
}

#[test]
fn a_pickup_48_hours_after_the_upload_is_in_time_and_one_second_later_is_late() {
    let in_time = uploaded().event(NUMBERS[0], Node::PickedUp, hour(58));
    assert_eq!(late_pickups(&in_time, day(60)), []);
    assert_eq!(
        in_time.figures(day(60)).pickup.map(|standing| standing.met),
        Some(true)
    );
    let late = uploaded().event(NUMBERS[0], Node::PickedUp, hour(58).next());
    assert_eq!(late_pickups(&late, day(60)), [Some(hour(58).next())]);
    assert_eq!(
        late.figures(day(60)).pickup.map(|standing| standing.met),
        Some(false)
    );
}

#[test]
fn a_missing_pickup_warns_once_the_deadline_has_passed_and_costs_nothing() {
    let case = uploaded();
    assert_eq!(late_pickups(&case, hour(58)), []);
    assert_eq!(late_pickups(&case, hour(58).next()), [None]);
    assert!(case.assess(day(29)).due.is_empty());
    assert_eq!(case.next_deadline(hour(58)), Some((hour(58), Matter::Pickup)));
}

#[test]
fn the_pickup_clock_may_run_from_the_payment() {
    let book = policy_with(&[("runs_from = \"upload\"", "runs_from = \"payment\"")]);
    let picked_up = |at| {
        uploaded()
            .under(book.clone())
            .event(NUMBERS[0], Node::PickedUp, at)
    };
    assert_eq!(late_pickups(&picked_up(hour(48)), day(60)), []);
    let late = picked_up(hour(48).next());
    assert_eq!(late_pickups(&late, day(60)), [Some(hour(48).next())]);
    assert_eq!(
        late.figures(day(60)).pickup.map(|standing| standing.met),
        Some(false)
    );
}

#[test]
fn the_first_of_several_pickups_counts() {
    let case =
        uploaded()
            .event(NUMBERS[0], Node::PickedUp, hour(70))
            .event(NUMBERS[0], Node::PickedUp, hour(20));
    assert_eq!(late_pickups(&case, day(60)), []);
}

#[test]
fn a_replaced_or_cancelled_number_owes_no_pickup() {
    let replaced =
        uploaded()
            .upload(NUMBERS[1], SendType::All, hour(20))
            .event(NUMBERS[1], Node::PickedUp, hour(30));
    assert_eq!(late_pickups(&replaced, day(20)), []);
    let cancelled = uploaded().event(NUMBERS[0], Node::Cancelled, hour(20));
    assert_eq!(late_pickups(&cancelled, day(20)), []);
}

#[test]
fn every_live_parcel_owes_its_own_pickup() {
    let case =
        uploaded()
            .upload(NUMBERS[1], SendType::Part, hour(20))
            .event(NUMBERS[0], Node::PickedUp, hour(30));
    assert_eq!(late_pickups(&case, hour(68)), []);
    assert_eq!(late_pickups(&case, hour(68).next()), [None]);
}

const SIX: [(Node, i64); 5] = [
    (Node::PickedUp, 1),
    (Node::ExportCustoms, 2),
    (Node::ImportCustoms, 4),
    (Node::OutForDelivery, 5),
    (Node::Signed, 6),
];

#[test]
fn the_six_named_nodes_alone_are_one_short() {
    // The payment is the sixth, `order_placed`.
    let case = Case::travelled(&SIX);
    assert_eq!(missing(&case, day(1)), [Vec::<Node>::new()]);
    assert_eq!(
        case.figures(day(1)).nodes.map(|standing| standing.met),
        Some(false)
    );
}

#[test]
fn repeats_and_other_events_are_no_seventh_node() {
    let mut case = Case::travelled(&SIX);
    for node in [
        Node::OrderPlaced,
        Node::PickedUp,
        Node::InTransit,
        Node::CustomsHeld,
        Node::DeliveryAttempted,
        Node::InfoReceived,
    ] {
        case = case.event(NUMBERS[0], node, hour(3));
    }
    assert_eq!(missing(&case, day(1)).len(), 1);
}

#[test]
fn any_seventh_canonical_node_completes_the_trace() {
    for seventh in [Node::DepartedOrigin, Node::ArrivedDestination] {
        let case = Case::travelled(&SIX).event(NUMBERS[0], seventh, hour(3));
        assert_eq!(missing(&case, day(1)), Vec::<Vec<Node>>::new(), "{seventh}");
        assert_eq!(
            case.figures(day(1)).nodes.map(|standing| standing.met),
            Some(true)
        );
    }
}

#[test]
fn the_policy_may_ask_for_departure_as_the_seventh() {
    let book = policy_with(&[("seventh = \"any\"", "seventh = \"departed_origin\"")]);
    let with = |seventh| {
        let case = Case::travelled(&SIX).event(NUMBERS[0], seventh, hour(3));
        missing(&case.under(book.clone()), day(1)).is_empty()
    };
    assert!(with(Node::DepartedOrigin));
    assert!(!with(Node::ArrivedDestination));
}

#[test]
fn each_of_the_six_is_indispensable() {
    for (left_out, _) in SIX.iter().filter(|(node, _)| *node != Node::Signed) {
        let mut events: Vec<_> = SIX.iter().copied().filter(|(node, _)| node != left_out).collect();
        events.extend([(Node::DepartedOrigin, 3), (Node::ArrivedDestination, 3)]);
        let case = Case::travelled(&events);
        assert_eq!(missing(&case, day(1)), [vec![*left_out]], "{left_out}");
    }
    let returned: Vec<_> = SIX
        .iter()
        .map(|&(node, at)| {
            (
                if node == Node::Signed {
                    Node::Returned
                } else {
                    node
                },
                at,
            )
        })
        .collect();
    assert_eq!(missing(&Case::travelled(&returned), day(1)), [vec![Node::Signed]]);
}

#[test]
fn nodes_are_judged_at_the_end_of_the_timeline() {
    let case = Case::travelled(&SIX[..4]);
    assert_eq!(missing(&case, day(20)), Vec::<Vec<Node>>::new());
    assert_eq!(case.figures(day(20)).nodes, None);
    // What comes after the end completes nothing.
    let case = Case::travelled(&SIX).event(NUMBERS[0], Node::DepartedOrigin, hour(7));
    assert_eq!(missing(&case, day(20)).len(), 1);
}

#[test]
fn an_incomplete_trace_names_its_parcel() {
    let case = Case::travelled(&[(Node::Lost, 3)]);
    let warnings = case.warnings(day(1));
    let named = warnings.iter().find_map(|warning| match warning {
        Warning::NodesMissing { number, .. } => Some(number.clone()),
        _ => None,
    });
    assert_eq!(named, Some(number(NUMBERS[0])));
}

/// The rulebook excuses only fines and figures of an order cancelled before shipment; its parcel still owes a pickup.
#[test]
fn a_parcel_of_a_cancelled_order_still_warns_of_its_pickup() {
    let case = Case::shipped().status(OrderStatus::Cancelled, hour(3));
    assert_eq!(late_pickups(&case, day(3)), [None]);
    assert!(case.due(Clause::B4, day(40)).is_empty());
    assert_eq!(case.order.paid_at, paid());
}

#[test]
fn a_replaced_numbers_trace_needs_no_nodes() {
    let case = Case::travelled(&[(Node::Lost, 3)]);
    assert_eq!(missing(&case, day(1)).len(), 1);
    let replaced = case.upload(NUMBERS[1], SendType::All, hour(9));
    assert_eq!(missing(&replaced, day(1)), Vec::<Vec<Node>>::new());
}
