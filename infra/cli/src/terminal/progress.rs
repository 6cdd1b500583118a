//! Progress bars on stderr; hidden unless it is a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::printable::printable;

/// How far a command has come.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar over `length` steps, drawn as `template` says.
    pub(super) fn of(length: u64, template: &str, is_hidden: bool) -> Self {
        if is_hidden || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(length);
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }

    /// What it is at.
    pub(crate) fn set_message(&self, message: &str) {
        self.0.set_message(printable(message).into_owned());
    }

    /// One step more.
    pub(crate) fn inc(&self) {
        self.0.inc(1);
    }

    /// How many steps it is at.
    pub(crate) fn set_position(&self, at: u64) {
        self.0.set_position(at);
    }

    /// Prints something meanwhile.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }

    pub(crate) fn finish_and_clear(&self) {
        self.0.finish_and_clear();
    }
}
