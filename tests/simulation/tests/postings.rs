//! A night's postings in flight together, where transactions that share an item conflict, and what the close reads of them.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use domain::facts::OrderFact;
use domain::{
    Currency, Money, Order, OrderId, OrderStatus, PolicyBook, SellerId, Source, Timestamp, Uploader,
};
use entrypoint::TimeLeft;
use futures::stream::{self, StreamExt};
use local::s3::ObjectStore;
use local::{ORDERS_TABLE, RECORDS_TABLE};
use signoff_scan::{Request, SignoffScan};
use simulation::diary::Diary;
use simulation::fate::Weather;
use simulation::in_flight::InFlight;
use simulation::run::Run;
use simulation::tables::Tables;
use simulation::virtual_time::VirtualTime;
use simulation::wire::{Cloud, access_key};
use store::{News, OPEN_SHARDS, OrderWrite, Room, ScanOutcome, Store};

const ORDERS_A_SHARD: usize = 32;
const PAID_AT: Timestamp = Timestamp::from_unix(1_714_500_000);
const NIGHT: Timestamp = Timestamp::from_unix(1_718_000_000);

/// A night in which every order is fined, so many shards at once, 16 postings each.
fn night(shards_at_once: usize, in_flight: InFlight) -> (Duration, ScanOutcome) {
    fastrand::seed(1);
    let time = VirtualTime::default();
    let idle = time.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || idle.pass())
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async {
        let directory = tempfile::tempdir().expect("a directory for the bucket");
        let objects = ObjectStore::open(directory.path(), Arc::new(|| UNIX_EPOCH)).expect("a bucket");
        let cloud = Cloud {
            tables: Tables::new(),
            bucket: local::s3::http_client(objects, &access_key()),
            time: time.clone(),
            in_flight,
        };
        let orders = Store::new(cloud.dynamodb(None), ORDERS_TABLE, RECORDS_TABLE);
        fill(&orders).await;
        let outcome = stream::iter(0..OPEN_SHARDS)
            .map(|shard| scanned(&cloud, shard))
            .buffer_unordered(shards_at_once)
            .fold(ScanOutcome::default(), async |mut all, outcome| {
                all.add(outcome);
                all
            })
            .await;
        let night = time.now();
        close(&cloud, outcome.tally.posted).await;
        (night, outcome)
    })
}

/// A close reads the shards at once: a page and its entries take two answers, however many shards there are.
async fn close(cloud: &Cloud, posted: u64) {
    let began = cloud.time.now();
    let run = Run::begin(
        "the close",
        1,
        Weather::CALM,
        None,
        &cloud.time,
        &Diary::default(),
    );
    let store = Store::new(cloud.dynamodb(Some(&run)), ORDERS_TABLE, RECORDS_TABLE);
    let entries = run
        .live(store.entries_of_night(NIGHT))
        .await
        .expect("nobody kills it");
    assert_eq!(entries.expect("the night's entries").len() as u64, posted);
    let took = cloud.time.now() - began;
    assert!(took < Duration::from_millis(250), "{took:?}");
}

async fn scanned(cloud: &Cloud, shard: u32) -> ScanOutcome {
    let name = format!("shard {shard}");
    let run = Run::begin(name, 1, Weather::CALM, None, &cloud.time, &Diary::default());
    let scan = SignoffScan {
        store: Store::new(cloud.dynamodb(Some(&run)), ORDERS_TABLE, RECORDS_TABLE),
        policy: Arc::new(PolicyBook::shipped().clone()),
    };
    let request = Request {
        as_of: NIGHT,
        shard: Some(shard),
        cursor: None,
    };
    let work = signoff_scan::handle_all(&scan, request, TimeLeft::unlimited);
    let outcome = run.live(work).await.expect("nobody kills it");
    outcome.expect("a scan")
}

/// So many orders a shard, none of them ever shipped.
async fn fill(store: &Store) {
    let mut left = vec![ORDERS_A_SHARD; OPEN_SHARDS as usize];
    for number in 8_100_000_000_000_u64.. {
        let order_id = OrderId::parse(&number.to_string()).expect("an order's number");
        let shard = &mut left[order_id.shard(OPEN_SHARDS) as usize];
        if *shard > 0 {
            *shard -= 1;
            put(store, order_id).await;
        }
        if left.iter().all(|left| *left == 0) {
            return;
        }
    }
}

async fn put(store: &Store, order_id: OrderId) {
    let fact = OrderFact {
        order_id,
        seller_id: SellerId::parse("S1").expect("a seller"),
        paid_at: PAID_AT,
        amount: Money {
            minor: 5_000,
            currency: Currency::USD,
        },
        destination: "BR".to_owned(),
        category: None,
        send_deadline: None,
        status: OrderStatus::Paid,
        status_at: None,
        recorded_at: PAID_AT,
        source: Source { upload: 0, row: 1 },
    };
    let order = Order::placed(&fact, Vec::new(), &Uploader::Operator).expect("an order in dollars");
    let news = News {
        room: Room::OF_NEWS,
        order: OrderWrite {
            order: &order,
            seen_version: None,
            sign_off_open: true,
        },
        new_claims: Vec::new(),
        rivals: Vec::new(),
    };
    let commit = store.commit(&news).await.expect("an order is written");
    assert!(commit.is_some(), "an order has room");
}

/// 64 postings in flight, and 160: none gives up, and the night takes at most a fifth longer than if none met another.
#[test]
fn postings_in_flight_do_not_meet() {
    for shards_at_once in [4, 10] {
        let (alone, undisturbed) = night(shards_at_once, InFlight::ignored());
        let (together, outcome) = night(shards_at_once, InFlight::default());
        let postings = outcome.tally.posted;
        println!(
            "{shards_at_once} shards at once, {postings} postings: {alone:?} undisturbed, {together:?} together"
        );
        assert_eq!(postings, (ORDERS_A_SHARD * OPEN_SHARDS as usize) as u64);
        assert_eq!(outcome.failed_count, 0, "{:?}", outcome.failed);
        assert_eq!(outcome, undisturbed);
        assert!(together <= alone + alone / 5, "{together:?} instead of {alone:?}");
    }
}
