//! What the schedules start.

use std::time::Duration;

use domain::{Month, Timestamp};
use entrypoint::TimeLeft;
use futures::future::try_join_all;
use lake::Compacted;
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

    /// The report of a month as of an instant, after every change was written to the lake.
    ///
    /// # Errors
    /// [`CloudError::Function`] when it cannot be made.
    pub async fn report(
        &self,
        month: Option<Month>,
        as_of: Timestamp,
    ) -> Result<eligibility_report::Outcome, CloudError> {
        self.deliver_streams().await?;
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
