//! Texts for codes: what carriers say in words, compared by their letters and digits alone.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Meaning;
use crate::carrier::half_width;

/// Characters of a text that is compared, at most: a longer one is no report of an event.
const TEXT_CHARACTERS_MAX: usize = 400;

/// A text as it is compared: lower case, half-width, words of letters and digits with one space between them. `None`
/// for what has no word or is too long.
pub(super) fn normalised(text: &str) -> Option<String> {
    let mut words = String::with_capacity(text.len());
    let mut is_gap = false;
    for letter in text.chars().take(TEXT_CHARACTERS_MAX + 1).map(half_width) {
        if !letter.is_alphanumeric() {
            is_gap = !words.is_empty();
            continue;
        }
        if is_gap {
            words.push(' ');
        }
        is_gap = false;
        // A letter may become one with a mark behind it (İ), which is none itself.
        words.extend(letter.to_lowercase().filter(|letter| letter.is_alphanumeric()));
    }
    let is_short = text.chars().nth(TEXT_CHARACTERS_MAX).is_none();
    (is_short && !words.is_empty()).then_some(words)
}

/// A list of texts: whole ones by hash, those with `*` in the list's order.
#[derive(Default)]
pub(super) struct TextTable {
    whole: HashMap<String, Meaning, FixedState>,
    open: Vec<(Phrase, Meaning)>,
}

impl TextTable {
    /// Adds a text as the file has it; `false` when nothing could ever match it, or the list has it already.
    pub(super) fn add(&mut self, text: &str, meaning: Meaning) -> bool {
        if text.contains('*') {
            let phrase = Phrase::of(text);
            let is_new = !phrase.parts.is_empty() && self.open.iter().all(|(other, _)| *other != phrase);
            self.open.push((phrase, meaning));
            return is_new;
        }
        normalised(text).is_some_and(|words| self.whole.insert(words, meaning).is_none())
    }

    /// What a normalised text stands for.
    pub(super) fn meaning_of(&self, words: &str) -> Option<Meaning> {
        let letters = letters_of(words);
        let matches = |phrase: &Phrase| phrase.letters & !letters == 0 && phrase.is_match(words);
        let open = || self.open.iter().find(|(phrase, _)| matches(phrase));
        self.whole
            .get(words)
            .copied()
            .or_else(|| open().map(|(_, meaning)| *meaning))
    }
}

/// Words that stand in a text in this order.
#[derive(Debug, PartialEq, Eq)]
struct Phrase {
    parts: Vec<String>,
    is_start_bound: bool,
    is_end_bound: bool,
    /// As [`letters_of`]: a text that lacks one of them need not be searched, and most texts lack one.
    letters: u64,
}

/// The letters of a text as a set; several share a place in it.
fn letters_of(words: &str) -> u64 {
    words
        .chars()
        .fold(0, |letters, letter| letters | 1 << (u32::from(letter) % 64))
}

impl Phrase {
    fn of(text: &str) -> Self {
        let parts: Vec<_> = text.split('*').filter_map(normalised).collect();
        Self {
            letters: parts.iter().fold(0, |letters, part| letters | letters_of(part)),
            parts,
            is_start_bound: !text.starts_with('*'),
            is_end_bound: !text.ends_with('*'),
        }
    }

    fn is_match(&self, words: &str) -> bool {
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

/// Whether `part` stands at this byte, and cuts no word: words of Latin letters and digits end at a space, Chinese has
/// none.
fn stands_at(words: &str, part: &str, start: usize) -> bool {
    let Some((before, rest)) = words.split_at_checked(start) else {
        return false;
    };
    let Some(after) = rest.strip_prefix(part) else {
        return false;
    };
    let cuts = |inner: Option<char>, outer: Option<char>| {
        let is_latin = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
        is_latin(inner) && is_latin(outer)
    };
    !cuts(part.chars().next(), before.chars().next_back())
        && !cuts(part.chars().next_back(), after.chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_by_letters_and_digits_alone() {
        for (text, words) in [
            ("Yanwen Acceptance.", "yanwen acceptance"),
            ("  DELIVERED,  In/At Mailbox ", "delivered in at mailbox"),
            ("已签收，感谢使用", "已签收 感谢使用"),
            ("Ｄｅｌｉｖｅｒｅｄ　１", "delivered 1"),
            ("d’acheminement", "d acheminement"),
            ("İstanbul", "istanbul"),
        ] {
            assert_eq!(normalised(text).as_deref(), Some(words), "{text}");
        }
        assert_eq!(normalised(" .-* "), None);
        assert!(normalised(&"x".repeat(TEXT_CHARACTERS_MAX)).is_some());
        assert_eq!(normalised(&"x".repeat(TEXT_CHARACTERS_MAX + 1)), None);
    }

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
            assert_eq!(Phrase::of(phrase).is_match(words), fits, "{phrase} {words}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_compared_without_a_panic(text in "\\PC{0,80}", phrase in "[a签é* ]{1,8}") {
            if let Some(words) = normalised(&text) {
                proptest::prop_assert_eq!(normalised(&words), Some(words.clone()));
                Phrase::of(&phrase).is_match(&words);
            }
        }
    }
}
