//! `signoff-scan`: the nightly query of orders whose sign-off deadline (B4) has passed.
//!
//! The deadline is fixed by the payment, so the sparse index `open_by_payment` gives exactly the orders that are due:
//! a signed order has left it, a younger one lies beyond the range. Each order visited is settled whole.

use std::sync::Arc;

use domain::{PolicyBook, Timestamp};
use entrypoint::Failure;
use serde::Deserialize;
use store::{Cursor, OPEN_SHARDS, ScanOutcome, Store, StoreError};

/// What the function works with.
#[derive(Clone, Debug)]
pub struct SignoffScan {
    /// The tables.
    pub store: Store,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
}

/// One shard, or all, of one night.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// The night's instant, from the schedule.
    pub as_of: Timestamp,
    /// The shard; all of them when absent.
    #[serde(default)]
    pub shard: Option<u32>,
    /// Where an earlier run of this shard stopped.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

/// Scans one shard, or all of them one after the other.
///
/// # Errors
/// [`Failure`] when the index cannot be read; what was posted by then stays, and a repeated run posts nothing twice.
pub async fn handle(scan: &SignoffScan, request: Request) -> Result<ScanOutcome, Failure> {
    let outcome = scan_shards(scan, request.clone()).await.map_err(failure)?;
    tracing::info!(as_of = %request.as_of, examined = outcome.tally.examined, posted = outcome.tally.posted, held = outcome.tally.held,
        voided = outcome.tally.voided, failed = outcome.failed_count, superseded = outcome.superseded, "sign-off scan done");
    Ok(outcome)
}

async fn scan_shards(scan: &SignoffScan, request: Request) -> Result<ScanOutcome, StoreError> {
    let mut outcome = ScanOutcome::default();
    let shards = request.shard.map_or(0..OPEN_SHARDS, |shard| shard..shard + 1);
    if !scan.store.begin_scan(shards.clone(), request.as_of).await? {
        outcome.superseded = true;
        return Ok(outcome);
    }
    let mut cursor = request.cursor;
    for shard in shards {
        scan_shard(scan, shard, request.as_of, cursor.take(), &mut outcome).await?;
        if outcome.superseded {
            break;
        }
    }
    Ok(outcome)
}

async fn scan_shard(
    scan: &SignoffScan,
    shard: u32,
    as_of: Timestamp,
    mut cursor: Option<Cursor>,
    outcome: &mut ScanOutcome,
) -> Result<(), StoreError> {
    // Strictly more than the limit: an order paid exactly that long ago is still in time.
    let paid_before = as_of.minus(scan.policy.sign_off_max_shortest());
    loop {
        let page = scan
            .store
            .open_orders(shard, paid_before, cursor.as_ref())
            .await?;
        outcome.tally.examined += page.found.len() as u64;
        scan.store
            .settle_all(page.found, &scan.policy, as_of, outcome)
            .await;
        cursor = page.cursor;
        if cursor.is_none() || outcome.superseded {
            return Ok(());
        }
    }
}

fn failure(error: StoreError) -> Failure {
    let retryable = error.is_retryable();
    Failure::of(error, retryable)
}
