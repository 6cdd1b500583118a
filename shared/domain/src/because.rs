//! Why an entry stands in the ledger.

use serde::{Deserialize, Serialize};

use crate::{Cents, RowCode, Timestamp};

/// The inputs and the comparison that decided an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Because {
    /// A6: a committed row failed.
    UploadFailed {
        /// The row's code.
        code: RowCode,
        /// When it was uploaded.
        uploaded_at: Timestamp,
        /// The data row of its file.
        row: u64,
    },
    /// B3: two consecutive events too far apart, or the last event and the scan.
    Silence {
        /// The last event before the silence.
        silent_from: Timestamp,
        /// The event that ended it; `None` while it lasts.
        silent_until: Option<Timestamp>,
        /// "49 h 12 m > 48 h 00 m"
        comparison: String,
    },
    /// B4: not signed in time.
    NotSigned {
        /// The payment.
        paid_at: Timestamp,
        /// The deadline.
        deadline: Timestamp,
        /// When it was signed after all, as far as known.
        signed_at: Option<Timestamp>,
        /// The order's amount in USD.
        order_usd: Cents,
        /// "5 % of 80.10 = 4.01, at most 50.00"
        comparison: String,
        /// The pending appeal that holds the entry.
        held_by_appeal: Option<String>,
    },
    /// A reversal or void: an appeal was accepted.
    AppealAccepted {
        /// The appeal.
        appeal_id: String,
        /// When it was decided.
        decided_at: Timestamp,
    },
    /// A reversal: an appeal filed in time, learned of late, holds the fine.
    AppealPending {
        /// The appeal.
        appeal_id: String,
    },
    /// A reversal or void: as of now the rules ask for another amount.
    AmountChanged {
        /// What is due instead.
        due: Cents,
    },
    /// A reversal or void: facts learned since show that nothing is due (a late event split the silence, a
    /// sign-off in time was reported late, …), or another policy applies.
    NoLongerDue {
        /// The latest instant at which something of the order was learned.
        latest_fact_recorded_at: Option<Timestamp>,
    },
}
