//! The answer to an upload, as its rows are ruled.

pub(crate) mod notes;
mod repairing;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use domain::message::{file_message, message};
use domain::ruling::{Ruling, Verdict};
use domain::{Finding, PolicyBook, RowCode};
use intake::cell::Undone;
use intake::{About, CheckedRow, FileError, Limits, RawRow, RejectedLine, RejectedWriter, Remark};
use lake::{AboutFile, Answer, Counts, FinesSummary, Issue, Note, UploadSummary, severity_in_answers};

use crate::commit::RuledRow;

pub(crate) use repairing::Repairing;

/// Findings in `report.json`, at most; `by_code` and `rejected.csv` hold all.
const ISSUES_MAX: usize = 10_000;

/// Codes that a row has, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowCodes(u64);

impl RowCodes {
    /// The codes of a row's findings.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        findings.iter().map(|finding| finding.code).collect()
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn each(self) -> impl Iterator<Item = RowCode> {
        const { assert!(RowCode::ALL.len() <= 64, "a bit for every code") };
        let mut left = self.0;
        std::iter::from_fn(move || {
            let code = RowCode::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(*code)
        })
    }
}

impl FromIterator<RowCode> for RowCodes {
    fn from_iter<T: IntoIterator<Item = RowCode>>(codes: T) -> Self {
        Self(codes.into_iter().fold(0, |bits, code| bits | 1 << code as u64))
    }
}

/// An answer in the making.
pub(crate) struct Answering {
    summary: UploadSummary,
    counts: Counts,
    /// Rows by [`RowCode`].
    by_code: Vec<u64>,
    fines: FinesSummary,
    issues: Vec<Issue>,
    truncated: bool,
    undone: BTreeMap<&'static str, u64>,
    remarks: notes::Remarks,
    /// The codes that cost a fine (A6), where it is to be said what an upload would cost.
    priced: RowCodes,
    /// Refused rows that have one of them.
    priced_rows: u64,
    notes: Vec<Note>,
    rejected: Option<RejectedWriter<File>>,
}

impl Answering {
    /// Begins an answer; refused rows go to the file `rejected`, if they are wanted, as far as it has room for them.
    pub(crate) fn new(
        summary: UploadSummary,
        rejected: Option<&Path>,
        header: &[String],
        limits: &Limits,
    ) -> io::Result<Self> {
        let rejected = rejected.map(|path| {
            let file = File::create(path)?;
            Ok::<_, io::Error>(RejectedWriter::new(file, header, limits.answer_bytes_max))
        });
        Ok(Self {
            summary,
            counts: Counts::default(),
            by_code: vec![0; RowCode::ALL.len()],
            fines: FinesSummary::default(),
            issues: Vec::new(),
            truncated: false,
            undone: BTreeMap::new(),
            remarks: notes::Remarks::default(),
            priced: RowCodes::default(),
            priced_rows: 0,
            notes: Vec::new(),
            rejected: rejected.transpose()?,
        })
    }

    /// The answer to a file refused whole.
    pub(crate) fn refused(summary: UploadSummary, book: &PolicyBook, error: &FileError) -> Answer {
        let message = file_message(error.code, &error.detail);
        let issue = Issue {
            row: 0,
            line: None,
            column: String::new(),
            code: error.code.to_string(),
            severity: "error".to_owned(),
            clause: String::new(),
            value: String::new(),
            message_en: message.message_en,
            message_zh: message.message_zh,
            fix_en: message.fix_en,
            fix_zh: message.fix_zh,
            proposal: String::new(),
        };
        Answer {
            upload: summary,
            policy: book.newest().version.clone(),
            dry_run: false,
            counts: Counts::default(),
            by_code: BTreeMap::from([(error.code.to_string(), 1)]),
            fines: FinesSummary::default(),
            issues: vec![issue],
            truncated: false,
            undone: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// Takes the ruling of the next row of an upload, with the row as it goes back to its sender.
    pub(crate) fn take(
        &mut self,
        returned: &RawRow,
        checked: &CheckedRow,
        ruled: &RuledRow,
    ) -> io::Result<()> {
        self.remark(checked.remark);
        self.take_row(returned, checked.undone, &ruled.ruling)?;
        if let Some(fine) = ruled.fine {
            self.fines.count += 1;
            self.fines.amount += fine;
        }
        if let Some(pending) = ruled.pending {
            self.fines.pending += pending;
        }
        Ok(())
    }

    /// Takes the ruling of the next row.
    pub(crate) fn take_row(&mut self, raw: &RawRow, undone: Undone, ruling: &Ruling) -> io::Result<()> {
        self.count(ruling.verdict, RowCodes::of(&ruling.findings), undone);
        for finding in &ruling.findings {
            if self.is_full() {
                self.truncated = true;
                break;
            }
            self.issues.push(issue(raw, finding));
        }
        match &mut self.rejected {
            Some(rejected) if ruling.verdict == Verdict::Rejected => rejected.write(raw, &ruling.findings),
            _ => Ok(()),
        }
    }

    /// Whether no more findings are kept, only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.issues.len() == ISSUES_MAX
    }

    /// Counts a row of whose findings none is kept any more: [`Answering::is_full`].
    pub(crate) fn count_unkept(&mut self, verdict: Verdict, codes: RowCodes, undone: Undone) {
        self.truncated |= !codes.is_empty();
        self.count(verdict, codes, undone);
    }

    /// Writes the line of a refused row that was made beforehand.
    pub(crate) fn write_rejected(&mut self, lines: &str, line: RejectedLine, row: u64) -> io::Result<()> {
        match &mut self.rejected {
            Some(rejected) => rejected.write_line(lines, line, row),
            None => Ok(()),
        }
    }

    /// Has it said what these codes would cost.
    pub(crate) fn price(&mut self, codes: &[RowCode]) {
        self.priced = codes.iter().copied().collect();
    }

    /// Refused rows that have a code which was priced.
    pub(crate) fn priced_rows(&self) -> u64 {
        self.priced_rows
    }

    /// Counts what a note will tell of.
    pub(crate) fn remark(&mut self, remark: Option<Remark>) {
        if let Some(remark) = remark {
            self.remarks.count(remark);
        }
    }

    /// Adds a note.
    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Says how the file was read.
    pub(crate) fn about(&mut self, about: &About) {
        self.notes.extend(notes::of_file(about));
        self.summary.about = Some(about_file(about));
    }

    /// The whole answer; the rejected rows are on disk.
    pub(crate) fn finish(mut self, book: &PolicyBook) -> io::Result<Answer> {
        if self.counts.rows == 0 {
            self.notes.push(notes::of_no_rows());
        }
        self.notes.extend(self.remarks.notes());
        let placeholders = Undone::PLACEHOLDER
            .names()
            .filter_map(|name| self.undone.get(name));
        self.notes
            .extend(placeholders.map(|&rows| notes::of_placeholders(rows)));
        if let Some(rejected) = self.rejected {
            let (file, written) = rejected.finish()?;
            // What was begun when the disk was full is no line.
            file.set_len(written.bytes)?;
            self.notes.extend(notes::of_rows_left_out(written));
        }
        Ok(Answer {
            upload: UploadSummary {
                rows: self.counts.rows,
                ..self.summary
            },
            policy: book.newest().version.clone(),
            dry_run: false,
            counts: self.counts,
            by_code: RowCode::ALL
                .iter()
                .map(|&code| (code.to_string(), self.by_code[code as usize]))
                .filter(|&(_, rows)| rows > 0)
                .collect(),
            fines: self.fines,
            issues: self.issues,
            truncated: self.truncated,
            undone: self
                .undone
                .into_iter()
                .map(|(name, rows)| (name.to_owned(), rows))
                .collect(),
            notes: self.notes,
        })
    }

    fn count(&mut self, verdict: Verdict, codes: RowCodes, undone: Undone) {
        for code in codes.each() {
            self.by_code[code as usize] += 1;
        }
        self.priced_rows += u64::from(verdict == Verdict::Rejected && codes.meets(self.priced));
        if !undone.is_empty() {
            for trick in undone.names() {
                *self.undone.entry(trick).or_default() += 1;
            }
        }
        self.counts.rows += 1;
        *match verdict {
            Verdict::Accepted => &mut self.counts.accepted,
            Verdict::AcceptedWithWarning => &mut self.counts.accepted_with_warning,
            Verdict::Unchanged => &mut self.counts.unchanged,
            Verdict::Parked => &mut self.counts.parked,
            Verdict::Rejected => &mut self.counts.rejected,
            Verdict::Skipped => &mut self.counts.skipped,
        } += 1;
    }
}

fn issue(raw: &RawRow, finding: &Finding) -> Issue {
    let text = message(finding);
    Issue {
        row: raw.number(),
        line: Some(raw.line()),
        column: finding.column.to_string(),
        code: finding.code.to_string(),
        severity: severity_in_answers(finding.code).to_owned(),
        clause: finding.code.clause().to_owned(),
        value: finding.value.to_string(),
        message_en: text.message_en,
        message_zh: text.message_zh,
        fix_en: text.fix_en,
        fix_zh: text.fix_zh,
        proposal: finding.proposal.to_string(),
    }
}

fn about_file(about: &About) -> AboutFile {
    AboutFile {
        format: match about.format {
            intake::Format::Csv => "csv",
            intake::Format::Xlsx => "xlsx",
            intake::Format::JsonLines => "json_lines",
        }
        .to_owned(),
        compression: about
            .compression
            .map(|compression| compression.to_string().to_lowercase()),
        encoding: about.encoding.map(|encoding| encoding.to_string().to_lowercase()),
        delimiter: about.delimiter,
        sheet: about.sheet.clone(),
        other_sheets: about.other_sheets.clone(),
        title_rows: about.title_rows,
        hidden_rows: about.hidden_rows,
        merged_ranges: about.merged_ranges,
        formula_cells: about.formula_cells,
        totals_rows: about.totals_rows,
    }
}
