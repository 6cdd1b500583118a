//! A number's pattern, compiled once to a table of states: it must match all of a number, and says so in one step a
//! byte, without memory of its own. Millions of numbers are asked, of a few dozen patterns.

use std::ops::RangeInclusive;

use regex_automata::dfa::Automaton;
use regex_automata::dfa::dense::{self, BuildError, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind};

/// Memory of one compiled pattern, at most: room for the world's country codes, none for a pattern that explodes.
const COMPILED_BYTES_MAX: usize = 256 * 1024;

/// A pattern that a whole number matches or does not.
#[derive(Debug)]
pub(super) struct Pattern {
    states: DFA<Vec<u32>>,
    start: StateID,
    /// Bytes of a number that can match: most are told by that alone.
    lengths: RangeInclusive<usize>,
}

/// Why a pattern does not compile.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// It is no pattern, or takes too much memory.
    #[error("it is no pattern, or takes more than {COMPILED_BYTES_MAX} bytes")]
    Build(#[source] Box<BuildError>),
    /// It looks at what stands before the number.
    #[error("it looks at what stands before the number")]
    Start,
}

impl Pattern {
    /// Compiles a pattern of bytes, without Unicode's classes.
    pub(super) fn compile(pattern: &str) -> Result<Self, PatternError> {
        let limits = dense::Config::new()
            .start_kind(regex_automata::dfa::StartKind::Anchored)
            .match_kind(MatchKind::All)
            .dfa_size_limit(Some(COMPILED_BYTES_MAX))
            .determinize_size_limit(Some(COMPILED_BYTES_MAX));
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let lengths = syntax::parse_with(pattern, &syntax).map_or(0..=usize::MAX, |parsed| {
            let known = parsed.properties();
            known.minimum_len().unwrap_or(0)..=known.maximum_len().unwrap_or(usize::MAX)
        });
        let states = dense::Builder::new()
            .configure(limits)
            .syntax(syntax)
            .thompson(thompson::Config::new().nfa_size_limit(Some(COMPILED_BYTES_MAX)))
            .build(&format!(r"(?:{pattern})\z"))
            .map_err(|error| PatternError::Build(Box::new(error)))?;
        let start = states
            .start_state(&start::Config::new().anchored(Anchored::Yes))
            .map_err(|_| PatternError::Start)?;
        Ok(Self {
            states,
            start,
            lengths,
        })
    }

    /// Whether the pattern matches all of `number`.
    pub(super) fn is_match(&self, number: &[u8]) -> bool {
        if !self.lengths.contains(&number.len()) {
            return false;
        }
        let mut state = self.start;
        for &byte in number {
            state = self.states.next_state(state, byte);
            if self.states.is_dead_state(state) {
                return false;
            }
        }
        self.states.is_match_state(self.states.next_eoi_state(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_number_is_matched_and_nothing_longer() {
        let pattern = Pattern::compile("[0-9]{3}|X|XY?Z").expect("a pattern");
        for (number, fits) in [
            ("123", true),
            ("X", true),
            ("XZ", true),
            ("XYZ", true),
            ("", false),
            ("12", false),
            ("1234", false),
            ("0X", false),
            ("X1", false),
            ("123\n", false),
            ("XY", false),
        ] {
            assert_eq!(pattern.is_match(number.as_bytes()), fits, "{number:?}");
        }
    }
}
