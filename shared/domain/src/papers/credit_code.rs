//! The unified social credit code of a mainland entity (GB 32100-2015; C5).
//!
//! Ours: no Rust crate for it was found (JavaScript, Go and Python have one).

use super::TaxIdVerdict;

/// The characters by their value: digits, and the letters without I, O, S, V and Z.
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// 3ⁿ mod 31 for the n-th character.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Where the six digits of the administrative division stand.
const DIVISION: std::ops::Range<usize> = 2..8;

/// Judges a credit code: 18 characters of which the third to the eighth are digits. A wrong check digit alone only warns
/// (C5). The code comes trimmed; letters may have any case.
pub fn judge_credit_code(code: &str) -> TaxIdVerdict {
    let code = code.as_bytes();
    if code.len() != WEIGHTS.len() + 1 || !code[DIVISION].iter().all(u8::is_ascii_digit) {
        return TaxIdVerdict::Invalid;
    }
    let value = |letter: &u8| {
        let letter = letter.to_ascii_uppercase();
        CHARACTERS.iter().position(|known| *known == letter)
    };
    let Some(values) = code.iter().map(value).collect::<Option<Vec<usize>>>() else {
        return TaxIdVerdict::Invalid;
    };
    let sum: usize = values
        .iter()
        .zip(WEIGHTS)
        .map(|(value, weight)| value * weight)
        .sum();
    if values.last() == Some(&((31 - sum % 31) % 31)) {
        TaxIdVerdict::Valid
    } else {
        TaxIdVerdict::CheckDigit
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Codes of listed companies, from their public registers.
    const PUBLISHED: [&str; 4] = [
        "91440300708461136T",
        "914403001922038216",
        "91110108551385082Q",
        "91330100799655058B",
    ];

    #[test]
    fn published_codes_are_valid_in_any_case() {
        for code in PUBLISHED {
            assert_eq!(judge_credit_code(code), TaxIdVerdict::Valid, "{code}");
            assert_eq!(judge_credit_code(&code.to_lowercase()), TaxIdVerdict::Valid);
        }
    }

    #[test]
    fn one_other_character_shows_in_the_check_digit() {
        for code in PUBLISHED {
            for at in (0..18).filter(|at| !DIVISION.contains(at)) {
                let mut letters = code.as_bytes().to_vec();
                letters[at] = if letters[at] == b'7' { b'8' } else { b'7' };
                let changed = String::from_utf8(letters).expect("ASCII");
                assert_eq!(judge_credit_code(&changed), TaxIdVerdict::CheckDigit, "{changed}");
            }
        }
    }

    #[test]
    fn what_is_no_credit_code_is_invalid() {
        for code in [
            "",
            "9144030070846113",
            "91440300708461136TT",
            "91440300708461136I",
            "9144O300708461136T",
            "９1440300708461136T",
        ] {
            assert_eq!(judge_credit_code(code), TaxIdVerdict::Invalid, "{code}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_rule_panic(code in "\\PC{0,24}") {
            judge_credit_code(&code);
        }
    }
}
