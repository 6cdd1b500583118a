//! Writings of objects, newest and earlier: what is looked through, and removed for good, when personal data is erased.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use aws_sdk_s3::error::ProvideErrorMetadata;
use domain::Timestamp;

use crate::{Lake, LakeError};

/// One writing of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The object's key.
    pub key: String,
    /// Which of its writings; `null` in a bucket that keeps the newest alone.
    pub id: String,
    /// The entity tag, without quotes.
    pub etag: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Bytes.
    pub bytes: u64,
    /// Whether it is what the key holds now.
    pub is_newest: bool,
}

/// Where a listing of versions goes on.
#[derive(Clone, Debug, Default)]
pub struct VersionCursor {
    key: Option<String>,
    id: Option<String>,
}

impl Lake {
    /// A page of the versions of all objects under a prefix, by key, and where the next one begins; `None` after the last.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn versions(
        &self,
        prefix: &str,
        cursor: VersionCursor,
    ) -> Result<(Vec<Version>, Option<VersionCursor>), LakeError> {
        let call = self
            .client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_key_marker(cursor.key)
            .set_version_id_marker(cursor.id);
        let page = call.send().await;
        let page =
            page.map_err(|source| LakeError::call(format!("list the versions of {prefix}"), source))?;
        let next = page.is_truncated().unwrap_or_default().then(|| VersionCursor {
            key: page.next_key_marker().map(str::to_owned),
            id: page.next_version_id_marker().map(str::to_owned),
        });
        let versions = page
            .versions
            .unwrap_or_default()
            .into_iter()
            .map(|version| Version {
                id: version.version_id.unwrap_or_default(),
                etag: version.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
                written_at: Timestamp::from_unix(version.last_modified.map_or(0, |at| at.secs())),
                bytes: version.size.unwrap_or_default().unsigned_abs(),
                is_newest: version.is_latest.unwrap_or_default(),
                key: version.key.unwrap_or_default(),
            });
        Ok((versions.collect(), next))
    }

    /// Copies a version to a local file. False when it is gone.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses or the file cannot be written.
    pub async fn fetch_version(&self, version: &Version, path: &Path) -> Result<bool, LakeError> {
        let attempt = || format!("read {}", version.key);
        let call = self.client.get_object().bucket(&self.bucket).key(&version.key);
        let mut object = match call.version_id(&version.id).send().await {
            Ok(object) => object,
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "NoSuchVersion")) => return Ok(false),
            Err(source) => return Err(LakeError::call(attempt(), source)),
        };
        let on_disk = |source| LakeError::File {
            attempt: format!("write what {} holds", version.key),
            source,
        };
        let mut file = File::create(path).map_err(on_disk)?;
        while let Some(bytes) = object.body.next().await {
            let bytes = bytes.map_err(|source| LakeError::Call {
                attempt: attempt(),
                retryable: true,
                source: source.into(),
            })?;
            file.write_all(&bytes).map_err(on_disk)?;
        }
        Ok(true)
    }

    /// Removes a version for good; one that is gone already is no error.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket refuses.
    pub async fn erase_version(&self, version: &Version) -> Result<(), LakeError> {
        let call = self.client.delete_object().bucket(&self.bucket).key(&version.key);
        let erased = call.version_id(&version.id).send().await;
        erased.map_err(|source| LakeError::call(format!("erase {}", version.key), source))?;
        Ok(())
    }
}
