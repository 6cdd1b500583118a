//! A delimited text in blocks of whole records.
//!
//! Records are found from front to back, since a line end inside quotes ends none; what a record says can then be read
//! from many blocks at once. Only quotes are looked at on the way, and there are few: cutting costs a fraction of
//! reading.

use std::io::Read;
use std::mem;

use domain::code::FileCode;
use memchr::{memchr, memrchr2};

use super::line_ends;
use crate::{FileError, Limits, UploadError};

/// Bytes of a block, but for a single record that is longer.
const BLOCK_BYTES: usize = 1 << 19;

/// UTF-8 bytes of a character, at most.
const CHARACTER_BYTES_MAX: usize = 4;

/// Whole records of a delimited text.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The records with their line ends.
    pub(super) text: String,
    /// The line on which the block begins, from 1.
    pub(super) line: u64,
}

/// Cuts a text into blocks.
pub(crate) struct Blocks<R> {
    reader: R,
    delimiter: u8,
    block_bytes: usize,
    record_bytes_max: usize,
    /// What was read and not handed out yet.
    rest: Vec<u8>,
    /// The line on which `rest` begins.
    line: u64,
    ended: bool,
}

/// How far the quotes of what was read have been looked through.
#[derive(Clone, Copy, Default)]
struct Quotes {
    /// Up to here every quote was looked at.
    seen: usize,
    /// Whether quotes are open at `seen`.
    open: bool,
    /// Where the quotes before were closed; line ends before it may stand inside them.
    closed: usize,
    /// The end of the last record that is known to end.
    records_end: usize,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(reader: R, delimiter: u8, limits: &Limits) -> Self {
        let cell_bytes_max = limits.cell_characters_max.saturating_mul(CHARACTER_BYTES_MAX);
        Self {
            reader,
            delimiter,
            block_bytes: BLOCK_BYTES,
            record_bytes_max: cell_bytes_max
                .saturating_add(3)
                .saturating_mul(limits.columns_max + 1),
            rest: Vec::new(),
            line: 1,
            ended: false,
        }
    }

    /// The next block; `None` at the end of the text.
    ///
    /// A record longer than the limits allow is handed out cut off: whoever reads it says which limit it breaks.
    ///
    /// # Errors
    /// [`UploadError::Read`] when the bytes do not come, [`UploadError::Refused`] as the layers below refuse, or with
    /// `ENCODING_UNSURE` for bytes that are no UTF-8.
    pub(crate) fn next(&mut self) -> Result<Option<Block>, UploadError> {
        let mut quotes = Quotes::default();
        loop {
            self.fill()?;
            self.look(&mut quotes);
            let end = if self.ended || self.rest.len() > self.record_bytes_max {
                self.rest.len()
            } else {
                quotes.records_end
            };
            if end > 0 || self.ended {
                return self.cut(end);
            }
        }
    }

    /// Reads a block's bytes more, or to the end.
    fn fill(&mut self) -> Result<(), UploadError> {
        if !self.ended {
            let wanted = self.block_bytes;
            self.rest.reserve(wanted);
            let read = self
                .reader
                .by_ref()
                .take(wanted as u64)
                .read_to_end(&mut self.rest)?;
            self.ended = read < wanted;
        }
        Ok(())
    }

    /// Looks through the quotes of what was read since the last look, and for the last line end outside of them.
    fn look(&self, quotes: &mut Quotes) {
        let text = &self.rest;
        while let Some(found) = memchr(b'"', &text[quotes.seen..]) {
            let at = quotes.seen + found;
            let next = text.get(at + 1);
            if quotes.open && next.is_none() && !self.ended {
                // Whether this one closes is told by what comes behind it.
                quotes.seen = at;
                return;
            }
            quotes.seen = at + 1;
            if quotes.open && next == Some(&b'"') {
                quotes.seen = at + 2;
            } else if quotes.open {
                quotes.open = false;
                quotes.closed = at + 1;
            } else if self.begins_cell(at) {
                self.note_records_end(quotes, at);
                quotes.open = true;
            }
        }
        quotes.seen = text.len();
        if !quotes.open {
            self.note_records_end(quotes, text.len());
        }
    }

    /// Whether a cell begins there: only then does a quote open anything.
    fn begins_cell(&self, at: usize) -> bool {
        at == 0 || matches!(self.rest[at - 1], b'\n' | b'\r') || self.rest[at - 1] == self.delimiter
    }

    /// Takes the last line end before `end` for the end of a record, when it lies behind those known.
    fn note_records_end(&self, quotes: &mut Quotes, end: usize) {
        let start = quotes.closed.max(quotes.records_end);
        let mut region = &self.rest[start..end];
        // A CR as the last byte read may be half of a CR LF.
        if end == self.rest.len() && !self.ended && region.ends_with(b"\r") {
            region = &region[..region.len() - 1];
        }
        if let Some(at) = memrchr2(b'\n', b'\r', region) {
            quotes.records_end = start + at + 1;
        }
    }

    /// Takes the records up to `end` off.
    fn cut(&mut self, end: usize) -> Result<Option<Block>, UploadError> {
        // A record cut off by the limits is not cut within a character.
        let end = (0..=end)
            .rev()
            .find(|&end| is_boundary(&self.rest, end))
            .unwrap_or(end);
        let rest = self.rest.split_off(end);
        let bytes = mem::replace(&mut self.rest, rest);
        if bytes.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        if let Some(at) = memchr(0, &bytes) {
            let line = line + line_ends(&bytes[..at]);
            let detail = format!("a NUL byte in line {line} | 第 {line} 行有 NUL 字节");
            return Err(FileError::new(FileCode::FileDamaged, detail).into());
        }
        self.line += line_ends(&bytes);
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = line + line_ends(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
            let detail = format!("line {line} is not UTF-8 | 第 {line} 行不是 UTF-8");
            FileError::new(FileCode::EncodingUnsure, detail)
        })?;
        Ok(Some(Block { text, line }))
    }
}

fn is_boundary(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RawRow;
    use crate::delimited::{Place, Records};

    fn records(text: &str, block_bytes: usize) -> (String, Vec<Vec<String>>, Vec<u64>) {
        let limits = Limits::default();
        let mut blocks = Blocks {
            block_bytes,
            ..Blocks::new(text.as_bytes(), b',', &limits)
        };
        let mut splitter = Records::new(b',', limits);
        let (mut whole, mut rows, mut lines) = (String::new(), Vec::new(), Vec::new());
        while let Some(block) = blocks.next().expect("a block") {
            let (mut place, mut row) = (Place::default(), RawRow::default());
            while splitter.read(&block, &mut place, &mut row).expect("a record") {
                rows.push(row.cells().map(str::to_owned).collect());
                lines.push(row.line());
            }
            whole.push_str(&block.text);
        }
        (whole, rows, lines)
    }

    /// What the `csv` crate makes of a text, blank records left out.
    fn expected(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let records = reader.records().map(|record| record.expect("text"));
        let rows = records.map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>());
        rows.filter(|row| row.iter().any(|cell| !cell.trim().is_empty()))
            .collect()
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a", "é", "订单", ",", ",", "\n", "\r\n", "\r", "\"", "\"\"", "\"a,b\"", "\"a\nb\"", " ", "x\"y",
        ]);
        // What ends within quotes is refused; here it is closed.
        prop::collection::vec(piece, 0..60).prop_map(|pieces| {
            let text = pieces.concat();
            if ends_quoted(&text) { text + "\"" } else { text }
        })
    }

    proptest! {
        /// Wherever blocks are cut, the records are those of the `csv` crate.
        #[test]
        fn blocks_hold_whole_records(text in any_text(), block_bytes in 1..40_usize) {
            let (whole, rows, _) = records(&text, block_bytes);
            prop_assert_eq!(&whole, &text);
            prop_assert_eq!(rows, expected(&text));
        }

        /// A row's line is told alike from small blocks and from one.
        #[test]
        fn lines_are_counted_across_blocks(text in any_text(), block_bytes in 1..40_usize) {
            prop_assert_eq!(records(&text, block_bytes).2, records(&text, 1 << 16).2);
        }
    }

    /// Whether the text ends within quotes that were never closed.
    fn ends_quoted(text: &str) -> bool {
        let mut quotes = Quotes::default();
        let blocks = Blocks {
            ended: true,
            rest: text.as_bytes().to_vec(),
            ..Blocks::new(&b""[..], b',', &Limits::default())
        };
        blocks.look(&mut quotes);
        quotes.open
    }
}
