//! What the pass is held against: the same table read in the same segments and pages, decoding nothing.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use futures::future::join_all;
use local::{Cloud, ORDERS_TABLE};
use store::Item;

/// As many as the embedded cloud's own pass has.
const SEGMENTS: i32 = 4;
/// As many as a page of the pass has.
const PAGE_ITEMS_MAX: i32 = 1_024;

/// A table's items, as a read of them counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Items {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

/// Reads the orders from end to end; looks at nothing but how many there are.
pub(crate) async fn read(cloud: &Cloud) -> u64 {
    let counts = (0..SEGMENTS).map(|segment| async move {
        let mut count = 0;
        pages(cloud, segment, |items| count += items.len() as u64).await;
        count
    });
    join_all(counts).await.into_iter().sum()
}

/// The orders' count and size.
pub(crate) async fn sizes(cloud: &Cloud) -> Items {
    let mut found = Items::default();
    for segment in 0..SEGMENTS {
        pages(cloud, segment, |items| {
            found.count += items.len() as u64;
            found.bytes += items.iter().map(size_of).sum::<u64>();
        })
        .await;
    }
    found
}

/// The first page of a segment.
pub(crate) async fn page(cloud: &Cloud, segment: i32) -> Vec<Item> {
    let call = cloud.dynamodb.scan().table_name(ORDERS_TABLE).segment(segment);
    let call = call.total_segments(SEGMENTS).limit(PAGE_ITEMS_MAX);
    let answer = call.send().await.expect("a page");
    answer.items.unwrap_or_default()
}

async fn pages(cloud: &Cloud, segment: i32, mut see: impl FnMut(&[Item])) {
    let call = cloud.dynamodb.scan().table_name(ORDERS_TABLE).segment(segment);
    let call = call.total_segments(SEGMENTS).limit(PAGE_ITEMS_MAX);
    let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
    let mut start = None;
    loop {
        let answer = call.clone().set_exclusive_start_key(start).send().await;
        let answer = answer.expect("a page");
        see(answer.items());
        start = answer.last_evaluated_key;
        if start.is_none() {
            return;
        }
    }
}

/// An item's size as DynamoDB counts it.
fn size_of(item: &Item) -> u64 {
    item.iter()
        .map(|(name, value)| name.len() as u64 + size_of_value(value))
        .sum()
}

fn size_of_value(value: &AttributeValue) -> u64 {
    match value {
        AttributeValue::S(text) => text.len() as u64,
        // Two digits a byte, and one for the sign and exponent.
        AttributeValue::N(number) => number.len() as u64 / 2 + 1,
        AttributeValue::B(blob) => blob.as_ref().len() as u64,
        _ => 1,
    }
}
