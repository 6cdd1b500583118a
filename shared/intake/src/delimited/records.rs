//! The records of a block, one after the other.
//!
//! A record without quotes, which nearly all are, is split in one look over its bytes. Where a quote stands, the `csv`
//! crate's automaton says what it means.

use csv_core::ReadRecordResult;
use domain::code::FileCode;

use super::marks::Marks;
use super::{Block, line_ends};
use crate::{FileError, Limits, RawRow};

/// Bytes of text kept for a record with quotes at first; grows with the record, within the limits.
const RECORD_BYTES: usize = 1 << 12;

/// Ends of cells kept for such a record at first.
const RECORD_CELLS: usize = 1 << 6;

/// Splits records; keeps its memory from block to block.
pub(crate) struct Records {
    marks: Marks,
    delimiter: u8,
    /// Made when the first quote is met: making one takes as long as splitting a hundred records.
    splitter: Option<Box<csv_core::Reader>>,
    text: Vec<u8>,
    ends: Vec<usize>,
    limits: Limits,
}

/// How far a block has been read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    at: usize,
    /// Line ends before `at`.
    lines: u64,
}

/// How much has been split off of the record at hand.
#[derive(Default)]
struct Split {
    read: usize,
    text: usize,
    ends: usize,
    quotes: usize,
}

impl Records {
    pub(crate) fn new(delimiter: u8, limits: Limits) -> Self {
        Self {
            marks: Marks::of(delimiter),
            delimiter,
            splitter: None,
            text: Vec::new(),
            ends: Vec::new(),
            limits,
        }
    }

    /// Reads the next record that is not blank; false at the end of the block.
    ///
    /// # Errors
    /// `COLUMN_LIMIT`, `CELL_LIMIT`, or `FILE_DAMAGED` for quotes that are never closed.
    pub(crate) fn read(
        &mut self,
        block: &Block,
        place: &mut Place,
        row: &mut RawRow,
    ) -> Result<bool, FileError> {
        while pass_line_ends(block, place) {
            row.line = block.line + place.lines;
            if !self.take_plain(block, place, row)? {
                self.take_quoted(block, place, row)?;
            }
            if !row.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes a record without quotes; false when it has some, and then nothing is taken.
    fn take_plain(&self, block: &Block, place: &mut Place, row: &mut RawRow) -> Result<bool, FileError> {
        let text = &block.text[place.at..];
        row.clear();
        let mut length = text.len();
        for index in self.marks.within(text.as_bytes()) {
            match text.as_bytes()[index] {
                byte if byte == self.delimiter => row.end_cell(index),
                b'"' => return Ok(false),
                b'\n' | b'\r' => {
                    length = index;
                    break;
                }
                _ => {}
            }
        }
        row.end_cell(length);
        row.take_line(&text[..length]);
        if row.len() > self.limits.columns_max {
            return Err(self.too_many_cells(row.line));
        }
        if length > self.limits.cell_characters_max {
            self.check_cells(row)?;
        }
        place.at += length;
        Ok(true)
    }

    /// Takes a record with quotes.
    fn take_quoted(&mut self, block: &Block, place: &mut Place, row: &mut RawRow) -> Result<(), FileError> {
        let bytes = &block.text.as_bytes()[place.at..];
        let split = self.split(bytes, row.line)?;
        let (cells, ends) = (&self.text[..split.text], &self.ends[..split.ends]);
        if ends.len() > self.limits.columns_max {
            return Err(self.too_many_cells(row.line));
        }
        let replaced = std::str::from_utf8(cells).is_ok_and(|cells| row.replace(cells, ends));
        if !replaced {
            let line = row.line;
            let detail = format!("line {line} is not UTF-8 | 第 {line} 行不是 UTF-8");
            return Err(FileError::new(FileCode::EncodingUnsure, detail));
        }
        if cells.len() > self.limits.cell_characters_max {
            self.check_cells(row)?;
        }
        let lines_within = line_ends(&bytes[..split.read]);
        row.stray_quote = lines_within > 0 && split.quotes % 2 == 1;
        // What ends the record is passed over before the next one.
        place.at += split.read;
        place.lines += lines_within;
        Ok(())
    }

    /// Splits one record into `self.text` and `self.ends`; its line end is not read.
    fn split(&mut self, bytes: &[u8], line: u64) -> Result<Split, FileError> {
        let mut split = Split::default();
        let delimiter = self.delimiter;
        // One more than allowed, so that one too many is seen as such.
        let ends_max = self.limits.columns_max.saturating_add(1);
        let mut splitter = self.splitter.take().unwrap_or_else(|| {
            self.text.resize(RECORD_BYTES, 0);
            self.ends.resize(RECORD_CELLS.min(ends_max), 0);
            Box::new(csv_core::ReaderBuilder::new().delimiter(delimiter).build())
        });
        loop {
            let rest = &bytes[split.read..];
            // At the end of the text a line end is added: it closes every record but one inside quotes.
            let input = if rest.is_empty() { b"\n" } else { rest };
            let (result, read, written, ended) =
                splitter.read_record(input, &mut self.text[split.text..], &mut self.ends[split.ends..]);
            if !rest.is_empty() {
                split.quotes += rest[..read].iter().filter(|&&byte| byte == b'"').count();
                split.read += read;
            }
            split.text += written;
            split.ends += ended;
            match result {
                ReadRecordResult::Record => {
                    let ended_by_text =
                        bytes[..split.read].ends_with(b"\n") || bytes[..split.read].ends_with(b"\r");
                    split.read -= usize::from(!rest.is_empty() && ended_by_text);
                    self.splitter = Some(splitter);
                    return Ok(split);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() == ends_max => {
                    return Err(self.too_many_cells(line));
                }
                ReadRecordResult::OutputEndsFull => {
                    self.ends
                        .resize(self.ends.len().saturating_mul(2).min(ends_max), 0);
                }
                ReadRecordResult::OutputFull => {
                    self.check_open_cell(&split, line)?;
                    self.text.resize(self.text.len() * 2, 0);
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    self.check_open_cell(&split, line)?;
                    if rest.is_empty() {
                        let line = line + line_ends(&self.text[..self.open_cell_start(&split)]);
                        let detail =
                            format!("a quote in line {line} is never closed | 第 {line} 行的引号没有闭合");
                        return Err(FileError::new(FileCode::FileDamaged, detail));
                    }
                }
            }
        }
    }

    /// Bounds the cell that is being read: what an unclosed quote can swallow is one cell.
    fn check_open_cell(&self, split: &Split, line: u64) -> Result<(), FileError> {
        let start = self.open_cell_start(split);
        let open = &self.text[start..split.text];
        let max = self.limits.cell_characters_max;
        // Bytes that continue a character are none of their own.
        if open.len() > max && open.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() > max {
            return Err(self.cell_too_long(line + line_ends(&self.text[..start])));
        }
        Ok(())
    }

    fn open_cell_start(&self, split: &Split) -> usize {
        split.ends.checked_sub(1).map_or(0, |last| self.ends[last])
    }

    fn check_cells(&self, row: &RawRow) -> Result<(), FileError> {
        let max = self.limits.cell_characters_max;
        let mut lines_before = 0;
        for cell in row.cells() {
            if cell.len() > max && cell.chars().count() > max {
                return Err(self.cell_too_long(row.line + lines_before));
            }
            lines_before += line_ends(cell.as_bytes());
        }
        Ok(())
    }

    /// Names the line where the cell began: there a quote may have been opened and not closed.
    fn cell_too_long(&self, line: u64) -> FileError {
        let max = self.limits.cell_characters_max;
        let detail = format!(
            "the cell that begins in line {line} has more than {max} characters | 从第 {line} 行开始的单元格超过 {max} 个字符"
        );
        FileError::new(FileCode::CellLimit, detail)
    }

    fn too_many_cells(&self, line: u64) -> FileError {
        let max = self.limits.columns_max;
        FileError::new(
            FileCode::ColumnLimit,
            format!("{max} columns in line {line} | {max} 列（第 {line} 行）"),
        )
    }
}

impl Place {
    /// The place of a row among rows that are told apart already.
    pub(crate) fn of_row(index: usize) -> Self {
        Self { at: index, lines: 0 }
    }

    /// Which row of such rows it is.
    pub(crate) fn row(self) -> usize {
        self.at
    }
}

impl Block {
    /// Bytes of its records.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether it was read up to its end.
    pub(crate) fn is_read(&self, place: Place) -> bool {
        place.at == self.text.len()
    }
}

/// Passes over line ends; false at the end of the block.
fn pass_line_ends(block: &Block, place: &mut Place) -> bool {
    let bytes = block.text.as_bytes();
    loop {
        let passed = match bytes[place.at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            [] => return false,
            _ => return true,
        };
        place.at += passed;
        place.lines += 1;
    }
}
