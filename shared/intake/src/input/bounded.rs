//! The source of an upload's bytes, and bounds on how many of them are read.

use std::io::{self, Read, Seek, SeekFrom};

use domain::code::FileCode;

use crate::FileError;

/// A failure of the source itself. It is told apart from what an inflater says of bytes that did come: those are the
/// file's fault, this is not.
#[derive(Debug, thiserror::Error)]
#[error("the source failed")]
pub(crate) struct SourceError(#[source] pub(crate) io::Error);

/// Where an upload's bytes come from; its failures are marked as its own.
pub(crate) struct Source<R>(pub(crate) R);

fn marked(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::Interrupted {
        error
    } else {
        io::Error::other(SourceError(error))
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(marked)
    }
}

impl<R: Seek> Seek for Source<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.0.seek(position).map_err(marked)
    }
}

/// A reader that refuses what is longer than `bytes_max` with `code`.
///
/// One stands before any inflating (`FILE_TOO_LARGE`) and one behind it (`INFLATE_LIMIT`).
pub(crate) struct Bounded<R> {
    reader: R,
    bytes: u64,
    bytes_max: u64,
    code: FileCode,
}

impl<R: Read> Bounded<R> {
    pub(crate) fn new(reader: R, bytes_max: u64, code: FileCode) -> Self {
        Self {
            reader,
            bytes: 0,
            bytes_max,
            code,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes += count as u64;
        if self.bytes > self.bytes_max {
            return Err(io::Error::other(beyond(self.code, self.bytes_max)));
        }
        Ok(count)
    }
}

/// The refusal of what has more than `bytes_max` bytes.
pub(crate) fn beyond(code: FileCode, bytes_max: u64) -> FileError {
    FileError::new(code, size(bytes_max))
}

/// A limit for people: `512 MB` where it is whole megabytes.
pub(crate) fn size(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MB", bytes >> 20)
    } else {
        format!("{bytes} B")
    }
}
