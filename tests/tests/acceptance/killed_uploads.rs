//! `kill -9` at random instants of a large upload, which the next process goes on with: orders, ledger and answer are those of an
//! upload that nothing disturbed, to the byte. And a large file, judged by runs that are cut short.
//!
//! `make soak`; `WAYMARK_SOAK_ROWS` sets the rows (100,000; of the large file ten times as many, so 1,000,000 gives it the
//! contract's ten million), `SEED=42` draws the same instants; the machine decides what they hit.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use entrypoint::TimeLeft;
use local::{BUCKET, Cloud, Options};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tests::{OwnCloud, assert_same, at, entries, operator_key, seed, written};
use upload_validation::{BatchLimits, handle_in_time};

const KILLS: u32 = 20;
/// Batches of the upload.
const BATCHES: usize = 50;
/// Names to the process that is killed where its cloud lies.
const STATE: &str = "WAYMARK_SOAK_STATE";
const PAID_AT: &str = "2024-05-01T00:00:00Z";
const LEARNED_AT: &str = "2024-05-02T00:00:00Z";
const AS_OF: &str = "2024-06-11T07:00:00Z";

fn rows() -> u32 {
    let stated = std::env::var("WAYMARK_SOAK_ROWS").ok();
    stated.and_then(|rows| rows.parse().ok()).unwrap_or(100_000)
}

fn order_id(row: u32) -> String {
    format!("{}", 8_200_000_000_000_000_u64 + u64::from(row))
}

fn orders(rows: u32) -> String {
    let head = "order_id,seller_id,paid_at,amount,currency,destination_country\n";
    let row = |row| format!("{},S{},{PAID_AT},80.10,USD,US\n", order_id(row), row % 7);
    (0..rows).map(row).fold(head.to_owned(), |file, row| file + &row)
}

/// Tracking rows; of a hundred each is bad, late, of an unknown order, for a number of another order, or said twice.
fn tracking(rows: u32) -> String {
    let row = |row: u32| {
        let (order, number, at) = match row % 100 {
            13 => (order_id(row), format!("YT 9{row:014}"), PAID_AT),
            33 => (order_id(row), format!("YT{row:016}"), LEARNED_AT),
            53 => (order_id(rows + row), format!("YT{row:016}"), PAID_AT),
            73 => (order_id(row), format!("YT{:016}", row / 2), PAID_AT),
            93 => (order_id(row / 2), format!("YT{:016}", row / 2), PAID_AT),
            _ => (order_id(row), format!("YT{row:016}"), PAID_AT),
        };
        format!("{order},YunExpress,{number},{at}\n")
    };
    let head = "order_id,carrier,tracking_number,uploaded_at\n".to_owned();
    (0..rows).map(row).fold(head, |file, row| file + &row)
}

/// Gives a cloud batches and runs so small that the upload has many.
fn shorten(cloud: &mut Cloud) {
    cloud.batches = BatchLimits {
        rows_max: (rows() as usize).div_ceil(BATCHES),
        time_max: Duration::from_secs(5),
    };
    cloud.upload_time = Duration::from_secs(25);
}

async fn open(directory: TempDir) -> OwnCloud {
    let mut cloud = OwnCloud::reopen(directory).await;
    shorten(&mut cloud);
    cloud
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let (path, into) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &into);
        } else {
            fs::copy(&path, &into).expect("a file is copied");
        }
    }
}

fn copied(state: &Path) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    copy(state, directory.path());
    directory
}

/// What an upload has come to.
struct Outcome {
    answers: BTreeMap<String, Vec<u8>>,
    orders: Vec<String>,
    ledger: Vec<String>,
}

impl Outcome {
    async fn of(cloud: &OwnCloud) -> Self {
        let mut answers = BTreeMap::new();
        let listed = cloud.s3.list_objects_v2().bucket(BUCKET).prefix("outbox/").send();
        for object in listed.await.expect("the bucket can be listed").contents() {
            let key = object.key().expect("an object has a key").to_owned();
            let bytes = cloud.lake.bytes(&key).await.expect("an answer can be read");
            answers.insert(key, bytes);
        }
        let orders = cloud.orders().await;
        cloud.settle(at(AS_OF)).await;
        Self {
            answers,
            orders: orders.iter().map(|order| format!("{order:?}")).collect(),
            ledger: written(&entries(cloud).await),
        }
    }
}

/// Time for so many batches behind the first one, and for no more.
fn time_for(batches: i64) -> TimeLeft {
    let left = AtomicI64::new(batches);
    TimeLeft::told_by(move || match left.fetch_sub(1, Ordering::SeqCst) > 0 {
        true => Duration::MAX,
        false => Duration::ZERO,
    })
}

/// Every 5,000th row is of an order. The others are the header once more, which costs the reader as much and the tables nothing:
/// the embedded cloud would be at ten million orders for hours.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make soak"]
async fn a_large_file_is_answered_once_by_runs_cut_at_random() {
    if std::env::var_os(STATE).is_some() {
        return;
    }
    let rows = 10 * rows();
    let sent = rows / 5_000;
    let mut cloud = OwnCloud::new().await;
    // As many batches as the deployed function makes of ten million rows.
    cloud.batches.rows_max = rows as usize / 500;
    let orders_key = operator_key("orders", "orders.csv");
    cloud
        .upload(&orders_key, orders(sent), Some(at(LEARNED_AT)))
        .await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut writer = BufWriter::new(file.reopen().expect("a file"));
    let head = "order_id,carrier,tracking_number,uploaded_at";
    writeln!(writer, "{head}").expect("the disk has room");
    for row in 0..rows {
        let order = row / 5_000;
        let written = match row % 5_000 {
            0 => writeln!(writer, "{},YunExpress,YT{order:016},{PAID_AT}", order_id(order)),
            _ => writeln!(writer, "{head}"),
        };
        written.expect("the disk has room");
    }
    writer.flush().expect("the disk has room");
    let key = operator_key("tracking", "large.csv");
    let put = cloud
        .lake
        .put_upload(&key, file.path(), Some(at(LEARNED_AT)))
        .await;
    put.expect("the inbox takes it");

    let mut random = ChaCha8Rng::seed_from_u64(seed(42));
    for run in 1.. {
        let waiting = cloud.waiting_notifications().await.expect("events");
        let event = waiting.last().expect("an event").clone();
        let (begun, time) = (Instant::now(), time_for(random.random_range(50..250)));
        let ended = handle_in_time(&cloud.upload_validation(), event, time).await;
        let ended = ended.expect("a run that is cut short is no failure");
        let judged = ended.handed_on.first().map_or(rows.into(), |upload| upload.rows);
        println!("run {run}: {judged} rows after {:.1?}", begun.elapsed());
        if ended.handed_on.is_empty() {
            assert_eq!(ended.answered.len(), 1);
            assert!(run > 1, "it was cut short");
            break;
        }
    }
    let counts = cloud.answer(&key).await.counts;
    assert_eq!(
        (counts.rows, counts.accepted, counts.skipped),
        (rows.into(), sent.into(), u64::from(rows - sent))
    );
    let orders = cloud.orders().await;
    assert!(orders.iter().all(|order| order.shipments.len() == 1));
}

/// Starts the process that delivers what waits.
fn start(state: &Path) -> Child {
    let program = std::env::current_exe().expect("this program's path");
    let child = Command::new(program)
        .args([
            "--ignored",
            "--exact",
            "killed_uploads::an_upload_killed_at_twenty_instants_ends_as_if_it_had_not_been",
        ])
        .env(STATE, state)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.expect("a process can be started")
}

/// Kills deliveries, at most `kills_max` of them, until one outruns its killer; gives how many were killed.
fn kill_until_done(state: &Path, random: &mut ChaCha8Rng, longest: Duration, kills_max: u32) -> u32 {
    for kill in 0..kills_max {
        let mut child = start(state);
        let until = Instant::now() + longest.mul_f64(random.random_range(0.0..1.0));
        while Instant::now() < until {
            if let Some(ended) = child.try_wait().expect("a process can be looked at") {
                assert!(ended.success(), "a delivery failed: {ended}");
                return kill;
            }
            thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("a process can be killed");
        child.wait().expect("a process that was killed ends");
    }
    kills_max
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long: make soak"]
async fn an_upload_killed_at_twenty_instants_ends_as_if_it_had_not_been() {
    if let Some(state) = std::env::var_os(STATE) {
        let options = Options {
            data_dir: state.into(),
            policy: None,
        };
        let mut cloud = Cloud::open(options).await.expect("a cloud can be opened");
        shorten(&mut cloud);
        cloud
            .deliver_notifications()
            .await
            .expect("what waits is delivered");
        return;
    }
    let (rows, mut random) = (rows(), ChaCha8Rng::seed_from_u64(seed(42)));
    let cloud = OwnCloud::new().await;
    let orders_key = operator_key("orders", "orders.csv");
    cloud
        .upload(&orders_key, orders(rows), Some(at(LEARNED_AT)))
        .await;
    let key = operator_key("tracking", "tracking.csv");
    cloud.put(&key, tracking(rows), Some(at(LEARNED_AT))).await;
    let state = cloud.close();

    let calm = open(copied(state.path())).await;
    let begun = Instant::now();
    calm.deliver_notifications().await.expect("an upload is answered");
    let takes = begun.elapsed();
    let expected = Outcome::of(&calm).await;
    println!(
        "{rows} rows undisturbed: {takes:.1?}, {} entries",
        expected.ledger.len()
    );

    let mut kills = 0;
    while kills < KILLS {
        let disturbed = copied(state.path());
        kills += kill_until_done(disturbed.path(), &mut random, takes / 10, KILLS - kills);
        let cloud = open(disturbed).await;
        cloud
            .deliver_notifications()
            .await
            .expect("the rest is delivered");
        let found = Outcome::of(&cloud).await;
        println!("{kills} kills");
        assert_same("orders", &expected.orders, &found.orders);
        assert_same("entries", &expected.ledger, &found.ledger);
        for (key, bytes) in &expected.answers {
            assert!(found.answers.get(key) == Some(bytes), "{key} has other bytes");
        }
    }
}
