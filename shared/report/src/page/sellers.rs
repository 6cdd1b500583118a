//! The sellers' table: who needs attention first.

use maud::{Markup, html as markup};

use super::text;
use crate::reason::{percent, usd};
use crate::{MonthReport, SellerMonth};

/// Rows that come shown; the others are shown when they are asked for.
const ROWS_FIRST: usize = 200;

/// A column: its texts, its cell's place in a row's data where it is a number, and its name for the script.
const COLUMNS: [(&str, &str, &str); 12] = [
    ("Seller", "卖家", "text"),
    ("Standing", "状态", "standing"),
    ("GMV USD", "GMV（美元）", "number"),
    ("GMV, average", "GMV 月均", "number"),
    ("Fulfilment", "履约率", "number"),
    ("Month before", "上月", "number"),
    ("2 months before", "前两月", "number"),
    ("Misses left", "剩余可失误单数", "number"),
    ("Upload on time", "按时上传", "number"),
    ("Pickup on time", "按时揽收", "number"),
    ("Nodes complete", "节点齐全", "number"),
    ("Fines USD", "罚金（美元）", "number"),
];

/// Where a seller stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Eligible, and one more failed order in the month would end that.
    AtRisk,
    /// Not eligible.
    NotEligible,
    /// Eligible.
    Eligible,
}

impl Standing {
    pub(super) fn of(row: &SellerMonth, report: &MonthReport) -> Self {
        if !row.eligible {
            Self::NotEligible
        } else if failures_left(row, report) <= 0 {
            Self::AtRisk
        } else {
            Self::Eligible
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::AtRisk => "at-risk",
            Self::NotEligible => "not-eligible",
            Self::Eligible => "eligible",
        }
    }

    fn words(self) -> Markup {
        match self {
            Self::AtRisk => text("at risk", "有风险"),
            Self::NotEligible => text("not eligible", "不合格"),
            Self::Eligible => text("eligible", "合格"),
        }
    }
}

fn failures_left(row: &SellerMonth, report: &MonthReport) -> i64 {
    report.limits.failures_left(row.orders_due, row.orders_fulfilled)
}

pub(super) fn section(report: &MonthReport) -> Markup {
    let mut rows: Vec<(Standing, &SellerMonth)> = report
        .rows
        .iter()
        .map(|row| (Standing::of(row, report), row))
        .collect();
    rows.sort_by(|(one, a), (other, b)| (one, b.gmv, &a.seller_id).cmp(&(other, a.gmv, &b.seller_id)));
    markup! {
        section aria-labelledby="sellers-title" {
            h2 id="sellers-title" { (text("Sellers", "卖家明细")) }
            form id="filters" hidden {
                label { (text("Seller", "卖家")) input type="search" name="seller" autocomplete="off"; }
                label { (text("Standing", "状态"))
                    select name="standing" {
                        option value="" { "全部 / all" }
                        option value="at-risk" { "有风险 / at risk" }
                        option value="not-eligible" { "不合格 / not eligible" }
                        option value="eligible" { "合格 / eligible" }
                    }
                }
                button type="button" id="more" { (text("Show all rows", "显示全部行")) }
                output id="shown" aria-live="polite" {}
            }
            div.scroll tabindex="0" role="region" aria-labelledby="sellers-title" {
                table id="sellers" {
                    thead { tr {
                        @for (index, (en, zh, by)) in COLUMNS.iter().enumerate() {
                            th scope="col" data-by=(by) aria-sort=[(index == 1).then_some("ascending")] { (text(en, zh)) }
                        }
                        th scope="col" { (text("Why", "原因")) }
                    } }
                    tbody {
                        @for (index, (standing, row)) in rows.iter().enumerate() {
                            (line(*standing, row, failures_left(row, report), index >= ROWS_FIRST))
                        }
                    }
                }
            }
        }
    }
}

fn line(standing: Standing, row: &SellerMonth, failures_left: i64, hidden: bool) -> Markup {
    markup! {
        tr class=(standing.class()) data-standing=(standing as u8) hidden[hidden] {
            th scope="row" { (row.seller_id) }
            td { (standing.words()) }
            (number(Some(row.gmv.0), &usd(row.gmv)))
            (number(Some(row.gmv_avg.0), &usd(row.gmv_avg)))
            (rate(row.fulfilment_rate_bp))
            (rate(row.rate_bp_m1))
            (rate(row.rate_bp_m2))
            (number(row.fulfilment_rate_bp.map(|_| failures_left), &failures_left.to_string()))
            (rate(row.upload_on_time_bp))
            (rate(row.pickup_on_time_bp))
            (rate(row.node_complete_bp))
            (number(Some(row.fines.0), &usd(row.fines)))
            td.why { (text(&row.reasons_en, &row.reasons_zh)) }
        }
    }
}

fn rate(rate_bp: Option<i64>) -> Markup {
    number(rate_bp, &format!("{} %", percent(rate_bp.unwrap_or(0))))
}

/// A figure that the script sorts by; a dash where there is none.
fn number(value: Option<i64>, written: &str) -> Markup {
    markup! {
        @if let Some(value) = value { td.number data-value=(value) { (written) } } @else { td.number { "–" } }
    }
}
