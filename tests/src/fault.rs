//! Faults: a fuse that lets so many calls to the cloud through and then none.
//!
//! To the function under test it is as if its process had died there: what was written stays, and nothing more is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use lake::Lake;
use local::{BUCKET, Cloud, ORDERS_TABLE, RECORDS_TABLE};
use night_close::NightClose;
use store::Store;
use upload_validation::UploadValidation;

use crate::TableCall;

/// Where a run dies.
#[derive(Clone, Debug)]
pub struct Fuse {
    calls_left: Arc<AtomicI64>,
    answered: bool,
    is_counted: fn(TableCall<'_>) -> bool,
}

impl Fuse {
    /// Dies before call number `calls`, counted from 0, is sent.
    pub fn before_call(calls: u32) -> Self {
        Self {
            calls_left: Arc::new(AtomicI64::new(calls.into())),
            answered: false,
            is_counted: |_| true,
        }
    }

    /// Dies with call number `calls`, counted from 0, carried out but its answer never seen.
    pub fn after_call(calls: u32) -> Self {
        Self {
            answered: true,
            ..Self::before_call(calls)
        }
    }

    /// Counts only calls to the tables of this kind; until it dies of one of them, every other call goes through.
    pub fn counting(self, is_counted: fn(TableCall<'_>) -> bool) -> Self {
        Self { is_counted, ..self }
    }

    /// Whether it has blown.
    pub fn has_blown(&self) -> bool {
        self.calls_left.load(Ordering::SeqCst) < 0
    }

    /// `upload-validation` of a cloud, with every call of its own through this fuse.
    pub fn upload_validation(&self, cloud: &Cloud) -> UploadValidation {
        UploadValidation {
            store: self.store(cloud),
            lake: self.lake(cloud),
            ..cloud.upload_validation()
        }
    }

    /// `night-close` of a cloud, likewise.
    pub fn night_close(&self, cloud: &Cloud) -> NightClose {
        NightClose {
            store: self.store(cloud),
            lake: self.lake(cloud),
            ..cloud.night_close()
        }
    }

    /// The tables of a cloud, through this fuse.
    pub fn store(&self, cloud: &Cloud) -> Store {
        let config = cloud.dynamodb.config().to_builder();
        let config = config
            .retry_config(RetryConfig::disabled())
            .interceptor(self.clone())
            .build();
        Store::new(
            aws_sdk_dynamodb::Client::from_conf(config),
            ORDERS_TABLE,
            RECORDS_TABLE,
        )
    }

    /// The bucket of a cloud, through this fuse.
    pub fn lake(&self, cloud: &Cloud) -> Lake {
        let config = cloud.s3.config().to_builder();
        let config = config
            .retry_config(RetryConfig::disabled())
            .interceptor(self.clone())
            .build();
        Lake::new(aws_sdk_s3::Client::from_conf(config), BUCKET)
    }
}

#[derive(Debug, Clone, Copy)]
struct Died;

impl std::fmt::Display for Died {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the process died here, says the test")
    }
}

impl std::error::Error for Died {}

impl Intercept for Fuse {
    fn name(&self) -> &'static str {
        "Fuse"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !self.has_blown() && !(self.is_counted)(TableCall::of(context.request())) {
            return Ok(());
        }
        let left = self.calls_left.fetch_sub(1, Ordering::SeqCst);
        let dead = if self.answered { left < 0 } else { left <= 0 };
        if dead { Err(Died.into()) } else { Ok(()) }
    }

    fn read_before_deserialization(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Answers that come in after the death are not seen either.
        if self.answered && self.has_blown() {
            Err(Died.into())
        } else {
            Ok(())
        }
    }
}
