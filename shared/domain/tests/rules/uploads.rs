//! A1 and the rulings of tracking rows: when an upload is late, and what sending a number again does.

use domain::assess::Warning;
use domain::deadlines::Matter;
use domain::facts::{EventFact, StatedOrder, Stored, TrackingFact};
use domain::ruling::{Uploader, Verdict};
use domain::{Elapsed, Node, OrderId, OrderStatus, PolicyBook, RowCode, Ruling, SendType, Source, Timestamp};

use crate::season::{
    Case, NUMBERS, codes, day, event_fact, hour, paid, seller, status_fact, tracking_fact, usd,
};

fn upload_lates(case: &Case, as_of: Timestamp) -> Vec<Option<Timestamp>> {
    let warnings = case.warnings(as_of);
    let late = warnings.iter().filter_map(|warning| match warning {
        Warning::UploadLate { uploaded_at, .. } => Some(*uploaded_at),
        _ => None,
    });
    late.collect()
}

fn good(text: &str, uploaded_at: Timestamp) -> TrackingFact {
    tracking_fact(text, SendType::All, uploaded_at)
}

/// A row of one file of the order's seller.
fn row(case: &mut Case, row: u64, fact: TrackingFact) -> Ruling {
    let source = Source { upload: 1_000, row };
    case.rule_tracking_of(&TrackingFact { source, ..fact }, &Uploader::Operator)
}

#[test]
fn an_upload_after_24_hours_is_on_time_and_one_second_later_is_late() {
    let mut case = Case::paid("80.10");
    assert_eq!(codes(&case.rule_tracking(good(NUMBERS[0], hour(24)))), []);
    assert_eq!(upload_lates(&case, day(60)), []);
    assert!(case.figures(day(60)).upload.met);

    let mut late = Case::paid("80.10");
    let ruling = late.rule_tracking(good(NUMBERS[0], hour(24).next()));
    assert_eq!(
        (ruling.verdict, codes(&ruling).as_slice()),
        (Verdict::AcceptedWithWarning, &[RowCode::UploadLate][..])
    );
    assert_eq!(ruling.findings[0].detail, "24 h 00 m 01 s > 24 h 00 m");
    assert_eq!(upload_lates(&late, day(60)), [Some(hour(24).next())]);
    assert!(!late.figures(day(60)).upload.met);
    assert_eq!(late.assess(day(2)).due, []);
}

#[test]
fn an_upload_that_is_missing_is_late_once_the_deadline_has_passed() {
    let case = Case::paid("80.10");
    assert_eq!(upload_lates(&case, hour(24)), []);
    assert_eq!(upload_lates(&case, hour(24).next()), [None]);
    assert_eq!(case.next_deadline(hour(24)), Some((hour(24), Matter::Upload)));
}

#[test]
fn an_order_cancelled_before_shipment_owes_no_upload() {
    let case = Case::paid("80.10").status(OrderStatus::Cancelled, hour(3));
    assert_eq!(upload_lates(&case, day(60)), []);
}

#[test]
fn only_the_first_accepted_row_of_an_order_can_be_late() {
    let mut case = Case::paid("80.10");
    assert_eq!(
        codes(&row(&mut case, 1, good(NUMBERS[0], hour(30)))),
        [RowCode::UploadLate]
    );
    assert_eq!(codes(&row(&mut case, 2, good(NUMBERS[1], hour(31)))), []);
    let part = tracking_fact(NUMBERS[2], SendType::Part, hour(32));
    assert_eq!(codes(&row(&mut case, 3, part)), []);
    assert_eq!(upload_lates(&case, day(60)), [Some(hour(30))]);
}

#[test]
fn replacing_a_number_does_not_restart_the_clock() {
    let mut case = Case::paid("80.10");
    case.rule_tracking(good(NUMBERS[0], hour(2)));
    assert_eq!(codes(&case.rule_tracking(good(NUMBERS[1], hour(40)))), []);
    assert_eq!(upload_lates(&case, day(60)), []);
    assert!(case.figures(day(60)).upload.met);
}

#[test]
fn a_refused_row_is_no_upload() {
    let mut case = Case::paid("80.10");
    case.rule_tracking(crate::season::failing_fact(RowCode::NumFormat, hour(2)));
    assert_eq!(
        codes(&case.rule_tracking(good(NUMBERS[0], hour(25)))),
        [RowCode::UploadLate]
    );
}

#[test]
fn sending_the_same_number_again_changes_nothing() {
    let mut case = Case::paid("80.10");
    case.rule_tracking(good(NUMBERS[0], hour(2)));
    let before = case.clone();
    let again = case.rule_tracking(good(NUMBERS[0], hour(40)));
    assert_eq!((again.verdict, codes(&again)), (Verdict::Unchanged, vec![]));
    assert_eq!(case.assess(day(60)), before.assess(day(60)));
    assert_eq!(case.figures(day(60)), before.figures(day(60)));
}

fn live(case: &Case, at: Timestamp) -> Vec<String> {
    let seen = case.order.as_of(at, case.book.newest()).expect("recorded");
    let live = seen.parcels.iter().filter(|parcel| parcel.is_live_at(at));
    live.map(|parcel| parcel.shipment.number.to_string()).collect()
}

/// A, B, A: the new row's claim counts from its own instant, and A's timeline runs as if never replaced (B4).
#[test]
fn sending_a_replaced_number_again_brings_it_back() {
    let mut case = Case::paid("80.10")
        .upload(NUMBERS[0], SendType::All, hour(1))
        .upload(NUMBERS[1], SendType::All, hour(2));
    assert_eq!(live(&case, day(1)), [NUMBERS[1]]);
    let again = case.rule_tracking(good(NUMBERS[0], hour(3)));
    assert_eq!(again.verdict, Verdict::Accepted);
    assert_eq!(live(&case, hour(2)), [NUMBERS[1]]);
    assert_eq!(live(&case, day(1)), [NUMBERS[0]]);
}

/// The same bytes under the same prefix keep their earliest instant: they undo nothing that was sent since.
#[test]
fn a_file_sent_again_undoes_nothing_that_was_sent_since() {
    let rows = [
        (1, good(NUMBERS[0], hour(1))),
        (2, good(NUMBERS[1], hour(2))),
        (1, good(NUMBERS[0], hour(3))),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let mut case = Case::paid("80.10");
        for index in order {
            let (content, fact) = rows[index].clone();
            let stored = Some(Stored {
                at_ms: fact.uploaded_at.unix() * 1_000,
                content,
            });
            case.rule_tracking(TrackingFact { stored, ..fact });
        }
        assert_eq!(live(&case, day(1)), [NUMBERS[1]], "{order:?}");
    }
}

#[test]
fn of_rows_at_one_instant_those_of_the_file_stored_last_count() {
    for order in [[0, 1], [1, 0]] {
        let mut case = Case::paid("80.10");
        for index in order {
            let stored = Some(Stored {
                at_ms: [5, 6][index],
                content: [9, 1][index],
            });
            let fact = good(NUMBERS[index], hour(1));
            case.rule_tracking(TrackingFact { stored, ..fact });
        }
        assert_eq!(live(&case, day(1)), [NUMBERS[1]], "{order:?}");
    }
}

#[test]
fn rows_of_one_file_are_one_shipment() {
    let mut case = Case::paid("80.10");
    row(&mut case, 1, good(NUMBERS[0], hour(1)));
    row(&mut case, 2, good(NUMBERS[1], hour(1)));
    assert_eq!(live(&case, day(1)), [NUMBERS[0], NUMBERS[1]]);
}

#[test]
fn the_same_row_delivered_again_is_ruled_alike() {
    let mut case = Case::paid("80.10");
    let rows = [
        good(NUMBERS[0], hour(30)),
        tracking_fact(NUMBERS[1], SendType::Part, hour(30)),
    ];
    let rule = |case: &mut Case| -> Vec<Ruling> {
        (1..)
            .zip(&rows)
            .map(|(number, fact)| row(case, number, fact.clone()))
            .collect()
    };
    let first = rule(&mut case);
    let before = case.order.clone();
    assert_eq!(rule(&mut case), first);
    assert_eq!(case.order, before);
}

#[test]
fn the_same_number_twice_in_one_file_is_a_duplicate_or_a_conflict() {
    let mut case = Case::paid("80.10");
    row(&mut case, 1, good(NUMBERS[0], hour(1)));
    let same = row(&mut case, 2, good(NUMBERS[0], hour(1)));
    assert_eq!(
        (same.verdict, codes(&same)),
        (Verdict::Unchanged, vec![RowCode::RowDuplicate])
    );
    let other = row(&mut case, 3, tracking_fact(NUMBERS[0], SendType::Part, hour(1)));
    assert_eq!(codes(&other), [RowCode::RowConflict]);
    assert_eq!(case.order.shipments.len(), 1);
}

#[test]
fn an_earlier_upload_that_is_learned_later_is_the_first() {
    let mut case = Case::paid("80.10");
    assert_eq!(
        codes(&case.rule_tracking(good(NUMBERS[0], hour(30)))),
        [RowCode::UploadLate]
    );
    assert_eq!(codes(&case.rule_tracking(good(NUMBERS[0], hour(20)))), []);
    assert_eq!(upload_lates(&case, day(60)), []);
}

/// Each row is a claim of its own: a later `all` row replaces the order's other numbers, whatever an earlier one said.
#[test]
fn a_later_row_replaces_whatever_the_earlier_row_of_its_number_did() {
    let early = tracking_fact(NUMBERS[1], SendType::Part, hour(2));
    let late = tracking_fact(NUMBERS[1], SendType::All, hour(5));
    for facts in [[early.clone(), late.clone()], [late.clone(), early.clone()]] {
        let mut case = Case::paid("80.10").upload(NUMBERS[0], SendType::All, hour(1));
        for fact in facts {
            case.rule_tracking(fact);
        }
        assert_eq!(live(&case, hour(4)), [NUMBERS[0], NUMBERS[1]]);
        assert_eq!(live(&case, day(1)), [NUMBERS[1]]);
    }
}

#[test]
fn a_row_of_another_sellers_order_is_refused_and_costs_nothing() {
    let mut case = Case::paid("80.10");
    let stranger = Uploader::Seller(seller("S00005"));
    for fact in [
        good(NUMBERS[0], hour(1)),
        crate::season::failing_fact(RowCode::NumFormat, hour(1)),
    ] {
        let ruling = case.rule_tracking_of(&fact, &stranger);
        assert_eq!(codes(&ruling), [RowCode::OrderOtherSeller]);
        assert!(!ruling.fined);
    }
    assert_eq!((&case.order.failure, case.order.shipments.len()), (&None, 0));
    let own = Uploader::Seller(seller(crate::season::SELLER));
    assert_eq!(
        codes(&case.rule_tracking_of(&good(NUMBERS[0], hour(1)), &own)),
        []
    );
}

#[test]
fn order_columns_of_a_tracking_row_are_checked_against_the_order() {
    let stated = |stated| TrackingFact {
        stated,
        ..good(NUMBERS[0], hour(1))
    };
    let right = StatedOrder {
        seller_id: Some(seller(crate::season::SELLER)),
        paid_at: Some(paid()),
        destination: Some("ES".into()),
        amount: Some(usd("80.10")),
    };
    let wrong = [
        StatedOrder {
            paid_at: Some(hour(1)),
            ..right.clone()
        },
        StatedOrder {
            destination: Some("FR".into()),
            ..right.clone()
        },
        StatedOrder {
            amount: Some(usd("80.11")),
            ..right.clone()
        },
    ];
    let mut case = Case::paid("80.10");
    for conflicting in wrong {
        let ruling = case.rule_tracking(stated(conflicting));
        assert_eq!(
            (codes(&ruling), ruling.fined),
            (vec![RowCode::RowConflict], false)
        );
    }
    assert_eq!(codes(&case.rule_tracking(stated(right))), []);
}

#[test]
fn an_upload_to_an_order_that_ended_is_accepted_with_a_warning() {
    for status in [OrderStatus::Cancelled, OrderStatus::Refunded] {
        let mut case = Case::paid("80.10").status(status, hour(2));
        assert_eq!(
            codes(&case.rule_tracking(good(NUMBERS[0], hour(2)))),
            [RowCode::OrderState]
        );
        let mut case = Case::paid("80.10").order_row(status_fact(status, Some(hour(3)), hour(3)));
        assert_eq!(codes(&case.rule_tracking(good(NUMBERS[0], hour(2)))), []);
    }
}

#[test]
fn the_upload_clock_is_the_policys() {
    let book = crate::season::policy_with(&[("deadline_hours = 24", "deadline_hours = 36")]);
    let mut case = Case::paid("80.10").under(book);
    assert_eq!(codes(&case.rule_tracking(good(NUMBERS[0], hour(36)))), []);
    assert_eq!(PolicyBook::shipped().newest().upload_max(), Elapsed::hours(24));
}

#[test]
fn an_upload_to_an_order_that_goes_on_again_is_fine() {
    let mut case = Case::paid("80.10")
        .status(OrderStatus::Cancelled, hour(1))
        .status(OrderStatus::Paid, hour(2));
    assert_eq!(codes(&case.rule_tracking(good(NUMBERS[0], hour(3)))), []);
}

#[test]
fn an_order_takes_so_many_events_and_no_more() {
    let mut case = Case::shipped();
    let mut rule = |node, code: Option<&str>, hours| {
        let fact = EventFact {
            code: code.map(str::to_owned),
            ..event_fact(NUMBERS[0], node, hour(hours))
        };
        case.order
            .rule_event(&fact, &Uploader::Operator, case.book.newest(), 2)
    };
    assert_eq!(codes(&rule(Node::PickedUp, None, 1)), []);
    assert_eq!(codes(&rule(Node::InTransit, None, 2)), []);
    for (node, code, hours) in [
        (Node::InTransit, None, 3),
        (Node::InTransit, Some("OK"), 2),
        (Node::Exception, None, 2),
    ] {
        let ruling = rule(node, code, hours);
        assert_eq!(codes(&ruling), [RowCode::EventsLimit]);
        assert_eq!(ruling.findings[0].detail, "2");
    }
    // What is known takes no place.
    assert_eq!(rule(Node::InTransit, None, 2).verdict, Verdict::Unchanged);
}

#[test]
fn a_claim_too_many_is_refused_and_what_takes_no_place_is_ruled_as_ever() {
    let book = crate::season::policy_with(&[
        ("numbers_per_order_max = 50", "numbers_per_order_max = 1"),
        ("rows_per_order_max = 400", "rows_per_order_max = 2"),
    ]);
    let mut case = Case::paid("80.10").under(book.clone());
    let mut rule = |fact: TrackingFact, uploader: &Uploader| {
        let before = case.order.clone();
        let ruling = case.order.rule_claim(&fact, &[], uploader, book.newest(), &book);
        (ruling, case.order != before)
    };
    let operator = Uploader::Operator;
    let row = |number, hours, row, content| {
        let fact = good(number, hour(hours));
        TrackingFact {
            source: Source { row, ..fact.source },
            stored: Some(Stored { at_ms: 0, content }),
            ..fact
        }
    };
    assert_eq!(
        rule(row(NUMBERS[0], 1, 1, 7), &operator).0.verdict,
        Verdict::Accepted
    );
    // Another number.
    let (ruling, has_changed) = rule(row(NUMBERS[1], 2, 2, 7), &operator);
    assert_eq!(
        (codes(&ruling), has_changed),
        (vec![RowCode::NumbersLimit], false)
    );
    assert_eq!(
        rule(row(NUMBERS[0], 3, 1, 8), &operator).0.verdict,
        Verdict::Unchanged
    );
    // A third row of the known number.
    let (ruling, has_changed) = rule(row(NUMBERS[0], 4, 1, 9), &operator);
    assert_eq!(
        (codes(&ruling), has_changed),
        (vec![RowCode::NumbersLimit], false)
    );
    // The same bytes again are no further row.
    let again = row(NUMBERS[0], 5, 1, 8);
    let other_upload = Source { upload: 99, row: 1 };
    let again = TrackingFact {
        source: other_upload,
        ..again
    };
    assert_eq!(rule(again, &operator).0.verdict, Verdict::Unchanged);
    // Another seller is shown nothing of the order, and an error is what it is: fined (A6).
    let stranger = Uploader::Seller(seller("S2"));
    let (ruling, _) = rule(row(NUMBERS[1], 6, 1, 10), &stranger);
    assert_eq!(codes(&ruling), [RowCode::OrderOtherSeller]);
    let (ruling, _) = rule(
        TrackingFact {
            number: good(NUMBERS[1], hour(7)).number,
            ..crate::season::failing_fact(RowCode::NumFormat, hour(7))
        },
        &operator,
    );
    assert_eq!((codes(&ruling), ruling.fined), (vec![RowCode::NumFormat], true));
}

#[test]
fn a_number_takes_so_many_orders_and_no_more() {
    let book = crate::season::policy_with(&[("orders_per_number_max = 50", "orders_per_number_max = 2")]);
    let claimants: Vec<_> = [11, 12]
        .map(|n| OrderId::parse(&format!("80000110000000{n}")).expect("an order id"))
        .into();
    for (claimants, expected) in [
        (&claimants[..1], vec![]),
        (&claimants[..], vec![RowCode::NumbersLimit]),
    ] {
        let mut case = Case::paid("80.10").under(book.clone());
        let fact = good(NUMBERS[0], hour(1));
        let ruling = case
            .order
            .rule_claim(&fact, claimants, &Uploader::Operator, book.newest(), &book);
        assert_eq!(codes(&ruling), expected);
    }
}
