//! `stall-scan`: the nightly pass over every live order.
//!
//! A night reconciles; it does not chase timers. Every order is assessed under tonight's facts and policy, and the
//! ledger is brought to what the rules expect: silence (B3) is found here, and whatever else has changed since
//! heals here too. The pass reads the orders table once, in parallel segments, and writes only where the ledger
//! differs. Running it again, twice at once or late changes nothing.

use std::sync::Arc;

use domain::{PolicyBook, Timestamp};
use entrypoint::{Failure, TimeLeft};
use serde::Deserialize;
use store::{
    Cursor, OPEN_SHARDS, ORDERS_AT_A_TIME, SETTLING_TIME_MAX, ScanOutcome, ScanPage, ScannedOrder, Store,
    StoreError, check_segment, outstanding,
};

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

/// Scans one segment, as far as the time goes: an outcome with a cursor asks for another run from there on.
///
/// Looks at [`ORDERS_AT_A_TIME`] orders, finishes what it began with them, and asks whether there is time for as many
/// again; the first are always looked at, so that a row of runs comes to its end however little time each has.
///
/// # Errors
/// [`Failure`] when there is no such segment or the table cannot be read; what was posted by then stays, and a repeated
/// run posts nothing twice.
pub async fn handle(scan: &StallScan, request: Request, time: TimeLeft) -> Result<ScanOutcome, Failure> {
    let outcome = scan_segment(scan, &request, &time).await.map_err(failure)?;
    tracing::info!(as_of = %request.as_of, segment = request.segment, examined = outcome.tally.examined, posted = outcome.tally.posted,
        reversed = outcome.tally.reversed, held = outcome.tally.held, failed = outcome.failed_count, superseded = outcome.superseded,
        done = outcome.cursor.is_none(), "stall scan run");
    Ok(outcome)
}

/// Scans one segment to its end, in as many runs as it takes: what the night's state machine does in the cloud. Each run
/// has the time that `time` gives it.
///
/// # Errors
/// [`Failure`] of the run that failed.
pub async fn handle_all(
    scan: &StallScan,
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

async fn scan_segment(
    scan: &StallScan,
    request: &Request,
    time: &TimeLeft,
) -> Result<ScanOutcome, StoreError> {
    let (segment, segments) = (request.segment, request.segments);
    let mut cursor = request.cursor.clone();
    check_segment(segment, segments, cursor.as_ref())?;
    let mut outcome = ScanOutcome::default();
    if !scan.store.begin_scan(0..OPEN_SHARDS, request.as_of).await? {
        outcome.superseded = true;
        return Ok(outcome);
    }
    loop {
        let page = scan.store.scan_orders(segment, segments, cursor.as_ref()).await?;
        cursor = settle_page(scan, page, request.as_of, time, &mut outcome).await;
        if cursor.is_none() || outcome.superseded {
            return Ok(outcome);
        }
        if !time.is_enough_for(SETTLING_TIME_MAX) {
            outcome.cursor = cursor;
            return Ok(outcome);
        }
    }
}

/// Settles a page's orders as far as the time goes; gives where to go on, `None` at the segment's end.
async fn settle_page(
    scan: &StallScan,
    page: ScanPage<ScannedOrder>,
    as_of: Timestamp,
    time: &TimeLeft,
    outcome: &mut ScanOutcome,
) -> Option<Cursor> {
    let mut found = page.found.into_iter().peekable();
    while found.peek().is_some() {
        let orders: Vec<ScannedOrder> = found.by_ref().take(ORDERS_AT_A_TIME).collect();
        let last = orders.last().map(Cursor::after);
        settle_orders(scan, orders, as_of, outcome).await;
        let goes_on = !outcome.superseded && time.is_enough_for(SETTLING_TIME_MAX);
        if found.peek().is_some() && !goes_on {
            return last;
        }
    }
    page.cursor
}

async fn settle_orders(
    scan: &StallScan,
    orders: Vec<ScannedOrder>,
    as_of: Timestamp,
    outcome: &mut ScanOutcome,
) {
    let mut differing = Vec::new();
    for scanned in orders {
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
