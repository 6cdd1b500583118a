//! Reports: a month's revisions, kept for ever, and the newest one where readers look for it.

use std::collections::BTreeMap;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use domain::Month;

use crate::keys::{report_of, revision_of};
use crate::{Lake, LakeError};

const MANIFEST: &str = "manifest.json";
const REPORTS: &str = "reports/month=";
/// The object metadata by which a copy says whose it is.
const REVISION: &str = "waymark-revision";

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

/// The manifest that readers find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedManifest {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its entity tag.
    pub etag: String,
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

    /// Copies a revision's file to where readers look for the newest one; the copy says whose it is.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn copy_report(&self, month: Month, revision: &str, file: ReportFile) -> Result<(), LakeError> {
        let key = report_of(month, file.name);
        let call = self.put_report(&key, &file).metadata(REVISION, revision);
        let put = call.send().await;
        put.map(|_| ())
            .map_err(|source| LakeError::call(format!("write {key}"), source))
    }

    /// Which revision the file belongs to that readers find; `None` when there is none, or it does not say.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn copied_revision(&self, month: Month, name: &str) -> Result<Option<String>, LakeError> {
        let key = report_of(month, name);
        let head = async {
            let call = self.client.head_object().bucket(&self.bucket).key(&key);
            let head = call.send().await;
            head.map_err(|source| LakeError::call(format!("read {key}"), source))
        };
        let head = self.if_there(&key, head).await?;
        let metadata = head.as_ref().and_then(|head| head.metadata());
        Ok(metadata.and_then(|metadata| metadata.get(REVISION).cloned()))
    }

    /// Names a month's newest revision by its manifest, over the one that was seen: `false` when another one is named by
    /// now, which its writer must look at first.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn publish_manifest(
        &self,
        month: Month,
        manifest: &ReportFile,
        over: Option<&PublishedManifest>,
    ) -> Result<bool, LakeError> {
        let key = report_of(month, MANIFEST);
        let call = self.put_report(&key, manifest);
        // Of any number of writers who saw the same, one wins.
        let call = match over {
            Some(seen) => call.if_match(&seen.etag),
            None => call.if_none_match("*"),
        };
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.code(),
                    Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey")
                ) =>
            {
                Ok(false)
            }
            Err(source) => Err(LakeError::call(format!("write {key}"), source)),
        }
    }

    /// The manifest of a month's newest revision; `None` when there is none.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn published_manifest(&self, month: Month) -> Result<Option<PublishedManifest>, LakeError> {
        let key = report_of(month, MANIFEST);
        // Asked by listing: whoever may list only some prefixes is told of a missing object that it is forbidden.
        let found = self.if_there(&key, self.bytes_and_etag(&key)).await?;
        Ok(found.map(|(bytes, etag)| PublishedManifest { bytes, etag }))
    }

    /// Removes the file that readers find, if it is there. Revisions keep theirs.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn remove_report(&self, month: Month, name: &str) -> Result<(), LakeError> {
        self.remove(&report_of(month, name)).await
    }

    /// The months that were reported, each with the ids of the revisions that are kept whole of it.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn revisions(&self) -> Result<BTreeMap<Month, Vec<String>>, LakeError> {
        let mut months: BTreeMap<Month, Vec<String>> = BTreeMap::new();
        for key in self.keys_under(REPORTS).await? {
            let parts = key.strip_prefix(REPORTS).and_then(|rest| rest.split_once('/'));
            let Some((month, file)) = parts.and_then(|(month, file)| Some((month.parse().ok()?, file)))
            else {
                continue;
            };
            let kept = months.entry(month).or_default();
            // A revision's manifest is its last file.
            let revision = file
                .strip_prefix("revision=")
                .and_then(|rest| rest.split_once('/'))
                .filter(|(_, name)| *name == MANIFEST);
            kept.extend(revision.map(|(revision, _)| revision.to_owned()));
        }
        Ok(months)
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
        match self.put_report(key, file).if_none_match("*").send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(()),
            Err(source) => Err(LakeError::call(format!("write {key}"), source)),
        }
    }
    fn put_report(&self, key: &str, file: &ReportFile) -> PutObjectFluentBuilder {
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        call.content_type(file.content_type)
            .body(file.bytes.clone().into())
    }
}
