//! An object that changes while its event is under way: each writing is judged once, as what it was.

use aws_lambda_events::event::s3::S3Event;
use local::BUCKET;
use tests::{OwnCloud, at, operator_key};

use crate::uploads::{LEARNED_AT, TRACKING, cloud_with_orders, order_id, orders_of};

async fn handle(cloud: &OwnCloud, event: S3Event) -> upload_validation::Outcome {
    upload_validation::handle(&cloud.upload_validation(), event)
        .await
        .expect("a delivery succeeds")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_overwritten_before_it_was_read_is_answered_once_as_what_it_is_now() {
    let cloud = OwnCloud::new().await;
    let key = operator_key("orders", "orders.csv");
    cloud.put(&key, orders_of("S1", 0..3), Some(at(LEARNED_AT))).await;
    cloud.put(&key, orders_of("S1", 5..9), Some(at(LEARNED_AT))).await;
    let events = cloud.waiting_notifications().await.expect("two events");
    let [old, new] = <[S3Event; 2]>::try_from(events).expect("two events");
    // The old event first, the new one, and the old one once more, late.
    let outcomes = [
        handle(&cloud, old.clone()).await,
        handle(&cloud, new).await,
        handle(&cloud, old).await,
    ];
    let answered: Vec<usize> = outcomes.iter().map(|outcome| outcome.answered.len()).collect();
    assert_eq!(answered, [0, 1, 0]);
    assert_eq!(cloud.answer(&key).await.counts.accepted, 4);
    assert_eq!(cloud.orders().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_deleted_before_it_was_read_is_no_failure() {
    let cloud = OwnCloud::new().await;
    let key = operator_key("orders", "orders.csv");
    cloud.put(&key, orders_of("S1", 0..3), None).await;
    let deletion = cloud.s3.delete_object().bucket(BUCKET).key(key.to_string());
    deletion.send().await.expect("the object can be deleted");
    let event = cloud.waiting_notifications().await.expect("an event").remove(0);
    let outcome = handle(&cloud, event).await;
    assert_eq!((outcome.answered.len(), outcome.skipped), (0, 1));
    assert!(cloud.orders().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_overwritten_while_it_is_read_is_read_to_its_end_as_it_was() {
    let cloud = OwnCloud::new().await;
    let key = operator_key("orders", "orders.csv");
    let first = orders_of("S1", 0..2_000);
    cloud.put(&key, &first, None).await;
    let opened = cloud
        .lake
        .open_upload(&key, None)
        .await
        .expect("the bucket answers");
    let mut object = opened.expect("it is there");
    cloud.put(&key, orders_of("S2", 0..3_000), None).await;
    let mut read = Vec::new();
    while let Some(chunk) = object.body.next().await {
        read.extend_from_slice(&chunk.expect("a chunk"));
    }
    assert_eq!(read, first.as_bytes());
    let overwritten = cloud.lake.open_upload(&key, Some(&object.etag)).await;
    assert!(overwritten.expect("the bucket answers").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_put_twice_comes_to_one_result() {
    let cloud = cloud_with_orders().await;
    let key = operator_key("tracking", "parcels.csv");
    let file = format!(
        "{TRACKING}{},DHL,3318810025,{LEARNED_AT}\n{},DHL,33 18,{LEARNED_AT}\n",
        order_id(0),
        order_id(1)
    );
    cloud.put(&key, &file, Some(at(LEARNED_AT))).await;
    cloud.put(&key, &file, Some(at(LEARNED_AT))).await;
    let events = cloud.waiting_notifications().await.expect("two events");
    assert_eq!(events.len(), 2);
    let mut fines = 0;
    let mut states = Vec::new();
    for event in events {
        handle(&cloud, event).await;
        fines += cloud.answer(&key).await.fines.count;
        states.push(cloud.orders().await);
    }
    assert_eq!(states[0], states[1]);
    assert_eq!(fines, 1, "an order is fined once");
}
