//! Decisions on appeals of orders that have left the table: the ledger alone is the state (B5).

use domain::LedgerEntry;
use domain::facts::AppealFact;

use crate::commit::{Commit, transact_put};
use crate::{NEVER, Store, StoreError};

/// Entries in one transaction, which also holds three checks or notes and a record of the journal.
const ENTRIES_PER_TRANSACTION_MAX: usize = 90;

impl Store {
    /// Takes back what a decision frees of the ledger of an order that is not in the table. Gives what was posted: nothing when
    /// the decision frees nothing, or what it freed is taken back already.
    ///
    /// The entries are of a night of their own, which the next close closes with those before it: as of the instant at which
    /// the decision was both taken and recorded, or of the latest night that has begun where that is later. One transaction
    /// puts them (`attribute_not_exists`: of two that come at once one stops here and finds nothing left), notes the night, and
    /// checks that the order is gone and that nothing of later has begun; so no close of that night can be without them.
    ///
    /// # Errors
    /// [`StoreError`] when the tables refuse, an entry does not decode, a withdrawal is under way, or others kept writing.
    pub async fn decide_departed(&self, decision: &AppealFact) -> Result<Vec<LedgerEntry>, StoreError> {
        let order_id = &decision.order_id;
        let mut posted = Vec::new();
        let mut retries = self.retries();
        loop {
            let ledger = self.ledger_of(order_id).await?;
            let Some((month, _)) = ledger.first() else {
                return Ok(posted);
            };
            let month = *month;
            let entries: Vec<LedgerEntry> = ledger.into_iter().map(|(_, entry)| entry).collect();
            let begun = self.watermark().await?;
            let as_of = decision
                .since()
                .max(decision.recorded_at)
                .max(begun.unwrap_or(decision.recorded_at));
            let mut made = decision.reversals(&entries, as_of);
            if made.is_empty() {
                return Ok(posted);
            }
            made.truncate(ENTRIES_PER_TRANSACTION_MAX);
            if begun != Some(NEVER) {
                let night = self.night(as_of).await?;
                let noted = night.as_ref().is_some_and(|night| night.withdrawn.is_none());
                let mut actions = vec![
                    self.gone_check(order_id)?,
                    self.not_past_check(as_of)?,
                    if noted {
                        self.night_check(as_of)?
                    } else {
                        self.night_put(as_of, night.as_ref())?
                    },
                ];
                let of_night: Vec<&LedgerEntry> = made.iter().collect();
                // Unique among the order's postings: entries only become more.
                let name = format!("a{}", entries.len() + made.len());
                actions.push(self.journal_put(&of_night, order_id, name, as_of)?);
                for entry in &made {
                    actions.push(transact_put(self.entry_put(entry, month)?));
                }
                if self
                    .transact(actions, &format!("entries of order {order_id}"))
                    .await?
                    == Commit::Done
                {
                    posted.extend(made);
                    retries = self.retries();
                    continue;
                }
            }
            if !retries.again().await {
                return Err(retries.gave_up_on(format!("order {order_id}")));
            }
        }
    }
}
