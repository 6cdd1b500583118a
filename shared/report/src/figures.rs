//! The figures of a month, seller by seller ("Figures of a month" of the rulebook).

use domain::{Cents, Month, SellerId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::fold::{Detail, Part, fold};
use crate::lake_rows::MonthFiles;
use crate::{Breakdown, ReportError};

/// Orders for which something is decided, and those of them that met it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Decided; never an excluded order.
    pub due: i64,
    /// Decided and met.
    pub met: i64,
}

/// What one seller's orders of one payment month come to, as of an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthFigures {
    /// The seller.
    pub seller_id: SellerId,
    /// The payment month in the platform zone.
    pub month: Month,
    /// Known orders, the excluded ones among them.
    pub orders: i64,
    /// Cancelled before shipment: in no figure but this one, `orders` and the fines.
    pub excluded: i64,
    /// Neither excluded nor yet fulfilled or failed.
    pub pending: i64,
    /// GMV.
    pub gmv: Cents,
    /// A1 and B1 (and what else the policy asks for).
    pub fulfilment: Tally,
    /// A1.
    pub upload: Tally,
    /// B1.
    pub pickup: Tally,
    /// Signed within B4's deadline.
    pub delivery: Tally,
    /// B2, of orders whose timelines have all ended.
    pub nodes: Tally,
    /// Fines less reversals, of all orders paid in the month.
    pub fines_count: i64,
    /// Their net amount.
    pub fines: Cents,
    /// The pack that applied to some of the orders before its date.
    pub early_policy: Option<String>,
    /// The orders by destination and carrier.
    pub breakdown: Breakdown,
}

impl Tally {
    /// Floor basis points, for people; decisions compare the counts. `None` when nothing is due.
    pub fn rate_bp(self) -> Option<i64> {
        (self.due > 0).then(|| self.met * 10_000 / self.due)
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            due: self.due + other.due,
            met: self.met + other.met,
        }
    }

    /// Decided and not met.
    pub fn failed(self) -> i64 {
        self.due - self.met
    }
}

impl MonthFigures {
    /// Adds other orders of the same seller and month.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.orders += other.orders;
        self.excluded += other.excluded;
        self.pending += other.pending;
        self.gmv += other.gmv;
        self.fulfilment = self.fulfilment.and(other.fulfilment);
        self.upload = self.upload.and(other.upload);
        self.pickup = self.pickup.and(other.pickup);
        self.delivery = self.delivery.and(other.delivery);
        self.nodes = self.nodes.and(other.nodes);
        self.fines_count += other.fines_count;
        self.fines += other.fines;
        self.early_policy = self.early_policy.take().max(other.early_policy.clone());
        self.breakdown.merge(&other.breakdown);
    }

    pub(crate) fn none(seller_id: SellerId, month: Month) -> Self {
        Self {
            seller_id,
            month,
            orders: 0,
            excluded: 0,
            pending: 0,
            gmv: Cents::ZERO,
            fulfilment: Tally::default(),
            upload: Tally::default(),
            pickup: Tally::default(),
            delivery: Tally::default(),
            nodes: Tally::default(),
            fines_count: 0,
            fines: Cents::ZERO,
            early_policy: None,
            breakdown: Breakdown::default(),
        }
    }
}

/// The figures of `month` as of an instant: of every seller with an order or a fine in it, sorted by seller.
///
/// Reads the files of `files` whose month it is; without any, there are no figures.
///
/// # Errors
/// [`ReportError`] for a file that cannot be read or holds no rows of the lake, by its name.
pub fn figures_of(
    files: &[MonthFiles],
    month: Month,
    as_of: Timestamp,
) -> Result<Vec<MonthFigures>, ReportError> {
    let folded = fold(files, month, as_of, Part::WHOLE, Detail::Breakdown)?;
    Ok(folded.sellers.into_values().collect())
}
