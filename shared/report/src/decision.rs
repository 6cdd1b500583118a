//! From the figures of C1's months to the report: who has a row, what it says, and where the seller stands.

use std::collections::{BTreeMap, BTreeSet};

use domain::policy::{FulfilmentExtra, KeyAccountPolicy};
use domain::{Cents, Month, Policy, PolicyBook, SellerId, Timestamp};
use rayon::prelude::*;

use crate::c1::{MONTHS_SHOWN, deciding_policy, final_from, gmv_of, key_account, window};
use crate::names::CarrierNames;
use crate::reason::{Reason, in_chinese, in_english};
use crate::standing::{Judged, Outlook};
use crate::{
    Breakdown, CitedAdmission, Forecast, FulfilmentDefinition, Limits, MonthFigures, MonthReport,
    MonthTotals, SellerMonth,
};

/// Who is eligible by `month` (C1), as of an instant, from the figures of the months of its [`crate::window`] as of that
/// instant, in any order. Figures of other months are not looked at; a seller's figures of one month come once.
pub fn decide(figures: Vec<MonthFigures>, month: Month, as_of: Timestamp, book: &PolicyBook) -> MonthReport {
    let months = window(month, book);
    let shown = &months[..MONTHS_SHOWN as usize];
    let totals = shown
        .iter()
        .map(|month| MonthTotals::of(*month, figures.iter().filter(|of| of.month == *month)));
    let totals = totals.collect();
    // On every processor: sums do not depend on the order, and rows keep that of the sellers.
    let of_month = figures.par_iter().filter(|of| of.month == month);
    let breakdown = of_month.fold(Breakdown::default, |sum, of| sum.and(&of.breakdown));
    let breakdown = breakdown.reduce(Breakdown::default, |sum, part| sum.and(&part));
    let mut by_seller: BTreeMap<SellerId, Vec<MonthFigures>> = BTreeMap::new();
    for mut of in figures {
        if of.month != month {
            of.breakdown = Breakdown::default();
        }
        match by_seller.get_mut(&of.seller_id) {
            Some(seller) => seller.push(of),
            None => {
                let mut seller = Vec::with_capacity(months.len());
                let seller_id = of.seller_id.clone();
                seller.push(of);
                by_seller.insert(seller_id, seller);
            }
        }
    }
    let decision = Decision::of(month, as_of, book);
    let sellers: Vec<_> = by_seller.into_iter().collect();
    let rows = sellers.into_par_iter().filter_map(|(seller_id, mut figures)| {
        let none = |month| MonthFigures::none(seller_id.clone(), month);
        let months = months.iter().map(|month| {
            let known = figures.iter().position(|of| of.month == *month);
            known.map_or_else(|| none(*month), |known| figures.swap_remove(known))
        });
        let months: Vec<_> = months.collect();
        let is_shown = months[..MONTHS_SHOWN as usize].iter().any(|of| of.orders > 0);
        is_shown.then(|| decision.row(months))
    });
    let rows = rows.collect();
    MonthReport {
        month,
        as_of,
        final_from: decision.final_from,
        policy: decision.policy.version.clone(),
        admission: decision.admission.clone(),
        limits: Limits {
            months: decision.numbers.months,
            gmv_min: Cents(decision.numbers.gmv_average_cents_min),
            fulfilment_percent_min: decision.numbers.fulfilment_percent_min,
            fulfilment: FulfilmentDefinition::of(decision.policy),
        },
        totals,
        breakdown,
        carriers: CarrierNames::of(&book.carriers),
        rows,
        rescue: None,
        failed: None,
        unconfirmed: Vec::new(),
        lacking: None,
    }
}

/// What decides the rows of a month.
pub(crate) struct Decision<'a> {
    month: Month,
    policy: &'a Policy,
    admission: CitedAdmission,
    numbers: &'a KeyAccountPolicy,
    book: &'a PolicyBook,
    as_of: Timestamp,
    final_from: Timestamp,
}

impl<'a> Decision<'a> {
    pub(crate) fn of(month: Month, as_of: Timestamp, book: &'a PolicyBook) -> Self {
        Self {
            month,
            policy: deciding_policy(month, book),
            admission: CitedAdmission::of(month, book),
            numbers: book.key_account_of(month),
            book,
            as_of,
            final_from: final_from(month, book),
        }
    }

    /// The row of a seller without any order in the months shown.
    pub(crate) fn row_without_orders(&self, seller_id: &SellerId) -> SellerMonth {
        let months = window(self.month, self.book).into_iter();
        self.row(
            months
                .map(|month| MonthFigures::none(seller_id.clone(), month))
                .collect(),
        )
    }

    /// `months` are the window's, the latest first.
    fn row(&self, mut months: Vec<MonthFigures>) -> SellerMonth {
        let judged: Vec<_> = months[..self.judged()].iter().rev().collect();
        let verdict = key_account(&judged, self.numbers);
        let is_final = self.is_final(&judged);
        let mut reasons = verdict.reasons;
        reasons.extend(self.early(&judged));
        reasons.extend(self.admission_early());
        if !is_final {
            let pending = judged.iter().map(|of| of.pending).sum();
            reasons.push(Reason::Provisional {
                pending,
                final_from: self.final_from,
                zone: self.book.zone,
            });
        }
        let gmv_avg = gmv_of(&judged).0.div_euclid(i64::from(self.numbers.months));
        let outlook = self.outlook(&months, verdict.met, is_final);
        let forecast = (!is_final).then(|| Forecast::of(&months, self.numbers, self.as_of, self.book.zone));
        let (cited_en, cited_zh) = self.book.admission_of(self.month).cited();
        months.truncate(MONTHS_SHOWN as usize);
        let (month, m1, m2) = (&months[0], &months[1], &months[2]);
        SellerMonth {
            seller_id: month.seller_id.clone(),
            gmv: month.gmv,
            gmv_m1: m1.gmv,
            gmv_m2: m2.gmv,
            gmv_avg: Cents(gmv_avg),
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
            reasons_en: in_english(&cited_en, &reasons),
            reasons_zh: in_chinese(&cited_zh, &reasons),
            orders_excluded: month.excluded,
            orders_pending: month.pending,
            standing: outlook.standing,
            risks: outlook.risks,
            forecast,
            months,
        }
    }

    fn outlook(&self, months: &[MonthFigures], is_eligible: bool, is_final: bool) -> Outlook {
        let judged = Judged {
            months: &months[..self.judged()],
            numbers: self.numbers,
            as_of: self.as_of,
            zone: self.book.zone,
        };
        if is_final {
            judged.of_final(is_eligible)
        } else {
            judged.of_running()
        }
    }

    /// How many months C1 looks at.
    fn judged(&self) -> usize {
        self.numbers.months as usize
    }

    fn is_final(&self, judged: &[&MonthFigures]) -> bool {
        let waits_for_nodes = self
            .policy
            .eligibility
            .fulfilment_requires
            .contains(&FulfilmentExtra::Nodes);
        self.as_of >= self.final_from && !(waits_for_nodes && judged.iter().any(|of| of.pending > 0))
    }

    /// That the pack of admission decides a month before its date.
    fn admission_early(&self) -> Option<Reason> {
        let admission = &self.admission;
        admission.applied_early.then(|| Reason::AdmissionEarly {
            cited: self.book.admission_of(self.month).cited(),
            before: admission.effective_on.clone(),
            assumed: admission.effective_assumed,
        })
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
