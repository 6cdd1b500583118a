//! The journal: each night's entries, found by the night.

use std::sync::Arc;

use domain::LedgerEntry;
use tests::{OwnCloud, assert_same, at, beside, entries, seed, written};

use crate::ledger::{SEASON_ENDS, cloud_with_season, nights, upload};

#[tokio::test(flavor = "multi_thread")]
async fn the_entries_of_every_night_are_the_ledger_whoever_posted_them() {
    // Learned as it happened: later facts take back what earlier nights posted.
    let cloud = Arc::new(cloud_with_season(seed(11), 60).await);
    for as_of in nights() {
        // Both scans twice, at once.
        let runs: Vec<_> = [0, 1]
            .map(|_| {
                let (stalls, signoffs) = (Arc::clone(&cloud), Arc::clone(&cloud));
                [
                    beside(async move || stalls.scan_stalls(as_of).await.expect("a stall scan")),
                    beside(async move || signoffs.scan_signoffs(as_of).await.expect("a sign-off scan")),
                ]
            })
            .into_iter()
            .flatten()
            .collect();
        for run in runs {
            let outcome = run.await.expect("a scan does not panic");
            assert!(outcome.failed.is_empty(), "{outcome:?}");
        }
    }

    let ledger = entries(&cloud).await;
    let mut journal: Vec<LedgerEntry> = Vec::new();
    for as_of in nights() {
        let night = cloud
            .store
            .entries_of_night(as_of)
            .await
            .expect("a night's entries");
        assert!(night.len() > 10, "{as_of}: {} entries", night.len());
        assert!(
            night.is_sorted_by(|one, other| one.entry_id < other.entry_id),
            "by entry id, none twice"
        );
        assert!(night.iter().all(|entry| entry.as_of == as_of));
        journal.extend(night);
    }
    assert_same("entries", written(&ledger), written(&journal));
    assert!(
        journal.iter().any(|entry| entry.reverses.is_some()),
        "entries taken back are in it too"
    );
    let quiet = cloud.store.entries_of_night(at("2024-04-07T07:00:00Z")).await;
    assert_eq!(quiet.expect("a night without a scan"), []);
}

/// More than a page a shard, ids of several lengths.
#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_a_thousand_entries_is_read_in_order_and_by_the_page() {
    const ORDERS: u64 = 1_100;
    let cloud = OwnCloud::new().await;
    let learned_at = at("2024-05-02T00:00:00Z");
    let ids: Vec<u64> = (0..ORDERS)
        .map(|n| {
            if n % 3 == 0 {
                10_000_000_000 + n
            } else {
                8_200_000_000_000_000 + n
            }
        })
        .collect();
    let orders = ids.iter().fold(
        "order_id,seller_id,paid_at,amount,currency,destination_country\n".to_owned(),
        |file, id| file + &format!("{id},S1,2024-05-01T00:00:00Z,80.10,USD,US\n"),
    );
    let tracking = ids.iter().fold(
        "order_id,carrier,tracking_number,uploaded_at\n".to_owned(),
        |file, id| file + &format!("{id},Pigeon Post,1,2024-05-01T12:00:00Z\n"),
    );
    upload(&cloud, "orders", "orders.csv", orders, learned_at).await;
    let answer = upload(&cloud, "tracking", "tracking.csv", tracking, learned_at).await;
    assert_eq!(answer.fines.count, ORDERS);
    let as_of = at(SEASON_ENDS);
    let outcome = cloud.scan_stalls(as_of).await.expect("a scan");
    assert_eq!(outcome.tally.posted, ORDERS);

    let night = cloud
        .store
        .entries_of_night(as_of)
        .await
        .expect("the night's entries");
    assert_eq!(written(&night), written(&entries(&cloud).await));
    let postings = cloud
        .store
        .postings_of_night(as_of)
        .await
        .expect("the night's journal");
    assert_same(
        "names",
        night.iter().map(|entry| entry.entry_id.clone()),
        postings.into_iter().flat_map(|posting| posting.entry_ids),
    );
}
