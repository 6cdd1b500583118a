//! A number's pattern, compiled once to a table of states: it must match all of a number, and says so in one step a
//! byte, without memory of its own. Millions of numbers are asked, of a few dozen patterns.
//!
//! Nearly every pattern is a row of characters of which each may be one of some, whatever the others are: [`Shape`] asks
//! that of all of them at once, where a step from state to state has to wait for the one before it.

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
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    states: DFA<Vec<u32>>,
    start: StateID,
    /// Bytes of a number that can match: most are told by that alone.
    lengths: RangeInclusive<usize>,
    shape: Option<Shape>,
}

/// A pattern of one length that asks of each byte by itself.
#[derive(Clone, Debug)]
struct Shape {
    /// Of every byte, a bit for each class of bytes that it is in.
    classes: Box<[u8; 256]>,
    /// Of every place of a number, the class of what may stand there, as its bit.
    places: Vec<u8>,
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
        let shape = (lengths.start() == lengths.end())
            .then(|| Shape::of(&states, start, *lengths.start()))
            .flatten();
        Ok(Self {
            states,
            start,
            lengths,
            shape,
        })
    }

    /// Whether the pattern matches all of `number`.
    pub(super) fn is_match(&self, number: &[u8]) -> bool {
        if !self.lengths.contains(&number.len()) {
            return false;
        }
        match &self.shape {
            Some(shape) => shape.is_match(number),
            None => self.is_match_by_states(number),
        }
    }

    fn is_match_by_states(&self, number: &[u8]) -> bool {
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

impl Shape {
    /// The shape of a pattern of that length, if its states are such a row: from each only one other can be reached.
    fn of(states: &DFA<Vec<u32>>, start: StateID, length: usize) -> Option<Self> {
        let mut shape = Self {
            classes: Box::new([0; 256]),
            places: Vec::with_capacity(length),
        };
        let mut known: Vec<Vec<u8>> = Vec::new();
        let mut state = start;
        for _ in 0..length {
            let step = |byte: u8| states.next_state(state, byte);
            let class: Vec<u8> = (0..=u8::MAX)
                .filter(|&byte| !states.is_dead_state(step(byte)))
                .collect();
            let next = step(*class.first()?);
            if class.iter().any(|&byte| step(byte) != next) {
                return None;
            }
            let index = known
                .iter()
                .position(|other| *other == class)
                .unwrap_or(known.len());
            // A bit for every class, and there are eight.
            let bit = 1_u8.checked_shl(u32::try_from(index).ok()?)?;
            class
                .iter()
                .for_each(|&byte| shape.classes[usize::from(byte)] |= bit);
            if index == known.len() {
                known.push(class);
            }
            shape.places.push(bit);
            state = next;
        }
        states
            .is_match_state(states.next_eoi_state(state))
            .then_some(shape)
    }

    /// Whether each byte is of its place's class; the number has as many as there are places.
    fn is_match(&self, number: &[u8]) -> bool {
        let fits = |(byte, place): (&u8, &u8)| self.classes[usize::from(*byte)] & place != 0;
        number
            .iter()
            .zip(&self.places)
            .fold(true, |all, one| all & fits(one))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_of_classes_is_a_shape_and_what_depends_on_what_stood_before_is_none() {
        let is_shape = |pattern: &str| Pattern::compile(pattern).expect("a pattern").shape.is_some();
        for pattern in [
            "[0-9]{10}",
            "1Z[0-9A-Z]{16}",
            "[A-Z]{2}[0-9]{9}CN",
            "9[1-5][0-9]{20}",
            "A|B",
        ] {
            assert!(is_shape(pattern), "{pattern}");
        }
        for pattern in ["[0-9]{9,10}", "AB|CD", "(?:A1|B2)[0-9]{8}", "A*"] {
            assert!(!is_shape(pattern), "{pattern}");
        }
    }

    proptest! {
        /// The shape says what the states say.
        #[test]
        fn a_shape_matches_as_its_states_do(
            pattern in prop::collection::vec(prop::sample::select(vec!["[0-9]{2}", "[A-Z]", "1", "Z", "[0-9A-F]{3}", "[^0]", "(?:A|B)"]), 1..6),
            number in "[0-9A-Z]{1,16}",
        ) {
            let pattern = Pattern::compile(&pattern.concat()).expect("a pattern");
            let cut = &number.as_bytes()[..number.len().min(*pattern.lengths.start())];
            for number in [number.as_bytes(), cut] {
                let expected = pattern.lengths.contains(&number.len()) && pattern.is_match_by_states(number);
                prop_assert_eq!(pattern.is_match(number), expected);
            }
        }
    }

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
