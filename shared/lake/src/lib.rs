//! The S3 bucket: the only place that knows its key names, and the Parquet rows of the lake.
//!
//! ```text
//! inbox/<kind>/<seller>/<name>                     uploads, kept as they came
//! outbox/<kind>/<seller>/<name>/report.json …      answers
//! uploads/<kind>/<seller>/<name>/<id>/…            what was ruled of an upload so far; where its next run goes on
//! lake/orders/month=YYYY-MM/<batch>.parquet        one row a change of an order, by payment month
//! lake/ledger/month=YYYY-MM/<batch>.parquet        one row a ledger entry, by the order's payment month
//! lake/…/month=YYYY-MM/set-….parquet               the same rows, compacted: one file a bucket
//! lake/unreadable/<stream>/<sequence>.json         a stream record that could not be read, as it came
//! lake/watermarks/month=YYYY-MM/<as_of>.json       what the lake holds for a month's report, and what it lacks
//! aggregates/month=YYYY-MM/<id>.postcard           the figures of a month that is over; can be made again
//! closes/date=YYYY-MM-DD/<as_of>/close.json …      each night's entries and sums, chained
//! reports/month=YYYY-MM/eligibility.csv …          the monthly report's newest revision
//! reports/month=YYYY-MM/revision=<id>/…            each revision, never overwritten
//! nights/as_of=…/close/…                          a large night's entries on their way into its close
//! nights/as_of=…/watch/…                          what the night's pass gathered, a part a run
//! digest/date=YYYY-MM-DD/digest.{html,xlsx,json}   the morning's digest
//! policy/…                                         a policy file in place of the shipped one
//! ```

mod aggregates;
mod answers;
mod checkpoints;
mod closes;
mod compaction;
mod erasing;
mod history;
mod keys;
mod nights;
mod reading;
mod reports;
mod restoring;
mod rows;
mod spread;
mod unreadable;
mod uploads;
mod watermarks;
mod writing;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_s3::primitives::ByteStream;
use domain::PolicyBook;
use sha2::{Digest, Sha256};

pub use aggregates::{MonthObjects, PlanKey, Share, digest_of};
pub use answers::{
    AboutFile, Answer, Counts, FinesSummary, Issue, Note, Reported, UploadSummary, severity_in_answers,
};
pub use checkpoints::{NextRun, Progress, RUN_SUFFIX, UPLOADS, batch_of, chain_of};
pub use closes::{ChainProof, CloseEntries, CloseFiles, NightFile, NightParts, prove_chain};
pub use compaction::{Compacted, Compaction, Extent, order_set};
pub use erasing::{Version, VersionCursor};
pub use history::{FetchedFile, LakeObject};
pub use keys::{INBOX, KeyError, UploadKey};
pub use nights::Stretch;
pub use reports::{PublishedManifest, ReportFile};
pub use restoring::{ClosedBefore, Kept};
pub use rows::{EntryRow, OrderRow, last_row, order_rows};
pub use uploads::{RECORDED_AT_METADATA, Stated, UploadObject, ZONE_METADATA};
pub use watermarks::{Lack, Watermark};
pub use writing::order_batch;

/// The bucket, reached through the AWS SDK. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lake {
    client: Client,
    bucket: String,
}

/// Why a call to the bucket failed.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// S3 refused or could not be reached, after the SDK's own retries.
    #[error("failed to {attempt}")]
    Call {
        /// What was tried, with its subject.
        attempt: String,
        /// Whether the same call may succeed later.
        retryable: bool,
        /// The SDK's error.
        #[source]
        source: BoxError,
    },
    /// A file of the lake is not there any more: its rows were compacted into others.
    #[error("{key} is gone since it was listed")]
    Gone {
        /// The object.
        key: String,
    },
    /// A local file could not be written.
    #[error("failed to {attempt}")]
    File {
        /// What was tried, with its subject.
        attempt: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// An object does not hold what its key says.
    #[error("{key} cannot be used")]
    Decode {
        /// The object.
        key: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// Another text is under a key than the one that was named with it.
    #[error("{key} has the SHA-256 {found}, and the stack names {named}")]
    Changed {
        /// The object.
        key: String,
        /// The SHA-256 that was named.
        named: String,
        /// The SHA-256 of what is there.
        found: String,
    },
    /// Rows could not be encoded.
    #[error("failed to encode {what}")]
    Encode {
        /// What was to be encoded.
        what: &'static str,
        /// The encoder's error.
        #[source]
        source: BoxError,
    },
}

impl Lake {
    /// The bucket `bucket`, reached through `client`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            bucket: bucket.into(),
        }
    }

    async fn put(&self, key: &str, body: impl Into<ByteStream>, content_type: &str) -> Result<(), LakeError> {
        let call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .body(body.into());
        call.send()
            .await
            .map_err(|source| LakeError::call(format!("write {key}"), source))?;
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), LakeError> {
        let call = self.client.delete_object().bucket(&self.bucket).key(key);
        call.send()
            .await
            .map_err(|source| LakeError::call(format!("remove {key}"), source))?;
        Ok(())
    }

    /// Every key under a prefix, in order.
    async fn keys_under(&self, prefix: &str) -> Result<Vec<String>, LakeError> {
        let objects = self.objects_under(prefix).await?;
        Ok(objects.into_iter().map(|object| object.key).collect())
    }

    /// Whether there is an object, asked by listing: reading what is not there is an error that looks like others where
    /// listing is granted for a prefix only.
    async fn is_there(&self, key: &str) -> Result<bool, LakeError> {
        Ok(self.keys_under(key).await?.iter().any(|found| found == key))
    }

    /// What `read` finds at a key; `None` where nothing is, also when it was removed after it was listed.
    async fn if_there<T>(
        &self,
        key: &str,
        read: impl Future<Output = Result<T, LakeError>>,
    ) -> Result<Option<T>, LakeError> {
        if !self.is_there(key).await? {
            return Ok(None);
        }
        match read.await {
            Ok(found) => Ok(Some(found)),
            Err(_) if !self.is_there(key).await? => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The policy file at a key, whose text has the SHA-256 that is named with it; the shipped policy when none is named.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read, is another text or is not sound: the shipped policy never stands in for one that
    /// was named.
    pub async fn policy(&self, named: Option<(&str, &str)>) -> Result<PolicyBook, LakeError> {
        match named {
            Some((key, sha256)) => self.parsed(key, sha256, PolicyBook::parse).await,
            None => Ok(PolicyBook::shipped().clone()),
        }
    }

    /// What `parse` reads in the text at `key`, whose SHA-256 is `sha256`.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read, another text is there, or `parse` refuses it.
    pub async fn parsed<T, E: Into<BoxError>>(
        &self,
        key: &str,
        sha256: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, LakeError> {
        let unsound = |source: BoxError| LakeError::Decode {
            key: key.to_owned(),
            source,
        };
        let bytes = self.bytes(key).await?;
        let found = hex::encode(Sha256::digest(&bytes));
        if found != sha256 {
            return Err(LakeError::Changed {
                key: key.to_owned(),
                named: sha256.to_owned(),
                found,
            });
        }
        let text = String::from_utf8(bytes).map_err(|source| unsound(source.into()))?;
        parse(&text).map_err(|source| unsound(source.into()))
    }

    /// The bytes of a small object, e.g. an answer.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn bytes(&self, key: &str) -> Result<Vec<u8>, LakeError> {
        Ok(self.bytes_and_etag(key).await?.0)
    }

    /// The bytes of a small object, and its entity tag.
    async fn bytes_and_etag(&self, key: &str) -> Result<(Vec<u8>, String), LakeError> {
        self.read(key, None).await
    }

    /// The bytes of a version of a small object.
    async fn bytes_of(&self, key: &str, version: Option<&str>) -> Result<Vec<u8>, LakeError> {
        Ok(self.read(key, version).await?.0)
    }

    async fn read(&self, key: &str, version: Option<&str>) -> Result<(Vec<u8>, String), LakeError> {
        let call = self.client.get_object().bucket(&self.bucket).key(key);
        let object = call
            .set_version_id(version.map(str::to_owned))
            .send()
            .await
            .map_err(|source| LakeError::call(format!("read {key}"), source))?;
        let etag = object.e_tag().unwrap_or_default().to_owned();
        let body = object.body.collect().await;
        let body = body.map_err(|source| LakeError::Call {
            attempt: format!("read {key}"),
            retryable: true,
            source: source.into(),
        })?;
        Ok((body.to_vec(), etag))
    }
}

impl LakeError {
    /// Whether a retry of the whole event may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Call { retryable, .. } => *retryable,
            Self::File { .. } | Self::Gone { .. } => true,
            Self::Encode { .. } | Self::Decode { .. } | Self::Changed { .. } => false,
        }
    }

    fn call<E>(attempt: impl Into<String>, source: E) -> Self
    where
        E: ProvideErrorMetadata + Into<BoxError>,
    {
        let permanent = [
            "NoSuchKey",
            "NotFound",
            "NoSuchBucket",
            "AccessDenied",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
        ];
        let retryable = !source.code().is_some_and(|code| permanent.contains(&code));
        Self::Call {
            attempt: attempt.into(),
            retryable,
            source: source.into(),
        }
    }
}
