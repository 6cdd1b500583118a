//! `order-history`: writes the tables' streams out as the lake's rows.
//!
//! The table is now, the lake is history. Batches come at least once and may overlap; a batch's file is named by the
//! sequence numbers it holds, so the same batch is the same object, and rows that two batches share collapse in
//! reports by order and version, or by entry id.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use domain::{Month, PolicyBook};
use entrypoint::Failure;
use lake::{EntryRow, Lake, LakeError, OrderRow, order_rows};
use serde::Serialize;
use store::{Item, OrderImage, StoreError, decode_entry, decode_order};

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

/// Why a batch could not be written.
#[derive(Debug, thiserror::Error)]
enum HistoryError {
    #[error("the bucket refused a batch of history")]
    Lake(#[source] LakeError),
    #[error("a stream record cannot be read")]
    Record(#[source] StoreError),
}

#[derive(Default)]
struct Batch {
    orders: BTreeMap<Month, Vec<OrderRow>>,
    entries: BTreeMap<Month, Vec<EntryRow>>,
}

/// Writes one batch of stream records.
///
/// # Errors
/// [`Failure`] when the bucket refuses (a retry helps) or a record does not decode (the stream's retry halves the
/// batch until the record stands alone, and tells of it).
pub async fn handle(history: &OrderHistory, event: Event) -> Result<Outcome, Failure> {
    let mut outcome = Outcome {
        records: event.records.len() as u64,
        ..Outcome::default()
    };
    let name = batch_name(&event.records);
    let batch = read(history, event.records).map_err(failure)?;
    for (month, rows) in &batch.orders {
        history
            .lake
            .put_order_rows(*month, &name, rows)
            .await
            .map_err(|source| failure(HistoryError::Lake(source)))?;
        outcome.order_rows += rows.len() as u64;
        outcome.files += 1;
    }
    for (month, rows) in &batch.entries {
        history
            .lake
            .put_entry_rows(*month, &name, rows)
            .await
            .map_err(|source| failure(HistoryError::Lake(source)))?;
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
    Ok(outcome)
}

fn read(history: &OrderHistory, records: Vec<EventRecord>) -> Result<Batch, HistoryError> {
    let mut batch = Batch::default();
    for record in records {
        let new: Item = item_of(record.change.new_image);
        if let Some(after) = decode_order(&new).map_err(HistoryError::Record)? {
            let before = decode_order(&item_of(record.change.old_image)).map_err(HistoryError::Record)?;
            batch.add_order(before.as_ref(), &after, &history.policy);
        } else if let Some((month, entry)) = decode_entry(&new).map_err(HistoryError::Record)? {
            let row = EntryRow::of(&entry).map_err(HistoryError::Lake)?;
            batch.entries.entry(month).or_default().push(row);
        }
    }
    Ok(batch)
}

/// A stream's image as the SDK's item.
fn item_of(image: serde_dynamo::Item) -> Item {
    image.into()
}

impl Batch {
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
    };
    Failure::of(error, retryable)
}
