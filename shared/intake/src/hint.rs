//! Rows below a header that say how its columns are filled in: the header once more, hints, an example. They are no data.
//! Data: `data/hints.toml`.

use std::sync::LazyLock;

use domain::simplified;

use crate::cell::{self, Use};
use crate::check::Remark;
use crate::header;
use crate::kind::Need;
use crate::{Column, Columns, Kind, RawRow};

/// Characters of a cell, at most, that is looked at.
const CHARACTERS_MAX: usize = 120;
/// Hints of a row, at least, whose key looks like a value.
const HINTS_MIN: usize = 2;

static SHIPPED: LazyLock<Hints> = LazyLock::new(|| {
    toml::from_str(include_str!("../data/hints.toml")).expect("a test reads the shipped hints")
});

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Hints {
    words: Vec<String>,
    leads: Vec<String>,
    examples: Vec<String>,
    format_signs: String,
}

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    /// The name of its column.
    Name,
    Hint,
    /// An example of a value, said to be one.
    Example,
    Value,
}

/// Whether a row says what its columns are instead of what they hold. A row that holds a value where its id stands is one only
/// if all else that it must have is hints: a real row is never passed over.
pub(crate) fn of_row(row: &RawRow, columns: &Columns) -> Option<Remark> {
    let kind = columns.kind();
    let key = key_of(kind);
    let (mut names, mut hints, mut values, mut required) = (0, 0, 0, 0);
    let (mut of_key, mut filled_besides) = (Said::Nothing, 0);
    for &(column, need) in kind.columns() {
        let Some(at) = columns.at(column).filter(|_| need == Need::Required) else {
            continue;
        };
        required += 1;
        let said = said(kind, column, row.cell(at));
        match said {
            Said::Nothing => {}
            Said::Name => names += 1,
            Said::Hint | Said::Example => hints += 1,
            Said::Value => values += 1,
        }
        if column == key {
            of_key = said;
        } else {
            filled_besides += usize::from(said != Said::Nothing);
        }
    }
    // Nothing but names and hints, in half of what a row must have.
    if values == 0 && names + hints > 0 && 2 * (names + hints) >= required {
        return Some(if names > 0 {
            Remark::HeaderAgain
        } else {
            Remark::Hint
        });
    }
    let is_example = of_key == Said::Example;
    let is_all_else_hints =
        of_key == Said::Value && values == 1 && hints >= HINTS_MIN && hints == filled_besides;
    (is_example || is_all_else_hints).then_some(Remark::Hint)
}

/// The column by which a row is known.
fn key_of(kind: Kind) -> Column {
    match kind {
        Kind::Orders | Kind::Tracking => Column::OrderId,
        Kind::Events => Column::TrackingNumber,
        Kind::Appeals => Column::AppealId,
        Kind::Rates => Column::Date,
        Kind::Sellers => Column::SellerId,
        Kind::Statement => Column::StatementId,
    }
}

fn said(kind: Kind, column: Column, cell: &str) -> Said {
    let cell = cell.trim();
    if cell.is_empty() {
        return Said::Nothing;
    }
    // Few names and hints begin with a digit, and nearly every value does.
    if cell.starts_with(|c: char| c.is_ascii_digit()) {
        return Said::Value;
    }
    if header::column_written(kind, cell) == Some(column) {
        return Said::Name;
    }
    if cell.chars().nth(CHARACTERS_MAX).is_some() {
        return Said::Value;
    }
    let text = cell::clean(cell, Use::Text)
        .0
        .chars()
        .map(simplified)
        .collect::<String>()
        .to_lowercase();
    let text = text.trim_matches(|c: char| c.is_whitespace() || "()[]【】*<>《》".contains(c));
    let begins = |leads: &[String]| {
        leads
            .iter()
            .any(|lead| text.strip_prefix(lead.as_str()).is_some_and(ends_a_word))
    };
    if begins(&SHIPPED.examples) {
        Said::Example
    } else if SHIPPED.words.iter().any(|word| word == text) || begins(&SHIPPED.leads) || is_format(text) {
        Said::Hint
    } else {
        Said::Value
    }
}

/// Whether what stands behind a lead shows that the lead has ended, and is not all: `如：8100…`, not `如风达`.
fn ends_a_word(rest: &str) -> bool {
    rest.starts_with(|c: char| ":：,，;；(（、/.=".contains(c) || c.is_whitespace() || c.is_ascii_digit())
}

/// `yyyy-mm-dd hh:mm:ss`
fn is_format(text: &str) -> bool {
    text.contains("yyyy") && text.chars().all(|sign| SHIPPED.format_signs.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_templates_are_told_from_values() {
        let said = |cell: &str| said(Kind::Tracking, Column::Carrier, cell);
        for cell in [
            "如：DHL",
            "例：DHL",
            "例如 DHL",
            "示例：DHL",
            "示例1",
            "e.g. DHL",
            "Example: DHL",
        ] {
            assert_eq!(said(cell), Said::Example, "{cell}");
        }
        for cell in [
            "必填",
            "（必填）",
            "选填",
            "選填",
            "格式 yyyy-MM-dd",
            "yyyy-MM-dd HH:mm:ss",
            "必填，填写承运商",
            "Required",
            "示例",
        ] {
            assert_eq!(said(cell), Said::Hint, "{cell}");
        }
        for cell in [
            "DHL",
            "如风达",
            "例外物流",
            "Samples Express",
            "必达物流",
            "格式",
            "8100311000000003",
        ] {
            assert_eq!(said(cell), Said::Value, "{cell}");
        }
        assert_eq!(said("承运商"), Said::Name);
    }
}
