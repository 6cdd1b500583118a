//! Uploads: objects of the inbox.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use domain::Timestamp;

use crate::{Lake, LakeError, UploadKey};

/// User metadata in which an upload states when its content was learned (`x-amz-meta-recorded-at`, RFC 3339).
pub const RECORDED_AT_METADATA: &str = "recorded-at";

/// User metadata in which an upload states the zone of its times without one (`x-amz-meta-zone`), as people write it.
pub const ZONE_METADATA: &str = "zone";

/// User metadata in which an upload states the shop of its rows (`x-amz-meta-shop`), for a file without such a column.
pub const SHOP_METADATA: &str = "shop";

/// User metadata in which an upload states the currency of its rows (`x-amz-meta-currency`), for a file without such a column.
pub const CURRENCY_METADATA: &str = "currency";

/// What is stated with an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// When its content was recorded.
    pub recorded_at: Option<Timestamp>,
    /// The zone of its times without one, as a header of HTTP can carry it: `Asia/Shanghai`, `UTC+08:00`.
    pub zone: Option<String>,
    /// The shop of its rows, where it has no such column.
    pub shop: Option<String>,
    /// The currency of its rows, where it has no such column.
    pub currency: Option<String>,
}

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
    /// What it states as the zone of its times without one.
    pub stated_zone: Option<String>,
    /// What it states as the shop of its rows.
    pub stated_shop: Option<String>,
    /// What it states as the currency of its rows.
    pub stated_currency: Option<String>,
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
        self.open_version(key, etag, None).await
    }

    /// Opens a version of an upload, which may have been overwritten since; without one, as [`Lake::open_upload`] does.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be read.
    pub async fn open_version(
        &self,
        key: &UploadKey,
        etag: Option<&str>,
        version: Option<&str>,
    ) -> Result<Option<UploadObject>, LakeError> {
        let call = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .set_version_id(version.map(str::to_owned))
            .set_if_match(etag.map(|etag| format!("\"{etag}\"")));
        let object = match call.send().await {
            Ok(object) => object,
            Err(error)
                if matches!(
                    error.code(),
                    Some("NoSuchKey" | "NoSuchVersion" | "PreconditionFailed")
                ) =>
            {
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
        let stated = |name: &str| object.metadata().and_then(|metadata| metadata.get(name)).cloned();
        Ok(Some(UploadObject {
            bytes: object.content_length().unwrap_or(0).unsigned_abs(),
            etag: object.e_tag().unwrap_or_default().trim_matches('"').to_owned(),
            last_modified: Timestamp::from_unix(
                object
                    .last_modified()
                    .map_or(0, aws_sdk_s3::primitives::DateTime::secs),
            ),
            stated_recorded_at: stated(RECORDED_AT_METADATA),
            stated_zone: stated(ZONE_METADATA),
            stated_shop: stated(SHOP_METADATA),
            stated_currency: stated(CURRENCY_METADATA),
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
        let stated = Stated {
            recorded_at,
            ..Stated::default()
        };
        self.put_stating(key, path, &stated).await
    }

    /// Puts a file into the inbox with all that is stated of it.
    ///
    /// # Errors
    /// As [`Lake::put_upload`].
    pub async fn put_stating(
        &self,
        key: &UploadKey,
        path: &std::path::Path,
        stated: &Stated,
    ) -> Result<String, LakeError> {
        let body = ByteStream::from_path(path).await;
        let body = body.map_err(|source| LakeError::File {
            attempt: format!("read {}", path.display()),
            source: std::io::Error::other(source),
        })?;
        let mut call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .body(body);
        if let Some(recorded_at) = stated.recorded_at {
            call = call.metadata(RECORDED_AT_METADATA, recorded_at.to_string());
        }
        let others = [
            (ZONE_METADATA, &stated.zone),
            (SHOP_METADATA, &stated.shop),
            (CURRENCY_METADATA, &stated.currency),
        ];
        for (name, value) in others {
            if let Some(value) = value {
                call = call.metadata(name, value);
            }
        }
        let answer = call
            .send()
            .await
            .map_err(|source| LakeError::call(format!("write upload {key}"), source))?;
        Ok(answer.e_tag().unwrap_or_default().trim_matches('"').to_owned())
    }
}
