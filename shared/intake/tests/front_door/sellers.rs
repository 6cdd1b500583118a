//! Sellers' papers (C1–C8) and the platform's bills: who may state what, and what is said of a cell that cannot be read.

use domain::seller::{EntityType, Steps, ValidUntil};
use domain::{SellerFact, StatementLine};
use intake::{CheckedRow, Fact, Kind};

use crate::{at, codes, one, operator, seller, with};

const PAPERS: &[(&str, &str)] = &[
    ("seller_id", "S00004"),
    ("entity_type", "company"),
    ("name", "示例贸易有限公司"),
    ("credit_code", "91440300708461136t"),
    ("licence_valid_until", "长期"),
    ("notarised", "true"),
    (
        "certificates",
        r#"[{"country":"俄罗斯","kind":"overseas_warehouse","valid_from":"2024-01-01","valid_until":"2024-12-31"}]"#,
    ),
    (
        "steps",
        r#"{"applied_at":"2024-05-08 12:00","review":"passed","opened_at":null}"#,
    ),
];

const LINE: &[(&str, &str)] = &[
    ("statement_id", "B-2024-05"),
    ("line_no", "7"),
    ("order_id", ""),
    ("kind", "断更罚金"),
    ("amount", "-1,257.69"),
    ("currency", "usd"),
    ("charged_at", "2024-05-08T12:00:00Z"),
    ("description", "refund"),
];

fn papers(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Sellers, &with(PAPERS, changes), &operator())
}

fn seller_fact(row: &CheckedRow) -> &SellerFact {
    match &row.fact {
        Some(Fact::Seller(fact)) => fact,
        other => panic!("a seller: {other:?} {:?}", row.findings),
    }
}

fn line(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Statement, &with(LINE, changes), &operator())
}

fn statement_line(row: &CheckedRow) -> &StatementLine {
    match &row.fact {
        Some(Fact::Statement(line)) => line,
        other => panic!("a line: {other:?} {:?}", row.findings),
    }
}

#[test]
fn a_sellers_row_says_what_its_cells_say() {
    let row = papers(&[]);
    assert!(row.findings.is_empty(), "{:?}", row.findings);
    let told = &seller_fact(&row).told;
    assert_eq!(told.entity_type, Some(EntityType::Company));
    assert_eq!(told.credit_code.as_deref(), Some("91440300708461136T"));
    assert_eq!(told.licence_valid_until, Some(ValidUntil::Permanent));
    let certificates = told.certificates.as_deref().expect("certificates");
    assert_eq!(certificates[0].country, "RU");
    assert_eq!(told.authorisations, None, "not named");
    assert_eq!(
        told.steps.applied_at,
        Some(at("2024-05-08T19:00:00Z")),
        "platform zone"
    );
    assert_eq!(told.steps.opened_at, None);
}

#[test]
fn an_empty_list_is_named_and_an_empty_cell_is_not() {
    let row = papers(&[("certificates", "[]"), ("steps", "")]);
    let told = &seller_fact(&row).told;
    assert_eq!(
        (told.certificates.as_deref(), told.steps),
        (Some(&[][..]), Steps::default())
    );
}

#[test]
fn a_cell_that_cannot_be_read_refuses_the_row_and_names_what_is_wrong() {
    let too_many = format!(
        "[{}]",
        [r#"{"category":"x","valid_from":"2024-01-01","valid_until":"permanent"}"#; 51].join(",")
    );
    for (column, cell, code, named) in [
        ("entity_type", "shop", "TYPE_INVALID", "sole_proprietor"),
        ("credit_code", "12345678", "TYPE_INVALID", "18"),
        ("licence_valid_until", "soon", "TIME_INVALID", "YYYY-MM-DD"),
        ("licence_valid_until", "2024-1-31", "TIME_INVALID", "YYYY-MM-DD"),
        ("notarised", "perhaps", "TYPE_INVALID", "true"),
        ("certificates", "[{]", "TYPE_INVALID", "JSON"),
        (
            "certificates",
            r#"[{"country":"Atlantis","kind":"overseas_warehouse","valid_from":"2024-01-01","valid_until":"permanent"}]"#,
            "TYPE_INVALID",
            "Atlantis",
        ),
        (
            "agreements",
            r#"[{"carrier":"DHL","stampd":true}]"#,
            "TYPE_INVALID",
            "stampd",
        ),
        (
            "agreements",
            r#"[{"carrier":"DHL","stamped":true,"clauses":[],"valid_from":"2024-02-01","valid_until":"2024-01-01"}]"#,
            "TYPE_INVALID",
            "before",
        ),
        ("authorisations", too_many.as_str(), "TYPE_INVALID", "50"),
        (
            "steps",
            r#"{"apllied_at":"2024-05-08T12:00:00Z"}"#,
            "TYPE_INVALID",
            "apllied_at",
        ),
        ("steps", r#"{"applied_at":"soon"}"#, "TIME_INVALID", "applied_at"),
    ] {
        let row = papers(&[(column, cell)]);
        assert_eq!(codes(&row), [code], "{column} {cell}");
        assert!(row.findings[0].detail.contains(named), "{:?}", row.findings);
        assert_eq!((row.findings[0].column.as_str(), &row.fact), (column, &None));
    }
}

#[test]
fn what_is_proposed_for_a_cell_of_papers_is_accepted() {
    for column in ["certificates", "authorisations", "agreements", "steps"] {
        for slip in ["expired", "[{\"x\":1}]", "{\"x\":1}"] {
            let refused = papers(&[(column, slip)]);
            let (_, proposed) = refused.findings[0]
                .detail
                .split_once("JSON like ")
                .expect("an example");
            let (example, _) = proposed.split_once(" (").expect("what is wrong");
            let row = papers(&[(column, example)]);
            assert!(row.fact.is_some(), "{column}: {:?}", row.findings);
        }
    }
    let refused = papers(&[("steps", r#"{"applied_at":"soon"}"#)]);
    let step = format!("{{{}}}", refused.findings[0].detail);
    assert!(papers(&[("steps", &step)]).fact.is_some(), "{step}");
}

#[test]
fn a_credit_code_is_judged_where_there_is_a_mainland_licence_and_never_quoted_whole() {
    let row = papers(&[("credit_code", "914403007084611361")]);
    assert_eq!(codes(&row), ["CREDIT_CODE_CHECK_DIGIT"]);
    assert_eq!(row.findings[0].value, "91**************61");
    assert!(row.fact.is_some());
    assert!(
        papers(&[("credit_code", "HRB 1"), ("entity_type", "香港")])
            .findings
            .is_empty()
    );
}

#[test]
fn what_others_vouch_for_is_ignored_in_a_sellers_own_file() {
    let row = one(Kind::Sellers, PAPERS, &seller("S00004"));
    assert_eq!(codes(&row), ["STATEMENT_IGNORED"; 3]);
    let told = &seller_fact(&row).told;
    assert_eq!(
        (told.notarised, &told.certificates, told.steps),
        (None, &None, Steps::default())
    );
    assert!(told.name.is_some());
    let other = one(Kind::Sellers, PAPERS, &seller("S00005"));
    assert!(codes(&other).contains(&"ORDER_OTHER_SELLER") && other.fact.is_none());
}

#[test]
fn a_line_of_a_bill_says_what_its_cells_say() {
    let row = line(&[]);
    assert!(row.findings.is_empty(), "{:?}", row.findings);
    let line = statement_line(&row);
    assert_eq!(
        (line.amount.minor, line.amount.currency.as_str()),
        (-125_769, "USD")
    );
    assert_eq!((line.line_no, &line.order_id, &line.seller_id), (7, &None, &None));
    assert_eq!(line.clause(), Some(domain::Clause::B3));
}

#[test]
fn a_line_that_cannot_be_read_is_refused() {
    let long = "long ".repeat(200);
    for (column, cell, code) in [
        ("statement_id", "B#1", "TYPE_INVALID"),
        ("line_no", "+1", "TYPE_INVALID"),
        ("line_no", "4294967296", "TYPE_INVALID"),
        ("order_id", "12", "ORDER_ID_FORMAT"),
        ("kind", long.as_str(), "TYPE_INVALID"),
        ("amount", "--1", "AMOUNT_INVALID"),
        ("amount", "1.234", "AMOUNT_INVALID"),
        ("charged_at", "", "CELL_MISSING"),
        ("description", long.as_str(), "TYPE_INVALID"),
    ] {
        let row = line(&[(column, cell)]);
        assert_eq!(codes(&row), [code], "{column} {cell}");
        assert!(row.fact.is_none());
    }
    assert_eq!(
        line(&[("description", &long)]).findings[0].value,
        "",
        "it may name a person"
    );
}
