//! An upload in pieces, to be read beside each other on any threads.

use crate::delimited::{Block, Place, Records};
use crate::totals::is_totals;
use crate::{Columns, FileError, Limits, RawRow};

/// Rows that follow each other in an upload.
pub struct Chunk(Rows);

enum Rows {
    /// Records of a delimited text, not told apart yet.
    Block {
        block: Block,
        place: Place,
        delimiter: u8,
        limits: Limits,
    },
    Read(Vec<RawRow>),
}

impl Chunk {
    pub(crate) fn of_block(block: Block, place: Place, delimiter: u8, limits: Limits) -> Self {
        Self(Rows::Block {
            block,
            place,
            delimiter,
            limits,
        })
    }

    pub(crate) fn of_rows(rows: Vec<RawRow>) -> Self {
        Self(Rows::Read(rows))
    }

    /// Gives every row to `each`, which may take it, and whether it says that it holds totals: at the end of the upload
    /// such rows are none. The rows have no number: what stands before the chunk is not known here.
    ///
    /// # Errors
    /// As [`Upload::read`](crate::Upload::read) refuses a file; the rows given so far then do not count.
    pub fn read(self, columns: &Columns, mut each: impl FnMut(&mut RawRow, bool)) -> Result<(), FileError> {
        match self.0 {
            Rows::Block {
                block,
                mut place,
                delimiter,
                limits,
            } => {
                let (mut records, mut row) = (Records::new(delimiter, limits), RawRow::default());
                while records.read(&block, &mut place, &mut row)? {
                    let is_totals = is_totals(&row, columns);
                    each(&mut row, is_totals);
                }
            }
            Rows::Read(rows) => {
                for mut row in rows {
                    let is_totals = is_totals(&row, columns);
                    each(&mut row, is_totals);
                }
            }
        }
        Ok(())
    }
}
