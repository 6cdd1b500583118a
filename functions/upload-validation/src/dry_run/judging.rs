//! Judging: chunks of rows are read and checked on every processor; what the rows say against each other is judged behind
//! them, in the order of the file.

use std::collections::VecDeque;
use std::io;

use domain::facts::TrackingFact;
use domain::ruling::{Uploader, Verdict, is_late, rule_by_stated};
use domain::{PolicyBook, RowCode, Timestamp};
use intake::cell::Undone;
use intake::{
    CheckedRow, Chunk, Columns, Context, Fact, FileError, RawRow, RepairedWriter, Spot, TOTALS_ROWS_MAX,
};

use super::in_file::{InFile, Key, Keys};
use super::{DryRun, Stop};
use crate::answer::Answering;

/// What reading a chunk needs; the same for all of a file.
pub(super) struct Reading<'a> {
    pub(super) columns: &'a Columns,
    pub(super) context: &'a Context,
    pub(super) uploader: Uploader,
    pub(super) policy: &'a PolicyBook,
    /// Makes keys of tracking rows, where a key is all that judging needs of most of them.
    pub(super) keys: Option<Keys>,
}

/// A chunk whose rows are checked.
pub(super) struct ReadChunk {
    chunk: Chunk,
    rows: Vec<ReadRow>,
    refused: Option<FileError>,
}

struct ReadRow {
    spot: Spot,
    is_totals: bool,
    said: Said,
}

/// What a row says, as short as may be.
enum Said {
    /// A tracking row that nothing refuses and nothing is said of, unless it is late or the number is held already.
    Sound(Sound),
    Checked(Box<CheckedRow>),
}

#[derive(Clone, Copy)]
struct Sound {
    key: Key,
    uploaded_at: Timestamp,
    paid_at: Option<Timestamp>,
    undone: Undone,
}

impl Reading<'_> {
    /// Reads and checks the rows of a chunk.
    pub(super) fn read(&self, chunk: Chunk) -> ReadChunk {
        let mut rows = Vec::new();
        let read = chunk.read(self.columns, |row, spot, is_totals| {
            let said = self.said(intake::check(row, self.columns, self.context));
            rows.push(ReadRow {
                spot,
                is_totals,
                said,
            });
        });
        ReadChunk {
            refused: read.err(),
            chunk,
            rows,
        }
    }

    fn said(&self, checked: CheckedRow) -> Said {
        match (&self.keys, &checked.fact) {
            (Some(keys), Some(Fact::Tracking(fact))) => match self.sound(keys, fact, &checked) {
                Some(sound) => Said::Sound(sound),
                None => Said::Checked(Box::new(checked)),
            },
            _ => Said::Checked(Box::new(checked)),
        }
    }

    fn sound(&self, keys: &Keys, fact: &TrackingFact, checked: &CheckedRow) -> Option<Sound> {
        let is_sound = checked.findings.is_empty()
            && checked.stated_findings.is_empty()
            && rule_by_stated(fact, &self.uploader, self.policy).is_empty();
        if !is_sound {
            return None;
        }
        Some(Sound {
            key: keys.of(fact)?,
            uploaded_at: fact.uploaded_at,
            paid_at: fact.stated.paid_at,
            undone: checked.undone,
        })
    }
}

/// A file while it is judged.
pub(super) struct Judging<'a, 'run> {
    pub(super) run: &'a mut DryRun<'run>,
    pub(super) columns: &'a Columns,
    pub(super) context: &'a Context,
    pub(super) in_file: InFile,
    pub(super) answering: Answering,
    pub(super) repaired: Option<RepairedWriter<'a>>,
    pub(super) rows_max: u64,
    rows: u64,
    /// Rows that are totals if nothing but totals comes after them.
    totals: VecDeque<RawRow>,
}

impl<'a, 'run> Judging<'a, 'run> {
    pub(super) fn new(
        run: &'a mut DryRun<'run>,
        (columns, context): (&'a Columns, &'a Context),
        in_file: InFile,
        answering: Answering,
        repaired: Option<RepairedWriter<'a>>,
        rows_max: u64,
    ) -> Self {
        Self {
            run,
            columns,
            context,
            in_file,
            answering,
            repaired,
            rows_max,
            rows: 0,
            totals: VecDeque::new(),
        }
    }

    /// Rows of totals at the end of what was judged.
    pub(super) fn totals_rows(&self) -> u64 {
        self.totals.len() as u64
    }

    /// Judges the next chunk.
    pub(super) fn take(&mut self, read: ReadChunk) -> Result<(), Stop> {
        for row in read.rows {
            if row.is_totals && self.totals.len() < TOTALS_ROWS_MAX {
                self.totals.push_back(read.chunk.row(row.spot));
                continue;
            }
            while let Some(totals) = self.totals.pop_front() {
                let checked = intake::check(&totals, self.columns, self.context);
                self.judge(totals, checked)?;
            }
            match row.said {
                Said::Sound(sound) if self.passes(&sound) => {}
                Said::Sound(_) => {
                    let raw = read.chunk.row(row.spot);
                    let checked = intake::check(&raw, self.columns, self.context);
                    self.judge(raw, checked)?;
                }
                Said::Checked(checked) => self.judge(read.chunk.row(row.spot), *checked)?,
            }
            if self.rows > self.rows_max {
                return Err(Stop::Refused(FileError::too_many_rows(self.rows_max)));
            }
        }
        read.refused.map_or(Ok(()), |refused| Err(Stop::Refused(refused)))
    }

    /// Counts a sound row; false when there is more to say of it, and then nothing is done.
    fn passes(&mut self, sound: &Sound) -> bool {
        if self.in_file.is_held(&sound.key) {
            return false;
        }
        let policy = |paid_at| self.run.policy.in_force_at(paid_at);
        let is_late = self.in_file.would_be_first(&sound.key)
            && sound
                .paid_at
                .is_some_and(|paid_at| is_late(sound.uploaded_at, paid_at, policy(paid_at)));
        if is_late && !self.answering.is_full() {
            return false;
        }
        self.rows += 1;
        self.in_file.hold(&sound.key, self.rows);
        let (verdict, code) = if is_late {
            (Verdict::AcceptedWithWarning, Some(RowCode::UploadLate))
        } else {
            (Verdict::Accepted, None)
        };
        self.answering.count_sound(verdict, code, sound.undone);
        true
    }

    /// Judges the next row by all that it says.
    fn judge(&mut self, raw: RawRow, checked: CheckedRow) -> Result<(), Stop> {
        self.rows += 1;
        let (raw, checked) = (raw.numbered(self.rows), checked.numbered(self.rows));
        let undone = checked.undone;
        let ruling = self.run.rule(checked, &mut self.in_file);
        self.answering
            .take_row(&raw, undone, &ruling)
            .map_err(Stop::Write)?;
        // A text may have rows that no line feed ends.
        self.repaired = self.repaired.take().filter(|repaired| !repaired.is_full());
        if let Some(repaired) = &mut self.repaired {
            repaired
                .write(&raw, &ruling.findings)
                .map_err(|error| Stop::Write(io::Error::other(error)))?;
        }
        Ok(())
    }
}
