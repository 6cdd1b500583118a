//! The portfolio at a glance: who is eligible, the three months beside each other, and where the sellers stand.

use maud::{Markup, html as markup};

use super::sellers::Standing;
use super::text;
use crate::reason::{percent, usd};
use crate::{MonthReport, MonthTotals, Tally};

/// On-time rate of offline express and of the platform's standard line, in basis points, as quoted (rulebook E).
const ON_TIME_QUOTED_BP: (i64, i64) = (9_270, 8_610);
/// Admitted sellers, as quoted (rulebook E).
const SELLERS_QUOTED: &str = "12,800";

pub(super) fn section(report: &MonthReport) -> Markup {
    let count = |standing| {
        let standings = report.rows.iter().map(|row| Standing::of(row, report));
        standings.filter(|of| *of == standing).count()
    };
    let month = report.totals.first();
    markup! {
        section.glance aria-labelledby="glance-title" {
            h2 id="glance-title" { (text("At a glance", "总览")) }
            dl {
                (card("eligible", text("Eligible sellers", "合格卖家"), markup! { (count(Standing::Eligible) + count(Standing::AtRisk)) },
                    text(&format!("of {}; {SELLERS_QUOTED} are admitted on the platform, as quoted", report.rows.len()),
                        &format!("共 {} 家；平台公布已准入 {SELLERS_QUOTED} 家", report.rows.len()))))
                (card("at-risk", text("Of them at risk", "其中有风险"), markup! { (count(Standing::AtRisk)) },
                    text("one more failed order and the month is lost", "再有一单未履约即失去本月")))
                (card("not-eligible", text("Not eligible", "不合格"), markup! { (count(Standing::NotEligible)) },
                    text("the reasons stand with each seller", "原因见各卖家")))
                @if let Some(month) = month {
                    (card("", text("GMV", "GMV"), markup! { (usd(month.gmv)) " USD" }, text("of the month's paid orders", "本月已付款订单")))
                    (card("", text("Fulfilment", "物流履约率"), rate(month.fulfilment), failed(month.fulfilment)))
                    (card("", text("On-time delivery", "准时签收率"), rate(month.delivery),
                        text(&format!("quoted: {} % offline express, {} % standard", percent(ON_TIME_QUOTED_BP.0), percent(ON_TIME_QUOTED_BP.1)),
                            &format!("平台公布：线下快递 {}%，标准物流 {}%", percent(ON_TIME_QUOTED_BP.0), percent(ON_TIME_QUOTED_BP.1)))))
                    (card("", text("Fines", "罚金"), markup! { (usd(month.fines)) " USD" },
                        text(&format!("{} fines, reversals deducted", month.fines_count), &format!("{} 笔，已扣除冲回", month.fines_count))))
                }
            }
        }
    }
}

fn card(class: &str, name: Markup, figure: Markup, note: Markup) -> Markup {
    markup! { div class=(class) { dt { (name) } dd { span.figure { (figure) } span.note { (note) } } } }
}

fn rate(tally: Tally) -> Markup {
    markup! { @if let Some(rate_bp) = tally.rate_bp() { (percent(rate_bp)) " %" } @else { "–" } }
}

fn failed(tally: Tally) -> Markup {
    text(
        &format!("{} of {} orders failed", tally.failed(), tally.due),
        &format!("{} 单中 {} 单未履约", tally.due, tally.failed()),
    )
}

/// The three months beside each other: what went well, and what failed.
pub(super) fn months(report: &MonthReport) -> Markup {
    let months: Vec<&MonthTotals> = report.totals.iter().rev().collect();
    let line = |en: &str, zh: &str, of: fn(&MonthTotals) -> Tally| {
        markup! {
            tr {
                th scope="row" { (text(en, zh)) }
                @for month in &months { td.number { (rate(of(month))) " " small { (of(month).failed()) " / " (of(month).due) } } }
                td { (bars(&months.iter().map(|month| of(month).rate_bp()).collect::<Vec<_>>(), en)) }
            }
        }
    };
    markup! {
        section aria-labelledby="months-title" {
            h2 id="months-title" { (text("Three months", "近三个月")) }
            p.note { (text("Rate, and orders that failed of those decided.", "比率，及未达标单数 / 已判定单数。")) }
            table.months {
                thead { tr {
                    th scope="col" { (text("Figure", "指标")) }
                    @for month in &months { th scope="col" { (month.month) } }
                    th scope="col" { (text("Trend", "趋势")) }
                } }
                tbody {
                    tr {
                        th scope="row" { "GMV USD" }
                        @for month in &months { td.number { (usd(month.gmv)) } }
                        td {}
                    }
                    (line("Fulfilment (A1, B1)", "物流履约（A1、B1）", |month| month.fulfilment))
                    (line("Upload on time (A1)", "按时上传（A1）", |month| month.upload))
                    (line("Pickup on time (B1)", "按时揽收（B1）", |month| month.pickup))
                    (line("Nodes complete (B2)", "节点齐全（B2）", |month| month.nodes))
                    (line("On-time delivery (B4)", "准时签收（B4）", |month| month.delivery))
                    tr {
                        th scope="row" { (text("Fines USD", "罚金 USD")) }
                        @for month in &months { td.number { (usd(month.fines)) " " small { (month.fines_count) } } }
                        td {}
                    }
                }
            }
        }
    }
}

/// Rates as bars, from nothing to the whole; what there is no rate of is left out.
fn bars(rates_bp: &[Option<i64>], name: &str) -> Markup {
    const HEIGHT: i64 = 24;
    let told: Vec<String> = rates_bp
        .iter()
        .map(|rate| rate.map_or_else(|| "–".to_owned(), |rate| format!("{} %", percent(rate))))
        .collect();
    markup! {
        svg.bars role="img" aria-label=(format!("{name}: {}", told.join(", "))) width="48" height="24" viewBox="0 0 48 24" {
            @for (index, rate) in rates_bp.iter().enumerate() {
                @if let Some(rate) = rate {
                    @let height = (rate * HEIGHT / 10_000).max(1);
                    rect x=(index * 16 + 2) y=(HEIGHT - height) width="12" height=(height) {}
                }
            }
        }
    }
}

/// How many sellers reach which rate of fulfilment.
pub(super) fn spread(report: &MonthReport) -> Markup {
    let minimum = i64::from(report.limits.fulfilment_percent_min) * 100;
    let bounds = [0, 5_000, 8_000, 9_000, minimum, 9_800, 10_001];
    let rates: Vec<i64> = report
        .rows
        .iter()
        .filter_map(|row| row.fulfilment_rate_bp)
        .collect();
    let steps: Vec<(i64, i64, usize)> = bounds
        .windows(2)
        .filter(|pair| pair[0] < pair[1])
        .map(|pair| {
            let within = rates.iter().filter(|rate| (pair[0]..pair[1]).contains(rate));
            (pair[0], pair[1], within.count())
        })
        .collect();
    let most = steps.iter().map(|(.., count)| *count).max().unwrap_or(0).max(1);
    markup! {
        section aria-labelledby="spread-title" {
            h2 id="spread-title" { (text("Sellers by fulfilment", "卖家履约率分布")) }
            table.spread {
                tbody {
                    @for (from, to, count) in &steps {
                        tr.enough[*from >= minimum] {
                            th scope="row" { (from / 100) " – " (to.min(&10_000) / 100) " %" }
                            td.number { (count) }
                            td { svg aria-hidden="true" width="300" height="12" { rect width=(count * 300 / most) height="12" {} } }
                        }
                    }
                    tr {
                        th scope="row" { (text("nothing due", "无应履约订单")) }
                        td.number { (report.rows.len() - rates.len()) }
                        td {}
                    }
                }
            }
        }
    }
}
