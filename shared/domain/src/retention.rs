//! When an order has nothing more to wait for: it may then leave the table, once it has rested long enough.

use crate::assess::assess;
use crate::claims::END_OF_TIME;
use crate::ledger::reconcile;
use crate::{AppealStatus, Order, Policy};

impl Order {
    /// Whether nothing more can become due without news: with every fact that is known and however much time passes,
    /// the ledger holds what the rules expect, and no appeal waits for its decision.
    ///
    /// An order that never ends is settled for good too: a silence that goes on is one episode, fined once (B3), and an
    /// order not signed in time is fined once (B4).
    pub fn is_settled_for_good(&self, policy: &Policy) -> bool {
        let is_pending = |status| status == Some(AppealStatus::Pending);
        let waits = self
            .appeals
            .iter()
            .any(|appeal| is_pending(appeal.status(END_OF_TIME)));
        let due = || assess(self, policy, END_OF_TIME).due;
        !waits && reconcile(self, &due(), END_OF_TIME, policy).is_empty()
    }
}
