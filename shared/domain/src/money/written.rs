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
    /// Whether a currency stands beside its digits.
    pub names_currency: bool,
    /// Whether its digits are written in another way than [`Money::parse`] takes.
    pub is_respelled: bool,
}

/// Why a text is no amount of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountFault {
    /// Nothing that is an amount.
    Form,
    /// Another currency stands beside its digits: its name.
    OtherCurrency(String),
    /// More places than the currency has.
    Places,
    /// It has two readings, the second a thousand times the first, and nothing shows which is meant.
    TwoReadings(String, String),
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
        let digits = Digits::of(around.amount).ok_or(AmountFault::Form)?;
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

    /// Whether one minus stands before the digits, or brackets stand around everything.
    fn is_negative(&self) -> Result<bool, AmountFault> {
        if self.behind.contains(is_minus) {
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
            let is_no_name = |c: char| c.is_whitespace() || is_minus(c) || matches!(c, '(' | ')');
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

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '−' | '－')
}

/// The digits of an amount, told apart at what stands between them.
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
        let is_separator = |c: char| matches!(c, '.' | ',' | '\'' | '’' | ' ');
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
        let shown = |money: Money| money.to_string();
        let small = self.with_places(currency).map(shown);
        let small = small.unwrap_or_else(|_| format!("{}.{} {currency}", self.groups.concat(), self.last));
        match self.whole(currency) {
            Ok(great) => AmountFault::TwoReadings(small, shown(great)),
            Err(fault) => fault,
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
    let minor = minor.ok_or(AmountFault::Form)?;
    Ok(Money { minor, currency })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use AmountFault::{Form, OtherCurrency, Places, TwoReadings};
    use DecimalMark::{Comma, Point, Unknown};

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a currency")
    }

    fn read(text: &str, code: &str, mark: DecimalMark) -> Result<String, AmountFault> {
        let amount = Money::read(text, currency(code), mark)?;
        let sign = if amount.is_negative { "-" } else { "" };
        Ok(format!("{sign}{}", amount.money))
    }

    fn readings(small: &str, great: &str) -> Result<String, AmountFault> {
        Err(TwoReadings(small.to_owned(), great.to_owned()))
    }

    #[test]
    fn a_currency_may_stand_on_either_side_if_it_is_the_rows() {
        for (text, code, amount) in [
            ("US $89.90", "USD", "89.90 USD"),
            ("$89.90", "USD", "89.90 USD"),
            ("$89.90", "CAD", "89.90 CAD"),
            ("89.90 USD", "USD", "89.90 USD"),
            ("usd89.90", "USD", "89.90 USD"),
            ("$89.90 USD", "USD", "89.90 USD"),
            ("￥89", "CNY", "89.00 CNY"),
            ("CN￥ 1,231.50", "CNY", "1231.50 CNY"),
            ("CN￥ -98.52", "CNY", "-98.52 CNY"),
            ("-CN￥98.52", "CNY", "-98.52 CNY"),
            ("(98.52)", "CNY", "-98.52 CNY"),
            ("89元", "CNY", "89.00 CNY"),
            ("89,90 €", "EUR", "89.90 EUR"),
            ("R$ 1.234,56", "BRL", "1234.56 BRL"),
            ("1 234,56 руб.", "RUB", "1234.56 RUB"),
            ("CHF 1'234.50", "CHF", "1234.50 CHF"),
            ("₹1,25,000.00", "INR", "125000.00 INR"),
            ("KWD 1.500", "KWD", "1.500 KWD"),
        ] {
            assert_eq!(read(text, code, Unknown).as_deref(), Ok(amount), "{text}");
        }
        for (text, code, name) in [
            ("US $89.90", "EUR", "US $"),
            ("89.90 EUR", "USD", "EUR"),
            ("€89.90", "USD", "€"),
            ("$89.90", "EUR", "$"),
        ] {
            assert_eq!(
                read(text, code, Unknown),
                Err(OtherCurrency(name.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn what_may_be_a_thousand_times_more_is_asked_unless_the_file_decides() {
        assert_eq!(read("1.500", "EUR", Unknown), readings("1.50 EUR", "1500.00 EUR"));
        assert_eq!(
            read("1.257", "EUR", Unknown),
            readings("1.257 EUR", "1257.00 EUR")
        );
        assert_eq!(
            read("1,500", "KWD", Unknown),
            readings("1.500 KWD", "1500.000 KWD")
        );
        assert_eq!(read("1.000", "JPY", Unknown), readings("1 JPY", "1000 JPY"));
        for (text, code, mark, amount) in [
            ("1.500", "EUR", Point, "1.50 EUR"),
            ("1.500", "EUR", Comma, "1500.00 EUR"),
            ("1,500", "EUR", Point, "1500.00 EUR"),
            ("1,500", "EUR", Comma, "1.50 EUR"),
            ("1,500", "EUR", Unknown, "1500.00 EUR"),
            ("1,500", "KWD", Comma, "1.500 KWD"),
            ("1.500", "KWD", Comma, "1500.000 KWD"),
            ("1.500", "KWD", Unknown, "1.500 KWD"),
            ("1,500", "JPY", Unknown, "1500 JPY"),
            ("0.500", "EUR", Unknown, "0.50 EUR"),
            ("1234.500", "EUR", Unknown, "1234.50 EUR"),
            ("1.500,00", "EUR", Unknown, "1500.00 EUR"),
            ("1.500.000", "EUR", Unknown, "1500000.00 EUR"),
            ("12,50", "EUR", Unknown, "12.50 EUR"),
            ("12.3000", "USD", Unknown, "12.30 USD"),
            ("1 500", "EUR", Unknown, "1500.00 EUR"),
        ] {
            assert_eq!(
                read(text, code, mark).as_deref(),
                Ok(amount),
                "{text} {code} {mark:?}"
            );
        }
        assert_eq!(read("1.257", "EUR", Point), Err(Places));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "", ".", "1.", ".5", "1e3", "12,57.69", "1.2.3", "1,,5", "1.5 2", "5-", "--5", "(5", "1.2,3.4",
            "12 34", "5 apples",
        ] {
            assert_eq!(read(text, "USD", Unknown), Err(Form), "{text}");
        }
        assert_eq!(read("1.005,5", "JPY", Unknown), Err(Places));
        assert_eq!(read("9999999999999.00", "USD", Unknown), Err(Form));
        assert_eq!(read(&"1".repeat(AMOUNT_BYTES_MAX + 1), "USD", Unknown), Err(Form));
    }

    #[test]
    fn amounts_show_what_stands_before_their_minor_units() {
        let shown = |texts: &[&str]| {
            let mut marks = DecimalMarks::default();
            texts.iter().for_each(|text| marks.look_at(text));
            (marks.shown(), marks.are_mixed())
        };
        assert_eq!(shown(&["1.500", "25", "1,500", "x", ""]), (Unknown, false));
        assert_eq!(shown(&["1.500", "25.00"]), (Point, false));
        assert_eq!(shown(&["US $1,234,567"]), (Point, false));
        assert_eq!(shown(&["25,5 €"]), (Comma, false));
        assert_eq!(shown(&["1.234.567"]), (Comma, false));
        assert_eq!(shown(&["1 234,50"]), (Comma, false));
        assert_eq!(shown(&["1,50", "1.50"]), (Unknown, true));
    }

    /// The digits of an amount written with these signs.
    fn spelled(units: i64, minor: Option<(i64, usize)>, group: &str, mark: &str) -> String {
        let digits = units.to_string();
        let first = (digits.len() + 2) % GROUP_DIGITS + 1;
        let (mut text, mut rest) = digits.split_at(first.min(digits.len()));
        let mut written = text.to_owned();
        while !rest.is_empty() {
            (text, rest) = rest.split_at(GROUP_DIGITS);
            written += group;
            written += text;
        }
        if let Some((minor, places)) = minor {
            written += &format!("{mark}{minor:0places$}");
        }
        written
    }

    proptest! {
        /// Whatever is around an amount and however it is grouped, it is read as itself or asked: never as another one.
        #[test]
        fn an_amount_is_read_as_itself_or_asked(
            units in 0_i64..100_000_000,
            minor in 0_i64..1_000,
            code in prop::sample::select(vec!["USD", "JPY", "KWD", "EUR"]),
            is_comma in any::<bool>(),
            group in prop::sample::select(vec!["", "own", " ", "'"]),
            has_places in any::<bool>(),
            around in prop::sample::select(vec!["{}", "CODE {}", "{} CODE", "CODE{}"]),
            knows in any::<bool>(),
        ) {
            let currency = currency(code);
            let exponent = currency.exponent();
            let unit = 10_i64.pow(exponent);
            let minor = (has_places && exponent > 0).then_some((minor % unit, exponent as usize));
            let (mark, own, shown) = if is_comma { (",", ".", Comma) } else { (".", ",", Point) };
            let text = spelled(units, minor, if group == "own" { own } else { group }, mark);
            let text = around.replace("CODE", code).replace("{}", &text);
            let amount = Money { minor: units * unit + minor.map_or(0, |(minor, _)| minor), currency };
            match Money::read(&text, currency, if knows { shown } else { Unknown }) {
                Ok(read) => {
                    // Without the file's word a comma before three digits groups and a point before three places does not.
                    let is_sure = knows || read.money == amount;
                    let by_convention = !is_comma || group != "own";
                    prop_assert!(read.money == amount || !is_sure && !by_convention, "{text}: {:?}", read.money);
                }
                Err(TwoReadings(small, great)) => {
                    let itself = amount.to_string();
                    prop_assert!(!knows && (small == itself || great == itself), "{text}: {small} {great}");
                }
                Err(fault) => prop_assert!(false, "{text}: {fault:?}"),
            }
        }

        /// Where the general way reads what the strict one reads, they agree, whatever the file shows of an unambiguous cell.
        #[test]
        fn plain_amounts_are_read_alike_everywhere(units in 1_000_i64..1_000_000, minor in 0_i64..100) {
            let text = format!("{units}.{minor:02}");
            for mark in [Unknown, Point, Comma] {
                let read = Money::read(&text, Currency::USD, mark).map(|amount| amount.money);
                prop_assert_eq!(read.ok(), Money::parse(&text, Currency::USD));
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,12}|[0-9.,' $€-]{0,12}") {
            for mark in [Unknown, Point, Comma] {
                let _ = Money::read(&text, Currency::USD, mark);
            }
            DecimalMarks::default().look_at(&text);
        }
    }
}
