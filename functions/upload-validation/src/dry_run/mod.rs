//! The dry run: one file judged as an upload would be, with no cloud at hand. Applies nothing and fines nothing.
//!
//! ```text
//! chunks of rows → read and check (pure, on every processor) → judge (in the order of the file, small state)
//!                → tally and answer files
//! ```

mod files;
mod in_file;
mod in_order;
mod index;
mod judging;
mod numbers;
mod orders;
mod reading;
mod table;
mod unknown;

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use aws_lc_rs::digest;
use domain::ruling::{Ruling, Uploader, Verdict};
use domain::time::StatedZone;
use domain::{Cents, PolicyBook, Timestamp};
use intake::{
    AUTO, CheckedRow, Context, Fact, FileError, FileZone, Filled, Kind, Limits, RejectedForm, Trust,
    UploadError,
};
use lake::{Answer, UploadSummary};

use crate::answer::{Answering, Repairing, notes};
use crate::batch::rule_alone;
use crate::file::are_known;
use files::{AnswerFiles, Watched};
use in_file::InFile;
use in_order::in_order;
use judging::Judging;
use reading::Reading;
use unknown::Alone;

pub use orders::KnownOrders;

/// The file at hand, as an upload among others.
const UPLOAD: u64 = 1;

/// Bytes that the digest takes at once.
const DIGEST_BUFFER_BYTES: usize = 1 << 18;

/// How a file is to be judged.
pub struct DryRun<'a> {
    /// What it is about.
    pub kind: Kind,
    /// Whose word it is.
    pub uploader: Uploader,
    /// When its content was recorded.
    pub recorded_at: Timestamp,
    /// The clock: no row was recorded later.
    pub clock: Timestamp,
    /// The zone that is stated for its times without one.
    pub zone: Option<StatedZone>,
    /// What stands for columns that the file lacks.
    pub filled: Filled,
    /// The rules' numbers.
    pub policy: &'a PolicyBook,
    /// How much a file may hold.
    pub limits: Limits,
    /// The orders, if they are given: without them, what depends on them is said not to have been checked.
    pub orders: Option<KnownOrders>,
    /// Told how far the file has been read, in bytes; it is read through more than once.
    pub progress: &'a dyn Fn(u64),
}

/// Why a dry run gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum DryRunError {
    /// The file's bytes did not come.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// An answer file could not be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file or its directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// The kind of the file at `path` by its content; where that is unclear, the answer that says so.
///
/// # Errors
/// [`DryRunError`] when the file cannot be read.
pub fn kind_of(
    path: &Path,
    limits: &Limits,
    filled: &Filled,
    policy: &PolicyBook,
) -> Result<Result<Kind, Box<Answer>>, DryRunError> {
    let read_failed = |source| DryRunError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(read_failed)?;
    let bytes = file.metadata().map_err(read_failed)?.len();
    match intake::kind_of_file(file, limits, filled) {
        Ok(kind) => Ok(Ok(kind)),
        Err(UploadError::Read(source)) => Err(read_failed(source)),
        Err(UploadError::Refused(error)) => {
            let summary = UploadSummary {
                key: path.display().to_string(),
                kind: AUTO.to_owned(),
                bytes,
                ..UploadSummary::default()
            };
            let answer = Answering::refused(summary, policy, &error);
            Ok(Err(Box::new(Answer {
                dry_run: true,
                ..answer
            })))
        }
    }
}

impl DryRun<'_> {
    /// Judges the file at `path`. With a directory `out` the answer's files are written there: `rejected.csv`,
    /// `repaired.xlsx` and, last, `report.json`: each whole or not at all, and no report without its files.
    ///
    /// A file that is refused, be it at its end, gives its refusal only. The bytes' digest is taken only for `out`, where
    /// it is kept.
    ///
    /// # Errors
    /// [`DryRunError`] when the file cannot be read or an answer file cannot be written.
    pub fn run(mut self, path: &Path, out: Option<&Path>) -> Result<Answer, DryRunError> {
        let read_failed = |source| DryRunError::Read {
            path: path.to_owned(),
            source,
        };
        let summary = self.summary(path).map_err(read_failed)?;
        let files = out.map(AnswerFiles::create).transpose()?;
        let is_hashed = files.is_some() && summary.bytes <= self.limits.file_bytes_max;
        // Beside the judging: it reads the same bytes from the system's cache.
        let digest = is_hashed.then(|| {
            let path = path.to_owned();
            thread::spawn(move || sha256(&path))
        });
        let judged = self.judge(path, &summary, files.as_ref());
        let answer = match judged {
            Ok(answer) => answer,
            Err(Stop::Refused(error)) => {
                if let Some(files) = &files {
                    files.discard_rows()?;
                }
                Answering::refused(summary, self.policy, &error)
            }
            Err(Stop::Read(source)) => return Err(read_failed(source)),
            Err(Stop::Write(source)) => {
                let path = out.unwrap_or(path).to_owned();
                return Err(DryRunError::Write { path, source });
            }
        };
        let mut answer = Answer {
            dry_run: true,
            ..answer
        };
        if let Some(Ok(digest)) = digest.map(thread::JoinHandle::join) {
            answer.upload.sha256 = digest.map_err(read_failed)?;
        }
        if let Some(files) = &files {
            files.publish(&answer)?;
        }
        Ok(answer)
    }

    fn judge(
        &mut self,
        path: &Path,
        summary: &UploadSummary,
        files: Option<&AnswerFiles>,
    ) -> Result<Answer, Stop> {
        if let Some(error) = crate::file::kind_not_allowed(self.kind, &self.uploader, self.policy) {
            return Err(Stop::Refused(error));
        }
        let limits = self.limits;
        let mut source = Watched::open(path, self.progress)?;
        let survey = intake::survey(&mut source, &limits)?;
        let mut upload = intake::open_filled(source, self.kind, limits, &survey, &self.filled)?;
        if let Some(orders) = &self.orders
            && are_known(upload.suspected_ids(), |order_id| {
                orders.order(order_id).is_some()
            })
        {
            upload.trust_order_ids();
        }
        let (columns, context) = (upload.columns().clone(), self.context());
        let mut answering = Answering::new(
            summary.clone(),
            files.map(|files| files.rejected.as_path()),
            upload.header(),
            &limits,
        )
        .map_err(Stop::Write)?;
        if self.kind == Kind::Tracking {
            answering.price(&self.policy.newest().upload.fined_codes);
        }
        let repaired = files
            .map(|_| Repairing::begin(survey.lines(), upload.header(), (&columns, &context), &limits))
            .transpose()
            .map_err(Stop::Write)?;
        let rows_max = upload.rows_max();
        let is_repaired = repaired.as_ref().is_some_and(Repairing::has_room);
        let is_short = self.kind == Kind::Tracking && self.orders.is_none() && !is_repaired;
        let rows = if is_short { survey.lines().min(rows_max) } else { 0 };
        let in_file = InFile::new(rows as usize, self.policy);
        let reading = Reading {
            columns: &columns,
            context: &context,
            uploader: self.uploader.clone(),
            policy: self.policy,
            keys: is_short.then(|| in_file.keys()),
            rejected: files.map(|_| RejectedForm::of(upload.header())),
        };
        let mut judging = Judging::new(self, (&columns, &context), in_file, answering, repaired, rows_max);
        in_order(
            thread::available_parallelism().map_or(1, NonZero::get),
            || upload.next_chunk().map_err(Stop::from),
            |chunk| reading.read(chunk),
            |read| judging.take(read),
        )?;
        let mut about = upload.about();
        about.totals_rows = judging.totals_rows();
        let assumed = judging.assumed.settled(&context.zone, &columns);
        let assumed = assumed.map_err(Stop::Refused)?;
        let Judging {
            run,
            mut answering,
            repaired,
            ..
        } = judging;
        if let Some(assumed) = &assumed {
            answering.note(notes::of_assumed_zone(assumed));
        }
        run.note(&mut answering);
        if let (Some(repaired), Some(files)) = (repaired, files)
            && let Some(unrepaired) = repaired.finish(&files.repaired).map_err(Stop::Write)?
        {
            answering.note(unrepaired);
        }
        answering.about(&about);
        answering.finish(run.policy).map_err(Stop::Write)
    }

    /// The ruling of the next row.
    fn rule(&mut self, checked: CheckedRow, in_file: &mut InFile) -> Ruling {
        if checked.fact.is_none() {
            return rule_alone(&checked);
        }
        let (warnings, limits) = (checked.findings, &self.policy.intake);
        let ruling = match checked.fact {
            Some(Fact::Tracking(fact)) => match &mut self.orders {
                Some(orders) => orders.rule_tracking(&fact, &self.uploader, self.policy),
                None => {
                    let alone = Alone::of(&fact, checked.stated_findings, &self.uploader, self.policy);
                    alone.rule(&fact, self.policy, in_file)
                }
            },
            Some(Fact::Order(fact)) => {
                let known = self.orders.as_mut();
                let known = known.and_then(|orders| orders.rule_order(&fact, &self.uploader, limits));
                known.unwrap_or_else(|| in_file.judge_order(&fact))
            }
            Some(Fact::Appeal(fact)) => match &mut self.orders {
                Some(orders) => orders.rule_appeal(&fact, &self.uploader, limits),
                None => in_file.judge_appeal(&fact),
            },
            Some(Fact::Event(fact)) => in_file.judge_event(&fact),
            Some(Fact::Rate(fact)) => in_file.judge_rate(&fact),
            Some(Fact::Seller(fact)) => in_file.judge_seller(&fact),
            Some(Fact::Statement(line)) => {
                let known = self.orders.as_ref().zip(line.order_id.as_ref());
                in_file.judge_statement(&line, known.and_then(|(orders, order_id)| orders.order(order_id)))
            }
            None => return Ruling::applied(warnings),
        };
        // Warnings of the cells stay with a row that is applied.
        if ruling.verdict == Verdict::Accepted && !warnings.is_empty() {
            return Ruling::applied(warnings);
        }
        ruling
    }

    fn note(&self, answering: &mut Answering) {
        let fine = Cents(i64::from(self.policy.newest().upload.fine_cents));
        if let Some(note) = notes::of_cost(answering.priced_rows(), fine) {
            answering.note(note);
        }
        for note in notes::of_dry_run(self.kind, self.orders.is_some()) {
            answering.note(note);
        }
        let unusable = self.orders.as_ref().map_or(0, KnownOrders::unusable_rows);
        if let Some(note) = notes::of_unusable_orders(unusable) {
            answering.note(note);
        }
    }

    fn context(&self) -> Context {
        let trust = match &self.uploader {
            Uploader::Operator => Trust::Operator,
            Uploader::Seller(seller_id) => Trust::Seller(seller_id.clone()),
        };
        let sender = match &self.uploader {
            Uploader::Operator => None,
            Uploader::Seller(seller_id) => Some(seller_id),
        };
        Context {
            zone: FileZone::of(self.policy, self.kind, sender, self.zone),
            platform_zone: self.policy.zone,
            upload: UPLOAD,
            recorded_at: self.recorded_at,
            clock: self.clock,
            stored: None,
            filled: self.filled.clone(),
            trust,
            future_max: self.policy.intake.event_future_max,
            earliest: self.policy.intake.earliest,
            events: Arc::clone(&self.policy.events),
            carriers: Arc::clone(&self.policy.carriers),
        }
    }

    fn summary(&self, path: &Path) -> io::Result<UploadSummary> {
        Ok(UploadSummary {
            key: path.display().to_string(),
            kind: self.kind.to_string(),
            seller_id: match &self.uploader {
                Uploader::Operator => "_".to_owned(),
                Uploader::Seller(seller_id) => seller_id.to_string(),
            },
            bytes: File::open(path)?.metadata()?.len(),
            ..UploadSummary::default()
        })
    }
}

fn sha256(path: &Path) -> io::Result<String> {
    let (mut file, mut digest) = (File::open(path)?, digest::Context::new(&digest::SHA256));
    let mut buffer = vec![0; DIGEST_BUFFER_BYTES];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(digest.finish())),
            count => digest.update(&buffer[..count]),
        }
    }
}

/// Why judging stopped.
enum Stop {
    Refused(FileError),
    Read(io::Error),
    Write(io::Error),
}

impl From<UploadError> for Stop {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Refused(error) => Self::Refused(error),
            UploadError::Read(source) => Self::Read(source),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(source: io::Error) -> Self {
        Self::Read(source)
    }
}
