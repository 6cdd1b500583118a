//! The policy that a data directory works by: chosen at its first use, then kept, so that no two commands judge its orders
//! by different rules.
//!
//! `policy/<sha256>.toml` is a text under its SHA-256; `policy/pinned` names the one in force as `sha256sum -c` reads it.
//! The name is replaced last, by one rename: a process killed meanwhile leaves the old policy or the new one. Earlier texts
//! stay, since entries cite them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{PolicyBook, with_causes};
use sha2::{Digest, Sha256};

use crate::cloud::{CloudError, open_objects};
use crate::private;

const FOLDER: &str = "policy";
const PINNED: &str = "pinned";

/// A data directory's policy was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The text that was in force; `None` when the directory had none, or its file is gone.
    pub before: Option<String>,
    /// The SHA-256 of the policy that was in force; `None` when the directory had none.
    pub before_sha256: Option<String>,
    /// The SHA-256 of the policy in force now.
    pub sha256: String,
}

/// The name of a policy: the SHA-256 of its whole text, as 64 hexadecimal digits.
pub fn policy_sha256(book: &PolicyBook) -> String {
    hex::encode(Sha256::digest(book.text()))
}

/// The policy that a data directory works by, `given` being the one that a command names: the pinned one; before its first
/// use the given one, else the shipped one. Nothing is written.
///
/// # Errors
/// [`CloudError::OtherPolicy`] when the given policy is not the pinned one, [`CloudError::Policy`] when the pinned one cannot be
/// used.
pub fn policy_of(data_dir: &Path, given: Option<Arc<PolicyBook>>) -> Result<Arc<PolicyBook>, CloudError> {
    let Some(pinned) = pinned_sha256(data_dir)? else {
        return Ok(given.unwrap_or_else(|| Arc::new(PolicyBook::shipped().clone())));
    };
    let book = read(&text_path(data_dir, &pinned), &pinned)?;
    match given {
        // Whole texts are compared: what an earlier release pinned is completed as the given one is.
        Some(given) if given.text() != book.text() => Err(CloudError::OtherPolicy {
            path: data_dir.to_path_buf(),
            pinned,
            given: policy_sha256(&given),
        }),
        _ => Ok(Arc::new(book)),
    }
}

fn read(path: &Path, sha256: &str) -> Result<PolicyBook, CloudError> {
    let unusable = |reason: String| CloudError::Policy {
        path: path.to_path_buf(),
        reason,
    };
    let text = fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    if hex::encode(Sha256::digest(&text)) != sha256 {
        return Err(unusable("its SHA-256 is not its name".to_owned()));
    }
    PolicyBook::parse(&text).map_err(|error| unusable(with_causes(&error)))
}

/// Pins a data directory to a policy at its first use; one that has a policy keeps it. The directory is the caller's alone.
pub(crate) fn pin_at_first_use(data_dir: &Path, book: &PolicyBook) -> Result<(), CloudError> {
    match pinned_sha256(data_dir)? {
        Some(_) => Ok(()),
        None => pin(data_dir, book, &policy_sha256(book)),
    }
}

/// Replaces the policy that a data directory works by, or gives it one before its first use.
///
/// # Errors
/// [`CloudError`] when the directory cannot be used, or another process has it.
pub async fn replace_policy(data_dir: &Path, book: &PolicyBook) -> Result<Replaced, CloudError> {
    // Held to the end: whoever works on the directory works by the policy that it found.
    let _objects = open_objects(data_dir).await?;
    let before_sha256 = pinned_sha256(data_dir)?;
    let before = before_sha256
        .as_ref()
        .and_then(|sha256| fs::read_to_string(text_path(data_dir, sha256)).ok());
    let sha256 = policy_sha256(book);
    pin(data_dir, book, &sha256)?;
    Ok(Replaced {
        before,
        before_sha256,
        sha256,
    })
}

/// The SHA-256 of the policy in force; `None` before the directory's first use.
fn pinned_sha256(data_dir: &Path) -> Result<Option<String>, CloudError> {
    let path = data_dir.join(FOLDER).join(PINNED);
    let line = match fs::read_to_string(&path) {
        Ok(line) => line,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Something else stands in the directory's place: said when it is opened.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => {
            let reason = error.to_string();
            return Err(CloudError::Policy { path, reason });
        }
    };
    let sha256 = line.split_whitespace().next().unwrap_or_default();
    let is_sha256 = sha256.len() == 64
        && sha256
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_sha256 {
        Ok(Some(sha256.to_owned()))
    } else {
        let reason = "it names no SHA-256".to_owned();
        Err(CloudError::Policy { path, reason })
    }
}

fn pin(data_dir: &Path, book: &PolicyBook, sha256: &str) -> Result<(), CloudError> {
    let folder = data_dir.join(FOLDER);
    let pinned = format!("{sha256}  {sha256}.toml\n");
    fs::create_dir_all(&folder)
        .and_then(|()| private::put(&text_path(data_dir, sha256), book.text()))
        .and_then(|()| private::put(&folder.join(PINNED), &pinned))
        // The renames themselves.
        .and_then(|()| File::open(&folder)?.sync_all())
        .map_err(|error| unwritable(&folder, &error))
}

fn text_path(data_dir: &Path, sha256: &str) -> PathBuf {
    data_dir.join(FOLDER).join(format!("{sha256}.toml"))
}

fn unwritable(path: &Path, error: &io::Error) -> CloudError {
    CloudError::Directory {
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}
