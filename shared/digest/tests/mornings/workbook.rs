//! The workbook: text cells, the same bytes, and no formula however it is opened.

use std::io::{Cursor, Read};

use digest::xlsx;
use domain::Because;

use crate::made::{book, digest_of, entries, hour, orders};

pub fn sheets(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a workbook is a zip archive");
    let mut text = String::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("a file of it");
        if file.name().expect("a name").starts_with("xl/worksheets/sheet") {
            file.read_to_string(&mut text).expect("a sheet is text");
        }
    }
    text
}

#[test]
fn every_cell_is_text_and_the_same_night_gives_the_same_bytes() {
    let all = orders(300);
    let made = || xlsx(&digest_of(&all, entries(&all, hour(690)), hour(690)), book()).expect("a workbook");
    let bytes = made();
    assert_eq!(bytes, made());
    let sheets = sheets(&bytes);
    assert!(sheets.contains("怎么办 / what to do") && sheets.contains("2024-0"));
    assert!(
        !sheets.contains("<f>") && !sheets.contains("<v>"),
        "no formula, no number"
    );
}

#[test]
fn a_text_that_begins_like_a_formula_is_quoted() {
    let mut posted = entries(&orders(300), hour(900));
    posted[0].entry_id = "=HYPERLINK(\"http://x\")".to_owned();
    posted[1].because = Because::AppealAccepted {
        appeal_id: "@SUM(1)".to_owned(),
        filed_at: hour(1),
        decided_at: hour(1),
    };
    let sheets = sheets(&xlsx(&digest_of(&[], posted, hour(900)), book()).expect("a workbook"));
    assert!(sheets.contains("'=HYPERLINK") && !sheets.contains(">=HYPERLINK"));
    assert!(sheets.contains("@SUM(1)"), "inside a sentence it begins nothing");
}
