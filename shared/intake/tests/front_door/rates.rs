//! Exchange rates.

use domain::facts::RateFact;
use intake::{CheckedRow, Fact, Kind};

use crate::{codes, one, operator, with};

const RATE: &[(&str, &str)] = &[
    ("date", "2024-02-22"),
    ("currency", "BRL"),
    ("usd_per_unit", "0.2000"),
];

fn rate(changes: &[(&str, &str)]) -> CheckedRow {
    one(Kind::Rates, &with(RATE, changes), &operator())
}

#[test]
fn a_rate_row_says_what_its_cells_say() {
    let row = rate(&[]);
    let Some(Fact::Rate(RateFact {
        date, currency, rate, ..
    })) = row.fact
    else {
        panic!("{:?}", row.findings)
    };
    assert_eq!(
        (
            date.to_string().as_str(),
            currency.as_str(),
            rate.to_string().as_str()
        ),
        ("2024-02-22", "BRL", "0.2")
    );
}

#[test]
fn every_slip_of_a_rate_row_has_its_code() {
    for (column, cell, code) in [
        ("date", "", "CELL_MISSING"),
        ("date", "22/02/2024", "TIME_INVALID"),
        ("date", "02/03/2024", "TIME_INVALID"),
        ("date", "2024-02-22 10:00", "TIME_INVALID"),
        ("date", "2024-02-30", "TIME_INVALID"),
        ("currency", "$", "CURRENCY_UNKNOWN"),
        ("usd_per_unit", "0", "AMOUNT_INVALID"),
        ("usd_per_unit", "-1", "AMOUNT_INVALID"),
        ("usd_per_unit", "0,2", "AMOUNT_INVALID"),
    ] {
        let row = rate(&[(column, cell)]);
        assert_eq!(
            (codes(&row), row.fact.is_none()),
            (vec![code], true),
            "{column} {cell:?}"
        );
    }
}

#[test]
fn a_rates_day_is_read_with_its_year_first() {
    for cell in [
        "2024-2-22",
        "2024/02/22",
        "2024.2.22",
        "2024年2月22日",
        "20240222",
        "2024-02-22 00:00:00",
    ] {
        let row = rate(&[("date", cell)]);
        let Some(Fact::Rate(fact)) = row.fact else {
            panic!("{cell}: {:?}", row.findings)
        };
        assert_eq!(fact.date.to_string(), "2024-02-22", "{cell}");
    }
    let row = rate(&[("date", "02/03/2024")]);
    assert!(row.findings[0].detail.starts_with("2024-02-03 or 2024-03-02 | "));
    assert_eq!(rate(&[("date", "22/02/2024")]).findings[0].proposal, "2024-02-22");
}
