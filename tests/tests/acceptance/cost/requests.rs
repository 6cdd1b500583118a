//! Requests to the bucket, counted where the SDK hands them to the network, by what they cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use lake::Lake;
use local::{BUCKET, Cloud};

/// A count of requests that goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    writes: AtomicU64,
    reads: AtomicU64,
}

impl Requests {
    /// The bucket of a cloud, every request counted here.
    pub(crate) fn lake(&self, cloud: &Cloud) -> Lake {
        let config = cloud.s3.config().to_builder().interceptor(self.clone());
        Lake::new(aws_sdk_s3::Client::from_conf(config.build()), BUCKET)
    }

    /// What was counted: requests that put, list and copy; requests that get.
    pub(crate) fn counted(&self) -> (u64, u64) {
        (
            self.0.writes.load(Ordering::Relaxed),
            self.0.reads.load(Ordering::Relaxed),
        )
    }
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "Requests"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let counter = match request.method() {
            "GET" | "HEAD" if !request.uri().contains("list-type=2") => &self.0.reads,
            // Deleting is free.
            "DELETE" => return Ok(()),
            _ => &self.0.writes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
