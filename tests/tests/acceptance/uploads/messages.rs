//! Messages of the uploads' queue, as Lambda hands them over.

use aws_lambda_events::event::sqs::SqsEvent;
use entrypoint::TimeLeft;
use serde_json::{Value, json};
use tests::{OwnCloud, at, operator_key};
use upload_validation::{BatchOutcome, handle_batch};

use crate::uploads::{LEARNED_AT, orders_of};

async fn deliver(cloud: &OwnCloud, bodies: &[Value]) -> BatchOutcome {
    let records = bodies.iter().enumerate();
    let records =
        records.map(|(place, body)| json!({ "messageId": format!("m{place}"), "body": body.to_string() }));
    let batch: SqsEvent =
        serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).expect("a batch");
    handle_batch(&cloud.upload_validation(), batch, TimeLeft::unlimited())
        .await
        .expect("a batch is handled")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_is_counted_and_dropped_and_stops_no_other() {
    let cloud = OwnCloud::new().await;
    let key = operator_key("orders", "one.csv");
    cloud.put(&key, orders_of("S1", 0..3), Some(at(LEARNED_AT))).await;
    let event = cloud.waiting_notifications().await.expect("an event").remove(0);
    let event = serde_json::to_value(event).expect("an event is JSON");
    let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent" });
    let outcome = deliver(
        &cloud,
        &[
            json!({ "something": "else" }),
            event,
            json!({ "Event": "s3:Other" }),
            test,
        ],
    )
    .await;
    assert_eq!(outcome.unreadable, 2);
    assert!(
        outcome.failed.is_empty() && outcome.again.batch_item_failures.is_empty(),
        "no attempt makes it readable: {outcome:?}"
    );
    assert_eq!(cloud.answer(&key).await.counts.accepted, 3);
}
