//! Times without a zone, times to come, and what an upload states of both, through the front door.

use std::fs;

use domain::PolicyBook;
use domain::ruling::Uploader;
use domain::time::StatedZone;
use intake::{Kind, Limits};
use lake::{Answer, Note, Stated, UploadKey};
use tests::{OwnCloud, at, operator_key};
use upload_validation::dry_run::DryRun;

use crate::uploads::{LEARNED_AT, codes, order_id};

/// An orders file whose only row was paid then.
fn paid(header: &str, time: &str) -> String {
    let order = order_id(1);
    format!(
        "order_id,seller_id,{header},amount,currency,destination_country\n{order},S1,{time},80.10,USD,US\n"
    )
}

/// Uploads a file as the operator's with all that is stated of it.
async fn upload(cloud: &OwnCloud, key: &UploadKey, file: &str, stated: &Stated) -> Answer {
    let scratch = tempfile::NamedTempFile::new().expect("a scratch file");
    fs::write(scratch.path(), file).expect("a scratch file can be written");
    let put = cloud.lake.put_stating(key, scratch.path(), stated).await;
    put.expect("the inbox takes every file");
    cloud.deliver_notifications().await.expect("an answer");
    cloud.answer(key).await
}

fn stated(zone: Option<&str>) -> Stated {
    Stated {
        recorded_at: Some(at(LEARNED_AT)),
        zone: zone.map(str::to_owned),
        ..Stated::default()
    }
}

fn assumed(notes: &[Note]) -> Option<&Note> {
    notes
        .iter()
        .find(|note| note.code.as_deref() == Some("ZONE_ASSUMED"))
}

#[tokio::test]
async fn a_zone_stated_with_the_object_is_that_of_its_times_and_an_assumed_one_is_said() {
    let cloud = OwnCloud::new().await;
    let key = operator_key("orders", "beijing.csv");
    let file = paid("paid_at", "2024-05-01 10:00");
    let answer = upload(&cloud, &key, &file, &stated(Some("Asia/Shanghai"))).await;
    assert_eq!((answer.counts.accepted, assumed(&answer.notes)), (1, None));
    assert_eq!(cloud.orders().await[0].paid_at, at("2024-05-01T02:00:00Z"));

    let cloud = OwnCloud::new().await;
    let answer = upload(&cloud, &key, &file, &stated(None)).await;
    assert_eq!(answer.counts.accepted, 1, "a note changes no verdict");
    assert_eq!(cloud.orders().await[0].paid_at, at("2024-05-01T17:00:00Z"));
    let note = assumed(&answer.notes).expect("it is said");
    for (text, zone) in [
        (&note.message_en, "Pacific time"),
        (&note.message_zh, "太平洋时间"),
    ] {
        for part in [zone, "2024-05-01 10:00", "2024-05-02 01:00"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let headed = upload(
        &cloud,
        &operator_key("orders", "headed.csv"),
        &paid("付款时间（太平洋时间）", "2024-05-01 10:00"),
        &stated(None),
    )
    .await;
    assert_eq!(
        (headed.counts.unchanged, assumed(&headed.notes)),
        (1, None),
        "{headed:?}"
    );
}

#[tokio::test]
async fn a_file_whose_zone_is_in_doubt_is_refused_whole_until_one_is_stated() {
    let cloud = OwnCloud::new().await;
    let key = operator_key("orders", "orders.csv");
    // Recorded at 17:00 Pacific on 1 May, 08:00 on 2 May in Beijing: typed a minute before, in Beijing.
    let file = paid("paid_at", "2024-05-02 07:59");
    for zone in [None, Some("Pekin")] {
        let answer = upload(&cloud, &key, &file, &stated(zone)).await;
        assert!(answer.is_refused() && cloud.orders().await.is_empty());
        assert_eq!(answer.issues[0].code, "ZONE_DOUBTFUL");
        assert!(answer.issues[0].fix_en.contains("--zone") && answer.issues[0].fix_zh.contains("--zone"));
    }
    let answer = upload(&cloud, &key, &file, &stated(Some("Beijing"))).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    assert_eq!(cloud.orders().await[0].paid_at, at("2024-05-01T23:59:00Z"));
}

#[tokio::test]
async fn a_dry_run_says_of_zones_what_the_upload_says() {
    let directory = tempfile::tempdir().expect("a directory");
    for (time, zone) in [
        ("2024-05-01 10:00", None),
        ("2024-05-02 07:59", None),
        ("2024-05-02 07:59", Some("Beijing")),
        ("2024-05-02T00:00:00Z", None),
    ] {
        let cloud = OwnCloud::new().await;
        let file = paid("paid_at", time);
        let uploaded = upload(&cloud, &operator_key("orders", "one.csv"), &file, &stated(zone)).await;
        let path = directory.path().join("one.csv");
        fs::write(&path, &file).expect("a file");
        let dry_run = DryRun {
            filled: intake::Filled::default(),
            kind: Kind::Orders,
            uploader: Uploader::Operator,
            recorded_at: at(LEARNED_AT),
            clock: at(LEARNED_AT),
            zone: zone.and_then(StatedZone::parse),
            policy: PolicyBook::shipped(),
            limits: Limits::default(),
            orders: None,
            progress: &|_| {},
        };
        let judged = dry_run.run(&path, None).expect("the file is there");
        assert_eq!(judged.by_code, uploaded.by_code, "{time} {zone:?}");
        assert_eq!(judged.counts, uploaded.counts, "{time} {zone:?}");
        assert_eq!(
            assumed(&judged.notes),
            assumed(&uploaded.notes),
            "{time} {zone:?}"
        );
    }
}

#[tokio::test]
async fn a_stated_time_too_far_ahead_is_its_rows_error_and_changes_nothing() {
    let cloud = OwnCloud::new().await;
    let file = paid("paid_at", "2024-05-02T14:00:01Z");
    let answer = upload(&cloud, &operator_key("orders", "one.csv"), &file, &stated(None)).await;
    assert_eq!(codes(&answer)[&1], ["TIME_IN_FUTURE"]);
    assert!(cloud.orders().await.is_empty());
    let file = paid("paid_at", "2024-05-02T14:00:00Z");
    let answer = upload(&cloud, &operator_key("orders", "two.csv"), &file, &stated(None)).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
}

#[tokio::test]
async fn a_recording_that_has_not_come_is_not_believed() {
    let cloud = OwnCloud::new().await;
    let to_come = Stated {
        recorded_at: Some(at("2062-06-12T07:00:00Z")),
        zone: None,
        ..Stated::default()
    };
    let file = paid("paid_at", "2024-05-01T00:00:00Z");
    let answer = upload(&cloud, &operator_key("orders", "one.csv"), &file, &to_come).await;
    assert_eq!(answer.counts.accepted, 1);
    assert!(cloud.orders().await[0].recorded_at < at("2062-01-01T00:00:00Z"));
    let note = |note: &&Note| note.message_en.contains("2062-06-12T07:00:00Z");
    assert!(answer.notes.iter().any(|told| note(&told)), "{:?}", answer.notes);

    let event = "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
                 DHL,3318810051,picked_up,2024-05-01T00:00:00Z,2062-06-12T07:00:00Z\n";
    let answer = upload(&cloud, &operator_key("events", "one.csv"), event, &stated(None)).await;
    assert_eq!(codes(&answer)[&1], ["TIME_IN_FUTURE"]);
}
