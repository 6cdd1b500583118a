//! Compressed text, inflated as it is read: what comes out is counted by the bound behind it, and nothing that comes out
//! is inflated again.

use std::io::{self, BufReader, Read};

use domain::code::FileCode;
use flate2::read::MultiGzDecoder;

use super::bounded::SourceError;
use crate::about::Compression;
use crate::{FileError, UploadError};

/// The largest window that a zstd frame may ask for, as a power of two: 128 MiB, what `zstd` itself takes by default.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A text's bytes, inflated where they are compressed. Several gzip members or zstd frames are one text.
pub(crate) enum Inflated<R> {
    Plain(R),
    Gzip(Box<MultiGzDecoder<R>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<R>>>),
}

impl<R: Read> Inflated<R> {
    pub(crate) fn new(reader: R, compression: Option<Compression>) -> io::Result<Self> {
        Ok(match compression {
            None => Self::Plain(reader),
            Some(Compression::Gzip) => Self::Gzip(Box::new(MultiGzDecoder::new(reader))),
            Some(Compression::Zstd) => {
                let mut decoder = zstd::Decoder::new(reader)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Self::Zstd(Box::new(decoder))
            }
        })
    }
}

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer).map_err(|error| damaged(error, "gzip")),
            Self::Zstd(decoder) => decoder.read(buffer).map_err(|error| damaged(error, "zstd")),
        }
    }
}

/// What an inflater says: of its source or of a limit as it is, of the bytes as `FILE_DAMAGED`.
fn damaged(error: io::Error, format: &str) -> io::Error {
    let is_ours = error.get_ref().is_some_and(|inner| {
        inner.is::<SourceError>() || inner.is::<FileError>() || inner.is::<UploadError>()
    });
    if is_ours || error.kind() == io::ErrorKind::Interrupted {
        return error;
    }
    let detail = if error.kind() == io::ErrorKind::UnexpectedEof {
        format!("the {format} data is cut off | {format} 数据不完整")
    } else {
        format!("the {format} data is broken | {format} 数据已损坏")
    };
    io::Error::other(FileError::new(FileCode::FileDamaged, detail))
}
