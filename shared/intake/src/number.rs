//! Tracking numbers as cells hold them (A2): what is wrong with one before its carrier's rule is asked.

use domain::ascii::are_alphanumeric;
use domain::carrier::{Carrier, CarrierTable, CheckDigit};
use domain::code::{Finding, RowCode};

use crate::Column;
use crate::bare_number::bare_number;

/// A fault of a number's form: its code, and what repairs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: RowCode,
    /// The repaired value or the numbers told apart; empty where nothing can be repaired.
    pub(crate) detail: String,
}

impl Fault {
    /// A fault that nothing repairs.
    pub(crate) fn of(code: RowCode) -> Self {
        Self {
            code,
            detail: String::new(),
        }
    }
}

/// Characters of a part of a cell, at least, for it to be a number of its own.
const PART_CHARACTERS_MIN: usize = 8;

/// Bytes of letters and digits, at least, that cannot be a number turned into `8E15`.
const SOUND_BYTES_MIN: usize = 6;

/// Bytes of a cell, at most, that are looked at for repairs: no number is so long, nor are a few of them together.
const CELL_BYTES_MAX: usize = 256;

/// What is wrong with the cell whatever its carrier: empty, far too long, scientific, several numbers, spaced. Each stands
/// alone: a cell with such a fault is not measured against its carrier's rule as well. `named` is the carrier that the row
/// names, if any: of several numbers in a cell its own is proposed.
pub(crate) fn fault_of_form(cell: &str, named: Option<&Carrier>, carriers: &CarrierTable) -> Option<Fault> {
    let sound = (SOUND_BYTES_MIN..=CELL_BYTES_MAX).contains(&cell.len()) && are_alphanumeric(cell.as_bytes());
    if sound {
        return None;
    }
    let fault = |code, detail| Some(Fault { code, detail });
    let number = cell.trim();
    if number.is_empty() {
        fault(RowCode::NumEmpty, String::new())
    } else if number.len() > CELL_BYTES_MAX {
        fault(RowCode::NumFormat, String::new())
    } else if is_error_value(number) {
        fault(RowCode::NumFormat, ERROR_VALUE.to_owned())
    } else if is_scientific(number) {
        fault(RowCode::NumScientific, String::new())
    } else if let Some(numbers) = several(number, carriers) {
        fault(RowCode::NumMultiple, numbers.join(", "))
    } else if cell.contains(char::is_whitespace) {
        fault(RowCode::NumWhitespace, without_spaces(number, named, carriers))
    } else {
        let bare = (!are_alphanumeric(number.as_bytes())).then(|| bare_number(number, named, carriers))??;
        fault(RowCode::NumFormat, among_other_text(&bare))
    }
}

/// The repair of a cell with spaces: the one number that stands among other words, else the cell without its spaces.
fn without_spaces(cell: &str, named: Option<&Carrier>, carriers: &CarrierTable) -> String {
    let joined: String = cell.split_whitespace().collect();
    let upper = joined.to_ascii_uppercase();
    let fits = match named {
        Some(carrier) => carrier.judge(&upper).is_some(),
        None => !carriers.fits(&upper).is_empty(),
    };
    if fits {
        return joined;
    }
    bare_number(cell, named, carriers).unwrap_or(joined)
}

/// The detail of `NUM_FORMAT` for a number with other text around it.
pub(crate) fn among_other_text(number: &str) -> String {
    format!("is {number} without what is written around it | 去掉前后多余的文字应为 {number}")
}

/// What is wrong with a tracking number's cell whatever its carrier, as a row of a tracking file would be told.
pub fn fault_of_number(cell: &str, carriers: &CarrierTable) -> Option<Finding> {
    let fault = fault_of_form(cell, None, carriers)?;
    let column = Column::TrackingNumber.as_str();
    Some(Finding::new(fault.code, column, cell).with_detail(fault.detail))
}

/// The detail of `NUM_FORMAT` for a formula that failed.
const ERROR_VALUE: &str =
    "is the error of a formula, so the spreadsheet found none | 其实是公式的错误值，表格没有算出单号";

/// Whether a cell holds what a spreadsheet writes where a formula failed: `#N/A`, `#REF!`, `#NAME?`, `#DIV/0!` …
fn is_error_value(text: &str) -> bool {
    const ERRORS: [&str; 8] = [
        "#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!",
    ];
    ERRORS.iter().any(|error| error.eq_ignore_ascii_case(text))
}

/// Whether a spreadsheet has turned a number into `1.23457E+15`: its digits are gone.
pub(crate) fn is_scientific(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let (units, places) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let signless = exponent.strip_prefix(['+', '-']);
    // Without a point or a sign it takes one digit before the E: `8E15`, but not a number such as `12E34567890`.
    let marked = mantissa.len() > units.len() || signless.is_some() || units.len() == 1;
    let exponent = signless.unwrap_or(exponent);
    marked && digits(units) && digits(places) && digits(exponent) && exponent.len() <= 3
}

/// The numbers of a cell that holds several, separated by `,` `;` `/` `、` or a line end, or by spaces when each of them
/// fits some carrier (else the spaces stand inside one number).
fn several<'a>(cell: &'a str, carriers: &CarrierTable) -> Option<Vec<&'a str>> {
    let separates = |c: char| matches!(c, ',' | ';' | '/' | '、' | '\n' | '\r');
    let is_number = |part: &&str| {
        part.len() >= PART_CHARACTERS_MIN && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let fits = |part: &&str| !carriers.fits(&part.to_ascii_uppercase()).is_empty();
    let parts: Vec<&str> = cell
        .split(separates)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() > 1 {
        return parts.iter().all(is_number).then_some(parts);
    }
    let parts: Vec<&str> = cell.split_whitespace().collect();
    (parts.len() > 1 && parts.iter().all(|part| is_number(part) && fits(part))).then_some(parts)
}

/// The number with the zero that a spreadsheet dropped at its start, if it is all digits and then fits its carrier: with
/// a right check digit, for a format that has one.
///
/// One zero, not two: a number whose last digits were cut off fits with two zeros in front as often as its check digit
/// is right by chance, one time in ten.
pub fn with_lost_zero(number: &str, carrier: &Carrier) -> Option<String> {
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = format!("0{number}");
    carrier
        .judge(&whole)
        .is_some_and(|check_digit| check_digit != CheckDigit::Invalid)
        .then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_spreadsheet_writes_is_scientific() {
        for text in [
            "1.23457E+15",
            "1.23457e+015",
            "1,23457E+15",
            "1E+15",
            "8E15",
            "12.3457E+14",
        ] {
            assert!(is_scientific(text), "{text}");
        }
        for text in [
            "",
            "E",
            "12E34567890",
            "1E1234",
            "RE778188047CN",
            "1.2.3E+4",
            "1ZE10",
            "E15",
            "1.E+5",
        ] {
            assert!(!is_scientific(text), "{text}");
        }
    }

    #[test]
    fn a_cell_far_too_long_is_not_searched_for_numbers() {
        let cell = "3318810025,".repeat(30);
        let fault = fault_of_form(&cell, None, CarrierTable::shipped());
        assert_eq!(
            fault,
            Some(Fault {
                code: RowCode::NumFormat,
                detail: String::new()
            })
        );
        let padded = format!("{}3318810025", " ".repeat(300));
        let fault = fault_of_form(&padded, None, CarrierTable::shipped());
        assert_eq!(
            fault,
            Some(Fault {
                code: RowCode::NumWhitespace,
                detail: "3318810025".to_owned()
            })
        );
    }
}
