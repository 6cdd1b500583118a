//! Rows of totals at the end of a table: sums that a spreadsheet or an ERP adds, which are no data.

use std::sync::LazyLock;

use crate::cell::{self, Use};
use crate::kind::Need;
use crate::{Columns, RawRow};

const SHIPPED: &str = include_str!("../data/totals.toml");

/// Bytes of a cell that says `Total: 12 rows`, at most: whatever is longer is a remark.
const CELL_BYTES_MAX: usize = 120;

static WORDS: LazyLock<Vec<String>> =
    LazyLock::new(|| words(SHIPPED).expect("the shipped words are checked by a test"));

/// Whether a row says of itself that it holds totals. It does so only by its first cell, and not if all that a row must
/// have stands in other cells: then it is a row like any other.
pub(crate) fn is_totals(row: &RawRow, columns: &Columns) -> bool {
    let Some((index, word)) = row.cells().enumerate().find(|(_, cell)| !cell.is_empty()) else {
        return false;
    };
    // Almost every row begins with a digit or with a plain word.
    if word.len() > CELL_BYTES_MAX || word.as_bytes()[0].is_ascii_digit() || !says_totals(word) {
        return false;
    }
    let mut required = columns
        .kind()
        .columns()
        .iter()
        .filter(|(_, need)| *need == Need::Required);
    required.any(|&(column, _)| match columns.at(column) {
        Some(at) => at == index || row.cell(at).trim().is_empty(),
        None => true,
    })
}

fn says_totals(cell: &str) -> bool {
    let (text, _) = cell::clean(cell, Use::Text);
    let word = text.split(':').next().unwrap_or_default().trim();
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn words(table: &str) -> Result<Vec<String>, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        words: Vec<String>,
    }
    let table: Table = toml::from_str(table).map_err(|error| error.to_string())?;
    Ok(table.words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn the_shipped_words_read() {
        assert!(words(SHIPPED).is_ok_and(|words| words.contains(&"合计".to_owned())));
    }

    #[test]
    fn a_row_of_totals_says_so_in_its_first_cell() {
        let header = ["备注", "date", "currency", "usd_per_unit"].map(str::to_owned);
        let columns = Columns::resolve(Kind::Rates, &header).expect("a header");
        let is_totals = |cells: &[&str]| is_totals(&RawRow::of(1, cells.iter().copied()), &columns);
        for cells in [
            &["合计", "", "", "12"][..],
            &["", "合计：123", "", ""],
            &["", "", " TOTAL ", "3"],
            &["Total: 12 rows"],
            &["'Grand total", "", "", "9"],
            &["", "", "", "小计"],
        ] {
            assert!(is_totals(cells), "{cells:?}");
        }
        for cells in [
            &["", "", "", ""][..],
            &["", "2024-02-22", "total", ""],
            &["total", "2024-02-22", "BRL", "0.2"],
            &["totally", "", "", ""],
            &["Total Express", "", "", ""],
        ] {
            assert!(!is_totals(cells), "{cells:?}");
        }
    }
}
