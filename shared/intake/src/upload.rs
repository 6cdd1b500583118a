//! Uploads: whatever the file is, a header that is understood and rows one after the other, in bounded memory.

use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};
use std::mem;

use domain::OrderId;
use domain::code::FileCode;

use crate::about::{About, Compression, Format};
use crate::delimited::Delimited;
use crate::file::{Container, utf8_mark};
use crate::header::{Columns, sniff_delimiter};
use crate::input::{Encoded, Input, Source, beyond};
use crate::json_lines::JsonLines;
use crate::sample::Sample;
use crate::sheet::{ReadRow, Sheet};
use crate::title;
use crate::totals::is_totals;
use crate::{Chunk, FileError, Filled, Kind, Limits, RawRow, Survey, UploadError, survey};

/// Rows of a chunk where rows are read one by one, at most.
const CHUNK_ROWS: usize = 2_000;
/// Bytes of their texts, about: several chunks are under way at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Rows of totals one after the other that are kept until it is seen whether the file ends there; more are rows.
pub const TOTALS_ROWS_MAX: usize = 100;

/// An upload whose header is understood; iterate it for its rows.
pub struct Upload<R> {
    table: Table<R>,
    header: Vec<String>,
    columns: Columns,
    about: About,
    suspects: Vec<OrderId>,
    /// Rows read before they were asked for, and what ended that.
    ahead: VecDeque<RawRow>,
    failed: Option<UploadError>,
    /// Rows that are totals if nothing but totals comes after them.
    held: VecDeque<RawRow>,
    is_releasing: bool,
    rows: u64,
    rows_max: u64,
    ended: bool,
}

/// Where the rows come from.
enum Table<R> {
    Delimited(Box<Delimited<R>>),
    JsonLines(Box<JsonLines<R>>),
    Sheet(Box<Sheet<Source<R>>>),
}

impl<R: Read + Seek> Table<R> {
    fn read(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        match self {
            Self::Delimited(text) => text.read(row),
            Self::JsonLines(lines) => lines.read(row),
            Self::Sheet(sheet) => sheet.read(row),
        }
    }
}

/// Opens an upload: tells what file it is, by its bytes alone, and understands its header.
///
/// A header without rows below it is a file of no rows, not an empty file.
///
/// # Errors
/// [`UploadError::Refused`] with what [`survey()`] or [`open_surveyed`] gives.
pub fn open<R: Read + Seek>(mut source: R, kind: Kind, limits: Limits) -> Result<Upload<R>, UploadError> {
    let survey = survey(&mut source, &limits)?;
    open_surveyed(source, kind, limits, &survey)
}

/// Opens an upload that was surveyed before.
///
/// # Errors
/// [`UploadError::Refused`] with `FILE_TYPE`, `FILE_EMPTY`, `HEADER_MISSING`, `HEADER_DUPLICATE`, `HEADER_AMBIGUOUS`,
/// `ZIP_ENTRY_LIMIT`, `SHARED_STRING_LIMIT`, or what [`Upload::read`] gives.
pub fn open_surveyed<R: Read + Seek>(
    source: R,
    kind: Kind,
    limits: Limits,
    survey: &Survey,
) -> Result<Upload<R>, UploadError> {
    open_filled(source, kind, limits, survey, &Filled::default())
}

/// As [`open_surveyed`], where what the upload states stands for columns that the file lacks.
///
/// # Errors
/// As [`open_surveyed`].
pub fn open_filled<R: Read + Seek>(
    mut source: R,
    kind: Kind,
    limits: Limits,
    survey: &Survey,
    filled: &Filled,
) -> Result<Upload<R>, UploadError> {
    source.rewind().map_err(UploadError::Read)?;
    let (mut table, mut about) = match survey.container {
        Container::Zip => sheet(source, kind, &limits, survey, filled)?,
        Container::Text(compression) => text(source, kind, limits, survey, compression)?,
    };
    let header = match &table {
        Table::JsonLines(lines) => lines.header().to_vec(),
        Table::Delimited(_) | Table::Sheet(_) => {
            let head = title::find(kind, |row| table.read(row))?;
            about.title_rows = head.title_rows;
            head.header
        }
    };
    let rows_max = match about.format {
        Format::Xlsx => limits.sheet_rows_max,
        Format::Csv | Format::JsonLines => limits.rows_max,
    };
    let mut upload = Upload {
        table,
        columns: Columns::resolve_filled(kind, &header, filled)?,
        header,
        about,
        suspects: Vec::new(),
        ahead: VecDeque::new(),
        failed: None,
        held: VecDeque::new(),
        is_releasing: false,
        rows: 0,
        rows_max,
        ended: false,
    };
    upload.look_ahead();
    Ok(upload)
}

fn sheet<R: Read + Seek>(
    source: R,
    kind: Kind,
    limits: &Limits,
    survey: &Survey,
    filled: &Filled,
) -> Result<(Table<R>, About), UploadError> {
    let mut source = Source(source);
    if source.seek(SeekFrom::End(0))? > limits.file_bytes_max {
        return Err(beyond(FileCode::FileTooLarge, limits.file_bytes_max).into());
    }
    source.rewind()?;
    let has_header = |read: &mut ReadRow<'_>| match title::find(kind, read) {
        Ok(head) => Ok(Columns::resolve_filled(kind, &head.header, filled).is_ok()),
        Err(UploadError::Refused(error)) if error.code == FileCode::FileEmpty => Ok(false),
        Err(error) => Err(error),
    };
    let sheet = Sheet::open(source, limits, survey.sheet.as_deref(), &has_header)?;
    Ok((Table::Sheet(Box::new(sheet)), About::of(Format::Xlsx)))
}

fn text<R: Read>(
    source: R,
    kind: Kind,
    limits: Limits,
    survey: &Survey,
    compression: Option<Compression>,
) -> Result<(Table<R>, About), UploadError> {
    let mut input = Input::new(Encoded::new(source, compression, &limits)?, survey.encoding);
    let mark = utf8_mark(input.fill()?);
    input.consume(mark);
    let is_json = input.buffered().trim_ascii_start().first() == Some(&b'{');
    let mut about = About::of(if is_json { Format::JsonLines } else { Format::Csv });
    about.compression = compression;
    about.encoding = Some(survey.encoding);
    if is_json {
        let lines = JsonLines::open(input, kind, limits)?;
        return Ok((Table::JsonLines(Box::new(lines)), about));
    }
    let delimiter = sniff_delimiter(kind, input.buffered());
    about.delimiter = Some(char::from(delimiter));
    let text = Delimited::new(input, delimiter, limits);
    Ok((Table::Delimited(Box::new(text)), about))
}

impl<R: Read + Seek> Upload<R> {
    /// The header's cells as they came; of JSON Lines, the columns that its rows have.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Whether the file itself names all columns that its kind must have: the first object of JSON Lines may lack some.
    pub(crate) fn has_required_columns(&self) -> bool {
        match &self.table {
            Table::JsonLines(lines) => lines.has_required_columns(),
            Table::Delimited(_) | Table::Sheet(_) => true,
        }
    }

    /// Where the kind's columns stand.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Whether the file's order ids, taken together, show that a spreadsheet has cut them to 15 digits.
    pub fn precision_lost(&self) -> bool {
        self.columns.is_precision_lost()
    }

    /// Some of the ids that show it, a hundred at most. Where orders are known under them, they are no cut ones:
    /// [`Upload::trust_order_ids`].
    pub fn suspected_ids(&self) -> &[OrderId] {
        &self.suspects
    }

    /// Takes the order ids for whole whatever the file as a whole shows; before the first row is read.
    pub fn trust_order_ids(&mut self) {
        self.columns.trust_order_ids();
    }

    /// How the file was read. Its counts are final after the last row.
    pub fn about(&self) -> About {
        let mut about = self.about.clone();
        if let Table::Sheet(sheet) = &self.table {
            let sheet = sheet.about();
            about.sheet = Some(sheet.name.clone());
            about.other_sheets.clone_from(&sheet.other_sheets);
            about.hidden_rows = sheet.hidden_rows;
            about.merged_ranges = sheet.merged_ranges;
            about.formula_cells = sheet.formula_cells;
        }
        about
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next rows, to be read on any thread; `None` at the end. Either all rows are drawn so or all by
    /// [`Upload::read`]. Whoever draws them counts them, no more than [`Upload::rows_max`], and leaves out totals at the end.
    ///
    /// # Errors
    /// As [`Upload::read`].
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, UploadError> {
        if !self.ahead.is_empty() {
            return Ok(Some(Chunk::of_rows(mem::take(&mut self.ahead).into())));
        }
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if let Table::Delimited(text) = &mut self.table {
            return text.next_chunk();
        }
        let mut rows = Vec::new();
        let mut row = RawRow::default();
        let mut bytes = 0;
        while rows.len() < CHUNK_ROWS && bytes < CHUNK_BYTES && self.table.read(&mut row)? {
            bytes += row.bytes();
            rows.push(mem::take(&mut row));
        }
        Ok((!rows.is_empty()).then(|| Chunk::of_rows(rows)))
    }

    /// Rows that the file may have, by its format.
    pub fn rows_max(&self) -> u64 {
        self.rows_max
    }

    /// Reads the next row into `row`, using its memory again; false at the end.
    ///
    /// # Errors
    /// [`UploadError::Refused`] with `FILE_TOO_LARGE`, `INFLATE_LIMIT`, `ROW_LIMIT`, `COLUMN_LIMIT`, `CELL_LIMIT`,
    /// `CELL_COUNT_LIMIT`, `FILE_DAMAGED` or `ENCODING_UNSURE`: then no row of the file counts, those read before
    /// included. [`UploadError::Read`] when the bytes do not come. After an error there are no more rows.
    pub fn read(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        if self.ended {
            return Ok(false);
        }
        let read = self.read_counted(row);
        self.ended = !matches!(read, Ok(true));
        read
    }

    fn read_counted(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        if !self.read_data(row)? {
            return Ok(false);
        }
        if self.rows == self.rows_max {
            return Err(FileError::too_many_rows(self.rows_max).into());
        }
        self.rows += 1;
        row.number = self.rows;
        Ok(true)
    }

    /// Reads the next row that is not one of the totals at the end.
    fn read_data(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        loop {
            if self.is_releasing
                && let Some(held) = self.held.pop_front()
            {
                *row = held;
                return Ok(true);
            }
            self.is_releasing = false;
            if !self.read_ahead_or_table(row)? {
                self.about.totals_rows = self.held.len() as u64;
                return Ok(false);
            }
            let is_totals = is_totals(row, &self.columns);
            if !is_totals && self.held.is_empty() {
                return Ok(true);
            }
            // In the middle of the file they are rows after all.
            self.is_releasing = !is_totals || self.held.len() == TOTALS_ROWS_MAX;
            self.held.push_back(mem::take(row));
        }
    }

    fn read_ahead_or_table(&mut self, row: &mut RawRow) -> Result<bool, UploadError> {
        if let Some(ahead) = self.ahead.pop_front() {
            *row = ahead;
            return Ok(true);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.table.read(row),
        }
    }

    /// Looks at the first rows until they show what they may show.
    fn look_ahead(&mut self) {
        let mut sample = Sample::of(&self.columns, matches!(self.table, Table::Sheet(_)));
        while sample.is_open() {
            let mut row = RawRow::default();
            match self.table.read(&mut row) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
            sample.look_at(&row);
            self.ahead.push_back(row);
        }
        self.columns.note_sample(&sample);
        if sample.precision().is_lost() {
            self.suspects = sample.precision().suspects();
        }
    }
}

impl<R: Read + Seek> Iterator for Upload<R> {
    type Item = Result<RawRow, UploadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = RawRow::default();
        match self.read(&mut row) {
            Ok(true) => Some(Ok(row)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
