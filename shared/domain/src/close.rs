//! The close of a night: what its entries come to, chained to the close before it.
//!
//! Holds no I/O and no hashing: who writes the files knows their sums.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Cents, Clause, Currency, EntryKind, LedgerEntry, Timestamp};

/// A night's close, as `close.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Counts the closes from 1: a close that is missing, or one too many, shows.
    pub number: u64,
    /// The day of the platform zone on which the night fell.
    pub date: NaiveDate,
    /// The night's instant.
    pub as_of: Timestamp,
    /// The night's entries.
    pub entries: EntriesFile,
    /// What they come to, by clause and kind; only what there was.
    pub totals: Vec<Total>,
    /// The policy packs that decided them, each with the number of its entries.
    pub policies: BTreeMap<String, u64>,
    /// What the balance moved by: fines and reversals.
    pub balance_moved: Cents,
    /// The balance of the whole ledger after this night.
    pub balance: Cents,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The close before this one; `None` in the first.
    pub previous: Option<PreviousClose>,
    /// A void close: what it withdraws. Its instant is the one after which everything was withdrawn, its entries are those of
    /// the withdrawal: the newest night's first, each night's by entry id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraws: Option<Withdrawn>,
}

/// What a void close withdraws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// The withdrawal's number, as its entries have it.
    pub withdrawal: u64,
    /// The instant after which everything was withdrawn.
    pub after: Timestamp,
    /// The closes of the nights withdrawn, in their order. Their files stay.
    pub closes: Vec<PreviousClose>,
}

/// The file that holds a night's entries: one line of JSON an entry, by entry id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntriesFile {
    /// Entries.
    pub count: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Entries of one clause and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// The clause.
    pub clause: Clause,
    /// The kind.
    pub kind: EntryKind,
    /// How many.
    pub count: u64,
    /// Sum of their amounts; see [`EntryKind`] for what moves the balance.
    pub amount: Cents,
}

/// The close that another one follows or withdraws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousClose {
    /// Its night.
    pub as_of: Timestamp,
    /// SHA-256 of its `close.json`, in hexadecimal.
    pub sha256: String,
}

/// What is remembered of a close beside its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedNight {
    /// Its number.
    pub number: u64,
    /// Its night.
    pub as_of: Timestamp,
    /// SHA-256 of its `close.json`, in hexadecimal.
    pub sha256: String,
    /// Entries of the night.
    pub entries: u64,
    /// What the balance moved by.
    pub balance_moved: Cents,
    /// The balance of the whole ledger after the night.
    pub balance: Cents,
    /// A void close: the number of its withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<u64>,
}

/// What a night's entries come to, counted one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NightTotals {
    totals: BTreeMap<(Clause, EntryKind), (u64, Cents)>,
    policies: BTreeMap<String, u64>,
    balance_moved: Cents,
}

impl NightTotals {
    /// Counts an entry.
    pub fn count(&mut self, entry: &LedgerEntry) {
        let (count, amount) = self.totals.entry((entry.clause, entry.kind)).or_default();
        *count += 1;
        *amount += entry.amount;
        if entry.kind.moves_money() {
            self.balance_moved += entry.amount;
        }
        match self.policies.get_mut(&entry.policy) {
            Some(entries) => *entries += 1,
            None => {
                self.policies.insert(entry.policy.clone(), 1);
            }
        }
    }

    /// The close that they make after `previous`: the same night after the same close gives the same.
    pub fn close(
        self,
        as_of: Timestamp,
        date: NaiveDate,
        entries: EntriesFile,
        previous: Option<&ClosedNight>,
    ) -> Close {
        let totals = self.totals.into_iter();
        Close {
            number: previous.map_or(0, |previous| previous.number) + 1,
            date,
            as_of,
            entries,
            totals: totals
                .map(|((clause, kind), (count, amount))| Total {
                    clause,
                    kind,
                    count,
                    amount,
                })
                .collect(),
            policies: self.policies,
            balance_moved: self.balance_moved,
            balance: previous.map_or(Cents::ZERO, |previous| previous.balance) + self.balance_moved,
            currency: Currency::USD,
            previous: previous.map(ClosedNight::cited),
            withdraws: None,
        }
    }
}

impl ClosedNight {
    /// The close as another one cites it.
    pub fn cited(&self) -> PreviousClose {
        PreviousClose {
            as_of: self.as_of,
            sha256: self.sha256.clone(),
        }
    }
}

impl Close {
    /// What is remembered of it; `sha256` is its file's.
    pub fn remembered(&self, sha256: String) -> ClosedNight {
        ClosedNight {
            number: self.number,
            as_of: self.as_of,
            sha256,
            entries: self.entries.count,
            balance_moved: self.balance_moved,
            balance: self.balance,
            withdrawal: self.withdraws.as_ref().map(|withdrawn| withdrawn.withdrawal),
        }
    }
}
