//! The files of a dry run: the one at hand, and those of its answer.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use lake::Answer;

use super::DryRunError;

/// Where an answer's files go.
pub(super) struct AnswerFiles {
    pub(super) rejected: PathBuf,
    pub(super) repaired: PathBuf,
    report: PathBuf,
}

impl AnswerFiles {
    pub(super) fn create(directory: &Path) -> Result<Self, DryRunError> {
        fs::create_dir_all(directory).map_err(|source| DryRunError::Write {
            path: directory.to_owned(),
            source,
        })?;
        Ok(Self {
            rejected: directory.join("rejected.csv"),
            repaired: directory.join("repaired.xlsx"),
            report: directory.join("report.json"),
        })
    }

    /// No row of a refused file counts: an empty list of rejected rows, as in the cloud, and nothing repaired.
    pub(super) fn discard_rows(&self) -> Result<(), DryRunError> {
        write(&self.rejected, b"")?;
        match fs::remove_file(&self.repaired) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DryRunError::Write {
                path: self.repaired.clone(),
                source,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn report(&self, answer: &Answer) -> Result<(), DryRunError> {
        let body = serde_json::to_vec_pretty(answer).map_err(|error| DryRunError::Write {
            path: self.report.clone(),
            source: error.into(),
        })?;
        write(&self.report, &body)
    }
}

fn write(path: &Path, body: &[u8]) -> Result<(), DryRunError> {
    fs::write(path, body).map_err(|source| DryRunError::Write {
        path: path.to_owned(),
        source,
    })
}

/// A file that tells how far it has been read.
pub(super) struct Watched<'a> {
    file: File,
    at: u64,
    progress: &'a dyn Fn(u64),
}

impl<'a> Watched<'a> {
    pub(super) fn open(path: &Path, progress: &'a dyn Fn(u64)) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            at: 0,
            progress,
        })
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.at += read as u64;
        (self.progress)(self.at);
        Ok(read)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}
