//! Files: how their rows are told apart, and why they are refused. One above each limit.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use domain::code::FileCode;
use intake::{Kind, Limits, UploadError, open};

use crate::{cells_of, refusal_of, rows_of};

const HEADER: &str = "date,currency,usd_per_unit";

pub(crate) fn rates(rows: &str) -> Vec<u8> {
    format!("{HEADER}\n{rows}").into_bytes()
}

fn rate_limits(limits: Limits, rows: &str) -> (FileCode, String) {
    refusal_of(&rates(rows), Kind::Rates, limits)
}

#[test]
fn commas_semicolons_and_tabs_any_line_ending_and_a_byte_order_mark_give_the_same_rows() {
    let expected = vec![
        vec!["2024-02-22", "BRL", "0.2000"],
        vec!["2024-02-22", "EUR", "1.08"],
    ];
    for delimiter in [",", ";", "\t"] {
        for line_end in ["\n", "\r\n", "\r"] {
            for mark in ["", "\u{feff}"] {
                for last in ["", line_end] {
                    let text = format!(
                        "{mark}date,currency,usd_per_unit\n2024-02-22,BRL,0.2000\n2024-02-22,EUR,1.08{last}"
                    );
                    let text = text.replace(',', delimiter).replace('\n', line_end);
                    assert_eq!(cells_of(text.as_bytes(), Kind::Rates), expected, "{text:?}");
                }
            }
        }
    }
}

#[test]
fn quoted_cells_may_hold_delimiters_quotes_and_line_ends() {
    let text = b"date,currency,usd_per_unit,note\r\n2024-02-22,BRL,0.2,\"a, \"\"b\"\"\r\nc\"\r\n\"2024-02-23\",\"BRL\",\"0.2\",\"\"\r\n";
    assert_eq!(
        cells_of(text, Kind::Rates),
        [
            ["2024-02-22", "BRL", "0.2", "a, \"b\"\r\nc"],
            ["2024-02-23", "BRL", "0.2", ""]
        ]
    );
}

#[test]
fn blank_lines_are_no_rows_and_lines_are_counted_over_them() {
    let text = rates(
        "\r\n2024-02-22,BRL,0.2\r\n\r\n,,\r\n  ,\t,\r\n2024-02-23,\"B\r\nL\",0.2\r\n\r\n2024-02-24,BRL,0.2\r\n\r\n",
    );
    let rows = rows_of(&text, Kind::Rates, Limits::default()).expect("readable");
    let places: Vec<_> = rows.iter().map(|row| (row.number(), row.line())).collect();
    assert_eq!(places, [(1, 3), (2, 7), (3, 10)]);
}

#[test]
fn a_header_without_rows_is_a_file_of_no_rows() {
    assert_eq!(
        rows_of(HEADER.as_bytes(), Kind::Rates, Limits::default()),
        Ok(vec![])
    );
}

#[test]
fn a_file_of_nothing_is_empty() {
    for text in ["", "\r\n\r\n", "\u{feff}", "\u{feff} \n", " , ,\n"] {
        assert_eq!(
            refusal_of(text.as_bytes(), Kind::Rates, Limits::default()).0,
            FileCode::FileEmpty,
            "{text:?}"
        );
    }
}

#[test]
fn other_kinds_of_file_are_refused() {
    for head in [
        &b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..],
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"<html>",
        b"[{\"date\": \"2024-02-22\"}]",
    ] {
        assert_eq!(
            refusal_of(head, Kind::Rates, Limits::default()).0,
            FileCode::FileType,
            "{head:?}"
        );
    }
}

#[test]
fn text_that_is_in_no_encoding_is_never_guessed_and_its_line_is_named() {
    let file = b"date,currency,usd_per_unit,note\n2024-02-22,BRL,0.2,ok\n2024-02-22,BRL,0.2,\xff\n";
    let (code, detail) = refusal_of(file, Kind::Rates, Limits::default());
    assert_eq!(
        (code, detail.as_str()),
        (
            FileCode::EncodingUnsure,
            "line 3 is neither UTF-8 nor GB18030 | 第 3 行既不是 UTF-8 也不是 GB18030"
        )
    );
    let within_quotes = b"date,currency,usd_per_unit,note\n2024-02-22,BRL,0.2,\"a\nb\n\xff\"\n";
    assert!(
        refusal_of(within_quotes, Kind::Rates, Limits::default())
            .1
            .starts_with("line 4 ")
    );
    // Behind a byte order mark, UTF-8 is a promise; two cells that would make a character only if they were one break it.
    for head in ["", "\u{feff}"] {
        let split = b"date,currency,usd_per_unit,a,b\n2024-02-22,BRL,0.2,\xc3,\xa9\n";
        let file = [head.as_bytes(), split].concat();
        let (code, detail) = refusal_of(&file, Kind::Rates, Limits::default());
        assert_eq!(code, FileCode::EncodingUnsure);
        assert!(detail.starts_with("line 2 "), "{detail}");
    }
}

#[test]
fn a_nul_byte_is_damage() {
    let (code, detail) = rate_limits(Limits::default(), "2024-02-22,BRL,0.2\n2024-02-22,B\0L,0.2\n");
    assert_eq!(code, FileCode::FileDamaged);
    assert!(detail.contains("line 3"), "{detail}");
}

#[test]
fn a_quote_that_is_never_closed_is_damage_and_its_line_is_named() {
    let (code, detail) = rate_limits(
        Limits::default(),
        "2024-02-22,BRL,0.2\n2024-02-22,\"BRL,0.2\n2024-02-22,BRL,0.2\n",
    );
    assert_eq!(code, FileCode::FileDamaged);
    assert!(detail.contains("line 3") && detail.contains("quote"), "{detail}");
}

#[test]
fn an_unclosed_quote_swallows_no_more_than_a_cell_and_its_line_is_named() {
    let rows = "2024-02-22,BRL,0.2\n".repeat(20_000);
    let (code, detail) = rate_limits(Limits::default(), &format!("{rows}2024-02-22,\"BRL,0.2\n{rows}"));
    assert_eq!(code, FileCode::CellLimit);
    assert!(detail.contains("line 20002 "), "{detail}");
}

#[test]
fn a_quote_that_swallows_rows_up_to_the_next_quote_is_seen() {
    let text = rates(
        "2024-02-22,\"BRL,0.2\n2024-02-23,BRL,0.2\n2024-02-24,\"BRL\",0.2\n2024-02-25,5\" disc,0.2\n2024-02-26,BRL,0.2\n",
    );
    let rows = rows_of(&text, Kind::Rates, Limits::default()).expect("readable");
    let strays: Vec<_> = rows
        .iter()
        .map(|row| (row.line(), row.has_stray_quote()))
        .collect();
    assert_eq!(strays, [(2, true), (5, false), (6, false)]);
}

#[test]
fn one_character_above_the_cell_limit_refuses_the_file() {
    for (letter, max) in [("x", 32_767), ("订", 32_767)] {
        let row = |count: usize| format!("2024-02-22,BRL,0.2,{}\n", letter.repeat(count));
        let file = |count| format!("{HEADER},note\n{}", row(count)).into_bytes();
        assert!(rows_of(&file(max), Kind::Rates, Limits::default()).is_ok());
        let (code, detail) = refusal_of(&file(max + 1), Kind::Rates, Limits::default());
        assert_eq!(code, FileCode::CellLimit);
        assert!(detail.contains("line 2 ") && detail.contains("32767"), "{detail}");
    }
}

#[test]
fn one_row_above_the_limit_refuses_the_file() {
    let limits = Limits {
        rows_max: 2,
        ..Limits::default()
    };
    let row = "2024-02-22,BRL,0.2\n";
    assert_eq!(
        rows_of(&rates(&format!("{}\n\n", row.repeat(2))), Kind::Rates, limits).map(|rows| rows.len()),
        Ok(2)
    );
    assert_eq!(
        rate_limits(limits, &row.repeat(3)),
        (FileCode::RowLimit, "2 rows | 2 行".to_owned())
    );
}

#[test]
fn one_column_above_the_limit_refuses_the_file() {
    let header =
        |columns: usize| format!("{HEADER}{}\n2024-02-22,BRL,0.2\n", ",x".repeat(columns - 3)).into_bytes();
    assert!(rows_of(&header(256), Kind::Rates, Limits::default()).is_ok());
    assert_eq!(
        refusal_of(&header(257), Kind::Rates, Limits::default()).0,
        FileCode::ColumnLimit
    );
    let (code, detail) = rate_limits(
        Limits::default(),
        &format!("2024-02-22,BRL,0.2\n{}\n", "x,".repeat(300)),
    );
    assert_eq!(code, FileCode::ColumnLimit);
    assert!(detail.starts_with("256 columns in line 3"), "{detail}");
}

#[test]
fn one_byte_above_the_file_or_text_limit_refuses_the_file() {
    let file = rates("2024-02-22,BRL,0.2\n");
    let size = file.len() as u64;
    let file_limit = |bytes| Limits {
        file_bytes_max: bytes,
        ..Limits::default()
    };
    assert!(rows_of(&file, Kind::Rates, file_limit(size)).is_ok());
    assert_eq!(
        refusal_of(&file, Kind::Rates, file_limit(size - 1)).0,
        FileCode::FileTooLarge
    );
    let text_limit = |bytes| Limits {
        text_bytes_max: bytes,
        ..Limits::default()
    };
    assert!(rows_of(&file, Kind::Rates, text_limit(size)).is_ok());
    assert_eq!(
        refusal_of(&file, Kind::Rates, text_limit(size - 1)).0,
        FileCode::InflateLimit
    );
}

#[test]
fn the_limits_are_the_contracts() {
    let limits = Limits::default();
    assert_eq!(
        (limits.file_bytes_max, limits.text_bytes_max),
        (512 * 1024 * 1024, 4 * 1024 * 1024 * 1024)
    );
    assert_eq!(
        (limits.rows_max, limits.columns_max, limits.cell_characters_max),
        (10_000_000, 256, 32_767)
    );
}

#[test]
fn no_rows_come_after_a_refusal() {
    let wide = ",".repeat(300);
    let text = rates(&format!(
        "2024-02-22,BRL,0.2\n2024-02-22{wide}\n2024-02-22,BRL,0.2\n"
    ));
    let mut upload = open(Cursor::new(&text), Kind::Rates, Limits::default()).expect("a readable header");
    assert!(matches!(upload.next(), Some(Ok(_))));
    assert!(matches!(upload.next(), Some(Err(UploadError::Refused(_)))));
    assert!(upload.next().is_none());
}

/// Gives some bytes, then fails.
struct Breaking<'a>(&'a [u8]);

impl Read for Breaking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            count => Ok(count),
        }
    }
}

impl Seek for Breaking<'_> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn bytes_that_do_not_come_are_no_fault_of_the_file() {
    let error = open(Breaking(HEADER.as_bytes()), Kind::Rates, Limits::default()).err();
    assert!(matches!(error, Some(UploadError::Read(_))), "{error:?}");
}
