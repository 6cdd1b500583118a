//! An order that is settled for good leaves the table, and loses nothing: its entries and its history stay.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Order;
use local::ORDERS_TABLE;
use tests::{OwnCloud, Waymark, assert_same, at};

use crate::scans::{NIGHT, cloud_with_orders, ledger, order_id, upload};

const NEXT_NIGHT: &str = "2024-06-02T07:15:00Z";
/// The night and 90 days.
const EXPIRES_AT: &str = "2024-08-30T07:15:00Z";
const APPEALS: &str = "appeal_id,order_id,clause,reason,status,filed_at,decided_at\n";

/// Order 0 was signed in time, 1 was never sent, 2 neither, and its appeal waits.
async fn cloud_with_settled_orders() -> OwnCloud {
    let cloud = cloud_with_orders(3).await;
    let tracking = format!(
        "order_id,carrier,tracking_number,uploaded_at\n{},yunexpress,YT0000000000000000,2024-05-01T02:00:00Z\n",
        order_id(0)
    );
    upload(&cloud, "tracking", &tracking, at("2024-05-01T02:00:00Z")).await;
    let events = [
        ("picked_up", "2024-05-02T10:00:00Z"),
        ("in_transit", "2024-05-04T09:00:00Z"),
        ("signed", "2024-05-05T00:00:00Z"),
    ];
    let header = "carrier,tracking_number,event_code,occurred_at\n".to_owned();
    let events = events.iter().fold(header, |file, (code, at)| {
        file + &format!("yunexpress,YT0000000000000000,{code},{at}\n")
    });
    upload(&cloud, "events", &events, at("2024-05-06T00:00:00Z")).await;
    let appeal = format!(
        "{APPEALS}AP-1,{},B4,late,pending,2024-05-20T00:00:00Z,\n",
        order_id(2)
    );
    upload(&cloud, "appeals", &appeal, at("2024-05-20T00:00:00Z")).await;
    cloud
}

async fn departing(cloud: &OwnCloud, as_of: &str) -> u64 {
    let outcome = cloud.scan_stalls(at(as_of)).await.expect("a stall scan");
    assert!(outcome.failed.is_empty(), "{outcome:?}");
    outcome.departing
}

async fn expires_at(cloud: &OwnCloud, number: u32) -> Option<i64> {
    let item = cloud
        .dynamodb
        .get_item()
        .table_name(ORDERS_TABLE)
        .key("order_id", AttributeValue::S(order_id(number)));
    let item = item.send().await.expect("an item").item.expect("the order");
    let seconds = item.get("expires_at")?.as_n().expect("a number");
    Some(seconds.parse().expect("seconds"))
}

async fn left(cloud: &OwnCloud) -> Vec<String> {
    let id = |order: &Order| order.order_id.to_string();
    cloud.orders().await.iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_may_leave_90_days_after_it_was_settled_for_good() {
    let cloud = cloud_with_settled_orders().await;
    assert_eq!(departing(&cloud, NIGHT).await, 1, "the signed one");
    assert_eq!(expires_at(&cloud, 0).await, Some(at(EXPIRES_AT).unix()));
    assert_eq!(expires_at(&cloud, 1).await, None, "fined this very night");
    assert_eq!(
        departing(&cloud, NEXT_NIGHT).await,
        1,
        "fined, and nothing can come any more"
    );
    assert_eq!(expires_at(&cloud, 2).await, None, "its appeal waits");
    assert_eq!(departing(&cloud, "2024-06-03T07:15:00Z").await, 0, "written once");
    assert_eq!(
        expires_at(&cloud, 0).await,
        Some(at(EXPIRES_AT).unix()),
        "and not put off"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn news_of_an_order_that_has_not_left_yet_keep_it_until_it_is_settled_again() {
    let cloud = cloud_with_settled_orders().await;
    departing(&cloud, NIGHT).await;
    departing(&cloud, NEXT_NIGHT).await;
    // Its time is over by any clock, but nobody has deleted it.
    let appeal = format!(
        "{APPEALS}AP-2,{},B4,proof,accepted,2024-09-01T00:00:00Z,2024-09-02T00:00:00Z\n",
        order_id(1)
    );
    let answer = upload(&cloud, "appeals", &appeal, at("2024-09-02T00:00:00Z")).await;
    assert_eq!(answer.counts.accepted, 1);
    assert_eq!(expires_at(&cloud, 1).await, None);
    let outcome = cloud
        .scan_stalls(at("2024-09-03T07:15:00Z"))
        .await
        .expect("a stall scan");
    assert_eq!(outcome.tally.reversed, 1);
    assert_eq!(departing(&cloud, "2024-09-04T07:15:00Z").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_is_in_the_lake_and_in_the_ledger_and_does_not_come_back() {
    let cloud = cloud_with_settled_orders().await;
    departing(&cloud, NIGHT).await;
    departing(&cloud, NEXT_NIGHT).await;
    let month = "2024-05".parse().expect("a month");
    let as_of = at("2024-06-10T00:00:00Z");
    let report = cloud.report(Some(month), as_of).await.expect("a report");
    let mut before = Vec::new();
    for key in &report.keys {
        before.push(cloud.lake.bytes(key).await.expect("a report's file"));
    }
    let entries = ledger(&cloud).await;

    assert_eq!(cloud.sweep_expired().await.expect("a sweep"), 2);
    assert_eq!(left(&cloud).await, [order_id(2)]);
    assert_same("entries", entries.clone(), ledger(&cloud).await);
    // The deletions stand in the stream by now.
    cloud.report(Some(month), as_of).await.expect("a report");
    for (key, before) in report.keys.iter().zip(before) {
        assert!(
            cloud.lake.bytes(key).await.expect("a report's file") == before,
            "{key}"
        );
    }

    let (orders, tracking) = (
        "order_id,seller_id,paid_at,amount,currency,destination_country\n",
        "order_id,carrier,tracking_number,uploaded_at\n",
    );
    let rows = [
        ("orders", format!("{orders}{},S1,2024-05-01T00:00:00Z,80.10,USD,US\n", order_id(0))),
        ("tracking", format!("{tracking}{},yunexpress,YT0000000000000009,\n", order_id(1))),
        ("appeals", format!("{APPEALS}AP-3,{},B4,late,pending,2024-05-20T00:00:00Z,\n", order_id(1))),
        (
            "events",
            "carrier,tracking_number,event_code,occurred_at\nyunexpress,YT0000000000000000,in_transit,2024-05-03T00:00:00Z\n"
                .to_owned(),
        ),
    ];
    for (kind, file) in rows {
        let answer = upload(&cloud, kind, &file, at("2024-09-10T00:00:00Z")).await;
        assert_eq!(answer.counts.rejected, 1, "{kind}");
        assert_eq!(answer.by_code.get("ORDER_ARCHIVED"), Some(&1), "{kind}");
    }
    let outcome = cloud
        .scan_stalls(at("2024-09-11T07:15:00Z"))
        .await
        .expect("a stall scan");
    assert_eq!((outcome.tally.examined, outcome.tally.posted), (1, 0));
    assert_same("entries", entries, ledger(&cloud).await);

    let directory = cloud.close();
    let waymark = Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), directory.path());
    let proof = waymark.run(["ledger", "verify", "--json"]).json_lines();
    assert_eq!(
        (&proof[0]["ok"], &proof[0]["orders"]),
        (&true.into(), &1.into()),
        "{proof:?}"
    );
}
