//! The diagnosis function's URL on the loopback interface: what Lambda does between a clerk's browser and the handler.
//!
//! There is no IAM here, so only requests that name this very address are answered: a website that lets its own name mean
//! 127.0.0.1 (DNS rebinding) is told nothing. One request a connection, within bounds of bytes and time; no body is read.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use bytes::Bytes;
use diagnosis::{DiagnosisDesk, handle};
use domain::Timestamp;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Bytes of a request's line and headers, at most.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// How long a client may take to send them.
const HEADER_SECONDS_MAX: u64 = 10;
/// How long a connection may live, whatever its client does.
const CONNECTION_SECONDS_MAX: u64 = 30;
/// Connections at once, at most; more wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// How long to wait after a connection could not be accepted, most likely for want of file handles.
const ACCEPT_PAUSE_MS: u64 = 50;
/// How long requests under way may take to finish once [`serve`] is told to stop. They only read.
const DRAIN_SECONDS_MAX: u64 = 2;

/// The function behind its address.
struct FunctionUrl<Now> {
    desk: DiagnosisDesk,
    now: Now,
    port: u16,
}

/// Serves until `shutdown` completes; then accepts nothing more and lets requests under way finish. `now` tells when a
/// request came. Failures to accept, and clients that are slow or break off, are logged and outlived.
pub(crate) async fn serve(
    listener: TcpListener,
    desk: DiagnosisDesk,
    now: impl Fn() -> Timestamp + Send + Sync + 'static,
    shutdown: impl Future<Output = ()> + Send,
) {
    let port = listener.local_addr().map_or(0, |address| address.port());
    let url = Arc::new(FunctionUrl { desk, now, port });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEADER_SECONDS_MAX))
        .max_buf_size(HEADER_BYTES_MAX)
        .keep_alive(false);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection for a diagnosis");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                continue;
            }
        };
        let url = Arc::clone(&url);
        let service = service_fn(move |request| {
            let url = Arc::clone(&url);
            async move { Ok::<_, Infallible>(url.answer(&request, client).await) }
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            let limit = Duration::from_secs(CONNECTION_SECONDS_MAX);
            match tokio::time::timeout(limit, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a connection for a diagnosis ended early"),
                Err(_) => tracing::debug!("a connection for a diagnosis took too long"),
            }
            drop(place);
        });
    }
    drop(listener);
    let drained = tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS_MAX), connections.shutdown()).await;
    if drained.is_err() {
        tracing::warn!("questions were still under way when the diagnosis stopped");
    }
}

impl<Now: Fn() -> Timestamp> FunctionUrl<Now> {
    async fn answer(&self, request: &Request<Incoming>, client: SocketAddr) -> Response<Full<Bytes>> {
        if !self.is_asked_by_name(request) {
            return self.misdirected();
        }
        match handle(&self.desk, self.event(request, client)).await {
            Ok(answered) => written(answered.response),
            Err(failure) => {
                tracing::error!(error = %failure, "a question was not answered");
                said(StatusCode::BAD_GATEWAY, "the function failed\n".to_owned())
            }
        }
    }

    /// Whether the one host that a request names, also within its target, is this address.
    fn is_asked_by_name<Body>(&self, request: &Request<Body>) -> bool {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let target = request.uri().authority();
        host.to_str().is_ok_and(|host| self.is_own(host))
            && target.is_none_or(|target| self.is_own(target.as_str()))
    }

    fn is_own(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"].into_iter().any(|name| {
            // A browser leaves the port out where it is HTTP's own.
            let is_bare = self.port == 80 && host.eq_ignore_ascii_case(name);
            is_bare || host.eq_ignore_ascii_case(&format!("{name}:{}", self.port))
        })
    }

    fn misdirected(&self) -> Response<Full<Bytes>> {
        let address = format!("http://127.0.0.1:{}/", self.port);
        said(
            StatusCode::MISDIRECTED_REQUEST,
            format!("ask at {address} only, by this very name\n请只通过 {address} 这个地址访问\n"),
        )
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

fn said(status: StatusCode, sentence: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(sentence));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
