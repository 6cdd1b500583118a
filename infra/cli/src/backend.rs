//! The cloud a command works on: the embedded one, in this process or in that of a `waymark up`, or the deployed stack.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use diagnosis::DiagnosisDesk;
use digest::{ShadowFigures, ShadowPolicy};
use domain::{Month, PolicyBook, Timestamp};
use eligibility_report::EligibilityReport;
use entrypoint::{PolicyObject, TimeLeft};
use lake::{Answer, Lake, Stated, UploadKey};
use local::{Cloud, CloudError, Night, Options, Served};
use morning_digest::MorningDigest;
use order_history::{BackfillTask, Backfilled, OrderHistory};
use store::{ScanOutcome, Store};
use upload_validation::{BatchLimits, UploadValidation};

use crate::args::{Shadow, Shared};
use crate::failure::CommandError;
use crate::policy;

/// How long an answer of the deployed stack is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(300);
const ANSWER_POLL: Duration = Duration::from_millis(500);

/// A cloud.
pub(crate) struct Backend {
    pub(crate) store: Store,
    pub(crate) lake: Lake,
    pub(crate) policy: Arc<PolicyBook>,
    shadow: Option<Arc<ShadowPolicy>>,
    shadow_object: Option<PolicyObject>,
    place: Place,
}

/// Where a cloud is.
enum Place {
    /// Embedded, in this process.
    Here(Box<Cloud>),
    /// Embedded, in the process of a `waymark up`.
    Up(Served),
    /// The deployed stack.
    Deployed,
}

/// What came of an upload.
pub(crate) enum Uploaded {
    /// It was judged.
    Answered(Box<Answer>),
    /// It failed for good: nothing more of it is applied. Other uploads go on.
    Failed(CommandError),
}

impl Backend {
    /// Opens the cloud that the command line names. It works by its own policy: another one that the command line names is
    /// refused.
    pub(crate) async fn open(shared: &Shared) -> Result<Self, CommandError> {
        let policy = policy::named(shared)?;
        if shared.aws {
            return Self::open_aws(policy).await;
        }
        match Self::open_here(&shared.data_dir, policy.clone()).await {
            Err(CloudError::Served { path }) => Self::open_served(&path, policy),
            opened => Ok(opened?),
        }
    }

    /// Opens the cloud that the command line names, for a command that only makes sense where there is one: a mistyped
    /// directory is no empty cloud.
    pub(crate) async fn open_existing(shared: &Shared) -> Result<Self, CommandError> {
        if !shared.aws && Cloud::is_missing(&shared.data_dir) {
            return Err(CommandError::no_cloud(&shared.data_dir));
        }
        Self::open(shared).await
    }

    /// Opens the embedded cloud under `data_dir` in this process, which then has it alone.
    ///
    /// # Errors
    /// [`CloudError`] when another process has it, or it cannot be opened.
    pub(crate) async fn open_here(
        data_dir: &Path,
        policy: Option<Arc<PolicyBook>>,
    ) -> Result<Self, CloudError> {
        let cloud = Cloud::open(Options {
            data_dir: data_dir.to_path_buf(),
            policy,
        })
        .await?;
        Ok(Self {
            store: cloud.store.clone(),
            lake: cloud.lake.clone(),
            policy: Arc::clone(&cloud.policy),
            shadow: None,
            shadow_object: None,
            place: Place::Here(Box::new(cloud)),
        })
    }

    /// Opens the embedded cloud under `data_dir` through the `waymark up` that has it.
    fn open_served(data_dir: &Path, policy: Option<Arc<PolicyBook>>) -> Result<Self, CommandError> {
        let policy = local::policy_of(data_dir, policy)?;
        let served = Served::of(data_dir)?;
        Ok(Self {
            store: served.store.clone(),
            lake: served.lake.clone(),
            policy,
            shadow: None,
            shadow_object: None,
            place: Place::Up(served),
        })
    }

    async fn open_aws(named: Option<Arc<PolicyBook>>) -> Result<Self, CommandError> {
        let surroundings = entrypoint::connect().await.map_err(|error| {
            CommandError::usage(format!(
                "{error}; --aws needs the stack's settings | {error}；使用 --aws 需要云上部署的各项设置"
            ))
        })?;
        let settings = surroundings.settings;
        let lake = Lake::new(surroundings.s3, &settings.bucket);
        let policy = lake.policy(settings.policy()).await?;
        policy::is_of_stack(&policy, named.as_deref())?;
        let store = Store::new(
            surroundings.dynamodb,
            settings.orders_table,
            settings.records_table,
        );
        Ok(Self {
            store,
            lake,
            policy: Arc::new(policy),
            shadow: None,
            shadow_object: settings.shadow_policy,
            place: Place::Deployed,
        })
    }

    /// The same with a policy that its stall scans assess too, without posting: without a file the one that the deployed
    /// stack's settings name.
    pub(crate) async fn beside(mut self, file: Option<ShadowPolicy>) -> Result<Self, CommandError> {
        self.shadow = match file {
            Some(shadow) => Some(Arc::new(shadow)),
            None => {
                let object = self.shadow_object.as_ref().map(PolicyObject::named);
                stall_scan::shadow(&self.lake, object).await?
            }
        };
        if let Place::Here(cloud) = &mut self.place {
            cloud.shadow.clone_from(&self.shadow);
        }
        Ok(self)
    }

    /// The embedded cloud of this process, for what only it can do.
    pub(crate) fn embedded(&self) -> Option<&Cloud> {
        match &self.place {
            Place::Here(cloud) => Some(cloud),
            Place::Up(_) | Place::Deployed => None,
        }
    }

    /// Whether it is the deployed stack.
    pub(crate) fn is_deployed(&self) -> bool {
        matches!(self.place, Place::Deployed)
    }

    /// Delivers everything that waits in the embedded cloud; the deployed stack does so by itself.
    pub(crate) async fn deliver(&self) -> Result<(), CommandError> {
        match &self.place {
            Place::Here(cloud) => cloud.deliver().await.map(drop)?,
            Place::Up(served) => served.deliver().await?,
            Place::Deployed => {}
        }
        Ok(())
    }

    /// Delivers the changes that the embedded cloud has not yet written to its lake.
    pub(crate) async fn deliver_streams(&self) -> Result<(), CommandError> {
        match &self.place {
            Place::Here(cloud) => cloud.deliver_streams().await.map(drop)?,
            Place::Up(_) | Place::Deployed => self.deliver().await?,
        }
        Ok(())
    }

    /// Puts a file into the inbox and waits for its answer.
    pub(crate) async fn upload(
        &self,
        key: &UploadKey,
        path: &Path,
        stated: &Stated,
    ) -> Result<Uploaded, CommandError> {
        let etag = self.lake.put_stating(key, path, stated).await?;
        match &self.place {
            Place::Here(cloud) => cloud.deliver_notifications().await.map(drop)?,
            Place::Up(served) => served.deliver_notifications().await?,
            Place::Deployed => {}
        }
        if let Some(failed) = self.set_aside(key)? {
            return Ok(Uploaded::Failed(failed));
        }
        let answer = if self.is_deployed() {
            self.wait_for_answer(key, &etag).await?
        } else {
            self.lake.answer(key).await?
        };
        Ok(match answer.failure() {
            Some(issue) => Uploaded::Failed(CommandError::service(format!(
                "{key}: {} {} | {key}：{}{}",
                issue.message_en, issue.fix_en, issue.message_zh, issue.fix_zh
            ))),
            None => Uploaded::Answered(Box::new(answer)),
        })
    }

    /// Where the state of the embedded cloud is.
    fn data_dir(&self) -> Option<&Path> {
        match &self.place {
            Place::Here(cloud) => Some(cloud.data_dir()),
            Place::Up(served) => Some(served.data_dir()),
            Place::Deployed => None,
        }
    }

    /// What an upload that was set aside in the embedded cloud failed of.
    fn set_aside(&self, key: &UploadKey) -> Result<Option<CommandError>, CommandError> {
        let Some(data_dir) = self.data_dir() else {
            return Ok(None);
        };
        let key = key.to_string();
        let failed = Cloud::failures_in(data_dir)?
            .into_iter()
            .find(|failed| failed.key == key);
        Ok(failed.map(|failed| {
            CommandError::service(format!(
                "{key} failed and was set aside ({0}); `waymark failures retry {key}` delivers it again | {key} 处理失败，已搁置（{0}）；可用 `waymark failures retry {key}` 重新处理",
                failed.cause
            ))
        }))
    }

    /// Waits until the upload that was just written is answered. Only an answer that is not there yet, or is to an earlier
    /// writing of the key, is waited for; whatever else is wrong stays wrong.
    async fn wait_for_answer(&self, key: &UploadKey, etag: &str) -> Result<Answer, CommandError> {
        let upload = self.lake.open_upload(key, Some(etag)).await?;
        let written_at = upload.map(|upload| upload.last_modified).ok_or_else(|| {
            CommandError::service(format!(
                "{key} was overwritten before it was answered | {key} 在处理完成前已被覆盖"
            ))
        })?;
        let is_of_this =
            |answer: &Answer| answer.upload.etag == etag && answer.upload.written_at >= Some(written_at);
        let polls = ANSWER_WAIT.as_millis() / ANSWER_POLL.as_millis();
        for _ in 0..polls {
            match self.lake.answer_if_there(key).await? {
                Some(answer) if is_of_this(&answer) => return Ok(answer),
                Some(_) | None => tokio::time::sleep(ANSWER_POLL).await,
            }
        }
        Err(CommandError::service(format!(
            "no answer to {key} within {0} s; look at the function's log | {key} 在 {0} 秒内没有结果；请查看函数日志",
            ANSWER_WAIT.as_secs()
        )))
    }

    /// The stall scan as of an instant.
    pub(crate) async fn scan_stalls(&self, as_of: Timestamp) -> Result<ScanOutcome, CommandError> {
        match &self.place {
            Place::Here(cloud) => Ok(cloud.scan_stalls(as_of).await?),
            Place::Up(_) | Place::Deployed => {
                let function = stall_scan::StallScan {
                    store: self.store.clone(),
                    lake: self.lake.clone(),
                    policy: Arc::clone(&self.policy),
                    shadow: self.shadow.clone(),
                };
                let request = stall_scan::Request {
                    as_of,
                    segment: 0,
                    segments: 1,
                    cursor: None,
                };
                // Nothing stops a command but the person who typed it.
                Ok(stall_scan::handle_all(&function, request, TimeLeft::unlimited).await?)
            }
        }
    }

    /// The sign-off scan as of an instant.
    pub(crate) async fn scan_signoffs(&self, as_of: Timestamp) -> Result<ScanOutcome, CommandError> {
        match &self.place {
            Place::Here(cloud) => Ok(cloud.scan_signoffs(as_of).await?),
            Place::Up(_) | Place::Deployed => {
                let function = signoff_scan::SignoffScan {
                    store: self.store.clone(),
                    policy: Arc::clone(&self.policy),
                };
                let request = signoff_scan::Request {
                    as_of,
                    shard: None,
                    cursor: None,
                };
                Ok(signoff_scan::handle_all(&function, request, TimeLeft::unlimited).await?)
            }
        }
    }

    /// The close of a night, after its scans.
    pub(crate) async fn close_night(&self, as_of: Timestamp) -> Result<night_close::Outcome, CommandError> {
        Ok(night_close::handle(&self.night_closer(), night_close::Request { as_of }).await?)
    }

    /// `upload-validation` of this cloud, for uploads that are judged in this process.
    pub(crate) fn upload_validation(&self) -> UploadValidation {
        match &self.place {
            Place::Here(cloud) => cloud.upload_validation(),
            Place::Up(_) | Place::Deployed => UploadValidation {
                store: self.store.clone(),
                lake: self.lake.clone(),
                policy: Arc::clone(&self.policy),
                batches: BatchLimits::default(),
            },
        }
    }

    /// `night-close` of this cloud.
    fn night_closer(&self) -> night_close::NightClose {
        night_close::NightClose {
            store: self.store.clone(),
            lake: self.lake.clone(),
            policy: Arc::clone(&self.policy),
            parts: night_close::Parts::none(),
        }
    }

    /// Takes back what was posted as of later than an instant.
    pub(crate) async fn withdraw_nights(
        &self,
        after: Timestamp,
    ) -> Result<night_close::withdrawal::Outcome, CommandError> {
        let request = night_close::withdrawal::Request { after };
        Ok(night_close::withdrawal::handle(&self.night_closer(), request).await?)
    }

    /// `diagnosis` of this cloud.
    pub(crate) fn diagnosis_desk(&self) -> DiagnosisDesk {
        DiagnosisDesk {
            store: self.store.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// `eligibility-report` of this cloud.
    pub(crate) fn eligibility_report(&self) -> EligibilityReport {
        EligibilityReport {
            lake: self.lake.clone(),
            store: self.store.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// `morning-digest` of this cloud.
    pub(crate) fn morning_digest(&self) -> MorningDigest {
        MorningDigest {
            store: self.store.clone(),
            lake: self.lake.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// A night under the shadow policy, where it had one.
    pub(crate) async fn shadow_of(&self, as_of: Timestamp) -> Result<Option<ShadowFigures>, CommandError> {
        Ok(morning_digest::make(&self.morning_digest(), as_of).await?.shadow)
    }

    /// A whole night: both scans, then the close and the digest.
    pub(crate) async fn night(&self, as_of: Timestamp) -> Result<Night, CommandError> {
        Ok(Night {
            stalls: self.scan_stalls(as_of).await?,
            signoffs: self.scan_signoffs(as_of).await?,
            close: self.close_night(as_of).await?,
            digest: morning_digest::handle(&self.morning_digest(), morning_digest::Request { as_of }).await?,
        })
    }

    /// Has the lake hold what the report of a month is made of, and say so; before the report's date nobody asks.
    async fn complete_lake(&self, month: Month, as_of: Timestamp) -> Result<(), CommandError> {
        self.deliver_streams().await?;
        let history = self.order_history();
        match self.data_dir() {
            Some(data_dir) => local::certify_lake(&history, data_dir, month, as_of).await?,
            None if as_of >= report::final_from(month, &self.policy) => {
                order_history::backfill_report(&history, month, as_of).await?;
            }
            None => {}
        }
        Ok(())
    }

    /// `order-history` of this cloud.
    fn order_history(&self) -> OrderHistory {
        OrderHistory {
            lake: self.lake.clone(),
            store: self.store.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// Writes to the lake again what it may lack of some days.
    pub(crate) async fn backfill_history(
        &self,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Backfilled, CommandError> {
        self.deliver_streams().await?;
        let task = BackfillTask::Nights {
            from,
            until,
            after: None,
        };
        // Nothing stops a command but the person who typed it.
        Ok(order_history::backfill(&self.order_history(), task, &TimeLeft::unlimited()).await?)
    }

    /// The report of a month as of an instant, after every change was written to the lake.
    pub(crate) async fn report(
        &self,
        month: Month,
        as_of: Timestamp,
    ) -> Result<eligibility_report::Outcome, CommandError> {
        self.complete_lake(month, as_of).await?;
        let request = eligibility_report::Request {
            as_of,
            month: Some(month),
        };
        Ok(eligibility_report::handle(&self.eligibility_report(), request).await?)
    }
}

/// The shadow policy that a command line names, if it does.
pub(crate) fn read_shadow(named: &Shadow) -> Result<Option<ShadowPolicy>, CommandError> {
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        policy::parsed(path, |text| ShadowPolicy::parse(&name, text))
    };
    named.shadow_policy.as_ref().map(read).transpose()
}
