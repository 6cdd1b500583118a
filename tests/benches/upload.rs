//! What a large upload costs: a tracking file over as many known orders, through the front door of the embedded cloud,
//! and how the time splits. Once more with the same file, to see what an upload costs that changes nothing.
//!
//! `make bench`; `WAYMARK_BENCH_ROWS` sets the rows (100,000). Times are of this machine and this run: quote ratios.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::fmt::Write;
use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::facts::OrderFact;
use domain::ruling::Uploader;
use domain::{
    Currency, Money, Order, OrderId, OrderStatus, PolicyBook, SellerId, Source, Timestamp, TrackingNumber,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use intake::{AssumedTimes, Context, FileZone, Kind, Limits, RawRow, Trust};
use local::{Cloud, Options};
use store::{News, OrderWrite, Room, StoreError};
use tests::{at, operator_key};

const PAID_AT: &str = "2024-06-01T00:00:00Z";
const LEARNED_AT: &str = "2024-06-01T08:00:00Z";

fn main() {
    let rows = std::env::var("WAYMARK_BENCH_ROWS")
        .ok()
        .and_then(|text| text.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(bench(rows.unwrap_or(100_000)));
}

async fn bench(rows: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let cloud = Cloud::open(Options {
        data_dir: directory.path().to_path_buf(),
        policy: None,
    })
    .await
    .expect("a cloud");
    place(&cloud, rows).await.expect("orders");
    let file = file(rows);
    println!("{rows} rows, {} bytes, an order each", file.len());

    let read = timed("read and check, alone", || check(&file, &cloud.policy));
    let began = Instant::now();
    load(&cloud, rows).await;
    let loaded = began.elapsed();
    println!("load orders and numbers' owners, alone: {loaded:.2?}");

    let path = directory.path().join("tracking.csv");
    std::fs::write(&path, &file).expect("a file");
    for (round, what) in [(1, "whole upload"), (2, "the same file again")] {
        let before = cloud.store.capacity_used();
        let began = Instant::now();
        let key = operator_key("tracking", &format!("{round}.csv"));
        cloud
            .lake
            .put_upload(&key, &path, Some(at(LEARNED_AT)))
            .await
            .expect("the inbox takes it");
        let delivered = cloud.deliver_notifications().await.expect("an answer");
        let answered = delivered.answered;
        let took = began.elapsed();
        let used = cloud.store.capacity_used().since(before);
        let counts = answered[0].counts;
        println!(
            "{what}: {took:.2?}; accepted {}, unchanged {}; {} read and {} write units",
            counts.accepted,
            counts.unchanged,
            used.read_halves.div_ceil(2),
            used.write_halves.div_ceil(2)
        );
        println!(
            "  read and check {}, load {}, rule, commit and answer the rest",
            percent(read, took),
            percent(loaded, took)
        );
    }
}

fn timed(what: &str, work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    let took = began.elapsed();
    println!("{what}: {took:.2?}");
    took
}

fn percent(part: Duration, whole: Duration) -> String {
    format!("{} %", part.as_millis() * 100 / whole.as_millis().max(1))
}

fn order_id(index: u64) -> OrderId {
    OrderId::parse(&format!("{}", 8_000_000_000_000_000 + index)).expect("an order id")
}

fn number(index: u64) -> String {
    format!("YT{index:016}")
}

fn file(rows: u64) -> String {
    let mut file = "order_id,carrier,tracking_number,uploaded_at\n".to_owned();
    for index in 0..rows {
        let written = writeln!(
            file,
            "{},YunExpress,{},{LEARNED_AT}",
            order_id(index),
            number(index)
        );
        written.expect("memory takes every row");
    }
    file
}

/// Both passes over the file, as the function makes them, twice read and once checked.
fn check(file: &str, policy: &PolicyBook) {
    let context = Context {
        zone: FileZone::of(policy, Kind::Tracking, None, None),
        platform_zone: policy.zone,
        upload: 1,
        recorded_at: at(LEARNED_AT),
        clock: at(LEARNED_AT),
        stored: None,
        filled: intake::Filled::default(),
        trust: Trust::Operator,
        future_max: policy.intake.event_future_max,
        earliest: policy.intake.earliest,
        events: Arc::clone(&policy.events),
        carriers: Arc::clone(&policy.carriers),
    };
    let (mut refused, mut times) = (0, AssumedTimes::default());
    for is_checked in [false, true] {
        let mut upload = intake::open(Cursor::new(file.as_bytes()), Kind::Tracking, Limits::default())
            .expect("a sound file");
        let columns = upload.columns().clone();
        let mut row = RawRow::default();
        while upload.read(&mut row).expect("a row") {
            if is_checked {
                refused += u64::from(intake::check(&row, &columns, &context).is_refused());
            } else {
                times.add(&intake::assumed_times(&row, &columns, &context));
            }
        }
    }
    assert_eq!(refused, 0);
}

async fn load(cloud: &Cloud, rows: u64) {
    let orders: Vec<OrderId> = (0..rows).map(order_id).collect();
    let numbers: Vec<TrackingNumber> = (0..rows)
        .filter_map(|index| TrackingNumber::parse(&number(index)))
        .collect();
    let found = cloud.store.orders(&orders).await.expect("orders");
    let owners = cloud.store.claimants(&numbers).await.expect("owners");
    assert_eq!((found.len() as u64, owners.len()), (rows, 0));
}

async fn place(cloud: &Cloud, rows: u64) -> Result<(), StoreError> {
    let paid_at: Timestamp = at(PAID_AT);
    let writes = (0..rows).map(|index| async move {
        let fact = OrderFact {
            order_id: order_id(index),
            seller_id: SellerId::parse("S00001").expect("a seller"),
            paid_at,
            amount: Money::parse("80.10", Currency::USD).expect("an amount"),
            destination: "ES".to_owned(),
            category: Some("apparel".to_owned()),
            send_deadline: None,
            status: OrderStatus::Paid,
            status_at: None,
            recorded_at: paid_at,
            source: Source {
                upload: 1,
                row: index,
            },
        };
        let order = Order::placed(&fact, Vec::new(), &Uploader::Operator).expect("an order in dollars");
        let write = OrderWrite {
            order: &order,
            seen_version: None,
            sign_off_open: true,
        };
        let news = News {
            room: Room::OF_NEWS,
            order: write,
            new_claims: Vec::new(),
            rivals: Vec::new(),
        };
        cloud.store.commit(&news).await
    });
    stream::iter(writes)
        .buffer_unordered(32)
        .try_for_each(|_| async { Ok(()) })
        .await
}
