//! Parked rows: how long a row waits for its parent (conventions, "Arrival").
//!
//! Measured between the instants at which two *uploads* were learned, the row's and that of the upload which brought
//! its parent: a whole season uploaded at once never lapses, however old its rows are.

use crate::{Elapsed, Timestamp};

/// What has become of a parked row's wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It still waits; so much is left.
    Left(Elapsed),
    /// It waited longer than rows do, by so much: it is not applied any more, and is reported.
    Lapsed(Elapsed),
}

impl Wait {
    /// The wait of a row learned at `learned_at`, as of an instant or when its parent is brought by an upload learned
    /// at `until`. `wait_max` is the policy's `intake.parked_days_max`; waiting exactly so long is in time.
    pub fn of(learned_at: Timestamp, until: Timestamp, wait_max: Elapsed) -> Self {
        // A parent that was learned before the row kept it waiting for nothing.
        let waited = until.since(learned_at).seconds().max(0);
        let left = wait_max.seconds() - waited;
        if left < 0 {
            Self::Lapsed(Elapsed::from_seconds(-left))
        } else {
            Self::Left(Elapsed::from_seconds(left))
        }
    }

    /// Whether the row has lapsed.
    pub fn is_lapsed(self) -> bool {
        matches!(self, Self::Lapsed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyBook;

    #[test]
    fn a_row_waits_for_45_days_to_the_second() {
        let wait_max = PolicyBook::shipped().intake.parked_max;
        assert_eq!(wait_max, Elapsed::days(45));
        let learned_at: Timestamp = "2024-01-01T00:00:00Z".parse().expect("an instant");
        let last = learned_at.plus(wait_max);
        let second = Elapsed::from_seconds(1);
        assert_eq!(
            Wait::of(learned_at, last, wait_max),
            Wait::Left(Elapsed::from_seconds(0))
        );
        assert_eq!(
            Wait::of(learned_at, last.plus(second), wait_max),
            Wait::Lapsed(second)
        );
    }

    #[test]
    fn a_parent_that_was_learned_before_its_row_kept_it_waiting_for_nothing() {
        let learned_at: Timestamp = "2024-06-01T00:00:00Z".parse().expect("an instant");
        let long_before: Timestamp = "2023-01-01T00:00:00Z".parse().expect("an instant");
        let wait_max = Elapsed::days(45);
        assert_eq!(Wait::of(learned_at, long_before, wait_max), Wait::Left(wait_max));
    }
}
