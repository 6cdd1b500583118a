//! The rows of a sheet, one after the other.

use std::io::Read;

use domain::code::FileCode;

use super::cell::{Cell, Head};
use super::merges::Merges;
use super::part::Part;
use super::plain::PlainCell;
use super::reference::{GRID_ROWS, parse_row};
use super::xml::{Node, Tag, Xml};
use super::{Book, damaged};
use crate::input::beyond;
use crate::{CellMark, FileError, Limits, RawRow, UploadError};

/// A sheet being read.
pub(super) struct Rows<R> {
    xml: Xml<R>,
    stage: Stage,
    merges: Merges,
    cell: Cell,
    /// The row at hand, from 1.
    position: u32,
    /// Rows that are not blank, the header among them.
    rows: u64,
    cells: u64,
    /// Bytes of the texts of all rows.
    text_bytes: u64,
    pub(super) hidden_rows: u64,
    pub(super) formula_cells: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Within,
    After,
}

/// What a row says about itself.
struct RowHead {
    position: Option<u32>,
    hidden: bool,
}

/// What became of a row.
struct RowRead {
    blank: bool,
    formulas: u64,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(part: Part<R>, merges: Merges) -> Self {
        Self {
            xml: Xml::new(part),
            stage: Stage::Before,
            merges,
            cell: Cell::default(),
            position: 0,
            rows: 0,
            cells: 0,
            text_bytes: 0,
            hidden_rows: 0,
            formula_cells: 0,
        }
    }

    /// Bytes inflated so far.
    pub(super) fn bytes(&self) -> u64 {
        self.xml.bytes()
    }

    /// Reads the next row that is not blank; false at the end.
    pub(super) fn read(&mut self, book: &Book, row: &mut RawRow) -> Result<bool, UploadError> {
        while self.stage != Stage::After {
            let head = match self.xml.next()? {
                Node::Open(tag) if self.stage == Stage::Within && tag.name() == b"row" => RowHead::of(&tag)?,
                Node::Open(tag) if tag.name() == b"sheetData" => {
                    self.stage = Stage::Within;
                    continue;
                }
                Node::Close(end) if end.name() == b"sheetData" => {
                    self.stage = Stage::After;
                    continue;
                }
                Node::End => {
                    self.stage = Stage::After;
                    continue;
                }
                _ => continue,
            };
            let read = self.read_row(&head, book, row)?;
            // One text, shared or merged, may stand in a million cells.
            self.text_bytes += row.bytes() as u64;
            if self.text_bytes > book.limits.sheet_bytes_max {
                return Err(beyond(FileCode::InflateLimit, book.limits.sheet_bytes_max).into());
            }
            if !read.blank {
                self.count(&head, &read, &book.limits)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts a row that is handed out; the header is none of the data's.
    fn count(&mut self, head: &RowHead, read: &RowRead, limits: &Limits) -> Result<(), FileError> {
        if self.rows > limits.sheet_rows_max {
            return Err(too_many_rows(limits.sheet_rows_max));
        }
        self.rows += 1;
        self.hidden_rows += u64::from(head.hidden);
        self.formula_cells += read.formulas;
        Ok(())
    }

    fn read_row(&mut self, head: &RowHead, book: &Book, row: &mut RawRow) -> Result<RowRead, UploadError> {
        let position = head.position.unwrap_or(self.position + 1);
        if position <= self.position {
            return Err(damaged("rows are out of order", "行的顺序错乱"));
        }
        if position > GRID_ROWS {
            return Err(too_many_rows(u64::from(GRID_ROWS)).into());
        }
        self.position = position;
        self.merges.advance(position);
        row.clear();
        row.line = u64::from(position);
        let (mut next_column, mut blank, mut formulas) = (0, true, 0);
        while let Some(head) = self.next_cell(&book.limits)? {
            let column = head.place.map_or(next_column, |place| place.column);
            if column < next_column || head.place.is_some_and(|place| place.row != position) {
                return Err(damaged("cells are out of order", "单元格的顺序错乱"));
            }
            next_column = column + 1;
            self.cells += 1;
            if self.cells > book.limits.cells_max {
                let max = book.limits.cells_max;
                let detail = format!("{max} cells | {max} 个单元格");
                return Err(FileError::new(FileCode::CellCountLimit, detail).into());
            }
            formulas += u64::from(self.cell.formula);
            blank &= !self.place(column, book, row)?;
        }
        fill(&self.merges, position, u32::MAX, row);
        Ok(RowRead { blank, formulas })
    }

    /// Reads the row's next cell; none at the row's end.
    fn next_cell(&mut self, limits: &Limits) -> Result<Option<Head>, UploadError> {
        if let Some(plain) = PlainCell::at(self.xml.buffered()) {
            let (head, bytes) = (Head::of_plain(&plain)?, plain.bytes);
            self.cell.take(head, plain.value, limits)?;
            self.xml.pass(bytes);
            return Ok(Some(head));
        }
        loop {
            let head = match self.xml.next()? {
                Node::Open(tag) if tag.name() == b"c" => Head::of(&tag)?,
                Node::Open(tag) if tag.name() == b"row" => {
                    return Err(damaged("a row lies within a row", "行嵌套"));
                }
                Node::Close(end) if end.name() == b"row" => return Ok(None),
                _ => continue,
            };
            self.cell.read(head, &mut self.xml, limits)?;
            return Ok(Some(head));
        }
    }

    /// Puts the cell that was read into its row, and the merged cells before it. True when it holds something.
    fn place(&mut self, column: u32, book: &Book, row: &mut RawRow) -> Result<bool, UploadError> {
        let (text, number) = self.cell.shown(book)?;
        let formula = self.cell.formula;
        fill(&self.merges, self.position, column, row);
        if let Some(merged) = self.merges.covering(column) {
            let first = merged.range.first;
            if (first.row, first.column) != (self.position, column) {
                // Hidden under the merged cell, whose own value stands here when all cells before are in place.
                return Ok(false);
            }
            merged.text.clear();
            merged.text.push_str(&text);
            (merged.formula, merged.number) = (formula, number);
        }
        if text.is_empty() && !formula {
            return Ok(false);
        }
        if column as usize >= book.limits.columns_max {
            let (line, max) = (self.position, book.limits.columns_max);
            let detail = format!("{max} columns in line {line} | {max} 列（第 {line} 行）");
            return Err(FileError::new(FileCode::ColumnLimit, detail).into());
        }
        put(row, column, &text, formula, number);
        Ok(!text.trim().is_empty())
    }
}

impl RowHead {
    fn of(tag: &Tag<'_>) -> Result<Self, UploadError> {
        let mut head = Self {
            position: None,
            hidden: false,
        };
        for attribute in tag.attributes() {
            match attribute? {
                (b"r", number) => {
                    let beyond = number.len() > 6 && number.iter().all(u8::is_ascii_digit);
                    head.position = Some(parse_row(&number).ok_or_else(|| {
                        if beyond {
                            too_many_rows(u64::from(GRID_ROWS)).into()
                        } else {
                            damaged("a row's number is none", "行号无效")
                        }
                    })?);
                }
                (b"hidden", hidden) => head.hidden = matches!(&*hidden, b"1" | b"true"),
                _ => {}
            }
        }
        Ok(head)
    }
}

/// Puts what merged cells above say into the columns before `column` that the row has not reached.
fn fill(merges: &Merges, position: u32, column: u32, row: &mut RawRow) {
    for merged in merges.crossed() {
        let first = merged.range.first;
        if first.column >= column {
            break;
        }
        let reached = (first.column as usize) < row.len();
        if !reached && first.row < position && (!merged.text.is_empty() || merged.formula) {
            put(row, first.column, &merged.text, merged.formula, merged.number);
        }
    }
}

/// Adds a cell at its column, empty ones before it.
fn put(row: &mut RawRow, column: u32, text: &str, formula: bool, number: bool) {
    while row.len() < column as usize {
        row.push_cell("");
    }
    row.push_cell(text);
    if formula {
        row.mark(CellMark::Formula);
    }
    if number && !text.is_empty() {
        row.mark(CellMark::Number);
    }
}

fn too_many_rows(max: u64) -> FileError {
    FileError::new(FileCode::RowLimit, format!("{max} rows | {max} 行"))
}
