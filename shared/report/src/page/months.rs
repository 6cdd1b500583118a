//! The portfolio's three months beside each other, and how many sellers reach which rate.

use maud::{Markup, html as markup};

use super::charts::{self, Line};
use super::glance::{grouped, rate};
use super::text;
use crate::reason::usd;
use crate::{MonthReport, MonthTotals, Tally};

/// A figure of the months: its English and Chinese name, the clause that its line is called by, and its tally.
type Figure = (
    &'static str,
    &'static str,
    &'static str,
    fn(&MonthTotals) -> Tally,
);

const FIGURES: [Figure; 5] = [
    (
        "Fulfilment (A1 + B1)",
        "物流履约（A1 + B1）",
        "A1 + B1",
        |month| month.fulfilment,
    ),
    ("Upload on time (A1)", "按时上传（A1）", "A1", |month| {
        month.upload
    }),
    ("Pickup on time (B1)", "按时揽收（B1）", "B1", |month| {
        month.pickup
    }),
    ("Nodes complete (B2)", "节点齐全（B2）", "B2", |month| {
        month.nodes
    }),
    ("On-time delivery (B4)", "准时签收（B4）", "B4", |month| {
        month.delivery
    }),
];

pub(super) fn section(report: &MonthReport) -> Markup {
    let months: Vec<&MonthTotals> = report.totals.iter().rev().collect();
    markup! {
        section aria-labelledby="months-title" {
            h2 id="months-title" { (text("Three months", "近三个月")) }
            div.beside {
                (table(&months))
                div.charts {
                    (trend(report, &months))
                    (spread(report))
                }
            }
        }
    }
}

fn table(months: &[&MonthTotals]) -> Markup {
    markup! {
        div.scroll tabindex="0" role="region" aria-labelledby="months-caption" {
            table {
                caption id="months-caption" { (text("Rates, and orders that failed of those decided", "比率，及未达标单数 / 已判定单数")) }
                thead { tr {
                    th scope="col" { (text("Figure", "指标")) }
                    @for month in months { th.number scope="col" { (month.month) } }
                } }
                tbody {
                    tr {
                        th scope="row" { (text("GMV USD", "GMV（美元）")) }
                        @for month in months { td.number { (usd(month.gmv)) } }
                    }
                    @for (en, zh, _, of) in FIGURES {
                        tr {
                            th scope="row" { (text(en, zh)) }
                            @for month in months { td.number { (rate(of(month))) " " small { (grouped(of(month).failed())) " / " (grouped(of(month).due)) } } }
                        }
                    }
                    tr {
                        th scope="row" { (text("Fines USD", "罚金（美元）")) }
                        @for month in months { td.number { (usd(month.fines)) " " small { (grouped(month.fines_count)) } } }
                    }
                }
            }
        }
    }
}

/// The rates as lines, each called by its clause.
fn trend(report: &MonthReport, months: &[&MonthTotals]) -> Markup {
    let lines = FIGURES.map(|(_, _, name, of)| Line {
        name: name.to_owned(),
        rates_bp: months.iter().map(|month| of(month).rate_bp()).collect(),
    });
    let labels = months.iter().map(|month| month.month.to_string()).collect();
    let min = report.limits.fulfilment_percent_min;
    markup! {
        @if lines.iter().any(|line| line.rates_bp.iter().any(Option::is_some)) {
            figure aria-labelledby="trend-caption" {
                (charts::lines(labels, &lines, min))
                figcaption id="trend-caption" { (text(
                    &format!("Rates in per cent by clause; dashed: the {min} % that fulfilment needs"),
                    &format!("各条款比率（%）；虚线为履约率下限 {min}%"))) }
            }
        }
    }
}

/// How many sellers reach which rate of fulfilment.
fn spread(report: &MonthReport) -> Markup {
    let min = i64::from(report.limits.fulfilment_percent_min) * 100;
    let mut bounds = vec![0, 5_000, 8_000, 9_000, min, (min + 10_000) / 2, 10_000];
    bounds.sort_unstable();
    bounds.dedup();
    let rates = || report.rows.iter().filter_map(|row| row.fulfilment_rate_bp);
    let mut steps: Vec<(String, bool, i64)> = bounds
        .windows(2)
        .map(|pair| {
            let within = rates().filter(|rate| (pair[0]..pair[1]).contains(rate)).count();
            (
                format!("{}–{}", whole(pair[0]), whole(pair[1])),
                pair[0] >= min,
                within as i64,
            )
        })
        .collect();
    let faultless = rates().filter(|rate| *rate == 10_000).count() as i64;
    steps.push(("100".to_owned(), true, faultless));
    let none = report.rows.len() - rates().count();
    markup! {
        @if none < report.rows.len() {
            figure aria-labelledby="spread-caption" {
                (charts::columns(&steps))
                figcaption id="spread-caption" { (text(
                    &format!("Sellers by fulfilment in per cent; {} more have nothing due", grouped(none as i64)),
                    &format!("店铺履约率（%）分布；另有 {} 家无应履约订单", grouped(none as i64)))) }
                table.hidden {
                    caption { (text("Sellers by fulfilment", "店铺履约率分布")) }
                    tbody { @for (name, _, count) in &steps { tr { th scope="row" { (name) " %" } td { (grouped(*count)) } } } }
                }
            }
        }
    }
}

/// Basis points as per cent, without a fraction of nothing: `97.5`, `95`.
fn whole(basis_points: i64) -> String {
    match basis_points % 100 {
        0 => (basis_points / 100).to_string(),
        part if part % 10 == 0 => format!("{}.{}", basis_points / 100, part / 10),
        part => format!("{}.{part:02}", basis_points / 100),
    }
}
