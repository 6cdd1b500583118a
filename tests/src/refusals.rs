//! Refusals: calls to the tables that DynamoDB would not take just now, at the place where the SDK hands a call to the
//! network. The call never reaches the tables, and its answer is the one that the service would give.

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use local::{Cloud, ORDERS_TABLE, RECORDS_TABLE};
use store::Store;

/// A call to the tables, as it goes out.
#[derive(Clone, Copy, Debug)]
pub struct TableCall<'a> {
    /// `Scan`, `GetItem`, `TransactWriteItems` …
    pub operation: &'a str,
    /// Its request, as JSON.
    pub body: &'a str,
}

impl<'a> TableCall<'a> {
    /// The call that a request makes; one without an operation when it is none to the tables.
    pub(crate) fn of(request: &'a HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request
            .body()
            .bytes()
            .and_then(|body| std::str::from_utf8(body).ok());
        Self {
            operation: target.rsplit('.').next().unwrap_or_default(),
            body: body.unwrap_or_default(),
        }
    }
}

/// What DynamoDB says instead of carrying a call out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An error by its code, as a client's mistake or too many calls.
    Error(&'static str),
    /// An error of the service's own.
    Broken,
    /// A transaction cancelled, by one of its reasons' codes.
    Cancelled(&'static str),
}

type Refuse = dyn Fn(TableCall<'_>) -> Option<Refusal> + Send + Sync;

#[derive(Clone)]
struct Refusing {
    inner: SharedHttpClient,
    refuse: Arc<Refuse>,
}

#[derive(Clone)]
struct Connected {
    inner: SharedHttpConnector,
    refuse: Arc<Refuse>,
}

/// The tables of a cloud, reached through a client of which `refuse` refuses calls. The SDK's own retries are off: what
/// is left is what the store does itself.
pub fn refusing(
    cloud: &Cloud,
    refuse: impl Fn(TableCall<'_>) -> Option<Refusal> + Send + Sync + 'static,
) -> Store {
    let inner = cloud.dynamodb.config().http_client();
    let client = Refusing {
        inner: inner.expect("the cloud's own client has a connector of its own"),
        refuse: Arc::new(refuse),
    };
    let config = cloud.dynamodb.config().to_builder();
    let config = config.retry_config(RetryConfig::disabled()).http_client(client);
    Store::new(Client::from_conf(config.build()), ORDERS_TABLE, RECORDS_TABLE)
}

impl Refusal {
    fn answer(self) -> HttpResponse {
        let (status, body) = match self {
            Self::Error(code) => (
                400,
                format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"not now"}}"#),
            ),
            Self::Broken => (
                500,
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"not now"}"#
                    .to_owned(),
            ),
            Self::Cancelled(reason) => (
                400,
                format!(
                    r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled","CancellationReasons":[{{"Code":"{reason}","Message":"not now"}}]}}"#
                ),
            ),
        };
        let status = StatusCode::try_from(status).expect("a status of HTTP");
        HttpResponse::new(status, SdkBody::from(body))
    }
}

impl fmt::Debug for Refusing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusing")
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connected")
    }
}

impl HttpClient for Refusing {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connected {
            inner: self.inner.http_connector(settings, components),
            refuse: Arc::clone(&self.refuse),
        })
    }
}

impl HttpConnector for Connected {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match (self.refuse)(TableCall::of(&request)) {
            Some(refusal) => HttpConnectorFuture::ready(Ok(refusal.answer())),
            None => self.inner.call(request),
        }
    }
}
