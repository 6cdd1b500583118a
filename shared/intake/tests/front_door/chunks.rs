//! Rows drawn in chunks are the rows that are read one by one.

use std::io::Cursor;

use intake::{Kind, Limits, RawRow, UploadError, open};

use crate::refusing::rates;

type Cells = (u64, Vec<String>);

fn one_by_one(file: &[u8]) -> Vec<Cells> {
    let rows = open(Cursor::new(file), Kind::Rates, Limits::default()).expect("a readable file");
    rows.map(|row| cells(&row.expect("a row"))).collect()
}

fn in_chunks(file: &[u8]) -> Vec<Cells> {
    let mut upload = open(Cursor::new(file), Kind::Rates, Limits::default()).expect("a readable file");
    let columns = upload.columns().clone();
    let mut rows = Vec::new();
    while let Some(chunk) = upload.next_chunk().expect("a chunk") {
        chunk
            .read(&columns, |row, spot, is_totals| {
                assert!(!is_totals);
                assert_eq!(
                    cells(&chunk.row(spot)),
                    cells(row),
                    "a row is found again at its spot"
                );
                rows.push(cells(row));
            })
            .expect("its rows");
    }
    rows
}

fn cells(row: &RawRow) -> Cells {
    (row.line(), row.cells().map(str::to_owned).collect())
}

#[test]
fn a_text_of_many_blocks_has_the_same_rows_in_chunks() {
    let row = |n: u32| match n % 7 {
        0 => format!("2024-02-22,BRL,\"0.2\n{n}\"\r\n"),
        1 => "\n \n".to_owned(),
        _ => format!("2024-02-22,\"B\"\"RL\",0.{n}\n"),
    };
    let file = rates(&(0..60_000).map(row).collect::<String>());
    assert!(file.len() > 1 << 20);
    assert_eq!(in_chunks(&file), one_by_one(&file));
}

#[test]
fn objects_have_the_same_rows_in_chunks() {
    let object =
        |n: u32| format!("{{\"date\":\"2024-02-22\",\"currency\":\"BRL\",\"usd_per_unit\":0.{n}}}\n");
    let file: String = (0..5_000).map(object).collect();
    assert_eq!(in_chunks(file.as_bytes()), one_by_one(file.as_bytes()));
}

#[test]
fn a_chunk_refuses_as_reading_one_by_one_does() {
    let file = rates(&format!(
        "{}2024{}\n",
        "2024-02-22,BRL,0.2\n".repeat(50_000),
        ",".repeat(300)
    ));
    let by_row = open(Cursor::new(&file), Kind::Rates, Limits::default())
        .and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let Err(UploadError::Refused(expected)) = by_row else {
        panic!("a row of 301 cells is refused")
    };
    let mut upload = open(Cursor::new(&file), Kind::Rates, Limits::default()).expect("a readable header");
    let columns = upload.columns().clone();
    let mut refused = None;
    while let Some(chunk) = upload.next_chunk().expect("a chunk") {
        refused = refused.or(chunk.read(&columns, |_, _, _| {}).err());
    }
    assert_eq!(refused, Some(expected));
}
