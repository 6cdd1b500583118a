use std::time::Duration;

use aws_lambda_events::event::s3::S3Event;

use super::super::{failures_in, key_of};
use super::{BUCKET, Fixture, body};
use crate::s3::KeyFilter;
use crate::s3::notifications::ReceivedNotification;

#[tokio::test]
async fn an_upload_gives_a_real_s3_event() {
    let fixture = Fixture::new().await;
    fixture.store.notify_of(vec![KeyFilter::under("inbox/")]);
    let etag = fixture.put("inbox/orders/卖家 1/a+b.csv", body("rows")).await;
    fixture.put("outbox/report.json", body("{}")).await;
    let [pending] = &fixture.store.pending_notifications(10).await.unwrap()[..] else {
        panic!("one event")
    };
    let event: S3Event = serde_json::from_value(pending.record.clone()).unwrap();
    let [record] = &event.records[..] else {
        panic!("one record")
    };
    assert_eq!(record.event_version.as_deref(), Some("2.1"));
    assert_eq!(record.event_source.as_deref(), Some("aws:s3"));
    assert_eq!(record.aws_region.as_deref(), Some("us-east-1"));
    assert_eq!(record.event_name.as_deref(), Some("ObjectCreated:Put"));
    assert_eq!(
        pending.record["Records"][0]["eventTime"],
        "2026-02-03T04:05:06.500Z"
    );
    assert_eq!(record.s3.bucket.name.as_deref(), Some(BUCKET));
    assert_eq!(record.s3.bucket.arn.as_deref(), Some("arn:aws:s3:::local-test"));
    let object = &record.s3.object;
    assert_eq!(
        object.key.as_deref(),
        Some("inbox/orders/%E5%8D%96%E5%AE%B6+1/a%2Bb.csv")
    );
    assert_eq!(object.size, Some(4));
    assert_eq!(object.e_tag.as_deref(), Some(etag.trim_matches('"')));
    assert_eq!(object.sequencer.as_deref(), Some("0000000000000001"));
}

#[tokio::test]
async fn what_is_not_acknowledged_stays_pending_in_order() {
    let fixture = Fixture::new().await;
    fixture.store.notify_of(vec![KeyFilter::under("inbox/")]);
    for key in ["inbox/1", "inbox/2", "inbox/3"] {
        fixture.put(key, body("x")).await;
    }
    fixture.put("inbox/1", body("again")).await;
    let fixture = fixture.reopened().await;
    let pending = fixture.store.pending_notifications(10).await.unwrap();
    let seen: Vec<(&str, &str)> = pending
        .iter()
        .map(|pending| {
            let object = &pending.record["Records"][0]["s3"]["object"];
            (
                object["key"].as_str().unwrap(),
                object["sequencer"].as_str().unwrap(),
            )
        })
        .collect();
    let keys: Vec<&str> = seen.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, ["inbox/1", "inbox/2", "inbox/3", "inbox/1"]);
    assert!(seen.is_sorted_by(|(_, one), (_, next)| one < next), "{seen:?}");
    assert_eq!(
        fixture.store.pending_notifications(2).await.unwrap(),
        pending[..2]
    );
    fixture.store.acknowledge(pending[1].id).await.unwrap();
    fixture
        .store
        .acknowledge(pending[1].id)
        .await
        .expect("twice is no error");
    let fixture = fixture.reopened().await;
    let left = fixture.store.pending_notifications(10).await.unwrap();
    assert_eq!(left, [&pending[..1], &pending[2..]].concat());
}

#[tokio::test]
async fn copies_and_completed_uploads_notify_too_and_failed_puts_do_not() {
    let fixture = Fixture::new().await;
    fixture.store.notify_of(vec![KeyFilter::under("inbox/")]);
    let s3 = &fixture.s3;
    fixture.put("a", body("x")).await;
    s3.copy_object()
        .bucket(BUCKET)
        .key("inbox/copy")
        .copy_source(format!("{BUCKET}/a"))
        .send()
        .await
        .unwrap();
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("inbox/copy")
        .if_none_match("*")
        .body(body("x"));
    put.send().await.unwrap_err();
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("inbox/bad")
        .content_md5("AAAAAAAAAAAAAAAAAAAAAA==");
    put.body(body("x")).send().await.unwrap_err();
    let create = s3
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("inbox/parts")
        .send()
        .await
        .unwrap();
    let upload = create.upload_id().unwrap();
    let part = s3
        .upload_part()
        .bucket(BUCKET)
        .key("inbox/parts")
        .upload_id(upload)
        .part_number(1);
    let etag = part.body(body("x")).send().await.unwrap().e_tag.unwrap();
    let part = aws_sdk_s3::types::CompletedPart::builder()
        .part_number(1)
        .e_tag(etag)
        .build();
    let parts = aws_sdk_s3::types::CompletedMultipartUpload::builder()
        .parts(part)
        .build();
    let complete = s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("inbox/parts")
        .upload_id(upload);
    complete.multipart_upload(parts).send().await.unwrap();
    let pending = fixture.store.pending_notifications(10).await.unwrap();
    let names: Vec<&str> = pending
        .iter()
        .filter_map(|pending| pending.record["Records"][0]["eventName"].as_str())
        .collect();
    assert_eq!(
        names,
        ["ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload"]
    );
}

#[tokio::test]
async fn a_dispatcher_that_waits_is_woken_and_misses_nothing() {
    let fixture = Fixture::new().await;
    fixture.store.notify_of(vec![KeyFilter::under("inbox/")]);
    let store = fixture.store.clone();
    let dispatcher = tokio::spawn(async move {
        let mut delivered = 0;
        while delivered < 20 {
            let pending = store.pending_notifications(3).await.unwrap();
            if pending.is_empty() {
                store.wait_for_notification().await;
            }
            for notification in pending {
                store.acknowledge(notification.id).await.unwrap();
                delivered += 1;
            }
        }
    });
    for number in 0..20 {
        fixture.put(&format!("inbox/{number}"), body("x")).await;
    }
    tokio::time::timeout(Duration::from_secs(20), dispatcher)
        .await
        .expect("no wake-up is missed")
        .unwrap();
    assert!(fixture.store.pending_notifications(1).await.unwrap().is_empty());
}

impl Fixture {
    async fn received(&self) -> ReceivedNotification {
        let received = self.store.receive_notification().await.unwrap();
        received.expect("it waits")
    }
}

#[tokio::test]
async fn a_store_of_the_first_layout_is_brought_to_this_one_with_what_waits_in_it() {
    let fixture = Fixture::new().await;
    fixture.store.notify_of(vec![KeyFilter::under("inbox/")]);
    fixture.put("inbox/1", body("x")).await;
    let Fixture { dir, store, s3 } = fixture;
    drop((store, s3));
    let first = || {
        let index = rusqlite::Connection::open(dir.path().join("objects.sqlite")).unwrap();
        let layout =
            "DROP TABLE failed; ALTER TABLE notifications DROP COLUMN receives; PRAGMA user_version = 1;";
        index.execute_batch(layout).unwrap();
    };
    first();
    assert_eq!(failures_in(dir.path()).unwrap(), [], "also before it is opened");
    let fixture = Fixture::at(dir).await;
    for receives in 1..3 {
        let received = fixture.received().await;
        assert_eq!(
            received.receives, receives,
            "each delivery is counted, done or not"
        );
        assert_eq!(key_of(&received.record), "inbox/1");
    }
    let fixture = fixture.reopened().await;
    let received = fixture.received().await;
    assert_eq!(received.receives, 3);
    fixture.store.acknowledge(received.id).await.unwrap();
    assert_eq!(fixture.store.receive_notification().await.unwrap(), None);
}
