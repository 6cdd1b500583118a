//! Uploads and changes that fail for good: each is set aside with its cause, its file has an answer, and everything else
//! goes on.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use entrypoint::Failure;
use local::{Cloud, FailedKind, ORDERS_TABLE, RECORDS_TABLE, SetAside};
use tests::{OwnCloud, Refusal, at, operator_key, refusing};
use upload_validation::UploadValidation;

use crate::uploads::{LEARNED_AT, ORDERS, TRACKING, order_id, orders_of};

/// Puts an order that nobody can read.
async fn put_poison(cloud: &OwnCloud, number: u32) {
    let put = cloud
        .dynamodb
        .put_item()
        .table_name(ORDERS_TABLE)
        .item("order_id", AttributeValue::S(order_id(number)))
        .item("version", AttributeValue::N("1".to_owned()))
        .item("state", AttributeValue::B(Blob::new(b"")));
    put.send().await.expect("an item can be put");
}

async fn remove_poison(cloud: &OwnCloud, number: u32) {
    let delete = cloud
        .dynamodb
        .delete_item()
        .table_name(ORDERS_TABLE)
        .key("order_id", AttributeValue::S(order_id(number)));
    delete.send().await.expect("an item can be deleted");
}

fn failures(cloud: &OwnCloud) -> Vec<SetAside> {
    Cloud::failures_in(cloud.path()).expect("the failures can be read")
}

fn tracking_of(number: u32) -> String {
    format!("{TRACKING}{},DHL,3318810025,{LEARNED_AT}\n", order_id(number))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_fails_for_good_is_answered_and_set_aside_and_stops_no_other() {
    let cloud = OwnCloud::new().await;
    put_poison(&cloud, 0).await;
    let poison = operator_key("orders", "poison.csv");
    let innocent = operator_key("orders", "innocent.csv");
    for (key, orders) in [(&poison, 0..2), (&innocent, 10..13)] {
        cloud
            .put(key, orders_of("S1", orders), Some(at(LEARNED_AT)))
            .await;
    }
    let delivered = cloud
        .deliver_notifications()
        .await
        .expect("one file ends nothing");
    assert_eq!(cloud.answer(&innocent).await.counts.accepted, 3);
    let answer = cloud.answer(&poison).await;
    assert_eq!(answer.by_code.keys().collect::<Vec<_>>(), ["FILE_FAILED"]);
    assert!(answer.is_refused() && answer.failure().is_some(), "{answer:?}");

    let failed = failures(&cloud);
    assert_eq!(failed, delivered.set_aside);
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (failed[0].key.as_str(), failed[0].what),
        (&*poison.to_string(), FailedKind::Upload)
    );
    assert_eq!(failed[0].attempts, 1, "no retry helps");
    let cause = format!("order {} cannot be read", order_id(0));
    assert!(
        failed[0].cause.contains(&cause),
        "the whole chain: {}",
        failed[0].cause
    );

    // Asked for again while the cause stays, it fails again; afterwards it is processed to its end.
    assert_eq!(
        Cloud::ask_again(cloud.path(), Some(&failed[0].key)).expect("asked"),
        1
    );
    cloud
        .deliver_notifications()
        .await
        .expect("one file ends nothing");
    let again = failures(&cloud);
    assert_eq!((again[0].attempts, again[0].since), (2, failed[0].since));
    remove_poison(&cloud, 0).await;
    Cloud::ask_again(cloud.path(), None).expect("asked");
    let delivered = cloud.deliver_notifications().await.expect("a delivery");
    assert!(
        delivered.set_aside.is_empty() && failures(&cloud).is_empty(),
        "{delivered:?}"
    );
    let counts = cloud.answer(&poison).await.counts;
    assert_eq!(
        (counts.rows, counts.accepted + counts.unchanged),
        (2, 2),
        "{counts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_set_aside_and_is_uploaded_anew_is_set_aside_no_more() {
    let cloud = OwnCloud::new().await;
    put_poison(&cloud, 0).await;
    let key = operator_key("orders", "one.csv");
    cloud
        .upload(&key, orders_of("S1", 0..1), Some(at(LEARNED_AT)))
        .await;
    assert_eq!(failures(&cloud).len(), 1);
    let answer = cloud
        .upload(&key, orders_of("S1", 1..2), Some(at(LEARNED_AT)))
        .await;
    assert_eq!(answer.counts.accepted, 1);
    assert_eq!(failures(&cloud), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_no_retry_and_no_deployment_helps_is_answered_as_failed() {
    for (refusal, answered) in [
        (Refusal::Error("ValidationException"), true),
        (Refusal::Cancelled("ValidationError"), true),
        (Refusal::Error("AccessDeniedException"), false),
        (Refusal::Error("ResourceNotFoundException"), false),
        (Refusal::Broken, false),
    ] {
        let cloud = OwnCloud::new().await;
        cloud
            .upload(
                &operator_key("orders", "o.csv"),
                orders_of("S1", 0..1),
                Some(at(LEARNED_AT)),
            )
            .await;
        let key = operator_key("tracking", "t.csv");
        cloud.put(&key, tracking_of(0), Some(at(LEARNED_AT))).await;
        let event = cloud.waiting_notifications().await.expect("an event").remove(0);
        let function = UploadValidation {
            store: refusing(&cloud, move |call| {
                (call.operation == "TransactWriteItems").then_some(refusal)
            }),
            ..cloud.upload_validation()
        };
        match upload_validation::handle(&function, event.clone()).await {
            Ok(outcome) => {
                assert!(answered, "{refusal:?}: {outcome:?}");
                let cause = outcome.answered[0].failed.clone().expect("a cause");
                assert!(cause.contains("failed to write order"), "{cause}");
                assert!(cloud.answer(&key).await.failure().is_some());
            }
            Err(failure) => {
                assert!(!answered, "{refusal:?}: {failure}");
                assert!(cloud.lake.answer(&key).await.is_err(), "the next attempt answers");
                let is_retryable = matches!(failure, Failure::Retryable(_));
                assert_eq!(is_retryable, refusal == Refusal::Broken, "{failure}");
            }
        }
        // The next delivery has it processed to its end, whatever the first came to.
        cloud.deliver().await.expect("a delivery");
        assert_eq!(cloud.answer(&key).await.counts.accepted, 1, "{refusal:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_cannot_be_read_is_set_aside_and_the_others_reach_the_lake() {
    let cloud = OwnCloud::new().await;
    cloud
        .upload(
            &operator_key("orders", "a.csv"),
            orders_of("S1", 0..2),
            Some(at(LEARNED_AT)),
        )
        .await;
    let put = cloud
        .dynamodb
        .put_item()
        .table_name(RECORDS_TABLE)
        .item("pk", AttributeValue::S(format!("order#{}", order_id(0))))
        .item("sk", AttributeValue::S("entry#evil".to_owned()))
        .item("body", AttributeValue::S("no JSON".to_owned()));
    put.send().await.expect("an item can be put");
    put_poison(&cloud, 7).await;
    cloud
        .upload(
            &operator_key("orders", "b.csv"),
            orders_of("S1", 2..4),
            Some(at(LEARNED_AT)),
        )
        .await;
    cloud.deliver_streams().await.expect("one record ends nothing");

    let failed = failures(&cloud);
    let kinds: Vec<_> = failed
        .iter()
        .map(|failed| (failed.what, failed.key.split('/').next()))
        .collect();
    let change = |table| (FailedKind::Change, Some(table));
    assert_eq!(kinds, [change(ORDERS_TABLE), change(RECORDS_TABLE)]);
    assert!(
        failed[0].cause.contains("its state is empty"),
        "{}",
        failed[0].cause
    );
    assert!(failed[1].cause.contains("cannot be read"), "{}", failed[1].cause);
    // Each is kept as it came, so that nothing is lost whatever becomes of the list of failures.
    let kept = cloud.lake.unreadable().await.expect("a list");
    assert_eq!(kept.len(), 2, "{kept:?}");
    for (key, content) in kept.iter().zip([order_id(7), "entry#evil".to_owned()]) {
        let bytes = cloud.lake.bytes(key).await.expect("what is kept");
        assert!(String::from_utf8_lossy(&bytes).contains(&content), "{key}");
    }
    // The month's report is made, of everything else.
    let report = cloud.report(
        Some("2024-05".parse().expect("a month")),
        at("2024-06-01T00:00:00Z"),
    );
    report.await.expect("a report");
    let objects = cloud
        .s3
        .list_objects_v2()
        .bucket(local::BUCKET)
        .prefix("lake/orders/")
        .send();
    assert!(
        objects.await.expect("a list").key_count().unwrap_or(0) >= 2,
        "both sides of the bad record"
    );

    Cloud::ask_again(cloud.path(), Some(&failed[1].key)).expect("asked");
    let delivered = cloud.deliver().await.expect("one record ends nothing");
    assert_eq!(delivered.set_aside.len(), 1, "{delivered:?}");
    assert_eq!(failures(&cloud)[1].attempts, 2);
    let directory = cloud.close();
    let cloud = OwnCloud::reopen(directory).await;
    assert_eq!(failures(&cloud).len(), 2, "they outlive the process");
    assert_eq!(
        cloud.deliver().await.expect("a delivery").set_aside,
        [],
        "and are tried no more by themselves"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_of_orders_is_refused_and_not_set_aside() {
    let cloud = OwnCloud::new().await;
    let answer = cloud
        .upload(
            &operator_key("orders", "no.csv"),
            ORDERS.replace("paid_at", "x"),
            Some(at(LEARNED_AT)),
        )
        .await;
    assert!(answer.is_refused() && answer.failure().is_none());
    assert_eq!(failures(&cloud), []);
}
