//! `order-history`: writes the tables' streams out as the lake's rows.
//!
//! The table is now, the lake is history. Batches come at least once and may overlap; a batch's file is named by the
//! sequence numbers it holds, so the same batch is the same object, and rows that two batches share collapse in
//! reports by order and version, or by entry id. A record that cannot be read is kept as it came, and the others go on.
//!
//! What the streams lost, and what a final report must not lack, is written again from the orders table and the closes
//! ([`backfill()`]).

mod backfill;
mod batch;
mod compaction;

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event;
use domain::time::not_beyond;
use domain::{PolicyBook, Timestamp};
use entrypoint::{Dated, Failure, Metric, TimeLeft};
use lake::{Compacted, Lake, LakeError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, StoreError};

use batch::Batch;

pub use backfill::{BackfillTask, Backfilled, Place, backfill, backfill_report};
pub use compaction::{CompactionTask, compact};

/// What the function works with.
#[derive(Clone, Debug)]
pub struct OrderHistory {
    /// The bucket.
    pub lake: Lake,
    /// The tables: a backfill reads them.
    pub store: Store,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
}

/// What a batch came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Stream records read of the orders table.
    pub order_changes: u64,
    /// Stream records read of the records table.
    pub record_changes: u64,
    /// Rows written about orders.
    pub order_rows: u64,
    /// Rows written about ledger entries.
    pub entry_rows: u64,
    /// Files written.
    pub files: u64,
    /// Records that cannot be read, each kept under its key.
    pub unreadable: Vec<Unreadable>,
}

/// A stream record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// Its place in its batch.
    pub place: usize,
    /// Where it is kept.
    pub key: String,
    /// Why it cannot be read, with every cause.
    pub cause: String,
}

/// Why a batch could not be written.
#[derive(Debug, thiserror::Error)]
enum HistoryError {
    #[error("the bucket refused a batch of history")]
    Lake(#[source] LakeError),
    #[error("the tables cannot be read for the lake")]
    Store(#[source] StoreError),
    #[error("a stream record cannot be kept")]
    Record(#[source] serde_json::Error),
    #[error("neither a compaction nor a backfill nor a batch of a stream")]
    Task(#[source] serde_json::Error),
    #[error("no room for the lake's files")]
    Disk(#[source] std::io::Error),
}

/// What the function is asked for: `{"compact": {"as_of": "…"}}` each day, `{"compact": {"month": "2024-04", "extent": "month"}}`
/// by hand, `{"backfill": …}` ([`BackfillTask`]), or a stream's batch.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Task(pub Value);

impl Dated for Task {
    fn check_clock(&self, clock_unix: i64) -> Result<(), Failure> {
        let task = self.0.get("backfill").map(BackfillTask::deserialize);
        let Some(Ok(BackfillTask::Report { as_of, .. })) = task else {
            return Ok(());
        };
        let come = not_beyond(as_of, Timestamp::from_unix(clock_unix));
        come.map(|_| ()).map_err(|beyond| Failure::of(beyond, false))
    }
}

/// What a task came to.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// A batch was written.
    Batch(Outcome),
    /// The lake, or a month of it, was compacted.
    Compacted(Compacted),
    /// What the lake may lack was written again.
    Backfilled(Backfilled),
}

impl Done {
    /// What the charts hear of it.
    pub fn metrics(&self) -> Vec<Metric> {
        match self {
            Self::Batch(outcome) => metrics(outcome),
            Self::Compacted(_) | Self::Backfilled(_) => Vec::new(),
        }
    }
}

/// Does what is asked.
///
/// # Errors
/// As [`handle`], [`compact`] and [`backfill()`]; a task of no form is refused for good.
pub async fn run(history: &OrderHistory, task: Task, time: TimeLeft) -> Result<Done, Failure> {
    let unreadable = |source| failure(HistoryError::Task(source));
    if let Some(task) = task.0.get("compact") {
        let task = CompactionTask::deserialize(task).map_err(unreadable)?;
        return compact(history, task, &time).await.map(Done::Compacted);
    }
    if let Some(task) = task.0.get("backfill") {
        let task = BackfillTask::deserialize(task).map_err(unreadable)?;
        return backfill(history, task, &time).await.map(Done::Backfilled);
    }
    let event = serde_json::from_value(task.0).map_err(unreadable)?;
    handle(history, event).await.map(Done::Batch)
}

/// Writes one batch of stream records. Those that cannot be read are kept as they came, and the outcome names them.
///
/// # Errors
/// [`Failure`] when the bucket refuses; then the whole batch is delivered again, for as long as the stream keeps it.
pub async fn handle(history: &OrderHistory, event: Event) -> Result<Outcome, Failure> {
    let batch = Batch::read(&event.records, &history.policy);
    let outcome = batch
        .write(&history.lake, &event.records)
        .await
        .map_err(failure)?;
    for Unreadable { key, cause, .. } in &outcome.unreadable {
        tracing::error!(
            record.key = key,
            error = cause,
            "a stream record cannot be read and is kept aside"
        );
    }
    tracing::info!(
        order_changes = outcome.order_changes,
        record_changes = outcome.record_changes,
        order_rows = outcome.order_rows,
        entry_rows = outcome.entry_rows,
        files = outcome.files,
        unreadable = outcome.unreadable.len(),
        "history written"
    );
    Ok(outcome)
}

/// Writes records that were kept because they could not be read, and forgets those that can be read now.
///
/// # Errors
/// As [`handle`].
pub async fn handle_again(history: &OrderHistory, event: Event) -> Result<Outcome, Failure> {
    let outcome = handle(history, event.clone()).await?;
    for (place, record) in event.records.iter().enumerate() {
        if outcome.unreadable.iter().all(|found| found.place != place) {
            let removed = history.lake.remove_unreadable(&batch::name_of(record)).await;
            removed.map_err(|source| failure(HistoryError::Lake(source)))?;
        }
    }
    Ok(outcome)
}

/// What the alarms hear of a batch: a stream that is not heard of for long is one that nobody reads.
pub fn metrics(outcome: &Outcome) -> Vec<Metric> {
    vec![
        Metric::count("RecordsUnreadable", outcome.unreadable.len() as u64),
        Metric::count("OrderChangesRead", outcome.order_changes),
        Metric::count("RecordChangesRead", outcome.record_changes),
    ]
}

fn failure(error: HistoryError) -> Failure {
    let retryable = match &error {
        HistoryError::Lake(source) => source.is_retryable(),
        HistoryError::Store(source) => source.is_retryable(),
        HistoryError::Record(_) | HistoryError::Task(_) => false,
        HistoryError::Disk(_) => true,
    };
    Failure::of(error, retryable)
}
