//! The report of a month: one row a seller, decided from the figures of C1's months.

use std::collections::{BTreeMap, BTreeSet};

use domain::policy::FulfilmentExtra;
use domain::{Cents, Month, Policy, PolicyBook, SellerId, Timestamp};

use crate::c1::{MONTHS_SHOWN, deciding_policy, failures_max, final_from, gmv_of, key_account, window};
use crate::reason::{Reason, in_chinese, in_english};
use crate::{MonthFigures, MonthFiles, MonthTotals, ReportError, figures_of};

/// The report of one month as of an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthReport {
    /// The month.
    pub month: Month,
    /// What was recorded by this instant is in it.
    pub as_of: Timestamp,
    /// The first instant as of which the eligibility figures are final.
    pub final_from: Timestamp,
    /// The pack that decided: the one in force at the month's end.
    pub policy: String,
    /// What C1 asks for.
    pub limits: Limits,
    /// All sellers together: of the month, of `m1` and of `m2`.
    pub totals: Vec<MonthTotals>,
    /// One a seller, sorted by seller.
    pub rows: Vec<SellerMonth>,
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
    /// C2: never, until seller papers are read.
    pub class_local: bool,
    /// C3: never, until seller papers are read.
    pub class_sensitive: bool,
    /// Any one class.
    pub eligible: bool,
    /// Whether the eligibility figures are final ([`crate::final_from`]).
    pub is_final: bool,
    /// The numbers that decided.
    pub reasons_en: String,
    /// The same in Chinese.
    pub reasons_zh: String,
    /// Orders cancelled before shipment.
    pub orders_excluded: i64,
    /// Orders neither excluded nor yet fulfilled or failed.
    pub orders_pending: i64,
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
    let policy = deciding_policy(month, book);
    let mut by_month = Vec::new();
    for month in window(month, book) {
        let figures = figures_of(files, month, as_of)?;
        by_month.push((
            month,
            figures
                .into_iter()
                .map(|of| (of.seller_id.clone(), of))
                .collect::<BTreeMap<_, _>>(),
        ));
    }
    let shown = by_month[..MONTHS_SHOWN as usize]
        .iter()
        .flat_map(|(_, figures)| figures.values());
    let sellers: BTreeSet<_> = shown.filter(|of| of.orders > 0).map(|of| &of.seller_id).collect();
    let totals = by_month[..MONTHS_SHOWN as usize]
        .iter()
        .map(|(month, figures)| MonthTotals::of(*month, figures.values()));
    let decision = Decision {
        policy,
        book,
        as_of,
        final_from: final_from(month, book),
    };
    let rows = sellers.into_iter().map(|seller_id| {
        let months = by_month.iter().map(|(month, figures)| {
            figures
                .get(seller_id)
                .cloned()
                .unwrap_or_else(|| MonthFigures::none(seller_id.clone(), *month))
        });
        decision.row(&months.collect::<Vec<_>>())
    });
    let rows = rows.collect();
    Ok(MonthReport {
        month,
        as_of,
        final_from: decision.final_from,
        policy: policy.version.clone(),
        limits: Limits {
            months: policy.eligibility.months,
            gmv_min: Cents(policy.eligibility.gmv_average_cents_min),
            fulfilment_percent_min: policy.eligibility.fulfilment_percent_min,
        },
        totals: totals.collect(),
        rows,
    })
}

struct Decision<'a> {
    policy: &'a Policy,
    book: &'a PolicyBook,
    as_of: Timestamp,
    final_from: Timestamp,
}

impl Decision<'_> {
    /// `months` are the window's, the latest first.
    fn row(&self, months: &[MonthFigures]) -> SellerMonth {
        let (month, m1, m2) = (&months[0], &months[1], &months[2]);
        let judged: Vec<_> = months[..self.policy.eligibility.months as usize]
            .iter()
            .rev()
            .collect();
        let verdict = key_account(&judged, self.policy);
        let is_final = self.is_final(&judged);
        let mut reasons = verdict.reasons;
        reasons.extend(self.early(&judged));
        if !is_final {
            let pending = judged.iter().map(|of| of.pending).sum();
            reasons.push(Reason::Provisional {
                pending,
                final_from: self.final_from,
                zone: self.book.zone,
            });
        }
        SellerMonth {
            seller_id: month.seller_id.clone(),
            gmv: month.gmv,
            gmv_m1: m1.gmv,
            gmv_m2: m2.gmv,
            gmv_avg: Cents(
                gmv_of(&judged)
                    .0
                    .div_euclid(i64::from(self.policy.eligibility.months)),
            ),
            orders_due: month.fulfilment.due,
            orders_fulfilled: month.fulfilment.met,
            fulfilment_rate_bp: month.fulfilment.rate_bp(),
            rate_bp_m1: m1.fulfilment.rate_bp(),
            rate_bp_m2: m2.fulfilment.rate_bp(),
            on_time_delivery_bp: month.delivery.rate_bp(),
            node_complete_bp: month.nodes.rate_bp(),
            upload_on_time_bp: month.upload.rate_bp(),
            pickup_on_time_bp: month.pickup.rate_bp(),
            fines_count: month.fines_count,
            fines: month.fines,
            class_ka: verdict.met,
            class_local: false,
            class_sensitive: false,
            eligible: verdict.met,
            is_final,
            reasons_en: in_english(&self.policy.version, &reasons),
            reasons_zh: in_chinese(&self.policy.version, &reasons),
            orders_excluded: month.excluded,
            orders_pending: month.pending,
        }
    }

    fn is_final(&self, judged: &[&MonthFigures]) -> bool {
        let waits_for_nodes = self
            .policy
            .eligibility
            .fulfilment_requires
            .contains(&FulfilmentExtra::Nodes);
        self.as_of >= self.final_from && !(waits_for_nodes && judged.iter().any(|of| of.pending > 0))
    }

    /// Packs that applied to some of the orders before their date, each once.
    fn early(&self, judged: &[&MonthFigures]) -> impl Iterator<Item = Reason> {
        let versions: BTreeSet<_> = judged.iter().filter_map(|of| of.early_policy.clone()).collect();
        let first = self.book.in_force_at(Timestamp::from_unix(i64::MIN));
        versions.into_iter().map(|version| {
            let before =
                (version == first.version).then(|| (first.effective_on.to_string(), first.effective_assumed));
            Reason::PolicyEarly { version, before }
        })
    }
}
