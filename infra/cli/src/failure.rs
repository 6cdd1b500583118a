//! How a command fails: one clear sentence, and the exit status that says whose fault it is.

use std::fmt;
use std::path::Path;

use domain::with_causes;
use local::{CloudError, ServeError};

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct CommandError {
    status: u8,
    sentence: String,
}

impl CommandError {
    /// Bad usage, or input that cannot be read.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self {
            status: 2,
            sentence: sentence.into(),
        }
    }

    /// There is no cloud where one is asked about.
    pub(crate) fn no_cloud(data_dir: &Path) -> Self {
        Self::usage(format!(
            "nothing was uploaded under {} yet; name the place with --data-dir",
            data_dir.display()
        ))
    }

    /// The service failed.
    pub(crate) fn service(sentence: impl Into<String>) -> Self {
        Self {
            status: 3,
            sentence: sentence.into(),
        }
    }

    /// The service failed of `error`; its causes are told once, here.
    pub(crate) fn caused(error: &dyn std::error::Error) -> Self {
        Self::service(with_causes(error))
    }

    /// Input that cannot be read, because of `error`.
    pub(crate) fn unreadable(error: &dyn std::error::Error) -> Self {
        Self::usage(with_causes(error))
    }

    pub(crate) fn status(&self) -> u8 {
        self.status
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<CloudError> for CommandError {
    fn from(error: CloudError) -> Self {
        match error {
            // What the operator chose cannot be used; the cloud itself is not at fault.
            CloudError::Directory { .. }
            | CloudError::InUse { .. }
            | CloudError::Served { .. }
            | CloudError::OtherPolicy { .. }
            | CloudError::Policy { .. } => Self::usage(error.to_string()),
            _ => Self::caused(&error),
        }
    }
}

impl From<ServeError> for CommandError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Port { .. } => Self::usage(error.to_string()),
            ServeError::Cloud(error) => error.into(),
        }
    }
}

impl From<store::StoreError> for CommandError {
    fn from(error: store::StoreError) -> Self {
        Self::caused(&error)
    }
}

impl From<lake::LakeError> for CommandError {
    fn from(error: lake::LakeError) -> Self {
        Self::caused(&error)
    }
}

impl From<entrypoint::Failure> for CommandError {
    fn from(error: entrypoint::Failure) -> Self {
        Self::service(error.to_string())
    }
}
