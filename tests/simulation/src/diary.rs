//! The diary of a season: what happened, in the order in which it happened.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

/// A season's diary. Clones are the same diary.
#[derive(Clone, Debug, Default)]
pub struct Diary {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Diary {
    /// Adds a line.
    pub fn tell(&self, line: impl Display) {
        let line = line.to_string();
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
