//! The report of a month: one row a seller, decided from the figures of C1's months.

use domain::{Cents, Month, PolicyBook, SellerId, Timestamp};

use crate::c1::{failures_max, window};
use crate::names::CarrierNames;
use crate::{
    Breakdown, CitedAdmission, Detail, FailedOrders, Forecast, FulfilmentDefinition, Lacking, MonthFigures,
    MonthFiles, MonthTotals, Part, ReportError, Rescue, Risk, SellerUnconfirmed, Standing, decide, fold,
    orders_by_name,
};

/// The report of one month as of an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthReport {
    /// The month.
    pub month: Month,
    /// What was recorded by this instant is in it.
    pub as_of: Timestamp,
    /// The first instant as of which the eligibility figures are final.
    pub final_from: Timestamp,
    /// The pack of the figures that decided: the one in force at the month's end.
    pub policy: String,
    /// The pack of admission (C) that decided.
    pub admission: CitedAdmission,
    /// What C1 asks for.
    pub limits: Limits,
    /// All sellers together: of the month, of `m1` and of `m2`.
    pub totals: Vec<MonthTotals>,
    /// The month's orders of all sellers, by destination and by carrier.
    pub breakdown: Breakdown,
    /// What people call the carriers, the operator's own among them.
    pub carriers: CarrierNames,
    /// One a seller, sorted by seller.
    pub rows: Vec<SellerMonth>,
    /// The undecided orders that decide a running month, once they are named; `None` where there are none.
    pub rescue: Option<Rescue>,
    /// The orders that missed fulfilment, once they are named; `None` where there are none.
    pub failed: Option<FailedOrders>,
    /// The orders that their seller alone stated, by seller, once they are named.
    pub unconfirmed: Vec<SellerUnconfirmed>,
    /// What the lake lacks, where that is all that keeps the report from being final ([`MonthReport::hold_back`]).
    pub lacking: Option<Lacking>,
}

/// What C1 asks for under the pack that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Complete months looked at.
    pub months: u32,
    /// GMV a month, on average or in each.
    pub gmv_min: Cents,
    /// Whole per cent of the due orders in each month.
    pub fulfilment_percent_min: u32,
    /// When an order is fulfilled.
    pub fulfilment: FulfilmentDefinition,
}

impl Limits {
    /// How many more orders may fail, of `due` of which `fulfilled` are, before the rate is too low; negative when it is.
    pub fn failures_left(&self, due: i64, fulfilled: i64) -> i64 {
        failures_max(due, self.fulfilment_percent_min) - (due - fulfilled)
    }
}

/// One seller's row. `m1` is the month before the report's, `m2` the one before that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SellerMonth {
    /// The seller.
    pub seller_id: SellerId,
    /// GMV of the month.
    pub gmv: Cents,
    /// GMV of `m1`.
    pub gmv_m1: Cents,
    /// GMV of `m2`.
    pub gmv_m2: Cents,
    /// GMV a month over C1's months, floor to the cent: for people, the decision compares the sum.
    pub gmv_avg: Cents,
    /// Orders fulfilled or failed.
    pub orders_due: i64,
    /// Of these, the fulfilled.
    pub orders_fulfilled: i64,
    /// Floor basis points; `None` when nothing is due.
    pub fulfilment_rate_bp: Option<i64>,
    /// The same of `m1`.
    pub rate_bp_m1: Option<i64>,
    /// The same of `m2`.
    pub rate_bp_m2: Option<i64>,
    /// B4: signed within the deadline, of the orders signed or past it.
    pub on_time_delivery_bp: Option<i64>,
    /// B2, of the orders whose timelines have all ended.
    pub node_complete_bp: Option<i64>,
    /// A1, of the orders for which it is decided.
    pub upload_on_time_bp: Option<i64>,
    /// B1, of the orders for which it is decided.
    pub pickup_on_time_bp: Option<i64>,
    /// Fines less reversals.
    pub fines_count: i64,
    /// Their net amount.
    pub fines: Cents,
    /// C1.
    pub class_ka: bool,
    /// C2, once the seller is admitted by papers ([`MonthReport::admit`]).
    pub class_local: bool,
    /// C3, likewise.
    pub class_sensitive: bool,
    /// Any one class, unless C4 refuses the seller.
    pub eligible: bool,
    /// Whether the eligibility figures are final: by time ([`crate::final_from`]), and the lake lacked nothing.
    pub is_final: bool,
    /// The numbers that decided.
    pub reasons_en: String,
    /// The same in Chinese.
    pub reasons_zh: String,
    /// Orders cancelled before shipment.
    pub orders_excluded: i64,
    /// Orders neither excluded nor yet fulfilled or failed.
    pub orders_pending: i64,
    /// Where the seller stands, looking ahead.
    pub standing: Standing,
    /// What puts it at risk or out of reach.
    pub risks: Vec<Risk>,
    /// What the month still asks for, unless its figures are final.
    pub forecast: Option<Forecast>,
    /// The figures of the month, of `m1` and of `m2`; only the month's are broken down.
    pub months: Vec<MonthFigures>,
}

impl MonthReport {
    /// Whether its figures can still change by time alone.
    pub fn is_running(&self) -> bool {
        self.as_of < self.final_from || self.rows.iter().any(|row| row.forecast.is_some())
    }
}

impl SellerMonth {
    /// How many more orders may fail before the month's rate is too low; negative: so many too many, also if every
    /// pending order is fulfilled. `None` without orders.
    pub fn misses_left(&self, limits: &Limits) -> Option<i64> {
        let pending = self.forecast.map_or(0, |_| self.orders_pending);
        let known = self.orders_due + pending;
        let left = || limits.failures_left(known, self.orders_fulfilled + pending);
        self.forecast
            .and_then(|forecast| forecast.misses_left)
            .or_else(|| (known > 0).then(left))
    }
}

/// Who is eligible by `month` (C1), as of an instant, from the files of its [`crate::window`].
///
/// Files of other months are not read, and months without files have no orders: without any file the report has no
/// rows.
///
/// # Errors
/// [`ReportError`] for a file that cannot be read or holds no rows of the lake, by its name.
pub fn eligibility(
    files: &[MonthFiles],
    month: Month,
    as_of: Timestamp,
    book: &PolicyBook,
) -> Result<MonthReport, ReportError> {
    let mut figures = Vec::new();
    for of in window(month, book) {
        let folded = fold(files, of, as_of, Part::WHOLE, Detail::of(of, month))?;
        figures.extend(folded.sellers.into_values());
    }
    let mut report = decide(figures, month, as_of, book);
    let wanted = report.wanted();
    if !wanted.is_nobody() {
        let named = orders_by_name(files, month, as_of, Part::WHOLE, &wanted)?;
        report.name_orders(&named, book);
    }
    Ok(report)
}
