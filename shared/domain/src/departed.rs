//! Appeals that are decided after their order left the table: the ledger alone is the state (B5).

use crate::facts::AppealFact;
use crate::withdrawal::{counted, latest_ordinal};
use crate::{AppealStatus, Because, Clause, EntryKind, LedgerEntry, Timestamp};

impl AppealFact {
    /// From when the state that the row states holds: the decision, or the filing where no decision is dated.
    pub fn since(&self) -> Timestamp {
        self.decided_at.unwrap_or(self.filed_at)
    }

    /// Whether the row states a decision.
    pub fn is_decision(&self) -> bool {
        self.status != AppealStatus::Pending
    }

    /// The entries, as of an instant, by which the decision takes back what stands of an order's ledger; `entries` are all of
    /// it. None where it takes nothing back: also when it has done so already.
    ///
    /// An accepted appeal takes back what its clause charged: of A6 and B3 what came about at or before the decision, or the
    /// one episode that it names.
    pub fn reversals(&self, entries: &[LedgerEntry], as_of: Timestamp) -> Vec<LedgerEntry> {
        if self.status != AppealStatus::Accepted {
            return Vec::new();
        }
        let mut counting = counted(entries.iter());
        counting.sort_by_key(|entry| &entry.subject);
        let standing = counting
            .chunk_by(|one, other| one.subject == other.subject)
            .filter_map(|of_subject| of_subject.iter().max_by_key(|entry| crate::audit::ordinal(entry)))
            .filter(|entry| entry.kind.is_charge() && self.frees(entry));
        standing
            .map(|entry| self.take_back(entry, entries, as_of))
            .collect()
    }

    fn frees(&self, charge: &LedgerEntry) -> bool {
        let subject = &charge.subject;
        if subject.clause != self.clause.clause() {
            return false;
        }
        // A fine for silence takes effect a second after its limit was reached.
        let came_about_in_time = match subject.clause {
            Clause::A6 => charge.effective_at <= self.since(),
            Clause::B3 => charge.effective_at <= self.since().next(),
            Clause::B4 => true,
        };
        match self.episode_start {
            Some(named) => subject.episode_start == Some(named),
            None => came_about_in_time,
        }
    }

    fn take_back(&self, charge: &LedgerEntry, entries: &[LedgerEntry], as_of: Timestamp) -> LedgerEntry {
        let kind = if charge.kind == EntryKind::Hold {
            EntryKind::Void
        } else {
            EntryKind::Reversal
        };
        let ordinal = latest_ordinal(entries, &charge.subject) + 1;
        LedgerEntry {
            entry_id: charge.subject.entry_id(&charge.order_id, kind, ordinal),
            kind,
            amount: -charge.amount,
            as_of,
            effective_at: as_of,
            because: Because::AppealAccepted {
                appeal_id: self.appeal_id.clone(),
                filed_at: self.filed_at,
                decided_at: self.since(),
            },
            reverses: Some(charge.entry_id.clone()),
            ..charge.clone()
        }
    }
}
