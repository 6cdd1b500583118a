//! The orders behind a low rate by name: those that missed fulfilment and by how much, and those that their seller alone
//! stated. A seller can dispute only what is named.

use std::collections::BTreeSet;

use domain::{Elapsed, PolicyBook, SellerId, Timestamp, Zone};

use crate::fold::OF_A_SELLER_MAX;
use crate::names::exactly;
use crate::reason::beijing;
use crate::{
    FailedOrder, Miss, MonthReport, OrdersByName, SellerMonth, SellersWanted, UnconfirmedOrder, Wanted,
};

/// Failed orders that a report names in all, and as many unconfirmed ones.
const ORDERS_MAX: usize = 2_000;

/// The orders of a month that missed fulfilment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedOrders {
    /// The sellers whose orders are named, those with the fewest first, so that as many as possible are named in full.
    pub sellers: Vec<SellerFailed>,
    /// All sellers with failed orders, those beyond the bound among them.
    pub sellers_count: usize,
    /// Their failed orders, likewise.
    pub orders_count: i64,
    /// The platform's zone.
    pub zone: Zone,
}

/// The failed orders of a seller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SellerFailed {
    /// The seller.
    pub seller_id: SellerId,
    /// How many there are.
    pub failed: i64,
    /// The first of them by payment: at most 50.
    pub orders: Vec<FailedOrder>,
}

/// The orders that a seller alone stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SellerUnconfirmed {
    /// The seller.
    pub seller_id: SellerId,
    /// How many there are.
    pub count: u64,
    /// The first of them by payment: at most 50.
    pub orders: Vec<UnconfirmedOrder>,
}

impl FailedOrders {
    /// How many orders are named.
    pub fn named_count(&self) -> usize {
        self.sellers.iter().map(|seller| seller.orders.len()).sum()
    }
}

/// An instant in Beijing and in the platform's zone, `2024-05-18 03:00`, to the second where it is not zero: a deadline may
/// be missed by one.
pub(crate) fn both_times(at: Timestamp, zone: Zone) -> (String, String) {
    (exactly(at, beijing()), exactly(at, zone))
}

impl Miss {
    /// By how much the deadline was missed; `None` where it never happened, as far as is recorded.
    pub fn late_by(&self) -> Option<Elapsed> {
        self.happened_at.map(|at| at.since(self.deadline))
    }
}

impl MonthReport {
    /// Whose orders of the month are to be named.
    pub fn wanted(&self) -> Wanted {
        let these = |sellers: BTreeSet<SellerId>| SellersWanted::These(sellers);
        let failing = self.failed_shares().into_iter().map(|(row, _)| row);
        let excluding = self.rows.iter().filter(|row| row.orders_excluded > 0);
        let ids = |rows: Vec<&SellerMonth>| rows.into_iter().map(|row| row.seller_id.clone()).collect();
        Wanted {
            undecided: these(self.watched()),
            failed: these(ids(failing.collect())),
            unconfirmed: these(ids(excluding.collect())),
        }
    }

    /// Names orders of the month: of all sellers that are [`Self::wanted`], or of more.
    pub fn name_orders(&mut self, named: &OrdersByName, book: &PolicyBook) {
        self.name_undecided(&named.undecided, book);
        let shares = self.failed_shares().into_iter();
        let sellers: Vec<SellerFailed> = shares
            .map(|(row, share)| SellerFailed {
                seller_id: row.seller_id.clone(),
                failed: failed(row),
                orders: named
                    .failed
                    .of(&row.seller_id)
                    .iter()
                    .take(share)
                    .cloned()
                    .collect(),
            })
            .filter(|seller| !seller.orders.is_empty())
            .collect();
        let failing = || self.rows.iter().map(failed).filter(|failed| *failed > 0);
        self.failed = (!sellers.is_empty()).then(|| FailedOrders {
            sellers_count: failing().count(),
            orders_count: failing().sum(),
            sellers,
            zone: book.zone,
        });
        let mut left = ORDERS_MAX;
        self.unconfirmed = named
            .unconfirmed
            .each()
            .map(|(seller_id, count, orders)| {
                let orders = &orders[..orders.len().min(left)];
                left -= orders.len();
                SellerUnconfirmed {
                    seller_id: seller_id.clone(),
                    count,
                    orders: orders.to_vec(),
                }
            })
            .collect();
    }

    /// How many failed orders are named of which seller, until the bound is reached.
    fn failed_shares(&self) -> Vec<(&SellerMonth, usize)> {
        let mut failing: Vec<&SellerMonth> = self.rows.iter().filter(|row| failed(row) > 0).collect();
        failing.sort_by_key(|row| (failed(row), &row.seller_id));
        let mut left = ORDERS_MAX;
        let shares = failing.into_iter().map(|row| {
            let share = usize::try_from(failed(row))
                .unwrap_or(0)
                .min(OF_A_SELLER_MAX)
                .min(left);
            left -= share;
            (row, share)
        });
        shares.take_while(|(_, share)| *share > 0).collect()
    }
}

fn failed(row: &SellerMonth) -> i64 {
    row.orders_due - row.orders_fulfilled
}
