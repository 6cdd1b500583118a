//! "Two times": as of T uses only what was recorded by T, and the same fact again keeps its earliest recording.

use domain::assess::{Assessment, Verdict};
use domain::facts::{AppealFact, EventFact, OrderFact};
use domain::figures::figures;
use domain::ruling::{Uploader, Verdict as Ruled};
use domain::{AppealStatus, AppealedClause, Node, OrderStatus, PolicyBook, RowCode, SendType};

use crate::season::{
    Case, NUMBERS, appeal_fact, codes, day, deadline, event_fact, hour, order_fact, paid, status_fact,
    tracking_fact,
};

#[test]
fn an_order_is_nothing_before_it_was_recorded() {
    let case = Case::placed(&OrderFact {
        recorded_at: day(2),
        ..order_fact()
    });
    assert_eq!(case.assess(hour(47)), Assessment::default());
    assert_eq!(figures(&case.order, &case.book, hour(47)), None);
    assert_eq!(case.warnings(day(2)).len(), 1);
    assert!(figures(&case.order, &case.book, day(2)).is_some());
}

#[test]
fn an_older_file_that_comes_later_makes_the_order_known_earlier() {
    let mut case = Case::placed(&OrderFact {
        recorded_at: day(2),
        ..order_fact()
    });
    let older = case.rule_order(OrderFact {
        recorded_at: day(1),
        ..order_fact()
    });
    assert_eq!(older.verdict, Ruled::Accepted);
    assert!(figures(&case.order, &case.book, day(1)).is_some());
    let again = case.rule_order(order_fact_at(day(3)));
    assert_eq!((again.verdict, codes(&again)), (Ruled::Unchanged, vec![]));
    assert_eq!(case.order.recorded_at, day(1));
}

fn order_fact_at(recorded_at: domain::Timestamp) -> OrderFact {
    OrderFact {
        recorded_at,
        ..order_fact()
    }
}

#[test]
fn an_event_counts_from_when_it_was_recorded() {
    let case = Case::shipped()
        .event(NUMBERS[0], Node::PickedUp, hour(1))
        .event_learned(NUMBERS[0], Node::InTransit, hour(40), day(5));
    assert_eq!(case.silences(day(4)), 1);
    assert_eq!(case.silences(day(5)), 1);
    let start = |as_of| case.assess(as_of).due[0].subject.episode_start;
    assert_eq!(start(day(4)), Some(hour(1)));
    assert_eq!(start(day(5)), Some(hour(40)));
}

#[test]
fn the_same_event_again_keeps_its_earliest_recording() {
    let signed = |recorded_at| EventFact {
        recorded_at,
        ..event_fact(NUMBERS[0], Node::Signed, day(20))
    };
    for (first, second) in [(day(22), day(35)), (day(35), day(22))] {
        let mut case = Case::shipped();
        assert_eq!(case.rule_event(signed(first)).verdict, Ruled::Accepted);
        let again = case.rule_event(signed(second)).verdict;
        let expected = if second < first {
            Ruled::Accepted
        } else {
            Ruled::Unchanged
        };
        assert_eq!(again, expected);
        assert_eq!(case.order.shipments[0].events.len(), 1);
        assert_eq!(case.sign_off(day(31)), None);
    }
    let late = Case::shipped().event_learned(NUMBERS[0], Node::Signed, day(20), day(35));
    assert_eq!(
        late.sign_off(day(34)).map(|(verdict, _)| verdict),
        Some(Verdict::Fine)
    );
    assert_eq!(late.sign_off(day(35)), None);
}

#[test]
fn one_instant_may_hold_several_nodes_and_codes() {
    let case = Case::shipped();
    let facts = [
        (Node::InTransit, None),
        (Node::InTransit, Some("OK".to_owned())),
        (Node::PickedUp, None),
    ];
    let case = facts.into_iter().fold(case, |mut case, (node, code)| {
        case.rule_event(EventFact {
            code,
            ..event_fact(NUMBERS[0], node, hour(5))
        });
        case
    });
    assert_eq!(case.order.event_count(), 3);
}

#[test]
fn a_number_is_a_parcel_from_its_upload_on() {
    let case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::All, hour(1))
        .event(NUMBERS[0], Node::Signed, day(3))
        .upload(NUMBERS[1], SendType::Part, day(5));
    let standing = |as_of| case.figures(as_of).delivery;
    assert!(standing(day(4)).met);
    assert!(!standing(day(5)).met);
}

#[test]
fn a_status_counts_from_when_it_was_recorded() {
    let fact = status_fact(OrderStatus::Refunded, Some(day(10)), day(35));
    let case = Case::shipped().order_row(fact);
    assert_eq!(
        case.sign_off(day(34)).map(|(verdict, _)| verdict),
        Some(Verdict::Fine)
    );
    assert_eq!(case.sign_off(day(35)), None);
}

#[test]
fn the_same_status_again_keeps_its_earliest_recording() {
    for order in [[day(9), day(35)], [day(35), day(9)]] {
        let mut case = Case::shipped();
        for recorded_at in order {
            case.rule_order(status_fact(OrderStatus::Refunded, Some(day(8)), recorded_at));
        }
        assert_eq!(case.order.statuses.len(), 1);
        assert_eq!(case.sign_off(day(31)), None);
    }
}

/// An undated status holds from the earliest file that told it, in whatever order the files come.
#[test]
fn the_same_undated_status_again_keeps_its_earliest_recording() {
    for order in [[day(29), day(35)], [day(35), day(29)]] {
        let mut case = Case::shipped();
        for recorded_at in order {
            case.rule_order(status_fact(OrderStatus::Cancelled, None, recorded_at));
        }
        assert_eq!(case.sign_off(day(60)), None, "{order:?}");
        assert_eq!(case.order.statuses.len(), 1);
    }
}

#[test]
fn an_undated_status_says_nothing_new_of_an_order_that_has_it() {
    // Cancelled on day 2, picked up on day 4; the daily export of day 5 says `cancelled` again, without an instant.
    let dated = status_fact(OrderStatus::Cancelled, Some(day(2)), day(3));
    let undated = status_fact(OrderStatus::Cancelled, None, day(5));
    for order in [[&dated, &undated], [&undated, &dated]] {
        let mut case = Case::shipped().event(NUMBERS[0], Node::PickedUp, day(4));
        for fact in order {
            case.rule_order(fact.clone());
        }
        assert!(case.figures(day(6)).excluded);
    }
}

#[test]
fn a_plain_paid_says_nothing_new() {
    let mut case = Case::shipped().status(OrderStatus::Cancelled, day(2));
    let ruling = case.rule_order(status_fact(OrderStatus::Paid, None, day(3)));
    assert_eq!(ruling.verdict, Ruled::Unchanged);
    assert_eq!(case.sign_off(day(60)), None);
}

#[test]
fn an_appeal_counts_from_when_it_was_recorded() {
    let case = Case::shipped().appeal(AppealFact {
        recorded_at: day(33),
        ..appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(10))
    });
    assert_eq!(
        case.sign_off(day(32)).map(|(verdict, _)| verdict),
        Some(Verdict::Fine)
    );
    assert_eq!(
        case.sign_off(day(33)).map(|(verdict, _)| verdict),
        Some(Verdict::Hold)
    );
}

#[test]
fn immutable_facts_of_an_order_stand_against_later_rows() {
    let conflicts = [
        OrderFact {
            paid_at: hour(1),
            ..order_fact()
        },
        OrderFact {
            amount: crate::season::usd("80.11"),
            ..order_fact()
        },
        OrderFact {
            destination: "FR".to_owned(),
            ..order_fact()
        },
        OrderFact {
            seller_id: crate::season::seller("S00005"),
            ..order_fact()
        },
    ];
    for fact in conflicts {
        let mut case = Case::paid("80.10");
        let before = case.order.clone();
        assert_eq!(codes(&case.rule_order(fact)), [RowCode::RowConflict]);
        assert_eq!(case.order, before);
    }
}

#[test]
fn a_seller_touches_only_its_own_orders() {
    let mut case = Case::paid("80.10");
    let stranger = Uploader::Seller(crate::season::seller("S00005"));
    let cancelled = status_fact(OrderStatus::Cancelled, Some(day(1)), day(1));
    let appeal = appeal_fact(AppealedClause::B4, AppealStatus::Accepted, day(1));
    let event = event_fact(NUMBERS[0], Node::Signed, day(1));
    let before = case.order.clone();
    for ruling in [
        case.order.rule_order(&cancelled, &stranger, &case.book.intake),
        case.order.rule_appeal(&appeal, &stranger, &case.book.intake),
        case.order
            .rule_event(&event, &stranger, PolicyBook::shipped().newest(), 400),
    ] {
        assert_eq!(codes(&ruling), [RowCode::OrderOtherSeller]);
    }
    assert_eq!(case.order, before);
}

#[test]
fn a_fact_that_comes_after_the_night_changes_nothing_as_of_that_night() {
    let before = Case::travelled(&[(Node::PickedUp, 1)]);
    let mut after = before
        .clone()
        .event_learned(NUMBERS[0], Node::Signed, day(3), day(40));
    after.rule_tracking(tracking_fact(NUMBERS[1], SendType::Part, day(40)));
    let after = after
        .order_row(status_fact(OrderStatus::Cancelled, Some(day(2)), day(40)))
        .appeal(AppealFact {
            recorded_at: day(40),
            ..appeal_fact(AppealedClause::B4, AppealStatus::Accepted, day(5))
        });
    for as_of in [paid(), day(3), deadline(), day(39)] {
        assert_eq!(after.assess(as_of), before.assess(as_of));
        assert_eq!(after.figures(as_of), before.figures(as_of));
    }
}

#[test]
fn an_order_takes_so_many_statuses_and_no_more() {
    let book = crate::season::policy_with(&[("statuses_per_order_max = 20", "statuses_per_order_max = 2")]);
    let mut case = Case::paid("80.10").under(book);
    let mut rule = |status, at, recorded_at| {
        let before = case.order.clone();
        let ruling = case.rule_order(status_fact(status, at, recorded_at));
        if ruling.is_refused() {
            assert_eq!(case.order, before, "nothing of a refused row counts");
        }
        codes(&ruling)
    };
    assert_eq!(rule(OrderStatus::Cancelled, Some(day(2)), day(9)), []);
    assert_eq!(rule(OrderStatus::Refunded, None, day(10)), []);
    assert_eq!(
        rule(OrderStatus::Refunded, Some(day(3)), day(1)),
        [RowCode::StatusesLimit]
    );
    // What is known takes no place, also as recorded earlier; a plain `paid` says nothing.
    assert_eq!(rule(OrderStatus::Cancelled, Some(day(2)), day(8)), []);
    assert_eq!(rule(OrderStatus::Paid, None, day(11)), []);
}
