//! Instants that have not come, and the zones of times that have none, on the command line.

use std::fs;

use crate::command::{assert_complains, waymark};

const TO_COME: &str = "2099-01-01T00:00:00Z";
const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country\n";

#[test]
fn nothing_is_run_or_recorded_as_of_an_instant_that_has_not_come() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let waymark = waymark(&state);
    let file = directory.path().join("orders.csv");
    fs::write(
        &file,
        format!("{ORDERS}8200000000000001,S1,2024-05-01T00:00:00Z,80.10,USD,US\n"),
    )
    .expect("a file");
    let file = file.to_string_lossy();
    for arguments in [
        &["scan", "stalls", "--as-of", TO_COME][..],
        &["scan", "signoffs", "--as-of", TO_COME],
        &["scan", "night", "--as-of", TO_COME],
        &["report", "--month", "2024-05", "--as-of", TO_COME],
        &["nights", "withdraw", "--after", TO_COME],
        &["upload", &file, "--kind", "orders", "--recorded-at", TO_COME],
        &["validate", &file, "--kind", "orders", "--recorded-at", TO_COME],
        &["diagnose", "3318810051", "--as-of", TO_COME],
        &["board", "--as-of", TO_COME],
        &["parked", "--as-of", TO_COME],
    ] {
        assert_complains(&waymark.run(arguments), 2, &[TO_COME, "still to come"]);
        assert!(!state.exists(), "nothing was begun: {arguments:?}");
    }
}

#[test]
fn a_day_that_is_not_over_is_not_played() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = directory.path().join("season");
    fs::create_dir_all(season.join("2099-01-01")).expect("a season");
    let ran = waymark(&directory.path().join("state")).run(["replay", &season.to_string_lossy()]);
    assert_complains(&ran, 2, &["2099-01-01", "not over"]);
}

#[test]
fn an_instant_is_taken_in_every_form_that_says_its_zone() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let file = directory.path().join("orders.csv");
    fs::write(
        &file,
        format!("{ORDERS}8200000000000001,S1,2024-05-01T00:00:00Z,80.10,USD,US\n"),
    )
    .expect("a file");
    let file = file.to_string_lossy();
    for written in [
        "2024-06-12T07:00:00Z",
        "2024-06-12T15:00+08:00",
        "2024-06-12 15:00 北京时间",
    ] {
        let ran = waymark.run(["upload", &file, "--kind", "orders", "--recorded-at", written]);
        assert_eq!(ran.status, 0, "{written}: {ran:?}");
    }
    let ran = waymark.run([
        "upload",
        &file,
        "--kind",
        "orders",
        "--recorded-at",
        "2024-06-12 15:00",
    ]);
    assert_complains(&ran, 2, &["2024-06-12 15:00", "offset"]);
}

#[test]
fn the_zone_of_times_without_one_is_stated_on_the_command_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("orders.csv");
    fs::write(
        &file,
        format!("{ORDERS}8200000000000001,S1,2024-05-01 10:00,80.10,USD,US\n"),
    )
    .expect("a file");
    let file = file.to_string_lossy();
    let notes = |command: &str, zone: &[&str]| {
        // The order as it was read before would contradict it.
        let state = tempfile::tempdir().expect("a directory");
        let waymark = waymark(state.path());
        let fixed = [
            command,
            &file,
            "--kind",
            "orders",
            "--recorded-at",
            "2024-05-02T00:00:00Z",
            "--json",
        ];
        let ran = waymark.run(fixed.iter().chain(zone));
        assert_eq!(ran.status, 0, "{ran:?}");
        let notes = ran.json_lines()[0]["notes"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        notes.iter().filter(|note| note["code"] == "ZONE_ASSUMED").count()
    };
    for command in ["validate", "upload"] {
        assert_eq!(notes(command, &["--zone", "北京时间"]), 0, "{command}");
        assert_eq!(notes(command, &[]), 1, "{command}");
    }
    let ran = waymark(directory.path()).run(["validate", &file, "--kind", "orders", "--zone", "Pekin"]);
    assert_complains(&ran, 2, &["Pekin", "Beijing"]);
}
