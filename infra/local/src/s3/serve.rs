//! The store as a service, and that service over HTTP.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;

use super::object_store::ObjectStore;
use super::service::Operations;
use crate::AccessKey;
use crate::listener::{self, Limits};

/// The region the service claims to be in.
pub const REGION: &str = "us-east-1";

/// Makes the S3 service over a store: path-style requests, signed with `key` at most `skew_seconds_max` from now by the
/// machine's clock. A client in this process may have a clock that is simulated: it needs [`u32::MAX`].
#[must_use]
pub fn service(store: ObjectStore, key: &AccessKey, skew_seconds_max: u32) -> S3Service {
    let mut config = S3Config::default();
    config.presigned_url_max_skew_time_secs = skew_seconds_max;
    let mut builder = S3ServiceBuilder::new(Operations { store });
    builder.set_auth(SimpleAuth::from_single(&*key.id, &*key.secret));
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.build()
}

/// Serves over HTTP until `shutdown` completes, whoever asks by the listener's own name and holds the key.
pub async fn serve(listener: TcpListener, service: S3Service, shutdown: impl Future<Output = ()> + Send) {
    let answer = move |request, _| answer(service.clone(), request);
    listener::serve("S3", listener, Limits::SERVICE, answer, shutdown).await;
}

async fn answer(service: S3Service, request: Request<Incoming>) -> Response<s3s::Body> {
    let answered = service.call(request.map(s3s::Body::from)).await;
    answered.unwrap_or_else(|error| {
        tracing::error!(?error, "an S3 request was not answered");
        let mut response = Response::default();
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
