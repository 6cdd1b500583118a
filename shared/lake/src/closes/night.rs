//! A night's entries on their way into the bucket: a local file, its sum and what the entries come to.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use domain::close::{Close, ClosedNight, EntriesFile, NightTotals};
use domain::{LedgerEntry, Timestamp};
use sha2::{Digest, Sha256};

use crate::LakeError;

/// The file `entries.jsonl` of one night while it is written: of the entries themselves none is held in memory.
#[derive(Debug)]
pub struct NightFile {
    path: PathBuf,
    file: BufWriter<File>,
    sha256: Sha256,
    entries: u64,
    bytes: u64,
    totals: NightTotals,
}

impl NightFile {
    /// Begins the file at `path`.
    ///
    /// # Errors
    /// [`LakeError::File`] when it cannot be made.
    pub fn create(path: &Path) -> Result<Self, LakeError> {
        let file = File::create(path).map_err(|source| file_error(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            sha256: Sha256::new(),
            entries: 0,
            bytes: 0,
            totals: NightTotals::default(),
        })
    }

    /// Adds an entry. Entries come by entry id.
    ///
    /// # Errors
    /// [`LakeError`] when it cannot be encoded or written.
    pub fn add(&mut self, entry: &LedgerEntry) -> Result<(), LakeError> {
        let line = line_of(entry)?;
        self.file
            .write_all(&line)
            .map_err(|source| file_error(&self.path, source))?;
        self.sha256.update(&line);
        self.entries += 1;
        self.bytes += line.len() as u64;
        self.totals.count(entry);
        Ok(())
    }

    /// Ends the file and gives the close that it makes after `previous`.
    ///
    /// # Errors
    /// [`LakeError::File`] when it cannot be written.
    pub fn close(
        &mut self,
        as_of: Timestamp,
        date: NaiveDate,
        previous: Option<&ClosedNight>,
    ) -> Result<Close, LakeError> {
        self.file
            .flush()
            .map_err(|source| file_error(&self.path, source))?;
        let file = EntriesFile {
            count: self.entries,
            bytes: self.bytes,
            sha256: hex::encode(self.sha256.clone().finalize()),
        };
        Ok(self.totals.clone().close(as_of, date, file, previous))
    }

    /// Its length so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What was written from an offset on.
    pub(super) fn written_since(&mut self, offset: u64) -> Result<Vec<u8>, LakeError> {
        let mut lines = Vec::new();
        let mut read = || {
            self.file.flush()?;
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(offset))?;
            file.read_to_end(&mut lines)
        };
        read().map_err(|source| file_error(&self.path, source))?;
        Ok(lines)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// An entry's one line.
pub(super) fn line_of(entry: &LedgerEntry) -> Result<Vec<u8>, LakeError> {
    let mut line = serde_json::to_vec(entry).map_err(|source| LakeError::Encode {
        what: "an entry",
        source: source.into(),
    })?;
    line.push(b'\n');
    Ok(line)
}

fn file_error(path: &Path, source: std::io::Error) -> LakeError {
    LakeError::File {
        attempt: format!("write {}", path.display()),
        source,
    }
}
