//! Deliveries: S3 notifications to `upload-validation`, stream batches to `order-history`.

use aws_lambda_events::event::s3::S3Event;
use upload_validation::Answered;

use crate::cloud::{ORDERS_TABLE, RECORDS_TABLE};
use crate::s3::{ObjectStoreError, PendingNotification};
use crate::{Cloud, CloudError};

/// Notifications looked at in one go.
const NOTIFICATIONS_AT_ONCE: usize = 100;
/// Deliveries of one event before it is given up, as Lambda has it: once, and two retries.
const ATTEMPTS_MAX: u32 = 3;

/// What a round of deliveries came to.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// Uploads answered.
    pub answered: Vec<Answered>,
    /// Records of the tables' streams written to the lake.
    pub stream_records: u64,
}

impl Cloud {
    /// Delivers everything that waits: every notification, then every stream record.
    ///
    /// # Errors
    /// [`CloudError::Function`] when a handler keeps failing; the event stays and is delivered again next time.
    pub async fn deliver(&self) -> Result<Delivered, CloudError> {
        let answered = self.deliver_notifications().await?;
        let stream_records = self.deliver_streams().await?;
        Ok(Delivered {
            answered,
            stream_records,
        })
    }

    /// The oldest notifications that wait, as they will be delivered, without delivering them.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when the bucket cannot be read.
    pub async fn waiting_notifications(&self) -> Result<Vec<S3Event>, CloudError> {
        Ok(self
            .pending()
            .await?
            .into_iter()
            .map(|(_, event)| event)
            .collect())
    }

    /// Delivers the bucket's notifications, in the order of the uploads.
    ///
    /// # Errors
    /// As [`Cloud::deliver`].
    pub async fn deliver_notifications(&self) -> Result<Vec<Answered>, CloudError> {
        let function = self.upload_validation();
        let mut answered = Vec::new();
        loop {
            let pending = self.pending().await?;
            if pending.is_empty() {
                return Ok(answered);
            }
            for (id, event) in pending {
                let outcome = deliver("upload-validation", || {
                    upload_validation::handle(&function, event.clone())
                })
                .await?;
                answered.extend(outcome.answered);
                // Only now: killed before, the event is delivered again and found answered.
                self.objects.acknowledge(id).await.map_err(bucket_failed)?;
            }
        }
    }

    async fn pending(&self) -> Result<Vec<(i64, S3Event)>, CloudError> {
        let pending = self.objects.pending_notifications(NOTIFICATIONS_AT_ONCE).await;
        let unreadable = |error: serde_json::Error| CloudError::Unusable {
            what: "a notification",
            reason: error.to_string(),
        };
        let read = |waiting: PendingNotification| {
            Ok((
                waiting.id,
                serde_json::from_value(waiting.record).map_err(unreadable)?,
            ))
        };
        pending.map_err(bucket_failed)?.into_iter().map(read).collect()
    }

    /// Delivers the tables' streams up to their present ends.
    ///
    /// # Errors
    /// As [`Cloud::deliver`].
    pub async fn deliver_streams(&self) -> Result<u64, CloudError> {
        let function = self.order_history();
        let mut streams = self.streams.lock().await;
        let mut records = 0;
        for table in [ORDERS_TABLE, RECORDS_TABLE] {
            while let Some(batch) = streams.next(table)? {
                records += deliver("order-history", || {
                    order_history::handle(&function, batch.event.clone())
                })
                .await?
                .records;
                streams.delivered(batch)?;
            }
        }
        Ok(records)
    }
}

fn bucket_failed(error: ObjectStoreError) -> CloudError {
    CloudError::Unusable {
        what: "the bucket",
        reason: error.to_string(),
    }
}

async fn deliver<O, R>(function: &'static str, call: impl Fn() -> R) -> Result<O, CloudError>
where
    R: Future<Output = Result<O, entrypoint::Failure>>,
{
    let mut attempt = 1;
    loop {
        match call().await {
            Ok(outcome) => return Ok(outcome),
            Err(failure)
                if attempt < ATTEMPTS_MAX && matches!(failure, entrypoint::Failure::Retryable(_)) =>
            {
                attempt += 1
            }
            Err(failure) => {
                return Err(CloudError::Function {
                    function,
                    reason: failure.to_string(),
                });
            }
        }
    }
}
