//! Numbers of things in English words: one mechanism for every text that people read. Chinese has no plural.

use std::borrow::Cow;
use std::fmt::Display;

/// So many of a thing that `one` names in the singular: `1 fine`, `2 fines`, `0 entries`.
pub fn counted(count: u64, one: &str) -> String {
    format!("{count} {}", noun(count, one))
}

/// As [`counted`], with the number as it is written: `12,345 orders`.
pub fn counted_as(written: impl Display, count: u64, one: &str) -> String {
    format!("{written} {}", noun(count, one))
}

/// The thing alone, in the number that goes with `count`. Of several words the first is the noun: `order at another rate`.
pub fn noun(count: u64, one: &str) -> Cow<'_, str> {
    if count == 1 {
        return Cow::Borrowed(one);
    }
    let (noun, rest) = one.split_at(one.find(' ').unwrap_or(one.len()));
    let is_vowel = |letter: Option<char>| letter.is_some_and(|letter| "aeiou".contains(letter));
    Cow::Owned(match noun.strip_suffix('y') {
        Some(stem) if !is_vowel(stem.chars().next_back()) => format!("{stem}ies{rest}"),
        _ => format!("{noun}s{rest}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_all_others_are_several() {
        for (count, one, text) in [
            (1, "fine", "1 fine"),
            (0, "fine", "0 fines"),
            (2, "entry", "2 entries"),
            (1, "entry", "1 entry"),
            (3, "day", "3 days"),
            (
                1,
                "order at another exchange rate",
                "1 order at another exchange rate",
            ),
            (
                2,
                "order at another exchange rate",
                "2 orders at another exchange rate",
            ),
        ] {
            assert_eq!(counted(count, one), text);
        }
        assert_eq!(counted_as("1,000", 1_000, "row"), "1,000 rows");
    }
}
