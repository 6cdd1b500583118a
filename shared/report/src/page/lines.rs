//! A seller's line of the table: the same cells for the rows that the page comes with and for the data of the others.

use std::borrow::Cow;

use maud::{Markup, html as markup};

use super::glance::grouped;
use crate::reason::{percent, usd};
use crate::{MonthReport, SellerMonth, Standing};

/// A column with figures.
pub(super) struct Column {
    pub(super) en: &'static str,
    pub(super) zh: &'static str,
    pub(super) form: Form,
    pub(super) cell: fn(&SellerMonth, &MonthReport) -> Option<i64>,
}

/// What a column's figures are, and how they are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Cents.
    Money,
    /// Basis points.
    Rate,
    Count,
}

impl Form {
    /// Its name for the script.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Rate => "rate",
            Self::Count => "count",
        }
    }

    pub(super) fn write(self, figure: i64) -> String {
        match self {
            Self::Money => usd(domain::Cents(figure)),
            Self::Rate => format!("{} %", percent(figure)),
            Self::Count => grouped(figure),
        }
    }
}

fn column(
    en: &'static str,
    zh: &'static str,
    form: Form,
    cell: fn(&SellerMonth, &MonthReport) -> Option<i64>,
) -> Column {
    Column { en, zh, form, cell }
}

/// The columns beside the seller, its standing and why. The third is the fulfilment that the trend stands beside.
pub(super) fn columns(report: &MonthReport) -> Vec<Column> {
    let mut columns = vec![
        column("GMV USD", "GMV（美元）", Form::Money, |row, _| {
            Some(row.gmv.0)
        }),
        column("GMV, average", "GMV 月均", Form::Money, |row, _| {
            Some(row.gmv_avg.0)
        }),
        column("Fulfilment", "履约率", Form::Rate, |row, _| {
            row.fulfilment_rate_bp
        }),
        column("Month before", "上月", Form::Rate, |row, _| row.rate_bp_m1),
        column("2 months before", "前两月", Form::Rate, |row, _| {
            row.rate_bp_m2
        }),
        column(
            "Failures allowed",
            "还可失误单数",
            Form::Count,
            |row, report| row.misses_left(&report.limits),
        ),
    ];
    if report.is_running() {
        columns.extend([
            column(
                "Must be fulfilled",
                "必须履约单数",
                Form::Count,
                |row, _| Some(row.forecast?.orders_to_rescue),
            ),
            column("GMV a day needed", "每日还需 GMV", Form::Money, |row, _| {
                Some(row.forecast?.gmv_needed_per_day?.0)
            }),
            column(
                "At stake a month",
                "面临损失的月 GMV",
                Form::Money,
                |row, _| Some(row.forecast?.at_stake.0),
            ),
        ]);
    }
    columns.extend([
        column("On time", "准时签收", Form::Rate, |row, _| {
            row.on_time_delivery_bp
        }),
        column("Nodes complete", "节点齐全", Form::Rate, |row, _| {
            row.node_complete_bp
        }),
        column("Fines USD", "罚金（美元）", Form::Money, |row, _| {
            Some(row.fines.0)
        }),
    ]);
    columns
}

/// Place of the fulfilment among the columns; the two before it in time follow.
pub(super) const FULFILMENT: usize = 2;

/// Sellers in the order in which they want attention: by standing, the largest first.
pub(super) fn in_order(report: &MonthReport) -> Vec<&SellerMonth> {
    let mut rows: Vec<&SellerMonth> = report.rows.iter().collect();
    rows.sort_by(|a, b| (a.standing, b.gmv, &a.seller_id).cmp(&(b.standing, a.gmv, &b.seller_id)));
    rows
}

/// In a few words why a seller stands where it does: nothing, where all is well.
pub(super) fn why(row: &SellerMonth) -> (Cow<'_, str>, Cow<'_, str>) {
    if !row.risks.is_empty() {
        // What is lost is lost by this alone; what else is close does not matter any more.
        let decided = row.standing == Standing::NotEligible;
        let decisive = || row.risks.iter().filter(|risk| !decided || risk.is_out_of_reach());
        let en: Vec<String> = decisive().map(|risk| risk.en()).collect();
        let zh: Vec<String> = decisive().map(|risk| risk.zh()).collect();
        return (en.join("; ").into(), zh.join("；").into());
    }
    if row.standing == Standing::NotEligible {
        let after = |text, sign| str::split_once(text, sign).map_or(text, |(_, after)| after);
        return (
            after(&row.reasons_en, ": ").into(),
            after(&row.reasons_zh, "：").into(),
        );
    }
    ("".into(), "".into())
}

/// Three rates as a line, the latest last; the scale is the upper fifth. The script draws the same.
pub(super) fn spark(rates_bp: [Option<i64>; 3]) -> Markup {
    let points = [rates_bp[2], rates_bp[1], rates_bp[0]].into_iter().enumerate();
    let points: Vec<String> = points
        .filter_map(|(index, rate)| Some(format!("{},{}", 3 + index * 17, height(rate?))))
        .collect();
    markup! {
        svg.spark aria-hidden="true" viewBox="0 0 40 16" {
            @if points.len() > 1 { polyline points=(points.join(" ")) {} }
            @if let Some(rate) = rates_bp[0] { circle cx="37" cy=(height(rate)) r="2" {} }
        }
    }
}

/// 80 % and less at the bottom, 100 % on top.
fn height(rate_bp: i64) -> i64 {
    14 - (rate_bp - 8_000).max(0) * 12 / 2_000
}

pub(super) fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::AtRisk => "at-risk",
        Standing::NotEligible => "not-eligible",
        Standing::Eligible => "eligible",
    }
}
