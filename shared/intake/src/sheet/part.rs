//! One part of a workbook, inflated a buffer at a time; its size and checksum are proven by reading it to its end.

use std::io::{self, BufRead, Read, Seek, Take};

use domain::code::FileCode;
use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::archive::{Entry, Packing};
use super::damage;
use crate::input::beyond;
use crate::{FileError, UploadError};

/// Bytes that are inflated together.
const BUFFER_BYTES: usize = 1 << 16;

/// How much all parts together may still inflate to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// The limit, for the message.
    pub(super) bytes_max: u64,
    /// What is left of it.
    pub(super) bytes_left: u64,
    /// Bytes of one piece (a tag, a text, a comment): what has to be held as a whole.
    pub(super) piece_bytes_max: usize,
}

/// The text of a part.
pub(super) struct Part<R> {
    body: Body<R>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    crc: Crc,
    expected_crc: u32,
    expected_bytes: u64,
    bytes: u64,
    allowance: Allowance,
    piece_bytes: usize,
    ended: bool,
}

enum Body<R> {
    Stored(Take<R>),
    Deflated(DeflateDecoder<Take<R>>),
}

impl<R: Read + Seek> Part<R> {
    /// Opens an entry.
    ///
    /// # Errors
    /// Those of [`Entry::unpack`].
    pub(super) fn open(source: R, entry: &Entry, allowance: Allowance) -> Result<Self, UploadError> {
        let (packed, packing) = entry.unpack(source)?;
        Ok(Self {
            body: match packing {
                Packing::Stored => Body::Stored(packed),
                Packing::Deflated => Body::Deflated(DeflateDecoder::new(packed)),
            },
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            crc: Crc::new(),
            expected_crc: entry.crc,
            expected_bytes: entry.bytes,
            bytes: 0,
            allowance,
            piece_bytes: 0,
            ended: false,
        })
    }
}

impl<R> Part<R> {
    /// Bytes inflated so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Begins a piece: what is consumed from here to the next call must stay within the bound.
    pub(super) fn begin_piece(&mut self) {
        self.piece_bytes = 0;
    }

    /// What is inflated and not consumed yet, and the two bytes before it where the buffer has them.
    pub(super) fn buffered(&self) -> (Option<&[u8; 2]>, &[u8]) {
        let before = self.buffer[..self.start].last_chunk();
        (before, &self.buffer[self.start..self.end])
    }

    /// Consumes so much of what is buffered.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.piece_bytes += bytes;
        self.start = (self.start + bytes).min(self.end);
    }

    /// Counts what was inflated; at the end proves the size and the checksum.
    fn prove(&mut self, count: usize) -> io::Result<()> {
        self.bytes += count as u64;
        self.crc.update(&self.buffer[..count]);
        if self.bytes > self.allowance.bytes_left {
            let refusal = beyond(FileCode::InflateLimit, self.allowance.bytes_max);
            return Err(io::Error::other(refusal));
        }
        self.ended = count == 0;
        let sound = if self.ended {
            self.bytes == self.expected_bytes && self.crc.sum() == self.expected_crc
        } else {
            self.bytes <= self.expected_bytes
        };
        if sound {
            Ok(())
        } else {
            Err(io::Error::other(damage(
                "the checksum or the size of a part is wrong",
                "内容校验失败",
            )))
        }
    }
}

impl<R: Read> Part<R> {
    /// Inflates into the buffer; 0 at the end. Bytes that do not inflate are the file's fault, bytes that do not come
    /// are not.
    fn inflate(&mut self) -> io::Result<usize> {
        loop {
            let read = match &mut self.body {
                Body::Stored(packed) => packed.read(&mut self.buffer),
                Body::Deflated(packed) => packed.read(&mut self.buffer),
            };
            return match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::InvalidData
                            | io::ErrorKind::InvalidInput
                            | io::ErrorKind::UnexpectedEof
                    ) =>
                {
                    Err(io::Error::other(damage(
                        "a part cannot be unpacked",
                        "有内容无法解压",
                    )))
                }
                read => read,
            };
        }
    }
}

impl<R: Read> BufRead for Part<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece_bytes > self.allowance.piece_bytes_max {
            let max = self.allowance.piece_bytes_max;
            let detail = format!("one text of more than {max} bytes | 单个文本超过 {max} 字节");
            return Err(io::Error::other(FileError::new(FileCode::CellLimit, detail)));
        }
        if self.start == self.end && !self.ended {
            let count = self.inflate()?;
            (self.start, self.end) = (0, count);
            self.prove(count)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.pass(count);
    }
}

impl<R: Read> Read for Part<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}
