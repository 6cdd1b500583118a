//! The answer to an upload, as its rows are ruled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use domain::message::{file_message, message};
use domain::ruling::Verdict;
use domain::{Finding, PolicyBook};
use intake::{CheckedRow, FileError, RawRow, RejectedWriter};
use lake::{Answer, Counts, FinesSummary, Issue, UploadSummary, severity_in_answers};

use crate::commit::RuledRow;

/// Findings in `report.json`, at most; `by_code` and `rejected.csv` hold all.
const ISSUES_MAX: usize = 10_000;

/// An answer in the making.
pub(crate) struct Answering {
    summary: UploadSummary,
    counts: Counts,
    by_code: BTreeMap<String, u64>,
    fines: FinesSummary,
    issues: Vec<Issue>,
    truncated: bool,
    rejected: RejectedWriter<BufWriter<File>>,
}

impl Answering {
    /// Begins an answer; refused rows go to the file `rejected`.
    pub(crate) fn new(summary: UploadSummary, rejected: &Path, header: &[String]) -> io::Result<Self> {
        let rejected = RejectedWriter::new(BufWriter::new(File::create(rejected)?), header)?;
        Ok(Self {
            summary,
            counts: Counts::default(),
            by_code: BTreeMap::new(),
            fines: FinesSummary::default(),
            issues: Vec::new(),
            truncated: false,
            rejected,
        })
    }

    /// The answer to a file refused whole.
    pub(crate) fn refused(summary: UploadSummary, book: &PolicyBook, error: &FileError) -> Answer {
        let message = file_message(error.code, &error.detail);
        let issue = Issue {
            row: 0,
            column: String::new(),
            code: error.code.to_string(),
            severity: "error".to_owned(),
            clause: String::new(),
            value: String::new(),
            message_en: message.message_en,
            message_zh: message.message_zh,
            fix_en: message.fix_en,
            fix_zh: message.fix_zh,
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
        }
    }

    /// Takes the rulings of a batch, in the order of its rows.
    pub(crate) fn take(&mut self, rows: &[(RawRow, CheckedRow)], ruled: &[RuledRow]) -> io::Result<()> {
        for ((raw, _), ruled) in rows.iter().zip(ruled) {
            self.count(ruled);
            let codes: BTreeSet<&str> = ruled
                .ruling
                .findings
                .iter()
                .map(|finding| finding.code.as_str())
                .collect();
            for code in codes {
                *self.by_code.entry(code.to_owned()).or_default() += 1;
            }
            for finding in &ruled.ruling.findings {
                if self.issues.len() == ISSUES_MAX {
                    self.truncated = true;
                    break;
                }
                self.issues.push(issue(raw.number(), finding));
            }
            if ruled.ruling.verdict == Verdict::Rejected {
                self.rejected.write(raw, &ruled.ruling.findings)?;
            }
        }
        Ok(())
    }

    /// The whole answer; the rejected rows are on disk.
    pub(crate) fn finish(self, book: &PolicyBook) -> io::Result<Answer> {
        self.rejected
            .finish()?
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let upload = UploadSummary {
            rows: self.counts.rows,
            ..self.summary
        };
        let Self {
            counts,
            by_code,
            fines,
            issues,
            truncated,
            ..
        } = self;
        Ok(Answer {
            upload,
            policy: book.newest().version.clone(),
            dry_run: false,
            counts,
            by_code,
            fines,
            issues,
            truncated,
        })
    }

    fn count(&mut self, ruled: &RuledRow) {
        self.counts.rows += 1;
        *match ruled.ruling.verdict {
            Verdict::Accepted => &mut self.counts.accepted,
            Verdict::AcceptedWithWarning => &mut self.counts.accepted_with_warning,
            Verdict::Unchanged => &mut self.counts.unchanged,
            Verdict::Parked => &mut self.counts.parked,
            Verdict::Rejected => &mut self.counts.rejected,
        } += 1;
        if let Some(fine) = ruled.fine {
            self.fines.count += 1;
            self.fines.amount += fine;
        }
    }
}

fn issue(row: u64, finding: &Finding) -> Issue {
    let text = message(finding);
    Issue {
        row,
        column: finding.column.clone(),
        code: finding.code.to_string(),
        severity: severity_in_answers(finding.code).to_owned(),
        clause: finding.code.clause().to_owned(),
        value: finding.value.clone(),
        message_en: text.message_en,
        message_zh: text.message_zh,
        fix_en: text.fix_en,
        fix_zh: text.fix_zh,
    }
}
