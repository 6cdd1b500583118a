//! `waymark up`: the embedded cloud as a service, for clients that know nothing of us.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use lake::Answer;
use tests::{Running, Waymark, made_up};

use crate::command::{assert_complains, waymark};

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Where a test has the cloud served.
pub(crate) struct Ports {
    pub(crate) s3: u16,
    pub(crate) dynamodb: u16,
    pub(crate) diagnosis: u16,
}

impl Ports {
    pub(crate) fn free() -> Self {
        Self {
            s3: free_port(),
            dynamodb: free_port(),
            diagnosis: free_port(),
        }
    }

    pub(crate) fn all(&self) -> [u16; 3] {
        [self.s3, self.dynamodb, self.diagnosis]
    }

    /// The command that serves there.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let ports = [
            ("--s3-port", self.s3),
            ("--dynamodb-port", self.dynamodb),
            ("--diagnosis-port", self.diagnosis),
        ];
        let flags = ports
            .into_iter()
            .flat_map(|(flag, port)| [flag.to_owned(), port.to_string()]);
        std::iter::once("up".to_owned()).chain(flags).collect()
    }
}

/// A cloud that is up.
pub(crate) struct Up {
    pub(crate) ports: Ports,
    /// What it said when it had come up.
    pub(crate) hello: Vec<String>,
    /// What it says from then on. Held to the end: a service whose reader has gone ends as well.
    pub(crate) lines: Box<dyn Iterator<Item = String> + Send>,
    served: Running,
}

impl Up {
    pub(crate) fn of(waymark: &Waymark) -> Self {
        let ports = Ports::free();
        let mut served = waymark.start(ports.arguments());
        let mut lines = Box::new(served.lines());
        let mut hello = Vec::new();
        for line in lines.by_ref() {
            let is_last = line.contains("Ctrl-C");
            hello.push(line);
            if is_last {
                break;
            }
        }
        Self {
            ports,
            hello,
            lines,
            served,
        }
    }

    /// What its greeting has a shell export under this name.
    pub(crate) fn exported(&self, name: &str) -> &str {
        let begins = format!("{name}=");
        let words = self.hello.iter().flat_map(|line| line.split_whitespace());
        words
            .filter_map(|word| word.strip_prefix(begins.as_str()))
            .next()
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.hello))
    }

    /// The access key that it printed.
    pub(crate) fn key(&self) -> Credentials {
        let [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| self.exported(name));
        Credentials::new(id, secret, None, None, "test")
    }

    pub(crate) fn s3(&self, key: Credentials) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(key)
            .endpoint_url(format!("http://127.0.0.1:{}", self.ports.s3))
            .force_path_style(true)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub(crate) fn dynamodb(&self, key: Credentials) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(key)
            .endpoint_url(format!("http://127.0.0.1:{}", self.ports.dynamodb))
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    /// Types Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let interrupted = Command::new("kill")
            .args(["-INT", &self.served.id().to_string()])
            .status();
        assert!(interrupted.is_ok_and(|status| status.success()));
    }

    /// Waits for its end; gives its exit status.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.served.wait()
    }

    /// Kills it, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.served.kill();
    }

    /// Stops it as Ctrl-C does.
    pub(crate) fn stop(mut self) {
        let begun = Instant::now();
        self.interrupt();
        assert_eq!(self.ended(), Some(0), "Ctrl-C is how it is stopped");
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "nobody is waited for: {took:?}");
    }
}

/// The answer under a key, once it is there.
async fn answer(client: &aws_sdk_s3::Client, key: &str) -> Answer {
    for _ in 0..200 {
        if let Ok(object) = client.get_object().bucket(local::BUCKET).key(key).send().await {
            let bytes = object.body.collect().await.expect("the answer's bytes").to_vec();
            return serde_json::from_slice(&bytes).expect("report.json has its form");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no answer at {key}");
}

#[tokio::test(flavor = "multi_thread")]
async fn up_answers_files_that_any_s3_client_puts() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let up = Up::of(&waymark);
    assert!(
        up.hello[0].contains(&up.ports.s3.to_string()) && up.hello[0].contains(local::BUCKET),
        "{:?}",
        up.hello
    );
    let client = up.s3(up.key());
    let season = made_up(4, 10);
    for (file, key) in [
        ("rates", "rates/_/rates.csv"),
        ("orders", "orders/_/二月 订单+1.csv"),
    ] {
        let body = season.table(file).csv().into();
        client
            .put_object()
            .bucket(local::BUCKET)
            .key(format!("inbox/{key}"))
            .body(body)
            .send()
            .await
            .expect("the inbox takes files");
        let answer = answer(&client, &format!("outbox/{key}/report.json")).await;
        assert_eq!(
            answer.counts.accepted,
            season.table(file).rows.len() as u64,
            "{answer:?}"
        );
    }

    let tables = up.dynamodb(up.key()).list_tables().send().await.expect("tables");
    assert_eq!(tables.table_names(), [local::ORDERS_TABLE, local::RECORDS_TABLE]);

    tokio::task::spawn_blocking(|| up.stop())
        .await
        .expect("it ends in time");
    assert_eq!(
        waymark.run(["ledger", "verify", "--json"]).json_lines()[0]["orders"],
        10,
        "what was acknowledged is kept"
    );
}

#[test]
fn a_port_in_use_is_told_in_a_sentence() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(directory.path());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    for (flag, take) in [
        (
            "--s3-port",
            (|ports, port| ports.s3 = port) as fn(&mut Ports, u16),
        ),
        ("--dynamodb-port", |ports, port| ports.dynamodb = port),
        ("--diagnosis-port", |ports, port| ports.diagnosis = port),
    ] {
        let mut ports = Ports::free();
        take(&mut ports, port);
        let ran = waymark.run(ports.arguments());
        assert_complains(&ran, 2, &[&port.to_string(), flag]);
    }
    assert_complains(&waymark.run(["up", "--s3-port", "70000"]), 2, &["70000"]);
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    metadata.permissions().mode() & 0o777
}

#[cfg(unix)]
#[test]
fn what_a_data_directory_holds_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let waymark = waymark(&state);
    let up = Up::of(&waymark);
    assert_eq!(mode(&state), 0o700);
    for file in ["credentials", "up.json"] {
        assert_eq!(mode(&state.join(file)), 0o600, "{file}");
    }
    let kept = fs::read_to_string(state.join("credentials")).expect("the key");
    assert!(kept.contains(up.exported("AWS_SECRET_ACCESS_KEY")));
    up.stop();
    assert!(!state.join("up.json").exists(), "nothing is up any more");

    // What an earlier release left open is closed, and the key stays.
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).expect("a mode");
    assert_eq!(waymark.run(["ledger"]).status, 0);
    assert_eq!(mode(&state), 0o700);
    assert_eq!(
        fs::read_to_string(state.join("credentials")).expect("the key"),
        kept
    );

    // Another directory has another key.
    let other = directory.path().join("other");
    let up = Up::of(&crate::command::waymark(&other));
    assert!(!kept.contains(up.exported("AWS_SECRET_ACCESS_KEY")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_printed_on_one_line_whatever_is_in_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let mut up = Up::of(&waymark);
    let key =
        "inbox/orders/_/\u{1b}[2Ja.csv: 9 rows, 0 rejected, 0 parked\nnight 2026-01-01 closed\u{202e}.csv";
    let put = up.s3(up.key()).put_object().bucket(local::BUCKET).key(key);
    put.body(b"order_id\n1\n".to_vec().into())
        .send()
        .await
        .expect("the inbox takes files");
    let line = tokio::task::spawn_blocking(move || up.lines.next())
        .await
        .expect("a line");
    let line = line.expect("a line");
    assert!(
        line.contains(r"\u001b[2Ja.csv") && line.contains(r"parked\nnight 2026-01-01 closed\u202e.csv"),
        "{line:?}"
    );
    assert!(!line.contains(char::is_control), "{line:?}");
}
