//! `stall-scan`: the nightly pass over every live order.
//!
//! A night reconciles; it does not chase timers. Every order is assessed under tonight's facts and policy, and the
//! ledger is brought to what the rules expect: silence (B3) is found here, and whatever else has changed since
//! heals here too. The pass reads the orders table once, in parallel segments, and writes only where the ledger
//! differs. Running it again, twice at once or late changes nothing.

use std::sync::Arc;

use domain::{PolicyBook, Timestamp};
use entrypoint::Failure;
use serde::Deserialize;
use store::{Cursor, OPEN_SHARDS, ScanOutcome, ScannedOrder, Store, StoreError, outstanding};

/// What the function works with.
#[derive(Clone, Debug)]
pub struct StallScan {
    /// The tables.
    pub store: Store,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
}

/// One segment of one night.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// The night's instant, from the schedule.
    pub as_of: Timestamp,
    /// The segment, from 0.
    #[serde(default)]
    pub segment: u32,
    /// How many segments the pass has.
    #[serde(default = "one")]
    pub segments: u32,
    /// Where an earlier run of this segment stopped.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

fn one() -> u32 {
    1
}

/// Scans one segment.
///
/// # Errors
/// [`Failure`] when the table cannot be read; what was posted by then stays, and a repeated run posts nothing twice.
pub async fn handle(scan: &StallScan, request: Request) -> Result<ScanOutcome, Failure> {
    let outcome = scan_segment(scan, &request).await.map_err(failure)?;
    tracing::info!(as_of = %request.as_of, segment = request.segment, examined = outcome.tally.examined, posted = outcome.tally.posted,
        reversed = outcome.tally.reversed, held = outcome.tally.held, failed = outcome.failed_count, superseded = outcome.superseded, "stall scan done");
    Ok(outcome)
}

async fn scan_segment(scan: &StallScan, request: &Request) -> Result<ScanOutcome, StoreError> {
    let mut outcome = ScanOutcome::default();
    if !scan.store.begin_scan(0..OPEN_SHARDS, request.as_of).await? {
        outcome.superseded = true;
        return Ok(outcome);
    }
    let mut cursor = request.cursor.clone();
    loop {
        let page = scan
            .store
            .scan_orders(request.segment, request.segments.max(1), cursor.as_ref())
            .await?;
        settle_page(scan, page.found, request.as_of, &mut outcome).await;
        cursor = page.cursor;
        if cursor.is_none() || outcome.superseded {
            return Ok(outcome);
        }
    }
}

async fn settle_page(
    scan: &StallScan,
    found: Vec<ScannedOrder>,
    as_of: Timestamp,
    outcome: &mut ScanOutcome,
) {
    let mut differing = Vec::new();
    for scanned in found {
        outcome.tally.examined += 1;
        match scanned {
            // The pass reads eventually consistent copies: an order that seems to differ is read again to be settled.
            Ok(stored) if outstanding(&stored.order, &scan.policy, as_of).is_empty() => {}
            Ok(stored) => differing.push(stored.order.order_id),
            Err((order_id, error)) => outcome.fail(&order_id, &error),
        }
    }
    scan.store
        .settle_all(differing, &scan.policy, as_of, outcome)
        .await;
}

fn failure(error: StoreError) -> Failure {
    let retryable = error.is_retryable();
    Failure::of(error, retryable)
}
