//! Reading: what can be told of a row without the others is told here, of many chunks at once.

use domain::facts::TrackingFact;
use domain::ruling::{Uploader, is_late};
use domain::{Finding, PolicyBook};
use intake::cell::Undone;
use intake::{
    AssumedTimes, CheckedRow, Chunk, Columns, Context, Fact, FileError, RawRow, RejectedForm, RejectedLine,
    Spot,
};

use super::numbers::{Key, Keys};
use super::unknown::Alone;
use crate::answer::RowCodes;

/// What reading a chunk needs; the same for all of a file.
pub(super) struct Reading<'a> {
    pub(super) columns: &'a Columns,
    pub(super) context: &'a Context,
    pub(super) uploader: Uploader,
    pub(super) policy: &'a PolicyBook,
    /// Makes keys of tracking rows, where a key is all that judging needs of most of them.
    pub(super) keys: Option<Keys>,
    /// How refused rows are written, where they are.
    pub(super) rejected: Option<RejectedForm>,
}

/// A chunk whose rows are checked.
pub(super) struct ReadChunk {
    pub(super) chunk: Chunk,
    pub(super) rows: Vec<ReadRow>,
    /// Lines of `rejected.csv`, all but the rows' numbers.
    pub(super) rejected: String,
    pub(super) refused: Option<FileError>,
    /// Times of all rows but those that say they hold totals.
    pub(super) assumed: AssumedTimes,
}

pub(super) struct ReadRow {
    pub(super) spot: Spot,
    pub(super) is_totals: bool,
    pub(super) said: Said,
}

/// What a row says, as short as may be.
pub(super) enum Said {
    /// A tracking row of which nothing is said, unless it is late or the number is held already.
    Sound(Sound),
    /// A tracking row that is refused whatever the other rows say.
    Refused(Box<Refused>),
    Checked(Box<CheckedRow>),
}

#[derive(Clone, Copy)]
pub(super) struct Sound {
    pub(super) key: Key,
    /// Late, if it is its order's first upload (A1).
    pub(super) is_late: bool,
    pub(super) undone: Undone,
}

pub(super) struct Refused {
    /// Of a row whose number may be another order's, which would be said, too.
    pub(super) key: Option<Key>,
    pub(super) codes: RowCodes,
    pub(super) undone: Undone,
    /// Where its line stands among the chunk's.
    pub(super) line: Option<RejectedLine>,
}

impl ReadRow {
    /// The key by which the row is looked for among the others.
    pub(super) fn key(&self) -> Option<&Key> {
        match &self.said {
            Said::Sound(sound) => Some(&sound.key),
            Said::Refused(refused) => refused.key.as_ref(),
            Said::Checked(_) => None,
        }
    }
}

impl Reading<'_> {
    /// Reads and checks the rows of a chunk.
    pub(super) fn read(&self, chunk: Chunk) -> ReadChunk {
        let (mut rows, mut rejected) = (Vec::with_capacity(chunk.rows_about()), String::new());
        let mut assumed = AssumedTimes::default();
        let read = chunk.read(self.columns, |row, spot, is_totals| {
            let checked = intake::check(row, self.columns, self.context);
            if !is_totals {
                assumed.add(&checked.assumed);
            }
            let said = match &self.keys {
                Some(keys) => self.tracking(keys, row, checked, &mut rejected),
                None => Said::Checked(Box::new(checked)),
            };
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
            rejected,
            assumed,
        }
    }

    fn tracking(&self, keys: &Keys, row: &RawRow, checked: CheckedRow, rejected: &mut String) -> Said {
        let undone = checked.undone;
        let refused = |findings: &[Finding], key, rejected: &mut String| {
            let form = self.rejected.as_ref();
            Said::Refused(Box::new(Refused {
                key,
                codes: RowCodes::of(findings),
                undone,
                line: form.map(|form| form.write(rejected, row, findings)),
            }))
        };
        match &checked.fact {
            None if checked.is_refused() => refused(&checked.findings, None, rejected),
            Some(Fact::Tracking(fact)) => {
                let stated_findings = checked.stated_findings.clone();
                let alone = Alone::of(fact, stated_findings, &self.uploader, self.policy);
                let key = keys.of(fact);
                match key {
                    Some(key) if alone.findings.is_empty() => Said::Sound(Sound {
                        key,
                        is_late: self.is_late(fact),
                        undone,
                    }),
                    _ if alone.findings.iter().any(Finding::is_error) => {
                        refused(&alone.findings, key.filter(|_| alone.is_number_asked), rejected)
                    }
                    _ => Said::Checked(Box::new(checked)),
                }
            }
            _ => Said::Checked(Box::new(checked)),
        }
    }

    fn is_late(&self, fact: &TrackingFact) -> bool {
        fact.stated
            .paid_at
            .is_some_and(|paid_at| is_late(fact.uploaded_at, paid_at, self.policy.in_force_at(paid_at)))
    }
}
