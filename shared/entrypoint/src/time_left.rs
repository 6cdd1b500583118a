//! How long a run may still take: what a function that stops by itself goes by.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The time that a run has left. Tells no instant: what a run decides can depend on how far it gets, never on when.
#[derive(Clone)]
pub struct TimeLeft(Arc<dyn Fn() -> Duration + Send + Sync>);

impl TimeLeft {
    /// As much as it takes.
    pub fn unlimited() -> Self {
        Self::told_by(|| Duration::MAX)
    }

    /// `time` from now on.
    pub fn of(time: Duration) -> Self {
        let began = Instant::now();
        Self::told_by(move || time.saturating_sub(began.elapsed()))
    }

    /// Until `deadline`, which is told by the clock that says `now`.
    pub fn until(deadline: SystemTime, now: SystemTime) -> Self {
        Self::of(deadline.duration_since(now).unwrap_or_default())
    }

    /// What `left` says each time it is asked.
    pub fn told_by(left: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(left))
    }

    /// Whether there is time for what may take `needed`.
    pub fn is_enough_for(&self, needed: Duration) -> bool {
        (self.0)() >= needed
    }
}

impl fmt::Debug for TimeLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeLeft({:?})", (self.0)())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_over_leaves_no_time() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let left = TimeLeft::until(now + Duration::from_secs(900), now);
        assert!(
            left.is_enough_for(Duration::from_secs(800)) && !left.is_enough_for(Duration::from_secs(901))
        );
        let over = TimeLeft::until(now - Duration::from_secs(1), now);
        assert!(!over.is_enough_for(Duration::from_nanos(1)));
    }
}
