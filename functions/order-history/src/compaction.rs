//! The history writer's other task: to keep the lake's files few.

use entrypoint::{Failure, Metric};
use lake::{Compacted, Compaction};
use serde::Serialize;
use serde_json::Value;

use crate::{BatchOutcome, HistoryError, OrderHistory, failure, handle_batch, metrics};

/// What a task came to.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// A batch was written, as far as it could be read.
    Batch(BatchOutcome),
    /// A month was compacted.
    Compacted(Compacted),
}

impl Done {
    /// What the charts hear of it.
    pub fn metrics(&self) -> Vec<Metric> {
        match self {
            Self::Batch(outcome) => metrics(outcome),
            Self::Compacted(_) => Vec::new(),
        }
    }
}

/// Does what is asked: `{"compact": {"month": "2024-04", "extent": "batches"}}`, or a stream's batch.
///
/// # Errors
/// As [`handle_batch`] and [`compact`]; a task of neither form is refused for good.
pub async fn run(history: &OrderHistory, task: Value) -> Result<Done, Failure> {
    let unreadable = |source| failure(HistoryError::Task(source));
    match task.get("compact") {
        Some(task) => {
            let compaction = serde_json::from_value(task.clone()).map_err(unreadable)?;
            compact(history, compaction).await.map(Done::Compacted)
        }
        None => {
            let event = serde_json::from_value(task).map_err(unreadable)?;
            handle_batch(history, event).await.map(Done::Batch)
        }
    }
}

/// Compacts a month of the lake.
///
/// # Errors
/// [`Failure`] when the bucket or the disk refuses, or a file holds no rows of the lake. Nothing is lost then.
pub async fn compact(history: &OrderHistory, compaction: Compaction) -> Result<Compacted, Failure> {
    let scratch = tempfile::tempdir().map_err(|source| failure(HistoryError::Disk(source)))?;
    let compacted = history.lake.compact(compaction, scratch.path()).await;
    let compacted = compacted.map_err(|source| failure(HistoryError::Lake(source)))?;
    tracing::info!(
        month = %compaction.month,
        files_read = compacted.files_read,
        files_written = compacted.files_written,
        rows = compacted.rows,
        rows_repeated = compacted.rows_repeated,
        "a month of the lake compacted"
    );
    Ok(compacted)
}
