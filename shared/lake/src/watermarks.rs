//! Watermarks: what the lake is known to hold of a month as of an instant, and what it is known to lack.

use domain::{Month, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Lake, LakeError};

/// What is known of the lake as of an instant: it holds the last state of every order paid in a month or before it, and every
/// entry of the nights since the month began, except for what it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// The month of a report.
    pub month: Month,
    /// The instant of the report.
    pub as_of: Timestamp,
    /// What is missing; empty when nothing is.
    pub lacks: Vec<Lack>,
}

/// Something that the lake lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// A night is not closed: its entries may still grow.
    NightOpen(Timestamp),
    /// The files of a close are not what was closed, or not there.
    CloseUnsound(String),
    /// Entries of a close that the ledger does not have, so that their month is not known.
    EntriesUnknown {
        /// How many.
        count: u64,
        /// The first of them.
        first: String,
    },
    /// Orders that cannot be read.
    OrdersUnreadable {
        /// How many.
        count: u64,
        /// The first of them.
        first: String,
    },
}

impl Lake {
    /// Keeps a watermark.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_watermark(&self, watermark: &Watermark) -> Result<(), LakeError> {
        let bytes = serde_json::to_vec(watermark).map_err(|source| LakeError::Encode {
            what: "a watermark",
            source: source.into(),
        })?;
        let key = watermark_key(watermark.month, watermark.as_of);
        self.put(&key, bytes, "application/json").await
    }

    /// What is known of the lake for the report of a month as of an instant; `None` where nobody has looked.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn watermark(&self, month: Month, as_of: Timestamp) -> Result<Option<Watermark>, LakeError> {
        let key = watermark_key(month, as_of);
        let Some(bytes) = self.if_there(&key, self.bytes(&key)).await? else {
            return Ok(None);
        };
        let watermark = serde_json::from_slice(&bytes);
        watermark.map(Some).map_err(|source| LakeError::Decode {
            key,
            source: source.into(),
        })
    }
}

fn watermark_key(month: Month, as_of: Timestamp) -> String {
    let as_of = as_of.to_string().replace(['-', ':'], "");
    format!("lake/watermarks/month={month}/{as_of}.json")
}
