//! Amounts and currencies as people and platforms write them: read as themselves, or asked; never a thousand times off.

use intake::cell::Undone;
use intake::{CheckedRow, Fact, Kind};

use crate::field::context;
use crate::{checked, codes, one, operator, with};

const ORDER: &[(&str, &str)] = &[
    ("order_id", "8100311000000003"),
    ("seller_id", "S00001"),
    ("paid_at", "2024-05-28T16:02:54Z"),
    ("amount", "25.00"),
    ("currency", "USD"),
    ("destination_country", "ES"),
];

/// The amount of an order's row; else its codes.
fn amount(row: &CheckedRow) -> Result<String, Vec<&'static str>> {
    match &row.fact {
        Some(Fact::Order(fact)) => Ok(fact.amount.to_string()),
        Some(Fact::Statement(line)) => Ok(line.amount.to_string()),
        _ => Err(codes(row)),
    }
}

fn order(amount_cell: &str, currency: &str) -> CheckedRow {
    let cells = with(ORDER, &[("amount", amount_cell), ("currency", currency)]);
    one(Kind::Orders, &cells, &operator())
}

/// The amounts of a file's rows of one currency.
fn amounts(cells: &[&str], currency: &str) -> Vec<Result<String, Vec<&'static str>>> {
    let head = "order_id,seller_id,paid_at,amount,currency,destination_country\n";
    let rows = cells.iter().enumerate().map(|(index, cell)| {
        format!("81003110000{index:05},S00001,2024-05-28T16:02:54Z,\"{cell}\",{currency},ES\n")
    });
    let file = format!("{head}{}", rows.collect::<String>());
    checked(&file, Kind::Orders, &operator())
        .iter()
        .map(amount)
        .collect()
}

fn read(amount: &str) -> Result<String, Vec<&'static str>> {
    Ok(amount.to_owned())
}

fn refused() -> Result<String, Vec<&'static str>> {
    Err(vec!["AMOUNT_INVALID"])
}

#[test]
fn an_amount_of_two_readings_is_asked_with_both() {
    let rows = checked(include_str!("../field/m06-amount.csv"), Kind::Orders, &context());
    assert_eq!(codes(&rows[0]), ["AMOUNT_INVALID"]);
    let asked = &rows[0].findings[0].detail;
    assert!(
        asked.contains("1.50 EUR") && asked.contains("1500.00 EUR"),
        "{asked}"
    );
}

#[test]
fn the_files_other_amounts_decide_wherever_they_stand() {
    assert_eq!(
        amounts(&["1.500", "25.00"], "EUR"),
        [read("1.50 EUR"), read("25.00 EUR")]
    );
    assert_eq!(
        amounts(&["1.500", "25,00"], "EUR"),
        [read("1500.00 EUR"), read("25.00 EUR")]
    );
    assert_eq!(
        amounts(&["25,00", "1,500"], "KWD"),
        [read("25.000 KWD"), read("1.500 KWD")]
    );
    assert_eq!(amounts(&["1,500", "8"], "KWD"), [refused(), read("8.000 KWD")]);
    // A file that contradicts itself shows nothing.
    assert_eq!(
        amounts(&["25.00", "1.500", "25,00"], "EUR"),
        [read("25.00 EUR"), refused(), read("25.00 EUR")]
    );
    let many: Vec<&str> = [["1.500"; 3_000].as_slice(), &["1.234,50"]].concat();
    assert_eq!(amounts(&many, "EUR")[0], read("1500.00 EUR"));
}

#[test]
fn a_currency_beside_the_amount_must_be_the_rows() {
    for cell in [
        "US $25.00",
        "$25.00",
        "25.00 USD",
        "usd 25.00",
        "$ 25",
        "２５．００美元",
    ] {
        let row = order(cell, "USD");
        assert_eq!(amount(&row), read("25.00 USD"), "{cell}");
        assert!(row.undone.contains(Undone::CURRENCY_NAME), "{cell}");
    }
    assert_eq!(amount(&order("￥89", "CNY")), read("89.00 CNY"));
    for (cell, currency) in [
        ("€25.00", "USD"),
        ("US $25.00", "CAD"),
        ("25.00 EUR", "USD"),
        ("25.00 x", "USD"),
    ] {
        assert_eq!(amount(&order(cell, currency)), refused(), "{cell} {currency}");
    }
    assert_eq!(amount(&order("-$25.00", "USD")), refused());
}

#[test]
fn currencies_are_taken_by_their_names() {
    for (cell, code) in [
        ("RMB", "CNY"),
        ("人民币", "CNY"),
        ("US$", "USD"),
        ("US $", "USD"),
        ("€", "EUR"),
        ("美元", "USD"),
    ] {
        assert_eq!(
            amount(&order("25.00", cell)),
            read(&format!("25.00 {code}")),
            "{cell}"
        );
    }
    let row = order("25.00", "$");
    assert_eq!(codes(&row), ["CURRENCY_UNKNOWN"]);
    assert!(
        row.findings[0].detail.contains("USD / "),
        "{}",
        row.findings[0].detail
    );
}

#[test]
fn a_bills_sign_stands_on_either_side_of_its_currency() {
    for cell in ["CN￥ -98.52", "-CN￥ 98.52", "-98.52", "−98.52", "(98.52)"] {
        let cells = [
            ("statement_id", "B1"),
            ("line_no", "1"),
            ("amount", cell),
            ("currency", "CNY"),
            ("charged_at", "2024-05-28T16:02:54Z"),
        ];
        assert_eq!(
            amount(&one(Kind::Statement, &cells, &operator())),
            read("-98.52 CNY"),
            "{cell}"
        );
    }
}
