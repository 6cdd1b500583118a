//! Number formats: what a cell's style shows of its number.

use std::borrow::Cow;

use super::number;
use super::serial::{Epoch, date_text};

/// What a number format makes of a number, as far as it matters for reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// The number as it is.
    #[default]
    General,
    /// Zeros before it, up to so many digits.
    Zeros(u8),
    /// A day.
    Date,
    /// A time, or a day with its time.
    DateTime,
}

impl Format {
    /// The format of a number that every spreadsheet knows without being told; the days and times of Chinese, Japanese
    /// and Korean versions among them.
    pub(super) fn built_in(id: u32) -> Self {
        match id {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Date,
            18..=22 | 32..=35 | 45..=47 | 55 | 56 => Self::DateTime,
            _ => Self::General,
        }
    }

    /// Reads a format's code by its first section; what is quoted, escaped or in brackets shows as it stands and means
    /// nothing, but for elapsed times (`[h]`).
    pub(super) fn parse(code: &str) -> Self {
        let (mut date, mut time, mut zeros, mut other) = (false, false, 0_u32, false);
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            match character {
                ';' => break,
                '"' => {
                    other = true;
                    characters.by_ref().find(|&character| character == '"');
                }
                '\\' | '_' | '*' => {
                    other = true;
                    characters.next();
                }
                '[' => {
                    let inner: String = characters
                        .by_ref()
                        .take_while(|&character| character != ']')
                        .collect();
                    let elapsed = matches!(
                        inner.to_ascii_lowercase().as_str(),
                        "h" | "hh" | "m" | "mm" | "s" | "ss"
                    );
                    time |= elapsed;
                }
                'h' | 'H' | 's' | 'S' => time = true,
                'y' | 'Y' | 'd' | 'D' | 'm' | 'M' => date = true,
                '0' => zeros += 1,
                _ => other = true,
            }
        }
        match (date, time) {
            (_, true) => Self::DateTime,
            (true, false) => Self::Date,
            // A format of one zero shows whole numbers as they are.
            _ if zeros > 1 && !other => u8::try_from(zeros).map_or(Self::General, Self::Zeros),
            _ => Self::General,
        }
    }

    /// The number as the sheet shows it, and whether it is a number still.
    pub(super) fn show(self, raw: &str, epoch: Epoch) -> (Cow<'_, str>, bool) {
        let date = match self {
            Self::Date => date_text(raw, epoch, true),
            Self::DateTime => date_text(raw, epoch, false),
            _ => None,
        };
        match (date, self) {
            (Some(date), _) => (Cow::Owned(date), false),
            (None, Self::Zeros(width)) => (number::padded(number::shown(raw), usize::from(width)), true),
            (None, _) => (number::shown(raw), true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_what_it_shows() {
        for (code, format) in [
            ("General", Format::General),
            ("@", Format::General),
            ("0", Format::General),
            ("0.00", Format::General),
            ("#,##0.00", Format::General),
            ("00000000000", Format::Zeros(11)),
            ("0000-0000", Format::General),
            ("yyyy-mm-dd", Format::Date),
            ("yyyy/m/d;@", Format::Date),
            ("[$-804]yyyy\"年\"m\"月\"d\"日\"", Format::Date),
            ("yyyy-mm-dd hh:mm:ss", Format::DateTime),
            ("h:mm AM/PM", Format::DateTime),
            ("[h]:mm", Format::DateTime),
            ("[mm]", Format::DateTime),
            ("0.00\"days\"", Format::General),
            ("[Red]0.00", Format::General),
            ("[$USD] #,##0.00", Format::General),
            ("0\\d", Format::General),
            ("0_d", Format::General),
            ("0;yyyy", Format::General),
            ("\"unclosed yyyy", Format::General),
            ("[unclosed yyyy", Format::General),
            ("", Format::General),
        ] {
            assert_eq!(Format::parse(code), format, "{code}");
        }
    }

    #[test]
    fn the_formats_that_need_no_telling_are_known() {
        assert_eq!(Format::built_in(14), Format::Date);
        assert_eq!(Format::built_in(22), Format::DateTime);
        assert_eq!(Format::built_in(31), Format::Date);
        assert_eq!(Format::built_in(47), Format::DateTime);
        assert_eq!(Format::built_in(58), Format::Date);
        for id in [0, 1, 13, 23, 26, 37, 44, 48, 49, 59, 164] {
            assert_eq!(Format::built_in(id), Format::General, "{id}");
        }
    }

    #[test]
    fn a_date_that_is_none_is_left_as_a_number() {
        assert_eq!(
            Format::Date.show("45413", Epoch::Year1900),
            ("2024-05-01".into(), false)
        );
        assert_eq!(Format::Date.show("-1", Epoch::Year1900), ("-1".into(), true));
        assert_eq!(
            Format::Zeros(6).show("123", Epoch::Year1900),
            ("000123".into(), true)
        );
    }
}
