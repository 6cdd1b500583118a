//! The watermark: the latest instant as of which a scan has begun. Nothing is posted as of earlier.
//!
//! `pk = watermark`, `sk = all`. It only rises, but for a withdrawal, which bars every scan by [`crate::NEVER`] and lowers it at
//! its end. A release before this one kept one watermark a shard of orders (`sk = 00` to `15`): they count until there is a
//! common one.
//!
//! Transactions that share an item conflict in DynamoDB, so a posting does not check the watermark itself. It checks a lane
//! (`lanes`) that was registered while the watermark stood at its instant. Whoever raises the watermark then revokes the lanes
//! of earlier instants: only when they are gone has the scan begun, or is the night over.

use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use domain::Timestamp;

use crate::commit::{Commit, transact_check, transact_put};
use crate::item::{key, name, number, seconds_of, string_of};
use crate::{Item, Store, StoreError};

const WATERMARK: &str = "watermark";
const COMMON: &str = "all";
const SUBJECT: &str = "the scans' watermark";

fn watermark_key() -> Item {
    key(WATERMARK, COMMON)
}

fn with_instant(as_of: Timestamp) -> Item {
    let mut item = watermark_key();
    item.insert(name::AS_OF.to_owned(), number(as_of.unix()));
    item
}

impl Store {
    /// The latest instant as of which a scan has begun; none before the first scan.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn watermark(&self) -> Result<Option<Timestamp>, StoreError> {
        let items = self.partition(WATERMARK, SUBJECT).await?;
        let is_common = |item: &&Item| string_of(item, name::SK).is_some_and(|sk| sk == COMMON);
        let as_of = |item: &Item| seconds_of(item, name::AS_OF);
        Ok(match items.iter().find(is_common) {
            Some(common) => as_of(common),
            None => items.iter().filter_map(as_of).max(),
        })
    }

    /// Begins a scan as of an instant: raises the watermark, notes the night, and revokes what earlier scans post by. False when
    /// a scan of a later instant has begun, the night is closed, or a withdrawal is under way. A night that was withdrawn
    /// begins anew.
    ///
    /// From then on no scan of an earlier instant can post: the ledger never goes back in time, whichever scan comes late
    /// or twice.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn begin_scan(&self, as_of: Timestamp) -> Result<bool, StoreError> {
        let mut retries = self.retries();
        loop {
            let begun = self.watermark().await?;
            if begun > Some(as_of) {
                return Ok(false);
            }
            let night = self.night(as_of).await?;
            let is_noted = night.as_ref().is_some_and(|night| night.withdrawn.is_none());
            let has_begun = is_noted && begun == Some(as_of);
            if has_begun || self.raise_to_night(as_of, night.as_ref()).await? == Commit::Done {
                self.revoke_lanes(as_of).await?;
                return Ok(true);
            }
            // Lost to another scan that begins just now, or to a withdrawal: look again.
            if !retries.again().await {
                return Err(retries.gave_up_on(SUBJECT));
            }
        }
    }

    /// Raises the watermark to a night, and notes the night where it was not, or was withdrawn; `seen` is its record.
    async fn raise_to_night(
        &self,
        as_of: Timestamp,
        seen: Option<&crate::Night>,
    ) -> Result<Commit, StoreError> {
        let night = match seen {
            Some(seen) if seen.withdrawn.is_none() => self.night_check(as_of)?,
            _ => self.night_put(as_of, seen)?,
        };
        self.transact(vec![self.raise(as_of)?, night], SUBJECT).await
    }

    /// Ends a night: raises the watermark just past it, so that nothing can be posted as of it, or as of an earlier instant,
    /// any more. What was posted stays; a scan still under way finds itself superseded. False when there is no such night, or
    /// it was withdrawn: then nothing is raised.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn end_night(&self, as_of: Timestamp) -> Result<bool, StoreError> {
        let past = as_of.next();
        let mut retries = self.retries();
        loop {
            let begun = self.watermark().await?;
            let night = self.night(as_of).await?;
            if night.is_none_or(|night| night.withdrawn.is_some()) {
                return Ok(false);
            }
            // A withdrawal that comes between marks the night, and the raise is refused.
            let raises = || Ok::<_, StoreError>(vec![self.raise(past)?, self.night_check(as_of)?]);
            if begun >= Some(past) || self.transact(raises()?, SUBJECT).await? == Commit::Done {
                self.revoke_lanes(past).await?;
                return Ok(true);
            }
            // Lost to a later scan, which ends the night as well, or to a withdrawal: look again.
            if !retries.again().await {
                return Err(retries.gave_up_on(SUBJECT));
            }
        }
    }

    /// The write that raises the watermark; refused where it stands higher.
    pub(crate) fn raise(&self, as_of: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.records)
            .set_item(Some(with_instant(as_of)))
            .condition_expression("attribute_not_exists(#as_of) OR #as_of <= :as_of")
            .expression_attribute_names("#as_of", name::AS_OF)
            .expression_attribute_values(":as_of", number(as_of.unix()));
        put.build()
            .map(transact_put)
            .map_err(StoreError::unbuilt("a watermark's write"))
    }

    /// The write that moves the watermark from where it stands.
    pub(crate) fn move_watermark(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.records)
            .set_item(Some(with_instant(to)))
            .condition_expression("#as_of = :from")
            .expression_attribute_names("#as_of", name::AS_OF)
            .expression_attribute_values(":from", number(from.unix()));
        put.build()
            .map(transact_put)
            .map_err(StoreError::unbuilt("a watermark's write"))
    }

    /// The condition that the watermark stands at an instant.
    pub(crate) fn watermark_at(&self, as_of: Timestamp) -> Result<TransactWriteItem, StoreError> {
        self.watermark_check("#as_of = :as_of", as_of)
    }

    /// The condition that no scan, and so no close, of later than an instant has begun.
    pub(crate) fn not_past_check(&self, as_of: Timestamp) -> Result<TransactWriteItem, StoreError> {
        self.watermark_check("attribute_not_exists(#as_of) OR #as_of <= :as_of", as_of)
    }

    fn watermark_check(&self, condition: &str, as_of: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.records)
            .set_key(Some(watermark_key()))
            .condition_expression(condition)
            .expression_attribute_names("#as_of", name::AS_OF)
            .expression_attribute_values(":as_of", number(as_of.unix()));
        transact_check(check, "a watermark check")
    }
}
