//! Days whose month is a word: `20 Nov 2026`, `Nov 20, 2026`, `20 ноября 2026 г.`. The word leaves no doubt which number is the
//! day, wherever the year stands.

use super::form::Cursor;

/// The names of the months from January on, in the languages of the main markets, in lower case and without a full stop.
const MONTHS: [&[&str]; 12] = [
    &[
        "jan",
        "january",
        "января",
        "янв",
        "enero",
        "ene",
        "janeiro",
        "janvier",
        "janv",
        "januar",
        "jän",
        "gennaio",
        "gen",
    ],
    &[
        "feb",
        "february",
        "февраля",
        "фев",
        "февр",
        "febrero",
        "fevereiro",
        "fev",
        "février",
        "févr",
        "februar",
        "febbraio",
    ],
    &[
        "mar",
        "march",
        "марта",
        "мар",
        "marzo",
        "março",
        "mars",
        "märz",
        "mär",
    ],
    &[
        "apr",
        "april",
        "апреля",
        "апр",
        "abril",
        "abr",
        "avril",
        "avr",
        "aprile",
    ],
    &["may", "мая", "май", "mayo", "maio", "mai", "maggio", "mag"],
    &[
        "jun", "june", "июня", "июн", "junio", "junho", "juin", "juni", "giugno", "giu",
    ],
    &[
        "jul", "july", "июля", "июл", "julio", "julho", "juillet", "juil", "juli", "luglio", "lug",
    ],
    &["aug", "august", "августа", "авг", "agosto", "ago", "août"],
    &[
        "sep",
        "sept",
        "september",
        "сентября",
        "сен",
        "сент",
        "septiembre",
        "setiembre",
        "setembro",
        "set",
        "septembre",
        "settembre",
    ],
    &[
        "oct",
        "october",
        "октября",
        "окт",
        "octubre",
        "outubro",
        "out",
        "octobre",
        "oktober",
        "okt",
        "ottobre",
        "ott",
    ],
    &[
        "nov",
        "november",
        "ноября",
        "ноя",
        "нояб",
        "noviembre",
        "novembro",
        "novembre",
    ],
    &[
        "dec",
        "december",
        "декабря",
        "дек",
        "diciembre",
        "dic",
        "dezembro",
        "dez",
        "décembre",
        "déc",
        "dezember",
        "dicembre",
    ],
];

/// What stands behind a day's number: `1st`, `20th`.
const ORDINALS: [&str; 4] = ["st", "nd", "rd", "th"];

impl Cursor<'_> {
    /// The day, month by name; what was read of another text is read all the same.
    pub(super) fn day_by_month_name(&mut self) -> Option<[u32; 3]> {
        if let Some(month) = self.month_name() {
            let day = self.number(1, 2)?;
            self.ordinal();
            self.between();
            let year = self.whole_year()?;
            return Some([year, month, day]);
        }
        let day = self.number(1, 2)?;
        self.ordinal();
        self.between();
        let month = self.month_name()?;
        let year = self.whole_year()?;
        if self.take(" г") {
            self.take(".");
        }
        Some([year, month, day])
    }

    fn month_name(&mut self) -> Option<u32> {
        let end = self
            .rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(self.rest.len());
        let word = self.rest[..end].to_lowercase();
        let month = MONTHS.iter().position(|names| names.contains(&word.as_str()))?;
        self.rest = &self.rest[end..];
        self.take(".");
        self.between();
        Some(month as u32 + 1)
    }

    /// A year of four digits and no more.
    fn whole_year(&mut self) -> Option<u32> {
        (self.digits() == 4).then(|| self.number(4, 4)).flatten()
    }

    fn ordinal(&mut self) {
        if ORDINALS.iter().any(|ordinal| self.take(ordinal)) {
            return;
        }
        self.take(".");
    }

    /// What stands between the parts of such a day: a hyphen, a slash, a comma, spaces, `de`.
    fn between(&mut self) {
        if self.one_of(&['-', '/']).is_some() {
            return;
        }
        self.one_of(&[',', '，']);
        self.spaces();
        self.take("de ");
    }
}
