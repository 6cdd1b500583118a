//! What a night costs whatever it finds, what a fine costs on top, and what the index would cost that is not there.

use std::fmt::Write;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ReturnConsumedCapacity, ScalarAttributeType,
};
use domain::{Elapsed, Timestamp};
use entrypoint::TimeLeft;
use local::RECORDS_TABLE;
use morning_digest::MorningDigest;
use night_close::NightClose;
use stall_scan::StallScan;
use store::CapacityUsed;
use tests::{OwnCloud, at, operator_key};

use crate::cost::document::{grouped, table, thousandths};
use crate::cost::life::{bytes_of, items, text_of};
use crate::cost::pass;
use crate::cost::rates;
use crate::cost::requests::Requests;

const FINES: u64 = 80;
const PAID_AT: &str = "2024-05-02T00:00:00Z";
/// A night before any parcel has been silent for long: the orders are as large then as on the next.
const QUIET: &str = "2024-05-03T07:15:00Z";
/// A night on which every parcel has been silent for long, and no order's thirty days are over.
const SILENT: &str = "2024-05-12T07:15:00Z";
/// A night on which they are over.
const UNSIGNED: &str = "2024-06-02T07:15:00Z";

/// The table of a night and of a fine.
pub(crate) async fn counted() -> String {
    let cloud = OwnCloud::new().await;
    let mut rows = Vec::new();
    let night = measured(&cloud, night(&cloud, at(PAID_AT))).await;
    rows.push(row("a night, whatever it finds", night, 1));

    bring_orders(&cloud).await;
    let (silent, unsigned) = (at(SILENT), at(UNSIGNED));
    let nothing = measured(&cloud, stalls(&cloud, at(QUIET), 0)).await;
    let due = measured(&cloud, stalls(&cloud, silent, FINES)).await;
    rows.push(row(
        "a fine for silence, by the stall pass",
        due.since(nothing),
        FINES,
    ));
    close(&cloud, silent).await;

    let due = measured(&cloud, signoffs(&cloud, unsigned, FINES)).await;
    let closed = measured(&cloud, close(&cloud, unsigned)).await;
    let nothing = measured(&cloud, signoffs(&cloud, next(unsigned), 0)).await;
    let empty = measured(&cloud, close(&cloud, next(unsigned))).await;
    rows.push(row(
        "a fine for want of a signature, by the sign-off scan",
        due.since(nothing),
        FINES,
    ));
    rows.push(row(
        "its line in the close and in the digest",
        closed.since(empty),
        FINES,
    ));
    rows.extend(Box::pin(rates::rows()).await);
    let units = table(&["for", "read units", "write units"], &rows);
    let kept = table(&["of a fine", "count"], &[kept(&cloud).await]);
    let requests = table(&["for", "puts and lists", "gets"], &[requests(&cloud).await]);
    format!("{units}\n\n{kept}\n\n{requests}")
}

/// What stays of a fine: its entry, as often in the index, and the line of the journal that names it.
async fn kept(cloud: &OwnCloud) -> Vec<String> {
    let (mut entries, mut bytes) = (0, 0);
    for item in items(cloud, RECORDS_TABLE).await {
        if text_of(&item, "sk").starts_with("entry#") {
            entries += 1;
            bytes += 2 * bytes_of(&item);
        } else if item.contains_key("entry_ids") {
            bytes += bytes_of(&item);
        }
    }
    assert_eq!(entries, 2 * FINES, "each order is fined twice");
    vec![
        "bytes of its three items, for ever".to_owned(),
        grouped(bytes / entries),
    ]
}

pub(crate) fn row(what: &str, used: CapacityUsed, times: u64) -> Vec<String> {
    let each = |halves: u64| thousandths((halves * 500 + times / 2) / times);
    vec![what.to_owned(), each(used.read_halves), each(used.write_halves)]
}

pub(crate) async fn measured(cloud: &OwnCloud, work: impl Future<Output = ()>) -> CapacityUsed {
    let before = cloud.store.capacity_used();
    work.await;
    cloud.store.capacity_used().since(before)
}

async fn night(cloud: &OwnCloud, as_of: Timestamp) {
    stalls(cloud, as_of, 0).await;
    signoffs(cloud, as_of, 0).await;
    close(cloud, as_of).await;
}

async fn stalls(cloud: &OwnCloud, as_of: Timestamp, fines: u64) {
    assert_eq!(pass(cloud, as_of).await.tally.posted, fines);
}

async fn signoffs(cloud: &OwnCloud, as_of: Timestamp, fines: u64) {
    let outcome = cloud.scan_signoffs(as_of).await.expect("a scan");
    assert_eq!((outcome.tally.posted, outcome.failed_count), (fines, 0));
}

async fn close(cloud: &OwnCloud, as_of: Timestamp) {
    cloud.close_night(as_of).await.expect("a close");
    cloud.digest(as_of).await.expect("a digest");
}

/// Orders with a parcel each that was picked up and never heard of again.
async fn bring_orders(cloud: &OwnCloud) {
    let files = [
        (
            "orders",
            "order_id,seller_id,paid_at,amount,currency,destination_country",
            1,
        ),
        ("tracking", "order_id,carrier,tracking_number", 8),
        ("events", "carrier,tracking_number,event_code,occurred_at", 21),
    ];
    for (kind, header, hours) in files {
        let learned_at = at(PAID_AT).plus(Elapsed::hours(hours));
        let mut file = header.to_owned();
        for index in 0..FINES {
            let (order, number) = (8_500_000_000_000_000 + index, format!("YT{index:016}"));
            let row = match kind {
                "orders" => format!("{order},S00001,{PAID_AT},80.10,USD,ES"),
                "tracking" => format!("{order},YunExpress,{number}"),
                _ => format!("YunExpress,{number},picked_up,2024-05-02T20:00:00Z"),
            };
            write!(file, "\n{row}").expect("memory takes every row");
        }
        let answer = cloud
            .upload(&operator_key(kind, "all.csv"), file, Some(learned_at))
            .await;
        assert_eq!(answer.counts.accepted, FINES, "{kind}");
    }
}

/// Another night, near enough for nothing more to come due.
fn next(night: Timestamp) -> Timestamp {
    night.plus(Elapsed::hours(1))
}

/// Requests to the bucket of a night with one segment.
async fn requests(cloud: &OwnCloud) -> Vec<String> {
    let requests = Requests::default();
    let lake = requests.lake(cloud);
    let as_of = next(next(at(UNSIGNED)));
    let scan = StallScan {
        lake: lake.clone(),
        ..cloud.stall_scan()
    };
    let request = stall_scan::Request {
        as_of,
        segment: 0,
        segments: 1,
        cursor: None,
    };
    stall_scan::handle(&scan, request, TimeLeft::unlimited())
        .await
        .expect("a pass");
    let function = NightClose {
        lake: lake.clone(),
        ..cloud.night_close()
    };
    night_close::handle(&function, night_close::Request { as_of })
        .await
        .expect("a close");
    let function = MorningDigest {
        lake,
        ..cloud.morning_digest()
    };
    morning_digest::handle(&function, morning_digest::Request { as_of })
        .await
        .expect("a digest");
    let (puts, gets) = requests.counted();
    vec![
        "requests to the bucket, for a night of one segment".to_owned(),
        grouped(puts),
        grouped(gets),
    ]
}

/// What an index of the next deadline would take at each event: an item is put, and put again with another deadline.
pub(crate) async fn moving_index() -> String {
    const TABLE: &str = "moving";
    let cloud = OwnCloud::new().await;
    let key = |name: &str, kind: KeyType| {
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        key.build().expect("a key")
    };
    let attribute = |name: &str, kind: ScalarAttributeType| {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind);
        attribute.build().expect("an attribute")
    };
    let index = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("shard", KeyType::Hash))
        .key_schema(key("due_at", KeyType::Range))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::KeysOnly)
                .build(),
        );
    let call = cloud
        .dynamodb
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest);
    call.key_schema(key("order_id", KeyType::Hash))
        .attribute_definitions(attribute("order_id", ScalarAttributeType::S))
        .attribute_definitions(attribute("shard", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .global_secondary_indexes(index.build().expect("an index"))
        .send()
        .await
        .expect("a table");
    let mut rows = Vec::new();
    for (what, due_at) in [("entering it", 1), ("moving its key, at an event", 2)] {
        let put = cloud.dynamodb.put_item().table_name(TABLE);
        let put = put
            .item("order_id", AttributeValue::S("8400000000000000".to_owned()))
            .item("shard", AttributeValue::S("07".to_owned()))
            .item("due_at", AttributeValue::N(due_at.to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        let answer = put.send().await.expect("the table takes an item");
        let consumed = answer.consumed_capacity().expect("what it took");
        let indexes = consumed.global_secondary_indexes().expect("what its index took");
        let units = indexes["due"].capacity_units().expect("units");
        rows.push(vec![what.to_owned(), format!("{units}")]);
    }
    table(&["for an order", "write units of the index"], &rows)
}
