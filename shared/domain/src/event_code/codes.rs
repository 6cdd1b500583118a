//! One table of codes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use super::Meaning;

/// Bytes of a code, at most: what is longer is a text.
pub(super) const CODE_BYTES_MAX: usize = 64;

/// Codes in upper case; those with a `*` as what stands before and after it.
#[derive(Clone, Debug, Default)]
pub(super) struct CodeTable {
    exact: HashMap<String, Meaning, FixedState>,
    open: Vec<(String, String, Meaning)>,
}

impl CodeTable {
    /// The table of these codes; the code that cannot be used otherwise.
    pub(super) fn read(codes: &BTreeMap<String, Meaning>) -> Result<Self, String> {
        let mut table = Self::default();
        for (code, meaning) in codes {
            table.add(code, *meaning).ok_or_else(|| code.clone())?;
        }
        table.sort();
        Ok(table)
    }

    /// Adds a code; `None` for one that cannot be used or that the table has already. [`Self::sort`] comes after the last.
    pub(super) fn add(&mut self, code: &str, meaning: Meaning) -> Option<()> {
        if code.is_empty() || !code.is_ascii() || code.len() > CODE_BYTES_MAX {
            return None;
        }
        let upper = code.to_ascii_uppercase();
        let is_new = match upper.split_once('*') {
            None => self.exact.insert(upper, meaning).is_none(),
            Some((start, end)) => {
                self.open.push((start.to_owned(), end.to_owned(), meaning));
                !end.contains('*')
            }
        };
        is_new.then_some(())
    }

    /// Puts the most particular first, so that `RT_X*` is asked before `RT_*`.
    pub(super) fn sort(&mut self) {
        self.open
            .sort_by_key(|(start, end, _)| Reverse(start.len() + end.len()));
    }

    /// What a code stands for that is written in upper case without a `*`.
    pub(super) fn exact(&self, upper: &str) -> Option<Meaning> {
        self.exact.get(upper).copied()
    }

    /// What a code in upper case stands for.
    pub(super) fn meaning_of(&self, upper: &str) -> Option<Meaning> {
        let matches = |(start, end, _): &&(String, String, Meaning)| {
            upper
                .strip_prefix(start.as_str())
                .is_some_and(|rest| rest.ends_with(end.as_str()))
        };
        let open = || self.open.iter().find(matches).map(|(_, _, meaning)| *meaning);
        self.exact(upper).or_else(open)
    }
}
