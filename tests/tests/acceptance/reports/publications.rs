//! Reports of one month published at the same time: whatever comes between, the newest stands where readers look, whole.

use eligibility_report::{EligibilityReport, Request, handle};
use tests::{beside, pausing_lake};

use super::*;

fn request(as_of: &str) -> Request {
    Request {
        as_of: at(as_of),
        month: Some(april()),
    }
}

/// What stands where readers look is the report of this instant, as its manifest says, and none of its files is another's.
async fn assert_published(cloud: &OwnCloud, as_of: &str, told: &str) {
    let key = |name: &str| format!("reports/month=2024-04/{name}");
    let manifest = cloud.lake.bytes(&key("manifest.json")).await.expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(manifest["as_of"], as_of, "{told}");
    for output in manifest["outputs"].as_array().expect("a list") {
        let name = output["name"].as_str().expect("a name");
        let bytes = cloud.lake.bytes(&key(name)).await.expect("a file");
        assert_eq!(
            output["sha256"],
            hex::encode(Sha256::digest(&bytes)),
            "{told}: {name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_published_at_once_the_newer_stands_whole_wherever_the_other_was_stopped() {
    let cloud = cloud_of_april().await;
    report(&cloud, CLOSED).await;
    let mut hour = at(LATER);
    let mut next = || {
        hour = hour.plus(domain::Elapsed::hours(1));
        hour.to_string()
    };
    for newer_is_stopped in [false, true] {
        for call in 0.. {
            let (older, newer) = (next(), next());
            let (stopped, other) = match newer_is_stopped {
                true => (&newer, &older),
                false => (&older, &newer),
            };
            let (lake, mut paused) = pausing_lake(&cloud, "reports", call);
            let function = EligibilityReport {
                lake,
                store: cloud.store.clone(),
                policy: cloud.policy.clone(),
            };
            let asked = request(stopped);
            let mut running = beside(async move || handle(&function, asked).await);
            let ended = tokio::select! {
                () = paused.reached() => None,
                ended = &mut running => Some(ended),
            };
            if ended.is_some() {
                assert!(call > 10, "a report asks for its files by more than {call} calls");
                break;
            }
            report(&cloud, other).await;
            paused.go_on();
            let outcome = running
                .await
                .expect("it does not panic")
                .expect("a report is made");
            assert_published(&cloud, &newer, &format!("{stopped} stopped before call {call}")).await;
            assert!(outcome.newest || !newer_is_stopped);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_not_of_the_newest_revision_is_mended_by_the_next_report() {
    let cloud = cloud_of_april().await;
    report(&cloud, CLOSED).await;
    report(&cloud, LATER).await;
    // As a run leaves it that was slower than a newer one, and was killed then.
    for (as_of, name) in [(LATER, "eligibility.csv"), (CLOSED, "eligibility.html")] {
        let put = cloud.s3.put_object().bucket(local::BUCKET);
        let put = put
            .key(format!("reports/month=2024-04/{name}"))
            .body(b"another's".to_vec().into());
        put.send().await.expect("written");
        report(&cloud, as_of).await;
        assert_published(&cloud, LATER, name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_of_an_earlier_release_names_its_revision_by_its_files() {
    let cloud = cloud_of_april().await;
    let first = report(&cloud, CLOSED).await;
    let mut manifest = json(&files(&cloud, &first.keys).await, "manifest.json");
    let fields = manifest.as_object_mut().expect("an object");
    for unknown_then in ["revision", "content"] {
        assert!(fields.remove(unknown_then).is_some(), "{unknown_then}");
    }
    let put = cloud.s3.put_object().bucket(local::BUCKET);
    let put = put
        .key("reports/month=2024-04/manifest.json")
        .body(manifest.to_string().into_bytes().into());
    put.send().await.expect("written");

    assert_eq!(report(&cloud, CLOSED).await.revision, first.revision);
    upload(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await;
    let second = report(&cloud, LATER).await;
    assert_eq!(second.changed, Some(1));
    let manifest = json(&files(&cloud, &second.keys).await, "manifest.json");
    assert_eq!(manifest["before"], first.revision);
}
