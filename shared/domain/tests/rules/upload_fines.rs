//! A6: USD 0.50, once per order ever, for a committed row of a known order that fails under A2, A4 or A5.

use domain::facts::{OrderFact, StatedOrder, TrackingFact};
use domain::ruling::Uploader;
use domain::{
    AppealStatus, AppealedClause, Clause, EntryKind, Finding, RowCode, Severity, Source, Timestamp,
};

use crate::season::{Case, NUMBERS, cents, day, decision_fact, failing_fact, hour, order_fact, seller};
use domain::SendType;

const FINED: [RowCode; 11] = [
    RowCode::CarrierUnknown,
    RowCode::NumEmpty,
    RowCode::NumFormat,
    RowCode::NumWhitespace,
    RowCode::NumScientific,
    RowCode::NumLeadingZeroLost,
    RowCode::NumMultiple,
    RowCode::InvoiceMissing,
    RowCode::TaxIdMissing,
    RowCode::TaxIdInvalid,
    RowCode::DestSanctioned,
];

fn fines(case: &Case, as_of: Timestamp) -> Vec<domain::Cents> {
    case.amounts(Clause::A6, as_of)
}

#[test]
fn each_fined_code_costs_fifty_cents_and_no_other_code_does() {
    for &code in RowCode::ALL {
        if matches!(code.severity(), Severity::Parked) {
            continue;
        }
        let mut case = Case::paid("80.10");
        let fact = TrackingFact {
            number: None,
            ..failing_fact(code, hour(1))
        };
        let ruling = case.rule_tracking(fact);
        let is_fined = FINED.contains(&code);
        assert_eq!(ruling.fined, is_fined, "{code}");
        let expected = if is_fined { vec![cents("0.50")] } else { vec![] };
        assert_eq!(fines(&case, hour(1)), expected, "{code}");
        assert_eq!(
            fines(&case, Timestamp::from_unix(hour(1).unix() - 1)),
            [],
            "{code}"
        );
    }
}

#[test]
fn an_order_is_fined_once_ever_however_many_rows_fail() {
    let mut case = Case::paid("80.10");
    for (code, hours) in [
        (RowCode::NumFormat, 1),
        (RowCode::NumEmpty, 2),
        (RowCode::CarrierUnknown, 3),
    ] {
        case.rule_tracking(failing_fact(code, hour(hours)));
        case.settle(hour(hours));
    }
    assert_eq!(case.entries.len(), 1);
    assert_eq!(case.balance(), cents("0.50"));
    assert_eq!(case.entries[0].effective_at, hour(1));
}

#[test]
fn a_row_that_fails_in_several_ways_is_one_fine() {
    let mut case = Case::paid("80.10");
    let findings = [RowCode::CarrierUnknown, RowCode::NumFormat].map(|code| Finding::new(code, "", ""));
    let ruling = case.rule_tracking(TrackingFact {
        findings: findings.to_vec(),
        ..failing_fact(RowCode::NumEmpty, hour(1))
    });
    assert!(ruling.fined);
    assert_eq!(fines(&case, day(1)), [cents("0.50")]);
}

#[test]
fn a_row_that_is_out_of_scope_is_refused_with_that_one_code_and_never_fined() {
    let mut case = Case::placed(&OrderFact {
        destination: "KP".to_owned(),
        ..order_fact()
    });
    let ruling = case.rule_tracking(failing_fact(RowCode::CarrierOutOfScope, hour(1)));
    assert_eq!(crate::season::codes(&ruling), [RowCode::CarrierOutOfScope]);
    assert!(!ruling.fined);
    assert_eq!(fines(&case, day(1)), []);
}

#[test]
fn a_row_that_names_another_seller_costs_nothing() {
    let mut case = Case::paid("80.10");
    let stated = StatedOrder {
        seller_id: Some(seller("S00009")),
        ..StatedOrder::default()
    };
    let ruling = case.rule_tracking(TrackingFact {
        stated,
        ..failing_fact(RowCode::NumFormat, hour(1))
    });
    assert!(
        ruling
            .findings
            .iter()
            .any(|finding| finding.code == RowCode::OrderOtherSeller)
    );
    assert!(!ruling.fined);
    assert_eq!(fines(&case, day(1)), []);
}

#[test]
fn mending_the_row_later_does_not_refund() {
    let mut case = Case::paid("80.10");
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(1)));
    case.settle(hour(2));
    let mut case = case.upload(NUMBERS[0], SendType::All, hour(3));
    assert_eq!(case.night(day(1)), []);
    assert_eq!(case.balance(), cents("0.50"));
}

#[test]
fn an_accepted_appeal_reverses_the_upload_fine_and_it_never_comes_back() {
    let mut case = Case::paid("80.10");
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(1)));
    case.settle(hour(2));
    let mut case = case.appeal(decision_fact(
        AppealedClause::A6,
        AppealStatus::Accepted,
        hour(3),
        hour(4),
    ));
    assert_eq!(case.night(hour(5)), [(EntryKind::Reversal, cents("-0.50"))]);
    case.rule_tracking(failing_fact(RowCode::NumEmpty, hour(6)));
    assert_eq!(case.night(hour(7)), []);
    assert_eq!(case.balance(), cents("0.00"));
}

#[test]
fn a_redelivered_row_tells_its_fine_again_and_the_ledger_holds_one() {
    let mut case = Case::paid("80.10");
    let fact = TrackingFact {
        source: Source { upload: 7, row: 3 },
        ..failing_fact(RowCode::NumFormat, hour(1))
    };
    let first = case.rule_tracking_of(&fact, &Uploader::Operator);
    let again = case.rule_tracking_of(&fact, &Uploader::Operator);
    assert_eq!(first, again);
    assert!(first.fined);
    assert_eq!(fines(&case, day(1)), [cents("0.50")]);
}

#[test]
fn the_same_file_again_is_not_fined() {
    let mut case = Case::paid("80.10");
    // Put again later, and put again under the same stated time.
    for (upload, hours) in [(7, 1), (8, 9), (6, 1)] {
        let fact = TrackingFact {
            source: Source { upload, row: 3 },
            ..failing_fact(RowCode::NumFormat, hour(hours))
        };
        let ruling = case.rule_tracking_of(&fact, &Uploader::Operator);
        assert_eq!(ruling.fined, upload == 7);
    }
    assert_eq!(fines(&case, day(1)), [cents("0.50")]);
}

#[test]
fn the_earliest_failure_is_the_one_that_is_fined_in_whatever_order_they_come() {
    let facts = [
        (RowCode::NumFormat, 5, 9),
        (RowCode::NumEmpty, 5, 2),
        (RowCode::CarrierUnknown, 8, 1),
        (RowCode::InvoiceMissing, 5, 2),
    ];
    let rule = |order: &[usize]| {
        let mut case = Case::paid("80.10");
        for &index in order {
            let (code, hours, row) = facts[index];
            let upload = 100 + index as u64;
            let fact = TrackingFact {
                source: Source { upload, row },
                ..failing_fact(code, hour(hours))
            };
            case.rule_tracking_of(&fact, &Uploader::Operator);
        }
        case.due(Clause::A6, day(1))
    };
    let expected = rule(&[0, 1, 2, 3]);
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [3, 1, 2, 0]] {
        assert_eq!(rule(&order), expected, "{order:?}");
    }
}
