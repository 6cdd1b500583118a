//! `--shadow-policy`: a night under another policy, told and never posted.

use std::fs;

use serde_json::Value;

use crate::command::what_if::{SETTLED, SILENT, policy, replay, season};
use crate::command::{assert_complains, waymark};

/// What of a night's shadow and of a replay's difference must be the same.
fn compared(told: &Value, counted: &str, examples: &str) -> Value {
    let names = ["total", "clauses", "orders_differing", counted, examples];
    names.iter().map(|name| told[name].clone()).collect()
}

#[test]
fn the_shadow_tells_what_a_replay_under_the_policy_tells_and_the_ledger_never_hears_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 60);
    let state = |name: &str| directory.path().join(name);
    let policy = policy(
        directory.path(),
        &[
            ("hours_max = 48\nfine", "hours_max = 55\nfine"),
            ("fine_cents_max = 5000", "fine_cents_max = 250"),
            ("fine_cents = 50", "fine_cents = 70"),
        ],
    );
    let file = policy.to_string_lossy();
    let last_line = |lines: Vec<Value>| lines[lines.len() - 1].clone();
    let played = replay(&state("played"), &season, SETTLED, Some(&policy), &["--json"]);
    let difference = last_line(played.json_lines())["difference"].clone();
    let beside = ["--json", "--shadow-policy", &file];
    let beside = last_line(replay(&state("beside"), &season, SETTLED, None, &beside).json_lines());
    let shadow = &beside["shadow"];
    assert_ne!(shadow["total"]["in_force"], shadow["total"]["alternative"]);
    assert_eq!(
        compared(shadow, "orders_compared", "orders"),
        compared(&difference, "orders_examined", "examples")
    );
    let sellers = shadow["sellers"].as_array().expect("sellers");
    assert_eq!(shadow["sellers_differing"], sellers.len());
    assert!(!sellers.is_empty(), "{shadow}");
    for seller in sellers {
        let id = seller["seller_id"].as_str().expect("a seller");
        let clauses = difference["sellers"][id].as_object().expect("by clause");
        let fines = |policy: &str| -> i64 {
            let counts = clauses.values().map(|clause| clause[policy]["fines"].as_i64());
            counts.flatten().sum()
        };
        assert_eq!(seller["in_force"]["fines"], fines("in_force"), "{id}");
        assert_eq!(seller["alternative"]["fines"], fines("alternative"), "{id}");
    }

    replay(&state("alone"), &season, SETTLED, None, &[]);
    let ledger = |name: &str| waymark(&state(name)).run(["ledger", "--json"]).stdout;
    assert!(ledger("alone").lines().count() > 20);
    assert!(ledger("alone") == ledger("beside"), "not a byte differs");
}

#[test]
fn a_night_shows_its_shadow_in_both_languages_and_what_it_cannot_see() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 20);
    let state = directory.path().join("state");
    replay(&state, &season, SILENT, None, &[]);
    let policy = policy(directory.path(), &[("\"NUM_FORMAT\", ", "")]);
    let scan = |as_of: &str, lang: &str| {
        let file = policy.to_string_lossy();
        let ran = waymark(&state).run([
            "scan",
            "night",
            "--as-of",
            as_of,
            "--shadow-policy",
            &file,
            "--lang",
            lang,
        ]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        ran.stdout
    };
    let told = scan("2024-04-17T07:00:00Z", "en");
    assert!(
        told.contains("under the shadow policy policy.toml (V4.2)"),
        "{told}"
    );
    assert!(told.contains("judge uploads differently"), "{told}");
    let told = scan("2024-04-18T07:00:00Z", "zh");
    assert!(
        told.contains("试行规则对照") && told.contains("上传的判定不同"),
        "{told}"
    );
}

#[test]
fn a_bad_shadow_policy_is_told_before_anything_is_done() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 20);
    let (state, file) = (directory.path().join("state"), directory.path().join("bad.toml"));
    fs::write(&file, "[platform]\nzone = 7\n").expect("a file can be written");
    let (season, file) = (season.to_string_lossy(), file.to_string_lossy());
    for command in [
        vec!["replay", &season, "--shadow-policy", &file],
        vec!["scan", "night", "--shadow-policy", &file],
        vec!["scan", "stalls", "--shadow-policy", &file],
        vec!["up", "--shadow-policy", &file],
    ] {
        let ran = waymark(&state).run(&command);
        assert_complains(&ran, 2, &["bad.toml", "the policy file cannot be read"]);
    }
    let ran = waymark(&state).run(["scan", "night", "--shadow-policy", "nowhere.toml"]);
    assert_complains(&ran, 2, &["nowhere.toml"]);
    let ran = waymark(&state).run(["scan", "signoffs", "--shadow-policy", &file]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(!state.exists(), "no cloud was begun");
}
