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

/// Bytes of a row, about.
const ROW_BYTES: usize = 100;

/// Where a row stands in its chunk.
#[derive(Clone, Copy, Debug)]
pub struct Spot(Place);

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

    /// About as many rows as it has, by how long those of most uploads are.
    pub fn rows_about(&self) -> usize {
        match &self.0 {
            Rows::Block { block, .. } => block.bytes() / ROW_BYTES,
            Rows::Read(rows) => rows.len(),
        }
    }

    /// Gives every row to `each`, with where it stands and whether it says that it holds totals: at the end of the upload
    /// such rows are none. The rows have no number: what stands before the chunk is not known here.
    ///
    /// # Errors
    /// As [`Upload::read`](crate::Upload::read) refuses a file; the rows given so far then do not count.
    pub fn read(
        &self,
        columns: &Columns,
        mut each: impl FnMut(&RawRow, Spot, bool),
    ) -> Result<(), FileError> {
        match &self.0 {
            Rows::Block {
                block,
                place,
                delimiter,
                limits,
            } => {
                let (mut records, mut row) = (Records::new(*delimiter, *limits), RawRow::default());
                let (mut place, mut before) = (*place, *place);
                while records.read(block, &mut place, &mut row)? {
                    each(&row, Spot(before), is_totals(&row, columns));
                    before = place;
                }
            }
            Rows::Read(rows) => {
                for (index, row) in rows.iter().enumerate() {
                    each(row, Spot(Place::of_row(index)), is_totals(row, columns));
                }
            }
        }
        Ok(())
    }

    /// The row at a spot that [`Chunk::read`] gave, once more.
    pub fn row(&self, spot: Spot) -> RawRow {
        match &self.0 {
            Rows::Block {
                block,
                delimiter,
                limits,
                ..
            } => {
                let (mut place, mut row) = (spot.0, RawRow::default());
                // It was read before: it is there and breaks no limit.
                let _ = Records::new(*delimiter, *limits).read(block, &mut place, &mut row);
                row
            }
            Rows::Read(rows) => rows.get(spot.0.row()).cloned().unwrap_or_default(),
        }
    }
}
