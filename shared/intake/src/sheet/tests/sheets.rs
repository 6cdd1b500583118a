//! Which sheet is read, and what is told about it.

use rust_xlsxwriter::{Format, Formula, Workbook};

use super::maker::{Maker, read, read_named, refused, relation, rows, zipped};
use crate::{Limits, UploadError};

const HEADER: &str = "<row><c t=\"str\"><v>order_id</v></c></row>";

fn with_text(text: &str) -> String {
    format!("<row><c t=\"str\"><v>{text}</v></c></row>")
}

#[test]
fn the_first_visible_sheet_with_the_header_is_read() {
    let maker = Maker::of_rows(&with_text("notes"))
        .and_sheet("secret", "hidden", HEADER)
        .and_sheet("deep", "veryHidden", HEADER)
        .and_sheet("parcels", "visible", &format!("<row/>{HEADER}"))
        .and_sheet("more", "", HEADER);
    let (read, about) = read(&maker.build(), &Limits::default()).expect("sound");
    assert_eq!(read, [["order_id"]]);
    assert_eq!(about.name, "parcels");
    assert_eq!(about.other_sheets, ["Sheet1", "secret", "deep", "more"]);
}

#[test]
fn without_a_header_anywhere_the_first_visible_sheet_is_read() {
    let mut maker = Maker::of_rows(&with_text("a")).and_sheet("b", "", &with_text("b"));
    assert_eq!(rows(&maker.build()), [["a"]]);
    maker.sheets[0].1 = "hidden".into();
    assert_eq!(rows(&maker.build()), [["b"]]);
    maker.sheets[1].1 = "hidden".into();
    assert_eq!(refused(&maker.build(), &Limits::default()).0, "FILE_EMPTY");
}

#[test]
fn a_named_sheet_is_read_hidden_or_not_and_a_missing_one_is_said() {
    let file = Maker::of_rows(HEADER)
        .and_sheet("old &amp; new", "hidden", &with_text("x"))
        .build();
    let (read, _) = read_named(&file, &Limits::default(), Some("old & new")).expect("sound");
    assert_eq!(read, [["x"]]);
    let missing = read_named(&file, &Limits::default(), Some("none"));
    assert!(
        matches!(missing, Err(UploadError::Refused(refusal)) if refusal.detail.contains("Sheet1, old & new"))
    );
}

#[test]
fn charts_are_passed_over_and_the_strict_dialect_is_read() {
    let mut parts = Maker::of_rows(HEADER).build_parts_with_chart();
    assert_eq!(
        rows(&zipped(&parts, zip::CompressionMethod::Stored)),
        [["order_id"]]
    );
    for (_, part) in &mut parts {
        *part = part
            .replace(
                "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                "http://purl.oclc.org/ooxml/officeDocument/relationships",
            )
            .replace(
                "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                "http://purl.oclc.org/ooxml/spreadsheetml/main",
            )
            .replace("<sheetData>", "<x:sheetData>")
            .replace("</sheetData>", "</x:sheetData>");
    }
    assert_eq!(
        rows(&zipped(&parts, zip::CompressionMethod::Stored)),
        [["order_id"]]
    );
}

impl Maker {
    /// The parts, with a chart's tab before the sheet's.
    fn build_parts_with_chart(&self) -> Vec<(String, String)> {
        let mut parts = self.parts();
        let chart = relation("rIdC", "chartsheet", "chartsheets/sheet1.xml");
        for (name, part) in &mut parts {
            match name.as_str() {
                "xl/workbook.xml" => {
                    *part = part.replace("<sheets>", "<sheets><sheet name=\"Chart\" r:id=\"rIdC\"/>");
                }
                "xl/_rels/workbook.xml.rels" => {
                    *part = part.replace("</Relationships>", &format!("{chart}</Relationships>"));
                }
                _ => {}
            }
        }
        parts
    }
}

#[test]
fn hidden_rows_are_read_and_counted_blank_ones_are_not() {
    let xml = format!(
        "{HEADER}<row hidden=\"1\"><c><v>1</v></c></row><row hidden=\"1\"><c/></row><row><c><f>1</f><v>2</v></c></row>"
    );
    let (read, about) = read(&Maker::of_rows(&xml).build(), &Limits::default()).expect("sound");
    assert_eq!(read, [["order_id"], ["1#"], ["2=#"]]);
    assert_eq!((about.hidden_rows, about.formula_cells), (1, 1));
}

#[test]
fn what_is_no_workbook_is_named_with_its_remedy() {
    for (part, name) in [
        ("word/document.xml", "DOCX"),
        ("xl/workbook.bin", "XLSB"),
        ("content.xml", "ODS"),
        ("orders.csv", "ZIP"),
        ("Index/Document.iwa", "Numbers"),
    ] {
        let root = relation("rId1", "officeDocument", part);
        let file = zipped(
            &[
                (part.into(), "<x/>".into()),
                (
                    "_rels/.rels".into(),
                    format!("<Relationships>{root}</Relationships>"),
                ),
            ],
            zip::CompressionMethod::Deflated,
        );
        let (code, detail) = refused(&file, &Limits::default());
        assert_eq!(code, "FILE_TYPE");
        assert!(detail.starts_with(name) || detail.contains(name), "{detail}");
    }
    let nothing = zipped(&[], zip::CompressionMethod::Deflated);
    assert_eq!(refused(&nothing, &Limits::default()).0, "FILE_TYPE");
}

#[test]
fn a_workbook_as_a_library_writes_it_is_read() {
    let mut workbook = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let sheet = workbook.add_worksheet().set_name("订单").expect("a name");
    sheet.write(0, 0, "order_id").expect("written");
    sheet.write(0, 1, "运单号").expect("written");
    sheet
        .merge_range(1, 0, 2, 0, "8000011000000005", &Format::new())
        .expect("written");
    sheet.write(1, 1, "LP00123456789012").expect("written");
    sheet
        .write_formula(2, 1, Formula::new("=B2").set_result("LP00123456789012"))
        .expect("written");
    sheet
        .write_number_with_format(1, 2, 45_413.416_666_666_664, &date)
        .expect("written");
    sheet.set_row_hidden(2).expect("hidden");
    let file = workbook.save_to_buffer().expect("written");
    let (read, about) = read(&file, &Limits::default()).expect("sound");
    assert_eq!(
        read,
        [
            vec!["order_id", "运单号"],
            vec!["8000011000000005", "LP00123456789012", "2024-05-01 10:00:00"],
            vec!["8000011000000005", "LP00123456789012="],
        ]
    );
    assert_eq!(about.name, "订单");
    assert_eq!(
        (about.merged_ranges, about.hidden_rows, about.formula_cells),
        (1, 1, 1)
    );
}
