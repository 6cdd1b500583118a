//! Audit: what must always be true of an order's entries and of what the order remembers of them.

use std::collections::{BTreeMap, HashSet};

use crate::{Cents, EntryKind, LedgerEntry, Order, Subject};

/// Checks one order's entries against each other and against the order. Gives one sentence a discrepancy, none when
/// all is well.
pub fn audit(order: &Order, entries: &[LedgerEntry]) -> Vec<String> {
    let mut found = Vec::new();
    let mut ids = HashSet::new();
    let mut subjects: BTreeMap<&Subject, Vec<&LedgerEntry>> = BTreeMap::new();
    for entry in entries {
        if !ids.insert(entry.entry_id.as_str()) {
            found.push(format!("entry {} stands twice", entry.entry_id));
        }
        if entry.order_id != order.order_id || entry.seller_id != order.seller_id {
            found.push(format!("entry {} names another order or seller", entry.entry_id));
        }
        audit_entry(entry, &mut |told| found.push(told));
        subjects.entry(&entry.subject).or_default().push(entry);
    }
    for entries in subjects.values_mut() {
        entries.sort_by_key(|entry| ordinal(entry));
        let mut trail = Trail::default();
        for entry in entries {
            trail.follow(entry, &mut |told| found.push(told));
        }
    }
    for posted in &order.posted {
        let latest = subjects.get(&posted.subject).and_then(|entries| entries.last());
        let agrees = latest.is_some_and(|entry| {
            entry.kind == posted.kind
                && ordinal(entry) == posted.ordinal
                && magnitude(entry.amount) == posted.amount
        });
        if !agrees {
            found.push(format!(
                "order {} remembers {:?} no. {} for {}, the ledger does not",
                order.order_id, posted.kind, posted.ordinal, posted.subject.clause
            ));
        }
    }
    if let Some(subject) = subjects
        .keys()
        .find(|subject| !order.posted.iter().any(|posted| posted.subject == ***subject))
    {
        found.push(format!(
            "order {} does not remember its entries for {}",
            order.order_id, subject.clause
        ));
    }
    found
}

/// What an order's memory says of its balance: the fines that stand.
pub fn remembered_balance(order: &Order) -> Cents {
    order
        .posted
        .iter()
        .filter(|posted| posted.kind == EntryKind::Fine)
        .map(|posted| posted.amount)
        .sum()
}

/// The entries of one subject in their order: a fine or hold, then what takes it back or takes its place, and so on.
/// Holds what stands, so that a ledger of any length can be followed entry by entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    entries: u32,
    standing: Option<(EntryKind, Cents)>,
}

impl Trail {
    /// Follows the subject's next entry; tells what is wrong with it there.
    pub fn follow(&mut self, entry: &LedgerEntry, tell: &mut impl FnMut(String)) {
        let id = &entry.entry_id;
        let number = self.entries.saturating_add(1);
        if ordinal(entry) != number {
            tell(format!("entry {id} is not number {number} of its subject"));
        }
        self.entries = ordinal(entry);
        match entry.kind {
            EntryKind::Fine | EntryKind::Hold => {
                if entry.amount <= Cents::ZERO || entry.reverses.is_some() {
                    tell(format!("entry {id} is no charge"));
                }
                // A hold gives way to its fine of the same amount; anything else must be taken back first.
                let gives_way = (entry.kind == EntryKind::Fine).then_some((EntryKind::Hold, entry.amount));
                if self.standing.is_some() && self.standing != gives_way {
                    tell(format!("entry {id} doubles one that stands"));
                }
                self.standing = Some((entry.kind, entry.amount));
            }
            EntryKind::Reversal | EntryKind::Void => {
                let taken_back = self.standing.take().filter(|(kind, amount)| {
                    // The id of what stands: the subject's entry before this one.
                    let standing =
                        entry
                            .subject
                            .entry_id(&entry.order_id, *kind, ordinal(entry).wrapping_sub(1));
                    takes_back(entry.kind, *kind)
                        && entry.amount == -*amount
                        && entry.reverses.as_ref() == Some(&standing)
                });
                if taken_back.is_none() {
                    tell(format!("entry {id} takes back nothing that stands"));
                }
            }
        }
    }
}

/// Tells what is wrong with an entry whatever stands beside it.
pub fn audit_entry(entry: &LedgerEntry, tell: &mut impl FnMut(String)) {
    // The id is made from what the entry is about: what was altered no longer bears it.
    let own_id = entry
        .subject
        .entry_id(&entry.order_id, entry.kind, ordinal(entry));
    if entry.entry_id != own_id || entry.clause != entry.subject.clause {
        tell(format!(
            "entry {} is about something else than its id",
            entry.entry_id
        ));
    }
    if entry.policy.is_empty() {
        tell(format!("entry {} cites no policy", entry.entry_id));
    }
}

fn takes_back(kind: EntryKind, standing: EntryKind) -> bool {
    matches!(
        (standing, kind),
        (EntryKind::Fine, EntryKind::Reversal) | (EntryKind::Hold, EntryKind::Void)
    )
}

/// The number that an entry bears among those of its subject, from 1; 0 when its id has none.
pub fn ordinal(entry: &LedgerEntry) -> u32 {
    entry
        .entry_id
        .rsplit('.')
        .next()
        .and_then(|ordinal| ordinal.parse().ok())
        .unwrap_or(0)
}

fn magnitude(amount: Cents) -> Cents {
    if amount < Cents::ZERO { -amount } else { amount }
}
