//! Appeals (B5): who may state what.

use domain::facts::AppealFact;
use domain::{AppealStatus, AppealedClause};
use intake::{CheckedRow, Fact, Kind};

use crate::{ARRIVED, at, codes, one, operator, seller, with};

const APPEAL: &[(&str, &str)] = &[
    ("appeal_id", "A000025"),
    ("order_id", "8000011000000180"),
    ("reason", "carrier_delay"),
    ("status", "rejected"),
    ("filed_at", "2024-05-09T21:19:32Z"),
    ("decided_at", "2024-05-14T21:19:32Z"),
];

fn appeal(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Appeals, &with(APPEAL, changes), &operator())
}

fn appeal_fact(row: &CheckedRow) -> &AppealFact {
    match &row.fact {
        Some(Fact::Appeal(fact)) => fact,
        other => panic!("an appeal: {other:?} {:?}", row.findings),
    }
}

#[test]
fn an_appeal_row_says_what_its_cells_say() {
    let row = appeal(&[("clause", "b3"), ("episode_start", "2024-05-01T00:00:00Z")]);
    let fact = appeal_fact(&row);
    assert_eq!(
        (fact.appeal_id.as_str(), fact.order_id.as_str()),
        ("A000025", "8000011000000180")
    );
    assert_eq!(
        (fact.clause, fact.episode_start),
        (AppealedClause::B3, Some(at("2024-05-01T00:00:00Z")))
    );
    assert_eq!(
        (fact.status, fact.recorded_at),
        (AppealStatus::Rejected, at(ARRIVED))
    );
    assert_eq!(
        (fact.filed_at, fact.decided_at),
        (at("2024-05-09T21:19:32Z"), Some(at("2024-05-14T21:19:32Z")))
    );
    assert_eq!(
        appeal_fact(&appeal(&[])).clause,
        AppealedClause::B4,
        "unless it says otherwise"
    );
}

#[test]
fn appeals_of_every_status_are_read_in_both_languages() {
    for (cell, status) in [
        ("pending", AppealStatus::Pending),
        ("处理中", AppealStatus::Pending),
        ("Accepted", AppealStatus::Accepted),
        ("成立", AppealStatus::Accepted),
        ("驳回", AppealStatus::Rejected),
        ("撤回", AppealStatus::Withdrawn),
        ("过期", AppealStatus::Expired),
    ] {
        assert_eq!(appeal_fact(&appeal(&[("status", cell)])).status, status, "{cell}");
    }
}

#[test]
fn every_slip_of_an_appeal_row_has_its_code() {
    let long = "A".repeat(65);
    for (column, cell, code) in [
        ("appeal_id", "", "CELL_MISSING"),
        ("appeal_id", long.as_str(), "TYPE_INVALID"),
        ("order_id", "x", "ORDER_ID_FORMAT"),
        ("reason", "", "CELL_MISSING"),
        ("status", "", "CELL_MISSING"),
        ("status", "maybe", "TYPE_INVALID"),
        ("clause", "A1", "TYPE_INVALID"),
        ("filed_at", "", "CELL_MISSING"),
        ("decided_at", "x", "TIME_INVALID"),
        ("episode_start", "x", "TIME_INVALID"),
    ] {
        let row = appeal(&[(column, cell)]);
        assert_eq!(
            (codes(&row), row.fact.is_none()),
            (vec![code], true),
            "{column} {cell:?}"
        );
    }
}

#[test]
fn a_seller_files_an_appeal_but_does_not_decide_it() {
    let row = one(
        Kind::Appeals,
        &with(APPEAL, &[("status", "accepted")]),
        &seller("S00004"),
    );
    let fact = appeal_fact(&row);
    assert_eq!(
        (fact.status, fact.filed_at, fact.decided_at),
        (AppealStatus::Pending, at(ARRIVED), None)
    );
    assert_eq!(codes(&row), ["STATEMENT_IGNORED"; 3]);
    let plain = [("status", "pending"), ("filed_at", ""), ("decided_at", "")];
    assert!(
        one(Kind::Appeals, &with(APPEAL, &plain), &seller("S00004"))
            .findings
            .is_empty()
    );
}
