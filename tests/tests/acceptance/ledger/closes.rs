//! The close of a night: one for each, chained, the same bytes whoever writes them and however often they die.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use domain::{Elapsed, Timestamp};
use night_close::{NightClose, Parts, Request, Status};
use tests::{Fuse, OwnCloud, assert_same, at, beside, entries, seed};

use crate::ledger::{SEASON_ENDS, cloud_with_season, nights, upload};

/// Every file under `closes/`, by its place there.
pub async fn files(cloud: &OwnCloud) -> BTreeMap<String, Vec<u8>> {
    let copy = tempfile::tempdir().expect("a directory");
    cloud
        .lake
        .fetch_closes(copy.path())
        .await
        .expect("the closes can be copied");
    let mut found = BTreeMap::new();
    let mut folders = vec![copy.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(copy.path()).expect("inside");
                found.insert(
                    name.to_string_lossy().into_owned(),
                    std::fs::read(&path).expect("a file"),
                );
            }
        }
    }
    found
}

/// Fails unless the closes are a sound chain that holds the ledger whole.
pub async fn assert_sound(cloud: &OwnCloud, nights: usize) {
    let copy = tempfile::tempdir().expect("a directory");
    cloud
        .lake
        .fetch_closes(copy.path())
        .await
        .expect("the closes can be copied");
    let mut closed = Vec::new();
    let proof = lake::prove_chain(Path::new(copy.path()), |_, entry| {
        closed.push(entry.entry_id.clone());
    })
    .expect("the files can be read");
    assert_eq!(
        (&proof.told, proof.closes.len()),
        (&Vec::<String>::new(), nights),
        "{proof:?}"
    );
    assert_eq!(
        cloud
            .store
            .newest_close()
            .await
            .expect("the newest close")
            .as_ref(),
        proof.closes.last()
    );
    assert_same(
        "entries",
        entries(cloud).await.into_iter().map(|entry| entry.entry_id),
        closed,
    );
}

async fn scan(cloud: &OwnCloud, as_of: Timestamp) {
    cloud.settle(as_of).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_night_has_one_close_that_follows_the_one_before() {
    let cloud = cloud_with_season(seed(5), 40).await;
    for (index, as_of) in nights().into_iter().enumerate() {
        let night = cloud.night(as_of).await.expect("a night");
        let close = night.close.close.expect("the night is closed");
        assert_eq!(
            (night.close.status, close.number),
            (Status::Closed, index as u64 + 1)
        );
        let moved = night.stalls.tally.balance + night.signoffs.tally.balance;
        assert_eq!(close.balance_moved, moved, "it tells what the scans posted");
        assert!(close.entries > 0);
    }
    // Nothing is learned, nothing is due: the close says that the night was.
    let quiet = at("2024-05-11T19:00:00Z");
    let close = cloud.night(quiet).await.expect("a night").close;
    assert_eq!(
        close.close.map(|close| close.entries),
        Some(0),
        "a night without entries"
    );
    assert_sound(&cloud, 4).await;
    assert!(
        files(&cloud)
            .await
            .contains_key("date=2024-05-11/20240511T070000Z/close.json"),
        "named by the day of the platform zone and the instant"
    );

    let written = files(&cloud).await;
    for as_of in nights() {
        let again = cloud.close_night(as_of).await.expect("a close");
        assert_eq!((again.status, again.caught_up), (Status::Stood, 0));
        assert_eq!(again.close.map(|close| close.as_of), Some(as_of));
        let night = cloud.night(as_of).await.expect("a night");
        assert!(
            night.stalls.superseded && night.signoffs.superseded,
            "a closed night takes no entries"
        );
    }
    assert_eq!(files(&cloud).await, written);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_learned_after_the_close_is_the_next_nights() {
    let cloud = cloud_with_season(seed(5), 10).await;
    let [first, second, _] = nights()[..] else {
        panic!("three nights")
    };
    cloud.night(first).await.expect("a night");
    let before = entries(&cloud).await.len();
    // A failed upload of the day before, told late, with the night's own time.
    let orders = "order_id,seller_id,paid_at,amount,currency,destination_country\n\
        8299999999999999,S1,2024-04-05T00:00:00Z,80.10,USD,US\n";
    let tracking =
        "order_id,carrier,tracking_number,uploaded_at\n8299999999999999,Pigeon Post,1,2024-04-05T01:00:00Z\n";
    upload(&cloud, "orders", "late.csv", orders, at("2024-04-05T02:00:00Z")).await;
    upload(
        &cloud,
        "tracking",
        "late.csv",
        tracking,
        at("2024-04-05T02:00:00Z"),
    )
    .await;
    cloud.settle(first).await;
    assert_eq!(entries(&cloud).await.len(), before, "the night is over");
    cloud.night(second).await.expect("a night");
    let late = entries(&cloud)
        .await
        .into_iter()
        .find(|entry| entry.order_id.as_str() == "8299999999999999");
    assert_eq!(late.expect("a fine").as_of, second);
    assert_sound(&cloud, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nights_whose_close_was_missed_are_closed_first_and_alike() {
    let orderly = cloud_with_season(seed(6), 30).await;
    let missed = cloud_with_season(seed(6), 30).await;
    for as_of in nights() {
        orderly.night(as_of).await.expect("a night");
        scan(&missed, as_of).await;
    }
    let outcome = missed.close_night(at(SEASON_ENDS)).await.expect("a close");
    assert_eq!((outcome.status, outcome.caught_up), (Status::Closed, 2));
    assert_eq!(files(&missed).await, files(&orderly).await);
    assert_sound(&missed, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_without_scans_is_not_closed_and_may_still_come() {
    let cloud = cloud_with_season(seed(6), 10).await;
    let [first, second, third] = nights()[..] else {
        panic!("three nights")
    };
    let outcome = cloud.close_night(second).await.expect("a close");
    assert_eq!((outcome.status, outcome.close), (Status::NotScanned, None));
    assert!(files(&cloud).await.is_empty());
    assert_eq!(
        cloud.night(second).await.expect("a night").close.status,
        Status::Closed
    );
    // The earlier one can come no more: its scans post nothing, and the chain does not fork.
    let late = cloud.night(first).await.expect("a night");
    assert!(late.stalls.superseded && late.signoffs.superseded);
    assert_eq!((late.close.status, late.close.close), (Status::Superseded, None));
    // A second later is another night.
    for as_of in [second.next(), third] {
        assert_eq!(
            cloud.night(as_of).await.expect("a night").close.status,
            Status::Closed
        );
    }
    assert_sound(&cloud, 3).await;
}

fn parts_of(entries: usize) -> Parts {
    Parts {
        execution: "an execution".to_owned(),
        entries,
    }
}

/// Dies before, and after, each of its calls; then runs again to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_close_killed_between_any_two_calls_and_run_again_writes_the_same_bytes() {
    let (undisturbed, calls) = (cloud_with_season(seed(8), 8).await, 200);
    for as_of in nights() {
        scan(&undisturbed, as_of).await;
    }
    undisturbed.close_night(at(SEASON_ENDS)).await.expect("a close");
    let expected = files(&undisturbed).await;

    let cloud = cloud_with_season(seed(8), 8).await;
    for as_of in nights() {
        scan(&cloud, as_of).await;
    }
    let request = Request {
        as_of: at(SEASON_ENDS),
    };
    let mut died = 0;
    // Each run dies one call later than the last, so the work moves on: in the end it is done.
    for call in 0..calls {
        for fuse in [Fuse::before_call(call), Fuse::after_call(call)] {
            let closer = NightClose {
                parts: parts_of(2),
                ..fuse.night_close(&cloud)
            };
            match night_close::handle(&closer, request).await {
                Ok(_) => assert!(!fuse.has_blown(), "a run that died tells of no success"),
                Err(_) => died += 1,
            }
        }
        let written = files(&cloud).await;
        assert!(
            written
                .iter()
                .all(|(name, bytes)| expected.get(name) == Some(bytes)),
            "what stands after a death is what will stand"
        );
    }
    assert!(died > 40, "it died {died} times");
    assert_eq!(
        cloud.close_night(at(SEASON_ENDS)).await.expect("a close").status,
        Status::Stood
    );
    assert_eq!(files(&cloud).await, expected);
    assert_sound(&cloud, 3).await;
}

/// A run that has read nearly all of a night is not lost when it is cut off, for a night may have more than a run has time for.
#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_is_cut_off_reads_on_where_it_was() {
    let request = Request {
        as_of: at(SEASON_ENDS),
    };
    let (undisturbed, cloud) = (
        cloud_with_season(seed(10), 40).await,
        cloud_with_season(seed(10), 40).await,
    );
    for cloud in [&undisturbed, &cloud] {
        scan(cloud, request.as_of).await;
    }
    let whole = Fuse::before_call(u32::MAX).night_close(&undisturbed);
    night_close::handle(&whole, request).await.expect("a close");

    let mut calls = 0;
    let last = loop {
        let closer = NightClose {
            parts: parts_of(1),
            ..Fuse::before_call(calls).night_close(&cloud)
        };
        if night_close::handle(&closer, request).await.is_ok() {
            break closer;
        }
        calls += 1;
    };
    assert_eq!(files(&cloud).await, files(&undisturbed).await);
    let read = |closer: &NightClose| closer.store.capacity_used().read_halves;
    let entries = entries(&cloud).await.len() as u64;
    assert!(
        entries > 20 && read(&last) + entries < read(&whole),
        "{entries} entries, read {} and then {}",
        read(&whole),
        read(&last)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn closers_and_scans_all_at_once_leave_one_chain() {
    let cloud = Arc::new(cloud_with_season(seed(9), 40).await);
    for as_of in nights() {
        let scans = Arc::clone(&cloud);
        let scans = beside(async move || scans.night(as_of).await.expect("a night"));
        let closers: Vec<_> = (0..4)
            .map(|_| {
                let cloud = Arc::clone(&cloud);
                beside(async move || {
                    loop {
                        let outcome = cloud.close_night(as_of).await.expect("a close");
                        // Closed in the midst of its scans, it takes what they had posted by then.
                        if outcome.status != Status::NotScanned {
                            return outcome;
                        }
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let night = scans.await.expect("a night does not panic");
        let mut closes = vec![night.close.close];
        for closer in closers {
            closes.push(closer.await.expect("a closer does not panic").close);
        }
        assert!(
            closes.iter().all(|close| close.is_some() && *close == closes[0]),
            "{closes:?}"
        );
    }
    assert_sound(&cloud, 3).await;
    // What the scans were kept from, the next night posts.
    let last = at(SEASON_ENDS).plus(Elapsed::days(1));
    cloud.night(last).await.expect("a night");
    assert_sound(&cloud, 4).await;
}
