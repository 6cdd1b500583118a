//! Order ids that a spreadsheet has cut to 15 digits, told by the file as a whole.
//!
//! A spreadsheet keeps 15 digits of a number and writes zeros for the others. One id that ends in zeros may be sound; but
//! where every long id of a file does, and together they lost so many digits that chance is out of the question, none of
//! them can be trusted.

use std::collections::HashSet;

use crate::cell::{self, Use};

/// Digits that a spreadsheet keeps of a number.
const DIGITS_KEPT: usize = 15;

/// Digits that must have become zeros in distinct ids: by chance that happens less than one time in a million million. So
/// many, because ids are not drawn by chance: the few orders of a quiet day may all end in 0 by the way they are numbered.
const DIGITS_LOST_MIN: usize = 12;

/// Whether a number is longer than a spreadsheet keeps it, and has nothing but zeros from there on.
pub(crate) fn ends_like_a_cut_number(digits: &str) -> bool {
    is_long_number(digits) && digits[DIGITS_KEPT..].bytes().all(|digit| digit == b'0')
}

fn is_long_number(digits: &str) -> bool {
    digits.len() > DIGITS_KEPT && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the ids of a sample show.
#[derive(Debug, Default)]
pub(crate) struct Precision {
    cut: HashSet<String>,
    digits_lost: usize,
    is_refuted: bool,
}

impl Precision {
    /// Takes one more id into account, as its cell came.
    pub(crate) fn look_at(&mut self, cell: &str) {
        let (text, _) = cell::clean(cell, Use::Text);
        let id = cell::without_point_zero(&text).unwrap_or(&text);
        if !is_long_number(id) {
            return;
        }
        if !ends_like_a_cut_number(id) {
            self.is_refuted = true;
        } else if !self.cut.contains(id) {
            self.digits_lost += id.len() - DIGITS_KEPT;
            self.cut.insert(id.to_owned());
        }
    }

    /// Whether one long id has all its digits: then a spreadsheet had no hand in the file.
    pub(crate) fn is_refuted(&self) -> bool {
        self.is_refuted
    }

    /// Whether the ids have lost their last digits.
    pub(crate) fn is_lost(&self) -> bool {
        !self.is_refuted && self.digits_lost >= DIGITS_LOST_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(ids: &[&str]) -> bool {
        let mut precision = Precision::default();
        ids.iter().for_each(|id| precision.look_at(id));
        precision.is_lost()
    }

    #[test]
    fn ids_that_all_end_in_zeros_have_lost_their_digits() {
        let ids: Vec<String> = (10..22).map(|n| format!("8000011000000{n}0")).collect();
        let sixteen: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert!(lost(&sixteen));
        assert!(!lost(&sixteen[1..]), "eleven zeros may be chance");
        assert!(!lost(&[sixteen[0]; 20]), "one id many times is one id");
        assert!(lost(&[
            "80000110000000100000",
            "80000110000000200000",
            "8000011000000020.0",
            "8000011000000030"
        ]));
        assert!(!lost(&[&sixteen[..], &["8000011000000005"]].concat()));
        assert!(
            !lost(&["800001100000000"; 20]),
            "a spreadsheet keeps fifteen digits"
        );
    }

    /// Six sellers whose numbers count on by the same step: their orders of one day.
    #[test]
    fn ids_that_end_in_zero_by_their_making_are_sound() {
        let day = [
            "8100200000000850",
            "8100200000002890",
            "8100200000003910",
            "8100200000004930",
            "8100200000006120",
            "8100200000007820",
        ];
        assert!(!lost(&day));
    }
}
