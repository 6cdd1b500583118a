//! The portfolio's figures: all sellers of a month together.

use domain::{Cents, Month};

use crate::{MonthFigures, Tally};

/// What the orders of all sellers, paid in one month, come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthTotals {
    /// The payment month.
    pub month: Month,
    /// GMV.
    pub gmv: Cents,
    /// Orders neither excluded nor yet fulfilled or failed.
    pub pending: i64,
    /// A1 and B1.
    pub fulfilment: Tally,
    /// A1.
    pub upload: Tally,
    /// B1.
    pub pickup: Tally,
    /// B4.
    pub delivery: Tally,
    /// B2.
    pub nodes: Tally,
    /// Fines less reversals.
    pub fines_count: i64,
    /// Their net amount.
    pub fines: Cents,
}

impl MonthTotals {
    /// The sum of sellers' figures of one month.
    pub(crate) fn of<'a>(month: Month, sellers: impl Iterator<Item = &'a MonthFigures>) -> Self {
        let none = Self {
            month,
            gmv: Cents::ZERO,
            pending: 0,
            fulfilment: Tally::default(),
            upload: Tally::default(),
            pickup: Tally::default(),
            delivery: Tally::default(),
            nodes: Tally::default(),
            fines_count: 0,
            fines: Cents::ZERO,
        };
        sellers.fold(none, |sum, of| Self {
            month,
            gmv: sum.gmv + of.gmv,
            pending: sum.pending + of.pending,
            fulfilment: sum.fulfilment.and(of.fulfilment),
            upload: sum.upload.and(of.upload),
            pickup: sum.pickup.and(of.pickup),
            delivery: sum.delivery.and(of.delivery),
            nodes: sum.nodes.and(of.nodes),
            fines_count: sum.fines_count + of.fines_count,
            fines: sum.fines + of.fines,
        })
    }
}
