//! What the bucket reports of the time after an instant, for tables that were restored to it: which uploads were answered, which
//! nights were closed, and which uploads had further runs.

use aws_sdk_s3::primitives::DateTime;
use domain::Timestamp;
use domain::close::Close;

use crate::checkpoints::{NextRun, RUN_SUFFIX, UPLOADS};
use crate::closes::{CLOSE, CloseFiles};
use crate::keys::CLOSES;
use crate::{Answer, Lake, LakeError};

const ANSWERS: &str = "outbox/";
const ANSWER_SUFFIX: &str = "/report.json";

/// Something that the bucket keeps, with the second in which it was written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<T> {
    /// When it was written.
    pub written_at: Timestamp,
    /// What it is.
    pub what: T,
}

/// A night or a withdrawal that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedBefore {
    /// Its close.
    pub close: Close,
    /// SHA-256 of its `close.json`, in hexadecimal.
    pub sha256: String,
}

/// A version of an object, as it is listed.
struct Version {
    key: String,
    /// `None` where the bucket keeps no versions.
    id: Option<String>,
    written_at: Timestamp,
    is_latest: bool,
}

impl Lake {
    /// Every answer that was written at an instant or later, those that were overwritten included.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed, or an answer cannot be read.
    pub async fn answers_since(&self, since: Timestamp) -> Result<Vec<Kept<Answer>>, LakeError> {
        let mut answers = Vec::new();
        for version in self.versions_since(ANSWERS, since).await? {
            if version.key.ends_with(ANSWER_SUFFIX) {
                let bytes = self.bytes_of(&version.key, version.id.as_deref()).await?;
                let answer = serde_json::from_slice(&bytes).map_err(|source| LakeError::Decode {
                    key: version.key,
                    source: source.into(),
                })?;
                answers.push(Kept {
                    written_at: version.written_at,
                    what: answer,
                });
            }
        }
        Ok(answers)
    }

    /// Every close that was written at an instant or later, by its number.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed, or a close cannot be read.
    pub async fn closes_since(&self, since: Timestamp) -> Result<Vec<Kept<ClosedBefore>>, LakeError> {
        let mut closes = Vec::new();
        for version in self.versions_since(CLOSES, since).await? {
            let is_close = version
                .key
                .rsplit_once('/')
                .is_some_and(|(_, file)| file == CLOSE);
            if !is_close || !version.is_latest {
                continue;
            }
            let bytes = self.bytes(&version.key).await?;
            let close: Close = serde_json::from_slice(&bytes).map_err(|source| LakeError::Decode {
                key: version.key,
                source: source.into(),
            })?;
            let sha256 = CloseFiles::of(&close)?.sha256;
            closes.push(Kept {
                written_at: version.written_at,
                what: ClosedBefore { close, sha256 },
            });
        }
        closes.sort_by_key(|kept| kept.what.close.number);
        Ok(closes)
    }

    /// What was stated of the uploads that further runs were asked for.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be read.
    pub async fn runs_asked_for(&self) -> Result<Vec<Kept<Vec<u8>>>, LakeError> {
        let mut runs = Vec::new();
        for version in self.versions_since(UPLOADS, Timestamp::from_unix(0)).await? {
            if version.is_latest && NextRun::parse(&version.key).is_some() {
                runs.push(Kept {
                    written_at: version.written_at,
                    what: self.bytes(&version.key).await?,
                });
            }
        }
        Ok(runs)
    }

    /// Forgets what was ruled of uploads batch by batch: each is judged from its first row on.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn forget_rulings(&self) -> Result<(), LakeError> {
        self.forget_checkpoints(|key| !key.ends_with(RUN_SUFFIX)).await
    }

    /// Forgets every further run that was asked for.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn forget_runs(&self) -> Result<(), LakeError> {
        self.forget_checkpoints(|key| key.ends_with(RUN_SUFFIX)).await
    }

    async fn forget_checkpoints(&self, is_meant: impl Fn(&str) -> bool) -> Result<(), LakeError> {
        for key in self.keys_under(UPLOADS).await? {
            if is_meant(&key) {
                self.remove(&key).await?;
            }
        }
        Ok(())
    }

    /// The versions of all objects under a prefix that were written at an instant or later; marks of deletion are none.
    async fn versions_since(&self, prefix: &str, since: Timestamp) -> Result<Vec<Version>, LakeError> {
        let mut versions = Vec::new();
        let (mut key, mut id) = (None, None);
        loop {
            let page = self.client.list_object_versions().bucket(&self.bucket);
            let page = page
                .prefix(prefix)
                .set_key_marker(key)
                .set_version_id_marker(id)
                .send()
                .await
                .map_err(|source| LakeError::call(format!("list the versions under {prefix}"), source))?;
            let found = page.versions.unwrap_or_default().into_iter();
            let found = found.filter_map(|version| {
                Some(Version {
                    key: version.key?,
                    // S3's name for what was written to a bucket that kept no versions.
                    id: version.version_id.filter(|id| id != "null"),
                    written_at: Timestamp::from_unix(
                        version.last_modified.as_ref().map_or(0, DateTime::secs),
                    ),
                    is_latest: version.is_latest.unwrap_or_default(),
                })
            });
            versions.extend(found.filter(|version| version.written_at >= since));
            if !page.is_truncated.unwrap_or_default() {
                return Ok(versions);
            }
            (key, id) = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}
