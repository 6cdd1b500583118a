//! A withdrawal: everything that was posted as of later than an instant is taken back, entry by entry, because that
//! instant was wrong (Conventions, "Now").
//!
//! Each entry is taken back by one entry of its own `as_of`, so that a view as of any instant holds both or neither. What
//! is taken back, and what takes it back, counts for nothing any more ([`counted`]); sums need not know of it, since the
//! two add up to zero. Ordinals go on: no id is ever given twice.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::audit::{magnitude, ordinal};
use crate::ledger::Posted;
use crate::{Because, EntryKind, LedgerEntry, Order, Subject, Timestamp};

/// A withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Counts the withdrawals of a ledger from 1.
    pub number: u64,
    /// What was posted as of later than this instant is taken back.
    pub after: Timestamp,
}

/// A subject of which an earlier entry than the latest stands: the later ones were withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The subject.
    pub subject: Subject,
    /// The number of the entry that stands.
    pub ordinal: u32,
}

impl Withdrawal {
    /// The entries that take back what of one order's `entries` was posted as of later than the instant; of each subject
    /// the newest entry first, so that any number of the first of them leaves a sound ledger. None when it is done.
    pub fn entries(&self, entries: &[LedgerEntry]) -> Vec<LedgerEntry> {
        let mut taken_back = counted(entries.iter());
        taken_back.retain(|entry| entry.as_of > self.after);
        taken_back.sort_by(|one, other| (&one.subject, ordinal(other)).cmp(&(&other.subject, ordinal(one))));
        let by_subject = taken_back.chunk_by(|one, other| one.subject == other.subject);
        let made = by_subject.flat_map(|of_subject| {
            let latest = latest_ordinal(entries, &of_subject[0].subject);
            (latest + 1..)
                .zip(of_subject)
                .map(|(ordinal, entry)| self.take_back(entry, ordinal))
        });
        made.collect()
    }

    fn take_back(&self, entry: &LedgerEntry, ordinal: u32) -> LedgerEntry {
        let kind = entry.kind.opposite();
        LedgerEntry {
            entry_id: entry.subject.entry_id(&entry.order_id, kind, ordinal),
            kind,
            amount: -entry.amount,
            because: Because::Withdrawn {
                withdrawal: self.number,
                after: self.after,
            },
            reverses: Some(entry.entry_id.clone()),
            ..entry.clone()
        }
    }
}

impl EntryKind {
    /// The kind that takes this one back in a withdrawal: the amount changes its sign, and moves the balance or does not as
    /// before.
    pub fn opposite(self) -> Self {
        match self {
            Self::Fine => Self::Reversal,
            Self::Reversal => Self::Fine,
            Self::Hold => Self::Void,
            Self::Void => Self::Hold,
        }
    }
}

impl LedgerEntry {
    /// The number of the withdrawal that the entry belongs to; `None` for an entry of a night.
    pub fn withdrawal(&self) -> Option<u64> {
        match self.because {
            Because::Withdrawn { withdrawal, .. } => Some(withdrawal),
            _ => None,
        }
    }
}

/// The entries that count, in their order: neither withdrawn nor of a withdrawal. With an entry `entries` hold what took it
/// back, as all entries of an order do, up to any instant.
pub fn counted<'a>(entries: impl Iterator<Item = &'a LedgerEntry>) -> Vec<&'a LedgerEntry> {
    let mut entries: Vec<&LedgerEntry> = entries.collect();
    let of_withdrawals = entries.iter().filter(|entry| entry.withdrawal().is_some());
    let withdrawn: HashSet<&str> = of_withdrawals
        .filter_map(|entry| entry.reverses.as_deref())
        .collect();
    if !withdrawn.is_empty() {
        entries.retain(|entry| entry.withdrawal().is_none() && !withdrawn.contains(entry.entry_id.as_str()));
    }
    entries
}

impl Order {
    /// Remembers the order's ledger, of which `entries` are all: each subject stands where its entries that count leave it, and
    /// the order is settled as of the latest night that counts. Called by the transaction that posts a withdrawal, and where an
    /// order was restored to a state of before its entries.
    pub fn remember_ledger(&mut self, entries: &[LedgerEntry]) {
        let counted = counted(entries.iter());
        self.settled_as_of = counted.iter().map(|entry| entry.as_of).max();
        self.remember_subjects(entries);
        for posted in &mut self.posted {
            let of_subject = |entry: &&&LedgerEntry| entry.subject == posted.subject;
            let latest = entries
                .iter()
                .filter(|entry| entry.subject == posted.subject)
                .max_by_key(|entry| ordinal(entry));
            let Some(latest) = latest else { continue };
            let standing = counted
                .iter()
                .filter(of_subject)
                .max_by_key(|entry| ordinal(entry));
            // Where nothing counts any more the withdrawal's last entry says so: it is a reversal or a void.
            let remembered = standing.copied().unwrap_or(latest);
            let subject = posted.subject.clone();
            self.restored.retain(|restored| restored.subject != subject);
            if remembered.kind.is_charge() && ordinal(remembered) != ordinal(latest) {
                self.restored.push(Restored {
                    subject: subject.clone(),
                    ordinal: ordinal(remembered),
                });
            }
            *posted = Posted {
                subject,
                kind: remembered.kind,
                amount: magnitude(remembered.amount),
                ordinal: ordinal(latest),
            };
        }
    }

    /// Adds the subjects of which the order remembers nothing, in the order of their first entries.
    fn remember_subjects(&mut self, entries: &[LedgerEntry]) {
        let mut first: Vec<&LedgerEntry> = entries.iter().filter(|entry| ordinal(entry) == 1).collect();
        first.sort_by_key(|entry| (entry.as_of, &entry.entry_id));
        for entry in first {
            if !self.posted.iter().any(|posted| posted.subject == entry.subject) {
                self.posted.push(Posted {
                    subject: entry.subject.clone(),
                    kind: entry.kind,
                    amount: magnitude(entry.amount),
                    ordinal: 1,
                });
            }
        }
    }

    /// The number of the entry that stands for a subject: the latest one's, unless a withdrawal restored an earlier one.
    pub(crate) fn standing_ordinal(&self, posted: &Posted) -> u32 {
        let restored = self.restored.iter();
        let mut restored = restored.filter(|restored| restored.subject == posted.subject);
        restored
            .next()
            .map_or(posted.ordinal, |restored| restored.ordinal)
    }
}

/// The number of a subject's latest entry; 0 where it has none.
pub(crate) fn latest_ordinal(entries: &[LedgerEntry], subject: &Subject) -> u32 {
    let of_subject = entries.iter().filter(|entry| entry.subject == *subject);
    of_subject.map(ordinal).max().unwrap_or(0)
}
