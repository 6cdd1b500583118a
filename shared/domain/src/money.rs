//! Money: integer minor units with a currency; the ledger keeps USD cents.

mod written;

use std::borrow::Cow;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Currency;

pub use written::{AmountFault, DecimalMark, DecimalMarks, WrittenAmount};

/// USD cents, the ledger's unit. Negative in reversals and balances only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cents(pub i64);

/// An amount in its own currency's minor units (cents, kopecks, yen …).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// The currency, which tells how many minor units a unit has.
    pub currency: Currency,
}

/// USD per unit of a currency: `mantissa` / 10^`scale`, exact as the file wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    mantissa: i64,
    scale: u8,
}

impl Rate {
    /// One US dollar a unit: only where no verdict depends on the rate.
    pub const ONE: Self = Self {
        mantissa: 1,
        scale: 0,
    };

    /// The mantissa at the greater of two scales: what compares with the other rate's.
    fn scaled(self, other: Self) -> i128 {
        let places = other.scale.saturating_sub(self.scale);
        i128::from(self.mantissa).saturating_mul(10_i128.saturating_pow(u32::from(places)))
    }
}

/// By value; rates of one value by how they are written.
impl Ord for Rate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_value = self.scaled(*other).cmp(&other.scaled(*self));
        by_value.then(self.scale.cmp(&other.scale))
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Whole units in an amount, at most: keeps every product inside 128 bits and every sum of a month inside 64.
pub const UNITS_MAX: i64 = 1_000_000_000_000;

impl Cents {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// `basis_points` of this amount, half-up to the cent (B4: 500 of 80.10 is 4.01).
    pub fn basis_points(self, basis_points: u32) -> Self {
        Self(half_up(i128::from(self.0) * i128::from(basis_points), 10_000))
    }
}

impl fmt::Display for Cents {
    /// `4.01`, `-1.20`: a decimal with two places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", whole / 100, whole % 100)
    }
}

impl FromStr for Cents {
    type Err = &'static str;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, decimal) = text
            .strip_prefix('-')
            .map_or((false, text), |decimal| (true, decimal));
        let money = Money::parse(decimal, Currency::USD).ok_or("not an amount in USD")?;
        Ok(Self(if negative { -money.minor } else { money.minor }))
    }
}

impl Serialize for Cents {
    /// A decimal text where people read it (JSON), the bare integer of cents where they do not.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?
                .parse()
                .map_err(de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

impl Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Cents {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Money {
    /// Reads a non-negative decimal with at most the currency's places (`1257.69` USD, `1200` JPY), `.` as the
    /// decimal point, thousands commas allowed where they stand right (`1,257.69`). `None` for anything else.
    pub fn parse(text: &str, currency: Currency) -> Option<Self> {
        let exponent = currency.exponent();
        match plain_minor(text.as_bytes(), exponent) {
            Some(minor) => Some(Self { minor, currency }),
            None => Self::parse_spelled(text, currency),
        }
    }

    /// As [`Money::parse`], for whatever is written.
    fn parse_spelled(text: &str, currency: Currency) -> Option<Self> {
        let (units, places) = text.split_once('.').unwrap_or((text, ""));
        let units = without_thousands_commas(units)?;
        let exponent = currency.exponent() as usize;
        let plain = !units.is_empty() && units.bytes().chain(places.bytes()).all(|b| b.is_ascii_digit());
        // Trailing zeros beyond the currency's places say nothing new (ERPs write 12.3000).
        let places = if places.len() > exponent {
            places.trim_end_matches('0')
        } else {
            places
        };
        if !plain || places.len() > exponent || text.ends_with('.') || units.len() > 15 {
            return None;
        }
        let units: i64 = units.parse().ok().filter(|&units| units <= UNITS_MAX)?;
        let places_missing = currency.exponent() - places.len() as u32;
        let minor = if places.is_empty() {
            0
        } else {
            places.parse().ok()?
        };
        let minor: i64 = i64::checked_mul(minor, 10_i64.pow(places_missing))?;
        Some(Self {
            minor: units * 10_i64.pow(currency.exponent()) + minor,
            currency,
        })
    }

    /// This amount in USD cents, half-up. USD ignores `rate`; any other currency needs one (never 1.0).
    pub fn usd_cents(self, rate: Option<Rate>) -> Option<Cents> {
        if self.currency == Currency::USD {
            return Some(Cents(self.minor));
        }
        let rate = rate?;
        let cents_times = i128::from(self.minor) * i128::from(rate.mantissa) * 100;
        let divisor = 10_i128.pow(u32::from(rate.scale) + self.currency.exponent());
        Some(Cents(half_up(cents_times, divisor)))
    }
}

impl fmt::Display for Money {
    /// `1257.69 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let exponent = self.currency.exponent();
        let (minor, unit) = (self.minor.unsigned_abs(), 10_u64.pow(exponent));
        match exponent {
            0 => write!(f, "{sign}{minor} {}", self.currency),
            places => write!(
                f,
                "{sign}{}.{:0width$} {}",
                minor / unit,
                minor % unit,
                self.currency,
                width = places as usize
            ),
        }
    }
}

impl Rate {
    /// Reads a positive decimal of at most 9 places and 9 digits before the point. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (units, places) = text.split_once('.').unwrap_or((text, ""));
        let plain = !units.is_empty() && units.bytes().chain(places.bytes()).all(|b| b.is_ascii_digit());
        let places = places.trim_end_matches('0');
        if !plain || text.ends_with('.') || units.len() > 9 || places.len() > 9 {
            return None;
        }
        let mantissa: i64 = format!("{units}{places}").parse().ok()?;
        (mantissa > 0).then_some(Self {
            mantissa,
            scale: places.len() as u8,
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_i64.pow(u32::from(self.scale));
        match self.scale {
            0 => write!(f, "{}", self.mantissa),
            places => write!(
                f,
                "{}.{:0width$}",
                self.mantissa / unit,
                self.mantissa % unit,
                width = usize::from(places)
            ),
        }
    }
}

fn half_up(numerator: i128, divisor: i128) -> i64 {
    let rounded = (numerator * 2 + divisor).div_euclid(divisor * 2);
    // Amounts are bounded by UNITS_MAX and rates by nine digits: a larger figure is no order's.
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// `1,257` → `1257`; `None` when a comma stands anywhere but before three digits.
fn without_thousands_commas(units: &str) -> Option<Cow<'_, str>> {
    if !units.contains(',') {
        return Some(Cow::Borrowed(units));
    }
    let mut groups = units.split(',');
    let first = groups.next()?;
    let well_placed = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    well_placed.then(|| Cow::Owned(units.replace(',', "")))
}

/// The minor units of an amount as nearly every cell writes it: a few digits, and behind a point as many places as the currency
/// has, or no point. `None` for anything else.
fn plain_minor(text: &[u8], exponent: u32) -> Option<i64> {
    // Below the most units that an amount may have.
    const UNIT_DIGITS_MAX: usize = 12;
    let places = exponent as usize;
    let point = text.len().checked_sub(places + 1);
    let (units, minor) = match point {
        Some(point) if places > 0 && text[point] == b'.' => text.split_at(point),
        _ => (text, &b"."[..]),
    };
    let digits = |digits: &[u8]| {
        digits.iter().try_fold(0_i64, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    };
    if !(1..=UNIT_DIGITS_MAX).contains(&units.len()) {
        return None;
    }
    Some(digits(units)? * 10_i64.pow(exponent) + digits(&minor[1..])?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The short way says what the general one says, wherever it says anything.
        #[test]
        fn the_short_way_reads_as_the_general_one(text in "[0-9]{0,14}(|[.,][0-9]{0,5})", code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"])) {
            let currency = Currency::parse(code).expect("a currency");
            prop_assert_eq!(Money::parse(&text, currency), Money::parse_spelled(&text, currency));
        }
    }

    fn cents(text: &str) -> Cents {
        Money::parse(text, Currency::USD)
            .and_then(|money| money.usd_cents(None))
            .expect("an amount")
    }

    #[test]
    fn five_per_cent_is_rounded_half_up_to_the_cent() {
        for (amount, fine) in [
            ("80.10", "4.01"),
            ("12.30", "0.62"),
            ("0.09", "0.00"),
            ("999.99", "50.00"),
            ("1000.01", "50.00"),
        ] {
            assert_eq!(cents(amount).basis_points(500).to_string(), fine, "{amount}");
        }
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        assert_eq!(cents("1,257.69"), Cents(125_769));
        assert_eq!(cents("12.3000"), Cents(1_230));
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1e3",
            "1.005",
            "12,57.69",
            "1 000",
            "9999999999999.00",
            "1.2.3",
            "１",
        ] {
            assert_eq!(Money::parse(bad, Currency::USD), None, "{bad}");
        }
        let yen = Currency::parse("JPY").expect("yen");
        assert_eq!(Money::parse("1200", yen).map(|money| money.minor), Some(1_200));
        assert_eq!(Money::parse("1200.5", yen), None);
    }

    #[test]
    fn other_currencies_need_a_rate_and_round_half_up() {
        let real = Currency::parse("BRL").expect("real");
        let amount = Money::parse("136.23", real).expect("an amount");
        assert_eq!(amount.usd_cents(None), None);
        assert_eq!(amount.usd_cents(Rate::parse("0.3033")), Some(Cents(4_132)));
        let yen = Currency::parse("JPY").expect("yen");
        assert_eq!(
            Money::parse("1000", yen).and_then(|money| money.usd_cents(Rate::parse("0.0067"))),
            Some(Cents(670))
        );
    }
}
