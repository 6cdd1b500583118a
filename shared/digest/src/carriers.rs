//! Carriers, by how long they are silent, how late they report and which nodes they leave out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::order::Parcel;
use domain::{Elapsed, Node, Policy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;

/// What a carrier's parcels tell of it, over the days that are judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierFigures {
    /// Parcels picked up that were on the way in the days judged.
    pub parcels: u64,
    /// Of them on the way now.
    pub on_the_way: u64,
    /// Of those silent for longer than the limit now (B3).
    pub silent_now: u64,
    /// Silences over the limit that lasted into the days judged (B3).
    pub silences: u64,
    /// How late events were reported, from occurrence to our record; those recorded in the days judged.
    pub latency: Histogram,
    /// Parcels whose timeline ended in the days judged.
    pub ended: u64,
    /// Of them incomplete (B2).
    pub incomplete: u64,
    /// Required nodes that the incomplete ones lack, and how often.
    pub missing_nodes: BTreeMap<Node, u64>,
}

/// A carrier in the ranking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CarrierRow {
    /// The carrier's id in the carrier table.
    pub carrier: String,
    /// Silences for every thousand parcels, rounded down.
    pub silences_per_mille: u64,
    /// The bound that half of the reports keep: `≤ 6 h`.
    pub latency_median: Option<String>,
    /// The bound that nine tenths of the reports keep.
    pub latency_p90: Option<String>,
    /// Incomplete timelines for every thousand that ended, rounded down.
    pub incomplete_per_mille: u64,
    /// What they are made of.
    #[serde(flatten)]
    pub figures: CarrierFigures,
}

impl CarrierFigures {
    /// Adds a parcel, as seen as of an instant.
    pub fn add(&mut self, parcel: &Parcel<'_>, policy: &Policy, judged_from: Timestamp, as_of: Timestamp) {
        for event in &parcel.shipment.events {
            if event.recorded_at <= as_of && event.recorded_at > judged_from {
                self.latency.add(event.recorded_at.since(event.occurred_at));
            }
        }
        let timeline = &parcel.timeline;
        if timeline.end.is_some_and(|(end_at, _)| end_at <= judged_from) || timeline.picked_up_at.is_none() {
            return;
        }
        self.parcels += 1;
        let limit = policy.silence_max();
        for (since, until) in timeline.gaps() {
            let ended_at = until.map_or(as_of, |until| until.min(as_of));
            if ended_at.since(since) > limit && ended_at > judged_from {
                self.silences += 1;
                self.silent_now += u64::from(until.is_none());
            }
        }
        match timeline.end {
            None => self.on_the_way += 1,
            Some(_) => self.add_ended(parcel, policy),
        }
    }

    fn add_ended(&mut self, parcel: &Parcel<'_>, policy: &Policy) {
        self.ended += 1;
        if policy.is_complete(parcel.timeline.nodes) {
            return;
        }
        self.incomplete += 1;
        for node in &policy.nodes.required {
            if !parcel.timeline.nodes.contains(*node) {
                *self.missing_nodes.entry(*node).or_default() += 1;
            }
        }
    }

    /// Adds another stretch of the same pass.
    pub fn merge(&mut self, other: &Self) {
        self.parcels += other.parcels;
        self.on_the_way += other.on_the_way;
        self.silent_now += other.silent_now;
        self.silences += other.silences;
        self.latency.merge(&other.latency);
        self.ended += other.ended;
        self.incomplete += other.incomplete;
        for (node, count) in &other.missing_nodes {
            *self.missing_nodes.entry(*node).or_default() += count;
        }
    }
}

/// The carriers, by silences a parcel, then by the latency's median, then by incomplete timelines: the worst first.
pub(crate) fn ranked(carriers: BTreeMap<String, CarrierFigures>) -> Vec<CarrierRow> {
    let per_mille = |part: u64, whole: u64| (part * 1_000).checked_div(whole).unwrap_or(0);
    let mut rows: Vec<CarrierRow> = carriers
        .into_iter()
        .filter(|(_, figures)| figures.parcels > 0 || figures.latency.count() > 0)
        .map(|(carrier, figures)| CarrierRow {
            carrier,
            silences_per_mille: per_mille(figures.silences, figures.parcels),
            latency_median: figures.latency.percentile(50).map(Histogram::bound),
            latency_p90: figures.latency.percentile(90).map(Histogram::bound),
            incomplete_per_mille: per_mille(figures.incomplete, figures.ended),
            figures,
        })
        .collect();
    rows.sort_by_key(|row| {
        (
            Reverse(row.silences_per_mille),
            Reverse(row.figures.latency.percentile(50)),
            Reverse(row.incomplete_per_mille),
            Reverse(row.figures.parcels),
            row.carrier.clone(),
        )
    });
    rows
}

/// The judged days, for people.
pub(crate) fn days(span: Elapsed) -> i64 {
    span.seconds() / Elapsed::days(1).seconds()
}
