//! The bytes of an upload, a buffer at a time, counted against the limits.

use std::io::{self, Read};

use domain::code::FileCode;

use crate::{FileError, Limits};

/// Bytes that are looked at together; the file's kind and its delimiter are told from the first so many.
const BUFFER_BYTES: usize = 1 << 16;

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
            return Err(io::Error::other(FileError::new(self.code, size(self.bytes_max))));
        }
        Ok(count)
    }
}

/// A limit for people: `512 MB` where it is whole megabytes.
fn size(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MB", bytes >> 20)
    } else {
        format!("{bytes} B")
    }
}

/// The text's bytes. Inflating and decoding go between the two bounds when they come.
type Text<R> = Bounded<Bounded<R>>;

/// A buffer over an upload's text. Always filled to the brim or to the end, so that what is found in a file does not
/// depend on how its bytes arrive.
pub(crate) struct Input<R> {
    text: Text<R>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(reader: R, limits: &Limits) -> Self {
        let file = Bounded::new(reader, limits.file_bytes_max, FileCode::FileTooLarge);
        let text = Bounded::new(file, limits.text_bytes_max, FileCode::InflateLimit);
        Self {
            text,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
        }
    }

    /// What is buffered, more of it if all was consumed; empty at the end of the text.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            while self.end < self.buffer.len() {
                match self.text.read(&mut self.buffer[self.end..]) {
                    Ok(0) => break,
                    Ok(count) => self.end += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(self.buffered())
    }

    /// What is buffered.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}
