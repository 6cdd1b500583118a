//! Own partners (A3, C6): the operator's carriers, and the agreements that cover their rows.

use domain::diagnosis::Standing;
use domain::ruling::Uploader;
use domain::{PolicyBook, SellerId};
use intake::{Kind, Limits};
use lake::Answer;
use tests::{OwnCloud, at, operator_key, seller_key};
use upload_validation::dry_run::DryRun;

use crate::uploads::{LEARNED_AT, ORDERS, PAID_AT, order_id};

const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at\n";
const WARNED: &str = "AGREEMENT_MISSING";
const LATER: &str = "2024-05-03T00:00:00Z";

/// A carrier of the operator's, without an agreement; another one, whose agreement holds for every seller until the day
/// before the rows; and one of which none is asked.
const POLICY: &str = "
[[carrier]]
id = 'north_trucks'
name = 'North Trucks'
name_zh = '北方卡航'
aliases = ['NT Express']
[[carrier.format]]
pattern = 'NT[0-9]{10}'

[[carrier]]
id = 'south_trucks'
name = 'South Trucks'
[[carrier.format]]
pattern = 'ST[0-9]{10}'
[[carrier.agreement]]
stamped = true
clauses = ['scope', 'compensation', 'data_return']
valid_from = '2024-01-01'
valid_until = 'UNTIL'

[[carrier]]
id = 'house_van'
name = 'House Van'
agreement_required = false
[[carrier.format]]
pattern = 'HV[0-9]{10}'
";

fn policy(until: &str) -> PolicyBook {
    PolicyBook::parse(&POLICY.replace("UNTIL", until)).expect("a sound policy")
}

/// A cloud that works by a policy and has ten orders of `S1`.
async fn cloud(policy: &PolicyBook) -> OwnCloud {
    let directory = tempfile::tempdir().expect("a directory");
    local::replace_policy(directory.path(), policy)
        .await
        .expect("a new directory takes a policy");
    let cloud = OwnCloud::reopen(directory).await;
    let rows = (0..10).map(|number| format!("{},S1,{PAID_AT},80.10,USD,US\n", order_id(number)));
    let answer = put(
        &cloud,
        "orders",
        "orders.csv",
        &(ORDERS.to_owned() + &rows.collect::<String>()),
    )
    .await;
    assert_eq!(answer.counts.accepted, 10);
    cloud
}

async fn put(cloud: &OwnCloud, kind: &str, name: &str, file: &str) -> Answer {
    let key = operator_key(kind, name);
    cloud.upload(&key, file, Some(at(LEARNED_AT))).await
}

fn row(number: u32, carrier: &str, tracking_number: &str) -> String {
    format!(
        "{TRACKING}{},{carrier},{tracking_number},{LEARNED_AT}\n",
        order_id(number)
    )
}

/// Papers that state an agreement with a carrier.
fn papers(carrier: &str, clauses: &str, until: &str) -> String {
    format!(
        r#"{{"seller_id":"S1","entity_type":"company","agreements":[{{"carrier":"{carrier}","stamped":true,"clauses":[{clauses}],"valid_from":"2024-01-01","valid_until":"{until}"}}]}}
"#
    )
}

const ALL_CLAUSES: &str = r#""scope","compensation","data_return""#;

fn is_warned(answer: &Answer) -> bool {
    let counts = answer.counts;
    assert_eq!(counts.rejected + counts.parked, 0, "{:?}", answer.issues);
    let is_warned = answer.by_code.contains_key(WARNED);
    assert_eq!(
        counts.accepted_with_warning,
        u64::from(is_warned),
        "{:?}",
        answer.issues
    );
    is_warned
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_an_own_partner_is_accepted_and_warned_of_until_the_operator_states_an_agreement() {
    let cloud = cloud(&policy("2024-12-31")).await;
    for (number, carrier, tracking_number, warned) in [
        (0, "NT Express", "NT0000000001", true),
        (1, "北方卡航", "NT0000000002", true),
        (2, "South Trucks", "ST0000000001", false),
        (3, "house_van", "HV0000000001", false),
        (4, "GLS", "36301917596", true),
        (5, "DHL", "3318810025", false),
    ] {
        let answer = put(
            &cloud,
            "tracking",
            &format!("{number}.csv"),
            &row(number, carrier, tracking_number),
        )
        .await;
        assert_eq!(is_warned(&answer), warned, "{carrier}");
    }
    // Too few clauses, over before the row, and the seller's own word cover nothing.
    let own_word = papers("GLS", ALL_CLAUSES, "permanent");
    for (name, file) in [
        (
            "two.jsonl",
            papers("GLS", r#""scope","compensation""#, "permanent"),
        ),
        ("over.jsonl", papers("GLS", ALL_CLAUSES, "2024-04-30")),
    ] {
        assert_eq!(put(&cloud, "sellers", name, &file).await.counts.accepted, 1);
        let again = row(4, "GLS", &format!("3630191759{}", name.len()));
        assert!(is_warned(&put(&cloud, "tracking", name, &again).await), "{name}");
    }
    let key = seller_key("sellers", "S1", "own.jsonl");
    cloud.upload(&key, &own_word, None).await;
    let key = seller_key("tracking", "S1", "own.csv");
    let own_row = row(6, "GLS", "36301917111").replace(&format!(",{LEARNED_AT}"), ",");
    assert!(is_warned(&cloud.upload(&key, own_row, None).await));
    let later = |kind, name| (operator_key(kind, name), Some(at(LATER)));
    let (key, learned_at) = later("sellers", "good.jsonl");
    assert_eq!(cloud.upload(&key, &own_word, learned_at).await.counts.rejected, 0);
    let (key, learned_at) = later("tracking", "good.csv");
    let answer = cloud.upload(&key, row(7, "GLS", "36301917222"), learned_at).await;
    assert!(!is_warned(&answer));
    let at_risk = standing_of(&cloud, 0).await;
    assert_eq!(
        (at_risk, standing_of(&cloud, 7).await),
        (Standing::AtRisk, Standing::Passed)
    );
}

/// What the diagnosis says of the carrier of an order's parcel.
async fn standing_of(cloud: &OwnCloud, number: u32) -> Standing {
    let desk = cloud.diagnosis();
    let question = diagnosis::Question::parse(&order_id(number), &desk.policy.carriers);
    let answer = diagnosis::ask(&desk, &question.expect("an order id"), at(LATER)).await;
    let diagnosis::Answer::Told(told) = answer.expect("the tables can be read") else {
        panic!("the order is there");
    };
    let stage = told
        .stages
        .iter()
        .find(|stage| stage.stage == domain::diagnosis::StageName::Carrier);
    stage.expect("a stage for the carrier").standing
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_carrier_that_no_policy_names_is_unknown_and_fined() {
    let cloud = cloud(PolicyBook::shipped()).await;
    let answer = put(
        &cloud,
        "tracking",
        "t.csv",
        &row(0, "North Trucks", "NT0000000001"),
    )
    .await;
    assert_eq!((answer.counts.rejected, answer.fines.count), (1, 1));
    assert!(
        answer.by_code.contains_key("CARRIER_UNKNOWN"),
        "{:?}",
        answer.by_code
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seller_of_a_waiting_row_is_not_known_so_nothing_is_said_of_agreements() {
    let cloud = cloud(&policy("2024-12-31")).await;
    let answer = put(&cloud, "tracking", "t.csv", &row(99, "GLS", "36301917596")).await;
    assert_eq!(answer.counts.parked, 1);
    assert!(!answer.by_code.contains_key(WARNED), "{:?}", answer.by_code);
}

#[test]
fn a_dry_run_warns_unless_the_policy_file_states_an_agreement() {
    let directory = tempfile::tempdir().expect("a directory");
    for (carrier, tracking_number, until, warned) in [
        ("South Trucks", "ST0000000001", "2024-12-31", false),
        ("South Trucks", "ST0000000001", "2024-04-30", true),
        ("North Trucks", "NT0000000001", "2024-12-31", true),
        ("House Van", "HV0000000001", "2024-12-31", false),
        ("GLS", "36301917596", "2024-12-31", true),
    ] {
        let file = directory.path().join("tracking.csv");
        std::fs::write(&file, row(0, carrier, tracking_number)).expect("a file");
        for uploader in [
            Uploader::Operator,
            Uploader::Seller(SellerId::parse("S1").expect("a seller's id")),
        ] {
            let dry_run = DryRun {
                filled: intake::Filled::default(),
                kind: Kind::Tracking,
                uploader,
                recorded_at: at(LEARNED_AT),
                clock: at(LEARNED_AT),
                zone: None,
                policy: &policy(until),
                limits: Limits::default(),
                orders: None,
                progress: &|_| {},
            };
            let answer = dry_run.run(&file, None).expect("the file is there");
            assert_eq!(answer.by_code.contains_key(WARNED), warned, "{carrier} {until}");
            assert_eq!(answer.counts.rejected, 0, "{:?}", answer.issues);
        }
    }
}
