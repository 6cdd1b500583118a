//! What a night posted, by seller.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cents, Clause, EntryKind, LedgerEntry, SellerId};
use serde::{Serialize, Serializer};

/// A night's entries: bounded rows, exact sums.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fines {
    #[serde(skip)]
    rows_max: usize,
    /// What the balance moved by, in USD.
    pub balance: Cents,
    /// How many entries, and what they amount to, by clause and kind.
    #[serde(serialize_with = "as_rows")]
    pub totals: BTreeMap<(Clause, EntryKind), (u64, Cents)>,
    /// What the balance of each seller moved by, the sellers of whom most was taken first; as many as there is room for.
    pub sellers: Vec<SellerFines>,
    /// Entries, the dearest first within their seller; as many as there is room for.
    pub entries: Vec<LedgerEntry>,
    #[serde(skip)]
    by_seller: BTreeMap<SellerId, SellerFines>,
    #[serde(skip)]
    dearest: BTreeSet<Ranked>,
}

/// One seller's part of a night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SellerFines {
    /// The seller.
    pub seller_id: SellerId,
    /// Entries.
    pub entries: u64,
    /// What its balance moved by, in USD.
    pub balance: Cents,
}

/// An entry by what it costs.
#[derive(Clone, Debug, PartialEq)]
struct Ranked(LedgerEntry);

impl Fines {
    /// Nothing posted; room for so many entries and sellers.
    pub fn new(rows_max: usize) -> Self {
        Self {
            rows_max,
            balance: Cents::ZERO,
            totals: BTreeMap::new(),
            sellers: Vec::new(),
            entries: Vec::new(),
            by_seller: BTreeMap::new(),
            dearest: BTreeSet::new(),
        }
    }

    /// Counts an entry.
    pub fn add(&mut self, entry: LedgerEntry) {
        let moved = if entry.kind.moves_money() {
            entry.amount
        } else {
            Cents::ZERO
        };
        self.balance += moved;
        let (count, amount) = self.totals.entry((entry.clause, entry.kind)).or_default();
        *count += 1;
        *amount += entry.amount;
        if self.by_seller.contains_key(&entry.seller_id) || self.by_seller.len() < self.rows_max {
            let seller = self
                .by_seller
                .entry(entry.seller_id.clone())
                .or_insert_with(|| SellerFines {
                    seller_id: entry.seller_id.clone(),
                    entries: 0,
                    balance: Cents::ZERO,
                });
            seller.entries += 1;
            seller.balance += moved;
        }
        self.dearest.insert(Ranked(entry));
        if self.dearest.len() > self.rows_max {
            self.dearest.pop_last();
        }
    }

    /// Puts the sellers and their entries in order, once all are counted.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.sellers = std::mem::take(&mut self.by_seller).into_values().collect();
        self.sellers
            .sort_by(|one, other| (other.balance, &one.seller_id).cmp(&(one.balance, &other.seller_id)));
        let mut rows: BTreeMap<SellerId, Vec<LedgerEntry>> = BTreeMap::new();
        for Ranked(entry) in std::mem::take(&mut self.dearest) {
            rows.entry(entry.seller_id.clone()).or_default().push(entry);
        }
        self.entries = self
            .sellers
            .iter()
            .filter_map(|seller| rows.remove(&seller.seller_id))
            .flatten()
            .collect();
        self.entries.extend(rows.into_values().flatten());
        self
    }

    /// How many entries were posted.
    pub fn count(&self) -> u64 {
        self.totals.values().map(|(count, _)| count).sum()
    }

    /// Entries for which there was no room.
    pub fn cut(&self) -> u64 {
        self.count().saturating_sub(self.entries.len() as u64)
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let size = |entry: &LedgerEntry| entry.amount.max(-entry.amount);
        (size(&other.0), &self.0.entry_id).cmp(&(size(&self.0), &other.0.entry_id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Ranked {}

#[derive(Serialize)]
struct TotalRow {
    clause: Clause,
    kind: EntryKind,
    entries: u64,
    amount: Cents,
}

fn as_rows<S: Serializer>(
    totals: &BTreeMap<(Clause, EntryKind), (u64, Cents)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(
        totals
            .iter()
            .map(|(&(clause, kind), &(entries, amount))| TotalRow {
                clause,
                kind,
                entries,
                amount,
            }),
    )
}
