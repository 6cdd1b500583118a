//! Multipart uploads: parts are bodies of their own until the upload is completed.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use s3s::S3ErrorCode;

use super::attributes::Attributes;
use super::bodies::{self, Received};
use super::conditions::WriteCondition;
use super::error::{ObjectStoreError, refused};
use super::index::{self, PartRow};
use super::notifications::Cause;
use super::object_store::Inner;
use super::objects::{NewObject, no_such_upload, require_bucket};

/// S3's bound on every part but the last.
const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
/// S3's bound on part numbers, and so on the parts of one upload.
const PART_NUMBER_MAX: i32 = 10_000;

/// Which upload is meant. All three must agree.
#[derive(Clone, Debug)]
pub(super) struct UploadRef {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) id: String,
}

impl Inner {
    /// Begins an upload and returns its id.
    pub(super) fn create_upload(
        &self,
        bucket: &str,
        key: &str,
        attributes: &Attributes,
    ) -> Result<String, ObjectStoreError> {
        let id = self.bodies.new_name();
        self.transact("begin a multipart upload", |tx| {
            require_bucket(tx, bucket)?;
            Ok(index::put_upload(tx, &id, bucket, key, attributes)?)
        })?;
        Ok(id)
    }

    /// Stores a part, replacing any other of that number. Returns the part's ETag.
    pub(super) fn put_part(
        &self,
        upload: &UploadRef,
        number: i32,
        received: Received,
    ) -> Result<String, ObjectStoreError> {
        if !(1..=PART_NUMBER_MAX).contains(&number) {
            let reason = "Part number must be an integer between 1 and 10000, inclusive";
            return Err(refused(S3ErrorCode::InvalidArgument, reason));
        }
        let Received {
            mut draft,
            size_bytes,
            digests,
        } = received;
        let part = PartRow {
            number,
            body: draft.seal()?,
            size_bytes,
            md5: digests.md5,
        };
        let obsolete = self.transact("store a part", |tx| {
            index::upload(tx, &upload.id, &upload.bucket, &upload.key)?.ok_or_else(no_such_upload)?;
            Ok(index::put_part(tx, &upload.id, &part)?)
        })?;
        draft.keep();
        self.bodies.remove(obsolete.as_slice());
        Ok(hex::encode(part.md5))
    }

    /// Joins the parts the client lists, by number and ETag, into one object. Returns its ETag.
    /// Everything up to the commit can be repeated; of two completions of one upload the second
    /// finds it ended.
    pub(super) fn complete_upload(
        &self,
        upload: UploadRef,
        listed: &[(i32, String)],
        condition: WriteCondition,
    ) -> Result<String, ObjectStoreError> {
        let (attributes, parts) = self.transact("find the parts of an upload", |tx| {
            let attributes =
                index::upload(tx, &upload.id, &upload.bucket, &upload.key)?.ok_or_else(no_such_upload)?;
            Ok((attributes, index::parts(tx, &upload.id)?))
        })?;
        let parts = chosen(parts, listed)?;
        let (draft, mut body) = self.bodies.create()?;
        let mut digest_of_digests = Md5::new();
        let mut size_bytes = 0;
        for part in &parts {
            let mut source = self.bodies.open(&part.body, part.size_bytes)?;
            size_bytes += bodies::append(&mut source, &mut body, |_| ())
                .map_err(|error| draft.failed("join", error))?;
            digest_of_digests.update(part.md5);
        }
        let etag = format!("{}-{}", hex::encode(digest_of_digests.finalize()), parts.len());
        let object = NewObject {
            bucket: upload.bucket,
            key: upload.key,
            size_bytes,
            etag: etag.clone(),
            attributes,
            condition,
            cause: Cause::CompleteMultipartUpload,
            upload: Some(upload.id),
        };
        self.commit(object, draft)?;
        Ok(etag)
    }

    /// Gives an upload up and removes its parts.
    pub(super) fn abort_upload(&self, upload: &UploadRef) -> Result<(), ObjectStoreError> {
        let obsolete = self.transact("abort a multipart upload", |tx| {
            index::upload(tx, &upload.id, &upload.bucket, &upload.key)?.ok_or_else(no_such_upload)?;
            Ok(index::end_upload(tx, &upload.id)?.unwrap_or_default())
        })?;
        self.bodies.remove(&obsolete);
        Ok(())
    }
}

/// The parts the client listed, if they are there, in order, and big enough.
fn chosen(parts: Vec<PartRow>, listed: &[(i32, String)]) -> Result<Vec<PartRow>, ObjectStoreError> {
    if listed.is_empty() {
        return Err(refused(
            S3ErrorCode::MalformedXML,
            "You must specify at least one part",
        ));
    }
    if !listed.is_sorted_by(|(one, _), (next, _)| one < next) {
        return Err(refused(
            S3ErrorCode::InvalidPartOrder,
            "The list of parts was not in ascending order",
        ));
    }
    let mut stored: BTreeMap<i32, PartRow> = parts.into_iter().map(|part| (part.number, part)).collect();
    let mut chosen = Vec::with_capacity(listed.len());
    for (number, etag) in listed {
        match stored.remove(number) {
            Some(part) if hex::encode(part.md5) == *etag => chosen.push(part),
            _ => {
                let reason =
                    "One or more of the specified parts could not be found, or its ETag did not match";
                return Err(refused(S3ErrorCode::InvalidPart, reason));
            }
        }
    }
    let all_but_last = chosen.split_last().map_or(&[][..], |(_, rest)| rest);
    if all_but_last.iter().any(|part| part.size_bytes < PART_BYTES_MIN) {
        let reason = "Your proposed upload is smaller than the minimum allowed size";
        return Err(refused(S3ErrorCode::EntityTooSmall, reason));
    }
    Ok(chosen)
}
