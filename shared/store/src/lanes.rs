//! Lanes: what a run's postings check in place of the watermark, each its own item, so that no two postings in flight share
//! one.
//!
//! `pk = lane#<as_of>#<run>#<lane>`, `sk = lane`, and `pk = lanes`, `sk = <as_of>#<run>`, which lists the run's. They are put
//! in one transaction, on the condition that the watermark stands at the run's instant: once it is raised, no lane of an earlier
//! instant can come to be. A lane is revoked by being deleted; the list goes after the lanes it names. A run that is delivered
//! twice finds its own lanes, by its name.

use std::sync::Mutex;

use aws_sdk_dynamodb::types::{ConditionCheck, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::Timestamp;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::commit::{Commit, transact_check, transact_put};
use crate::item::{key, name, number, string_of, text};
use crate::settle::SETTLEMENTS_AT_ONCE;
use crate::{Item, Store, StoreError};

/// The partition that lists every run's lanes.
const LISTED: &str = "lanes";
/// Lanes revoked at once.
const REVOKED_AT_ONCE: usize = 16;

/// The lanes of one run of a scan.
#[derive(Debug)]
pub(crate) struct Lanes {
    as_of: Timestamp,
    /// Tells the run from every other of its night.
    run: String,
    is_registered: tokio::sync::Mutex<bool>,
    free: Mutex<Vec<usize>>,
}

/// A lane that no other posting of its run uses. Free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Lane<'a> {
    lanes: &'a Lanes,
    number: usize,
}

impl Lanes {
    /// The lanes of a run that has registered none yet.
    pub(crate) fn new(as_of: Timestamp, run: String) -> Self {
        Self {
            as_of,
            run,
            is_registered: tokio::sync::Mutex::default(),
            free: Mutex::new((0..SETTLEMENTS_AT_ONCE).collect()),
        }
    }

    /// A lane to post by, registered with the first one that is asked for. None when the watermark does not stand at the
    /// run's instant any more.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub(crate) async fn lane(&self, store: &Store) -> Result<Option<Lane<'_>>, StoreError> {
        let mut is_registered = self.is_registered.lock().await;
        if !*is_registered {
            *is_registered = store.register_lanes(self).await?;
        }
        if !*is_registered {
            return Ok(None);
        }
        let free = self.free.lock().ok().and_then(|mut free| free.pop());
        let number =
            free.ok_or_else(|| StoreError::Request("more postings at once than lanes".to_owned()))?;
        Ok(Some(Lane { lanes: self, number }))
    }

    /// Has the lanes looked for again: a posting lost a race, and they may have been revoked.
    pub(crate) async fn forget(&self) {
        *self.is_registered.lock().await = false;
    }

    fn name(&self) -> String {
        // Bounded: a run may begin behind a key that is no order's. Two runs of one name only share lanes.
        format!("{}#{:.128}", self.as_of, self.run)
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        if let Ok(mut free) = self.lanes.free.lock() {
            free.push(self.number);
        }
    }
}

fn list_key(name: &str) -> Item {
    key(LISTED, name)
}

fn lane_key(name: &str, lane: usize) -> Item {
    key(format!("lane#{name}#{lane:02}"), "lane")
}

impl Store {
    /// Registers a run's lanes; those that stand are found. False when the watermark does not stand at the run's instant.
    async fn register_lanes(&self, lanes: &Lanes) -> Result<bool, StoreError> {
        let name = lanes.name();
        let subject = format!("the lanes {name}");
        if self.record(list_key(&name), &subject).await?.is_some() {
            return Ok(true);
        }
        let mut listed = list_key(&name);
        listed.insert(name::LANES.to_owned(), number(SETTLEMENTS_AT_ONCE as u64));
        let mut actions = vec![self.watermark_at(lanes.as_of)?, self.lane_put(listed)?];
        for lane in 0..SETTLEMENTS_AT_ONCE {
            actions.push(self.lane_put(lane_key(&name, lane))?);
        }
        Ok(self.transact(actions, &subject).await? == Commit::Done)
    }

    fn lane_put(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.records).set_item(Some(item));
        put.build()
            .map(transact_put)
            .map_err(StoreError::unbuilt("a lane"))
    }

    /// The condition that a lane has not been revoked: no scan of a later instant has begun, and the night was neither
    /// closed nor withdrawn.
    pub(crate) fn lane_check(&self, lane: &Lane<'_>) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.records)
            .set_key(Some(lane_key(&lane.lanes.name(), lane.number)))
            .condition_expression("attribute_exists(#pk)")
            .expression_attribute_names("#pk", name::PK);
        transact_check(check, "a lane's check")
    }

    /// Revokes every lane of before an instant, to which the watermark was raised: when this returns, nothing is posted as of
    /// earlier any more. Done again, it goes on where it stopped.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub(crate) async fn revoke_lanes(&self, before: Timestamp) -> Result<(), StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #sk < :before")
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#sk", name::SK)
            .expression_attribute_values(":pk", text(LISTED))
            .expression_attribute_values(":before", text(before.to_string()));
        for listed in self.query_all(query, "the scans' lanes").await? {
            let name = string_of(&listed, name::SK).unwrap_or_default();
            let lanes = listed.get(name::LANES).and_then(|lanes| lanes.as_n().ok());
            let lanes = lanes.and_then(|lanes| lanes.parse().ok());
            let lanes: usize =
                lanes.ok_or_else(|| StoreError::corrupt("a list of lanes", "it counts none"))?;
            // One by one: a lane is nearly always in use, and all of them are hardly ever free at once.
            stream::iter(0..lanes)
                .map(|lane| self.delete_record(lane_key(&name, lane), "a scan's lane"))
                .buffer_unordered(REVOKED_AT_ONCE)
                .try_collect::<()>()
                .await?;
            self.delete_record(list_key(&name), "a list of lanes").await?;
        }
        Ok(())
    }

    async fn delete_record(&self, key: Item, subject: &str) -> Result<(), StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.records)
            .set_key(Some(key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(|| call.clone().send()).await;
        let answer = answer.map_err(|source| StoreError::call(format!("delete {subject}"), source))?;
        self.capacity.count_write(answer.consumed_capacity());
        Ok(())
    }
}
