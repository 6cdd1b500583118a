//! The portfolio at a glance: who is eligible, what the month brought and cost, beside what the platform quotes.

use domain::Cents;
use domain::count::counted_as;
use maud::{Markup, html as markup};

use super::{quoted, text};
use crate::names::standing_names;
use crate::reason::{percent, usd};
use crate::{MonthReport, Standing, Tally};

pub(super) fn section(report: &MonthReport) -> Markup {
    let month = report.totals.first();
    markup! {
        section.glance aria-labelledby="glance-title" {
            h2 id="glance-title" { (text("At a glance", "总览")) }
            (standings(report))
            dl {
                @if let Some(month) = month {
                    (card("GMV", "GMV", &format!("{} USD", usd(month.gmv)), growth(report)))
                    (card("Fulfilment", "物流履约率", &rate(month.fulfilment), fulfilment(report, month.fulfilment, month.pending)))
                    (card("On-time delivery", "准时签收率", &rate(month.delivery), text(
                        &format!("quoted: {} % offline express, {} % the industry's average", tenths(quoted::ON_TIME_BP), tenths(quoted::ON_TIME_INDUSTRY_BP)),
                        &format!("平台公布：线下快递 {}%，行业平均 {}%", tenths(quoted::ON_TIME_BP), tenths(quoted::ON_TIME_INDUSTRY_BP)))))
                    (card("Nodes complete", "节点齐全率", &rate(month.nodes), text(
                        &format!("quoted: {} % of disputes come from missing nodes", quoted::DISPUTES_FROM_NODES),
                        &format!("平台公布：{}% 的纠纷源于节点缺失", quoted::DISPUTES_FROM_NODES))))
                    (card("Fines", "罚金", &format!("{} USD", usd(month.fines)), text(
                        &format!("{}, reversals deducted", counted_as(grouped(month.fines_count), month.fines_count.unsigned_abs(), "fine")),
                        &format!("{} 笔，已扣除退回", grouped(month.fines_count)))))
                }
                @if report.is_running() { (ahead(report)) }
            }
        }
    }
}

/// How many sellers stand where: as figures, and as parts of a whole.
fn standings(report: &MonthReport) -> Markup {
    let count = |standing| report.rows.iter().filter(|row| row.standing == standing).count();
    let all = report.rows.len();
    let running = report.is_running();
    let parts = [
        (Standing::Eligible, "eligible"),
        (Standing::AtRisk, "at-risk"),
        (Standing::NotEligible, "not-eligible"),
    ];
    let parts = parts.map(|(standing, class)| (standing, class, count(standing)));
    markup! {
        ul.standings {
            @for (standing, class, count) in parts {
                li class=(class) {
                    span.figure { (grouped(count as i64)) } " "
                    span.name { (name(standing, running)) }
                    @if all > 0 { span.note { (percent((count * 10_000 / all) as i64)) " %" } }
                }
            }
        }
        @if all > 0 {
            svg.share aria-hidden="true" viewBox="0 0 1000 12" preserveAspectRatio="none" {
                @for (index, (_, class, count)) in parts.iter().enumerate() {
                    @let before: usize = parts[..index].iter().map(|(.., count)| count).sum();
                    rect class=(class) x=(before * 1_000 / all) y="0" width=((before + count) * 1_000 / all - before * 1_000 / all) height="12" {}
                }
            }
        }
        p.note { (text(
            &format!("{} in the report. The platform quotes {} admitted sellers in {} countries.", counted_as(grouped(all as i64), all as u64, "seller"), quoted::SELLERS, quoted::COUNTRIES),
            &format!("本报告共 {} 家店铺。平台公布：已准入 {} 家，覆盖 {} 个国家。", grouped(all as i64), quoted::SELLERS, quoted::COUNTRIES)))
            " " a href="#meanings-title" { (text("Definitions", "名词说明")) } }
    }
}

/// A standing's name: what is, or, while the month runs, what it comes to.
pub(super) fn name(standing: Standing, running: bool) -> Markup {
    let (en, zh) = standing_names(standing, running);
    text(en, zh)
}

/// What the sellers at risk have to lose, and how many orders decide it.
fn ahead(report: &MonthReport) -> Markup {
    let at_risk = report.rows.iter().filter(|row| row.standing == Standing::AtRisk);
    let forecasts = at_risk.filter_map(|row| row.forecast);
    let (rescue, stake) = forecasts.fold((0, Cents::ZERO), |(rescue, stake), forecast| {
        (rescue + forecast.orders_to_rescue, stake + forecast.at_stake)
    });
    card(
        "At stake",
        "面临损失的 GMV",
        &format!("{} USD", usd(stake)),
        text(
            &format!(
                "GMV a month of the sellers at risk; {} pending orders must be fulfilled",
                grouped(rescue)
            ),
            &format!("有风险店铺的月 GMV；须履约 {} 单待定订单", grouped(rescue)),
        ),
    )
}

fn card(en: &str, zh: &str, figure: &str, note: Markup) -> Markup {
    markup! { div { dt { (text(en, zh)) } dd { span.figure { (figure) } span.note { (note) } } } }
}

fn growth(report: &MonthReport) -> Markup {
    let [month, before, ..] = report.totals.as_slice() else {
        return markup! {};
    };
    if before.gmv.0 <= 0 {
        return text("of the month's paid orders", "本月已付款订单");
    }
    let part_bp = i128::from(month.gmv.0) * 10_000 / i128::from(before.gmv.0);
    let part_bp = i64::try_from(part_bp).unwrap_or(i64::MAX);
    if report.is_running() {
        let part = percent(part_bp);
        return text(
            &format!("so far {part} % of {}", before.month),
            &format!("目前为 {} 的 {part}%", before.month),
        );
    }
    let sign = if part_bp < 10_000 { "−" } else { "+" };
    let size = percent((part_bp - 10_000).abs());
    text(
        &format!("{sign}{size} % against {}", before.month),
        &format!("较 {} {sign}{size}%", before.month),
    )
}

fn fulfilment(report: &MonthReport, tally: Tally, pending: i64) -> Markup {
    let min = report.limits.fulfilment_percent_min;
    let (en, zh) = if pending > 0 {
        (
            format!(", {} pending", grouped(pending)),
            format!("，{} 单待定", grouped(pending)),
        )
    } else {
        (String::new(), String::new())
    };
    let (failed, due) = (grouped(tally.failed()), grouped(tally.due));
    let due_en = counted_as(&due, tally.due.unsigned_abs(), "order");
    let clauses = report.limits.fulfilment.clauses();
    text(
        &format!(
            "{failed} of {due_en} failed{en}; a seller needs {min} %. {clauses}: our definition, the source gives none"
        ),
        &format!(
            "{due} 单中 {failed} 单未履约{zh}；店铺须达 {min}%。{clauses}：口径由本系统定义，来源文件未作定义"
        ),
    )
}

pub(super) fn rate(tally: Tally) -> String {
    tally
        .rate_bp()
        .map_or_else(|| "–".to_owned(), |rate_bp| format!("{} %", percent(rate_bp)))
}

fn tenths(basis_points: i64) -> String {
    format!("{}.{}", basis_points / 100, basis_points % 100 / 10)
}

/// `12,800`.
pub(super) fn grouped(count: i64) -> String {
    let cents = usd(Cents(count.saturating_mul(100)));
    cents.strip_suffix(".00").unwrap_or(&cents).to_owned()
}
