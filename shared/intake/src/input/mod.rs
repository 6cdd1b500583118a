//! The bytes of an upload's text, a buffer at a time: source → bound → inflated → bound → decoded.

mod bounded;
mod decode;
mod inflate;

use std::io::{self, Read};

use domain::code::FileCode;

use crate::Limits;
use crate::about::{Compression, Encoding};
pub(crate) use bounded::{Bounded, Source, SourceError, beyond, size};
use decode::Decoded;
use inflate::Inflated;

/// Bytes that are looked at together; the file's kind and its delimiter are told from the first so many.
pub(crate) const BUFFER_BYTES: usize = 1 << 16;

/// An upload's text as it is encoded: bounded, inflated, bounded again.
pub(crate) struct Encoded<R>(Bounded<Inflated<Bounded<Source<R>>>>);

impl<R: Read> Encoded<R> {
    pub(crate) fn new(source: R, compression: Option<Compression>, limits: &Limits) -> io::Result<Self> {
        let file = Bounded::new(Source(source), limits.file_bytes_max, FileCode::FileTooLarge);
        let inflated = Inflated::new(file, compression)?;
        Ok(Self(Bounded::new(
            inflated,
            limits.text_bytes_max,
            FileCode::InflateLimit,
        )))
    }
}

impl<R: Read> Read for Encoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// UTF-8, decoded where it has to be.
enum Text<R> {
    AsItIs(Encoded<R>),
    Decoded(Box<Decoded<Encoded<R>>>),
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::AsItIs(text) => text.read(buffer),
            Self::Decoded(text) => text.read(buffer),
        }
    }
}

/// A buffer over an upload's text. Always filled to the brim or to the end, so that what is found in a file does not
/// depend on how its bytes arrive.
pub(crate) struct Input<R> {
    text: Text<R>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(encoded: Encoded<R>, encoding: Encoding) -> Self {
        let text = match Decoded::new(encoded, encoding) {
            Ok(decoded) => Text::Decoded(Box::new(decoded)),
            Err(utf8) => Text::AsItIs(utf8),
        };
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
            self.end = fill(&mut self.text, &mut self.buffer)?;
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

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            return self.text.read(buffer);
        }
        let count = buffer.len().min(self.end - self.start);
        buffer[..count].copy_from_slice(&self.buffered()[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// Fills a buffer to the brim or to the end of what there is; gives how many bytes are in it.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut end = 0;
    while end < buffer.len() {
        match reader.read(&mut buffer[end..]) {
            Ok(0) => break,
            Ok(count) => end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(end)
}

/// Counts the lines of a text that comes in pieces. They end with LF, CR LF or CR.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lines {
    ends: u64,
    after_cr: bool,
}

impl Lines {
    pub(crate) fn pass(&mut self, text: &[u8]) {
        for &byte in text {
            let ends = byte == b'\r' || (byte == b'\n' && !self.after_cr);
            self.ends += u64::from(ends);
            self.after_cr = byte == b'\r';
        }
    }

    /// The line on which the next byte stands, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.ends + 1
    }
}
