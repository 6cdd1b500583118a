//! A text as it is compared: letters and digits, without what people and systems vary.

mod phrase;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use crate::carrier::half_width;
pub(crate) use phrase::Phrase;

/// Characters of a text that is compared, at most: a longer one is no report of an event.
const TEXT_CHARACTERS_MAX: usize = 400;

/// A text in lower case and half-width forms, without accents and other marks, traditional Chinese as simplified: words
/// of letters and digits with one space between them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wording {
    words: String,
    /// Where punctuation stood: byte places in `words`, ascending.
    breaks: Vec<usize>,
}

/// The words of a short text as texts are compared: in lower case, half-width, without accents and punctuation, traditional
/// Chinese as simplified, one space between them. `None` for a text that has none or is too long.
pub fn plain_words(text: &str) -> Option<String> {
    Wording::of(text).map(|wording| wording.words)
}

impl Wording {
    /// The wording of a text; `None` for a text that has no word or is too long.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut wording = Self {
            words: String::with_capacity(text.len()),
            breaks: Vec::new(),
        };
        let (mut is_gap, mut is_break) = (false, false);
        for letter in text.chars().take(TEXT_CHARACTERS_MAX + 1).map(half_width) {
            if is_mark(letter) {
                continue;
            }
            if !letter.is_alphanumeric() {
                is_gap = !wording.words.is_empty();
                is_break |= is_gap && !is_within_a_clause(letter);
                continue;
            }
            if is_gap {
                if is_break {
                    wording.breaks.push(wording.words.len());
                }
                wording.words.push(' ');
            }
            (is_gap, is_break) = (false, false);
            let lower = letter.to_lowercase().filter(|letter| !is_mark(*letter));
            lower.for_each(|letter| push_plain(letter, &mut wording.words));
        }
        let is_short = text.chars().nth(TEXT_CHARACTERS_MAX).is_none();
        (is_short && !wording.words.is_empty()).then_some(wording)
    }

    /// The words, one space between them.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// The letters as a set, several of which share a place.
    pub(crate) fn letters(&self) -> u64 {
        phrase::letters_of(&self.words)
    }

    /// Whether punctuation stood between these byte places.
    pub(crate) fn is_broken(&self, from: usize, to: usize) -> bool {
        self.breaks.iter().any(|place| (from..to).contains(place))
    }

    /// How many words stand between these byte places; of a script without spaces, how many letters.
    pub(crate) fn gap(&self, from: usize, to: usize) -> usize {
        let between = self.words.get(from..to).unwrap_or_default();
        if between
            .chars()
            .any(|letter| letter.is_alphanumeric() && !is_of_words(letter))
        {
            between.chars().filter(|letter| *letter != ' ').count()
        } else {
            between.split_whitespace().count()
        }
    }

    /// Whether what stands from `start` to `end` cuts no word at its start and, unless its word may go on, at its end.
    pub(crate) fn stands(&self, start: usize, end: usize, may_go_on: bool) -> bool {
        stands(&self.words, start, end, may_go_on)
    }

    /// Where the word that holds the byte before `end` ends.
    pub(crate) fn word_end(&self, end: usize) -> usize {
        let rest = self.words.get(end..).unwrap_or_default();
        let last = self.words.get(..end).and_then(|words| words.chars().next_back());
        if !last.is_some_and(is_of_words) {
            return end;
        }
        let word = rest.chars().take_while(|letter| is_of_words(*letter));
        end + word.map(char::len_utf8).sum::<usize>()
    }
}

/// See [`Wording::stands`].
pub(crate) fn stands(words: &str, start: usize, end: usize, may_go_on: bool) -> bool {
    let (Some(before), Some(within), Some(after)) =
        (words.get(..start), words.get(start..end), words.get(end..))
    else {
        return false;
    };
    let cuts = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(is_of_words) && outer.is_some_and(is_of_words)
    };
    !cuts(within.chars().next(), before.chars().next_back())
        && (may_go_on || !cuts(within.chars().next_back(), after.chars().next()))
}

/// Whether the letter is of a script that puts spaces between its words and nothing else around them: not Chinese,
/// Japanese or Thai, nor Korean, Arabic and Hebrew, whose words grow particles.
fn is_of_words(letter: char) -> bool {
    let grows = matches!(u32::from(letter), 0x0590..=0x08FF | 0x0E00..=0x0EFF | 0x1100..=0x11FF | 0x2E80..=0xD7FF | 0xF900..=0xFDFF | 0xFE70..=0xFEFF)
        || u32::from(letter) >= 0x2_0000;
    letter.is_alphanumeric() && !grows
}

/// Marks that stand over, under or between letters: accents written apart, vowel points, joiners.
fn is_mark(letter: char) -> bool {
    matches!(u32::from(letter), 0x00AD | 0x0300..=0x036F | 0x0591..=0x05C7 | 0x0610..=0x061A | 0x0640 | 0x064B..=0x065F | 0x0670 | 0x200B..=0x200F | 0x2060 | 0xFEFF)
}

/// What joins words or stands around them without ending a clause: takers stand in brackets (已送达【上海转运中心】).
fn is_within_a_clause(letter: char) -> bool {
    letter.is_whitespace() || "-'’`/&_\"“”()[]【】「」《》〔〕".contains(letter)
}

/// Letters with marks as one sign, and the plain letter.
const PLAIN: &[(&str, &str)] = &[
    ("àáâãäåāăą", "a"),
    ("çćčĉ", "c"),
    ("ďđ", "d"),
    ("èéêëēĕėęě", "e"),
    ("ğĝģ", "g"),
    ("ìíîïīĭįı", "i"),
    ("łľĺ", "l"),
    ("ñńňņ", "n"),
    ("òóôõöøōőŏ", "o"),
    ("řŕ", "r"),
    ("śşšŝș", "s"),
    ("ťțţ", "t"),
    ("ùúûüūůűų", "u"),
    ("ýÿ", "y"),
    ("źżž", "z"),
    ("ß", "ss"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("ё", "е"),
    ("й", "и"),
    ("ї", "і"),
    ("ґ", "г"),
    ("أإآٱ", "ا"),
    ("ى", "ي"),
    ("ة", "ه"),
];

/// The traditional characters of `data/traditional.txt`, each with its simplified one.
static SIMPLIFIED: LazyLock<HashMap<char, char, FixedState>> = LazyLock::new(|| {
    let table = include_str!("../data/traditional.txt");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.flat_map(|line| line.split(' ').map(str::chars));
    pairs
        .filter_map(|mut pair| Some((pair.next()?, pair.next()?)))
        .collect()
});

/// The plain form of each letter with a mark.
static PLAIN_FORMS: LazyLock<HashMap<char, &'static str, FixedState>> = LazyLock::new(|| {
    let marked = PLAIN.iter();
    marked
        .flat_map(|(marked, plain)| marked.chars().map(|letter| (letter, *plain)))
        .collect()
});

/// The simplified form of a traditional Chinese character; every other letter as it is.
pub fn simplified(letter: char) -> char {
    if u32::from(letter) < 0x2E80 {
        return letter;
    }
    SIMPLIFIED.get(&letter).copied().unwrap_or(letter)
}

fn push_plain(letter: char, words: &mut String) {
    match PLAIN_FORMS.get(&letter).filter(|_| !letter.is_ascii()) {
        Some(plain) => words.push_str(plain),
        None => words.push(simplified(letter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<String> {
        Wording::of(text).map(|wording| wording.words)
    }

    #[test]
    fn texts_are_compared_by_letters_and_digits_alone() {
        for (text, plain) in [
            ("Yanwen Acceptance.", "yanwen acceptance"),
            ("  DELIVERED,  In/At Mailbox ", "delivered in at mailbox"),
            ("已签收，感谢使用", "已签收 感谢使用"),
            ("Ｄｅｌｉｖｅｒｅｄ　１", "delivered 1"),
            ("d’acheminement", "d acheminement"),
            ("İstanbul", "istanbul"),
            ("livre\u{301} à l'Expéditeur", "livre a l expediteur"),
            ("Doręczono Łódź", "doreczono lodz"),
            ("快件已由郵局簽收", "快件已由邮局签收"),
            ("順豐速運：攬收異常變更", "顺丰速运 揽收异常变更"),
            ("תַּמ", "תמ"),
        ] {
            assert_eq!(words(text).as_deref(), Some(plain), "{text}");
        }
        assert_eq!(words(" .-* "), None);
        assert!(words(&"x".repeat(TEXT_CHARACTERS_MAX)).is_some());
        assert_eq!(words(&"x".repeat(TEXT_CHARACTERS_MAX + 1)), None);
    }

    #[test]
    fn every_traditional_character_of_the_table_has_one_simplified_one() {
        let table = include_str!("../data/traditional.txt");
        let pairs = table
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(|line| line.split(' '));
        assert!(pairs.clone().all(|pair| pair.chars().count() == 2));
        assert_eq!(SIMPLIFIED.len(), pairs.count(), "none twice");
        let again = |letter: &char| simplified(*letter) != *letter;
        assert!(!SIMPLIFIED.values().any(again), "simplified ones stay");
    }

    #[test]
    fn words_are_counted_and_punctuation_is_remembered() {
        let wording = Wording::of("Not home, delivered").expect("words");
        assert_eq!((wording.gap(3, 9), wording.is_broken(3, 9)), (1, true));
        let chinese = Wording::of("尚未能签收").expect("words");
        let place = |letter| chinese.words().find(letter).unwrap_or_default();
        assert_eq!(chinese.gap(place('未'), place('签')), 2);
        assert!(chinese.stands(place('签'), chinese.words().len(), false));
        let open = Wording::of("delivering").expect("words");
        assert_eq!(
            (
                open.stands(0, 6, false),
                open.stands(0, 6, true),
                open.word_end(6)
            ),
            (false, true, 10)
        );
    }

    proptest::proptest! {
        #[test]
        fn the_wording_of_a_wording_is_itself(text in "\\PC{0,80}") {
            if let Some(wording) = Wording::of(&text) {
                proptest::prop_assert_eq!(words(wording.words()), Some(wording.words.clone()));
            }
        }
    }
}
