//! Where the month's orders went, who carried them, and which nodes are missing.

use domain::Node;
use maud::{Markup, html as markup};
use std::cmp::Reverse;

use super::charts::{self, Bar};
use super::glance::{grouped, rate};
use super::{quoted, text};
use crate::breakdown::worst_first;
use crate::names::{CarrierNames, destination_names, node_names};
use crate::reason::{percent, usd};
use crate::{MonthReport, Slice, Slices, Tally};

/// Markets and carriers that are listed; the rest is in the workbook.
const ROWS_MAX: usize = 12;

pub(super) fn section(report: &MonthReport) -> Markup {
    let breakdown = &report.breakdown;
    let all_carriers = breakdown.all_carriers();
    markup! {
        @if !breakdown.destinations.is_empty() {
            section aria-labelledby="markets-title" {
                h2 id="markets-title" { (text("Markets", "市场")) }
                (markets(&breakdown.destinations))
            }
        }
        @if !all_carriers.is_empty() || !breakdown.missing_nodes.is_empty() {
            section aria-labelledby="carriers-title" {
                h2 id="carriers-title" { (text("Carriers and nodes", "承运商与节点")) }
                div.beside {
                    @if !all_carriers.is_empty() { (carriers(&all_carriers, &report.carriers)) }
                    @if !breakdown.missing_nodes.is_empty() { (nodes(report)) }
                }
            }
        }
    }
}

fn markets(destinations: &Slices) -> Markup {
    let all: i64 = destinations.values().map(|slice| slice.gmv.0).sum();
    let share = |slice: &Slice| share_bp(slice.gmv.0, all);
    let mut by_gmv: Vec<_> = destinations.iter().collect();
    by_gmv.sort_by_key(|(code, slice)| (Reverse(slice.gmv), (*code).clone()));
    let listed = &by_gmv[..by_gmv.len().min(ROWS_MAX)];
    let quote = |code: &str| {
        quoted::MARKETS_BP
            .iter()
            .find(|(of, _)| *of == code)
            .map(|(_, share)| *share)
    };
    let bars = listed.iter().take(8).map(|(code, slice)| Bar {
        name: code.to_string(),
        value_bp: share(slice),
        beside_bp: quote(code),
    });
    markup! {
        div.beside {
            div.scroll tabindex="0" role="region" aria-labelledby="markets-caption" {
                table {
                    caption id="markets-caption" { (text("By GMV: the share of the month's, and what went wrong there", "按 GMV：占本月份额及当地问题")) }
                    thead { (heads(&[("Destination", "目的国"), ("Share", "份额"), ("Quoted", "平台公布"), ("GMV USD", "GMV（美元）"), ("Orders", "订单"), ("Fulfilment", "履约率"), ("On time", "准时签收"), ("Nodes", "节点齐全")])) }
                    tbody {
                        @for (code, slice) in listed {
                            tr {
                                th scope="row" { (named(destination_names(code))) }
                                td.number { (percent(share(slice))) " %" }
                                td.number { @if let Some(quote) = quote(code) { (percent(quote)) " %" } @else { "–" } }
                                td.number { (usd(slice.gmv)) }
                                (outcomes(slice))
                            }
                        }
                    }
                }
                @if by_gmv.len() > listed.len() {
                    p.note { (text(&format!("and {} more destinations", by_gmv.len() - listed.len()), &format!("另有 {} 个目的国", by_gmv.len() - listed.len()))) }
                }
            }
            figure aria-labelledby="markets-figure" {
                (charts::bars(&bars.collect::<Vec<_>>()))
                figcaption id="markets-figure" {
                    span.key.ours aria-hidden="true" {} " " (text("share of GMV in per cent", "GMV 份额（%）")) " "
                    span.key.theirs aria-hidden="true" {} " " (text("as the platform quotes it", "平台公布"))
                }
            }
        }
    }
}

/// Carriers with the most failures first: there is the most to win.
fn carriers(carriers: &Slices, names: &CarrierNames) -> Markup {
    let worst = worst_first(carriers);
    let listed = &worst[..worst.len().min(ROWS_MAX)];
    markup! {
        div.scroll tabindex="0" role="region" aria-labelledby="carriers-caption" {
            table {
                caption id="carriers-caption" { (text("Carriers, those with the most failed orders first", "承运商，未履约单数多者在前")) }
                thead { (heads(&[("Carrier", "承运商"), ("Failed", "未履约"), ("Orders", "订单"), ("Fulfilment", "履约率"), ("On time", "准时签收"), ("Nodes", "节点齐全")])) }
                tbody {
                    @for (name, slice) in listed {
                        tr {
                            th scope="row" { (named(names.get(name))) }
                            td.number { (grouped(slice.fulfilment.failed())) }
                            (outcomes(slice))
                        }
                    }
                }
            }
            @if worst.len() > listed.len() {
                p.note { (text(&format!("and {} more carriers", worst.len() - listed.len()), &format!("另有 {} 家承运商", worst.len() - listed.len()))) }
            }
        }
    }
}

fn nodes(report: &MonthReport) -> Markup {
    let tally = report
        .totals
        .first()
        .map_or(Tally::default(), |month| month.nodes);
    let mut missing: Vec<(Node, i64)> = report
        .breakdown
        .missing_nodes
        .iter()
        .map(|(node, count)| (*node, *count))
        .collect();
    missing.sort_by_key(|(node, count)| (Reverse(*count), *node));
    let bars = |name: fn(Node) -> &'static str| {
        let bars = missing
            .iter()
            .map(|(node, count)| (name(*node).to_owned(), *count));
        charts::counts(&bars.collect::<Vec<_>>())
    };
    markup! {
        figure aria-labelledby="nodes-caption" {
            div lang="en" { (bars(|node| node_names(node).0)) }
            div lang="zh-CN" { (bars(|node| node_names(node).1)) }
            figcaption id="nodes-caption" { (text(
                &format!("Orders that lack a node, of the {} whose ended timelines are incomplete; quoted: {} % of disputes come from missing nodes", grouped(tally.failed()), quoted::DISPUTES_FROM_NODES),
                &format!("轨迹已结束但节点不齐的 {} 单中，缺失各节点的单数；平台公布：{}% 的纠纷源于节点缺失", grouped(tally.failed()), quoted::DISPUTES_FROM_NODES))) }
            table.hidden {
                caption { (text("Orders that lack a node", "缺失节点的单数")) }
                tbody { @for (node, count) in &missing { tr { th scope="row" { (named(node_names(*node))) } td { (grouped(*count)) } } } }
            }
        }
    }
}

fn heads(names: &[(&str, &str)]) -> Markup {
    markup! { tr { @for (index, (en, zh)) in names.iter().enumerate() { th.number[index > 0] scope="col" { (text(en, zh)) } } } }
}

fn outcomes(slice: &Slice) -> Markup {
    markup! {
        td.number { (grouped(slice.orders)) }
        td.number { (rate(slice.fulfilment)) }
        td.number { (rate(slice.delivery)) }
        td.number { (rate(slice.nodes)) }
    }
}

pub(super) fn share_bp(part: i64, all: i64) -> i64 {
    if all <= 0 {
        return 0;
    }
    i64::try_from(i128::from(part) * 10_000 / i128::from(all)).unwrap_or(0)
}

/// Both names.
fn named<T: AsRef<str>>((en, zh): (T, T)) -> Markup {
    text(en.as_ref(), zh.as_ref())
}
