//! Reports: a month's revisions, kept for ever, and the newest one where readers look for it.

use aws_sdk_s3::error::ProvideErrorMetadata;
use domain::Month;

use crate::keys::{report_of, revision_of};
use crate::{Lake, LakeError};

const MANIFEST: &str = "manifest.json";

/// A file of a monthly report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name: `eligibility.csv`.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Lake {
    /// Writes the files of a revision beside those of the others; gives the keys. What is there already stays: a
    /// revision that was written, in part or whole, is never overwritten.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn put_revision(
        &self,
        month: Month,
        revision: &str,
        files: &[ReportFile],
    ) -> Result<Vec<String>, LakeError> {
        let mut keys = Vec::with_capacity(files.len());
        for file in files {
            let key = revision_of(month, revision, file.name);
            self.put_new(&key, file).await?;
            keys.push(key);
        }
        Ok(keys)
    }

    /// Writes a month's newest revision to where readers look for it, its manifest last; gives the keys.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn publish_report(
        &self,
        month: Month,
        files: Vec<ReportFile>,
    ) -> Result<Vec<String>, LakeError> {
        let (manifest, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.name == MANIFEST);
        let mut keys = Vec::with_capacity(others.len() + 1);
        for file in others.into_iter().chain(manifest) {
            let key = report_of(month, file.name);
            self.put(&key, file.bytes, file.content_type).await?;
            keys.push(key);
        }
        Ok(keys)
    }

    /// The manifest of a month's newest revision; `None` when there is none.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn published_manifest(&self, month: Month) -> Result<Option<Vec<u8>>, LakeError> {
        let key = report_of(month, MANIFEST);
        // Asked by listing: whoever may list only some prefixes is told of a missing object that it is forbidden.
        if self.is_there(&key).await? {
            self.bytes(&key).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// Where readers look for a file of a month's newest revision.
    pub fn report_key(month: Month, name: &str) -> String {
        report_of(month, name)
    }

    /// Where a file of a revision lies.
    pub fn revision_key(month: Month, revision: &str, name: &str) -> String {
        revision_of(month, revision, name)
    }

    /// A file of a revision.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn revision_file(
        &self,
        month: Month,
        revision: &str,
        name: &str,
    ) -> Result<Vec<u8>, LakeError> {
        self.bytes(&revision_of(month, revision, name)).await
    }

    /// Writes an object unless there is one under its key. Whoever loses that race wrote the same revision, of the same
    /// outputs: the first one's bytes stand.
    async fn put_new(&self, key: &str, file: &ReportFile) -> Result<(), LakeError> {
        let call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(file.content_type)
            .if_none_match("*")
            .body(file.bytes.clone().into());
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(()),
            Err(source) => Err(LakeError::call(format!("write {key}"), source)),
        }
    }
}
