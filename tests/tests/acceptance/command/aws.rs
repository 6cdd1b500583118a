//! `waymark --aws upload`: what is waited for, and what is not.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_s3::config::Credentials;
use local::AccessKey;
use local::s3::{self, ObjectStore};
use tests::{Ran, Waymark, made_up};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::command::up::Up;
use crate::command::{assert_complains, waymark};

/// Well below the time for which an answer is waited for.
const AT_ONCE: Duration = Duration::from_secs(30);

/// Uploads a file of orders to the stack whose bucket is served at `s3_port` to whoever has the key.
async fn upload(waymark: &Waymark, s3_port: u16, key: &Credentials) -> (Ran, Duration) {
    let season = made_up(4, 10);
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("rates.csv");
    std::fs::write(&file, season.table("rates").csv()).expect("a file");
    let file = file.to_str().expect("a path");
    let mut command = waymark.command(["--aws", "--json", "upload", file, "--kind", "rates"]);
    command
        .env("AWS_ENDPOINT_URL_S3", format!("http://127.0.0.1:{s3_port}"))
        .env("AWS_ACCESS_KEY_ID", key.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", key.secret_access_key())
        .env("AWS_REGION", s3::REGION)
        .env("WAYMARK_ORDERS_TABLE", local::ORDERS_TABLE)
        .env("WAYMARK_RECORDS_TABLE", local::RECORDS_TABLE)
        .env("WAYMARK_BUCKET", local::BUCKET);
    let began = Instant::now();
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("a command").expect("the command can be started");
    (Ran::of(output), began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_again_get_an_answer_of_their_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = waymark(&directory.path().join("state"));
    let up = Up::of(&waymark);
    let mut counts = Vec::new();
    for _ in 0..2 {
        let (ran, _) = upload(&waymark, up.ports.s3, &up.key()).await;
        counts.push(ran.json_lines()[0]["counts"].clone());
        // The second put would be in the second of the first, whose answer is as good.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    assert_eq!(counts[0]["accepted"], counts[0]["rows"], "{counts:?}");
    assert_eq!(counts[1]["unchanged"], counts[1]["rows"], "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_is_not_waited_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = ObjectStore::open(directory.path(), Arc::new(|| SystemTime::UNIX_EPOCH)).expect("a store");
    store.create_bucket(local::BUCKET).await.expect("a bucket");
    let key = AccessKey {
        id: "TEST".to_owned(),
        secret: "secret".to_owned(),
    };
    let client = s3::client(store.clone(), &key);
    let put = client
        .put_object()
        .bucket(local::BUCKET)
        .key("outbox/rates/_/rates.csv/report.json")
        .body(b"no answer".to_vec().into());
    put.send().await.expect("an object");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(s3::serve(
        listener,
        s3::service(store, &key, 900),
        std::future::pending(),
    ));

    let key = Credentials::new(key.id, key.secret, None, None, "test");
    let (ran, took) = upload(&waymark(directory.path()), port, &key).await;
    assert_complains(&ran, 3, &["report.json cannot be used", "expected"]);
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_not_waited_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 1 << 16];
            let read = stream.read(&mut request).await.unwrap_or_default();
            let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
            let answer = match &request[..read.min(3)] {
                b"PUT" => "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .to_owned(),
                _ => format!(
                    "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{denied}",
                    denied.len()
                ),
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let directory = tempfile::tempdir().expect("a directory");
    let key = Credentials::new("any", "any", None, None, "test");
    let (ran, took) = upload(&waymark(directory.path()), port, &key).await;
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.stderr.contains("AccessDenied"), "{ran:?}");
    assert!(took < AT_ONCE, "{took:?}");
}
