//! Workbooks (XLSX): the rows of one sheet, streaming, in bounded memory.
//!
//! [`Sheet::open`] checks the file's bounds and finds the sheet; [`Sheet::read`] gives its rows as the sheet shows
//! them: dates by their style, numbers by their digits, merged values in every row that they span. Held in memory are
//! the shared texts, the merged ranges and the row at hand, each under its limit; everything else streams by, counted
//! as it inflates, whatever the file declares. A bad file is a refusal with its code, never a panic.
//!
//! Not here: formulas are never computed, macros and links never followed, no entity is resolved but XML's own five.

mod archive;
mod bytes;
mod cell;
mod format;
mod merges;
mod number;
mod package;
mod part;
mod plain;
mod reference;
mod rows;
mod serial;
mod strings;
mod styles;
#[cfg(test)]
mod tests;
mod text;
mod workbook;
mod xml;

use std::io::{self, Read, Seek};

use domain::code::FileCode;

use crate::{FileError, Limits, RawRow, UploadError};
use merges::Merges;
use package::Package;
use rows::Rows;
use serial::Epoch;
use strings::SharedStrings;
use styles::Styles;
use workbook::{Tab, Workbook};

/// Sheets that a message names.
const SHEETS_NAMED: usize = 10;

/// Reads the next row of a sheet that is not blank; false at its end.
pub(crate) type ReadRow<'a> = dyn FnMut(&mut RawRow) -> Result<bool, UploadError> + 'a;

/// Whether a sheet has a header that can be used, by its first rows.
pub(crate) type HasHeader<'a> = dyn Fn(&mut ReadRow<'_>) -> Result<bool, UploadError> + 'a;

/// Reads every part of a workbook, or of any zip, as it is inflated, for as long as `read` finds nothing; whether it has.
pub(crate) fn each_part<R: Read + Seek>(
    source: R,
    limits: &Limits,
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
) -> Result<bool, UploadError> {
    Package::open(source, limits)?.each(read)
}

/// A sheet of a workbook, read row by row.
pub(crate) struct Sheet<R> {
    book: Book,
    rows: Rows<R>,
    about: SheetAbout,
}

/// What is told about a sheet beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SheetAbout {
    /// The sheet that is read.
    pub(crate) name: String,
    /// The workbook's other sheets, hidden ones included: nothing of them is read.
    pub(crate) other_sheets: Vec<String>,
    /// Hidden rows among those read so far; they are read as all others.
    pub(crate) hidden_rows: u64,
    /// Merged ranges of the whole sheet.
    pub(crate) merged_ranges: u64,
    /// Cells that formulas compute, in the rows read so far.
    pub(crate) formula_cells: u64,
}

/// What the sheets of a workbook share.
struct Book {
    strings: SharedStrings,
    styles: Styles,
    epoch: Epoch,
    limits: Limits,
}

impl<R: Read + Seek> Sheet<R> {
    /// Opens a workbook: checks bounds, picks the sheet that is `named`, hidden or not; else the first visible one
    /// in whose first rows `has_header` finds one; else the first visible one.
    ///
    /// # Errors
    /// [`UploadError::Refused`] with `FILE_TYPE` for a zip that is no workbook, `FILE_EMPTY` when there is no such
    /// sheet, `FILE_DAMAGED`, `INFLATE_LIMIT`, `ZIP_ENTRY_LIMIT`, `SHARED_STRING_LIMIT`, `CELL_LIMIT`,
    /// `CELL_COUNT_LIMIT`, `COLUMN_LIMIT`; [`UploadError::Read`] when the bytes do not come.
    pub(crate) fn open(
        source: R,
        limits: &Limits,
        named: Option<&str>,
        has_header: &HasHeader<'_>,
    ) -> Result<Self, UploadError> {
        let mut package = Package::open(source, limits)?;
        let workbook = Workbook::read(&mut package)?;
        let book = Book::read(&mut package, &workbook, limits)?;
        let chosen = choose(&mut package, &workbook.sheets, &book, named, has_header)?;
        let merges = Merges::read(package.part(&chosen.part)?, limits.columns_max)?;
        let about = SheetAbout {
            name: chosen.name.clone(),
            other_sheets: workbook
                .sheets
                .iter()
                .filter(|sheet| !std::ptr::eq(*sheet, chosen))
                .map(|sheet| sheet.name.clone())
                .collect(),
            merged_ranges: merges.count,
            ..SheetAbout::default()
        };
        let rows = Rows::new(package.into_part(&chosen.part)?, merges);
        Ok(Self { book, rows, about })
    }

    /// Reads the next row that is not blank into `row`, using its memory again (the header is the first); false at the
    /// end. Cells go up to the last that holds something; the row's line is the sheet's own number.
    ///
    /// # Errors
    /// As [`Sheet::open`], and `ROW_LIMIT`. After an error there are no more rows.
    pub(crate) fn read(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        let read = self.rows.read(&self.book, row)?;
        self.about.hidden_rows = self.rows.hidden_rows;
        self.about.formula_cells = self.rows.formula_cells;
        Ok(read)
    }

    /// What is told about the sheet beside its rows, as far as it is read.
    pub(crate) fn about(&self) -> &SheetAbout {
        &self.about
    }
}

impl Book {
    fn read<R: Read + Seek>(
        package: &mut Package<R>,
        workbook: &Workbook,
        limits: &Limits,
    ) -> Result<Self, UploadError> {
        let mut book = Self {
            strings: SharedStrings::default(),
            styles: Styles::default(),
            epoch: workbook.epoch,
            limits: *limits,
        };
        if let Some(part) = &workbook.styles {
            let mut xml = xml::Xml::new(package.part(part)?);
            book.styles = Styles::read(&mut xml)?;
            let bytes = xml.bytes();
            package.charge(bytes);
        }
        if let Some(part) = &workbook.shared_strings {
            let mut xml = xml::Xml::new(package.part(part)?);
            book.strings = SharedStrings::read(&mut xml, limits)?;
            let bytes = xml.bytes();
            package.charge(bytes);
        }
        Ok(book)
    }
}

fn choose<'a, R: Read + Seek>(
    package: &mut Package<R>,
    sheets: &'a [Tab],
    book: &Book,
    named: Option<&str>,
    has_header: &HasHeader<'_>,
) -> Result<&'a Tab, UploadError> {
    if let Some(name) = named {
        return sheets
            .iter()
            .find(|sheet| sheet.name == name)
            .ok_or_else(|| no_sheet(name, sheets).into());
    }
    let mut visible = sheets.iter().filter(|sheet| !sheet.hidden);
    let Some(first) = visible.next() else {
        let detail = "no visible sheet | 没有可见的工作表";
        return Err(FileError::new(FileCode::FileEmpty, detail).into());
    };
    let mut others = visible.peekable();
    if others.peek().is_none() {
        return Ok(first);
    }
    for sheet in std::iter::once(first).chain(others) {
        let mut rows = Rows::new(package.part(&sheet.part)?, Merges::default());
        if has_header(&mut |row| rows.read(book, row))? {
            return Ok(sheet);
        }
        let bytes = rows.bytes();
        package.charge(bytes);
    }
    Ok(first)
}

fn no_sheet(name: &str, sheets: &[Tab]) -> FileError {
    let names: Vec<&str> = sheets
        .iter()
        .take(SHEETS_NAMED)
        .map(|sheet| sheet.name.as_str())
        .collect();
    let names = names.join(", ");
    let detail = format!("no sheet {name}, there are {names} | 没有工作表 {name}，现有 {names}");
    FileError::new(FileCode::FileEmpty, detail)
}

/// A broken file, said in both languages.
fn damage(english: &str, chinese: &str) -> FileError {
    FileError::new(FileCode::FileDamaged, format!("{english} | {chinese}"))
}

fn damaged(english: &str, chinese: &str) -> UploadError {
    damage(english, chinese).into()
}

/// A file that ends too early is damaged; bytes that do not come are no fault of the file.
fn damaged_read(error: io::Error) -> UploadError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        damaged("it is cut off", "文件不完整")
    } else {
        error.into()
    }
}
