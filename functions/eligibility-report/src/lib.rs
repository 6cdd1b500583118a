//! `eligibility-report`: the month's figures and verdicts, from the lake.
//!
//! A pure function of the lake's rows, the policy and `as_of`: the same inputs give the same bytes.

use std::sync::Arc;

use domain::{Month, PolicyBook, Timestamp};
use entrypoint::Failure;
use lake::{Lake, LakeError, ReportFile};
use report::{MonthFiles, MonthReport, ReportError};
use serde::{Deserialize, Serialize};

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
    /// Sellers in it.
    pub sellers: u64,
    /// Of them eligible.
    pub eligible: u64,
    /// The objects written.
    pub keys: Vec<String>,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the bucket refused the report of {0}")]
    Lake(Month, #[source] LakeError),
    #[error("the report of {0} cannot be made")]
    Report(Month, #[source] ReportError),
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
    let (report, keys) = write(function, month, request.as_of).await.map_err(failure)?;
    let eligible = report.rows.iter().filter(|row| row.eligible).count() as u64;
    let outcome = Outcome {
        month,
        is_final: report.as_of >= report.final_from,
        sellers: report.rows.len() as u64,
        eligible,
        keys,
    };
    tracing::info!(%month, as_of = %request.as_of, sellers = outcome.sellers, eligible, "eligibility report written");
    Ok(outcome)
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
    compute(function, month, as_of).await.map_err(failure)
}

async fn write(
    function: &EligibilityReport,
    month: Month,
    as_of: Timestamp,
) -> Result<(MonthReport, Vec<String>), Error> {
    let report = compute(function, month, as_of).await?;
    let (mut parquet, mut csv) = (Vec::new(), Vec::new());
    report::write_parquet(&report, &mut parquet).map_err(|source| Error::Report(month, source))?;
    report::write_csv(&report, &mut csv).map_err(|source| Error::Report(month, source))?;
    let files = vec![
        ReportFile {
            name: "eligibility.parquet",
            content_type: "application/vnd.apache.parquet",
            bytes: parquet,
        },
        ReportFile {
            name: "eligibility.csv",
            content_type: "text/csv; charset=utf-8",
            bytes: csv,
        },
    ];
    let keys = function
        .lake
        .put_report(month, files)
        .await
        .map_err(|source| Error::Lake(month, source))?;
    Ok((report, keys))
}

async fn compute(function: &EligibilityReport, month: Month, as_of: Timestamp) -> Result<MonthReport, Error> {
    let scratch = tempfile::tempdir().map_err(|source| Error::Disk(month, source))?;
    let mut files = Vec::new();
    for month in report::window(month, &function.policy) {
        let orders = function
            .lake
            .fetch_orders(month, scratch.path())
            .await
            .map_err(|source| Error::Lake(month, source))?;
        let ledger = function
            .lake
            .fetch_ledger(month, scratch.path())
            .await
            .map_err(|source| Error::Lake(month, source))?;
        files.push(MonthFiles {
            month,
            orders,
            ledger,
        });
    }
    let policy = Arc::clone(&function.policy);
    // Polars computes on its own threads and blocks; the runtime's workers stay free.
    let report =
        tokio::task::spawn_blocking(move || report::eligibility(&files, month, as_of, &policy)).await;
    report
        .map_err(|source| Error::Disk(month, std::io::Error::other(source)))?
        .map_err(|source| Error::Report(month, source))
}

fn failure(error: Error) -> Failure {
    let retryable = match &error {
        Error::Lake(_, source) => source.is_retryable(),
        Error::Report(..) => false,
        Error::Disk(..) => true,
    };
    Failure::of(error, retryable)
}
