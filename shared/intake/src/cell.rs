//! Cells: what sellers' tools and spreadsheets wrap around a value is undone before the value is read.
//!
//! The tricks (contract, "Files in"): a leading `'` and `="123"`, which keep a spreadsheet from making a number of
//! it; tabs around a value, for the same end; NBSP, zero-width and direction marks, which come along from web
//! pages; full-width letters, digits and signs of Chinese keyboards. Nothing is inferred: what remains is text.

use std::borrow::Cow;

use crate::Column;

/// What a cell is for, which decides what spaces in it mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Names, times, amounts: spaces around it mean nothing, an NBSP inside it is a space.
    Text,
    /// A tracking number: NBSP is dropped, plain spaces are kept, since they are a fault of their own (A2).
    Number,
}

/// Tricks that were undone in a cell, or in the cells of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone(u16);

impl Undone {
    /// A leading apostrophe.
    pub const APOSTROPHE: Self = Self(1);
    /// `="123"`.
    pub const FORMULA: Self = Self(1 << 1);
    /// Tabs around the value.
    pub const TAB: Self = Self(1 << 2);
    /// NBSP and its narrow and figure-wide kin.
    pub const NBSP: Self = Self(1 << 3);
    /// Zero-width characters, direction marks, soft hyphens.
    pub const INVISIBLE: Self = Self(1 << 4);
    /// Full-width letters, digits and signs.
    pub const FULL_WIDTH: Self = Self(1 << 5);
    /// Spaces and line ends around a text.
    pub const SPACE: Self = Self(1 << 6);
    /// `.0` behind a number that is a name: a spreadsheet took it for a quantity.
    pub const POINT_ZERO: Self = Self(1 << 7);
    /// A currency next to an amount that its row states as well.
    pub const CURRENCY_NAME: Self = Self(1 << 8);
    /// An amount with a comma before the minor units, or its digits in groups of another kind than `1,257.69`.
    pub const DECIMAL_COMMA: Self = Self(1 << 9);

    /// A word for nothing in a cell: `无`, `N/A`, `-`.
    pub const PLACEHOLDER: Self = Self(1 << 10);
    /// A name around a tax id: `CPF: 529…`.
    pub const LABEL: Self = Self(1 << 11);

    /// Every trick by its name in answers.
    pub const NAMES: [(Self, &'static str); 12] = [
        (Self::APOSTROPHE, "apostrophe"),
        (Self::FORMULA, "formula"),
        (Self::TAB, "tab"),
        (Self::NBSP, "nbsp"),
        (Self::INVISIBLE, "invisible"),
        (Self::FULL_WIDTH, "full_width"),
        (Self::SPACE, "space"),
        (Self::POINT_ZERO, "point_zero"),
        (Self::CURRENCY_NAME, "currency_name"),
        (Self::DECIMAL_COMMA, "decimal_comma"),
        (Self::PLACEHOLDER, "placeholder"),
        (Self::LABEL, "label"),
    ];

    /// The names of these tricks, for answers.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .filter(move |&(trick, _)| self.contains(trick))
            .map(|(_, name)| name)
    }

    /// Whether nothing was undone.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `tricks` are among these.
    pub fn contains(self, tricks: Self) -> bool {
        self.0 & tricks.0 == tricks.0
    }

    /// Adds `tricks`.
    pub fn add(&mut self, tricks: Self) {
        self.0 |= tricks.0;
    }
}

/// The value of a cell without the tricks, and which there were.
///
/// Cleaning twice changes nothing more, and a cell that [`crate::rejected::protected`] made safe for spreadsheets
/// cleans to what the cell itself cleans to: answer files can be mended and sent again.
#[inline]
pub fn clean(cell: &str, purpose: Use) -> (Cow<'_, str>, Undone) {
    if is_plain(cell) {
        return (Cow::Borrowed(cell), Undone::default());
    }
    cleaned(cell, purpose)
}

fn cleaned(cell: &str, purpose: Use) -> (Cow<'_, str>, Undone) {
    let mut undone = Undone::default();
    let value = match half_width(cell, purpose, &mut undone) {
        Cow::Borrowed(whole) => Cow::Borrowed(unwrapped(whole, purpose, &mut undone)),
        Cow::Owned(whole) => Cow::Owned(unwrapped(&whole, purpose, &mut undone).to_owned()),
    };
    (value, undone)
}

/// The value of a cell of that column without the tricks, and which there were: as [`clean`], and numbers that are names
/// (order ids, tracking numbers, line numbers, tax ids) lose the `.0` that a spreadsheet wrote behind them.
pub fn clean_for(column: Column, cell: &str) -> (Cow<'_, str>, Undone) {
    let purpose = if column == Column::TrackingNumber {
        Use::Number
    } else {
        Use::Text
    };
    clean_as(column, cell, purpose)
}

pub(crate) fn clean_as(column: Column, cell: &str, purpose: Use) -> (Cow<'_, str>, Undone) {
    let (value, mut undone) = clean(cell, purpose);
    if !is_a_name(column) {
        return (value, undone);
    }
    let Some(digits) = without_point_zero(&value).map(str::len) else {
        return (value, undone);
    };
    undone.add(Undone::POINT_ZERO);
    let value = match value {
        Cow::Borrowed(value) => Cow::Borrowed(&value[..digits]),
        Cow::Owned(mut value) => {
            value.truncate(digits);
            Cow::Owned(value)
        }
    };
    (value, undone)
}

/// Whether a number of that column names something and counts nothing: a point in it means nothing either.
#[inline]
fn is_a_name(column: Column) -> bool {
    matches!(
        column,
        Column::OrderId | Column::TrackingNumber | Column::LineNo | Column::ConsigneeTaxId
    )
}

/// `8000011000000005` of `8000011000000005.0`; `None` for anything else.
pub(crate) fn without_point_zero(value: &str) -> Option<&str> {
    // Nearly every value is told by its last digit.
    if !value.ends_with('0') {
        return None;
    }
    let digits = value.trim_end_matches('0').strip_suffix('.')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && digits.len() + 1 < value.len()).then_some(digits)
}

/// The Ctrl-Z with which old programs end a file: nothing at either end of a cell. Within one it is a character like any other.
pub(crate) const END_OF_FILE: char = '\u{1a}';

/// Whether a character is seen by nobody: zero-width characters, direction marks, soft hyphens, byte order marks.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// NBSP, the figure space and the narrow NBSP: spaces that no keyboard types by intent.
pub(crate) fn is_nbsp(character: char) -> bool {
    matches!(character, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

/// Most cells need nothing: ASCII with nothing at either end that could be a trick.
#[inline]
fn is_plain(cell: &str) -> bool {
    has_plain_ends(cell) && cell.is_ascii()
}

#[inline]
fn has_plain_ends(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return true;
    };
    !matches!(first, b'\'' | b'=') && *first > b' ' && *last > b' '
}

/// Whether a cell of that column, which is ASCII, is its own value: true of nearly all.
#[inline]
pub(crate) fn is_its_value(column: Column, cell: &str) -> bool {
    has_plain_ends(cell) && !(is_a_name(column) && cell.ends_with('0'))
}

/// Full-width forms become half-width, spaces that are none go, invisible characters go.
fn half_width<'a>(cell: &'a str, purpose: Use, undone: &mut Undone) -> Cow<'a, str> {
    let is_trick =
        |c: char| is_invisible(c) || is_nbsp(c) || matches!(c, '\u{3000}' | '\u{ff01}'..='\u{ff5e}');
    if !cell.contains(is_trick) {
        return Cow::Borrowed(cell);
    }
    let mut value = String::with_capacity(cell.len());
    for character in cell.chars() {
        match character {
            c if is_invisible(c) => undone.add(Undone::INVISIBLE),
            c if is_nbsp(c) => {
                undone.add(Undone::NBSP);
                if purpose == Use::Text {
                    value.push(' ');
                }
            }
            '\u{3000}' => {
                undone.add(Undone::FULL_WIDTH);
                value.push(' ');
            }
            // U+FF01–U+FF5E mirror U+0021–U+007E.
            c @ '\u{ff01}'..='\u{ff5e}' => {
                undone.add(Undone::FULL_WIDTH);
                value.extend(char::from_u32(c as u32 - 0xff01 + 0x21));
            }
            c => value.push(c),
        }
    }
    Cow::Owned(value)
}

/// Takes off what is wrapped around a value, layer by layer, until nothing more comes off.
fn unwrapped<'a>(value: &'a str, purpose: Use, undone: &mut Undone) -> &'a str {
    let mut kept = value;
    loop {
        let before = kept;
        kept = kept.trim_matches('\t');
        if kept.len() < before.len() {
            undone.add(Undone::TAB);
        }
        let seen = kept.trim_matches(END_OF_FILE);
        if seen.len() < kept.len() {
            undone.add(Undone::INVISIBLE);
        }
        kept = seen;
        if purpose == Use::Text {
            let trimmed = kept.trim();
            if trimmed.len() < kept.len() {
                undone.add(Undone::SPACE);
            }
            kept = trimmed;
        }
        if let Some(rest) = kept.strip_prefix('\'') {
            undone.add(Undone::APOSTROPHE);
            kept = rest;
        }
        if let Some(inner) = kept
            .strip_prefix("=\"")
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|inner| !inner.contains('"'))
        {
            undone.add(Undone::FORMULA);
            kept = inner;
        }
        if kept.len() == before.len() {
            return kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(cell: &str) -> String {
        clean(cell, Use::Text).0.into_owned()
    }

    fn number(cell: &str) -> String {
        clean(cell, Use::Number).0.into_owned()
    }

    #[test]
    fn sellers_tricks_are_undone() {
        for (cell, value, trick) in [
            ("'8000011000000005", "8000011000000005", Undone::APOSTROPHE),
            ("=\"8000011000000005\"", "8000011000000005", Undone::FORMULA),
            ("8000011000000005\t", "8000011000000005", Undone::TAB),
            ("\t8000011000000005", "8000011000000005", Undone::TAB),
            ("\u{a0}8000011000000005\u{a0}", "8000011000000005", Undone::NBSP),
            (
                "8000\u{200b}011000000005\u{feff}",
                "8000011000000005",
                Undone::INVISIBLE,
            ),
            (
                "\u{202a}8000011000000005\u{202c}",
                "8000011000000005",
                Undone::INVISIBLE,
            ),
            ("8000011000000005\u{1a}", "8000011000000005", Undone::INVISIBLE),
            ("ＲＢ３２８３６７９１５ＣＮ", "RB328367915CN", Undone::FULL_WIDTH),
        ] {
            for purpose in [Use::Text, Use::Number] {
                let (cleaned, undone) = clean(cell, purpose);
                assert_eq!(cleaned, value, "{cell:?} as {purpose:?}");
                assert!(undone.contains(trick), "{cell:?} as {purpose:?}");
            }
        }
    }

    #[test]
    fn tricks_in_layers_are_undone_together() {
        assert_eq!(text("'=\"123\"\t"), "123");
        assert_eq!(text("\t'　ＤＨＬ "), "DHL");
        assert_eq!(
            text("２０２４－０５－２８　１６：０２：５４"),
            "2024-05-28 16:02:54"
        );
    }

    #[test]
    fn nbsp_inside_a_text_is_a_space_and_inside_a_number_nothing() {
        assert_eq!(text("DHL\u{a0}Express"), "DHL Express");
        assert_eq!(number("8668\u{a0}041546"), "8668041546");
    }

    #[test]
    fn plain_spaces_of_a_number_are_kept() {
        assert_eq!(number(" 8668 041546 "), " 8668 041546 ");
        assert_eq!(text(" DHL "), "DHL");
    }

    #[test]
    fn a_point_and_zeros_behind_a_number_that_is_a_name_are_undone() {
        for (cell, value) in [
            ("8000011000000005.0", "8000011000000005"),
            ("'8000011000000005.000\t", "8000011000000005"),
            ("８０００.0", "8000"),
        ] {
            for column in [Column::OrderId, Column::TrackingNumber] {
                let (cleaned, undone) = clean_for(column, cell);
                assert_eq!(cleaned, value);
                assert!(undone.contains(Undone::POINT_ZERO));
            }
            assert!(!clean_for(Column::Amount, cell).1.contains(Undone::POINT_ZERO));
        }
        for cell in ["12.50", "12.", ".0", "RB12.0", "1.0.0", "0", "10", ""] {
            assert_eq!(
                clean_for(Column::OrderId, cell),
                (Cow::Borrowed(cell), Undone::default())
            );
        }
    }

    #[test]
    fn every_trick_has_a_name() {
        let mut all = Undone::default();
        Undone::NAMES.iter().for_each(|&(trick, _)| all.add(trick));
        assert_eq!(all.names().count(), Undone::NAMES.len());
        assert_eq!(Undone::POINT_ZERO.names().collect::<Vec<_>>(), ["point_zero"]);
        assert_eq!(Undone::default().names().count(), 0);
    }

    #[test]
    fn what_is_no_trick_stays() {
        for cell in ["", "'", "DHL", "=A1", "=\"1\"&\"2\"", "敦豪", "it's", "1,257.69"] {
            let expected = if cell == "'" { "" } else { cell };
            assert_eq!(text(cell), expected, "{cell:?}");
        }
        assert_eq!(clean("敦豪", Use::Text).1, Undone::default());
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(cell in "[ \t'=\"0-9a\u{a0}\u{200b}\u{ff07}\u{ff1d}\u{ff02}\u{3000}中\r\n]{0,12}") {
            for purpose in [Use::Text, Use::Number] {
                let (once, _) = clean(&cell, purpose);
                let (twice, undone) = clean(&once, purpose);
                prop_assert_eq!(&twice, &once);
                prop_assert!(undone.is_empty());
            }
        }
    }
}
