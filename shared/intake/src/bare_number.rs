//! The number in a cell that holds more than a number (A2): a carrier's name, a label, quotes or a page's address around it.

use domain::carrier::{Carrier, CarrierTable};

/// Letters and digits of a number, at least, and at most.
const NUMBER_BYTES: std::ops::RangeInclusive<usize> = 8..=40;
/// Digits of a number, at least.
const DIGITS_MIN: usize = 5;
/// Bytes of a cell, at most, that is searched.
const CELL_BYTES_MAX: usize = 512;

/// What people write before a number, in capitals.
const LABELS: [&str; 16] = [
    "NO",
    "NR",
    "NUM",
    "NUMBER",
    "TRACKING",
    "TRACKINGNO",
    "TRACKINGNUMBER",
    "TRACK",
    "TRK",
    "AWB",
    "HAWB",
    "WAYBILL",
    "WAYBILLNO",
    "LOGISTICSNO",
    "CODE",
    "ID",
];

/// The one number in a cell that holds other text as well: it fits `named`, or some carrier where no carrier is named. `None`
/// where the cell is nothing but a number, holds none, or holds several: never a guess.
pub fn bare_number(cell: &str, named: Option<&Carrier>, carriers: &CarrierTable) -> Option<String> {
    let mut found = numbers_in(cell, named, carriers);
    if found.is_empty() {
        found.extend(joined(cell, carriers).filter(|_| cell.len() <= CELL_BYTES_MAX));
    }
    if let Some(carrier) = named {
        found.retain(|number| carrier.judge(number).is_some());
    }
    match found.as_slice() {
        [number] if number != cell => Some(number.clone()),
        _ => None,
    }
}

/// The numbers that stand in a cell among other text, each once, in the order in which they stand: those that fit `named`, or
/// where none does, those that fit some carrier.
pub(crate) fn numbers_in(cell: &str, named: Option<&Carrier>, carriers: &CarrierTable) -> Vec<String> {
    if cell.len() > CELL_BYTES_MAX {
        return Vec::new();
    }
    let mut found: Vec<String> = Vec::new();
    for token in cell.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        let number = number_in(&token.to_ascii_uppercase(), carriers);
        found.extend(number.filter(|number| !number.is_empty() && !found.contains(number)));
    }
    let is_own = |number: &String| named.is_some_and(|carrier| carrier.judge(number).is_some());
    if found.iter().any(is_own) {
        found.retain(is_own);
    }
    found
}

/// The number that a word is, or is with a carrier's name or a label before or behind it.
fn number_in(word: &str, carriers: &CarrierTable) -> Option<String> {
    let is_number = |number: &str| {
        NUMBER_BYTES.contains(&number.len())
            && number.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_MIN
            && !carriers.fits(number).is_empty()
    };
    if is_number(word) {
        return Some(word.to_owned());
    }
    let is_name = |name: &str| LABELS.contains(&name) || name.len() > 1 && carriers.find(name).is_some();
    let start = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    let end = word.len() - word.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    // The longest name first: what is left of it may begin with letters of its own (YUNEXPRESSYT26…).
    let behind_name = (1..=start).rev().map(|at| word.split_at(at));
    let before_name = (end..word.len()).map(|at| {
        let (number, name) = word.split_at(at);
        (name, number)
    });
    let mut parts = behind_name.chain(before_name);
    let part = parts.find(|(name, number)| is_name(name) && is_number(number));
    part.map(|(_, number)| number.to_owned())
}

/// The number whose digits stand in groups: `33188-10025`.
fn joined(cell: &str, carriers: &CarrierTable) -> Option<String> {
    let is_part =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '·' | ' ');
    let number: String = cell.chars().filter(char::is_ascii_alphanumeric).collect();
    let number = number.to_ascii_uppercase();
    (cell.trim().chars().all(is_part)
        && NUMBER_BYTES.contains(&number.len())
        && !carriers.fits(&number).is_empty())
    .then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_among_other_text() {
        for (cell, number) in [
            ("DHL 3318810025", "3318810025"),
            ("DHL3318810025", "3318810025"),
            ("3318810025DHL", "3318810025"),
            ("DHL: 3318810025", "3318810025"),
            ("敦豪：3318810025", "3318810025"),
            ("运单号：YT2628000000000100", "YT2628000000000100"),
            ("YT2628000000000100(云途)", "YT2628000000000100"),
            ("云途YT2628000000000100", "YT2628000000000100"),
            ("\"YT2633000000000001\"", "YT2633000000000001"),
            (" \"YT2633000000000001\"", "YT2633000000000001"),
            ("#YT2633000000000001", "YT2633000000000001"),
            ("yunexpressyt2633000000000001", "YT2633000000000001"),
            ("Tracking No. RB123456785CN", "RB123456785CN"),
            ("AWB3318810025", "3318810025"),
            (
                "https://t.17track.net/en#nums=YT2628000000000100",
                "YT2628000000000100",
            ),
            (
                "https://www.dhl.com/cn-zh/home/tracking.html?tracking-id=3318810025&submit=1",
                "3318810025",
            ),
            (
                "https://www.yuntrack.com/parcelTracking?id=YT2628000000000100",
                "YT2628000000000100",
            ),
            ("【燕文】UG123456785YP", "UG123456785YP"),
            ("33188-10025", "3318810025"),
            ("RB-123456785-CN", "RB123456785CN"),
            ("UPS 1Z5R89390357567127", "1Z5R89390357567127"),
        ] {
            let found = bare_number(cell, None, CarrierTable::shipped());
            assert_eq!(found.as_deref(), Some(number), "{cell}");
        }
    }

    #[test]
    fn a_number_alone_several_numbers_and_none_give_no_proposal() {
        for cell in [
            "3318810025",
            "RB123456785CN",
            "",
            "DHL",
            "3318810025 YT2628000000000100",
            "no number yet",
            "待补",
        ] {
            assert_eq!(bare_number(cell, None, CarrierTable::shipped()), None, "{cell}");
        }
        let sf = CarrierTable::shipped().find("SF");
        assert_eq!(
            bare_number("SF12345678901", sf, CarrierTable::shipped()),
            None,
            "no number of SF's"
        );
        let dhl = CarrierTable::shipped().find("DHL");
        let found = bare_number("3318810025 / YT2628000000000100", dhl, CarrierTable::shipped());
        assert_eq!(found.as_deref(), Some("3318810025"), "the carrier decides");
        assert_eq!(
            bare_number(&"3318810025 ".repeat(60), None, CarrierTable::shipped()),
            None
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_proposed_is_a_number_and_stands_in_the_cell(cell in "\\PC{0,60}") {
            if let Some(number) = bare_number(&cell, None, CarrierTable::shipped()) {
                proptest::prop_assert!(!CarrierTable::shipped().fits(&number).is_empty());
                proptest::prop_assert_eq!(bare_number(&number, None, CarrierTable::shipped()), None);
            }
        }
    }
}
