//! A listener of the embedded cloud: it accepts, lets the [`Guard`] look at each request, and ends when it has to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Either;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::guard::Guard;

/// How long to wait after a connection could not be accepted, most likely for want of file handles.
const ACCEPT_PAUSE_MS: u64 = 50;
/// How long requests under way may take to finish once [`serve`] is told to stop; then they are broken off.
const DRAIN_SECONDS_MAX: u64 = 2;

/// What a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of a request's line and headers.
    pub(crate) head_bytes: usize,
    /// How long it may take to send them, or to say nothing between two requests.
    pub(crate) head_wait: Duration,
    /// How long a connection may live, whatever its client does.
    pub(crate) connection: Duration,
    /// Connections at once; more wait to be accepted.
    pub(crate) connections: usize,
    /// Whether a connection may ask more than once.
    pub(crate) keep_alive: bool,
}

impl Limits {
    /// For a person's browser: one question a connection.
    pub(crate) const PAGE: Self = Self {
        head_bytes: 16 << 10,
        head_wait: Duration::from_secs(10),
        connection: Duration::from_secs(30),
        connections: 64,
        keep_alive: false,
    };
    /// For AWS clients, which keep connections and send large files over them.
    pub(crate) const SERVICE: Self = Self {
        head_bytes: 128 << 10,
        head_wait: Duration::from_secs(60),
        connection: Duration::MAX,
        connections: 512,
        keep_alive: true,
    };
}

/// Serves until `shutdown` completes; then accepts nothing more, lets requests under way finish for two seconds and breaks the
/// others off. Failures to accept, and clients that are slow or break off, are logged and outlived. `name` is for the log.
pub(crate) async fn serve<S, A, B>(
    name: &'static str,
    listener: TcpListener,
    limits: Limits,
    service: S,
    shutdown: impl Future<Output = ()> + Send,
) where
    S: Fn(Request<Incoming>, SocketAddr) -> A + Send + Sync + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let guard = Guard::of(listener.local_addr().map_or(0, |address| address.port()));
    let service = Arc::new(service);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_wait)
        .max_buf_size(limits.head_bytes)
        .keep_alive(limits.keep_alive);
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = GracefulShutdown::new();
    let (break_off, broken_off) = watch::channel(());
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
                tracing::warn!(name, %error, "failed to accept a connection");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                continue;
            }
        };
        let service = Arc::clone(&service);
        let service = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move {
                let answered = match guard.refusal(&request) {
                    Some(refusal) => refusal.map(Either::Left),
                    None => service(request, client).await.map(Either::Right),
                };
                Ok::<_, Infallible>(answered)
            }
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        let mut broken_off = broken_off.clone();
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(name, %error, "a connection ended early");
                },
                () = tokio::time::sleep(limits.connection) => tracing::debug!(name, "a connection took too long"),
                _ = broken_off.changed() => tracing::warn!(name, "a request was under way when the service stopped"),
            }
            drop(place);
        });
    }
    drop(listener);
    // Whoever has not finished by then sees its connection closed.
    let _ = tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS_MAX), connections.shutdown()).await;
    drop(break_off);
}
