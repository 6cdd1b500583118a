//! `rejected.csv`: the refused rows as they came, with what is wrong with each, safe to open in a spreadsheet.
//!
//! It can be mended and sent again as it is: its own six columns are known and ignored, and the apostrophe that keeps
//! a spreadsheet from running a cell is one of the tricks that intake undoes.

use std::borrow::Cow;
use std::io::{self, Write};

use domain::code::Finding;
use domain::message::message;

use crate::RawRow;
use crate::cell::{is_invisible, is_nbsp};
use crate::header::answer_columns;
use crate::repaired::TO_DO_COLUMN;

/// The columns that the file adds to those of the upload.
pub const ANSWER_COLUMNS: [&str; 6] = ["row", "code", "clause", "message_zh", "message_en", "fix"];

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Between the findings of a row.
const SEPARATOR: &str = " | ";

/// What a formula may begin with in some spreadsheet, in the forms that Chinese keyboards and web pages give it.
const FORMULA_STARTS: &str = "=+-@\t\r\n＝＋－＠﹦﹢﹣﹫−";

/// Seen by nobody, and undone by intake; behind it nothing is a formula.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// Writes `rejected.csv`: UTF-8 with a byte order mark, commas, CR LF.
pub struct RejectedWriter<W: Write> {
    csv: csv::Writer<W>,
    /// The upload's columns, those of an earlier answer left out.
    kept: Vec<usize>,
    /// Cells of the upload's header.
    width: usize,
}

impl<W: Write> RejectedWriter<W> {
    /// Begins the file for an upload with this header.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn new(mut out: W, header: &[String]) -> io::Result<Self> {
        out.write_all(BYTE_ORDER_MARK)?;
        let kept = kept_columns(header);
        let mut csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .flexible(true)
            .from_writer(out);
        for &index in &kept {
            csv.write_field(protected(&header[index]).as_bytes())?;
        }
        for column in ANSWER_COLUMNS {
            csv.write_field(column)?;
        }
        csv.write_record(None::<&[u8]>)?;
        Ok(Self {
            csv,
            kept,
            width: header.len(),
        })
    }

    /// Writes a refused row with all its findings, joined by ` | `.
    ///
    /// Cells beyond the header stand behind everything else: they belong to no column, and sent again the row is found
    /// misshapen again.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub fn write(&mut self, row: &RawRow, findings: &[Finding]) -> io::Result<()> {
        for &index in &self.kept {
            self.csv.write_field(protected(row.cell(index)).as_bytes())?;
        }
        let messages: Vec<_> = findings.iter().map(message).collect();
        let joined = |texts: Vec<&str>| texts.join(SEPARATOR);
        let fixes: Vec<String> = messages
            .iter()
            .map(|texts| format!("{} / {}", texts.fix_zh, texts.fix_en))
            .collect();
        for text in [
            row.number().to_string(),
            joined(findings.iter().map(|finding| finding.code.as_str()).collect()),
            joined(findings.iter().map(|finding| finding.code.clause()).collect()),
            joined(messages.iter().map(|texts| texts.message_zh.as_str()).collect()),
            joined(messages.iter().map(|texts| texts.message_en.as_str()).collect()),
            fixes.join(SEPARATOR),
        ] {
            self.csv.write_field(protected(&text).as_bytes())?;
        }
        for index in self.width..self.end_of(row) {
            self.csv.write_field(protected(row.cell(index)).as_bytes())?;
        }
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Where the row's last cell that holds anything ends.
    fn end_of(&self, row: &RawRow) -> usize {
        let holds = |index: &usize| !row.cell(*index).trim().is_empty();
        (self.width..row.len())
            .rfind(holds)
            .map_or(self.width, |last| last + 1)
    }

    /// Ends the file and gives back what it was written to.
    ///
    /// # Errors
    /// When the last of it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The upload's columns without those of an earlier answer.
pub(crate) fn kept_columns(header: &[String]) -> Vec<usize> {
    let answer = answer_columns(header).unwrap_or_default();
    (0..header.len())
        .filter(|index| !answer.contains(index) && header[*index].trim() != TO_DO_COLUMN)
        .collect()
}

/// A cell that no spreadsheet runs: one that begins like a formula, whatever blanks stand before, gets an apostrophe.
/// A plain number (`-12.50`) is none. Inside the cell, where a spreadsheet that splits lines at `;`, tabs or line ends would
/// begin another one, a zero-width space stands before what would be a formula.
///
/// [`crate::cell::clean`] gives the same value for the cell and the protected cell.
pub fn protected(cell: &str) -> Cow<'_, str> {
    let first = cell.chars().find(|c| !is_blank(*c));
    let begins_formula = first.is_some_and(|c| FORMULA_STARTS.contains(c));
    let inside = protected_inside(cell);
    if begins_formula && !is_plain_number(cell) {
        Cow::Owned(format!("'{inside}"))
    } else {
        inside
    }
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\u{3000}' || is_nbsp(c) || is_invisible(c)
}

fn protected_inside(cell: &str) -> Cow<'_, str> {
    let splits = |c: char| matches!(c, ';' | '\t' | '\n' | '\r' | '；');
    if !cell.contains(splits) {
        return Cow::Borrowed(cell);
    }
    let mut safe = String::with_capacity(cell.len() + ZERO_WIDTH_SPACE.len_utf8());
    let mut begins = false;
    for character in cell.chars() {
        if begins && FORMULA_STARTS.contains(character) && !splits(character) {
            safe.push(ZERO_WIDTH_SPACE);
        }
        // Held already where an answer is answered.
        let is_held = character == ZERO_WIDTH_SPACE;
        begins = splits(character) || begins && !is_held && (is_blank(character) || character == '"');
        safe.push(character);
    }
    Cow::Owned(safe)
}

/// A sign, digits, and a `.` or `,` between digits: nothing that could be computed.
fn is_plain_number(cell: &str) -> bool {
    let unsigned = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    unsigned
        .split(['.', ','])
        .all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
