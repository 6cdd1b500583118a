//! What the store does with whole objects: commit, find, open, delete, copy, list.

use std::fs::File;

use md5::{Digest, Md5};
use rusqlite::Transaction;
use s3s::S3ErrorCode;

use super::attributes::Attributes;
use super::bodies::{self, Draft};
use super::conditions::{ReadConditions, Verdict, WriteCondition, precondition_failed};
use super::error::{Failure, ObjectStoreError, refused};
use super::index::{self, ObjectRow};
use super::listing::{self, Page, Query};
use super::notifications::{Cause, Created};
use super::object_store::Inner;
use super::read::last_modified;

/// An object about to be committed; its body is on disk already.
pub(super) struct NewObject {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) size_bytes: u64,
    /// Without quotes.
    pub(super) etag: String,
    pub(super) attributes: Attributes,
    pub(super) condition: WriteCondition,
    pub(super) cause: Cause,
    /// The multipart upload that ends with this commit.
    pub(super) upload: Option<String>,
}

/// What to copy where.
pub(super) struct Copy {
    pub(super) source_bucket: String,
    pub(super) source_key: String,
    pub(super) source_conditions: ReadConditions,
    pub(super) bucket: String,
    pub(super) key: String,
    /// New attributes, or `None` to take over the source's.
    pub(super) attributes: Option<Attributes>,
    pub(super) condition: WriteCondition,
}

impl Inner {
    /// Makes a new object real: checks its condition, indexes it and queues its notification in one
    /// transaction, which is the commit point. Until then a crash leaves only a body to sweep; after
    /// it only an old body. Returns the object's modification time.
    pub(super) fn commit(&self, object: NewObject, mut draft: Draft) -> Result<i64, ObjectStoreError> {
        let body = draft.seal()?;
        let notifies = self.notifies(&object.key);
        let (modified_at_ms, obsolete) = self.transact("store an object", |tx| {
            let current = index::object(tx, &object.bucket, &object.key)?;
            if current.is_none() {
                require_bucket(tx, &object.bucket)?;
            }
            // The loser of a race between two `If-None-Match: *` sees the winner's row here.
            object
                .condition
                .check(current.as_ref().map(|row| row.etag.as_str()))?;
            let mut obsolete: Vec<String> = current.into_iter().map(|row| row.body).collect();
            if let Some(upload) = &object.upload {
                obsolete.extend(index::end_upload(tx, upload)?.ok_or_else(no_such_upload)?);
            }
            let modified_at_ms = self.now_ms();
            let version = index::count_up(tx, "version")?;
            if notifies {
                let created = Created {
                    cause: object.cause,
                    at_ms: modified_at_ms,
                    bucket: &object.bucket,
                    key: &object.key,
                    size_bytes: object.size_bytes,
                    etag: &object.etag,
                    version,
                };
                index::put_notification(tx, &created.document())?;
            }
            let row = ObjectRow {
                body,
                size_bytes: object.size_bytes,
                etag: object.etag,
                modified_at_ms,
                attributes: object.attributes,
            };
            index::put_object(tx, &object.bucket, &object.key, &row, version)?;
            Ok((modified_at_ms, obsolete))
        })?;
        draft.keep();
        self.bodies.remove(&obsolete);
        if notifies {
            self.wake_dispatcher();
        }
        Ok(modified_at_ms)
    }

    /// Finds an object.
    pub(super) fn find(&self, bucket: &str, key: &str) -> Result<ObjectRow, ObjectStoreError> {
        self.transact("find an object", |tx| find(tx, bucket, key))
    }

    /// Finds an object and opens its body. Both under the index's lock: a writer that replaces the
    /// object cannot remove the body in between.
    pub(super) fn open_object(&self, bucket: &str, key: &str) -> Result<(ObjectRow, File), ObjectStoreError> {
        self.transact("find an object", |tx| {
            let row = find(tx, bucket, key)?;
            let body = self.bodies.open(&row.body, row.size_bytes)?;
            Ok((row, body))
        })
    }

    /// Deletes objects, all or none; one that does not exist counts as deleted.
    pub(super) fn delete(&self, bucket: &str, keys: &[String]) -> Result<(), ObjectStoreError> {
        let obsolete = self.transact("delete objects", |tx| {
            require_bucket(tx, bucket)?;
            let mut obsolete = Vec::new();
            for key in keys {
                obsolete.extend(index::delete_object(tx, bucket, key)?);
            }
            Ok(obsolete)
        })?;
        self.bodies.remove(&obsolete);
        Ok(())
    }

    /// Copies an object. Returns the copy's ETag and modification time. The ETag is the digest of
    /// the body, even if the source, as a multipart upload, has another kind.
    pub(super) fn copy(&self, copy: Copy) -> Result<(String, i64), ObjectStoreError> {
        let (source, mut source_body) = self.open_object(&copy.source_bucket, &copy.source_key)?;
        let verdict = copy
            .source_conditions
            .check(&source.etag, &last_modified(source.modified_at_ms));
        if verdict != Verdict::Holds {
            return Err(precondition_failed());
        }
        let (draft, mut body) = self.bodies.create()?;
        let mut md5 = Md5::new();
        let size_bytes = bodies::append(&mut source_body, &mut body, |piece| md5.update(piece))
            .map_err(|error| draft.failed("copy", error))?;
        let etag = hex::encode(md5.finalize());
        let checksums = source.attributes.checksums.clone();
        let object = NewObject {
            bucket: copy.bucket,
            key: copy.key,
            size_bytes,
            etag: etag.clone(),
            attributes: Attributes {
                checksums,
                ..copy.attributes.unwrap_or(source.attributes)
            },
            condition: copy.condition,
            cause: Cause::Copy,
            upload: None,
        };
        Ok((etag, self.commit(object, draft)?))
    }

    /// Lists one page of a bucket.
    pub(super) fn list(&self, query: &Query) -> Result<Page, ObjectStoreError> {
        self.transact("list objects", |tx| {
            require_bucket(tx, &query.bucket)?;
            Ok(listing::list(tx, query)?)
        })
    }
}

fn find(tx: &Transaction<'_>, bucket: &str, key: &str) -> Result<ObjectRow, Failure> {
    if let Some(row) = index::object(tx, bucket, key)? {
        return Ok(row);
    }
    require_bucket(tx, bucket)?;
    Err(refused(S3ErrorCode::NoSuchKey, "The specified key does not exist").into())
}

/// Refuses a bucket that does not exist.
pub(super) fn require_bucket(tx: &Transaction<'_>, bucket: &str) -> Result<(), Failure> {
    if index::bucket_exists(tx, bucket)? {
        return Ok(());
    }
    Err(refused(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist").into())
}

/// The refusal of an upload id that is unknown, or completed or aborted already.
pub(super) fn no_such_upload() -> ObjectStoreError {
    let reason = "The specified multipart upload does not exist; it may have been completed or aborted";
    refused(S3ErrorCode::NoSuchUpload, reason)
}
