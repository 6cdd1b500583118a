//! Checkpoints of uploads: what was ruled of a file's rows, a batch an object, and the runs that are asked for to go on.
//!
//! A chain is one way through one upload: the same writing of the same object, judged by one policy and one version. It is
//! called by the upload's kind, seller and name, and by what tells it from others. Its objects are put once and never
//! overwritten.

use std::fmt;

use aws_sdk_s3::error::ProvideErrorMetadata;

use crate::{INBOX, Lake, LakeError, UploadKey};

/// The prefix of all checkpoints.
pub const UPLOADS: &str = "uploads/";

/// How the key of a further run ends; the bucket reports those, and no batches.
pub const RUN_SUFFIX: &str = ".json";

/// A further run of an upload, as the queue is asked for it: `uploads/<chain>/run-<number>.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextRun {
    /// The chain.
    pub chain: String,
    /// Which run of the upload it is; the first is asked for by the upload itself.
    pub run: u32,
}

/// How far a chain has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Batches that are kept, from the first on without a gap.
    pub batches: u32,
    /// The latest run that was asked for; 0 when none was.
    pub run: u32,
}

impl NextRun {
    /// Reads an object's key; `None` for any other.
    pub fn parse(key: &str) -> Option<Self> {
        let (chain, name) = key.strip_prefix(UPLOADS)?.rsplit_once('/')?;
        let run = name.strip_prefix("run-")?.strip_suffix(RUN_SUFFIX)?;
        Some(Self {
            chain: chain.to_owned(),
            run: run.parse().ok()?,
        })
    }

    /// The upload.
    pub fn upload(&self) -> Option<UploadKey> {
        let (upload, _) = self.chain.rsplit_once('/')?;
        UploadKey::parse(&format!("{INBOX}{upload}")).ok()
    }
}

impl fmt::Display for NextRun {
    /// The object's key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{UPLOADS}{}/run-{:05}{RUN_SUFFIX}", self.chain, self.run)
    }
}

impl Progress {
    /// What the keys of a chain say.
    fn of<'a>(keys: impl Iterator<Item = &'a str>) -> Self {
        keys.fold(Self::default(), |known, key| match NextRun::parse(key) {
            Some(next) => Self {
                run: known.run.max(next.run),
                ..known
            },
            // Keys come in order.
            None if key.ends_with(&batch_name(known.batches + 1)) => Self {
                batches: known.batches + 1,
                ..known
            },
            None => known,
        })
    }
}

/// The chain of an upload that `digest` tells from its others.
pub fn chain_of(upload: &UploadKey, digest: &str) -> String {
    let key = upload.to_string();
    format!("{}/{digest}", key.strip_prefix(INBOX).unwrap_or(&key))
}

fn prefix_of(chain: &str) -> String {
    format!("{UPLOADS}{chain}/")
}

/// So wide that keys sort as numbers do.
fn batch_name(number: u32) -> String {
    format!("/batch-{number:07}.jsonl.zst")
}

/// The key of what is kept of a batch, numbered from 1.
pub fn batch_of(chain: &str, number: u32) -> String {
    format!("{UPLOADS}{chain}{}", batch_name(number))
}

impl Lake {
    /// How far a chain has come.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn progress(&self, chain: &str) -> Result<Progress, LakeError> {
        let prefix = prefix_of(chain);
        let keys = self.keys_under(&prefix).await?;
        // A file's name may hold slashes: what lies deeper is of another upload.
        let is_own = |key: &&str| key.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('/'));
        Ok(Progress::of(keys.iter().map(String::as_str).filter(is_own)))
    }

    /// What is kept of a batch, numbered from 1.
    ///
    /// # Errors
    /// [`LakeError`] when it is not there or cannot be read.
    pub async fn batch(&self, chain: &str, number: u32) -> Result<Vec<u8>, LakeError> {
        self.bytes(&batch_of(chain, number)).await
    }

    /// Keeps what was ruled of a batch; false when another run has kept it already, and its word stands.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn keep_batch(&self, chain: &str, number: u32, content: Vec<u8>) -> Result<bool, LakeError> {
        self.put_once(&batch_of(chain, number), content, "application/zstd")
            .await
    }

    /// What was stated of a run's upload; `None` when it is gone.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn next_run(&self, next: &NextRun) -> Result<Option<Vec<u8>>, LakeError> {
        let key = next.to_string();
        self.bytes_if_there(&key).await
    }

    /// Asks for a further run of an upload: the bucket reports the object to the queue. False when it was asked for already.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_next_run(&self, next: &NextRun, content: Vec<u8>) -> Result<bool, LakeError> {
        self.put_once(&next.to_string(), content, "application/json")
            .await
    }

    async fn put_once(&self, key: &str, content: Vec<u8>, content_type: &str) -> Result<bool, LakeError> {
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        let call = call.content_type(content_type).body(content.into());
        // Of any number of runs at once, one wins.
        match call.if_none_match("*").send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(false),
            Err(source) => Err(LakeError::call(format!("write {key}"), source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_run_names_its_upload_whatever_that_is_called() {
        for name in ["三月 运单.csv", "a/b.csv", "run-00002.json"] {
            let upload = UploadKey::parse(&format!("inbox/tracking/S1/{name}")).expect("a key");
            let next = NextRun {
                chain: chain_of(&upload, "0123456789abcdef"),
                run: 2,
            };
            assert_eq!(
                NextRun::parse(&next.to_string()).and_then(|next| next.upload()),
                Some(upload)
            );
        }
    }

    #[test]
    fn a_chain_has_come_as_far_as_its_batches_have_no_gap() {
        let mut keys: Vec<String> = [1, 2, 3, 5, 10].map(|number| batch_of("c", number)).into();
        for run in [2, 10, 9] {
            let next = NextRun {
                chain: "c".to_owned(),
                run,
            };
            assert_eq!(NextRun::parse(&next.to_string()), Some(next.clone()));
            keys.push(next.to_string());
        }
        keys.sort();
        let progress = Progress::of(keys.iter().map(String::as_str));
        assert_eq!(progress, Progress { batches: 3, run: 10 });
        for other in [
            "inbox/orders/_/run-2.json",
            "uploads/c/batch-0000001.jsonl.zst",
            "uploads/c/run-x.json",
            "uploads/run-2.json",
        ] {
            assert_eq!(NextRun::parse(other), None, "{other}");
        }
    }
}
