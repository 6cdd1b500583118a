//! `signoff-scan`: the nightly query of orders whose sign-off deadline (B4) has passed.
//!
//! The deadline is fixed by the payment, so the sparse index `open_by_payment` gives exactly the orders that are due:
//! a signed order has left it, a younger one lies beyond the range. Each order visited is settled whole.

use std::sync::Arc;

use domain::time::not_beyond;
use domain::{PolicyBook, Timestamp};
use entrypoint::{Dated, Failure, Metric, TimeLeft};
use serde::Deserialize;
use store::{
    Cursor, OPEN_SHARDS, ORDERS_AT_A_TIME, OpenOrder, SETTLING_TIME_MAX, ScanOutcome, ScanRun, Store,
    StoreError, ToSettle, check_shard,
};

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

impl Dated for Request {
    fn check_clock(&self, clock_unix: i64) -> Result<(), Failure> {
        let come = not_beyond(self.as_of, Timestamp::from_unix(clock_unix));
        come.map(|_| ()).map_err(|beyond| Failure::of(beyond, false))
    }
}

/// Scans one shard, or all of them one after the other, as far as the time goes: an outcome with a cursor asks for
/// another run from there on.
///
/// Settles [`ORDERS_AT_A_TIME`] orders and asks whether there is time for as many again; the first are always settled,
/// so that a row of runs comes to its end however little time each has.
///
/// # Errors
/// [`Failure`] when there is no such shard or the index cannot be read; what was posted by then stays, and a repeated
/// run posts nothing twice.
pub async fn handle(scan: &SignoffScan, request: Request, time: TimeLeft) -> Result<ScanOutcome, Failure> {
    let outcome = scan_shards(scan, &request, &time).await.map_err(failure)?;
    tracing::info!(as_of = %request.as_of, examined = outcome.tally.examined, posted = outcome.tally.posted, held = outcome.tally.held,
        voided = outcome.tally.voided, rated_anew = outcome.rated_anew, failed = outcome.failed_count,
        superseded = outcome.superseded, done = outcome.cursor.is_none(), "sign-off scan run");
    Ok(outcome)
}

/// Scans to the end, in as many runs as it takes: what the night's state machine does in the cloud. Each run has the
/// time that `time` gives it.
///
/// # Errors
/// [`Failure`] of the run that failed.
pub async fn handle_all(
    scan: &SignoffScan,
    mut request: Request,
    time: impl Fn() -> TimeLeft,
) -> Result<ScanOutcome, Failure> {
    let mut total = ScanOutcome::default();
    loop {
        let outcome = handle(scan, request.clone(), time()).await?;
        request.cursor.clone_from(&outcome.cursor);
        total.add(outcome);
        if request.cursor.is_none() {
            return Ok(total);
        }
    }
}

/// What the alarms hear of a run.
pub fn metrics(outcome: &ScanOutcome) -> Vec<Metric> {
    vec![Metric::count("OrdersFailed", outcome.failed_count)]
}

async fn scan_shards(
    scan: &SignoffScan,
    request: &Request,
    time: &TimeLeft,
) -> Result<ScanOutcome, StoreError> {
    let mut cursor = request.cursor.clone();
    let first = check_shard(request.shard, cursor.as_ref())?;
    let last = request.shard.unwrap_or(OPEN_SHARDS - 1);
    let mut outcome = ScanOutcome::default();
    if !scan.store.begin_scan(request.as_of).await? {
        outcome.superseded = true;
        return Ok(outcome);
    }
    let began = cursor.as_ref().map_or("", Cursor::item);
    let name = format!("signoffs.{first}.{last}.{began}");
    let run = ScanRun::new(&scan.policy, request.as_of, name);
    for shard in first..=last {
        scan_shard(scan, shard, cursor.take(), &run, time, &mut outcome).await?;
        if outcome.superseded || outcome.cursor.is_some() {
            break;
        }
    }
    Ok(outcome)
}

async fn scan_shard(
    scan: &SignoffScan,
    shard: u32,
    mut cursor: Option<Cursor>,
    run: &ScanRun<'_>,
    time: &TimeLeft,
    outcome: &mut ScanOutcome,
) -> Result<(), StoreError> {
    // Strictly more than the limit: an order paid exactly that long ago is still in time.
    let paid_before = run.as_of.minus(scan.policy.sign_off_max_shortest());
    loop {
        let page = scan
            .store
            .open_orders(shard, paid_before, cursor.as_ref())
            .await?;
        for orders in page.found.chunks(ORDERS_AT_A_TIME) {
            settle_orders(scan, orders, run, outcome).await;
            if outcome.superseded {
                return Ok(());
            }
            if !time.is_enough_for(SETTLING_TIME_MAX) {
                // The last orders of a shard are followed by the next shard: its run finds nothing here and goes on.
                outcome.cursor = orders.last().map(Cursor::after_open);
                return Ok(());
            }
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

async fn settle_orders(
    scan: &SignoffScan,
    orders: &[OpenOrder],
    run: &ScanRun<'_>,
    outcome: &mut ScanOutcome,
) {
    let mut due = Vec::with_capacity(orders.len());
    for order in orders {
        outcome.tally.examined += 1;
        match order.number() {
            Ok(order_id) => due.push(ToSettle::Named(order_id)),
            Err(error) => outcome.fail(&order.order_id, &error),
        }
    }
    scan.store.settle_all(due, run, outcome).await;
}

fn failure(error: StoreError) -> Failure {
    let retryable = error.is_retryable();
    Failure::of(error, retryable)
}
