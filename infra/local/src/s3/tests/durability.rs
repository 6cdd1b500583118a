use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{BUCKET, Fixture, body, clock, key, opened, pattern};
use crate::s3::{KeyFilter, ObjectStore, ObjectStoreError, client};

#[tokio::test]
async fn a_reopened_store_has_everything() {
    let fixture = Fixture::new().await;
    let bytes = pattern(700_000);
    let etag = fixture.put("a/b", bytes.clone()).await;
    let fixture = fixture.reopened().await.reopened().await;
    assert!(fixture.get("a/b").await == bytes);
    let head = fixture
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("a/b")
        .send()
        .await
        .unwrap();
    assert_eq!(head.e_tag(), Some(etag.as_str()));
    fixture.put("a/c", body("new names do not meet old ones")).await;
    assert!(fixture.get("a/b").await == bytes);
}

#[tokio::test]
async fn what_a_crash_left_is_swept_and_nothing_else() {
    let fixture = Fixture::new().await;
    fixture.put("a", body("kept")).await;
    let bodies = fixture.dir.path().join("bodies");
    for name in ["00000001-0000ffff", "00000001-0000fffe.tmp", "README"] {
        fs::write(bodies.join(name), "left behind").unwrap();
    }
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.get("a").await, b"kept");
    assert_eq!(fixture.body_files(), 2);
    assert!(bodies.join("README").exists());
}

#[tokio::test]
async fn a_directory_has_one_user_at_a_time() {
    let fixture = Fixture::new().await;
    let second = ObjectStore::open(fixture.dir.path(), clock()).unwrap_err();
    assert!(matches!(second, ObjectStoreError::InUse { .. }), "{second:?}");
    fixture.reopened().await;
}

#[tokio::test]
async fn a_damaged_index_is_named_and_left_alone() {
    let fixture = Fixture::new().await;
    for number in 0..200 {
        fixture.put(&format!("{number}"), body("x")).await;
    }
    let Fixture { dir, store, s3 } = fixture;
    drop((store, s3));
    let index = dir.path().join("objects.sqlite");
    let sound = fs::read(&index).unwrap();
    let mut page_overwritten = sound.clone();
    page_overwritten[8192..12288].fill(0x5a);
    let damages: [(&str, Vec<u8>); 4] = [
        (
            "not a database",
            b"this is no database, however long it may be".repeat(100),
        ),
        ("a page overwritten", page_overwritten),
        ("cut in half", sound[..sound.len() / 2].to_vec()),
        ("empty", Vec::new()),
    ];
    for (damage, bytes) in damages {
        fs::write(&index, &bytes).unwrap();
        let error = opened(dir.path()).await.unwrap_err();
        assert!(
            matches!(error, ObjectStoreError::Corrupt { .. }),
            "{damage}: {error:?}"
        );
        assert!(error.to_string().contains("objects.sqlite is damaged"), "{error}");
        assert_eq!(
            super::files_in(&dir.path().join("bodies")),
            200,
            "{damage}: no body is swept"
        );
    }
    fs::write(&index, &sound).unwrap();
    assert_eq!(Fixture::at(dir).await.get("7").await, b"x");
}

#[tokio::test]
async fn an_index_from_the_future_is_refused() {
    let Fixture { dir, store, s3 } = Fixture::new().await;
    drop((store, s3));
    let index = rusqlite::Connection::open(dir.path().join("objects.sqlite")).unwrap();
    index.pragma_update(None, "user_version", 99).unwrap();
    drop(index);
    let error = opened(dir.path()).await.unwrap_err();
    assert!(
        matches!(error, ObjectStoreError::NewerLayout { found: 99, .. }),
        "{error:?}"
    );
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = ObjectStore::open(&file.join("store"), clock()).unwrap_err();
    assert!(matches!(error, ObjectStoreError::NotWritable { .. }), "{error:?}");
    fs::create_dir_all(dir.path().join("store/objects.sqlite")).unwrap();
    let error = ObjectStore::open(&dir.path().join("store"), clock()).unwrap_err();
    assert!(matches!(error, ObjectStoreError::NotWritable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_lost_body_is_an_error_and_not_half_an_object() {
    let fixture = Fixture::new().await;
    fixture.put("a", body("whole")).await;
    let entry = fs::read_dir(fixture.dir.path().join("bodies"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    fs::write(entry.path(), "half").unwrap();
    let row = fixture
        .store
        .run(|inner| inner.open_object(BUCKET, "a").map(|_| ()))
        .await;
    assert!(matches!(row, Err(ObjectStoreError::Body { .. })), "{row:?}");
}

/// Names, for the child process, the directory to write to until it is killed.
const VICTIM_DIR: &str = "WAYMARK_TEST_S3_VICTIM_DIR";

#[test]
fn a_killed_store_has_everything_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4_u64 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "s3::tests::durability::victim", "--test-threads", "1"])
            .env(VICTIM_DIR, dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let log = acknowledgements(dir.path());
        let written_before = lines(&log);
        while lines(&log) < written_before + 5 {
            assert!(victim.try_wait().unwrap().is_none(), "the victim ended by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(37 * round));
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(check_acknowledged(dir));
}

async fn check_acknowledged(dir: tempfile::TempDir) {
    let acknowledged = fs::read_to_string(acknowledgements(dir.path())).unwrap();
    let fixture = Fixture::at(dir).await;
    let pending = fixture.store.pending_notifications(usize::MAX).await.unwrap();
    let notified: Vec<&str> = pending
        .iter()
        .filter_map(|one| one.record["Records"][0]["s3"]["object"]["key"].as_str())
        .collect();
    let mut objects = 0;
    // The last line of a round may be torn.
    for key in acknowledged.lines().filter(|line| line.ends_with(';')) {
        assert!(
            fixture.get(key).await == pattern(key.len() * 1000),
            "{key} is whole"
        );
        assert_eq!(
            notified
                .iter()
                .filter(|one| **one == urlencoding::encode(key))
                .count(),
            1,
            "{key}"
        );
        objects += 1;
    }
    assert!(objects >= 20, "{objects}");
    let rows = fixture.keys().await.len();
    assert_eq!(fixture.body_files(), rows, "nothing else is left");
    assert_eq!(
        notified.len(),
        rows,
        "an unacknowledged object has its notification too"
    );
}

/// Not a test by itself: the process that [`a_killed_store_has_everything_it_acknowledged`] kills.
#[tokio::test]
async fn victim() {
    let Some(dir) = std::env::var_os(VICTIM_DIR) else {
        return;
    };
    let dir = PathBuf::from(dir);
    let store = ObjectStore::open(&dir, clock()).unwrap();
    store.create_bucket(BUCKET).await.unwrap();
    store.notify_of(vec![KeyFilter::default()]);
    let s3 = client(store, &key());
    let mut log = fs::File::options()
        .create(true)
        .append(true)
        .open(acknowledgements(&dir))
        .unwrap();
    // Bounded, in case whoever should kill it is killed first.
    for number in 0..2000_u64 {
        let key = format!(
            "{}-{};",
            std::process::id(),
            "x".repeat(usize::try_from(number % 40).unwrap()) + &number.to_string()
        );
        let put = s3
            .put_object()
            .bucket(BUCKET)
            .key(&key)
            .body(pattern(key.len() * 1000).into());
        put.send().await.unwrap();
        log.write_all(format!("{key}\n").as_bytes()).unwrap();
    }
}

fn acknowledgements(dir: &Path) -> PathBuf {
    dir.join("acknowledged.log")
}

fn lines(log: &Path) -> usize {
    fs::read_to_string(log).map_or(0, |text| text.lines().count())
}
