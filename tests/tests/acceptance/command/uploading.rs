//! What an upload states for columns that its file lacks, where its answer goes, and how numbers and failures are worded.

use std::fs;

use tests::Ran;

use crate::command::{assert_complains, waymark};

const ORDERS: &str =
    "订单号,付款时间（UTC）,订单金额,收货国家\n8100311000000003,2024-05-01 00:00:00,25.00,ES\n";
const TRACKING: &str = "order_id,carrier,tracking_number\n8100311000000003,DHL,86680\n";
const LEARNED: [&str; 2] = ["--recorded-at", "2024-05-01T12:00:00Z"];

fn well(ran: &Ran, status: i32) -> &str {
    assert_eq!(ran.status, status, "{ran:?}");
    &ran.stdout
}

#[test]
fn a_shop_and_a_currency_are_stated_for_a_file_without_them_and_the_answer_is_written_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    fs::write(path("orders.v1.csv"), ORDERS).expect("a file");
    fs::write(path("tracking.csv"), TRACKING).expect("a file");
    let waymark = waymark(&directory.path().join("state"));
    let run = |arguments: &[&str]| waymark.run(arguments.iter().chain(&LEARNED));
    let lacking = run(&["upload", &path("orders.v1.csv"), "--kind", "orders"]);
    assert!(well(&lacking, 1).contains("seller_id, currency"), "{lacking:?}");
    let stated = ["--shop", "S1", "--currency", "USD"];
    let dry = run(&[&["validate", &path("orders.v1.csv")][..], &stated].concat());
    assert!(well(&dry, 0).contains("orders"), "{dry:?}");
    let out = path("out");
    let orders = run(&[&["upload", &path("orders.v1.csv"), "--out", &out][..], &stated].concat());
    assert!(well(&orders, 0).contains("answer files:"), "{orders:?}");
    let report = fs::read_to_string(directory.path().join("out/orders.v1/report.json")).expect("a report");
    assert!(report.contains("\"accepted\": 1"), "{report}");
    // The file stays the operator's.
    assert!(report.contains("\"seller_id\": \"_\""), "{report}");
    let refused = run(&["upload", &path("tracking.csv"), "--out", &out]);
    let said = well(&refused, 1);
    assert!(
        said.contains("          1  rejected") && said.contains("posted by the next night, at 20"),
        "{said}"
    );
    assert!(said.contains(" Beijing (") && !said.contains("1 rows"), "{said}");
    let rejected =
        fs::read_to_string(directory.path().join("out/tracking/rejected.csv")).expect("rejected rows");
    assert!(rejected.contains("86680"), "{rejected}");
    assert!(directory.path().join("out/tracking/repaired.xlsx").exists());
}

#[test]
fn one_of_a_thing_is_one_and_instants_are_beijings_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    fs::write(path("orders.csv"), ORDERS).expect("a file");
    fs::write(path("tracking.csv"), TRACKING).expect("a file");
    fs::write(
        path("waiting.csv"),
        TRACKING
            .replace("8100311000000003", "8100311000000020")
            .replace("86680", "3318810025"),
    )
    .expect("a file");
    let waymark = waymark(&directory.path().join("state"));
    let upload =
        |name: &str, more: &[&str]| waymark.run([&["upload", &path(name)][..], more, &LEARNED].concat());
    well(&upload("orders.csv", &["--shop", "S1", "--currency", "USD"]), 0);
    well(&upload("tracking.csv", &[]), 1);
    well(&upload("waiting.csv", &[]), 0);
    let as_of = ["--as-of", "2024-05-02T07:15:00Z"];
    let night = waymark.run([&["scan", "night"][..], &as_of].concat());
    let said = well(&night, 0);
    for words in [
        "1 order examined, 1 fine,",
        "1 entry",
        "the night 2024-05-02 15:15 Beijing (2024-05-02 00:15 Pacific)",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(
        said.lines()
            .all(|line| line.chars().count() <= 80 || !line.contains("sha256")),
        "{said}"
    );
    let ledger = waymark.run(["ledger"]);
    assert!(well(&ledger, 0).contains("1 entry: A6 0.50"), "{ledger:?}");
    assert!(ledger.stdout.contains("2024-05-02 15:15"), "{ledger:?}");
    let parked = waymark.run([&["parked"][..], &as_of].concat());
    assert!(
        well(&parked, 0).contains("since 2024-05-01 20:00 Beijing"),
        "{parked:?}"
    );
    let verified = waymark.run(["ledger", "verify"]);
    assert!(
        well(&verified, 0).contains("1 order, 1 entry, 1 night closed"),
        "{verified:?}"
    );
    let chinese = waymark.run(["ledger", "--lang", "zh"]);
    assert!(well(&chinese, 0).contains("1 条分录"), "{chinese:?}");
}

#[test]
fn what_fails_says_so_in_the_language_that_was_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    for (arguments, words) in [
        (&["ledger"][..], "还没有上传过任何数据"),
        (&["upload", "missing.csv"], "无法读取 missing.csv"),
        (&["replay", "missing"], "无法读取 missing"),
        (&["scan", "night", "--as-of", "2099-01-01T00:00:00Z"], "尚未到来"),
    ] {
        let ran = waymark.run([arguments, &["--lang", "zh"]].concat());
        assert_complains(&ran, 2, &[words]);
        assert!(!ran.stderr.contains(" | "), "{ran:?}");
        let english = waymark.run(arguments);
        assert!(english.stderr.is_ascii(), "{english:?}");
    }
}

#[test]
fn months_and_instants_that_cannot_be_are_refused_for_what_they_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("orders.csv");
    fs::write(&path, ORDERS).expect("a file");
    let waymark = waymark(&directory.path().join("state"));
    let upload = [
        path.to_string_lossy().into_owned(),
        "--shop=S1".to_owned(),
        "--currency=USD".to_owned(),
    ];
    well(&waymark.run(["upload".to_owned()].iter().chain(&upload)), 0);
    for (arguments, words) in [
        (&["report", "--month", "0000-01"][..], "lies before 2000-01"),
        (&["report", "--month", "2024-13"], "there is no month 13"),
        (
            &["report", "--month", "2024-06", "--as-of", "2024-05-02T00:00:00Z"],
            "2024-06 has not begun",
        ),
        (
            &["scan", "night", "--as-of", "1900-01-01T00:00:00Z"],
            "lies before 2000",
        ),
        (
            &["scan", "night", "--as-of", "1999-01-01T00:00:00Z"],
            "lies before 2000",
        ),
    ] {
        assert_complains(&waymark.run(arguments), 2, &[words]);
    }
}

#[test]
fn a_replay_names_the_files_that_it_passes_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let day = directory.path().join("season/2024-05-01");
    fs::create_dir_all(&day).expect("a day");
    fs::write(day.join("foo.csv"), ORDERS).expect("a file");
    fs::write(day.join(".DS_Store"), "").expect("a file");
    let waymark = waymark(&directory.path().join("state"));
    let ran = waymark.run(["replay".into(), directory.path().join("season").into_os_string()]);
    let said = well(&ran, 0).split_whitespace().collect::<String>();
    assert!(
        said.contains("foo.csv") && said.contains("passedover") && !said.contains("DS_Store"),
        "{ran:?}"
    );
}
