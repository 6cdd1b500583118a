//! Judging: what the rows of a file say against each other, in the order of the file, behind the threads that read them.

use std::collections::VecDeque;

use domain::RowCode;
use domain::ruling::Verdict;
use intake::{AssumedTimes, CheckedRow, Chunk, Columns, Context, FileError, RawRow, TOTALS_ROWS_MAX};

use super::in_file::InFile;
use super::reading::{ReadChunk, ReadRow, Refused, Said, Sound};
use super::{DryRun, Stop};
use crate::answer::{Answering, Repairing};

/// Rows whose keys are looked for together, before each is judged.
const ROWS_FETCHED: usize = 64;

/// A file while it is judged.
pub(super) struct Judging<'a, 'run> {
    pub(super) run: &'a mut DryRun<'run>,
    pub(super) columns: &'a Columns,
    pub(super) context: &'a Context,
    pub(super) in_file: InFile,
    pub(super) answering: Answering,
    pub(super) repaired: Option<Repairing<'a>>,
    pub(super) rows_max: u64,
    rows: u64,
    /// Rows that are totals if nothing but totals comes after them.
    totals: VecDeque<RawRow>,
    /// The file's times that were read in an assumed zone.
    pub(super) assumed: AssumedTimes,
}

impl<'a, 'run> Judging<'a, 'run> {
    pub(super) fn new(
        run: &'a mut DryRun<'run>,
        (columns, context): (&'a Columns, &'a Context),
        in_file: InFile,
        answering: Answering,
        repaired: Option<Repairing<'a>>,
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
            assumed: AssumedTimes::default(),
        }
    }

    /// Rows of totals at the end of what was judged.
    pub(super) fn totals_rows(&self) -> u64 {
        self.totals.len() as u64
    }

    /// Judges the next chunk.
    pub(super) fn take(&mut self, read: ReadChunk) -> Result<(), Stop> {
        self.assumed.add(&read.assumed);
        let mut rows = read.rows.into_iter();
        while !rows.as_slice().is_empty() {
            let next = rows.as_slice().iter().take(ROWS_FETCHED);
            self.in_file.numbers().fetch(next.filter_map(ReadRow::key));
            for row in rows.by_ref().take(ROWS_FETCHED) {
                self.take_row(row, &read.chunk, &read.rejected)?;
            }
        }
        read.refused.map_or(Ok(()), |refused| Err(Stop::Refused(refused)))
    }

    fn take_row(&mut self, row: ReadRow, chunk: &Chunk, rejected: &str) -> Result<(), Stop> {
        if row.is_totals && self.totals.len() < TOTALS_ROWS_MAX {
            self.totals.push_back(chunk.row(row.spot));
            return Ok(());
        }
        while let Some(totals) = self.totals.pop_front() {
            let checked = intake::check(&totals, self.columns, self.context);
            self.assumed.add(&checked.assumed);
            self.judge(totals, checked)?;
        }
        let checked = match row.said {
            Said::Sound(sound) if self.passes(&sound) => None,
            Said::Refused(refused) if self.refuses(&refused, rejected)? => None,
            Said::Sound(_) | Said::Refused(_) => {
                let raw = chunk.row(row.spot);
                let checked = intake::check(&raw, self.columns, self.context);
                Some((raw, checked))
            }
            Said::Checked(checked) => Some((chunk.row(row.spot), *checked)),
        };
        if let Some((raw, checked)) = checked {
            self.judge(raw, checked)?;
        }
        if self.rows > self.rows_max {
            return Err(Stop::Refused(FileError::too_many_rows(self.rows_max)));
        }
        Ok(())
    }

    /// Counts a sound row; false when there is more to say of it, and then nothing is done.
    fn passes(&mut self, sound: &Sound) -> bool {
        let numbers = self.in_file.numbers();
        let standing = numbers.standing(&sound.key);
        if standing.holder.is_some() || standing.is_one_too_many {
            return false;
        }
        let is_late = sound.is_late && standing.is_first;
        if is_late && !self.answering.is_full() {
            return false;
        }
        self.rows += 1;
        numbers.hold(&sound.key, &standing, self.rows);
        let (verdict, code) = if is_late {
            (Verdict::AcceptedWithWarning, Some(RowCode::UploadLate))
        } else {
            (Verdict::Accepted, None)
        };
        self.answering
            .count_unkept(verdict, code.into_iter().collect(), sound.undone);
        true
    }

    /// Counts and writes a refused row; false when there is more to say of it, and then nothing is done.
    fn refuses(&mut self, refused: &Refused, rejected: &str) -> Result<bool, Stop> {
        if !self.answering.is_full() {
            return Ok(false);
        }
        self.rows += 1;
        self.answering
            .count_unkept(Verdict::Rejected, refused.codes, refused.undone);
        if let Some(line) = refused.line {
            let written = self.answering.write_rejected(rejected, line, self.rows);
            written.map_err(Stop::Write)?;
        }
        Ok(true)
    }

    /// Judges the next row by all that it says.
    fn judge(&mut self, raw: RawRow, checked: CheckedRow) -> Result<(), Stop> {
        self.rows += 1;
        let (raw, checked) = (raw.numbered(self.rows), checked.numbered(self.rows));
        let (undone, remark) = (checked.undone, checked.remark);
        let ruling = self.run.rule(checked, &mut self.in_file);
        self.answering.remark(remark);
        self.answering
            .take_row(&raw, undone, &ruling)
            .map_err(Stop::Write)?;
        if let Some(repaired) = &mut self.repaired {
            repaired.write(&raw, &ruling.findings).map_err(Stop::Write)?;
        }
        Ok(())
    }
}
