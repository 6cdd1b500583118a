//! The monthly report through the front door: the same inputs give the same bytes, and what was reported once stays.

mod backfill;
mod compaction;
mod papers;
mod parts;
mod publications;
mod tables;

use std::collections::BTreeMap;

use domain::{Month, PolicyBook, Timestamp};
use eligibility_report::Outcome;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tests::{OwnCloud, at, operator_key};

const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country\n\
    8100000000000001,S1,2024-04-10T12:00:00Z,60000.00,USD,ES\n\
    8100000000000002,S1,2024-04-11T12:00:00Z,100000.00,USD,ES\n\
    8100000000000003,S2,2024-04-12T12:00:00Z,10.00,USD,FR\n";
const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at,send_type\n\
    8100000000000001,DHL,3318810025,2024-04-10T13:00:00Z,all\n\
    8100000000000002,DHL,3318810036,2024-04-11T13:00:00Z,all\n";
const EVENTS: &str = "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
    DHL,3318810025,picked_up,2024-04-11T13:00:00Z,2024-04-11T14:00:00Z\n";
/// The second parcel was picked up in time too, as the carrier told after the month was closed.
const LATE: &str = "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
    DHL,3318810036,picked_up,2024-04-12T13:00:00Z,2024-05-06T09:00:00Z\n";

const CLOSED: &str = "2024-05-05T00:00:00Z";
const LATER: &str = "2024-05-07T00:00:00Z";

fn april() -> Month {
    "2024-04".parse().expect("a month")
}

async fn upload(cloud: &OwnCloud, kind: &str, content: &str, recorded_at: Timestamp) {
    let key = operator_key(kind, &format!("{kind}-{recorded_at}.csv"));
    let answer = cloud.upload(&key, content, Some(recorded_at)).await;
    assert_eq!(answer.counts.rejected, 0, "{answer:?}");
}

async fn cloud_of_april() -> OwnCloud {
    let cloud = OwnCloud::new().await;
    for (kind, content) in [("orders", ORDERS), ("tracking", TRACKING), ("events", EVENTS)] {
        upload(&cloud, kind, content, at("2024-04-13T00:00:00Z")).await;
    }
    cloud
}

async fn report(cloud: &OwnCloud, as_of: &str) -> Outcome {
    report_of(cloud, april(), as_of).await
}

async fn report_of(cloud: &OwnCloud, month: Month, as_of: &str) -> Outcome {
    cloud
        .report(Some(month), at(as_of))
        .await
        .expect("a report is made")
}

/// Says that the lake holds what April's report is made of, as the delivery before a report does.
async fn complete(cloud: &OwnCloud, as_of: &str) {
    let watermark = lake::Watermark {
        month: april(),
        as_of: at(as_of),
        lacks: Vec::new(),
    };
    cloud.lake.put_watermark(&watermark).await.expect("a watermark");
}

/// The files of a report by their names.
async fn files(cloud: &OwnCloud, keys: &[String]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for key in keys {
        let name = key.rsplit('/').next().unwrap_or(key);
        files.insert(
            name.to_owned(),
            cloud.lake.bytes(key).await.expect("the file is there"),
        );
    }
    files
}

/// The files of a revision, where revisions are kept.
async fn revision(cloud: &OwnCloud, revision: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in [
        "eligibility.csv",
        "eligibility.html",
        "eligibility.parquet",
        "eligibility.xlsx",
        "manifest.json",
    ] {
        let bytes = cloud.lake.revision_file(april(), revision, name).await;
        files.insert(name.to_owned(), bytes.expect("the revision is kept"));
    }
    files
}

fn json(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&files[name]).expect("the file is JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_made_twice_is_the_same_revision_of_the_same_bytes() {
    let cloud = cloud_of_april().await;
    let first = report(&cloud, CLOSED).await;
    let before = files(&cloud, &first.keys).await;
    assert_eq!(before.len(), 5, "{:?}", first.keys);
    let again = report(&cloud, CLOSED).await;
    assert_eq!(
        (&again.revision, again.newest, again.changed),
        (&first.revision, true, None)
    );
    assert_eq!(files(&cloud, &again.keys).await, before);
    assert_eq!(revision(&cloud, &first.revision).await, before);

    // In another cloud, from the same files, too; only the names of the lake's own files are that cloud's.
    let other = cloud_of_april().await;
    let twin = report(&other, CLOSED).await;
    assert_eq!(twin.revision, first.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_proves_what_a_report_was_made_from_and_what_it_is() {
    let cloud = cloud_of_april().await;
    let outcome = report(&cloud, CLOSED).await;
    let files = files(&cloud, &outcome.keys).await;
    let manifest = json(&files, "manifest.json");
    assert_eq!(
        (
            &manifest["month"],
            &manifest["as_of"],
            &manifest["policy"],
            &manifest["final"]
        ),
        (&"2024-04".into(), &CLOSED.into(), &"V4.2".into(), &true.into())
    );
    let policy = hex::encode(Sha256::digest(PolicyBook::shipped().text()));
    assert_eq!(manifest["policy_sha256"], policy);
    let check = |listed: &Value, bytes: &[u8]| {
        assert_eq!(listed["bytes"], bytes.len());
        assert_eq!(listed["sha256"], hex::encode(Sha256::digest(bytes)), "{listed}");
    };
    let outputs = manifest["outputs"].as_array().expect("a list");
    assert_eq!(
        outputs.len(),
        files.len() - 1,
        "all files but the manifest itself"
    );
    for output in outputs {
        check(output, &files[output["name"].as_str().expect("a name")]);
    }
    let inputs = manifest["inputs"].as_array().expect("a list");
    assert!(!inputs.is_empty());
    for input in inputs {
        let key = input["name"].as_str().expect("a key");
        check(input, &cloud.lake.bytes(key).await.expect("an input is there"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_rows_for_a_closed_month_make_a_new_revision_that_tells_what_changed_and_why() {
    let cloud = cloud_of_april().await;
    let first = report(&cloud, CLOSED).await;
    let kept = revision(&cloud, &first.revision).await;
    upload(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;

    let second = report(&cloud, LATER).await;
    assert_ne!(second.revision, first.revision);
    assert!(second.newest);
    let newest = files(&cloud, &second.keys).await;
    assert_eq!(revision(&cloud, &first.revision).await, kept, "the old one stays");
    let changes = json(&newest, "changes.json");
    assert_eq!(
        (&changes["before"]["revision"], &changes["after"]["revision"]),
        (&first.revision.clone().into(), &second.revision.clone().into())
    );
    assert_eq!(
        (&changes["before"]["as_of"], &changes["after"]["as_of"]),
        (&CLOSED.into(), &LATER.into())
    );
    assert!(changes["inputs_added"]["count"].as_u64() > Some(0));
    let [seller] = &changes["sellers"].as_array().expect("a list")[..] else {
        panic!("one seller changed: {changes}")
    };
    assert_eq!(second.changed, Some(1));
    assert_eq!(seller["seller_id"], "S1");
    let cells = |column: &str| {
        let cells = &seller["columns"][column];
        (cells["before"].clone(), cells["after"].clone())
    };
    assert_eq!(cells("orders_fulfilled"), ("1".into(), "2".into()));
    assert_eq!(cells("fulfilment_rate_bp"), ("5000".into(), "10000".into()));
    assert!(
        seller["columns"].get("gmv_usd_cents").is_none(),
        "only what differs"
    );
    assert_eq!(
        seller["orders_learned"],
        serde_json::json!({ "count": 1, "first": ["8100000000000002"] })
    );
    // February and March had no orders, so S1 stays out, for other reasons than before.
    assert_eq!(changes["eligible_won"], serde_json::json!([]));
    let (before, after) = cells("reasons_en");
    let told = |reasons: &Value| {
        reasons
            .as_str()
            .is_some_and(|text| text.contains("1 of 2 orders failed"))
    };
    assert!(told(&before) && !told(&after));
    // The page tells it too, and the manifest proves the files that do.
    let page = String::from_utf8(newest["eligibility.html"].clone()).expect("text");
    assert!(page.contains("orders with news (1): 8100000000000002") && page.contains("与上一版相比"));
    let manifest = json(&newest, "manifest.json");
    assert_eq!(
        (&manifest["revision"], &manifest["before"]),
        (&second.revision.clone().into(), &first.revision.clone().into())
    );
    let outputs = manifest["outputs"].as_array().expect("a list");
    assert_eq!(outputs.len(), newest.len() - 1);
    for output in outputs {
        let digest = Sha256::digest(&newest[output["name"].as_str().expect("a name")]);
        assert_eq!(output["sha256"], hex::encode(digest), "{output}");
    }
    let again = report(&cloud, LATER).await;
    assert_eq!((&again.revision, again.changed), (&second.revision, None));
    assert_eq!(files(&cloud, &again.keys).await, newest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_each_instant_is_found_among_those_before_the_newest() {
    let cloud = cloud_of_april().await;
    let mut made = vec![report(&cloud, CLOSED).await];
    for as_of in [LATER, "2024-05-08T00:00:00Z", "2024-05-09T00:00:00Z"] {
        made.push(report(&cloud, as_of).await);
    }
    for (outcome, as_of) in made.iter().zip([CLOSED, LATER, "2024-05-08T00:00:00Z"]) {
        let study = report(&cloud, as_of).await;
        assert_eq!((&study.revision, study.newest), (&outcome.revision, false));
        assert_eq!(
            json(&files(&cloud, &study.keys).await, "manifest.json")["as_of"],
            as_of
        );
    }
    // One that was never made stands beside them, and tells of no changes.
    let study = report(&cloud, "2024-05-08T12:00:00Z").await;
    assert!(!study.newest && made.iter().all(|outcome| outcome.revision != study.revision));
    assert_eq!(files(&cloud, &study.keys).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_an_earlier_instant_does_not_push_the_newest_from_its_place() {
    let cloud = cloud_of_april().await;
    let first = report(&cloud, CLOSED).await;
    upload(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    let second = report(&cloud, LATER).await;
    let newest = files(&cloud, &second.keys).await;

    // As of the earlier instant nothing has changed: what was learned later is not in it.
    let study = report(&cloud, CLOSED).await;
    assert_eq!(
        (&study.revision, study.newest, study.changed),
        (&first.revision, false, None)
    );
    assert_eq!(
        files(&cloud, &study.keys).await,
        revision(&cloud, &first.revision).await
    );
    assert_eq!(files(&cloud, &second.keys).await, newest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_without_orders_has_a_report_without_rows() {
    let cloud = OwnCloud::new().await;
    let outcome = report(&cloud, CLOSED).await;
    assert_eq!(
        (outcome.sellers, outcome.is_final, outcome.newest),
        (0, true, true)
    );
    let files = files(&cloud, &outcome.keys).await;
    assert_eq!(json(&files, "manifest.json")["inputs"], serde_json::json!([]));
    let csv = String::from_utf8(files["eligibility.csv"].clone()).expect("text");
    assert_eq!(csv.lines().count(), 1, "its header");
}
