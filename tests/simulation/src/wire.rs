//! The wire between a run's SDK clients and the emulators: where faults happen.
//!
//! A call travels by itself: it may arrive after its caller has died, as on a real network.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, HttpClient, Region, RuntimeComponents, SharedHttpClient,
};
use aws_sdk_s3::config::StalledStreamProtectionConfig;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use local::AccessKey;
use tokio::sync::oneshot;

use crate::call::Call;
use crate::fate::{CallKind, Course, Fate};
use crate::in_flight::InFlight;
use crate::run::Run;
use crate::tables::Tables;
use crate::virtual_time::{RunSleep, VirtualTime, Wait};

/// Until a client gives up waiting for an answer.
const TIME_OUT: Duration = Duration::from_secs(3);
/// Names that only look like a service's.
const ENDPOINT: &str = "http://cloud.simulated";

/// The emulators, and the time that calls to them take.
#[derive(Clone)]
pub struct Cloud {
    /// DynamoDB.
    pub tables: Tables,
    /// S3, as its SDK reaches it.
    pub bucket: SharedHttpClient,
    /// The season's time.
    pub time: VirtualTime,
    /// The transactions that DynamoDB carries out.
    pub in_flight: InFlight,
}

impl Cloud {
    /// A DynamoDB client; every call of it is the run's.
    pub fn dynamodb(&self, run: Option<&Run>) -> aws_sdk_dynamodb::Client {
        let (tables, time) = (self.tables.clone(), self.time.clone());
        let wire = Wire::new(
            self,
            run,
            Arc::new(move |_, _| SharedHttpConnector::new(Served(tables.clone(), time.clone()))),
        );
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .endpoint_url(ENDPOINT)
            .retry_config(RetryConfig::standard())
            .sleep_impl(RunSleep::of(&self.time, run.map(Run::id)))
            .http_client(wire)
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    /// An S3 client; every call of it is the run's.
    pub fn s3(&self, run: Option<&Run>) -> aws_sdk_s3::Client {
        let bucket = self.bucket.clone();
        let wire = Wire::new(
            self,
            run,
            Arc::new(move |settings, components| bucket.http_connector(settings, components)),
        );
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(local::s3::REGION))
            .credentials_provider(credentials())
            .endpoint_url(ENDPOINT)
            .force_path_style(true)
            .retry_config(RetryConfig::standard())
            // It would watch bodies by a clock, and ours are whole when they come.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(RunSleep::of(&self.time, run.map(Run::id)))
            .http_client(wire)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }
}

fn credentials() -> Credentials {
    let key = access_key();
    Credentials::new(key.id, key.secret, None, None, "simulation")
}

/// What the simulation signs with: the same in every run of a seed.
pub fn access_key() -> AccessKey {
    AccessKey {
        id: "simulation".to_owned(),
        secret: "simulation".to_owned(),
    }
}

type Service = Arc<dyn Fn(&HttpConnectorSettings, &RuntimeComponents) -> SharedHttpConnector + Send + Sync>;

/// A client's wire.
#[derive(Clone)]
struct Wire {
    time: VirtualTime,
    run: Option<Run>,
    tables: Tables,
    in_flight: InFlight,
    service: Service,
}

/// A wire with its far end.
#[derive(Clone, Debug)]
struct Connected {
    wire: Wire,
    service: SharedHttpConnector,
}

impl Wire {
    fn new(cloud: &Cloud, run: Option<&Run>, service: Service) -> Self {
        Self {
            time: cloud.time.clone(),
            run: run.cloned(),
            tables: cloud.tables.clone(),
            in_flight: cloud.in_flight.clone(),
            service,
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the wire of {:?}", self.run)
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connected {
            wire: self.clone(),
            service: (self.service)(settings, components),
        })
    }
}

impl HttpConnector for Connected {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (sender, answer) = oneshot::channel();
        let waiting = Wait::of(&self.wire.time, self.wire.run.as_ref().map(Run::id));
        let connected = self.clone();
        tokio::spawn(async move {
            let answered = connected.carry(request).await;
            drop(waiting);
            if let Some(answered) = answered {
                // The caller may be gone.
                let _ = sender.send(answered);
            }
        });
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(answered) => answered,
                // Its caller is being killed: it hears nothing more.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

impl Connected {
    /// Carries a call there and its answer back; `None` when nobody is there to hear it.
    async fn carry(&self, request: HttpRequest) -> Option<Result<HttpResponse, ConnectorError>> {
        let Some(run) = &self.wire.run else {
            return Some(self.serve(request).await);
        };
        let call = Call::of(&request);
        let course = run.course(&call.name, &call.said, call.kind);
        if course.fate == Fate::KilledBefore {
            run.kill();
            return None;
        }
        self.wire.time.sleep(course.there).await;
        if run.is_dead() && !course.outlives_caller {
            return None;
        }
        let answered = self.meet(request, &call, &course).await;
        if course.fate == Fate::KilledAfter {
            run.kill();
            return None;
        }
        let back = if course.fate == Fate::AnswerLost {
            TIME_OUT
        } else {
            course.back
        };
        self.wire.time.sleep(back).await;
        Some(answered)
    }

    async fn meet(
        &self,
        request: HttpRequest,
        call: &Call,
        course: &Course,
    ) -> Result<HttpResponse, ConnectorError> {
        match course.fate {
            Fate::Served | Fate::KilledAfter | Fate::KilledBefore => {
                self.carry_out(request, call, course).await
            }
            Fate::NotSent => Err(ConnectorError::io("the connection broke".into())),
            Fate::AnswerLost => {
                // Whatever it came to, nobody hears of it.
                let _ = self.carry_out(request, call, course).await;
                Err(ConnectorError::timeout(
                    io::Error::from(io::ErrorKind::TimedOut).into(),
                ))
            }
            Fate::Throttled => Ok(call.throttled()),
            Fate::Failed => Ok(call.failed()),
            Fate::FailedLate => {
                let _ = self.carry_out(request, call, course).await;
                Ok(call.failed())
            }
            Fate::Conflict => Ok(call.conflict()),
            Fate::InPart => Ok(self.wire.tables.answer_in_part(call)),
            Fate::ShortPage => Ok(self.wire.tables.answer(&call.cut_to(2), self.wire.time.now())),
            Fate::Stale => Ok(self.wire.tables.answer_stale(call, self.wire.time.now())),
        }
    }

    /// Has a call carried out, unless a transaction in flight has an item of it. A transaction takes its time.
    async fn carry_out(
        &self,
        request: HttpRequest,
        call: &Call,
        course: &Course,
    ) -> Result<HttpResponse, ConnectorError> {
        let in_flight = &self.wire.in_flight;
        match call.kind {
            CallKind::Transaction => {
                let Some(_held) = in_flight.hold(call.items()) else {
                    return Ok(call.conflict());
                };
                self.wire.time.sleep(course.within).await;
                self.serve(request).await
            }
            CallKind::Write if in_flight.meet(&call.items()) => Ok(call.met_transaction()),
            _ => self.serve(request).await,
        }
    }

    /// Has the service answer a call, and takes its answer whole.
    async fn serve(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let _still = self.wire.time.hold();
        let mut answer = self.service.call(request).await?;
        let body = ByteStream::new(answer.take_body()).collect().await;
        let body = body.map_err(|error| ConnectorError::io(error.into()))?;
        *answer.body_mut() = SdkBody::from(body.into_bytes());
        Ok(answer)
    }
}

/// DynamoDB's end of a wire.
#[derive(Debug)]
struct Served(Tables, VirtualTime);

impl HttpConnector for Served {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.0.answer(&Call::of(&request), self.1.now())))
    }
}
