//! What can go wrong in the store, and what S3 calls it.

use std::io;
use std::path::PathBuf;

use s3s::{S3Error, S3ErrorCode};

/// Why the object store could not be opened, or could not do what it was asked.
///
/// Every message is one sentence fit for a terminal; the cause is in `source`.
#[derive(Debug, thiserror::Error)]
pub enum ObjectStoreError {
    /// The directory, or a file in it, cannot be created or written.
    #[error("the object store cannot write to its directory {}", dir.display())]
    NotWritable {
        /// The directory given to [`super::ObjectStore::open`].
        dir: PathBuf,
        /// What the file system or SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process (or another `ObjectStore` of this one) has the directory open.
    #[error("the object store directory {} is already in use", dir.display())]
    InUse {
        /// The directory given to [`super::ObjectStore::open`].
        dir: PathBuf,
    },
    /// The index is not a SQLite database, or a damaged one. Nothing was changed.
    #[error("the object store's index {} is damaged: {finding}", path.display())]
    Corrupt {
        /// The index file.
        path: PathBuf,
        /// What is wrong with it, in a few words.
        finding: String,
    },
    /// The index was written by a newer version of this program.
    #[error("the object store's index {} has layout {found}, this program knows up to {known}", path.display())]
    NewerLayout {
        /// The index file.
        path: PathBuf,
        /// The layout number found in the file.
        found: i64,
        /// The newest layout number this program can read.
        known: i64,
    },
    /// SQLite failed while the store was open.
    #[error("failed to {attempt} in the object store's index")]
    Index {
        /// What was being attempted.
        attempt: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file that holds an object's body could not be written or read.
    #[error("failed to {attempt} object body {name}")]
    Body {
        /// What was being attempted.
        attempt: &'static str,
        /// The body's file name.
        name: String,
        /// What the file system said.
        source: io::Error,
    },
    /// The runtime stopped, or a bug panicked, in the middle of the work.
    #[error("the object store was interrupted")]
    Interrupted {
        /// How the task ended.
        source: tokio::task::JoinError,
    },
    /// The request is one that S3 refuses.
    #[error(transparent)]
    Refused(Refusal),
}

/// A refusal as S3 words it: an error code and a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", code.as_str())]
pub struct Refusal {
    /// S3's error code, which also gives the HTTP status.
    pub code: S3ErrorCode,
    /// One sentence for the caller.
    pub reason: &'static str,
}

/// Builds an [`ObjectStoreError::Refused`].
pub(super) fn refused(code: S3ErrorCode, reason: &'static str) -> ObjectStoreError {
    ObjectStoreError::Refused(Refusal { code, reason })
}

impl From<ObjectStoreError> for S3Error {
    /// A refusal keeps its code; anything else is S3's `InternalError`, which clients may retry.
    fn from(error: ObjectStoreError) -> Self {
        match error {
            ObjectStoreError::Refused(refusal) => Self::with_message(refusal.code, refusal.reason),
            failure => Self::internal_error(failure),
        }
    }
}

/// How a transaction on the index ended early. [`super::object_store::Inner::transact`] turns it into
/// an [`ObjectStoreError`] that names the attempt, so the steps of a transaction need not.
#[derive(Debug)]
pub(super) enum Failure {
    Sql(rusqlite::Error),
    Settled(ObjectStoreError),
}

impl Failure {
    pub(super) fn during(self, attempt: &'static str) -> ObjectStoreError {
        match self {
            Self::Sql(source) => ObjectStoreError::Index { attempt, source },
            Self::Settled(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sql(source)
    }
}

impl From<ObjectStoreError> for Failure {
    fn from(error: ObjectStoreError) -> Self {
        Self::Settled(error)
    }
}
