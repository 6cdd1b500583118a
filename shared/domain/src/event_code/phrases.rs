//! Texts for codes: what carriers say in words, compared by their letters and digits alone.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Meaning;
use crate::wording::{Phrase, Wording};

/// A list of texts: whole ones by hash, those with `*` in the list's order.
#[derive(Clone, Debug, Default)]
pub(super) struct TextTable {
    whole: HashMap<String, Meaning, FixedState>,
    open: Vec<(Phrase, Meaning)>,
}

impl TextTable {
    /// Adds a text as the file has it; `false` when nothing could ever match it, or the list has it already.
    pub(super) fn add(&mut self, text: &str, meaning: Meaning) -> bool {
        if text.contains('*') {
            let phrase = Phrase::of(text);
            let is_new = !phrase.is_empty() && self.open.iter().all(|(other, _)| *other != phrase);
            self.open.push((phrase, meaning));
            return is_new;
        }
        Wording::of(text).is_some_and(|text| {
            let words = text.words().to_owned();
            self.whole.insert(words, meaning).is_none()
        })
    }

    /// What a text stands for that the list has as a whole.
    pub(super) fn whole(&self, text: &Wording) -> Option<Meaning> {
        self.whole.get(text.words()).copied()
    }

    /// What a text stands for by the first entry with `*` that it matches.
    pub(super) fn open(&self, text: &Wording) -> Option<Meaning> {
        let letters = text.letters();
        let matches = |phrase: &Phrase| phrase.may_match(letters) && phrase.is_match(text);
        let found = self.open.iter().find(|(phrase, _)| matches(phrase));
        found.map(|(_, meaning)| *meaning)
    }

    /// Whether an entry with `*` stands for that.
    #[cfg(test)]
    pub(super) fn has_open(&self, meaning: Meaning) -> bool {
        self.open.iter().any(|(_, other)| *other == meaning)
    }
}
