//! Amounts as files write them: a currency's sign or name around the digits, digits in groups, a point or a comma before the
//! minor units. Which of the two it is, a cell like `1.500` cannot tell: the file's other amounts do, or nobody.

use super::{Money, UNITS_MAX, plain_minor};
use crate::Currency;

/// Digits between two separators of groups.
const GROUP_DIGITS: usize = 3;
/// Bytes of an amount, at most.
const AMOUNT_BYTES_MAX: usize = 64;

/// What stands before the minor units of a file's amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecimalMark {
    /// None of its amounts shows it, or they contradict each other.
    #[default]
    Unknown,
    /// `1,234.56`
    Point,
    /// `1.234,56`
    Comma,
}

/// What the amounts of a file show together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecimalMarks {
    point: bool,
    comma: bool,
}

/// An amount that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenAmount {
    /// How much it is, without its sign.
    pub money: Money,
    /// Whether a minus or brackets stand around it.
    pub is_negative: bool,
    /// Whether a currency stands next to its digits.
    pub names_currency: bool,
    /// Whether its digits are written in another way than [`Money::parse`] takes.
    pub is_respelled: bool,
}

/// Why a text is no amount of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountFault {
    /// Nothing that is an amount.
    Form,
    /// Digits that separators part in no usual way.
    Grouping,
    /// Another currency stands next to its digits: its name.
    OtherCurrency(String),
    /// More places than the currency has.
    Places,
    /// More units than an amount may have.
    TooGreat,
    /// It has two readings, the second a thousand times the first, and nothing shows which is meant.
    TwoReadings(String, String),
    /// It has more places than the currency, unless the separator stands between thousands: the amount then.
    Thousands(String),
}

impl DecimalMarks {
    /// Takes one more amount into account.
    pub fn look_at(&mut self, text: &str) {
        match shown_by(text) {
            DecimalMark::Point => self.point = true,
            DecimalMark::Comma => self.comma = true,
            DecimalMark::Unknown => {}
        }
    }

    /// What they show.
    pub fn shown(self) -> DecimalMark {
        match (self.point, self.comma) {
            (true, false) => DecimalMark::Point,
            (false, true) => DecimalMark::Comma,
            _ => DecimalMark::Unknown,
        }
    }

    /// Whether they contradict each other.
    pub fn are_mixed(self) -> bool {
        self.point && self.comma
    }
}

impl Money {
    /// Reads an amount of `currency` as files write it, where `mark` is what the file's other amounts show.
    ///
    /// A cell that reads in two ways is read as the others show. Where they show nothing, a point is the decimal point and a
    /// comma is not, unless the currency's places speak against it: those are two readings.
    ///
    /// # Errors
    /// [`AmountFault`]: an amount is never guessed.
    pub fn read(text: &str, currency: Currency, mark: DecimalMark) -> Result<WrittenAmount, AmountFault> {
        let exponent = currency.exponent();
        let is_its_own = exponent as usize != GROUP_DIGITS || mark != DecimalMark::Comma;
        if let Some(minor) = plain_minor(text.as_bytes(), exponent).filter(|_| is_its_own) {
            return Ok(WrittenAmount {
                money: Self { minor, currency },
                is_negative: false,
                names_currency: false,
                is_respelled: false,
            });
        }
        let around = Around::of(text).ok_or(AmountFault::Form)?;
        let is_negative = around.is_negative()?;
        let names_currency = around.agrees_with(currency)?;
        let digits = Digits::of(around.amount).ok_or_else(|| fault_of_digits(around.amount))?;
        let money = digits.money(currency, mark)?;
        Ok(WrittenAmount {
            money,
            is_negative,
            names_currency,
            is_respelled: Self::parse(around.amount, currency) != Some(money),
        })
    }
}

/// What one amount shows by itself of the mark before the minor units.
fn shown_by(text: &str) -> DecimalMark {
    let digits = Around::of(text).and_then(|around| Digits::of(around.amount));
    digits.map_or(DecimalMark::Unknown, |digits| digits.shown())
}

/// An amount, and what stands before and behind it.
struct Around<'t> {
    before: &'t str,
    amount: &'t str,
    behind: &'t str,
}

impl<'t> Around<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let is_digit = |c: char| c.is_ascii_digit();
        let start = text.find(is_digit)?;
        let end = text.rfind(is_digit)? + 1;
        (text.len() <= AMOUNT_BYTES_MAX).then(|| Self {
            before: &text[..start],
            amount: &text[start..end],
            behind: &text[end..],
        })
    }

    /// Whether one minus stands before the digits, or brackets stand around everything. A plus says what nothing says.
    fn is_negative(&self) -> Result<bool, AmountFault> {
        if self.behind.contains(is_sign) || self.before.matches(is_sign).count() > 1 {
            return Err(AmountFault::Form);
        }
        let signs = self.before.matches(is_minus).count();
        let brackets = (
            self.before.trim_start().starts_with('('),
            self.behind.trim_end().ends_with(')'),
        );
        match (signs, brackets) {
            (0, (false, false)) => Ok(false),
            (1, (false, false)) | (0, (true, true)) => Ok(true),
            _ => Err(AmountFault::Form),
        }
    }

    /// Whether currencies stand around the digits; all of them must be `currency`, or a sign that it shares with others.
    fn agrees_with(&self, currency: Currency) -> Result<bool, AmountFault> {
        let mut names_currency = false;
        for side in [self.before, self.behind] {
            let is_no_name = |c: char| c.is_whitespace() || is_sign(c) || matches!(c, '(' | ')');
            let name = side.trim_matches(is_no_name);
            if name.is_empty() {
                continue;
            }
            let meant = Currency::all_named(name);
            if meant.is_empty() {
                return Err(AmountFault::Form);
            }
            if !meant.contains(&currency) {
                return Err(AmountFault::OtherCurrency(name.to_owned()));
            }
            names_currency = true;
        }
        Ok(names_currency)
    }
}

/// Why what stands between the first and the last digit is no amount.
fn fault_of_digits(amount: &str) -> AmountFault {
    let is_of_digits = |c: char| c.is_ascii_digit() || is_separator(c);
    if amount.chars().all(is_of_digits) {
        AmountFault::Grouping
    } else {
        AmountFault::Form
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | ',' | '\'' | '’' | ' ')
}

fn is_sign(c: char) -> bool {
    is_minus(c) || matches!(c, '+' | '＋')
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '−' | '－')
}

/// The digits of an amount, split at what stands between them.
struct Digits<'t> {
    /// All but the last.
    groups: Vec<&'t str>,
    last: &'t str,
    /// Between the groups, where there are several.
    grouping: Option<char>,
    /// Before the last, where there are several.
    separator: Option<char>,
}

impl<'t> Digits<'t> {
    /// `None` where anything else stands among them, or the groups are none.
    fn of(amount: &'t str) -> Option<Self> {
        let mut parts: Vec<&str> = amount.split(is_separator).collect();
        if !parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return None;
        }
        let mut separators: Vec<char> = amount
            .matches(is_separator)
            .filter_map(|part| part.chars().next())
            .collect();
        let (last, separator) = (parts.pop()?, separators.pop());
        let grouping = separators.first().copied();
        let digits = Self {
            groups: parts,
            last,
            grouping,
            separator,
        };
        let is_of_one_grouping = separators.iter().all(|separator| Some(*separator) == grouping);
        // Units in groups stand before the mark, and nothing but a point or a comma is one.
        let is_sound = match (digits.grouping, digits.separator) {
            (Some(grouping), Some(separator)) if grouping != separator => {
                matches!(separator, '.' | ',') && is_grouped(&digits.groups)
            }
            (None, Some('.' | ',') | None) => true,
            _ => is_grouped(&[digits.groups.as_slice(), &[last]].concat()),
        };
        (is_of_one_grouping && is_sound).then_some(digits)
    }

    /// Whether the one point or comma may stand before minor units as well as before a group of three digits.
    fn has_two_readings(&self) -> bool {
        let is_group = |units: &str| (1..=GROUP_DIGITS).contains(&units.len()) && !units.starts_with('0');
        self.grouping.is_none()
            && matches!(self.separator, Some('.' | ','))
            && self.last.len() == GROUP_DIGITS
            && self.groups.first().is_some_and(|units| is_group(units))
    }

    fn shown(&self) -> DecimalMark {
        if self.has_two_readings() {
            return DecimalMark::Unknown;
        }
        match (self.grouping, self.separator) {
            // A separator that stands twice separates groups.
            (Some(grouping), Some(separator)) if grouping == separator => match separator {
                '.' => DecimalMark::Comma,
                ',' => DecimalMark::Point,
                _ => DecimalMark::Unknown,
            },
            (_, Some('.')) => DecimalMark::Point,
            (_, Some(',')) => DecimalMark::Comma,
            _ => DecimalMark::Unknown,
        }
    }

    fn money(&self, currency: Currency, mark: DecimalMark) -> Result<Money, AmountFault> {
        if self.has_two_readings() {
            let is_point = self.separator == Some('.');
            let has_three_places = currency.exponent() as usize == GROUP_DIGITS;
            return match mark {
                DecimalMark::Point if is_point => self.with_places(currency),
                DecimalMark::Comma if !is_point => self.with_places(currency),
                DecimalMark::Unknown if is_point && has_three_places => self.with_places(currency),
                DecimalMark::Unknown if is_point || has_three_places => Err(self.both_readings(currency)),
                _ => self.whole(currency),
            };
        }
        match (self.grouping, self.separator) {
            (Some(grouping), Some(separator)) if grouping != separator => self.with_places(currency),
            (None, Some('.' | ',')) => self.with_places(currency),
            _ => self.whole(currency),
        }
    }

    /// The last digits as minor units.
    fn with_places(&self, currency: Currency) -> Result<Money, AmountFault> {
        let exponent = currency.exponent() as usize;
        // Zeros beyond the currency's places say nothing (ERPs write 12.3000).
        let places = match self.last.len() > exponent {
            true => self.last.trim_end_matches('0'),
            false => self.last,
        };
        if places.len() > exponent {
            return Err(AmountFault::Places);
        }
        amount_of(&self.groups.concat(), places, currency)
    }

    /// All digits as units.
    fn whole(&self, currency: Currency) -> Result<Money, AmountFault> {
        amount_of(&format!("{}{}", self.groups.concat(), self.last), "", currency)
    }

    fn both_readings(&self, currency: Currency) -> AmountFault {
        match (self.with_places(currency), self.whole(currency)) {
            (Ok(small), Ok(great)) => AmountFault::TwoReadings(small.to_string(), great.to_string()),
            (Err(_), Ok(great)) => AmountFault::Thousands(great.to_string()),
            (_, Err(fault)) => fault,
        }
    }
}

/// Whether digits stand in groups: three in each but the first, or two in each but the first and the last as in India.
fn is_grouped(groups: &[&str]) -> bool {
    let [first, rest @ ..] = groups else { return false };
    let [between @ .., last] = rest else { return true };
    let all_of = |digits: usize| between.iter().all(|group| group.len() == digits);
    (1..=GROUP_DIGITS).contains(&first.len())
        && last.len() == GROUP_DIGITS
        && (all_of(GROUP_DIGITS) || first.len() < GROUP_DIGITS && all_of(2))
}

fn amount_of(units: &str, places: &str, currency: Currency) -> Result<Money, AmountFault> {
    let exponent = currency.exponent();
    let minor = format!("{places:0<width$}", width = exponent as usize);
    let read = |digits: &str| match digits {
        "" => Some(0),
        digits => digits.parse::<i64>().ok(),
    };
    let units = read(units).filter(|&units| units <= UNITS_MAX);
    let minor = units
        .zip(read(&minor))
        .map(|(units, minor)| units * 10_i64.pow(exponent) + minor);
    let minor = minor.ok_or(AmountFault::TooGreat)?;
    Ok(Money { minor, currency })
}

#[cfg(test)]
mod tests;
