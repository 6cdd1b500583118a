//! Compaction: fewer files, the same rows. Twice, at once, beside writers, and killed anywhere.

use std::time::Duration;

use entrypoint::TimeLeft;
use lake::{Compacted, Compaction, Extent, LakeError};
use order_history::Task;
use tests::{Fuse, SellerFigures, figures_of_months};

use super::*;

/// An upload, and what it changes in the lake.
pub async fn bring(cloud: &OwnCloud, kind: &str, content: &str, recorded_at: Timestamp) {
    upload(cloud, kind, content, recorded_at).await;
    cloud.deliver_streams().await.expect("the streams are delivered");
}

/// The lake of April, in several batches.
pub async fn lake_of_april() -> OwnCloud {
    let cloud = OwnCloud::new().await;
    for (kind, content) in [("orders", ORDERS), ("tracking", TRACKING), ("events", EVENTS)] {
        bring(&cloud, kind, content, at("2024-04-13T00:00:00Z")).await;
    }
    cloud
}

/// April's batches.
fn batches() -> Compaction {
    Compaction {
        month: april(),
        extent: Extent::Batches,
    }
}

/// All of April.
fn whole_month() -> Compaction {
    Compaction {
        extent: Extent::Month,
        ..batches()
    }
}

async fn compact(cloud: &OwnCloud, compaction: Compaction) -> Compacted {
    try_compact(&cloud.lake, compaction)
        .await
        .expect("a compaction is done")
}

async fn try_compact(lake: &lake::Lake, compaction: Compaction) -> Result<Compacted, LakeError> {
    let scratch = tempfile::tempdir().expect("a directory");
    lake.compact(compaction, scratch.path()).await
}

/// What the lake says of April as of many instants: before anything was learned, at each change, long after.
async fn said(cloud: &OwnCloud) -> Vec<Vec<SellerFigures>> {
    let mut said = Vec::new();
    for as_of in [
        "2024-04-12T23:59:59Z",
        "2024-04-13T00:00:00Z",
        "2024-04-20T00:00:00Z",
        "2024-05-06T08:59:59Z",
        "2024-05-06T09:00:00Z",
        "2024-07-01T00:00:00Z",
    ] {
        said.push(figures_of_months(cloud, [april()].into(), at(as_of)).await);
    }
    said
}

async fn order_files(cloud: &OwnCloud) -> usize {
    cloud.lake.order_objects(april()).await.expect("a listing").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_month_says_the_same_as_of_any_instant() {
    let cloud = lake_of_april().await;
    let before = said(&cloud).await;
    let day = compact(&cloud, batches()).await;
    assert!(day.files_read > 1 && day.files_written == 1, "{day:?}");
    assert_eq!((said(&cloud).await, order_files(&cloud).await), (before, 1));
    assert_eq!(
        compact(&cloud, batches()).await,
        Compacted::default(),
        "nothing is left to do"
    );
    assert_eq!(compact(&cloud, whole_month()).await, Compacted::default());

    bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    let with_late_rows = said(&cloud).await;
    assert_eq!(compact(&cloud, batches()).await.files_written, 1);
    assert_eq!(
        (said(&cloud).await, order_files(&cloud).await),
        (with_late_rows.clone(), 2)
    );
    assert_eq!(compact(&cloud, whole_month()).await.files_read, 2);
    assert_eq!(
        (said(&cloud).await, order_files(&cloud).await),
        (with_late_rows.clone(), 1)
    );

    // The same batches once more, as a stream may deliver them.
    bring(&cloud, "events", EVENTS, at("2024-05-08T10:00:00Z")).await;
    assert_eq!(said(&cloud).await, with_late_rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_compaction_folds_the_batches_of_the_months_that_still_change() {
    let cloud = lake_of_april().await;
    let before = said(&cloud).await;
    let day = |as_of: &str| serde_json::json!({ "compact": { "as_of": as_of } });
    let run = async |task, time| {
        let done = order_history::run(&cloud.order_history(), Task(task), time).await;
        serde_json::to_value(done.expect("a compaction is done")).expect("JSON")
    };
    let too_late = run(day("2024-08-31T12:30:00Z"), TimeLeft::unlimited()).await;
    assert_eq!(
        (&too_late["files_read"], order_files(&cloud).await > 1),
        (&0.into(), true)
    );
    // However little time there is, one month is folded.
    let folded = run(day("2024-04-30T12:30:00Z"), TimeLeft::of(Duration::ZERO)).await;
    assert!(
        folded["files_read"].as_u64() > Some(1) && folded["more"] == true,
        "{folded}"
    );
    assert_eq!((said(&cloud).await, order_files(&cloud).await), (before, 1));
    let again = run(day("2024-07-31T12:30:00Z"), TimeLeft::unlimited()).await;
    assert_eq!((&again["files_read"], &again["more"]), (&0.into(), &false.into()));
    let neither = serde_json::json!({ "compact": { "month": "2024-04" } });
    let refused = order_history::run(&cloud.order_history(), Task(neither), TimeLeft::unlimited()).await;
    assert!(matches!(refused, Err(entrypoint::Failure::Permanent(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_killed_anywhere_loses_no_row_and_is_simply_done_again() {
    let mut kills = 0;
    for calls in 0.. {
        for fuse in [Fuse::before_call(calls), Fuse::after_call(calls)] {
            let cloud = lake_of_april().await;
            let before = said(&cloud).await;
            let ended = try_compact(&fuse.lake(&cloud), batches()).await;
            if !fuse.has_blown() {
                assert!(ended.is_ok() && kills >= 16, "{kills} kills, then {ended:?}");
                return;
            }
            kills += 1;
            assert!(ended.is_err(), "killed at call {calls}");
            assert_eq!(said(&cloud).await, before, "killed at call {calls}");
            compact(&cloud, batches()).await;
            compact(&cloud, whole_month()).await;
            assert_eq!(
                (said(&cloud).await, order_files(&cloud).await),
                (before, 1),
                "call {calls}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compactions_at_once_and_beside_writers_and_readers_lose_no_row() {
    let quiet = lake_of_april().await;
    bring(&quiet, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    let expected = said(&quiet).await;

    let cloud = lake_of_april().await;
    let early: Vec<_> = said(&cloud).await;
    let compactions = async {
        for compaction in [batches(), whole_month(), batches(), whole_month(), whole_month()] {
            // Whoever comes too late for a file lists again; after five times it leaves it to the next run.
            let ended = try_compact(&cloud.lake, compaction).await;
            assert!(matches!(ended, Ok(_) | Err(LakeError::Gone { .. })), "{ended:?}");
        }
    };
    let others = async {
        for compaction in [whole_month(), batches(), whole_month()] {
            let ended = try_compact(&cloud.lake, compaction).await;
            assert!(matches!(ended, Ok(_) | Err(LakeError::Gone { .. })), "{ended:?}");
        }
    };
    let readers = async {
        for _ in 0..3 {
            let now = said(&cloud).await;
            assert_eq!(now[..3], early[..3], "what was known before the late file came");
        }
    };
    let writer = bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z"));
    tokio::join!(compactions, others, readers, writer);
    assert_eq!(said(&cloud).await, expected);
    compact(&cloud, whole_month()).await;
    assert_eq!((said(&cloud).await, order_files(&cloud).await), (expected, 1));
}

/// A month that no disk holds at once is folded in steps, each of which may be the last before a kill.
#[tokio::test(flavor = "multi_thread")]
async fn a_month_larger_than_the_disk_is_folded_in_steps() {
    let cloud = lake_of_april().await;
    bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    let before = said(&cloud).await;
    let objects = cloud.lake.order_objects(april()).await.expect("a listing");
    let bytes: u64 = objects.iter().map(|object| object.bytes).sum();
    let mut steps = 0;
    loop {
        let scratch = tempfile::tempdir().expect("a directory");
        let step = cloud
            .lake
            .compact_within(whole_month(), scratch.path(), bytes * 2 / 3)
            .await
            .expect("a step is done");
        assert_eq!(said(&cloud).await, before, "after step {steps}");
        if step.files_read == 0 {
            break;
        }
        steps += 1;
        assert!(steps < 20, "{step:?}");
    }
    assert!(steps > 2, "{steps}");
    let objects = cloud.lake.order_objects(april()).await.expect("a listing");
    let mut buckets: Vec<_> = objects
        .iter()
        .map(|object| object.bucket().map(|(bucket, _)| bucket))
        .collect();
    buckets.dedup();
    assert_eq!(buckets.len(), objects.len(), "one file a bucket");
}
