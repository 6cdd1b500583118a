//! The morning's digest through the front door: files uploaded, a night scanned, the digest's objects read.

mod shadow;

use std::ops::Range;
use std::time::Duration;

use domain::Cents;
use entrypoint::TimeLeft;
use lake::Stretch;
use morning_digest::Outcome;
use serde_json::{Value, json};
use store::ORDERS_AT_A_TIME;
use tests::{OwnCloud, at, operator_key};

const PAID_AT: &str = "2024-05-01T00:00:00Z";
/// Orders paid then are fined on [`NIGHT`].
const PAID_BEFORE: &str = "2024-04-20T00:00:00Z";
/// Orders paid at [`PAID_AT`] have five days left (B4).
const NIGHT: &str = "2024-05-26T07:15:00Z";
const NIGHT_PREFIX: &str = "nights/as_of=20240526T071500Z/watch/";
/// The night after the deadline.
const LATER: &str = "2024-05-31T07:15:00Z";

/// Three times as many as are settled in one go, and one.
const ORDERS: u32 = 3 * ORDERS_AT_A_TIME as u32 + 1;

/// A cloud that knows some orders of rising amounts, none of them ever sent.
async fn cloud_with_orders(orders: u32) -> OwnCloud {
    let cloud = OwnCloud::new().await;
    add_orders(&cloud, 0..orders, PAID_AT).await;
    cloud
}

async fn add_orders(cloud: &OwnCloud, orders: Range<u32>, paid_at: &str) {
    let header = "order_id,seller_id,paid_at,amount,currency,destination_country\n".to_owned();
    let count = orders.len() as u64;
    let rows = orders.map(|number| {
        let order_id = 8_300_000_000_000_000_u64 + u64::from(number);
        format!("{order_id},S{},{paid_at},{}.00,USD,US\n", number % 3, number + 10)
    });
    let file = rows.fold(header, |file, row| file + &row);
    let answer = cloud
        .upload(
            &operator_key("orders", &format!("{paid_at}.csv")),
            file,
            Some(at(paid_at)),
        )
        .await;
    assert_eq!(answer.counts.accepted, count);
}

/// A cloud of which a night's board lists some orders and its pass fines as many, spread among one another.
async fn cloud_with_due_orders() -> OwnCloud {
    let cloud = cloud_with_orders(ORDERS).await;
    add_orders(&cloud, ORDERS..2 * ORDERS, PAID_BEFORE).await;
    cloud
}

async fn digest(cloud: &OwnCloud, night: &str) -> Outcome {
    cloud.digest(at(night)).await.expect("a digest can be written")
}

async fn json_of(cloud: &OwnCloud, date: &str) -> Value {
    let bytes = cloud.lake.bytes(&format!("digest/date={date}/digest.json")).await;
    serde_json::from_slice(&bytes.expect("the digest is there")).expect("JSON")
}

async fn all_bytes(cloud: &OwnCloud, outcome: &Outcome) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    for key in &outcome.keys {
        bytes.push(cloud.lake.bytes(key).await.expect("an object of the digest"));
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_leaves_the_board_and_what_it_posted() {
    let cloud = cloud_with_orders(40).await;
    cloud.settle(at(NIGHT)).await;
    let outcome = digest(&cloud, NIGHT).await;
    let amounts: i64 = (0..40_i64)
        .map(|number| ((number + 10) * 100 * 5 + 50) / 100)
        .sum();
    assert_eq!((outcome.listed, outcome.entries, outcome.missing), (40, 0, 0));
    assert_eq!(
        (outcome.at_risk, outcome.date.to_string().as_str()),
        (Cents(amounts), "2024-05-26")
    );
    assert_eq!(
        outcome.keys,
        ["xlsx", "html", "json"].map(|kind| format!("digest/date=2024-05-26/digest.{kind}"))
    );
    let json = json_of(&cloud, "2024-05-26").await;
    let dearest = &json["board"]["rows"][0];
    assert_eq!(
        (
            &dearest["order_id"],
            &dearest["at_risk"],
            &dearest["clause"],
            &dearest["advice"]
        ),
        (
            &json!("8300000000000039"),
            &json!("2.45"),
            &json!("B4"),
            &json!("sign_off_unsent")
        )
    );

    cloud.settle(at(LATER)).await;
    let outcome = digest(&cloud, LATER).await;
    assert_eq!(
        (outcome.listed, outcome.entries, outcome.balance),
        (0, 40, Cents(amounts))
    );
    let json = json_of(&cloud, "2024-05-31").await;
    let posted = json["fines"]["entries"].as_array().expect("entries");
    let mut ids: Vec<&str> = posted
        .iter()
        .filter_map(|entry| entry["entry_id"].as_str())
        .collect();
    ids.sort_unstable();
    let night = cloud
        .store
        .entries_of_night(at(LATER))
        .await
        .expect("the night's entries");
    let mut of_the_night: Vec<&str> = night.iter().map(|entry| entry.entry_id.as_str()).collect();
    of_the_night.sort_unstable();
    assert_eq!(ids, of_the_night);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_night_again_gives_the_same_bytes() {
    let cloud = cloud_with_orders(40).await;
    cloud.settle(at(LATER)).await;
    let first = digest(&cloud, LATER).await;
    let bytes = all_bytes(&cloud, &first).await;
    // Scanned again, and asked for twice at once.
    cloud.settle(at(LATER)).await;
    let (one, other) = tokio::join!(digest(&cloud, LATER), digest(&cloud, LATER));
    assert_eq!((&one, &other), (&first, &first));
    assert!(
        bytes == all_bytes(&cloud, &first).await,
        "every object is the same"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_stopped_come_to_the_board_of_one_pass() {
    let whole = cloud_with_due_orders().await;
    whole.scan_stalls(at(NIGHT)).await.expect("a pass");
    let expected = digest(&whole, NIGHT).await;
    assert_eq!(
        (expected.listed, expected.entries),
        (u64::from(ORDERS), u64::from(ORDERS))
    );

    let cloud = cloud_with_due_orders().await;
    let mut cursor = Value::Null;
    loop {
        let request = json!({"as_of": NIGHT, "segment": 0, "segments": 1, "cursor": cursor});
        let request = serde_json::from_value(request).expect("a request");
        let run =
            stall_scan::handle(&cloud.stall_scan(), request, TimeLeft::told_by(|| Duration::ZERO)).await;
        let run = serde_json::to_value(run.expect("a run")).expect("JSON");
        cursor = run.get("cursor").cloned().unwrap_or(Value::Null);
        if cursor.is_null() {
            break;
        }
    }
    let stretches = cloud.lake.watched_stretches(at(NIGHT)).await.expect("the parts");
    assert_eq!(stretches.len(), 4, "a part a run");
    assert_eq!(digest(&cloud, NIGHT).await, expected);
    assert!(all_bytes(&cloud, &expected).await == all_bytes(&whole, &expected).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_missing_is_said_and_one_out_of_reach_is_not_counted() {
    let cloud = cloud_with_orders(60).await;
    cloud.scan_stalls(at(NIGHT)).await.expect("a pass");
    let whole = digest(&cloud, NIGHT).await;
    // What a run after no order that any run ended with has left: a repeated run had more time.
    let stray = Stretch {
        segments: 4,
        segment: 1,
        after: Some("8300000000000001".to_owned()),
    };
    let start = Stretch {
        after: None,
        ..stray.clone()
    };
    let part = cloud.lake.watched(at(NIGHT), &start).await.expect("a part");
    let orders = |part: &[u8]| {
        serde_json::from_slice::<digest::Part>(part)
            .expect("a part")
            .watch
            .orders
    };
    let lost = orders(&part);
    cloud
        .lake
        .put_watched(at(NIGHT), &stray, part)
        .await
        .expect("the bucket takes it");
    assert_eq!(digest(&cloud, NIGHT).await, whole);

    let key = format!("{NIGHT_PREFIX}00001-of-00004/start.json");
    let gone = cloud
        .s3
        .delete_object()
        .bucket(local::BUCKET)
        .key(&key)
        .send()
        .await;
    gone.expect("an object can be removed");
    let outcome = digest(&cloud, NIGHT).await;
    assert_eq!((outcome.missing, outcome.listed), (1, whole.listed - lost));
    let json = json_of(&cloud, "2024-05-26").await;
    assert_eq!(json["missing"], json!([{"segment": 1, "segments": 4}]));
    let page = cloud
        .lake
        .bytes("digest/date=2024-05-26/digest.html")
        .await
        .expect("the page");
    assert!(String::from_utf8_lossy(&page).contains("部分订单未检查"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_that_nobody_scanned_is_missing_whole() {
    let cloud = cloud_with_orders(3).await;
    let outcome = digest(&cloud, NIGHT).await;
    assert_eq!((outcome.missing, outcome.listed, outcome.entries), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_night_caught_up_does_not_take_a_later_ones_place() {
    let cloud = cloud_with_orders(3).await;
    let early = "2024-05-26T07:00:00Z";
    cloud.settle(at(early)).await;
    cloud.settle(at(NIGHT)).await;
    digest(&cloud, NIGHT).await;
    let outcome = digest(&cloud, early).await;
    assert!(outcome.superseded && outcome.keys.is_empty(), "{outcome:?}");
    assert_eq!(json_of(&cloud, "2024-05-26").await["as_of"], json!(NIGHT));
}
