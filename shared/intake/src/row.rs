//! A row as the file has it, before anything is read into it.

use std::borrow::Cow;
use std::fmt;

use crate::cell::{END_OF_FILE, is_invisible};

/// What a workbook says of a cell beyond its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellMark {
    /// A formula: the cell holds the value that the spreadsheet last computed.
    Formula,
    /// A number of the spreadsheet's own, which keeps 15 digits of it.
    Number,
}

/// A data row: its cells as they came, tricks and all.
///
/// The cells lie in one text one behind the other, so that a row costs two allocations, and none when it is read
/// into again.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawRow {
    pub(crate) number: u64,
    pub(crate) line: u64,
    pub(crate) stray_quote: bool,
    /// Why its cells cannot be told apart, in both languages.
    pub(crate) fault: Option<Box<str>>,
    text: String,
    /// Whether all of `text` is ASCII, which then need not be asked of each cell.
    is_ascii: bool,
    ends: Vec<u32>,
    /// Bytes between two cells: the delimiter, where a line was taken over as it stood.
    gap: u32,
    /// Marked cells by index, ascending: few rows have any.
    marks: Vec<(u32, CellMark)>,
}

impl fmt::Debug for RawRow {
    /// Where the row stands and nothing of its cells: they hold names, addresses and telephone numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, line, cells) = (self.number, self.line, self.ends.len());
        write!(f, "RawRow {{ number: {number}, line: {line}, cells: {cells} }}")
    }
}

impl RawRow {
    /// A row of these cells, as a table that is no text has it.
    pub fn of<'a>(number: u64, cells: impl IntoIterator<Item = &'a str>) -> Self {
        let mut row = Self {
            number,
            line: number,
            ..Self::default()
        };
        for cell in cells {
            row.push_cell(cell);
        }
        row
    }

    /// The row where it stands, marks and faults as they are, with other cells.
    pub(crate) fn with_cells<'a>(&self, cells: impl Iterator<Item = Cow<'a, str>>) -> Self {
        let mut row = Self {
            number: self.number,
            line: self.line,
            stray_quote: self.stray_quote,
            fault: self.fault.clone(),
            marks: self.marks.clone(),
            ..Self::default()
        };
        for cell in cells {
            row.push_cell(&cell);
        }
        row
    }

    /// Empties the row, keeping its memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.is_ascii = false;
        self.ends.clear();
        self.gap = 0;
        self.marks.clear();
        self.stray_quote = false;
        self.fault = None;
    }

    /// Notes where a cell of the line ends that [`RawRow::take_line`] is to take.
    pub(crate) fn end_cell(&mut self, end: usize) {
        self.ends.push(end as u32);
    }

    /// Takes over a line of cells whose ends were noted, with one delimiter between each two.
    pub(crate) fn take_line(&mut self, line: &str) {
        self.text.push_str(line);
        self.is_ascii = line.is_ascii();
        self.gap = 1;
    }

    /// Adds a cell at the end.
    pub(crate) fn push_cell(&mut self, cell: &str) {
        self.is_ascii = cell.is_ascii() && (self.is_ascii || self.text.is_empty());
        self.text.push_str(cell);
        // A row is bounded by columns × cell size, far below 4 GiB.
        self.ends.push(self.text.len() as u32);
    }

    /// Marks the cell that was added last.
    pub(crate) fn mark(&mut self, mark: CellMark) {
        if let Some(last) = self.ends.len().checked_sub(1) {
            self.marks.push((last as u32, mark));
        }
    }

    /// Whether the cell of that column bears the mark.
    pub fn is_marked(&self, index: usize, mark: CellMark) -> bool {
        let first = self.marks.partition_point(|&(at, _)| (at as usize) < index);
        self.marks[first..]
            .iter()
            .take_while(|&&(at, _)| at as usize == index)
            .any(|&(_, found)| found == mark)
    }

    /// The row's number: 1 is the first data row, blank lines are not counted.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// This row under that number.
    #[must_use]
    pub fn numbered(self, number: u64) -> Self {
        Self { number, ..self }
    }

    /// The line of the file on which it begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether its quotes do not pair although it spans several lines: a quote that was opened and not closed has
    /// swallowed what follows it.
    pub fn has_stray_quote(&self) -> bool {
        self.stray_quote
    }

    /// Why its cells cannot be told apart, in English and Chinese (` | ` between them): a line of JSON that is no object.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The line that the row was taken over from, if it is ASCII and can only have been split at commas.
    pub(crate) fn line_of_commas(&self) -> Option<&str> {
        let is_other = |byte: u8| (byte == b';') | (byte == b'\t');
        let is_of_commas = self.gap > 0
            && self.len() > 1
            && self.is_ascii
            && !self
                .text
                .bytes()
                .fold(false, |found, byte| found | is_other(byte));
        is_of_commas.then_some(self.text.as_str())
    }

    /// Whether every cell is ASCII.
    pub(crate) fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell of that column, as it came; empty where the row is too short.
    #[inline]
    pub fn cell(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else {
            return "";
        };
        let start = if index == 0 {
            0
        } else {
            self.ends[index - 1] + self.gap
        };
        &self.text[start as usize..end as usize]
    }

    /// The cells as they came.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }

    /// Bytes of its cells together.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether no cell holds anything that could be seen: a blank line.
    pub(crate) fn is_blank(&self) -> bool {
        let is_unseen = |cell: &str| {
            cell.chars()
                .all(|c| c.is_whitespace() || c == END_OF_FILE || is_invisible(c))
        };
        self.fault.is_none() && self.cells().all(is_unseen)
    }

    /// Takes over the cells of `text` that end at `ends`. False when an end splits a character.
    pub(crate) fn replace(&mut self, text: &str, ends: &[usize]) -> bool {
        self.clear();
        self.text.push_str(text);
        self.is_ascii = text.is_ascii();
        // A record is bounded by columns × cell size, far below 4 GiB.
        self.ends.extend(ends.iter().map(|&end| end as u32));
        ends.iter().all(|&end| text.is_char_boundary(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_where_they_stood() {
        let row = RawRow::of(7, ["8000011000000005", "", "敦豪"]);
        assert_eq!(row.cells().collect::<Vec<_>>(), ["8000011000000005", "", "敦豪"]);
        assert_eq!(
            (row.number(), row.len(), row.cell(2), row.cell(3)),
            (7, 3, "敦豪", "")
        );
        assert!(!row.is_blank() && RawRow::of(1, ["", " ", "\u{3000}\u{a0}", "\u{200b}\u{feff}"]).is_blank());
    }

    #[test]
    fn a_row_is_built_cell_by_cell_and_bears_its_marks() {
        let mut row = RawRow::of(1, ["old"]);
        row.clear();
        row.push_cell("DHL");
        row.push_cell("8000011000000000");
        row.mark(CellMark::Formula);
        row.mark(CellMark::Number);
        assert_eq!(row.cells().collect::<Vec<_>>(), ["DHL", "8000011000000000"]);
        assert!(row.is_marked(1, CellMark::Formula) && row.is_marked(1, CellMark::Number));
        assert!(!row.is_marked(0, CellMark::Number) && !row.is_marked(2, CellMark::Number));
        row.clear();
        assert!(row.is_empty() && !row.is_marked(1, CellMark::Number));
    }
}
