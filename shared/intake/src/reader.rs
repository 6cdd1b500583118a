//! Rows of a delimited text, one after the other, in bounded memory.
//!
//! A file of any size is read through one buffer; what is kept is the row at hand, and that is bounded by the limits
//! on columns and cells. The same bytes give the same rows and the same refusal however they arrive.

use std::io::Read;
use std::str;

use csv_core::ReadRecordResult;
use domain::code::FileCode;

use crate::input::Input;
use crate::{FileError, Limits, RawRow, UploadError};

/// Bytes of text kept for a record at first; grows with the record, within the limits.
const RECORD_BYTES: usize = 1 << 12;

/// Records of a delimited text, the header among them; blank lines are passed over.
pub(crate) struct Records<R> {
    input: Input<R>,
    splitter: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    limits: Limits,
    /// The line on which the next byte stands, from 1.
    line: u64,
    /// Whether the byte before was a CR, so that an LF now ends no line of its own.
    after_cr: bool,
}

/// How much has been split off of the record at hand.
#[derive(Default)]
struct Split {
    text: usize,
    ends: usize,
    quotes: usize,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(input: Input<R>, delimiter: u8, limits: Limits) -> Self {
        let splitter = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // One more than allowed, so that one too many is seen as such.
        let ends = vec![0; limits.columns_max.saturating_add(1)];
        Self {
            input,
            splitter,
            text: vec![0; RECORD_BYTES],
            ends,
            limits,
            line: 1,
            after_cr: false,
        }
    }

    /// Reads the next record that is not blank.
    pub(crate) fn read(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        while self.pass_line_ends()? {
            let split = self.split()?;
            self.take(&split, row)?;
            if !row.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Passes over line ends before a record; false at the end of the text.
    fn pass_line_ends(&mut self) -> Result<bool, UploadError> {
        loop {
            match self.input.fill()?.first() {
                None => return Ok(false),
                Some(b'\r') => self.end_line(true),
                Some(b'\n') if self.after_cr => self.after_cr = false,
                Some(b'\n') => self.end_line(false),
                Some(_) => return Ok(true),
            }
            self.input.consume(1);
        }
    }

    fn end_line(&mut self, by_cr: bool) {
        self.line += 1;
        self.after_cr = by_cr;
    }

    /// Splits one record, with the first byte of its line end, into `self.text` and `self.ends`.
    fn split(&mut self) -> Result<Split, UploadError> {
        let mut split = Split::default();
        self.after_cr = false;
        loop {
            let buffered = self.input.fill()?;
            let at_end = buffered.is_empty();
            // At the end of the text a line end is added: it closes every record but one inside quotes.
            let input = if at_end { b"\n" } else { buffered };
            let (result, read, written, ended) =
                self.splitter
                    .read_record(input, &mut self.text[split.text..], &mut self.ends[split.ends..]);
            split.quotes += input[..read].iter().filter(|&&byte| byte == b'"').count();
            split.text += written;
            split.ends += ended;
            self.after_cr = input[..read].last() == Some(&b'\r');
            self.input.consume(if at_end { 0 } else { read });
            match result {
                ReadRecordResult::Record => return Ok(split),
                ReadRecordResult::OutputEndsFull => return Err(self.too_many_cells().into()),
                ReadRecordResult::OutputFull => {
                    self.check_open_cell(&split)?;
                    self.text.resize(self.text.len() * 2, 0);
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    self.check_open_cell(&split)?;
                    if at_end {
                        let line = self.line + line_ends(&self.text[..self.open_cell_start(&split)]);
                        let detail =
                            format!("a quote in line {line} is never closed | 第 {line} 行的引号没有闭合");
                        return Err(FileError::new(FileCode::FileDamaged, detail).into());
                    }
                }
            }
        }
    }

    /// Checks the record that was split off and hands it over.
    fn take(&mut self, split: &Split, row: &mut RawRow) -> Result<(), FileError> {
        let (bytes, ends) = (&self.text[..split.text], &self.ends[..split.ends]);
        if ends.len() > self.limits.columns_max {
            return Err(self.too_many_cells());
        }
        let text = str::from_utf8(bytes).map_err(|error| self.unsure_encoding(error.valid_up_to()))?;
        if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
            let line = self.line + line_ends(&bytes[..at]);
            let detail = format!("a NUL byte in line {line} | 第 {line} 行有 NUL 字节");
            return Err(FileError::new(FileCode::FileDamaged, detail));
        }
        if !row.replace(text, ends) {
            return Err(self.unsure_encoding(0));
        }
        if text.len() > self.limits.cell_characters_max {
            self.check_cells(row)?;
        }
        let lines_within = if split.quotes > 0 { line_ends(bytes) } else { 0 };
        row.line = self.line;
        row.stray_quote = lines_within > 0 && split.quotes % 2 == 1;
        self.line += lines_within + 1;
        Ok(())
    }

    /// Bounds the cell that is being read: what an unclosed quote can swallow is one cell.
    fn check_open_cell(&self, split: &Split) -> Result<(), FileError> {
        let start = self.open_cell_start(split);
        let open = &self.text[start..split.text];
        let max = self.limits.cell_characters_max;
        // Bytes that continue a character are none of their own.
        if open.len() > max && open.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() > max {
            return Err(self.cell_too_long(start));
        }
        Ok(())
    }

    fn check_cells(&self, row: &RawRow) -> Result<(), FileError> {
        let max = self.limits.cell_characters_max;
        let mut start = 0;
        for cell in row.cells() {
            if cell.len() > max && cell.chars().count() > max {
                return Err(self.cell_too_long(start));
            }
            start += cell.len();
        }
        Ok(())
    }

    fn open_cell_start(&self, split: &Split) -> usize {
        split.ends.checked_sub(1).map_or(0, |last| self.ends[last])
    }

    /// Names the line where the cell began: there a quote may have been opened and not closed.
    fn cell_too_long(&self, start: usize) -> FileError {
        let line = self.line + line_ends(&self.text[..start]);
        let max = self.limits.cell_characters_max;
        let detail = format!(
            "the cell that begins in line {line} has more than {max} characters | 从第 {line} 行开始的单元格超过 {max} 个字符"
        );
        FileError::new(FileCode::CellLimit, detail)
    }

    fn too_many_cells(&self) -> FileError {
        let (line, max) = (self.line, self.limits.columns_max);
        FileError::new(
            FileCode::ColumnLimit,
            format!("{max} columns in line {line} | {max} 列（第 {line} 行）"),
        )
    }

    fn unsure_encoding(&self, valid: usize) -> FileError {
        let line = self.line + line_ends(&self.text[..valid]);
        FileError::new(
            FileCode::EncodingUnsure,
            format!("line {line} is not UTF-8 | 第 {line} 行不是 UTF-8"),
        )
    }
}

/// Line ends inside quoted cells: LF, CR LF or CR.
fn line_ends(text: &[u8]) -> u64 {
    let lf = text.iter().filter(|&&byte| byte == b'\n').count();
    let lone_cr = text
        .iter()
        .zip(text.iter().skip(1).chain([&b' ']))
        .filter(|&(&byte, &next)| byte == b'\r' && next != b'\n')
        .count();
    (lf + lone_cr) as u64
}
