//! One table in every encoding and packing: the same rows, and what was found is told.

use std::io::{Cursor, Write};

use domain::code::FileCode;
use encoding_rs::GB18030;
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use intake::{Compression, Encoding, Format, Kind, Limits, RawRow, open, open_surveyed, survey};

use crate::{cells_of, refusal_of, rows_of};

const TEXT: &str = "日期,币种,汇率,备注\n2024-02-22,BRL,0.2,首批\n2024-02-23,EUR,1.08,\"𠮷 \"\"加急\"\"\"\n";

fn gbk(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let marked = format!("\u{feff}{text}");
    marked.encode_utf16().flat_map(to_bytes).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Level::default());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory")
}

#[test]
fn a_table_in_any_encoding_and_packing_gives_the_same_rows_and_says_how_it_was_read() {
    let expected = [
        ["2024-02-22", "BRL", "0.2", "首批"],
        ["2024-02-23", "EUR", "1.08", "𠮷 \"加急\""],
    ];
    for (file, encoding) in [
        (TEXT.as_bytes().to_vec(), Encoding::Utf8),
        (format!("\u{feff}{TEXT}").into_bytes(), Encoding::Utf8),
        (utf16(TEXT, u16::to_le_bytes), Encoding::Utf16Le),
        (utf16(TEXT, u16::to_be_bytes), Encoding::Utf16Be),
        (gbk(TEXT), Encoding::Gb18030),
    ] {
        for (file, compression) in [
            (file.clone(), None),
            (gzip(&file), Some(Compression::Gzip)),
            (zstd(&file), Some(Compression::Zstd)),
        ] {
            assert_eq!(
                cells_of(&file, Kind::Rates),
                expected,
                "{encoding} {compression:?}"
            );
            let about = open(Cursor::new(&file), Kind::Rates, Limits::default())
                .expect("readable")
                .about();
            assert_eq!(
                (about.format, about.encoding, about.compression, about.delimiter),
                (Format::Csv, Some(encoding), compression, Some(','))
            );
        }
    }
}

#[test]
fn a_survey_serves_every_later_pass() {
    let file = gzip(&gbk(TEXT));
    let survey = survey(&mut Cursor::new(&file), &Limits::default()).expect("readable");
    for _ in 0..2 {
        let upload = open_surveyed(Cursor::new(&file), Kind::Rates, Limits::default(), &survey);
        assert_eq!(upload.expect("readable").count(), 2);
    }
}

#[test]
fn gzip_members_and_zstd_frames_are_one_text() {
    let (head, tail) = TEXT.as_bytes().split_at(41);
    for parts in [[gzip(head), gzip(tail)], [zstd(head), zstd(tail)]] {
        assert_eq!(
            rows_of(&parts.concat(), Kind::Rates, Limits::default()).map(|rows| rows.len()),
            Ok(2)
        );
    }
}

#[test]
fn packed_text_that_is_cut_off_or_broken_is_damaged() {
    let long: String = (0..2_000)
        .map(|n| format!("2024-02-22,BRL,0.{}\n", n * 7_919 % 10_007))
        .collect();
    let text = format!("date,currency,usd_per_unit\n{long}");
    for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        for length in [5, 9, 20, packed.len() / 2, packed.len() - 1] {
            let (code, detail) = refusal_of(&packed[..length], Kind::Rates, Limits::default());
            assert_eq!(code, FileCode::FileDamaged, "{length}: {detail}");
            assert!(detail.contains(" | "), "{detail}");
        }
        let mut broken = packed.clone();
        broken[packed.len() / 2] ^= 0x55;
        let codes = [FileCode::FileDamaged, FileCode::EncodingUnsure];
        assert!(codes.contains(&refusal_of(&broken, Kind::Rates, Limits::default()).0));
    }
    let trailing = [gzip(TEXT.as_bytes()), b"rubbish".to_vec()].concat();
    assert_eq!(
        refusal_of(&trailing, Kind::Rates, Limits::default()).0,
        FileCode::FileDamaged
    );
}

#[test]
fn what_is_packed_twice_is_refused_and_never_followed() {
    for twice in [
        gzip(&gzip(TEXT.as_bytes())),
        gzip(&zstd(TEXT.as_bytes())),
        zstd(&gzip(TEXT.as_bytes())),
    ] {
        let (code, detail) = refusal_of(&twice, Kind::Rates, Limits::default());
        assert_eq!(code, FileCode::FileType);
        assert!(detail.contains("inside a compressed file"), "{detail}");
    }
}

#[test]
fn utf16_that_is_cut_off_is_damaged_and_a_lone_surrogate_is_no_text() {
    let mut odd = utf16(TEXT, u16::to_le_bytes);
    odd.pop();
    assert_eq!(
        refusal_of(&odd, Kind::Rates, Limits::default()).0,
        FileCode::FileDamaged
    );
    let head = utf16("date,currency,usd_per_unit\n2024-02-22,BRL,0.2", u16::to_le_bytes);
    let lone = [&head[..], &[0x00, 0xd8], &[b'x', 0], &[b'\n', 0]].concat();
    let (code, detail) = refusal_of(&lone, Kind::Rates, Limits::default());
    assert_eq!(code, FileCode::EncodingUnsure);
    assert!(detail.starts_with("line 2 is not UTF-16LE"), "{detail}");
    let nul = utf16(
        "date,currency,usd_per_unit\n2024-02-22,B\0L,0.2",
        u16::to_be_bytes,
    );
    assert_eq!(
        refusal_of(&nul, Kind::Rates, Limits::default()).0,
        FileCode::FileDamaged
    );
}

#[test]
fn names_of_files_are_never_asked_and_a_workbook_is_told_by_its_bytes() {
    let (code, detail) = refusal_of(
        b"PK\x03\x04 and nothing that a zip has",
        Kind::Rates,
        Limits::default(),
    );
    assert!(
        matches!(code, FileCode::FileDamaged | FileCode::FileType),
        "{code} {detail}"
    );
    let mut row = RawRow::default();
    let mut upload = open(Cursor::new(TEXT), Kind::Rates, Limits::default()).expect("a text");
    assert!(upload.read(&mut row).is_ok_and(|read| read));
    assert_eq!(upload.about().format, Format::Csv);
}
