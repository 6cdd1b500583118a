//! `waymark up`: the embedded cloud's endpoints for any AWS client, its diagnosis for a browser, with uploads, streams and schedules live.

use std::time::Duration;

use dynoxide::server;
use tokio::net::TcpListener;
use tokio::sync::watch;

use domain::Timestamp;

use crate::schedules::{Job, Schedule};
use crate::{Cloud, CloudError, Night, function_url, s3};

/// How often the streams are looked at while the cloud is up.
const STREAM_INTERVAL: Duration = Duration::from_secs(1);
/// How often a schedule may be late.
const SCHEDULE_INTERVAL: Duration = Duration::from_secs(5);

/// Ports to serve on, on the loopback interface.
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
    /// Serves until `shutdown` resolves. `now` is the clock of the schedules and of questions; `ready` is called once all endpoints listen; `told` hears of everything that happened.
    ///
    /// # Errors
    /// [`ServeError`] when a port is taken or the cloud fails.
    pub async fn serve(
        &self,
        endpoints: Endpoints,
        now: impl Fn() -> Timestamp + Clone + Send + Sync + 'static,
        ready: impl FnOnce(),
        mut told: impl FnMut(String),
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let s3_listener = listen(endpoints.s3_port, "s3").await?;
        let dynamodb_listener = listen(endpoints.dynamodb_port, "dynamodb").await?;
        let diagnosis_listener = listen(endpoints.diagnosis_port, "diagnosis").await?;
        let (stop, stopped) = watch::channel(false);
        let until = |mut stopped: watch::Receiver<bool>| async move {
            // An error means that the sender is gone, which is a stop too.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let s3_server = tokio::spawn(s3::serve(
            s3_listener,
            s3::service(self.objects.clone()),
            until(stopped.clone()),
        ));
        let dynamodb_server = tokio::spawn(server::serve_with_shutdown(
            dynamodb_listener,
            self.tables.database.clone(),
            until(stopped.clone()),
        ));
        let diagnosis_server = tokio::spawn(function_url::serve(
            diagnosis_listener,
            self.diagnosis(),
            now.clone(),
            until(stopped),
        ));
        ready();
        let lived = tokio::select! {
            () = shutdown => Ok(()),
            failed = self.live(&now, &mut told) => failed,
        };
        // The servers may have gone already.
        let _ = stop.send(true);
        let _ = s3_server.await;
        let _ = dynamodb_server.await;
        let _ = diagnosis_server.await;
        lived.map_err(ServeError::Cloud)
    }

    /// Carries events for ever; returns only when something fails.
    async fn live(
        &self,
        now: &impl Fn() -> Timestamp,
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
            let delivered = self.deliver_notifications().await?;
            delivered.news().into_iter().for_each(&mut *told);
            tokio::select! {
                () = self.objects.wait_for_notification() => {}
                _ = streams.tick() => {
                    let trouble = match self.deliver_streams().await {
                        Ok(delivered) => {
                            delivered.news().into_iter().for_each(&mut *told);
                            None
                        }
                        // Nothing is lost: the next round begins with the same batch.
                        Err(error @ CloudError::Function { .. }) => Some(error.to_string()),
                        Err(error) => return Err(error),
                    };
                    if trouble != lasting {
                        lasting = trouble;
                        lasting.iter().cloned().for_each(&mut *told);
                    }
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

async fn listen(port: u16, service: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|source| ServeError::Port {
            port,
            service,
            source,
        })
}
