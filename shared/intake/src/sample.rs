//! What the first rows of an upload show together, before any of them is given: whether a spreadsheet has cut the order ids,
//! and what stands before the minor units of the amounts.

use domain::money::{DecimalMark, DecimalMarks};

use crate::cell::{self, Use};
use crate::precision::Precision;
use crate::{CellMark, Column, Columns, RawRow};

/// Rows that are looked at, at most, and bytes of their cells.
const ROWS_MAX: usize = 10_000;
const BYTES_MAX: usize = 4 << 20;

/// Rows whose amounts are looked at also where the first has shown all: a file may contradict itself.
const AMOUNT_ROWS_MIN: usize = 1_000;

/// What the rows looked at so far show.
pub(crate) struct Sample {
    order_id: Option<usize>,
    amount: Option<usize>,
    is_sheet: bool,
    precision: Precision,
    decimals: DecimalMarks,
    rows: usize,
    bytes: usize,
}

impl Sample {
    /// Of an upload with these columns; only a workbook has numbers of its own.
    pub(crate) fn of(columns: &Columns, is_sheet: bool) -> Self {
        Self {
            order_id: columns.at(Column::OrderId),
            amount: columns.at(Column::Amount),
            is_sheet,
            precision: Precision::default(),
            decimals: DecimalMarks::default(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Whether a further row may show more.
    pub(crate) fn is_open(&self) -> bool {
        let has_room = self.rows < ROWS_MAX && self.bytes < BYTES_MAX;
        has_room
            && (self.order_id.is_some() && !self.are_ids_settled()
                || self.amount.is_some() && !self.are_amounts_settled())
    }

    /// Takes the next row into account.
    pub(crate) fn look_at(&mut self, row: &RawRow) {
        self.rows += 1;
        self.bytes += row.bytes();
        if let Some(at) = self.order_id {
            self.precision
                .look_at(row.cell(at), row.is_marked(at, CellMark::Number));
        }
        // A spreadsheet's own number has a point whatever people write.
        if let Some(at) = self.amount.filter(|&at| !row.is_marked(at, CellMark::Number)) {
            self.decimals.look_at(&cell::clean(row.cell(at), Use::Text).0);
        }
    }

    pub(crate) fn precision(&self) -> &Precision {
        &self.precision
    }

    pub(crate) fn decimal_mark(&self) -> DecimalMark {
        self.decimals.shown()
    }

    fn are_ids_settled(&self) -> bool {
        self.precision.is_refuted() && (!self.is_sheet || self.precision.numbers_are_whole())
    }

    fn are_amounts_settled(&self) -> bool {
        let is_shown = self.decimals.shown() != DecimalMark::Unknown;
        self.decimals.are_mixed() || is_shown && self.rows >= AMOUNT_ROWS_MIN
    }
}
