//! The report as a workbook, read back by another reader.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use report::{MonthReport, xlsx};

use crate::lake::{Lake, OrderRow, fulfilled, month, orders, settled};

fn report() -> MonthReport {
    let month = month("2024-04");
    let mut rows = orders("0012", month, 20, 1, 14_821_055);
    rows.push(fulfilled("waits", month, 500, 100));
    rows.push(OrderRow {
        fulfilment: None,
        ..fulfilled("pending", month, 600, 100)
    });
    Lake::of(&[(month, rows)]).report(month, settled())
}

fn sheets(report: &MonthReport) -> Vec<(String, Range<Data>)> {
    let bytes = xlsx(report).expect("a workbook");
    let mut workbook = Xlsx::new(Cursor::new(bytes)).expect("another reader opens it");
    workbook.worksheets()
}

/// The cell of a row under the column whose English name is `column`.
fn cell<'a>(sheet: &'a Range<Data>, row: usize, column: &str) -> &'a Data {
    let place = (0..sheet.width()).find(|place| {
        sheet
            .get((0, *place))
            .is_some_and(|title| title.to_string().ends_with(&format!("/ {column}")))
    });
    sheet
        .get((row, place.expect("the column is there")))
        .expect("a cell in range")
}

#[test]
fn another_reader_finds_a_sheet_for_each_view_and_every_figure_as_a_number() {
    let report = report();
    let sheets = sheets(&report);
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["卖家 sellers", "月份 months", "说明 definitions"]);
    let sellers = &sheets[0].1;
    assert_eq!(sellers.height(), 1 + report.rows.len());
    assert_eq!(
        cell(sellers, 1, "seller"),
        &Data::String("0012".to_owned()),
        "an id stays text"
    );
    for (column, figure) in [
        ("GMV", 148_210.55),
        ("due", 20.0),
        ("fulfilled", 19.0),
        ("fulfilment", 95.0),
        ("misses left", 0.0),
        ("fines USD", 0.0),
    ] {
        assert_eq!(cell(sellers, 1, column), &Data::Float(figure), "{column}");
    }
    assert_eq!(cell(sellers, 1, "eligible"), &Data::String("否 / no".to_owned()));
    let why = cell(sellers, 1, "why").to_string();
    assert!(why.contains(&report.rows[0].reasons_en) && why.contains(&report.rows[0].reasons_zh));
    // "pending" has nothing due: no rate, rather than a rate of nothing.
    assert_eq!(cell(sellers, 2, "seller").to_string(), "pending");
    assert_eq!(cell(sellers, 2, "fulfilment"), &Data::Empty);
    let months = &sheets[1].1;
    assert_eq!(
        (months.height(), cell(months, 1, "failed")),
        (4, &Data::Float(1.0))
    );
}

#[test]
fn every_column_is_defined_in_both_languages() {
    let sheets = sheets(&report());
    let [sellers, months, definitions] = [0, 1, 2].map(|index| &sheets[index].1);
    for sheet in [sellers, months] {
        for title in sheet.rows().next().expect("a header") {
            let defined = definitions.rows().find(|row| row[0] == *title);
            let defined = defined.unwrap_or_else(|| panic!("{title} is defined"));
            assert!(defined.iter().all(|text| !text.to_string().is_empty()));
        }
    }
}

#[test]
fn the_same_report_is_the_same_workbook_and_an_empty_one_opens_too() {
    let report = report();
    assert!(xlsx(&report).expect("a workbook") == xlsx(&report).expect("a workbook"));
    let empty = Lake::empty().report(month("2024-04"), settled());
    assert_eq!(sheets(&empty)[0].1.height(), 1);
}
