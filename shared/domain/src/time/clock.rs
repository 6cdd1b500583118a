//! The clock at the edge (conventions, "Now"). It is read there and nowhere else; below, it is an argument.

use super::{Elapsed, Timestamp};

/// How far an instant may lie ahead of the clock: clocks differ.
pub const AHEAD_MAX: Elapsed = Elapsed::from_seconds(5 * 60);

/// An instant that has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{at} is still to come: the clock says {clock}, and an instant may be at most {AHEAD_MAX} ahead of it"
)]
pub struct BeyondClock {
    /// The instant.
    pub at: Timestamp,
    /// What the clock said.
    pub clock: Timestamp,
}

/// Conventions, "Now": no night, report or close is run as of an instant later than the clock plus [`AHEAD_MAX`], and nothing
/// was recorded later than that.
///
/// # Errors
/// [`BeyondClock`] for an instant that is.
pub fn not_beyond(at: Timestamp, clock: Timestamp) -> Result<Timestamp, BeyondClock> {
    if at > clock.plus(AHEAD_MAX) {
        return Err(BeyondClock { at, clock });
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_minutes_ahead_is_now_and_a_second_more_is_to_come() {
        let clock = Timestamp::from_unix(1_800_000_000);
        let last = clock.plus(Elapsed::from_seconds(300));
        assert_eq!(not_beyond(last, clock), Ok(last));
        let refused = not_beyond(last.next(), clock).expect_err("it has not come");
        assert_eq!(
            refused,
            BeyondClock {
                at: last.next(),
                clock
            }
        );
        assert!(
            refused.to_string().contains("at most 0 h 05 m ahead"),
            "{refused}"
        );
    }
}
