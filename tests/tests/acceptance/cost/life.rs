//! A typical order's life: brought, sent, twenty events each in a file of its own, signed on the twelfth day, let go.

use std::fmt::Write;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Elapsed, Timestamp};
use local::{BUCKET, ORDERS_TABLE, RECORDS_TABLE};
use store::{CapacityUsed, Item};
use tests::{OwnCloud, at, operator_key};
use upload_validation::UploadValidation;

use crate::cost::document::{grouped, table, thousandths};
use crate::cost::pass;
use crate::cost::requests::Requests;

/// Orders of one seller; a file has a row of each.
pub(crate) const ORDERS: u64 = 250;
const PAID_AT: &str = "2024-05-02T00:00:00Z";
/// Evenly spread from the pickup on the first day to the signature on the twelfth.
const EVENTS: [&str; 20] = [
    "picked_up",
    "in_transit",
    "export_customs",
    "in_transit",
    "departed_origin",
    "in_transit",
    "in_transit",
    "in_transit",
    "in_transit",
    "in_transit",
    "arrived_destination",
    "in_transit",
    "import_customs",
    "in_transit",
    "in_transit",
    "in_transit",
    "in_transit",
    "in_transit",
    "out_for_delivery",
    "signed",
];

/// A cloud and what its meter showed when it was last read.
struct Life {
    cloud: OwnCloud,
    used: CapacityUsed,
}

impl Life {
    /// What was used since this was asked last.
    fn used(&mut self) -> CapacityUsed {
        let before = std::mem::replace(&mut self.used, self.cloud.store.capacity_used());
        self.used.since(before)
    }

    async fn upload(&self, kind: &str, file: &str, learned_at: Timestamp) {
        let key = operator_key(kind, &format!("{learned_at}.csv"));
        let answer = self.cloud.upload(&key, file, Some(learned_at)).await;
        assert_eq!(answer.counts.accepted, ORDERS, "{key}");
    }

    /// The stall pass of a night over so many orders, and nothing else of it.
    async fn pass(&mut self, as_of: Timestamp, orders: u64) -> CapacityUsed {
        self.used();
        let outcome = pass(&self.cloud, as_of).await;
        assert_eq!(outcome.tally.examined, orders);
        self.used()
    }
}

/// The table of what each step of an order's life takes.
pub(crate) async fn counted() -> String {
    let paid_at = at(PAID_AT);
    let cloud = OwnCloud::new().await;
    let used = cloud.store.capacity_used();
    let mut life = Life { cloud, used };
    // What a night costs whatever it finds is told elsewhere.
    let idle = life.pass(paid_at, 0).await;

    life.upload("orders", &orders(), paid_at.plus(Elapsed::hours(2)))
        .await;
    let mut rows = vec![row("its order row", life.used(), 1)];
    life.upload("tracking", &tracking(), paid_at.plus(Elapsed::hours(8)))
        .await;
    rows.push(row("its tracking row", life.used(), 1));
    let on_the_way = EVENTS.len() / 2;
    for event in 0..on_the_way {
        life.event(event).await;
    }
    let mut events = life.used();
    let passed = life
        .pass(happened_at(on_the_way - 1).plus(Elapsed::hours(3)), ORDERS)
        .await;
    for event in on_the_way..EVENTS.len() {
        life.event(event).await;
    }
    let rest = life.used();
    events = CapacityUsed {
        read_halves: events.read_halves + rest.read_halves,
        write_halves: events.write_halves + rest.write_halves,
    };
    rows.push(row("each of its events", events, EVENTS.len() as u64));
    rows.push(row("each night on its way", passed.since(idle), 1));
    let signed_at = happened_at(EVENTS.len() - 1);
    let marking = life.pass(signed_at.plus(Elapsed::hours(12)), ORDERS).await;
    let at_rest = life.pass(signed_at.plus(Elapsed::hours(36)), ORDERS).await;
    // It is read by the pass that marks it.
    let marked = CapacityUsed {
        read_halves: 0,
        write_halves: marking.write_halves - at_rest.write_halves,
    };
    rows.push(row("its mark, when it is settled", marked, 1));
    rows.push(row("each night at rest", at_rest.since(idle), 1));

    let delivered = life.cloud.deliver_streams().await.expect("the streams");
    let records = delivered.stream_records;
    let (objects, lake_bytes) = lake(&life.cloud).await;
    assert!(objects > 0, "the lake has its history");
    let at_rest = items(&life.cloud, ORDERS_TABLE).await;
    let numbers = items(&life.cloud, RECORDS_TABLE).await;
    let numbers = numbers
        .iter()
        .filter(|item| text_of(item, "pk").starts_with("number#"));
    let told = [
        (
            "bytes of its item at rest",
            at_rest.iter().map(bytes_of).sum::<u64>() / ORDERS,
        ),
        (
            "bytes of its number's item, for ever",
            numbers.map(bytes_of).sum::<u64>() / ORDERS,
        ),
        ("records in the streams", records / ORDERS),
        // To the next 25: how well rows pack depends on which came beside which.
        ("bytes in the lake", (lake_bytes / ORDERS).next_multiple_of(25)),
    ];
    let told = told.map(|(what, count)| vec![what.to_owned(), grouped(count)]);
    let file = requests_of_a_file(&life.cloud).await;
    let steps = table(&["for an order", "read units", "write units"], &rows);
    let sizes = table(&["of an order", "count"], &told);
    let files = table(&["of an uploaded file", "puts", "gets"], &[file]);
    format!("{steps}\n\n{sizes}\n\n{files}")
}

fn row(what: &str, used: CapacityUsed, times: u64) -> Vec<String> {
    // Halves to thousandths, to the nearest.
    let each = |halves: u64| thousandths((halves * 500 + ORDERS * times / 2) / (ORDERS * times));
    vec![what.to_owned(), each(used.read_halves), each(used.write_halves)]
}

fn order_id(index: u64) -> String {
    format!("{}", 8_400_000_000_000_000 + index)
}

fn file(header: &str, row: impl Fn(u64) -> String) -> String {
    let mut file = header.to_owned();
    for index in 0..ORDERS {
        write!(file, "\n{}", row(index)).expect("memory takes every row");
    }
    file
}

fn orders() -> String {
    file(
        "order_id,seller_id,paid_at,amount,currency,destination_country,category",
        |index| {
            let (paid_at, cents) = (at(PAID_AT).plus(some_time(index)), 1_000 + index * 7_919 % 90_000);
            format!(
                "{},S00001,{paid_at},{}.{:02},USD,ES,apparel",
                order_id(index),
                cents / 100,
                cents % 100
            )
        },
    )
}

fn tracking() -> String {
    file("order_id,carrier,tracking_number", |index| {
        format!("{},YunExpress,{}", order_id(index), number(index))
    })
}

fn number(index: u64) -> String {
    format!("YT{:016}", index * 7_919 * 104_729 % 10_000_000_000_000_000)
}

/// Less than an hour, another one for each order: no two timelines are the same.
fn some_time(index: u64) -> Elapsed {
    Elapsed::from_seconds((index * 7_919 % 3_600) as i64)
}

fn happened_at(event: usize) -> Timestamp {
    at(PAID_AT).plus(Elapsed::hours(20 + event as i64 * 14))
}

impl Life {
    async fn event(&self, event: usize) {
        let (node, occurred_at) = (EVENTS[event], happened_at(event));
        let events = file("carrier,tracking_number,event_code,occurred_at", |index| {
            let occurred_at = occurred_at.plus(some_time(index + event as u64));
            format!("YunExpress,{},{node},{occurred_at}", number(index))
        });
        self.upload("events", &events, occurred_at.plus(Elapsed::hours(2)))
            .await;
    }
}

/// All items of a table.
pub(crate) async fn items(cloud: &OwnCloud, table: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let pages = cloud.dynamodb.scan().table_name(table).into_paginator();
    let mut found = pages.items().send();
    while let Some(item) = found.next().await {
        items.push(item.expect("an item"));
    }
    items
}

/// A text of an item; empty where it has none.
pub(crate) fn text_of<'a>(item: &'a Item, name: &str) -> &'a str {
    let text = item.get(name).and_then(|value| value.as_s().ok());
    text.map(String::as_str).unwrap_or_default()
}

/// An item's bytes, as DynamoDB counts a key, its attributes and their names.
pub(crate) fn bytes_of(item: &Item) -> u64 {
    item.iter()
        .map(|(name, value)| name.len() as u64 + bytes_of_value(value))
        .sum()
}

fn bytes_of_value(value: &AttributeValue) -> u64 {
    match value {
        AttributeValue::S(text) => text.len() as u64,
        AttributeValue::N(digits) => digits.len() as u64 / 2 + 1,
        AttributeValue::B(blob) => blob.as_ref().len() as u64,
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + bytes_of_value(value)).sum::<u64>(),
        other => panic!("no item has {other:?}"),
    }
}

/// How many objects the lake has, and their bytes.
async fn lake(cloud: &OwnCloud) -> (u64, u64) {
    let listed = cloud
        .s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("lake/")
        .send()
        .await;
    let objects = listed.expect("the lake can be listed");
    let bytes = objects
        .contents()
        .iter()
        .map(|object| object.size().unwrap_or_default() as u64);
    (objects.contents().len() as u64, bytes.sum())
}

/// Requests to the bucket for one file, whatever it holds.
async fn requests_of_a_file(cloud: &OwnCloud) -> Vec<String> {
    let requests = Requests::default();
    let function = UploadValidation {
        lake: requests.lake(cloud),
        ..cloud.upload_validation()
    };
    let learned_at = at("2024-06-01T00:00:00Z");
    cloud
        .put(
            &operator_key("orders", "once more.csv"),
            orders(),
            Some(learned_at),
        )
        .await;
    for event in cloud.waiting_notifications().await.expect("a notification") {
        upload_validation::handle(&function, event)
            .await
            .expect("an answer");
    }
    let (puts, gets) = requests.counted();
    vec!["requests to the bucket".to_owned(), grouped(puts), grouped(gets)]
}
