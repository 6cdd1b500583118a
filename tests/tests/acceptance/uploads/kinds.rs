//! Sellers' papers and the platform's bills: kept as they were told, whatever the order of the files.

use std::sync::Arc;

use aws_lambda_events::event::s3::S3Event;
use domain::seller::{EntityType, Profile, ValidUntil, profile};
use domain::{Clause, Money, SellerId, Timestamp};
use tests::{Fuse, OwnCloud, at, beside, operator_key, seller_key};

use crate::uploads::{LEARNED_AT, codes, order_id};

const EARLY: &str = "2024-05-02T00:00:00Z";
const LATE: &str = "2024-05-09T00:00:00Z";
const AGREEMENT: &str = r#"{"carrier":"燕文","stamped":true,"clauses":["scope","compensation","data_return"],"valid_from":"2024-01-01","valid_until":"permanent"}"#;

fn seller(id: &str) -> SellerId {
    SellerId::parse(id).expect("a seller's id of a test")
}

async fn profile_of(cloud: &OwnCloud, id: &str, as_of: &str) -> Profile {
    let facts = cloud.store.seller_facts(&seller(id)).await.expect("readable");
    profile(&facts, at(as_of))
}

/// What the operator knew first: a company with a licence and an agreement.
fn early_file() -> String {
    format!(
        r#"{{"seller_id":"S1","entity_type":"company","name":"Old Name","credit_code":"91440300708461136T","licence_valid_until":"2026-01-31","agreements":[{AGREEMENT}]}}
"#
    )
}

/// What it learned later: another name, a licence without end, a step.
fn late_file() -> String {
    r#"{"seller_id":"S1","entity_type":"company","name":"New Name","licence_valid_until":"permanent","steps":{"applied_at":"2024-05-08T00:00:00Z"}}
"#
    .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_file_replaces_the_fields_that_it_names_in_any_order_of_arrival() {
    let (early, late) = ((EARLY, early_file()), (LATE, late_file()));
    let mut profiles = Vec::new();
    for files in [
        vec![&early, &late],
        vec![&late, &early],
        vec![&late, &early, &late, &early],
    ] {
        let cloud = OwnCloud::new().await;
        for (number, (learned_at, file)) in files.into_iter().enumerate() {
            let key = operator_key("sellers", &format!("{number}.jsonl"));
            let answer = cloud.upload(&key, file, Some(at(learned_at))).await;
            assert_eq!(answer.counts.rejected, 0, "{:?}", answer.issues);
            assert_eq!(answer.counts.unchanged, u64::from(number > 1), "{number}");
        }
        let before = profile_of(&cloud, "S1", EARLY).await;
        assert_eq!(before.name.as_deref(), Some("Old Name"), "as it was known then");
        profiles.push(profile_of(&cloud, "S1", LATE).await);
    }
    let known = &profiles[0];
    assert_eq!(known.entity_type, Some(EntityType::Company));
    assert_eq!(known.name.as_deref(), Some("New Name"));
    assert_eq!(known.licence_valid_until, Some(ValidUntil::Permanent));
    assert_eq!(
        known.credit_code.as_deref(),
        Some("91440300708461136T"),
        "not named again, it stands"
    );
    assert_eq!(known.agreements.as_ref().map(Vec::len), Some(1));
    assert_eq!(known.steps.applied_at, Some(at("2024-05-08T00:00:00Z")));
    assert!(profiles.iter().all(|profile| profile == known));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_states_its_own_papers_and_nothing_that_others_vouch_for() {
    let cloud = OwnCloud::new().await;
    let file = format!(
        r#"{{"seller_id":"S1","entity_type":"overseas","name":"Shop","credit_code":"HRB 1","notarised":true,"agreements":[{AGREEMENT}],"authorisations":[],"steps":{{"opened_at":"{EARLY}"}}}}
{{"seller_id":"S2","entity_type":"company"}}
"#
    );
    let answer = cloud
        .upload(&seller_key("sellers", "S1", "mine.jsonl"), file, None)
        .await;
    assert_eq!(
        (answer.counts.accepted_with_warning, answer.counts.rejected),
        (1, 1)
    );
    assert_eq!(codes(&answer)[&1], ["STATEMENT_IGNORED"; 3]);
    assert_eq!(codes(&answer)[&2], ["ORDER_OTHER_SELLER"]);
    let known = profile_of(&cloud, "S1", "2100-01-01T00:00:00Z").await;
    assert_eq!(
        (known.name.as_deref(), known.notarised, known.steps.opened_at),
        (Some("Shop"), None, None)
    );
    assert_eq!(
        known
            .agreements
            .map(|agreements| agreements[0].carrier.clone())
            .as_deref(),
        Some("yanwen")
    );
    assert_eq!(
        profile_of(&cloud, "S2", "2100-01-01T00:00:00Z").await,
        Profile::default()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rows_for_one_seller_the_first_stands_and_faults_are_named() {
    let cloud = OwnCloud::new().await;
    let file = r#"{"seller_id":"S1","entity_type":"company","name":"First","credit_code":"914403007084611361"}
{"seller_id":"S1","entity_type":"company","name":"Second"}
{"seller_id":"S1","entity_type":"company","name":"First","credit_code":"914403007084611361"}
{"seller_id":"S2","entity_type":"company","agreements":[{"carrier":"DHL","stampd":true}]}
{"seller_id":"S3","entity_type":"company","credit_code":"12345678"}
"#;
    let key = operator_key("sellers", "sellers.jsonl");
    let answer = cloud.upload(&key, file, Some(at(LEARNED_AT))).await;
    let found = codes(&answer);
    assert_eq!(found[&1], ["CREDIT_CODE_CHECK_DIGIT"]);
    assert_eq!(found[&2], ["ROW_CONFLICT"]);
    assert_eq!(found[&3], ["ROW_DUPLICATE"]);
    assert_eq!(
        (&found[&4], &found[&5]),
        (&vec!["TYPE_INVALID"], &vec!["TYPE_INVALID"])
    );
    let misspelt = answer
        .issues
        .iter()
        .find(|issue| issue.row == 4)
        .expect("its issue");
    assert!(misspelt.fix_en.contains("stampd"), "{}", misspelt.fix_en);
    let masked = answer
        .issues
        .iter()
        .find(|issue| issue.row == 5)
        .expect("its issue");
    assert_eq!(masked.value, "12****78", "a credit code is a tax id");
    assert_eq!(
        profile_of(&cloud, "S1", LATE).await.name.as_deref(),
        Some("First")
    );
}

const STATEMENT: &str = "账单号,行号,order_id,扣款类型,扣款金额,币种,扣款时间,description\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_kept_line_by_line_and_its_lines_do_not_change() {
    let cloud = OwnCloud::new().await;
    let line = |number: u32, amount: &str| {
        format!(
            "B1,{number},{},轨迹断更罚金,{amount},USD,{EARLY},\n",
            order_id(999)
        )
    };
    let upload = async |name: &str, rows: String| {
        let key = operator_key("statement", name);
        cloud
            .upload(&key, format!("{STATEMENT}{rows}"), Some(at(LEARNED_AT)))
            .await
    };
    let answer = upload(
        "one.csv",
        [line(1, "1.20"), line(2, "-1.20"), line(1, "1.20"), line(2, "3")].concat(),
    )
    .await;
    assert_eq!(
        (
            answer.counts.accepted,
            answer.counts.unchanged,
            answer.counts.rejected
        ),
        (2, 1, 1)
    );
    assert_eq!(
        (&codes(&answer)[&3], &codes(&answer)[&4]),
        (&vec!["ROW_DUPLICATE"], &vec!["ROW_CONFLICT"])
    );
    let answer = upload(
        "two.csv",
        [line(1, "1.20"), line(2, "9.99"), line(3, "x")].concat(),
    )
    .await;
    assert_eq!((answer.counts.unchanged, answer.counts.rejected), (1, 2));
    assert_eq!(
        (&codes(&answer)[&2], &codes(&answer)[&3]),
        (&vec!["ROW_CONFLICT"], &vec!["AMOUNT_INVALID"])
    );
    let keys = [1, 2, 3].map(|number| (None, "B1".to_owned(), number));
    let lines = cloud.store.statement_lines(&keys).await.expect("readable");
    assert_eq!(lines.len(), 2);
    let given_back = &lines[&keys[1]];
    let amount = Money {
        minor: -120,
        currency: domain::Currency::USD,
    };
    assert_eq!(
        (given_back.amount, given_back.clause()),
        (amount, Some(Clause::B3))
    );
    assert_eq!(
        given_back.charged_at,
        EARLY.parse::<Timestamp>().expect("an instant")
    );
}

/// Three files that contradict and repeat each other and themselves.
fn contradicting() -> [(&'static str, &'static str, &'static str); 3] {
    [
        (
            "sellers",
            "one.jsonl",
            r#"{"seller_id":"S1","entity_type":"company","name":"A"}
{"seller_id":"S1","entity_type":"company","name":"B"}
{"seller_id":"S2","entity_type":"overseas","name":"C"}
"#,
        ),
        (
            "statement",
            "one.csv",
            "statement_id,line_no,amount,currency,charged_at\nB1,1,1.20,USD,2024-05-02T00:00:00Z\nB1,1,1.30,USD,2024-05-02T00:00:00Z\nB1,2,-1.20,USD,2024-05-02T00:00:00Z\nB1,2,-1.20,USD,2024-05-02T00:00:00Z\n",
        ),
        (
            "sellers",
            "two.jsonl",
            r#"{"seller_id":"S1","entity_type":"company","name":"A"}
{"seller_id":"S2","entity_type":"overseas","licence_valid_until":"permanent"}
"#,
        ),
    ]
}

async fn put_contradicting(cloud: &OwnCloud) -> Vec<S3Event> {
    for (kind, name, file) in contradicting() {
        cloud
            .put(&operator_key(kind, name), file, Some(at(LEARNED_AT)))
            .await;
    }
    cloud
        .waiting_notifications()
        .await
        .expect("the inbox tells of its files")
}

/// The profiles and the lines that are left, without the uploads' ids.
async fn left(cloud: &OwnCloud) -> (Vec<Profile>, Vec<(u32, i64, u64)>) {
    let profiles = vec![
        profile_of(cloud, "S1", LATE).await,
        profile_of(cloud, "S2", LATE).await,
    ];
    let keys = [1, 2, 3].map(|number| (None, "B1".to_owned(), number));
    let lines = cloud.store.statement_lines(&keys).await.expect("readable");
    let mut lines: Vec<_> = lines
        .into_values()
        .map(|line| (line.line_no, line.amount.minor, line.source.row))
        .collect();
    lines.sort_unstable();
    (profiles, lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_twice_and_at_once_leave_the_same_papers_and_lines() {
    let calm = OwnCloud::new().await;
    put_contradicting(&calm).await;
    calm.deliver().await.expect("a calm delivery");
    let expected = left(&calm).await;
    assert_eq!(
        expected.1,
        [(1, 120, 1), (2, -120, 3)],
        "the first of the file stands"
    );
    for _ in 0..4 {
        let cloud = Arc::new(OwnCloud::new().await);
        let events = put_contradicting(&cloud).await;
        let running: Vec<_> = events
            .iter()
            .chain(&events)
            .cloned()
            .map(|event| {
                let cloud = Arc::clone(&cloud);
                beside(async move || upload_validation::handle(&cloud.upload_validation(), event).await)
            })
            .collect();
        for delivery in running {
            delivery
                .await
                .expect("a delivery does not panic")
                .expect("a delivery does not fail");
        }
        assert_eq!(left(&cloud).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_at_each_of_its_calls_leaves_the_same_papers_lines_and_answers() {
    let calm = OwnCloud::new().await;
    put_contradicting(&calm).await;
    calm.deliver().await.expect("a calm delivery");
    for fuse in [Fuse::before_call, Fuse::after_call] {
        let deadly = OwnCloud::new().await;
        let mut deaths = 0;
        for event in put_contradicting(&deadly).await {
            for calls in 0.. {
                let fuse = fuse(calls);
                let run = upload_validation::handle(&fuse.upload_validation(&deadly), event.clone()).await;
                if !fuse.has_blown() {
                    run.expect("a run that nothing disturbs succeeds");
                    break;
                }
                deaths += 1;
            }
        }
        assert!(deaths > 15, "it died often: {deaths}");
        assert_eq!(left(&deadly).await, left(&calm).await);
        for (kind, name, _) in contradicting() {
            let key = operator_key(kind, name);
            let (calm, deadly) = (calm.answer(&key).await, deadly.answer(&key).await);
            assert_eq!(
                (calm.counts, calm.issues),
                (deadly.counts, deadly.issues),
                "{name}"
            );
        }
    }
}
