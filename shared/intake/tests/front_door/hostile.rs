//! Whatever the bytes: rows or a refusal, the same however they arrive, and as the `csv` crate reads them.

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use domain::code::FileCode;
use intake::{Context, Kind, Limits, UploadError, check, open};
use proptest::prelude::*;

use crate::{operator, rows_of, seller};

fn small() -> Limits {
    Limits {
        file_bytes_max: 4_096,
        text_bytes_max: 4_096,
        rows_max: 50,
        columns_max: 12,
        cell_characters_max: 64,
        ..Limits::default()
    }
}

/// Hands out a few bytes at a time, as a slow network does.
struct Dripping<'a> {
    bytes: Cursor<&'a [u8]>,
    at_once: usize,
}

impl Seek for Dripping<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(position)
    }
}

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.at_once.min(buffer.len());
        self.bytes.read(&mut buffer[..count])
    }
}

/// Rows, or the refusal, of a file that drips in.
fn dripped(bytes: &[u8], kind: Kind, at_once: usize) -> Result<Vec<intake::RawRow>, intake::FileError> {
    let rows = open(
        Dripping {
            bytes: Cursor::new(bytes),
            at_once,
        },
        kind,
        small(),
    )
    .and_then(Iterator::collect);
    rows.map_err(|error| match error {
        UploadError::Refused(refusal) => refusal,
        UploadError::Read(error) => panic!("a slice can always be read: {error}"),
    })
}

/// Counts what is read of an endless file.
struct Endless<'a> {
    head: Cursor<&'a [u8]>,
    byte: u8,
    bytes: &'a Cell<u64>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.head.read(buffer)?;
        if count == 0 {
            buffer.fill(self.byte);
            count = buffer.len();
        }
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}

impl Seek for Endless<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.head.seek(position)
    }
}

#[test]
fn an_endless_file_is_refused_soon() {
    for (body, byte, code) in [
        ("", b'x', FileCode::CellLimit),
        ("\"", b'\n', FileCode::FileTooLarge),
        ("\"", b',', FileCode::CellLimit),
        ("", b',', FileCode::ColumnLimit),
        ("", b'\n', FileCode::FileTooLarge),
        ("", b' ', FileCode::CellLimit),
    ] {
        let bytes = Cell::new(0);
        let head = format!("date,currency,usd_per_unit\n{body}");
        let limits = Limits {
            file_bytes_max: 1 << 20,
            text_bytes_max: 1 << 30,
            ..small()
        };
        let rows = open(
            Endless {
                head: Cursor::new(head.as_bytes()),
                byte,
                bytes: &bytes,
            },
            Kind::Rates,
            limits,
        )
        .and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let Err(UploadError::Refused(refusal)) = rows else {
            panic!("{byte}: {rows:?}")
        };
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(
            bytes.get() <= (1 << 20) + (1 << 19),
            "{} bytes were read",
            bytes.get()
        );
    }
}

fn any_kind() -> impl Strategy<Value = Kind> {
    proptest::sample::select(
        &[
            Kind::Orders,
            Kind::Tracking,
            Kind::Events,
            Kind::Appeals,
            Kind::Rates,
        ][..],
    )
}

fn header_of(kind: Kind) -> String {
    kind.columns()
        .iter()
        .map(|(column, _)| column.as_str())
        .collect::<Vec<_>>()
        .join(",")
}

/// Cells that rows may hold in these tests: sound ones, tricks, slips and rubbish.
fn any_cell() -> impl Strategy<Value = String> {
    let known = [
        "",
        "8000011000000005",
        "8.00001E+15",
        "S00004",
        "_",
        "DHL",
        "AE Standard Shipping",
        "Pigeon Post",
        "8668041546",
        "8668 041546",
        "166804154",
        "1.23457E+15",
        "2024-05-28T16:02:54Z",
        "2024-11-03 01:30",
        "2024-03-10 02:30",
        "soon",
        "1257.69",
        "-1",
        "USD",
        "XXX",
        "RU",
        "ZZ",
        "all",
        "全部",
        "paid",
        "accepted",
        "A6",
        "picked_up",
        "2024-02-22",
        "0.2",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.map(str::to_owned).to_vec()),
        1 => "[ -~\t\n\r\u{a0}\u{200b}\u{ff10}-\u{ff5a}订]{0,20}",
    ]
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn arbitrary_bytes_give_rows_or_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in any_kind()) {
        let _ = rows_of(&bytes, kind, small());
    }

    #[test]
    fn arbitrary_text_below_a_header_gives_the_same_however_it_arrives(
        body in proptest::collection::vec(prop_oneof![
            8 => proptest::sample::select(&b",\"\n\r 0aE+"[..]), 1 => any::<u8>()], 0..400),
        kind in any_kind(),
        at_once in 1_usize..9,
    ) {
        let mut bytes = header_of(kind).into_bytes();
        bytes.push(b'\n');
        bytes.extend(body);
        let whole = rows_of(&bytes, kind, small());
        prop_assert_eq!(&dripped(&bytes, kind, at_once), &whole);
        for row in whole.iter().flatten() {
            prop_assert!(row.len() <= small().columns_max);
            prop_assert!(row.cells().all(|cell| cell.chars().count() <= small().cell_characters_max));
        }
    }

    #[test]
    fn rows_are_what_the_csv_crate_reads(body in "[,\"\n\r a-c订]{0,200}") {
        let text = format!("date,currency,usd_per_unit\n{body}");
        let Ok(rows) = rows_of(text.as_bytes(), Kind::Rates, Limits::default()) else { return Ok(()) };
        let mut peer = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> = peer
            .records()
            .map(|record| record.expect("UTF-8").iter().map(str::to_owned).collect::<Vec<_>>())
            .filter(|cells| cells.iter().any(|cell| !cell.trim().is_empty()))
            .collect();
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.cells().map(str::to_owned).collect()).collect();
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn every_row_has_a_verdict(
        kind in any_kind(),
        rows in proptest::collection::vec(proptest::collection::vec(any_cell(), 0..15), 0..8),
        is_seller in any::<bool>(),
    ) {
        let lines = rows.iter().map(|cells| cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
        let text = format!("{}\n{}", header_of(kind), lines.collect::<Vec<_>>().join("\n"));
        let context: Context = if is_seller { seller("S00004") } else { operator() };
        let mut upload = open(Cursor::new(&text), kind, Limits::default()).expect("a readable header");
        let columns = upload.columns().clone();
        for row in upload.by_ref() {
            let row = row.expect("readable");
            let verdict = check(&row, &columns, &context);
            prop_assert!(verdict.fact.is_some() || verdict.is_refused(), "{:?} {:?}", row, verdict);
            if kind != Kind::Tracking {
                prop_assert!(verdict.fact.is_none() || !verdict.is_refused(), "{:?} {:?}", row, verdict);
            }
        }
    }
}
