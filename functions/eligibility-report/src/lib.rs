//! `eligibility-report`: the month's figures and verdicts, from the lake.
//!
//! A pure function of the lake's rows, the sellers' papers, the policy and `as_of`: the same inputs give the same bytes. In one run, in which
//! months that are over are taken from what is kept of them, or in parts ([`run`]).

mod completeness;
mod months;
mod papers;
mod parts;
mod revisions;
mod withdrawal;

use std::sync::Arc;

use domain::{Month, PolicyBook, Timestamp};
use entrypoint::{Failure, Metric};
use lake::{Lake, LakeError};
use report::{Lacking, MonthReport, ReportError};
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};

use months::Gathered;
pub use parts::{BUCKETS_MAX, Done, PlannedPart, Step, Task, run};
pub use withdrawal::{Restored, withdraw};

/// What the function works with.
#[derive(Clone, Debug)]
pub struct EligibilityReport {
    /// The bucket.
    pub lake: Lake,
    /// The tables, for the sellers' papers: read by key and query.
    pub store: Store,
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
    /// What the lake lacks, where that is all that keeps the report from being final.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacking: Option<Lacking>,
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
    #[error("the sellers' papers for the report of {0} cannot be read")]
    Papers(Month, #[source] StoreError),
    #[error("the report of {0} cannot be made")]
    Report(Month, #[source] ReportError),
    #[error("a manifest of {0} cannot be read or written")]
    Manifest(Month, #[source] serde_json::Error),
    #[error("others publish reports of {0} faster than this one can")]
    Contended(Month),
    #[error("no room for the lake's files of {0}")]
    Disk(Month, #[source] std::io::Error),
    #[error("the report of {0} has no plan, or not all of its parts")]
    PartsMissing(Month),
    #[error(
        "a report of {0} has no part {1} of {2}: parts are a power of two, at most {BUCKETS_MAX}, counted from 0"
    )]
    Buckets(Month, u32, u32),
}

/// Writes one month's report.
///
/// # Errors
/// [`Failure`] when the lake cannot be read or the report not be written.
pub async fn handle(function: &EligibilityReport, request: Request) -> Result<Outcome, Failure> {
    let month = month_of(function, request);
    let gathered = Gathered::whole(function, month, request.as_of)
        .await
        .map_err(failure)?;
    finish(function, month, request.as_of, gathered).await
}

/// Decides a report by its months' figures, writes it, and keeps what is over of them.
async fn finish(
    function: &EligibilityReport,
    month: Month,
    as_of: Timestamp,
    mut gathered: Gathered,
) -> Result<Outcome, Failure> {
    gathered.keep(function).await.map_err(failure)?;
    let report = decided(function, month, as_of, &mut gathered)
        .await
        .map_err(failure)?;
    let written = revisions::write(function, &report, gathered)
        .await
        .map_err(failure)?;
    let eligible = report.rows.iter().filter(|row| row.eligible).count() as u64;
    let outcome = Outcome {
        month,
        is_final: report.is_final(),
        final_from: report.final_from,
        lacking: report.lacking.clone(),
        sellers: report.rows.len() as u64,
        eligible,
        revision: written.revision,
        newest: written.newest,
        changed: written.changed,
        keys: written.keys,
    };
    tracing::info!(%month, %as_of, sellers = outcome.sellers, eligible,
        lacking = outcome.lacking.as_ref().map(|lacking| lacking.en.as_str()), "eligibility report written");
    Ok(outcome)
}

/// The report of its months' figures, with C4 asked and those admitted whom papers admit, and by name the orders that
/// failed, those that their sellers alone stated and those that decide a running month. Where its date has come and the lake
/// lacks something, it is held back.
async fn decided(
    function: &EligibilityReport,
    month: Month,
    as_of: Timestamp,
    gathered: &mut Gathered,
) -> Result<MonthReport, Error> {
    let mut report = report::decide(gathered.take_figures(), month, as_of, &function.policy);
    let papers = papers::of(function, &report).await?;
    report.admit(&papers.profiles, &function.policy);
    gathered.papers = papers.digest();
    let wanted = report.wanted();
    if !wanted.is_nobody() {
        let named = gathered.named(function, wanted).await?;
        report.name_orders(&named, &function.policy);
    }
    if as_of >= report.final_from
        && let Some(lacking) = completeness::lacking(function, month, as_of).await?
    {
        report.hold_back(lacking);
    }
    Ok(report)
}

/// What the alarms and the charts hear of a report.
pub fn metrics(outcome: &Outcome) -> Vec<Metric> {
    vec![
        Metric::count("ReportsFinal", outcome.is_final.into()),
        Metric::count("SellersEligible", outcome.eligible),
    ]
}

/// The month that is asked for.
fn month_of(function: &EligibilityReport, request: Request) -> Month {
    let before = || Month::of(request.as_of, function.policy.zone).minus(1);
    request.month.unwrap_or_else(before)
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
    let mut gathered = Gathered::whole(function, month, as_of).await.map_err(failure)?;
    decided(function, month, as_of, &mut gathered)
        .await
        .map_err(failure)
}

/// Decoding blocks, and computes on threads of its own; the runtime's workers stay free.
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
        Error::Papers(_, source) => source.is_retryable(),
        Error::Report(..) | Error::Manifest(..) | Error::Buckets(..) => false,
        Error::Disk(..) | Error::PartsMissing(_) | Error::Contended(_) => true,
    };
    Failure::of(error, retryable)
}
