//! Requests that ask for what there is not: refused for good, with a sentence, before anything has begun.

use entrypoint::{Failure, TimeLeft};
use serde_json::{Value, json};
use store::ScanOutcome;

use crate::scans::{NIGHT, cloud_with_orders, cursor_of, order_id, signoff_request, stall_request};

fn refused(outcome: Result<ScanOutcome, Failure>) -> String {
    match outcome {
        Err(Failure::Permanent(error)) => error.to_string(),
        other => panic!("not refused for good: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_scan_of_what_there_is_not_is_refused_and_begins_nothing() {
    let cloud = cloud_with_orders(1).await;
    let open = json!({"shard": 3, "paid_at": "2024-05-01T00:00:00Z"});
    for (segment, segments, cursor, because) in [
        (0, 0, json!(null), "1 to 1000000 segments"),
        (0, 1_000_001, json!(null), "1 to 1000000 segments"),
        (4, 4, json!(null), "no segment 4 of 4"),
        (u32::MAX, 4, json!(null), "no segment 4294967295 of 4"),
        (0, 4, json!({"order_id": ""}), "a key has 1 to 2048"),
        (
            0,
            4,
            json!({"order_id": "8".repeat(2_049)}),
            "a key has 1 to 2048",
        ),
        (
            0,
            4,
            json!({"order_id": order_id(0), "open": open}),
            "of the sign-off scan",
        ),
    ] {
        let request = json!({"as_of": NIGHT, "segment": segment, "segments": segments, "cursor": cursor});
        let request = stall_request(request).expect("a request");
        let outcome = stall_scan::handle(&cloud.stall_scan(), request, TimeLeft::unlimited()).await;
        let told = refused(outcome);
        assert!(told.contains(because), "{segment} of {segments}: {told}");
    }
    assert_eq!(cloud.store.watermark().await.expect("a watermark"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_off_scan_of_what_there_is_not_is_refused_and_begins_nothing() {
    let cloud = cloud_with_orders(1).await;
    let cursor =
        |shard: u32| json!({"order_id": "x", "open": {"shard": shard, "paid_at": "2024-05-01T00:00:00Z"}});
    for (shard, cursor, because) in [
        (json!(16), json!(null), "no shard 16"),
        (json!(u32::MAX), json!(null), "no shard 4294967295"),
        (json!(null), cursor(16), "no shard 16"),
        (json!(5), cursor(3), "of shard 3"),
        (
            json!(3),
            json!({"order_id": order_id(0)}),
            "of a pass over all orders",
        ),
    ] {
        let request = json!({"as_of": NIGHT, "shard": shard, "cursor": cursor});
        let request = signoff_request(request).expect("a request");
        let outcome = signoff_scan::handle(&cloud.signoff_scan(), request, TimeLeft::unlimited()).await;
        let told = refused(outcome);
        assert!(told.contains(because), "{shard}: {told}");
    }
    assert_eq!(cloud.store.watermark().await.expect("a watermark"), None);

    let beyond = json!({"order_id": "x", "open": {"shard": 3, "paid_at": NIGHT}});
    let request = signoff_request(json!({"as_of": NIGHT, "shard": 3, "cursor": beyond})).expect("a request");
    let told = refused(signoff_scan::handle(&cloud.signoff_scan(), request, TimeLeft::unlimited()).await);
    assert!(told.contains("beyond what is due"), "{told}");
}

#[test]
fn what_is_no_request_is_not_read() {
    let cursors = [
        "x",
        "{}",
        "[]",
        "7",
        r#"{"order_id":8}"#,
        r#"{"order_id":"8","page":2}"#,
    ];
    for cursor in cursors.map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text))) {
        let request: Value = json!({"as_of": NIGHT, "cursor": cursor});
        assert!(stall_request(request.clone()).is_none(), "{request}");
        assert!(signoff_request(request.clone()).is_none(), "{request}");
    }
    assert!(
        stall_request(json!({"segment": 0, "segments": 1})).is_none(),
        "no instant"
    );
    assert!(stall_request(json!({"as_of": NIGHT, "segment": -1})).is_none());
    assert!(signoff_request(json!({"as_of": "tonight"})).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_at_an_order_that_is_gone_goes_on_and_ends() {
    let cloud = cloud_with_orders(40).await;
    for gone in ["8", "no order at all", "9999999999999999"] {
        let request = json!({"as_of": NIGHT, "segment": 0, "segments": 1, "cursor": {"order_id": gone}});
        let request = stall_request(request).expect("a request");
        let outcome = stall_scan::handle(&cloud.stall_scan(), request, TimeLeft::unlimited()).await;
        let outcome = outcome.expect("a stall scan");
        assert!(outcome.failed.is_empty() && cursor_of(&outcome).is_null());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_may_have_a_million_segments() {
    let cloud = cloud_with_orders(1).await;
    let request = json!({"as_of": NIGHT, "segment": 999_999, "segments": 1_000_000});
    let request = stall_request(request).expect("a request");
    let outcome = stall_scan::handle(&cloud.stall_scan(), request, TimeLeft::unlimited()).await;
    assert!(outcome.expect("a stall scan").tally.examined <= 1);
}
