//! What spreadsheets leave in a file: totals, blank lines, `.0`, and order ids cut to fifteen digits.

use std::io::{Cursor, Write};

use domain::RowCode;
use intake::cell::Undone;
use intake::{Fact, Kind, Limits, open};

use crate::{checked, codes, operator, rows_of};

const HEADER: &str = "date,currency,usd_per_unit\n";
const ROW: &str = "2024-02-22,BRL,0.2\n";

fn counted(body: &str) -> (u64, u64) {
    let text = format!("{HEADER}{body}");
    let mut upload = open(Cursor::new(&text), Kind::Rates, Limits::default()).expect("readable");
    let rows: Vec<_> = upload.by_ref().map(|row| row.expect("readable")).collect();
    (rows.len() as u64, upload.about().totals_rows)
}

#[test]
fn totals_at_the_end_are_no_rows() {
    assert_eq!(counted(&format!("{ROW}{ROW}合计,,0.4\n")), (2, 1));
    assert_eq!(
        counted(&format!(
            "{ROW}\n,,小计： 0.2\n \u{a0},\u{200b},\nTotal: 1 row\n,,\n\n"
        )),
        (1, 2)
    );
    assert_eq!(counted("合计,,\n"), (0, 1));
    assert_eq!(counted(ROW), (1, 0));
}

#[test]
fn totals_in_the_middle_are_rows_with_their_error() {
    let text = format!("{HEADER}{ROW}合计,,0.2\n{ROW}总计,,0.4\n");
    let rows = checked(&text, Kind::Rates, &operator());
    assert_eq!(rows.len(), 3);
    assert!(rows[1].is_refused() && rows[2].fact.is_some());
    let read = rows_of(text.as_bytes(), Kind::Rates, Limits::default()).expect("readable");
    let places: Vec<_> = read
        .iter()
        .map(|row| (row.number(), row.line(), row.cell(0).to_owned()))
        .collect();
    assert_eq!(places[1], (2, 3, "合计".to_owned()));
    assert_eq!(places[2], (3, 4, "2024-02-22".to_owned()));
}

#[test]
fn a_file_of_nothing_but_totals_is_bounded() {
    let (rows, totals) = counted(&"合计,,\n".repeat(250));
    assert_eq!(rows + totals, 250);
    assert!(totals <= 101, "{totals}");
}

fn tracking(ids: &[&str]) -> Vec<(Vec<&'static str>, bool)> {
    let rows: Vec<String> = ids.iter().map(|id| format!("{id},DHL,3318810025\n")).collect();
    let text = format!("order_id,carrier,tracking_number\n{}", rows.concat());
    let rows = checked(&text, Kind::Tracking, &operator());
    rows.iter()
        .map(|row| (codes(row), row.undone.contains(Undone::POINT_ZERO)))
        .collect()
}

const CUT: [&str; 12] = [
    "8000011000000100",
    "8000011000000110",
    "8000011000000130",
    "8000011000000160",
    "8000011000000170",
    "8000011000000210",
    "8000011000000280",
    "8000011000000300",
    "8000011000000410",
    "8000011000000550",
    "8000011000000620",
    "8000011000000900",
];

#[test]
fn order_ids_that_all_end_in_zeros_were_cut_by_a_spreadsheet() {
    let lost = RowCode::OrderIdPrecisionLost.as_str();
    assert!(tracking(&CUT).iter().all(|(codes, _)| codes == &[lost]));
    assert!(
        tracking(&CUT[1..]).iter().all(|(codes, _)| codes.is_empty()),
        "eleven may be chance"
    );
    let sound = [&CUT[..], &["8000011000000005"]].concat();
    assert!(
        tracking(&sound).iter().all(|(codes, _)| codes.is_empty()),
        "one has all its digits"
    );
    let short = [&CUT[..], &["800001100000123"]].concat();
    let rows = tracking(&short);
    assert!(rows[..12].iter().all(|(codes, _)| codes == &[lost]) && rows[12].0.is_empty());
}

#[test]
fn the_sample_is_given_again_row_by_row() {
    let rows: String = (0..25_000)
        .map(|n| format!("80000110000{n:05},DHL,1\n"))
        .collect();
    let text = format!("order_id,carrier,tracking_number\n{rows}");
    let mut upload = open(Cursor::new(&text), Kind::Tracking, Limits::default()).expect("readable");
    assert!(!upload.precision_lost());
    for (n, row) in upload.by_ref().enumerate() {
        let row = row.expect("readable");
        assert_eq!(
            (row.number(), row.cell(0)),
            (n as u64 + 1, format!("80000110000{n:05}").as_str())
        );
    }
    assert_eq!(upload.rows(), 25_000);
}

#[test]
fn a_point_and_zero_behind_an_id_is_undone() {
    let text = "order_id,carrier,tracking_number\n8000011000000005.0,DHL,3318810025.0\n";
    let rows = checked(text, Kind::Tracking, &operator());
    let Some(Fact::Tracking(fact)) = &rows[0].fact else {
        panic!("{rows:?}")
    };
    assert_eq!(fact.order_id.to_string(), "8000011000000005");
    assert_eq!(
        fact.number.as_ref().map(ToString::to_string).as_deref(),
        Some("3318810025")
    );
    assert!(rows[0].undone.names().any(|name| name == "point_zero"));
}

/// A wrong fine would follow from taking it for a row without a number (A6).
#[test]
fn a_number_by_a_formula_that_was_never_computed_is_no_missing_number() {
    let text = |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let header = [
        ("A1", "order_id"),
        ("B1", "carrier"),
        ("C1", "tracking_number"),
        ("D1", "备注"),
    ];
    let header: String = header.iter().map(|(at, name)| text(at, name)).collect();
    let (order, carrier, remark) = (text("A2", "8000011000000005"), text("B2", "DHL"), text("D2", "x"));
    let sheet = format!(
        r#"<worksheet><sheetData><row r="1">{header}</row><row r="2">{order}{carrier}<c r="C2"><f>Z1</f></c>{remark}</row></sheetData></worksheet>"#
    );
    let file = workbook(&sheet);
    let mut upload = open(Cursor::new(&file), Kind::Tracking, Limits::default()).expect("readable");
    let columns = upload.columns().clone();
    let row = upload.next().expect("a row").expect("readable");
    assert_eq!(
        codes(&intake::check(&row, &columns, &operator())),
        ["TYPE_INVALID"]
    );
}

/// The least that is a workbook of one sheet.
fn workbook(sheet: &str) -> Vec<u8> {
    workbook_of(&[("S", sheet)])
}

/// The least that is a workbook of these sheets.
pub(crate) fn workbook_of(sheets: &[(&str, &str)]) -> Vec<u8> {
    let (mut tabs, mut relations, mut parts) = (String::new(), String::new(), Vec::new());
    for (at, (name, sheet)) in sheets.iter().enumerate() {
        tabs += &format!(r#"<sheet name="{name}" r:id="r{at}"/>"#);
        relations += &format!(
            r#"<Relationship Id="r{at}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{at}.xml"/>"#
        );
        parts.push((format!("xl/worksheets/sheet{at}.xml"), (*sheet).to_owned()));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook><sheets>{tabs}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships>{relations}</Relationships>"),
    ));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .expect("a part");
        archive.write_all(part.as_bytes()).expect("memory");
    }
    archive.finish().expect("a workbook").into_inner()
}

/// A program that writes workbooks keeps all digits of a number, and one id in ten ends in 0.
#[test]
fn whole_numbers_of_a_sheet_vouch_for_those_that_end_in_zero() {
    let sheet = |ids: &[&str]| {
        let header = ["order_id", "carrier", "tracking_number"]
            .map(|name| format!(r#"<c t="inlineStr"><is><t>{name}</t></is></c>"#))
            .concat();
        let rows = ids.iter().map(|id| {
            format!(
                r#"<row><c><v>{id}</v></c><c t="inlineStr"><is><t>DHL</t></is></c><c t="inlineStr"><is><t>3318810025</t></is></c></row>"#
            )
        });
        let rows: String = rows.collect();
        workbook(&format!(
            "<worksheet><sheetData><row>{header}</row>{rows}</sheetData></worksheet>"
        ))
    };
    let codes_of = |ids: &[&str]| -> Vec<Vec<&'static str>> {
        let mut upload = open(Cursor::new(sheet(ids)), Kind::Tracking, Limits::default()).expect("readable");
        let columns = upload.columns().clone();
        let rows = upload.by_ref().map(|row| row.expect("readable"));
        rows.map(|row| codes(&intake::check(&row, &columns, &operator())))
            .collect()
    };
    assert_eq!(codes_of(&["8000011000000050"]), [["ORDER_ID_PRECISION_LOST"]]);
    let whole = codes_of(&["8000011000000050", "8000011000000057"]);
    assert!(whole.iter().all(Vec::is_empty), "{whole:?}");
}
