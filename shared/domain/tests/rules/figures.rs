//! Figures of a month: what one order adds to them, and from when each part is decided.

use domain::facts::OrderFact;
use domain::figures::{Figures, Standing};
use domain::{Month, Node, OrderStatus, SendType, Timestamp};

use crate::season::{
    Case, NUMBERS, at, cents, day, deadline, hour, order_fact, paid, policy_with, status_fact,
};

/// "Fulfilled", "failed" or, before its decision, "pending" as of an instant, by what was learned by then.
fn fulfilment(case: &Case, as_of: Timestamp) -> &'static str {
    standing(case.figures(as_of).fulfilment, as_of)
}

fn standing(standing: Option<Standing>, as_of: Timestamp) -> &'static str {
    match standing {
        Some(standing) if standing.decided_at > as_of => "pending",
        Some(Standing { met: true, .. }) => "fulfilled",
        Some(Standing { met: false, .. }) => "failed",
        None => "pending",
    }
}

fn figures(case: &Case) -> Figures {
    case.figures(day(90))
}

#[test]
fn an_order_is_fulfilled_once_it_was_uploaded_and_picked_up_in_time() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::All, hour(24))
        .event(NUMBERS[0], Node::PickedUp, hour(72));
    assert_eq!(fulfilment(&case, hour(71)), "pending");
    assert_eq!(fulfilment(&case, hour(72)), "fulfilled");
}

#[test]
fn an_order_fails_as_soon_as_a_deadline_has_passed_unmet() {
    let never = Case::paid("80.10");
    assert_eq!(fulfilment(&never, hour(24)), "pending");
    assert_eq!(fulfilment(&never, hour(24).next()), "failed");
    let late = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::All, hour(25))
        .event(NUMBERS[0], Node::PickedUp, hour(26));
    assert_eq!(fulfilment(&late, day(9)), "failed");
    let not_picked_up = Case::paid("80.10").upload(NUMBERS[0], SendType::All, hour(10));
    assert_eq!(fulfilment(&not_picked_up, hour(58)), "pending");
    assert_eq!(fulfilment(&not_picked_up, hour(58).next()), "failed");
}

#[test]
fn every_parcel_uploaded_by_the_deadline_must_be_picked_up_in_time() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::Part, hour(1))
        .upload(NUMBERS[1], SendType::Part, hour(24))
        .event(NUMBERS[0], Node::PickedUp, hour(2));
    assert_eq!(fulfilment(&case, hour(72)), "pending");
    assert_eq!(fulfilment(&case, hour(72).next()), "failed");
    let picked_up = case.event(NUMBERS[1], Node::PickedUp, hour(72));
    assert_eq!(fulfilment(&picked_up, hour(72)), "fulfilled");
}

/// "Every parcel uploaded by then" is read as: by A1's deadline.
#[test]
fn a_part_uploaded_after_the_deadline_is_not_waited_for() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::Part, hour(1))
        .upload(NUMBERS[1], SendType::Part, hour(24).next())
        .event(NUMBERS[0], Node::PickedUp, hour(2));
    assert_eq!(fulfilment(&case, day(9)), "fulfilled");
}

/// A number corrected in time is no parcel; its replacement is.
#[test]
fn a_number_replaced_by_the_deadline_is_not_waited_for() {
    let corrected = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::All, hour(1))
        .upload(NUMBERS[1], SendType::All, hour(20))
        .event(NUMBERS[1], Node::PickedUp, hour(30));
    assert_eq!(fulfilment(&corrected, day(9)), "fulfilled");
    let too_late = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::All, hour(1))
        .upload(NUMBERS[1], SendType::All, hour(25))
        .event(NUMBERS[1], Node::PickedUp, hour(30));
    assert_eq!(fulfilment(&too_late, day(9)), "failed");
}

#[test]
fn an_order_cancelled_before_shipment_is_in_no_figure() {
    let case = Case::shipped().status(OrderStatus::Cancelled, hour(5));
    let excluded = figures(&case);
    assert_eq!((excluded.excluded, excluded.gmv), (true, cents("0.00")));
    // A pickup after the cancellation changes nothing.
    let case = case.event(NUMBERS[0], Node::PickedUp, hour(6));
    assert!(figures(&case).excluded);
}

#[test]
fn an_order_cancelled_after_its_pickup_stays_in_the_figures() {
    let case = Case::travelled(&[(Node::PickedUp, 5)]);
    for status_at in [hour(5), hour(6), day(20)] {
        let cancelled = case.clone().status(OrderStatus::Cancelled, status_at);
        let counted = figures(&cancelled);
        assert_eq!((counted.excluded, counted.gmv), (false, cents("80.10")));
        assert_eq!(fulfilment(&cancelled, day(90)), "fulfilled");
    }
}

#[test]
fn an_order_is_excluded_from_when_its_cancellation_was_learned() {
    let case = Case::shipped().order_row(status_fact(OrderStatus::Cancelled, Some(hour(5)), day(4)));
    assert!(!case.figures(day(3)).excluded);
    assert!(case.figures(day(4)).excluded);
}

#[test]
fn refunds_stay_in_gmv_unless_the_policy_subtracts_them() {
    let case = Case::shipped().status(OrderStatus::Refunded, day(3));
    assert_eq!(
        (figures(&case).excluded, figures(&case).gmv),
        (false, cents("80.10"))
    );
    let book = policy_with(&[("subtract_refunds = false", "subtract_refunds = true")]);
    let case = case.under(book);
    assert_eq!(case.figures(day(2)).gmv, cents("80.10"));
    assert_eq!(
        (figures(&case).excluded, figures(&case).gmv),
        (false, cents("0.00"))
    );
}

/// Only the latest status is looked at: "status `cancelled`". A refund that follows the cancellation ends the exclusion.
#[test]
fn a_refund_after_a_cancellation_is_no_exclusion() {
    let case = Case::shipped()
        .status(OrderStatus::Cancelled, day(3))
        .status(OrderStatus::Refunded, day(4));
    assert!(case.figures(day(3)).excluded);
    assert!(!case.figures(day(4)).excluded);
}

#[test]
fn the_month_is_the_payments_in_the_platform_zone() {
    for (paid_at, month) in [
        ("2024-06-01T06:59:59Z", "2024-05"),
        ("2024-06-01T07:00:00Z", "2024-06"),
        ("2024-12-01T07:59:59Z", "2024-11"),
    ] {
        let paid_at = at(paid_at);
        let case = Case::placed(&OrderFact {
            paid_at,
            recorded_at: paid_at,
            ..order_fact()
        });
        let expected: Month = month.parse().expect("a month");
        assert_eq!(case.figures(paid_at).month, expected);
    }
}

#[test]
fn delivery_on_time_is_a_sign_off_by_the_deadline() {
    let signed = Case::shipped().event(NUMBERS[0], Node::Signed, day(10));
    let expected = Standing {
        met: true,
        decided_at: day(10),
    };
    assert_eq!(figures(&signed).delivery, expected);
    let late = Case::shipped().event(NUMBERS[0], Node::Signed, deadline().next());
    let expected = Standing {
        met: false,
        decided_at: deadline().next(),
    };
    assert_eq!(figures(&late).delivery, expected);
    assert_eq!(figures(&Case::paid("80.10")).delivery, expected);
}

#[test]
fn an_exempt_order_counts_in_delivery_on_time() {
    let case = Case::travelled(&[(Node::PickedUp, 1)]).status(OrderStatus::Refunded, day(5));
    assert!(!figures(&case).excluded);
    let expected = Standing {
        met: false,
        decided_at: deadline().next(),
    };
    assert_eq!(figures(&case).delivery, expected);
}

const COMPLETE: [(Node, i64); 6] = [
    (Node::PickedUp, 1),
    (Node::ExportCustoms, 2),
    (Node::DepartedOrigin, 3),
    (Node::ImportCustoms, 4),
    (Node::OutForDelivery, 5),
    (Node::Signed, 6),
];

#[test]
fn node_completeness_is_decided_once_all_timelines_have_ended() {
    let one = Case::travelled(&COMPLETE);
    let expected = Standing {
        met: true,
        decided_at: hour(6),
    };
    assert_eq!(figures(&one).nodes, Some(expected));
    let two = one.upload(NUMBERS[1], SendType::Part, hour(7));
    assert_eq!(figures(&two).nodes, None);
    let ended = two.event(NUMBERS[1], Node::Lost, day(9));
    let expected = Standing {
        met: false,
        decided_at: day(9),
    };
    assert_eq!(figures(&ended).nodes, Some(expected));
    assert_eq!(figures(&Case::paid("80.10")).nodes, None);
}

#[test]
fn a_replaced_numbers_timeline_is_not_waited_for() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[1], SendType::All, paid())
        .upload(NUMBERS[0], SendType::All, hour(1));
    let case = COMPLETE.iter().fold(case, |case, &(node, hours)| {
        case.event(NUMBERS[0], node, hour(hours))
    });
    assert_eq!(figures(&case).nodes.map(|standing| standing.met), Some(true));
}

#[test]
fn the_policy_may_ask_fulfilment_for_complete_nodes() {
    let book = policy_with(&[("fulfilment_requires = []", "fulfilment_requires = [\"nodes\"]")]);
    let under_way = Case::travelled(&COMPLETE[..5]).under(book.clone());
    assert_eq!(fulfilment(&under_way, day(9)), "pending");
    let complete = Case::travelled(&COMPLETE).under(book.clone());
    assert_eq!(fulfilment(&complete, hour(5)), "pending");
    assert_eq!(fulfilment(&complete, hour(6)), "fulfilled");
    let short = Case::travelled(&[(Node::PickedUp, 1), (Node::Signed, 9)]).under(book);
    assert_eq!(fulfilment(&short, hour(8)), "pending");
    assert_eq!(fulfilment(&short, hour(9)), "failed");
}

#[test]
fn the_policy_may_ask_fulfilment_for_the_sign_off() {
    let book = policy_with(&[("fulfilment_requires = []", "fulfilment_requires = [\"sign_off\"]")]);
    let case = Case::travelled(&[(Node::PickedUp, 1)]).under(book);
    assert_eq!(fulfilment(&case, deadline()), "pending");
    assert_eq!(fulfilment(&case, deadline().next()), "failed");
    let signed = case.event(NUMBERS[0], Node::Signed, day(12));
    assert_eq!(fulfilment(&signed, day(11)), "pending");
    assert_eq!(fulfilment(&signed, day(12)), "fulfilled");
}

#[test]
fn upload_and_pickup_have_figures_of_their_own() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::All, hour(30))
        .event(NUMBERS[0], Node::PickedUp, hour(40));
    let own = figures(&case);
    assert_eq!(
        own.upload,
        Standing {
            met: false,
            decided_at: hour(24).next()
        }
    );
    assert_eq!(
        own.pickup,
        Some(Standing {
            met: true,
            decided_at: hour(40)
        })
    );
    assert_eq!(figures(&Case::paid("80.10")).pickup, None);
}

#[test]
fn an_order_that_fails_twice_failed_at_the_first_deadline() {
    let case = Case::paid("80.10").upload(NUMBERS[0], SendType::All, hour(25));
    let expected = Standing {
        met: false,
        decided_at: hour(24).next(),
    };
    assert_eq!(figures(&case).fulfilment, Some(expected));
}

#[test]
fn an_order_of_several_parcels_is_fulfilled_with_the_last_pickup() {
    for numbers in [[NUMBERS[0], NUMBERS[1]], [NUMBERS[1], NUMBERS[0]]] {
        let case = Case::paid("80.10")
            .upload(NUMBERS[0], SendType::Part, hour(1))
            .upload(NUMBERS[1], SendType::Part, hour(2))
            .event(numbers[0], Node::PickedUp, hour(5))
            .event(numbers[1], Node::PickedUp, hour(40));
        let expected = Standing {
            met: true,
            decided_at: hour(40),
        };
        assert_eq!(figures(&case).fulfilment, Some(expected));
    }
}

#[test]
fn one_incomplete_trace_of_several_is_enough_to_fail() {
    let case = Case::travelled(&[(Node::Lost, 3)]).upload(NUMBERS[1], SendType::Part, hour(1));
    let case = COMPLETE.iter().fold(case, |case, &(node, hours)| {
        case.event(NUMBERS[1], node, hour(hours))
    });
    let expected = Standing {
        met: false,
        decided_at: hour(6),
    };
    assert_eq!(figures(&case).nodes, Some(expected));
}

#[test]
fn a_missed_rule_is_told_with_what_came_late() {
    let late = Case::travelled(&[(Node::PickedUp, 50)]);
    let seen = late.figures(hour(60));
    assert_eq!(
        (seen.first_upload_at, seen.late_pickup_at),
        (Some(paid()), Some(hour(50)))
    );
    assert_eq!(late.figures(hour(49)).late_pickup_at, None, "nothing came yet");
    let in_time = Case::travelled(&[(Node::PickedUp, 10)]);
    assert_eq!(in_time.figures(hour(60)).late_pickup_at, None);
    // Of two parcels that missed it together, the last; while one is missing, none.
    let two = Case::shipped().upload(NUMBERS[1], SendType::Part, paid());
    let two = two.event(NUMBERS[0], Node::PickedUp, hour(50));
    assert_eq!(two.figures(hour(60)).late_pickup_at, None);
    let two = two.event(NUMBERS[1], Node::PickedUp, hour(55));
    assert_eq!(two.figures(hour(60)).late_pickup_at, Some(hour(55)));
    let mut unconfirmed = Case::shipped();
    unconfirmed.order.confirmed = false;
    let seen = unconfirmed.figures(hour(60));
    assert!(seen.unconfirmed && seen.excluded);
}
