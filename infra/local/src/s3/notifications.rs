//! `ObjectCreated` events as S3 words them.

use chrono::{DateTime, SecondsFormat};
use lake::NextRun;
use serde_json::{Value, json};

use super::serve::REGION;

/// An event that was committed with its object and not acknowledged yet.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingNotification {
    /// For [`super::ObjectStore::acknowledge`]. Ids rise in the order the objects were committed.
    pub id: i64,
    /// The whole document a function is invoked with: `{"Records": [ … ]}`, one record.
    pub record: Value,
}

/// A notification that is being delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceivedNotification {
    /// As [`PendingNotification::id`].
    pub id: i64,
    /// As [`PendingNotification::record`].
    pub record: Value,
    /// Deliveries of it, this one among them.
    pub receives: u32,
}

/// The key of the object that an event document is about; of a further run of an upload, the upload's.
pub(crate) fn key_of(document: &Value) -> String {
    let key = document["Records"][0]["s3"]["object"]["key"]
        .as_str()
        .unwrap_or_default();
    let encoded = key.replace('+', " ");
    let key = urlencoding::decode(&encoded).map_or_else(|_| encoded.clone(), |key| key.into_owned());
    let upload = NextRun::parse(&key).and_then(|next| next.upload());
    upload.map_or(key, |upload| upload.to_string())
}

/// Keys whose new objects are reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// How they begin.
    pub prefix: String,
    /// How they end.
    pub suffix: String,
}

impl KeyFilter {
    /// Every key that begins so.
    pub fn under(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            suffix: String::new(),
        }
    }

    pub(super) fn passes(&self, key: &str) -> bool {
        let rest = key.strip_prefix(&self.prefix);
        rest.is_some_and(|rest| rest.ends_with(&self.suffix))
    }
}

/// How an object came to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    Put,
    Copy,
    CompleteMultipartUpload,
}

/// What an event says of an object.
pub(super) struct Created<'a> {
    pub(super) cause: Cause,
    pub(super) at_ms: i64,
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) size_bytes: u64,
    pub(super) etag: &'a str,
    /// Rises with every write; the event's `sequencer`.
    pub(super) version: u64,
}

impl Created<'_> {
    /// The event document.
    pub(super) fn document(&self) -> Value {
        let event = match self.cause {
            Cause::Put => "ObjectCreated:Put",
            Cause::Copy => "ObjectCreated:Copy",
            Cause::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
        };
        // S3 promises no more of a sequencer than that it compares, as a string, within one key.
        let sequencer = format!("{:016X}", self.version);
        let at = DateTime::from_timestamp_millis(self.at_ms).unwrap_or_default();
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "eventName": event,
            "userIdentity": { "principalId": "local" },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": { "x-amz-request-id": sequencer, "x-amz-id-2": "local" },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "local",
                "bucket": {
                    "name": self.bucket,
                    "ownerIdentity": { "principalId": "local" },
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": {
                    "key": encode_key(self.key),
                    "size": self.size_bytes,
                    "eTag": self.etag,
                    "sequencer": sequencer,
                },
            },
        }]})
    }
}

/// Encodes a key as S3 does in events: as in a form, a space as `+`, but with slashes left alone.
fn encode_key(key: &str) -> String {
    let segments: Vec<String> = key
        .split('/')
        .map(|segment| urlencoding::encode(segment).replace("%20", "+"))
        .collect();
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::{encode_key, key_of};

    #[test]
    fn keys_are_encoded_as_s3_encodes_them_in_events() {
        assert_eq!(
            encode_key("inbox/orders/s 1/a+b (1).csv"),
            "inbox/orders/s+1/a%2Bb+%281%29.csv"
        );
        assert_eq!(
            encode_key("订单/二月.xlsx"),
            "%E8%AE%A2%E5%8D%95/%E4%BA%8C%E6%9C%88.xlsx"
        );
        for key in ["inbox/orders/s 1/a+b (1).csv", "订单/二月.xlsx", "100%.csv"] {
            let document =
                serde_json::json!({ "Records": [{ "s3": { "object": { "key": encode_key(key) } } }] });
            assert_eq!(key_of(&document), key);
        }
    }
}
