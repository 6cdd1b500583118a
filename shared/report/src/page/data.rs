//! The sellers as data in the page: lines of the table that the script makes rows of, and details for whoever is opened.
//!
//! A block of data is no script and never runs. Inside one, only `</script` and `<!--` would mean anything to the page's
//! parser, so every `<` is written as `\u003c`, which JSON reads as the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::Node;
use maud::{Markup, PreEscaped, html as markup};
use serde::Serialize;

use super::details::Details;
use super::lines::{FULFILMENT, class, columns, in_order, why};
use super::rescue::Rescues;
use crate::names::{carrier_names, destination_names, node_names, standing_names};
use crate::{MonthReport, Standing};

#[derive(Serialize)]
struct Sellers<'a> {
    /// How each column's figures are written.
    forms: Vec<&'static str>,
    /// The column that the trend stands in.
    trend: usize,
    months: Vec<String>,
    percent_min: u32,
    /// By the number of a standing: its class and its names.
    standings: BTreeMap<u8, (&'static str, &'static str, &'static str)>,
    /// Names in English and Chinese.
    nodes: BTreeMap<&'static str, (&'static str, &'static str)>,
    destinations: BTreeMap<&'a str, (String, String)>,
    carriers: BTreeMap<&'a str, (String, String)>,
    /// The orders that decide a running month.
    #[serde(skip_serializing_if = "Option::is_none")]
    rescue: Option<Rescues<'a>>,
    rows: Vec<Row>,
}

/// Seller, standing, figures, and why in English and Chinese.
type Row = (String, u8, Vec<Option<i64>>, String, String);

/// Two blocks: the sellers, and a line of details for each of them in the same order.
pub(super) fn blocks(report: &MonthReport) -> Markup {
    let mut details = String::new();
    for row in in_order(report) {
        details.push_str(&json(&Details::of(row)));
        details.push('\n');
    }
    markup! {
        script type="application/json" id="sellers-data" { (PreEscaped(json(&sellers(report)))) }
        script type="application/json" id="details-data" { (PreEscaped(details)) }
    }
}

fn sellers(report: &MonthReport) -> Sellers<'_> {
    let columns = columns(report);
    let running = report.is_running();
    let rows = in_order(report).into_iter().map(|row| {
        let cells = columns.iter().map(|column| (column.cell)(row, report));
        let (en, zh) = why(row);
        let cells = cells.collect();
        (
            row.seller_id.to_string(),
            row.standing as u8,
            cells,
            en.into_owned(),
            zh.into_owned(),
        )
    });
    let standings = [Standing::AtRisk, Standing::NotEligible, Standing::Eligible].map(|standing| {
        let (en, zh) = standing_names(standing, running);
        (standing as u8, (class(standing), en, zh))
    });
    let of_sellers = || report.rows.iter().map(|row| &row.months[0].breakdown);
    let nodes: BTreeSet<Node> = of_sellers()
        .flat_map(|of| of.missing_nodes.keys().copied())
        .collect();
    Sellers {
        forms: columns.iter().map(|column| column.form.name()).collect(),
        trend: FULFILMENT,
        months: report.totals.iter().map(|of| of.month.to_string()).collect(),
        percent_min: report.limits.fulfilment_percent_min,
        standings: standings.into_iter().collect(),
        nodes: nodes
            .into_iter()
            .map(|node| (node.as_str(), node_names(node)))
            .collect(),
        destinations: named(
            of_sellers().flat_map(|of| of.destinations.keys()),
            destination_names,
        ),
        carriers: named(of_sellers().flat_map(|of| of.carriers.keys()), carrier_names),
        rescue: Rescues::of(report),
        rows: rows.collect(),
    }
}

fn named<'a>(
    keys: impl Iterator<Item = &'a String>,
    names: fn(&str) -> (String, String),
) -> BTreeMap<&'a str, (String, String)> {
    let keys: BTreeSet<&str> = keys.map(String::as_str).collect();
    keys.into_iter().map(|key| (key, names(key))).collect()
}

fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("texts and numbers in maps with names as keys");
    json.replace('<', "\\u003c")
}
