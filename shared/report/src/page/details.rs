//! What is known of one seller, as the script reads it when the seller is opened: one line of JSON each.

use serde::Serialize;

use super::data::Numbered;
use super::places::share_bp;
use super::texts::{Texts, Told};
use crate::breakdown::worst_first;
use crate::{MonthFigures, SellerMonth, Slices, Tally};

/// Destinations and carriers of a seller that are listed.
const LISTED_MAX: usize = 5;

/// In this order, as lists without names: they are read by their places. A list of places that is cut ends with their number.
#[derive(Serialize)]
pub(super) struct Details<'a>(
    /// Why.
    &'a str,
    /// The forecast in sentences.
    Vec<&'a str>,
    /// The three months, the latest first: GMV; failed and due of fulfilment, upload, pickup, nodes and delivery; fines in number
    /// and cents.
    Vec<i64>,
    /// Orders excluded and pending.
    [i64; 2],
    /// The largest markets: number and share of GMV in basis points.
    Vec<i64>,
    /// The worst destinations: number; orders; failed and due of fulfilment, delivery and nodes.
    Vec<i64>,
    /// The worst carriers, likewise.
    Vec<i64>,
    /// Nodes that are missing: number, and in how many orders.
    Vec<i64>,
);

/// The numbers of a seller's texts.
pub(super) struct NotedTexts {
    reasons: usize,
    forecast: Vec<usize>,
}

impl NotedTexts {
    pub(super) fn of(row: &SellerMonth, texts: &mut Texts) -> Self {
        let (en, zh) = (row.forecast_en(), row.forecast_zh());
        Self {
            reasons: texts.note(&row.reasons_en, &row.reasons_zh),
            forecast: en.iter().zip(&zh).map(|(en, zh)| texts.note(en, zh)).collect(),
        }
    }
}

impl<'a> Details<'a> {
    pub(super) fn of(row: &SellerMonth, numbered: &Numbered<'_>, texts: &NotedTexts, told: &'a Told) -> Self {
        let breakdown = &row.months[0].breakdown;
        let text = |number: &usize| told.texts[*number].as_str();
        let nodes = breakdown.missing_nodes.iter();
        Self(
            text(&texts.reasons),
            texts.forecast.iter().map(text).collect(),
            row.months.iter().flat_map(month).collect(),
            [row.orders_excluded, row.orders_pending],
            markets(&breakdown.destinations, &numbered.destinations),
            worst(&breakdown.destinations, &numbered.destinations),
            worst(&breakdown.all_carriers(), &numbered.carriers),
            nodes
                .flat_map(|(node, count)| [number_of(node, &numbered.nodes), *count])
                .collect(),
        )
    }
}

fn number_of<T: Ord>(name: &T, sorted: &[T]) -> i64 {
    // Every name is there: they are all sellers' names.
    sorted.binary_search(name).map_or(-1, |place| place as i64)
}

fn month(of: &MonthFigures) -> impl Iterator<Item = i64> {
    let tallies = [of.fulfilment, of.upload, of.pickup, of.nodes, of.delivery];
    let figures = std::iter::once(of.gmv.0).chain(tallies.into_iter().flat_map(pair));
    figures.chain([of.fines_count, of.fines.0])
}

fn pair(tally: Tally) -> [i64; 2] {
    [tally.failed(), tally.due]
}

fn markets(destinations: &Slices, names: &[&str]) -> Vec<i64> {
    let all = destinations.values().map(|slice| slice.gmv.0).sum();
    let shares = destinations
        .iter()
        .map(|(code, slice)| (code.as_str(), share_bp(slice.gmv.0, all)));
    let mut shares: Vec<_> = shares.collect();
    shares.sort_by_key(|(code, share)| (std::cmp::Reverse(*share), *code));
    let listed = shares.iter().take(LISTED_MAX);
    listed
        .flat_map(|(code, share)| [number_of(code, names), *share])
        .chain(count_if_cut(shares.len()))
        .collect()
}

/// Those where something failed, the worst first.
fn worst(slices: &Slices, names: &[&str]) -> Vec<i64> {
    let worst = worst_first(slices).into_iter();
    let failing: Vec<_> = worst.filter(|(_, slice)| slice.failures() > 0).collect();
    let told = failing.iter().take(LISTED_MAX).flat_map(|(name, slice)| {
        let outcomes = [slice.fulfilment, slice.delivery, slice.nodes];
        let outcomes = outcomes.into_iter().flat_map(pair);
        [number_of(name, names), slice.orders].into_iter().chain(outcomes)
    });
    told.chain(count_if_cut(failing.len())).collect()
}

fn count_if_cut(count: usize) -> Option<i64> {
    (count > LISTED_MAX).then_some(count as i64)
}
