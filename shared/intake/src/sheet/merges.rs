//! Merged cells: people merge an order's id over the rows of its parcels, and mean it for each of them.

use std::io::{BufRead, Read};

use domain::code::FileCode;
use memchr::memmem;

use super::damaged;
use super::part::Part;
use super::reference::Range;
use super::xml::{Node, Xml};
use crate::{FileError, UploadError};

/// Merged ranges of a sheet.
const RANGES_MAX: usize = 100_000;
/// The end of a sheet's rows, but for a namespace before it.
const ROWS_END: &[u8] = b"sheetData>";
/// Bytes of `</prefix:sheetData>`; a longer prefix is nobody's.
const ROWS_END_BYTES: usize = 64;

/// The merged ranges of a sheet, and those that the row at hand crosses.
#[derive(Debug, Default)]
pub(super) struct Merges {
    /// By row, those to come; the next one last.
    ahead: Vec<Range>,
    /// Those that the row at hand crosses, by column; they share no column.
    crossed: Vec<Merged>,
    pub(super) count: u64,
}

/// A merged range that the rows have reached, with the value of its first cell.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) range: Range,
    pub(super) text: String,
    pub(super) formula: bool,
    pub(super) number: bool,
}

impl Merges {
    /// Reads a sheet to its end for its merged ranges, which stand behind the rows: so the rows are passed over first.
    /// Proves the part's checksum on the way.
    ///
    /// # Errors
    /// `INFLATE_LIMIT`, `FILE_DAMAGED`; `CELL_COUNT_LIMIT` for more than 100,000 ranges.
    pub(super) fn read<R: Read>(mut part: Part<R>, columns_max: usize) -> Result<Self, UploadError> {
        let mut merges = Self::default();
        if !pass_rows(&mut part)? {
            return Ok(merges);
        }
        let mut xml = Xml::tail(part);
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == b"mergeCell" => {
                    let reference = tag.attribute(b"ref")?.unwrap_or_default();
                    let range = Range::parse(reference.as_bytes())
                        .ok_or_else(|| damaged("a merged range is none", "合并区域无效"))?;
                    merges.add(range, columns_max)?;
                }
                Node::End => break,
                _ => {}
            }
        }
        merges
            .ahead
            .sort_unstable_by_key(|range| std::cmp::Reverse(*range));
        Ok(merges)
    }

    fn add(&mut self, range: Range, columns_max: usize) -> Result<(), FileError> {
        self.count += 1;
        // No cell beyond the columns' limit holds anything.
        if (range.first.column as usize) < columns_max {
            self.ahead.push(range);
        }
        if self.ahead.len() > RANGES_MAX {
            let detail = format!("{RANGES_MAX} merged ranges | {RANGES_MAX} 个合并区域");
            return Err(FileError::new(FileCode::CellCountLimit, detail));
        }
        Ok(())
    }

    /// Goes on to that row. Of ranges that overlap, which no spreadsheet writes, the first stands.
    pub(super) fn advance(&mut self, row: u32) {
        self.crossed.retain(|merged| merged.range.last.row >= row);
        while let Some(range) = self.ahead.pop_if(|range| range.first.row <= row) {
            let at = self
                .crossed
                .partition_point(|merged| merged.range.last.column < range.first.column);
            let free = self
                .crossed
                .get(at)
                .is_none_or(|merged| merged.range.first.column > range.last.column);
            if range.last.row >= row && free {
                self.crossed.insert(
                    at,
                    Merged {
                        range,
                        text: String::new(),
                        formula: false,
                        number: false,
                    },
                );
            }
        }
    }

    /// The ranges that the row at hand crosses, by column.
    pub(super) fn crossed(&self) -> &[Merged] {
        &self.crossed
    }

    /// The range that covers that column of the row at hand.
    pub(super) fn covering(&mut self, column: u32) -> Option<&mut Merged> {
        let at = self
            .crossed
            .partition_point(|merged| merged.range.last.column < column);
        self.crossed
            .get_mut(at)
            .filter(|merged| merged.range.first.column <= column)
    }
}

/// Consumes the part up to the end of its rows without reading them; false when it has none, and is read to its end.
fn pass_rows<R: Read>(part: &mut Part<R>) -> Result<bool, UploadError> {
    let finder = memmem::Finder::new(ROWS_END);
    // The last bytes of the buffer before: the end may lie across two.
    let mut before: Vec<u8> = Vec::with_capacity(2 * ROWS_END_BYTES);
    loop {
        part.begin_piece();
        let buffer = part.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let kept = before.len();
        before.extend_from_slice(&buffer[..buffer.len().min(ROWS_END_BYTES)]);
        let across = rows_end(&finder, &before).and_then(|end| end.checked_sub(kept));
        let found = across.or_else(|| rows_end(&finder, buffer));
        let count = found.unwrap_or(buffer.len());
        if buffer.len() >= ROWS_END_BYTES {
            before.clear();
            before.extend_from_slice(&buffer[buffer.len() - ROWS_END_BYTES..]);
        } else {
            before.drain(..before.len().saturating_sub(ROWS_END_BYTES));
        }
        part.consume(count);
        if found.is_some() {
            return Ok(true);
        }
    }
}

/// Where the first end of rows in the window ends.
fn rows_end(finder: &memmem::Finder<'_>, window: &[u8]) -> Option<usize> {
    finder.find_iter(window).find_map(|at| {
        let before = &window[at.saturating_sub(ROWS_END_BYTES)..at];
        let tag = before.iter().rposition(|&byte| byte == b'<')?;
        let prefix = before[tag + 1..].strip_prefix(b"/")?;
        (prefix.is_empty() || prefix.ends_with(b":")).then_some(at + ROWS_END.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_rows_is_told_from_their_beginning() {
        let finder = memmem::Finder::new(ROWS_END);
        let end = |text: &str| rows_end(&finder, text.as_bytes());
        assert_eq!(end("<sheetData><row/></sheetData><x/>"), Some(29));
        assert_eq!(end("<x:sheetData></x:sheetData>"), Some(27));
        assert_eq!(end("<sheetData>"), None);
        assert_eq!(end("</notsheetData>"), None);
    }

    #[test]
    fn ranges_that_overlap_leave_the_first() {
        let range = |text: &str| Range::parse(text.as_bytes()).expect("a range");
        let mut merges = Merges::default();
        for text in ["A2:B4", "B3:C9", "D3:D4", "A2:B4"] {
            merges.add(range(text), 256).expect("within the limit");
        }
        merges
            .ahead
            .sort_unstable_by_key(|range| std::cmp::Reverse(*range));
        merges.advance(3);
        let crossed: Vec<Range> = merges.crossed().iter().map(|merged| merged.range).collect();
        assert_eq!(crossed, [range("A2:B4"), range("D3:D4")]);
        assert!(merges.covering(1).is_some() && merges.covering(2).is_none() && merges.covering(3).is_some());
        merges.advance(5);
        assert!(merges.crossed().is_empty());
    }
}
