//! `morning-digest`: what a clerk finds in the morning, from the parts of the night's pass and the night's entries.
//!
//! A pure function of both and the policy: the same night gives the same bytes, however often it is asked for. It says which
//! parts of the pass are missing rather than to show less.

mod overdue;
mod parts;
mod withdrawal;

use std::sync::Arc;

use chrono::NaiveDate;
use digest::{Digest, Fines, XlsxFailed};
use domain::time::not_beyond;
use domain::{Cents, Month, PolicyBook, Timestamp};
use entrypoint::{Dated, Failure, Metric};
use lake::{Lake, LakeError, ReportFile};
use parts::PartsError;
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};

pub use withdrawal::{Restored, withdraw};

/// The file by which a day's digest is known to be there: the last one written.
const LAST_FILE: &str = "digest.json";
/// A day's files, in the order in which they are written.
const FILES: [&str; 3] = ["digest.xlsx", "digest.html", LAST_FILE];

/// What the function works with.
#[derive(Clone, Debug)]
pub struct MorningDigest {
    /// The tables.
    pub store: Store,
    /// The bucket.
    pub lake: Lake,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
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

/// What the digest came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The night.
    pub as_of: Timestamp,
    /// The day on which it is read.
    pub date: NaiveDate,
    /// A later night of the same day has its digest there; this one wrote nothing.
    pub superseded: bool,
    /// Entries that the night posted.
    pub entries: u64,
    /// What the balance moved by, in USD.
    pub balance: Cents,
    /// Deadlines listed on the board, also those cut for want of room.
    pub listed: u64,
    /// The money at risk at them, in USD.
    pub at_risk: Cents,
    /// Stretches of the pass that are missing.
    pub missing: u64,
    /// Months whose reports are not there, or not final, a day after their date.
    pub overdue: Vec<Month>,
    /// The objects written.
    pub keys: Vec<String>,
}

/// Why a digest could not be written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("failed to gather the night {0}")]
    Parts(Timestamp, #[source] PartsError),
    #[error("failed to read the entries of {0}")]
    Entries(Timestamp, #[source] StoreError),
    #[error("failed to make the digest of {0}")]
    Json(Timestamp, #[source] serde_json::Error),
    #[error("failed to make the digest of {0}")]
    Xlsx(Timestamp, #[source] XlsxFailed),
    #[error("the bucket refused the digest of {0}")]
    Lake(Timestamp, #[source] LakeError),
    #[error("the bucket did not say which reports are there as of {0}")]
    Overdue(Timestamp, #[source] LakeError),
}

/// Writes one morning's digest.
///
/// # Errors
/// [`Failure`] when the tables or the bucket refuse; a repeated run writes the same bytes.
pub async fn handle(function: &MorningDigest, request: Request) -> Result<Outcome, Failure> {
    let outcome = write(function, request.as_of).await.map_err(failure)?;
    tracing::info!(as_of = %outcome.as_of, entries = outcome.entries, listed = outcome.listed, missing = outcome.missing,
        superseded = outcome.superseded, "morning digest written");
    for month in &outcome.overdue {
        tracing::warn!(%month, "a report is overdue");
    }
    Ok(outcome)
}

/// What the alarms hear of a digest.
pub fn metrics(outcome: &Outcome) -> Vec<Metric> {
    vec![
        Metric::count("StretchesMissing", outcome.missing),
        Metric::count("ReportsOverdue", outcome.overdue.len() as u64),
        Metric::amount("AtRiskCents", outcome.at_risk.0),
    ]
}

/// Makes one morning's digest without writing it.
///
/// # Errors
/// [`Failure`] as [`handle`].
pub async fn make(function: &MorningDigest, as_of: Timestamp) -> Result<Digest, Failure> {
    gather(function, as_of).await.map_err(failure)
}

async fn gather(function: &MorningDigest, as_of: Timestamp) -> Result<Digest, Error> {
    let book = &function.policy;
    let (watch, missing) = parts::gathered(&function.lake, as_of, book)
        .await
        .map_err(|source| Error::Parts(as_of, source))?;
    let mut fines = Fines::new(book.board.rows_max);
    let mut entries = function.store.night_entries(as_of);
    while let Some(entry) = entries
        .next()
        .await
        .map_err(|source| Error::Entries(as_of, source))?
    {
        fines.add(entry);
    }
    Ok(Digest::new(watch, missing, fines, book))
}

async fn write(function: &MorningDigest, as_of: Timestamp) -> Result<Outcome, Error> {
    let digest = gather(function, as_of).await?;
    let listed = digest.board.all().listed;
    let mut outcome = Outcome {
        as_of,
        date: digest.date,
        superseded: is_superseded(&function.lake, digest.date, as_of).await?,
        entries: digest.fines.count(),
        balance: digest.fines.balance,
        listed: listed.count,
        at_risk: listed.at_risk,
        missing: digest.missing.len() as u64,
        overdue: Vec::new(),
        keys: Vec::new(),
    };
    if !outcome.superseded {
        let files = files(&digest, &function.policy)?;
        let keys = function.lake.put_digest(digest.date, files).await;
        outcome.keys = keys.map_err(|source| Error::Lake(as_of, source))?;
    }
    // Last, so that the digest is there whatever becomes of this.
    let overdue = overdue::overdue(function, as_of).await;
    outcome.overdue = overdue.map_err(|source| Error::Overdue(as_of, source))?;
    Ok(outcome)
}

fn files(digest: &Digest, book: &PolicyBook) -> Result<Vec<ReportFile>, Error> {
    let as_of = digest.as_of;
    let [workbook, page, last] = FILES;
    Ok(vec![
        ReportFile {
            name: workbook,
            content_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            bytes: digest::xlsx(digest, book).map_err(|source| Error::Xlsx(as_of, source))?,
        },
        ReportFile {
            name: page,
            content_type: "text/html; charset=utf-8",
            bytes: digest::html(digest, book).into_bytes(),
        },
        ReportFile {
            name: last,
            content_type: "application/json",
            bytes: serde_json::to_vec(digest).map_err(|source| Error::Json(as_of, source))?,
        },
    ])
}

/// Whether a later night of the same day has its digest there: an earlier one that is caught up must not take its place.
async fn is_superseded(lake: &Lake, date: NaiveDate, as_of: Timestamp) -> Result<bool, Error> {
    let written = written_at(lake, date, as_of).await?;
    Ok(written.is_some_and(|written| written > as_of))
}

/// The night whose digest a day has; `as_of` is the night for which it is asked.
async fn written_at(lake: &Lake, date: NaiveDate, as_of: Timestamp) -> Result<Option<Timestamp>, Error> {
    #[derive(Deserialize)]
    struct Written {
        as_of: Timestamp,
    }
    let written = lake.digest_file(date, LAST_FILE).await;
    let written = written.map_err(|source| Error::Lake(as_of, source))?;
    let written = written.map(|bytes| serde_json::from_slice::<Written>(&bytes));
    let written = written.transpose().map_err(|source| Error::Json(as_of, source))?;
    Ok(written.map(|written| written.as_of))
}

fn failure(error: Error) -> Failure {
    let retryable = match &error {
        Error::Parts(_, PartsError::Lake(_, source)) | Error::Lake(_, source) | Error::Overdue(_, source) => {
            source.is_retryable()
        }
        Error::Entries(_, source) => source.is_retryable(),
        Error::Parts(_, PartsError::Unreadable(..)) | Error::Json(..) => false,
        // There was no room for its temporary files.
        Error::Xlsx(..) => true,
    };
    Failure::of(error, retryable)
}
