//! Deliveries: S3 notifications to `upload-validation`, stream batches to `order-history`, by the handlers that are deployed.
//!
//! An event is delivered until it is done or set aside. Nothing waits behind one that fails for good.

mod changes;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sqs::SqsEvent;
use domain::with_causes;
use entrypoint::{Failure, TimeLeft};
use futures::FutureExt;
use serde_json::{Value, json};
use upload_validation::{Answered, handle_batch};

use crate::cloud::STORE;
use crate::s3::{self, Failed, FailedKind, ObjectStoreError, PendingNotification, SetAside, key_of};
use crate::{Cloud, CloudError};

/// Notifications looked at in one go.
const NOTIFICATIONS_AT_ONCE: usize = 100;
/// What is waited before the second attempt at an event; before each further one twice as long, up to the other.
const FIRST_PAUSE_MS: u64 = 10;
const PAUSE_MS_MAX: u64 = 250;

/// What a round of deliveries came to.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// Uploads answered, also those whose answer is that they failed.
    pub answered: Vec<Answered>,
    /// Changes of the tables written to the lake.
    pub stream_records: u64,
    /// What failed for good.
    pub set_aside: Vec<SetAside>,
}

impl Delivered {
    /// A line for each upload, and for what was set aside.
    pub(crate) fn news(&self) -> Vec<String> {
        let answered = self.answered.iter().filter(|upload| upload.failed.is_none());
        let answered = answered.map(|upload| {
            let counts = upload.counts;
            format!(
                "{}: {} rows, {} rejected, {} parked",
                upload.key, counts.rows, counts.rejected, counts.parked
            )
        });
        let set_aside = self.set_aside.iter().map(|failed| {
            format!(
                "{}: failed and was set aside (`waymark failures`): {}",
                failed.key, failed.cause
            )
        });
        answered.chain(set_aside).collect()
    }
}

/// A delivery that failed.
struct Undelivered {
    cause: String,
    is_retryable: bool,
}

impl Cloud {
    /// Delivers everything that waits: every notification, then every stream record.
    ///
    /// # Errors
    /// As [`Cloud::deliver_notifications`] and [`Cloud::deliver_streams`].
    pub async fn deliver(&self) -> Result<Delivered, CloudError> {
        let mut delivered = self.deliver_notifications().await?;
        let streams = self.deliver_streams().await?;
        delivered.stream_records += streams.stream_records;
        delivered.set_aside.extend(streams.set_aside);
        Ok(delivered)
    }

    /// The oldest notifications that wait, as they will be delivered, without delivering them.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when the bucket cannot be read.
    pub async fn waiting_notifications(&self) -> Result<Vec<S3Event>, CloudError> {
        let pending = self.objects.pending_notifications(NOTIFICATIONS_AT_ONCE).await;
        let unreadable = |error: serde_json::Error| CloudError::Unusable {
            what: "a notification",
            reason: error.to_string(),
        };
        let read = |waiting: PendingNotification| serde_json::from_value(waiting.record).map_err(unreadable);
        pending.map_err(bucket_failed)?.into_iter().map(read).collect()
    }

    /// Delivers the bucket's notifications, in the order of the uploads, then those that were set aside and asked for again.
    /// Each is delivered as often as the template's queue does, then set aside; one that no attempt helps, at once.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when the bucket's own state cannot be read or written.
    pub async fn deliver_notifications(&self) -> Result<Delivered, CloudError> {
        let mut delivered = Delivered::default();
        loop {
            self.deliver_waiting(&mut delivered).await?;
            // What is asked for again may be handed on to a further run, which then waits.
            let Some(asked) = self.asked_again(FailedKind::Upload).await? else {
                return Ok(delivered);
            };
            let done = self.process_upload(&asked.event, 1, &mut delivered).await;
            self.settle_asked(asked, done, &mut delivered).await?;
        }
    }

    async fn deliver_waiting(&self, delivered: &mut Delivered) -> Result<(), CloudError> {
        let receives_max = self.template.upload_receives_max;
        while let Some(received) = self.objects.receive_notification().await.map_err(bucket_failed)? {
            let done = if received.receives > receives_max {
                Err(Undelivered {
                    cause: "the process ended each time while the upload was being processed".to_owned(),
                    is_retryable: false,
                })
            } else {
                self.process_upload(&received.record, received.receives, delivered)
                    .await
            };
            match done {
                // Only now: killed before, the event is delivered again and found answered.
                Ok(()) => self
                    .objects
                    .acknowledge(received.id)
                    .await
                    .map_err(bucket_failed)?,
                Err(failed) if failed.is_retryable && received.receives < receives_max => {
                    pause(received.receives).await;
                }
                Err(failed) => {
                    let failed = Failed {
                        key: key_of(&received.record),
                        what: FailedKind::Upload,
                        event: received.record,
                        cause: failed.cause,
                        attempts: received.receives.min(receives_max),
                    };
                    delivered
                        .set_aside
                        .push(self.set_aside(Some(received.id), failed).await?);
                }
            }
        }
        Ok(())
    }

    /// Hands an upload's notification to `upload-validation` as a message of its queue.
    async fn process_upload(
        &self,
        record: &Value,
        receives: u32,
        delivered: &mut Delivered,
    ) -> Result<(), Undelivered> {
        let batch = message(record, receives)?;
        let function = self.upload_validation();
        let time = TimeLeft::of(self.upload_time);
        // Boxed: it is by far the largest of all that a round of deliveries goes through.
        let outcome = caught(Box::pin(handle_batch(&function, batch, time))).await?;
        let unanswered = outcome
            .done
            .answered
            .iter()
            .find_map(|upload| upload.failed.clone());
        delivered.answered.extend(outcome.done.answered);
        if let Some(failed) = outcome.failed.into_iter().next() {
            return Err(Undelivered {
                cause: failed.cause,
                is_retryable: failed.is_retryable,
            });
        }
        // Its answer says that it failed. It is kept here as well, to be processed again once the cause is removed.
        unanswered.map_or(Ok(()), |cause| {
            Err(Undelivered {
                cause,
                is_retryable: false,
            })
        })
    }

    async fn set_aside(&self, notification: Option<i64>, failed: Failed) -> Result<SetAside, CloudError> {
        let set_aside = self.objects.set_aside(notification, failed).await;
        set_aside.map_err(bucket_failed)
    }

    async fn asked_again(&self, what: FailedKind) -> Result<Option<SetAside>, CloudError> {
        self.objects.asked_again(what).await.map_err(bucket_failed)
    }

    /// Forgets what was asked for again and is done now, or sets it aside once more.
    async fn settle_asked(
        &self,
        asked: SetAside,
        done: Result<(), Undelivered>,
        delivered: &mut Delivered,
    ) -> Result<(), CloudError> {
        let SetAside { key, what, event, .. } = asked;
        match done {
            Ok(()) => self.objects.forget_failed(key).await.map_err(bucket_failed),
            Err(Undelivered { cause, .. }) => {
                let failed = Failed {
                    key,
                    what,
                    event,
                    cause,
                    attempts: 1,
                };
                delivered.set_aside.push(self.set_aside(None, failed).await?);
                Ok(())
            }
        }
    }

    /// What was set aside in the cloud under `data_dir`, by key. It need not be opened, and may be open elsewhere.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when its state cannot be read.
    pub fn failures_in(data_dir: &Path) -> Result<Vec<SetAside>, CloudError> {
        s3::failures_in(&data_dir.join(STORE)).map_err(bucket_failed)
    }

    /// Asks for another delivery of what was set aside under `key`, or of all of it; gives how many events that are. The next
    /// round of deliveries makes it: this process's, or that of the one that has the cloud open.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when its state cannot be written.
    pub fn ask_again(data_dir: &Path, key: Option<&str>) -> Result<usize, CloudError> {
        s3::ask_again(&data_dir.join(STORE), key).map_err(bucket_failed)
    }

    /// Gives up on what was set aside under `key`: it is delivered no more. Tells whether there was any.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when its state cannot be written.
    pub fn discard_failure(data_dir: &Path, key: &str) -> Result<bool, CloudError> {
        s3::discard(&data_dir.join(STORE), key).map_err(bucket_failed)
    }
}

/// A notification as Lambda hands a message of the queue over.
fn message(record: &Value, receives: u32) -> Result<SqsEvent, Undelivered> {
    let batch = json!({ "Records": [{
        "messageId": "local",
        "receiptHandle": "local",
        "body": record.to_string(),
        "attributes": { "ApproximateReceiveCount": receives.to_string() },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:local-uploads",
        "awsRegion": s3::REGION,
    }]});
    serde_json::from_value(batch).map_err(|error| Undelivered {
        cause: with_causes(&error),
        is_retryable: false,
    })
}

/// A run of a function; one that panics has failed, and takes nothing else along. It is boxed: a function's future is large,
/// and those that wait for a delivery would hold it in theirs.
fn caught<O>(run: impl Future<Output = Result<O, Failure>>) -> impl Future<Output = Result<O, Undelivered>> {
    let run = AssertUnwindSafe(Box::pin(run)).catch_unwind();
    run.map(|ended| match ended {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(failure)) => Err(Undelivered {
            is_retryable: matches!(failure, Failure::Retryable(_)),
            cause: failure.to_string(),
        }),
        Err(panic) => Err(Undelivered {
            cause: format!("the function panicked: {}", panic_text(panic.as_ref())),
            is_retryable: false,
        }),
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

/// Waits before the next attempt: what passes here passes soon.
async fn pause(attempts: u32) {
    let pause = FIRST_PAUSE_MS
        .saturating_mul(1 << attempts.min(10))
        .min(PAUSE_MS_MAX);
    tokio::time::sleep(Duration::from_millis(pause)).await;
}

fn bucket_failed(error: ObjectStoreError) -> CloudError {
    CloudError::Unusable {
        what: "the bucket",
        reason: with_causes(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[tokio::test]
    async fn an_upload_that_ends_its_process_each_time_is_set_aside_and_the_next_is_answered() {
        let directory = tempfile::tempdir().expect("a directory");
        let options = Options {
            data_dir: directory.path().to_owned(),
            policy: None,
        };
        let cloud = Cloud::open(options).await.expect("a cloud");
        for name in ["bad", "good"] {
            let key = format!("inbox/rates/_/{name}.csv");
            let rates = b"date,currency,usd_per_unit\n2024-05-01,EUR,1.07\n".to_vec();
            let put = cloud
                .s3
                .put_object()
                .bucket(crate::BUCKET)
                .key(key)
                .body(rates.into());
            put.send().await.expect("the inbox takes it");
        }
        for _ in 0..cloud.template.upload_receives_max {
            cloud
                .objects
                .receive_notification()
                .await
                .expect("it is received, and the process ends");
        }
        let delivered = cloud
            .deliver_notifications()
            .await
            .expect("one file ends nothing");
        assert_eq!(delivered.answered.len(), 1);
        assert_eq!(delivered.set_aside[0].key, "inbox/rates/_/bad.csv");
        assert_eq!(
            delivered.set_aside[0].attempts,
            cloud.template.upload_receives_max
        );
        assert!(delivered.set_aside[0].cause.contains("the process ended"));
    }

    #[tokio::test]
    async fn a_run_that_panics_has_failed_and_no_attempt_helps() {
        let text = "a bug";
        let run = async {
            if text.is_empty() {
                Ok(())
            } else {
                std::panic::panic_any(text)
            }
        };
        let failed = caught(run).await.expect_err("a failure");
        assert!(!failed.is_retryable);
        assert_eq!(failed.cause, "the function panicked: a bug");
    }
}
