//! Several scanners on the same orders at once, and uploads beside them: one result.

use std::sync::Arc;

use entrypoint::TimeLeft;
use serde_json::json;
use tests::{OwnCloud, assert_same, at, beside, made_up, operator_key, seed};

use crate::scans::{ledger, stall_request};

const ORDERS: u32 = 60;
const NIGHT: &str = "2024-05-06T07:00:00Z";
/// When the later files were learned: after the night, however early they are delivered.
const LATER: &str = "2024-05-06T07:00:01Z";

async fn upload_days(cloud: &OwnCloud, seed: u64, learned_by_night: bool) {
    let season = made_up(seed, ORDERS);
    for (date, day) in season.days(cloud.policy.zone) {
        let ends_at = domain::time::day_starts_at(date.succ_opt().expect("a next day"), cloud.policy.zone);
        if (ends_at <= at(NIGHT)) != learned_by_night {
            continue;
        }
        let learned_at = ends_at.max(if learned_by_night { ends_at } else { at(LATER) });
        for (file, table) in day.files() {
            let kind = file.split('-').next().unwrap_or(file);
            let key = operator_key(kind, &format!("{date}-{file}.csv"));
            cloud.put(&key, table.csv(), Some(learned_at)).await;
        }
        cloud.deliver_notifications().await.expect("uploads are answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scanners_on_one_segment_with_uploads_beside_them_come_to_one_result() {
    let seed = seed(4);
    let alone = OwnCloud::new().await;
    upload_days(&alone, seed, true).await;
    alone.settle(at(NIGHT)).await;
    let expected = ledger(&alone).await;
    assert!(expected.len() > 20, "{} entries", expected.len());

    let cloud = Arc::new(OwnCloud::new().await);
    upload_days(&cloud, seed, true).await;
    let uploads = Arc::clone(&cloud);
    let uploads = beside(async move || upload_days(&uploads, seed, false).await);
    let scans: Vec<_> = (0..4)
        .map(|_| {
            let cloud = Arc::clone(&cloud);
            beside(async move || {
                let request = stall_request(json!({"as_of": NIGHT, "segment": 0, "segments": 1}));
                let request = request.expect("a request");
                stall_scan::handle(&cloud.stall_scan(), request, TimeLeft::unlimited())
                    .await
                    .expect("a stall scan")
            })
        })
        .collect();
    let signoffs = Arc::clone(&cloud);
    let signoffs = beside(async move || signoffs.scan_signoffs(at(NIGHT)).await.expect("a sign-off scan"));
    let mut posted = signoffs.await.expect("a scan does not panic").tally.posted;
    for scan in scans {
        let outcome = scan.await.expect("a scan does not panic");
        assert!(outcome.failed.is_empty() && !outcome.superseded, "{outcome:?}");
        posted += outcome.tally.posted;
    }
    uploads.await.expect("uploads do not panic");
    // Whoever came last settles what an upload wrote in between.
    cloud.settle(at(NIGHT)).await;
    assert_same("entries", expected, ledger(&cloud).await);
    assert!(posted > 0, "the scanners did the work");

    // Both clouds learn the rest, and their next nights agree too.
    upload_days(&alone, seed, false).await;
    for cloud in [&alone, &*cloud] {
        cloud.settle(at("2024-06-20T07:00:00Z")).await;
    }
    assert_same("entries", ledger(&alone).await, ledger(&cloud).await);
}
