//! `upload-validation`: judges an uploaded file row by row, applies what stands, answers every row.
//!
//! ```text
//! object → local file → pass 1: is it readable to its end? → pass 2: batches of rows
//!        → each batch grouped by order → load → rule (pure) → one conditional write an order
//!        → rejected.csv, report.json
//! ```
//!
//! A refused row or file is a result, stored and shown. The same event delivered twice is answered once; a run killed
//! half-way is repeated whole, and every write that was done already is found and ruled alike.

mod agreements;
mod answer;
mod batch;
mod commit;
pub mod dry_run;
mod file;
mod parking;
mod proposals;
mod queue;
mod rivals;
mod sellers;
mod statement;
mod waves;

use std::sync::Arc;

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use domain::PolicyBook;
use domain::order::UploadId;
use entrypoint::Failure;
use file::Judged;
use lake::{Counts, Lake, LakeError, UploadKey};
use serde::Serialize;
use store::{Store, StoreError};
use tokio::task::JoinError;

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
}

/// What an event came to, upload by upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The uploads answered.
    pub answered: Vec<Answered>,
    /// Records that needed no work: answered before, gone, or no upload at all.
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

impl Outcome {
    fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
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
}

/// Whether a thread that read the file panicked: it would do so again.
fn is_panic(error: &std::io::Error) -> bool {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<JoinError>());
    cause.is_some_and(JoinError::is_panic)
}

/// Answers every upload of an S3 event. A file that fails for good is answered with `FILE_FAILED`.
///
/// # Errors
/// [`Failure`] when tables, bucket or disk fail; the event is then delivered again, and what was done is found done.
pub async fn handle(function: &UploadValidation, event: S3Event) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for record in event.records {
        match told(&record) {
            Told::Upload(written) => {
                // Boxed: it is by far the largest of all that a message goes through.
                let judged = Box::pin(file::answer_upload(function, &written)).await;
                match judged.map_err(failure)? {
                    Some(judged) => outcome.answered.push(answered(judged)),
                    None => outcome.skipped += 1,
                }
            }
            Told::Misplaced => outcome.misplaced += 1,
            Told::Nothing => outcome.skipped += 1,
        }
    }
    Ok(outcome)
}

/// One writing of an object of the inbox, as its event tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) key: UploadKey,
    /// What was written; an event that does not say so means whatever is there.
    pub(crate) etag: Option<String>,
    /// Tells this writing from another of the same bytes.
    pub(crate) sequencer: String,
    /// When it was written, in milliseconds since the epoch, if the event says so.
    pub(crate) at_ms: Option<i64>,
}

/// What a record tells of.
enum Told {
    /// A writing of an upload.
    Upload(Written),
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
    match UploadKey::parse(&key) {
        Ok(key) => Told::Upload(Written {
            key,
            etag: object.e_tag.clone().filter(|etag| !etag.is_empty()),
            sequencer: object.sequencer.clone().unwrap_or_default(),
            at_ms: Some(record.event_time.timestamp_millis()).filter(|at| *at > 0),
        }),
        Err(_) if key.ends_with('/') => Told::Nothing,
        Err(error) => {
            tracing::warn!(%error, refused = true, "an object of the inbox is no upload");
            Told::Misplaced
        }
    }
}

/// Tells of an answer. The upload's id stands with all that came of its rows: `waymark explain` names it.
fn answered(judged: Judged) -> Answered {
    let Judged {
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

fn failure(error: UploadFailure) -> Failure {
    let retryable = match &error {
        UploadFailure::Store { source, .. } => source.is_retryable(),
        UploadFailure::Lake { source, .. } => source.is_retryable(),
        UploadFailure::Disk { .. } => true,
    };
    Failure::of(error, retryable)
}
