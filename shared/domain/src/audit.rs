//! Audit: what must always be true of an order's entries and of what the order remembers of them.

use std::collections::{BTreeMap, HashSet};

use crate::ledger::Posted;
use crate::{Cents, EntryKind, LedgerEntry, Order, Subject, Timestamp};

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
    let mut trails = BTreeMap::new();
    for (subject, entries) in &mut subjects {
        entries.sort_by_key(|entry| ordinal(entry));
        let mut trail = Trail::default();
        for entry in entries {
            trail.follow(entry, &mut |told| found.push(told));
        }
        trails.insert(*subject, trail);
    }
    for posted in &order.posted {
        let trail = trails.get(&posted.subject);
        if !trail.is_some_and(|trail| trail.agrees_with(posted, order.standing_ordinal(posted))) {
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

/// The entries of one subject in their order: a fine or hold, then what takes it back or takes its place, and so on; also
/// withdrawals, each of which takes back the newest entry that counts. Holds what counts, so that a ledger of any length can
/// be followed entry by entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    latest: Option<Step>,
    /// Entries that are neither withdrawn nor of a withdrawal.
    counted: Vec<Step>,
}

/// An entry, as far as those after it depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    ordinal: u32,
    kind: EntryKind,
    amount: Cents,
    as_of: Timestamp,
}

impl Trail {
    /// Follows the subject's next entry; tells what is wrong with it there.
    pub fn follow(&mut self, entry: &LedgerEntry, tell: &mut impl FnMut(String)) {
        let id = &entry.entry_id;
        let number = self.latest.map_or(0, |latest| latest.ordinal).saturating_add(1);
        if ordinal(entry) != number {
            tell(format!("entry {id} is not number {number} of its subject"));
        }
        let step = Step {
            ordinal: ordinal(entry),
            kind: entry.kind,
            amount: entry.amount,
            as_of: entry.as_of,
        };
        self.latest = Some(step);
        if entry.withdrawal().is_some() {
            let newest = self.counted.pop();
            if !newest.is_some_and(|newest| newest.is_withdrawn_by(entry)) {
                tell(format!(
                    "entry {id} withdraws another entry than the newest that counts"
                ));
            }
            return;
        }
        if entry.kind.is_charge() {
            if entry.amount <= Cents::ZERO || entry.reverses.is_some() {
                tell(format!("entry {id} is no charge"));
            }
            // A hold gives way to its fine of the same amount; anything else must be taken back first.
            let gives_way = |standing: Step| {
                (entry.kind, standing.kind, standing.amount)
                    == (EntryKind::Fine, EntryKind::Hold, entry.amount)
            };
            if self.standing().is_some_and(|standing| !gives_way(standing)) {
                tell(format!("entry {id} doubles one that stands"));
            }
        } else if !self
            .standing()
            .is_some_and(|standing| standing.is_taken_back_by(entry))
        {
            tell(format!("entry {id} takes back nothing that stands"));
        }
        self.counted.push(step);
    }

    /// What stands: the newest entry that counts, if it charges.
    fn standing(&self) -> Option<Step> {
        self.counted
            .last()
            .copied()
            .filter(|newest| newest.kind.is_charge())
    }

    /// Whether this is what an order remembers: what counts last, by the number of the latest entry.
    fn agrees_with(&self, posted: &Posted, standing_ordinal: u32) -> bool {
        let remembered = self.counted.last().copied().or(self.latest);
        let latest_ordinal = self.latest.map(|latest| latest.ordinal);
        let standing = self.standing();
        remembered.is_some_and(|step| (step.kind, magnitude(step.amount)) == (posted.kind, posted.amount))
            && latest_ordinal == Some(posted.ordinal)
            && standing.is_none_or(|standing| standing.ordinal == standing_ordinal)
    }
}

impl Step {
    fn id(&self, of: &LedgerEntry) -> String {
        of.subject.entry_id(&of.order_id, self.kind, self.ordinal)
    }

    fn is_taken_back_by(&self, entry: &LedgerEntry) -> bool {
        entry.kind == self.kind.opposite()
            && entry.amount == -self.amount
            && entry.reverses == Some(self.id(entry))
    }

    fn is_withdrawn_by(&self, entry: &LedgerEntry) -> bool {
        self.is_taken_back_by(entry) && self.as_of == entry.as_of
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

/// The number that an entry bears among those of its subject, from 1; 0 when its id has none.
pub fn ordinal(entry: &LedgerEntry) -> u32 {
    entry
        .entry_id
        .rsplit('.')
        .next()
        .and_then(|ordinal| ordinal.parse().ok())
        .unwrap_or(0)
}

/// An amount without its sign.
pub(crate) fn magnitude(amount: Cents) -> Cents {
    if amount < Cents::ZERO { -amount } else { amount }
}
