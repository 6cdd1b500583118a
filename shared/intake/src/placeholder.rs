//! Words for nothing: a cell that holds one is read as empty. Data: `data/placeholders.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::simplified;

use crate::Column;
use crate::times::TIMES;

/// Bytes of a word, at most.
const WORD_BYTES_MAX: usize = 40;

static SHIPPED: LazyLock<Placeholders> = LazyLock::new(|| {
    Placeholders::parse(include_str!("../data/placeholders.toml")).expect("a test reads the shipped words")
});

/// In which columns a word stands for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Every,
    /// What a formula's error stands for: of a number it is said what it is.
    Errors,
    Names,
    NotYet,
    Zeros,
    Times,
}

/// The lists of the table.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    signs: String,
    words: Vec<String>,
    errors: Vec<String>,
    names: Vec<String>,
    not_yet: Vec<String>,
    zeros: Vec<String>,
    no_times: Vec<String>,
}

struct Placeholders {
    signs: String,
    words: HashMap<String, Scope>,
    /// The bytes that a word or a sign begins with.
    first: [bool; 256],
}

/// Whether a cell of that column, cleaned, says that there is nothing.
#[inline]
pub(crate) fn is_nothing(column: Column, value: &str) -> bool {
    let Some(&first) = value.as_bytes().first() else {
        return false;
    };
    let shipped = &*SHIPPED;
    shipped.first[usize::from(first)]
        && value.len() <= WORD_BYTES_MAX
        && shipped.stands_for_nothing(column, value)
}

impl Placeholders {
    fn parse(table: &str) -> Result<Self, String> {
        let lists: Lists = toml::from_str(table).map_err(|error| error.to_string())?;
        let mut words = HashMap::new();
        for (scope, list) in [
            (Scope::Every, &lists.words),
            (Scope::Errors, &lists.errors),
            (Scope::Names, &lists.names),
            (Scope::NotYet, &lists.not_yet),
            (Scope::Zeros, &lists.zeros),
            (Scope::Times, &lists.no_times),
        ] {
            for word in list {
                if word.len() > WORD_BYTES_MAX || words.insert(key(word), scope).is_some() {
                    return Err(format!("{word} is too long or stands twice"));
                }
            }
        }
        let mut first = [false; 256];
        let mut begins = |text: &str| {
            let lead = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
            first[lead(text.as_bytes().first())] = true;
            first[lead(text.to_uppercase().as_bytes().first())] = true;
        };
        words.keys().for_each(|word| begins(word));
        let mut buffer = [0; 4];
        lists
            .signs
            .chars()
            .for_each(|sign| begins(sign.encode_utf8(&mut buffer)));
        // Traditional characters and those of words begin alike.
        (0xe3..=0xe9).for_each(|lead| first[lead] = true);
        Ok(Self {
            signs: lists.signs,
            words,
            first,
        })
    }

    fn stands_for_nothing(&self, column: Column, value: &str) -> bool {
        if column == Column::Notarised {
            return false;
        }
        if value.chars().all(|sign| self.signs.contains(sign)) {
            return true;
        }
        let scope = self.words.get(&key(value));
        scope.is_some_and(|scope| scope.holds_in(column))
    }
}

impl Scope {
    fn holds_in(self, column: Column) -> bool {
        use Column::{
            Carrier, Clause, ConsigneeTaxId, Country, CreditCode, Currency, Description, DestinationCountry,
            EventCode, InvoiceNo, OrderId, Reason, SellerId, Status, TrackingNumber,
        };
        let is_time = TIMES.contains(&column);
        match self {
            Self::Every => true,
            Self::Errors => column != TrackingNumber,
            Self::Names => !matches!(
                column,
                Country | DestinationCountry | EventCode | SellerId | Currency
            ),
            Self::NotYet => !matches!(column, Status | EventCode | Reason | Description),
            Self::Zeros => {
                is_time
                    || matches!(
                        column,
                        OrderId
                            | TrackingNumber
                            | Carrier
                            | InvoiceNo
                            | ConsigneeTaxId
                            | CreditCode
                            | Country
                            | DestinationCountry
                            | Clause
                    )
            }
            Self::Times => is_time,
        }
    }
}

/// A word as words are compared.
fn key(text: &str) -> String {
    let letters = text.chars().filter(|letter| !letter.is_whitespace());
    letters.map(simplified).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_nothing_are_nothing_in_their_columns() {
        for word in [
            "无",
            "無",
            "没有",
            "暂无",
            "N/A",
            "n / a",
            "NULL",
            "none",
            "-",
            "--",
            "——",
            "/",
            "//",
            "...",
            "未发货",
            "待定",
            "TBD",
        ] {
            assert!(is_nothing(Column::TrackingNumber, word), "{word}");
            assert!(is_nothing(Column::InvoiceNo, word), "{word}");
        }
        for (column, word) in [
            (Column::TrackingNumber, "0"),
            (Column::ConsigneeTaxId, "0"),
            (Column::PaidAt, "0000-00-00 00:00:00"),
            (Column::PaidAt, "-"),
            (Column::Carrier, "NA"),
            (Column::InvoiceNo, "#N/A"),
            (Column::Status, "-"),
        ] {
            assert!(is_nothing(column, word), "{column} {word}");
        }
        for (column, word) in [
            (Column::TrackingNumber, "#N/A"),
            (Column::DestinationCountry, "NA"),
            (Column::EventCode, "NA"),
            (Column::EventCode, "unknown"),
            (Column::Status, "未发货"),
            (Column::Status, "0"),
            (Column::EventCode, "0"),
            (Column::Amount, "0"),
            (Column::LineNo, "0"),
            (Column::PaidAt, "1970-01-01 00:00:00"),
            (Column::TrackingNumber, "0001"),
            (Column::Carrier, "无忧物流"),
            (Column::Notarised, "无"),
            (Column::Steps, "{}"),
            (Column::Carrier, ""),
        ] {
            assert!(!is_nothing(column, word), "{column} {word}");
        }
    }

    #[test]
    fn a_word_of_two_lists_is_refused() {
        let table = "signs=\"\"\nwords=[\"x\"]\nerrors=[]\nnames=[\"X\"]\nnot_yet=[]\nzeros=[]\nno_times=[]";
        assert!(Placeholders::parse(table).is_err());
    }
}
