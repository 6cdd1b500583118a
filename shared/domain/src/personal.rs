//! Personal data: what of a consignee may be kept, printed and returned.
//!
//! Nothing is masked where it is printed. A personal cell is read as [`Personal`], which cannot be printed; what messages,
//! tables, logs and reports may hold of any cell is a [`Quoted`], which is masked when it is made. A mask is known by
//! [`is_mask`]: a cell that comes back masked says nothing new.
//!
//! What is recognised: the columns that are personal by what they are for; the shape of a tax id, a telephone number or a mail
//! address in a column where it does not belong; a name behind a word that announces one. A name alone has no shape. Where a
//! row holds such a shape in a column where it does not belong, its cells are out of place, and no other cell of it is quoted.

mod text;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

pub use text::without_personal_data;

use crate::papers::{TaxIdVerdict, judge_tax_id};

/// A cell that holds personal data. It has no `Display` and no serialisation, and its `Debug` shows nothing of it: only this
/// crate's rules read it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personal<'a>(Cow<'a, str>);

impl<'a> Personal<'a> {
    /// A cell's value.
    pub fn new(value: impl Into<Cow<'a, str>>) -> Self {
        Self(value.into())
    }

    /// The value, for rules.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it comes with a name around the id: `CPF: 529.982.247-25`.
    pub fn is_labelled(&self) -> bool {
        crate::papers::unlabelled(&self.0).len() < self.0.trim().len()
    }
}

impl fmt::Debug for Personal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// A cell as messages, answers, tables and logs may hold it: masked where it is personal, never longer than a line.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quoted {
    text: CompactString,
    /// Whether something was masked when it was made; not kept.
    #[serde(skip)]
    is_masked: bool,
}

/// What a column's cells are by what the column is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Tax ids.
    TaxIds,
    /// People's own words: none is quoted.
    Prose,
    /// Numbers of orders, parcels and papers.
    Ids,
    /// Times, amounts, papers in JSON.
    Figures,
    /// Names of carriers and countries, states, codes.
    Words,
}

fn holds(column: &str) -> Holds {
    match column {
        "consignee_tax_id" | "credit_code" => Holds::TaxIds,
        "description" | "reason" | "evidence" | "name" | "tracking_website" => Holds::Prose,
        "order_id" | "tracking_number" | "seller_id" | "appeal_id" | "statement_id" | "invoice_no" => {
            Holds::Ids
        }
        "amount"
        | "usd_per_unit"
        | "line_no"
        | "date"
        | "licence_valid_until"
        | "certificates"
        | "authorisations"
        | "agreements"
        | "steps" => Holds::Figures,
        // What was recorded, paid, filed … at.
        column if column.ends_with("_at") => Holds::Figures,
        "episode_start" | "send_deadline" => Holds::Figures,
        _ => Holds::Words,
    }
}

impl Quoted {
    /// A cell of a column, by its canonical name; of none where the text is about the row.
    pub(crate) fn of(column: &str, cell: &str) -> Self {
        let masked = match holds(column) {
            _ if cell.is_empty() => Cow::Borrowed(cell),
            Holds::TaxIds => Cow::Owned(masked(cell).into()),
            Holds::Prose => hidden(cell),
            // A number of the platform's or a carrier's own has digits alone; those of a tax id are recognised by its check digits.
            Holds::Ids if is_personal_id(cell, column == "tracking_number") => hidden(cell),
            Holds::Figures if is_personal_id(cell, false) || is_mobile_number(cell) => hidden(cell),
            Holds::Ids | Holds::Figures => Cow::Borrowed(cell),
            Holds::Words if is_tax_id(cell) => hidden(cell),
            Holds::Words => without_personal_data(cell),
        };
        Self {
            is_masked: masked != cell,
            text: shortened(&masked),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the cell held personal data in a column that holds none.
    pub(crate) fn is_out_of_place(&self, column: &str) -> bool {
        self.is_masked && column != "event_code" && !matches!(holds(column), Holds::TaxIds | Holds::Prose)
    }

    /// Hides the text of a cell that has no shape of its own: in a row that is out of place it may be a name.
    pub(crate) fn withhold(&mut self, column: &str) {
        if matches!(holds(column), Holds::Words | Holds::Figures) {
            self.text = shortened(&hidden(&self.text));
            self.is_masked = true;
        }
    }
}

/// An id as messages may show it: the first and the last two characters, stars between; under 8 characters stars alone.
pub fn masked(id: &str) -> CompactString {
    let length = id.chars().count();
    let shown = |place: usize| length >= MASKED_SHOWING_ENDS_MIN && (place < 2 || place >= length - 2);
    id.chars()
        .enumerate()
        .map(|(place, letter)| if shown(place) { letter } else { '*' })
        .collect()
}

/// A mask that hides fewer characters than it shows hides nothing.
const MASKED_SHOWING_ENDS_MIN: usize = 8;

/// Whether a cell is a mask: what [`masked`] makes of an id. It names nobody and says nothing new.
pub fn is_mask(cell: &str) -> bool {
    let cell = cell.trim();
    let stars = cell.chars().filter(|letter| *letter == '*').count();
    let length = cell.chars().count();
    stars > 0 && masked(cell) == cell && (stars == length || length == stars + 4)
}

/// A text with a star for each letter and digit.
pub fn hidden(text: &str) -> Cow<'static, str> {
    let star = |letter: char| if letter.is_alphanumeric() { '*' } else { letter };
    Cow::Owned(text.chars().map(star).collect())
}

/// Whether a cell is the tax id of a country whose ids can be judged, with or without the separators as printed. A company's
/// INN of ten digits is as any number of ten digits is, one time in ten, and no person's: it is not asked for.
pub(crate) fn is_tax_id(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    // An RFC has six digits of a date, and nothing is longer than a CNPJ with its separators.
    if digits < 6 || cell.len() > 24 {
        return false;
    }
    let is_of =
        |country: &str| judge_tax_id(country, cell).is_some_and(|verdict| verdict != TaxIdVerdict::Invalid);
    is_of("BR") || is_of("MX") || digits == 12 && is_of("RU")
}

/// Whether a cell that should hold a number or a figure holds a tax id, a telephone number as it is printed, or a mail address.
fn is_personal_id(cell: &str, is_bare_asked: bool) -> bool {
    let cell = cell.trim();
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let is_telephone = || {
        let within =
            |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'+');
        let is_printed = cell.starts_with('+') || cell.contains('(');
        is_printed && digits >= 7 && cell.bytes().all(within)
    };
    let is_bare = digits == cell.len();
    cell.contains('@') || is_telephone() || (is_bare_asked || !is_bare) && is_tax_id(cell)
}

/// Whether a figure has the eleven digits of a mobile number typed without separators: no time, amount or rate has as many.
fn is_mobile_number(cell: &str) -> bool {
    let cell = cell.trim();
    cell.len() == 11 && cell.bytes().all(|byte| byte.is_ascii_digit())
}

/// Characters of a cell that are quoted, at most.
const QUOTED_CHARACTERS_MAX: usize = 80;

fn shortened(value: &str) -> CompactString {
    if value.len() <= QUOTED_CHARACTERS_MAX {
        return value.into();
    }
    match value.char_indices().nth(QUOTED_CHARACTERS_MAX) {
        Some((end, _)) => format_compact!("{}…", &value[..end]),
        None => value.into(),
    }
}

impl Deref for Quoted {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl PartialEq for Quoted {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Quoted {}

impl PartialEq<&str> for Quoted {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl PartialEq<str> for Quoted {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<String> for Quoted {
    fn eq(&self, other: &String) -> bool {
        self.text == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_masked_id_shows_its_ends_only() {
        assert_eq!(masked("3912345644"), "39******44");
        assert_eq!(masked("12345678"), "12****78");
        assert_eq!(masked("1234567"), "*******");
        assert_eq!(masked("ÑÑÑ561231GR8"), "ÑÑ********R8");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn a_personal_cell_cannot_be_printed() {
        assert_eq!(format!("{:?}", Personal::new("52998224725")), "Personal(…)");
    }

    #[test]
    fn what_is_quoted_of_a_cell_follows_from_its_column_and_its_shape() {
        for (column, cell, quoted) in [
            ("consignee_tax_id", "52998224725", "52*******25"),
            ("consignee_tax_id", "77******94", "77******94"),
            ("credit_code", "12345678", "12****78"),
            ("reason", "Ana was at home", "*** *** ** ****"),
            ("carrier", "529.982.247-25", "***.***.***-**"),
            ("carrier", "call 138 0013-8000", "call *** ****-****"),
            ("carrier", "YANWEN", "YANWEN"),
            ("tracking_number", "52998224725", "***********"),
            ("tracking_number", "33188 10025", "33188 10025"),
            ("tracking_number", "3318810025", "3318810025"),
            ("tracking_number", "+55 (11) 98765-4321", "+** (**) *****-****"),
            ("order_id", "52998224725", "52998224725"),
            ("order_id", "529.982.247-25", "***.***.***-**"),
            ("order_id", "8.0001E+15", "8.0001E+15"),
            (
                "paid_at",
                "2024-03-01 12:00:00 +0800",
                "2024-03-01 12:00:00 +0800",
            ),
            ("paid_at", "GODE561231GR8", "*************"),
            ("amount", "-1.234.567,89", "-1.234.567,89"),
            ("status", "ana@example.com", "***@*******.***"),
        ] {
            assert_eq!(Quoted::of(column, cell), quoted, "{column} {cell}");
        }
    }

    proptest! {
        #[test]
        fn a_mask_is_known_again_and_masked_to_itself(id in "[0-9A-Z]{1,20}") {
            let mask = masked(&id);
            prop_assert!(is_mask(&mask), "{mask}");
            prop_assert_eq!(masked(&mask), mask);
            prop_assert!(!is_mask(&id));
        }

        #[test]
        fn what_was_quoted_is_quoted_alike(column in "consignee_tax_id|carrier|tracking_number|paid_at", cell in "\\PC{0,40}") {
            let once = Quoted::of(&column, &cell);
            prop_assert_eq!(Quoted::of(&column, &once), once);
        }
    }
}
