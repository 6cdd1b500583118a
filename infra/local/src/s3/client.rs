//! The SDK's client over the service, without a socket.

use aws_sdk_s3::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::object_store::ObjectStore;
use super::serve::{REGION, service};
use crate::AccessKey;

/// HTTP status 304, which has no body.
const NOT_MODIFIED: u16 = 304;

/// Gives a client that calls the store's service in process: the same type, and the same code above
/// it, as in production.
#[must_use]
pub fn client(store: ObjectStore, key: &AccessKey) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(key.credentials())
        // Never resolved: the connector takes every request. The name shows in logs only.
        .endpoint_url("http://s3.local")
        .force_path_style(true)
        .http_client(http_client(store, key))
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// The lower half of [`client`]: where the SDK hands over HTTP requests. For callers that put
/// something in between, such as faults.
#[must_use]
pub fn http_client(store: ObjectStore, key: &AccessKey) -> SharedHttpClient {
    let service = service(store, key, u32::MAX);
    let connector = SharedHttpConnector::new(InProcess(s3s_aws::Connector::from(service)));
    http_client_fn(move |_, _| connector.clone())
}

/// Calls the service as a function, and drops the bodies that no socket would carry. The SDK tells
/// "not found" from a HEAD by the *absence* of a body, so leaving the service's error in it would
/// give other errors here than in production.
#[derive(Debug)]
struct InProcess(s3s_aws::Connector);

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let head = request.method() == "HEAD";
        let response = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = response.await?;
            if head || response.status().as_u16() == NOT_MODIFIED {
                *response.body_mut() = SdkBody::empty();
            }
            Ok(response)
        })
    }
}
