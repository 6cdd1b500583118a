//! The store as a service, and that service over HTTP.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;

use super::object_store::ObjectStore;
use super::service::Operations;

/// The one access key the service knows. Not a secret: it protects nothing but against a client
/// configured for somewhere else.
pub const ACCESS_KEY_ID: &str = "local";
/// The secret that goes with [`ACCESS_KEY_ID`].
pub const SECRET_ACCESS_KEY: &str = "local";
/// The region the service claims to be in.
pub const REGION: &str = "us-east-1";

/// How long requests under way may take to finish once [`serve`] is told to stop.
const DRAIN_SECONDS_MAX: u64 = 10;
/// How long to wait after a connection could not be accepted, most likely for want of file handles.
const ACCEPT_PAUSE_MS: u64 = 50;

/// Makes the S3 service over a store: path-style requests, signed with [`ACCESS_KEY_ID`].
#[must_use]
pub fn service(store: ObjectStore) -> S3Service {
    let mut config = S3Config::default();
    // A client whose clock is simulated may sign for any year.
    config.presigned_url_max_skew_time_secs = u32::MAX;
    let mut builder = S3ServiceBuilder::new(Operations { store });
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.build()
}

/// Serves over HTTP until `shutdown` completes; then accepts nothing more and lets requests under
/// way finish for up to ten seconds. Failures to accept are logged and outlived.
pub async fn serve(listener: TcpListener, service: S3Service, shutdown: impl Future<Output = ()> + Send) {
    let server = auto::Builder::new(TokioExecutor::new());
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "failed to accept an S3 connection");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                continue;
            }
        };
        let connection = server
            .serve_connection(TokioIo::new(stream), service.clone())
            .into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an S3 connection ended early");
            }
        });
    }
    drop(listener);
    let drained = tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS_MAX), connections.shutdown()).await;
    if drained.is_err() {
        tracing::warn!("S3 requests were still under way when the service stopped");
    }
}
