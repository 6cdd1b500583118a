//! Papers that admit (C2, C3), from the operator's file to the report.

use tests::seller_key;

use super::*;

const PAPERS: &str = r#"{"seller_id":"S1","entity_type":"company","name":"Shop of Papers","certificates":[{"country":"ES","kind":"overseas_warehouse","valid_from":"2024-05-01","valid_until":"2024-05-31"}]}
{"seller_id":"S2","entity_type":"company","authorisations":[{"category":"batteries","valid_from":"2024-01-01","valid_until":"permanent"}]}
"#;

/// By seller: C2, C3, eligible.
async fn classes(cloud: &OwnCloud, told: &Outcome) -> BTreeMap<String, [String; 3]> {
    let csv = files(cloud, &told.keys).await["eligibility.csv"].clone();
    let csv = String::from_utf8(csv).expect("text");
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let place = |name: &str| {
        header
            .iter()
            .position(|column| *column == name)
            .expect("a column")
    };
    let columns = ["class_local", "class_sensitive", "eligible"].map(place);
    let rows = lines.map(|cells| {
        (
            cells[0].to_owned(),
            columns.map(|column| cells[column].to_owned()),
        )
    });
    rows.collect()
}

fn told(classes: [&str; 3]) -> [String; 3] {
    classes.map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_admit_while_they_are_in_force_as_of_when_they_were_learned() {
    let cloud = cloud_of_april().await;
    let key = operator_key("sellers", "papers.jsonl");
    let answer = cloud.upload(&key, PAPERS, Some(at("2024-05-06T00:00:00Z"))).await;
    assert_eq!(answer.counts.accepted, 2, "{answer:?}");
    let nobody = told(["false", "false", "false"]);
    for (as_of, first, second) in [
        (CLOSED, nobody.clone(), nobody.clone()),
        (
            LATER,
            told(["true", "false", "true"]),
            told(["false", "true", "true"]),
        ),
        // The certificate ended with May.
        (
            "2024-06-02T00:00:00Z",
            nobody.clone(),
            told(["false", "true", "true"]),
        ),
    ] {
        let report = report(&cloud, as_of).await;
        let classes = classes(&cloud, &report).await;
        assert_eq!((&classes["S1"], &classes["S2"]), (&first, &second), "{as_of}");
        assert_eq!(
            report.eligible,
            [&first, &second].iter().filter(|of| of[2] == "true").count() as u64
        );
    }
    // The papers are among what it was made from, by a digest that names nobody.
    let report = report(&cloud, LATER).await;
    let revision = revision(&cloud, &report.revision).await;
    let inputs = json(&revision, "manifest.json")["inputs"].clone();
    let of_papers = |input: &Value| input["name"] == "sellers' papers";
    assert!(
        inputs
            .as_array()
            .is_some_and(|inputs| inputs.iter().any(of_papers)),
        "{inputs}"
    );
    for (name, bytes) in &revision {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("Shop of Papers"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_seller_admits_itself() {
    let cloud = cloud_of_april().await;
    let own = PAPERS.lines().next().expect("a row");
    cloud
        .upload(
            &seller_key("sellers", "S1", "mine.jsonl"),
            own,
            Some(at("2024-05-06T00:00:00Z")),
        )
        .await;
    let report = report(&cloud, LATER).await;
    assert_eq!(
        classes(&cloud, &report).await["S1"],
        told(["false", "false", "false"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_count_in_a_report_in_parts_too() {
    use eligibility_report::{Done, Request, Step, Task, run};

    let cloud = cloud_of_april().await;
    cloud.deliver_streams().await.expect("the streams are delivered");
    let key = operator_key("sellers", "papers.jsonl");
    cloud.upload(&key, PAPERS, Some(at("2024-05-06T00:00:00Z"))).await;
    let step = async |step, bucket| {
        let task = Task {
            request: Request {
                as_of: at(LATER),
                month: Some(april()),
            },
            step: Some(step),
            bucket,
            buckets: Some(2),
        };
        run(&cloud.eligibility_report(), task)
            .await
            .expect("a step is done")
    };
    step(Step::Plan, 0).await;
    step(Step::Part, 0).await;
    step(Step::Part, 1).await;
    let Done::Report(merged) = step(Step::Merge, 0).await else {
        panic!("a report is made")
    };
    assert_eq!(merged.eligible, 2);
    assert_eq!(merged.revision, report(&cloud, LATER).await.revision);
}
