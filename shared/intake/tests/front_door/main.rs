//! The crate's promises, tried through its front door: bytes in, rows and findings out.

mod answers;
mod appeals;
mod chunks;
mod corpus;
mod encodings;
mod events;
mod field;
mod field_money;
mod hostile;
mod json_lines;
mod limits;
mod orders;
mod proposals;
mod rates;
mod real_files;
mod refusing;
mod repaired;
mod sellers;
mod spreadsheets;
mod times;
mod titles;
mod tracking;
mod words;
mod zones;

use std::io::Cursor;
use std::sync::Arc;

use domain::carrier::CarrierTable;
use domain::code::FileCode;
use domain::event_code::EventTables;
use domain::time::StatedZone;
use domain::{Elapsed, PolicyBook, SellerId, Timestamp};
use intake::{
    CheckedRow, Context, FileError, FileZone, Kind, Limits, RawRow, Trust, UploadError, check, open,
};

/// The object's timestamp in these tests.
const ARRIVED: &str = "2024-06-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a test's instant")
}

/// The zones of a file's times by the shipped policy.
fn zone(kind: Kind, sender: Option<&SellerId>, stated: Option<StatedZone>) -> FileZone {
    FileZone::of(PolicyBook::shipped(), kind, sender, stated)
}

fn operator() -> Context {
    Context {
        zone: zone(Kind::Orders, None, None),
        platform_zone: chrono_tz::America::Los_Angeles,
        upload: 42,
        recorded_at: at(ARRIVED),
        clock: at(ARRIVED),
        stored: None,
        filled: intake::Filled::default(),
        trust: Trust::Operator,
        future_max: Elapsed::hours(14),
        earliest: PolicyBook::shipped().intake.earliest,
        events: Arc::clone(EventTables::shipped()),
        carriers: Arc::clone(CarrierTable::shipped()),
    }
}

fn seller(id: &str) -> Context {
    Context {
        trust: Trust::Seller(SellerId::parse(id).expect("a seller id")),
        ..operator()
    }
}

/// All rows of a file, or why it is refused.
fn rows_of(bytes: &[u8], kind: Kind, limits: Limits) -> Result<Vec<RawRow>, FileError> {
    let rows = open(Cursor::new(bytes), kind, limits).and_then(Iterator::collect);
    rows.map_err(|error| match error {
        UploadError::Refused(refusal) => refusal,
        UploadError::Read(error) => panic!("a slice can always be read: {error}"),
    })
}

fn cells_of(bytes: &[u8], kind: Kind) -> Vec<Vec<String>> {
    let rows = rows_of(bytes, kind, Limits::default()).expect("a readable file");
    rows.iter()
        .map(|row| row.cells().map(str::to_owned).collect())
        .collect()
}

fn refusal_of(bytes: &[u8], kind: Kind, limits: Limits) -> (FileCode, String) {
    let refusal = rows_of(bytes, kind, limits).expect_err("refused");
    (refusal.code, refusal.detail)
}

/// Checks every row of a file.
fn checked(text: &str, kind: Kind, context: &Context) -> Vec<CheckedRow> {
    let mut upload = open(Cursor::new(text), kind, Limits::default()).expect("a readable header");
    let columns = upload.columns().clone();
    upload
        .by_ref()
        .map(|row| check(&row.expect("a readable row"), &columns, context))
        .collect()
}

fn codes(row: &CheckedRow) -> Vec<&'static str> {
    row.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// Checks the one row of a file made of `(column, cell)` pairs.
fn one(kind: Kind, cells: &[(&str, &str)], context: &Context) -> CheckedRow {
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let header: Vec<&str> = cells.iter().map(|(column, _)| *column).collect();
    let row: Vec<String> = cells.iter().map(|(_, cell)| quoted(cell)).collect();
    let mut rows = checked(
        &format!("{}\n{}\n", header.join(","), row.join(",")),
        kind,
        context,
    );
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// `base` with some cells changed, or added at the end.
fn with<'a>(base: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut cells = base.to_vec();
    for &(column, cell) in changes {
        match cells.iter_mut().find(|(known, _)| *known == column) {
            Some(known) => known.1 = cell,
            None => cells.push((column, cell)),
        }
    }
    cells
}
