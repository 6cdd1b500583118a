//! `repaired.xlsx`: the upload with its safe repairs applied and the rows that still need a person marked, every cell text.
//!
//! It can be corrected and sent again as it is. What intake undoes while reading is undone in the cells, and a number with one
//! certain repair is repaired. Nothing else is touched: times stay as they were written.

use std::borrow::Cow;
use std::path::Path;

use domain::Finding;
use domain::code::RowCode;
use domain::message::message;
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::cell::Use;
use crate::cell::{Undone, clean, clean_for};
use crate::rejected::{kept_columns, protected};
use crate::{Column, Columns, Context, RawRow, check};

/// The column that says what a person must do; intake passes over it.
pub const TO_DO_COLUMN: &str = "需处理 / to do";

/// Data rows that a sheet holds below its header.
pub const SHEET_ROWS_MAX: u64 = 1_048_575;

/// Units of UTF-16 that a sheet's cell holds; longer texts are cut there.
const CELL_UNITS_MAX: usize = 32_767;

const TO_DO_FILL: Color = Color::RGB(0x00FF_D9D9);
const REPAIRED_FILL: Color = Color::RGB(0x00E2_F3DC);

/// The workbook could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the repaired workbook could not be written")]
pub struct RepairError(#[source] Box<XlsxError>);

impl From<XlsxError> for RepairError {
    fn from(error: XlsxError) -> Self {
        Self(Box::new(error))
    }
}

impl RepairError {
    /// Whether there is no room on the disk.
    pub fn is_disk_full(&self) -> bool {
        matches!(&*self.0, XlsxError::IoError(error) if error.kind() == std::io::ErrorKind::StorageFull)
    }
}

/// Why a workbook has no room for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// A sheet has no more rows.
    Rows,
    /// It would be larger than it may be, or than the disk has room for.
    Bytes,
}

/// Writes `repaired.xlsx`, row by row: rows go to a temporary file, so that memory stays bounded.
pub struct RepairedWriter<'a> {
    workbook: Workbook,
    columns: &'a Columns,
    context: &'a Context,
    /// The columns of the upload that are kept, each with what it is.
    kept: Vec<(usize, Option<Column>)>,
    /// How the file heads its columns.
    headings: Vec<String>,
    formats: Formats,
    /// The next row of the sheet.
    next: u32,
    bytes_left: u64,
}

struct Formats {
    plain: Format,
    repaired: Format,
    to_do: Format,
}

impl<'a> RepairedWriter<'a> {
    /// Begins the workbook for an upload with this header, whose texts are to have `bytes_max` bytes at most.
    ///
    /// # Errors
    /// When the temporary file cannot be made.
    pub fn new(
        header: &[String],
        columns: &'a Columns,
        context: &'a Context,
        bytes_max: u64,
    ) -> Result<Self, RepairError> {
        let of_column = |index: usize| {
            Column::ALL
                .iter()
                .copied()
                .find(|&column| columns.at(column) == Some(index))
        };
        let kept: Vec<_> = kept_columns(header)
            .into_iter()
            .map(|index| (index, of_column(index)))
            .collect();
        let text = || Format::new().set_num_format("@");
        let mut workbook = Workbook::new();
        // Not the clock's: the same upload gives the same bytes.
        let made_at = ExcelDateTime::from_timestamp(context.recorded_at.unix())?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        let heading = text().set_bold();
        let last = kept.len() as u16;
        sheet.set_freeze_panes(1, 0)?;
        for at in 0..last {
            sheet.set_column_width(at, 20)?;
        }
        sheet.set_column_width(last, 60)?;
        for (at, (index, _)) in kept.iter().enumerate() {
            let name = clean(&header[*index], Use::Text).0;
            write_text(sheet, 0, at as u16, &name, &heading)?;
        }
        sheet.write_string_with_format(0, last, TO_DO_COLUMN, &heading)?;
        Ok(Self {
            workbook,
            columns,
            context,
            kept,
            headings: header.iter().map(|cell| heading_of(cell)).collect(),
            formats: Formats {
                plain: text(),
                repaired: text().set_background_color(REPAIRED_FILL),
                to_do: text().set_background_color(TO_DO_FILL),
            },
            next: 1,
            bytes_left: bytes_max,
        })
    }

    /// Why the sheet has no room for a row and all behind it, if it has none.
    pub fn has_no_room(&self, row: &RawRow) -> Option<NoRoom> {
        if u64::from(self.next) > SHEET_ROWS_MAX {
            return Some(NoRoom::Rows);
        }
        (row.bytes() as u64 > self.bytes_left).then_some(NoRoom::Bytes)
    }

    /// Writes a row, repaired, with what was found in it.
    ///
    /// # Errors
    /// When the temporary file cannot be written to.
    pub fn write(&mut self, row: &RawRow, findings: &[Finding]) -> Result<(), RepairError> {
        let misshapen = findings.iter().any(|finding| finding.code == RowCode::RowShape);
        let cells: Vec<(Cow<'_, str>, bool)> = self
            .kept
            .iter()
            .map(|&(index, column)| match column {
                Some(column) if !misshapen => repaired(row.cell(index), column, findings),
                _ => (Cow::Borrowed(row.cell(index)), false),
            })
            .collect();
        let open = self.open(row, &cells, findings);
        let to_do = self.to_do(&open);
        // What is about no cell is about the row.
        let is_of_row = open.iter().any(|finding| finding.column.is_empty());
        let is_open = |column: Option<Column>| {
            let is_of_column =
                |finding: &Finding| column.is_some_and(|column| finding.column == column.as_str());
            is_of_row || open.iter().any(is_of_column)
        };
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (at, ((cell, is_repaired), (_, column))) in cells.iter().zip(&self.kept).enumerate() {
            let format = match (is_open(*column), is_repaired) {
                (true, _) => &self.formats.to_do,
                (false, true) => &self.formats.repaired,
                (false, false) => &self.formats.plain,
            };
            write_text(sheet, self.next, at as u16, cell, format)?;
        }
        if !to_do.is_empty() {
            let last = cells.len() as u16;
            write_text(sheet, self.next, last, &to_do, &self.formats.to_do)?;
        }
        self.next += 1;
        self.bytes_left = self.bytes_left.saturating_sub((row.bytes() + to_do.len()) as u64);
        Ok(())
    }

    /// Ends the workbook and writes it to `path`.
    ///
    /// # Errors
    /// When `path` or the temporary file cannot be written to.
    pub fn finish(mut self, path: &Path) -> Result<(), RepairError> {
        let (last_row, last) = (self.next.saturating_sub(1).max(1), self.kept.len() as u16);
        self.workbook
            .worksheet_from_index(0)?
            .autofilter(0, 0, last_row, last)?;
        self.workbook.save(path)?;
        Ok(())
    }

    /// What a person must still correct: the errors that no repair has corrected, and those that show once one has.
    fn open(&self, row: &RawRow, cells: &[(Cow<'_, str>, bool)], findings: &[Finding]) -> Vec<Finding> {
        let errors = findings.iter().filter(|finding| finding.is_error());
        let count = errors.clone().count();
        let mut open: Vec<Finding> = errors
            .filter(|finding| repair(finding).is_none())
            .cloned()
            .collect();
        if open.len() < count {
            let mut again = vec![String::new(); self.columns.width()];
            for (&(index, _), (cell, _)) in self.kept.iter().zip(cells) {
                if let Some(place) = again.get_mut(index) {
                    cell.as_ref().clone_into(place);
                }
            }
            let again = RawRow::of(row.number(), again.iter().map(String::as_str));
            let found = check(&again, self.columns, self.context).findings;
            let is_new = |finding: &Finding| finding.is_error() && !open.contains(finding);
            let new: Vec<Finding> = found.into_iter().filter(is_new).collect();
            open.extend(new);
        }
        open
    }

    /// What is to do, each thing with the column as the file heads it.
    fn to_do(&self, open: &[Finding]) -> String {
        let lines = open.iter().map(|finding| {
            let text = message(finding);
            let fix = format!("{}: {} / {}", finding.code, text.fix_zh, text.fix_en);
            match self.heading(&finding.column) {
                Some(heading) => format!("【{heading}】{fix}"),
                None => fix,
            }
        });
        lines.collect::<Vec<_>>().join(" | ")
    }

    /// How the file heads a column, else what a Chinese back office calls it; `None` of what is about the row.
    fn heading(&self, column: &str) -> Option<&str> {
        let known = Column::parse(column)?;
        let index = self.columns.at(known);
        let heading = index
            .and_then(|index| self.headings.get(index))
            .map(String::as_str);
        Some(
            heading
                .filter(|heading| !heading.is_empty())
                .unwrap_or_else(|| known.in_chinese()),
        )
    }
}

/// A header's cell on one line.
fn heading_of(cell: &str) -> String {
    let (text, _) = clean(cell, Use::Text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The cell's repaired value, and whether it differs from what came.
fn repaired<'r>(cell: &'r str, column: Column, findings: &[Finding]) -> (Cow<'r, str>, bool) {
    let (value, undone) = clean_for(column, cell);
    let repaired = findings
        .iter()
        .filter(|finding| finding.column == column.as_str())
        .find_map(repair)
        .map(str::to_owned);
    match repaired {
        Some(repaired) => {
            let is_changed = repaired != cell;
            (Cow::Owned(repaired), is_changed)
        }
        // Blanks around a text are no repair worth a colour.
        None => (value, undone != Undone::default() && undone != Undone::SPACE),
    }
}

/// The one certain repair of what a finding tells of.
fn repair(finding: &Finding) -> Option<&str> {
    let is_certain = matches!(
        finding.code,
        RowCode::NumWhitespace | RowCode::NumLeadingZeroLost | RowCode::NumFormat
    );
    (is_certain && !finding.proposal.is_empty()).then_some(finding.proposal.as_str())
}

/// Writes text as text. A workbook runs no text, but saved as CSV and opened again it might.
fn write_text(
    sheet: &mut Worksheet,
    row: u32,
    at: u16,
    text: &str,
    format: &Format,
) -> Result<(), RepairError> {
    let safe = protected(text);
    sheet.write_string_with_format(row, at, cut(&safe), format)?;
    Ok(())
}

/// As much of a text as a cell holds. A sheet counts in units of UTF-16, of which a rare character takes two.
fn cut(text: &str) -> &str {
    if text.len() <= CELL_UNITS_MAX {
        return text;
    }
    let mut units = text.char_indices().scan(0, |units, (at, character)| {
        *units += character.len_utf16();
        Some((at, *units))
    });
    let end = units.find(|(_, units)| *units > CELL_UNITS_MAX);
    end.map_or(text, |(at, _)| &text[..at])
}
