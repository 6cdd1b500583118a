//! `waymark up`: the embedded cloud as a service, for clients that know nothing of us.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use lake::Answer;
use tests::{Running, made_up};

use crate::{assert_complains, waymark};

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

/// Stops a command as Ctrl-C does.
pub(crate) fn interrupt(running: &Running) {
    let interrupted = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status();
    assert!(interrupted.is_ok_and(|status| status.success()));
}

fn s3_client(port: u16) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
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
    let ports = Ports::free();
    let s3_port = ports.s3;
    let mut served = waymark.start(ports.arguments());
    // Held to the end: a service whose reader has gone ends as well.
    let mut lines = served.lines();
    let hello = lines.next().expect("a hello");
    assert!(
        hello.contains(&s3_port.to_string()) && hello.contains(local::BUCKET),
        "{hello}"
    );

    let in_use = waymark.run(["ledger"]);
    assert_complains(&in_use, 2, &["another waymark", "--data-dir"]);

    let client = s3_client(s3_port);
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

    interrupt(&served);
    let status = tokio::task::spawn_blocking(move || served.wait())
        .await
        .expect("a wait");
    assert_eq!(status, Some(0), "Ctrl-C is how it is stopped");
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
