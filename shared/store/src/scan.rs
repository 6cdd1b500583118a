//! The nightly scans' reads: the segmented pass over all orders, and the query of those whose sign-off is due.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, Select};
use domain::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{OPEN_BY_PAYMENT, name, number, order_key, shard_name, stored_order, string_of, text};
use crate::{Item, Store, StoreError, StoredOrder};

/// Where a scan goes on: the last key it examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last order examined.
    pub order_id: OrderId,
    /// Its payment, where the scan goes by payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
}

/// One page of a scan.
#[derive(Debug)]
pub struct ScanPage<T> {
    /// What was found.
    pub found: Vec<T>,
    /// Where to go on; `None` at the end.
    pub cursor: Option<Cursor>,
}

/// An order of the pass, or why it cannot be read: one poison order does not stop its segment.
pub type ScannedOrder = Result<StoredOrder, (String, StoreError)>;

impl Store {
    /// A page of segment `segment` of `segments` of the orders table.
    ///
    /// Eventually consistent, at half the price: an order that is to be settled is read again, consistently.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn scan_orders(
        &self,
        segment: u32,
        segments: u32,
        after: Option<&Cursor>,
    ) -> Result<ScanPage<ScannedOrder>, StoreError> {
        let call = self
            .client
            .scan()
            .table_name(&self.orders)
            .segment(segment as i32)
            .total_segments(segments as i32);
        let call = call.set_exclusive_start_key(after.map(|cursor| order_key(&cursor.order_id)));
        let answer = call
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let answer = answer
            .map_err(|source| StoreError::call(format!("scan segment {segment} of {segments}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        let found = answer.items().iter().map(scanned).collect();
        Ok(ScanPage {
            found,
            cursor: answer.last_evaluated_key.as_ref().and_then(cursor_of),
        })
    }

    /// A page of the orders of one shard with B4 still open that were paid before `paid_before`.
    ///
    /// The index may be stale for moments: read each order again, consistently, before settling.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read.
    pub async fn open_orders(
        &self,
        shard: u32,
        paid_before: Timestamp,
        after: Option<&Cursor>,
    ) -> Result<ScanPage<OrderId>, StoreError> {
        let call = self
            .client
            .query()
            .table_name(&self.orders)
            .index_name(OPEN_BY_PAYMENT)
            .select(Select::AllProjectedAttributes);
        let call = call.key_condition_expression("#shard = :shard AND #paid_at < :paid_before");
        let call = call
            .expression_attribute_names("#shard", name::OPEN_SHARD)
            .expression_attribute_names("#paid_at", name::PAID_AT);
        let call = call.expression_attribute_values(":shard", text(shard_name(shard)));
        let call = call.expression_attribute_values(":paid_before", number(paid_before.unix()));
        let call = call.set_exclusive_start_key(after.map(|cursor| open_key(shard, cursor)));
        let answer = call
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        let answer = answer
            .map_err(|source| StoreError::call(format!("query the open orders of shard {shard}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        let found = answer.items().iter().filter_map(order_id_of).collect();
        Ok(ScanPage {
            found,
            cursor: answer.last_evaluated_key.as_ref().and_then(cursor_of),
        })
    }
}

fn scanned(item: &Item) -> ScannedOrder {
    stored_order(item).map_err(|error| (string_of(item, name::ORDER_ID).unwrap_or_default(), error))
}

fn order_id_of(item: &Item) -> Option<OrderId> {
    OrderId::parse(&string_of(item, name::ORDER_ID)?)
}

fn cursor_of(key: &Item) -> Option<Cursor> {
    let paid_at = key
        .get(name::PAID_AT)
        .and_then(|value| value.as_n().ok())
        .and_then(|paid_at| paid_at.parse().ok());
    Some(Cursor {
        order_id: order_id_of(key)?,
        paid_at: paid_at.map(Timestamp::from_unix),
    })
}

fn open_key(shard: u32, cursor: &Cursor) -> Item {
    let mut key = order_key(&cursor.order_id);
    key.insert(name::OPEN_SHARD.to_owned(), text(shard_name(shard)));
    if let Some(paid_at) = cursor.paid_at {
        key.insert(name::PAID_AT.to_owned(), number(paid_at.unix()));
    }
    key
}
