//! Packed and endless files: each is refused at its limit, early and in little memory.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use domain::code::FileCode;
use flate2::Compression;
use flate2::write::GzEncoder;
use intake::{Kind, Limits, RawRow, UploadError, open};

use crate::{refusal_of, rows_of};

const HEADER: &str = "date,currency,usd_per_unit\n";

fn gzip(head: &str, filling: &[u8], times: usize) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
    gzip.write_all(head.as_bytes()).expect("memory");
    for _ in 0..times {
        gzip.write_all(filling).expect("memory");
    }
    gzip.finish().expect("memory")
}

#[test]
fn one_inflated_byte_above_the_limit_refuses_the_file() {
    let text = format!("{HEADER}2024-02-22,BRL,0.2\n");
    for packed in [
        gzip(&text, b"", 0),
        zstd::encode_all(text.as_bytes(), 3).expect("memory"),
    ] {
        let limit = |bytes| Limits {
            text_bytes_max: bytes,
            ..Limits::default()
        };
        let size = text.len() as u64;
        assert!(rows_of(&packed, Kind::Rates, limit(size)).is_ok());
        assert_eq!(
            refusal_of(&packed, Kind::Rates, limit(size - 1)).0,
            FileCode::InflateLimit
        );
    }
}

#[test]
fn a_bomb_is_stopped_while_it_inflates() {
    // 256 MB of line ends, in a quarter of a megabyte or far less.
    let filling = vec![b'\n'; 1 << 20];
    let text = [HEADER.as_bytes(), &filling.repeat(256)].concat();
    for bomb in [
        gzip(HEADER, &filling, 256),
        zstd::encode_all(&text[..], 1).expect("memory"),
    ] {
        assert!(bomb.len() < 2 << 20, "{}", bomb.len());
        let limits = Limits {
            text_bytes_max: 64 << 20,
            ..Limits::default()
        };
        assert_eq!(
            refusal_of(&bomb, Kind::Rates, limits),
            (FileCode::InflateLimit, "64 MB".to_owned())
        );
    }
}

#[test]
fn a_packed_line_without_end_is_refused_before_it_is_inflated_whole() {
    let bomb = gzip(HEADER, &vec![b'x'; 1 << 20], 512);
    let mut counting = Counting {
        bytes: Cursor::new(bomb.clone()),
        read: 0,
    };
    let Err(UploadError::Refused(refusal)) = open(&mut counting, Kind::Rates, Limits::default())
        .and_then(Iterator::collect::<Result<Vec<RawRow>, _>>)
    else {
        panic!("refused");
    };
    assert_eq!(refusal.code, FileCode::CellLimit);
    assert!(
        counting.read < bomb.len() as u64 / 4,
        "{} of {}",
        counting.read,
        bomb.len()
    );
}

#[test]
fn ten_million_tiny_cells_stream_by() {
    let row = "1,2,3\n";
    let rows = 3_333_334;
    let mut upload = open(
        Repeated::new(HEADER, row, rows),
        Kind::Rates,
        Limits {
            rows_max: 10_000_000,
            ..Limits::default()
        },
    )
    .expect("a header");
    let mut row = RawRow::default();
    while upload.read(&mut row).expect("readable") {}
    assert_eq!(upload.rows(), rows);
}

/// Counts what is read.
struct Counting {
    bytes: Cursor<Vec<u8>>,
    read: u64,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

impl Seek for Counting {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(position)
    }
}

/// A head, then one row many times, out of no memory.
struct Repeated {
    head: &'static [u8],
    row: &'static [u8],
    bytes: u64,
    at: u64,
}

impl Repeated {
    fn new(head: &'static str, row: &'static str, rows: u64) -> Self {
        Self {
            head: head.as_bytes(),
            row: row.as_bytes(),
            bytes: head.len() as u64 + rows * row.len() as u64,
            at: 0,
        }
    }
}

impl Read for Repeated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < buffer.len() && self.at < self.bytes {
            let head = self.head.len() as u64;
            let source = match self.at.checked_sub(head) {
                None => &self.head[self.at as usize..],
                Some(past) => &self.row[(past % self.row.len() as u64) as usize..],
            };
            let taken = source.len().min(buffer.len() - count);
            buffer[count..count + taken].copy_from_slice(&source[..taken]);
            count += taken;
            self.at += taken as u64;
        }
        Ok(count)
    }
}

impl Seek for Repeated {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.at = match position {
            SeekFrom::Start(at) => at,
            SeekFrom::End(_) => self.bytes,
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}
