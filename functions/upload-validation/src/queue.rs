//! What the bucket reports, as it comes in the cloud: as messages of a queue. A run is given one, so that no upload waits for
//! another, takes its time or fails with it; more in one run are answered each for itself.

use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use entrypoint::{Failure, Metric};
use serde::{Deserialize, Serialize};

use crate::{Outcome, UploadValidation, handle};

/// What S3 says when a queue is named to it.
const TEST_EVENT: &str = "s3:TestEvent";

/// What a batch of messages came to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct BatchOutcome {
    /// The messages to be delivered again. The queue deletes the others.
    pub again: SqsBatchResponse,
    /// How many those are.
    #[serde(skip)]
    pub failed: u64,
    /// What the others came to; the queue has no use for it.
    #[serde(skip)]
    pub done: Outcome,
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("the message is no notification of S3")]
    Json(#[source] serde_json::Error),
    #[error("the message tells of `{0}`, which is nothing that S3 says")]
    Other(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Notification {
    Objects(S3Event),
    Test {
        #[serde(rename = "Event")]
        event: String,
    },
}

/// Answers every upload that a batch of the queue's messages tells of. A message that fails is named, to be delivered
/// again; it stops no other.
///
/// # Errors
/// [`Failure`] when a failed message has no id to be named by: then the whole batch is delivered again.
pub async fn handle_batch(
    function: &UploadValidation,
    batch: SqsEvent,
) -> Result<BatchOutcome, Failure> {
    let mut outcome = BatchOutcome::default();
    for message in batch.records {
        let id = message.message_id.clone();
        match answer(function, message).await {
            Ok(done) => outcome.done.add(done),
            Err(failure) => {
                tracing::error!(message.id = id, error = %failure, "a message failed and is to be delivered again");
                outcome.failed += 1;
                outcome.again.add_failure(id.ok_or(failure)?);
            }
        }
    }
    Ok(outcome)
}

/// What the alarms hear of a batch.
pub fn metrics(outcome: &BatchOutcome) -> Vec<Metric> {
    let answered = &outcome.done.answered;
    let refused = answered.iter().filter(|upload| upload.refused).count() as u64;
    vec![
        Metric::count("FilesAnswered", answered.len() as u64),
        Metric::count("FilesRefused", refused + outcome.done.misplaced),
        Metric::count("UploadsFailed", outcome.failed),
    ]
}

async fn answer(function: &UploadValidation, message: SqsMessage) -> Result<Outcome, Failure> {
    let body = message.body.unwrap_or_default();
    match serde_json::from_str(&body) {
        Ok(Notification::Objects(event)) => handle(function, event).await,
        Ok(Notification::Test { event }) if event == TEST_EVENT => Ok(Outcome::default()),
        Ok(Notification::Test { event }) => Err(Failure::of(Unreadable::Other(event), false)),
        Err(source) => Err(Failure::of(Unreadable::Json(source), false)),
    }
}
