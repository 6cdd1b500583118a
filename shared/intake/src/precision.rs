//! Order ids that a spreadsheet has cut to 15 digits, told by the file as a whole.
//!
//! A spreadsheet keeps 15 digits of a number and writes zeros for the others. One id that ends in zeros may be sound; but
//! where every long id of a file does, and together they lost so many digits that chance is out of the question, none of
//! them can be trusted, unless they are zeros by the way in which ids are numbered: in steps (all ids of 40 lie on
//! multiples of 40), or with a tail of the buyer's own (all end in 2340). Then the digits that were kept have a step in
//! common, which digits that were cut by chance have not.
//!
//! What is left to chance, and tested: sound ids drawn by chance are taken for cut ones less than one time in 10¹²; cut ids
//! for numbered ones less than one time in a thousand. Some of the ids that are numbered in steps of exactly 10 (or another
//! power of ten) look like cut ones in every respect, unless they follow each other without a gap: only orders that are known under these very ids can tell (`Upload::suspected_ids`).

use std::collections::BTreeSet;

use domain::OrderId;

use crate::cell::{self, Use};

/// Digits that a spreadsheet keeps of a number.
const DIGITS_KEPT: usize = 15;

/// Digits that must have become zeros in distinct ids: by chance that happens less than one time in a million million.
const DIGITS_LOST_MIN: usize = 12;

/// So many cut ids that have a step in common are taken for numbered ones only where chance would give them this or a longer
/// step less often than one time in so many.
const STEP_BY_CHANCE_MIN: u64 = 1_000;

/// Ids that must count on evenly before that shows how they are made.
const COUNTED_MIN: usize = 6;

/// Ids that are kept for a look at the orders, at most.
const SUSPECTS_MAX: usize = 100;

/// Whether a number is longer than a spreadsheet keeps it, and has nothing but zeros from there on.
pub(crate) fn ends_like_a_cut_number(digits: &str) -> bool {
    is_long_number(digits) && digits[DIGITS_KEPT..].bytes().all(|digit| digit == b'0')
}

/// Whether a number has more digits than a spreadsheet keeps of one.
pub(crate) fn is_long_number(digits: &str) -> bool {
    digits.len() > DIGITS_KEPT && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the ids of a sample show.
#[derive(Debug, Default)]
pub(crate) struct Precision {
    cut: BTreeSet<String>,
    /// How often cut ids were seen.
    seen: usize,
    digits_lost: usize,
    /// The digits kept of the first cut id, and what the others' distances from them have in common.
    first: Option<u64>,
    step: u64,
    is_refuted: bool,
    numbers_are_whole: bool,
}

impl Precision {
    /// Takes one more id into account, as its cell came; a number of the spreadsheet's own is the surer sign.
    pub(crate) fn look_at(&mut self, cell: &str, is_number: bool) {
        let (text, _) = cell::clean(cell, Use::Text);
        let id = cell::without_point_zero(&text).unwrap_or(&text);
        if !is_long_number(id) {
            return;
        }
        if !ends_like_a_cut_number(id) {
            self.is_refuted = true;
            self.numbers_are_whole |= is_number;
            return;
        }
        self.seen += 1;
        if !self.cut.contains(id) {
            self.digits_lost += id.len() - DIGITS_KEPT;
            let kept = id[..DIGITS_KEPT].parse().unwrap_or(0);
            let distance = self.first.get_or_insert(kept).abs_diff(kept);
            self.step = greatest_common_divisor(self.step, distance);
            self.cut.insert(id.to_owned());
        }
    }

    /// Whether one long id has all its digits: then a spreadsheet had no hand in the file.
    pub(crate) fn is_refuted(&self) -> bool {
        self.is_refuted
    }

    /// Whether a number of the spreadsheet's own has all its digits: then the sheet was written by a program that keeps
    /// them.
    pub(crate) fn numbers_are_whole(&self) -> bool {
        self.numbers_are_whole
    }

    /// Whether the ids have lost their last digits.
    pub(crate) fn is_lost(&self) -> bool {
        !self.is_refuted
            && self.digits_lost >= DIGITS_LOST_MIN
            && !self.are_counted()
            && !self.are_numbered_in_steps()
    }

    /// Some of the ids that have lost their digits, or seem to.
    pub(crate) fn suspects(&self) -> Vec<OrderId> {
        let ids = self.cut.iter().filter_map(|id| OrderId::parse(id));
        ids.take(SUSPECTS_MAX).collect()
    }

    /// Whether each of the ids is as far from the one before it, and hardly one stands there twice: ids that count on by 10 do
    /// so, while of ids that count on by one, cut, ten would be the same.
    fn are_counted(&self) -> bool {
        let kept = self
            .cut
            .iter()
            .filter_map(|id| id[..DIGITS_KEPT].parse::<u64>().ok());
        let kept: Vec<u64> = kept.collect();
        let mut gaps = kept.windows(2).map(|pair| pair[1] - pair[0]);
        let first = gaps.next();
        kept.len() >= COUNTED_MIN && self.seen < 2 * kept.len() && gaps.all(|gap| Some(gap) == first)
    }

    /// Whether the kept digits have a step in common that chance would hardly give so many ids: this one or a longer one with
    /// a probability of about `step` to the power of two less than there are ids.
    fn are_numbered_in_steps(&self) -> bool {
        let power = u32::try_from(self.cut.len().saturating_sub(2)).unwrap_or(u32::MAX);
        self.step > 1 && self.step.saturating_pow(power) >= STEP_BY_CHANCE_MIN
    }
}

fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(ids: &[&str]) -> bool {
        let mut precision = Precision::default();
        ids.iter().for_each(|id| precision.look_at(id, false));
        precision.is_lost()
    }

    #[test]
    fn ids_that_all_end_in_zeros_have_lost_their_digits() {
        let places = [10, 11, 13, 16, 17, 21, 28, 30, 41, 55, 62, 90];
        let ids = places.map(|n| format!("8000011000000{n}0"));
        let sixteen = ids.each_ref().map(String::as_str);
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

    /// Sellers whose numbers count on by the same step, and a buyer's orders that all end in the buyer's own digits.
    #[test]
    fn ids_that_end_in_zero_by_their_making_are_sound() {
        let numbered = |start: u64, step: u64| -> Vec<String> {
            // Gaps that share no step of their own.
            let places = [0, 1, 3, 4, 9, 10, 13, 22, 29, 31, 40, 58, 71];
            places.map(|place| (start + place * step).to_string()).to_vec()
        };
        for (start, step, is_lost) in [
            (8_100_200_000_000_850, 170, false),
            (8_100_200_000_000_000, 20, false),
            (8_012_345_000_002_340, 10_000, false),
            (8_100_200_000_000_850, 10, true),
        ] {
            let ids = numbered(start, step);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            assert_eq!(lost(&ids), is_lost, "in steps of {step}");
        }
    }

    #[test]
    fn ids_that_count_on_by_ten_are_sound_unless_each_stands_for_ten() {
        let counted: Vec<String> = (10..40).map(|n| format!("8000011000000{n}0")).collect();
        let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
        assert!(!lost(&counted));
        assert!(lost(&counted.repeat(10)), "cut ids that counted on by one");
    }

    /// How often the test errs: sound ids drawn by chance, and ids drawn by chance and cut.
    #[test]
    fn chance_hardly_ever_deceives() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut missed = 0;
        for round in 0..20_000_usize {
            let (length, count) = [(16, 12), (17, 6), (18, 5), (20, 3)][round % 4];
            let range = 10_u128.pow(length - 1)..10_u128.pow(length);
            let ids: Vec<String> = (0..count)
                .map(|_| random.u128(range.clone()).to_string())
                .collect();
            assert!(
                !lost(&ids.iter().map(String::as_str).collect::<Vec<_>>()),
                "{ids:?}"
            );
            let zeros = length as usize - DIGITS_KEPT;
            let cut: Vec<String> = ids
                .iter()
                .map(|id| format!("{}{}", &id[..DIGITS_KEPT], "0".repeat(zeros)))
                .collect();
            missed += u32::from(!lost(&cut.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        assert!(missed < 20, "{missed} of 20,000 cut files were taken for sound");
    }

    #[test]
    fn a_number_of_the_spreadsheets_own_with_all_its_digits_vouches_for_the_others() {
        let mut precision = Precision::default();
        precision.look_at("8000011000000000", true);
        precision.look_at("8000011000000005", false);
        assert!(precision.is_refuted() && !precision.numbers_are_whole());
        precision.look_at("8000011000000006", true);
        assert!(precision.numbers_are_whole());
    }
}
