//! The sheets of markets, carriers and missing nodes: of all sellers together, then of each seller what went worst.

use std::borrow::Cow;

use domain::Node;

use super::columns::{Column, FULFILMENT, Form, GMV, NODES, ON_TIME, column, count, rate, usd};
use crate::breakdown::worst_first;
use crate::names::{destination_names, node_names};
use crate::{Breakdown, MonthReport, Slice, Slices};

/// Markets and carriers listed of one seller: those with the most failures.
const OF_A_SELLER_MAX: usize = 5;
/// Who all sellers are.
const ALL: &str = "全部 / all";

/// A seller, or all of them; what it is called; and its orders.
pub(super) type Place = (String, String, Slice);
/// A seller, or all of them; the node; in how many orders it is missing, of how many whose timelines are incomplete.
pub(super) type Gap = (String, Node, i64, i64);

pub(super) fn markets(report: &MonthReport) -> Vec<Place> {
    places(
        report,
        |breakdown| Cow::Borrowed(&breakdown.destinations),
        destination_names,
    )
}

pub(super) fn carriers(report: &MonthReport) -> Vec<Place> {
    places(
        report,
        |breakdown| Cow::Owned(breakdown.all_carriers()),
        |id| report.carriers.get(id),
    )
}

fn places(
    report: &MonthReport,
    slices: fn(&Breakdown) -> Cow<'_, Slices>,
    names: impl Fn(&str) -> (String, String),
) -> Vec<Place> {
    let name = |name: &str| match names(name) {
        (en, zh) if en == zh => en,
        (en, zh) => format!("{zh} / {en}"),
    };
    let all = slices(&report.breakdown);
    let all = worst_first(&all)
        .into_iter()
        .map(|(place, slice)| (ALL.to_owned(), name(place), *slice));
    let each = report.rows.iter().flat_map(|row| {
        let slices = slices(&row.months[0].breakdown);
        let worst = worst_first(&slices).into_iter();
        let worst = worst
            .filter(|(_, slice)| slice.failures() > 0)
            .take(OF_A_SELLER_MAX);
        let worst = worst.map(|(place, slice)| (row.seller_id.to_string(), name(place), *slice));
        worst.collect::<Vec<_>>()
    });
    all.chain(each).collect()
}

pub(super) fn gaps(report: &MonthReport) -> Vec<Gap> {
    let incomplete = report.totals.first().map_or(0, |month| month.nodes.failed());
    let all = report.breakdown.missing_nodes.iter();
    let all = all.map(|(node, count)| (ALL.to_owned(), *node, *count, incomplete));
    let each = report.rows.iter().flat_map(|row| {
        let month = &row.months[0];
        let gaps = month.breakdown.missing_nodes.iter();
        gaps.map(|(node, count)| (row.seller_id.to_string(), *node, *count, month.nodes.failed()))
    });
    all.chain(each).collect()
}

const SELLER: (&str, &str) = (
    "the seller's id, or all sellers together",
    "店铺编号，或全部店铺合计",
);

pub(super) fn market_columns() -> Vec<Column<Place>> {
    let named = ("the destination of the orders", "订单目的国");
    place_columns(column(
        ("destination", "目的国"),
        named,
        Form::Text,
        30,
        |(_, place, _)| Some(place.clone()),
    ))
}

pub(super) fn carrier_columns() -> Vec<Column<Place>> {
    let named = (
        "the carrier of an order's first accepted upload; with those that have none the orders add up to the month's",
        "首次有效上传单号的承运商；连同无有效上传的订单即为本月全部订单",
    );
    place_columns(column(
        ("carrier", "承运商"),
        named,
        Form::Text,
        30,
        |(_, place, _)| Some(place.clone()),
    ))
}

fn place_columns(place: Column<Place>) -> Vec<Column<Place>> {
    vec![
        column(("seller", "店铺"), SELLER, Form::Text, 18, |(seller, ..)| {
            Some(seller.clone())
        }),
        place,
        column(
            ("orders", "订单"),
            ("orders not cancelled before shipment", "未在发货前取消的订单"),
            Form::Count,
            10,
            |(.., slice)| count(slice.orders),
        ),
        column(("GMV", "GMV"), GMV, Form::Usd, 16, |(.., slice)| usd(slice.gmv)),
        column(
            ("fulfilment", "履约率"),
            FULFILMENT,
            Form::Fulfilment,
            12,
            |(.., slice)| rate(slice.fulfilment.rate_bp()),
        ),
        column(
            ("failed", "未履约"),
            ("due and not fulfilled", "应履约而未履约"),
            Form::Count,
            10,
            |(.., slice)| count(slice.fulfilment.failed()),
        ),
        column(
            ("on-time delivery", "准时签收率"),
            ON_TIME,
            Form::Rate,
            12,
            |(.., slice)| rate(slice.delivery.rate_bp()),
        ),
        column(
            ("nodes complete", "节点齐全率"),
            NODES,
            Form::Rate,
            12,
            |(.., slice)| rate(slice.nodes.rate_bp()),
        ),
    ]
}

pub(super) fn gap_columns() -> Vec<Column<Gap>> {
    vec![
        column(("seller", "店铺"), SELLER, Form::Text, 18, |(seller, ..)| {
            Some(seller.clone())
        }),
        column(
            ("missing node", "缺失节点"),
            (
                "the node of the rulebook that timelines lack (B2)",
                "轨迹缺失的节点（B2）",
            ),
            Form::Text,
            30,
            |(_, node, ..)| {
                let (en, zh) = node_names(*node);
                Some(format!("{zh} / {en}"))
            },
        ),
        column(
            ("orders lacking it", "缺失单数"),
            (
                "orders whose ended timelines lack it; one may lack several",
                "轨迹已结束而缺失该节点的单数；一单可缺多个",
            ),
            Form::Count,
            14,
            |(.., lacking, _)| count(*lacking),
        ),
        column(
            ("incomplete orders", "节点不齐单数"),
            (
                "orders whose timelines have ended without all nodes",
                "轨迹已结束而节点不齐的单数",
            ),
            Form::Count,
            14,
            |(.., incomplete)| count(*incomplete),
        ),
        column(
            ("share", "占比"),
            ("orders lacking it ÷ incomplete orders", "缺失单数 ÷ 节点不齐单数"),
            Form::Rate,
            10,
            |(.., lacking, incomplete)| rate((*incomplete > 0).then(|| lacking * 10_000 / incomplete)),
        ),
    ]
}
