//! `repaired.xlsx` as it is written and as intake reads it again.

use std::io::Cursor;

use domain::Finding;
use intake::{Kind, Limits, RawRow, RepairedWriter, TO_DO_COLUMN, check, open};
use proptest::prelude::*;

use crate::operator;

/// A sheet read again: its header, and each row with its findings.
type Sheet = (Vec<String>, Vec<(RawRow, Vec<Finding>)>);

fn read(file: &[u8]) -> Sheet {
    let mut upload = open(Cursor::new(file), Kind::Tracking, Limits::default()).expect("a readable header");
    let (header, columns) = (upload.header().to_vec(), upload.columns().clone());
    let context = operator();
    let mut rows = Vec::new();
    let mut row = RawRow::default();
    while upload.read(&mut row).expect("readable") {
        let findings = check(&row, &columns, &context).findings;
        rows.push((row.clone(), findings));
    }
    (header, rows)
}

/// The workbook for a text.
fn repaired_of(text: &str) -> Vec<u8> {
    let mut upload =
        open(Cursor::new(text.as_bytes()), Kind::Tracking, Limits::default()).expect("a readable header");
    let (header, columns) = (upload.header().to_vec(), upload.columns().clone());
    let context = operator();
    let mut writer = RepairedWriter::new(&header, &columns, &context, u64::MAX).expect("a workbook");
    let mut row = RawRow::default();
    while upload.read(&mut row).expect("readable") {
        let findings = check(&row, &columns, &context).findings;
        writer.write(&row, &findings).expect("a row");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("repaired.xlsx");
    writer.finish(&path).expect("a workbook");
    std::fs::read(path).expect("a file")
}

const HEADER: &str = "order_id,carrier,tracking_number,uploaded_at,note\n";

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn what_is_certain_is_repaired_and_what_needs_a_person_is_said() {
    let text = format!(
        "{HEADER}'8000011000000001,ＤＨＬ,8668 041546,2024-05-28 16:02:54,=1+1\n8000011000000002.0,DHL,86680,,a;=2\n"
    );
    let (header, rows) = read(&repaired_of(&text));
    assert_eq!(header.last().map(String::as_str), Some(TO_DO_COLUMN));
    let cells: Vec<&str> = rows[0].0.cells().take(5).collect();
    assert_eq!(
        cells,
        [
            "8000011000000001",
            "DHL",
            "8668041546",
            "2024-05-28 16:02:54",
            "'=1+1"
        ]
    );
    assert_eq!(codes(&rows[0].1), [""; 0], "accepted when sent again");
    assert_eq!(rows[1].0.cell(0), "8000011000000002");
    assert_eq!(rows[1].0.cell(4), "a;\u{200b}=2");
    assert_eq!(codes(&rows[1].1), ["NUM_FORMAT"]);
    assert!(
        rows[1].0.cell(5).starts_with("【tracking_number】NUM_FORMAT: "),
        "{:?}",
        rows[1].0.cell(5)
    );
    assert_eq!(rows[0].0.cell(5), "");
}

#[test]
fn a_cell_without_a_certain_repair_stays_as_it_is_for_a_person() {
    let text = format!("{HEADER}8000011000000001,DHL,86 68,,\n8000011000000002,DHL,DHL:8668041546,,\n");
    let (_, rows) = read(&repaired_of(&text));
    assert_eq!(rows[0].0.cell(2), "86 68");
    assert!(
        rows[0]
            .0
            .cell(5)
            .starts_with("【tracking_number】NUM_WHITESPACE: "),
        "{:?}",
        rows[0].0.cell(5)
    );
    assert_eq!((rows[1].0.cell(2), rows[1].0.cell(5)), ("8668041546", ""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_without_a_repair_are_found_as_before_when_sent_again(
        cells in proptest::collection::vec(("['=]?80000110000000[0-9]{2}(\\.0)?\t?", "DHL|敦豪|Yanwen|x|ＤＨＬ|", "[0-9]{8,12}|RB328367915CN|1\\.2E\\+15|", "2024-0[1-9]-[0-3][0-9] 1[0-9]:00:00|2024-11-03 01:30:00|x|", "[-+=@'; a;]{0,6}"), 1..12),
    ) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let lines = cells.iter().map(|(order, carrier, number, at, note)| {
            [order, carrier, number, at, note].map(|cell| quoted(cell)).join(",")
        });
        let text = format!("{HEADER}{}\n", lines.collect::<Vec<_>>().join("\n"));
        let before = read(text.as_bytes());
        let after = read(&repaired_of(&text));
        prop_assert_eq!(before.1.len(), after.1.len());
        for ((raw, was), (again, is)) in before.1.iter().zip(&after.1) {
            let is_repairable = was.iter().any(|finding| !finding.proposal.is_empty());
            if !is_repairable {
                prop_assert_eq!(codes(was), codes(is), "{:?} {:?}", raw, again);
            }
            let needs_a_person = is.iter().any(Finding::is_error);
            prop_assert_eq!(needs_a_person, !again.cell(5).is_empty(), "{:?} {:?}", raw, again);
        }
    }
}
