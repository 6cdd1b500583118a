//! `night-close`: makes the ledger of a night tamper-evident, once its scans are done.
//!
//! It ends the night, so that nothing can be posted as of it any more, writes the night's entries with their sums into
//! the bucket, and chains them to the close before. Everything it writes is made from what can no longer change, so it
//! may run twice, at once or be killed anywhere: whoever runs it again writes the same bytes, and the chain moves on by
//! one conditional transaction. A night that was never closed is closed by the next one's close, before it. A night of more
//! entries than a run has time for is read on where the run before was cut off.
//!
//! [`withdrawal`] takes back what was posted as of a wrong instant, by a void close.

pub mod withdrawal;

use std::sync::Arc;

use domain::close::ClosedNight;
use domain::time::not_beyond;
use domain::{PolicyBook, Timestamp};
use entrypoint::{Dated, Failure, Metric};
use lake::{CloseFiles, Lake, LakeError, NightFile, NightParts};
use serde::{Deserialize, Serialize};
use store::{Commit, Night, Store, StoreError};

/// Entries after which a part of a night is put down: some 22 MB, of which a run that is cut off loses one.
const PART_ENTRIES: usize = 50_000;

/// The parts of a night that a run puts down on the way, for the runs after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Whose they are: parts of another execution are not read, for the tables may have been restored to a state before it.
    pub execution: String,
    /// Entries after which one is put down.
    pub entries: usize,
}

impl Parts {
    /// None: a run that has all the time that it takes.
    pub fn none() -> Self {
        Self {
            execution: "none".to_owned(),
            entries: usize::MAX,
        }
    }
}

/// What the function works with.
#[derive(Clone, Debug)]
pub struct NightClose {
    /// The tables.
    pub store: Store,
    /// The bucket.
    pub lake: Lake,
    /// The platform zone.
    pub policy: Arc<PolicyBook>,
    /// What it puts down on the way.
    pub parts: Parts,
}

/// One night.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Request {
    /// The night's instant: the one that its scans had.
    pub as_of: Timestamp,
}

impl Dated for Request {
    fn check_clock(&self, clock_unix: i64) -> Result<(), Failure> {
        let come = not_beyond(self.as_of, Timestamp::from_unix(clock_unix));
        come.map(|_| ()).map_err(|beyond| Failure::of(beyond, false))
    }
}

/// What Lambda is invoked with.
#[derive(Clone, Debug, Deserialize)]
pub struct Invocation {
    /// The night.
    #[serde(flatten)]
    pub request: Request,
    /// The execution of the state machine: its further attempts go on behind the parts of those that were cut off.
    #[serde(default)]
    pub execution: Option<String>,
}

impl Dated for Invocation {
    fn check_clock(&self, clock_unix: i64) -> Result<(), Failure> {
        self.request.check_clock(clock_unix)
    }
}

/// How a close ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The night is closed.
    Closed,
    /// It was closed before; that close stands.
    Stood,
    /// A later night is closed, and this one was not: no scan as of it had begun by then, and none can any more.
    Superseded,
    /// No scan as of this instant has begun, so there is no night to close. Nothing was changed.
    NotScanned,
    /// The night was withdrawn and not scanned since. Nothing was changed.
    Withdrawn,
}

/// What a close came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The night.
    pub as_of: Timestamp,
    /// How it ended.
    pub status: Status,
    /// The night's close, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<ClosedNight>,
    /// Earlier nights that were closed first: their own close had been missed.
    pub caught_up: u64,
}

/// Why a night could not be closed.
#[derive(Debug, thiserror::Error)]
enum CloseError {
    #[error("failed to close the night {as_of}")]
    Store {
        as_of: Timestamp,
        #[source]
        source: StoreError,
    },
    #[error("failed to write the close of {as_of}")]
    Lake {
        as_of: Timestamp,
        #[source]
        source: LakeError,
    },
    #[error("failed to make room for the entries of {as_of}")]
    Room {
        as_of: Timestamp,
        #[source]
        source: std::io::Error,
    },
}

/// Closes one night as an attempt of an execution.
///
/// # Errors
/// As [`handle`].
pub async fn invoke(function: &NightClose, invocation: Invocation) -> Result<Outcome, Failure> {
    let parts = invocation.execution.map_or_else(Parts::none, |execution| Parts {
        execution,
        entries: PART_ENTRIES,
    });
    let function = NightClose {
        parts,
        ..function.clone()
    };
    handle(&function, invocation.request).await
}

/// Closes one night, and before it every earlier night that was not closed.
///
/// # Errors
/// [`Failure`] when the tables or the bucket refuse; a repeated run goes on where it stopped.
pub async fn handle(function: &NightClose, request: Request) -> Result<Outcome, Failure> {
    let outcome = close(function, request.as_of).await.map_err(failure)?;
    let entries = outcome.close.as_ref().map_or(0, |close| close.entries);
    tracing::info!(as_of = %outcome.as_of, status = ?outcome.status, entries, caught_up = outcome.caught_up, "night closed");
    Ok(outcome)
}

/// What the alarms hear of a close: that the night is closed, and what it moved when it was closed just now.
pub fn metrics(outcome: &Outcome) -> Vec<Metric> {
    let closed = matches!(outcome.status, Status::Closed | Status::Stood);
    let mut metrics = vec![Metric::count("NightsClosed", closed.into())];
    if let (Status::Closed, Some(close)) = (outcome.status, &outcome.close) {
        metrics.push(Metric::count("NightEntries", close.entries));
        metrics.push(Metric::amount("NightBalanceCents", close.balance_moved.0));
    }
    metrics
}

async fn close(function: &NightClose, as_of: Timestamp) -> Result<Outcome, CloseError> {
    let failed = |source| CloseError::Store { as_of, source };
    let store = &function.store;
    let mut closed = 0;
    loop {
        let mut newest = store.newest_close().await.map_err(failed)?;
        let night = store.night(as_of).await.map_err(failed)?;
        if newest.as_ref().is_some_and(|newest| is_behind(newest, as_of))
            || night.as_ref().is_some_and(|night| !night.is_open())
        {
            return Ok(stands(as_of, night, closed));
        }
        // From here on neither the nights up to this one nor their entries can change: every closer, however late,
        // sees the same next night and makes the same files of it.
        if !store.end_night(as_of).await.map_err(failed)? {
            return Ok(Outcome {
                as_of,
                status: Status::NotScanned,
                close: None,
                caught_up: 0,
            });
        }
        let from = newest.as_ref().map(|newest| newest.as_of);
        let nights = store.nights(from, as_of).await.map_err(failed)?;
        for night in nights.into_iter().filter(Night::is_open) {
            newest = close_next(function, &night, newest.as_ref()).await?;
            if newest.is_none() {
                // Another closer was here first: look what stands.
                break;
            }
            closed += 1;
        }
    }
}

/// Whether a night as of an instant is too late for the chain: it goes on from its newest close, a void close from the
/// instant to which it went back.
fn is_behind(newest: &ClosedNight, as_of: Timestamp) -> bool {
    match newest.withdrawal {
        None => newest.as_of >= as_of,
        Some(_) => newest.as_of > as_of,
    }
}

/// What stands of a night that is not to be closed any more; `closed` counts what this run closed.
fn stands(as_of: Timestamp, night: Option<Night>, closed: u64) -> Outcome {
    let withdrawn = night.as_ref().is_some_and(|night| night.withdrawn.is_some());
    let close = night.and_then(|night| night.closed).filter(|_| !withdrawn);
    let status = match (&close, closed) {
        _ if withdrawn => Status::Withdrawn,
        (None, _) => Status::Superseded,
        (Some(_), 0) => Status::Stood,
        (Some(_), _) => Status::Closed,
    };
    Outcome {
        as_of,
        status,
        close,
        caught_up: closed.saturating_sub(1),
    }
}

/// Writes one night's close after `newest`, and moves the chain on; `None` when another closer has moved it.
async fn close_next(
    function: &NightClose,
    night: &Night,
    newest: Option<&ClosedNight>,
) -> Result<Option<ClosedNight>, CloseError> {
    let as_of = night.as_of;
    let failed = |source| CloseError::Store { as_of, source };
    let unwritten = |source| CloseError::Lake { as_of, source };
    let file = tempfile::NamedTempFile::new().map_err(|source| CloseError::Room { as_of, source })?;
    let mut entries = NightFile::create(file.path()).map_err(unwritten)?;
    let Parts {
        execution,
        entries: each,
    } = &function.parts;
    let mut parts = NightParts::of(&function.lake, (as_of, night.reruns), execution, *each);
    let read = parts.take_up(&mut entries).await.map_err(unwritten)?;
    let mut posted = function.store.night_entries_after(as_of, read.as_ref());
    while let Some(entry) = posted.next().await.map_err(failed)? {
        parts.add(&mut entries, &entry).await.map_err(unwritten)?;
    }
    let date = as_of.date_in(function.policy.zone);
    let close = entries.close(as_of, date, newest).map_err(unwritten)?;
    let files = CloseFiles::of(&close).map_err(unwritten)?;
    let remembered = close.remembered(files.sha256.clone());
    // Still the newest, so the night and its entries were read as they follow it: files that follow an older close would
    // replace the right ones.
    if function.store.newest_close().await.map_err(failed)?.as_ref() != newest {
        return Ok(None);
    }
    function
        .lake
        .put_close(&close, files, &entries, night.reruns > 0)
        .await
        .map_err(unwritten)?;
    // Only now that its files stand: who loses finds the winner's close, made of the same bytes.
    let committed = function.store.commit_close(newest, night, &remembered).await;
    Ok((committed.map_err(failed)? == Commit::Done).then_some(remembered))
}

fn failure(error: CloseError) -> Failure {
    let retryable = match &error {
        CloseError::Store { source, .. } => source.is_retryable(),
        CloseError::Lake { source, .. } => source.is_retryable(),
        CloseError::Room { .. } => true,
    };
    Failure::of(error, retryable)
}
