//! Zip files that lie.

use super::maker::{Maker, refused, rows};
use crate::Limits;

fn workbook() -> Vec<u8> {
    Maker::of_rows("<row><c><v>1</v></c></row>").build()
}

/// Where the signature stands for the `nth` time, from 0.
fn find(file: &[u8], signature: &[u8], nth: usize) -> usize {
    file.windows(signature.len())
        .enumerate()
        .filter(|(_, window)| *window == signature)
        .nth(nth)
        .map(|(at, _)| at)
        .expect("the record is there")
}

fn assert_damaged(file: &[u8], lie: &str) {
    let (code, detail) = refused(file, &Limits::default());
    assert_eq!(code, "FILE_DAMAGED", "{lie}: {detail}");
}

#[test]
fn a_comment_behind_the_directory_is_no_damage() {
    let mut file = workbook();
    let end = find(&file, b"PK\x05\x06", 0);
    file[end + 20] = 5;
    file.extend_from_slice(b"hello");
    assert_eq!(rows(&file), [["1#"]]);
}

#[test]
fn a_directory_that_lies_is_damage() {
    for (lie, at, value) in [
        ("more entries than it lists", 10, 200),
        ("fewer entries than it lists", 10, 1),
        ("entries on another disk", 4, 1),
        ("a directory that is shorter", 12, 1),
        ("a directory elsewhere", 16, 1),
    ] {
        let mut file = workbook();
        let end = find(&file, b"PK\x05\x06", 0);
        file[end + at] = value;
        if at == 10 {
            file[end + 8] = value;
        }
        assert_damaged(&file, lie);
    }
}

#[test]
fn an_entry_that_lies_is_damage() {
    for (lie, at, value) in [
        ("encrypted", 8, 1),
        ("packed in another way", 10, 12),
        ("another checksum", 16, 0x55),
        ("more packed bytes than there are", 22, 0x55),
        ("fewer packed bytes", 20, 3),
        ("another size", 24, 3),
        ("a header elsewhere", 42, 7),
        ("a size in a field that is missing", 24, 0xff),
    ] {
        let mut file = workbook();
        let entry = find(&file, b"PK\x01\x02", 0);
        file[entry + at] = value;
        if value == 0xff {
            file[entry + at..entry + at + 4].fill(0xff);
        }
        assert_damaged(&file, lie);
    }
}

#[test]
fn two_entries_over_the_same_bytes_are_damage() {
    let mut file = workbook();
    let (first, second) = (find(&file, b"PK\x01\x02", 0), find(&file, b"PK\x01\x02", 1));
    let at: [u8; 4] = file[first + 42..first + 46].try_into().expect("four bytes");
    file[second + 42..second + 46].copy_from_slice(&at);
    assert_damaged(&file, "overlap");
}

#[test]
fn an_entrys_own_header_agrees_with_the_directory() {
    let mut file = workbook();
    let header = find(&file, b"PK\x03\x04", 0);
    file[header + 30] = b'Z';
    assert_damaged(&file, "another name");
}

#[test]
fn two_entries_of_one_name_are_damage() {
    let mut parts = Maker::of_rows("<row><c><v>1</v></c></row>").parts();
    parts.push(("XL/Workbook.xml".into(), "<workbook/>".into()));
    let file = super::maker::zipped(&parts, zip::CompressionMethod::Deflated);
    assert_damaged(&file, "one name, but for its case");
}

#[test]
fn a_long_directory_agrees_with_the_short_one_or_is_damage() {
    let file = workbook();
    let end = find(&file, b"PK\x05\x06", 0);
    let number = |at: usize, bytes: usize| file[end + at..end + at + bytes].to_vec();
    let widened = |mut bytes: Vec<u8>| {
        bytes.resize(8, 0);
        bytes
    };
    let long = |entries: Vec<u8>| {
        let record = [
            b"PK\x06\x06".to_vec(),
            44_u64.to_le_bytes().to_vec(),
            vec![45, 0, 45, 0],
            vec![0; 8],
            entries.clone(),
            entries,
            widened(number(12, 4)),
            widened(number(16, 4)),
        ];
        let locator = [
            b"PK\x06\x07".to_vec(),
            vec![0; 4],
            (end as u64).to_le_bytes().to_vec(),
            vec![1, 0, 0, 0],
        ];
        [&file[..end], &record.concat(), &locator.concat(), &file[end..]].concat()
    };
    assert_eq!(rows(&long(widened(number(10, 2)))), [["1#"]]);
    assert_damaged(&long(vec![1, 0, 0, 0, 0, 0, 0, 0]), "other entries");
}

#[test]
fn what_is_cut_off_is_damage_wherever_it_is_cut() {
    let file = workbook();
    for end in 0..file.len() {
        assert_damaged(&file[..end], &format!("cut at {end}"));
    }
}
