//! Items: attribute names, keys, and the compact form of an order.
//!
//! An order's state is one binary attribute (a format byte, then postcard), so that a typical order with 20 events
//! stays within 1 KB, one write unit. What queries and people need stands beside it in plain attributes.

mod format_1;

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::because::Refused;
use domain::{LedgerEntry, Month, Order, OrderId, Timestamp};

use crate::{Item, StoreError, StoredOrder};

/// Shards of the index `open_by_payment` and of the journal.
pub const OPEN_SHARDS: u32 = 16;

pub(crate) const OPEN_BY_PAYMENT: &str = "open_by_payment";
pub(crate) const LEDGER_BY_SELLER: &str = "ledger_by_seller";

/// Attribute names of both tables.
pub(crate) mod name {
    pub(crate) const ORDER_ID: &str = "order_id";
    pub(crate) const SELLER_ID: &str = "seller_id";
    pub(crate) const PAID_AT: &str = "paid_at";
    pub(crate) const OPEN_SHARD: &str = "open_shard";
    pub(crate) const VERSION: &str = "version";
    pub(crate) const STATE: &str = "state";
    pub(crate) const PK: &str = "pk";
    pub(crate) const SK: &str = "sk";
    pub(crate) const LEDGER_SORT: &str = "ledger_sort";
    pub(crate) const PARKED_SHARD: &str = "parked_shard";
    pub(crate) const PARKED_SINCE: &str = "parked_since";
    pub(crate) const BODY: &str = "body";
    pub(crate) const AS_OF: &str = "as_of";
    pub(crate) const EXPIRES_AT: &str = "expires_at";
    pub(crate) const ENTRY_IDS: &str = "entry_ids";
    pub(crate) const SHA256: &str = "sha256";
    pub(crate) const CLAIMANTS: &str = "claimants";
    pub(crate) const RESTORED: &str = "restored";
    pub(crate) const REFUSED: &str = "refused";
    pub(crate) const WITHDRAWN: &str = "withdrawn";
    pub(crate) const RERUNS: &str = "reruns";
    pub(crate) const LANES: &str = "lanes";
}

/// The first byte of the states that this release writes: one of [`READERS`]. A change of [`Order`]'s form adds a reader first;
/// a later release, once one that has the reader is deployed everywhere, raises this.
const STATE_FORMAT: u8 = 2;

/// Reads a state without its first byte.
type Reader = fn(&[u8]) -> Result<Order, postcard::Error>;

/// The forms of a state by their first byte, each with its reader: a form keeps its own for good, and its golden bytes.
const READERS: [(u8, Reader); 2] = [(format_1::FORMAT, format_1::decode), (2, decode)];

/// Reads a state in the form that [`Order`] has.
fn decode(encoded: &[u8]) -> Result<Order, postcard::Error> {
    postcard::from_bytes(encoded)
}

/// An order's item as a stream shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderImage {
    /// The order.
    pub order: Order,
    /// Counts the order's writes.
    pub version: u64,
    /// The state as stored, for keeping as it is.
    pub state: Vec<u8>,
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([(name::PK.to_owned(), text(pk)), (name::SK.to_owned(), text(sk))])
}

pub(crate) fn order_key(order_id: &OrderId) -> Item {
    HashMap::from([(name::ORDER_ID.to_owned(), text(order_id.as_str()))])
}

pub(crate) fn shard_name(shard: u32) -> String {
    format!("{shard:02}")
}

pub(crate) fn shard_of(order_id: &OrderId) -> u32 {
    order_id.shard(OPEN_SHARDS)
}

pub(crate) fn string_of(item: &Item, attribute: &str) -> Option<String> {
    item.get(attribute)?.as_s().ok().cloned()
}

/// An instant, kept as seconds since the epoch.
pub(crate) fn seconds_of(item: &Item, attribute: &str) -> Option<Timestamp> {
    let seconds = item.get(attribute)?.as_n().ok()?.parse().ok()?;
    Some(Timestamp::from_unix(seconds))
}

/// Bytes of an item as DynamoDB counts them: names and values. Of attributes that no order has none are counted.
pub fn item_bytes(item: &Item) -> usize {
    let bytes = item.iter().map(|(name, value)| {
        name.len()
            + match value {
                AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
                AttributeValue::B(bytes) => bytes.as_ref().len(),
                AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
                _ => 0,
            }
    });
    bytes.sum()
}

/// The item of an order at a version, as a commit writes it; `open` puts it into the sparse index `open_by_payment`.
///
/// # Errors
/// [`StoreError::Unbuilt`] when the order does not encode.
pub fn order_item(order: &Order, version: u64, open: bool) -> Result<Item, StoreError> {
    let state = encode_state(order)?;
    let mut item = order_key(&order.order_id);
    item.insert(name::SELLER_ID.to_owned(), text(order.seller_id.as_str()));
    item.insert(name::PAID_AT.to_owned(), number(order.paid_at.unix()));
    item.insert(name::VERSION.to_owned(), number(version));
    item.insert(name::STATE.to_owned(), AttributeValue::B(Blob::new(state)));
    // Hardly any order has it, and the state's form is pinned: it is an attribute of its own.
    if !order.restored.is_empty() {
        let restored = serde_json::to_string(&order.restored)
            .map_err(StoreError::unbuilt(format!("order {}", order.order_id)))?;
        item.insert(name::RESTORED.to_owned(), text(restored));
    }
    // As few have a failed upload, whose row is cited.
    let refused = order.failure.as_ref().map(|failure| &failure.refused);
    if let Some(refused) = refused.filter(|refused| **refused != Refused::default()) {
        let refused = serde_json::to_string(refused)
            .map_err(StoreError::unbuilt(format!("order {}", order.order_id)))?;
        item.insert(name::REFUSED.to_owned(), text(refused));
    }
    if open {
        item.insert(
            name::OPEN_SHARD.to_owned(),
            text(shard_name(shard_of(&order.order_id))),
        );
    }
    Ok(item)
}

/// The state of an order, as its item and the lake's rows of it hold it.
///
/// # Errors
/// [`StoreError::Unbuilt`] when the order does not encode.
pub fn encode_state(order: &Order) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(order, vec![STATE_FORMAT])
        .map_err(StoreError::unbuilt(format!("order {}", order.order_id)))
}

/// Reads an order's item; `None` for an item that is no order (another table's stream record).
///
/// # Errors
/// [`StoreError::Corrupt`] when it has an order's attributes and does not decode, [`StoreError::Later`] as [`decode_state`].
pub fn decode_order(item: &Item) -> Result<Option<OrderImage>, StoreError> {
    // A tracking number's record names its order too, but has the other table's key.
    let order_id = string_of(item, name::ORDER_ID).filter(|_| !item.contains_key(name::PK));
    let Some(order_id) = order_id else { return Ok(None) };
    let corrupt = |reason: &str| StoreError::corrupt(format!("order {order_id}"), reason);
    let state = item
        .get(name::STATE)
        .and_then(|value| value.as_b().ok())
        .ok_or_else(|| corrupt("it has no state"))?;
    let version = item
        .get(name::VERSION)
        .and_then(|value| value.as_n().ok())
        .and_then(|version| version.parse().ok());
    let version = version.ok_or_else(|| corrupt("it has no version"))?;
    let mut order = decode_state(&order_id, state.as_ref())?;
    if let Some(restored) = string_of(item, name::RESTORED) {
        order.restored = serde_json::from_str(&restored).map_err(|error| corrupt(&error.to_string()))?;
    }
    if let (Some(failure), Some(refused)) = (order.failure.as_mut(), string_of(item, name::REFUSED)) {
        failure.refused = serde_json::from_str(&refused).map_err(|error| corrupt(&error.to_string()))?;
    }
    Ok(Some(OrderImage {
        order,
        version,
        state: state.as_ref().to_vec(),
    }))
}

/// Reads an order's state, as its item and the lake's rows of it hold it, in whichever form it was written.
///
/// # Errors
/// [`StoreError::Corrupt`] when it does not decode or is another order's, [`StoreError::Later`] when it is in a form of a later
/// release.
pub fn decode_state(order_id: &str, state: &[u8]) -> Result<Order, StoreError> {
    let corrupt = |reason: &str| StoreError::corrupt(format!("order {order_id}"), reason);
    let Some((format, encoded)) = state.split_first() else {
        return Err(corrupt("its state is empty"));
    };
    let Some((_, read)) = READERS.iter().find(|(known, _)| known == format) else {
        return Err(StoreError::Later {
            item: format!("order {order_id}"),
            format: *format,
            known: READERS.map(|(known, _)| known).to_vec(),
        });
    };
    let order = read(encoded).map_err(|error| corrupt(&error.to_string()))?;
    if order.order_id.as_str() != order_id {
        return Err(corrupt("its state is another order's"));
    }
    Ok(order)
}

pub(crate) fn stored_order(item: &Item) -> Result<StoredOrder, StoreError> {
    let image = decode_order(item)?
        .ok_or_else(|| StoreError::corrupt("an item of the orders table", "it has no order id"))?;
    Ok(StoredOrder {
        order: image.order,
        version: image.version,
        sign_off_open: item.contains_key(name::OPEN_SHARD),
        expires_at: seconds_of(item, name::EXPIRES_AT),
    })
}

/// The item of a ledger entry; `month` is the order's payment month.
pub(crate) fn entry_item(entry: &LedgerEntry, month: &str) -> Result<Item, StoreError> {
    let body =
        serde_json::to_string(entry).map_err(StoreError::unbuilt(format!("entry {}", entry.entry_id)))?;
    let mut item = key(entry_pk(&entry.order_id), format!("entry#{}", entry.entry_id));
    item.insert(name::SELLER_ID.to_owned(), text(entry.seller_id.as_str()));
    item.insert(
        name::LEDGER_SORT.to_owned(),
        text(format!("{month}#{}", entry.entry_id)),
    );
    item.insert(name::BODY.to_owned(), text(body));
    Ok(item)
}

pub(crate) fn entry_pk(order_id: &OrderId) -> String {
    format!("order#{order_id}")
}

/// Reads a ledger entry's item with its order's payment month; `None` for any other record.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is an entry and does not decode.
pub fn decode_entry(item: &Item) -> Result<Option<(Month, LedgerEntry)>, StoreError> {
    let Some(id) = string_of(item, name::SK).and_then(|sk| sk.strip_prefix("entry#").map(str::to_owned))
    else {
        return Ok(None);
    };
    let corrupt = |reason: String| StoreError::corrupt(format!("entry {id}"), reason);
    let body = string_of(item, name::BODY).ok_or_else(|| corrupt("it has no body".to_owned()))?;
    let entry = serde_json::from_str(&body).map_err(|error| corrupt(error.to_string()))?;
    let sort = string_of(item, name::LEDGER_SORT).unwrap_or_default();
    let month = sort
        .split('#')
        .next()
        .and_then(|month| month.parse().ok())
        .ok_or_else(|| corrupt("it has no month".to_owned()))?;
    Ok(Some((month, entry)))
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod golden_entries;
#[cfg(test)]
mod tests;
