//! Tracking rows (A2, A3, A6): numbers, carriers, papers.

use domain::SendType;
use domain::facts::TrackingFact;
use intake::{CheckedRow, Fact, Kind};

use crate::{ARRIVED, at, codes, one, operator, seller, with};

const TRACKING: &[(&str, &str)] = &[
    ("order_id", "8000011000000005"),
    ("carrier", "DHL"),
    ("tracking_number", "3318810025"),
    ("uploaded_at", "2024-05-28T16:56:03Z"),
];

fn tracking(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Tracking, &with(TRACKING, changes), &operator())
}

fn tracking_fact(row: &CheckedRow) -> &TrackingFact {
    match &row.fact {
        Some(Fact::Tracking(fact)) => fact,
        other => panic!("a tracking row: {other:?} {:?}", row.findings),
    }
}

#[test]
fn a_tracking_row_says_what_its_cells_say() {
    let row = tracking(&[
        ("send_type", "部分"),
        ("invoice_no", "INV000002"),
        ("consignee_tax_id", "7707083893"),
        ("paid_at", "2024-05-28T16:02:54Z"),
        ("destination_country", "俄罗斯"),
        ("amount", "12.30"),
        ("currency", "usd"),
        ("seller_id", "S00004"),
    ]);
    let fact = tracking_fact(&row);
    assert_eq!(
        (fact.order_id.as_str(), fact.uploaded_at),
        ("8000011000000005", at("2024-05-28T16:56:03Z"))
    );
    assert_eq!(fact.carrier.as_deref(), Some("dhl"));
    assert_eq!(
        fact.number.as_ref().map(|number| number.as_str()),
        Some("3318810025")
    );
    assert_eq!(fact.send_type, SendType::Part);
    assert!(fact.papers.invoice && !fact.papers.tax_id.is_empty());
    let stated = &fact.stated;
    assert_eq!(
        stated.seller_id.as_ref().map(|seller| seller.as_str()),
        Some("S00004")
    );
    assert_eq!(
        (stated.paid_at, stated.destination.as_deref()),
        (Some(at("2024-05-28T16:02:54Z")), Some("RU"))
    );
    assert_eq!(
        stated.amount.map(|amount| amount.to_string()).as_deref(),
        Some("12.30 USD")
    );
    assert!(row.findings.is_empty(), "{:?}", row.findings);
}

#[test]
fn stated_order_columns_that_cannot_be_read_say_nothing() {
    let row = tracking(&[
        ("paid_at", "x"),
        ("destination_country", "ZZ"),
        ("amount", "x"),
        ("currency", "?"),
        ("seller_id", "*"),
    ]);
    assert_eq!(tracking_fact(&row).stated, Default::default());
    assert!(row.findings.is_empty());
}

#[test]
fn every_slip_of_a_number_has_its_code_and_its_repair() {
    for (carrier, number, code, detail) in [
        ("DHL", "", "NUM_EMPTY", ""),
        ("DHL", "  ", "NUM_EMPTY", ""),
        ("DHL", "8668 041546", "NUM_WHITESPACE", "8668041546"),
        ("DHL", " 8668041546", "NUM_WHITESPACE", "8668041546"),
        ("DHL", "8668041546\n", "NUM_WHITESPACE", "8668041546"),
        ("DHL", "1.23457E+15", "NUM_SCIENTIFIC", ""),
        ("DHL", "1,23457E+15", "NUM_SCIENTIFIC", ""),
        ("UPS", "8E15", "NUM_SCIENTIFIC", ""),
        (
            "DHL",
            "3318810025,3318810025",
            "NUM_MULTIPLE",
            "3318810025, 3318810025",
        ),
        (
            "DHL",
            "3318810025；3318810025",
            "NUM_MULTIPLE",
            "3318810025, 3318810025",
        ),
        (
            "DHL",
            "3318810025、3318810025",
            "NUM_MULTIPLE",
            "3318810025, 3318810025",
        ),
        (
            "DHL",
            "3318810025 / 3318810025",
            "NUM_MULTIPLE",
            "3318810025, 3318810025",
        ),
        (
            "DHL",
            "3318810025\r\n3318810025",
            "NUM_MULTIPLE",
            "3318810025, 3318810025",
        ),
        (
            "DHL",
            "3318810025 3318810025",
            "NUM_MULTIPLE",
            "3318810025, 3318810025",
        ),
        ("DHL", "ABCDEFGHIJ KLMNOPQRSTUVW", "NUM_WHITESPACE", ""),
        ("DHL", "1 2", "NUM_WHITESPACE", ""),
        ("DHL", "331881002?", "NUM_FORMAT", ""),
    ] {
        let row = tracking(&[("carrier", carrier), ("tracking_number", number)]);
        assert_eq!(codes(&row), [code], "{number:?}");
        let found = &row.findings[0];
        let said = if found.proposal.is_empty() {
            found.detail.as_str()
        } else {
            &found.proposal
        };
        assert_eq!(said, detail, "{number:?}");
        assert_eq!(
            (row.findings[0].column.as_str(), row.findings[0].value.as_str()),
            ("tracking_number", number)
        );
        let fact = tracking_fact(&row);
        assert_eq!(
            (&fact.number, &fact.findings),
            (&None, &row.findings),
            "A6 needs the fact: {number:?}"
        );
    }
}

#[test]
fn a_number_that_misses_its_carriers_rule_names_the_carriers_it_fits() {
    let row = tracking(&[("tracking_number", "YT5793834701746814")]);
    assert_eq!(codes(&row), ["NUM_FORMAT"]);
    assert!(
        row.findings[0].detail.contains("YunExpress"),
        "{:?}",
        row.findings
    );
}

#[test]
fn a_leading_zero_is_seen_to_be_lost_when_the_check_digit_says_so() {
    let mut repaired = 0;
    for check in 0..10 {
        let number = format!("12345678{check}");
        let row = tracking(&[("tracking_number", &number)]);
        match codes(&row)[..] {
            ["NUM_LEADING_ZERO_LOST"] => {
                assert_eq!(row.findings[0].proposal, format!("0{number}"));
                repaired += 1;
            }
            ["NUM_FORMAT"] => {}
            ref other => panic!("{number}: {other:?}"),
        }
    }
    assert_eq!(repaired, 1, "one check digit in ten is right");
    let row = tracking(&[("carrier", "FedEx"), ("tracking_number", "7673576439")]);
    assert_eq!(
        codes(&row),
        ["NUM_FORMAT"],
        "two digits cut off, not two zeros lost"
    );
}

#[test]
fn a_wrong_check_digit_only_warns() {
    let row = tracking(&[("tracking_number", "3318810026")]);
    assert_eq!(codes(&row), ["NUM_CHECK_DIGIT"]);
    assert!(!row.is_refused() && tracking_fact(&row).number.is_some());
}

#[test]
fn an_unknown_carrier_is_an_error_with_candidates_and_no_second_fault() {
    let row = tracking(&[
        ("carrier", "Pigeon Post"),
        ("tracking_number", "YT5793834701746814"),
    ]);
    assert_eq!(codes(&row), ["CARRIER_UNKNOWN"]);
    assert!(
        row.findings[0].detail.contains("YunExpress"),
        "{:?}",
        row.findings
    );
    assert_eq!(tracking_fact(&row).carrier, None);
    let row = tracking(&[("carrier", "Pigeon Post"), ("tracking_number", "")]);
    assert_eq!(codes(&row), ["CARRIER_UNKNOWN", "NUM_EMPTY"]);
}

#[test]
fn the_platforms_own_lines_are_out_of_scope_and_nothing_else_is_said() {
    let row = tracking(&[
        ("carrier", "AE Standard Shipping"),
        ("tracking_number", ""),
        ("send_type", "?"),
        ("consignee_tax_id", "1"),
    ]);
    assert_eq!(codes(&row), ["CARRIER_OUT_OF_SCOPE"]);
    assert_eq!(tracking_fact(&row).findings, row.findings);
    let row = tracking(&[
        ("carrier", "AliExpress Premium Shipping"),
        ("order_id", "x"),
        ("uploaded_at", "x"),
    ]);
    assert_eq!(
        (codes(&row), row.fact.is_none()),
        (vec!["CARRIER_OUT_OF_SCOPE"], true)
    );
}

#[test]
fn other_slips_of_a_tracking_row_have_their_codes() {
    for (column, cell, code, has_fact) in [
        ("order_id", "", "CELL_MISSING", false),
        ("order_id", "8.00001E+15", "ORDER_ID_PRECISION_LOST", false),
        ("carrier", "", "CELL_MISSING", true),
        ("uploaded_at", "yesterday", "TIME_INVALID", false),
        ("send_type", "some", "SEND_TYPE", true),
    ] {
        let row = tracking(&[(column, cell)]);
        assert_eq!(
            (codes(&row), row.fact.is_some()),
            (vec![code], has_fact),
            "{column} {cell:?}"
        );
        assert_eq!(row.findings[0].column, column);
    }
    for (cell, send_type) in [
        ("", SendType::All),
        ("ALL", SendType::All),
        ("全部", SendType::All),
        ("part", SendType::Part),
    ] {
        assert_eq!(
            tracking_fact(&tracking(&[("send_type", cell)])).send_type,
            send_type,
            "{cell:?}"
        );
    }
}

#[test]
fn an_upload_time_is_the_operators_to_state_and_else_the_objects() {
    let row = tracking(&[("uploaded_at", "")]);
    assert_eq!(tracking_fact(&row).uploaded_at, at(ARRIVED));
    let row = one(Kind::Tracking, TRACKING, &seller("S00004"));
    assert_eq!(tracking_fact(&row).uploaded_at, at(ARRIVED));
    assert_eq!(codes(&row), ["STATEMENT_IGNORED"]);
    let row = tracking(&[("uploaded_at", "2023-11-05 01:30")]);
    assert_eq!(
        tracking_fact(&row).uploaded_at,
        at("2023-11-05T08:30:00Z"),
        "the earlier is on time sooner"
    );
}

#[test]
fn a_tax_id_stands_in_no_finding() {
    for tax_id in ["7707083894", "77-1234567", "不是税号"] {
        let row = tracking(&[
            ("carrier", "?"),
            ("tracking_number", "x y"),
            ("send_type", "?"),
            ("consignee_tax_id", tax_id),
        ]);
        let said = format!("{row:?}");
        assert!(!said.contains(tax_id), "{said}");
    }
}
