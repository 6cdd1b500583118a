//! What an object carries beside its body: headers to give back, user metadata, checksums.

use std::collections::BTreeMap;

use s3s::S3ErrorCode;
use serde::{Deserialize, Serialize};

use super::error::{ObjectStoreError, refused};

/// S3's bound on user metadata: the UTF-8 bytes of all names and values together.
const METADATA_BYTES_MAX: usize = 2 * 1024;

/// The headers given back with every GET and HEAD, as JSON in the index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    /// `x-amz-meta-*`, without that prefix.
    pub(super) metadata: BTreeMap<String, String>,
    /// Checksums the writer sent and the store verified: algorithm as in `x-amz-checksum-*` → base64.
    pub(super) checksums: BTreeMap<String, String>,
}

impl Attributes {
    /// Refuses more user metadata than S3 takes, and drops the `aws-chunked` that SDKs add to
    /// `Content-Encoding` for the transfer only.
    pub(super) fn checked(mut self) -> Result<Self, ObjectStoreError> {
        let bytes: usize = self
            .metadata
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > METADATA_BYTES_MAX {
            let reason = "Your metadata headers exceed the maximum allowed metadata size";
            return Err(refused(S3ErrorCode::MetadataTooLarge, reason));
        }
        self.content_encoding = self.content_encoding.and_then(|encodings| {
            let kept: Vec<&str> = encodings
                .split(',')
                .map(str::trim)
                .filter(|name| !name.eq_ignore_ascii_case("aws-chunked"))
                .collect();
            Some(kept.join(",")).filter(|kept| !kept.is_empty())
        });
        Ok(self)
    }

    /// The checksum of one algorithm, named as in `x-amz-checksum-*`.
    pub(super) fn checksum(&self, algorithm: &str) -> Option<String> {
        self.checksums.get(algorithm).cloned()
    }
}

/// Takes the attributes out of any of the three inputs that carry them under the same names.
macro_rules! attributes_of {
    ($input:expr) => {
        $crate::s3::attributes::Attributes {
            content_type: $input.content_type.take(),
            content_encoding: $input.content_encoding.take(),
            content_disposition: $input.content_disposition.take(),
            content_language: $input.content_language.take(),
            cache_control: $input.cache_control.take(),
            metadata: $input.metadata.take().unwrap_or_default().into_iter().collect(),
            checksums: Default::default(),
        }
        .checked()
    };
}
pub(super) use attributes_of;
