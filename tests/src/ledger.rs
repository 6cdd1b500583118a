//! The ledger as the tests see it: every entry of the records table, and what the entries come to.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Clause, EntryKind, LedgerEntry, OrderId, Timestamp};
use local::{Cloud, RECORDS_TABLE};
use serde::Deserialize;

/// What an order owes for one subject, after reversals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct NetFine {
    /// The order.
    pub order_id: OrderId,
    /// The clause.
    pub clause: Clause,
    /// B3: the last event before the silence.
    pub episode_start: Option<Timestamp>,
    /// USD cents, never 0.
    pub cents: i64,
}

/// Every ledger entry by its id, read from end to end past every index; the sellers' index must hold the same.
///
/// # Panics
/// When the table cannot be read, or the index tells otherwise.
pub async fn entries(cloud: &Cloud) -> Vec<LedgerEntry> {
    let mut entries = Vec::new();
    let mut pages = cloud
        .dynamodb
        .scan()
        .table_name(RECORDS_TABLE)
        .into_paginator()
        .items()
        .send();
    while let Some(item) = pages.next().await {
        let item = item.expect("the records table can be read");
        entries.extend(
            store::decode_entry(&item)
                .expect("an entry decodes")
                .map(|(_, entry)| entry),
        );
    }
    entries.sort_by(|one, other| one.entry_id.cmp(&other.entry_id));
    let mut by_seller = Vec::new();
    for seller_id in cloud.store.sellers().await.expect("the sellers can be read") {
        by_seller.extend(
            cloud
                .store
                .entries_of_seller(&seller_id, None)
                .await
                .expect("a seller's entries can be read"),
        );
    }
    crate::assert_same(
        "the sellers' index against the table",
        written(&entries),
        written(&by_seller),
    );
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.entry_id.as_str()).collect();
    assert_eq!(ids.len(), entries.len(), "an entry's id stands twice");
    entries
}

/// What the entries come to, a line a subject, by order.
pub fn net(entries: &[LedgerEntry]) -> Vec<NetFine> {
    let mut sums: BTreeMap<(&OrderId, _), i64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.kind.moves_money()) {
        *sums.entry((&entry.order_id, &entry.subject)).or_default() += entry.amount.0;
    }
    let standing = sums.into_iter().filter(|(_, cents)| *cents != 0);
    let lines = standing.map(|((order_id, subject), cents)| NetFine {
        order_id: order_id.clone(),
        clause: subject.clause,
        episode_start: subject.episode_start,
        cents,
    });
    lines.collect()
}

/// Subjects whose latest entry is a hold.
pub fn standing_holds(entries: &[LedgerEntry]) -> usize {
    let mut latest: BTreeMap<_, (u32, EntryKind)> = BTreeMap::new();
    for entry in entries {
        let ordinal = entry
            .entry_id
            .rsplit('.')
            .next()
            .and_then(|ordinal| ordinal.parse().ok());
        let this = (ordinal.expect("an entry's id ends in its ordinal"), entry.kind);
        let known = latest.entry((&entry.order_id, &entry.subject)).or_insert(this);
        *known = (*known).max(this);
    }
    latest
        .values()
        .filter(|(_, kind)| *kind == EntryKind::Hold)
        .count()
}

/// The entries as the contract writes them, to be compared byte by byte.
///
/// # Panics
/// When an entry does not encode.
pub fn written(entries: &[LedgerEntry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| serde_json::to_string(entry).expect("an entry encodes"))
        .collect()
}
