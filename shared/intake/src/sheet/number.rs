//! Numbers as the file spells them, made what the sheet shows, by decimal text: never through binary floats, which
//! would cost an order id its last digits.

use std::borrow::Cow;

/// Significant digits that a spreadsheet keeps and shows; more are the noise of its binary fractions.
const DIGITS_KEPT: usize = 15;
/// Digits that a number may have when it is spelled out.
const DIGITS_MAX: usize = 64;

/// A decimal number: `digits` × 10^`-scale`, without a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    digits: String,
    scale: i32,
    /// Whether it is spelled with an exponent.
    scientific: bool,
}

impl Decimal {
    /// Reads `-12.5`, `1.5E+1`; none for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(parse_exponent(exponent)?)),
            None => (unsigned, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        Some(Self {
            negative,
            // At most 64 digits.
            scale: fraction.len() as i32 - exponent.unwrap_or(0),
            digits,
            scientific: exponent.is_some(),
        })
    }

    /// The digits before and after the point; none when they would not fit a cell that people read.
    pub(super) fn parts(&self) -> Option<(String, String)> {
        let zeros = |count: usize| "0".repeat(count);
        let (whole, fraction) = match usize::try_from(self.scale) {
            Ok(scale) if scale <= DIGITS_MAX => {
                let padded = format!(
                    "{}{}",
                    zeros((scale + 1).saturating_sub(self.digits.len())),
                    self.digits
                );
                let (whole, fraction) = padded.split_at(padded.len() - scale);
                (whole.to_owned(), fraction.to_owned())
            }
            Err(_) if self.scale >= -(DIGITS_MAX as i32) => {
                let missing = self.scale.unsigned_abs() as usize;
                (format!("{}{}", self.digits, zeros(missing)), String::new())
            }
            _ => return None,
        };
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        (whole.len() + fraction.len() <= DIGITS_MAX).then(|| (whole.to_owned(), fraction))
    }

    /// Whether spelling it out invents digits: an exponent reaches beyond the digits that are there, and beyond those
    /// that a spreadsheet keeps.
    fn lacks_digits(&self, whole: &str) -> bool {
        self.scientific && self.scale < 0 && whole.len() > DIGITS_KEPT
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A number as the sheet shows it in a cell without a format: exponents spelled out where every digit is there, and a
/// fraction's binary noise (`12.300000000000001`) rounded away. Everything else, whole numbers of any length included,
/// stays as it is spelled.
pub(super) fn shown(raw: &str) -> Cow<'_, str> {
    if raw.len() <= DIGITS_KEPT && raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Cow::Borrowed(raw);
    }
    spelled_out(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// None where the spelling stays.
fn spelled_out(raw: &str) -> Option<String> {
    let number = Decimal::parse(raw)?;
    let (whole, fraction) = number.parts()?;
    if number.lacks_digits(&whole) {
        return None;
    }
    let significant = if whole == "0" {
        fraction.trim_start_matches('0').len()
    } else {
        whole.len() + fraction.len()
    };
    let noisy = significant > DIGITS_KEPT
        && whole.len() <= DIGITS_KEPT
        && fraction.bytes().any(|digit| digit != b'0');
    let (whole, fraction) = if noisy {
        let kept = fraction.len().saturating_sub(significant - DIGITS_KEPT);
        rounded(&whole, &fraction, kept)
    } else if number.scientific {
        (whole, fraction)
    } else {
        return None;
    };
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let zero = whole == "0" && fraction.is_empty();
    let sign = if number.negative && !zero { "-" } else { "" };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Rounds half up to `kept` digits behind the point.
fn rounded(whole: &str, fraction: &str, kept: usize) -> (String, String) {
    let (kept_digits, cut) = fraction.split_at(kept.min(fraction.len()));
    let mut digits = [b"0", whole.as_bytes(), kept_digits.as_bytes()].concat();
    if cut.bytes().next().is_some_and(|digit| digit >= b'5') {
        for digit in digits.iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
    }
    let digits: String = digits.into_iter().map(char::from).collect();
    let (whole, fraction) = digits.split_at(digits.len() - kept_digits.len());
    let whole = whole.trim_start_matches('0');
    (
        if whole.is_empty() { "0" } else { whole }.to_owned(),
        fraction.to_owned(),
    )
}

/// A whole number with the zeros before it that its format shows.
pub(super) fn padded(shown: Cow<'_, str>, width: usize) -> Cow<'_, str> {
    let (sign, digits) = shown
        .strip_prefix('-')
        .map_or(("", &*shown), |digits| ("-", digits));
    if digits.len() >= width || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return shown;
    }
    Cow::Owned(format!("{sign}{digits:0>width$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_every_digit() {
        for raw in [
            "8000011000000005",
            "80000110000000051234",
            "0",
            "12.30",
            "-5",
            "8000011000000005.0",
        ] {
            assert_eq!(shown(raw), raw);
        }
    }

    #[test]
    fn exponents_are_spelled_out_only_where_every_digit_is_there() {
        for (raw, expected) in [
            ("1.5E1", "15"),
            ("1E+5", "100000"),
            ("8.000011000000005E15", "8000011000000005"),
            ("8.000011E+15", "8.000011E+15"),
            ("1E15", "1E15"),
            ("1E14", "100000000000000"),
            ("1.2e-3", "0.0012"),
            ("-2.50E0", "-2.5"),
            ("0E0", "0"),
            ("-0E0", "0"),
            ("1E9999", "1E9999"),
            ("1E-300", "1E-300"),
            ("1E99999999999", "1E99999999999"),
        ] {
            assert_eq!(shown(raw), expected);
        }
    }

    #[test]
    fn binary_noise_is_rounded_as_the_sheet_shows_it() {
        for (raw, expected) in [
            ("12.300000000000001", "12.3"),
            ("0.30000000000000004", "0.3"),
            ("1.9999999999999998", "2"),
            ("99.999999999999994", "100"),
            ("-4.3499999999999996", "-4.35"),
            ("123456789012345.61", "123456789012346"),
            ("1.2300000000000001E-3", "0.00123"),
            ("45413.416666666664", "45413.4166666667"),
        ] {
            assert_eq!(shown(raw), expected);
        }
    }

    #[test]
    fn what_is_no_number_stays() {
        for raw in ["", "abc", "1.2.3", "E5", "1E", "--1", ".", "１２"] {
            assert_eq!(shown(raw), raw);
        }
    }

    #[test]
    fn zeros_that_a_format_shows_are_there() {
        assert_eq!(padded(shown("12345"), 11), "00000012345");
        assert_eq!(padded(shown("12345"), 3), "12345");
        assert_eq!(padded(shown("-5"), 3), "-005");
        assert_eq!(padded(shown("1.5"), 5), "1.5");
    }
}
