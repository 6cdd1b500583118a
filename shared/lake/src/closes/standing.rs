//! The closes of a chain that were not withdrawn, while the chain is followed.

use std::collections::HashSet;

use domain::close::{Close, ClosedNight, PreviousClose, Withdrawn};
use domain::{Cents, Timestamp};

/// The closes so far that stand, and what void closes said.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Closes of nights, neither withdrawn nor void, in their order.
    nights: Vec<ClosedNight>,
    /// Nights that were closed, also those withdrawn since.
    closed: HashSet<Timestamp>,
    /// The instant of the newest void close.
    void_at: Option<Timestamp>,
}

impl Standing {
    /// Whether the night of a close was closed before.
    pub(super) fn was_closed(&self, close: &Close) -> bool {
        self.closed.contains(&close.as_of)
    }

    /// Follows the next close; gives what is wrong with it here.
    pub(super) fn follow(&mut self, close: &Close, remembered: &ClosedNight) -> Vec<String> {
        let Some(withdrawn) = &close.withdraws else {
            let newest = self.nights.last().map(|newest| newest.as_of);
            let is_later = newest < Some(close.as_of) && self.void_at <= Some(close.as_of);
            self.closed.insert(close.as_of);
            self.nights.push(remembered.clone());
            let finding = "is not later than the close before it".to_owned();
            return if is_later { Vec::new() } else { vec![finding] };
        };
        let stays = self.nights.partition_point(|night| night.as_of <= close.as_of);
        let gone = self.nights.split_off(stays);
        self.void_at = Some(close.as_of);
        self.judge(close, withdrawn, &gone)
    }

    fn judge(&self, close: &Close, withdrawn: &Withdrawn, gone: &[ClosedNight]) -> Vec<String> {
        let mut found = Vec::new();
        let cited: Vec<PreviousClose> = gone.iter().map(ClosedNight::cited).collect();
        if withdrawn.after != close.as_of || withdrawn.closes != cited {
            found.push("does not withdraw the closes that are later than its instant".to_owned());
        }
        let entries: u64 = gone.iter().map(|night| night.entries).sum();
        if close.entries.count != entries {
            found.push(format!(
                "withdraws {} entries, where {entries} were posted",
                close.entries.count
            ));
        }
        let balance = self.nights.last().map_or(Cents::ZERO, |newest| newest.balance);
        if close.balance != balance {
            found.push(format!(
                "leaves a balance of {}, where {balance} was",
                close.balance
            ));
        }
        found
    }
}
