//! What stands above and below a table: titles, remarks, nothing at all.

use std::io::Cursor;

use domain::code::FileCode;
use intake::{About, Kind, Limits, RawRow, open};

use crate::refusal_of;
use crate::spreadsheets::workbook_of;

fn read(file: &[u8]) -> (About, Vec<RawRow>) {
    let mut upload = open(Cursor::new(file), Kind::Tracking, Limits::default()).expect("readable");
    let rows = upload.by_ref().map(|row| row.expect("a row")).collect();
    (upload.about(), rows)
}

const TABLE: &str = "订单号,物流方式,运单号\n8000011000000005,DHL,3318810025\n";

#[test]
fn a_title_above_the_header_is_passed_over_and_told() {
    for (title, rows) in [
        ("", 0),
        ("六月发货表\n", 1),
        ("\n六月发货表,,\n\n店铺,S1\n导出时间,2024-06-01\n", 3),
        ("sep=,\n", 1),
        ("a;b;c;d;e\n", 1),
        ("\"两行的\n标题\",,\n", 1),
    ] {
        let text = format!("{title}{TABLE}");
        let (about, read) = read(text.as_bytes());
        assert_eq!((about.title_rows, read.len()), (rows, 1), "{title:?}");
        assert_eq!((read[0].number(), read[0].cell(2)), (1, "3318810025"));
        assert_eq!(read[0].line(), 2 + title.lines().count() as u64, "{title:?}");
    }
}

#[test]
fn a_header_too_far_down_is_missing() {
    let above = |rows: usize| format!("{}{TABLE}", "标题\n".repeat(rows));
    assert_eq!(read(above(9).as_bytes()).0.title_rows, 9);
    let (code, detail) = refusal_of(above(10).as_bytes(), Kind::Tracking, Limits::default());
    assert_eq!(code, FileCode::HeaderMissing);
    assert!(
        detail.starts_with("order_id, carrier, tracking_number"),
        "{detail}"
    );
}

#[test]
fn a_header_that_lacks_a_column_is_not_passed_over_for_a_later_one() {
    let text = format!("标题\n订单号,运单号\n1,2\n{TABLE}");
    let (code, detail) = refusal_of(text.as_bytes(), Kind::Tracking, Limits::default());
    assert_eq!(code, FileCode::HeaderMissing);
    assert!(
        detail.starts_with("carrier; the file has 订单号, 运单号 | 承运商；"),
        "{detail}"
    );
    let text = format!("标题\n订单号,物流方式,运单号,物流单号\n1,2\n{TABLE}");
    assert_eq!(
        refusal_of(text.as_bytes(), Kind::Tracking, Limits::default()).0,
        FileCode::HeaderAmbiguous
    );
}

#[test]
fn a_sheet_with_a_merged_title_is_read_like_a_text() {
    let row = |at: usize, cells: &[&str]| {
        let cells = cells
            .iter()
            .zip(["A", "B", "C"])
            .map(|(cell, column)| format!(r#"<c r="{column}{at}" t="inlineStr"><is><t>{cell}</t></is></c>"#));
        format!(r#"<row r="{at}">{}</row>"#, cells.collect::<String>())
    };
    let rows = [
        row(1, &["六月发货表"]),
        row(4, &["订单号", "物流方式", "运单号"]),
        row(7, &["8000011000000005", "DHL", "3318810025"]),
        row(9, &["备注：节假日顺延"]),
    ];
    let sheet = format!(
        r#"<worksheet><sheetData>{}</sheetData><mergeCells><mergeCell ref="A1:C1"/></mergeCells></worksheet>"#,
        rows.concat()
    );
    let notes = format!(
        "<worksheet><sheetData>{}</sheetData></worksheet>",
        row(1, &["说明"])
    );
    let (about, read) = read(&workbook_of(&[("说明", &notes), ("发货", &sheet)]));
    assert_eq!(about.sheet.as_deref(), Some("发货"));
    assert_eq!((about.title_rows, about.totals_rows), (1, 1));
    let places: Vec<_> = read.iter().map(|row| (row.number(), row.line())).collect();
    assert_eq!(places, [(1, 7)]);
}
