//! Wrong usage, unreadable input and damaged state.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tests::{Waymark, made_up};

use crate::command::{assert_complains, waymark};

#[test]
fn bad_usage_is_told_in_a_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let cases: [(&[&str], &[&str]); 12] = [
        (&["frobnicate"], &["frobnicate"]),
        (&["upload"], &["FILE"]),
        (
            &["upload", "orders.csv", "--kind", "parcels"],
            &["parcels", "tracking"],
        ),
        (
            &["upload", "orders.csv", "--kind", "orders", "--seller", "店铺"],
            &["店铺"],
        ),
        (
            &[
                "upload",
                "orders.csv",
                "--kind",
                "orders",
                "--recorded-at",
                "yesterday",
            ],
            &["yesterday", "2024-06-12T07:00:00Z"],
        ),
        (&["scan", "everything"], &["everything", "stalls"]),
        (
            &["scan", "stalls", "--as-of", "2024-06-12"],
            &["2024-06-12", "offset"],
        ),
        (
            &["scan", "stalls", "--as-of", "0024-06-12T07:00:00Z"],
            &["0024-06-12"],
        ),
        (&["report", "--month", "2024-13"], &["2024-13", "YYYY-MM"]),
        (&["ledger", "--order", "12"], &["12", "10–20 digits"]),
        (&["replay", "season", "--until", "tomorrow"], &["tomorrow"]),
        (&["ledger", "--lang", "fr"], &["fr", "zh"]),
    ];
    for (arguments, words) in cases {
        assert_complains(&waymark.run(arguments), 2, words);
        let arguments = arguments.iter().chain(&["--json"]);
        assert_complains(&waymark.run(arguments), 2, words);
    }
    assert!(!directory.path().join("state").exists(), "nothing was begun");
}

#[test]
fn input_that_cannot_be_read_is_told_in_a_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    fs::create_dir(path("empty")).expect("a directory");
    fs::write(path("policy.toml"), "[platform]\nzone = \"Mars/Olympus\"\n").expect("a file");
    made_up(1, 2).write_days(&directory.path().join("season"), chrono_tz_of_the_platform());
    let waymark = waymark(&directory.path().join("state"));
    assert_complains(
        &waymark.run(["upload", &path("missing.csv"), "--kind", "orders"]),
        2,
        &["missing.csv"],
    );
    assert_complains(
        &waymark.run(["upload", &path("empty"), "--kind", "orders"]),
        2,
        &["empty", "not a file"],
    );
    assert_complains(&waymark.run(["replay", &path("nowhere")]), 2, &["nowhere"]);
    assert_complains(
        &waymark.run(["replay", &path("empty")]),
        2,
        &["empty", "YYYY-MM-DD"],
    );
    assert_complains(
        &waymark.run(["replay", &path("season"), "--policy", &path("none.toml")]),
        2,
        &["none.toml"],
    );
    assert_complains(
        &waymark.run(["replay", &path("season"), "--policy", &path("policy.toml")]),
        2,
        &["policy.toml"],
    );
    assert_complains(
        &waymark.run(["replay", &path("season"), "--until", "1999-01-01"]),
        2,
        &["no day"],
    );
    assert_complains(
        &waymark.run(["scan", "stalls", "--aws"]),
        2,
        &["WAYMARK_ORDERS_TABLE"],
    );
    // One file that is there does not excuse one that is not, and is not uploaded before the complaint.
    fs::write(path("orders.csv"), "order_id\n").expect("a file");
    assert_complains(
        &waymark.run([
            "upload",
            &path("orders.csv"),
            &path("missing.csv"),
            "--kind",
            "orders",
        ]),
        2,
        &["missing.csv"],
    );
}

fn chrono_tz_of_the_platform() -> domain::Zone {
    domain::PolicyBook::shipped().zone
}

#[test]
fn a_data_directory_that_cannot_be_used_is_told_in_a_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    fs::write(&file, "").expect("a file");
    assert_complains(&waymark(&file).run(["ledger"]), 2, &["file", "cannot be used"]);
    assert_complains(
        &waymark(&file.join("below")).run(["ledger"]),
        2,
        &["below", "cannot be used"],
    );
    let locked = directory.path().join("locked");
    fs::create_dir(&locked).expect("a directory");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("its mode can be set");
    if fs::write(locked.join("probe"), "").is_ok() {
        eprintln!("skipped in part: whoever runs this may write anywhere");
        return;
    }
    assert_complains(
        &waymark(&locked.join("state")).run(["ledger"]),
        2,
        &["locked", "cannot be used"],
    );
}

#[test]
fn a_command_that_only_reads_begins_no_cloud_in_a_mistyped_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let other = directory.path().join("other");
    fs::create_dir(&other).expect("a directory");
    fs::write(other.join("letter.txt"), "Dear all").expect("a file");
    for place in ["stat", "other"] {
        let waymark = waymark(&directory.path().join(place));
        let commands: [&[&str]; 9] = [
            &["ledger"],
            &["ledger", "verify"],
            &["parked"],
            &["board"],
            &["diagnose", "3318810025"],
            &["explain", "8000011000000005.B4.fine.1"],
            &["scan", "stalls"],
            &["report", "--month", "2024-04"],
            &["nights", "withdraw", "--after", "2024-06-12T07:00:00Z"],
        ];
        for command in commands {
            assert_complains(
                &waymark.run(command),
                2,
                &["nothing was uploaded", place, "--data-dir"],
            );
        }
    }
    assert!(!directory.path().join("stat").exists(), "nothing was begun");
    assert_eq!(fs::read_dir(&other).expect("a directory").count(), 1);
}

#[test]
fn a_mistyped_seller_or_order_is_named_and_no_empty_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let orders = "order_id,seller_id,paid_at,amount,currency,destination_country\n\
        8300000000000001,FUMBLE,2024-05-01T00:00:00Z,80.10,USD,US\n";
    let tracking = "order_id,carrier,tracking_number\n8300000000000009,DHL,3318810025\n";
    for (name, kind, content, seller) in [
        ("orders.csv", "orders", orders, None),
        ("tracking.csv", "tracking", tracking, Some("NEWCOMER")),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, content).expect("a file");
        let path = path.to_string_lossy();
        let mut arguments = vec!["upload", &path, "--kind", kind];
        arguments.extend(seller.iter().flat_map(|seller| ["--seller", seller]));
        assert_eq!(waymark.run(arguments).status, 0);
    }
    for command in ["ledger", "board", "parked"] {
        let asked = |seller: &str| waymark.run([command, "--seller", seller]);
        assert_complains(
            &asked("fumble"),
            2,
            &["no seller `fumble`", "did you mean FUMBLE?"],
        );
        assert_complains(&asked("FUMBEL"), 2, &["did you mean FUMBLE?"]);
        assert_complains(&asked("NOBODY"), 2, &["no seller `NOBODY`", "there are FUMBLE"]);
        assert_eq!(asked("FUMBLE").status, 0, "{command}");
    }
    // Only a row that waits is known of this one.
    assert_eq!(waymark.run(["parked", "--seller", "NEWCOMER"]).status, 0);
    assert_complains(
        &waymark.run(["ledger", "--order", "8300000000000002"]),
        2,
        &["no order `8300000000000002`"],
    );
    assert_eq!(waymark.run(["ledger", "--order", "8300000000000001"]).status, 0);
}

#[test]
fn a_sellers_file_has_no_recording_time_of_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tracking.csv");
    fs::write(&path, "order_id,carrier,tracking_number\n").expect("a file");
    let path = path.to_string_lossy();
    let ran = waymark(&directory.path().join("state")).run([
        "upload",
        &path,
        "--kind",
        "tracking",
        "--seller",
        "S1",
        "--recorded-at",
        "2024-05-01T00:00:00Z",
    ]);
    assert_complains(&ran, 2, &["--recorded-at", "--seller"]);
    assert!(!directory.path().join("state").exists(), "nothing was begun");
}

#[test]
fn the_help_of_upload_names_every_kind() {
    let directory = tempfile::tempdir().expect("a directory");
    for lang in ["en", "zh"] {
        let ran = waymark(directory.path()).run(["upload", "--help", "--lang", lang]);
        for kind in intake::Kind::ALL {
            assert!(
                ran.stdout.contains(kind.as_str()),
                "{} in {}",
                kind.as_str(),
                ran.stdout
            );
        }
    }
}

/// A cloud's state with something in it.
fn state(directory: &Path) -> Waymark {
    let waymark = waymark(&directory.join("state"));
    let season = made_up(2, 5);
    season.write(directory);
    for file in ["rates", "orders", "tracking"] {
        let path = directory.join(format!("{file}.csv"));
        let ran = waymark.run([
            "upload".as_ref(),
            path.as_os_str(),
            "--kind".as_ref(),
            file.as_ref(),
        ]);
        assert!(ran.status < 2, "{ran:?}");
    }
    waymark
}

#[test]
fn damaged_state_is_told_in_a_sentence_and_left_as_it_is() {
    let junk: Vec<u8> = (0..30_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 21) as u8)
        .collect();
    type Damage = fn(&[u8], &[u8]) -> Vec<u8>;
    let damages: [(&str, Damage); 7] = [
        ("dynamodb.sqlite", |_, junk| junk.to_vec()),
        ("dynamodb.sqlite", |sound, junk| [&sound[..4_096], junk].concat()),
        ("dynamodb.sqlite", |sound, _| sound[..sound.len() / 2].to_vec()),
        ("s3/objects.sqlite", |_, junk| junk.to_vec()),
        ("s3/objects.sqlite", |sound, _| sound[..sound.len() / 2].to_vec()),
        ("s3/objects.sqlite", |_, _| Vec::new()),
        ("stream-positions.json", |sound, _| {
            sound[..sound.len() / 2].to_vec()
        }),
    ];
    for (number, (file, damage)) in damages.into_iter().enumerate() {
        let directory = tempfile::tempdir().expect("a directory");
        let waymark = state(directory.path());
        let path = directory.path().join("state").join(file);
        let sound = fs::read(&path).expect("the state has the file");
        let damaged = damage(&sound, &junk);
        fs::write(&path, &damaged).expect("it can be damaged");
        let name = Path::new(file)
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let ran = waymark.run(["ledger", "verify"]);
        assert_complains(&ran, 3, &["damaged", name]);
        assert!(
            ran.stderr.contains("restore"),
            "damage {number}: it says what to do: {ran:?}"
        );
        // SQLite makes a database of an empty file by opening it.
        let kept = damaged.is_empty() || fs::read(&path).is_ok_and(|now| now == damaged);
        assert!(kept, "damage {number}: what is left is for the operator to keep");
    }
}
