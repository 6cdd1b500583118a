//! A look at a file before its rows are read: what it holds, and in which encoding.
//!
//! An encoding is never guessed from a few bytes. A text without a byte order mark is read through once, without looking
//! at its rows: it is UTF-8 if all of it is, else GB18030 if all of it is, else unsure. What was found serves every later
//! pass over the same bytes.

use std::io::{self, Read, Seek};

use domain::code::FileCode;
use encoding_rs::{DecoderResult, GB18030};
use simdutf8::compat;

use crate::about::{Compression, Encoding};
use crate::file::{Container, container, stated_encoding};
use crate::input::{BUFFER_BYTES, Encoded, Lines, Source, fill};
use crate::{FileError, Limits, UploadError};

/// What a file holds, for [`open_surveyed`](crate::open_surveyed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    pub(crate) container: Container,
    pub(crate) encoding: Encoding,
    pub(crate) sheet: Option<String>,
    lines: u64,
}

impl Survey {
    /// Line feeds of a text: about as many as it has rows. 0 for a workbook.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The same, with the sheet of a workbook that is to be read; without one it is the first visible sheet with the
    /// kind's header.
    #[must_use]
    pub fn on_sheet(self, name: impl Into<String>) -> Self {
        Self {
            sheet: Some(name.into()),
            ..self
        }
    }
}

/// Bytes that are checked together.
const CHUNK_BYTES: usize = 1 << 18;

/// Bytes of a character of UTF-8 that may stand at the end of a chunk without its rest, at most.
const OPEN_BYTES_MAX: usize = 3;

/// Surveys a file. It is left wherever reading ended.
///
/// # Errors
/// [`UploadError::Refused`] with `FILE_TOO_LARGE`, `FILE_TYPE`, `FILE_DAMAGED`, `INFLATE_LIMIT` or `ENCODING_UNSURE`;
/// [`UploadError::Read`] when the bytes do not come.
pub fn survey<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Survey, UploadError> {
    let mut head = [0; 8];
    source.rewind().map_err(UploadError::Read)?;
    let count = fill(&mut Source(&mut *source), &mut head)?;
    let container = container(&head[..count]);
    let (encoding, lines) = match container {
        Container::Zip => (Encoding::Utf8, 0),
        Container::Text(compression) => encoding_of(source, compression, limits)?,
    };
    Ok(Survey {
        container,
        encoding,
        sheet: None,
        lines,
    })
}

fn encoding_of<R: Read + Seek>(
    source: &mut R,
    compression: Option<Compression>,
    limits: &Limits,
) -> Result<(Encoding, u64), UploadError> {
    source.rewind().map_err(UploadError::Read)?;
    let mut text = Counted {
        text: Encoded::new(&mut *source, compression, limits)?,
        feeds: 0,
    };
    let encoding = match utf8(&mut text, compression, limits)? {
        Utf8::Stated(encoding) => {
            io::copy(&mut text, &mut io::sink())?;
            encoding
        }
        Utf8::Whole => Encoding::Utf8,
        Utf8::BrokenAt(broken_at) => {
            source.rewind().map_err(UploadError::Read)?;
            text = Counted {
                text: Encoded::new(source, compression, limits)?,
                feeds: 0,
            };
            gb18030(&mut text, broken_at)?
        }
    };
    Ok((encoding, text.feeds))
}

/// A text whose line feeds are counted as it is read.
struct Counted<R> {
    text: Encoded<R>,
    feeds: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        self.feeds += memchr::memchr_iter(b'\n', &buffer[..count]).count() as u64;
        Ok(count)
    }
}

/// What a pass over a text shows.
enum Utf8 {
    /// It says itself what it is.
    Stated(Encoding),
    Whole,
    /// The byte at which it is no UTF-8 any more.
    BrokenAt(u64),
}

/// Reads a text as far as it is UTF-8.
///
/// Stops early at a line so long that some limit is broken whatever the encoding: the reader of the rows will say which.
fn utf8(
    text: &mut impl Read,
    compression: Option<Compression>,
    limits: &Limits,
) -> Result<Utf8, UploadError> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut passed, mut open, mut line_start) = (0_u64, 0, 0_u64);
    loop {
        let count = open + fill(text, &mut chunk[open..])?;
        let bytes = &chunk[..count];
        if passed == 0
            && let Some(stated) = stated_encoding(bytes, compression)?
        {
            return Ok(Utf8::Stated(stated));
        }
        let valid = match compat::from_utf8(bytes) {
            Ok(_) => count,
            Err(error) if error.error_len().is_none() && count == chunk.len() => error.valid_up_to(),
            Err(error) => return Ok(Utf8::BrokenAt(passed + error.valid_up_to() as u64)),
        };
        if let Some(at) = memchr::memrchr2(b'\n', b'\r', bytes) {
            line_start = passed + at as u64;
        }
        if count < chunk.len() || passed + count as u64 - line_start > line_bytes_max(limits) {
            return Ok(Utf8::Whole);
        }
        open = count - valid;
        debug_assert!(open <= OPEN_BYTES_MAX, "only a character's beginning is left");
        chunk.copy_within(valid..count, 0);
        passed += valid as u64;
    }
}

/// Bytes of a line that breaks neither the limit on columns nor that on cells: every character of four bytes, every cell
/// in quotes and with its delimiter.
fn line_bytes_max(limits: &Limits) -> u64 {
    let cell_bytes_max = (limits.cell_characters_max as u64)
        .saturating_mul(4)
        .saturating_add(3);
    (limits.columns_max as u64).saturating_mul(cell_bytes_max)
}

/// How much of UTF-8's own shape a text may show before it breaks and still be taken for GB18030. A character of two
/// bytes weighs one and happens by chance one time in five, a longer one weighs three and happens one time in fifty.
const UTF8_WEIGHT_MAX: u64 = 8;

/// Whether all of a text that is no UTF-8 is GB18030.
///
/// That it decodes is not enough: UTF-8 with a broken character, and Western European text, may decode to Chinese that
/// nobody wrote. The first shows whole characters of UTF-8 before the break; the second an ASCII letter behind almost
/// every accented one, which in Chinese is the exception.
fn gb18030(text: &mut impl Read, broken_at: u64) -> Result<Encoding, UploadError> {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut chunk = vec![0; BUFFER_BYTES];
    let mut decoded = vec![0; BUFFER_BYTES * 2];
    let (mut passed, mut weight) = (0_u64, 0);
    let (mut to_break, mut lines, mut pairs) = (Lines::default(), Lines::default(), Pairs::default());
    loop {
        let count = fill(text, &mut chunk)?;
        let bytes = &chunk[..count];
        let before = broken_at.saturating_sub(passed).min(count as u64) as usize;
        to_break.pass(&bytes[..before]);
        weight += bytes[..before].iter().map(|&byte| utf8_weight(byte)).sum::<u64>();
        passed += count as u64;
        let is_last = count < chunk.len();
        if passed >= broken_at && weight > UTF8_WEIGHT_MAX {
            let line = to_break.line();
            return Err(unsure(format!(
                "line {line} is not UTF-8 | 第 {line} 行不是 UTF-8"
            )));
        }
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(bytes, &mut decoded, is_last);
        lines.pass(&bytes[..read]);
        if matches!(result, DecoderResult::Malformed(..)) {
            let line = lines.line();
            return Err(unsure(format!(
                "line {line} is neither UTF-8 nor GB18030 | 第 {line} 行既不是 UTF-8 也不是 GB18030"
            )));
        }
        pairs.pass(bytes);
        if is_last {
            break;
        }
    }
    if pairs.are_chinese() {
        return Ok(Encoding::Gb18030);
    }
    let line = to_break.line();
    Err(unsure(format!(
        "line {line} is not UTF-8, and as GB18030 it makes no sense | 第 {line} 行不是 UTF-8，按 GB18030 解读又不像中文"
    )))
}

fn unsure(detail: String) -> UploadError {
    FileError::new(FileCode::EncodingUnsure, detail).into()
}

/// What a byte that begins a character of UTF-8 weighs.
fn utf8_weight(byte: u8) -> u64 {
    match byte {
        0xc0..=0xdf => 1,
        0xe0.. => 3,
        _ => 0,
    }
}

/// Characters of two bytes, and how many of them end in an ASCII letter or sign.
#[derive(Default)]
struct Pairs {
    lead: bool,
    count: u64,
    ending_in_ascii: u64,
}

impl Pairs {
    fn pass(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if !self.lead {
                self.lead = byte > 0x80;
                continue;
            }
            self.lead = false;
            // A digit belongs to a character of four bytes: two pairs of its own kind, which tell nothing.
            if !byte.is_ascii_digit() {
                self.count += 1;
                self.ending_in_ascii += u64::from(byte.is_ascii());
            }
        }
    }

    fn are_chinese(&self) -> bool {
        self.ending_in_ascii * 2 <= self.count
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn surveyed(text: &[u8]) -> Result<Encoding, (FileCode, String)> {
        match survey(&mut Cursor::new(text), &Limits::default()) {
            Ok(survey) => Ok(survey.encoding),
            Err(UploadError::Refused(refusal)) => Err((refusal.code, refusal.detail)),
            Err(UploadError::Read(error)) => panic!("memory can always be read: {error}"),
        }
    }

    fn gbk(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    fn unsure_line(text: &[u8]) -> String {
        let (code, detail) = surveyed(text).expect_err("unsure");
        assert_eq!(code, FileCode::EncodingUnsure, "{detail}");
        detail
    }

    #[test]
    fn text_is_utf8_if_all_of_it_is_and_else_gb18030_if_all_of_it_is() {
        assert_eq!(surveyed(b""), Ok(Encoding::Utf8));
        assert_eq!(surveyed("订单号,物流方式\n".as_bytes()), Ok(Encoding::Utf8));
        assert_eq!(surveyed(&gbk("订单号,物流方式\n1,燕文\n")), Ok(Encoding::Gb18030));
        assert_eq!(
            surveyed(&gbk("訂單號,物流方式,收貨國家\n")),
            Ok(Encoding::Gb18030)
        );
        assert_eq!(surveyed(&gbk("订单号,𠮷野家\n")), Ok(Encoding::Gb18030));
        let late = format!("{}备注", "order_id,carrier\n".repeat(100_000));
        assert_eq!(surveyed(late.as_bytes()), Ok(Encoding::Utf8));
        assert_eq!(surveyed(&gbk(&late)), Ok(Encoding::Gb18030));
    }

    #[test]
    fn a_character_across_two_chunks_is_whole() {
        for before in CHUNK_BYTES - 4..=CHUNK_BYTES {
            let text = format!("{}订", "x\n".repeat(before / 2) + &"x".repeat(before % 2));
            assert_eq!(surveyed(text.as_bytes()), Ok(Encoding::Utf8), "{before}");
            assert_eq!(surveyed(&gbk(&text)), Ok(Encoding::Gb18030), "{before}");
        }
    }

    #[test]
    fn utf8_that_breaks_is_not_taken_for_chinese() {
        let mut text = "订单号,物流方式\n8000011000000005,燕文\n".as_bytes().to_vec();
        text.extend("敦豪敦\n".as_bytes().iter().skip(1));
        assert!(unsure_line(&text).starts_with("line 3 is not UTF-8"));
    }

    #[test]
    fn western_text_is_not_taken_for_chinese() {
        assert!(unsure_line(b"order_id,carrier\n1,caf\xe9s S\xe3o\n").contains("line 2 "));
    }

    #[test]
    fn what_is_neither_is_named_by_its_line() {
        assert!(unsure_line(b"a,b\n1,\xff\n").starts_with("line 2 is neither"));
        let late = [b"a,b\n".repeat(100_000), b"1,\xff\n".to_vec()].concat();
        assert!(unsure_line(&late).starts_with("line 100001 is neither"));
        let mut cut = gbk("订单号\n备注");
        cut.pop();
        assert!(unsure_line(&cut).starts_with("line 2 is neither"));
    }

    #[test]
    fn a_line_beyond_all_limits_is_not_read_to_its_end() {
        struct Counting(u64);
        impl Read for Counting {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += buffer.len() as u64;
                buffer.fill(b'x');
                Ok(buffer.len())
            }
        }
        impl Seek for Counting {
            fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
                Ok(0)
            }
        }
        let mut endless = Counting(0);
        assert!(survey(&mut endless, &Limits::default()).is_ok());
        assert!(endless.0 < 40 << 20, "{} bytes were read", endless.0);
    }
}
