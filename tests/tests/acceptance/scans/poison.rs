//! Items that cannot be read, among orders that can: each is told, none stops its scan, and a run's answer stays small.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use local::ORDERS_TABLE;
use tests::{OwnCloud, at};

use crate::scans::{NIGHT, cloud_with_orders, order_id};

async fn put(cloud: &OwnCloud, key: &str, state: &[u8], shard: Option<&str>) {
    let put = cloud
        .dynamodb
        .put_item()
        .table_name(ORDERS_TABLE)
        .item("order_id", AttributeValue::S(key.to_owned()))
        .item("version", AttributeValue::N("1".to_owned()))
        .item("paid_at", AttributeValue::N("1714521600".to_owned()))
        .item("state", AttributeValue::B(Blob::new(state)));
    let put = match shard {
        Some(shard) => put.item("open_shard", AttributeValue::S(shard.to_owned())),
        None => put,
    };
    put.send().await.expect("an item can be put");
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_told_and_stops_nothing_also_where_a_page_ends_with_it() {
    let cloud = cloud_with_orders(20).await;
    // Larger than a third of a page: pages end with them, and some hold nothing else.
    let large = vec![7; 390_000];
    for number in 0..12 {
        put(&cloud, &format!("no order {number}"), &large, None).await;
    }
    put(&cloud, &order_id(100), b"", None).await;
    let outcome = cloud.scan_stalls(at(NIGHT)).await.expect("a stall scan");
    assert_eq!(outcome.tally.examined, 33);
    assert_eq!(outcome.tally.posted, 20, "every sound order is settled");
    assert_eq!(outcome.failed_count, 13);
    let told = outcome
        .failed
        .iter()
        .find(|failed| failed.order_id == order_id(100));
    assert_eq!(
        told.map(|failed| failed.reason.as_str()),
        Some("order 8300000000000100 cannot be read: its state is empty")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_orders_state_is_not_taken_for_an_orders_own() {
    let cloud = cloud_with_orders(1).await;
    let item = cloud
        .dynamodb
        .get_item()
        .table_name(ORDERS_TABLE)
        .key("order_id", AttributeValue::S(order_id(0)));
    let item = item.send().await.expect("an item").item.expect("the order");
    let state = item["state"].as_b().expect("a state").as_ref().to_vec();
    put(&cloud, &order_id(1), &state, None).await;
    let outcome = cloud.scan_stalls(at(NIGHT)).await.expect("a stall scan");
    assert_eq!((outcome.tally.posted, outcome.failed_count), (1, 1));
    assert_eq!(outcome.failed[0].order_id, order_id(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_index_and_is_no_order_is_told_and_stops_nothing() {
    let cloud = cloud_with_orders(20).await;
    put(&cloud, "no order", b"x", Some("00")).await;
    put(&cloud, &order_id(100), b"x", Some("00")).await;
    let outcome = cloud.scan_signoffs(at(NIGHT)).await.expect("a sign-off scan");
    assert_eq!(
        (outcome.tally.posted, outcome.failed_count),
        (20, 2),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_failures_are_told_and_all_are_counted() {
    let cloud = cloud_with_orders(1).await;
    for number in 0..101 {
        put(&cloud, &order_id(100 + number), b"\x63", None).await;
    }
    let outcome = cloud.scan_stalls(at(NIGHT)).await.expect("a stall scan");
    assert_eq!((outcome.failed.len(), outcome.failed_count), (100, 101));
    assert_eq!(outcome.tally.posted, 1);
}
