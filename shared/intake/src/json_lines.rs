//! JSON Lines: one object a line, each a row under the columns of the first.
//!
//! Values become cells by their text: numbers keep every digit that was written, `null` is an empty cell, arrays and
//! objects are compact JSON. A line that is no object, or names a key twice, is a row of its own with that fault: the rows
//! around it stand.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Read;

use domain::code::FileCode;
use memchr::memchr;

use crate::header::{column_named, normalised};
use crate::input::Input;
use crate::object::{Fault, Member, append_json, append_text, parse};
use crate::{Column, Columns, FileError, Kind, Limits, RawRow, UploadError};

/// Bytes of a line, at most; a line is kept whole while it is read.
const LINE_BYTES_MAX: usize = 4 << 20;

/// The last column: what an object holds under keys that the first one has not.
const MORE: &str = "more";

/// The rows of a JSON Lines text.
pub(crate) struct JsonLines<R> {
    input: Input<R>,
    limits: Limits,
    kind: Kind,
    header: Vec<String>,
    /// Where the first object's keys stand, as they are written.
    keys: HashMap<String, usize>,
    /// Where the kind's columns stand.
    columns: HashMap<Column, usize>,
    text: Vec<u8>,
    /// The line that was read last, from 1.
    line: u64,
    /// Whether `text` holds a line whose row is still to be given: the first, which gave the columns.
    is_pending: bool,
    cells: Vec<String>,
}

impl<R: Read> JsonLines<R> {
    /// Reads the first line and takes the columns from it: its keys in their order, then the kind's other columns, then
    /// `more`. A first line that is no object gives the kind's columns only.
    ///
    /// # Errors
    /// `COLUMN_LIMIT`, and what [`JsonLines::read`] gives.
    pub(crate) fn open(input: Input<R>, kind: Kind, limits: Limits) -> Result<Self, UploadError> {
        let mut lines = Self {
            input,
            limits,
            kind,
            header: Vec::new(),
            keys: HashMap::new(),
            columns: HashMap::new(),
            text: Vec::new(),
            line: 0,
            is_pending: false,
            cells: Vec::new(),
        };
        lines.is_pending = lines.next_line()?;
        lines.take_columns()?;
        Ok(lines)
    }

    /// Whether the first object's own keys name all columns that the kind must have.
    pub(crate) fn has_required_columns(&self) -> bool {
        let keys: Vec<String> = self.keys.keys().cloned().collect();
        Columns::are_in(self.kind, &keys)
    }

    /// The columns.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// Reads the next row that is not blank; false at the end.
    ///
    /// # Errors
    /// `CELL_LIMIT` for a line or a cell that is too long, `FILE_DAMAGED` for a NUL byte, `ENCODING_UNSURE`, and what the
    /// input gives.
    pub(crate) fn read(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        while self.is_pending || self.next_line()? {
            self.is_pending = false;
            self.take(row)?;
            if !row.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the next line that is not blank into `self.text`.
    fn next_line(&mut self) -> Result<bool, UploadError> {
        loop {
            self.text.clear();
            let is_ended = self.append_line()?;
            if self.text.is_empty() && !is_ended {
                return Ok(false);
            }
            self.line += 1;
            if !self.text.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// Appends up to the next line end, which is passed over; false when the text ends without one.
    fn append_line(&mut self) -> Result<bool, UploadError> {
        loop {
            let buffered = self.input.fill()?;
            if buffered.is_empty() {
                return Ok(false);
            }
            let end = memchr(b'\n', buffered);
            self.text.extend(&buffered[..end.unwrap_or(buffered.len())]);
            let passed = end.map_or(buffered.len(), |end| end + 1);
            self.input.consume(passed);
            if self.text.len() > LINE_BYTES_MAX {
                let (line, max) = (self.line + 1, LINE_BYTES_MAX >> 20);
                let detail = format!("line {line} has more than {max} MB | 第 {line} 行超过 {max} MB");
                return Err(FileError::new(FileCode::CellLimit, detail).into());
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    fn text(&self) -> Result<&str, FileError> {
        let line = self.line;
        if memchr(0, &self.text).is_some() {
            let detail = format!("a NUL byte in line {line} | 第 {line} 行有 NUL 字节");
            return Err(FileError::new(FileCode::FileDamaged, detail));
        }
        str::from_utf8(&self.text).map_err(|_| {
            FileError::new(
                FileCode::EncodingUnsure,
                format!("line {line} is not UTF-8 | 第 {line} 行不是 UTF-8"),
            )
        })
    }

    fn take_columns(&mut self) -> Result<(), FileError> {
        let members = parse(self.text()?).unwrap_or_default();
        let (mut header, mut keys, mut columns) = (Vec::new(), HashMap::new(), HashMap::new());
        for (key, _) in members {
            let at = header.len();
            match column_named(self.kind, &normalised(&key)) {
                // The row will be told that the column stands there twice.
                Some(column) if columns.contains_key(&column) => continue,
                Some(column) => {
                    columns.insert(column, at);
                }
                None => {}
            }
            if let Entry::Vacant(unseen) = keys.entry(key) {
                header.push(unseen.key().clone());
                unseen.insert(at);
            }
        }
        for &(column, _) in self.kind.columns() {
            columns.entry(column).or_insert_with(|| {
                header.push(column.as_str().to_owned());
                header.len() - 1
            });
        }
        header.push(MORE.to_owned());
        let max = self.limits.columns_max;
        if header.len() > max {
            let detail = format!("{max} columns | {max} 列");
            return Err(FileError::new(FileCode::ColumnLimit, detail));
        }
        self.cells = vec![String::new(); header.len()];
        (self.header, self.keys, self.columns) = (header, keys, columns);
        Ok(())
    }

    /// Makes a row of the line at hand.
    fn take(&mut self, row: &mut RawRow) -> Result<(), FileError> {
        let mut cells = std::mem::take(&mut self.cells);
        cells.iter_mut().for_each(String::clear);
        let text = self.text()?;
        let fault = parse(text)
            .and_then(|members| self.fill(&mut cells, &members))
            .err();
        row.clear();
        if let Some(Fault(fault)) = fault {
            // Nothing of it is in any column: the line itself is kept for the answer.
            cells.iter_mut().for_each(String::clear);
            if let Some(more) = cells.last_mut() {
                more.extend(text.trim().chars().take(self.limits.cell_characters_max));
            }
            row.fault = Some(fault.into());
        }
        for cell in &cells {
            self.check_length(cell)?;
            row.push_cell(cell);
        }
        row.line = self.line;
        self.cells = cells;
        Ok(())
    }

    fn fill(&self, cells: &mut [String], members: &[Member<'_>]) -> Result<(), Fault> {
        let last = cells.len() - 1;
        let mut is_given = vec![false; last];
        let mut others: Vec<&Member<'_>> = Vec::new();
        for member @ (key, value) in members {
            let Some(at) = self.place(key) else {
                if others.iter().any(|(other, _)| other == key) {
                    return Err(Fault::twice(key));
                }
                others.push(member);
                continue;
            };
            if std::mem::replace(&mut is_given[at], true) {
                return Err(Fault::twice(key));
            }
            append_text(value, &mut cells[at])?;
        }
        if !others.is_empty() {
            append_json(&others, &mut cells[last])?;
        }
        Ok(())
    }

    /// Where the value of that key goes; `None` for `more`.
    fn place(&self, key: &str) -> Option<usize> {
        let known = self.keys.get(key).copied();
        known.or_else(|| {
            let column = column_named(self.kind, &normalised(key))?;
            self.columns.get(&column).copied()
        })
    }

    fn check_length(&self, cell: &str) -> Result<(), FileError> {
        let (max, line) = (self.limits.cell_characters_max, self.line);
        if cell.len() > max && cell.chars().count() > max {
            let detail = format!(
                "a value in line {line} has more than {max} characters | 第 {line} 行有超过 {max} 个字符的值"
            );
            return Err(FileError::new(FileCode::CellLimit, detail));
        }
        Ok(())
    }
}
