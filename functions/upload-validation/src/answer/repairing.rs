//! `repaired.xlsx`, for as long as there is room for it.

use std::io;
use std::path::Path;

use domain::Finding;
use intake::{Columns, Context, Limits, NoRoom, RawRow, RepairError, RepairedWriter, SHEET_ROWS_MAX};
use lake::Note;

use super::notes;

/// A repaired workbook in the making. It holds all rows or there is none: what has no room for one is given up.
pub(crate) struct Repairing<'a> {
    writer: Result<RepairedWriter<'a>, NoRoom>,
}

impl<'a> Repairing<'a> {
    /// Begins it for an upload of about so many rows.
    pub(crate) fn begin(
        rows: u64,
        header: &[String],
        (columns, context): (&'a Columns, &'a Context),
        limits: &Limits,
    ) -> io::Result<Self> {
        if rows > SHEET_ROWS_MAX {
            let writer = Err(NoRoom::Rows);
            return Ok(Self { writer });
        }
        let writer = RepairedWriter::new(header, columns, context, limits.answer_bytes_max);
        or_no_room(writer).map(|writer| Self { writer })
    }

    /// Whether it takes rows.
    pub(crate) fn has_room(&self) -> bool {
        self.writer.is_ok()
    }

    /// Writes a row with what was found in it.
    pub(crate) fn write(&mut self, row: &RawRow, findings: &[Finding]) -> io::Result<()> {
        if let Ok(writer) = &mut self.writer {
            let written = match writer.has_no_room(row) {
                Some(no_room) => Err(no_room),
                None => or_no_room(writer.write(row, findings))?,
            };
            if let Err(no_room) = written {
                self.writer = Err(no_room);
            }
        }
        Ok(())
    }

    /// Ends it and writes it to `path`; else gives the note that says why there is none.
    pub(crate) fn finish(self, path: &Path) -> io::Result<Option<Note>> {
        let no_room = match self.writer {
            Ok(writer) => match or_no_room(writer.finish(path))? {
                Ok(()) => return Ok(None),
                Err(no_room) => {
                    std::fs::remove_file(path)?;
                    no_room
                }
            },
            Err(no_room) => no_room,
        };
        Ok(Some(notes::of_no_repaired(no_room)))
    }
}

/// A full disk is a bound like any other.
fn or_no_room<T>(result: Result<T, RepairError>) -> io::Result<Result<T, NoRoom>> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(error) if error.is_disk_full() => Ok(Err(NoRoom::Bytes)),
        Err(error) => Err(io::Error::other(error)),
    }
}
