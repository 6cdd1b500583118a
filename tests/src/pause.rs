//! Pauses: a run of a function stopped before a call of its own to the bucket, while others go on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use lake::Lake;
use local::{BUCKET, Cloud};
use tokio::sync::oneshot;

/// Stops before a call.
#[derive(Debug)]
struct Pause {
    calls_left: AtomicI64,
    under: &'static str,
    /// How it is told that the run is stopped, and how it is told to go on.
    stopped: Mutex<Option<(oneshot::Sender<()>, Receiver<()>)>>,
}

/// Who waits for a run to be stopped, and lets it go on.
#[derive(Debug)]
pub struct Paused {
    reached: oneshot::Receiver<()>,
    go_on: Sender<()>,
}

/// The bucket of a cloud, through which a run is stopped before call number `call`, counted from 0 over the objects whose
/// addresses name `under`.
pub fn pausing_lake(cloud: &Cloud, under: &'static str, call: u32) -> (Lake, Paused) {
    let ((is_reached, reached), (go_on, goes_on)) = (oneshot::channel(), channel());
    let pause = Pause {
        calls_left: AtomicI64::new(call.into()),
        under,
        stopped: Mutex::new(Some((is_reached, goes_on))),
    };
    let config = cloud
        .s3
        .config()
        .to_builder()
        .interceptor(Shared(Arc::new(pause)));
    let lake = Lake::new(aws_sdk_s3::Client::from_conf(config.build()), BUCKET);
    (lake, Paused { reached, go_on })
}

impl Paused {
    /// Waits until the run is stopped: for ever, when it ends without having come so far.
    pub async fn reached(&mut self) {
        if (&mut self.reached).await.is_err() {
            std::future::pending().await
        }
    }

    /// Lets the run go on.
    pub fn go_on(self) {
        // A run that was cut off meanwhile needs no word.
        let _ = self.go_on.send(());
    }
}

#[derive(Clone, Debug)]
struct Shared(Arc<Pause>);

impl Intercept for Shared {
    fn name(&self) -> &'static str {
        "Pause"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Self(pause) = self;
        let is_counted = context.request().uri().contains(pause.under);
        if is_counted && pause.calls_left.fetch_sub(1, Ordering::SeqCst) == 0 {
            let stopped = pause.stopped.lock().map_err(|_| "a pause was broken off")?.take();
            let (is_reached, goes_on) = stopped.ok_or("a run is stopped once")?;
            tokio::task::block_in_place(|| {
                is_reached.send(()).map_err(|()| "nobody waits for the pause")?;
                goes_on.recv().map_err(BoxError::from)
            })?;
        }
        Ok(())
    }
}
