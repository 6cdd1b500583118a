//! Small files of the field, each a kind that went wrong once, judged as `validate` judges them: which rows stand, and what is
//! said of those that do not.

use std::path::Path;

use domain::PolicyBook;
use domain::ruling::Uploader;
use intake::{Kind, Limits};
use lake::{Answer, UploadKey};
use tests::{OwnCloud, at};
use upload_validation::dry_run::{DryRun, kind_of};

/// A file, its kind, the codes of each row that has any, and texts that the remedies must hold.
type Case = (
    &'static str,
    Kind,
    &'static [(u64, &'static str)],
    &'static [&'static str],
);

const CASES: &[Case] = &[
    ("m01-handover-events.csv", Kind::Events, &[], &[]),
    ("m01-original-sender-events.csv", Kind::Events, &[], &[]),
    (
        "m02-ae-standard.csv",
        Kind::Tracking,
        &[(1, "CARRIER_OUT_OF_SCOPE")],
        &[],
    ),
    ("m03-bilingual-carriers.csv", Kind::Tracking, &[], &[]),
    ("m05-countries.csv", Kind::Orders, &[], &[]),
    ("m06-amount.csv", Kind::Orders, &[(1, "AMOUNT_INVALID")], &[]),
    ("m07-header-hint.csv", Kind::Tracking, &[], &[]),
    ("m07-header-hyphen.csv", Kind::Tracking, &[], &[]),
    ("m08-platform-status.csv", Kind::Orders, &[], &[]),
    (
        "m09-wrong-fix.csv",
        Kind::Tracking,
        &[(1, "NUM_WHITESPACE"), (2, "NUM_WHITESPACE")],
        &["3318810051", "YT2633000000000001"],
    ),
    ("m10-numbers.csv", Kind::Tracking, &[], &[]),
    ("m12-languages-events.csv", Kind::Events, &[], &[]),
    ("m13-yunexpress-codes.csv", Kind::Events, &[], &[]),
    (
        "m14-tax-ids.csv",
        Kind::Tracking,
        &[(4, "TAX_ID_INVALID")],
        &[" 0 "],
    ),
];

fn validated(path: &Path, kind: Kind) -> Answer {
    let run = DryRun {
        filled: intake::Filled::default(),
        kind,
        uploader: Uploader::Operator,
        recorded_at: at("2026-12-01T00:00:00Z"),
        clock: at("2026-12-01T00:00:00Z"),
        zone: None,
        policy: PolicyBook::shipped(),
        limits: Limits::default(),
        orders: None,
        progress: &|_| {},
    };
    run.run(path, None).expect("an answer")
}

/// A text as a file, judged.
fn validated_text(text: &str, kind: Kind) -> Answer {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("file.csv");
    std::fs::write(&path, text).expect("a file");
    validated(&path, kind)
}

/// The row and code of each error.
fn errors(answer: &Answer) -> Vec<(u64, &str)> {
    let issues = answer.issues.iter().filter(|issue| issue.severity == "error");
    issues.map(|issue| (issue.row, issue.code.as_str())).collect()
}

#[test]
fn the_files_of_the_field_are_judged_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/intake/tests/field");
    for &(name, kind, expected, remedies) in CASES {
        let answer = validated(&folder.join(name), kind);
        assert_eq!(errors(&answer), expected, "{name}: {:?}", answer.issues);
        let rejected = answer.counts.rejected;
        assert_eq!(rejected, expected.len() as u64, "{name}");
        for remedy in remedies {
            let is_said =
                |issue: &lake::Issue| issue.fix_en.contains(remedy) && issue.fix_zh.contains(remedy);
            assert!(
                answer.issues.iter().any(is_said),
                "{name}: {remedy}: {:?}",
                answer.issues
            );
        }
    }
}

const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country,status\n";

#[test]
fn an_order_that_nobody_has_paid_is_skipped_and_one_that_is_over_stays() {
    let answer = validated_text(
        &format!(
            "{ORDERS}8100311000000003,S1,,25.00,USD,ES,等待买家付款\n8100311000000020,S1,2026-11-05T00:00:00Z,25.00,USD,ES,FINISH\n8100311000000037,S1,,25.00,USD,ES,paid\n"
        ),
        Kind::Orders,
    );
    let counts = answer.counts;
    assert_eq!(
        (counts.rows, counts.skipped, counts.accepted, counts.rejected),
        (3, 1, 1, 1)
    );
    assert_eq!(errors(&answer), [(3, "CELL_MISSING")]);
    let said: Vec<&str> = answer.notes.iter().map(|note| note.message_en.as_str()).collect();
    assert!(
        said.iter()
            .any(|note| note.contains("nobody has paid yet were skipped: 1")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|note| note.contains("stay as they were")),
        "{said:?}"
    );
}

#[test]
fn a_header_once_more_is_skipped_and_never_judged() {
    let head = "订单号,承运商,运单号";
    for (kind, file, rows) in [
        (Kind::Tracking, format!("{head}\norder_id,carrier,tracking_number\n8100311000000003,云途,YT2633000000000000\n"), 2),
        (Kind::Tracking, format!("{head}\n必填,必填,必填\n8100311000000003,云途,YT2633000000000000\n{head}\n"), 3),
        (
            Kind::Events,
            "承运商,运单号,节点,发生时间\nCarrier,Tracking No.,Event,Event time\n云途,YT2633000000000000,picked_up,2026-10-02T08:00:00Z\n".to_owned(),
            2,
        ),
        (Kind::Rates, "date,currency,usd_per_unit\n日期,币种,汇率\n2026-10-02,BRL,0.2\n".to_owned(), 2),
    ] {
        let answer = validated_text(&file, kind);
        let counts = answer.counts;
        assert_eq!((counts.rows, counts.skipped, counts.rejected), (rows, rows - 1, 0), "{file}: {:?}", answer.issues);
        assert!(answer.notes.iter().any(|note| note.message_zh.contains("重复的表头行已跳过")), "{file}");
    }
    let answer = validated_text(
        &format!("{head}\n订单号,云途,YT2633000000000000\n,,\n"),
        Kind::Tracking,
    );
    assert_eq!((answer.counts.skipped, answer.counts.rejected), (0, 1));
}

#[test]
fn a_dry_run_says_what_an_upload_would_cost() {
    let head = "订单号,承运商,运单号\n";
    let costs = |file: &str| {
        let answer = validated_text(&format!("{head}{file}"), Kind::Tracking);
        assert_eq!(
            (answer.fines.count, answer.fines.amount.0),
            (0, 0),
            "a dry run fines nobody"
        );
        let said = answer.notes.iter().map(|note| note.message_en.clone());
        said.into_iter().find(|note| note.contains("would cost"))
    };
    let wrong = "8100311000000003,DHL,86680\n8100311000000020,DHL,\n8100311000000037,DHL,3318810025\nx,DHL,3318810033\n";
    let said = costs(wrong).unwrap_or_default();
    assert!(said.contains("up to 1.00 USD (A6)"), "{said}");
    assert_eq!(costs("8100311000000037,DHL,3318810025\n"), None);
}

/// The kind that a text is told to be; the refusal's code and message where it is not.
fn told(text: &str) -> Result<Kind, (String, String)> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("file");
    std::fs::write(&path, text).expect("a file");
    let told = kind_of(
        &path,
        &Limits::default(),
        &intake::Filled::default(),
        PolicyBook::shipped(),
    )
    .expect("readable");
    told.map_err(|answer| (answer.issues[0].code.clone(), answer.issues[0].message_en.clone()))
}

#[test]
fn the_kind_is_told_by_the_content_or_asked() {
    let tracking = "订单号（必填）,承运商,运单号\n8100311000000003,云途,YT2633000000000000\n";
    assert_eq!(told(tracking), Ok(Kind::Tracking));
    assert_eq!(told(&format!("{ORDERS}\n")), Ok(Kind::Orders));
    assert_eq!(told("date;currency;usd_per_unit\n"), Ok(Kind::Rates));
    assert_eq!(
        told("carrier\ttracking_number\tevent_code\toccurred_at\n"),
        Ok(Kind::Events)
    );
    assert_eq!(
        told("{\"seller_id\":\"S1\",\"entity_type\":\"mainland_company\"}\n"),
        Ok(Kind::Sellers)
    );
    for (text, code, words) in [
        ("name,price\nlamp,12\n", "KIND_UNCLEAR", "no kind"),
        (
            "订单号,运单号\n8100311000000003,YT2633000000000000\n",
            "KIND_UNCLEAR",
            "nearest to the kind tracking and lacks carrier; the file has",
        ),
        (
            "order_id,seller_id,paid_at,amount,currency,destination_country,carrier,tracking_number\n",
            "KIND_UNCLEAR",
            "orders and of tracking",
        ),
        ("", "FILE_EMPTY", ""),
        ("{\"x\":1}\n", "KIND_UNCLEAR", "no kind"),
    ] {
        let (found, message) = told(text).expect_err("not told");
        assert_eq!(found, code, "{text}");
        assert!(message.contains(words), "{text}: {message}");
    }
}

#[tokio::test]
async fn an_upload_in_the_folder_of_any_kind_is_read_as_what_it_is() {
    let cloud = OwnCloud::new().await;
    let key = UploadKey::parse("inbox/auto/_/orders.csv").expect("a key");
    let file = "order_id,seller_id,paid_at,amount,currency,destination_country\n8100311000000003,S1,2024-05-01T00:00:00Z,25.00,USD,ES\n";
    let answer = cloud.upload(&key, file, Some(at("2024-05-02T00:00:00Z"))).await;
    assert_eq!(
        (answer.upload.kind.as_str(), answer.counts.accepted),
        ("orders", 1)
    );
    assert!(
        answer
            .notes
            .iter()
            .any(|note| note.message_en.contains("kind orders")),
        "{:?}",
        answer.notes
    );
    let key = UploadKey::parse("inbox/auto/S1/orders.csv").expect("a key");
    let refused = cloud.upload(&key, file, None).await;
    assert_eq!(refused.issues[0].code, "KIND_NOT_ALLOWED");
}
