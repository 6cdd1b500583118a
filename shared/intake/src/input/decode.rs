//! UTF-16 and GB18030, decoded as they are read, strictly: what does not decode refuses the file, nothing is replaced.

use std::io::{self, Read};

use domain::code::FileCode;
use encoding_rs::{Decoder, DecoderResult};

use super::{BUFFER_BYTES, Lines};
use crate::FileError;
use crate::about::Encoding;

/// Bytes that a buffer of encoded text decodes to, at most: GB18030 and UTF-16 grow by half.
const DECODED_BYTES: usize = BUFFER_BYTES * 2;

/// A reader of UTF-8 over one of another encoding.
pub(crate) struct Decoded<R> {
    reader: R,
    encoding: Encoding,
    decoder: Decoder,
    encoded: Box<[u8]>,
    decoded: Box<[u8]>,
    start: usize,
    end: usize,
    at_end: bool,
    lines: Lines,
}

impl<R: Read> Decoded<R> {
    /// `None` for UTF-8, which needs no decoding.
    pub(crate) fn new(reader: R, encoding: Encoding) -> Result<Self, R> {
        let Some(codec) = encoding.codec() else {
            return Err(reader);
        };
        Ok(Self {
            reader,
            encoding,
            decoder: codec.new_decoder_with_bom_removal(),
            encoded: vec![0; BUFFER_BYTES].into_boxed_slice(),
            decoded: vec![0; DECODED_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            at_end: false,
            lines: Lines::default(),
        })
    }

    /// Decodes the next bytes that come; at the end of the text, what was left open.
    fn decode_more(&mut self) -> io::Result<()> {
        let count = self.reader.read(&mut self.encoded)?;
        self.at_end = count == 0;
        let (result, _, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.encoded[..count],
            &mut self.decoded,
            self.at_end,
        );
        (self.start, self.end) = (0, written);
        match result {
            DecoderResult::InputEmpty => {}
            DecoderResult::OutputFull => {
                return Err(io::Error::other("decoded text is longer than it can be"));
            }
            DecoderResult::Malformed(..) => return Err(io::Error::other(self.malformed())),
        }
        self.lines.pass(&self.decoded[..self.end]);
        Ok(())
    }

    fn malformed(&mut self) -> FileError {
        self.lines.pass(&self.decoded[..self.end]);
        let (line, encoding) = (self.lines.line(), self.encoding);
        if self.at_end {
            let detail =
                format!("it ends within a character, in line {line} | 文件在第 {line} 行的一个字符中间中断");
            return FileError::new(FileCode::FileDamaged, detail);
        }
        FileError::new(
            FileCode::EncodingUnsure,
            format!("line {line} is not {encoding} | 第 {line} 行不是 {encoding}"),
        )
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.start == self.end && !self.at_end {
            self.decode_more()?;
        }
        let count = buffer.len().min(self.end - self.start);
        buffer[..count].copy_from_slice(&self.decoded[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}
