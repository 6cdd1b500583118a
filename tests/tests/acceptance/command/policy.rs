//! The policy that a data directory works by: chosen at its first use, honoured by every command, replaced by
//! `waymark policy set` alone.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use tests::{Ran, Waymark};

use crate::command::up::Ports;
use crate::command::what_if::{SILENT, policy, replay, season};
use crate::command::{assert_complains, waymark};

/// The night after the last one that was played, which is closed.
const NEXT_NIGHT: &str = "2024-04-17T07:00:00Z";

fn sha256(path: &Path) -> String {
    hex::encode(Sha256::digest(fs::read(path).expect("a file")))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn balance(waymark: &Waymark) -> i64 {
    let entries = waymark.run(["ledger", "--json"]).json_lines();
    let cents = |amount: &serde_json::Value| -> i64 {
        let amount = amount.as_str().expect("an amount").replace('.', "");
        amount.parse().expect("cents")
    };
    entries
        .iter()
        .map(|entry| match entry["kind"].as_str() {
            Some("fine" | "reversal") => cents(&entry["amount"]),
            _ => 0,
        })
        .sum()
}

/// A directory's policy in three commands: the season played by it, a night, and what is shown.
#[test]
fn a_scan_after_a_replay_goes_by_the_policy_of_the_replay() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 60);
    let dearer = policy(directory.path(), &[("fine_cents = 120", "fine_cents = 150")]);
    let state = directory.path().join("state");
    replay(&state, &season, SILENT, Some(&dearer), &["--json"]);
    let waymark = waymark(&state);
    let before = balance(&waymark);
    assert!(before > 0);
    let ran = waymark.run(["scan", "night", "--as-of", NEXT_NIGHT, "--json"]);
    let night = &ran.json_lines()[0];
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(night["stalls"]["reversed"], serde_json::json!(0), "{night}");
    assert!(balance(&waymark) >= before, "nothing was taken back");
    let shown = waymark.run(["policy", "show"]);
    assert_eq!(shown.stdout, fs::read_to_string(&dearer).expect("the file"));
    let told = waymark.run(["policy", "show", "--json"]).json_lines().remove(0);
    assert_eq!(told["sha256"], sha256(&dearer));
    // The directory proves its own text.
    let pinned = fs::read_to_string(state.join("policy/pinned")).expect("a pinned policy");
    assert_eq!(pinned, format!("{0}  {0}.toml\n", sha256(&dearer)));
}

/// Every command that works by a policy, as it would be typed.
fn commands(file: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["upload", file, "--kind", "orders"],
        vec!["validate", file, "--kind", "orders"],
        vec!["replay", "season"],
        vec!["scan", "stalls", "--as-of", NEXT_NIGHT],
        vec!["scan", "signoffs", "--as-of", NEXT_NIGHT],
        vec!["scan", "night", "--as-of", NEXT_NIGHT],
        vec!["report", "--month", "2024-04"],
        vec!["ledger"],
        vec!["explain", "8300000000000001.B4.fine"],
        vec!["diagnose", "3318810025"],
        vec!["board"],
        vec!["parked"],
        vec!["identify", "3318810025"],
        vec!["policy", "show"],
        vec![
            "up",
            "--s3-port",
            "0",
            "--dynamodb-port",
            "0",
            "--diagnosis-port",
            "0",
        ],
    ]
}

#[test]
fn every_command_refuses_another_policy_than_the_directorys_and_names_both() {
    let directory = tempfile::tempdir().expect("a directory");
    let orders = directory.path().join("orders.csv");
    let header = "order_id,seller_id,paid_at,amount,currency,destination_country\n";
    fs::write(
        &orders,
        format!("{header}8300000000000001,S1,2024-04-01T00:00:00Z,80.10,USD,ES\n"),
    )
    .expect("a file");
    fs::create_dir_all(directory.path().join("season/2024-04-01")).expect("a season");
    let other = policy(directory.path(), &[("rows_max = 20_000", "rows_max = 10_000")]);
    let state = directory.path().join("state");
    let waymark = waymark(&state);
    let uploaded = waymark.run(["upload", &text(&orders), "--kind", "orders"]);
    assert_eq!(uploaded.status, 0, "{uploaded:?}");
    let shipped = hex::encode(Sha256::digest(domain::PolicyBook::shipped().text()));
    let named = [&shipped[..12], &sha256(&other)[..12], "waymark policy set"];
    let orders = text(&orders);
    for command in commands(&orders) {
        let run = |variable: bool| {
            let mut process = waymark.command(&command);
            process.current_dir(directory.path());
            if variable {
                process.env("WAYMARK_POLICY", &other);
            } else {
                process.arg("--policy").arg(&other);
            }
            Ran::of(process.output().expect("the command can be started"))
        };
        assert_complains(&run(false), 2, &named);
        assert_complains(&run(true), 2, &named);
    }
    let demo = waymark.run(["demo", "--policy", "nowhere.toml"]);
    assert_complains(&demo, 2, &["nowhere.toml"]);
    // The same policy is no other one, by whatever name.
    let same = policy(directory.path(), &[]);
    let ran = waymark.run(["board", "--policy", &text(&same)]);
    assert_eq!(ran.status, 0, "{ran:?}");
    // In a shell with the settings of a stack the variable is a key of its bucket, which is not ours.
    let mut process = waymark.command(["board"]);
    process.envs([
        ("WAYMARK_BUCKET", "a-bucket"),
        ("WAYMARK_POLICY", "policy/pack.toml"),
    ]);
    assert_eq!(
        Ran::of(process.output().expect("the command can be started")).status,
        0
    );
}

#[test]
fn a_policy_is_replaced_whole_or_not_at_all_and_what_changes_is_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 60);
    let state = directory.path().join("state");
    replay(&state, &season, SILENT, None, &["--json"]);
    let waymark = waymark(&state);
    let (before, dearer) = (balance(&waymark), directory.path().join("own.toml"));
    let own = "[[carrier]]\nid = 'nt'\nname = 'North Trucks'\n[[carrier.format]]\npattern = 'NT[0-9]{10}'\n";
    fs::write(&dearer, own).expect("a file");
    let ran = waymark.run(["policy", "set", &text(&dearer)]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("carrier[nt].name: – → North Trucks"),
        "{ran:?}"
    );
    let shown = waymark.run(["policy", "show"]).stdout;
    assert!(shown.starts_with(own) && shown.contains("[[pack]]"), "{shown}");
    let identified = waymark
        .run(["identify", "NT0123456789", "--json"])
        .json_lines()
        .remove(0);
    assert_eq!(identified["carriers"][0]["id"], "nt", "{identified}");
    let dearer = policy(directory.path(), &[("fine_cents = 120", "fine_cents = 150")]);
    let told = waymark
        .run(["policy", "set", &text(&dearer), "--json"])
        .json_lines()
        .remove(0);
    assert_eq!(told["sha256"], sha256(&dearer));
    assert_eq!(told["before"], hex::encode(Sha256::digest(&shown)));
    assert_eq!(told["changes"].as_array().map(Vec::len), Some(4), "{told}");
    assert_eq!(told["changes"][3]["at"], "pack[V4.2].silence.fine_cents");
    let night = waymark.run(["scan", "night", "--as-of", NEXT_NIGHT]);
    assert_eq!(night.status, 0, "{night:?}");
    assert!(balance(&waymark) > before, "the night goes by the new policy");
    // A file that cannot be used replaces nothing.
    let bad = directory.path().join("bad.toml");
    fs::write(&bad, "[[pack]]\nversion = 'V5'\n").expect("a file");
    let ran = waymark.run(["policy", "set", &text(&bad)]);
    assert_complains(&ran, 2, &["bad.toml"]);
    let told = waymark.run(["policy", "show", "--json"]).json_lines().remove(0);
    assert_eq!(told["sha256"], sha256(&dearer));
}

#[test]
fn a_pinned_text_that_was_edited_is_refused_until_a_policy_is_set() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let waymark = waymark(&state);
    let file = policy(directory.path(), &[]);
    let ran = waymark.run(["policy", "set", &text(&file)]);
    assert_eq!(
        ran.status, 0,
        "a directory takes a policy before its first use: {ran:?}"
    );
    let orders = directory.path().join("orders.csv");
    let row = "8000011000000005,S1,2024-05-01T00:00:00Z,80.10,USD,US";
    let header = "order_id,seller_id,paid_at,amount,currency,destination_country";
    fs::write(&orders, format!("{header}\n{row}\n")).expect("a file");
    let ran = waymark.run(["upload", &text(&orders), "--kind", "orders"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let pinned = state.join("policy").join(format!("{}.toml", sha256(&file)));
    let edited = fs::read_to_string(&pinned).expect("the pinned text") + "# edited\n";
    fs::write(&pinned, edited).expect("it can be edited");
    assert_complains(&waymark.run(["board"]), 2, &["SHA-256", "waymark policy set"]);
    let ran = waymark.run(["policy", "set", &text(&file)]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(waymark.run(["board"]).status, 0);
}

#[test]
fn a_policy_is_not_replaced_under_whoever_works_by_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let waymark = waymark(&state);
    let file = policy(directory.path(), &[]);
    let mut up = waymark.start(Ports::free().arguments());
    // Kept to the end: who writes to a pipe that nobody reads ends.
    let mut lines = up.lines();
    assert!(lines.next().is_some(), "it serves");
    let ran = waymark.run(["policy", "set", &text(&file)]);
    drop(lines);
    up.kill();
    assert_complains(&ran, 2, &["`waymark up`", "Ctrl-C"]);
}

#[test]
fn what_a_policy_adds_is_honoured_by_a_dry_run_and_an_upload_alike() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let path = |name: &str, content: &str| {
        let path = directory.path().join(name);
        fs::write(&path, content).expect("a file");
        text(&path)
    };
    let own = path(
        "own.toml",
        "[[embargo]]\ncountry = 'IR'\nfrom = '2024-01-01'\n\n[[carrier]]\nid = 'nt'\nname = 'North Trucks'\nname_zh = '北方卡航'\n\
         [[carrier.format]]\npattern = 'NT[0-9]{10}'\n",
    );
    let orders = path(
        "orders.csv",
        "order_id,seller_id,paid_at,amount,currency,destination_country\n\
         8300000000000001,S1,2024-05-01T00:00:00Z,80.10,USD,ES\n8300000000000002,S1,2024-05-01T00:00:00Z,80.10,USD,IR\n",
    );
    let tracking = path(
        "tracking.csv",
        "order_id,carrier,tracking_number,uploaded_at\n\
         8300000000000001,北方卡航,NT0123456789,2024-05-01T02:00:00Z\n8300000000000002,DHL,3318810025,2024-05-01T02:00:00Z\n",
    );
    assert_eq!(waymark.run(["policy", "set", &own]).status, 0);
    let dry = waymark.run([
        "validate", &tracking, "--kind", "tracking", "--orders", &orders, "--json",
    ]);
    let ran = waymark.run([
        "upload",
        &orders,
        "--kind",
        "orders",
        "--recorded-at",
        "2024-05-01T01:00:00Z",
    ]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let wet = waymark.run(["upload", &tracking, "--kind", "tracking", "--json"]);
    for ran in [&dry, &wet] {
        assert_eq!(ran.status, 1, "{ran:?}");
        let codes = &ran.json_lines()[0]["by_code"];
        assert_eq!(
            *codes,
            serde_json::json!({ "AGREEMENT_MISSING": 1, "DEST_SANCTIONED": 1 }),
            "{ran:?}"
        );
    }
}
