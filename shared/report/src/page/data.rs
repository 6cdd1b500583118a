//! The sellers as data in the page: lines of the table that the script makes rows of, and details for whoever is opened.
//!
//! Columns rather than rows, names by their number, texts as patterns: what 13,000 sellers would repeat stands there once. A
//! block of data is no script and never runs. Inside one, only `</script` and `<!--` would mean anything to the page's
//! parser, so every `<` is written as `\u003c`, which JSON reads as the same.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use domain::{Node, SellerId, Zone};
use maud::{Markup, PreEscaped, html as markup};
use serde::Serialize;

use super::details::{Details, NotedTexts};
use super::failed::Listed;
use super::lines::{FULFILMENT, class, columns, in_order, why};
use super::rescue::Rescues;
use super::texts::{Piece, Texts, Told};
use crate::names::{NO_CARRIER, destination_names, node_names, standing_names};
use crate::{MonthReport, SellerMonth, Standing};

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
    /// Names in English and Chinese, by the numbers that the details have.
    nodes: Vec<(&'static str, &'static str)>,
    destinations: Vec<(String, String)>,
    carriers: Vec<(String, String)>,
    /// The orders that decide a running month.
    #[serde(skip_serializing_if = "Option::is_none")]
    rescue: Option<Rescues<'a>>,
    /// The orders that missed fulfilment, and those that their seller alone stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<Listed<'a>>,
    /// Texts in English and Chinese, as words and holes.
    patterns: &'a [[Vec<Piece>; 2]],
    sellers: Vec<&'a SellerId>,
    standing: Vec<u8>,
    /// By column, the figures of all sellers.
    cells: Vec<Vec<Option<i64>>>,
    /// Why a seller stands where it does, as texts of the patterns.
    why: Vec<&'a str>,
}

/// What the details name by a number.
pub(super) struct Numbered<'a> {
    pub(super) nodes: Vec<Node>,
    pub(super) destinations: Vec<&'a str>,
    pub(super) carriers: Vec<&'a str>,
}

/// Two blocks: the sellers, and a line of details for each of them in the same order.
pub(super) fn blocks(report: &MonthReport, zone: Zone) -> Markup {
    let rows = in_order(report);
    let mut texts = Texts::default();
    let noted = rows.iter().map(|row| {
        let (en, zh) = why(row);
        (texts.note(&en, &zh), NotedTexts::of(row, &mut texts))
    });
    let noted: Vec<(usize, NotedTexts)> = noted.collect();
    let (told, numbered) = (texts.told(), Numbered::of(report));
    let mut details = String::new();
    for (row, (_, texts)) in rows.iter().zip(&noted) {
        details.push_str(&json(&Details::of(row, &numbered, texts, &told)));
        details.push('\n');
    }
    let whys = noted.iter().map(|(why, _)| told.texts[*why].as_str()).collect();
    markup! {
        script type="application/json" id="sellers-data" { (PreEscaped(json(&sellers(report, zone, &rows, &numbered, &told, whys)))) }
        script type="application/json" id="details-data" { (PreEscaped(details)) }
    }
}

fn sellers<'a>(
    report: &'a MonthReport,
    zone: Zone,
    rows: &[&'a SellerMonth],
    numbered: &Numbered<'_>,
    told: &'a Told,
    why: Vec<&'a str>,
) -> Sellers<'a> {
    let columns = columns(report);
    let cells = columns.iter().map(|column| {
        let cells = rows.iter().map(|row| (column.cell)(row, report));
        cells.collect()
    });
    let standings = [Standing::AtRisk, Standing::NotEligible, Standing::Eligible].map(|standing| {
        let (en, zh) = standing_names(standing, report.is_running());
        (standing as u8, (class(standing), en, zh))
    });
    Sellers {
        forms: columns.iter().map(|column| column.form.name()).collect(),
        trend: FULFILMENT,
        months: report.totals.iter().map(|of| of.month.to_string()).collect(),
        percent_min: report.limits.fulfilment_percent_min,
        standings: standings.into_iter().collect(),
        nodes: numbered.nodes.iter().map(|node| node_names(*node)).collect(),
        destinations: numbered
            .destinations
            .iter()
            .map(|code| destination_names(code))
            .collect(),
        carriers: numbered
            .carriers
            .iter()
            .map(|name| report.carriers.get(name))
            .collect(),
        rescue: Rescues::of(report),
        listed: Listed::of(report, zone),
        patterns: &told.patterns,
        sellers: rows.iter().map(|row| &row.seller_id).collect(),
        standing: rows.iter().map(|row| row.standing as u8).collect(),
        cells: cells.collect(),
        why,
    }
}

impl<'a> Numbered<'a> {
    fn of(report: &'a MonthReport) -> Self {
        let of_sellers = || report.rows.iter().map(|row| &row.months[0].breakdown);
        let nodes: BTreeSet<Node> = of_sellers()
            .flat_map(|of| of.missing_nodes.keys().copied())
            .collect();
        let carriers = of_sellers().flat_map(|of| of.carriers.keys().map(CompactString::as_str));
        Self {
            nodes: nodes.into_iter().collect(),
            destinations: each_once(
                of_sellers().flat_map(|of| of.destinations.keys().map(CompactString::as_str)),
            ),
            carriers: each_once(carriers.chain([NO_CARRIER])),
        }
    }
}

/// Sorted, so that a name is found by halving.
fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().collect()
}

fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("texts and numbers in maps with names as keys");
    json.replace('<', "\\u003c")
}
