//! One upload from its object to its answer.

mod judging;
mod reading;
mod spool;

use std::io;
use std::path::PathBuf;

use aws_lc_rs::digest;
use domain::facts::Stored;
use domain::order::UploadId;
use domain::ruling::Uploader;
use domain::time::not_beyond;
use domain::{OrderId, PolicyBook, Timestamp, code::FileCode, with_causes};
use entrypoint::TimeLeft;
use intake::{FileError, Kind, Limits};
use lake::{Answer, LakeError, NextRun, Reported, UploadKey, UploadObject, UploadSummary};
use store::Store;
use tempfile::TempDir;

use crate::checkpoint::{Begun, Journal};
use crate::{UploadFailure, UploadValidation, Written};
use judging::Judged;
use spool::{Spooled, spool};

/// An upload with its answer.
pub(crate) struct Answered {
    /// The upload's id.
    pub(crate) upload: u64,
    pub(crate) answer: Answer,
    /// Why it could not be processed to its end, with every cause, where its answer is `FILE_FAILED`.
    pub(crate) failure: Option<String>,
}

/// How a run of an upload ended.
pub(crate) enum Ended {
    /// The upload is answered.
    Answered(Box<Answered>),
    /// So many rows are judged; the next run was asked for.
    HandedOn(u64, NextRun),
    /// It was answered before, is gone, or a later run of it was asked for.
    Needless,
}

/// A run of an upload.
struct Run<'a> {
    function: &'a UploadValidation,
    written: &'a Written,
    /// The upload's id.
    upload: u64,
    /// Which run of it this is, from 1.
    number: u32,
    time: &'a TimeLeft,
    journal: Journal<'a>,
    /// How the upload was begun, if it was.
    begun: Option<Begun>,
}

/// Judges one upload, as far as there is time, and answers it when it is judged whole. `number` says which run of it this is.
pub(crate) async fn answer_upload(
    function: &UploadValidation,
    written: Written,
    number: u32,
    time: &TimeLeft,
) -> Result<Ended, UploadFailure> {
    let key = &written.key;
    let UploadValidation { store, lake, .. } = function;
    // What was overwritten has an event of its own, unless what it was is to be judged again.
    let version = written.version.as_deref().filter(|_| written.is_again);
    let opened = lake.open_version(key, written.etag.as_deref(), version).await;
    let Some(object) = opened.map_err(UploadFailure::lake(key))? else {
        tracing::warn!(upload.key = %key, "the upload is gone, or was overwritten and answered as what it is now");
        return Ok(Ended::Needless);
    };
    // What is there now is meant by all that follows, in later runs too.
    let written = &Written {
        etag: Some(object.etag.clone()),
        ..written.clone()
    };
    let record = written.record();
    let is_done = store.is_upload_done(&record).await;
    if is_done.map_err(UploadFailure::store(key))? {
        return Ok(Ended::Needless);
    }
    let journal = Journal::open(lake, written, &function.policy, function.batches.rows_max).await;
    let journal = journal.map_err(UploadFailure::lake(key))?;
    if journal.is_past(number) {
        return Ok(Ended::Needless);
    }
    let begun = journal.begun().await.map_err(UploadFailure::lake(key))?;
    let mut upload = Fetched::fetch(key, object).await?;
    upload.place(written);
    upload.learn(store, key, begun.as_ref()).await?;
    upload.summary.reported = Some(Reported {
        sequencer: written.sequencer.clone(),
        at_ms: written.at_ms,
        version: written.version.clone(),
        recorded_at: upload.recorded_at,
    });
    let run = Run {
        function,
        written,
        upload: record.upload,
        number,
        time,
        journal,
        begun,
    };
    let ((answer, files), failure) = match upload.judge(&run).await {
        Ok(Judged::Whole(answer, files)) => ((*answer, files), None),
        Ok(Judged::HandedOn(rows, next)) => return Ok(Ended::HandedOn(rows, next)),
        Err(error) if error.is_final() => {
            let (id, cause) = (UploadId(record.upload), with_causes(&error));
            tracing::error!(upload.key = %key, upload.id = %id, error = cause, "a file failed for good");
            let failed = FileError::new(FileCode::FileFailed, id.to_string());
            (upload.refused(&run, &failed)?, Some(cause))
        }
        Err(error) => return Err(error),
    };
    let put = put_files(function, key, &files).await;
    put.map_err(UploadFailure::lake(key))?;
    let put = lake.put_answer(key, &answer).await;
    put.map_err(UploadFailure::lake(key))?;
    // Only now: a run killed before answers again, a delivery after finds it done. What failed is not done: delivered again,
    // it is processed again.
    if failure.is_none() {
        let noted = store.note_upload_done(&record).await;
        noted.map_err(UploadFailure::store(key))?;
    }
    Ok(Ended::Answered(Box::new(Answered {
        upload: record.upload,
        answer,
        failure,
    })))
}

/// The files of an answer on the local disk.
struct AnswerFiles {
    rejected: PathBuf,
    /// `None` for a file that was refused, or that no sheet has room for.
    repaired: Option<PathBuf>,
}

/// Puts the answer's files in place of those of an earlier upload of the same name.
async fn put_files(
    function: &UploadValidation,
    key: &UploadKey,
    files: &AnswerFiles,
) -> Result<(), LakeError> {
    function.lake.put_rejected(key, &files.rejected).await?;
    match &files.repaired {
        Some(repaired) => function.lake.put_repaired(key, repaired).await,
        None => function.lake.remove_repaired(key).await,
    }
}

/// A digest of the object's key and what tells this writing of it from another: redelivered events name the same
/// upload, the same file put again is another one.
pub(crate) fn upload_id(key: &UploadKey, etag: &str, sequencer: &str) -> u64 {
    digest_of(&format!("{key}\n{etag}\n{sequencer}"))
}

/// The first 64 bits of a text's SHA-256.
fn digest_of(text: &str) -> u64 {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(8)
        .fold(0, |id, byte| id << 8 | u64::from(*byte))
}

/// The name of the upload's copy on the local disk.
const UPLOADED: &str = "upload";

/// An upload on the local disk.
struct Fetched {
    directory: TempDir,
    summary: UploadSummary,
    recorded_at: Timestamp,
    /// When the object was written: the clock that no recording is later than.
    written_at: Timestamp,
    /// What was stated of its recording, where the object's time counts instead.
    recording_ignored: Option<String>,
    /// What was stated as the zone of its times.
    stated_zone: Option<String>,
    /// What was stated as the shop and the currency of its rows.
    stated_fills: [Option<String>; 2],
    /// The stored file, as its rows are told from those of others.
    stored: Stored,
    /// When the same prefix sent the same bytes first, if it did before: that instant counts.
    sent_before: Option<Timestamp>,
    /// Why the file is not read at all.
    refusal: Option<FileError>,
}

impl Fetched {
    /// Where the file stands among others: when it was stored, and what its bytes are.
    fn place(&mut self, written: &Written) {
        let content = format!("{}\n{}", written.key.prefix(), self.summary.sha256);
        self.stored = Stored {
            at_ms: written.at_ms.unwrap_or(self.stored.at_ms),
            content: digest_of(&content),
        };
    }

    /// When it was recorded: as the run that began it found, else when the same prefix sent these bytes first.
    async fn learn(
        &mut self,
        store: &Store,
        key: &UploadKey,
        begun: Option<&Begun>,
    ) -> Result<(), UploadFailure> {
        (self.recorded_at, self.sent_before) = match begun {
            Some(begun) => (begun.recorded_at, begun.sent_before),
            None => {
                let sha256 = &self.summary.sha256;
                let first = store.first_sent(&key.prefix(), sha256, self.recorded_at).await;
                let first = first.map_err(UploadFailure::store(key))?;
                (first, (first < self.recorded_at).then_some(first))
            }
        };
        Ok(())
    }

    async fn fetch(key: &UploadKey, mut object: UploadObject) -> Result<Self, UploadFailure> {
        let disk_failed = UploadFailure::disk(key);
        let directory = tempfile::tempdir().map_err(&disk_failed)?;
        let path = directory.path().join(UPLOADED);
        let is_too_large = object.bytes > Limits::default().file_bytes_max;
        let spooled = if is_too_large {
            Spooled::default()
        } else {
            let next = async || Some(object.body.next().await?.map_err(io::Error::other));
            spool(next, &path).await.map_err(disk_failed)?
        };
        let refusal = match (is_too_large, spooled.is_disk_full) {
            (true, _) => Some(FileError::new(FileCode::FileTooLarge, object.bytes.to_string())),
            (false, true) => Some(FileError::new(FileCode::DiskFull, "")),
            (false, false) => None,
        };
        let summary = UploadSummary {
            key: key.to_string(),
            etag: object.etag,
            written_at: Some(object.last_modified),
            kind: key.kind.clone(),
            seller_id: key.seller_id.as_ref().map_or("_".to_owned(), ToString::to_string),
            sha256: spooled.sha256,
            bytes: spooled.bytes.max(object.bytes),
            rows: 0,
            reported: None,
            about: None,
        };
        let written_at = object.last_modified;
        let stated = object.stated_recorded_at.filter(|_| key.seller_id.is_none());
        let recorded_at = stated
            .as_deref()
            .and_then(|stated| not_beyond(stated.parse().ok()?, written_at).ok());
        Ok(Self {
            directory,
            summary,
            recorded_at: recorded_at.unwrap_or(written_at),
            written_at,
            recording_ignored: stated.filter(|_| recorded_at.is_none()),
            stated_zone: object.stated_zone,
            stated_fills: [object.stated_shop, object.stated_currency],
            stored: Stored {
                at_ms: object.last_modified.unix().saturating_mul(1_000),
                content: 0,
            },
            sent_before: None,
            refusal,
        })
    }
}

/// Whether most of the order ids are known: an id that a spreadsheet has cut to 15 digits hardly ever is, and one that ends
/// in zeros by the way orders are numbered is.
pub(crate) fn are_known(suspects: &[OrderId], is_known: impl Fn(&OrderId) -> bool) -> bool {
    let known = suspects.iter().filter(|order_id| is_known(order_id)).count();
    2 * known > suspects.len()
}

/// Whose word counts: a seller's own file may hold only the kinds that the policy allows.
pub(crate) fn kind_not_allowed(kind: Kind, uploader: &Uploader, book: &PolicyBook) -> Option<FileError> {
    let is_allowed = *uploader == Uploader::Operator || book.seller_may_send(kind.as_str());
    (!is_allowed).then(|| {
        let names = format!("{kind} | {}", kind.name_zh());
        FileError::new(FileCode::KindNotAllowed, names)
    })
}

fn uploader(key: &UploadKey) -> Uploader {
    key.seller_id.clone().map_or(Uploader::Operator, Uploader::Seller)
}
