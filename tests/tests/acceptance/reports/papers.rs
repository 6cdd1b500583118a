//! C4 and the papers that admit (C2, C3), from the operator's file to the report.

use eligibility_report::{Done, Request, Step, Task, run};
use tests::seller_key;

use super::*;

const PAPERS: &str = r#"{"seller_id":"S1","entity_type":"company","name":"Shop of Papers","certificates":[{"country":"ES","kind":"overseas_warehouse","valid_from":"2024-04-30","valid_until":"2024-04-30"}]}
{"seller_id":"S2","entity_type":"company","authorisations":[{"category":"batteries","valid_from":"2024-01-01","valid_until":"permanent"}]}
"#;
/// A seller's own file is recorded at its object's timestamp, whatever it states: this is later than any.
const FAR: &str = "2100-01-01T00:00:00Z";
/// A seller without any order.
const NEWCOMER: &str = r#"{"seller_id":"S0","entity_type":"company","certificates":[{"country":"BR","kind":"distribution_centre","valid_from":"2024-01-01","valid_until":"2024-05-03"}]}
"#;

/// Uploads a row of papers as the operator, or as the seller itself.
async fn state(cloud: &OwnCloud, seller: Option<&str>, name: &str, rows: &str, recorded_at: &str) {
    let key = match seller {
        Some(seller) => seller_key("sellers", seller, name),
        None => operator_key("sellers", name),
    };
    let answer = cloud.upload(&key, rows, Some(at(recorded_at))).await;
    assert_eq!(answer.counts.rejected, 0, "{answer:?}");
}

/// By seller, cells of the report's CSV; no cell of these tests holds a comma before them.
async fn cells<const COLUMNS: usize>(
    cloud: &OwnCloud,
    outcome: &Outcome,
    columns: [&str; COLUMNS],
) -> BTreeMap<String, [String; COLUMNS]> {
    let csv = files(cloud, &outcome.keys).await["eligibility.csv"].clone();
    let csv = String::from_utf8(csv).expect("text");
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let place = |name: &str| {
        let mut names = header.iter();
        names.position(|column| *column == name).expect("a column")
    };
    let places = columns.map(place);
    let rows = lines.map(|cells| (cells[0].to_owned(), places.map(|place| cells[place].to_owned())));
    rows.collect()
}

/// By seller: C2, C3, eligible.
async fn classes(cloud: &OwnCloud, outcome: &Outcome) -> BTreeMap<String, [String; 3]> {
    cells(cloud, outcome, ["class_local", "class_sensitive", "eligible"]).await
}

/// A seller's reasons in English.
async fn reasons(cloud: &OwnCloud, outcome: &Outcome, seller: &str) -> String {
    let csv = files(cloud, &outcome.keys).await["eligibility.csv"].clone();
    let csv = String::from_utf8(csv).expect("text");
    let row = csv.lines().find(|line| line.starts_with(&format!("{seller},")));
    let row = row.unwrap_or_else(|| panic!("a row of {seller}: {csv}"));
    row.to_owned()
}

fn verdict(classes: [&str; 3]) -> [String; 3] {
    classes.map(str::to_owned)
}

/// April's report in two parts.
async fn report_in_parts(cloud: &OwnCloud, as_of: &str) -> Outcome {
    let step = async |step, bucket| {
        let task = Task {
            request: Request {
                as_of: at(as_of),
                month: Some(april()),
            },
            step: Some(step),
            bucket,
            buckets: Some(2),
        };
        let done = run(&cloud.eligibility_report(), task).await;
        done.expect("a step is done")
    };
    complete(cloud, as_of).await;
    step(Step::Plan, 0).await;
    step(Step::Part, 0).await;
    step(Step::Part, 1).await;
    let Done::Report(merged) = step(Step::Merge, 0).await else {
        panic!("a report is made")
    };
    merged
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_in_force_at_the_months_end_admit_once_they_are_known_and_ever_after() {
    let cloud = cloud_of_april().await;
    state(&cloud, None, "papers.jsonl", PAPERS, "2024-05-06T00:00:00Z").await;
    let nobody = verdict(["false", "false", "false"]);
    let (local, sensitive) = (
        verdict(["true", "false", "true"]),
        verdict(["false", "true", "true"]),
    );
    for (as_of, first, second) in [
        (CLOSED, &nobody, &nobody),
        (LATER, &local, &sensitive),
        // The certificate ended with April, which it admits to whenever April is reported.
        ("2024-06-02T00:00:00Z", &local, &sensitive),
    ] {
        let report = report(&cloud, as_of).await;
        let classes = classes(&cloud, &report).await;
        assert_eq!((&classes["S1"], &classes["S2"]), (first, second), "{as_of}");
        let eligible = [first, second].iter().filter(|of| of[2] == "true").count();
        assert_eq!(report.eligible, eligible as u64);
        let reasons = reasons(&cloud, &report, "S1").await;
        assert_eq!(
            reasons.contains("until 2024-04-30, ended since"),
            as_of != CLOSED,
            "{reasons}"
        );
    }
    // The papers are among what it was made from, by a digest that names nobody.
    let report = report(&cloud, LATER).await;
    let revision = revision(&cloud, &report.revision).await;
    let manifest = json(&revision, "manifest.json");
    let of_papers = |input: &Value| input["name"] == "sellers' papers";
    let inputs = manifest["inputs"].as_array().expect("a list");
    assert!(inputs.iter().any(of_papers), "{inputs:?}");
    for (name, bytes) in &revision {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("Shop of Papers"), "{name}");
    }
    // And so is the source that C rests on, by its title and date.
    let admission = &manifest["admission"];
    let cited = ["version", "title_zh", "effective_on"].map(|field| admission[field].as_str());
    assert_eq!(
        cited,
        [
            Some("2024-05"),
            Some("线下物流服务商接入管理办法"),
            Some("2024-05-01")
        ]
    );
    assert_eq!(
        (&admission["effective_assumed"], &admission["applied_early"]),
        (&true.into(), &true.into())
    );
    let page = String::from_utf8(revision["eligibility.html"].clone()).expect("text");
    assert!(page.contains("《线下物流服务商接入管理办法》2024-05，2024-05-01 起施行（生效日为推定）"));
    assert!(page.contains("This definition is ours") && page.contains("此口径由本系统定义"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_seller_admits_itself() {
    let cloud = cloud_of_april().await;
    let own = PAPERS.lines().next().expect("a row");
    state(&cloud, Some("S1"), "mine.jsonl", own, "2024-05-06T00:00:00Z").await;
    // Nor by a notarisation of its own.
    let own = r#"{"seller_id":"S2","entity_type":"hong_kong","notarised":true}"#;
    state(&cloud, Some("S2"), "mine.jsonl", own, "2024-05-06T00:00:00Z").await;
    let operators = PAPERS
        .lines()
        .nth(1)
        .expect("a row")
        .replace("company", "hong_kong");
    state(&cloud, None, "papers.jsonl", &operators, "2024-05-06T00:00:00Z").await;
    let report = report(&cloud, FAR).await;
    let classes = classes(&cloud, &report).await;
    assert_eq!(classes["S1"], verdict(["false", "false", "false"]));
    assert_eq!(classes["S2"], verdict(["false", "true", "false"]));
    let reasons = reasons(&cloud, &report, "S2").await;
    assert!(reasons.contains("notarised papers are required"), "{reasons}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sole_proprietor_with_a_certificate_is_not_eligible_once_that_is_known() {
    let cloud = cloud_of_april().await;
    let certified = PAPERS.lines().next().expect("a row");
    state(&cloud, None, "papers.jsonl", certified, "2024-05-04T12:00:00Z").await;
    let owner = r#"{"seller_id":"S1","entity_type":"sole_proprietor"}"#;
    state(&cloud, None, "owner.jsonl", owner, "2024-05-06T00:00:00Z").await;
    // Where the operator says nothing, the seller's own word refuses it.
    let own = r#"{"seller_id":"S2","entity_type":"sole_proprietor"}"#;
    state(&cloud, Some("S2"), "mine.jsonl", own, "2024-05-06T00:00:00Z").await;
    for (as_of, refuses) in [
        (CLOSED, [false, false]),
        (LATER, [true, false]),
        (FAR, [true, true]),
    ] {
        let report = report(&cloud, as_of).await;
        let classes = classes(&cloud, &report).await;
        let eligible = if refuses[0] { "false" } else { "true" };
        assert_eq!(classes["S1"], verdict(["true", "false", eligible]), "{as_of}");
        for (seller, refuses) in ["S1", "S2"].into_iter().zip(refuses) {
            let row = reasons(&cloud, &report, seller).await;
            let refused = row.contains(",\"C4 (Access Measures 2024-05): the owner is a sole proprietor");
            assert_eq!(refused, refuses, "first of all: {row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_with_papers_and_no_orders_has_a_row_in_one_run_and_in_parts_and_is_told_as_a_change() {
    let cloud = cloud_of_april().await;
    cloud.deliver_streams().await.expect("the streams are delivered");
    let first = report(&cloud, CLOSED).await;
    assert_eq!(first.sellers, 2);
    state(&cloud, None, "new.jsonl", NEWCOMER, "2024-05-06T00:00:00Z").await;
    // Known later than the instant: as if it were not there.
    let study = report(&cloud, CLOSED).await;
    assert_eq!((&study.revision, study.sellers), (&first.revision, 2));

    let second = report_in_parts(&cloud, LATER).await;
    assert_eq!(
        second.revision,
        report(&cloud, LATER).await.revision,
        "one run says the same"
    );
    assert_eq!((second.sellers, second.eligible, second.changed), (3, 1, Some(1)));
    let columns = [
        "gmv_usd",
        "orders_due",
        "fulfilment_rate_bp",
        "class_ka",
        "class_local",
        "eligible",
    ];
    let rows = cells(&cloud, &second, columns).await;
    assert_eq!(
        rows["S0"],
        ["0.00", "0", "", "false", "true", "true"].map(str::to_owned)
    );
    let row = reasons(&cloud, &second, "S0").await;
    assert!(
        row.contains("no due orders in 2024-04")
            && row.contains("for BR (distribution centre, until 2024-05-03, ended since)"),
        "{row}"
    );
    let files = files(&cloud, &second.keys).await;
    let changes = json(&files, "changes.json");
    assert_eq!(changes["eligible_won"], serde_json::json!(["S0"]));
    assert_eq!(changes["papers_differ"], true);
    let page = String::from_utf8(files["eligibility.html"].clone()).expect("text");
    assert!(page.contains("papers recorded or ended") && page.contains("证书、授权或主体资料有变更"));
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_count_in_a_report_in_parts_too() {
    let cloud = cloud_of_april().await;
    cloud.deliver_streams().await.expect("the streams are delivered");
    state(&cloud, None, "papers.jsonl", PAPERS, "2024-05-06T00:00:00Z").await;
    let merged = report_in_parts(&cloud, LATER).await;
    assert_eq!(merged.eligible, 2);
    assert_eq!(merged.revision, report(&cloud, LATER).await.revision);
}
