//! What the command prints: JSON for machines and nothing else, English and Chinese for people.

use std::io::Read;
use std::path::Path;

use serde_json::Value;
use tests::{Ran, Season, Waymark, made_up};

use crate::command::waymark;

const AS_OF: &str = "2024-05-11T07:00:00Z";

/// A season of some orders in `directory`.
fn season(directory: &Path) -> Season {
    let season = made_up(3, 20);
    season.write(directory);
    season
}

fn upload(waymark: &Waymark, directory: &Path, file: &str, more: &[&str]) -> Ran {
    let path = directory
        .join(format!("{file}.csv"))
        .to_string_lossy()
        .into_owned();
    let kind = file.split('-').next().unwrap_or(file);
    waymark.run(
        ["upload", &path, "--kind", kind, "--recorded-at", AS_OF]
            .iter()
            .chain(more),
    )
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn with_json_stdout_is_json_and_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path());
    let waymark = waymark(&directory.path().join("state"));
    for (file, table) in season.files() {
        let ran = upload(&waymark, directory.path(), file, &["--json"]);
        let [answer] = &ran.json_lines()[..] else {
            panic!("one answer: {ran:?}")
        };
        assert_eq!(answer["counts"]["rows"], table.rows.len());
        assert_eq!(
            ran.status,
            i32::from(answer["counts"]["rejected"] != 0),
            "1 when rows were rejected: {file}"
        );
        assert!(ran.stderr.is_empty(), "{ran:?}");
    }
    let json = |arguments: &[&str]| -> Vec<Value> {
        let ran = waymark.run(arguments.iter().chain(&["--json"]));
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        ran.json_lines()
    };
    let stalls = json(&["scan", "stalls", "--as-of", AS_OF]);
    assert_eq!((stalls.len(), &stalls[0]["examined"]), (1, &20.into()));
    let posted =
        stalls[0]["posted"].as_u64().expect("a count") + stalls[0]["held"].as_u64().expect("a count");
    assert_eq!(
        json(&["scan", "signoffs", "--as-of", AS_OF])[0]["posted"],
        0,
        "the first scan settled all"
    );

    let mut ledger = json(&["ledger"]);
    let balance = ledger.pop().expect("a balance comes last");
    assert_eq!(ledger.len() as u64, posted);
    assert_eq!(
        (&balance["entries"], &balance["currency"]),
        (&posted.into(), &"USD".into())
    );
    assert_eq!(
        balance["balance"], stalls[0]["balance"],
        "all of it was posted by the scan"
    );
    for entry in &ledger {
        for field in [
            "entry_id",
            "order_id",
            "seller_id",
            "clause",
            "kind",
            "amount",
            "subject",
            "as_of",
            "effective_at",
            "policy",
            "because",
        ] {
            assert!(!entry[field].is_null(), "{field} in {entry}");
        }
        assert!(
            entry["amount"].is_string() && entry["currency"] == "USD" && entry["as_of"] == AS_OF,
            "{entry}"
        );
    }
    let one = ledger[0]["order_id"].as_str().expect("an order");
    let mut of_one = json(&["ledger", "--order", one]);
    assert_eq!(of_one.pop().expect("a balance")["entries"], of_one.len());
    assert!(!of_one.is_empty() && of_one.iter().all(|entry| entry["order_id"] == one));
    assert_eq!(
        json(&["ledger", "--month", "2023-01"]),
        [serde_json::json!({"balance": "0.00", "currency": "USD", "entries": 0})]
    );
    assert_eq!(json(&["ledger", "verify"])[0]["ok"], true);
    let report = &json(&["report", "--month", "2024-04", "--as-of", AS_OF])[0];
    assert_eq!(
        (&report["month"], &report["final"]),
        (&"2024-04".into(), &true.into())
    );
}

#[test]
fn people_read_english_or_chinese() {
    let directory = tempfile::tempdir().expect("a directory");
    season(directory.path());
    let waymark = waymark(&directory.path().join("state"));
    for file in ["rates", "orders", "tracking", "events"] {
        let english = upload(&waymark, directory.path(), file, &[]);
        let chinese = upload(&waymark, directory.path(), file, &["--lang", "zh"]);
        assert!(
            !is_chinese(&english.stdout) && is_chinese(&chinese.stdout),
            "{english:?} {chinese:?}"
        );
        assert_eq!(english.status, chinese.status, "{file}");
    }
    let commands: [&[&str]; 5] = [
        &["scan", "stalls", "--as-of", AS_OF],
        &["scan", "signoffs", "--as-of", "2024-05-10T07:00:00Z"],
        &["ledger"],
        &["ledger", "verify"],
        &["report", "--month", "2024-04", "--as-of", AS_OF],
    ];
    for command in commands {
        let (english, chinese) = (
            waymark.run(command),
            waymark.run(command.iter().chain(&["--lang", "zh"])),
        );
        assert_eq!((english.status, chinese.status), (0, 0), "{english:?}");
        assert!(!is_chinese(&english.stdout), "{}", english.stdout);
        assert!(is_chinese(&chinese.stdout), "{}", chinese.stdout);
    }
}

#[test]
fn a_report_is_also_put_where_it_is_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    season(directory.path());
    let waymark = waymark(&directory.path().join("state"));
    for file in ["rates", "orders", "tracking"] {
        upload(&waymark, directory.path(), file, &[]);
    }
    let out = directory
        .path()
        .join("new/reports")
        .to_string_lossy()
        .into_owned();
    let ran = waymark.run(["report", "--month", "2024-04", "--as-of", AS_OF, "--out", &out]);
    assert_eq!(ran.status, 0, "{ran:?}");
    for file in ["eligibility.csv", "eligibility.parquet"] {
        assert!(
            directory
                .path()
                .join("new/reports")
                .join(file)
                .metadata()
                .is_ok_and(|file| file.len() > 100),
            "{file}"
        );
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let directory = tempfile::tempdir().expect("a directory");
    season(directory.path());
    let waymark = waymark(&directory.path().join("state"));
    for file in ["rates", "orders", "tracking", "events"] {
        upload(&waymark, directory.path(), file, &[]);
    }
    waymark.run(["scan", "stalls", "--as-of", AS_OF]);
    let mut child = waymark
        .command(["ledger", "--json"])
        .spawn()
        .expect("the command can be started");
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut said)
        .expect("text");
    assert_eq!(
        (child.wait().expect("an end").code(), said.as_str()),
        (Some(0), "")
    );
}

#[test]
fn the_help_tells_of_every_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let ran = waymark(directory.path()).run(["--help"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    for command in ["demo", "up", "upload", "replay", "scan", "report", "ledger"] {
        assert!(ran.stdout.contains(command), "{command}");
    }
}

#[test]
fn a_row_that_waits_is_listed_once_however_often_its_file_is_sent() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let tracking = "order_id,carrier,tracking_number\n8200000000000003,DHL,3318810025\n8200000000000005,DHL,1000000006\n";
    std::fs::write(directory.path().join("tracking.csv"), tracking).expect("a file");
    for _ in 0..2 {
        let ran = upload(&waymark, directory.path(), "tracking", &[]);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let rows: Vec<_> = waymark.run(["parked", "--as-of", AS_OF, "--json"]).json_lines();
    let listed: Vec<_> = rows
        .iter()
        .map(|row| (row["row"].as_u64(), row["state"].as_str()))
        .collect();
    assert_eq!(listed, [(Some(1), Some("waiting")), (Some(2), Some("waiting"))]);
    let told = waymark.run(["parked", "--as-of", AS_OF]).stdout;
    assert!(told.contains("2 waiting, 0 lapsed, 0 refused"), "{told}");
}
