//! Where the bytes stand that mean something to a record: eight bytes are looked at together.
//!
//! A cell has some ten bytes, so that a search from mark to mark would spend most of its time on beginning.

use domain::ascii::{WORD, repeated};

/// Finds delimiters, quotes and line ends.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    delimiter: u8,
}

/// The marks of a text, in order, and now and then a byte that is none: whoever asks looks at it anyway.
pub(super) struct Within<'t> {
    marks: Marks,
    text: &'t [u8],
    /// Where the next word begins.
    next: usize,
    /// The marks of the word before that are left: the highest bit of each one's byte.
    left: u64,
}

impl Marks {
    pub(super) fn of(delimiter: u8) -> Self {
        Self { delimiter }
    }

    /// The places of the marks.
    pub(super) fn within(self, text: &[u8]) -> Within<'_> {
        Within {
            marks: self,
            text,
            next: 0,
            left: 0,
        }
    }

    /// The highest bit of each byte of `word` that may be a mark: what is subtracted may be borrowed from the byte above
    /// one that is a mark, and make it look like one.
    #[inline]
    fn in_word(self, word: u64) -> u64 {
        let less = |word: u64, than: u8| word.wrapping_sub(repeated(than)) & !word;
        let is = |byte: u8| less(word ^ repeated(byte), 1);
        // Line ends are among the few bytes below the space.
        (is(self.delimiter) | is(b'"') | less(word, b' ')) & repeated(0x80)
    }
}

impl Iterator for Within<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            let rest = &self.text[self.next.min(self.text.len())..];
            let word = match rest.first_chunk::<WORD>() {
                Some(word) => *word,
                None if rest.is_empty() => return None,
                None => {
                    // What the text lacks of a word is no mark.
                    let mut word = [b'a'; WORD];
                    word[..rest.len()].copy_from_slice(rest);
                    word
                }
            };
            self.left = self.marks.in_word(u64::from_le_bytes(word));
            self.next += WORD;
        }
        let byte = self.left.trailing_zeros() as usize / 8;
        self.left &= self.left - 1;
        Some(self.next - WORD + byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_mark_is_found(
            text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b",;\t|\"\n\r-#\x0b\0 "[..])], 0..70),
            delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        ) {
            let is_mark = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
            let expected: Vec<usize> = (0..text.len()).filter(|&at| is_mark(text[at])).collect();
            let found: Vec<usize> = Marks::of(delimiter).within(&text).collect();
            prop_assert!(found.is_sorted() && found.iter().all(|&at| at < text.len()));
            let found: Vec<usize> = found.into_iter().filter(|&at| is_mark(text[at])).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
