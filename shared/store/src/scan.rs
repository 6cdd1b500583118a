//! The nightly scans' reads: the segmented pass over all orders, and the query of those whose sign-off is due.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, Select};
use domain::{OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{
    OPEN_BY_PAYMENT, OPEN_SHARDS, name, number, seconds_of, shard_name, shard_of, stored_order, string_of,
    text,
};
use crate::{Item, Store, StoreError, StoredOrder};

/// Segments of a pass, at most (DynamoDB's own limit).
const SEGMENTS_MAX: u32 = 1_000_000;
/// Items in a page, at most: at 1 KB each they are the 1 MB that ends a page anyway. A run holds a page.
const PAGE_ITEMS_MAX: i32 = 1_024;
/// Bytes of a partition key, at most (DynamoDB's own limit).
const KEY_BYTES_MAX: usize = 2_048;

/// Where a scan goes on: after the item that it looked at last. Whoever runs the scans hands it back as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// That item's key, as it stands in the table: also what is no order number has its place in a scan.
    order_id: String,
    /// Its place in the index, where the scan goes by payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<OpenPlace>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenPlace {
    shard: u32,
    paid_at: Timestamp,
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

/// An order that the index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// The order's key in the table.
    pub order_id: String,
    place: OpenPlace,
}

/// That segment `segment` of `segments` can be scanned from `cursor` on.
///
/// # Errors
/// [`StoreError::Request`] when there is no such segment, or the cursor is none of this pass.
pub fn check_segment(segment: u32, segments: u32, cursor: Option<&Cursor>) -> Result<(), StoreError> {
    if !(1..=SEGMENTS_MAX).contains(&segments) {
        return Err(StoreError::Request(format!(
            "a pass has 1 to {SEGMENTS_MAX} segments, not {segments}"
        )));
    }
    if segment >= segments {
        return Err(StoreError::Request(format!(
            "there is no segment {segment} of {segments}: they count from 0"
        )));
    }
    match cursor {
        Some(cursor) if cursor.open.is_some() => Err(StoreError::Request(
            "the cursor is one of the sign-off scan, not of a pass over all orders".to_owned(),
        )),
        Some(cursor) => cursor.check_key(),
        None => Ok(()),
    }
}

/// That the open orders of `shard`, or of every shard, can be read from `cursor` on; gives the shard to begin with.
///
/// # Errors
/// [`StoreError::Request`] when there is no such shard, or the cursor is none of this scan.
pub fn check_shard(shard: Option<u32>, cursor: Option<&Cursor>) -> Result<u32, StoreError> {
    let there_is = |shard: u32| {
        if shard < OPEN_SHARDS {
            return Ok(shard);
        }
        Err(StoreError::Request(format!(
            "there is no shard {shard}: they are 0 to {}",
            OPEN_SHARDS - 1
        )))
    };
    let asked = shard.map(there_is).transpose()?;
    let Some(cursor) = cursor else {
        return Ok(asked.unwrap_or(0));
    };
    cursor.check_key()?;
    let Some(place) = cursor.open else {
        return Err(StoreError::Request(
            "the cursor is one of a pass over all orders, not of the sign-off scan".to_owned(),
        ));
    };
    let begun = there_is(place.shard)?;
    if asked.is_some_and(|asked| asked != begun) {
        return Err(StoreError::Request(format!(
            "the cursor is one of shard {begun}, which is not the one asked for"
        )));
    }
    Ok(begun)
}

impl Cursor {
    /// The key of the item after which the scan goes on.
    pub fn item(&self) -> &str {
        &self.order_id
    }

    /// Just after an order of a pass.
    pub fn after(scanned: &ScannedOrder) -> Self {
        let order_id = match scanned {
            Ok(stored) => stored.order.order_id.to_string(),
            Err((order_id, _)) => order_id.clone(),
        };
        Self { order_id, open: None }
    }

    /// Just after an order that the index names.
    pub fn after_open(found: &OpenOrder) -> Self {
        Self {
            order_id: found.order_id.clone(),
            open: Some(found.place),
        }
    }

    fn check_key(&self) -> Result<(), StoreError> {
        if (1..=KEY_BYTES_MAX).contains(&self.order_id.len()) {
            return Ok(());
        }
        Err(StoreError::Request(format!(
            "the cursor's key has {} bytes; a key has 1 to {KEY_BYTES_MAX}",
            self.order_id.len()
        )))
    }

    fn key(&self) -> Item {
        let mut key = Item::from([(name::ORDER_ID.to_owned(), text(&self.order_id))]);
        if let Some(place) = self.open {
            key.insert(name::OPEN_SHARD.to_owned(), text(shard_name(place.shard)));
            key.insert(name::PAID_AT.to_owned(), number(place.paid_at.unix()));
        }
        key
    }

    fn of_key(key: &Item) -> Result<Self, StoreError> {
        let order_id = string_of(key, name::ORDER_ID)
            .ok_or_else(|| StoreError::corrupt("where a scan goes on", "it names no item"))?;
        let open = open_place(key);
        Ok(Self { order_id, open })
    }
}

impl OpenOrder {
    /// The order's number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what is no order number, or stands in another order's shard.
    pub fn number(&self) -> Result<OrderId, StoreError> {
        let number = OrderId::parse(&self.order_id);
        number
            .filter(|number| shard_of(number) == self.place.shard)
            .ok_or_else(|| {
                StoreError::corrupt(
                    format!("order {}", self.order_id),
                    "it has no place in this shard",
                )
            })
    }
}

impl Store {
    /// A page of segment `segment` of `segments` of the orders table.
    ///
    /// Eventually consistent, at half the price: what is settled from such a copy stands on the copy's version.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such segment or the table cannot be read.
    pub async fn scan_orders(
        &self,
        segment: u32,
        segments: u32,
        after: Option<&Cursor>,
    ) -> Result<ScanPage<ScannedOrder>, StoreError> {
        check_segment(segment, segments, after)?;
        let call = self
            .client
            .scan()
            .table_name(&self.orders)
            .segment(segment as i32)
            .total_segments(segments as i32)
            .limit(PAGE_ITEMS_MAX)
            .set_exclusive_start_key(after.map(Cursor::key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(|| call.clone().send()).await;
        let answer = answer
            .map_err(|source| StoreError::call(format!("scan segment {segment} of {segments}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        let found = answer.items().iter().map(scanned).collect();
        let cursor = answer
            .last_evaluated_key
            .as_ref()
            .map(Cursor::of_key)
            .transpose()?;
        Ok(ScanPage { found, cursor })
    }

    /// A page of the orders of one shard with B4 still open that were paid before `paid_before`.
    ///
    /// The index may be stale for moments: read each order again, consistently, before settling.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such shard, the cursor lies beyond its end, or the index cannot be read.
    pub async fn open_orders(
        &self,
        shard: u32,
        paid_before: Timestamp,
        after: Option<&Cursor>,
    ) -> Result<ScanPage<OpenOrder>, StoreError> {
        check_shard(Some(shard), after)?;
        if let Some(place) = after.and_then(|cursor| cursor.open)
            && place.paid_at >= paid_before
        {
            return Err(StoreError::Request(
                "the cursor lies beyond what is due".to_owned(),
            ));
        }
        let call = self
            .client
            .query()
            .table_name(&self.orders)
            .index_name(OPEN_BY_PAYMENT)
            .select(Select::AllProjectedAttributes)
            .limit(PAGE_ITEMS_MAX);
        let call = call
            .key_condition_expression("#shard = :shard AND #paid_at < :paid_before")
            .expression_attribute_names("#shard", name::OPEN_SHARD)
            .expression_attribute_names("#paid_at", name::PAID_AT)
            .expression_attribute_values(":shard", text(shard_name(shard)))
            .expression_attribute_values(":paid_before", number(paid_before.unix()));
        let call = call
            .set_exclusive_start_key(after.map(Cursor::key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self.send(|| call.clone().send()).await;
        let answer = answer
            .map_err(|source| StoreError::call(format!("query the open orders of shard {shard}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        let found = answer.items().iter().map(open_order).collect::<Result<_, _>>()?;
        let cursor = answer
            .last_evaluated_key
            .as_ref()
            .map(Cursor::of_key)
            .transpose()?;
        Ok(ScanPage { found, cursor })
    }
}

fn scanned(item: &Item) -> ScannedOrder {
    stored_order(item).map_err(|error| (string_of(item, name::ORDER_ID).unwrap_or_default(), error))
}

fn open_order(item: &Item) -> Result<OpenOrder, StoreError> {
    let found = string_of(item, name::ORDER_ID).zip(open_place(item));
    let (order_id, place) =
        found.ok_or_else(|| StoreError::corrupt("an item of the open orders", "it lacks a key"))?;
    Ok(OpenOrder { order_id, place })
}

fn open_place(item: &Item) -> Option<OpenPlace> {
    Some(OpenPlace {
        shard: string_of(item, name::OPEN_SHARD)?.parse().ok()?,
        paid_at: seconds_of(item, name::PAID_AT)?,
    })
}
