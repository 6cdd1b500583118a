//! JSON Lines: objects as rows.

use std::io::Cursor;

use domain::code::FileCode;
use intake::{Column, Fact, Format, Kind, Limits, open};

use crate::{checked, codes, operator, refusal_of, rows_of};

fn cells(text: &str) -> Vec<Vec<String>> {
    let rows = rows_of(text.as_bytes(), Kind::Rates, Limits::default()).expect("readable");
    rows.iter()
        .map(|row| row.cells().map(str::to_owned).collect())
        .collect()
}

#[test]
fn an_object_a_line_is_a_row_under_the_keys_of_the_first() {
    let text = "{\"汇率\": 0.20, \"date\": \"2024-02-22\", \"note\": null}\r\n\n{\"rate\": 1E-1, \"币种\": \"BRL\", \"who\": [1, {\"a\": 2}], \"note\": true, \"at\": 8000011000000005}\n";
    let upload = open(Cursor::new(text), Kind::Rates, Limits::default()).expect("readable");
    assert_eq!(upload.header(), ["汇率", "date", "note", "currency", "more"]);
    assert_eq!(upload.columns().at(Column::UsdPerUnit), Some(0));
    assert_eq!(
        (upload.about().format, upload.about().delimiter),
        (Format::JsonLines, None)
    );
    assert_eq!(
        cells(text),
        [
            ["0.20", "2024-02-22", "", "", ""],
            [
                "1E-1",
                "",
                "true",
                "BRL",
                "{\"who\":[1,{\"a\":2}],\"at\":8000011000000005}"
            ]
        ]
    );
}

#[test]
fn rows_are_checked_like_those_of_a_table() {
    let text = "{\"date\":\"2024-02-22\",\"currency\":\"BRL\",\"usd_per_unit\":0.2}\n{\"date\":\"2024-02-22\",\"currency\":\"EUR\"}";
    let rows = checked(text, Kind::Rates, &operator());
    assert!(matches!(rows[0].fact, Some(Fact::Rate(_))), "{rows:?}");
    assert_eq!(codes(&rows[1]), ["CELL_MISSING"]);
}

#[test]
fn a_broken_line_is_a_row_of_its_own_and_sinks_no_other() {
    let sound = "{\"date\":\"2024-02-22\",\"currency\":\"BRL\",\"usd_per_unit\":0.2}";
    let broken = [
        "{\"date\": \"2024",
        "[1]",
        "{\"date\":1,\"date\":2}",
        "{\"date\":1,\"日期\":2}",
        "{\"x\":1,\"x\":2}",
        "{\"date\":\"\\ud800\"}",
    ];
    let text = format!("{sound}\n{}\n{sound}\n", broken.join("\n"));
    let rows = checked(&text, Kind::Rates, &operator());
    assert_eq!(rows.len(), 8);
    for row in &rows[1..7] {
        assert_eq!((codes(row), &row.fact), (vec!["ROW_SHAPE"], &None));
        assert!(row.findings[0].detail.contains(" | "), "{:?}", row.findings);
    }
    assert!(rows[0].fact.is_some() && rows[7].fact.is_some());
    assert_eq!(
        cells(&text)[1].last().map(String::as_str),
        Some("{\"date\": \"2024"),
        "the line is kept"
    );
    let first = checked(&format!("{}\n{sound}\n", broken[0]), Kind::Rates, &operator());
    assert_eq!((codes(&first[0]), codes(&first[1])), (vec!["ROW_SHAPE"], vec![]));
}

#[test]
fn lines_cells_and_columns_are_bounded() {
    let note = |count: usize| format!("{{\"note\":\"{}\"}}", "订".repeat(count));
    assert!(rows_of(note(32_767).as_bytes(), Kind::Rates, Limits::default()).is_ok());
    assert_eq!(
        refusal_of(note(32_768).as_bytes(), Kind::Rates, Limits::default()).0,
        FileCode::CellLimit
    );
    let (code, detail) = refusal_of(note(2 << 20).as_bytes(), Kind::Rates, Limits::default());
    assert!(code == FileCode::CellLimit && detail.contains("4 MB"), "{detail}");
    let keys = |count: usize| {
        let keys: Vec<String> = (0..count).map(|n| format!("\"k{n}\":{n}")).collect();
        format!("{{{}}}", keys.join(","))
    };
    assert!(rows_of(keys(252).as_bytes(), Kind::Rates, Limits::default()).is_ok());
    assert_eq!(
        refusal_of(keys(253).as_bytes(), Kind::Rates, Limits::default()).0,
        FileCode::ColumnLimit
    );
    let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
    let rows = checked(&deep, Kind::Rates, &operator());
    assert_eq!(codes(&rows[0]), ["ROW_SHAPE"]);
}

#[test]
fn a_nul_byte_is_damage() {
    assert_eq!(
        refusal_of(b"{\"date\":\"\0\"}", Kind::Rates, Limits::default()).0,
        FileCode::FileDamaged
    );
}
