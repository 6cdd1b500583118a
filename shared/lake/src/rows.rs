//! The lake's rows, as Parquet.
//!
//! `orders` has one row a change of an order: its version, when the change was learned, and each figure of the month
//! as "met or not" with the instant from which that is decided, so that a report compares instants and never
//! re-implements a rule. As of T an order is its row with the greatest (`learned_at`, `version`) among those with
//! `learned_at <= T`. `state` is the order as stored, for rebuilding rows under another policy.

use std::collections::BTreeSet;

use domain::figures::{Figures, Standing, figures};
use domain::node::NodeSet;
use domain::{LedgerEntry, Month, Node, Order, PolicyBook, Timestamp};
use parquet_derive::ParquetRecordWriter;

use crate::LakeError;

/// A row of `lake/orders`. Instants are seconds since the epoch, money is USD cents.
#[derive(Clone, Debug, PartialEq, Eq, ParquetRecordWriter)]
pub struct OrderRow {
    /// The order.
    pub order_id: String,
    /// The seller.
    pub seller_id: String,
    /// Counts the order's writes.
    pub version: i64,
    /// When this was learned.
    pub learned_at: i64,
    /// The payment.
    pub paid_at: i64,
    /// ISO 3166-1 alpha-2.
    pub destination: String,
    /// The policy pack that applies.
    pub policy: String,
    /// Whether the pack applies before its own date.
    pub policy_early: bool,
    /// What the order adds to GMV.
    pub gmv_cents: i64,
    /// Cancelled before shipment, or stated by its seller alone.
    pub excluded: bool,
    /// A1 and B1 (and what else the policy asks for).
    pub fulfilment_met: Option<bool>,
    /// From when that is decided.
    pub fulfilment_at: Option<i64>,
    /// A1.
    pub upload_met: bool,
    /// From when that is decided.
    pub upload_at: i64,
    /// B1.
    pub pickup_met: Option<bool>,
    /// From when that is decided.
    pub pickup_at: Option<i64>,
    /// Signed by B4's deadline.
    pub delivery_met: bool,
    /// From when that is decided.
    pub delivery_at: i64,
    /// B2.
    pub nodes_met: Option<bool>,
    /// From when that is decided.
    pub nodes_at: Option<i64>,
    /// What the ended timelines lack where B2 is not met: `departed_origin,import_customs`.
    pub nodes_missing: Option<String>,
    /// The carrier of the first accepted upload.
    pub carrier: Option<String>,
    /// The first accepted upload.
    pub first_upload_at: Option<i64>,
    /// Where B1 is missed, the pickup that came late.
    pub late_pickup_at: Option<i64>,
    /// Whether its seller alone stated it; empty where an operator did.
    pub unconfirmed: Option<bool>,
    /// In a compacted file, until when this was the order's latest row; empty if it still is, and in a batch.
    pub superseded_at: Option<i64>,
    /// The order as stored.
    pub state: Vec<u8>,
}

/// A row of `lake/ledger`: one entry.
#[derive(Clone, Debug, PartialEq, Eq, ParquetRecordWriter)]
pub struct EntryRow {
    /// The entry.
    pub entry_id: String,
    /// The order.
    pub order_id: String,
    /// The seller.
    pub seller_id: String,
    /// A6, B3 or B4.
    pub clause: String,
    /// fine, hold, void or reversal.
    pub kind: String,
    /// Signed USD cents; fines and reversals make the balance.
    pub amount_cents: i64,
    /// The scan's instant.
    pub as_of: i64,
    /// When the matter came about.
    pub effective_at: i64,
    /// The policy pack that decided.
    pub policy: String,
    /// The entry as JSON.
    pub document: String,
}

impl EntryRow {
    /// The row of an entry.
    ///
    /// # Errors
    /// [`LakeError::Encode`] when the entry does not encode: a bug.
    pub fn of(entry: &LedgerEntry) -> Result<Self, LakeError> {
        let document = serde_json::to_string(entry).map_err(|source| LakeError::Encode {
            what: "a ledger entry",
            source: source.into(),
        })?;
        Ok(Self {
            entry_id: entry.entry_id.clone(),
            order_id: entry.order_id.to_string(),
            seller_id: entry.seller_id.to_string(),
            clause: entry.clause.to_string(),
            kind: entry.kind.as_str().to_owned(),
            amount_cents: entry.amount.0,
            as_of: entry.as_of.unix(),
            effective_at: entry.effective_at.unix(),
            policy: entry.policy.clone(),
            document,
        })
    }
}

/// The rows that a change of an order from `before` to `after` adds to the lake, with the order's month.
///
/// A file may bring facts that were learned at several instants, also ones before what the lake holds already. So
/// the change adds a row for each instant at which the order, as seen then, differs from what the lake would show.
pub fn order_rows(
    before: Option<&Order>,
    after: &Order,
    version: u64,
    state: &[u8],
    book: &PolicyBook,
) -> (Month, Vec<OrderRow>) {
    let shown = before.map(change_points).unwrap_or_default();
    let instants: BTreeSet<Timestamp> = shown.iter().copied().chain(change_points(after)).collect();
    let mut rows = Vec::new();
    // What the lake showed at the instant before, and what it shows there now.
    let (mut showed, mut shows): (Option<Figures>, Option<Figures>) = (None, None);
    for at in instants {
        let Some(now) = figures(after, book, at) else {
            continue;
        };
        let held = match before {
            Some(before) if shown.contains(&at) => figures(before, book, at),
            _ => showed.clone(),
        };
        // Where the lake changed it has a row. Where it did not, it has one or lets the row before speak, which may
        // be one of ours by now: then both must say the same.
        let (has_row, by_its_row) = (held != showed, held.as_ref() == Some(&now));
        let by_the_one_before = shows.as_ref() == Some(&now);
        let is_said = if shown.contains(&at) {
            by_its_row && (has_row || by_the_one_before)
        } else {
            by_the_one_before
        };
        if !is_said {
            rows.push(order_row(after, version, state, at, &now, book));
        }
        (showed, shows) = (held, Some(now));
    }
    (Month::of(after.paid_at, book.zone), rows)
}

/// The row that shows an order as of an instant, or as it is now, with the order's month; `None` for one that nothing was known
/// of by then.
///
/// The lake holds no row of the order that is later and was recorded by then, whatever reached it of the order's changes: so
/// this row speaks, and written again it changes nothing.
pub fn last_row(
    order: &Order,
    version: u64,
    state: &[u8],
    as_of: Option<Timestamp>,
    book: &PolicyBook,
) -> Option<(Month, OrderRow)> {
    let known = |at: &Timestamp| as_of.is_none_or(|as_of| *at <= as_of);
    let at = change_points(order).into_iter().rfind(known)?;
    let figures = figures(order, book, at)?;
    let row = order_row(order, version, state, at, &figures, book);
    Some((Month::of(order.paid_at, book.zone), row))
}

/// The instants of which the lake may hold a row.
fn change_points(order: &Order) -> BTreeSet<Timestamp> {
    order
        .learned_at()
        .into_iter()
        .chain(order.once_learned_at.iter().copied())
        .collect()
}

fn order_row(
    order: &Order,
    version: u64,
    state: &[u8],
    learned_at: Timestamp,
    figures: &Figures,
    book: &PolicyBook,
) -> OrderRow {
    let met = |standing: Option<Standing>| standing.map(|standing| standing.met);
    let at = |standing: Option<Standing>| standing.map(|standing| standing.decided_at.unix());
    OrderRow {
        order_id: order.order_id.to_string(),
        seller_id: order.seller_id.to_string(),
        version: i64::try_from(version).unwrap_or(i64::MAX),
        learned_at: learned_at.unix(),
        paid_at: order.paid_at.unix(),
        destination: order.destination.clone(),
        policy: book.in_force_at(order.paid_at).version.clone(),
        policy_early: book.applied_early(order.paid_at),
        gmv_cents: figures.gmv.0,
        excluded: figures.excluded,
        fulfilment_met: met(figures.fulfilment),
        fulfilment_at: at(figures.fulfilment),
        upload_met: figures.upload.met,
        upload_at: figures.upload.decided_at.unix(),
        pickup_met: met(figures.pickup),
        pickup_at: at(figures.pickup),
        delivery_met: figures.delivery.met,
        delivery_at: figures.delivery.decided_at.unix(),
        nodes_met: met(figures.nodes),
        nodes_at: at(figures.nodes),
        nodes_missing: names_of(figures.nodes_missing),
        carrier: figures.carrier.clone(),
        first_upload_at: figures.first_upload_at.map(Timestamp::unix),
        late_pickup_at: figures.late_pickup_at.map(Timestamp::unix),
        unconfirmed: figures.unconfirmed.then_some(true),
        superseded_at: None,
        state: state.to_vec(),
    }
}

fn names_of(nodes: NodeSet) -> Option<String> {
    let names: Vec<_> = nodes.iter().map(Node::as_str).collect();
    (!names.is_empty()).then(|| names.join(","))
}
