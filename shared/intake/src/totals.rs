//! What stands below a table: sums that a spreadsheet or an ERP adds, and remarks. They are no data.

use std::sync::LazyLock;

use crate::cell::{self, Use};
use crate::kind::Need;
use crate::{Columns, RawRow};

const SHIPPED: &str = include_str!("../data/totals.toml");

/// Bytes of a cell that says `Total: 12 rows` or bears a remark, at most.
const CELL_BYTES_MAX: usize = 1_000;

static WORDS: LazyLock<Words> =
    LazyLock::new(|| Words::parse(SHIPPED).expect("the shipped words are checked by a test"));

/// Words by which a cell says what its row is.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Vec<String>,
    things: Vec<String>,
    remarks: Vec<String>,
}

/// Whether a row says of itself that it holds totals, or nothing but a remark. It does so only by its first cell, and not
/// if all that a row must have stands in other cells: then it is a row like any other.
pub(crate) fn is_totals(row: &RawRow, columns: &Columns) -> bool {
    let Some((index, word)) = row.cells().enumerate().find(|(_, cell)| !cell.is_empty()) else {
        return false;
    };
    // Almost every row begins with a digit or with a plain word.
    if word.len() > CELL_BYTES_MAX || word.as_bytes()[0].is_ascii_digit() {
        return false;
    }
    let (text, _) = cell::clean(word, Use::Text);
    let is_alone = || (index + 1..row.len()).all(|other| row.cell(other).trim().is_empty());
    if !(WORDS.say_totals(&text) || WORDS.say_remark(&text) && is_alone()) {
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

impl Words {
    fn parse(table: &str) -> Result<Self, String> {
        toml::from_str(table).map_err(|error| error.to_string())
    }

    fn say_totals(&self, text: &str) -> bool {
        let rests = self.words.iter().filter_map(|word| without_lead(text, word));
        rests.into_iter().any(|rest| {
            let things = || self.things.iter().filter_map(|thing| without_lead(rest, thing));
            ends_a_word(rest) || things().any(ends_a_word)
        })
    }

    fn say_remark(&self, text: &str) -> bool {
        let mut rests = self.remarks.iter().filter_map(|word| without_lead(text, word));
        rests.any(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

/// The text behind `lead`, in any case, without the spaces between.
fn without_lead<'t>(text: &'t str, lead: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(lead.len())?;
    start.eq_ignore_ascii_case(lead).then(|| rest.trim_start())
}

/// Whether what stands behind a word shows that the word has ended and a sum may follow.
fn ends_a_word(rest: &str) -> bool {
    rest.chars()
        .next()
        .is_none_or(|c| c.is_ascii_digit() || matches!(c, ':' | '(' | '=' | '-' | '$' | '¥'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn the_shipped_words_read() {
        assert!(Words::parse(SHIPPED).is_ok_and(|words| words.words.contains(&"合计".to_owned())));
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
            &["合计12单", "", "", ""],
            &["合计（12）", "", "", ""],
            &["共 3 条记录", "", "", ""],
            &["合计金额：", "", "", "3"],
            &["Total orders 12", "", "", "3"],
            &["total amount", "", "", "3"],
            &["备注：以上汇率为中间价", "", "", ""],
            &["", "Exported by: ERP", "", ""],
        ] {
            assert!(is_totals(cells), "{cells:?}");
        }
        for cells in [
            &["", "", "", ""][..],
            &["", "2024-02-22", "total", ""],
            &["total", "2024-02-22", "BRL", "0.2"],
            &["totally", "", "", ""],
            &["Total Express", "", "", ""],
            &["合计物流", "", "", ""],
            &["共和国", "", "", ""],
            &["备注：改价", "", "BRL", ""],
            &["notebook", "", "", ""],
        ] {
            assert!(!is_totals(cells), "{cells:?}");
        }
    }
}
