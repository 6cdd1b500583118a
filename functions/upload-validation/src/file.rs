//! One upload from its object to its answer.

mod reading;
mod spool;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use aws_lc_rs::digest;
use domain::facts::Stored;
use domain::order::UploadId;
use domain::ruling::Uploader;
use domain::time::not_beyond;
use domain::{OrderId, PolicyBook, Timestamp, code::FileCode, with_causes};
use intake::{AUTO, Context, FileError, FileZone, Kind, Limits, Survey, Trust, UploadError, stated_zone};
use lake::{Answer, LakeError, UploadKey, UploadObject, UploadSummary};
use store::UploadRecord;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::answer::{Answering, Repairing, notes};
use crate::batch::{Batch, Surroundings};
use crate::proposals::PROPOSAL_KEYS_MAX;
use crate::{UploadFailure, UploadValidation, Written};
use reading::{Message, Readable, read_to_end, send_batches};
use spool::{Spooled, spool};

/// An upload with its answer.
pub(crate) struct Judged {
    /// The upload's id.
    pub(crate) upload: u64,
    pub(crate) answer: Answer,
    /// Why it could not be processed to its end, with every cause, where its answer is `FILE_FAILED`.
    pub(crate) failure: Option<String>,
}

/// Answers one upload; `None` when it was answered before or is gone.
pub(crate) async fn answer_upload(
    function: &UploadValidation,
    written: &Written,
) -> Result<Option<Judged>, UploadFailure> {
    let key = &written.key;
    let lake_failed = |source| UploadFailure::Lake {
        key: key.to_string(),
        source,
    };
    let store_failed = |source| UploadFailure::Store {
        key: key.to_string(),
        source,
    };
    let opened = function.lake.open_upload(key, written.etag.as_deref()).await;
    let Some(object) = opened.map_err(lake_failed)? else {
        tracing::warn!(upload.key = %key, "the upload is gone, or was overwritten and answered as what it is now");
        return Ok(None);
    };
    let record = UploadRecord {
        key: key.to_string(),
        upload: upload_id(key, &object.etag, &written.sequencer),
    };
    if function
        .store
        .is_upload_done(&record)
        .await
        .map_err(store_failed)?
    {
        return Ok(None);
    }
    let mut upload = Fetched::fetch(key, object).await?;
    upload.place(written);
    let first_sent_at = function
        .store
        .first_sent(&key.prefix(), &upload.summary.sha256, upload.recorded_at)
        .await
        .map_err(store_failed)?;
    upload.sent_before = (first_sent_at < upload.recorded_at).then_some(first_sent_at);
    upload.recorded_at = first_sent_at;
    let ((answer, files), failure) = match upload.judge(function, key, record.upload).await {
        Ok(judged) => (judged, None),
        Err(error) if error.is_final() => {
            let (id, cause) = (UploadId(record.upload), with_causes(&error));
            tracing::error!(upload.key = %key, upload.id = %id, error = cause, "a file failed for good");
            let failed = FileError::new(FileCode::FileFailed, id.to_string());
            (upload.refused(function, key, &failed)?, Some(cause))
        }
        Err(error) => return Err(error),
    };
    put_files(function, key, &files).await.map_err(lake_failed)?;
    function
        .lake
        .put_answer(key, &answer)
        .await
        .map_err(lake_failed)?;
    // Only now: a run killed before answers again, a delivery after finds it done. What failed is not done: delivered again,
    // it is processed again.
    if failure.is_none() {
        let noted = function.store.note_upload_done(&record).await;
        noted.map_err(store_failed)?;
    }
    Ok(Some(Judged {
        upload: record.upload,
        answer,
        failure,
    }))
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
fn upload_id(key: &UploadKey, etag: &str, sequencer: &str) -> u64 {
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

    async fn fetch(key: &UploadKey, mut object: UploadObject) -> Result<Self, UploadFailure> {
        let disk_failed = |source| UploadFailure::Disk {
            key: key.to_string(),
            source,
        };
        let directory = tempfile::tempdir().map_err(disk_failed)?;
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
            stored: Stored {
                at_ms: object.last_modified.unix().saturating_mul(1_000),
                content: 0,
            },
            sent_before: None,
            refusal,
        })
    }

    /// Judges the file; gives the answer and its files.
    async fn judge(
        &self,
        function: &UploadValidation,
        key: &UploadKey,
        upload: u64,
    ) -> Result<(Answer, AnswerFiles), UploadFailure> {
        let disk_failed = |source| UploadFailure::Disk {
            key: key.to_string(),
            source,
        };
        let rejected = self.directory.path().join(REJECTED);
        let Readable {
            context,
            survey,
            about,
            rows,
            suspects,
            assumed,
        } = match self.readable(function, key, upload).await? {
            Ok(readable) => readable,
            Err(error) => return self.refused(function, key, &error),
        };
        let (kind, context) = context;
        let summary = UploadSummary {
            kind: kind.to_string(),
            ..self.summary.clone()
        };
        let ids_are_whole = ids_are_whole(function, key, &suspects).await?;
        let (mut batches, reader) = self.batches(kind, survey, ids_are_whole, context.clone());
        let (header, columns) = match batches.recv().await {
            Some(Ok(Message::Header(header, columns))) => (header, columns),
            Some(Err(error)) => return Err(disk_failed(io::Error::other(error))),
            Some(Ok(Message::Rows(_))) | None => {
                reader
                    .await
                    .map_err(|error| disk_failed(io::Error::other(error)))?;
                return Err(disk_failed(io::Error::other("the reader of the rows is gone")));
            }
        };
        let limits = Limits::default();
        let mut answering =
            Answering::new(summary, Some(&rejected), &header, &limits).map_err(disk_failed)?;
        answering.about(&about);
        if key.kind == AUTO {
            answering.note(notes::of_kind(kind));
        }
        if let Some(first) = self.sent_before {
            answering.note(notes::of_bytes_sent_before(first));
        }
        if let Some(stated) = &self.recording_ignored {
            answering.note(notes::of_recording_ignored(stated, self.written_at));
        }
        if let Some(assumed) = &assumed {
            answering.note(notes::of_assumed_zone(assumed));
        }
        let mut repaired =
            Repairing::begin(rows, &header, (&columns, &context), &limits).map_err(disk_failed)?;
        let surroundings = Surroundings {
            function,
            uploader: uploader(key),
            upload_key: key.to_string(),
            kind,
            learned_at: self.recorded_at,
            proposal_keys_left: AtomicUsize::new(PROPOSAL_KEYS_MAX),
        };
        while let Some(message) = batches.recv().await {
            let Message::Rows(mut rows) = message.map_err(|error| disk_failed(io::Error::other(error)))?
            else {
                continue;
            };
            let ruled = Box::pin(Batch::new(&surroundings).rule(&mut rows))
                .await
                .map_err(|source| UploadFailure::Store {
                    key: key.to_string(),
                    source,
                })?;
            answering.take(&rows, &ruled).map_err(disk_failed)?;
            for ((raw, _), ruled) in rows.iter().zip(&ruled) {
                repaired.write(raw, &ruled.ruling.findings).map_err(disk_failed)?;
            }
        }
        // A reader that ended early has sent nothing more either: without its word the rest of the file would be missing.
        reader
            .await
            .map_err(|error| disk_failed(io::Error::other(error)))?;
        let path = self.directory.path().join("repaired.xlsx");
        let unrepaired = repaired.finish(&path).map_err(disk_failed)?;
        let repaired = unrepaired.is_none().then_some(path);
        if let Some(unrepaired) = unrepaired {
            answering.note(unrepaired);
        }
        let answer = answering.finish(&function.policy).map_err(disk_failed)?;
        Ok((answer, AnswerFiles { rejected, repaired }))
    }

    /// The answer to the whole file, which lists no row.
    fn refused(
        &self,
        function: &UploadValidation,
        key: &UploadKey,
        error: &FileError,
    ) -> Result<(Answer, AnswerFiles), UploadFailure> {
        let rejected = self.directory.path().join(REJECTED);
        File::create(&rejected).map_err(|source| UploadFailure::Disk {
            key: key.to_string(),
            source,
        })?;
        let answer = Answering::refused(self.summary.clone(), &function.policy, error);
        let repaired = None;
        Ok((answer, AnswerFiles { rejected, repaired }))
    }

    fn context(
        &self,
        function: &UploadValidation,
        key: &UploadKey,
        kind: Kind,
        upload: u64,
    ) -> Result<Context, FileError> {
        let policy = &function.policy;
        let stated_zone = self.stated_zone.as_deref().map(stated_zone).transpose()?;
        Ok(Context {
            zone: FileZone::of(policy, kind, key.seller_id.as_ref(), stated_zone),
            platform_zone: policy.zone,
            upload,
            recorded_at: self.recorded_at,
            clock: self.written_at,
            stored: Some(self.stored),
            trust: key.seller_id.clone().map_or(Trust::Operator, Trust::Seller),
            future_max: policy.intake.event_future_max,
            earliest: policy.intake.earliest,
            events: Arc::clone(&policy.events),
            carriers: Arc::clone(&policy.carriers),
        })
    }

    /// Reads the file to its end without applying anything: a file that breaks half-way is refused whole.
    async fn readable(
        &self,
        function: &UploadValidation,
        key: &UploadKey,
        upload: u64,
    ) -> Result<Result<Readable, FileError>, UploadFailure> {
        let stated = Kind::parse(&key.kind);
        if stated.is_none() && key.kind != AUTO {
            return Ok(Err(FileError::new(FileCode::FileType, format!("`{}`", key.kind))));
        }
        if let Some(refusal) = &self.refusal {
            return Ok(Err(refusal.clone()));
        }
        let kind = match self.kind(stated).await {
            Ok(kind) => kind,
            Err(error) => return refused(key, error),
        };
        if let Some(error) = kind_not_allowed(kind, &uploader(key), &function.policy) {
            return Ok(Err(error));
        }
        let context = match self.context(function, key, kind, upload) {
            Ok(context) => context,
            Err(error) => return Ok(Err(error)),
        };
        let path = self.directory.path().join(UPLOADED);
        match off_thread(move || read_to_end(&path, kind, context)).await {
            Ok(readable) => Ok(Ok(readable)),
            Err(error) => refused(key, error),
        }
    }

    /// The kind that the key states, else the one that the content shows.
    async fn kind(&self, stated: Option<Kind>) -> Result<Kind, UploadError> {
        let path = self.directory.path().join(UPLOADED);
        match stated {
            Some(kind) => Ok(kind),
            None => off_thread(move || intake::kind_of_file(File::open(&path)?, &Limits::default())).await,
        }
    }

    /// Checks the rows on a thread of their own, a batch ahead of the writes.
    fn batches(
        &self,
        kind: Kind,
        survey: Survey,
        ids_are_whole: bool,
        context: Context,
    ) -> (mpsc::Receiver<Result<Message, UploadError>>, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(1);
        let path = self.directory.path().join(UPLOADED);
        let reader = tokio::task::spawn_blocking(move || {
            if let Err(error) = send_batches(&path, kind, (&survey, ids_are_whole), &context, &sender) {
                // The receiver is gone only when the run has failed already.
                let _ = sender.blocking_send(Err(error));
            }
        });
        (receiver, reader)
    }
}

const UPLOADED: &str = "upload";
const REJECTED: &str = "rejected.csv";

/// Reads on a thread that may wait for the disk.
async fn off_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, UploadError> + Send + 'static,
) -> Result<T, UploadError> {
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|source| UploadError::Read(io::Error::other(source)))?
}

/// A file that is bad is answered; one whose bytes do not come fails the run.
fn refused<T>(key: &UploadKey, error: UploadError) -> Result<Result<T, FileError>, UploadFailure> {
    match error {
        UploadError::Refused(error) => Ok(Err(error)),
        UploadError::Read(source) => Err(UploadFailure::Disk {
            key: key.to_string(),
            source,
        }),
    }
}

/// Whether the orders tell that ids which look cut are none (see [`are_known`]).
async fn ids_are_whole(
    function: &UploadValidation,
    key: &UploadKey,
    suspects: &[OrderId],
) -> Result<bool, UploadFailure> {
    if suspects.is_empty() {
        return Ok(false);
    }
    let orders = function.store.orders(suspects).await;
    let orders = orders.map_err(|source| UploadFailure::Store {
        key: key.to_string(),
        source,
    })?;
    Ok(are_known(suspects, |order_id| orders.contains_key(order_id)))
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
