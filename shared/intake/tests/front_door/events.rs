//! Events: nodes, codes, times.

use domain::Node;
use domain::facts::EventFact;
use intake::{CheckedRow, Fact, Kind};

use crate::{ARRIVED, at, codes, one, operator, seller, with};

const EVENT: &[(&str, &str)] = &[
    ("carrier", "DHL"),
    ("tracking_number", "5596182900"),
    ("event_code", "picked_up"),
    ("occurred_at", "2024-03-29T13:58:21Z"),
    ("recorded_at", "2024-03-29T17:20:42Z"),
];

fn event(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Events, &with(EVENT, changes), &operator())
}

fn event_fact(row: &CheckedRow) -> &EventFact {
    match &row.fact {
        Some(Fact::Event(fact)) => fact,
        other => panic!("an event: {other:?} {:?}", row.findings),
    }
}

#[test]
fn an_event_row_says_what_its_cells_say() {
    let row = event(&[]);
    let fact = event_fact(&row);
    assert_eq!(
        (fact.number.as_str(), fact.node, &fact.code),
        ("5596182900", Node::PickedUp, &None)
    );
    assert_eq!(
        (fact.occurred_at, fact.recorded_at),
        (at("2024-03-29T13:58:21Z"), at("2024-03-29T17:20:42Z"))
    );
    assert!(row.findings.is_empty());
    assert_eq!(
        event_fact(&event(&[("recorded_at", "")])).recorded_at,
        at(ARRIVED)
    );
}

#[test]
fn a_carriers_own_code_is_kept_beside_its_node() {
    let row = event(&[("carrier", "Cainiao"), ("event_code", "LH_DEPART")]);
    assert_eq!(
        (event_fact(&row).node, event_fact(&row).code.as_deref()),
        (Node::DepartedOrigin, Some("LH_DEPART"))
    );
    let row = event(&[("carrier", "Pigeon Post"), ("event_code", "SIGNED")]);
    assert_eq!(
        (event_fact(&row).node, &event_fact(&row).code),
        (Node::Signed, &None),
        "canonical names need no carrier"
    );
    assert!(row.findings.is_empty());
}

#[test]
fn an_unmapped_code_is_kept_as_movement_and_counted() {
    let long = "Z".repeat(60);
    let row = event(&[("event_code", &long)]);
    assert_eq!(codes(&row), ["EVENT_CODE_UNMAPPED"]);
    let fact = event_fact(&row);
    assert_eq!(
        (fact.node, fact.code.as_deref()),
        (Node::InTransit, Some(&long[..40]))
    );
    assert_eq!(fact.findings, row.findings);
}

#[test]
fn a_carriers_text_is_understood_as_its_code() {
    let row = event(&[("carrier", "燕文"), ("event_code", "Yanwen Acceptance.")]);
    assert_eq!(
        (event_fact(&row).node, event_fact(&row).code.as_deref()),
        (Node::PickedUp, Some("Yanwen Acceptance."))
    );
    let row = event(&[("event_code", "77206"), ("description", "PICKED UP")]);
    assert_eq!(
        event_fact(&row).node,
        Node::PickedUp,
        "explained by its description"
    );
    let row = event(&[("event_code", "InTransit_CustomsReleased"), ("country", "RU")]);
    assert_eq!(event_fact(&row).node, Node::ImportCustoms, "told by its country");
    assert!(row.findings.is_empty());
}

#[test]
fn names_and_telephone_numbers_in_a_text_are_neither_kept_nor_quoted() {
    let row = event(&[("event_code", "快件交给张三，电话13800138000，已签收")]);
    let kept = event_fact(&row).code.as_deref().unwrap_or_default();
    assert_eq!(
        (event_fact(&row).node, kept),
        (Node::Signed, "快件交给**,电话***********,已签收")
    );
    let row = event(&[("event_code", "Mystery 138-0013-8000 by courier: J DOE")]);
    assert_eq!(codes(&row), ["EVENT_CODE_UNMAPPED"]);
    assert_eq!(row.findings[0].value, "Mystery ***-****-**** by courier: * ***");
    assert_eq!(event_fact(&row).code.as_deref(), Some(&*row.findings[0].value));
    // A code of a table is nobody's number, however long.
    let row = event(&[("event_code", "in_transit")]);
    assert_eq!(event_fact(&row).code, None);
}

#[test]
fn what_happened_long_after_it_was_recorded_did_not_happen_so() {
    let recorded = ("recorded_at", "2024-03-29T00:00:00Z");
    assert!(
        event(&[recorded, ("occurred_at", "2024-03-29T14:00:00Z")])
            .findings
            .is_empty()
    );
    let row = event(&[recorded, ("occurred_at", "2024-03-29T14:00:01Z")]);
    assert_eq!((codes(&row), row.fact.is_none()), (vec!["EVENT_IN_FUTURE"], true));
    assert_eq!(row.findings[0].detail, "14 h 00 m 01 s > 14 h 00 m");
}

#[test]
fn every_slip_of_an_event_row_has_its_code() {
    for (column, cell, code) in [
        ("carrier", "", "CELL_MISSING"),
        ("tracking_number", "", "NUM_EMPTY"),
        ("tracking_number", "5596 182900", "NUM_WHITESPACE"),
        ("tracking_number", "5.59618E+09", "NUM_SCIENTIFIC"),
        ("tracking_number", "5596-182900", "NUM_FORMAT"),
        ("event_code", "", "CELL_MISSING"),
        ("occurred_at", "", "CELL_MISSING"),
        ("occurred_at", "2024-03-10 02:30", "TIME_INVALID"),
        ("recorded_at", "x", "TIME_INVALID"),
    ] {
        let row = event(&[(column, cell)]);
        assert_eq!(
            (codes(&row), row.fact.is_none()),
            (vec![code], true),
            "{column} {cell:?}"
        );
    }
}

#[test]
fn a_seller_does_not_state_when_an_event_was_recorded() {
    let row = one(Kind::Events, EVENT, &seller("S00004"));
    assert_eq!(
        (codes(&row), event_fact(&row).recorded_at),
        (vec!["STATEMENT_IGNORED"], at(ARRIVED))
    );
}
