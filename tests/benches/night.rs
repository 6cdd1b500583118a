//! What a night costs: consumed capacity of the two scans over live orders, of which one in a hundred is due, against
//! what the live items' size asks for; and the time each takes beside a bare read of the same table.
//!
//! `make bench`; `WAYMARK_BENCH_ORDERS` sets the number of orders (100,000). Times are of this machine and this run:
//! quote ratios.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::sync::Arc;
use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::facts::{EventFact, OrderFact, PapersFact, StatedOrder, TrackingFact};
use domain::order::Source;
use domain::ruling::Uploader;
use domain::{
    Cents, Currency, Elapsed, Money, Node, Order, OrderId, OrderStatus, PolicyBook, SellerId, SendType,
    Timestamp, TrackingNumber,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use local::{Cloud, ORDERS_TABLE, Options};
use store::{CapacityUsed, OrderWrite, StoreError};

const DUE_ONE_IN: u64 = 100;
const EVENTS: i64 = 12;

fn main() {
    // `cargo bench` hands its own arguments; there is one bench, so none matters.
    let orders = std::env::var("WAYMARK_BENCH_ORDERS")
        .ok()
        .and_then(|text| text.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(bench(orders.unwrap_or(100_000)));
}

async fn bench(orders: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let policy = Arc::new(PolicyBook::shipped().clone());
    let cloud = Cloud::open(Options {
        data_dir: directory.path().to_path_buf(),
        policy,
    })
    .await
    .expect("a cloud");
    let as_of: Timestamp = "2024-06-12T07:00:00Z".parse().expect("an instant");
    let began = Instant::now();
    load(&cloud, orders, as_of).await.expect("orders");
    println!(
        "{orders} live orders, {} of them due, loaded in {:.0?}",
        orders / DUE_ONE_IN,
        began.elapsed()
    );

    let began = Instant::now();
    let (bytes, largest) = bare_read(&cloud).await;
    let bare = began.elapsed();
    println!("live items: {bytes} bytes, the largest {largest}; a bare read of the table took {bare:.1?}");

    let (due, took, used) = measure(&cloud, cloud.scan_signoffs(as_of)).await;
    print_scan("sign-off scan", due, took, used);
    let (posted, took, used) = measure(&cloud, cloud.scan_stalls(as_of)).await;
    print_scan("stall pass", posted, took, used);
    // Eventually consistent: half a unit for each 4 KB.
    println!("  the items' size asks for {} read units", bytes.div_ceil(8_192));
    println!(
        "  time over the bare read: {} %",
        took.as_millis() * 100 / bare.as_millis().max(1)
    );
    let (again, took, used) = measure(&cloud, cloud.scan_stalls(as_of)).await;
    print_scan("stall pass, nothing to post", again, took, used);
}

async fn measure(
    cloud: &Cloud,
    scan: impl Future<Output = Result<store::ScanOutcome, local::CloudError>>,
) -> (store::ScanOutcome, std::time::Duration, CapacityUsed) {
    let before = cloud.store.capacity_used();
    let began = Instant::now();
    let outcome = scan.await.expect("a scan");
    (
        outcome,
        began.elapsed(),
        cloud.store.capacity_used().since(before),
    )
}

fn print_scan(name: &str, outcome: store::ScanOutcome, took: std::time::Duration, used: CapacityUsed) {
    let tally = outcome.tally;
    let (reads, writes) = (used.read_halves.div_ceil(2), used.write_halves.div_ceil(2));
    println!(
        "{name}: {} examined, {} fines; {reads} read and {writes} write units; {took:.1?}",
        tally.examined, tally.posted
    );
}

async fn load(cloud: &Cloud, orders: u64, as_of: Timestamp) -> Result<(), StoreError> {
    let writes = (0..orders).map(|index| async move {
        let order = order(index, as_of, &cloud.policy);
        let open = order.is_sign_off_open(cloud.policy.in_force_at(order.paid_at));
        let write = OrderWrite {
            order: &order,
            seen_version: None,
            sign_off_open: open,
            new_numbers: &[],
        };
        cloud.store.commit(&write).await
    });
    stream::iter(writes)
        .buffer_unordered(32)
        .try_for_each(|_| async { Ok(()) })
        .await
}

/// An order on its way with a lively timeline; one in a hundred was paid 31 days ago.
fn order(index: u64, as_of: Timestamp, book: &PolicyBook) -> Order {
    let age = if index.is_multiple_of(DUE_ONE_IN) {
        Elapsed::days(31)
    } else {
        Elapsed::days(12)
    };
    let paid_at = as_of.minus(age);
    let source = Source {
        upload: 1,
        row: index,
    };
    let order_id = OrderId::parse(&format!("{}", 8_000_000_000_000_000 + index)).expect("an order id");
    let number = TrackingNumber::parse(&format!("YT{:016}", index)).expect("a number");
    let mut order = Order::placed(
        &OrderFact {
            order_id: order_id.clone(),
            seller_id: SellerId::parse("S00001").expect("a seller"),
            paid_at,
            amount: Money::parse("80.10", Currency::USD).expect("an amount"),
            destination: "ES".to_owned(),
            category: Some("apparel".to_owned()),
            send_deadline: None,
            status: OrderStatus::Paid,
            status_at: None,
            recorded_at: paid_at,
            source,
        },
        None,
        Cents(8_010),
    );
    let uploaded_at = paid_at.plus(Elapsed::hours(8));
    let tracking = TrackingFact {
        order_id,
        uploaded_at,
        carrier: Some("yunexpress".to_owned()),
        number: Some(number.clone()),
        send_type: SendType::All,
        papers: PapersFact::default(),
        stated: StatedOrder::default(),
        findings: Vec::new(),
        source,
    };
    let policy = book.in_force_at(paid_at);
    order.rule_tracking(&tracking, &Uploader::Operator, None, policy, book);
    // Evenly spread from the pickup to an hour ago, so that none is silent for long.
    let step = as_of.since(uploaded_at).seconds() / (EVENTS + 1);
    for event in 0..EVENTS * 2 {
        let occurred_at = Timestamp::from_unix(uploaded_at.unix() + step * (event + 2) / 2);
        let node = if event == 0 {
            Node::PickedUp
        } else {
            Node::InTransit
        };
        let fact = EventFact {
            number: number.clone(),
            node,
            code: None,
            occurred_at,
            recorded_at: occurred_at,
            findings: Vec::new(),
            source,
        };
        order.rule_event(&fact, &Uploader::Operator, book.intake.events_per_order_max);
    }
    order
}

/// Reads the table from end to end, decoding nothing; gives its items' bytes and the largest item's.
async fn bare_read(cloud: &Cloud) -> (u64, u64) {
    let (mut bytes, mut largest) = (0, 0);
    let mut pages = cloud
        .dynamodb
        .scan()
        .table_name(ORDERS_TABLE)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        for item in page.expect("a page").items() {
            let size: u64 = item
                .iter()
                .map(|(name, value)| name.len() as u64 + size_of(value))
                .sum();
            bytes += size;
            largest = largest.max(size);
        }
    }
    (bytes, largest)
}

/// An attribute's size as DynamoDB counts it.
fn size_of(value: &AttributeValue) -> u64 {
    match value {
        AttributeValue::S(text) => text.len() as u64,
        // Two digits a byte, and one for the sign and exponent.
        AttributeValue::N(number) => number.len() as u64 / 2 + 1,
        AttributeValue::B(blob) => blob.as_ref().len() as u64,
        _ => 1,
    }
}
