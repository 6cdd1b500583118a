//! Why an entry stands in the ledger.
//!
//! An entry is never changed, so its form only gains fields, each left out where it says nothing: an entry of an earlier
//! release is read and written again to the byte, and its close still verifies.

mod telling;

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{AppealStatus, Cents, Node, OrderStatus, RowCode, Timestamp, TrackingNumber};

pub(crate) use telling::{Clocks, appeal_words, arithmetic, refusal};

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
        /// What else of the row is cited.
        #[serde(flatten)]
        refused: Refused,
    },
    /// B3: two consecutive events too far apart, or the last event and the scan.
    Silence {
        /// The last event before the silence.
        silent_from: Timestamp,
        /// The event that ended it; `None` while it lasts.
        silent_until: Option<Timestamp>,
        /// "49 h 12 m > 48 h 00 m"
        comparison: String,
        /// What ended it, where that was no event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_by: Option<SilenceEnd>,
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
        /// "5 % of 80.10, at most 50.00 = 4.01", told in Chinese by `arithmetic`.
        comparison: String,
        /// The pending appeal that holds the entry.
        held_by_appeal: Option<String>,
        /// What else decided.
        #[serde(flatten)]
        grounds: SignOffGrounds,
    },
    /// A reversal or void: an appeal was accepted.
    AppealAccepted {
        /// The appeal.
        appeal_id: String,
        /// When it was filed.
        filed_at: Timestamp,
        /// When it was decided.
        decided_at: Timestamp,
    },
    /// A reversal: an appeal filed in time, learned of late, holds the fine.
    AppealPending {
        /// The appeal.
        appeal_id: String,
        /// When it was filed.
        filed_at: Timestamp,
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
        /// What is seen now of what was fined.
        #[serde(flatten)]
        seen: Seen,
    },
    /// An entry of a withdrawal: what it takes back was posted as of an instant that was wrong.
    Withdrawn {
        /// The withdrawal's number.
        withdrawal: u64,
        /// What was posted as of later than this instant was withdrawn.
        after: Timestamp,
    },
}

/// What is seen, as of a later night, of a matter that was fined: the inputs by which nothing is due any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// B3: the event that now ends the silence, or the scan where it lasts; `None` when its first event no longer
    /// counts (the timeline ends before it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_until: Option<Timestamp>,
    /// B3: how long the silence now is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<String>,
    /// B4: when it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// B4: a status other than paid, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<(OrderStatus, Timestamp)>,
}

/// What of a refused row is cited with its first fined code (A6): enough to find the row again and to dispute it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refused {
    /// The refused cell as it came, masked where it is personal; empty where it was empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The row's other fined codes, and a masked tax id, each with its cell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<(RowCode, String)>,
    /// The name of the row's file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
}

/// What ended a silence without an event (B3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceEnd {
    /// The number was replaced by a later row of its order.
    Replaced,
    /// The number went to another order's new use.
    TakenOver,
}

/// What decided a late sign-off besides its arithmetic (B4, B5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOffGrounds {
    /// From the payment to the sign-off, or to the scan: "720 h 00 m 01 s > 720 h 00 m".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub elapsed: String,
    /// Parcels that were live at the deadline and not signed, the first of them; empty where none was live. `None` in entries
    /// that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<Vec<Unsigned>>,
    /// How many more there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unsigned_more: u64,
    /// The amount that was paid, of an order in another currency, and its rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted: Option<Converted>,
    /// The appeal that holds the entry, came too late to hold it, or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<AppealSeen>,
}

/// A parcel without a sign-off by the deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsigned {
    /// Its number.
    pub tracking_number: TrackingNumber,
    /// What ended its timeline and when; `None` while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<(Node, Timestamp)>,
    /// Whether the number is another order's: this order's claim on it waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held_elsewhere: bool,
}

/// An amount in another currency with the rate by which it was reckoned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// What was paid: "1234.56 BRL".
    pub amount: String,
    /// USD per unit, as the rates file wrote it: "0.1987".
    pub rate: String,
    /// The day that the rate is of.
    pub rate_on: NaiveDate,
}

/// An appeal as it stood when an entry was posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealSeen {
    /// The appeal.
    pub appeal_id: String,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// What had become of it.
    pub status: AppealStatus,
    /// When it was decided; `None` while pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

impl Refused {
    /// What is cited of the row itself, whichever file brought it.
    pub(crate) fn without_file(&self) -> Self {
        Self {
            file: String::new(),
            ..self.clone()
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Told {
    /// The two texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// What reads alike in both languages: a number, an id.
    pub fn alike(text: impl fmt::Display) -> Self {
        let text = text.to_string();
        Self::new(text.clone(), text)
    }

    /// This sentence and another behind it; a Chinese full stop needs no space.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self::new(
            format!("{} {}", self.en, other.en),
            format!("{}{}", self.zh, other.zh),
        )
    }
}
