//! One column of a row group, read batch by batch.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{BoolType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::RowGroupReader;

use super::runs::{damaged, decode_runs};

/// The code of an empty cell.
pub(super) const NONE: u32 = u32::MAX;

/// A column of fixed width.
pub(super) struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    is_optional: bool,
    /// 1 where there is a value; empty when none is missing.
    levels: Vec<i16>,
    packed: Vec<T::T>,
    spread: Vec<T::T>,
}

pub(super) type Integers = Values<Int64Type>;
pub(super) type Truths = Values<BoolType>;

impl<T: DataType<T: Copy + Default>> Values<T> {
    pub(super) fn open(group: &dyn RowGroupReader, column: usize) -> Result<Self, ParquetError> {
        Ok(Self {
            is_optional: is_optional(group, column),
            reader: get_typed_column_reader(group.get_column_reader(column)?),
            levels: Vec::new(),
            packed: Vec::new(),
            spread: Vec::new(),
        })
    }

    /// Reads the next values.
    pub(super) fn next(&mut self, rows: usize) -> Result<(), ParquetError> {
        self.levels.clear();
        self.packed.clear();
        let levels = self.is_optional.then_some(&mut self.levels);
        let (read, _, _) = self.reader.read_records(rows, levels, None, &mut self.packed)?;
        if read != rows {
            return Err(damaged());
        }
        if self.packed.len() == rows {
            self.levels.clear();
            return Ok(());
        }
        self.spread.clear();
        let mut packed = self.packed.iter().copied();
        let values = self.levels.iter().map(|level| match level {
            0 => T::T::default(),
            _ => packed.next().unwrap_or_default(),
        });
        self.spread.extend(values);
        Ok(())
    }

    /// The batch; a missing value reads as the type's default.
    pub(super) fn values(&self) -> &[T::T] {
        if self.has_missing() {
            &self.spread
        } else {
            &self.packed
        }
    }

    /// Whether a value of the batch is missing.
    pub(super) fn is_missing(&self, index: usize) -> bool {
        self.levels.get(index) == Some(&0)
    }

    pub(super) fn has_missing(&self) -> bool {
        !self.levels.is_empty()
    }
}

/// Texts by a small number each, in the order in which they were first seen.
#[derive(Default)]
pub(super) struct Names {
    codes: HashMap<Box<str>, u32, FixedState>,
    names: Vec<Box<str>>,
}

impl Names {
    pub(super) fn code_of(&mut self, bytes: &[u8]) -> Result<u32, ParquetError> {
        let name = std::str::from_utf8(bytes).map_err(|_| damaged())?;
        if let Some(code) = self.codes.get(name) {
            return Ok(*code);
        }
        let code = u32::try_from(self.names.len()).map_err(|_| damaged())?;
        self.codes.insert(name.into(), code);
        self.names.push(name.into());
        Ok(code)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Takes in other texts; gives, by their codes there, their codes here.
    pub(super) fn absorb(&mut self, other: &Self) -> Result<Vec<u32>, ParquetError> {
        let names = other.names.iter();
        names.map(|name| self.code_of(name.as_bytes())).collect()
    }

    /// A code's text; `None` for [`NONE`].
    pub(super) fn get(&self, code: u32) -> Option<&str> {
        self.names.get(code as usize).map(AsRef::as_ref)
    }
}

/// A column of text, as what each cell becomes: the code of its name, or what its bytes are parsed to.
///
/// Reads a dictionary once and then codes alone, where the crate's own reader would hand out a counted slice a cell.
pub(super) struct Texts<C> {
    pages: Box<dyn PageReader>,
    is_optional: bool,
    dictionary: Vec<C>,
    /// Of the page that is being read, from `at` on.
    cells: Vec<C>,
    at: usize,
    codes: Vec<u32>,
    levels: Vec<u32>,
}

impl<C: Copy> Texts<C> {
    pub(super) fn open(group: &dyn RowGroupReader, column: usize) -> Result<Self, ParquetError> {
        Ok(Self {
            pages: group.get_column_page_reader(column)?,
            is_optional: is_optional(group, column),
            dictionary: Vec::new(),
            cells: Vec::new(),
            at: 0,
            codes: Vec::new(),
            levels: Vec::new(),
        })
    }

    /// Appends the next cells to `out`; `missing` stands for an empty one.
    pub(super) fn next(
        &mut self,
        mut rows: usize,
        missing: C,
        cell: &mut impl FnMut(&[u8]) -> Result<C, ParquetError>,
        out: &mut Vec<C>,
    ) -> Result<(), ParquetError> {
        while rows > 0 {
            let left = &self.cells[self.at..];
            if left.is_empty() {
                let page = self.pages.get_next_page()?.ok_or_else(damaged)?;
                self.load(page, missing, cell)?;
                continue;
            }
            let taken = left.len().min(rows);
            out.extend_from_slice(&left[..taken]);
            self.at += taken;
            rows -= taken;
        }
        Ok(())
    }

    fn load(
        &mut self,
        page: Page,
        missing: C,
        cell: &mut impl FnMut(&[u8]) -> Result<C, ParquetError>,
    ) -> Result<(), ParquetError> {
        self.levels.clear();
        self.cells.clear();
        self.at = 0;
        let (buffer, rows, encoding, level_bytes) = match &page {
            Page::DictionaryPage { buf, num_values, .. } => {
                self.dictionary = plain(buf, *num_values as usize, cell)?;
                return Ok(());
            }
            Page::DataPage {
                buf,
                num_values,
                encoding,
                ..
            } if self.is_optional => {
                let (length, rest) = buf.split_first_chunk().ok_or_else(damaged)?;
                (rest, *num_values, *encoding, u32::from_le_bytes(*length) as usize)
            }
            Page::DataPage {
                buf,
                num_values,
                encoding,
                ..
            } => (&buf[..], *num_values, *encoding, 0),
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                ..
            } => (&buf[..], *num_values, *encoding, *def_levels_byte_len as usize),
        };
        let rows = rows as usize;
        let (levels, values) = buffer.split_at_checked(level_bytes).ok_or_else(damaged)?;
        if self.is_optional {
            decode_runs(levels, 1, rows, &mut self.levels)?;
        }
        let absent = self.levels.iter().filter(|level| **level == 0).count();
        self.values(values, rows - absent, encoding, cell)?;
        if absent > 0 {
            let mut present = std::mem::take(&mut self.cells).into_iter();
            self.cells = (self.levels.iter())
                .map(|level| {
                    if *level == 0 {
                        missing
                    } else {
                        present.next().unwrap_or(missing)
                    }
                })
                .collect();
        }
        Ok(())
    }

    fn values(
        &mut self,
        bytes: &[u8],
        count: usize,
        encoding: Encoding,
        cell: &mut impl FnMut(&[u8]) -> Result<C, ParquetError>,
    ) -> Result<(), ParquetError> {
        match encoding {
            Encoding::PLAIN => self.cells = plain(bytes, count, cell)?,
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if count > 0 => {
                let (width, runs) = bytes.split_first().ok_or_else(damaged)?;
                self.codes.clear();
                decode_runs(runs, u32::from(*width), count, &mut self.codes)?;
                for code in &self.codes {
                    let known = self.dictionary.get(*code as usize).ok_or_else(damaged)?;
                    self.cells.push(*known);
                }
            }
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {}
            other => return Err(ParquetError::NYI(format!("text encoded as {other}"))),
        }
        Ok(())
    }
}

/// Texts one after the other, each behind its length.
fn plain<C>(
    mut bytes: &[u8],
    count: usize,
    cell: &mut impl FnMut(&[u8]) -> Result<C, ParquetError>,
) -> Result<Vec<C>, ParquetError> {
    let mut cells = Vec::with_capacity(count.min(bytes.len() / 4));
    for _ in 0..count {
        let (length, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
        let (text, rest) =
            (rest.split_at_checked(u32::from_le_bytes(*length) as usize)).ok_or_else(damaged)?;
        cells.push(cell(text)?);
        bytes = rest;
    }
    Ok(cells)
}

fn is_optional(group: &dyn RowGroupReader, column: usize) -> bool {
    group.metadata().schema_descr().column(column).max_def_level() > 0
}
