//! `upload-validation`: judges an uploaded file row by row, applies what stands, answers every row.
//!
//! ```text
//! object → local file → pass 1: is it readable to its end? → pass 2: batches of rows
//!        → each batch grouped by order → load → rule (pure) → one conditional write an order
//!        → rejected.csv, report.json
//! ```
//!
//! A refused row or file is a result, stored and shown. The same event delivered twice is answered once. What was ruled of a
//! batch is kept (`checkpoint.rs`): a run that is short of time hands the upload on to the next one, and a run that was killed
//! is repeated from its last batch on, where every write that was done already is found and ruled alike.

mod agreements;
mod answer;
mod batch;
mod checkpoint;
mod commit;
pub mod dry_run;
mod file;
mod parking;
mod proposals;
mod queue;
mod rates;
mod rivals;
mod sellers;
mod statement;
mod waves;

use std::sync::Arc;

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use domain::PolicyBook;
use domain::order::UploadId;
use entrypoint::{Failure, TimeLeft};
use file::Ended;
use lake::{Answer, Counts, Lake, LakeError, NextRun, UploadKey};
use serde::{Deserialize, Serialize};
use store::{Store, StoreError, UploadRecord};
use tokio::task::JoinError;

pub use batch::BatchLimits;
pub use queue::{BatchOutcome, FailedMessage, handle_batch, metrics};

/// What the events of deleted objects are called, by whomever they were deleted.
const REMOVED: &str = "ObjectRemoved:";

/// What the function works with.
#[derive(Clone, Debug)]
pub struct UploadValidation {
    /// The tables.
    pub store: Store,
    /// The bucket.
    pub lake: Lake,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
    /// How large the batches of an upload are.
    pub batches: BatchLimits,
}

/// What an event came to, upload by upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The uploads answered.
    pub answered: Vec<Answered>,
    /// The uploads that the next run goes on with.
    pub handed_on: Vec<HandedOn>,
    /// Records that needed no work: answered before, handed on before, gone, or no upload at all.
    pub skipped: u64,
    /// Objects whose keys are no upload's: nothing of them counts, and there is nowhere to answer.
    pub misplaced: u64,
}

/// One upload answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// The object's key.
    pub key: String,
    /// Rows by verdict.
    pub counts: Counts,
    /// Whether the whole file was refused.
    pub refused: bool,
    /// Why the file could not be processed to its end, with every cause: its answer is `FILE_FAILED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// One upload that takes longer than a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandedOn {
    /// The object's key.
    pub key: String,
    /// Runs that it has had.
    pub runs: u32,
    /// Rows judged so far.
    pub rows: u64,
    /// The key of the object that asks for its next run.
    pub next_run: String,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.handed_on.extend(other.handed_on);
        self.skipped += other.skipped;
        self.misplaced += other.misplaced;
    }
}

/// Why an upload could not be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadFailure {
    #[error("the tables failed the upload {key}")]
    Store {
        key: String,
        #[source]
        source: StoreError,
    },
    #[error("the bucket failed the upload {key}")]
    Lake {
        key: String,
        #[source]
        source: LakeError,
    },
    #[error("the upload {key} could not be kept on disk")]
    Disk {
        key: String,
        #[source]
        source: std::io::Error,
    },
}

impl UploadFailure {
    /// Whether the file itself is what fails: neither time nor another deployment of this release has it processed.
    fn is_final(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.is_final(),
            Self::Lake { .. } => false,
            Self::Disk { source, .. } => is_panic(source),
        }
    }

    pub(crate) fn store(key: &UploadKey) -> impl Fn(StoreError) -> Self {
        move |source| Self::Store {
            key: key.to_string(),
            source,
        }
    }

    pub(crate) fn lake(key: &UploadKey) -> impl Fn(LakeError) -> Self {
        move |source| Self::Lake {
            key: key.to_string(),
            source,
        }
    }

    pub(crate) fn disk(key: &UploadKey) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Disk {
            key: key.to_string(),
            source,
        }
    }
}

/// Whether a thread that read the file panicked: it would do so again.
fn is_panic(error: &std::io::Error) -> bool {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<JoinError>());
    cause.is_some_and(JoinError::is_panic)
}

/// Answers every upload of an S3 event, as long as it takes.
///
/// # Errors
/// As [`handle_in_time`].
pub async fn handle(function: &UploadValidation, event: S3Event) -> Result<Outcome, Failure> {
    handle_in_time(function, event, TimeLeft::unlimited()).await
}

/// Answers every upload of an S3 event, or goes as far with it as there is time and asks for the next run. A file that fails
/// for good is answered with `FILE_FAILED`.
///
/// # Errors
/// [`Failure`] when tables, bucket or disk fail; the event is then delivered again, and what was done is found done.
pub async fn handle_in_time(
    function: &UploadValidation,
    event: S3Event,
    time: TimeLeft,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for record in event.records {
        let (written, run) = match told(&record) {
            Told::Upload(written) => (Some(written), 1),
            Told::Run(next) => {
                let written = checkpoint::asked_for(&function.lake, &next).await;
                (written.map_err(unreadable)?, next.run)
            }
            Told::Misplaced => {
                outcome.misplaced += 1;
                continue;
            }
            Told::Nothing => (None, 0),
        };
        let Some(written) = written else {
            outcome.skipped += 1;
            continue;
        };
        let key = written.key.to_string();
        // Boxed: it is by far the largest of all that a message goes through.
        let run_of = Box::pin(file::answer_upload(function, written, run, &time));
        match run_of.await.map_err(failure)? {
            Ended::Answered(upload) => outcome.answered.push(answered(*upload)),
            Ended::HandedOn(rows, next) => outcome.handed_on.push(handed_on(key, run, rows, &next)),
            Ended::Needless => outcome.skipped += 1,
        }
    }
    Ok(outcome)
}

/// Judges a writing of an upload once more, from its first row on and as long as it takes: the tables were restored to an
/// instant before it was answered. What was kept of its batches must be gone ([`Lake::forget_rulings`]).
///
/// # Errors
/// As [`handle_in_time`].
pub async fn judge_again(function: &UploadValidation, written: Written) -> Result<Outcome, Failure> {
    let time = TimeLeft::unlimited();
    // Behind every run that may have been asked for.
    let judged = Box::pin(file::answer_upload(function, written, u32::MAX, &time)).await;
    let mut outcome = Outcome::default();
    match judged.map_err(failure)? {
        Ended::Answered(upload) => outcome.answered.push(answered(*upload)),
        Ended::HandedOn(..) | Ended::Needless => outcome.skipped += 1,
    }
    Ok(outcome)
}

/// One writing of an object of the inbox, as its event tells of it; also the form in which a further run is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The object's key.
    pub key: UploadKey,
    /// What was written; an event that does not say so means whatever is there.
    pub etag: Option<String>,
    /// Tells this writing from another of the same bytes.
    pub sequencer: String,
    /// When it was written, in milliseconds since the epoch, if the event says so.
    pub at_ms: Option<i64>,
    /// Its version, where the bucket keeps versions and the event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether that version is meant even if it was overwritten since.
    #[serde(skip)]
    pub is_again: bool,
}

impl Written {
    /// The writing that an answer is about, to be judged again; `None` where its key is no upload's. Answers of earlier releases
    /// do not say what was reported of it: then it counts as another writing of the same bytes.
    pub fn answered_by(answer: &Answer) -> Option<Self> {
        let reported = answer.upload.reported.clone();
        let (sequencer, at_ms, version) = reported
            .map(|reported| (reported.sequencer, reported.at_ms, reported.version))
            .unwrap_or_default();
        Some(Self {
            key: UploadKey::parse(&answer.upload.key).ok()?,
            etag: Some(answer.upload.etag.clone()),
            sequencer,
            at_ms,
            version,
            is_again: true,
        })
    }

    /// The writing that a further run was asked for, to be judged again.
    ///
    /// # Errors
    /// [`serde_json::Error`] when it is none.
    pub fn asked_for_by(stated: &[u8]) -> Result<Self, serde_json::Error> {
        let written: Self = serde_json::from_slice(stated)?;
        Ok(Self {
            is_again: true,
            ..written
        })
    }

    /// What the tables remember once it is answered.
    pub fn record(&self) -> UploadRecord {
        let etag = self.etag.as_deref().unwrap_or_default();
        UploadRecord {
            key: self.key.to_string(),
            upload: file::upload_id(&self.key, etag, &self.sequencer),
        }
    }
}

/// What a record tells of.
enum Told {
    /// A writing of an upload.
    Upload(Written),
    /// A further run of an upload.
    Run(NextRun),
    /// An object whose key is no upload's.
    Misplaced,
    /// An object that was deleted, or the mark by which a console shows an empty folder.
    Nothing,
}

fn told(record: &S3EventRecord) -> Told {
    let is_removal = |name: &str| name.starts_with(REMOVED);
    let object = &record.s3.object;
    // S3 encodes keys like a form: `+` is a space.
    let encoded = object.key.as_deref().unwrap_or_default().replace('+', " ");
    let Ok(key) = urlencoding::decode(&encoded) else {
        return Told::Nothing;
    };
    if key.is_empty() || record.event_name.as_deref().is_some_and(is_removal) {
        return Told::Nothing;
    }
    if let Some(next) = NextRun::parse(&key) {
        return Told::Run(next);
    }
    match UploadKey::parse(&key) {
        Ok(key) => Told::Upload(Written {
            key,
            etag: object.e_tag.clone().filter(|etag| !etag.is_empty()),
            sequencer: object.sequencer.clone().unwrap_or_default(),
            at_ms: Some(record.event_time.timestamp_millis()).filter(|at| *at > 0),
            version: object.version_id.clone().filter(|version| !version.is_empty()),
            is_again: false,
        }),
        Err(_) if key.ends_with('/') => Told::Nothing,
        Err(error) => {
            tracing::warn!(%error, refused = true, "an object of the inbox is no upload");
            Told::Misplaced
        }
    }
}

/// Logs that an upload goes on.
fn handed_on(key: String, runs: u32, rows: u64, next: &NextRun) -> HandedOn {
    let next_run = next.to_string();
    tracing::info!(
        upload.key = key,
        runs,
        rows,
        next_run,
        "an upload goes on in a further run"
    );
    HandedOn {
        key,
        runs,
        rows,
        next_run,
    }
}

/// Tells of an answer. The upload's id stands with all that came of its rows: `waymark explain` names it.
fn answered(judged: file::Answered) -> Answered {
    let file::Answered {
        upload,
        answer,
        failure,
    } = judged;
    let counts = answer.counts;
    tracing::info!(
        upload.key = answer.upload.key,
        upload.id = %UploadId(upload),
        rows = counts.rows,
        accepted = counts.accepted + counts.accepted_with_warning,
        unchanged = counts.unchanged,
        parked = counts.parked,
        rejected = counts.rejected,
        fines = answer.fines.count,
        refused = answer.is_refused(),
        "upload answered"
    );
    Answered {
        counts,
        refused: answer.is_refused(),
        key: answer.upload.key,
        failed: failure,
    }
}

/// A further run cannot be read.
fn unreadable(error: LakeError) -> Failure {
    let retryable = error.is_retryable();
    Failure::of(error, retryable)
}

fn failure(error: UploadFailure) -> Failure {
    let retryable = match &error {
        UploadFailure::Store { source, .. } => source.is_retryable(),
        UploadFailure::Lake { source, .. } => source.is_retryable(),
        UploadFailure::Disk { .. } => true,
    };
    Failure::of(error, retryable)
}
