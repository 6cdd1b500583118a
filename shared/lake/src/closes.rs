//! Closes: each night's entries with their sums, chained by SHA-256 and written so that anyone can check them.
//!
//! ```text
//! closes/date=2024-06-12/20240612T070000Z/entries.jsonl   the night's entries, a line each, by entry id
//! closes/date=2024-06-12/20240612T070000Z/close.json      counts, totals, SHA-256 of the entries and of the close before
//! closes/date=2024-06-12/20240612T070000Z/SHA256SUMS      of both files, for `sha256sum -c`
//! closes/date=2024-06-12/20240612T070000Z-void-7/…        close number 7 withdraws everything later than that instant
//! closes/date=2024-06-13/20240613T070000Z-again-8/…       close number 8 is of a night that was withdrawn before
//! ```
//!
//! All three are made from the night's entries and the close before alone: whoever writes them again writes the same.

mod chain;
mod copy;
mod entries;
mod night;
mod parts;
mod standing;

use domain::close::Close;
use sha2::{Digest, Sha256};

pub use chain::{ChainProof, prove_chain};
pub use entries::CloseEntries;
pub use night::NightFile;
pub use parts::NightParts;

use crate::keys::close_of;
use crate::{Lake, LakeError};

pub(crate) const ENTRIES: &str = "entries.jsonl";
pub(crate) const CLOSE: &str = "close.json";
pub(crate) const SUMS: &str = "SHA256SUMS";

/// A close as its files have it, apart from the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFiles {
    /// `close.json`.
    pub close: Vec<u8>,
    /// SHA-256 of `close.json`, in hexadecimal: what the next close cites.
    pub sha256: String,
    /// `SHA256SUMS`.
    pub sums: String,
}

impl CloseFiles {
    /// The files of a close. One close has one form, to the byte.
    ///
    /// # Errors
    /// [`LakeError::Encode`] when it cannot be encoded.
    pub fn of(close: &Close) -> Result<Self, LakeError> {
        let mut bytes = serde_json::to_vec_pretty(close).map_err(|source| LakeError::Encode {
            what: "a close",
            source: source.into(),
        })?;
        bytes.push(b'\n');
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let sums = format!("{sha256}  {CLOSE}\n{}  {ENTRIES}\n", close.entries.sha256);
        Ok(Self {
            close: bytes,
            sha256,
            sums,
        })
    }
}

impl Lake {
    /// Writes a night's close. `entries` is the file that the close speaks of; `again` says that the night was closed and
    /// withdrawn before, and those files stay.
    ///
    /// # Errors
    /// [`LakeError`] when the entries cannot be read or the bucket refuses.
    pub async fn put_close(
        &self,
        close: &Close,
        files: CloseFiles,
        entries: &NightFile,
        again: bool,
    ) -> Result<(), LakeError> {
        let key = |file: &str| close_of(close, again, file);
        self.put_file(&key(ENTRIES), entries.path(), "application/x-ndjson")
            .await?;
        self.put(&key(CLOSE), files.close, "application/json").await?;
        self.put(&key(SUMS), files.sums.into_bytes(), "text/plain; charset=utf-8")
            .await
    }
}
