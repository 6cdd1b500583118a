//! What the bucket reports, as it comes in the cloud: as messages of a queue. A run is given one, so that no upload waits for
//! another, takes its time or fails with it; more in one run are answered each for itself.

use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::with_causes;
use entrypoint::{Failure, Metric, TimeLeft};
use serde::{Deserialize, Serialize};

use crate::{Outcome, UploadValidation, handle_in_time};

/// What S3 says when a queue is named to it.
const TEST_EVENT: &str = "s3:TestEvent";

/// What a batch of messages came to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct BatchOutcome {
    /// The messages to be delivered again. The queue deletes the others.
    pub again: SqsBatchResponse,
    /// Those messages, and why they failed.
    #[serde(skip)]
    pub failed: Vec<FailedMessage>,
    /// Messages that are no notification of the bucket. They are logged and deleted: no attempt makes one readable.
    #[serde(skip)]
    pub unreadable: u64,
    /// What the others came to; the queue has no use for it.
    #[serde(skip)]
    pub done: Outcome,
}

/// A message whose delivery failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedMessage {
    /// Its id.
    pub id: String,
    /// The failure with every cause.
    pub cause: String,
    /// Whether another attempt may succeed. The queue makes one either way: what fails for want of a right or a table is
    /// answered once the stack is put right.
    pub is_retryable: bool,
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
/// again; it stops no other. One that cannot be read is dropped.
///
/// # Errors
/// [`Failure`] when a failed message has no id to be named by: then the whole batch is delivered again.
pub async fn handle_batch(
    function: &UploadValidation,
    batch: SqsEvent,
    time: TimeLeft,
) -> Result<BatchOutcome, Failure> {
    let mut outcome = BatchOutcome::default();
    for message in batch.records {
        let id = message.message_id.clone();
        let event = match read(&message) {
            Ok(event) => event,
            Err(unreadable) => {
                let error = with_causes(&unreadable);
                tracing::error!(message.id = id, error, "an unreadable message is dropped");
                outcome.unreadable += 1;
                continue;
            }
        };
        match handle_in_time(function, event, time.clone()).await {
            Ok(done) => outcome.done.add(done),
            Err(failure) => {
                tracing::error!(message.id = id, error = %failure, "a message failed and is to be delivered again");
                let failed = FailedMessage {
                    cause: failure.to_string(),
                    is_retryable: matches!(failure, Failure::Retryable(_)),
                    id: id.ok_or(failure)?,
                };
                outcome.again.add_failure(failed.id.clone());
                outcome.failed.push(failed);
            }
        }
    }
    Ok(outcome)
}

/// What the alarms hear of a batch.
pub fn metrics(outcome: &BatchOutcome) -> Vec<Metric> {
    let answered = &outcome.done.answered;
    // Of the uploads that go on: how long they have gone on.
    let runs = outcome.done.handed_on.iter().map(|upload| upload.runs);
    let failed = answered.iter().filter(|upload| upload.failed.is_some()).count() as u64;
    let refused = answered.iter().filter(|upload| upload.refused).count() as u64 - failed;
    vec![
        Metric::count("FilesAnswered", answered.len() as u64),
        Metric::count("FilesRefused", refused + outcome.done.misplaced),
        Metric::count("FilesFailed", failed),
        Metric::count("UploadsFailed", outcome.failed.len() as u64),
        Metric::count("MessagesUnreadable", outcome.unreadable),
        Metric::count("UploadRuns", u64::from(runs.max().unwrap_or_default())),
    ]
}

/// The event of S3 that a message holds; without records, where S3 only tries the queue.
fn read(message: &SqsMessage) -> Result<S3Event, Unreadable> {
    let body = message.body.as_deref().unwrap_or_default();
    match serde_json::from_str(body) {
        Ok(Notification::Objects(event)) => Ok(event),
        Ok(Notification::Test { event }) if event == TEST_EVENT => Ok(S3Event::default()),
        Ok(Notification::Test { event }) => Err(Unreadable::Other(event)),
        Err(source) => Err(Unreadable::Json(source)),
    }
}
