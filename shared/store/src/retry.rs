//! Bounded retries with jitter for what passes by itself: throttles, outages of moments, unprocessed keys, conflicts
//! between transactions, and lost races.
//!
//! The SDK retries a call a few times, from one allowance for all calls of a client; a sustained throttle uses that up
//! at once. These retries go on from there, for one piece of work each, and are bounded in attempts and in time.

use std::time::Duration;

use aws_sdk_dynamodb::config::{AsyncSleep, SharedAsyncSleep};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

use crate::{Store, StoreError};

/// Attempts at one thing, at most.
pub(crate) const ATTEMPTS_MAX: u32 = 12;
/// Time from the first attempt after which no further one is begun.
pub(crate) const RETRY_TIME_MAX: Duration = Duration::from_secs(10);

const FIRST_DELAY_MS: u64 = 5;
const DELAY_MS_MAX: u64 = 1_000;

/// What DynamoDB refuses with when the same call may be taken moments later.
const PASSING: &[&str] = &[
    "ThrottlingException",
    "Throttling",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Attempts at one thing, counted against their bounds.
#[derive(Debug)]
pub(crate) struct Retries {
    began: Instant,
    attempts: u32,
    /// The SDK client's own sleep, where it was given one: we wait as the SDK's retries do.
    sleep: Option<SharedAsyncSleep>,
}

impl Store {
    /// Counts the first attempt at something.
    pub(crate) fn retries(&self) -> Retries {
        Retries {
            began: Instant::now(),
            attempts: 1,
            sleep: self.client.config().sleep_impl(),
        }
    }

    /// Sends a call until it is answered, refused for good, or the bounds are reached; then the last refusal stands.
    ///
    /// # Errors
    /// The call's own.
    pub(crate) async fn send<T, E, C>(&self, call: impl Fn() -> C) -> Result<T, SdkError<E>>
    where
        C: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata,
    {
        let mut retries = self.retries();
        loop {
            match call().await {
                Err(error) if passes(&error) && retries.again().await => {}
                answered => return answered,
            }
        }
    }
}

impl Retries {
    /// Waits for the next attempt and counts it: full jitter under an exponential bound. False at once when no more
    /// may be made.
    pub(crate) async fn again(&mut self) -> bool {
        if self.attempts >= ATTEMPTS_MAX || self.began.elapsed() >= RETRY_TIME_MAX {
            return false;
        }
        let bound = FIRST_DELAY_MS
            .saturating_mul(1 << self.attempts.min(10))
            .min(DELAY_MS_MAX);
        self.attempts += 1;
        let delay = Duration::from_millis(fastrand::u64(0..=bound));
        match &self.sleep {
            Some(own) => own.sleep(delay).await,
            None => tokio::time::sleep(delay).await,
        }
        true
    }

    /// What to say when no more may be made.
    pub(crate) fn gave_up_on(&self, subject: impl Into<String>) -> StoreError {
        StoreError::Contended {
            subject: subject.into(),
            attempts: self.attempts,
        }
    }
}

/// Whether the same call may be taken moments later. What breaks on the way there is left to the SDK's own retries.
fn passes<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let refused = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .is_some_and(|code| PASSING.contains(&code));
    refused
        || error
            .raw_response()
            .is_some_and(|answer| answer.status().is_server_error())
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn attempts_end_at_their_number_and_at_their_time() {
        let began = Instant::now();
        let attempts = ATTEMPTS_MAX;
        assert!(
            !block_on(
                Retries {
                    began,
                    attempts,
                    sleep: None,
                }
                .again()
            ),
            "no thirteenth"
        );
        let long_ago = Instant::now().checked_sub(RETRY_TIME_MAX).expect("an instant");
        let mut slow = Retries {
            began: long_ago,
            attempts: 1,
            sleep: None,
        };
        assert!(!block_on(slow.again()), "no second one after so long");
    }
}
