//! The carrier table (A2, A3): whom a cell names, and which numbers fit whose rule. Data: `data/carriers.toml`.
//!
//! Never guesses: a number says at most which carriers it fits, and the caller shows them as candidates.

mod advice;
mod check_digit;
mod naming;
mod own;
mod pattern;
mod table_file;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use chrono::NaiveDate;
use foldhash::fast::FixedState;
use serde::Deserialize;

use advice::Hint;
pub use check_digit::CheckDigit;
use naming::CellMatcher;
pub use naming::Named;
pub use own::OwnCarrier;
use pattern::Pattern;
pub use pattern::PatternError;
pub use table_file::CarrierTableError;

use crate::seller::Agreement;
use crate::wording::simplified;

/// What a carrier is to offline express (A3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarrierClass {
    /// Certified by the platform.
    Certified,
    /// The seller's own partner: needs an agreement on file (C6).
    OwnPartner,
    /// The platform's own lines (无忧物流): a row that names one is `CARRIER_OUT_OF_SCOPE` and never fined.
    OutOfScope,
}

/// One carrier and its number rules.
#[derive(Clone, Debug)]
pub struct Carrier {
    id: String,
    name: String,
    name_zh: String,
    class: CarrierClass,
    source: String,
    is_fallback: bool,
    formats: Vec<Format>,
    hints: Vec<Hint>,
    /// Whether an agreement has to cover its rows (C6), as the operator says; `None` leaves it to the class.
    agreement_required: Option<bool>,
    /// Agreements that the policy file states, for every seller.
    agreements: Vec<Agreement>,
}

/// One format: a number fits when the pattern matches all of it.
#[derive(Clone, Debug)]
struct Format {
    pattern: Pattern,
    check: Option<Check>,
}

#[derive(Clone, Copy, Debug)]
struct Check {
    algorithm: check_digit::Algorithm,
    /// How many characters at the number's end are checked; `None` for all.
    last: Option<usize>,
}

/// A carrier whose rule a number fits.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// The carrier.
    pub carrier: &'a Carrier,
    /// What the number's check digit says under that carrier's rule.
    pub check_digit: CheckDigit,
}

impl Carrier {
    /// The id that orders, events and reports keep: `china_post`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name as people write it: `China Post`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Chinese name: `中国邮政`.
    pub fn name_zh(&self) -> &str {
        &self.name_zh
    }

    /// Certified, own partner or out of scope (A3).
    pub fn class(&self) -> CarrierClass {
        self.class
    }

    /// Whether a row of it needs an agreement that covers it (A3, C6): an own partner's does unless the operator waives it.
    pub fn needs_agreement(&self) -> bool {
        self.class == CarrierClass::OwnPartner && self.agreement_required.unwrap_or(true)
    }

    /// Whether an agreement that the policy file states, which holds for every seller, covers a day of the platform zone.
    pub fn is_covered_by_policy(&self, day: NaiveDate) -> bool {
        self.agreements.iter().any(|agreement| agreement.covers(day))
    }

    /// Where the carrier's formats are from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Judges a number, in upper case as `TrackingNumber` keeps it, by the carrier's rule (A2). `None`: it misses the
    /// rule (`NUM_FORMAT`). Where several formats fit, the kindest verdict counts. A carrier out of scope has no
    /// rule and every number misses it: ask for the class first.
    pub fn judge(&self, number: &str) -> Option<CheckDigit> {
        self.formats
            .iter()
            .filter_map(|format| format.judge(number.as_bytes()))
            .max()
    }
}

impl Format {
    fn judge(&self, number: &[u8]) -> Option<CheckDigit> {
        self.pattern
            .is_match(number)
            .then(|| self.check.map_or(CheckDigit::None, |check| check.judge(number)))
    }
}

impl Check {
    fn judge(self, number: &[u8]) -> CheckDigit {
        let last = self.last.unwrap_or(number.len());
        self.algorithm.judge(&number[number.len().saturating_sub(last)..])
    }
}

/// All carriers, by name and by the numbers that fit them: the shipped ones and an operator's own.
#[derive(Clone, Debug)]
pub struct CarrierTable {
    /// Shared between tables: a compiled pattern is large.
    carriers: Vec<Arc<Carrier>>,
    /// By id, name and alias: as written, and folded.
    by_name: HashMap<String, usize, FixedState>,
    /// What looks through cells that are more than one name; made when the first such cell comes.
    cells: OnceLock<CellMatcher>,
}

static SHIPPED: LazyLock<Arc<CarrierTable>> = LazyLock::new(|| {
    let table = CarrierTable::parse(include_str!("../data/carriers.toml"));
    Arc::new(table.expect("a test reads the shipped carrier table"))
});

impl CarrierTable {
    /// The table that ships with the software. What is in force is the policy's (`PolicyBook::carriers`).
    pub fn shipped() -> &'static Arc<Self> {
        &SHIPPED
    }

    /// Every carrier, in the table's order.
    pub fn carriers(&self) -> impl Iterator<Item = &Carrier> {
        self.carriers.iter().map(Arc::as_ref)
    }

    /// The carrier of an id, name or alias, in any language of the table, without regard to case, spaces, `_`, `-`
    /// and full-width letters. `None`: `CARRIER_UNKNOWN` (A2).
    pub fn find(&self, name: &str) -> Option<&Carrier> {
        // Most cells are written as the table writes them and need no folding.
        let by_folded = || {
            let mut buffer = [0; FOLDED_IN_PLACE_BYTES];
            match folded_ascii(name, &mut buffer) {
                Some(folded) => self.by_name.get(folded),
                None => self.by_name.get(&folded(name)),
            }
        };
        let index = self.by_name.get(name).or_else(by_folded)?;
        Some(&self.carriers[*index])
    }

    /// The carriers whose rule the number fits, in upper case as `TrackingNumber` keeps it: right check digits first,
    /// wrong ones last. The fallback rule of all posts speaks only where no other carrier does.
    pub fn fits(&self, number: &str) -> Vec<Fit<'_>> {
        let fit = |carrier| Carrier::judge(carrier, number).map(|check_digit| Fit { carrier, check_digit });
        let mut fits: Vec<_> = self.carriers().filter_map(fit).collect();
        if fits.iter().any(|fit| !fit.carrier.is_fallback) {
            fits.retain(|fit| !fit.carrier.is_fallback);
        }
        fits.sort_by_key(|fit| Reverse(fit.check_digit));
        fits
    }
}

/// A name without what people vary: case, spaces, `_`, dashes and full-width forms.
pub(crate) fn folded(name: &str) -> String {
    let is_varied = |letter: &char| letter.is_whitespace() || matches!(letter, '_' | '-' | '–' | '—');
    let letters = name.chars().map(half_width).map(simplified);
    let letters = letters.filter(|letter| !is_varied(letter));
    letters.flat_map(char::to_lowercase).collect()
}

/// Bytes of a name that is folded without an allocation, at most.
const FOLDED_IN_PLACE_BYTES: usize = 48;

/// As [`folded`], for a short ASCII name: millions of rows name their carriers in capitals.
fn folded_ascii<'a>(name: &str, buffer: &'a mut [u8; FOLDED_IN_PLACE_BYTES]) -> Option<&'a str> {
    if name.len() > buffer.len() || !name.is_ascii() {
        return None;
    }
    let is_varied = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'\x0b' | b'_' | b'-');
    let mut length = 0;
    for byte in name.bytes().filter(|byte| !is_varied(byte)) {
        buffer[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    str::from_utf8(&buffer[..length]).ok()
}

pub(crate) fn half_width(letter: char) -> char {
    match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carrier(name: &str) -> &'static Carrier {
        CarrierTable::shipped()
            .find(name)
            .expect("a carrier of the shipped table")
    }

    fn names(number: &str) -> Vec<&'static str> {
        CarrierTable::shipped()
            .fits(number)
            .iter()
            .map(|fit| fit.carrier.id())
            .collect()
    }

    #[test]
    fn the_shipped_table_can_be_read_and_every_carrier_has_a_rule() {
        let table = CarrierTable::parse(include_str!("../data/carriers.toml")).expect("the shipped table");
        for carrier in table.carriers() {
            assert_eq!(
                carrier.formats.is_empty(),
                carrier.class == CarrierClass::OutOfScope,
                "{}",
                carrier.id
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn a_name_is_folded_in_place_as_it_is_anywhere(name in "[ -~\t\x0b\r\n]{0,60}") {
            let mut buffer = [0; FOLDED_IN_PLACE_BYTES];
            if let Some(short) = folded_ascii(&name, &mut buffer) {
                proptest::prop_assert_eq!(short, folded(&name));
            }
        }
    }

    #[test]
    fn carriers_are_found_by_any_name_however_it_is_written() {
        for (name, id) in [
            ("DHL", "dhl"),
            ("dhl express", "dhl"),
            ("DHL_EXPRESS", "dhl"),
            ("敦豪", "dhl"),
            ("ＤＨＬ　Ｅｘｐｒｅｓｓ", "dhl"),
            ("燕文", "yanwen"),
            ("yun-express", "yunexpress"),
            ("中国邮政", "china_post"),
            ("China Post Registered Air Mail", "china_post"),
            ("CPAM", "china_post"),
            ("СДЭК", "cdek"),
            ("AE Standard", "ae_standard"),
            ("AliExpress无忧物流-标准", "ae_standard"),
            ("AliExpress Premium Shipping", "ae_premium"),
            ("CAINIAO_PREMIUM", "ae_premium"),
        ] {
            assert_eq!(carrier(name).id(), id, "{name}");
        }
        for name in ["", "Pigeon Post", "-", "DH", "Post"] {
            assert!(CarrierTable::shipped().find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_platforms_own_lines_are_out_of_scope() {
        assert_eq!(carrier("AE Standard Shipping").class(), CarrierClass::OutOfScope);
        assert_eq!(carrier("无忧物流-优先").class(), CarrierClass::OutOfScope);
        assert_eq!(carrier("无忧物流-优先").judge("LP00123456789012"), None);
        for name in ["DHL", "FedEx", "UPS", "Yanwen", "JCEX"] {
            assert_eq!(carrier(name).class(), CarrierClass::Certified, "{name}");
        }
    }

    #[test]
    fn a_dhl_number_is_exactly_ten_digits() {
        assert_eq!(carrier("DHL").judge("3318810025"), Some(CheckDigit::Valid));
        assert_eq!(carrier("DHL").judge("3318810024"), Some(CheckDigit::Invalid));
        for number in [
            "",
            "331881002",
            "73891051146",
            "3318810025 ",
            "3318810025\n",
            "33188-10025",
            "３３１８８１００２５",
        ] {
            assert_eq!(carrier("DHL").judge(number), None, "{number:?}");
        }
    }

    #[test]
    fn several_formats_of_one_carrier_are_one_rule() {
        for (name, number, verdict) in [
            ("FedEx", "986578788855", CheckDigit::Valid),
            ("FedEx", "041441760228964", CheckDigit::Valid),
            ("FedEx", "61299998245239562042", CheckDigit::None),
            ("Yanwen", "UG123456785YP", CheckDigit::Valid),
            ("Yanwen", "UF12345678901234", CheckDigit::None),
            ("Correos", "PQ4F6P0704104480181750T", CheckDigit::None),
            ("Correos", "RB123456786ES", CheckDigit::Invalid),
        ] {
            assert_eq!(carrier(name).judge(number), Some(verdict), "{name} {number}");
        }
    }

    #[test]
    fn fitting_carriers_come_with_right_check_digits_first() {
        assert_eq!(names("3318810025").first(), Some(&"dhl"));
        assert_eq!(names("YT2229521272164446"), ["yunexpress", "yanwen"]);
        assert_eq!(names("RB123456785CN"), ["china_post", "ems", "yanwen"]);
        assert_eq!(names("RB123456785CV"), ["upu_post"]);
        assert_eq!(names("RB123456785XX"), Vec::<&str>::new());
        let wrong = CarrierTable::shipped().fits("986578788856");
        assert_eq!(wrong.last().map(|fit| fit.check_digit), Some(CheckDigit::Invalid));
    }
}
