//! The diagnosis function's URL: what Lambda does between a clerk's browser and the handler.
//!
//! There is no IAM here: the listener's guard keeps other websites out, and whoever is on this machine may ask. No body is read.

use std::net::SocketAddr;

use aws_lambda_events::event::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use bytes::Bytes;
use diagnosis::{DiagnosisDesk, handle};
use domain::Timestamp;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};

use crate::guard::said;

/// The function behind its address; `now` is when a request came.
pub(crate) struct FunctionUrl<Now> {
    pub(crate) desk: DiagnosisDesk,
    pub(crate) now: Now,
}

impl<Now: Fn() -> Timestamp> FunctionUrl<Now> {
    pub(crate) async fn answer<B>(&self, request: &Request<B>, client: SocketAddr) -> Response<Full<Bytes>> {
        match handle(&self.desk, self.event(request, client)).await {
            Ok(answered) => written(answered.response),
            Err(failure) => {
                tracing::error!(error = %failure, "a question was not answered");
                said(StatusCode::BAD_GATEWAY, "the function failed\n".to_owned())
            }
        }
    }

    /// A request as Lambda tells a function of it.
    fn event<Body>(&self, request: &Request<Body>, client: SocketAddr) -> LambdaFunctionUrlRequest {
        let path = request.uri().path().to_owned();
        let header = |name: header::HeaderName| {
            let value = request.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let mut event = LambdaFunctionUrlRequest::default();
        event.version = Some("2.0".to_owned());
        event.raw_path = Some(path.clone());
        event.raw_query_string = Some(request.uri().query().unwrap_or_default().to_owned());
        event.headers = joined(request.headers());
        let context = &mut event.request_context;
        context.domain_name = header(header::HOST);
        context.time_epoch = (self.now)().unix().saturating_mul(1_000);
        context.http.method = Some(request.method().to_string());
        context.http.path = Some(path);
        context.http.protocol = Some(format!("{:?}", request.version()));
        context.http.source_ip = Some(client.ip().to_string());
        context.http.user_agent = header(header::USER_AGENT);
        event
    }
}

/// Headers as Lambda hands them on: each once, what is told several times joined by commas.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut joined = HeaderMap::new();
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        // Values that are each a header's are one when they are joined.
        if let Ok(value) = HeaderValue::from_bytes(&values.join(&b","[..])) {
            joined.insert(name.clone(), value);
        }
    }
    joined
}

/// What the function answered, over HTTP.
fn written(answer: LambdaFunctionUrlResponse) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(answer.body.unwrap_or_default()));
    // A status that is none is the function's failure, as Lambda has it.
    *response.status_mut() = u16::try_from(answer.status_code)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::BAD_GATEWAY);
    *response.headers_mut() = answer.headers;
    response
}
