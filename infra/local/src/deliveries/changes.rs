//! Changes of the tables, delivered to `order-history` as the template's mappings have it: in order, a batch at a time. A
//! record that cannot be read is set aside, a batch that fails for good is halved until its bad record is alone.

use std::path::Path;

use aws_lambda_events::event::dynamodb::Event;
use domain::with_causes;
use entrypoint::Failure;
use order_history::{OrderHistory, Outcome, handle, handle_again};
use serde_json::{Value, json};

use super::{Delivered, Undelivered, caught, pause};
use crate::cloud::{ORDERS_TABLE, RECORDS_TABLE};
use crate::s3::{Failed, FailedKind};
use crate::streams::Batch;
use crate::{Cloud, CloudError};

/// Records in one delivery.
const BATCH_RECORDS_MAX: usize = 1_000;
/// Attempts at a batch that time may help, before the round ends and leaves it where it is.
const ATTEMPTS_MAX: u32 = 5;

impl Cloud {
    /// Delivers the tables' streams up to their present ends, then the changes that were set aside and asked for again.
    ///
    /// # Errors
    /// [`CloudError::Function`] when time may help and has not: nothing is set aside or skipped then, and the next round
    /// begins with the same batch. [`CloudError::Unusable`] when the cloud's own state cannot be read or written.
    pub async fn deliver_streams(&self) -> Result<Delivered, CloudError> {
        let mut streams = self.streams.lock().await;
        let mut delivered = Delivered::default();
        for table in [ORDERS_TABLE, RECORDS_TABLE] {
            let mut limit = BATCH_RECORDS_MAX;
            while let Some(batch) = streams.next(table, limit)? {
                let unwritten = match self.write_batch(&batch.records, handle).await {
                    Ok(outcome) => outcome.unreadable,
                    Err(failed) if failed.is_retryable => {
                        return Err(CloudError::Function {
                            function: "order-history",
                            reason: failed.cause,
                        });
                    }
                    Err(_) if batch.records.len() > 1 => {
                        limit = batch.records.len() / 2;
                        continue;
                    }
                    Err(failed) => {
                        delivered
                            .set_aside
                            .push(self.set_change_aside(table, &batch, 0, failed.cause).await?);
                        streams.delivered(table, batch.last_sequence())?;
                        continue;
                    }
                };
                delivered.stream_records += (batch.records.len() - unwritten.len()) as u64;
                for record in unwritten {
                    // First, and under a key of its own: killed before the position moves, it is set aside once more.
                    let set_aside = self.set_change_aside(table, &batch, record.place, record.cause);
                    delivered.set_aside.push(set_aside.await?);
                }
                streams.delivered(table, batch.last_sequence())?;
                limit = BATCH_RECORDS_MAX;
            }
        }
        while let Some(asked) = self.asked_again(FailedKind::Change).await? {
            let written = self
                .write_batch(std::slice::from_ref(&asked.event), handle_again)
                .await;
            let done = written.and_then(|outcome| match outcome.unreadable.into_iter().next() {
                None => Ok(()),
                Some(record) => Err(Undelivered {
                    cause: record.cause,
                    is_retryable: false,
                }),
            });
            delivered.stream_records += u64::from(done.is_ok());
            self.settle_asked(asked, done, &mut delivered).await?;
        }
        Ok(delivered)
    }

    /// Whether a change was set aside, which the lake lacks.
    pub(crate) fn lacks_changes(data_dir: &Path) -> Result<bool, CloudError> {
        let failed = Self::failures_in(data_dir)?;
        Ok(failed.iter().any(|failed| failed.what == FailedKind::Change))
    }

    /// Hands records to `order-history`; what time may help is tried a few times.
    async fn write_batch(
        &self,
        records: &[Value],
        write: impl AsyncFn(&OrderHistory, Event) -> Result<Outcome, Failure>,
    ) -> Result<Outcome, Undelivered> {
        let history = self.order_history();
        let mut attempt = 1;
        loop {
            let event: Event =
                serde_json::from_value(json!({ "Records": records })).map_err(|error| Undelivered {
                    cause: with_causes(&error),
                    is_retryable: false,
                })?;
            match caught(write(&history, event)).await {
                Err(failed) if failed.is_retryable && attempt < ATTEMPTS_MAX => {
                    pause(attempt).await;
                    attempt += 1;
                }
                written => return written,
            }
        }
    }

    async fn set_change_aside(
        &self,
        table: &str,
        batch: &Batch,
        place: usize,
        cause: String,
    ) -> Result<crate::s3::SetAside, CloudError> {
        let failed = Failed {
            key: format!("{table}/{}", batch.sequence(place)),
            what: FailedKind::Change,
            event: batch.records.get(place).cloned().unwrap_or_default(),
            cause,
            attempts: 1,
        };
        self.set_aside(None, failed).await
    }
}
