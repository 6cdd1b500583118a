//! Object bodies as files: written once under a name never used before, then only read or removed.
//!
//! Because a body file never changes, a reader that has it open sees the whole old object even while
//! a newer one replaces it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use futures::{StreamExt, stream};
use s3s::dto::StreamingBlob;
use s3s::{S3ErrorCode, StdError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::digests::{Digests, Verified};
use super::error::{ObjectStoreError, refused};

/// S3's bound on the body of one put or one part.
const BODY_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;
/// How much of a body is hashed, written or read at once: bounds the memory of a transfer, and how
/// long it keeps a runtime thread.
const PIECE_BYTES: usize = 256 * 1024;
/// Marks a body that is still being written.
const DRAFT_SUFFIX: &str = ".tmp";

/// The directory of body files.
pub(super) struct Bodies {
    dir: PathBuf,
    /// Which opening of the store this is: a name can never meet one from an earlier life.
    opening: u64,
    next: AtomicU64,
}

impl Bodies {
    pub(super) fn new(dir: PathBuf, opening: u64) -> Self {
        Self {
            dir,
            opening,
            next: AtomicU64::new(0),
        }
    }

    /// A name that was never given out before, in this life of the store or an earlier one.
    pub(super) fn new_name(&self) -> String {
        format!(
            "{:08x}-{:08x}",
            self.opening,
            self.next.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Starts a new body.
    pub(super) fn create(&self) -> Result<(Draft, File), ObjectStoreError> {
        let name = self.new_name();
        let path = self.dir.join(format!("{name}{DRAFT_SUFFIX}"));
        match File::options().write(true).create_new(true).open(&path) {
            Ok(file) => Ok((
                Draft {
                    sealed_path: self.dir.join(&name),
                    name,
                    path,
                    kept: false,
                },
                file,
            )),
            Err(source) => Err(ObjectStoreError::Body {
                attempt: "create",
                name,
                source,
            }),
        }
    }

    /// Opens a body for reading; one shorter or longer than the index says is an error, not half an object.
    pub(super) fn open(&self, name: &str, size_bytes: u64) -> Result<File, ObjectStoreError> {
        let opened = File::open(self.dir.join(name)).and_then(|file| {
            if file.metadata()?.len() == size_bytes {
                return Ok(file);
            }
            Err(io::Error::new(
                ErrorKind::InvalidData,
                "its size is not the one the index knows",
            ))
        });
        opened.map_err(|source| ObjectStoreError::Body {
            attempt: "open",
            name: name.to_owned(),
            source,
        })
    }

    /// Removes bodies that no row names any more. A body that cannot be removed is swept at the next open.
    pub(super) fn remove(&self, names: &[String]) {
        for name in names {
            if let Err(error) = fs::remove_file(self.dir.join(name)) {
                tracing::warn!(body.name = name, %error, "failed to remove an object body no longer used");
            }
        }
    }

    /// Whether any body exists, finished or not.
    pub(super) fn any(&self) -> io::Result<bool> {
        for entry in fs::read_dir(&self.dir)? {
            if is_body_name(&entry?.file_name().to_string_lossy()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what a crash left: drafts, and bodies whose row never committed.
    pub(super) fn sweep(&self, in_use: &HashSet<String>) -> Result<(), ObjectStoreError> {
        let failed = |source| ObjectStoreError::Body {
            attempt: "sweep",
            name: "*".to_owned(),
            source,
        };
        let (mut swept, mut found) = (0_usize, 0_usize);
        for entry in fs::read_dir(&self.dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            if in_use.contains(name.as_ref()) {
                found += 1;
            } else if is_body_name(&name) {
                fs::remove_file(self.dir.join(name.as_ref())).map_err(failed)?;
                swept += 1;
            }
        }
        if swept > 0 {
            tracing::info!(bodies = swept, "swept object bodies that were never committed");
        }
        if found < in_use.len() {
            let missing = in_use.len() - found;
            tracing::warn!(
                bodies = missing,
                "object bodies are missing; reading those objects will fail"
            );
        }
        Ok(())
    }
}

/// Whether a file is one of ours. Anything else in the directory is left alone.
fn is_body_name(name: &str) -> bool {
    let name = name.strip_suffix(DRAFT_SUFFIX).unwrap_or(name);
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split_once('-')
        .is_some_and(|(opening, number)| hex(opening) && hex(number))
}

/// A body no row names yet. Dropping it removes the file, so that a refused digest, a failed
/// condition or a client that went away leaves nothing behind.
pub(super) struct Draft {
    name: String,
    path: PathBuf,
    sealed_path: PathBuf,
    kept: bool,
}

impl Draft {
    /// Gives the finished body its final name, and tells it: no row can name a body before this.
    pub(super) fn seal(&mut self) -> Result<String, ObjectStoreError> {
        fs::rename(&self.path, &self.sealed_path).map_err(|source| self.failed("rename", source))?;
        self.path.clone_from(&self.sealed_path);
        Ok(self.name.clone())
    }

    /// The row that names this body has committed.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }

    pub(super) fn failed(&self, attempt: &'static str, source: io::Error) -> ObjectStoreError {
        ObjectStoreError::Body {
            attempt,
            name: self.name.clone(),
            source,
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(body.name = self.name, %error, "failed to remove an object body never committed");
        }
    }
}

/// A whole body on disk, its digests verified, not yet named by any row.
pub(super) struct Received {
    pub(super) draft: Draft,
    pub(super) size_bytes: u64,
    pub(super) digests: Verified,
}

/// Writes a request's body to a new file, piece by piece, and checks its length and digests.
pub(super) async fn receive(
    bodies: Arc<Bodies>,
    body: Option<StreamingBlob>,
    mut digests: Digests,
) -> Result<Received, ObjectStoreError> {
    let created = tokio::task::spawn_blocking(move || bodies.create()).await;
    let (draft, file) = created.map_err(|source| ObjectStoreError::Interrupted { source })??;
    let mut file = tokio::fs::File::from_std(file);
    let mut size_bytes = 0_u64;
    let mut body = stream::iter(body).flatten();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| cut_short(&error))?;
        size_bytes += chunk.len() as u64;
        if size_bytes > BODY_BYTES_MAX {
            let reason = "Your proposed upload exceeds the maximum allowed object size";
            return Err(refused(S3ErrorCode::EntityTooLarge, reason));
        }
        for piece in chunk.chunks(PIECE_BYTES) {
            digests.update(piece);
            file.write_all(piece)
                .await
                .map_err(|source| draft.failed("write", source))?;
        }
    }
    file.flush()
        .await
        .map_err(|source| draft.failed("write", source))?;
    let digests = digests.verify(size_bytes)?;
    Ok(Received {
        draft,
        size_bytes,
        digests,
    })
}

/// What a body stream that failed means to S3. `s3s` does not export the error types of its
/// verifying streams, so their names in the message are all there is to tell them by.
fn cut_short(error: &StdError) -> ObjectStoreError {
    let message = error.to_string();
    if message.contains("Sha256Mismatch") {
        refused(
            S3ErrorCode::BadDigest,
            "The provided 'x-amz-content-sha256' header does not match what was computed",
        )
    } else if message.contains("SignatureMismatch") {
        refused(
            S3ErrorCode::SignatureDoesNotMatch,
            "The signature of a chunk does not match",
        )
    } else {
        tracing::debug!(%error, "the body of a request ended early");
        refused(
            S3ErrorCode::IncompleteBody,
            "The request body ended before the number of bytes it announced",
        )
    }
}

/// Streams some of the bytes of an open body.
pub(super) fn send(mut file: File, bytes: Range<u64>) -> io::Result<StreamingBlob> {
    file.seek(SeekFrom::Start(bytes.start))?;
    let start = (tokio::fs::File::from_std(file), bytes.end - bytes.start);
    Ok(StreamingBlob::wrap(stream::try_unfold(
        start,
        |(mut file, remaining)| async move {
            if remaining == 0 {
                return Ok::<_, io::Error>(None);
            }
            let mut piece = BytesMut::with_capacity(PIECE_BYTES);
            let read = (&mut file).take(remaining).read_buf(&mut piece).await? as u64;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            Ok(Some((piece.freeze(), (file, remaining - read))))
        },
    )))
}

/// Copies a body into another, through `observe`, and returns how many bytes there were.
pub(super) fn append(
    source: &mut File,
    target: &mut File,
    mut observe: impl FnMut(&[u8]),
) -> io::Result<u64> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut copied = 0;
    loop {
        let read = source.read(&mut piece)?;
        if read == 0 {
            return Ok(copied);
        }
        observe(&piece[..read]);
        io::Write::write_all(target, &piece[..read])?;
        copied += read as u64;
    }
}
