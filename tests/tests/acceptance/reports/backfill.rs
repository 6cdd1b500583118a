//! Backfill: what the streams lost is in the lake again, once or twice; and no report is final before the lake holds it.

use std::time::Duration;

use entrypoint::{Dated, TimeLeft};
use lake::Lack;
use order_history::{Backfilled, Done, Task};
use serde_json::json;
use tests::{SellerFigures, figures_of_months};

use super::compaction::{bring, lake_of_april};
use super::*;

/// A night with fines: S1's second parcel and S2's order have long been silent or without a number.
const NIGHT: &str = "2024-04-30T08:15:00Z";
const NIGHT_DATE: &str = "2024-04-30";

/// April with one closed night, everything delivered.
async fn closed_april() -> OwnCloud {
    let cloud = lake_of_april().await;
    let night = cloud.night(at(NIGHT)).await.expect("a night");
    assert!(night.close.close.is_some_and(|close| close.entries > 0));
    cloud.deliver_streams().await.expect("the streams are delivered");
    cloud
}

async fn figures(cloud: &OwnCloud) -> Vec<SellerFigures> {
    figures_of_months(cloud, [april()].into(), at(LATER)).await
}

/// What a stream that nobody reads for a day leaves of the lake: nothing.
async fn lose_history(cloud: &OwnCloud) {
    let list = cloud.s3.list_objects_v2().bucket(local::BUCKET).prefix("lake/");
    for object in list.send().await.expect("a listing").contents() {
        let key = object.key().expect("a key");
        let delete = cloud.s3.delete_object().bucket(local::BUCKET).key(key);
        delete.send().await.expect("a removal");
    }
}

async fn run(cloud: &OwnCloud, task: Value, time: TimeLeft) -> Backfilled {
    let task = Task(json!({ "backfill": task }));
    match order_history::run(&cloud.order_history(), task, time).await {
        Ok(Done::Backfilled(done)) => done,
        other => panic!("a backfill is done: {other:?}"),
    }
}

/// Runs a task to its end, by runs of one step.
async fn to_its_end(cloud: &OwnCloud, mut task: Value) -> Backfilled {
    loop {
        let done = run(cloud, task.clone(), TimeLeft::of(Duration::ZERO)).await;
        let Some(place) = &done.more else { return done };
        task["after"] = serde_json::to_value(place).expect("JSON");
    }
}

fn report_of_april() -> Value {
    json!({ "as_of": CLOSED, "month": "2024-04" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_stretch_of_history_is_written_again_and_twice_is_once() {
    let cloud = closed_april().await;
    let before = figures(&cloud).await;
    assert!(before.iter().any(|seller| seller.fines_count > 0), "{before:?}");
    for round in ["beside what is there", "lost", "lost by the night's range"] {
        if round != "beside what is there" {
            lose_history(&cloud).await;
            assert_eq!(figures(&cloud).await, []);
        }
        let task = match round {
            "lost by the night's range" => json!({ "from": "2024-04-01", "until": NIGHT_DATE }),
            _ => json!({ "night": NIGHT_DATE }),
        };
        let done = to_its_end(&cloud, task.clone()).await;
        assert!(done.lacks.is_empty() && done.orders == 3, "{round}: {done:?}");
        assert_eq!(figures(&cloud).await, before, "{round}");
        run(&cloud, task, TimeLeft::unlimited()).await;
        assert_eq!(figures(&cloud).await, before, "{round}, once more");
        let month = lake::Compaction {
            month: april(),
            extent: lake::Extent::Month,
        };
        let scratch = tempfile::tempdir().expect("a directory");
        cloud
            .lake
            .compact(month, scratch.path())
            .await
            .expect("compacted");
        assert_eq!(figures(&cloud).await, before, "{round}, compacted");
    }
    // What comes later is told apart from it as from the stream's own rows.
    bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    let twin = closed_april().await;
    bring(&twin, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    assert_eq!(figures(&cloud).await, figures(&twin).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_whose_entries_were_changed_is_named_and_not_written() {
    let cloud = closed_april().await;
    let before = figures(&cloud).await;
    let folder = "date=2024-04-30/20240430T081500Z";
    let put = cloud.s3.put_object().bucket(local::BUCKET);
    let put = put
        .key(format!("closes/{folder}/entries.jsonl"))
        .body(b"{}\n".to_vec().into());
    put.send().await.expect("an overwrite");
    let done = run(&cloud, json!({ "night": NIGHT_DATE }), TimeLeft::unlimited()).await;
    assert_eq!(done.lacks, [Lack::CloseUnsound(folder.to_owned())]);
    assert_eq!((done.entries, figures(&cloud).await), (0, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_report_is_final_before_the_lake_holds_what_it_is_made_of() {
    let cloud = lake_of_april().await;
    cloud.settle(at(NIGHT)).await;
    cloud.deliver_streams().await.expect("the streams are delivered");
    let request = || eligibility_report::Request {
        as_of: at(CLOSED),
        month: Some(april()),
    };
    let made = async || {
        let function = cloud.eligibility_report();
        eligibility_report::handle(&function, request())
            .await
            .expect("a report")
    };
    let unknown = made().await;
    let lacking = unknown.lacking.expect("a reason");
    assert!(
        !unknown.is_final && lacking.en.contains("was not completed"),
        "{lacking:?}"
    );

    // The night is open: its entries are in no close.
    let done = run(&cloud, report_of_april(), TimeLeft::unlimited()).await;
    assert_eq!((done.lacks, done.orders), (vec![Lack::NightOpen(at(NIGHT))], 0));
    let open = made().await;
    assert!(!open.is_final);
    let files_of_open = files(&cloud, &open.keys).await;
    let manifest = json(&files_of_open, "manifest.json");
    assert_eq!(manifest["final"], false);
    for (lang, text) in [
        ("en", "the close of the night"),
        ("zh", "夜间 2024-04-30T08:15:00Z 的结账"),
    ] {
        assert!(
            manifest["lacking"][lang]
                .as_str()
                .is_some_and(|told| told.contains(text)),
            "{manifest}"
        );
        let page = String::from_utf8_lossy(&files_of_open["eligibility.html"]).into_owned();
        assert!(page.contains(text) && page.contains("暂定"), "{text}");
        let csv = String::from_utf8_lossy(&files_of_open["eligibility.csv"]).into_owned();
        assert!(csv.contains(text) && csv.contains(",false,"), "{csv}");
    }

    // Closed; and meanwhile the streams' whole history is lost.
    cloud.close_night(at(NIGHT)).await.expect("a close");
    lose_history(&cloud).await;
    let done = to_its_end(&cloud, report_of_april()).await;
    assert!(done.lacks.is_empty(), "{done:?}");
    let whole = made().await;
    assert!(whole.is_final && whole.lacking.is_none());
    let twin = closed_april().await;
    let expected = report(&twin, CLOSED).await;
    let csv = |keys: Vec<String>| {
        keys.into_iter()
            .filter(|key| key.ends_with("csv"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        files(&cloud, &csv(whole.keys)).await,
        files(&twin, &csv(expected.keys)).await
    );
}

#[test]
fn no_lake_is_completed_as_of_an_instant_to_come() {
    let task = Task(json!({ "backfill": report_of_april() }));
    assert!(task.check_clock(at(CLOSED).unix()).is_ok());
    assert!(task.check_clock(at(CLOSED).unix() - 2 * 86_400).is_err());
}
