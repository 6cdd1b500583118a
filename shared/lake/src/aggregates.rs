//! What is kept of months that are over, and what the parts of a month hand to their merge.
//!
//! An aggregate is named by a digest of the very objects that it was made from: a row that comes late, or a compaction,
//! makes the month another one, whose aggregate is not there yet. So none is ever wrong, and all may be deleted.

use domain::{Month, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::history::LakeObject;
use crate::keys::{aggregate_of, part_of, plan_of};
use crate::{Lake, LakeError};

const BYTES: &str = "application/octet-stream";

/// A month's objects as they were listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthObjects {
    /// The month.
    pub month: Month,
    /// Files of order rows.
    pub orders: Vec<LakeObject>,
    /// Files of ledger rows.
    pub ledger: Vec<LakeObject>,
}

impl MonthObjects {
    /// A digest of the objects' keys and entity tags.
    pub fn id(&self) -> String {
        let mut digest = Sha256::new();
        for object in self.orders.iter().chain(&self.ledger) {
            digest.update(format!("{}\n{}\n{}\n", object.key, object.etag, object.bytes));
        }
        hex::encode(digest.finalize())
    }

    /// Whether the month has no objects.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.ledger.is_empty()
    }
}

/// A plan of a report in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanKey {
    /// The report's month.
    pub month: Month,
    /// The report's instant.
    pub as_of: Timestamp,
    /// How many parts.
    pub buckets: u32,
}

/// A part of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Where the plan lies.
    pub of: PlanKey,
    /// The plan's digest.
    pub plan: String,
    /// Which part, from 0.
    pub bucket: u32,
}

/// SHA-256 in hex.
pub fn digest_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Lake {
    /// Lists a month's objects.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn month_objects(&self, month: Month) -> Result<MonthObjects, LakeError> {
        Ok(MonthObjects {
            month,
            orders: self.order_objects(month).await?,
            ledger: self.ledger_objects(month).await?,
        })
    }

    /// The aggregate of a month as it was listed; `None` when there is none.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn aggregate(&self, objects: &MonthObjects) -> Result<Option<Vec<u8>>, LakeError> {
        self.bytes_if_there(&aggregate_of(objects.month, &objects.id()))
            .await
    }

    /// Keeps the aggregate of a month as it was listed.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_aggregate(&self, objects: &MonthObjects, aggregate: Vec<u8>) -> Result<(), LakeError> {
        let key = aggregate_of(objects.month, &objects.id());
        self.put(&key, aggregate, BYTES).await
    }

    /// Writes a plan of a report in parts; one made anew takes its place.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_plan(&self, key: PlanKey, plan: Vec<u8>) -> Result<(), LakeError> {
        self.put(&plan_of(key), plan, "application/json").await
    }

    /// A plan; `None` when there is none.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn plan(&self, key: PlanKey) -> Result<Option<Vec<u8>>, LakeError> {
        self.bytes_if_there(&plan_of(key)).await
    }

    /// Writes what one run folded of its share; the same share again takes its place. Gives the key.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_part(&self, share: &Share, part: Vec<u8>) -> Result<String, LakeError> {
        let key = part_of(share);
        self.put(&key, part, BYTES).await?;
        Ok(key)
    }

    /// What a run folded of its share; `None` when none did.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn part(&self, share: &Share) -> Result<Option<Vec<u8>>, LakeError> {
        self.bytes_if_there(&part_of(share)).await
    }

    /// The bytes of a small object, if there is one.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket does not answer.
    pub(crate) async fn bytes_if_there(&self, key: &str) -> Result<Option<Vec<u8>>, LakeError> {
        self.if_there(key, self.bytes(key)).await
    }
}
