//! `waymark diagnose`: every stage of a number or an order, the failing ones first, at any time; it posts nothing.

use std::path::Path;

use serde_json::Value;
use tests::Waymark;

use crate::command::{assert_complains, waymark};

const PAID_AT: &str = "2024-05-01T00:00:00Z";
/// Five days after the payment.
pub(crate) const LATER: &str = "2024-05-06T00:00:00Z";

const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country
8300000000000001,S1,2024-05-01T00:00:00Z,80.10,USD,ES
8300000000000002,S1,2024-05-01T00:00:00Z,20.00,USD,RU
8300000000000003,S2,2024-05-01T00:00:00Z,30.00,USD,FR
";
/// One in time and never picked up, one without its papers, one late with a wrong check digit, one of an order that is not there.
const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at
8300000000000001,DHL,3318810025,2024-05-01T02:00:00Z
8300000000000002,DHL,3318810036,2024-05-01T03:00:00Z
8300000000000003,DHL,3318810041,2024-05-02T03:10:00Z
8300000000000009,DHL,3318810051,2024-05-01T04:00:00Z
";
/// One of a number that nobody has uploaded.
const EVENTS: &str = "carrier,tracking_number,event_code,occurred_at,recorded_at
DHL,3318810041,picked_up,2024-05-02T12:00:00Z,2024-05-02T13:00:00Z
DHL,3318810062,picked_up,2024-05-02T12:00:00Z,2024-05-02T13:00:00Z
";

/// The cloud of these files, after the night of [`LATER`].
pub(crate) fn with_season(directory: &Path) -> Waymark {
    let waymark = waymark(&directory.join("state"));
    for (kind, content, recorded_at) in [
        ("orders", ORDERS, PAID_AT),
        ("tracking", TRACKING, "2024-05-02T04:00:00Z"),
        ("events", EVENTS, PAID_AT),
    ] {
        let file = directory.join(format!("{kind}.csv"));
        std::fs::write(&file, content).expect("a file");
        let path = file.to_string_lossy().into_owned();
        let ran = waymark.run(["upload", &path, "--kind", kind, "--recorded-at", recorded_at]);
        assert!(ran.status <= 1, "{ran:?}");
    }
    let ran = waymark.run(["scan", "night", "--as-of", LATER]);
    assert_eq!(ran.status, 0, "{ran:?}");
    waymark
}

fn diagnosis(waymark: &Waymark, asked: &str, as_of: &str, status: i32) -> Value {
    let ran = waymark.run(["diagnose", asked, "--as-of", as_of, "--json"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (status, ""), "{ran:?}");
    ran.json_lines().remove(0)
}

/// The stages of a standing, in the order in which they are told.
fn told_as(diagnosis: &Value, standing: &str) -> Vec<String> {
    let stages = diagnosis["stages"].as_array().expect("stages");
    let of_standing = stages.iter().filter(|stage| stage["standing"] == standing);
    of_standing
        .map(|stage| stage["stage"].as_str().expect("a name").to_owned())
        .collect()
}

fn stage<'a>(diagnosis: &'a Value, name: &str) -> &'a Value {
    let stages = diagnosis["stages"].as_array().expect("stages");
    stages
        .iter()
        .find(|stage| stage["stage"] == name)
        .expect("every stage is told")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn every_stage_is_told_and_the_failing_ones_come_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = with_season(directory.path());

    // Never picked up: B1, by its number and by its order.
    let silent = diagnosis(&waymark, "3318810025", LATER, 1);
    assert_eq!(told_as(&silent, "failed"), ["pickup"]);
    assert_eq!(silent["stages"][0]["family"], "trace");
    assert!(text(&silent["stages"][0]["cause"]["en"]).contains("118 h 00 m > 48 h 00 m"));
    assert_eq!(
        told_as(&diagnosis(&waymark, "8300000000000001", LATER, 1), "failed"),
        ["pickup"]
    );
    // A day after the payment nothing had failed yet.
    let before = diagnosis(&waymark, "3318810025", "2024-05-02T00:00:00Z", 0);
    assert_eq!(told_as(&before, "failed"), Vec::<String>::new());

    // Refused for want of papers: a fine that the ledger holds, and nothing ever uploaded.
    let papers = diagnosis(&waymark, "8300000000000002", LATER, 1);
    assert_eq!(
        told_as(&papers, "failed"),
        ["upload_time", "customs_papers", "fines"]
    );
    let customs = stage(&papers, "customs_papers");
    assert_eq!(
        (&customs["family"], &customs["fined"]),
        (&"customs".into(), &"0.50".into())
    );
    assert_eq!(papers["fined"], "0.50");
    assert!(text(&customs["remedy"]["zh"]).contains("商业发票"));

    // Late, with a wrong check digit, and silent since the pickup.
    let late = diagnosis(&waymark, "3318810041", LATER, 1);
    assert_eq!(told_as(&late, "failed"), ["upload_time", "staleness", "fines"]);
    assert!(text(&stage(&late, "upload_time")["cause"]["en"]).contains("27 h 10 m > 24 h 00 m"));
    assert_eq!(stage(&late, "format")["standing"], "at_risk");
    assert!(text(&stage(&late, "format")["cause"]["zh"]).contains("校验位"));
    assert_eq!(stage(&late, "staleness")["fined"], "1.20");
    assert_eq!(late["order_id"], "8300000000000003");

    let ledger = waymark.run(["ledger", "--json"]).json_lines();
    let entries = ledger.iter().filter(|line| line.get("entry_id").is_some());
    assert_eq!(entries.count(), 2, "it posts nothing: {ledger:?}");
}

#[test]
fn what_is_unknown_or_waits_is_told_as_such() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = with_season(directory.path());
    let unknown = diagnosis(&waymark, "3318810073", LATER, 1);
    assert_eq!(told_as(&unknown, "failed"), ["order"]);
    assert!(text(&unknown["stages"][0]["remedy"]["en"]).contains("upload a tracking row"));
    assert!(text(&stage(&unknown, "carrier")["cause"]["en"]).contains("DHL"));
    // An event waits for its number, a tracking row for its order.
    for (asked, place) in [
        ("3318810062", "row 2 of inbox/events/_/events.csv"),
        ("8300000000000009", "row 4 of inbox/tracking/_/tracking.csv"),
    ] {
        let waits = diagnosis(&waymark, asked, LATER, 0);
        let order = stage(&waits, "order");
        assert_eq!(order["standing"], "pending", "{order}");
        assert!(text(&order["cause"]["en"]).contains(place), "{order}");
    }
    // The number of a row that waits for its order.
    let waits = diagnosis(&waymark, "3318810051", LATER, 0);
    let cause = text(&stage(&waits, "order")["cause"]["en"]);
    assert!(
        cause.contains("Waiting for order 8300000000000009")
            && cause.contains("row 4 of inbox/tracking/_/tracking.csv"),
        "{cause}"
    );
    // Spaces are the number's fault; what was meant is known all the same.
    let spaced = diagnosis(&waymark, "33188 10025", LATER, 1);
    assert_eq!(told_as(&spaced, "failed"), ["format", "pickup"]);
    assert!(text(&spaced["stages"][0]["remedy"]["zh"]).contains("3318810025"));
    let nobodys = waymark.run(["diagnose", "83000000000007770", "--as-of", LATER]);
    assert_complains(&nobodys, 2, &["83000000000007770"]);
    // As of then the order was not there; by its form the id may be a number, too.
    let early = diagnosis(&waymark, "8300000000000001", "2024-04-01T00:00:00Z", 1);
    let cause = text(&stage(&early, "order")["cause"]["en"]);
    assert!(cause.contains("there is no order 8300000000000001"), "{cause}");
    assert!(early.get("seller_id").is_none() && early.get("order_id").is_none());
}

#[test]
fn an_order_that_waits_for_a_rate_is_shown_until_the_rate_comes() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let upload = |kind: &str, content: &str, recorded_at: &str| {
        let file = directory.path().join(format!("{kind}.csv"));
        std::fs::write(&file, content).expect("a file");
        let path = file.to_string_lossy().into_owned();
        let ran = waymark.run(["upload", &path, "--kind", kind, "--recorded-at", recorded_at]);
        assert_eq!(ran.status, 0, "{ran:?}");
    };
    let orders = "order_id,seller_id,paid_at,amount,currency,destination_country\n8300000000000005,S1,2024-05-01T12:00:00Z,80.10,BRL,ES\n";
    let tracking = "order_id,carrier,tracking_number\n8300000000000005,DHL,3318810025\n";
    upload("orders", orders, "2024-05-01T13:00:00Z");
    upload("tracking", tracking, "2024-05-01T14:00:00Z");
    let waits = diagnosis(&waymark, "8300000000000005", LATER, 0);
    let shown: Vec<&Value> = waits["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter(|stage| stage["stage"] == "order")
        .collect();
    let [rate, tracking] = shown[..] else {
        panic!("{shown:?}")
    };
    assert_eq!(
        (text(&rate["standing"]), text(&rate["deadline"])),
        ("at_risk", "2024-06-15T13:00:00Z")
    );
    let cause = text(&rate["cause"]["en"]);
    assert!(
        cause.contains("80.10 BRL were paid on 2024-05-01")
            && cause.contains("row 1 of inbox/orders/_/orders.csv"),
        "{cause}"
    );
    assert!(
        text(&rate["remedy"]["zh"]).contains("2024-05-01 的 BRL 汇率"),
        "{rate}"
    );
    assert!(
        text(&tracking["cause"]["en"]).contains("row 1 of inbox/tracking/_/tracking.csv"),
        "{tracking}"
    );
    let number = diagnosis(&waymark, "3318810025", LATER, 0);
    assert!(
        text(&stage(&number, "order")["cause"]["en"]).contains("Waiting for order 8300000000000005"),
        "{number}"
    );
    // As of then nothing was recorded; lapsed it fails.
    let early = waymark.run(["diagnose", "8300000000000005", "--as-of", "2024-05-01T12:30:00Z"]);
    assert_ne!(early.status, 0, "{early:?}");
    let lapsed = diagnosis(&waymark, "8300000000000005", "2024-06-16T14:00:00Z", 1);
    assert_eq!(stage(&lapsed, "order")["standing"], "failed");

    upload(
        "rates",
        "date,currency,usd_per_unit\n2024-05-01,BRL,0.2\n",
        "2024-05-03T00:00:00Z",
    );
    for asked in ["8300000000000005", "3318810025"] {
        let known = diagnosis(&waymark, asked, "2024-05-03T01:00:00Z", 0);
        assert_eq!(known["order_id"], "8300000000000005", "{known}");
        assert_ne!(stage(&known, "order")["standing"], "at_risk", "{known}");
    }
}

#[test]
fn people_read_the_failing_stages_first_in_either_language() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = with_season(directory.path());
    for (lang, words) in [
        (
            "en",
            [
                "✗ upload time: failed",
                "late tracking",
                "→ ",
                "fined 1.20 USD",
                "at risk",
            ],
        ),
        (
            "zh",
            [
                "✗ 上传时效：未通过",
                "轨迹回传延迟",
                "→ ",
                "已罚 1.20 USD",
                "有风险",
            ],
        ),
    ] {
        let ran = waymark.run(["diagnose", "3318810041", "--as-of", LATER, "--lang", lang]);
        assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{ran:?}");
        assert!(
            words.iter().all(|word| ran.stdout.contains(word)),
            "{words:?} in {}",
            ran.stdout
        );
        let place = |mark: &str| {
            ran.stdout
                .find(mark)
                .unwrap_or_else(|| panic!("{mark} in {}", ran.stdout))
        };
        assert!(place("✗ ") < place("! ") && place("! ") < place("✓ "));
        assert!(!ran.stdout.contains('\u{1b}'), "no colours in a pipe: {ran:?}");
    }
}

#[test]
fn what_nobody_can_mean_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = with_season(directory.path());
    let long = "7".repeat(5_000);
    for (asked, words) in [
        ("", "tracking number or one order id"),
        ("=cmd|'/c calc'!A0", "formula"),
        ("3318\u{1b}[31m810025", "control characters"),
        (long.as_str(), "100 characters"),
    ] {
        assert_complains(&waymark.run(["diagnose", asked]), 2, &[words]);
    }
    let ran = waymark.run(["diagnose", "3318810025", "--as-of", "yesterday"]);
    assert_complains(&ran, 2, &["2024-06-12T07:00:00Z"]);
    let nowhere = crate::command::waymark(&directory.path().join("nowhere"));
    assert_complains(&nowhere.run(["diagnose", "3318810025"]), 2, &["--data-dir"]);
}
