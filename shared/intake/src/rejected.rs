//! `rejected.csv`: the refused rows as they came, with what is wrong with each, safe to open in a spreadsheet.
//!
//! It can be mended and sent again as it is: its own six columns are known and ignored, and the apostrophe that keeps
//! a spreadsheet from running a cell is one of the tricks that intake undoes.

use std::borrow::Cow;
use std::io::{self, Write};
use std::mem;
use std::sync::LazyLock;

use domain::code::Finding;
use domain::message::{Language, Telling, telling};
use memchr::memmem;

use crate::RawRow;
use crate::cell::{END_OF_FILE, is_invisible, is_nbsp};
use crate::header::answer_columns;
use crate::repaired::TO_DO_COLUMN;

/// The columns that the file adds to those of the upload.
pub const ANSWER_COLUMNS: [&str; 6] = ["row", "code", "clause", "message_zh", "message_en", "fix"];

const BYTE_ORDER_MARK: &str = "\u{feff}";

const LINE_END: &str = "\r\n";

/// Bytes of lines that are written at once.
const WAITING_BYTES: usize = 1 << 17;

/// Room for the texts of a cell, at first.
const TEXT_BYTES: usize = 512;

/// Between the findings of a row.
const SEPARATOR: &str = " | ";

/// What a formula may begin with in some spreadsheet, in the forms that Chinese keyboards and web pages give it.
const FORMULA_STARTS: &str = "=+-@\t\r\n＝＋－＠﹦﹢﹣﹫−";

/// Splits as the half-width one does.
static FULL_SEMICOLON: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("；"));

/// Seen by nobody, and undone by intake; behind it nothing is a formula.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// How a refused row stands in `rejected.csv`: lines can be made apart from the file, on any thread.
#[derive(Clone, Debug)]
pub struct RejectedForm {
    /// The upload's columns, those of an earlier answer left out.
    kept: Vec<usize>,
    /// Cells of the upload's header.
    width: usize,
}

/// Where a line stands among others that were made, and where the row's number belongs in it.
#[derive(Clone, Copy, Debug)]
pub struct RejectedLine {
    start: usize,
    number_at: usize,
    end: usize,
}

/// Writes `rejected.csv`: UTF-8 with a byte order mark, commas, CR LF. It holds whole lines, as many as fit.
pub struct RejectedWriter<W: Write> {
    out: W,
    form: RejectedForm,
    /// The line at hand; its memory is used again.
    line: String,
    /// Lines that are to be written, and how many.
    waiting: Vec<u8>,
    waiting_rows: u64,
    bytes_left: u64,
    written: Written,
}

/// What a `rejected.csv` came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Its bytes. Behind them may lie the beginning of a line for which the disk had no room.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// Refused rows that it has no room for: those behind the last one that it has.
    pub left_out: u64,
}

impl RejectedForm {
    /// The form for an upload with this header.
    pub fn of(header: &[String]) -> Self {
        Self {
            kept: kept_columns(header),
            width: header.len(),
        }
    }

    /// Adds the line of a refused row to `lines`, all but its number: the row with all its findings, joined by ` | `.
    ///
    /// Cells beyond the header stand behind everything else: they belong to no column, and sent again the row is found
    /// misshapen again.
    pub fn write(&self, lines: &mut String, row: &RawRow, findings: &[Finding]) -> RejectedLine {
        let start = lines.len();
        match self.as_it_stands(row) {
            Some(line) => lines.extend([line, ","]),
            None => {
                for &index in &self.kept {
                    push_cell(lines, row.cell(index));
                    lines.push(',');
                }
            }
        }
        let number_at = lines.len();
        let tellings: Vec<Telling<'_>> = findings.iter().map(telling).collect();
        let mut cell = String::with_capacity(TEXT_BYTES);
        let mut push_texts = |push: &dyn Fn(&mut String, usize)| {
            cell.clear();
            for index in 0..findings.len() {
                if index > 0 {
                    cell.push_str(SEPARATOR);
                }
                push(&mut cell, index);
            }
            lines.push(',');
            push_cell(lines, &cell);
        };
        push_texts(&|cell, index| cell.push_str(findings[index].code.as_str()));
        push_texts(&|cell, index| cell.push_str(findings[index].code.clause()));
        push_texts(&|cell, index| tellings[index].push_cause(Language::Chinese, cell));
        push_texts(&|cell, index| tellings[index].push_cause(Language::English, cell));
        push_texts(&|cell, index| {
            tellings[index].push_fix(Language::Chinese, cell);
            cell.push_str(" / ");
            tellings[index].push_fix(Language::English, cell);
        });
        for index in self.width..self.end_of(row) {
            lines.push(',');
            push_cell(lines, row.cell(index));
        }
        lines.push_str(LINE_END);
        RejectedLine {
            start,
            number_at,
            end: lines.len(),
        }
    }

    /// The row's line, where nothing of it has to be left out, made safe or put in quotes.
    fn as_it_stands<'r>(&self, row: &'r RawRow) -> Option<&'r str> {
        let is_whole = self.kept.len() == self.width && row.len() == self.width;
        let begins_plainly = |cell: &str| cell.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric);
        row.line_of_commas()
            .filter(|_| is_whole && row.cells().all(begins_plainly))
    }

    /// Where the row's last cell that holds anything ends.
    fn end_of(&self, row: &RawRow) -> usize {
        let holds = |index: &usize| !row.cell(*index).trim().is_empty();
        (self.width..row.len())
            .rfind(holds)
            .map_or(self.width, |last| last + 1)
    }
}

impl<W: Write> RejectedWriter<W> {
    /// Begins the file for an upload with this header; it is to have `bytes_max` bytes at most.
    pub fn new(out: W, header: &[String], bytes_max: u64) -> Self {
        let form = RejectedForm::of(header);
        let mut line = BYTE_ORDER_MARK.to_owned();
        let kept = form.kept.iter().map(|&index| header[index].as_str());
        for (index, name) in kept.chain(ANSWER_COLUMNS).enumerate() {
            if index > 0 {
                line.push(',');
            }
            push_cell(&mut line, name);
        }
        line.push_str(LINE_END);
        Self {
            out,
            form,
            bytes_left: bytes_max.saturating_sub(line.len() as u64),
            waiting: line.clone().into_bytes(),
            waiting_rows: 0,
            line,
            written: Written::default(),
        }
    }

    /// Writes a refused row with all its findings.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub fn write(&mut self, row: &RawRow, findings: &[Finding]) -> io::Result<()> {
        let mut line = mem::take(&mut self.line);
        line.clear();
        let whole = self.form.write(&mut line, row, findings);
        let written = self.write_line(&line, whole, row.number());
        self.line = line;
        written
    }

    /// Writes a line that [`RejectedForm::write`] made, as that of row `number`.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub fn write_line(&mut self, lines: &str, line: RejectedLine, number: u64) -> io::Result<()> {
        let number = number.to_string();
        let bytes = (line.end - line.start + number.len()) as u64;
        // Once a row was left out, all behind it are: the file holds the first ones.
        if self.written.left_out > 0 || bytes > self.bytes_left {
            self.written.left_out += 1;
            return Ok(());
        }
        self.bytes_left -= bytes;
        let lines = lines.as_bytes();
        self.waiting.extend_from_slice(&lines[line.start..line.number_at]);
        self.waiting.extend_from_slice(number.as_bytes());
        self.waiting.extend_from_slice(&lines[line.number_at..line.end]);
        self.waiting_rows += 1;
        if self.waiting.len() < WAITING_BYTES {
            return Ok(());
        }
        self.write_waiting()
    }

    /// Ends the file and gives back what it was written to, and what it came to.
    ///
    /// # Errors
    /// When the last of it cannot be written.
    pub fn finish(mut self) -> io::Result<(W, Written)> {
        self.write_waiting()?;
        self.out.flush()?;
        Ok((self.out, self.written))
    }

    /// A full disk is a bound like any other.
    fn write_waiting(&mut self) -> io::Result<()> {
        let rows = mem::take(&mut self.waiting_rows);
        match self.out.write_all(&self.waiting) {
            Ok(()) => {
                self.written.bytes += self.waiting.len() as u64;
                self.written.rows += rows;
            }
            Err(error) if error.kind() == io::ErrorKind::StorageFull => self.written.left_out += rows,
            Err(error) => return Err(error),
        }
        self.waiting.clear();
        Ok(())
    }
}

/// Adds a cell, made safe and, where it must be, in quotes.
fn push_cell(line: &mut String, cell: &str) {
    let begins_plainly = cell.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric);
    if begins_plainly && is_plain(cell.as_bytes()) {
        line.push_str(cell);
        return;
    }
    let safe = protected(cell);
    if !holds(safe.as_bytes(), [b',', b'"', b'\n', b'\r']) {
        line.push_str(&safe);
        return;
    }
    line.push('"');
    let mut parts = safe.split('"');
    line.push_str(parts.next().unwrap_or_default());
    for part in parts {
        line.push_str("\"\"");
        line.push_str(part);
    }
    line.push('"');
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
    // Most cells begin with a letter or a digit.
    let begins_plainly = cell.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric);
    let first = cell.chars().find(|c| !is_blank(*c));
    let begins_formula = !begins_plainly && first.is_some_and(|c| FORMULA_STARTS.contains(c));
    let inside = protected_inside(cell);
    if begins_formula && !is_plain_number(cell) {
        Cow::Owned(format!("'{inside}"))
    } else {
        inside
    }
}

/// Whether a text is ASCII in which nothing splits anything.
fn is_plain(text: &[u8]) -> bool {
    let is_other = |byte: u8| !byte.is_ascii() | matches!(byte, b',' | b'"' | b'\n' | b'\r' | b';' | b'\t');
    !text.iter().fold(false, |found, byte| found | is_other(*byte))
}

/// Whether any of four bytes stands in a text: all of it is looked at in one go.
fn holds(text: &[u8], any: [u8; 4]) -> bool {
    let found = |byte: &u8| any.iter().fold(0, |found, one| found | u8::from(byte == one));
    text.iter().fold(0, |held, byte| held | found(byte)) != 0
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{3000}' | END_OF_FILE) || is_nbsp(c) || is_invisible(c)
}

fn protected_inside(cell: &str) -> Cow<'_, str> {
    let splits = |c: char| matches!(c, ';' | '\t' | '\n' | '\r' | '；');
    let bytes = cell.as_bytes();
    let is_split =
        holds(bytes, [b';', b'\t', b'\n', b'\r']) || !cell.is_ascii() && FULL_SEMICOLON.find(bytes).is_some();
    if !is_split {
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
