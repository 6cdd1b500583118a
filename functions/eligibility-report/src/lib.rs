//! `eligibility-report`: the month's figures and verdicts, from the lake.
//!
//! A pure function of the lake's rows, the policy and `as_of`: the same inputs give the same bytes.

mod revisions;

use std::sync::Arc;

use domain::{Month, PolicyBook, Timestamp};
use entrypoint::{Failure, Metric};
use lake::{FetchedFile, Lake, LakeError};
use report::{FileDigest, MonthFiles, MonthReport, ReportError};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// What the function works with.
#[derive(Clone, Debug)]
pub struct EligibilityReport {
    /// The bucket.
    pub lake: Lake,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
}

/// One month's report.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Request {
    /// The instant as of which the figures are taken, from the schedule.
    pub as_of: Timestamp,
    /// The month; the one before `as_of`'s when absent.
    #[serde(default)]
    pub month: Option<Month>,
}

/// What the report came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The month.
    pub month: Month,
    /// Whether its eligibility figures can still change.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// From when on they cannot.
    pub final_from: Timestamp,
    /// Sellers in it.
    pub sellers: u64,
    /// Of them eligible.
    pub eligible: u64,
    /// The revision's id: a digest of the report's files.
    pub revision: String,
    /// Whether it is the month's newest revision, by its instant: then it stands where readers look for the report.
    pub newest: bool,
    /// Sellers of whom it says something else than the revision before it; `None` when it is the first, or not new.
    pub changed: Option<u64>,
    /// The report's files.
    pub keys: Vec<String>,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the bucket refused the report of {0}")]
    Lake(Month, #[source] LakeError),
    #[error("the report of {0} cannot be made")]
    Report(Month, #[source] ReportError),
    #[error("a manifest of {0} cannot be read or written")]
    Manifest(Month, #[source] serde_json::Error),
    #[error("no room for the lake's files of {0}")]
    Disk(Month, #[source] std::io::Error),
}

/// Writes one month's report.
///
/// # Errors
/// [`Failure`] when the lake cannot be read or the report not be written.
pub async fn handle(function: &EligibilityReport, request: Request) -> Result<Outcome, Failure> {
    let month = request
        .month
        .unwrap_or_else(|| Month::of(request.as_of, function.policy.zone).minus(1));
    let inputs = fetch(function, month).await.map_err(failure)?;
    let report = compute(function, &inputs, month, request.as_of)
        .await
        .map_err(failure)?;
    let written = revisions::write(function, &report, inputs)
        .await
        .map_err(failure)?;
    let eligible = report.rows.iter().filter(|row| row.eligible).count() as u64;
    let outcome = Outcome {
        month,
        is_final: report.as_of >= report.final_from,
        final_from: report.final_from,
        sellers: report.rows.len() as u64,
        eligible,
        revision: written.revision,
        newest: written.newest,
        changed: written.changed,
        keys: written.keys,
    };
    tracing::info!(%month, as_of = %request.as_of, sellers = outcome.sellers, eligible, "eligibility report written");
    Ok(outcome)
}

/// What the alarms and the charts hear of a report.
pub fn metrics(outcome: &Outcome) -> Vec<Metric> {
    vec![
        Metric::count("ReportsFinal", outcome.is_final.into()),
        Metric::count("SellersEligible", outcome.eligible),
    ]
}

/// Makes one month's report without writing it.
///
/// # Errors
/// [`Failure`] when the lake cannot be read.
pub async fn make(
    function: &EligibilityReport,
    month: Month,
    as_of: Timestamp,
) -> Result<MonthReport, Failure> {
    let inputs = fetch(function, month).await.map_err(failure)?;
    compute(function, &inputs, month, as_of).await.map_err(failure)
}

/// The lake's files of a report's window on the local disk, gone with it.
struct Inputs {
    files: Vec<MonthFiles>,
    digests: Vec<FileDigest>,
    _scratch: TempDir,
}

async fn fetch(function: &EligibilityReport, month: Month) -> Result<Inputs, Error> {
    let scratch = tempfile::tempdir().map_err(|source| Error::Disk(month, source))?;
    let (mut files, mut digests) = (Vec::new(), Vec::new());
    for month in report::window(month, &function.policy) {
        let lake = |source| Error::Lake(month, source);
        let orders = function
            .lake
            .fetch_orders(month, scratch.path())
            .await
            .map_err(lake)?;
        let ledger = function
            .lake
            .fetch_ledger(month, scratch.path())
            .await
            .map_err(lake)?;
        digests.extend(orders.iter().chain(&ledger).map(digest_of));
        let paths = |fetched: Vec<FetchedFile>| fetched.into_iter().map(|file| file.path).collect();
        files.push(MonthFiles {
            month,
            orders: paths(orders),
            ledger: paths(ledger),
        });
    }
    Ok(Inputs {
        files,
        digests,
        _scratch: scratch,
    })
}

fn digest_of(file: &FetchedFile) -> FileDigest {
    FileDigest {
        name: file.key.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    }
}

async fn compute(
    function: &EligibilityReport,
    inputs: &Inputs,
    month: Month,
    as_of: Timestamp,
) -> Result<MonthReport, Error> {
    let (files, policy) = (inputs.files.clone(), Arc::clone(&function.policy));
    aside(month, move || report::eligibility(&files, month, as_of, &policy)).await
}

/// Polars computes on its own threads and blocks; the runtime's workers stay free.
async fn aside<T: Send + 'static>(
    month: Month,
    work: impl FnOnce() -> Result<T, ReportError> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| Error::Disk(month, std::io::Error::other(source)))?
        .map_err(|source| Error::Report(month, source))
}

fn failure(error: Error) -> Failure {
    let retryable = match &error {
        Error::Lake(_, source) => source.is_retryable(),
        Error::Report(..) | Error::Manifest(..) => false,
        Error::Disk(..) => true,
    };
    Failure::of(error, retryable)
}
