//! Check-digit algorithms of tracking numbers (A2: a wrong check digit alone only warns).

use serde::Deserialize;

/// What a number's check digit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckDigit {
    /// The number has one and it is wrong: `NUM_CHECK_DIGIT`, a warning (A2).
    Invalid,
    /// The format has none.
    None,
    /// The number has one and it is right.
    Valid,
}

/// The algorithms that the carrier table may name. The last character is the check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Algorithm {
    /// DHL: the digits before, read as one number, mod 7.
    Mod7,
    /// GS1 (USPS, FedEx Ground, Canada Post): weights 3, 1, 3 … from the right, up to the next ten.
    Mod10,
    /// USPS, 20 digits: GS1 as if the application identifier 91 stood before the number.
    #[serde(rename = "mod10_after_91")]
    Mod10After91,
    /// FedEx Express: weights 1, 3, 7 … from the right, mod 11, then mod 10.
    Fedex,
    /// UPS, OnTrac: letters count ASCII − 63 mod 10, weights 1, 2 … from the left, up to the next ten.
    Ups,
    /// UPU S10, two letters before and a country after the digits: weights 8 6 4 2 3 5 9 7, 11 − sum mod 11; 10 is
    /// written 0 and 11 is written 5.
    S10,
    /// Purolator: every second digit doubled and its digits added, up to the next ten.
    Luhn,
    /// ISO 7064 mod 37,36 (DPD): digits and letters, the check character may be a letter.
    #[serde(rename = "mod37_36")]
    Mod37And36,
}

impl Algorithm {
    /// Whether `number`, upper-case ASCII of the format's shape, carries the check digit that it should. A number
    /// that the algorithm cannot read is wrong.
    pub(super) fn judge(self, number: &[u8]) -> CheckDigit {
        let right = match self {
            Self::S10 => s10(number),
            _ => number
                .split_last()
                .and_then(|(check, body)| self.checks(body, *check)),
        };
        if right == Some(true) {
            CheckDigit::Valid
        } else {
            CheckDigit::Invalid
        }
    }

    fn checks(self, body: &[u8], check: u8) -> Option<bool> {
        let expected = match self {
            Self::Mod7 => mod7(body)?,
            Self::Mod10 => to_next_ten(weighted(body.iter().rev(), &[3, 1], digit)?),
            // 19 digits later the 1 weighs 1 and the 9 weighs 3.
            Self::Mod10After91 => to_next_ten(28 + weighted(body.iter().rev(), &[3, 1], digit)?),
            Self::Fedex => weighted(body.iter().rev(), &[1, 3, 7], digit)? % 11 % 10,
            Self::Ups => to_next_ten(weighted(body.iter(), &[1, 2], ups_value)?),
            Self::Luhn => to_next_ten(luhn_sum(body)?),
            Self::Mod37And36 => return Some(mod37_36(body)? == base_36(check)?),
            Self::S10 => return None,
        };
        Some(expected == digit(check)?)
    }
}

/// The digits as one number, mod 7, so many at once as 64 bits hold.
fn mod7(body: &[u8]) -> Option<u32> {
    const DIGITS: usize = 18;
    body.chunks(DIGITS).try_fold(0, |rest, digits| {
        let number = digits.iter().try_fold(u64::from(rest), |number, byte| {
            Some(number * 10 + u64::from(digit(*byte)?))
        });
        number.map(|number| (number % 7) as u32)
    })
}

/// The sum of the values, weighted by `weights` in turn.
fn weighted<'a>(
    body: impl Iterator<Item = &'a u8>,
    weights: &[u32],
    value: impl Fn(u8) -> Option<u32>,
) -> Option<u32> {
    body.zip(weights.iter().cycle())
        .map(|(byte, weight)| value(*byte).map(|value| value * weight))
        .sum()
}

fn to_next_ten(sum: u32) -> u32 {
    (10 - sum % 10) % 10
}

fn luhn_sum(body: &[u8]) -> Option<u32> {
    let pairs = body.iter().rev().zip([2, 1].iter().cycle());
    pairs
        .map(|(byte, weight)| digit(*byte).map(|digit| digit * weight / 10 + digit * weight % 10))
        .sum()
}

fn mod37_36(body: &[u8]) -> Option<u32> {
    let product = body.iter().try_fold(36, |product, byte| {
        let sum = (product + base_36(*byte)?) % 36;
        Some(if sum == 0 { 36 } else { sum } * 2 % 37)
    })?;
    Some((37 - product) % 36)
}

fn s10(number: &[u8]) -> Option<bool> {
    const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];
    let (serial, check) = (number.get(2..10)?, *number.get(10)?);
    let sum: Option<u32> = serial
        .iter()
        .zip(WEIGHTS)
        .map(|(byte, weight)| digit(*byte).map(|digit| digit * weight))
        .sum();
    let expected = match 11 - sum? % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    };
    Some(expected == digit(check)?)
}

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(10)
}

fn base_36(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(36)
}

fn ups_value(byte: u8) -> Option<u32> {
    if byte.is_ascii_uppercase() {
        Some((u32::from(byte) - 63) % 10)
    } else {
        digit(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(algorithm: Algorithm, numbers: &[&str]) -> Vec<CheckDigit> {
        numbers
            .iter()
            .map(|number| algorithm.judge(number.as_bytes()))
            .collect()
    }

    #[test]
    fn published_numbers_carry_their_check_digits() {
        for (algorithm, numbers) in [
            (Algorithm::Mod7, ["3318810025", "8487135506"]),
            (Algorithm::Mod10, ["0073938000549297", "9400111206206406260787"]),
            (
                Algorithm::Mod10After91,
                ["71969010756003077385", "01026837331000039521"],
            ),
            (Algorithm::Fedex, ["986578788855", "477179081230"]),
            (Algorithm::Ups, ["5R89390357567127", "XX3150YW44070023"]),
            (Algorithm::S10, ["RB123456785GB", "AE000000005CN"]),
            (Algorithm::Luhn, ["320595463938", "287809468872"]),
            (
                Algorithm::Mod37And36,
                ["008182709980000020033350276C", "09980000020034D"],
            ),
        ] {
            assert_eq!(
                verdicts(algorithm, &numbers),
                [CheckDigit::Valid; 2],
                "{algorithm:?}"
            );
        }
    }

    #[test]
    fn another_check_digit_is_wrong() {
        for (algorithm, numbers) in [
            (Algorithm::Mod7, ["3318810024", "A487135506"]),
            (Algorithm::Mod10, ["0073938000549292", ""]),
            (
                Algorithm::Mod10After91,
                ["71969010756003077386", "71123456789123456787"],
            ),
            (Algorithm::Fedex, ["996578788855", "47717908123X"]),
            (Algorithm::Ups, ["1111111111111111", "5R8939035756712X"]),
            (Algorithm::S10, ["RB123456786US", "RB12"]),
            (Algorithm::Luhn, ["320595463939", "0"]),
            (
                Algorithm::Mod37And36,
                ["008182709980000020033350276A", "09980000020033D"],
            ),
        ] {
            let wrong = verdicts(algorithm, &numbers);
            assert!(wrong[0] == CheckDigit::Invalid, "{algorithm:?} {numbers:?}");
        }
    }
}
