//! `waymark replay --policy`: a season under another policy, and the difference against the shipped one to the cent.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::{Ran, made_up};

use crate::command::waymark;

/// A day on which every order's 30 days are over.
pub(crate) const SETTLED: &str = "2024-05-08";
/// A day by which parcels have been silent.
pub(crate) const SILENT: &str = "2024-04-15";

/// Fines and cents by seller and clause.
type Charged = BTreeMap<(String, String), (i64, i64)>;

/// The season's folder, a folder a day.
pub(crate) fn season(directory: &Path, orders: u32) -> PathBuf {
    let days = directory.join("season");
    made_up(11, orders).write_days(&days, domain::PolicyBook::shipped().zone);
    days
}

/// The shipped policy with slices of its text replaced, as a file.
pub(crate) fn policy(directory: &Path, changes: &[(&str, &str)]) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/data/policy.toml");
    let shipped = fs::read_to_string(shipped).expect("the shipped policy can be read");
    let text = changes.iter().fold(shipped, |text, (from, to)| {
        assert!(text.contains(from), "the shipped policy has `{from}`");
        text.replace(from, to)
    });
    let path = directory.join("policy.toml");
    fs::write(&path, text).expect("a policy can be written");
    path
}

pub(crate) fn replay(state: &Path, season: &Path, until: &str, policy: Option<&Path>, more: &[&str]) -> Ran {
    let mut arguments = vec!["replay".to_owned(), season.to_string_lossy().into_owned()];
    arguments.extend(["--until".to_owned(), until.to_owned()]);
    if let Some(policy) = policy {
        arguments.extend(["--policy".to_owned(), policy.to_string_lossy().into_owned()]);
    }
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    let ran = waymark(state).run(&arguments);
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (1, ""),
        "rows were rejected, nothing failed"
    );
    ran
}

/// What the ledger of a cloud charges after reversals.
fn ledger(state: &Path) -> Charged {
    let mut charged = Charged::new();
    let lines = waymark(state).run(["ledger", "--json"]).json_lines();
    for entry in lines.iter().filter(|line| line.get("entry_id").is_some()) {
        let text = |name: &str| entry[name].as_str().expect("a text").to_owned();
        let count = match text("kind").as_str() {
            "fine" => 1,
            "reversal" => -1,
            _ => continue,
        };
        let sums = charged.entry((text("seller_id"), text("clause"))).or_default();
        sums.0 += count;
        sums.1 += cents(&entry["amount"]);
    }
    charged.retain(|_, sums| *sums != (0, 0));
    charged
}

/// What the comparison says that a policy charges, by seller and clause.
fn told(difference: &Value, policy: &str) -> Charged {
    let mut charged = Charged::new();
    for (seller, clauses) in difference["sellers"].as_object().expect("by seller") {
        for (clause, compared) in clauses.as_object().expect("by clause") {
            let charges = &compared[policy];
            let sums = (
                charges["fines"].as_i64().expect("a count"),
                cents(&charges["fined"]),
            );
            charged.insert((seller.clone(), clause.clone()), sums);
        }
    }
    charged.retain(|_, sums| *sums != (0, 0));
    charged
}

fn cents(amount: &Value) -> i64 {
    let amount: domain::Cents = amount
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("an amount");
    amount.0
}

fn sum(charged: &Charged) -> i64 {
    charged.values().map(|(_, cents)| cents).sum()
}

#[test]
fn the_difference_is_what_two_replays_charge_also_where_rows_are_taken_in_differently() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 60);
    let changes = [
        ("hours_max = 48\nfine", "hours_max = 55\nfine"),
        ("fine_cents_max = 5000", "fine_cents_max = 250"),
        ("fine_cents = 50", "fine_cents = 70"),
        ("\"NUM_FORMAT\", ", ""),
        ("country = \"KP\"", "country = \"ES\""),
    ];
    let state = |name: &str| directory.path().join(name);
    replay(&state("shipped"), &season, SETTLED, None, &[]);
    let shipped = ledger(&state("shipped"));
    // Without the last two the same facts serve both policies; with them the season is taken in once more.
    for changes in [&changes[..3], &changes[..]] {
        let policy = policy(directory.path(), changes);
        let played = state(&changes.len().to_string());
        let ran = replay(&played, &season, SETTLED, Some(&policy), &["--json"]);
        let lines = ran.json_lines();
        let last = &lines[lines.len() - 1];
        let difference = &last["difference"];
        let played = ledger(&played);
        assert_eq!(told(difference, "in_force"), shipped, "{changes:?}");
        assert_eq!(told(difference, "alternative"), played, "{changes:?}");
        assert_ne!(shipped, played);
        assert_eq!(
            cents(&difference["total"]["difference"]["fined"]),
            sum(&played) - sum(&shipped)
        );
        assert_eq!(
            cents(&last["totals"]["balance"]),
            sum(&played),
            "the ledger stays that of the policy played"
        );
        assert_eq!(difference["taken_in_by_each"], true);
        check_differing_orders(&lines, difference);
    }
}

/// Every differing order is told once, and their differences add up.
fn check_differing_orders(lines: &[Value], difference: &Value) {
    let differing: Vec<&Value> = lines.iter().filter_map(|line| line.get("differs")).collect();
    assert_eq!(difference["orders_differing"], differing.len());
    assert!(!differing.is_empty());
    let told: i64 = differing.iter().map(|order| cents(&order["fined"])).sum();
    assert_eq!(told, cents(&difference["total"]["difference"]["fined"]));
    let because = differing
        .iter()
        .flat_map(|order| order["matters"].as_array().expect("a list"));
    assert!(
        because
            .into_iter()
            .all(|matter| matter["in_force"]["because"]["why"].is_string()
                || matter["alternative"]["because"]["why"].is_string()),
        "each side that charges says why"
    );
}

#[test]
fn a_policy_against_itself_differs_in_nothing_and_the_shipped_one_is_compared_with_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 20);
    let policy = policy(directory.path(), &[]);
    let state = directory.path().join("state");
    let lines = replay(&state, &season, SILENT, Some(&policy), &["--json"]).json_lines();
    let difference = &lines[lines.len() - 1]["difference"];
    assert_eq!(
        (&difference["orders_differing"], &difference["orders_examined"]),
        (&0.into(), &20.into())
    );
    assert_eq!(
        difference["total"]["in_force"],
        difference["total"]["alternative"]
    );
    assert!(lines.iter().all(|line| line.get("differs").is_none()));
    let lines = replay(&state, &season, SILENT, None, &["--json"]).json_lines();
    assert!(lines.iter().all(|line| line.get("difference").is_none()));
}

#[test]
fn a_cloud_that_held_something_before_says_that_uploads_stand_as_they_were_decided() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 20);
    let state = directory.path().join("state");
    replay(&state, &season, SILENT, None, &[]);
    let policy = policy(directory.path(), &[("\"NUM_FORMAT\", ", "")]);
    let set = waymark(&state).run(["policy", "set", policy.to_string_lossy().as_ref()]);
    assert_eq!(set.status, 0, "{set:?}");
    let lines = replay(&state, &season, SILENT, Some(&policy), &["--json"]).json_lines();
    assert_eq!(lines[lines.len() - 1]["difference"]["taken_in_by_each"], false);
}

#[test]
fn people_read_the_difference_in_both_languages() {
    let directory = tempfile::tempdir().expect("a directory");
    let season = season(directory.path(), 60);
    let policy = policy(
        directory.path(),
        &[("fined_per = \"episode\"", "fined_per = \"shipment\"")],
    );
    let told = [
        ("en", "this policy against the shipped one"),
        ("zh", "本规则与随附规则对比"),
    ];
    for (lang, words) in told {
        let ran = replay(
            &directory.path().join(lang),
            &season,
            SILENT,
            Some(&policy),
            &["--lang", lang],
        );
        let (_, difference) = ran.stdout.split_once(words).unwrap_or_else(|| panic!("{ran:?}"));
        let silence = difference
            .lines()
            .find(|line| line.trim_start().starts_with("B3"));
        let silence: Vec<&str> = silence.expect("a line a clause").split_whitespace().collect();
        let number = |index: usize| silence[index].parse::<f64>().expect("a figure");
        assert!(
            number(1) > number(3) && silence[5].starts_with('-') && silence[6].starts_with('-'),
            "{silence:?}"
        );
    }
}
