//! Reading the words of the languages: one TOML file each.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use serde::Deserialize;

use super::{Grammar, Role, Word};
use crate::wording::Wording;

/// Every language with its file.
pub(crate) const LANGUAGES: [(&str, &str); 16] = [
    ("en", include_str!("../../../data/handovers/en.toml")),
    ("zh", include_str!("../../../data/handovers/zh.toml")),
    ("ru", include_str!("../../../data/handovers/ru.toml")),
    ("es", include_str!("../../../data/handovers/es.toml")),
    ("pt", include_str!("../../../data/handovers/pt.toml")),
    ("fr", include_str!("../../../data/handovers/fr.toml")),
    ("de", include_str!("../../../data/handovers/de.toml")),
    ("it", include_str!("../../../data/handovers/it.toml")),
    ("pl", include_str!("../../../data/handovers/pl.toml")),
    ("nl", include_str!("../../../data/handovers/nl.toml")),
    ("tr", include_str!("../../../data/handovers/tr.toml")),
    ("uk", include_str!("../../../data/handovers/uk.toml")),
    ("ko", include_str!("../../../data/handovers/ko.toml")),
    ("ja", include_str!("../../../data/handovers/ja.toml")),
    ("ar", include_str!("../../../data/handovers/ar.toml")),
    ("he", include_str!("../../../data/handovers/he.toml")),
];

/// Forms that one entry may stand for, at most.
const FORMS_MAX: usize = 500;

/// Why a language's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WordsError {
    #[error("the words of {language} are not TOML of their shape")]
    Shape {
        language: String,
        source: Box<toml::de::Error>,
    },
    #[error("the entry {entry:?} of {language} holds no word, is not balanced, or has too many forms")]
    Entry { language: String, entry: String },
    #[error("the words are too many to be compiled")]
    Size { source: BuildError },
}

/// The examples of a file are read by the tests alone.
#[derive(Deserialize)]
struct LanguageFile {
    words: BTreeMap<Role, Vec<String>>,
}

impl Grammar {
    /// The grammar of these languages.
    pub(crate) fn parse(languages: &[(&str, &str)]) -> Result<Self, WordsError> {
        let (mut forms, mut words) = (Vec::new(), Vec::new());
        for (language, (name, text)) in languages.iter().enumerate() {
            let file: LanguageFile = toml::from_str(text).map_err(|source| WordsError::Shape {
                language: (*name).to_owned(),
                source: Box::new(source),
            })?;
            for (role, entry) in entries(&file.words) {
                let faulty = || WordsError::Entry {
                    language: (*name).to_owned(),
                    entry: entry.to_owned(),
                };
                for form in forms_of(entry).ok_or_else(faulty)? {
                    let mut parts = parts_of(&form).ok_or_else(faulty)?.into_iter();
                    let (first, is_open) = parts.next().ok_or_else(faulty)?;
                    forms.push(first);
                    words.push(Word {
                        language,
                        role,
                        is_open,
                        behind: parts.collect(),
                    });
                }
            }
        }
        let matcher = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&forms)
            .map_err(|source| WordsError::Size { source })?;
        Ok(Self { matcher, words })
    }
}

fn entries(words: &BTreeMap<Role, Vec<String>>) -> impl Iterator<Item = (Role, &str)> {
    words
        .iter()
        .flat_map(|(role, entries)| entries.iter().map(|entry| (*role, entry.as_str())))
}

/// The forms that an entry stands for: `(a|b) c` is `a c` and `b c`; a choice may be empty, and may hold choices.
pub(crate) fn forms_of(entry: &str) -> Option<Vec<String>> {
    let (forms, rest) = choices(entry)?;
    (rest.is_empty() && !entry.trim().is_empty()).then_some(forms)
}

/// The forms of what stands before the next `)`, and the rest from there on.
fn choices(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut done, mut forms, mut rest) = (Vec::new(), vec![String::new()], text);
    while let Some(letter) = rest.chars().next().filter(|letter| *letter != ')') {
        let behind = &rest[letter.len_utf8()..];
        rest = match letter {
            '|' => {
                done.extend(std::mem::replace(&mut forms, vec![String::new()]));
                behind
            }
            '(' => {
                let (within, behind) = choices(behind)?;
                let with = |form: &String| {
                    within
                        .iter()
                        .map(|choice| format!("{form}{choice}"))
                        .collect::<Vec<_>>()
                };
                forms = forms.iter().flat_map(with).collect();
                behind.strip_prefix(')')?
            }
            _ => {
                forms.iter_mut().for_each(|form| form.push(letter));
                behind
            }
        };
        if done.len() + forms.len() > FORMS_MAX {
            return None;
        }
    }
    done.extend(forms);
    Some((done, rest))
}

/// A form's words up to each that may go on, and whether it may: `пункт* выдачи` is `пункт`, which may, and `выдачи`.
fn parts_of(form: &str) -> Option<Vec<(String, bool)>> {
    let mut parts: Vec<&str> = form.trim().split("* ").collect();
    let last = parts.pop()?;
    let inner = parts.into_iter().map(|part| (part, true));
    let end = last.strip_suffix('*').map_or((last, false), |part| (part, true));
    let plain = |(part, is_open): (&str, bool)| {
        let words = Wording::of(part).filter(|_| !part.contains('*'))?;
        Some((words.words().to_owned(), is_open))
    };
    inner.chain([end]).map(plain).collect()
}
