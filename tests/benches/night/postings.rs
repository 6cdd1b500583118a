//! What the pass's postings are held against: as many transactions of the same items, deciding nothing.

use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Put, ReturnConsumedCapacity, TransactWriteItem,
};
use domain::{Clause, LedgerEntry, Timestamp};
use futures::stream::{self, StreamExt};
use local::{Cloud, ORDERS_TABLE, RECORDS_TABLE};
use store::Item;

/// As many as the embedded cloud's own pass has: four segments of sixteen.
const AT_ONCE: usize = 64;

/// Transactions like those of the stall pass of a night: the watermark's check, the order as it stands, a record of the
/// journal and the entry, these two under keys of their own.
pub(crate) async fn like_those_of(cloud: &Cloud, night: Timestamp) -> Vec<TransactWriteItemsFluentBuilder> {
    let entries = cloud.store.entries_of_night(night).await.expect("a night");
    let silences = entries.iter().filter(|entry| entry.clause == Clause::B3);
    let calls = silences.map(|entry| like(cloud, entry));
    stream::iter(calls).buffer_unordered(AT_ONCE).collect().await
}

/// Writes them; gives how many.
pub(crate) async fn write(calls: Vec<TransactWriteItemsFluentBuilder>) -> usize {
    let answers = stream::iter(calls).map(TransactWriteItemsFluentBuilder::send);
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    let written = answers.into_iter().map(|answer| answer.expect("a transaction"));
    written.count()
}

async fn like(cloud: &Cloud, entry: &LedgerEntry) -> TransactWriteItemsFluentBuilder {
    let order_id = entry.order_id.as_str();
    let order = item(cloud, ORDERS_TABLE, &[("order_id", order_id)]).await;
    let (pk, sk) = (format!("order#{order_id}"), format!("entry#{}", entry.entry_id));
    let mut copy = item(cloud, RECORDS_TABLE, &[("pk", &pk), ("sk", &sk)]).await;
    copy.insert("pk".to_owned(), text(&format!("bench#{order_id}")));
    let mut record = key(&[("pk", "bench#journal"), ("sk", order_id)]);
    let ids = AttributeValue::L(vec![text(&entry.entry_id)]);
    record.insert("entry_ids".to_owned(), ids);
    let version = order["version"].clone();
    let order = put(ORDERS_TABLE, order)
        .condition_expression("version = :seen")
        .expression_attribute_values(":seen", version);
    let copy = put(RECORDS_TABLE, copy).condition_expression("attribute_not_exists(pk)");
    let check = ConditionCheck::builder()
        .table_name(RECORDS_TABLE)
        .set_key(Some(key(&[("pk", "bench#watermark"), ("sk", "00")])))
        .condition_expression("attribute_not_exists(as_of) OR as_of <= :as_of")
        .expression_attribute_values(":as_of", AttributeValue::N(entry.as_of.unix().to_string()));
    let check = TransactWriteItem::builder().condition_check(check.build().expect("a check"));
    let puts = [order, put(RECORDS_TABLE, record), copy].map(|put| {
        let put = put.build().expect("a put");
        TransactWriteItem::builder().put(put).build()
    });
    let call = cloud.dynamodb.transact_write_items();
    let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
    puts.into_iter()
        .fold(call.transact_items(check.build()), |call, put| {
            call.transact_items(put)
        })
}

async fn item(cloud: &Cloud, table: &str, of: &[(&str, &str)]) -> Item {
    let call = cloud.dynamodb.get_item().table_name(table).set_key(Some(key(of)));
    let answer = call.send().await.expect("a read");
    answer.item.expect("what was posted is there")
}

fn put(table: &str, item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
    Put::builder().table_name(table).set_item(Some(item))
}

fn key(attributes: &[(&str, &str)]) -> Item {
    let pairs = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), text(value)));
    pairs.collect()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
