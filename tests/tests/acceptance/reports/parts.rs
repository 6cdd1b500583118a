//! A report in parts, and months that are taken from what is kept of them.

use eligibility_report::{Done, Request, Step, Task, run};
use report::Kept;

use super::compaction::{bring, lake_of_april};
use super::*;

const SETTLED: &str = "2024-08-01T00:00:00Z";

/// While April runs, with an order that waits for its pickup and one for its upload.
const RUNNING: &str = "2024-04-13T06:00:00Z";

fn task(step: Step, bucket: u32, buckets: u32) -> Task {
    task_as_of(SETTLED, step, bucket, buckets)
}

fn task_as_of(as_of: &str, step: Step, bucket: u32, buckets: u32) -> Task {
    Task {
        request: Request {
            as_of: at(as_of),
            month: Some(april()),
        },
        step: Some(step),
        bucket,
        buckets: Some(buckets),
    }
}

async fn done(cloud: &OwnCloud, step: Step, bucket: u32, buckets: u32) -> Done {
    done_as_of(SETTLED, cloud, step, bucket, buckets).await
}

async fn done_as_of(as_of: &str, cloud: &OwnCloud, step: Step, bucket: u32, buckets: u32) -> Done {
    complete(cloud, as_of).await;
    let done = run(
        &cloud.eligibility_report(),
        task_as_of(as_of, step, bucket, buckets),
    )
    .await;
    done.expect("a step of a report is done")
}

async fn compact_april(cloud: &OwnCloud) {
    let month = lake::Compaction {
        month: april(),
        extent: lake::Extent::Month,
    };
    let scratch = tempfile::tempdir().expect("a directory");
    let compacted = cloud.lake.compact(month, scratch.path()).await;
    compacted.expect("compacted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_month_names_the_orders_that_decide_it_in_parts_as_in_one_run() {
    let whole = report(&lake_of_april().await, RUNNING).await;
    for compacted in [false, true] {
        let cloud = lake_of_april().await;
        if compacted {
            compact_april(&cloud).await;
        }
        done_as_of(RUNNING, &cloud, Step::Plan, 0, 4).await;
        for bucket in 0..4 {
            done_as_of(RUNNING, &cloud, Step::Part, bucket, 4).await;
        }
        let Done::Report(merged) = done_as_of(RUNNING, &cloud, Step::Merge, 0, 4).await else {
            panic!("a report is made")
        };
        assert_eq!(merged.revision, whole.revision, "the same report, to the byte");
        let files = files(&cloud, &merged.keys).await;
        let page = String::from_utf8(files["eligibility.html"].clone()).expect("text");
        for (order, deadline) in [
            ("8100000000000002", "2024-04-13T13:00:00Z"),
            ("8100000000000003", "2024-04-13T12:00:00Z"),
        ] {
            assert!(
                page.contains(&format!("<th scope=\"row\">{order}</th>")),
                "{order}"
            );
            assert!(
                page.contains(&format!("<time datetime=\"{deadline}\">")),
                "{order}"
            );
        }
        assert!(
            !page.contains("<th scope=\"row\">8100000000000001</th>"),
            "it is fulfilled"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_in_parts_is_the_report_of_one_run() {
    let buckets = 4;
    for compacted in [false, true] {
        let cloud = lake_of_april().await;
        if compacted {
            compact_april(&cloud).await;
        }
        let Done::Plan { month, parts, .. } = done(&cloud, Step::Plan, 0, buckets).await else {
            panic!("a plan is made")
        };
        assert_eq!((month, parts.len()), (april(), 4));
        // What comes after the plan is not in it, in whichever part.
        bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
        let too_soon = run(&cloud.eligibility_report(), task(Step::Merge, 0, buckets)).await;
        assert!(too_soon.is_err(), "no part is there: {too_soon:?}");
        for part in parts.iter().rev().chain(&parts) {
            done(&cloud, Step::Part, part.bucket, part.buckets).await;
        }
        let Done::Report(merged) = done(&cloud, Step::Merge, 0, buckets).await else {
            panic!("a report is made")
        };
        let twin = lake_of_april().await;
        let whole = report(&twin, SETTLED).await;
        assert_eq!((merged.revision, merged.sellers), (whole.revision, whole.sellers));

        // A plan made anew has no parts yet: those of the old one are none of its.
        done(&cloud, Step::Plan, 0, buckets).await;
        let stale = run(&cloud.eligibility_report(), task(Step::Merge, 0, buckets)).await;
        assert!(stale.is_err(), "{stale:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_in_parts_tells_the_changes_that_one_run_does_and_its_merge_needs_no_file_of_the_lake() {
    let revised = async || {
        let cloud = lake_of_april().await;
        report(&cloud, CLOSED).await;
        bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
        cloud
    };
    let twin = revised().await;
    let whole = report(&twin, SETTLED).await;
    // Batches are named anew in each cloud; what changed of the sellers, and why, is not.
    let changed = async |cloud: &OwnCloud, told: &Outcome| {
        let changes = json(&files(cloud, &told.keys).await, "changes.json");
        changes["sellers"].clone()
    };
    let sellers = changed(&twin, &whole).await;
    assert_eq!(sellers[0]["orders_learned"]["count"], 1, "{sellers}");
    for compacted in [false, true] {
        let cloud = revised().await;
        if compacted {
            compact_april(&cloud).await;
        }
        done(&cloud, Step::Plan, 0, 4).await;
        for bucket in 0..4 {
            done(&cloud, Step::Part, bucket, 4).await;
        }
        for object in cloud.lake.order_objects(april()).await.expect("a listing") {
            let delete = cloud.s3.delete_object().bucket(local::BUCKET).key(&object.key);
            delete.send().await.expect("deleted");
        }
        let Done::Report(merged) = done(&cloud, Step::Merge, 0, 4).await else {
            panic!("a report is made")
        };
        assert_eq!(
            (&merged.revision, merged.changed),
            (&whole.revision, whole.changed)
        );
        assert_eq!(changed(&cloud, &merged).await, sellers);
    }
}

#[test]
fn a_task_reads_as_the_state_machines_write_it() {
    let read = |text: &str| {
        let task: Task = serde_json::from_str(text).expect("a task");
        (task.request.month, task.step, task.bucket, task.buckets)
    };
    let report = r#"{"as_of":"2024-05-04T07:30:00Z","month":null}"#;
    assert_eq!(read(report), (None, None, 0, None));
    let plan = r#"{"step":"plan","as_of":"2024-05-04T07:30:00Z","month":null,"buckets":null}"#;
    assert_eq!(read(plan), (None, Some(Step::Plan), 0, None));
    let part = r#"{"step":"part","as_of":"2024-05-04T07:30:00Z","month":"2024-04","bucket":3,"buckets":16}"#;
    assert_eq!(read(part), (Some(april()), Some(Step::Part), 3, Some(16)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_lake_is_planned_for_one_run() {
    let cloud = lake_of_april().await;
    let plan = Task {
        buckets: None,
        ..task(Step::Plan, 0, 1)
    };
    let planned = run(&cloud.eligibility_report(), plan).await.expect("a plan");
    let Done::Plan {
        month,
        buckets,
        parts,
    } = planned
    else {
        panic!("a plan is made")
    };
    assert_eq!((month, buckets, parts.len()), (april(), 1, 1));
    let unsaid = Task {
        buckets: None,
        ..task(Step::Part, 0, 1)
    };
    let refused = run(&cloud.eligibility_report(), unsaid).await;
    assert!(refused.is_err(), "a part of how many? {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_cannot_be_are_refused() {
    let cloud = OwnCloud::new().await;
    for (bucket, buckets) in [(0, 0), (0, 3), (4, 4), (0, 2_048)] {
        let refused = run(&cloud.eligibility_report(), task(Step::Plan, bucket, buckets)).await;
        assert!(refused.is_err(), "part {bucket} of {buckets}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_is_over_is_taken_from_what_is_kept_of_it_until_a_row_comes_late() {
    let cloud = lake_of_april().await;
    let kept = async || {
        let objects = cloud.lake.month_objects(april()).await.expect("a listing");
        let bytes = cloud.lake.aggregate(&objects).await.expect("readable");
        (objects, bytes.and_then(|bytes| Kept::from_bytes(&bytes)))
    };
    // April as the month before the one that is reported.
    let report_of_may = async |as_of| report_of(&cloud, april().next(), as_of).await;
    let csv_of = async |told: &Outcome| {
        let csv = files(&cloud, &told.keys).await["eligibility.csv"].clone();
        String::from_utf8(csv).expect("text")
    };
    report_of_may(CLOSED).await;
    assert_eq!(kept().await.1, None, "a sign-off may still come in time");
    report(&cloud, SETTLED).await;
    assert_eq!(
        kept().await.1,
        None,
        "what a report breaks down is not what is kept"
    );
    let first = report_of_may(SETTLED).await;
    let (objects, Some(mut aggregate)) = kept().await else {
        panic!("April is over")
    };
    let again = report_of_may("2024-09-01T00:00:00Z").await;
    assert_eq!(again.sellers, first.sellers);

    // It is what a report reads of a month before its own: a word of it changed shows.
    let mut figures = aggregate[0].folded.sellers.values_mut();
    figures.next().expect("a seller").gmv = domain::Cents(777);
    let bytes = Kept::to_bytes(&aggregate);
    cloud.lake.put_aggregate(&objects, bytes).await.expect("written");
    let told = report_of_may("2024-10-01T00:00:00Z").await;
    assert!(csv_of(&told).await.contains(",7.77,"));
    let own = report(&cloud, "2024-10-01T00:00:00Z").await;
    let csv = csv_of(&own).await;
    assert!(!csv.contains(",7.77,") && csv.contains(",160000.00,"), "{csv}");

    // Before it was over, it was another month.
    assert!(!report_of_may(CLOSED).await.newest);
    // A row that comes late makes it one that nothing is kept of yet.
    bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    assert_eq!(kept().await.1, None);
    let late = report_of_may("2024-11-01T00:00:00Z").await;
    let csv = csv_of(&late).await;
    assert!(!csv.contains(",7.77,") && csv.contains(",160000.00,"), "{csv}");
}
