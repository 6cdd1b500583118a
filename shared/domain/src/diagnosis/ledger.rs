//! What the ledger holds against an order as of an instant.

use std::collections::BTreeMap;

use crate::audit::ordinal;
use crate::because::Told;
use crate::withdrawal::counted;
use crate::{Cents, Clause, EntryKind, LedgerEntry, Subject, Timestamp, TrackingNumber};

/// An order's entries up to an instant that were not withdrawn, and what of them stands.
pub(super) struct Ledger<'a> {
    entries: Vec<&'a LedgerEntry>,
    /// Each subject's latest entry.
    latest: BTreeMap<&'a Subject, &'a LedgerEntry>,
}

impl<'a> Ledger<'a> {
    pub(super) fn as_of(entries: &'a [LedgerEntry], as_of: Timestamp) -> Self {
        let mut entries = counted(entries.iter().filter(|entry| entry.as_of <= as_of));
        entries.sort_by_key(|entry| ordinal(entry));
        let latest = entries.iter().map(|entry| (&entry.subject, *entry)).collect();
        Self { entries, latest }
    }

    /// Fines less reversals.
    pub(super) fn balance(&self) -> Cents {
        self.sum(|_| true)
    }

    /// Fines less reversals under one clause, and of one parcel where one is named.
    pub(super) fn fined(&self, clause: Clause, number: Option<&TrackingNumber>) -> Cents {
        self.sum(|subject| {
            subject.clause == clause && (number.is_none() || subject.tracking_number.as_ref() == number)
        })
    }

    /// The fines that stand, with their subjects.
    pub(super) fn fines(&self) -> impl Iterator<Item = (&'a Subject, Cents)> {
        let fines = self.latest.values().filter(|entry| entry.kind == EntryKind::Fine);
        fines.map(|entry| (&entry.subject, entry.amount))
    }

    /// Whether a fine of this amount stands for a subject.
    pub(super) fn stands(&self, subject: &Subject, amount: Cents) -> bool {
        self.latest
            .get(subject)
            .is_some_and(|entry| entry.kind == EntryKind::Fine && entry.amount == amount)
    }

    /// `A6 0.50, B3 2.40`
    pub(super) fn list(&self) -> Told {
        let fined = [Clause::A6, Clause::B3, Clause::B4].map(|clause| (clause, self.fined(clause, None)));
        let fined = fined.into_iter().filter(|(_, amount)| *amount > Cents::ZERO);
        let list: Vec<String> = fined
            .map(|(clause, amount)| format!("{clause} {amount}"))
            .collect();
        Told::new(list.join(", "), list.join("，"))
    }

    fn sum(&self, is_about: impl Fn(&Subject) -> bool) -> Cents {
        let moving = self.entries.iter().filter(|entry| entry.kind.moves_money());
        moving
            .filter(|entry| is_about(&entry.subject))
            .map(|entry| entry.amount)
            .sum()
    }
}
