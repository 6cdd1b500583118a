//! Changes of the tables, delivered to `order-history` as the template's mappings have it: in order, a batch at a time. A
//! record that cannot be read is set aside, a batch that fails for good is halved until its bad record is alone.

use aws_lambda_events::event::dynamodb::Event;
use domain::with_causes;
use order_history::handle_batch;
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

/// How far a batch was written.
enum Written {
    /// To its end.
    Whole,
    /// Up to the record of this sequence number, which cannot be read.
    UpTo { sequence: String, cause: String },
}

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
                let (place, cause) = match self.write_batch(&batch.records).await {
                    Ok(Written::Whole) => {
                        delivered.stream_records += batch.records.len() as u64;
                        streams.delivered(table, batch.last_sequence())?;
                        limit = BATCH_RECORDS_MAX;
                        continue;
                    }
                    Ok(Written::UpTo { sequence, cause }) => (batch.place_of(&sequence), cause),
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
                    Err(failed) => (0, failed.cause),
                };
                delivered.stream_records += place as u64;
                let failed = unwritten(table, &batch, place, cause);
                // First, and under a key of its own: killed before the position moves, it is set aside once more.
                delivered.set_aside.push(self.set_aside(None, failed).await?);
                streams.delivered(table, batch.sequence(place))?;
            }
        }
        while let Some(asked) = self.asked_again(FailedKind::Change).await? {
            let done = match self.write_batch(std::slice::from_ref(&asked.event)).await {
                Ok(Written::Whole) => Ok(()),
                Ok(Written::UpTo { cause, .. }) => Err(Undelivered {
                    cause,
                    is_retryable: false,
                }),
                Err(failed) => Err(failed),
            };
            delivered.stream_records += u64::from(done.is_ok());
            self.settle_asked(asked, done, &mut delivered).await?;
        }
        Ok(delivered)
    }

    /// Hands records to `order-history`; what time may help is tried a few times.
    async fn write_batch(&self, records: &[Value]) -> Result<Written, Undelivered> {
        let history = self.order_history();
        let mut attempt = 1;
        loop {
            let event: Event =
                serde_json::from_value(json!({ "Records": records })).map_err(|error| Undelivered {
                    cause: with_causes(&error),
                    is_retryable: false,
                })?;
            match caught(handle_batch(&history, event)).await {
                Ok(outcome) => {
                    let stopped = outcome.again.batch_item_failures.into_iter().next();
                    return Ok(match stopped.and_then(|failure| failure.item_identifier) {
                        Some(sequence) => Written::UpTo {
                            sequence,
                            cause: outcome.cause.unwrap_or_default(),
                        },
                        None => Written::Whole,
                    });
                }
                Err(failed) if failed.is_retryable && attempt < ATTEMPTS_MAX => {
                    pause(attempt).await;
                    attempt += 1;
                }
                Err(failed) => return Err(failed),
            }
        }
    }
}

fn unwritten(table: &str, batch: &Batch, place: usize, cause: String) -> Failed {
    Failed {
        key: format!("{table}/{}", batch.sequence(place)),
        what: FailedKind::Change,
        event: batch.records.get(place).cloned().unwrap_or_default(),
        cause,
        attempts: 1,
    }
}
