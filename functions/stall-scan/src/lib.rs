//! `stall-scan`: the nightly pass over every live order.
//!
//! A night reconciles; it does not chase timers. Every order is assessed under tonight's facts and policy, and the
//! ledger is brought to what the rules expect: silence (B3) is found here, and whatever else has changed since
//! heals here too. The pass reads the orders table once, in parallel segments, and writes only where the ledger
//! differs. Running it again, twice at once or late changes nothing.
//!
//! Since it sees every live order, what is near rides along, and what a shadow policy would charge: each run keeps in the
//! bucket what it saw for the morning's digest.

use std::sync::Arc;

use digest::{Part, ShadowPolicy, Watch};
use domain::order::OrderAsOf;
use domain::time::not_beyond;
use domain::{PolicyBook, Timestamp};
use entrypoint::{Dated, Failure, Metric, TimeLeft};
use lake::{Lake, LakeError, Stretch};
use serde::Deserialize;
use store::{
    Cursor, ORDERS_AT_A_TIME, SETTLING_TIME_MAX, ScanOutcome, ScanPage, ScanRun, ScannedOrder, Store,
    StoreError, StoredOrder, ToSettle, check_segment, outstanding,
};

/// What the function works with.
#[derive(Clone, Debug)]
pub struct StallScan {
    /// The tables.
    pub store: Store,
    /// The bucket, for what rides along.
    pub lake: Lake,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
    /// A policy that every order is assessed under too, and of which nothing is posted.
    pub shadow: Option<Arc<ShadowPolicy>>,
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

impl Dated for Request {
    fn check_clock(&self, clock_unix: i64) -> Result<(), Failure> {
        let come = not_beyond(self.as_of, Timestamp::from_unix(clock_unix));
        come.map(|_| ()).map_err(|beyond| Failure::of(beyond, false))
    }
}

fn one() -> u32 {
    1
}

/// Scans one segment, as far as the time goes: an outcome with a cursor asks for another run from there on.
///
/// Looks at a page's orders until [`ORDERS_AT_A_TIME`] of them ask for a write, finishes those, and asks whether there is
/// time for as many again; the first are always looked at, so that a row of runs comes to its end however little time each has.
///
/// # Errors
/// [`Failure`] when there is no such segment, the table cannot be read or the bucket refuses what rode along; what was
/// posted by then stays, and a repeated run posts nothing twice.
pub async fn handle(scan: &StallScan, request: Request, time: TimeLeft) -> Result<ScanOutcome, Failure> {
    let (outcome, watch) = scan_segment(scan, &request, &time).await.map_err(failure)?;
    if !outcome.superseded {
        keep(scan, &request, &outcome, watch).await?;
    }
    tracing::info!(as_of = %request.as_of, segment = request.segment, examined = outcome.tally.examined, posted = outcome.tally.posted,
        reversed = outcome.tally.reversed, held = outcome.tally.held, failed = outcome.failed_count, superseded = outcome.superseded,
        departing = outcome.departing, rated_anew = outcome.rated_anew, done = outcome.cursor.is_none(), "stall scan run");
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

/// What the alarms hear of a run.
pub fn metrics(outcome: &ScanOutcome) -> Vec<Metric> {
    vec![Metric::count("OrdersFailed", outcome.failed_count)]
}

/// The shadow policy at a key of the bucket, whose text has the SHA-256 that is named with it; none without a key.
///
/// # Errors
/// [`LakeError`] when it cannot be read, is another text or is not sound: a policy that was named is not left out silently.
pub async fn shadow(
    lake: &Lake,
    named: Option<(&str, &str)>,
) -> Result<Option<Arc<ShadowPolicy>>, LakeError> {
    let Some((key, sha256)) = named else {
        return Ok(None);
    };
    let parse = |text: &str| ShadowPolicy::parse(key, text);
    Ok(Some(Arc::new(lake.parsed(key, sha256, parse).await?)))
}

async fn scan_segment(
    scan: &StallScan,
    request: &Request,
    time: &TimeLeft,
) -> Result<(ScanOutcome, Watch), StoreError> {
    let (segment, segments) = (request.segment, request.segments);
    let mut cursor = request.cursor.clone();
    check_segment(segment, segments, cursor.as_ref())?;
    let mut outcome = ScanOutcome::default();
    let mut watch = match &scan.shadow {
        Some(shadow) => Watch::beside(request.as_of, &scan.policy, shadow),
        None => Watch::new(request.as_of, &scan.policy),
    };
    if !scan.store.begin_scan(request.as_of).await? {
        outcome.superseded = true;
        return Ok((outcome, watch));
    }
    let began = cursor.as_ref().map_or("", Cursor::item);
    let name = format!("stalls.{segments}.{segment}.{began}");
    let run = ScanRun::new(&scan.policy, request.as_of, name);
    loop {
        let page = scan.store.scan_orders(segment, segments, cursor.as_ref()).await?;
        cursor = settle_page(scan, page, &run, &mut watch, time, &mut outcome).await?;
        if cursor.is_none() || outcome.superseded {
            return Ok((outcome, watch));
        }
        if !time.is_enough_for(SETTLING_TIME_MAX) {
            outcome.cursor = cursor;
            return Ok((outcome, watch));
        }
    }
}

/// Settles a page's orders as far as the time goes; gives where to go on, `None` at the segment's end.
async fn settle_page(
    scan: &StallScan,
    page: ScanPage<ScannedOrder>,
    run: &ScanRun<'_>,
    watch: &mut Watch,
    time: &TimeLeft,
    outcome: &mut ScanOutcome,
) -> Result<Option<Cursor>, StoreError> {
    let mut found = page.found.into_iter().peekable();
    while found.peek().is_some() {
        let (mut to_write, mut last) = (ToWrite::default(), None);
        // Whatever asks for no write is only looked at: one stop for what is due of a page, not one for each stretch of it.
        while to_write.len() < ORDERS_AT_A_TIME
            && let Some(scanned) = found.next()
        {
            last = Some(Cursor::after(&scanned));
            look_at(scan, scanned, run, watch, &mut to_write, outcome).await?;
        }
        // Apart from the look at each order: what a write may take would be moved along with every one of them.
        Box::pin(write(scan, to_write, run, outcome)).await;
        let goes_on = !outcome.superseded && time.is_enough_for(SETTLING_TIME_MAX);
        if found.peek().is_some() && !goes_on {
            return Ok(last);
        }
    }
    Ok(page.cursor)
}

/// The orders of a page that ask for a write.
#[derive(Default)]
struct ToWrite {
    /// Their ledger lacks something, or they were written with other rates than those known now.
    differing: Vec<ToSettle>,
    /// They are settled for good and may leave.
    resting: Vec<StoredOrder>,
}

impl ToWrite {
    fn len(&self) -> usize {
        self.differing.len() + self.resting.len()
    }
}

/// Looks at an order as it shall be: by the rates that are known now. Fails where these cannot be reached, which would fail for
/// every other order as well.
async fn look_at(
    scan: &StallScan,
    scanned: ScannedOrder,
    run: &ScanRun<'_>,
    watch: &mut Watch,
    to_write: &mut ToWrite,
    outcome: &mut ScanOutcome,
) -> Result<(), StoreError> {
    outcome.tally.examined += 1;
    let stored = match scanned {
        Ok(stored) => stored,
        Err((order_id, error)) => {
            outcome.fail(&order_id, &error);
            return Ok(());
        }
    };
    let rated = match run.rated_anew(&stored.order, &scan.store).await {
        Ok(rated) => rated,
        Err(error) if error.is_retryable() => return Err(error),
        Err(error) => {
            outcome.fail(stored.order.order_id.as_str(), &error);
            return Ok(());
        }
    };
    let order = rated.as_ref().unwrap_or(&stored.order);
    let seen = order.as_of(run.as_of, run.book.in_force_at(order.paid_at));
    if let Some(seen) = &seen {
        see(scan, seen, watch);
    }
    if rated.is_some() || !outstanding(order, seen.as_ref(), run.book, run.as_of).is_empty() {
        to_write.differing.push(ToSettle::Read(Box::new(stored)));
    } else if stored.may_rest(run.book) {
        to_write.resting.push(stored);
    }
    Ok(())
}

async fn write(scan: &StallScan, to_write: ToWrite, run: &ScanRun<'_>, outcome: &mut ScanOutcome) {
    scan.store.settle_all(to_write.differing, run, outcome).await;
    if !outcome.superseded {
        let expires_at = run.as_of.plus(run.book.retention);
        scan.store.let_all_go(to_write.resting, expires_at, outcome).await;
    }
}

/// Lets what rides along see an order.
fn see(scan: &StallScan, seen: &OrderAsOf<'_>, watch: &mut Watch) {
    let policy = scan.policy.in_force_at(seen.order.paid_at);
    watch.seen(seen, policy, &scan.policy);
    if let Some(shadow) = &scan.shadow {
        watch.compare(seen, policy, shadow);
    }
}

/// Keeps what the run saw: by its night, its segment and where it began, so that the same run again takes its own place.
async fn keep(
    scan: &StallScan,
    request: &Request,
    outcome: &ScanOutcome,
    watch: Watch,
) -> Result<(), Failure> {
    let stretch = Stretch {
        segments: request.segments,
        segment: request.segment,
        after: request.cursor.as_ref().map(|cursor| cursor.item().to_owned()),
    };
    let part = Part {
        until: outcome.cursor.as_ref().map(|cursor| cursor.item().to_owned()),
        watch,
    };
    let part = serde_json::to_vec(&part).map_err(|source| Failure::of(source, false))?;
    let kept = scan.lake.put_watched(request.as_of, &stretch, part).await;
    kept.map_err(|source: LakeError| {
        let retryable = source.is_retryable();
        Failure::of(source, retryable)
    })
}

fn failure(error: StoreError) -> Failure {
    let retryable = error.is_retryable();
    Failure::of(error, retryable)
}
