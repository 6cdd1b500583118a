//! What is masked of a row that goes back to its sender, where the policy asks for it (P).
//!
//! A masked tax id sent again means "as before" ([`PapersFact`](domain::facts::PapersFact)). The other masked cells are of columns
//! that are not read, or of which the same is kept masked, so nothing else of the row changes. What an event says stays: a
//! name taken out could change what its text is understood as.

use std::borrow::Cow;

use domain::code::{Finding, RowCode};
use domain::personal::{hidden, masked, without_personal_data};

use crate::{Column, Columns, Kind, RawRow};

/// Which of a file's cells are masked.
#[derive(Clone, Debug)]
pub struct Mask {
    cells: Vec<Masking>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Masking {
    /// The cell is read: it stays.
    Kept,
    /// An id: its ends stay.
    Id,
    /// People's own words, of which numbers and names are not kept either.
    Words,
    /// No cell of the column is read: nothing of it stays.
    Hidden,
}

impl Mask {
    /// The mask of a file with these columns.
    pub fn of(columns: &Columns) -> Self {
        let mut cells = vec![Masking::Hidden; columns.width()];
        let kind = columns.kind();
        for &column in Column::ALL.iter().filter(|column| kind.reads(**column)) {
            let place = columns.at(column).and_then(|index| cells.get_mut(index));
            if let Some(cell) = place {
                *cell = match column {
                    Column::ConsigneeTaxId => Masking::Id,
                    Column::Reason => Masking::Words,
                    Column::Description if kind == Kind::Statement => Masking::Words,
                    _ => Masking::Kept,
                };
            }
        }
        Self { cells }
    }

    /// The row as it goes back. Of one whose cells are out of place nothing can be said to be no name.
    pub fn row(&self, row: &RawRow, findings: &[Finding]) -> RawRow {
        let is_misshapen = findings.iter().any(|finding| finding.code == RowCode::RowShape);
        let masked = row.cells().enumerate().map(|(index, cell)| {
            let masking = self.cells.get(index).filter(|_| !is_misshapen);
            match masking.unwrap_or(&Masking::Hidden) {
                Masking::Kept => Cow::Borrowed(cell),
                Masking::Id => Cow::Owned(masked(cell).into()),
                Masking::Words => without_personal_data(cell),
                Masking::Hidden => hidden(cell),
            }
        });
        row.with_cells(masked)
    }
}
