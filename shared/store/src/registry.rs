//! Small records: the scans' watermarks, the sellers seen, and the uploads done.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::{SellerId, Timestamp};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{OPEN_SHARDS, key, name, number, shard_name, string_of, text};
use crate::{Item, Store, StoreError};

/// What is remembered of an upload that was answered in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRecord {
    /// The object's key.
    pub key: String,
    /// The upload's id: differs for each time the object was written.
    pub upload: u64,
}

pub(crate) fn watermark_key(shard: u32) -> Item {
    key("watermark", shard_name(shard))
}

impl Store {
    /// Raises the scans' watermark of one shard of orders to `as_of`; a later one stays.
    ///
    /// From then on no scan of an earlier instant can post on that shard: the ledger never goes back in time,
    /// whichever scan comes late or twice.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn raise_watermark(&self, shard: u32, as_of: Timestamp) -> Result<(), StoreError> {
        let mut item = watermark_key(shard);
        item.insert(name::AS_OF.to_owned(), number(as_of.unix()));
        let call = self.client.put_item().table_name(&self.records).set_item(Some(item));
        let call = call.condition_expression("attribute_not_exists(#as_of) OR #as_of < :as_of");
        let call = call.expression_attribute_names("#as_of", name::AS_OF).expression_attribute_values(":as_of", number(as_of.unix()));
        match call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await {
            Ok(answer) => self.capacity.count_write(answer.consumed_capacity()),
            Err(SdkError::ServiceError(error)) if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) => {}
            Err(source) => return Err(StoreError::call("raise a scan's watermark", source)),
        }
        Ok(())
    }

    /// Raises the watermark of every shard.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn raise_watermarks(&self, as_of: Timestamp) -> Result<(), StoreError> {
        stream::iter(0..OPEN_SHARDS).map(|shard| self.raise_watermark(shard, as_of)).buffer_unordered(4).try_collect().await
    }

    /// The latest instant as of which a scan has begun on a shard of orders; `None` before the first.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn watermark(&self, shard: u32) -> Result<Option<Timestamp>, StoreError> {
        let item = self.record(watermark_key(shard), "a scan's watermark").await?;
        let as_of = item.as_ref().and_then(|item| item.get(name::AS_OF)?.as_n().ok()?.parse().ok());
        Ok(as_of.map(Timestamp::from_unix))
    }

    /// The latest watermark of all shards.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn latest_watermark(&self) -> Result<Option<Timestamp>, StoreError> {
        let shards: Vec<Option<Timestamp>> = stream::iter(0..OPEN_SHARDS).map(|shard| self.watermark(shard)).buffer_unordered(4).try_collect().await?;
        Ok(shards.into_iter().flatten().max())
    }

    /// Remembers that a seller has orders; idempotent.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn note_seller(&self, seller_id: &SellerId) -> Result<(), StoreError> {
        self.put_record(key("seller", seller_id.as_str()), &format!("seller {seller_id}")).await
    }

    /// Every seller seen, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sellers(&self) -> Result<Vec<SellerId>, StoreError> {
        let query = self.client.query().table_name(&self.records).key_condition_expression("#pk = :pk");
        let query = query.expression_attribute_names("#pk", name::PK).expression_attribute_values(":pk", text("seller"));
        let items = self.query_all(query, "the sellers").await?;
        Ok(items.iter().filter_map(|item| SellerId::parse(&string_of(item, name::SK)?)).collect())
    }

    /// Whether an upload was answered in full before: its event was delivered again.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn is_upload_done(&self, upload: &UploadRecord) -> Result<bool, StoreError> {
        Ok(self.record(upload_key(upload), &format!("upload {}", upload.key)).await?.is_some())
    }

    /// Remembers that an upload was answered in full.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn note_upload_done(&self, upload: &UploadRecord) -> Result<(), StoreError> {
        self.put_record(upload_key(upload), &format!("upload {}", upload.key)).await
    }

    pub(crate) async fn record(&self, key: Item, subject: &str) -> Result<Option<Item>, StoreError> {
        let call = self.client.get_item().table_name(&self.records).set_key(Some(key)).consistent_read(true);
        let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = answer.map_err(|source| StoreError::call(format!("read {subject}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        Ok(answer.item)
    }

    pub(crate) async fn put_record(&self, item: Item, subject: &str) -> Result<(), StoreError> {
        let call = self.client.put_item().table_name(&self.records).set_item(Some(item));
        let answer = call.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await;
        let answer = answer.map_err(|source| StoreError::call(format!("write {subject}"), source))?;
        self.capacity.count_write(answer.consumed_capacity());
        Ok(())
    }
}

fn upload_key(upload: &UploadRecord) -> Item {
    key(format!("upload#{}", upload.key), format!("{:016x}", upload.upload))
}
