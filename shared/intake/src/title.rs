//! What stands above a table's header: a title, the shop's name, the day of the export. None of it is read; the answer
//! says how many rows it was.

use std::collections::BTreeSet;

use domain::code::FileCode;

use crate::header::column_written;
use crate::kind::Need;
use crate::{Column, FileError, Kind, RawRow, UploadError};

/// Rows that are looked at for the header, the first that are not blank.
pub(crate) const HEADER_ROWS_MAX: usize = 10;

/// A header and what stands above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) header: Vec<String>,
    /// Rows above it, blank ones not counted.
    pub(crate) title_rows: u64,
}

/// Finds the header: the first row that names at least half of the columns that `kind` must have, whatever else it
/// lacks. So no table's own header is passed over for that of another table below it. Where there is no such row, the one
/// that names the most, and of those the first: it will be refused by what it lacks.
///
/// # Errors
/// `FILE_EMPTY` when there is no row at all, and what `read` gives.
pub(crate) fn find(
    kind: Kind,
    mut read: impl FnMut(&mut RawRow) -> Result<bool, UploadError>,
) -> Result<Head, UploadError> {
    let required = kind.columns().iter().filter(|(_, need)| *need == Need::Required);
    let required: BTreeSet<Column> = required.map(|&(column, _)| column).collect();
    let mut likest: Option<(usize, Head)> = None;
    let mut row = RawRow::default();
    for title_rows in 0..HEADER_ROWS_MAX {
        if !read(&mut row)? {
            break;
        }
        let header: Vec<String> = row.cells().map(str::to_owned).collect();
        let named = named(kind, &required, &header);
        let is_header = 2 * named >= required.len();
        if is_header || likest.as_ref().is_none_or(|&(most, _)| named > most) {
            let title_rows = title_rows as u64;
            likest = Some((named, Head { header, title_rows }));
        }
        if is_header {
            break;
        }
    }
    match likest {
        Some((_, head)) => Ok(head),
        None => Err(FileError::new(FileCode::FileEmpty, "").into()),
    }
}

/// How many of the required columns a row names.
fn named(kind: Kind, required: &BTreeSet<Column>, cells: &[String]) -> usize {
    let columns = cells.iter().filter_map(|cell| column_written(kind, cell));
    let named: BTreeSet<Column> = columns.filter(|column| required.contains(column)).collect();
    named.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(kind: Kind, rows: &[&[&str]]) -> Head {
        let mut rows = rows.iter();
        find(kind, |row| {
            let next = rows.next();
            if let Some(cells) = next {
                *row = RawRow::of(1, cells.iter().copied());
            }
            Ok(next.is_some())
        })
        .expect("a header")
    }

    #[test]
    fn the_header_is_the_first_row_that_names_half_of_what_must_be_there() {
        let (title, header) = (&["发货表 2024-06"][..], &["订单号", "物流方式", "运单号"][..]);
        let found = head(Kind::Tracking, &[title, &["店铺", "S1"], header, title]);
        assert_eq!((found.header, found.title_rows), (header.map_owned(), 2));
        let lacking = &["订单号", "运单号"][..];
        let found = head(Kind::Tracking, &[title, lacking, &["1", "2"], header]);
        assert_eq!((found.header, found.title_rows), (lacking.map_owned(), 1));
        // What orders must have is six columns: two of them stand in a line about the shop as well.
        let header = &["订单号", "店铺", "付款时间", "金额", "币种", "国家"][..];
        let found = head(Kind::Orders, &[&["店铺", "S1", "币种", "USD"], header]);
        assert_eq!((found.header, found.title_rows), (header.map_owned(), 1));
    }

    #[test]
    fn without_a_header_the_row_that_is_likest_to_one_is_taken() {
        let found = head(Kind::Tracking, &[&["title"], &["运单号", "x"], &["订单号"]]);
        assert_eq!(
            (found.header, found.title_rows),
            (["运单号", "x"][..].map_owned(), 1)
        );
        assert_eq!(
            head(Kind::Tracking, &[&["a"], &["b"]]).header,
            ["a"][..].map_owned()
        );
    }

    #[test]
    fn the_header_is_not_looked_for_beyond_the_limit() {
        let header: &[&str] = &["订单号", "物流方式", "运单号"];
        for above in [HEADER_ROWS_MAX - 1, HEADER_ROWS_MAX] {
            let rows: Vec<&[&str]> = (0..above).map(|_| &["title"][..]).chain([header]).collect();
            let found = head(Kind::Tracking, &rows);
            assert_eq!(
                found.header == header.map_owned(),
                above < HEADER_ROWS_MAX,
                "{above}"
            );
        }
    }

    trait MapOwned {
        fn map_owned(&self) -> Vec<String>;
    }

    impl MapOwned for [&str] {
        fn map_owned(&self) -> Vec<String> {
            self.iter().map(|&cell| cell.to_owned()).collect()
        }
    }
}
