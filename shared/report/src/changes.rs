//! What changed between two revisions of a month's report, and why.

mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use domain::{SellerId, Timestamp};
use polars::prelude::*;
use serde::Serialize;

pub(crate) use told::{Both, ChangedCell};

use crate::manifest::PAPERS;
use crate::{FileDigest, Learned, Manifest, Named, ReportError};

/// Columns that are the revision's, not a seller's.
const OF_THE_REVISION: [&str; 4] = ["month", "policy", "as_of", "admission"];

/// What one revision of a month's report says otherwise than the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The revision before.
    pub before: RevisionNote,
    /// The revision that changed it.
    pub after: RevisionNote,
    /// Files of the lake that only the later one was made from.
    pub inputs_added: Named,
    /// Sellers who are eligible by the later revision and were not by the earlier.
    pub eligible_won: Vec<SellerId>,
    /// Sellers who were and are no more.
    pub eligible_lost: Vec<SellerId>,
    /// Whether the sellers' papers differ that the two were made from.
    pub papers_differ: bool,
    /// Every seller of whom something changed.
    pub sellers: Vec<SellerChange>,
}

/// A revision, as changes name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevisionNote {
    /// Its id.
    pub revision: String,
    /// Its instant.
    pub as_of: Timestamp,
    /// The pack of the figures that decided.
    pub policy: String,
    /// The version of the pack of admission, where its manifest has one.
    pub admission: Option<String>,
    /// The release that made it.
    pub waymark: String,
}

/// What changed of one seller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SellerChange {
    /// The seller.
    pub seller_id: SellerId,
    /// The report's columns that differ, as in the Parquet file.
    pub columns: BTreeMap<String, BeforeAndAfter>,
    /// Its orders, paid in the report's months, of which something was learned between the two instants.
    pub orders_learned: Named,
    /// Its ledger entries posted between the two instants.
    pub entries_posted: Named,
    /// Whether a figure differs that time alone may have changed.
    #[serde(skip)]
    time_decides: bool,
}

/// A cell in both revisions; `None` where it was empty or the seller had no row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BeforeAndAfter {
    /// In the earlier one.
    pub before: Option<String>,
    /// In the later one.
    pub after: Option<String>,
}

/// A revision: its id, its manifest, its `eligibility.parquet`.
#[derive(Clone, Copy, Debug)]
pub struct Revision<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// Its Parquet file.
    pub parquet: &'a [u8],
}

/// What `after` says otherwise than `before`; `learned` is what was learned between their instants.
///
/// # Errors
/// [`ReportError`] for a revision that cannot be read.
pub fn changes(
    before: Revision<'_>,
    after: Revision<'_>,
    mut learned: Learned,
) -> Result<Changes, ReportError> {
    let (old, new) = (rows_of(before.parquet)?, rows_of(after.parquet)?);
    let mut changes = Changes {
        before: before.note(),
        after: after.note(),
        inputs_added: Named::of(inputs_added(before.manifest, after.manifest)),
        papers_differ: papers_of(before.manifest) != papers_of(after.manifest),
        eligible_won: Vec::new(),
        eligible_lost: Vec::new(),
        sellers: Vec::new(),
    };
    let sellers: BTreeSet<&SellerId> = old.keys().chain(new.keys()).collect();
    for seller_id in sellers {
        let none = Row::new();
        let (old, new) = (
            old.get(seller_id).unwrap_or(&none),
            new.get(seller_id).unwrap_or(&none),
        );
        let columns = differing(old, new);
        if columns.is_empty() {
            continue;
        }
        let is = |row: &Row, column: &str| {
            row.get(column)
                .is_some_and(|cell| cell.as_deref() == Some("true"))
        };
        match (is(old, "eligible"), is(new, "eligible")) {
            (false, true) => changes.eligible_won.push(seller_id.clone()),
            (true, false) => changes.eligible_lost.push(seller_id.clone()),
            _ => {}
        }
        let learned = learned.sellers.remove(seller_id.as_str()).unwrap_or_default();
        changes.sellers.push(SellerChange {
            seller_id: seller_id.clone(),
            time_decides: !old.is_empty() && told::time_decides(&columns, is(old, "final")),
            columns,
            orders_learned: learned.orders,
            entries_posted: learned.entries,
        });
    }
    Ok(changes)
}

impl Revision<'_> {
    fn note(&self) -> RevisionNote {
        RevisionNote {
            revision: self.id.to_owned(),
            as_of: self.manifest.as_of,
            policy: self.manifest.policy.clone(),
            admission: self.manifest.admission.as_ref().map(|pack| pack.version.clone()),
            waymark: self.manifest.waymark.clone(),
        }
    }
}

fn inputs_added(before: &Manifest, after: &Manifest) -> BTreeSet<String> {
    let known: BTreeSet<_> = before.inputs.iter().collect();
    let added = after.inputs.iter().filter(|input| !known.contains(input));
    added.map(|input| input.name.clone()).collect()
}

/// What of a revision's inputs are the sellers' papers.
fn papers_of(manifest: &Manifest) -> Option<&FileDigest> {
    manifest.inputs.iter().find(|input| input.name == PAPERS)
}

type Row = BTreeMap<String, Option<String>>;

fn differing(old: &Row, new: &Row) -> BTreeMap<String, BeforeAndAfter> {
    let columns: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let cell = |row: &Row, column: &str| row.get(column).cloned().flatten();
    let both = columns.into_iter().map(|column| {
        let (before, after) = (cell(old, column), cell(new, column));
        (column.clone(), BeforeAndAfter { before, after })
    });
    both.filter(|(_, cells)| cells.before != cells.after).collect()
}

/// A revision's rows as text, by seller.
fn rows_of(parquet: &[u8]) -> Result<BTreeMap<SellerId, Row>, ReportError> {
    let unreadable = |source| ReportError::Revision {
        source: Box::new(source),
    };
    let frame = ParquetReader::new(Cursor::new(parquet))
        .finish()
        .map_err(unreadable)?;
    let sellers = frame
        .column("seller_id")
        .and_then(|column| column.str().cloned())
        .map_err(unreadable)?;
    let mut rows = BTreeMap::new();
    for (index, seller) in sellers.iter().enumerate() {
        let seller = seller
            .and_then(SellerId::parse)
            .ok_or_else(|| unreadable(polars_err!(ComputeError: "row {} names no seller", index + 1)))?;
        let mut row = Row::new();
        let columns = frame.columns().iter();
        for column in columns.filter(|column| !OF_THE_REVISION.contains(&column.name().as_str())) {
            let cell = match column.get(index).map_err(unreadable)? {
                AnyValue::Null => None,
                AnyValue::String(text) => Some(text.to_owned()),
                AnyValue::StringOwned(text) => Some(text.to_string()),
                other => Some(other.to_string()),
            };
            row.insert(column.name().to_string(), cell);
        }
        row.remove("seller_id");
        rows.insert(seller, row);
    }
    Ok(rows)
}
