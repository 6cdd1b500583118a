//! `waymark ledger verify`: what was done to the ledger behind its back is found and named.

use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use local::{BUCKET, RECORDS_TABLE};
use store::Item;
use tests::{OwnCloud, Ran, Waymark, seed};

use crate::ledger::{cloud_with_season, nights};

async fn closed_cloud() -> OwnCloud {
    let cloud = cloud_with_season(seed(13), 30).await;
    for as_of in nights() {
        cloud.night(as_of).await.expect("a night");
    }
    cloud
}

fn verify(directory: &Path, arguments: &[&str]) -> Ran {
    let waymark = Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), directory);
    waymark.run(["ledger", "verify", "--json"].iter().chain(arguments))
}

/// Every record whose keys begin so.
async fn records(cloud: &OwnCloud, pk: &str, sk: &str) -> Vec<Item> {
    let mut found = Vec::new();
    let mut records = cloud
        .dynamodb
        .scan()
        .table_name(RECORDS_TABLE)
        .into_paginator()
        .items()
        .send();
    while let Some(record) = records.next().await {
        let record = record.expect("the records can be read");
        let begins = |name: &str, with: &str| record[name].as_s().is_ok_and(|key| key.starts_with(with));
        if begins("pk", pk) && begins("sk", sk) {
            found.push(record);
        }
    }
    assert!(!found.is_empty(), "there are records {pk} {sk}");
    found
}

async fn put(cloud: &OwnCloud, item: Item) {
    let put = cloud
        .dynamodb
        .put_item()
        .table_name(RECORDS_TABLE)
        .set_item(Some(item));
    put.send().await.expect("a record is put");
}

async fn delete(cloud: &OwnCloud, item: &Item) {
    let key = ["pk", "sk"].map(|name| (name.to_owned(), item[name].clone()));
    let delete = cloud.dynamodb.delete_item().table_name(RECORDS_TABLE);
    delete
        .set_key(Some(key.into()))
        .send()
        .await
        .expect("a record is deleted");
}

fn text(item: &Item, name: &str) -> String {
    item[name].as_s().expect("a text").clone()
}

/// Fails unless the proof of a cloud that was tampered with names all of `names`.
fn assert_found(cloud: OwnCloud, names: &[&str]) {
    let directory = cloud.close();
    let ran = verify(directory.path(), &[]);
    let proof = &ran.json_lines()[0];
    assert_eq!(
        (ran.status, &proof["ok"]),
        (1, &false.into()),
        "{names:?}: {ran:?}"
    );
    let told = proof["told"].to_string();
    assert!(names.iter().all(|name| told.contains(name)), "{names:?}: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_ledger_is_proved_with_its_nights() {
    let directory = closed_cloud().await.close();
    let ran = verify(directory.path(), &[]);
    let proof = &ran.json_lines()[0];
    assert_eq!((ran.status, &proof["ok"]), (0, &true.into()), "{ran:?}");
    assert_eq!((&proof["nights"], &proof["closed"]), (&3.into(), &3.into()));
    assert_eq!(proof["balance"], proof["newest_close"]["balance"]);
    assert_eq!(proof["balance"], proof["remembered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_changed_in_the_table_is_named_by_the_close_that_holds_it() {
    let cloud = closed_cloud().await;
    let mut entry = records(&cloud, "order#", "entry#").await.remove(0);
    let id = text(&entry, "sk").replace("entry#", "");
    // Not the amount, which the order remembers too: only the close knows when it came about.
    let body = text(&entry, "body");
    let (before, after) = body.split_once("\"effective_at\":\"2").expect("an instant");
    entry.insert(
        "body".to_owned(),
        AttributeValue::S(format!("{before}\"effective_at\":\"3{after}")),
    );
    put(&cloud, entry).await;
    assert_found(cloud, &[&id, "is not so in the ledger"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_removed_is_named_by_journal_and_close() {
    let cloud = closed_cloud().await;
    let entry = records(&cloud, "order#", "entry#").await.remove(0);
    let id = text(&entry, "sk").replace("entry#", "");
    delete(&cloud, &entry).await;
    assert_found(
        cloud,
        &[
            &id,
            "the journal of",
            "is not so in the ledger",
            "the ledger does not",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_record_or_a_night_removed_is_named() {
    let cloud = closed_cloud().await;
    let posting = records(&cloud, "night#", "").await.remove(0);
    let entry_ids = posting["entry_ids"].as_l().expect("a list").clone();
    delete(&cloud, &posting).await;
    let id = entry_ids[0].as_s().expect("an id").clone();
    assert_found(cloud, &[&id, "does not name its entry"]);

    let cloud = closed_cloud().await;
    let night = records(&cloud, "night", "2024-04-20").await.remove(0);
    delete(&cloud, &night).await;
    assert_found(cloud, &["2024-04-20T07:00:00Z", "a night that never began"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_removed_from_the_bucket_or_the_table_is_named() {
    let cloud = closed_cloud().await;
    // The newest one: no later close tells of it, but the table does.
    for file in ["close.json", "entries.jsonl", "SHA256SUMS"] {
        let key = format!("closes/date=2024-05-11/20240511T070000Z/{file}");
        let delete = cloud.s3.delete_object().bucket(BUCKET).key(key);
        delete.send().await.expect("an object is deleted");
    }
    assert_found(
        cloud,
        &["the newest close", "2024-05-11T07:00:00Z", "in no close"],
    );

    let cloud = closed_cloud().await;
    let mut head = records(&cloud, "close", "head").await.remove(0);
    let earlier = records(&cloud, "night", "2024-04-20").await.remove(0);
    head.insert("body".to_owned(), earlier["body"].clone());
    put(&cloud, head).await;
    assert_found(
        cloud,
        &["the newest close is not the one that the table remembers"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_folder_is_proved_without_any_cloud() {
    let cloud = closed_cloud().await;
    let copy = tempfile::tempdir().expect("a directory");
    cloud.lake.fetch_closes(copy.path()).await.expect("a copy");
    let newest = cloud
        .store
        .newest_close()
        .await
        .expect("a close")
        .expect("a close");
    drop(cloud);
    // No cloud is opened: the directory named for one cannot be one.
    let nowhere = Path::new("/dev/null/nowhere");
    let folder = copy.path().to_string_lossy().into_owned();
    let prove = |more: &[&str]| verify(nowhere, &[&["--closes", folder.as_str()], more].concat());

    let ran = prove(&["--newest", &newest.sha256]);
    let proof = &ran.json_lines()[0];
    assert_eq!((ran.status, &proof["closed"]), (0, &3.into()), "{ran:?}");
    assert_eq!(proof["newest_close"]["sha256"], newest.sha256);

    std::fs::remove_dir_all(copy.path().join("date=2024-05-11")).expect("a folder");
    assert_eq!(
        prove(&[]).status,
        0,
        "the folder alone cannot know of a newer close"
    );
    let ran = prove(&["--newest", &newest.sha256]);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("not the one that was named"), "{ran:?}");

    let close = copy.path().join("date=2024-04-20/20240420T070000Z/close.json");
    let written = std::fs::read_to_string(&close).expect("a close");
    std::fs::write(&close, written.replacen("V4.2", "V4.3", 1)).expect("a close");
    let ran = prove(&[]);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("20240420T070000Z"), "{ran:?}");
}

#[test]
fn a_folder_without_closes_is_refused_in_one_sentence() {
    let empty = tempfile::tempdir().expect("a directory");
    for folder in [empty.path(), Path::new("/dev/null/nowhere")] {
        let ran = verify(empty.path(), &["--closes", &folder.to_string_lossy()]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(
            ran.stderr.starts_with("waymark: ") && ran.stderr.lines().count() == 1,
            "{ran:?}"
        );
    }
}
