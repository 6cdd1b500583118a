//! The files of a dry run: the one at hand, and those of its answer.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use lake::Answer;

use super::DryRunError;

/// Where an answer's files go. They are written beside their places and moved there when all are whole: a run that is
/// killed leaves the answer of an earlier one, or none.
pub(super) struct AnswerFiles {
    directory: PathBuf,
    /// `rejected.csv` in the making.
    pub(super) rejected: PathBuf,
    /// `repaired.xlsx` in the making.
    pub(super) repaired: PathBuf,
    report: PathBuf,
}

impl AnswerFiles {
    pub(super) fn create(directory: &Path) -> Result<Self, DryRunError> {
        fs::create_dir_all(directory).map_err(write_failed(directory))?;
        let files = Self {
            directory: directory.to_owned(),
            rejected: directory.join(".rejected.csv.part"),
            repaired: directory.join(".repaired.xlsx.part"),
            report: directory.join(".report.json.part"),
        };
        // What a run left that was killed is none of this one's.
        for left in [&files.rejected, &files.repaired, &files.report] {
            remove(left)?;
        }
        Ok(files)
    }

    /// No row of a refused file counts: an empty list of rejected rows, as in the cloud, and nothing repaired.
    pub(super) fn discard_rows(&self) -> Result<(), DryRunError> {
        write(&self.rejected, b"")?;
        remove(&self.repaired)
    }

    /// Puts the files in their places, the report last.
    pub(super) fn publish(&self, answer: &Answer) -> Result<(), DryRunError> {
        let body = serde_json::to_vec_pretty(answer);
        let body = body.map_err(|error| write_failed(&self.report)(error.into()))?;
        write(&self.report, &body)?;
        // An earlier report would speak of other files.
        remove(&self.directory.join("report.json"))?;
        let has_repaired = self.repaired.exists();
        self.put(&self.rejected, "rejected.csv")?;
        if has_repaired {
            self.put(&self.repaired, "repaired.xlsx")?;
        } else {
            remove(&self.directory.join("repaired.xlsx"))?;
        }
        self.put(&self.report, "report.json")
    }

    fn put(&self, made: &Path, name: &str) -> Result<(), DryRunError> {
        let place = self.directory.join(name);
        fs::rename(made, &place).map_err(write_failed(&place))
    }
}

fn write(path: &Path, body: &[u8]) -> Result<(), DryRunError> {
    fs::write(path, body).map_err(write_failed(path))
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), DryRunError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(write_failed(path)(source)),
        _ => Ok(()),
    }
}

fn write_failed(path: &Path) -> impl Fn(io::Error) -> DryRunError {
    |source| DryRunError::Write {
        path: path.to_owned(),
        source,
    }
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
