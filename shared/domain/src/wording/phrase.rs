//! Words that stand in a text in a given order, with others between them.

use super::{Wording, stands};

/// Words that stand in a text in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    parts: Vec<String>,
    is_start_bound: bool,
    is_end_bound: bool,
    /// As [`letters_of`]: a text that lacks one of them need not be searched, and most texts lack one.
    letters: u64,
}

/// The letters of a text as a set; several share a place in it.
pub(super) fn letters_of(words: &str) -> u64 {
    words
        .chars()
        .fold(0, |letters, letter| letters | 1 << (u32::from(letter) % 64))
}

impl Phrase {
    /// The words of a text with `*`, which stands for any words.
    pub(crate) fn of(text: &str) -> Self {
        let words = |part: &str| Wording::of(part).map(|part| part.words().to_owned());
        let parts: Vec<_> = text.split('*').filter_map(words).collect();
        Self {
            letters: parts.iter().fold(0, |letters, part| letters | letters_of(part)),
            parts,
            is_start_bound: !text.starts_with('*'),
            is_end_bound: !text.ends_with('*'),
        }
    }

    /// Whether it holds no word.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether a text of these letters ([`Wording::letters`]) may match: most texts lack one that the phrase has.
    pub(crate) fn may_match(&self, letters: u64) -> bool {
        self.letters & !letters == 0
    }

    /// Whether the text holds the words in their order.
    pub(crate) fn is_match(&self, text: &Wording) -> bool {
        let words = text.words();
        let mut from = 0;
        for (index, part) in self.parts.iter().enumerate() {
            let is_last = index + 1 == self.parts.len();
            let found = if index == 0 && self.is_start_bound {
                Some(0).filter(|_| stands_at(words, part, 0))
            } else if is_last && self.is_end_bound {
                let start = words.len().checked_sub(part.len());
                start.filter(|&start| start >= from && stands_at(words, part, start))
            } else {
                find(words, part, from)
            };
            match found {
                Some(start) => from = start + part.len(),
                None => return false,
            }
        }
        !self.is_end_bound || from == words.len()
    }
}

/// Where `part` first stands as whole words, from the byte `from` on.
fn find(words: &str, part: &str, from: usize) -> Option<usize> {
    let places = words[from..].match_indices(part).map(|(start, _)| from + start);
    places.into_iter().find(|&start| stands_at(words, part, start))
}

/// Whether `part` stands at this byte, and cuts no word.
fn stands_at(words: &str, part: &str, start: usize) -> bool {
    let is_there = words.get(start..).is_some_and(|rest| rest.starts_with(part));
    is_there && stands(words, start, start + part.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_words() {
        for (phrase, words, fits) in [
            ("delivered*", "delivered", true),
            ("delivered*", "delivered to you", true),
            ("delivered*", "deliveredx", false),
            ("delivered*", "not delivered", false),
            ("*parcel shop*", "at a parcel shop now", true),
            ("*parcel shop*", "at a parcel shopping now", false),
            ("*已签收*", "快件已签收 感谢", true),
            ("*到*签收*", "签收到", false),
            ("a*b", "a b", true),
            ("a*b", "a", false),
            ("a*a", "a", false),
            ("*end", "the end", true),
            ("*end", "the end of", false),
            (
                "*notified to*electronically",
                "notified to hermes electronically",
                true,
            ),
        ] {
            assert_eq!(
                Phrase::of(phrase).is_match(&Wording::of(words).expect("words")),
                fits,
                "{phrase} {words}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_compared_without_a_panic(text in "\\PC{0,80}", phrase in "[a签é* ]{1,8}") {
            if let Some(text) = Wording::of(&text) {
                Phrase::of(&phrase).is_match(&text);
            }
        }
    }
}
