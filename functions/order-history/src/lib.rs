//! `order-history`: writes the tables' streams out as the lake's rows.
//!
//! The table is now, the lake is history. Batches come at least once and may overlap; a batch's file is named by the
//! sequence numbers it holds, so the same batch is the same object, and rows that two batches share collapse in
//! reports by order and version, or by entry id.

mod compaction;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use domain::{Month, PolicyBook};
use entrypoint::{Failure, Metric};
use lake::{EntryRow, Lake, LakeError, OrderRow, order_rows};
use serde::Serialize;
use store::{Item, OrderImage, StoreError, decode_entry, decode_order};

pub use compaction::{CompactionTask, Done, compact, run};

/// What the function works with.
#[derive(Clone, Debug)]
pub struct OrderHistory {
    /// The bucket.
    pub lake: Lake,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
}

/// What a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Stream records read.
    pub records: u64,
    /// Rows written about orders.
    pub order_rows: u64,
    /// Rows written about ledger entries.
    pub entry_rows: u64,
    /// Files written.
    pub files: u64,
}

/// What a batch came to, for the stream.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct BatchOutcome {
    /// Where the stream goes on; behind the batch, if nowhere.
    pub again: DynamoDbEventResponse,
    /// Why the record there cannot be read, with every cause; the stream has no use for it.
    #[serde(skip)]
    pub cause: Option<String>,
}

/// The first record of a batch that cannot be read.
struct Unreadable {
    sequence: Option<String>,
    source: HistoryError,
}

/// Why a batch could not be written.
#[derive(Debug, thiserror::Error)]
enum HistoryError {
    #[error("the bucket refused a batch of history")]
    Lake(#[source] LakeError),
    #[error("a stream record cannot be read")]
    Record(#[source] StoreError),
    #[error("neither a compaction nor a batch of a stream")]
    Task(#[source] serde_json::Error),
    #[error("no room for the lake's files")]
    Disk(#[source] std::io::Error),
}

/// What was read of a batch.
#[derive(Default)]
struct Batch {
    /// How many of its records, from the first on.
    records: usize,
    orders: BTreeMap<Month, Vec<OrderRow>>,
    entries: BTreeMap<Month, Vec<EntryRow>>,
}

/// Writes one batch of stream records, all of it.
///
/// # Errors
/// [`Failure`] when the bucket refuses (a retry helps) or a record does not decode; the records before it are written.
pub async fn handle(history: &OrderHistory, event: Event) -> Result<Outcome, Failure> {
    let (outcome, unreadable) = write(history, event).await?;
    match unreadable {
        Some(unreadable) => Err(failure(unreadable.source)),
        None => Ok(outcome),
    }
}

/// Writes one batch as far as it can be read, and names the record at which it stopped: the stream goes on from there, halves
/// the rest until that record stands alone, tries it as often as it may, tells of it and goes on behind it.
///
/// # Errors
/// [`Failure`] when the bucket refuses; then the whole batch is delivered again.
pub async fn handle_batch(history: &OrderHistory, event: Event) -> Result<BatchOutcome, Failure> {
    let (_, unreadable) = write(history, event).await?;
    let mut outcome = BatchOutcome::default();
    if let Some(Unreadable { sequence, source }) = unreadable {
        let failure = failure(source);
        tracing::error!(record.sequence = sequence, error = %failure, "history stops at a record");
        let mut unwritten = DynamoDbBatchItemFailure::default();
        outcome.cause = Some(failure.to_string());
        unwritten.item_identifier = Some(sequence.ok_or(failure)?);
        outcome.again.batch_item_failures.push(unwritten);
    }
    Ok(outcome)
}

/// What the charts hear of a batch.
pub fn metrics(outcome: &BatchOutcome) -> Vec<Metric> {
    let unreadable = outcome.again.batch_item_failures.len();
    vec![Metric::count("RecordsUnreadable", unreadable as u64)]
}

async fn write(history: &OrderHistory, event: Event) -> Result<(Outcome, Option<Unreadable>), Failure> {
    let (batch, unreadable) = read(history, &event.records);
    let mut outcome = Outcome {
        records: batch.records as u64,
        ..Outcome::default()
    };
    let name = batch_name(&event.records[..batch.records]);
    let refused = |source| failure(HistoryError::Lake(source));
    for (month, rows) in &batch.orders {
        let put = history.lake.put_order_rows(*month, &name, rows).await;
        put.map_err(refused)?;
        outcome.order_rows += rows.len() as u64;
        outcome.files += 1;
    }
    for (month, rows) in &batch.entries {
        let put = history.lake.put_entry_rows(*month, &name, rows).await;
        put.map_err(refused)?;
        outcome.entry_rows += rows.len() as u64;
        outcome.files += 1;
    }
    tracing::info!(
        records = outcome.records,
        order_rows = outcome.order_rows,
        entry_rows = outcome.entry_rows,
        files = outcome.files,
        "history written"
    );
    Ok((outcome, unreadable))
}

/// Reads the records up to the first that cannot be read.
fn read(history: &OrderHistory, records: &[EventRecord]) -> (Batch, Option<Unreadable>) {
    let mut batch = Batch::default();
    for record in records {
        if let Err(source) = batch.add(record, &history.policy) {
            let sequence = record.change.sequence_number.clone();
            return (batch, Some(Unreadable { sequence, source }));
        }
        batch.records += 1;
    }
    (batch, None)
}

/// A stream's image as the SDK's item.
fn item_of(image: &serde_dynamo::Item) -> Item {
    image.clone().into()
}

impl Batch {
    fn add(&mut self, record: &EventRecord, book: &PolicyBook) -> Result<(), HistoryError> {
        let new = item_of(&record.change.new_image);
        if let Some(after) = decode_order(&new).map_err(HistoryError::Record)? {
            let before = decode_order(&item_of(&record.change.old_image)).map_err(HistoryError::Record)?;
            self.add_order(before.as_ref(), &after, book);
        } else if let Some((month, entry)) = decode_entry(&new).map_err(HistoryError::Record)? {
            let row = EntryRow::of(&entry).map_err(HistoryError::Lake)?;
            self.entries.entry(month).or_default().push(row);
        }
        Ok(())
    }

    fn add_order(&mut self, before: Option<&OrderImage>, after: &OrderImage, book: &PolicyBook) {
        let (month, rows) = order_rows(
            before.map(|image| &image.order),
            &after.order,
            after.version,
            &after.state,
            book,
        );
        if !rows.is_empty() {
            self.orders.entry(month).or_default().extend(rows);
        }
    }
}

/// `<first>-<last>` sequence number: within a stream's shard they are unique and ascending.
fn batch_name(records: &[EventRecord]) -> String {
    let sequence = |record: Option<&EventRecord>| {
        record
            .and_then(|record| record.change.sequence_number.clone())
            .unwrap_or_default()
    };
    format!("{}-{}", sequence(records.first()), sequence(records.last()))
}

fn failure(error: HistoryError) -> Failure {
    let retryable = match &error {
        HistoryError::Lake(source) => source.is_retryable(),
        HistoryError::Record(source) => source.is_retryable(),
        HistoryError::Task(_) => false,
        HistoryError::Disk(_) => true,
    };
    Failure::of(error, retryable)
}
