//! A file's rows judged and answered, batch by batch: those that were judged by a run before are read again, and their rulings
//! taken as they were kept.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use domain::code::FileCode;
use intake::{
    AUTO, CheckedRow, Columns, Context, FileError, FileZone, Filled, Kind, Limits, Mask, RawRow, Trust,
    UploadError, stated_zone,
};
use lake::{Answer, NextRun, UploadKey, UploadSummary};

use super::reading::{Message, Readable, Reading, read_to_end, send_batches};
use super::{AnswerFiles, Fetched, Run, UPLOADED, are_known, kind_not_allowed, uploader};
use crate::UploadFailure;
use crate::answer::{Answering, Repairing, notes};
use crate::batch::{Batch, Surroundings};
use crate::checkpoint::{Begun, Kept, State};
use crate::commit::RuledRow;
use crate::proposals::PROPOSAL_KEYS_MAX;

/// What a run made of a file.
pub(super) enum Judged {
    /// All of it is judged.
    Whole(Box<Answer>, AnswerFiles),
    /// So many rows are judged; the next run was asked for.
    HandedOn(u64, NextRun),
}

type Rows = Vec<(RawRow, CheckedRow)>;

impl Fetched {
    /// Judges the file as far as there is time, one batch at least; gives the answer and its files when it is judged whole.
    pub(super) async fn judge(&self, run: &Run<'_>) -> Result<Judged, UploadFailure> {
        let readable = match self.readable(run).await? {
            Ok(readable) => readable,
            Err(error) => {
                let (answer, files) = self.refused(run, &error)?;
                return Ok(Judged::Whole(Box::new(answer), files));
            }
        };
        let begun = Begun {
            recorded_at: self.recorded_at,
            sent_before: self.sent_before,
            ids_are_whole: match &run.begun {
                Some(begun) => begun.ids_are_whole,
                None => run.ids_are_whole(&readable).await?,
            },
        };
        let mut reading = self.reading(run, &readable, begun.ids_are_whole);
        let disk_failed = UploadFailure::disk(&run.written.key);
        let (header, columns) = match reading.next().await.map_err(&disk_failed)? {
            Some(Message::Header(header, columns)) => (header, columns),
            Some(Message::Rows(_)) | None => {
                return Err(disk_failed(io::Error::other("the reader of the rows is gone")));
            }
        };
        let mut writing = Writing::begin(self, run, &readable, (&header, &columns)).map_err(&disk_failed)?;
        let surroundings = self.surroundings(run, readable.context.0);
        let (mut number, mut judged) = (0, 0);
        while let Some(message) = reading.next().await.map_err(&disk_failed)? {
            let Message::Rows(mut rows) = message else {
                continue;
            };
            number += 1;
            judged += rows.len() as u64;
            let is_last = judged == readable.rows;
            let (ruled, has_time) = run.rule(&surroundings, begun, number, &mut rows, is_last).await?;
            if !has_time {
                return Ok(Judged::HandedOn(judged, run.hand_on().await?));
            }
            writing.take(&rows, &ruled).map_err(&disk_failed)?;
        }
        let (answer, files) = writing.finish(self, run).map_err(&disk_failed)?;
        Ok(Judged::Whole(Box::new(answer), files))
    }

    /// The answer to the whole file, which lists no row.
    pub(super) fn refused(
        &self,
        run: &Run<'_>,
        error: &FileError,
    ) -> Result<(Answer, AnswerFiles), UploadFailure> {
        let rejected = self.rejected();
        File::create(&rejected).map_err(UploadFailure::disk(&run.written.key))?;
        let answer = Answering::refused(self.summary.clone(), &run.function.policy, error);
        let repaired = None;
        Ok((answer, AnswerFiles { rejected, repaired }))
    }

    fn rejected(&self) -> PathBuf {
        self.directory.path().join("rejected.csv")
    }

    fn surroundings<'a>(&self, run: &'a Run<'_>, kind: Kind) -> Surroundings<'a> {
        Surroundings {
            function: run.function,
            uploader: uploader(&run.written.key),
            upload_key: run.written.key.to_string(),
            kind,
            learned_at: self.recorded_at,
            proposal_keys_left: AtomicUsize::new(PROPOSAL_KEYS_MAX),
            rates_in_file: Mutex::default(),
        }
    }

    fn context(&self, run: &Run<'_>, kind: Kind) -> Result<Context, FileError> {
        let (policy, key) = (&run.function.policy, &run.written.key);
        let stated_zone = self.stated_zone.as_deref().map(stated_zone).transpose()?;
        Ok(Context {
            zone: FileZone::of(policy, kind, key.seller_id.as_ref(), stated_zone),
            platform_zone: policy.zone,
            upload: run.upload,
            recorded_at: self.recorded_at,
            clock: self.written_at,
            stored: Some(self.stored),
            filled: self.filled()?,
            trust: key.seller_id.clone().map_or(Trust::Operator, Trust::Seller),
            future_max: policy.intake.event_future_max,
            earliest: policy.intake.earliest,
            events: Arc::clone(&policy.events),
            carriers: Arc::clone(&policy.carriers),
        })
    }

    /// Reads the file to its end without applying anything: a file that breaks half-way is refused whole. Every run does so
    /// again: it takes a hundredth of what judging takes.
    async fn readable(&self, run: &Run<'_>) -> Result<Result<Readable, FileError>, UploadFailure> {
        let key = &run.written.key;
        let stated = Kind::parse(&key.kind);
        if stated.is_none() && key.kind != AUTO {
            return Ok(Err(FileError::new(FileCode::FileType, format!("`{}`", key.kind))));
        }
        if let Some(refusal) = &self.refusal {
            return Ok(Err(refusal.clone()));
        }
        let filled = match self.filled() {
            Ok(filled) => filled,
            Err(error) => return Ok(Err(error)),
        };
        let kind = match self.kind(stated, filled).await {
            Ok(kind) => kind,
            Err(error) => return refused(key, error),
        };
        if let Some(error) = kind_not_allowed(kind, &uploader(key), &run.function.policy) {
            return Ok(Err(error));
        }
        let context = match self.context(run, kind) {
            Ok(context) => context,
            Err(error) => return Ok(Err(error)),
        };
        let path = self.directory.path().join(UPLOADED);
        match off_thread(move || read_to_end(&path, kind, context)).await {
            Ok(readable) => Ok(Ok(readable)),
            Err(error) => refused(key, error),
        }
    }

    /// What stands for columns that the file lacks.
    fn filled(&self) -> Result<Filled, FileError> {
        let [shop, currency] = &self.stated_fills;
        Filled::parse(shop.as_deref(), currency.as_deref())
    }

    /// The kind that the key states, else the one that the content shows.
    async fn kind(&self, stated: Option<Kind>, filled: Filled) -> Result<Kind, UploadError> {
        let path = self.directory.path().join(UPLOADED);
        match stated {
            Some(kind) => Ok(kind),
            None => {
                off_thread(move || intake::kind_of_file(File::open(&path)?, &Limits::default(), &filled))
                    .await
            }
        }
    }

    /// Begins to check the rows.
    fn reading(&self, run: &Run<'_>, readable: &Readable, ids_are_whole: bool) -> Reading {
        let path = self.directory.path().join(UPLOADED);
        let (context, survey) = (readable.context.clone(), readable.survey.clone());
        let rows_max = run.function.batches.rows_max;
        Reading::begin(move |sender| {
            send_batches(&path, &context, (&survey, ids_are_whole), rows_max, sender)
        })
    }
}

impl Run<'_> {
    /// What became of a batch's rows, as it was kept or as it is judged now, and whether there is time to go on. It is kept
    /// unless the answer follows at once.
    async fn rule(
        &self,
        surroundings: &Surroundings<'_>,
        begun: Begun,
        number: u32,
        rows: &mut Rows,
        is_last: bool,
    ) -> Result<(Vec<RuledRow>, bool), UploadFailure> {
        let key = &self.written.key;
        let keys_left = &surroundings.proposal_keys_left;
        let kept = self.journal.kept(number, rows.len()).await;
        if let Some(kept) = kept.map_err(UploadFailure::lake(key))? {
            surroundings.pass_over(rows);
            keys_left.store(kept.state.proposal_keys_left, Ordering::Relaxed);
            return Ok((kept.ruled, true));
        }
        // Too large for the stack of whoever waits for it.
        let ruled = Box::pin(Batch::new(surroundings).rule(rows)).await;
        let ruled = ruled.map_err(UploadFailure::store(key))?;
        let has_time = self.time.is_enough_for(self.function.batches.time_max);
        if is_last && has_time {
            return Ok((ruled, has_time));
        }
        let state = State {
            begun,
            proposal_keys_left: keys_left.load(Ordering::Relaxed),
        };
        let kept = self.journal.keep(number, Kept { state, ruled }).await;
        let kept = kept.map_err(UploadFailure::lake(key))?;
        keys_left.store(kept.state.proposal_keys_left, Ordering::Relaxed);
        Ok((kept.ruled, has_time))
    }

    /// Asks for the run that goes on.
    async fn hand_on(&self) -> Result<NextRun, UploadFailure> {
        let asked = self.journal.ask_for(self.number + 1, self.written).await;
        asked.map_err(UploadFailure::lake(&self.written.key))
    }

    /// Whether the orders tell that ids which look cut are none (see [`are_known`]).
    async fn ids_are_whole(&self, readable: &Readable) -> Result<bool, UploadFailure> {
        let suspects = &readable.suspects;
        if suspects.is_empty() {
            return Ok(false);
        }
        let orders = self.function.store.orders(suspects).await;
        let orders = orders.map_err(UploadFailure::store(&self.written.key))?;
        Ok(are_known(suspects, |order_id| orders.contains_key(order_id)))
    }
}

/// An answer and its files in the making.
struct Writing<'a> {
    answering: Answering,
    repairing: Repairing<'a>,
    /// What of a row goes back masked (P), if anything does.
    mask: Option<Mask>,
}

impl<'a> Writing<'a> {
    fn begin(
        upload: &Fetched,
        run: &Run<'_>,
        readable: &'a Readable,
        (header, columns): (&[String], &'a Columns),
    ) -> io::Result<Self> {
        let (kind, context) = &readable.context;
        let summary = UploadSummary {
            kind: kind.to_string(),
            ..upload.summary.clone()
        };
        let limits = Limits::default();
        let mut answering = Answering::new(summary, Some(&upload.rejected()), header, &limits)?;
        answering.about(&readable.about);
        if run.written.key.kind == AUTO {
            answering.note(notes::of_kind(*kind));
        }
        if let Some(first) = upload.sent_before {
            answering.note(notes::of_bytes_sent_before(first));
        }
        if let Some(stated) = &upload.recording_ignored {
            answering.note(notes::of_recording_ignored(stated, upload.written_at));
        }
        if let Some(assumed) = &readable.assumed {
            answering.note(notes::of_assumed_zone(assumed));
        }
        let repairing = Repairing::begin(readable.rows, header, (columns, context), &limits)?;
        let mask = run
            .function
            .policy
            .intake
            .answers_masked
            .then(|| Mask::of(columns));
        Ok(Self {
            answering,
            repairing,
            mask,
        })
    }

    fn take(&mut self, rows: &[(RawRow, CheckedRow)], ruled: &[RuledRow]) -> io::Result<()> {
        for ((raw, checked), ruled) in rows.iter().zip(ruled) {
            let findings = &ruled.ruling.findings;
            let returned = match &self.mask {
                Some(mask) => Cow::Owned(mask.row(raw, findings)),
                None => Cow::Borrowed(raw),
            };
            self.answering.take(&returned, checked, ruled)?;
            self.repairing.write(&returned, findings)?;
        }
        Ok(())
    }

    fn finish(mut self, upload: &Fetched, run: &Run<'_>) -> io::Result<(Answer, AnswerFiles)> {
        let path = upload.directory.path().join("repaired.xlsx");
        let unrepaired = self.repairing.finish(&path)?;
        let repaired = unrepaired.is_none().then_some(path);
        if let Some(unrepaired) = unrepaired {
            self.answering.note(unrepaired);
        }
        let answer = self.answering.finish(&run.function.policy)?;
        let rejected = upload.rejected();
        Ok((answer, AnswerFiles { rejected, repaired }))
    }
}

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
        UploadError::Read(source) => Err(UploadFailure::disk(key)(source)),
    }
}
