//! A cloud that another process serves: `waymark up` keeps a note of its endpoints in the data directory, and a command that
//! finds the directory in use works through them, as any AWS client does.
//!
//! The note says nothing by itself: it counts only while the directory is in use, and whoever opens the directory takes away
//! what a killed process left. Requests are signed with the directory's own access key, so another cloud on the same ports
//! refuses them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use lake::Lake;
use serde::{Deserialize, Serialize};
use store::Store;

use crate::cloud::{BUCKET, ORDERS_TABLE, RECORDS_TABLE};
use crate::dynamodb::endpoint::{DELIVER, DELIVER_UPLOADS};
use crate::{AccessKey, CloudError, Endpoints, private, s3};

const FILE: &str = "up.json";

/// The endpoints that a process serves, noted in a data directory; gone with this value.
pub(crate) struct Note(PathBuf);

#[derive(Serialize, Deserialize)]
struct Noted {
    s3_port: u16,
    dynamodb_port: u16,
    diagnosis_port: u16,
}

impl Note {
    /// Notes the endpoints that this process, which has the directory, serves.
    pub(crate) fn put(data_dir: &Path, endpoints: Endpoints) -> Result<Self, CloudError> {
        let noted = Noted {
            s3_port: endpoints.s3_port,
            dynamodb_port: endpoints.dynamodb_port,
            diagnosis_port: endpoints.diagnosis_port,
        };
        let path = data_dir.join(FILE);
        let text = serde_json::to_string(&noted).map_err(io::Error::from);
        text.and_then(|text| private::put(&path, &format!("{text}\n")))
            .map_err(|error| unusable(&path, &error))?;
        Ok(Self(path))
    }

    /// Takes away what a killed process left. The directory is the caller's alone.
    pub(crate) fn forget(data_dir: &Path) -> Result<(), CloudError> {
        let path = data_dir.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(&path, &error)),
            _ => Ok(()),
        }
    }

    /// Whether whoever has the directory serves it.
    pub(crate) fn is_there(data_dir: &Path) -> bool {
        data_dir.join(FILE).exists()
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        // What stays is taken away by whoever opens the directory next.
        let _ = fs::remove_file(&self.0);
    }
}

/// A cloud that another process of this machine serves.
pub struct Served {
    /// The tables.
    pub store: Store,
    /// The bucket.
    pub lake: Lake,
    dynamodb: aws_sdk_dynamodb::Client,
    data_dir: PathBuf,
}

impl Served {
    /// The cloud of a data directory that [`CloudError::Served`] was said of.
    ///
    /// # Errors
    /// [`CloudError::InUse`] when it is served no longer, [`CloudError::Directory`] when its note or its access key cannot be read.
    pub fn of(data_dir: &Path) -> Result<Self, CloudError> {
        let gone = || CloudError::InUse {
            path: data_dir.to_path_buf(),
        };
        let path = data_dir.join(FILE);
        let noted: Noted = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| unusable(&path, &error.into()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(gone()),
            Err(error) => return Err(unusable(&path, &error)),
        };
        let key = AccessKey::kept(data_dir)?.ok_or_else(gone)?;
        let dynamodb = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(aws_sdk_dynamodb::config::Region::new(s3::REGION))
            .credentials_provider(key.credentials())
            .endpoint_url(format!("http://127.0.0.1:{}", noted.dynamodb_port))
            // A delivery takes as long as its files are large.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb);
        let bucket = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new(s3::REGION))
            .credentials_provider(key.credentials())
            .endpoint_url(format!("http://127.0.0.1:{}", noted.s3_port))
            .force_path_style(true)
            .build();
        Ok(Self {
            store: Store::new(dynamodb.clone(), ORDERS_TABLE, RECORDS_TABLE),
            lake: Lake::new(aws_sdk_s3::Client::from_conf(bucket), BUCKET),
            dynamodb,
            data_dir: data_dir.to_path_buf(),
        })
    }

    /// Where its state is.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Has every upload delivered that waits, as [`crate::Cloud::deliver_notifications`] does.
    ///
    /// # Errors
    /// [`CloudError::Unusable`] when the serving process does not do so.
    pub async fn deliver_notifications(&self) -> Result<(), CloudError> {
        self.have(DELIVER_UPLOADS).await
    }

    /// Has everything delivered that waits, as [`crate::Cloud::deliver`] does.
    ///
    /// # Errors
    /// As [`Served::deliver_notifications`].
    pub async fn deliver(&self) -> Result<(), CloudError> {
        self.have(DELIVER).await
    }

    /// The SDK signs what it sends; only the action is ours.
    async fn have(&self, target: &'static str) -> Result<(), CloudError> {
        let asked = self.dynamodb.list_tables().customize();
        let asked = asked.mutate_request(move |request| {
            request.headers_mut().insert("x-amz-target", target);
        });
        asked
            .send()
            .await
            .map(drop)
            .map_err(|error| CloudError::Unusable {
                what: "the delivery by `waymark up`",
                reason: error
                    .message()
                    .map_or_else(|| domain::with_causes(&error), str::to_owned),
            })
    }
}

fn unusable(path: &Path, error: &io::Error) -> CloudError {
    CloudError::Directory {
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}
