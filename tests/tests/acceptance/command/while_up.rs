//! Every command while `waymark up` runs on its data directory: it works through it, and prints what it would print alone.

use std::fs;

use serde_json::Value;

use crate::command::diagnose::{LATER, with_season};
use crate::command::up::Up;
use crate::command::{assert_complains, waymark};

/// The morning after.
const NEXT: &str = "2024-05-07T00:00:00Z";

#[test]
fn every_command_works_while_it_is_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = with_season(directory.path());
    let readers: &[&[&str]] = &[
        &["ledger", "--json"],
        &["ledger", "--seller", "S1", "--month", "2024-04"],
        &["ledger", "verify", "--json"],
        &["diagnose", "8300000000000002", "--as-of", LATER, "--json"],
        &["board", "--as-of", LATER, "--json"],
        &["parked", "--as-of", LATER, "--json"],
        &["identify", "3318810025", "--json"],
        &["policy", "show"],
    ];
    let read = || -> Vec<_> {
        let run = |command: &&[&str]| waymark.run(*command);
        readers
            .iter()
            .map(run)
            .map(|ran| (ran.status, ran.stdout))
            .collect()
    };
    let alone = read();
    let up = Up::of(&waymark);
    for (index, (through, alone)) in read().into_iter().zip(&alone).enumerate() {
        assert_eq!(&through, alone, "{:?}", readers[index]);
    }
    let entry = &waymark.run(["ledger", "--json"]).json_lines()[0];
    let explained = waymark.run(["explain", entry["entry_id"].as_str().expect("an id"), "--json"]);
    assert_eq!(explained.status, 0, "{explained:?}");

    // What comes in is judged by `up`, and the command prints its answer.
    let file = directory.path().join("more.csv");
    let row = |order: u64| {
        format!(
            "order_id,seller_id,paid_at,amount,currency,destination_country\n{order},S1,2024-05-03T00:00:00Z,80.10,USD,ES\n"
        )
    };
    let path = file.to_string_lossy().into_owned();
    let upload = || {
        let ran = waymark.run([
            "upload",
            &path,
            "--kind",
            "orders",
            "--recorded-at",
            LATER,
            "--json",
        ]);
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.json_lines().remove(0)["counts"].take()
    };
    fs::write(&file, row(8_300_000_000_000_011)).expect("a file");
    assert_eq!(upload()["accepted"], 1);
    assert_eq!(
        upload()["unchanged"],
        1,
        "the same file again has an answer of its own"
    );
    fs::write(&file, row(8_300_000_000_000_012)).expect("a file");
    assert_eq!(upload()["accepted"], 1);

    let night = waymark.run(["scan", "night", "--as-of", NEXT, "--json"]);
    assert_eq!((night.status, night.stderr.as_str()), (0, ""), "{night:?}");
    assert_eq!(night.json_lines()[0]["stalls"]["examined"], 5, "{night:?}");
    // The report has every change, the last one too.
    let reports = directory.path().join("reports");
    let out = reports.to_string_lossy();
    let report = waymark.run([
        "report", "--month", "2024-05", "--as-of", NEXT, "--out", &out, "--json",
    ]);
    assert_eq!((report.status, report.stderr.as_str()), (0, ""), "{report:?}");
    let csv = fs::read_to_string(reports.join("eligibility.csv")).expect("a report");
    let withdrawn = waymark.run(["nights", "withdraw", "--after", LATER, "--json"]);
    assert_eq!(withdrawn.status, 0, "{withdrawn:?}");
    let verified = waymark.run(["ledger", "verify", "--json"]);
    assert_eq!(
        (verified.status, &verified.json_lines()[0]["orders"]),
        (0, &Value::from(5)),
        "{verified:?}"
    );

    // What needs the directory for itself says who has it.
    let policy = directory.path().join("policy.toml");
    fs::write(&policy, "").expect("a file");
    let set = waymark.run(["policy", "set", &policy.to_string_lossy()]);
    assert_complains(&set, 2, &["`waymark up`", "Ctrl-C"]);
    assert_complains(
        &waymark.run(["up", "--s3-port", "0"]),
        2,
        &["`waymark up`", "Ctrl-C"],
    );

    let before = read();
    up.stop();
    assert_eq!(read(), before, "it was the same cloud");
    let again = directory.path().join("again");
    let out = again.to_string_lossy();
    let report = waymark.run(["report", "--month", "2024-05", "--as-of", NEXT, "--out", &out]);
    assert_eq!(report.status, 0, "{report:?}");
    assert_eq!(
        fs::read_to_string(again.join("eligibility.csv")).expect("a report"),
        csv
    );
}

#[test]
fn what_a_killed_up_left_behind_is_no_cloud() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let waymark = waymark(&state);
    let mut up = Up::of(&waymark);
    up.kill();
    assert!(state.join("up.json").exists());
    assert_eq!(waymark.run(["ledger"]).status, 0);
    assert!(
        !state.join("up.json").exists(),
        "who opens the directory next takes it away"
    );
}

#[test]
fn a_season_is_played_through_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = directory.path().join("season");
    fs::create_dir_all(season.join("2024-05-01")).expect("a season");
    fs::write(
        season.join("2024-05-01/orders.csv"),
        "order_id,seller_id,paid_at,amount,currency,destination_country\n8300000000000001,S1,2024-05-01T09:00:00Z,80.10,USD,ES\n",
    )
    .expect("a file");
    let waymark = waymark(&directory.path().join("state"));
    let up = Up::of(&waymark);
    let ran = waymark.run(["replay", &season.to_string_lossy(), "--json"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    up.stop();
    assert_eq!(
        waymark.run(["ledger", "verify", "--json"]).json_lines()[0]["orders"],
        1
    );
}
