//! The figures of a month, seller by seller ("Figures of a month" of the rulebook).

use std::collections::BTreeMap;

use domain::{Cents, Month, SellerId, Timestamp};
use polars::prelude::*;

use crate::lake_rows::{EARLY_POLICY, FIGURES, LEDGER, MonthFiles, ORDERS};
use crate::{Breakdown, ReportError};

/// Orders for which something is decided, and those of them that met it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decided; never an excluded order.
    pub due: i64,
    /// Decided and met.
    pub met: i64,
}

/// What one seller's orders of one payment month come to, as of an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    let of_month = || files.iter().filter(|files| files.month == month);
    let orders: Vec<_> = of_month()
        .flat_map(|files| files.orders.iter().cloned())
        .collect();
    let ledger: Vec<_> = of_month()
        .flat_map(|files| files.ledger.iter().cloned())
        .collect();
    let mut sellers = BTreeMap::new();
    if let Some(orders) = ORDERS.read(&orders, month, as_of)? {
        add_orders(&mut sellers, month, orders)?;
    }
    if let Some(entries) = LEDGER.read(&ledger, month, as_of)? {
        add_fines(&mut sellers, month, entries)?;
    }
    Ok(sellers.into_values().collect())
}

type Sellers = BTreeMap<SellerId, MonthFigures>;

fn add_orders(sellers: &mut Sellers, month: Month, orders: DataFrame) -> Result<(), ReportError> {
    let tallies = FIGURES
        .iter()
        .flat_map(|figure| [format!("{figure}_due"), format!("{figure}_met")]);
    let mut sums: Vec<_> = tallies.map(|column| count(col(column))).collect();
    sums.push(count(col("excluded")));
    sums.push(count(col("excluded").or(col("fulfilment_due")).not()).alias("pending"));
    sums.push(col("gmv_cents").sum());
    sums.push(len().cast(DataType::Int64).alias("orders"));
    sums.push(col(EARLY_POLICY).max());
    for row in Totals::by_seller(month, orders, sums)?.rows() {
        let tally = |figure: &str| -> Result<Tally, ReportError> {
            Ok(Tally {
                due: row.integer(&format!("{figure}_due"))?,
                met: row.integer(&format!("{figure}_met"))?,
            })
        };
        let figures = of_seller(sellers, month, row.seller()?);
        figures.orders = row.integer("orders")?;
        figures.excluded = row.integer("excluded")?;
        figures.pending = row.integer("pending")?;
        figures.gmv = Cents(row.integer("gmv_cents")?);
        figures.fulfilment = tally("fulfilment")?;
        figures.upload = tally("upload")?;
        figures.pickup = tally("pickup")?;
        figures.delivery = tally("delivery")?;
        figures.nodes = tally("nodes")?;
        figures.early_policy = row.text(EARLY_POLICY)?.map(str::to_owned);
    }
    Ok(())
}

fn add_fines(sellers: &mut Sellers, month: Month, entries: DataFrame) -> Result<(), ReportError> {
    let sums = vec![col("fines").sum(), col("amount_cents").sum()];
    for row in Totals::by_seller(month, entries, sums)?.rows() {
        let figures = of_seller(sellers, month, row.seller()?);
        figures.fines_count = row.integer("fines")?;
        figures.fines = Cents(row.integer("amount_cents")?);
    }
    Ok(())
}

fn of_seller(sellers: &mut Sellers, month: Month, seller_id: SellerId) -> &mut MonthFigures {
    sellers
        .entry(seller_id.clone())
        .or_insert_with(|| MonthFigures::none(seller_id, month))
}

/// How many are true.
fn count(truth: Expr) -> Expr {
    truth.cast(DataType::Int64).sum()
}

/// Collapsed rows added up, one row a seller.
struct Totals {
    month: Month,
    frame: DataFrame,
}

struct TotalsRow<'a> {
    totals: &'a Totals,
    index: usize,
}

impl Totals {
    fn by_seller(month: Month, rows: DataFrame, sums: Vec<Expr>) -> Result<Self, ReportError> {
        let frame = rows.lazy().group_by([col("seller_id")]).agg(sums).collect();
        Ok(Self {
            month,
            frame: frame.map_err(|source| ReportError::AddUp {
                month,
                source: Box::new(source),
            })?,
        })
    }

    fn rows(&self) -> impl Iterator<Item = TotalsRow<'_>> {
        (0..self.frame.height()).map(|index| TotalsRow { totals: self, index })
    }
}

impl<'a> TotalsRow<'a> {
    fn integer(&self, column: &str) -> Result<i64, ReportError> {
        let values = self
            .totals
            .frame
            .column(column)
            .and_then(Column::i64)
            .map_err(|source| self.error(source))?;
        Ok(values.get(self.index).unwrap_or(0))
    }

    fn text(&self, column: &str) -> Result<Option<&'a str>, ReportError> {
        let values = self
            .totals
            .frame
            .column(column)
            .and_then(Column::str)
            .map_err(|source| self.error(source))?;
        Ok(values.get(self.index))
    }

    fn seller(&self) -> Result<SellerId, ReportError> {
        let seller = self.text("seller_id")?.unwrap_or_default();
        SellerId::parse(seller).ok_or_else(|| ReportError::SellerInvalid {
            month: self.totals.month,
            seller: seller.to_owned(),
        })
    }

    fn error(&self, source: PolarsError) -> ReportError {
        ReportError::AddUp {
            month: self.totals.month,
            source: Box::new(source),
        }
    }
}
