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
        // The id is made from what the entry is about: what was altered no longer bears it.
        let own_id = entry
            .subject
            .entry_id(&entry.order_id, entry.kind, ordinal(entry));
        if entry.entry_id != own_id || entry.clause != entry.subject.clause {
            found.push(format!(
                "entry {} is about something else than its id",
                entry.entry_id
            ));
        }
        subjects.entry(&entry.subject).or_default().push(entry);
    }
    for entries in subjects.values_mut() {
        entries.sort_by_key(|entry| ordinal(entry));
        audit_subject(entries, &mut found);
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

/// The entries of one subject, in order: a fine or hold, then what takes it back or takes its place, and so on.
fn audit_subject(entries: &[&LedgerEntry], found: &mut Vec<String>) {
    let mut standing: Option<&LedgerEntry> = None;
    for (index, entry) in entries.iter().enumerate() {
        if ordinal(entry) as usize != index + 1 {
            found.push(format!(
                "entry {} is not number {} of its subject",
                entry.entry_id,
                index + 1
            ));
        }
        if entry.policy.is_empty() {
            found.push(format!("entry {} cites no policy", entry.entry_id));
        }
        match entry.kind {
            EntryKind::Fine | EntryKind::Hold => {
                if entry.amount <= Cents::ZERO || entry.reverses.is_some() {
                    found.push(format!("entry {} is no charge", entry.entry_id));
                }
                // A hold gives way to its fine of the same amount; anything else must be taken back first.
                let gives_way = |standing: &LedgerEntry| {
                    (standing.kind, entry.kind, standing.amount)
                        == (EntryKind::Hold, EntryKind::Fine, entry.amount)
                };
                if standing.is_some_and(|standing| !gives_way(standing)) {
                    found.push(format!("entry {} doubles one that stands", entry.entry_id));
                }
                standing = Some(entry);
            }
            EntryKind::Reversal | EntryKind::Void => {
                let taken_back = standing
                    .take()
                    .filter(|standing| is_taken_back_by(standing, entry));
                if taken_back.is_none() {
                    found.push(format!("entry {} takes back nothing that stands", entry.entry_id));
                }
            }
        }
    }
}

fn is_taken_back_by(standing: &LedgerEntry, entry: &LedgerEntry) -> bool {
    let kinds_fit = matches!(
        (standing.kind, entry.kind),
        (EntryKind::Fine, EntryKind::Reversal) | (EntryKind::Hold, EntryKind::Void)
    );
    kinds_fit && entry.reverses.as_deref() == Some(&standing.entry_id) && entry.amount == -standing.amount
}

fn ordinal(entry: &LedgerEntry) -> u32 {
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
