//! Whom a carrier's cell names that holds more than one name of the table (A2, A3): several names of one carrier, qualifiers
//! around it, brackets, two carriers, a line of the platform's own logistics. Data: `data/carrier_cells.toml`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde::Deserialize;

use super::{Carrier, CarrierTable, folded};
use crate::country;
use crate::wording::{Phrase, Wording};

/// Bytes of a cell, at most, that is looked through for names.
const CELL_BYTES_MAX: usize = 200;
/// Digits of a word, at most, that says nothing of the carrier: "DHL 2".
const DIGITS_MAX: usize = 4;
/// What the keys of the platform's own services begin with.
const PLATFORM_KEYS: [&str; 2] = ["CAINIAO_", "AE_"];
/// The carrier id of the platform's lines that have no id of their own.
const PLATFORM_LINE: &str = "ae_line";

/// Whom a cell names.
#[derive(Clone, Debug)]
pub enum Named<'a> {
    /// One carrier. It may be out of scope (A3).
    Known(&'a Carrier),
    /// Not one: the carriers that are named all the same, as candidates. None of them is meant for sure.
    Unknown(Vec<&'a Carrier>),
}

impl<'a> Named<'a> {
    /// The carrier, where the cell names one.
    pub fn known(&self) -> Option<&'a Carrier> {
        match self {
            Self::Known(carrier) => Some(carrier),
            Self::Unknown(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CellFile {
    alone: Vec<String>,
    qualifiers: Vec<String>,
    parents: BTreeMap<String, String>,
    lines: BTreeMap<String, Vec<String>>,
    platform: BTreeMap<String, Vec<String>>,
}

/// The words of cells whatever the carriers.
struct CellWords {
    file: CellFile,
    lines: Vec<(Phrase, String)>,
    platform: Vec<(Phrase, String)>,
}

static WORDS: LazyLock<CellWords> = LazyLock::new(|| {
    let file: CellFile = toml::from_str(include_str!("../../data/carrier_cells.toml"))
        .expect("a test reads the shipped cell words");
    let phrases = |lists: &BTreeMap<String, Vec<String>>| {
        let of = |(id, texts): (&String, &Vec<String>)| {
            let phrase = |text: &String| (Phrase::of(text), id.clone());
            texts.iter().map(phrase).collect::<Vec<_>>()
        };
        // The lines that have a name of their own first.
        let (own, other): (Vec<_>, Vec<_>) = lists.iter().partition(|(id, _)| *id != PLATFORM_LINE);
        own.into_iter().chain(other).flat_map(of).collect()
    };
    CellWords {
        lines: phrases(&file.lines),
        platform: phrases(&file.platform),
        file,
    }
});

impl CellWords {
    fn found<'a>(phrases: &'a [(Phrase, String)], text: &Wording) -> Option<&'a str> {
        let letters = text.letters();
        let matches = |(phrase, _): &&(Phrase, String)| phrase.may_match(letters) && phrase.is_match(text);
        phrases.iter().find(matches).map(|(_, id)| id.as_str())
    }
}

/// The names of a table's carriers and the qualifiers, found in one pass.
#[derive(Clone, Debug)]
pub(super) struct CellMatcher {
    matcher: Arc<AhoCorasick>,
    words: Arc<[Word]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// A name of the carrier at this place of the table.
    Name(usize),
    /// A name of it that counts only beside another of its names, or of a carrier that belongs to it.
    Beside(usize),
    Qualifier,
}

#[derive(Clone, Copy)]
struct Hit {
    start: usize,
    end: usize,
    word: Word,
}

/// What one part of a cell names.
#[derive(Default)]
struct Part {
    carriers: Vec<usize>,
    /// Whether everything else in it is a qualifier.
    is_explained: bool,
}

impl CellMatcher {
    pub(super) fn of(table: &CarrierTable) -> Self {
        let (mut forms, mut words) = (Vec::new(), Vec::new());
        let mut add = |text: &str, word: Word| {
            if let Some(plain) = Wording::of(text) {
                forms.push(plain.words().to_owned());
                words.push(word);
            }
        };
        for (name, carrier) in &table.by_name {
            let word = if is_alone(name) { Word::Beside } else { Word::Name };
            add(name, word(*carrier));
        }
        for text in &WORDS.file.qualifiers {
            add(text, Word::Qualifier);
        }
        let matcher = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&forms)
            .expect("a table's names are bounded, and far fewer than an automaton holds");
        Self {
            matcher: Arc::new(matcher),
            words: words.into(),
        }
    }

    /// What a part of a cell names. `table` is the one that this was made of.
    fn part(&self, text: &Wording, table: &CarrierTable) -> Part {
        let found = self.matcher.find_overlapping_iter(text.words());
        let all: Vec<Hit> = found
            .filter(|found| text.stands(found.start(), found.end(), false))
            .map(|found| Hit {
                start: found.start(),
                end: found.end(),
                word: self.words[found.pattern().as_usize()],
            })
            .collect();
        let is_longest = |hit: &&Hit| {
            let length = hit.end - hit.start;
            let is_longer = |other: &Hit| {
                other.start <= hit.start && hit.end <= other.end && other.end - other.start > length
            };
            !all.iter().any(is_longer)
        };
        let mut hits: Vec<Hit> = all.iter().filter(is_longest).copied().collect();
        let mut carriers: Vec<usize> = Vec::new();
        for hit in &hits {
            match hit.word {
                Word::Name(carrier) if !carriers.contains(&carrier) => carriers.push(carrier),
                _ => {}
            }
        }
        let id = |place: usize| table.carriers[place].id();
        let belongs = |child: usize, parent: usize| {
            child == parent
                || WORDS
                    .file
                    .parents
                    .get(id(child))
                    .is_some_and(|known| known == id(parent))
        };
        hits.retain(|hit| match hit.word {
            Word::Beside(carrier) => carriers.iter().any(|named| belongs(*named, carrier)),
            Word::Name(_) | Word::Qualifier => true,
        });
        Part {
            is_explained: is_explained(text, &hits),
            carriers,
        }
    }
}

/// Whether the name counts only where it is the whole cell.
fn is_alone(name: &str) -> bool {
    let name = folded(name);
    WORDS.file.alone.iter().any(|alone| folded(alone) == name)
}

/// Whether what no hit covers are short numbers and codes of countries.
fn is_explained(text: &Wording, hits: &[Hit]) -> bool {
    let is_covered = |at: usize| hits.iter().any(|hit| (hit.start..hit.end).contains(&at));
    let mut rest = String::new();
    for (at, letter) in text.words().char_indices() {
        rest.push(if is_covered(at) { ' ' } else { letter });
    }
    let is_known = |word: &str| {
        word.len() <= DIGITS_MAX && word.bytes().all(|byte| byte.is_ascii_digit())
            || country::canonical(word).is_some()
    };
    rest.split(' ').filter(|word| !word.is_empty()).all(is_known)
}

impl CarrierTable {
    /// Whom a cell names: as [`Self::find`], and where it is not one name, by the names that it holds. A cell made of several
    /// names of one carrier and of qualifiers is that carrier (`YANWEN燕文`, `云途(带电)`); one that names a line of the
    /// platform's own logistics is that line, whatever else it says (A3); any other is nobody for sure.
    pub fn named(&self, cell: &str) -> Named<'_> {
        match self.find(cell) {
            Some(carrier) => Named::Known(carrier),
            None => self.named_among_words(cell),
        }
    }

    fn named_among_words(&self, cell: &str) -> Named<'_> {
        let text = Wording::of(cell).filter(|_| cell.len() <= CELL_BYTES_MAX);
        let Some(text) = text else {
            return Named::Unknown(Vec::new());
        };
        let line = CellWords::found(&WORDS.lines, &text);
        let is_key = || PLATFORM_KEYS.iter().any(|key| cell.trim_start().starts_with(key));
        let line = line.or_else(|| is_key().then_some(PLATFORM_LINE));
        if let Some(line) = line.and_then(|id| self.find(id)) {
            return Named::Known(line);
        }
        let (outside, inside) = without_brackets(cell);
        let matcher = self.cells.get_or_init(|| CellMatcher::of(self));
        let part = |text: &str| {
            Wording::of(text).map_or_else(
                || Part {
                    is_explained: true,
                    ..Part::default()
                },
                |text| matcher.part(&text, self),
            )
        };
        let (outside, inside) = (part(&outside), part(&inside));
        // Free words in brackets say nothing of the carrier that is named before them.
        let is_explained = outside.is_explained && (inside.is_explained || !outside.carriers.is_empty());
        let carriers = self.without_parents(outside.carriers, inside.carriers);
        match carriers.as_slice() {
            [carrier] if is_explained => Named::Known(carrier),
            _ => match CellWords::found(&WORDS.platform, &text).and_then(|id| self.find(id)) {
                Some(line) if carriers.len() < 2 => Named::Known(line),
                _ => Named::Unknown(carriers),
            },
        }
    }

    /// The carriers at these places, each once, without those whom another of them belongs to.
    fn without_parents(&self, outside: Vec<usize>, inside: Vec<usize>) -> Vec<&Carrier> {
        let mut carriers: Vec<&Carrier> = Vec::new();
        for place in outside.into_iter().chain(inside) {
            let carrier = &*self.carriers[place];
            if !carriers.iter().any(|other| other.id() == carrier.id()) {
                carriers.push(carrier);
            }
        }
        let parent = |carrier: &Carrier| WORDS.file.parents.get(carrier.id());
        let parents: Vec<&String> = carriers.iter().filter_map(|carrier| parent(carrier)).collect();
        carriers.retain(|carrier| !parents.iter().any(|parent| *parent == carrier.id()));
        carriers
    }
}

/// The cell without what stands in brackets, and that.
fn without_brackets(cell: &str) -> (String, String) {
    let (mut outside, mut inside, mut depth) = (String::new(), String::new(), 0_usize);
    for letter in cell.chars() {
        match letter {
            '(' | '（' | '[' | '【' | '{' | '〔' => {
                depth += 1;
                outside.push(' ');
                inside.push(' ');
            }
            ')' | '）' | ']' | '】' | '}' | '〕' => depth = depth.saturating_sub(1),
            _ if depth > 0 => inside.push(letter),
            _ => outside.push(letter),
        }
    }
    (outside, inside)
}

#[cfg(test)]
mod tests;
