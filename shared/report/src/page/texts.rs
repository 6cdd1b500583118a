//! The texts of many sellers, which differ by their numbers alone, as a few patterns with holes: what a page of 13,000 sellers
//! would repeat stands in it once. The script fills the holes.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::CharIndices;

use serde::Serialize;

/// A piece of a pattern: words, or the place of what goes into a hole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub(super) enum Piece {
    Words(String),
    Hole(usize),
}

/// A text in English and in Chinese, without its numbers.
type Pattern = [Vec<Piece>; 2];

/// Texts as they are noted.
#[derive(Default)]
pub(super) struct Texts {
    known: HashMap<Pattern, usize>,
    patterns: Vec<Pattern>,
    /// Of each text its pattern and its numbers.
    texts: Vec<(usize, Vec<String>)>,
}

/// Texts as the page has them.
pub(super) struct Told {
    pub(super) patterns: Vec<Pattern>,
    /// By a text's number: the number of its pattern, then what goes into the holes, with spaces between.
    pub(super) texts: Vec<String>,
}

impl Texts {
    /// Notes a text; gives its number.
    pub(super) fn note(&mut self, en: &str, zh: &str) -> usize {
        let mut numbers = Vec::new();
        let en = pieces(en, |number| {
            numbers.push(number);
            numbers.len() - 1
        });
        let mut is_used = vec![false; numbers.len()];
        let zh = pieces(zh, |number| {
            let known = (0..is_used.len()).find(|hole| !is_used[*hole] && numbers[*hole] == number);
            let hole = known.unwrap_or_else(|| {
                numbers.push(number);
                is_used.push(false);
                numbers.len() - 1
            });
            is_used[hole] = true;
            hole
        });
        let pattern = [en, zh];
        let number = match self.known.get(&pattern) {
            Some(number) => *number,
            None => {
                self.patterns.push(pattern.clone());
                self.known.insert(pattern, self.patterns.len() - 1);
                self.patterns.len() - 1
            }
        };
        self.texts.push((number, numbers));
        self.texts.len() - 1
    }

    /// All that was noted. What is the same in every text of a pattern becomes words of it.
    pub(super) fn told(self) -> Told {
        let mut same: Vec<Option<Vec<Option<&str>>>> = vec![None; self.patterns.len()];
        for (pattern, numbers) in &self.texts {
            let all = || numbers.iter().map(|number| Some(number.as_str())).collect();
            for (known, number) in same[*pattern].get_or_insert_with(all).iter_mut().zip(numbers) {
                *known = known.filter(|known| known == number);
            }
        }
        let same: Vec<Vec<Option<&str>>> = same.into_iter().map(Option::unwrap_or_default).collect();
        let patterns = self.patterns.iter().zip(&same);
        let texts = self.texts.iter().map(|(pattern, numbers)| {
            let open = numbers.iter().zip(&same[*pattern]);
            let open = open.filter(|(_, same)| same.is_none());
            let mut text = pattern.to_string();
            for (number, _) in open {
                text.push(' ');
                text.push_str(number);
            }
            text
        });
        Told {
            texts: texts.collect(),
            patterns: patterns
                .map(|(pattern, same)| pattern.each_ref().map(|pieces| closed(pieces, same)))
                .collect(),
        }
    }
}

/// The pieces with the holes closed of which the number is always the same.
fn closed(pieces: &[Piece], same: &[Option<&str>]) -> Vec<Piece> {
    let mut closed: Vec<Piece> = Vec::new();
    for piece in pieces {
        let words = match piece {
            Piece::Words(words) => words,
            Piece::Hole(hole) => match same[*hole] {
                Some(number) => number,
                None => {
                    let place = same[..*hole].iter().filter(|same| same.is_none()).count();
                    closed.push(Piece::Hole(place));
                    continue;
                }
            },
        };
        match closed.last_mut() {
            Some(Piece::Words(before)) => before.push_str(words),
            _ => closed.push(Piece::Words(words.to_owned())),
        }
    }
    closed
}

/// A text as words and holes; `hole` is given each number and says which hole it goes into.
fn pieces(text: &str, mut hole: impl FnMut(String) -> usize) -> Vec<Piece> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (words, from_number) = rest.split_at(start);
        let (number, after) = from_number.split_at(number_length(from_number.char_indices().peekable()));
        if !words.is_empty() {
            pieces.push(Piece::Words(words.to_owned()));
        }
        pieces.push(Piece::Hole(hole(number.to_owned())));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest.to_owned()));
    }
    pieces
}

/// How long a number is, which begins the text: digits, with signs of dates and amounts between them.
fn number_length(mut letters: Peekable<CharIndices<'_>>) -> usize {
    let mut length = 0;
    while let Some((at, letter)) = letters.next() {
        let goes_on = letters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        match letter {
            '0'..='9' => length = at + 1,
            ',' | '.' | ':' | '-' if goes_on => {}
            _ => break,
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What the script makes of a text.
    fn read(told: &Told, text: usize) -> [String; 2] {
        let mut words = told.texts[text].split(' ');
        let pattern: usize = words
            .next()
            .and_then(|word| word.parse().ok())
            .expect("a pattern");
        let numbers: Vec<&str> = words.collect();
        told.patterns[pattern].each_ref().map(|pieces| {
            let filled = pieces.iter().map(|piece| match piece {
                Piece::Words(words) => words.as_str(),
                Piece::Hole(hole) => numbers[*hole],
            });
            filled.collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_is_noted_is_read_back(
            pairs in vec(("[ab 0-9,.:中-]{0,12}", "[ab 0-9,.:中-]{0,12}"), 0..20)
        ) {
            let mut texts = Texts::default();
            let numbers: Vec<_> = pairs.iter().map(|(en, zh)| texts.note(en, zh)).collect();
            let told = texts.told();
            for (number, (en, zh)) in numbers.into_iter().zip(pairs) {
                prop_assert_eq!(read(&told, number), [en, zh]);
            }
        }
    }

    #[test]
    fn texts_that_differ_by_numbers_are_one_pattern_and_what_never_differs_is_words() {
        let mut texts = Texts::default();
        for (misses, of) in [(7, "1,300"), (8, "20")] {
            texts.note(
                &format!("{misses} more misses and 2024-05 is lost: {of}"),
                &format!("{of} 单：再失误 {misses} 单即失去 2024-05"),
            );
        }
        let told = texts.told();
        assert_eq!(told.texts, ["0 7 1,300", "0 8 20"]);
        let words = |text: &str| Piece::Words(text.to_owned());
        assert_eq!(
            told.patterns,
            [[
                vec![
                    Piece::Hole(0),
                    words(" more misses and 2024-05 is lost: "),
                    Piece::Hole(1)
                ],
                vec![
                    Piece::Hole(1),
                    words(" 单：再失误 "),
                    Piece::Hole(0),
                    words(" 单即失去 2024-05")
                ],
            ]]
        );
    }
}
