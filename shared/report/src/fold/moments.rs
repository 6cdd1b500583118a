//! The stretch of time within which figures stay as they are, as long as no row comes.

use std::ops::RangeInclusive;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// The instants of the rows beside the one that the figures are as of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The last instant by which something was learned or decided.
    since: i64,
    /// The next one; `i64::MAX` when nothing is left to be.
    until: i64,
}

impl Stretch {
    pub(crate) const ALL: Self = Self {
        since: i64::MIN,
        until: i64::MAX,
    };

    pub(super) fn note(&mut self, instants: RangeInclusive<i64>, as_of: i64) {
        for at in [*instants.start(), *instants.end()] {
            if at <= as_of {
                self.since = self.since.max(at);
            } else {
                self.until = self.until.min(at);
            }
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            since: self.since.max(other.since),
            until: self.until.min(other.until),
        }
    }

    /// Whether the figures are the same as of another instant.
    pub fn covers(&self, as_of: Timestamp) -> bool {
        self.since <= as_of.unix() && as_of.unix() < self.until
    }

    /// Whether they stay as they are for ever.
    pub fn is_open_ended(&self) -> bool {
        self.until == i64::MAX
    }
}
