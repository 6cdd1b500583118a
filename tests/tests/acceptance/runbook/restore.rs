//! The runbook's *Restore*, on the embedded cloud: the tables are lost and restored to an earlier instant, and the ledger, the
//! closes and the report end as they were, to the byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use domain::time::day_starts_at;
use domain::{Timestamp, Zone};
use lake::UploadKey;
use local::{Cloud, ORDERS_TABLE, Options};
use tests::{OwnCloud, Ran, Season, Waymark, at, made_up, operator_key, seed};

use crate::runbook::top;

/// A month's report after the season.
const REPORT: &str = "waymark report --month 2024-04 --as-of 2024-06-01T07:00:00Z --out report";
const ZONE: Zone = Zone::America__Los_Angeles;
const NIGHTS: [&str; 4] = [
    "2024-04-06T07:00:00Z",
    "2024-04-20T07:00:00Z",
    "2024-05-01T07:00:00Z",
    "2024-05-11T07:00:00Z",
];

/// An order that was recorded before the third night, due by then, and uploaded behind it: the fourth one fines it.
const LATE: &str = "order_id,seller_id,paid_at,amount,currency,destination_country\n\
    8300000000000001,S1,2024-03-20T12:00:00Z,80.10,USD,ES\n";
const LATE_RECORDED_AT: &str = "2024-04-30T00:00:00Z";

/// The blocks of commands in a section of the runbook.
fn blocks(section: &str) -> Vec<String> {
    let runbook = fs::read_to_string(top().join("infra/RUNBOOK.md")).expect("the runbook");
    let (_, after) = runbook
        .split_once(&format!("\n### {section}\n"))
        .expect("the section");
    let text = after.split("\n## ").next().expect("its text");
    let text = text.split("\n### ").next().expect("its text");
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().expect("a block").to_owned())
        .collect()
}

/// A shell in a folder of its own, where `waymark` is the command of these tests.
struct Shell(tempfile::TempDir);

impl Shell {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        fs::create_dir(folder.path().join("bin")).expect("a directory");
        let program = env!("CARGO_BIN_EXE_waymark-under-test");
        std::os::unix::fs::symlink(program, folder.path().join("bin/waymark")).expect("a link");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs lines of shell, the first that fails the last; gives what they print.
    fn run(&self, lines: &str) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let done = Command::new("sh")
            .args(["-euc", lines])
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .stdin(Stdio::null())
            .output();
        let ran = Ran::of(done.expect("a shell"));
        assert_eq!(ran.status, 0, "{lines}: {ran:?}");
        ran.stdout
    }

    /// The cloud in the folder, as long as nothing else works on it.
    async fn cloud(&self) -> Cloud {
        let options = Options {
            data_dir: self.path(".waymark"),
            policy: None,
        };
        Cloud::open(options).await.expect("a cloud")
    }

    /// Everything that must be as it was: the ledger, the closes, the report.
    fn state(&self) -> BTreeMap<String, Vec<u8>> {
        let mut state = BTreeMap::new();
        let ledger = self.run("waymark ledger --json");
        let mut entries: Vec<&str> = ledger.lines().collect();
        entries.sort_unstable();
        state.insert("ledger".to_owned(), entries.join("\n").into_bytes());
        self.run(&format!("rm -rf report; {REPORT}"));
        files(&self.path("report"), &mut state);
        state
    }

    async fn closes(&self) -> BTreeMap<String, Vec<u8>> {
        let copy = tempfile::tempdir().expect("a directory");
        let copied = self.cloud().await.lake.fetch_closes(copy.path()).await;
        copied.expect("a copy");
        let mut closes = BTreeMap::new();
        files(copy.path(), &mut closes);
        closes
    }
}

/// Uploads a day of a season, each file recorded at its end.
async fn upload(cloud: &Cloud, name: &str, day: &Season, recorded_at: Timestamp) {
    for (file, table) in day.files() {
        let kind = file.split('-').next().unwrap_or(file);
        let key = operator_key(kind, &format!("{name}-{file}.csv"));
        put(cloud, &key, table.csv(), recorded_at).await;
    }
    let delivered = cloud.deliver_notifications().await;
    delivered.expect("they are answered");
}

async fn put(cloud: &Cloud, key: &UploadKey, content: impl AsRef<[u8]>, recorded_at: Timestamp) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), content).expect("a file");
    let put = cloud.lake.put_upload(key, file.path(), Some(recorded_at)).await;
    put.expect("the inbox takes it");
}

/// Every file under a folder, by its path there.
fn files(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    fn walk(top: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(top, &path, found);
            } else {
                let name = path.strip_prefix(top).expect("it is under it").to_string_lossy();
                found.insert(name.into_owned(), fs::read(&path).expect("a file"));
            }
        }
    }
    walk(folder, folder, found);
}

fn assert_as_before(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in before {
        assert!(
            bytes == &after[name],
            "{name}:\n{}\n{}",
            String::from_utf8_lossy(bytes),
            String::from_utf8_lossy(&after[name])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_were_lost_are_restored_and_end_as_they_were() {
    let blocks = blocks("On one machine");
    let [back_up, restore] = &blocks[..] else {
        panic!("{blocks:?}")
    };
    let shell = Shell::new();
    let days = made_up(seed(41), 12).days(ZONE);
    let days = days.iter().map(|(date, day)| {
        let ends = day_starts_at(date.succ_opt().expect("a next day"), ZONE);
        (date.to_string(), day, ends)
    });
    let mut days = days.peekable();
    for night in NIGHTS {
        let cloud = shell.cloud().await;
        while let Some((name, day, ends)) = days.next_if(|(_, _, ends)| *ends <= at(night)) {
            upload(&cloud, &name, day, ends).await;
        }
        cloud.night(at(night)).await.expect("a night");
        cloud.deliver().await.expect("everything is delivered");
        if night == NIGHTS[2] {
            // S3 says to the second when something was written.
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            put(
                &cloud,
                &operator_key("orders", "late.csv"),
                LATE,
                at(LATE_RECORDED_AT),
            )
            .await;
            cloud.deliver().await.expect("it is answered");
        }
        drop(cloud);
        if night == NIGHTS[1] {
            shell.run(back_up);
        }
    }
    let (before, closes) = (shell.state(), shell.closes().await);
    let entries = before["ledger"].split(|byte| *byte == b'\n').count();
    assert!(entries > 5, "{entries} entries");
    assert_eq!(closes.len(), 3 * NIGHTS.len(), "{:?}", closes.keys());

    shell.run("rm .waymark/dynamodb.sqlite*");
    let said = shell.run(restore);
    println!("{restore}\n{said}");
    assert!(said.contains("2 nights run again, 0 findings"), "{said}");
    assert!(said.contains("the ledger is sound"), "{said}");
    assert_as_before(&closes, &shell.closes().await);
    assert_as_before(&before, &shell.state());
    // There is nothing left to do.
    let again = shell.run("waymark restore --after \"$(cat backup/at)\"");
    assert_eq!(again, "0 uploads judged again, 0 nights run again, 0 findings\n");
}

/// One item, put back as it was before the night that fined it.
#[tokio::test(flavor = "multi_thread")]
async fn one_order_that_was_brought_back_takes_up_its_entries() {
    let blocks = blocks("One order");
    let command = blocks[0].lines().last().expect("a command").replace(" --aws", "");
    assert_eq!(command, "waymark ledger verify --adopt");
    let cloud = OwnCloud::new().await;
    for (date, day) in made_up(seed(42), 10).days(ZONE) {
        let ends = day_starts_at(date.succ_opt().expect("a next day"), ZONE);
        upload(&cloud, &date.to_string(), &day, ends).await;
    }
    let scanned = cloud.dynamodb.scan().table_name(ORDERS_TABLE).send().await;
    let orders = scanned.expect("the orders").items.unwrap_or_default();
    cloud.night(at(NIGHTS[3])).await.expect("a night");
    let fined = tests::entries(&cloud).await.remove(0).order_id;
    let is_fined = |item: &&store::Item| item["order_id"].as_s().is_ok_and(|id| id == fined.as_str());
    let order = orders.iter().find(is_fined).expect("the order").clone();
    let put_back = cloud.dynamodb.put_item().table_name(ORDERS_TABLE);
    let put_back = put_back.set_item(Some(order)).send().await;
    put_back.expect("it is put back");
    let directory = cloud.close();
    let waymark = Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), directory.path());
    assert_eq!(waymark.run(["ledger", "verify"]).status, 1);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let ran = waymark.run(&words);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.stdout.contains("the ledger is sound"), "{ran:?}");
}
