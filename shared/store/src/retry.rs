//! Bounded retries with jitter for what the SDK does not retry by itself: unprocessed keys, transaction conflicts
//! and lost races.

use std::time::Duration;

/// Attempts at one write against concurrent writers.
pub(crate) const ATTEMPTS_MAX: u32 = 12;

const FIRST_DELAY_MS: u64 = 5;
const DELAY_MS_MAX: u64 = 1_000;

/// Waits before attempt `attempt` (from 1): full jitter under an exponential bound.
pub(crate) async fn pause(attempt: u32) {
    let bound = FIRST_DELAY_MS
        .saturating_mul(1 << attempt.min(10))
        .min(DELAY_MS_MAX);
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=bound))).await;
}
