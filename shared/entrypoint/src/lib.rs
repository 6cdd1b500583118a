//! What every function's `main` does once: tracing, settings, AWS clients, and telling Lambda how a run failed.

mod failure;
mod metrics;
mod settings;
mod time_left;

use std::future::Future;
use std::time::SystemTime;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};

pub use failure::Failure;
pub use metrics::Metric;
pub use settings::{PolicyObject, Settings, SettingsError};
pub use time_left::TimeLeft;

/// Which Waymark this is: the package's version, with the commit where the build was told one (`make package` tells it).
pub const VERSION: &str = match option_env!("WAYMARK_VERSION") {
    Some(told) => told,
    None => env!("CARGO_PKG_VERSION"),
};

/// A function's surroundings.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Names of table and bucket.
    pub settings: Settings,
    /// S3, by the environment's credentials and endpoint.
    pub s3: aws_sdk_s3::Client,
    /// DynamoDB, likewise.
    pub dynamodb: aws_sdk_dynamodb::Client,
}

/// Sets up tracing (JSON lines; level by `RUST_LOG`, else `info`), logs the version, reads the settings and makes the
/// clients.
///
/// # Errors
/// [`SettingsError`] naming the setting that is missing.
pub async fn surroundings() -> Result<Surroundings, SettingsError> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_target(false)
        .without_time()
        .init();
    tracing::info!(version = VERSION, "a new instance starts");
    connect().await
}

/// Reads the settings and makes the clients, without tracing: for commands that have their own.
///
/// # Errors
/// [`SettingsError`] naming the setting that is missing.
pub async fn connect() -> Result<Surroundings, SettingsError> {
    let settings = Settings::from_env()?;
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    // Virtual-hosted addressing is for the real S3 only; whoever names an endpoint means a path.
    let path_style = std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let s3 = aws_sdk_s3::config::Builder::from(&config)
        .force_path_style(path_style)
        .build();
    Ok(Surroundings {
        settings,
        s3: aws_sdk_s3::Client::from_conf(s3),
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
    })
}

/// Serves invocations with `handle` until the runtime shuts down, and writes the `metrics` of each outcome.
///
/// # Errors
/// What the runtime itself fails of.
pub async fn serve<E, O, F, R>(handle: F, metrics: impl Fn(&O) -> Vec<Metric>) -> Result<(), Error>
where
    E: DeserializeOwned,
    O: Serialize,
    F: Fn(E) -> R,
    R: Future<Output = Result<O, Failure>>,
{
    serve_in_time(|event, _| handle(event), metrics).await
}

/// An event that asks for a run as of an instant.
pub trait Dated {
    /// Refuses an instant that has not come by the clock, in seconds since 1970: what is posted as of it would stand in the
    /// way of every run until then.
    ///
    /// # Errors
    /// [`Failure::Permanent`] for such an instant.
    fn check_clock(&self, clock_unix: i64) -> Result<(), Failure>;
}

/// Serves invocations with `handle` as [`serve_in_time`] does, those whose instant has come.
///
/// # Errors
/// What the runtime itself fails of.
pub async fn serve_dated<E, O, F, R>(handle: F, metrics: impl Fn(&O) -> Vec<Metric>) -> Result<(), Error>
where
    E: DeserializeOwned + Dated,
    O: Serialize,
    F: Fn(E, TimeLeft) -> R,
    R: Future<Output = Result<O, Failure>>,
{
    let handle = &handle;
    let handle_dated = |event: E, time: TimeLeft| async move {
        let since_1970 = now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        event.check_clock(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))?;
        handle(event, time).await
    };
    serve_in_time(handle_dated, metrics).await
}

/// Serves invocations with `handle`, which is told how long it may take, until the runtime shuts down, and writes the
/// `metrics` of each outcome.
///
/// # Errors
/// What the runtime itself fails of.
pub async fn serve_in_time<E, O, F, R>(handle: F, metrics: impl Fn(&O) -> Vec<Metric>) -> Result<(), Error>
where
    E: DeserializeOwned,
    O: Serialize,
    F: Fn(E, TimeLeft) -> R,
    R: Future<Output = Result<O, Failure>>,
{
    let (handle, metrics) = (&handle, &metrics);
    let measured = |event: LambdaEvent<E>| async move {
        let LambdaEvent { payload, context, .. } = event;
        let outcome = handle(payload, TimeLeft::until(context.deadline(), now())).await?;
        metrics::emit(&context.env_config.function_name, &metrics(&outcome), now());
        Ok::<O, Failure>(outcome)
    };
    lambda_runtime::run(service_fn(measured)).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "Lambda tells a deadline by the clock, and a metric has a time; this is the edge, and below it only the time left is known"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
