//! Uploads: objects of the inbox.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use domain::Timestamp;

use crate::{Lake, LakeError, UploadKey};

/// User metadata in which an upload states when its content was learned (`x-amz-meta-recorded-at`, RFC 3339).
pub const RECORDED_AT_METADATA: &str = "recorded-at";

/// An upload, opened.
#[derive(Debug)]
pub struct UploadObject {
    /// Its bytes, as a stream.
    pub body: ByteStream,
    /// How many there are.
    pub bytes: u64,
    /// The entity tag, without quotes.
    pub etag: String,
    /// When the object was written.
    pub last_modified: Timestamp,
    /// What the upload states as the time of its content; only an operator is believed.
    pub stated_recorded_at: Option<String>,
}

impl Lake {
    /// Opens an upload as it was when it had the entity tag `etag` (without quotes; any, when `None`). `None` when the
    /// object is gone or was overwritten since: what it holds now is told of by an event of its own.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn open_upload(
        &self,
        key: &UploadKey,
        etag: Option<&str>,
    ) -> Result<Option<UploadObject>, LakeError> {
        let call = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .set_if_match(etag.map(|etag| format!("\"{etag}\"")));
        let object = match call.send().await {
            Ok(object) => object,
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "PreconditionFailed")) => {
                return Ok(None);
            }
            // S3 tells whether an object is there only to whoever may list all of the bucket.
            Err(error)
                if error.code() == Some("AccessDenied") && !self.is_there(&key.to_string()).await? =>
            {
                return Ok(None);
            }
            Err(source) => return Err(LakeError::call(format!("read upload {key}"), source)),
        };
        Ok(Some(UploadObject {
            bytes: object.content_length().unwrap_or(0).unsigned_abs(),
            etag: object.e_tag().unwrap_or_default().trim_matches('"').to_owned(),
            last_modified: Timestamp::from_unix(
                object
                    .last_modified()
                    .map_or(0, aws_sdk_s3::primitives::DateTime::secs),
            ),
            stated_recorded_at: object
                .metadata()
                .and_then(|metadata| metadata.get(RECORDED_AT_METADATA))
                .cloned(),
            body: object.body,
        }))
    }

    /// Puts a file into the inbox, stating when its content was learned.
    ///
    /// # Errors
    /// [`LakeError`] when the file cannot be read or the bucket refuses.
    pub async fn put_upload(
        &self,
        key: &UploadKey,
        path: &std::path::Path,
        recorded_at: Option<Timestamp>,
    ) -> Result<String, LakeError> {
        let body = ByteStream::from_path(path).await;
        let body = body.map_err(|source| LakeError::File {
            attempt: format!("read {}", path.display()),
            source: std::io::Error::other(source),
        })?;
        let call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .body(body);
        let call = match recorded_at {
            Some(recorded_at) => call.metadata(RECORDED_AT_METADATA, recorded_at.to_string()),
            None => call,
        };
        let answer = call
            .send()
            .await
            .map_err(|source| LakeError::call(format!("write upload {key}"), source))?;
        Ok(answer.e_tag().unwrap_or_default().trim_matches('"').to_owned())
    }
}
