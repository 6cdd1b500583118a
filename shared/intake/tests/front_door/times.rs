//! Times as files write them.

use domain::message::message;
use intake::{CheckedRow, Fact, Kind};

use crate::field::context;
use crate::{at, checked, codes, one, operator, with};

const ORDER: &[(&str, &str)] = &[
    ("order_id", "8000011000000005"),
    ("seller_id", "S1"),
    ("paid_at", "2024-05-28 10:00:00"),
    ("amount", "80.10"),
    ("currency", "USD"),
    ("destination_country", "ES"),
];

fn paid(cell: &str) -> CheckedRow {
    one(Kind::Orders, &with(ORDER, &[("paid_at", cell)]), &operator())
}

#[test]
fn the_times_of_the_field_are_read() {
    let context = context();
    let rows = checked(include_str!("../field/m04-times.csv"), Kind::Orders, &context);
    let paid_at = |row: CheckedRow| match row.fact {
        Some(Fact::Order(fact)) => fact.paid_at,
        _ => panic!("{:?}", row.findings),
    };
    let paid_at: Vec<_> = rows.into_iter().map(paid_at).collect();
    let expected = [
        "2026-11-05T17:15:00Z",
        "2026-11-05T01:15:00Z",
        "2026-11-05T17:15:00Z",
    ]
    .map(at);
    assert_eq!(paid_at, expected);
}

#[test]
fn a_time_that_cannot_be_read_is_told_how_to_write_it_and_that_is_accepted() {
    for (cell, fixes) in [
        ("05/11/2023 09:15", &["2023-05-11 09:15", "2023-11-05 09:15"][..]),
        ("29.11.2023 09:15:08", &["2023-11-29 09:15:08"]),
        ("2023-11-29", &["2024-03-01 12:00:00"]),
        ("2024-03-10 02:30", &["2024-03-10T03:30:00-07:00"]),
        ("soon", &["2024-03-01 12:00:00", "2024-03-01T12:00:00+08:00"]),
    ] {
        let row = paid(cell);
        assert_eq!(codes(&row), ["TIME_INVALID"], "{cell}");
        let text = message(&row.findings[0]);
        for fix in fixes {
            assert!(
                text.fix_en.contains(fix) && text.fix_zh.contains(fix),
                "{cell}: {text:?}"
            );
            assert!(paid(fix).fact.is_some(), "{fix}");
        }
    }
}
