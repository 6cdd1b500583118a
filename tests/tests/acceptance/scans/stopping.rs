//! A run that has no time left stops by itself and says where the next one goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use entrypoint::TimeLeft;
use serde_json::{Value, json};
use store::{ORDERS_AT_A_TIME, ScanOutcome};
use tests::{OwnCloud, assert_same};

use crate::scans::{NIGHT, cloud_with_orders, cursor_of, ledger, signoff_request, stall_request};

/// Three times as many as are looked at in one go, and one.
const ORDERS: u32 = 3 * ORDERS_AT_A_TIME as u32 + 1;

fn no_time() -> TimeLeft {
    TimeLeft::told_by(|| Duration::ZERO)
}

async fn stalls(cloud: &OwnCloud, cursor: Value, time: TimeLeft) -> ScanOutcome {
    let request = json!({"as_of": NIGHT, "segment": 0, "segments": 1, "cursor": cursor});
    let request = stall_request(request).expect("a request");
    stall_scan::handle(&cloud.stall_scan(), request, time)
        .await
        .expect("a stall scan")
}

async fn signoffs(cloud: &OwnCloud, shard: Option<u32>, cursor: Value, time: TimeLeft) -> ScanOutcome {
    let request = json!({"as_of": NIGHT, "shard": shard, "cursor": cursor});
    let request = signoff_request(request).expect("a request");
    signoff_scan::handle(&cloud.signoff_scan(), request, time)
        .await
        .expect("a sign-off scan")
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_without_time_for_more_come_to_what_one_long_run_comes_to() {
    let expected = cloud_with_orders(ORDERS).await;
    let whole = stalls(&expected, json!(null), TimeLeft::unlimited()).await;
    assert_eq!(
        (whole.tally.posted, whole.cursor.as_ref()),
        (u64::from(ORDERS), None)
    );

    let cloud = cloud_with_orders(ORDERS).await;
    let (mut total, mut cursor, mut runs) = (ScanOutcome::default(), json!(null), 0);
    loop {
        let run = stalls(&cloud, cursor, no_time()).await;
        assert!(run.tally.examined <= ORDERS_AT_A_TIME as u64, "{run:?}");
        cursor = cursor_of(&run);
        total.add(run);
        runs += 1;
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(total.tally, whole.tally, "each order was looked at once");
    assert_eq!(runs, 4);
    assert_same("entries", ledger(&expected).await, ledger(&cloud).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_off_scan_goes_on_from_shard_to_shard() {
    let expected = cloud_with_orders(ORDERS).await;
    let whole = signoffs(&expected, None, json!(null), TimeLeft::unlimited()).await;
    assert_eq!(whole.tally.posted, u64::from(ORDERS));

    let cloud = cloud_with_orders(ORDERS).await;
    let (mut total, mut cursor, mut runs) = (ScanOutcome::default(), json!(null), 0);
    loop {
        let run = signoffs(&cloud, None, cursor, no_time()).await;
        cursor = cursor_of(&run);
        total.add(run);
        runs += 1;
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(total.tally, whole.tally);
    assert!(runs > 16, "a run a shard at least: {runs}");
    assert_same("entries", ledger(&expected).await, ledger(&cloud).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_shard_alone_stops_and_goes_on_too() {
    let cloud = cloud_with_orders(ORDERS).await;
    let mut posted = 0;
    for shard in 0..16 {
        let first = signoffs(&cloud, Some(shard), json!(null), no_time()).await;
        let rest = signoffs(&cloud, Some(shard), cursor_of(&first), TimeLeft::unlimited()).await;
        assert!(rest.cursor.is_none(), "{rest:?}");
        posted += first.tally.posted + rest.tally.posted;
    }
    assert_eq!(posted, u64::from(ORDERS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_in_the_middle_of_a_page_once_its_time_is_over() {
    let cloud = cloud_with_orders(ORDERS).await;
    // Time enough when it is asked for the first time.
    let asked = Arc::new(AtomicU32::new(0));
    let time = TimeLeft::told_by(move || match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Duration::from_secs(800),
        _ => Duration::from_secs(1),
    });
    let run = stalls(&cloud, json!(null), time).await;
    assert_eq!(run.tally.examined, 2 * ORDERS_AT_A_TIME as u64);
    assert_eq!(run.tally.posted, run.tally.examined, "what was begun is finished");
    // The same run again, as after a lost answer: it looks at the same orders and posts nothing.
    let again = stalls(&cloud, json!(null), no_time()).await;
    assert_eq!(
        (again.tally.examined, again.tally.posted),
        (ORDERS_AT_A_TIME as u64, 0)
    );
    let rest = stalls(&cloud, cursor_of(&run), TimeLeft::unlimited()).await;
    assert_eq!(rest.tally.posted, u64::from(ORDERS) - run.tally.posted);
}
