//! What is known of one seller, as the script reads it when the seller is opened: one line of JSON each.

use std::collections::BTreeMap;

use serde::Serialize;

use super::places::share_bp;
use crate::breakdown::worst_first;
use crate::{MonthFigures, SellerMonth, Slice, Tally};

/// Destinations and carriers of a seller that are listed.
const LISTED_MAX: usize = 5;

#[derive(Serialize)]
pub(super) struct Details<'a> {
    /// Why, in English and in Chinese.
    reasons: [&'a str; 2],
    /// The forecast in sentences, in English and in Chinese.
    forecast: [Vec<String>; 2],
    /// The three months, the latest first.
    months: Vec<Month>,
    /// Orders excluded and pending.
    orders: [i64; 2],
    /// The largest markets: code and share of GMV in basis points.
    markets: Vec<(&'a str, i64)>,
    destinations: Vec<Place<'a>>,
    carriers: Vec<Place<'a>>,
    /// Nodes that are missing, in how many orders.
    nodes: Vec<(&'static str, i64)>,
}

/// GMV; failed and due of fulfilment, upload, pickup, nodes and delivery; fines in number and cents.
type Month = (i64, [(i64, i64); 5], i64, i64);

/// Its name; orders; GMV; failed and due of fulfilment, delivery and nodes.
type Place<'a> = (&'a str, i64, i64, [(i64, i64); 3]);

impl<'a> Details<'a> {
    pub(super) fn of(row: &'a SellerMonth) -> Self {
        let breakdown = &row.months[0].breakdown;
        Self {
            reasons: [&row.reasons_en, &row.reasons_zh],
            forecast: [row.forecast_en(), row.forecast_zh()],
            months: row.months.iter().map(month).collect(),
            orders: [row.orders_excluded, row.orders_pending],
            markets: markets(&breakdown.destinations),
            destinations: worst(&breakdown.destinations),
            carriers: worst(&breakdown.carriers),
            nodes: breakdown
                .missing_nodes
                .iter()
                .map(|(node, count)| (node.as_str(), *count))
                .collect(),
        }
    }
}

fn month(of: &MonthFigures) -> Month {
    let tallies = [of.fulfilment, of.upload, of.pickup, of.nodes, of.delivery];
    (of.gmv.0, tallies.map(pair), of.fines_count, of.fines.0)
}

fn pair(tally: Tally) -> (i64, i64) {
    (tally.failed(), tally.due)
}

fn markets(destinations: &BTreeMap<String, Slice>) -> Vec<(&str, i64)> {
    let all = destinations.values().map(|slice| slice.gmv.0).sum();
    let shares = destinations
        .iter()
        .map(|(code, slice)| (code.as_str(), share_bp(slice.gmv.0, all)));
    let mut shares: Vec<_> = shares.collect();
    shares.sort_by_key(|(code, share)| (std::cmp::Reverse(*share), *code));
    shares.truncate(LISTED_MAX);
    shares
}

/// Those where something failed, the worst first.
fn worst(slices: &BTreeMap<String, Slice>) -> Vec<Place<'_>> {
    let worst = worst_first(slices).into_iter();
    let failing = worst.filter(|(_, slice)| slice.failures() > 0).take(LISTED_MAX);
    let told = failing.map(|(name, slice)| {
        let outcomes = [slice.fulfilment, slice.delivery, slice.nodes].map(pair);
        (name.as_str(), slice.orders, slice.gmv.0, outcomes)
    });
    told.collect()
}
