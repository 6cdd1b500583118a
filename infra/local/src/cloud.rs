//! The embedded cloud: tables, bucket, functions, and what carries events between them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use diagnosis::DiagnosisDesk;
use digest::ShadowPolicy;
use domain::{PolicyBook, with_causes};
use eligibility_report::EligibilityReport;
use lake::Lake;
use morning_digest::MorningDigest;
use night_close::NightClose;
use order_history::OrderHistory;
use signoff_scan::SignoffScan;
use stall_scan::StallScan;
use store::Store;
use tokio::sync::Mutex;
use upload_validation::{BatchLimits, UploadValidation};

use crate::access_key::AccessKey;
use crate::dynamodb::{self, DynamoDb};
use crate::pinned::{pin_at_first_use, policy_of};
use crate::private;
use crate::s3::{self, ObjectStore, ObjectStoreError};
use crate::served::Note;
use crate::streams::Streams;
use crate::template::{Template, TemplateError};

/// The orders table's name here.
pub const ORDERS_TABLE: &str = "local-orders";
/// The records table's name here.
pub const RECORDS_TABLE: &str = "local-records";
/// The folder of the bucket's state in a data directory.
pub(crate) const STORE: &str = "s3";
/// The bucket's name here.
pub const BUCKET: &str = "local-waymark";

/// How to open an embedded cloud.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where its state is kept.
    pub data_dir: PathBuf,
    /// The policy that a new cloud is to work by, and that any other has to work by already; `None` takes what it works by,
    /// the shipped one at first.
    pub policy: Option<Arc<PolicyBook>>,
}

/// A cloud in this process. Its state outlives it.
pub struct Cloud {
    /// The tables.
    pub store: Store,
    /// The bucket.
    pub lake: Lake,
    /// S3, for any other use.
    pub s3: aws_sdk_s3::Client,
    /// DynamoDB, for any other use.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// What clients of its endpoints sign with.
    pub access_key: AccessKey,
    /// The rules' numbers.
    pub policy: Arc<PolicyBook>,
    /// A policy that the stall scan assesses too, without posting; none at first.
    pub shadow: Option<Arc<ShadowPolicy>>,
    /// How large the batches of an upload are.
    pub batches: BatchLimits,
    /// How long a run of an upload may take; the template's timeout at first.
    pub upload_time: Duration,
    pub(crate) data_dir: PathBuf,
    pub(crate) template: Template,
    pub(crate) objects: ObjectStore,
    pub(crate) tables: DynamoDb,
    pub(crate) streams: Mutex<Streams>,
}

/// Why an embedded cloud cannot be used. Each reads as one sentence for whoever typed the command.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The data directory cannot be made or written.
    #[error("the data directory {path} cannot be used: {reason}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// Another process has it.
    #[error("another waymark is using the data directory {path}; stop it, or choose another with --data-dir")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// A process that can be asked instead has it: see [`crate::Served`].
    #[error(
        "`waymark up` serves the data directory {path}; stop it with Ctrl-C first, or choose another with --data-dir"
    )]
    Served {
        /// The directory.
        path: PathBuf,
    },
    /// A file of its state is damaged.
    #[error(
        "{path} is damaged ({reason}); move the data directory away to begin anew, or restore it from a copy"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A policy was named that the directory does not work by.
    #[error(
        "{path} works by the policy with SHA-256 {}, and another was named, with SHA-256 {}; `waymark policy set FILE` \
         replaces it",
        shown(pinned),
        shown(given)
    )]
    OtherPolicy {
        /// The directory.
        path: PathBuf,
        /// The SHA-256 of the policy that it works by.
        pinned: String,
        /// The SHA-256 of the one that was named.
        given: String,
    },
    /// The policy that the directory works by cannot be used.
    #[error("the policy {path} cannot be used ({reason}); `waymark policy set FILE` replaces it")]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A part of the cloud does not work.
    #[error("{what} of the embedded cloud failed: {reason}")]
    Unusable {
        /// Which part.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A function failed, again and again.
    #[error("{function} failed: {reason}")]
    Function {
        /// The function.
        function: &'static str,
        /// What it said.
        reason: String,
    },
    /// The template does not say what is needed.
    #[error(transparent)]
    Template(TemplateError),
}

/// As much of a SHA-256 as people are shown.
fn shown(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

impl Cloud {
    /// Whether a directory that could hold a cloud's state holds none: it is not there, or something else is in it.
    pub fn is_missing(directory: &Path) -> bool {
        match std::fs::metadata(directory) {
            Ok(found) => found.is_dir() && !directory.join(dynamodb::FILE).exists(),
            // What else may be wrong with it is told when it is opened.
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }

    /// Opens the cloud whose state is under `options.data_dir`, making it when it is not there.
    ///
    /// # Errors
    /// [`CloudError`] when the directory cannot be used, is in use or served, works by another policy, or holds damaged state.
    pub async fn open(options: Options) -> Result<Self, CloudError> {
        let directory = options.data_dir;
        let template = Template::load().map_err(CloudError::Template)?;
        let objects = open_objects(&directory).await?;
        let access_key = AccessKey::of(&directory)?;
        let policy = policy_of(&directory, options.policy)?;
        pin_at_first_use(&directory, &policy)?;
        objects.notify_of(template.notified.clone());
        objects
            .create_bucket(BUCKET)
            .await
            .map_err(|error| object_store_error(&directory, error))?;
        let tables = DynamoDb::open(&directory, &access_key).await?;
        for (name, logical) in [(ORDERS_TABLE, "OrdersTable"), (RECORDS_TABLE, "RecordsTable")] {
            tables
                .create_table(name, template.table(logical).map_err(CloudError::Template)?)
                .await?;
        }
        tables.prepare_passes(ORDERS_TABLE).await?;
        let streams = Mutex::new(Streams::open(tables.database.clone(), &directory)?);
        let s3 = s3::client(objects.clone(), &access_key);
        let dynamodb = tables.client.clone();
        let store = Store::new(dynamodb.clone(), ORDERS_TABLE, RECORDS_TABLE);
        Ok(Self {
            store,
            lake: Lake::new(s3.clone(), BUCKET),
            s3,
            dynamodb,
            access_key,
            policy,
            shadow: None,
            batches: BatchLimits::default(),
            upload_time: template.upload_time,
            data_dir: directory,
            template,
            objects,
            tables,
            streams,
        })
    }

    /// Where its state is.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// `upload-validation` of this cloud.
    pub fn upload_validation(&self) -> UploadValidation {
        UploadValidation {
            store: self.store.clone(),
            lake: self.lake.clone(),
            policy: Arc::clone(&self.policy),
            batches: self.batches,
        }
    }

    /// `stall-scan` of this cloud.
    pub fn stall_scan(&self) -> StallScan {
        StallScan {
            store: self.store.clone(),
            lake: self.lake.clone(),
            policy: Arc::clone(&self.policy),
            shadow: self.shadow.clone(),
        }
    }

    /// `signoff-scan` of this cloud.
    pub fn signoff_scan(&self) -> SignoffScan {
        SignoffScan {
            store: self.store.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// `night-close` of this cloud.
    pub fn night_close(&self) -> NightClose {
        NightClose {
            store: self.store.clone(),
            lake: self.lake.clone(),
            policy: Arc::clone(&self.policy),
            parts: night_close::Parts::none(),
        }
    }

    /// `morning-digest` of this cloud.
    pub fn morning_digest(&self) -> MorningDigest {
        MorningDigest {
            store: self.store.clone(),
            lake: self.lake.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// `diagnosis` of this cloud.
    pub fn diagnosis(&self) -> DiagnosisDesk {
        DiagnosisDesk {
            store: self.store.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// `order-history` of this cloud.
    pub fn order_history(&self) -> OrderHistory {
        OrderHistory {
            lake: self.lake.clone(),
            store: self.store.clone(),
            policy: Arc::clone(&self.policy),
        }
    }

    /// `eligibility-report` of this cloud.
    pub fn eligibility_report(&self) -> EligibilityReport {
        EligibilityReport {
            lake: self.lake.clone(),
            store: self.store.clone(),
            policy: Arc::clone(&self.policy),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the embedded S3 stamps its objects as S3 does; this is the edge where time enters"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Opens the bucket of a data directory, which is made when it is not there and belongs to the caller alone from then on.
pub(crate) async fn open_objects(directory: &Path) -> Result<ObjectStore, CloudError> {
    let path = directory.join(STORE);
    private::directory(directory)
        .and_then(|()| std::fs::create_dir_all(&path))
        .map_err(|error| CloudError::Directory {
            path: directory.to_path_buf(),
            reason: error.to_string(),
        })?;
    let opened = tokio::task::spawn_blocking(move || ObjectStore::open(&path, Arc::new(now))).await;
    let objects = opened
        .map_err(|error| CloudError::Unusable {
            what: "the bucket",
            reason: error.to_string(),
        })?
        .map_err(|error| object_store_error(directory, error))?;
    Note::forget(directory)?;
    Ok(objects)
}

fn object_store_error(directory: &Path, error: ObjectStoreError) -> CloudError {
    let reason = with_causes(&error);
    match error {
        ObjectStoreError::InUse { .. } if Note::is_there(directory) => CloudError::Served {
            path: directory.to_path_buf(),
        },
        ObjectStoreError::InUse { .. } => CloudError::InUse {
            path: directory.to_path_buf(),
        },
        ObjectStoreError::Corrupt { .. } | ObjectStoreError::NewerLayout { .. } => CloudError::Corrupt {
            path: directory.join(STORE),
            reason,
        },
        ObjectStoreError::NotWritable { .. } => CloudError::Directory {
            path: directory.to_path_buf(),
            reason,
        },
        _ => CloudError::Unusable {
            what: "the bucket",
            reason,
        },
    }
}
