//! What the bytes of short texts are, asked of eight at a time: every row of a file has a dozen of them.

/// Bytes that are asked together.
pub const WORD: usize = size_of::<u64>();

/// The highest bit of every byte.
const HIGH: u64 = repeated(0x80);

/// Whether all of a text is digits; so is an empty one.
#[inline]
pub fn are_digits(text: &[u8]) -> bool {
    are_all(text, |word| between(word, b'0', b'9'), u8::is_ascii_digit)
}

/// Whether all of a text is ASCII letters and digits; so is an empty one.
#[inline]
pub fn are_alphanumeric(text: &[u8]) -> bool {
    let lower = repeated(0x20);
    are_all(
        text,
        |word| between(word, b'0', b'9') | between(word | lower, b'a', b'z'),
        u8::is_ascii_alphanumeric,
    )
}

/// Whether all of a text is ASCII digits and upper-case letters; so is an empty one.
#[inline]
pub fn are_upper_alphanumeric(text: &[u8]) -> bool {
    are_all(
        text,
        |word| between(word, b'0', b'9') | between(word, b'A', b'Z'),
        |byte| byte.is_ascii_digit() || byte.is_ascii_uppercase(),
    )
}

/// Whether all bytes are of a class; `in_word` gives the highest bits of those of a word that are.
#[inline]
fn are_all(text: &[u8], in_word: impl Fn(u64) -> u64, is_one: impl Fn(&u8) -> bool) -> bool {
    let are_in = |word: &[u8; WORD]| {
        let word = u64::from_le_bytes(*word);
        word & HIGH == 0 && in_word(word) & HIGH == HIGH
    };
    // The last word may hold bytes of the one before it once more.
    match text.last_chunk::<WORD>() {
        Some(last) => text.as_chunks::<WORD>().0.iter().all(are_in) && are_in(last),
        None => text.iter().all(is_one),
    }
}

/// The highest bit of each byte that lies between two, both included; no byte of the word has its own set.
#[inline]
const fn between(word: u64, first: u8, last: u8) -> u64 {
    let from = word + repeated(0x80 - first);
    let beyond = word + repeated(0x7f - last);
    from & !beyond
}

/// A word of eight times the same byte.
#[inline]
pub const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Texts that are of a class but for one byte, and texts of any bytes.
        #[test]
        fn words_say_what_bytes_say(
            mut text in prop_oneof!["[0-9]{0,30}", "[0-9A-Z]{0,30}", "[0-9A-Za-z]{0,30}"].prop_map(String::into_bytes),
            other: u8,
            at: prop::sample::Index,
            is_damaged: bool,
        ) {
            if is_damaged && !text.is_empty() {
                let at = at.index(text.len());
                text[at] = other;
            }
            prop_assert_eq!(are_digits(&text), text.iter().all(u8::is_ascii_digit));
            prop_assert_eq!(are_alphanumeric(&text), text.iter().all(u8::is_ascii_alphanumeric));
            let is_upper = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
            prop_assert_eq!(are_upper_alphanumeric(&text), text.iter().all(is_upper));
        }
    }

    #[test]
    fn every_byte_is_of_its_class_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..9 {
                let mut text = [b'7'; 9];
                text[place] = byte;
                assert_eq!(are_digits(&text), byte.is_ascii_digit(), "{byte}");
                assert_eq!(are_alphanumeric(&text), byte.is_ascii_alphanumeric(), "{byte}");
                let is_upper = byte.is_ascii_digit() || byte.is_ascii_uppercase();
                assert_eq!(are_upper_alphanumeric(&text), is_upper, "{byte}");
            }
        }
    }
}
