//! Files made to harm: each limit with a file just beyond it, and bytes flipped at random.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::maker::{Maker, read, refused, rows, sheet};
use crate::sheet::Sheet;
use crate::{Limits, UploadError};

const MEGABYTE: usize = 1 << 20;

/// A workbook whose sheet and shared texts are huge runs of one piece: `before`, `times` × `piece`, `after`.
fn bomb(in_shared: bool, before: &str, piece: &str, times: usize, after: &str) -> Vec<u8> {
    let mut part = String::with_capacity(before.len() + piece.len() * times + after.len());
    part.push_str(before);
    for _ in 0..times {
        part.push_str(piece);
    }
    part.push_str(after);
    let mut maker = Maker::of_rows("<row><c t=\"s\"><v>0</v></c></row>").shared("<si><t>x</t></si>");
    if in_shared {
        maker.shared = Some(part);
    } else {
        maker.sheets[0].2 = part;
    }
    maker.build()
}

#[test]
fn a_sheet_that_inflates_a_thousandfold_stops_at_the_limit() {
    let row = "<row><c><v>1</v></c></row>".repeat(1000);
    let file = bomb(
        false,
        "<worksheet><sheetData>",
        &row,
        500 * MEGABYTE / row.len(),
        "</sheetData></worksheet>",
    );
    assert!(file.len() < 4 * MEGABYTE, "{}", file.len());
    let limits = Limits {
        sheet_bytes_max: 64 << 20,
        ..Limits::default()
    };
    assert_eq!(refused(&file, &limits), ("INFLATE_LIMIT", "64 MB".into()));
}

#[test]
fn what_a_bomb_declares_of_itself_is_not_believed() {
    let mut file = bomb(
        false,
        "<worksheet><sheetData>",
        &" ".repeat(MEGABYTE),
        40,
        "</sheetData></worksheet>",
    );
    let entry = file
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .expect("an entry");
    file[entry + 24..entry + 28].copy_from_slice(&100_u32.to_le_bytes());
    assert_eq!(refused(&file, &Limits::default()).0, "FILE_DAMAGED");
}

#[test]
fn shared_texts_that_inflate_a_thousandfold_stop_at_the_limit() {
    let text = format!("<si><t>{}</t></si>", "x".repeat(30_000));
    let file = bomb(true, "<sst>", &text, 500 * MEGABYTE / text.len(), "</sst>");
    assert!(file.len() < 4 * MEGABYTE);
    assert_eq!(refused(&file, &Limits::default()).0, "SHARED_STRING_LIMIT");
    let file = bomb(true, "<sst>", "<si/>", 6_000_000, "</sst>");
    assert_eq!(refused(&file, &Limits::default()).0, "SHARED_STRING_LIMIT");
}

#[test]
fn a_refused_bomb_is_read_no_further() {
    struct Counting<R>(R, &'static AtomicU64);
    impl<R: Read> Read for Counting<R> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.read(buffer)?;
            self.1.fetch_add(count as u64, Ordering::Relaxed);
            Ok(count)
        }
    }
    impl<R: Seek> Seek for Counting<R> {
        fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
            self.0.seek(position)
        }
    }
    static BYTES: AtomicU64 = AtomicU64::new(0);
    let text = format!("<si><t>{}</t></si>", "x".repeat(30_000));
    let file = bomb(true, "<sst>", &text, 300 * MEGABYTE / text.len(), "</sst>");
    let limits = Limits {
        shared_string_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let opened = Sheet::open(Counting(Cursor::new(&file), &BYTES), &limits, None, &|_| Ok(true));
    assert!(matches!(opened, Err(UploadError::Refused(_))));
    // The file's end with its directory, and a few buffers of the part.
    let read = BYTES.load(Ordering::Relaxed);
    assert!(read < 256 << 10, "{read} of {} bytes", file.len());
}

#[test]
fn one_text_or_tag_or_comment_without_end_is_not_held() {
    for (before, after) in [
        (
            "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>",
            "</t></is></c></row></sheetData></worksheet>",
        ),
        (
            "<worksheet><sheetData><row><c a=\"",
            "\"/></row></sheetData></worksheet>",
        ),
        ("<worksheet><sheetData><!--", "--></sheetData></worksheet>"),
        (
            "<worksheet><sheetData><row><c><v><![CDATA[",
            "]]></v></c></row></sheetData></worksheet>",
        ),
    ] {
        let file = bomb(false, before, &"x".repeat(MEGABYTE), 64, after);
        assert_eq!(refused(&file, &Limits::default()).0, "CELL_LIMIT", "{before}");
    }
}

#[test]
fn a_text_of_many_pieces_is_bounded_as_one() {
    for piece in ["&amp;", "&#20013;", "<![CDATA[x]]>", "x<!---->", "</t><t>y"] {
        let file = bomb(
            false,
            "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>",
            piece,
            1_000_000,
            "</t></is></c></row></sheetData></worksheet>",
        );
        assert_eq!(refused(&file, &Limits::default()).0, "CELL_LIMIT", "{piece}");
    }
}

#[test]
fn elements_nested_without_end_are_refused() {
    let file = bomb(
        false,
        "<worksheet><sheetData>",
        "<row>",
        1,
        &"<a>".repeat(1_000_000),
    );
    assert_eq!(refused(&file, &Limits::default()).0, "FILE_DAMAGED");
}

#[test]
fn document_types_and_entities_are_refused() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>";
    for part in [
        format!("{laughs}{}", sheet("<row><c><v>1</v></c></row>", "")),
        sheet("<row><c t=\"inlineStr\"><is><t>&b;</t></is></c></row>", ""),
    ] {
        let file = Maker::of_sheet(&part).build();
        assert_eq!(refused(&file, &Limits::default()).0, "FILE_DAMAGED");
    }
}

#[test]
fn ten_million_tiny_cells_stop_at_their_limit() {
    let row = format!("<row>{}</row>", "<c/>".repeat(1000));
    let file = bomb(
        false,
        "<worksheet><sheetData>",
        &row,
        10_000,
        "</sheetData></worksheet>",
    );
    let limits = Limits {
        cells_max: 1_000_000,
        ..Limits::default()
    };
    assert_eq!(
        refused(&file, &limits),
        ("CELL_COUNT_LIMIT", "1000000 cells | 1000000 个单元格".into())
    );
}

#[test]
fn each_limit_refuses_one_more_than_it_allows() {
    let file =
        Maker::of_rows("<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row><row><c><v>1</v></c></row>")
            .shared("<si><t>abc</t></si><si><t>de</t></si>")
            .build();
    let exact = Limits {
        columns_max: 2,
        cell_characters_max: 3,
        sheet_rows_max: 1,
        zip_entries_max: 5,
        shared_strings_max: 2,
        shared_string_bytes_max: 5,
        cells_max: 3,
        ..Limits::default()
    };
    assert!(read(&file, &exact).is_ok());
    for (code, limits) in [
        (
            "COLUMN_LIMIT",
            Limits {
                columns_max: 1,
                ..exact
            },
        ),
        (
            "CELL_LIMIT",
            Limits {
                cell_characters_max: 2,
                ..exact
            },
        ),
        (
            "ROW_LIMIT",
            Limits {
                sheet_rows_max: 0,
                ..exact
            },
        ),
        (
            "ZIP_ENTRY_LIMIT",
            Limits {
                zip_entries_max: 4,
                ..exact
            },
        ),
        (
            "SHARED_STRING_LIMIT",
            Limits {
                shared_strings_max: 1,
                ..exact
            },
        ),
        (
            "SHARED_STRING_LIMIT",
            Limits {
                shared_string_bytes_max: 4,
                ..exact
            },
        ),
        (
            "CELL_COUNT_LIMIT",
            Limits {
                cells_max: 2,
                ..exact
            },
        ),
    ] {
        assert_eq!(refused(&file, &limits).0, code);
    }
    let beyond = Maker::of_rows("<row r=\"1048576\"><c><v>1</v></c></row><row><c><v>1</v></c></row>").build();
    assert_eq!(refused(&beyond, &Limits::default()).0, "ROW_LIMIT");
    let stated = Maker::of_rows("<row r=\"1048577\"><c><v>1</v></c></row>").build();
    assert_eq!(refused(&stated, &Limits::default()).0, "ROW_LIMIT");
}

#[test]
fn merged_ranges_are_bounded_and_cost_no_more_than_their_rows() {
    let merges = |count: usize| {
        let cells = "<mergeCell ref=\"A1:A1048576\"/>".repeat(count);
        let rows = "<row><c><v>1</v></c></row>".repeat(1000);
        Maker::of_sheet(&sheet(&rows, &format!("<mergeCells>{cells}</mergeCells>"))).build()
    };
    assert_eq!(rows(&merges(100_000)).len(), 1);
    assert_eq!(
        refused(&merges(100_001), &Limits::default()).0,
        "CELL_COUNT_LIMIT"
    );
}

/// A small workbook with something of everything, packed or not: unpacked, flipped bytes reach the XML's reader.
fn everything(method: zip::CompressionMethod) -> Vec<u8> {
    let xml = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>n_x0041_</t></is></c></row>\
        <row r=\"2\" hidden=\"1\"><c r=\"A2\" s=\"1\"><v>45413.5</v></c><c r=\"B2\" s=\"2\"><f>1+1</f><v>1.5E1</v></c></row>\
        <row r=\"3\"><c r=\"B3\"><v>12.300000000000001</v></c><c r=\"C3\" t=\"e\"><v>#N/A</v></c></row>";
    let mut maker = Maker::of_sheet(&sheet(xml, "<mergeCells><mergeCell ref=\"A2:A3\"/></mergeCells>"))
        .and_sheet("other", "hidden", "<row/>")
        .shared("<si><r><t>order</t></r><r><t>_id</t></r></si>")
        .formats(&["22", "000000"]);
    maker.method = method;
    maker.build()
}

#[test]
fn flipped_bytes_are_refused_or_read_and_never_panic() {
    const SEED: u64 = 20_240_501;
    let mut random = fastrand::Rng::with_seed(SEED);
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let sound = everything(method);
        for _ in 0..3000 {
            let mut file = sound.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..file.len());
                file[at] = random.u8(..);
            }
            if let Err(UploadError::Read(error)) = read(&file, &Limits::default()) {
                panic!("seed {SEED}: {error} is no fault of the file");
            }
        }
    }
}

#[test]
fn xml_flipped_under_a_right_checksum_never_panics() {
    const SEED: u64 = 20_240_502;
    let mut random = fastrand::Rng::with_seed(SEED);
    let pieces = [
        "<", ">", "/", "\"", "&", "<c>", "</c>", "<row>", "</row>", "9", "E", ".", "-", "_x", "\u{0}", "中",
    ];
    let maker = Maker::of_rows(
        "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"><v>45413.5</v></c><c><v>1.5E-12</v></c></row>",
    )
    .shared("<si><t>_x0041_</t></si>")
    .formats(&["yyyy"]);
    let sound = maker.parts();
    for _ in 0..3000 {
        let mut parts = sound.clone();
        let index = random.usize(..parts.len());
        let part = &mut parts[index].1;
        let at = random.usize(..part.len());
        let piece = pieces[random.usize(..pieces.len())];
        if part.is_char_boundary(at) {
            part.insert_str(at, piece);
        }
        let file = super::maker::zipped(&parts, zip::CompressionMethod::Stored);
        if let Err(UploadError::Read(error)) = read(&file, &Limits::default()) {
            panic!("seed {SEED}: {error} is no fault of the file");
        }
    }
}

#[test]
fn a_failing_source_is_no_fault_of_the_file() {
    struct Failing(Cursor<Vec<u8>>, usize);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 = self.1.checked_sub(1).ok_or(std::io::ErrorKind::ConnectionReset)?;
            self.0.read(buffer)
        }
    }
    impl Seek for Failing {
        fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
            self.0.seek(position)
        }
    }
    for reads in 0..8 {
        let source = Failing(Cursor::new(everything(zip::CompressionMethod::Deflated)), reads);
        let opened = Sheet::open(source, &Limits::default(), None, &|_| Ok(true));
        assert!(matches!(opened, Err(UploadError::Read(_))), "{reads}");
    }
}

#[test]
fn a_stream_that_is_followed_by_rubbish_or_broken_is_damage() {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&[b' '; 100]).expect("written to memory");
    let packed = packed.finish().expect("written to memory");
    let mut file = Maker::of_rows("<row><c><v>1</v></c></row>").build();
    // The first entry's bytes give way to a stream that inflates well, but to something else.
    let at = 30 + "xl/worksheets/sheet0.xml".len();
    file[at..at + packed.len()].copy_from_slice(&packed);
    assert_eq!(refused(&file, &Limits::default()).0, "FILE_DAMAGED");
}

/// A text that stands once in the file and in many cells of its rows counts in each of them.
#[test]
fn a_text_repeated_over_the_rows_counts_as_often_as_it_stands() {
    let limits = Limits {
        sheet_bytes_max: 8 << 20,
        ..Limits::default()
    };
    let text = "x".repeat(30_000);
    let merged = |count: usize| {
        let first = format!("<row r=\"1\"><c t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
        let others = (2..=count).map(|row| format!("<row r=\"{row}\"><c r=\"B{row}\"><v>1</v></c></row>"));
        let behind = format!("<mergeCells><mergeCell ref=\"A1:A{count}\"/></mergeCells>");
        Maker::of_sheet(&sheet(&(first + &others.collect::<String>()), &behind)).build()
    };
    let shared = |count: usize| {
        let rows = "<row><c t=\"s\"><v>0</v></c></row>".repeat(count);
        let maker = Maker::of_rows(&rows);
        maker.shared(&format!("<si><t>{text}</t></si>")).build()
    };
    for (few, file) in [(merged(200), merged(2_000)), (shared(200), shared(2_000))] {
        assert_eq!(rows(&few).len(), 200);
        assert!(file.len() < 100 << 10, "{}", file.len());
        assert_eq!(refused(&file, &limits), ("INFLATE_LIMIT", "8 MB".into()));
    }
}
