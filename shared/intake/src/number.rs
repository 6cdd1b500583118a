//! Tracking numbers as cells hold them (A2): what is wrong with one before its carrier's rule is asked.

use domain::ascii::are_alphanumeric;
use domain::carrier::{Carrier, CarrierTable, CheckDigit};
use domain::code::{Finding, RowCode};

use crate::Column;
use crate::bare_number::{bare_number, numbers_in};
use crate::check::Reading;

/// A fault of a number's form: its code, and what repairs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: RowCode,
    /// What the message adds: the numbers told apart, candidates.
    pub(crate) detail: String,
    /// The repaired value; empty where nothing can be repaired.
    pub(crate) proposal: String,
}

impl Fault {
    /// A fault that nothing repairs.
    pub(crate) fn of(code: RowCode) -> Self {
        Self {
            code,
            detail: String::new(),
            proposal: String::new(),
        }
    }

    pub(crate) fn proposing(self, proposal: String) -> Self {
        Self { proposal, ..self }
    }

    pub(crate) fn saying(self, detail: String) -> Self {
        Self { detail, ..self }
    }
}

impl Reading<'_> {
    /// Notes a fault of the number, with its repair if the row would be accepted with it.
    pub(crate) fn find_number(&mut self, fault: Fault) {
        if fault.code == RowCode::NumEmpty {
            self.find_missing(fault.code, Column::TrackingNumber);
            return;
        }
        self.find_with(fault.code, Column::TrackingNumber, fault.detail);
        self.propose(Column::TrackingNumber, &fault.proposal);
    }
}

/// Characters of a part of a cell, at least, for it to be a number of its own.
const PART_CHARACTERS_MIN: usize = 8;

/// Digits of such a part, at least.
const PART_DIGITS_MIN: usize = 5;

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
    let number = cell.trim();
    if number.is_empty() {
        Some(Fault::of(RowCode::NumEmpty))
    } else if number.len() > CELL_BYTES_MAX {
        Some(Fault::of(RowCode::NumFormat))
    } else if is_error_value(number) {
        Some(Fault::of(RowCode::NumFormat).saying(ERROR_VALUE.to_owned()))
    } else if is_scientific(number) {
        Some(Fault::of(RowCode::NumScientific))
    } else if let Some(numbers) = several(number, named, carriers) {
        Some(Fault::of(RowCode::NumMultiple).saying(numbers.join(", ")))
    } else if cell.contains(char::is_whitespace) {
        let repaired = without_spaces(number, named, carriers).unwrap_or_default();
        Some(Fault::of(RowCode::NumWhitespace).proposing(repaired))
    } else {
        let bare = (!are_alphanumeric(number.as_bytes())).then(|| bare_number(number, named, carriers))??;
        Some(Fault::of(RowCode::NumFormat).proposing(bare))
    }
}

/// The repair of a cell with spaces: the number within them, the digits without those between them where that is a carrier's
/// number, else the one number that stands among other words. Numbers are never joined on a guess.
fn without_spaces(cell: &str, named: Option<&Carrier>, carriers: &CarrierTable) -> Option<String> {
    if are_alphanumeric(cell.as_bytes()) {
        return Some(cell.to_owned());
    }
    let joined: String = cell.split_whitespace().collect();
    let is_number = || joined.len() >= PART_CHARACTERS_MIN && fits(&joined, named, carriers);
    if are_alphanumeric(joined.as_bytes()) && is_number() {
        return Some(joined);
    }
    bare_number(cell, named, carriers)
}

/// Whether a text is a number of the carrier, or of any where none is named.
fn fits(number: &str, named: Option<&Carrier>, carriers: &CarrierTable) -> bool {
    let number = number.to_ascii_uppercase();
    match named {
        Some(carrier) => carrier.judge(&number).is_some(),
        None => !carriers.fits(&number).is_empty(),
    }
}

/// What is wrong with a tracking number's cell whatever its carrier, as a row of a tracking file would be told.
pub fn fault_of_number(cell: &str, carriers: &CarrierTable) -> Option<Finding> {
    let fault = fault_of_form(cell, None, carriers)?;
    let column = Column::TrackingNumber.as_str();
    let finding = Finding::new(fault.code, column, cell).with_detail(fault.detail);
    Some(finding.with_proposal(&fault.proposal))
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

/// The numbers of a cell that holds several: separated by `,` `;` `/` `、` or a line end; by spaces when each of them fits
/// some carrier (else the spaces stand inside one number); or among other text, labels and a page's address.
fn several(cell: &str, named: Option<&Carrier>, carriers: &CarrierTable) -> Option<Vec<String>> {
    let separates = |c: char| matches!(c, ',' | ';' | '/' | '、' | '\n' | '\r');
    let is_number = |part: &&str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        part.len() >= PART_CHARACTERS_MIN && digits >= PART_DIGITS_MIN && are_alphanumeric(part.as_bytes())
    };
    let owned = |parts: Vec<&str>| parts.into_iter().map(str::to_owned).collect();
    let parts: Vec<&str> = cell
        .split(separates)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() > 1 && parts.iter().all(is_number) {
        return Some(owned(parts));
    }
    let parts: Vec<&str> = cell.split_whitespace().collect();
    if parts.len() > 1
        && parts
            .iter()
            .all(|part| is_number(part) && fits(part, None, carriers))
    {
        // A carrier's own number may be printed in groups that would be another's.
        let is_grouped = named.is_some()
            && fits(&parts.concat(), named, carriers)
            && !parts.iter().all(|part| fits(part, named, carriers));
        return (!is_grouped).then(|| owned(parts));
    }
    let found = numbers_in(cell, named, carriers);
    (found.len() > 1).then_some(found)
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
        assert_eq!(fault, Some(Fault::of(RowCode::NumFormat)));
        let padded = format!("{}3318810025", " ".repeat(300));
        let fault = fault_of_form(&padded, None, CarrierTable::shipped());
        let spaced = Fault::of(RowCode::NumWhitespace).proposing("3318810025".to_owned());
        assert_eq!(fault, Some(spaced));
    }
}
