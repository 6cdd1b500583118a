//! Calls that DynamoDB refuses for a while, or for ever: the night comes to the same, or says what it could not do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use entrypoint::{Failure, TimeLeft};
use signoff_scan::SignoffScan;
use stall_scan::StallScan;
use tests::{OwnCloud, Refusal, assert_same, at, refusing};

use crate::scans::{NIGHT, cloud_with_orders, ledger, order_id};

const ORDERS: u32 = 40;

fn stall_request() -> stall_scan::Request {
    crate::scans::stall_request(serde_json::json!({"as_of": NIGHT})).expect("a request")
}

fn signoff_request() -> signoff_scan::Request {
    crate::scans::signoff_request(serde_json::json!({"as_of": NIGHT})).expect("a request")
}

/// Refuses each call twice.
#[derive(Default)]
struct Twice(Mutex<HashMap<String, u32>>);

impl Twice {
    fn is_refused(&self, body: &str) -> bool {
        let mut calls = self.0.lock().expect("no test panics while it counts");
        let sent = calls.entry(body.to_owned()).or_default();
        *sent += 1;
        *sent <= 2
    }
}

/// The cloud's stall scan with its calls refused as `refuse` says.
fn stall_scan_of(
    cloud: &OwnCloud,
    refuse: impl Fn(tests::TableCall<'_>) -> Option<Refusal> + Send + Sync + 'static,
) -> StallScan {
    StallScan {
        store: refusing(cloud, refuse),
        ..cloud.stall_scan()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_refused_for_a_while_leave_no_trace() {
    let expected = cloud_with_orders(ORDERS).await;
    expected.settle(at(NIGHT)).await;
    let expected = ledger(&expected).await;
    for refusal in [
        Refusal::Error("ThrottlingException"),
        Refusal::Error("ProvisionedThroughputExceededException"),
        Refusal::Error("RequestLimitExceeded"),
        Refusal::Error("TransactionConflictException"),
        Refusal::Broken,
    ] {
        let cloud = cloud_with_orders(ORDERS).await;
        let twice = Twice::default();
        let scan = stall_scan_of(&cloud, move |call| twice.is_refused(call.body).then_some(refusal));
        let outcome = stall_scan::handle(&scan, stall_request(), TimeLeft::unlimited()).await;
        let outcome = outcome.unwrap_or_else(|failure| panic!("{refusal:?}: {failure}"));
        assert_eq!(
            (outcome.tally.posted, outcome.failed_count),
            (u64::from(ORDERS), 0),
            "{refusal:?}"
        );
        assert_same("entries", expected.clone(), ledger(&cloud).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_cancelled_for_a_while_leave_no_trace() {
    let expected = cloud_with_orders(ORDERS).await;
    expected.settle(at(NIGHT)).await;
    let expected = ledger(&expected).await;
    for refusal in [
        Refusal::Cancelled("TransactionConflict"),
        Refusal::Cancelled("ThrottlingError"),
        Refusal::Cancelled("ProvisionedThroughputExceeded"),
        Refusal::Error("TransactionInProgressException"),
    ] {
        let cloud = cloud_with_orders(ORDERS).await;
        let twice = Twice::default();
        let store = refusing(&cloud, move |call| {
            let refused = call.operation == "TransactWriteItems" && twice.is_refused(call.body);
            refused.then_some(refusal)
        });
        let scan = SignoffScan {
            store,
            ..cloud.signoff_scan()
        };
        let outcome = signoff_scan::handle(&scan, signoff_request(), TimeLeft::unlimited()).await;
        let outcome = outcome.unwrap_or_else(|failure| panic!("{refusal:?}: {failure}"));
        assert_eq!(
            (outcome.tally.posted, outcome.failed_count),
            (u64::from(ORDERS), 0),
            "{refusal:?}"
        );
        assert_same("entries", expected.clone(), ledger(&cloud).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_always_conflicts_is_told_and_the_next_night_settles_it() {
    let cloud = cloud_with_orders(ORDERS).await;
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let scan = stall_scan_of(&cloud, move |call| {
        let refused = call.operation == "TransactWriteItems" && call.body.contains(&order_id(7));
        refused.then(|| {
            counted.fetch_add(1, Ordering::SeqCst);
            Refusal::Cancelled("TransactionConflict")
        })
    });
    let outcome = stall_scan::handle(&scan, stall_request(), TimeLeft::unlimited()).await;
    let outcome = outcome.expect("a stall scan");
    assert_eq!(
        (outcome.tally.posted, outcome.failed_count),
        (u64::from(ORDERS) - 1, 1)
    );
    assert_eq!(outcome.failed[0].order_id, order_id(7));
    let attempts = attempts.load(Ordering::SeqCst);
    assert!((2..=12).contains(&attempts), "{attempts} attempts");

    let outcome = cloud.scan_stalls(at("2024-06-02T07:15:00Z")).await;
    assert_eq!(outcome.expect("a stall scan").tally.posted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_not_settled_says_why_with_every_cause() {
    let cloud = cloud_with_orders(2).await;
    let scan = stall_scan_of(&cloud, |call| {
        let denied = call.operation == "TransactWriteItems" && call.body.contains(&order_id(1));
        denied.then_some(Refusal::Error("AccessDeniedException"))
    });
    let outcome = stall_scan::handle(&scan, stall_request(), TimeLeft::unlimited()).await;
    let failed = outcome.expect("a stall scan").failed;
    assert_eq!(failed.len(), 1);
    let reason = &failed[0].reason;
    assert!(
        reason.starts_with("failed to write ") && reason.contains("AccessDeniedException"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_stays_throttled_ends_the_run_and_another_may_help() {
    let cloud = cloud_with_orders(ORDERS).await;
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let scan = stall_scan_of(&cloud, move |call| {
        (call.operation == "Scan").then(|| {
            counted.fetch_add(1, Ordering::SeqCst);
            Refusal::Error("ThrottlingException")
        })
    });
    let outcome = stall_scan::handle(&scan, stall_request(), TimeLeft::unlimited()).await;
    assert!(matches!(outcome, Err(Failure::Retryable(_))), "{outcome:?}");
    let attempts = attempts.load(Ordering::SeqCst);
    assert!((2..=12).contains(&attempts), "{attempts} attempts");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dynamodb_says_is_wrong_is_not_tried_again() {
    let cloud = cloud_with_orders(1).await;
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let scan = stall_scan_of(&cloud, move |call| {
        (call.operation == "Scan").then(|| {
            counted.fetch_add(1, Ordering::SeqCst);
            Refusal::Error("ValidationException")
        })
    });
    let outcome = stall_scan::handle(&scan, stall_request(), TimeLeft::unlimited()).await;
    assert!(matches!(outcome, Err(Failure::Permanent(_))), "{outcome:?}");
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
}
