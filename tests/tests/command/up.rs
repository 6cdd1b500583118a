//! `waymark up`: the embedded cloud as a service, for clients that know nothing of us.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use lake::Answer;
use tests::made_up;

use crate::{assert_complains, waymark};

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
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
    let (s3_port, dynamodb_port) = (free_port(), free_port());
    let ports = [s3_port, dynamodb_port].map(|port| port.to_string());
    let mut served = waymark.start(["up", "--s3-port", &ports[0], "--dynamodb-port", &ports[1]]);
    // Held to the end: a service whose reader has gone ends as well.
    let mut lines = served.lines();
    let hello = lines.next().expect("a hello");
    assert!(
        hello.contains(&ports[0]) && hello.contains(local::BUCKET),
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

    let interrupted = Command::new("kill")
        .args(["-INT", &served.id().to_string()])
        .status();
    assert!(interrupted.is_ok_and(|status| status.success()));
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
    let taken = taken
        .local_addr()
        .map(|address| (taken, address.port().to_string()))
        .expect("an address");
    let free = free_port().to_string();
    let ran = waymark.run(["up", "--s3-port", &taken.1, "--dynamodb-port", &free]);
    assert_complains(&ran, 2, &[&taken.1, "--s3-port"]);
    let ran = waymark.run(["up", "--s3-port", &free, "--dynamodb-port", &taken.1]);
    assert_complains(&ran, 2, &[&taken.1, "--dynamodb-port"]);
    assert_complains(&waymark.run(["up", "--s3-port", "70000"]), 2, &["70000"]);
}
