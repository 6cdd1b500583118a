//! What the schedules start.

use std::path::Path;
use std::time::Duration;

use domain::{Month, Timestamp, with_causes};
use entrypoint::TimeLeft;
use futures::future::try_join_all;
use lake::{Compacted, Watermark};
use order_history::OrderHistory;
use serde::Serialize;
use store::ScanOutcome;

use crate::{Cloud, CloudError};

/// Segments of the stall scan: a laptop has few cores.
const SEGMENTS: u32 = 4;

/// What a night came to.
#[derive(Clone, Debug, Serialize)]
pub struct Night {
    /// The stall scan.
    pub stalls: ScanOutcome,
    /// The sign-off scan.
    pub signoffs: ScanOutcome,
    /// The close.
    pub close: night_close::Outcome,
    /// The morning's digest.
    pub digest: morning_digest::Outcome,
}

impl Cloud {
    /// The stall scan as of an instant, all its segments at once.
    ///
    /// # Errors
    /// [`CloudError::Function`] when a segment fails.
    pub async fn scan_stalls(&self, as_of: Timestamp) -> Result<ScanOutcome, CloudError> {
        let function = self.stall_scan();
        let runs = (0..SEGMENTS).map(|segment| {
            let request = stall_scan::Request {
                as_of,
                segment,
                segments: SEGMENTS,
                cursor: None,
            };
            stall_scan::handle_all(&function, request, run_time)
        });
        let outcomes = try_join_all(runs).await;
        outcomes.map(sum).map_err(|failure| CloudError::Function {
            function: "stall-scan",
            reason: failure.to_string(),
        })
    }

    /// The sign-off scan as of an instant, over all its shards.
    ///
    /// # Errors
    /// [`CloudError::Function`] when it fails.
    pub async fn scan_signoffs(&self, as_of: Timestamp) -> Result<ScanOutcome, CloudError> {
        let request = signoff_scan::Request {
            as_of,
            shard: None,
            cursor: None,
        };
        let outcome = signoff_scan::handle_all(&self.signoff_scan(), request, run_time).await;
        outcome.map_err(|failure| CloudError::Function {
            function: "signoff-scan",
            reason: failure.to_string(),
        })
    }

    /// The close of a night, after its scans.
    ///
    /// # Errors
    /// [`CloudError::Function`] when it fails.
    pub async fn close_night(&self, as_of: Timestamp) -> Result<night_close::Outcome, CloudError> {
        let outcome = night_close::handle(&self.night_close(), night_close::Request { as_of }).await;
        outcome.map_err(|failure| CloudError::Function {
            function: "night-close",
            reason: failure.to_string(),
        })
    }

    /// One night: both scans, then its close and its digest.
    ///
    /// # Errors
    /// As the scans, the close and the digest.
    pub async fn night(&self, as_of: Timestamp) -> Result<Night, CloudError> {
        Ok(Night {
            stalls: self.scan_stalls(as_of).await?,
            signoffs: self.scan_signoffs(as_of).await?,
            close: self.close_night(as_of).await?,
            digest: self.digest(as_of).await?,
        })
    }

    /// The morning's digest of a night, after its scans.
    ///
    /// # Errors
    /// [`CloudError::Function`] when it cannot be written.
    pub async fn digest(&self, as_of: Timestamp) -> Result<morning_digest::Outcome, CloudError> {
        let outcome = morning_digest::handle(&self.morning_digest(), morning_digest::Request { as_of }).await;
        outcome.map_err(|failure| CloudError::Function {
            function: "morning-digest",
            reason: failure.to_string(),
        })
    }

    /// Deletes the orders whose time has come by the machine's clock, as DynamoDB does by its own within days. Gives how
    /// many items went.
    ///
    /// No part of a night: a past night played again must not lose what was not yet to go then.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when the tables cannot be swept.
    pub async fn sweep_expired(&self) -> Result<usize, CloudError> {
        self.tables.sweep().await
    }

    /// The day's compaction of the lake, after every change was written to it.
    ///
    /// # Errors
    /// [`CloudError::Function`] when it fails.
    pub async fn compact(&self, as_of: Timestamp) -> Result<Compacted, CloudError> {
        self.deliver_streams().await?;
        let daily = order_history::CompactionTask::Daily { as_of };
        let compacted = order_history::compact(&self.order_history(), daily, &run_time()).await;
        compacted.map_err(|failure| CloudError::Function {
            function: "order-history",
            reason: failure.to_string(),
        })
    }

    /// Has the lake hold what the report of a month is made of, and say so.
    ///
    /// # Errors
    /// As [`Cloud::deliver_streams`] and [`certify_lake`].
    pub async fn complete_lake(&self, month: Month, as_of: Timestamp) -> Result<(), CloudError> {
        self.deliver_streams().await?;
        certify_lake(&self.order_history(), &self.data_dir, month, as_of).await
    }

    /// The report of a month as of an instant, after every change was written to the lake.
    ///
    /// # Errors
    /// [`CloudError::Function`] when it cannot be made.
    pub async fn report(
        &self,
        month: Option<Month>,
        as_of: Timestamp,
    ) -> Result<eligibility_report::Outcome, CloudError> {
        let month = month.unwrap_or_else(|| Month::of(as_of, self.policy.zone).minus(1));
        self.complete_lake(month, as_of).await?;
        let month = Some(month);
        let outcome = eligibility_report::handle(
            &self.eligibility_report(),
            eligibility_report::Request { as_of, month },
        )
        .await;
        outcome.map_err(|failure| CloudError::Function {
            function: "eligibility-report",
            reason: failure.to_string(),
        })
    }
}

/// Says that the lake holds what the report of a month is made of, once everything was delivered to it: here a stream keeps a
/// change until it is in the lake or set aside. Where one was set aside, the tables and the closes are gone through, as on AWS
/// before every report.
///
/// # Errors
/// [`CloudError::Function`] when the tables cannot be read or the lake not be written.
pub async fn certify_lake(
    history: &OrderHistory,
    data_dir: &Path,
    month: Month,
    as_of: Timestamp,
) -> Result<(), CloudError> {
    let failed = |reason: String| CloudError::Function {
        function: "order-history",
        reason,
    };
    if Cloud::lacks_changes(data_dir)? {
        let done = order_history::backfill_report(history, month, as_of).await;
        return done.map(drop).map_err(|error| failed(error.to_string()));
    }
    let lacks = Vec::new();
    let put = history
        .lake
        .put_watermark(&Watermark { month, as_of, lacks })
        .await;
    put.map_err(|error| failed(with_causes(&error)))
}

/// What a run of a function has in the cloud; a longer scan is several runs here too.
fn run_time() -> TimeLeft {
    TimeLeft::of(Duration::from_secs(900))
}

fn sum(outcomes: Vec<ScanOutcome>) -> ScanOutcome {
    outcomes
        .into_iter()
        .fold(ScanOutcome::default(), |mut total, outcome| {
            total.add(outcome);
            total
        })
}
