//! The lower half of this process's own DynamoDB client: where the SDK would open a socket, the emulator is called.

use std::fmt;

use aws_sdk_dynamodb::config::{BehaviorVersion, HttpClient, Region, RuntimeComponents, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use dynoxide::Database;

use super::actions::act;
use crate::AccessKey;

/// A client that calls the emulator and reaches nothing else.
pub(super) fn client(database: Database, key: &AccessKey) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(crate::s3::REGION))
        .credentials_provider(key.credentials())
        // Never resolved: the connector takes every request. The name shows in logs only.
        .endpoint_url("http://dynamodb.local")
        .http_client(SharedHttpClient::new(InProcess(database)))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

#[derive(Clone)]
struct InProcess(Database);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the embedded DynamoDB")
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let database = self.0.clone();
        HttpConnectorFuture::new(async move {
            let answered = tokio::task::spawn_blocking(move || answer(&database, &request)).await;
            answered.map_err(|error| ConnectorError::other(error.into(), None))?
        })
    }
}

fn answer(database: &Database, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let unreadable = |reason: &'static str| ConnectorError::user(reason.into());
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let (_, action) = target
        .rsplit_once('.')
        .ok_or_else(|| unreadable("a call without an action"))?;
    let body = request
        .body()
        .bytes()
        .and_then(|body| std::str::from_utf8(body).ok());
    let body = body.ok_or_else(|| unreadable("a call without its request"))?;
    let (status, text) = match act(database, action, body) {
        Ok(text) => (200, text),
        Err(refused) => (refused.status_code(), refused.to_json()),
    };
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(text));
    response.headers_mut().insert("content-type", super::CONTENT_TYPE);
    Ok(response)
}
