//! The digests of a body, computed while it streams past and compared with what the client sent.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use md5::{Digest, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::{S3ErrorCode, S3Request, TrailingHeaders};

use super::error::{ObjectStoreError, refused};

const CHECKSUM_HEADER: &str = "x-amz-checksum-";
const ALGORITHMS: [&str; 5] = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];

/// Digests in the making, and those the request announced.
pub(super) struct Digests {
    md5: Md5,
    checksums: ChecksumHasher,
    /// `Content-MD5`, in base64.
    expected_md5: Option<String>,
    expected_bytes: Option<u64>,
    /// Algorithm → base64, from the headers.
    expected_checksums: BTreeMap<String, String>,
    /// Algorithms whose value comes after the body.
    trailing: Vec<&'static str>,
    trailers: Option<TrailingHeaders>,
}

/// The digests of a body that is what its sender meant it to be.
pub(super) struct Verified {
    pub(super) md5: [u8; 16],
    /// Algorithm → base64, for those the sender gave.
    pub(super) checksums: BTreeMap<String, String>,
}

impl Digests {
    /// Reads from the headers of an upload what its body must turn out to be.
    pub(super) fn announced_by<T>(request: &S3Request<T>) -> Self {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let trailer_names = header("x-amz-trailer").unwrap_or_default().to_ascii_lowercase();
        let trailing: Vec<&'static str> = ALGORITHMS
            .into_iter()
            .filter(|algorithm| {
                trailer_names
                    .split(',')
                    .any(|name| name.trim().strip_prefix(CHECKSUM_HEADER) == Some(algorithm))
            })
            .collect();
        let expected_checksums: BTreeMap<String, String> = ALGORITHMS
            .into_iter()
            .filter_map(|name| {
                Some((
                    name.to_owned(),
                    header(&format!("{CHECKSUM_HEADER}{name}"))?.to_owned(),
                ))
            })
            .collect();
        let mut checksums = ChecksumHasher::default();
        for algorithm in expected_checksums
            .keys()
            .map(String::as_str)
            .chain(trailing.iter().copied())
        {
            enable(&mut checksums, algorithm);
        }
        // A chunked upload announces the length of its content apart from that of the transfer.
        let length = header("x-amz-decoded-content-length").or_else(|| header("content-length"));
        Self {
            md5: Md5::new(),
            checksums,
            expected_md5: header("content-md5").map(str::to_owned),
            expected_bytes: length.and_then(|length| length.parse().ok()),
            expected_checksums,
            trailing,
            trailers: request.trailing_headers.clone(),
        }
    }

    pub(super) fn update(&mut self, piece: &[u8]) {
        self.md5.update(piece);
        self.checksums.update(piece);
    }

    /// Compares, once the whole body (and with it any trailer) has passed.
    pub(super) fn verify(mut self, size_bytes: u64) -> Result<Verified, ObjectStoreError> {
        // Without this a chunked body that stops between two chunks would pass for a whole one.
        if self.expected_bytes.is_some_and(|expected| expected != size_bytes) {
            let reason = "The body is not as long as the request announced";
            return Err(refused(S3ErrorCode::IncompleteBody, reason));
        }
        let md5: [u8; 16] = self.md5.finalize().into();
        if self
            .expected_md5
            .is_some_and(|expected| expected != BASE64_STANDARD.encode(md5))
        {
            return Err(refused(
                S3ErrorCode::BadDigest,
                "The Content-MD5 you specified did not match what we received",
            ));
        }
        let trailers = self.trailers.and_then(|trailers| trailers.take());
        for algorithm in self.trailing {
            let name = format!("{CHECKSUM_HEADER}{algorithm}");
            let value = trailers
                .as_ref()
                .and_then(|map| map.get(&name))
                .and_then(|value| value.to_str().ok());
            let Some(value) = value else {
                return Err(refused(
                    S3ErrorCode::InvalidRequest,
                    "A checksum announced as a trailer did not arrive",
                ));
            };
            self.expected_checksums
                .insert(algorithm.to_owned(), value.to_owned());
        }
        let computed = self.checksums.finalize();
        for (algorithm, expected) in &self.expected_checksums {
            let computed = match algorithm.as_str() {
                "crc32" => &computed.checksum_crc32,
                "crc32c" => &computed.checksum_crc32c,
                "crc64nvme" => &computed.checksum_crc64nvme,
                "sha1" => &computed.checksum_sha1,
                _ => &computed.checksum_sha256,
            };
            if computed.as_ref() != Some(expected) {
                let reason = "The checksum you specified did not match the calculated checksum";
                return Err(refused(S3ErrorCode::BadDigest, reason));
            }
        }
        Ok(Verified {
            md5,
            checksums: self.expected_checksums,
        })
    }
}

fn enable(hasher: &mut ChecksumHasher, algorithm: &str) {
    match algorithm {
        "crc32" => hasher.crc32 = Some(Default::default()),
        "crc32c" => hasher.crc32c = Some(Default::default()),
        "crc64nvme" => hasher.crc64nvme = Some(Default::default()),
        "sha1" => hasher.sha1 = Some(Default::default()),
        _ => hasher.sha256 = Some(Default::default()),
    }
}
