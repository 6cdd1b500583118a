//! The entries of closes, read again from the bucket.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use chrono::NaiveDate;
use domain::LedgerEntry;
use domain::close::Close;

use super::{CLOSE, ENTRIES};
use crate::keys::CLOSES;
use crate::{FetchedFile, Lake, LakeError};

/// A line of entries longer than this is none.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// The entries of a close, one after another from the local disk: their file has the SHA-256 that the close names.
#[derive(Debug)]
pub struct CloseEntries {
    /// The close.
    pub close: Close,
    file: FetchedFile,
    lines: BufReader<File>,
}

impl Lake {
    /// The folders of the closes of some days, in order; void closes are of every day, since they take back entries of nights
    /// later than their own.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket cannot be listed.
    pub async fn close_folders(&self, from: NaiveDate, until: NaiveDate) -> Result<Vec<String>, LakeError> {
        let folders = self.keys_under(CLOSES).await?.into_iter().filter_map(|key| {
            let folder = key.strip_prefix(CLOSES)?.strip_suffix(CLOSE)?.strip_suffix('/')?;
            let (date, night) = folder.strip_prefix("date=")?.split_once('/')?;
            let date: NaiveDate = date.parse().ok()?;
            let is_asked = (from..=until).contains(&date) || night.contains("-void-");
            is_asked.then(|| folder.to_owned())
        });
        Ok(folders.collect())
    }

    /// Fetches the entries of a close into `scratch`; `None` where its files are not what was closed.
    ///
    /// That the close follows the one before it is for [`crate::prove_chain`] to prove.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses.
    pub async fn close_entries(
        &self,
        folder: &str,
        scratch: &Path,
    ) -> Result<Option<CloseEntries>, LakeError> {
        let bytes = self.bytes(&format!("{CLOSES}{folder}/{CLOSE}")).await?;
        let Ok(close) = serde_json::from_slice::<Close>(&bytes) else {
            return Ok(None);
        };
        let key = format!("{CLOSES}{folder}/{ENTRIES}");
        let file = match self.fetch_one(key, scratch.join(ENTRIES)).await {
            Err(LakeError::Gone { .. }) => return Ok(None),
            fetched => fetched?,
        };
        if (file.bytes, &file.sha256) != (close.entries.bytes, &close.entries.sha256) {
            return Ok(None);
        }
        let lines = File::open(&file.path).map_err(|source| unreadable(&file, source))?;
        Ok(Some(CloseEntries {
            close,
            lines: BufReader::new(lines),
            file,
        }))
    }
}

impl Iterator for CloseEntries {
    type Item = Result<LedgerEntry, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.lines).take(LINE_BYTES_MAX);
        match bounded.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_slice(&line).map_err(|source| LakeError::Decode {
                key: self.file.key.clone(),
                source: source.into(),
            })),
            Err(source) => Some(Err(unreadable(&self.file, source))),
        }
    }
}

fn unreadable(file: &FetchedFile, source: std::io::Error) -> LakeError {
    LakeError::File {
        attempt: format!("read {}", file.path.display()),
        source,
    }
}
