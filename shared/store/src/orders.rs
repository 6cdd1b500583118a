//! Orders and the claimants of tracking numbers, read by key.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use domain::{Order, OrderId, Timestamp, TrackingNumber};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::item::{key, name, order_key, stored_order, string_of, text};
use crate::{Item, Store, StoreError};

/// Keys in one BatchGetItem (DynamoDB's own limit).
const BATCH_GET_KEYS_MAX: usize = 100;
/// BatchGetItem calls under way at once.
const BATCHES_AT_ONCE: usize = 8;

/// An order with the version it was read at.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredOrder {
    /// The order.
    pub order: Order,
    /// Counts its writes; a write is conditional on it.
    pub version: u64,
    /// Whether it stands in the index of open sign-offs.
    pub sign_off_open: bool,
    /// From when on it may be deleted: it was settled for good, and nothing was written since.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// One order, consistently.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or the item does not decode.
    pub async fn order(&self, order_id: &OrderId) -> Result<Option<StoredOrder>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.orders)
            .set_key(Some(order_key(order_id)));
        let call = call
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .send(|| call.clone().send())
            .await
            .map_err(|source| StoreError::call(format!("read order {order_id}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        answer.item().map(stored_order).transpose()
    }

    /// The orders among `ids` that exist, consistently. `ids` hold no id twice.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or an item does not decode.
    pub async fn orders(&self, ids: &[OrderId]) -> Result<HashMap<OrderId, StoredOrder>, StoreError> {
        let items = self
            .batch_get(&self.orders, ids.iter().map(order_key).collect())
            .await?;
        let orders = items
            .iter()
            .map(|item| stored_order(item).map(|stored| (stored.order.order_id.clone(), stored)));
        orders.collect()
    }

    /// The orders that claim each of `numbers`, consistently, the first to be recorded first; whose the number is they say
    /// among themselves ([`domain::claims`]). `numbers` hold no number twice.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or an item does not decode.
    pub async fn claimants(
        &self,
        numbers: &[TrackingNumber],
    ) -> Result<HashMap<TrackingNumber, Vec<OrderId>>, StoreError> {
        let items = self
            .batch_get(&self.records, numbers.iter().map(number_key).collect())
            .await?;
        items.iter().map(read_claimants).collect()
    }

    /// Reads up to any number of items by key, in batches, retrying what DynamoDB leaves unprocessed.
    pub(crate) async fn batch_get(&self, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let batches: Vec<Vec<Item>> = keys.chunks(BATCH_GET_KEYS_MAX).map(<[Item]>::to_vec).collect();
        let answers = stream::iter(batches)
            .map(|keys| self.batch_get_once(table, keys))
            .buffer_unordered(BATCHES_AT_ONCE);
        let items: Vec<Vec<Item>> = answers.try_collect().await?;
        Ok(items.into_iter().flatten().collect())
    }

    async fn batch_get_once(&self, table: &str, mut keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::with_capacity(keys.len());
        let mut retries = self.retries();
        loop {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build();
            let request = request.map_err(StoreError::unbuilt(format!("a read of {table}")))?;
            let call = self
                .client
                .batch_get_item()
                .request_items(table, request)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = self
                .send(|| call.clone().send())
                .await
                .map_err(|source| StoreError::call(format!("read a batch of {table}"), source))?;
            self.capacity.count_reads(answer.consumed_capacity());
            items.extend(
                answer
                    .responses
                    .unwrap_or_default()
                    .remove(table)
                    .unwrap_or_default(),
            );
            keys = answer
                .unprocessed_keys
                .unwrap_or_default()
                .remove(table)
                .map(|left| left.keys)
                .unwrap_or_default();
            if keys.is_empty() {
                return Ok(items);
            }
            if !retries.again().await {
                return Err(retries.gave_up_on(format!("a batch of {table}")));
            }
        }
    }
}

pub(crate) fn number_key(number: &TrackingNumber) -> Item {
    key(format!("number#{number}"), "owner")
}

/// The record of a number: its claimants. The first stands alone, as it always did; several stand in one text.
pub(crate) fn number_item(number: &TrackingNumber, claimants: &[OrderId]) -> Item {
    let mut item = number_key(number);
    if let Some(first) = claimants.first() {
        item.insert(name::ORDER_ID.to_owned(), text(first.as_str()));
    }
    if claimants.len() > 1 {
        let all: Vec<&str> = claimants.iter().map(OrderId::as_str).collect();
        item.insert(name::CLAIMANTS.to_owned(), text(all.join(" ")));
    }
    item
}

fn read_claimants(item: &Item) -> Result<(TrackingNumber, Vec<OrderId>), StoreError> {
    let corrupt = || StoreError::corrupt("a tracking number's record", "it names no number or no order");
    let pk = string_of(item, name::PK).ok_or_else(corrupt)?;
    let number = pk
        .strip_prefix("number#")
        .and_then(TrackingNumber::parse)
        .ok_or_else(corrupt)?;
    let claimants = string_of(item, name::CLAIMANTS)
        .or_else(|| string_of(item, name::ORDER_ID))
        .ok_or_else(corrupt)?;
    let claimants: Option<Vec<OrderId>> = claimants.split(' ').map(OrderId::parse).collect();
    Ok((number, claimants.ok_or_else(corrupt)?))
}
