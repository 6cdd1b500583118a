//! The access key of a data directory: what its clients sign with. It is random and worth nothing anywhere else.
//!
//! The file has the form of AWS's shared credentials file, so that `AWS_SHARED_CREDENTIALS_FILE` may name it.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use aws_sdk_s3::config::Credentials;

use crate::{CloudError, private};

const FILE: &str = "credentials";
const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";

/// Random bytes of an id: only told apart by it.
const ID_BYTES: usize = 6;
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id, which is no secret.
    pub id: String,
    /// Its secret, which no log and no error shows.
    pub secret: String,
}

impl AccessKey {
    /// The key of a data directory, made at its first use. The directory is the caller's alone.
    pub(crate) fn of(data_dir: &Path) -> Result<Self, CloudError> {
        if let Some(key) = Self::kept(data_dir)? {
            return Ok(key);
        }
        let key = Self::random()?;
        let text = format!("[default]\n{ID} = {}\n{SECRET} = {}\n", key.id, key.secret);
        private::put(&data_dir.join(FILE), &text).map_err(|error| unusable(data_dir, &error))?;
        Ok(key)
    }

    /// The key that a data directory keeps. One that cannot be understood is none: a new one takes its place.
    pub(crate) fn kept(data_dir: &Path) -> Result<Option<Self>, CloudError> {
        let text = match fs::read_to_string(data_dir.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(data_dir, &error)),
        };
        let value = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            let mut values = lines.filter_map(|(key, value)| (key.trim() == name).then_some(value.trim()));
            values.next().filter(|value| !value.is_empty()).map(str::to_owned)
        };
        Ok(value(ID)
            .zip(value(SECRET))
            .map(|(id, secret)| Self { id, secret }))
    }

    fn random() -> Result<Self, CloudError> {
        let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        for bytes in [&mut id[..], &mut secret[..]] {
            aws_lc_rs::rand::fill(bytes).map_err(|_| CloudError::Unusable {
                what: "the access key",
                reason: "the system gives no random bytes".to_owned(),
            })?;
        }
        Ok(Self {
            id: format!("WAYMARK{}", hex::encode_upper(id)),
            secret: hex::encode(secret),
        })
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::new(&self.id, &self.secret, None, None, "waymark-local")
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the access key {}", self.id)
    }
}

fn unusable(data_dir: &Path, error: &io::Error) -> CloudError {
    CloudError::Directory {
        path: data_dir.join(FILE),
        reason: error.to_string(),
    }
}
