//! The history writer's other task: to keep the lake's files few.

use std::time::Duration;

use domain::{Month, Timestamp};
use entrypoint::{Failure, TimeLeft};
use lake::{Compacted, Compaction, Extent};
use serde::Deserialize;

use crate::{HistoryError, OrderHistory, failure};

/// Months whose batches a day's compaction folds, the running one among them: those that orders still change of.
const MONTHS: u32 = 4;
/// What one step of a compaction may take.
const COMPACTION_TIME_MAX: Duration = Duration::from_secs(120);

/// What is to be compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum CompactionTask {
    /// One month, as far as is said.
    Month(Compaction),
    /// The batches of the months that still change.
    Daily {
        /// The day's instant, from the schedule.
        as_of: Timestamp,
    },
}

/// Compacts what is asked as far as the time goes: the next day, or the same task again, takes what is left.
///
/// # Errors
/// [`Failure`] when the bucket or the disk refuses, or a file holds no rows of the lake. Nothing is lost then.
pub async fn compact(
    history: &OrderHistory,
    task: CompactionTask,
    time: &TimeLeft,
) -> Result<Compacted, Failure> {
    let compactions = match task {
        CompactionTask::Month(compaction) => vec![compaction],
        CompactionTask::Daily { as_of } => {
            let running = Month::of(as_of, history.policy.zone);
            let extent = Extent::Batches;
            let months = (0..MONTHS).map(|before| running.minus(before));
            months.map(|month| Compaction { month, extent }).collect()
        }
    };
    let mut total = Compacted::default();
    for compaction in compactions {
        let mut more = true;
        while more {
            // What comes first is always done, so that a row of days comes to its end however little time each has.
            if total.files_read > 0 && !time.is_enough_for(COMPACTION_TIME_MAX) {
                total.more = true;
                return Ok(total);
            }
            let compacted = compact_month(history, compaction).await?;
            more = compacted.more;
            total.add(&Compacted {
                more: false,
                ..compacted
            });
        }
    }
    Ok(total)
}

async fn compact_month(history: &OrderHistory, compaction: Compaction) -> Result<Compacted, Failure> {
    let scratch = tempfile::tempdir().map_err(|source| failure(HistoryError::Disk(source)))?;
    let compacted = history.lake.compact(compaction, scratch.path()).await;
    let compacted = compacted.map_err(|source| failure(HistoryError::Lake(source)))?;
    tracing::info!(
        month = %compaction.month,
        files_read = compacted.files_read,
        files_written = compacted.files_written,
        rows = compacted.rows,
        rows_repeated = compacted.rows_repeated,
        more = compacted.more,
        "a month of the lake compacted"
    );
    Ok(compacted)
}
