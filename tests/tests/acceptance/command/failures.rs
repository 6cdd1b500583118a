//! `waymark failures`: what failed for good, and another delivery of it, alone and while `waymark up` has the cloud.

use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use local::ORDERS_TABLE;
use tempfile::TempDir;
use tests::{OwnCloud, Waymark};

use crate::command::up::Up;
use crate::command::{assert_complains, waymark};

const POISON: &str = "8200000000000001";
const KEY: &str = "inbox/orders/_/poison.csv";

fn orders(ids: &[&str]) -> String {
    let header = "order_id,seller_id,paid_at,amount,currency,destination_country\n";
    let rows = ids
        .iter()
        .map(|id| format!("{id},S1,2024-05-01T00:00:00Z,80.10,USD,US\n"));
    rows.fold(header.to_owned(), |file, row| file + &row)
}

/// A cloud with an order that nobody can read, and files for and without it.
async fn poisoned() -> (TempDir, TempDir) {
    let cloud = OwnCloud::new().await;
    let put = cloud.dynamodb.put_item().table_name(ORDERS_TABLE);
    let put = put
        .item("order_id", AttributeValue::S(POISON.to_owned()))
        .item("version", AttributeValue::N("1".to_owned()))
        .item("state", AttributeValue::B(Blob::new(b"")));
    put.send().await.expect("an item can be put");
    let files = tempfile::tempdir().expect("a directory");
    std::fs::write(files.path().join("poison.csv"), orders(&[POISON])).expect("a file");
    std::fs::write(files.path().join("innocent.csv"), orders(&["8200000000000002"])).expect("a file");
    (cloud.close(), files)
}

async fn remove_poison(directory: TempDir) -> TempDir {
    let cloud = OwnCloud::reopen(directory).await;
    let delete = cloud.dynamodb.delete_item().table_name(ORDERS_TABLE);
    let delete = delete.key("order_id", AttributeValue::S(POISON.to_owned()));
    delete.send().await.expect("an item can be deleted");
    cloud.close()
}

fn upload(waymark: &Waymark, files: &Path) -> tests::Ran {
    let file = |name: &str| files.join(name).to_str().expect("a path").to_owned();
    let files = [file("poison.csv"), file("innocent.csv")];
    waymark.run(["upload", &files[0], &files[1], "--kind", "orders", "--json"])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_listed_with_its_cause_and_delivered_again() {
    let (directory, files) = poisoned().await;
    let waymark = waymark(directory.path());
    let ran = waymark.run(["failures"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "nothing is set aside\n"));

    let ran = upload(&waymark, files.path());
    assert_eq!(ran.status, 3, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "one sentence: {ran:?}");
    for word in [KEY, "set aside", "cannot be read", "waymark failures retry"] {
        assert!(ran.stderr.contains(word), "{ran:?}");
    }
    let answers = ran.json_lines();
    assert_eq!(answers.len(), 1, "the innocent has its answer: {answers:?}");
    assert_eq!(answers[0]["counts"]["accepted"], 1);

    let ran = waymark.run(["failures", "--json"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    let failed = ran.json_lines();
    let uploads: Vec<_> = failed
        .iter()
        .filter(|failed| failed["what"] == "upload")
        .collect();
    assert_eq!(
        (uploads.len(), &uploads[0]["key"], &uploads[0]["attempts"]),
        (1, &KEY.into(), &1.into())
    );
    assert!(
        uploads[0]["cause"]
            .as_str()
            .is_some_and(|cause| cause.contains("its state is empty"))
    );
    assert!(
        uploads[0]["since"]
            .as_str()
            .is_some_and(|since| since.ends_with('Z'))
    );
    for (lang, words) in [
        (
            "en",
            ["an upload, set aside since ", " after 1 attempt\n", "set aside: "],
        ),
        ("zh", ["上传文件，自 ", " 起搁置，已尝试 1 次", "已搁置："]),
    ] {
        let ran = waymark.run(["failures", "--lang", lang]);
        assert_eq!(ran.status, 1);
        assert!(words.iter().all(|word| ran.stdout.contains(word)), "{ran:?}");
    }

    let ran = waymark.run(["failures", "retry", KEY]);
    assert_eq!(ran.status, 1, "the cause is still there: {ran:?}");
    assert!(ran.stdout.contains("after 2 attempts"), "{ran:?}");
    // The change of the bad item is as bad whenever it is delivered: somebody gives it up.
    let change = failed.iter().find(|failed| failed["what"] == "change");
    let change = change
        .and_then(|failed| failed["key"].as_str())
        .expect("a change");
    assert_eq!(waymark.run(["failures", "discard", change]).status, 0);
    assert_complains(
        &waymark.run(["failures", "discard", change]),
        2,
        &["nothing is set aside", change],
    );
    let directory = remove_poison(directory).await;
    let ran = waymark.run(["failures", "retry", KEY, "--json"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(
        ran.json_lines(),
        [serde_json::json!({ "key": KEY, "done": true })]
    );
    assert_eq!(waymark.run(["failures"]).status, 0);
    assert_eq!(
        waymark.run(["ledger", "verify", "--json"]).json_lines()[0]["orders"],
        2
    );
    drop(directory);
}

#[tokio::test(flavor = "multi_thread")]
async fn up_outlives_what_fails_and_delivers_again_what_a_command_asks_for() {
    let (directory, files) = poisoned().await;
    let waymark = waymark(directory.path());
    assert_eq!(upload(&waymark, files.path()).status, 3);
    let up = Up::of(&waymark);
    let ran = waymark.run(["failures", "--json"]);
    assert_eq!(ran.status, 1, "also while up has the cloud: {ran:?}");
    let began = Instant::now();
    let ran = waymark.run(["failures", "retry", "--all"]);
    assert_eq!(ran.status, 1, "up delivered it, and it failed again: {ran:?}");
    assert!(ran.stdout.contains("after 2 attempts"), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(30));
    tokio::task::spawn_blocking(|| up.stop())
        .await
        .expect("up ends when it is asked to, and no earlier");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_names_what_it_cannot_write_to_the_lake_and_writes_the_rest() {
    let (directory, files) = poisoned().await;
    let waymark = waymark(directory.path());
    assert_eq!(upload(&waymark, files.path()).status, 3);
    let backfill = ["history", "backfill", "--night", "2024-05-01"];
    let ran = waymark.run(backfill.iter().chain(&["--json"]));
    assert_eq!(ran.status, 1, "{ran:?}");
    let done = &ran.json_lines()[0];
    assert_eq!(
        (&done["orders"], &done["lacks"]),
        (
            &1.into(),
            &serde_json::json!([{ "orders_unreadable": { "count": 1, "first": POISON } }])
        )
    );
    for (lang, words) in [
        ("en", ["written to the lake:", "orders that cannot be read:"]),
        ("zh", ["已写入数据湖：", "无法读取的订单："]),
    ] {
        let ran = waymark.run(backfill.iter().chain(&["--lang", lang]));
        assert!(words.iter().all(|word| ran.stdout.contains(word)), "{ran:?}");
    }
    let earlier = waymark.run(backfill.iter().chain(&["--until", "2024-04-30"]));
    assert_complains(&earlier, 2, &["2024-04-30", "lies before 2024-05-01"]);
    let directory = remove_poison(directory).await;
    assert_eq!(waymark.run(backfill).status, 0);
    drop(directory);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    assert_complains(
        &waymark.run(["failures"]),
        2,
        &["nothing was uploaded", "--data-dir"],
    );
    assert_complains(&waymark.run(["failures", "retry"]), 2, &["KEY"]);
    assert_complains(
        &waymark.run(["--aws", "failures"]),
        2,
        &["dead-letter", "RUNBOOK"],
    );
}
