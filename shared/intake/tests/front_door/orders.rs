//! Orders: what a row says, what its slips are called, and what holds for the rows of every kind.

use domain::facts::OrderFact;
use domain::order::OrderStatus;
use intake::cell::Undone;
use intake::{CheckedRow, Fact, Kind};

use crate::{ARRIVED, at, checked, codes, one, operator, seller, with};

const ORDER: &[(&str, &str)] = &[
    ("order_id", "8000011000000005"),
    ("seller_id", "S00004"),
    ("paid_at", "2024-05-28T16:02:54Z"),
    ("amount", "1257.69"),
    ("currency", "USD"),
    ("destination_country", "US"),
];

fn order(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Orders, &with(ORDER, changes), &operator())
}

fn order_fact(row: &CheckedRow) -> &OrderFact {
    match &row.fact {
        Some(Fact::Order(fact)) => fact,
        other => panic!("an order: {other:?} {:?}", row.findings),
    }
}

#[test]
fn an_order_row_says_what_its_cells_say() {
    let row = order(&[
        ("category", "electronics"),
        ("status", ""),
        ("status_at", ""),
        ("send_deadline", "2024-06-02 00:00:00"),
    ]);
    let fact = order_fact(&row);
    assert_eq!(
        (fact.order_id.as_str(), fact.seller_id.as_str()),
        ("8000011000000005", "S00004")
    );
    assert_eq!(
        (fact.paid_at, fact.amount.to_string().as_str()),
        (at("2024-05-28T16:02:54Z"), "1257.69 USD")
    );
    assert_eq!(
        (fact.destination.as_str(), fact.category.as_deref()),
        ("US", Some("electronics"))
    );
    assert_eq!(fact.send_deadline, Some(at("2024-06-02T07:00:00Z")));
    assert_eq!(
        (fact.status, fact.status_at, fact.recorded_at),
        (OrderStatus::Paid, None, at(ARRIVED))
    );
    assert_eq!((fact.source.upload, fact.source.row), (42, 1));
    assert!(row.findings.is_empty() && row.undone.is_empty());
}

#[test]
fn orders_of_every_status_are_read_in_both_languages() {
    for (cell, status) in [
        ("Paid", OrderStatus::Paid),
        ("已付款", OrderStatus::Paid),
        ("cancelled", OrderStatus::Cancelled),
        ("已取消", OrderStatus::Cancelled),
        ("REFUNDED", OrderStatus::Refunded),
        ("已退款", OrderStatus::Refunded),
    ] {
        assert_eq!(order_fact(&order(&[("status", cell)])).status, status, "{cell}");
    }
}

#[test]
fn every_slip_of_an_order_row_has_its_code() {
    for (column, cell, code) in [
        ("order_id", "123456789", "ORDER_ID_FORMAT"),
        ("order_id", "123456789012345678901", "ORDER_ID_FORMAT"),
        ("order_id", "80000110000000O5", "ORDER_ID_FORMAT"),
        ("order_id", "8.00001E+15", "ORDER_ID_PRECISION_LOST"),
        ("order_id", "8E15", "ORDER_ID_PRECISION_LOST"),
        ("order_id", "", "CELL_MISSING"),
        ("seller_id", "S 4", "TYPE_INVALID"),
        ("seller_id", "_", "TYPE_INVALID"),
        ("paid_at", "2024-05-28", "TIME_INVALID"),
        ("paid_at", "2024-03-10 02:30", "TIME_INVALID"),
        ("amount", "-5.00", "AMOUNT_INVALID"),
        ("amount", "12,5,0", "AMOUNT_INVALID"),
        ("amount", "1.005", "AMOUNT_INVALID"),
        ("amount", "€12.50", "AMOUNT_INVALID"),
        ("currency", "DOLLAR", "CURRENCY_UNKNOWN"),
        ("destination_country", "ZZ", "DEST_UNKNOWN"),
        ("status", "shaken?", "TYPE_INVALID"),
        ("status_at", "soon", "TIME_INVALID"),
        ("send_deadline", "soon", "TIME_INVALID"),
    ] {
        let row = order(&[(column, cell)]);
        assert_eq!(
            (codes(&row), row.fact.is_none()),
            (vec![code], true),
            "{column} {cell:?}"
        );
        assert_eq!(row.findings[0].column, column);
        assert_eq!(row.findings[0].value, cell);
    }
    let long = "x".repeat(201);
    assert_eq!(codes(&order(&[("category", &long)])), ["TYPE_INVALID"]);
    assert!(order(&[("category", &long[1..])]).findings.is_empty());
}

#[test]
fn all_slips_of_a_row_are_reported_together() {
    let row = order(&[
        ("order_id", ""),
        ("seller_id", ""),
        ("paid_at", "x"),
        ("amount", ""),
        ("currency", ""),
        ("destination_country", ""),
    ]);
    assert_eq!(
        codes(&row),
        [
            "CELL_MISSING",
            "CELL_MISSING",
            "TIME_INVALID",
            "CELL_MISSING",
            "CELL_MISSING",
            "CELL_MISSING"
        ]
    );
}

#[test]
fn an_amount_of_nothing_and_a_currency_in_lower_case_are_fine() {
    let row = order(&[
        ("amount", "0"),
        ("currency", "usd"),
        ("destination_country", "西班牙"),
    ]);
    assert_eq!(order_fact(&row).amount.to_string(), "0.00 USD");
    assert_eq!(order_fact(&row).destination, "ES");
}

#[test]
fn a_payment_time_that_exists_twice_takes_the_later_reading_and_says_so() {
    let row = order(&[("paid_at", "2023-11-05 01:30"), ("status_at", "2023-11-05 01:30")]);
    let fact = order_fact(&row);
    assert_eq!(fact.paid_at, at("2023-11-05T09:30:00Z"));
    assert_eq!(fact.status_at, Some(at("2023-11-05T08:30:00Z")));
    assert_eq!(codes(&row), ["TIME_AMBIGUOUS", "TIME_AMBIGUOUS"]);
    let detail = &row.findings[0].detail;
    assert!(
        detail.starts_with("2023-11-05T09:30:00Z, not 2023-11-05T08:30:00Z | "),
        "{detail}"
    );
}

#[test]
fn under_a_sellers_prefix_no_other_sellers_order_is_taken() {
    let row = one(Kind::Orders, ORDER, &seller("S00001"));
    assert_eq!(
        (codes(&row), row.fact.is_none()),
        (vec!["ORDER_OTHER_SELLER"], true)
    );
    assert_eq!(row.findings[0].value, "8000011000000005");
    assert!(one(Kind::Orders, ORDER, &seller("S00004")).findings.is_empty());
}

#[test]
fn sellers_tricks_are_undone_and_noted() {
    let row = order(&[
        ("order_id", "=\"8000011000000005\""),
        ("seller_id", "'S00004"),
        ("amount", "１２５７．６９\t"),
    ]);
    assert_eq!(order_fact(&row).amount.to_string(), "1257.69 USD");
    for trick in [
        Undone::FORMULA,
        Undone::APOSTROPHE,
        Undone::TAB,
        Undone::FULL_WIDTH,
    ] {
        assert!(row.undone.contains(trick));
    }
}

#[test]
fn a_row_of_another_shape_is_refused_alone() {
    let text = "date,currency,usd_per_unit,note,\n2024-02-22,BRL,0.2\n2024-02-22,BRL\n2024-02-22,BRL,0.2,a,,,\n2024-02-22,BRL,0.2,a,b,c\n2024-02-22,\"BRL,0.2\n2024-02-23,\"x\",0.2\n2024-02-24,BRL,0.2\n";
    let rows = checked(text, Kind::Rates, &operator());
    let verdicts: Vec<Vec<&str>> = rows.iter().map(codes).collect();
    let none = Vec::<&str>::new();
    assert_eq!(
        verdicts,
        [
            none.clone(),
            vec!["CELL_MISSING"],
            none.clone(),
            vec!["ROW_SHAPE"],
            vec!["ROW_SHAPE"],
            none
        ]
    );
    assert_eq!(
        rows[3].findings[0].detail,
        "6 cells for 5 columns | 共 5 列，该行却有 6 格"
    );
    assert_eq!(
        rows[4].findings[0].detail,
        "a quote in line 6 is not closed | 第 6 行有引号没有闭合"
    );
    assert!(
        rows[3].findings[0].value.is_empty(),
        "a cell out of place may be a tax id"
    );
}
