//! What comes while a night is withdrawn, after it, or again.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::withdrawal::counted;
use local::ORDERS_TABLE;
use morning_digest::MorningDigest;
use night_close::withdrawal::{self, Outcome, Request, Status as Withdrawal};
use night_close::{NightClose, Status};
use store::{ScanOutcome, ScanRun, ToSettle};
use tests::{Fuse, assert_same, at, beside, entries, net, pausing_lake, seed, written};

use super::{WRONG, right_nights, waymark, withdraw, wronged};
use crate::ledger::SEASON_ENDS;
use crate::ledger::closes::{assert_sound, files};

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_and_a_close_that_come_late_post_nothing_of_a_night_withdrawn() {
    let cloud = wronged(seed(33), 20, &[]).await;
    let (right, last) = right_nights();
    let after = *right.last().expect("a night");
    let before = entries(&cloud).await;
    // The scan has begun and read its orders; the withdrawal comes before it posts.
    assert!(cloud.store.begin_scan(at(WRONG)).await.expect("a scan begins"));
    let page = cloud.store.scan_orders(0, 1, None).await.expect("orders");
    let read: Vec<_> = page
        .found
        .into_iter()
        .map(|order| ToSettle::Read(Box::new(order.expect("an order decodes"))))
        .collect();
    assert!(!read.is_empty());
    let outcome = withdraw(&cloud, after).await;
    assert_eq!(
        (outcome.status, outcome.nights),
        (Withdrawal::Withdrawn, vec![at(WRONG)])
    );
    let mut late = ScanOutcome::default();
    cloud
        .store
        .settle_all(read, &ScanRun::new(&cloud.policy, at(WRONG), "late"), &mut late)
        .await;
    assert!(late.superseded && late.failed.is_empty(), "{late:?}");
    assert_same("entries", written(&before), written(&entries(&cloud).await));
    let close = cloud.close_night(at(WRONG)).await.expect("a close");
    assert_eq!((close.status, close.close), (Status::Withdrawn, None));
    assert!(
        !cloud.night(last).await.expect("a night").stalls.superseded,
        "not frozen"
    );
    assert_sound(&cloud, right.len() + 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_and_scans_all_at_once_leave_a_sound_ledger() {
    let cloud = Arc::new(wronged(seed(34), 30, &[WRONG]).await);
    let (right, last) = right_nights();
    let after = *right.last().expect("a night");
    let runs: Vec<_> = (0..3)
        .map(|_| {
            let cloud = Arc::clone(&cloud);
            beside(async move || withdraw(&cloud, after).await.status)
        })
        .collect();
    let scans = Arc::clone(&cloud);
    let scans = beside(async move || scans.scan_stalls(last).await.expect("a stall scan"));
    for run in runs {
        let status = run.await.expect("a withdrawal does not panic");
        assert_ne!(status, Withdrawal::UnderWay);
    }
    scans.await.expect("a scan does not panic");
    // What was kept from the night comes in the next.
    cloud.night(last).await.expect("a night");
    cloud
        .night(last.plus(domain::Elapsed::days(1)))
        .await
        .expect("a night");
    let standing = counted(entries(&cloud).await.iter())
        .iter()
        .any(|entry| entry.as_of == at(WRONG));
    assert!(!standing, "nothing of the wrong night counts");
    let cloud = Arc::into_inner(cloud).expect("nobody else has it");
    let directory = cloud.close();
    let proof = waymark(directory.path()).run(["ledger", "verify"]);
    assert_eq!(proof.status, 0, "{proof:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_wakes_after_another_has_withdrawn_writes_no_close() {
    let cloud = wronged(seed(38), 10, &[WRONG]).await;
    let (right, last) = right_nights();
    let after = *right.last().expect("a night");
    // All is taken back by the slow run; only its void close is to be written.
    let (lake, mut paused) = pausing_lake(&cloud, "watch", 0);
    let slow = NightClose {
        lake,
        ..cloud.night_close()
    };
    let running = beside(async move || withdrawal::handle(&slow, Request { after }).await);
    paused.reached().await;
    let by_another = withdraw(&cloud, after).await;
    let right_files = files(&cloud).await;
    paused.go_on();
    let outcome = running.await.expect("it does not panic").expect("it ends");
    assert_eq!(
        outcome,
        Outcome {
            kept: 0,
            ..by_another
        }
    );
    assert_eq!(files(&cloud).await, right_files);
    let night = cloud.night(last).await.expect("a night");
    assert_eq!(night.close.status, Status::Closed);
    assert_sound(&cloud, right.len() + 3).await;
    let directory = cloud.close();
    let proof = waymark(directory.path()).run(["ledger", "verify"]);
    assert_eq!(proof.status, 0, "{proof:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_another_run_takes_away_meanwhile_is_none() {
    let cloud = wronged(seed(39), 5, &[WRONG]).await;
    let after = *right_nights().0.last().expect("a night");
    withdraw(&cloud, after).await;
    // The slow run has seen that the digest is there, and is about to read it.
    let (lake, mut paused) = pausing_lake(&cloud, "2062-06-12/digest.json", 0);
    let slow = MorningDigest {
        lake,
        ..cloud.morning_digest()
    };
    let running = beside(async move || morning_digest::withdraw(&slow, after).await);
    paused.reached().await;
    let by_another = morning_digest::withdraw(&cloud.morning_digest(), after).await;
    assert_eq!(by_another.expect("it ends").len(), 1);
    paused.go_on();
    let late = running.await.expect("it does not panic").expect("it ends");
    assert_eq!(late, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_instant_may_come_again_and_be_withdrawn_again() {
    let (right, _) = right_nights();
    let after = *right.last().expect("a night");
    let cloud = wronged(seed(35), 20, &[SEASON_ENDS]).await;
    let once = entries(&cloud).await;
    for _ in 0..2 {
        assert_eq!(withdraw(&cloud, after).await.nights, [at(SEASON_ENDS)]);
        let night = cloud.night(at(SEASON_ENDS)).await.expect("a night");
        assert_eq!(night.close.status, Status::Closed);
        assert!(!night.stalls.superseded, "begun anew");
        assert_eq!(net(&entries(&cloud).await), net(&once));
    }
    assert_sound(&cloud, right.len() + 5).await;
    let names: Vec<String> = files(&cloud).await.into_keys().collect();
    assert!(
        names
            .iter()
            .any(|name| name.contains("20240511T070000Z-again-5/")),
        "{names:?}"
    );
    assert!(names.iter().any(|name| name.contains("-void-4/")), "{names:?}");
    let directory = cloud.close();
    assert_eq!(waymark(directory.path()).run(["ledger", "verify"]).status, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_as_of_the_instant_itself_may_still_come() {
    let cloud = wronged(seed(36), 10, &[WRONG]).await;
    let (right, last) = right_nights();
    assert_eq!(withdraw(&cloud, last).await.nights, [at(WRONG)]);
    let night = cloud.night(last).await.expect("a night");
    assert_eq!(
        (night.close.status, night.stalls.superseded),
        (Status::Closed, false)
    );
    // Closed, it is over; and there is nothing later than it.
    assert!(cloud.scan_stalls(last).await.expect("a scan").superseded);
    assert_eq!(withdraw(&cloud, last).await.status, Withdrawal::Nothing);
    assert_sound(&cloud, right.len() + 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_left_are_withdrawn_by_the_ledger_alone_and_marked_ones_stay() {
    // The second wrong night marks what the first has settled for good.
    let cloud = wronged(seed(37), 20, &[WRONG, "2062-06-13T07:00:00Z"]).await;
    let (right, _) = right_nights();
    let after = *right.last().expect("a night");
    let posted = entries(&cloud).await;
    let gone = posted
        .iter()
        .find(|entry| entry.as_of == at(WRONG))
        .expect("a fine of 2062");
    let delete = cloud.dynamodb.delete_item().table_name(ORDERS_TABLE);
    let delete = delete.key("order_id", AttributeValue::S(gone.order_id.to_string()));
    delete.send().await.expect("an order can be deleted");
    let marked = async || {
        let page = cloud.store.scan_orders(0, 1, None).await.expect("orders");
        let latest = after.plus(cloud.policy.retention);
        let orders = page
            .found
            .into_iter()
            .map(|order| order.expect("an order decodes"));
        orders.filter(|order| order.expires_at > Some(latest)).count()
    };
    assert!(marked().await > 0, "orders were let go");
    let outcome = withdraw(&cloud, after).await;
    assert_eq!((outcome.status, outcome.nights.len()), (Withdrawal::Withdrawn, 2));
    assert_eq!(marked().await, 0);
    let now = entries(&cloud).await;
    let of_gone: i64 = now
        .iter()
        .filter(|entry| entry.order_id == gone.order_id && entry.as_of > after && entry.kind.moves_money())
        .map(|entry| entry.amount.0)
        .sum();
    assert_eq!(of_gone, 0);
    assert_sound(&cloud, right.len() + 3).await;
    let directory = cloud.close();
    assert_eq!(waymark(directory.path()).run(["ledger", "verify"]).status, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_under_way_is_named_and_run_to_its_end_first() {
    let cloud = wronged(seed(38), 10, &[WRONG]).await;
    let (right, last) = right_nights();
    let after = *right.last().expect("a night");
    let fuse = Fuse::before_call(12);
    let died = withdrawal::handle(&fuse.night_close(&cloud), Request { after }).await;
    assert!(died.is_err());
    assert!(
        cloud.scan_stalls(last).await.expect("a scan").superseded,
        "scans wait"
    );
    let directory = cloud.close();
    let waymark = waymark(directory.path());
    let other = last.to_string();
    let refused = waymark.run(["nights", "withdraw", "--after", &other]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains(&after.to_string()), "{refused:?}");
    let proof = waymark.run(["ledger", "verify", "--json"]);
    assert!(
        proof.json_lines()[0]["told"]
            .to_string()
            .contains("nights withdraw"),
        "{proof:?}"
    );
    let after = after.to_string();
    assert_eq!(waymark.run(["nights", "withdraw", "--after", &after]).status, 0);
    assert_eq!(waymark.run(["ledger", "verify"]).status, 0);
    let ahead = waymark.run(["nights", "withdraw", "--after", WRONG]);
    assert_eq!(ahead.status, 2, "{ahead:?}");
    assert!(ahead.stderr.contains("still to come"), "{ahead:?}");
}
