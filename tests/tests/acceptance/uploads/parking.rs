//! Rows that come before their parents: in whatever order and split files come, nothing is lost, and what waited too long
//! has lapsed, stays listed and is never applied.

use std::sync::Arc;

use domain::{Elapsed, Timestamp};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use store::{Parent, ParkedNote};
use tests::{OwnCloud, Season, Table, at, beside, made_up, operator_key, seed};

use crate::uploads::redelivery::{AS_OF, Outcome};
use crate::uploads::{TRACKING, order_id, orders_of};

const DAY: Elapsed = Elapsed::days(1);
const WAIT_MAX: Elapsed = Elapsed::days(45);
/// When the early rows were uploaded.
const EARLY: &str = "2024-05-01T12:00:00Z";

async fn parked(cloud: &OwnCloud) -> Vec<ParkedNote> {
    let mut rows = Vec::new();
    cloud
        .store
        .each_parked(|row| rows.push(row))
        .await
        .expect("the parked rows can be listed");
    rows
}

fn tracking_of(order: u32, number: &str, uploaded_at: &str) -> String {
    format!("{TRACKING}{},DHL,{number},{uploaded_at}\n", order_id(order))
}

async fn put(cloud: &OwnCloud, kind: &str, name: &str, file: String, learned_at: Timestamp) -> lake::Answer {
    cloud
        .upload(&operator_key(kind, name), file, Some(learned_at))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_waits_for_45_days_to_the_second_and_then_has_lapsed() {
    for (late, applied) in [
        (Elapsed::from_seconds(0), true),
        (Elapsed::from_seconds(1), false),
    ] {
        let cloud = OwnCloud::new().await;
        let early = at(EARLY);
        let row = tracking_of(0, "3318810025", EARLY);
        assert_eq!(
            put(&cloud, "tracking", "early.csv", row, early)
                .await
                .counts
                .parked,
            1
        );
        let comes_at = early.plus(WAIT_MAX).plus(late);
        put(&cloud, "orders", "orders.csv", orders_of("S1", 0..1), comes_at).await;
        assert_eq!(cloud.orders().await[0].shipments.len(), usize::from(applied));
        let left = parked(&cloud).await;
        assert_eq!(
            left.len(),
            usize::from(!applied),
            "a lapsed row stays listed: {left:?}"
        );

        // The order told again changes nothing; the row sent again is applied, as any row is.
        put(
            &cloud,
            "orders",
            "again.csv",
            orders_of("S1", 0..1),
            comes_at.plus(DAY),
        )
        .await;
        assert_eq!(cloud.orders().await[0].shipments.len(), usize::from(applied));
        let row = tracking_of(0, "3318810025", EARLY);
        put(&cloud, "tracking", "again.csv", row, comes_at.plus(DAY)).await;
        assert_eq!(cloud.orders().await[0].shipments.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_season_uploaded_at_once_never_lapse_however_old_they_are() {
    let cloud = OwnCloud::new().await;
    let today = at("2026-01-01T00:00:00Z");
    let row = tracking_of(0, "3318810025", EARLY);
    assert_eq!(
        put(&cloud, "tracking", "old.csv", row, today).await.counts.parked,
        1
    );
    put(&cloud, "orders", "orders.csv", orders_of("S1", 0..1), today).await;
    assert_eq!(cloud.orders().await[0].shipments.len(), 1);
    assert!(parked(&cloud).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_waits_for_a_waiting_row_is_measured_against_that_rows_upload() {
    let cloud = OwnCloud::new().await;
    let early = at(EARLY);
    let event = "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
                 DHL,3318810025,picked_up,2024-05-01T10:00:00Z,2024-05-01T11:00:00Z\n";
    put(&cloud, "events", "events.csv", event.to_owned(), early).await;
    let after_forty_days = early.plus(Elapsed::days(40));
    let row = tracking_of(0, "3318810025", EARLY);
    put(&cloud, "tracking", "tracking.csv", row, after_forty_days).await;
    let after_eighty_days = early.plus(Elapsed::days(80));
    put(
        &cloud,
        "orders",
        "orders.csv",
        orders_of("S1", 0..1),
        after_eighty_days,
    )
    .await;
    // 40 days to the number and 40 to the order: both in time, as they would be had the order come first.
    assert_eq!(cloud.orders().await[0].event_count(), 1);
    assert!(parked(&cloud).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_rows_are_listed_by_the_learning_of_their_uploads_the_newest_last() {
    let cloud = OwnCloud::new().await;
    let early = at(EARLY);
    let rows: String = (0..40).fold(TRACKING.to_owned(), |file, order| {
        file + &format!("{},DHL,3318810025,{EARLY}\n", order_id(order))
    });
    put(&cloud, "tracking", "newer.csv", rows, early.plus(DAY)).await;
    put(
        &cloud,
        "tracking",
        "older.csv",
        tracking_of(99, "1000000006", EARLY),
        early,
    )
    .await;
    let listed = parked(&cloud).await;
    assert_eq!(listed.len(), 41);
    assert_eq!(
        (listed[0].upload_key.as_str(), listed[0].row, listed[0].learned_at),
        ("inbox/tracking/_/older.csv", 1, early)
    );
    assert_eq!(
        listed[0].parent,
        Parent::Order(domain::OrderId::parse(&order_id(99)).expect("an order id"))
    );
    let rows: Vec<u64> = listed[1..].iter().map(|row| row.row).collect();
    assert_eq!(rows, (1..=40).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_written_once_by_a_batch_of_rows() {
    let cloud = OwnCloud::new().await;
    put(&cloud, "orders", "orders.csv", orders_of("S1", 1..3), at(EARLY)).await;
    let rows = |order: u32, number: &str| format!("{},DHL,{number},{EARLY}\n", order_id(order));
    let (one, other) = (rows(1, "3318810025"), rows(2, "1000000006"));
    // One batch. The first order's number stands at both ends of it.
    let file = format!("{TRACKING}{one}{}{}", other.repeat(19_000), rows(1, "1000000010"));
    let answer = put(&cloud, "tracking", "large.csv", file, at(EARLY)).await;
    assert_eq!(
        (answer.counts.unchanged, answer.counts.rejected),
        (18_999, 0),
        "{answer:?}"
    );
    for order in 1..3 {
        let order_id = domain::OrderId::parse(&order_id(order)).expect("an order id");
        let stored = cloud.store.order(&order_id).await.expect("the table answers");
        assert_eq!(
            stored.expect("the order").version,
            2,
            "placed, and written once more"
        );
    }
}

/// The season's rows behind its rates, shuffled and dealt to files of any size: kind and content, in a random order.
fn shuffled_files(season: &Season, random: &mut ChaCha8Rng) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (file, table) in season.files().filter(|(file, _)| *file != "rates") {
        let kind = file.split('-').next().unwrap_or(file);
        let mut rows = table.rows.clone();
        rows.shuffle(random);
        while !rows.is_empty() {
            let taken = rows.split_off(rows.len() - random.random_range(1..=rows.len().min(25)));
            let piece = Table {
                header: table.header.clone(),
                rows: taken,
            };
            files.push((kind.to_owned(), piece.csv()));
        }
    }
    files.shuffle(random);
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_any_order_and_split_of_arrival() {
    let seed = seed(13);
    let season = made_up(seed, 30);
    let calm = OwnCloud::new().await;
    for (file, table) in season.files() {
        let kind = file.split('-').next().unwrap_or(file);
        calm.upload(
            &operator_key(kind, &format!("{file}.csv")),
            table.csv(),
            Some(at(AS_OF)),
        )
        .await;
    }
    let expected = Outcome::of(&calm).await.without_places();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for round in 0..4 {
        let cloud = Arc::new(OwnCloud::new().await);
        // An order freezes the best rate that is known when it is placed: rates come first.
        let rates = season.table("rates").csv();
        cloud
            .upload(&operator_key("rates", "rates.csv"), rates, Some(at(AS_OF)))
            .await;
        for (index, (kind, content)) in shuffled_files(&season, &mut random).into_iter().enumerate() {
            let key = operator_key(&kind, &format!("{index}.csv"));
            cloud.put(&key, content, Some(at(AS_OF))).await;
        }
        if round % 2 == 1 {
            let events = cloud.waiting_notifications().await.expect("events wait");
            let running: Vec<_> = events
                .into_iter()
                .map(|event| {
                    let cloud = Arc::clone(&cloud);
                    beside(async move || upload_validation::handle(&cloud.upload_validation(), event).await)
                })
                .collect();
            for delivery in running {
                delivery.await.expect("no panic").expect("no failure");
            }
        }
        cloud.deliver_notifications().await.expect("a delivery");
        assert_eq!(
            cloud.forgotten_rows().await,
            Vec::<String>::new(),
            "in round {round}"
        );
        expected.assert_same(
            &format!("in round {round}"),
            &Outcome::of(&cloud).await.without_places(),
        );
    }
}
