//! The store through its front door: the SDK's client, mostly without a socket.

mod conditions;
mod durability;
mod http;
mod listing;
mod multipart;
mod notifications;
mod objects;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use tempfile::TempDir;

use super::{Clock, ObjectStore, ObjectStoreError, client};
use crate::AccessKey;

const BUCKET: &str = "local-test";
/// 2026-02-03T04:05:06Z.
const STARTS_AT_SECONDS: u64 = 1_770_091_506;

/// A clock that says half a second more each time it is asked.
fn clock() -> Clock {
    let asked = AtomicU64::new(0);
    Arc::new(move || {
        UNIX_EPOCH
            + Duration::from_secs(STARTS_AT_SECONDS)
            + Duration::from_millis(500) * u32::try_from(asked.fetch_add(1, Ordering::Relaxed)).unwrap()
    })
}

struct Fixture {
    dir: TempDir,
    store: ObjectStore,
    s3: Client,
}

impl Fixture {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fixture = Self::at(dir).await;
        assert!(fixture.store.create_bucket(BUCKET).await.unwrap());
        fixture
    }

    async fn at(dir: TempDir) -> Self {
        let store = opened(dir.path()).await.unwrap();
        let s3 = client(store.clone(), &key());
        Self { dir, store, s3 }
    }

    /// Closes the store and opens it again.
    async fn reopened(self) -> Self {
        let Self { dir, store, s3 } = self;
        drop((store, s3));
        Self::at(dir).await
    }

    async fn put(&self, key: &str, body: impl Into<ByteStream>) -> String {
        let put = self
            .s3
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(body.into())
            .send()
            .await
            .unwrap();
        put.e_tag.unwrap()
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self.s3.get_object().bucket(BUCKET).key(key).send().await.unwrap();
        got.body.collect().await.unwrap().to_vec()
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self.s3.list_objects_v2().bucket(BUCKET).send().await.unwrap();
        listed
            .contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned())
            .collect()
    }

    fn body_files(&self) -> usize {
        files_in(&self.dir.path().join("bodies"))
    }
}

fn key() -> AccessKey {
    AccessKey {
        id: "TEST".to_owned(),
        secret: "secret".to_owned(),
    }
}

/// Opens a store that was closed. A process that another test starts holds all our files for a moment, until it becomes
/// another program: as long as that takes, the directory is in use.
async fn opened(dir: &Path) -> Result<ObjectStore, ObjectStoreError> {
    for _ in 0..500 {
        match ObjectStore::open(dir, clock()) {
            Err(ObjectStoreError::InUse { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            opened => return opened,
        }
    }
    ObjectStore::open(dir, clock())
}

fn files_in(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

fn body(text: &'static str) -> ByteStream {
    ByteStream::from_static(text.as_bytes())
}

/// HTTP status and S3 error code of a failed call.
fn refusal<T: std::fmt::Debug, E>(result: Result<T, SdkError<E>>) -> (u16, String)
where
    E: ProvideErrorMetadata,
{
    let error = result.expect_err("the call is refused");
    let status = error
        .raw_response()
        .expect("the service has answered")
        .status()
        .as_u16();
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    (status, code.unwrap_or_default().to_owned())
}

/// The same bytes in every run, and different at every place.
fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8)
        .collect()
}
