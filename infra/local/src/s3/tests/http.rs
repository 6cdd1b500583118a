use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{BUCKET, Fixture, body, key, pattern, refusal};
use crate::AccessKey;
use crate::s3::{REGION, serve, service};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_is_served_over_http_until_told_to_stop() {
    let mut fixture = Fixture::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let service = service(fixture.store.clone(), &key(), 900);
    let served = tokio::spawn(serve(listener, service, async {
        stopped.await.ok();
    }));
    fixture.s3 = client_of(&endpoint, &key());

    let bytes = pattern(3 * 1024 * 1024);
    fixture.put("a b/中", bytes.clone()).await;
    let file = fixture.dir.path().join("upload");
    std::fs::write(&file, &bytes).unwrap();
    fixture
        .put(
            "from-file",
            aws_sdk_s3::primitives::ByteStream::from_path(&file)
                .await
                .unwrap(),
        )
        .await;
    assert!(fixture.get("a b/中").await == bytes);
    assert!(fixture.get("from-file").await == bytes);
    let etag = fixture.put("small", body("x")).await;
    let get = fixture
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("small")
        .if_none_match(etag);
    assert_eq!(refusal(get.send().await).0, 304);
    let head = fixture.s3.head_object().bucket(BUCKET).key("none").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let guessed = AccessKey {
        secret: "guessed".to_owned(),
        ..key()
    };
    let stranger = client_of(&endpoint, &guessed)
        .list_buckets()
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        stranger.into_service_error().code(),
        Some("SignatureDoesNotMatch")
    );

    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), served)
        .await
        .expect("idle connections are closed")
        .unwrap();
    fixture
        .s3
        .list_buckets()
        .send()
        .await
        .expect_err("nobody listens any more");
}

fn client_of(endpoint: &str, key: &AccessKey) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(key.credentials())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
