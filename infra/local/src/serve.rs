//! `waymark up`: the embedded cloud's endpoints for any AWS client, its diagnosis for a browser, with uploads, streams and schedules live.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use domain::Timestamp;

use crate::dynamodb::endpoint::{DeliveryAsked, Endpoint};
use crate::function_url::FunctionUrl;
use crate::listener::{self, Limits};
use crate::schedules::{Job, Schedule};
use crate::served::Note;
use crate::signature::SKEW_SECONDS_MAX;
use crate::{Cloud, CloudError, Night, s3};

/// How often the streams are looked at while the cloud is up.
const STREAM_INTERVAL: Duration = Duration::from_secs(1);
/// How often a schedule may be late.
const SCHEDULE_INTERVAL: Duration = Duration::from_secs(5);

/// Deliveries that may be asked for at once; more wait.
const DELIVERIES_ASKED_MAX: usize = 16;

/// Ports to serve on, on the loopback interface; 0 is any that is free.
#[derive(Clone, Copy, Debug)]
pub struct Endpoints {
    /// S3.
    pub s3_port: u16,
    /// DynamoDB.
    pub dynamodb_port: u16,
    /// The diagnosis page.
    pub diagnosis_port: u16,
}

/// Why the endpoints cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port is taken.
    #[error("port {port} for {service} cannot be used: {source}; choose another with --{service}-port")]
    Port {
        /// The port.
        port: u16,
        /// `s3`, `dynamodb` or `diagnosis`.
        service: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The cloud failed while serving.
    #[error(transparent)]
    Cloud(CloudError),
}

impl Cloud {
    /// Serves until `shutdown` resolves. `now` is the clock of the schedules, of signatures and of questions; `ready` is called with
    /// the ports once all endpoints listen; `told` hears of everything that happened. Meanwhile commands find the endpoints in the
    /// data directory.
    ///
    /// # Errors
    /// [`ServeError`] when a port is taken or the cloud fails.
    pub async fn serve(
        &self,
        endpoints: Endpoints,
        now: impl Fn() -> Timestamp + Clone + Send + Sync + 'static,
        ready: impl FnOnce(Endpoints),
        mut told: impl FnMut(String),
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let (s3, s3_port) = listen(endpoints.s3_port, "s3").await?;
        let (dynamodb, dynamodb_port) = listen(endpoints.dynamodb_port, "dynamodb").await?;
        let (diagnosis, diagnosis_port) = listen(endpoints.diagnosis_port, "diagnosis").await?;
        let (stop, stopped) = watch::channel(false);
        let (deliveries, mut asked) = mpsc::channel(DELIVERIES_ASKED_MAX);
        let servers = [
            self.serve_s3(s3, stopped.clone()),
            self.serve_dynamodb(dynamodb, now.clone(), deliveries, stopped.clone()),
            self.serve_diagnosis(diagnosis, now.clone(), stopped),
        ];
        let endpoints = Endpoints {
            s3_port,
            dynamodb_port,
            diagnosis_port,
        };
        let note = Note::put(&self.data_dir, endpoints).map_err(ServeError::Cloud)?;
        ready(endpoints);
        let lived = tokio::select! {
            () = shutdown => Ok(()),
            failed = self.live(&now, &mut asked, &mut told) => failed,
        };
        drop((note, asked));
        // The servers may have gone already.
        let _ = stop.send(true);
        for server in servers {
            let _ = server.await;
        }
        lived.map_err(ServeError::Cloud)
    }

    fn serve_s3(&self, listener: TcpListener, stopped: watch::Receiver<bool>) -> JoinHandle<()> {
        let service = s3::service(self.objects.clone(), &self.access_key, SKEW_SECONDS_MAX);
        tokio::spawn(s3::serve(listener, service, until(stopped)))
    }

    fn serve_dynamodb(
        &self,
        listener: TcpListener,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        deliveries: mpsc::Sender<DeliveryAsked>,
        stopped: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        let endpoint = Arc::new(Endpoint {
            database: self.tables.database.clone(),
            key: self.access_key.clone(),
            now,
            deliveries,
        });
        let answer = move |request: Request<Incoming>, _: SocketAddr| {
            let endpoint = Arc::clone(&endpoint);
            async move { endpoint.answer(request).await }
        };
        tokio::spawn(listener::serve(
            "DynamoDB",
            listener,
            Limits::SERVICE,
            answer,
            until(stopped),
        ))
    }

    fn serve_diagnosis(
        &self,
        listener: TcpListener,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        stopped: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        let desk = self.diagnosis();
        let url = Arc::new(FunctionUrl { desk, now });
        let answer = move |request: Request<Incoming>, client: SocketAddr| {
            let url = Arc::clone(&url);
            async move { url.answer(&request, client).await }
        };
        tokio::spawn(listener::serve(
            "diagnosis",
            listener,
            Limits::PAGE,
            answer,
            until(stopped),
        ))
    }

    /// Carries events for ever; returns only when something fails.
    async fn live(
        &self,
        now: &impl Fn() -> Timestamp,
        asked: &mut mpsc::Receiver<DeliveryAsked>,
        told: &mut impl FnMut(String),
    ) -> Result<(), CloudError> {
        let schedules = Schedule::all(&self.template).map_err(|error| CloudError::Unusable {
            what: "a schedule",
            reason: error.to_string(),
        })?;
        let mut looked_at = now();
        // What the streams wait for, said once.
        let mut lasting = None;
        let mut streams = tokio::time::interval(STREAM_INTERVAL);
        let mut clock = tokio::time::interval(SCHEDULE_INTERVAL);
        loop {
            self.take_in(told).await?;
            tokio::select! {
                () = self.objects.wait_for_notification() => {}
                _ = streams.tick() => self.write_history(&mut lasting, told).await?,
                Some(asked) = asked.recv() => {
                    self.take_in(told).await?;
                    if asked.changes_too {
                        self.write_history(&mut lasting, told).await?;
                    }
                    let trouble = lasting.clone().filter(|_| asked.changes_too);
                    // Whoever asked may have gone.
                    let _ = asked.done.send(trouble.map_or(Ok(()), Err));
                }
                _ = clock.tick() => {
                    let until = now();
                    for (at, job) in Schedule::due(&schedules, looked_at, until) {
                        // As in the cloud, a run that fails ends nothing else, and can be run again.
                        if let Err(error) = self.start(job, at, told).await {
                            told(format!("the run that was due at {at} failed: {error}"));
                        }
                    }
                    looked_at = until;
                }
            }
        }
    }

    async fn take_in(&self, told: &mut impl FnMut(String)) -> Result<(), CloudError> {
        let delivered = self.deliver_notifications().await?;
        delivered.news().into_iter().for_each(told);
        Ok(())
    }

    /// Delivers the streams. `lasting` is what they wait for; it is told once.
    async fn write_history(
        &self,
        lasting: &mut Option<String>,
        told: &mut impl FnMut(String),
    ) -> Result<(), CloudError> {
        let trouble = match self.deliver_streams().await {
            Ok(delivered) => {
                delivered.news().into_iter().for_each(&mut *told);
                None
            }
            // Nothing is lost: the next round begins with the same batch.
            Err(error @ CloudError::Function { .. }) => Some(error.to_string()),
            Err(error) => return Err(error),
        };
        if trouble != *lasting {
            *lasting = trouble;
            lasting.iter().cloned().for_each(told);
        }
        Ok(())
    }

    async fn start(&self, job: Job, at: Timestamp, told: &mut impl FnMut(String)) -> Result<(), CloudError> {
        match job {
            Job::Night => {
                told_of(&self.night(at).await?, at, told);
                self.sweep_expired().await?;
            }
            Job::Report => told(format!(
                "report: {}",
                self.report(None, at).await?.keys.join(", ")
            )),
            Job::Compaction => {
                let compacted = self.compact(at).await?;
                told(format!(
                    "lake: {} files became {}",
                    compacted.files_read, compacted.files_written
                ));
            }
        }
        Ok(())
    }
}

fn told_of(night: &Night, at: Timestamp, told: &mut impl FnMut(String)) {
    let Night {
        stalls,
        signoffs,
        close,
        digest,
    } = night;
    told(format!(
        "stall scan as of {at}: {} fines posted",
        stalls.tally.posted
    ));
    told(format!(
        "sign-off scan as of {at}: {} fines posted",
        signoffs.tally.posted
    ));
    let entries = close.close.as_ref().map_or(0, |close| close.entries);
    told(format!("night {at} closed: {entries} entries"));
    told(format!("digest: {}", digest.keys.join(", ")));
}

async fn listen(port: u16, service: &'static str) -> Result<(TcpListener, u16), ServeError> {
    let refused = |source| ServeError::Port {
        port,
        service,
        source,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(refused)?;
    let port = listener.local_addr().map_err(refused)?.port();
    Ok((listener, port))
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stopped.wait_for(|stop| *stop).await;
}
