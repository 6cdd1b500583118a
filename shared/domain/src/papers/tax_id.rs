//! The rules of the countries' tax ids (A4): shapes and check digits.

use chrono::NaiveDate;

use super::TaxIdVerdict;

/// Digits of an id, at most: what any of the rules can hold.
const CHARACTERS_MAX: usize = 14;

/// RU: an INN of 10 digits (companies) or 12 (persons), the last one or two being check digits. Wrong check digits
/// are an error here (A4).
pub(super) fn judge_ru(id: &str) -> TaxIdVerdict {
    const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let mut buffer = [0_u8; CHARACTERS_MAX];
    let Some(length) = without_separators(id, b" ", &mut buffer) else {
        return TaxIdVerdict::Invalid;
    };
    let digits = &buffer[..length];
    // The weights of an n-digit sum are the last n of the row. No tax office has the number 00.
    let fits = |end: usize| inn_check(&digits[..end], &WEIGHTS[WEIGHTS.len() - end..]) == value(digits[end]);
    let valid = all_digits(digits)
        && !digits.starts_with(b"00")
        && match digits.len() {
            10 => fits(9),
            12 => fits(10) && fits(11),
            _ => false,
        };
    verdict(valid)
}

fn inn_check(digits: &[u8], weights: &[u32]) -> u32 {
    weighted(digits, weights) % 11 % 10
}

/// BR: a CNPJ of 14 characters, letters allowed in the first twelve since July 2026 (value = ASCII − 48), or a CPF of
/// 11 digits. Wrong check digits are an error here (A4). `.`, `-` and `/` are the usual punctuation, and spaces.
pub(super) fn judge_br(id: &str) -> TaxIdVerdict {
    let mut buffer = [0_u8; CHARACTERS_MAX];
    let Some(length) = without_separators(id, b".-/ ", &mut buffer) else {
        return TaxIdVerdict::Invalid;
    };
    let characters = &buffer[..length];
    // 11111111111 passes every sum and belongs to nobody.
    let repeated = characters.iter().all(|byte| Some(byte) == characters.first());
    verdict(!repeated && (is_cnpj(characters) || is_cpf(characters)))
}

/// Puts an id's characters, in capitals and without what separates them, into `buffer`: how many there are. `None` where it has
/// no room.
fn without_separators(id: &str, separators: &[u8], buffer: &mut [u8; CHARACTERS_MAX]) -> Option<usize> {
    let mut length = 0;
    for byte in id.bytes().filter(|byte| !separators.contains(byte)) {
        *buffer.get_mut(length)? = byte.to_ascii_uppercase();
        length += 1;
    }
    Some(length)
}

fn is_cnpj(characters: &[u8]) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let shaped = characters.len() == 14
        && characters[..12].iter().all(u8::is_ascii_alphanumeric)
        && all_digits(&characters[12..]);
    shaped
        && br_check(&characters[..12], &WEIGHTS[1..]) == value(characters[12])
        && br_check(&characters[..13], &WEIGHTS) == value(characters[13])
}

fn is_cpf(characters: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    characters.len() == 11
        && all_digits(characters)
        && br_check(&characters[..9], &WEIGHTS[1..]) == value(characters[9])
        && br_check(&characters[..10], &WEIGHTS) == value(characters[10])
}

/// CNPJ and CPF: 11 − sum mod 11, and 0 where that has two digits.
fn br_check(characters: &[u8], weights: &[u32]) -> u32 {
    let check = 11 - weighted(characters, weights) % 11;
    if check > 9 { 0 } else { check }
}

/// MX: an RFC of 12 characters (companies) or 13 (persons): 3 or 4 letters, a date YYMMDD, three characters of which
/// the last is a check digit. A wrong check digit alone only warns (A4): the tax office itself has issued such ids.
pub(super) fn judge_mx(id: &str) -> TaxIdVerdict {
    let mut values = [0_u32; 13];
    let letters = id.chars().filter(|letter| !matches!(letter, '-' | ' ' | '.'));
    let upper = letters.flat_map(char::to_uppercase);
    let mut length = 0;
    for letter in upper {
        let (Some(value), Some(cell)) = (rfc_value(letter), values.get_mut(length)) else {
            return TaxIdVerdict::Invalid;
        };
        *cell = value;
        length += 1;
    }
    // A company's id is reckoned as if it began with a space.
    if length == 12 {
        values.rotate_right(1);
        values[0] = RFC_SPACE;
    }
    if !(length == 12 || length == 13) || !is_rfc_shaped(&values, length) {
        return TaxIdVerdict::Invalid;
    }
    let sum: u32 = values[..12]
        .iter()
        .zip((2..=13).rev())
        .map(|(value, weight)| value * weight)
        .sum();
    // 11 stands as 0 and 10 as A, whose value is 10.
    if (11 - sum % 11) % 11 == values[12] {
        TaxIdVerdict::Valid
    } else {
        TaxIdVerdict::CheckDigit
    }
}

const RFC_SPACE: u32 = 37;
const RFC_ENYE: u32 = 38;

/// The value of a character in an RFC's check sum: 0–9, A–N, &, O–Z, space, Ñ.
fn rfc_value(letter: char) -> Option<u32> {
    match letter {
        'Ñ' => Some(RFC_ENYE),
        '&' => Some(24),
        '0'..='9' | 'A'..='N' => letter.to_digit(36),
        'O'..='Z' => letter.to_digit(36).map(|value| value + 1),
        _ => None,
    }
}

/// `values` are the 13 of a padded RFC; `length` tells whether the first is the padding.
fn is_rfc_shaped(values: &[u32; 13], length: usize) -> bool {
    let digits = &values[4..10];
    let lettered = values[13 - length..4].iter().all(|value| *value >= 10);
    lettered && digits.iter().all(|value| *value <= 9) && is_date(digits) && values[12] <= 10
}

/// Whether YYMMDD is a day of the century that has begun or of the one before (only 29 February tells them apart).
fn is_date(digits: &[u32]) -> bool {
    let pair = |place: usize| digits[place] * 10 + digits[place + 1];
    let year = pair(0) as i32;
    [1900, 2000]
        .iter()
        .any(|century| NaiveDate::from_ymd_opt(century + year, pair(2), pair(4)).is_some())
}

fn verdict(valid: bool) -> TaxIdVerdict {
    if valid {
        TaxIdVerdict::Valid
    } else {
        TaxIdVerdict::Invalid
    }
}

fn all_digits(characters: &[u8]) -> bool {
    characters.iter().all(u8::is_ascii_digit)
}

/// ASCII − 48: a digit's own value, 17 for `A`.
fn value(character: u8) -> u32 {
    u32::from(character.saturating_sub(b'0'))
}

fn weighted(characters: &[u8], weights: &[u32]) -> u32 {
    characters
        .iter()
        .zip(weights)
        .map(|(character, weight)| value(*character) * weight)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::TaxIdVerdict;
    use crate::papers::{countries, judge_tax_id};
    use TaxIdVerdict::{CheckDigit, Invalid, Valid};

    /// Judges ids, spaces between them.
    fn assert_judged(country: &str, ids: &str, verdict: TaxIdVerdict) {
        for id in ids.split_whitespace() {
            assert_eq!(judge_tax_id(country, id), Some(verdict), "{country} {id}");
        }
    }

    #[test]
    fn inns_of_companies_and_persons_are_valid() {
        assert_judged(
            "RU",
            "7707083893 500100732259 7736207543 3865742044 5992511082",
            Valid,
        );
    }

    #[test]
    fn an_inn_with_another_digit_length_or_office_is_invalid() {
        assert_judged(
            "RU",
            "7707083894 500100732258 500100732269 770708389 77070838930",
            Invalid,
        );
        assert_judged(
            "RU",
            "77070B3893 0000000000 77-07083893 ７７０７０８３８９３",
            Invalid,
        );
    }

    #[test]
    fn cnpjs_are_valid_with_and_without_punctuation_and_with_letters() {
        assert_judged("BR", "11.222.333/0001-81 11222333000181 31706690743931", Valid);
        assert_judged("BR", "12ABC34501DE35 12.abc.345/01de-35", Valid);
    }

    #[test]
    fn cpfs_are_valid_with_and_without_punctuation() {
        assert_judged("BR", "529.982.247-25 52998224725 11144477735", Valid);
    }

    #[test]
    fn brazilian_ids_that_are_wrong_repeated_or_too_long_are_invalid() {
        assert_judged(
            "BR",
            "11222333000180 11222333000191 12ABC34501DE36 12ABC34501DE3A",
            Invalid,
        );
        assert_judged("BR", "52998224724 5299822472X 112223330001811 .-/", Invalid);
        assert_judged("BR", "11111111111 00000000000000 99999999999999", Invalid);
    }

    #[test]
    fn rfcs_of_persons_and_companies_are_valid() {
        assert_judged("MX", "GODE561231GR8 gode561231gr8 SAT970701NN3", Valid);
    }

    #[test]
    fn ids_are_read_with_the_separators_as_printed() {
        for (country, id) in [
            ("RU", "7707 083 893"),
            ("RU", "50 01 007322 59"),
            ("BR", "11 222 333 0001 81"),
            ("BR", "529.982.247 25"),
            ("MX", "GODE-561231-GR8"),
            ("MX", "SAT 970701 NN3"),
        ] {
            assert_eq!(judge_tax_id(country, id), Some(Valid), "{country} {id}");
        }
    }

    #[test]
    fn an_rfc_of_the_right_shape_with_another_check_digit_only_warns() {
        assert_judged("MX", "GODE561231GR9 SAT970701NN1 Ñ&A000229AA0", CheckDigit);
    }

    #[test]
    fn an_rfc_of_another_shape_is_invalid() {
        assert_judged(
            "MX",
            "GODE561331GR8 GODE560230GR8 GODE990229GR8 GOD1561231GR8",
            Invalid,
        );
        assert_judged(
            "MX",
            "GODE561231GRB GODE561231GR GODE561231GR88 GODE/561231/GR8 GODÉ561231GR8",
            Invalid,
        );
    }

    #[test]
    fn an_empty_id_is_invalid_everywhere() {
        assert!(
            countries()
                .iter()
                .all(|country| judge_tax_id(country, "") == Some(Invalid))
        );
    }
}
