//! Small records: the sellers seen, and the uploads done.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::{SellerId, Timestamp};

use crate::commit::Commit;
use crate::item::{key, name, number, seconds_of, string_of, text};
use crate::{Item, Store, StoreError};

/// What is remembered of an upload that was answered in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRecord {
    /// The object's key.
    pub key: String,
    /// The upload's id: differs for each time the object was written.
    pub upload: u64,
}

/// The partition that names the sellers with orders.
const SELLERS: &str = "seller";

impl Store {
    /// Remembers that a seller has orders; idempotent.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn note_seller(&self, seller_id: &SellerId) -> Result<(), StoreError> {
        self.put_record(key(SELLERS, seller_id.as_str()), &format!("seller {seller_id}"))
            .await
    }

    /// Every seller seen, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn sellers(&self) -> Result<Vec<SellerId>, StoreError> {
        self.sellers_in(SELLERS, "the sellers").await
    }

    /// The sellers that a partition names, by id.
    pub(crate) async fn sellers_in(
        &self,
        partition: &str,
        subject: &str,
    ) -> Result<Vec<SellerId>, StoreError> {
        let items = self.partition(partition, subject).await?;
        Ok(items
            .iter()
            .filter_map(|item| SellerId::parse(&string_of(item, name::SK)?))
            .collect())
    }

    /// Whether an upload was answered in full before: its event was delivered again.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn is_upload_done(&self, upload: &UploadRecord) -> Result<bool, StoreError> {
        Ok(self
            .record(upload_key(upload), &format!("upload {}", upload.key))
            .await?
            .is_some())
    }

    /// When a prefix first sent these bytes, this upload's instant among them. Whatever order the uploads are answered in,
    /// the earliest instant stays.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn first_sent(
        &self,
        prefix: &str,
        sha256: &str,
        sent_at: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let sent = key(format!("bytes#{prefix}#{sha256}"), "sent");
        let subject = format!("when the bytes {sha256} were sent");
        let mut retries = self.retries();
        loop {
            let known = self.record(sent.clone(), &subject).await?;
            let known = known.and_then(|item| seconds_of(&item, name::AS_OF));
            if let Some(known) = known.filter(|known| *known <= sent_at) {
                return Ok(known);
            }
            let mut item = sent.clone();
            item.insert(name::AS_OF.to_owned(), number(sent_at.unix()));
            // The earlier of two that come at once wins; the other reads it.
            let call = self
                .client
                .put_item()
                .table_name(&self.records)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(#pk) OR #sent > :sent")
                .expression_attribute_names("#pk", name::PK)
                .expression_attribute_names("#sent", name::AS_OF)
                .expression_attribute_values(":sent", number(sent_at.unix()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            match self.send(|| call.clone().send()).await {
                Ok(answer) => {
                    self.capacity.count_write(answer.consumed_capacity());
                    return Ok(sent_at);
                }
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(PutItemError::is_conditional_check_failed_exception)
                        && retries.again().await => {}
                Err(source) => return Err(StoreError::call(format!("write {subject}"), source)),
            }
        }
    }

    /// Remembers that an upload was answered in full.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn note_upload_done(&self, upload: &UploadRecord) -> Result<(), StoreError> {
        self.put_record(upload_key(upload), &format!("upload {}", upload.key))
            .await
    }

    /// All records of a partition, consistently, in the order of their sort keys.
    pub(crate) async fn partition(&self, pk: &str, subject: &str) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_values(":pk", text(pk));
        self.query_all(query, subject).await
    }

    pub(crate) async fn record(&self, key: Item, subject: &str) -> Result<Option<Item>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.records)
            .set_key(Some(key))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(|| call.clone().send()).await;
        let answer = answer.map_err(|source| StoreError::call(format!("read {subject}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        Ok(answer.item)
    }

    /// Writes a record whose key must be free: the commit point of whatever is told once.
    pub(crate) async fn put_new_record(&self, item: Item, subject: &str) -> Result<Commit, StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.records)
            .set_item(Some(item));
        let call = call
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", name::PK)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.send(|| call.clone().send()).await {
            Ok(answer) => {
                self.capacity.count_write(answer.consumed_capacity());
                Ok(Commit::Done)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Commit::Raced)
            }
            Err(source) => Err(StoreError::call(format!("write {subject}"), source)),
        }
    }

    pub(crate) async fn put_record(&self, item: Item, subject: &str) -> Result<(), StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.records)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(|| call.clone().send()).await;
        let answer = answer.map_err(|source| StoreError::call(format!("write {subject}"), source))?;
        self.capacity.count_write(answer.consumed_capacity());
        Ok(())
    }
}

fn upload_key(upload: &UploadRecord) -> Item {
    key(
        format!("upload#{}", upload.key),
        format!("{:016x}", upload.upload),
    )
}
