//! What a GET or a HEAD asks for, and the headers of its answer.

use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use s3s::dto::{ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result, s3_error};

use super::conditions::{ReadConditions, Verdict, precondition_failed};
use super::error::{ObjectStoreError, refused};
use super::index::ObjectRow;

/// What S3 gives back for an object that was put without a content type.
const CONTENT_TYPE_DEFAULT: &str = "binary/octet-stream";

/// A GET or a HEAD.
pub(super) struct Read {
    conditions: ReadConditions,
    range: Option<s3s::dto::Range>,
    /// Whether the caller wants the checksums of the object.
    checksums: bool,
}

impl Read {
    /// Takes the request out of a GET's input, leaving bucket and key in it.
    pub(super) fn of_get(input: &mut GetObjectInput) -> S3Result<Self> {
        current_version(input.version_id.as_deref())?;
        if input.part_number.is_some() {
            return Err(s3_error!(NotImplemented, "Objects are not read by part"));
        }
        let conditions = ReadConditions {
            if_match: input.if_match.take(),
            if_none_match: input.if_none_match.take(),
            if_modified_since: input.if_modified_since.take(),
            if_unmodified_since: input.if_unmodified_since.take(),
        };
        Ok(Self {
            conditions,
            range: input.range,
            checksums: input.checksum_mode.is_some(),
        })
    }

    /// Takes the request out of a HEAD's input, which asks for all but the body of a GET.
    pub(super) fn of_head(input: &mut HeadObjectInput) -> S3Result<Self> {
        Self::of_get(&mut GetObjectInput {
            version_id: input.version_id.take(),
            part_number: input.part_number,
            if_match: input.if_match.take(),
            if_none_match: input.if_none_match.take(),
            if_modified_since: input.if_modified_since.take(),
            if_unmodified_since: input.if_unmodified_since.take(),
            range: input.range,
            checksum_mode: input.checksum_mode.take(),
            ..Default::default()
        })
    }

    /// The bytes to send of an object and the headers to send with them, or why not.
    pub(super) fn answer(&self, row: ObjectRow) -> S3Result<(Range<u64>, GetObjectOutput)> {
        match self
            .conditions
            .check(&row.etag, &last_modified(row.modified_at_ms))
        {
            Verdict::Holds => {}
            Verdict::NotModified => return Err(not_modified(row)),
            Verdict::Failed => return Err(precondition_failed().into()),
        }
        let (bytes, content_range) = ranged(row.size_bytes, self.range)?;
        // A checksum of the whole says nothing about a range.
        let checksums = self.checksums && content_range.is_none();
        let output = output(row, bytes.end - bytes.start, content_range, checksums);
        Ok((bytes, output))
    }
}

/// A HEAD answers what a GET would, without the body.
pub(super) fn head_output(get: GetObjectOutput) -> HeadObjectOutput {
    HeadObjectOutput {
        accept_ranges: get.accept_ranges,
        checksum_crc32: get.checksum_crc32,
        checksum_crc32c: get.checksum_crc32c,
        checksum_crc64nvme: get.checksum_crc64nvme,
        checksum_sha1: get.checksum_sha1,
        checksum_sha256: get.checksum_sha256,
        cache_control: get.cache_control,
        content_disposition: get.content_disposition,
        content_encoding: get.content_encoding,
        content_language: get.content_language,
        content_length: get.content_length,
        content_range: get.content_range,
        content_type: get.content_type,
        e_tag: get.e_tag,
        last_modified: get.last_modified,
        metadata: get.metadata,
        ..Default::default()
    }
}

/// Objects have one version here, which S3 calls `null`.
pub(super) fn current_version(version_id: Option<&str>) -> S3Result<()> {
    match version_id {
        None | Some("null") => Ok(()),
        Some(_) => Err(s3_error!(InvalidArgument, "Invalid version id specified")),
    }
}

/// An instant as S3 shows it: in whole seconds, in headers and listings alike.
pub(super) fn last_modified(at_ms: i64) -> Timestamp {
    let seconds = u64::try_from(at_ms / 1000).unwrap_or_default();
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A byte count as the protocol's types have it.
pub(super) fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The bytes a range means, and the `Content-Range` to announce them with.
fn ranged(
    size_bytes: u64,
    range: Option<s3s::dto::Range>,
) -> Result<(Range<u64>, Option<String>), ObjectStoreError> {
    let Some(range) = range else {
        return Ok((0..size_bytes, None));
    };
    // No range can be satisfied by an empty object; `check` would grant it a suffix.
    match range.check(size_bytes) {
        Ok(bytes) if !bytes.is_empty() => {
            let content_range = format!("bytes {}-{}/{size_bytes}", bytes.start, bytes.end - 1);
            Ok((bytes, Some(content_range)))
        }
        _ => Err(refused(
            S3ErrorCode::InvalidRange,
            "The requested range is not satisfiable",
        )),
    }
}

fn output(
    row: ObjectRow,
    content_length: u64,
    content_range: Option<String>,
    checksums: bool,
) -> GetObjectOutput {
    let attributes = row.attributes;
    let checksum = |algorithm| {
        if checksums {
            attributes.checksum(algorithm)
        } else {
            None
        }
    };
    GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        checksum_crc32: checksum("crc32"),
        checksum_crc32c: checksum("crc32c"),
        checksum_crc64nvme: checksum("crc64nvme"),
        checksum_sha1: checksum("sha1"),
        checksum_sha256: checksum("sha256"),
        cache_control: attributes.cache_control,
        content_disposition: attributes.content_disposition,
        content_encoding: attributes.content_encoding,
        content_language: attributes.content_language,
        content_length: Some(length(content_length)),
        content_range,
        content_type: Some(
            attributes
                .content_type
                .unwrap_or_else(|| CONTENT_TYPE_DEFAULT.to_owned()),
        ),
        e_tag: Some(ETag::Strong(row.etag)),
        last_modified: Some(last_modified(row.modified_at_ms)),
        metadata: Some(attributes.metadata.into_iter().collect()),
        ..Default::default()
    }
}

/// 304: the caller's copy of the object is current; says which that is.
fn not_modified(row: ObjectRow) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    if let Ok(etag) = ETag::Strong(row.etag).to_http_header() {
        let mut headers = S3Response::new(()).headers;
        headers.insert("etag", etag);
        error.set_headers(headers);
    }
    error
}
