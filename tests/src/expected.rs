//! What the rulebook says of a season, computed apart from this project: `expected.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use domain::{Clause, Month, SellerId, Timestamp};
use lake::FetchedFile;
use local::Cloud;
use report::{MonthFigures, MonthFiles};
use serde::Deserialize;

use crate::NetFine;

/// `expected.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// The instant as of which all of it holds.
    pub as_of: Timestamp,
    /// What the ledger comes to, a line a subject.
    pub net: Vec<NetFine>,
    /// Fines that stand and their cents, by clause.
    pub totals: BTreeMap<Clause, (i64, i64)>,
    /// Holds that stand.
    pub held: usize,
    /// Event rows whose parcel no order has.
    pub unknown_events: u64,
    /// Codes of the tracking files' rows, by `<file>:<row>`; rows without any are left out.
    pub tracking_codes: BTreeMap<String, BTreeSet<String>>,
    /// Figures of every seller and month with an order.
    pub months: Vec<SellerFigures>,
}

/// The figures of one seller's orders of one month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[expect(missing_docs, reason = "the rulebook's words, in expected.json's spelling")]
pub struct SellerFigures {
    pub seller_id: SellerId,
    pub month: Month,
    pub gmv_cents: i64,
    pub orders_due: i64,
    pub orders_fulfilled: i64,
    pub fulfilment_rate_bp: Option<i64>,
    pub on_time_delivery_bp: Option<i64>,
    pub node_complete_bp: Option<i64>,
    pub upload_on_time_bp: Option<i64>,
    pub pickup_on_time_bp: Option<i64>,
    pub excluded: i64,
    pub pending: i64,
    pub fines_count: i64,
    pub fines_cents: i64,
}

impl Expected {
    /// Reads what is expected of the season in `folder`.
    ///
    /// # Panics
    /// When the file is not there or says something else.
    pub fn of(folder: &Path) -> Self {
        let file = File::open(folder.join("expected.json")).expect("the season says what is expected of it");
        serde_json::from_reader(BufReader::new(file)).expect("expected.json has its form")
    }
}

impl From<MonthFigures> for SellerFigures {
    fn from(figures: MonthFigures) -> Self {
        Self {
            month: figures.month,
            gmv_cents: figures.gmv.0,
            orders_due: figures.fulfilment.due,
            orders_fulfilled: figures.fulfilment.met,
            fulfilment_rate_bp: figures.fulfilment.rate_bp(),
            on_time_delivery_bp: figures.delivery.rate_bp(),
            node_complete_bp: figures.nodes.rate_bp(),
            upload_on_time_bp: figures.upload.rate_bp(),
            pickup_on_time_bp: figures.pickup.rate_bp(),
            excluded: figures.excluded,
            pending: figures.pending,
            fines_count: figures.fines_count,
            fines_cents: figures.fines.0,
            seller_id: figures.seller_id,
        }
    }
}

/// The figures of these months as the lake's files tell them: every seller with an order or a fine.
///
/// # Panics
/// When the lake cannot be read.
pub async fn figures_of_months(
    cloud: &Cloud,
    months: BTreeSet<Month>,
    as_of: Timestamp,
) -> Vec<SellerFigures> {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut figures = Vec::new();
    for month in months {
        let orders = cloud
            .lake
            .fetch_orders(month, scratch.path())
            .await
            .expect("the lake's orders can be fetched");
        let ledger = cloud
            .lake
            .fetch_ledger(month, scratch.path())
            .await
            .expect("the lake's ledger can be fetched");
        let paths = |fetched: Vec<FetchedFile>| fetched.into_iter().map(|file| file.path).collect();
        let files = [MonthFiles {
            month,
            orders: paths(orders),
            ledger: paths(ledger),
        }];
        let of_month = report::figures_of(&files, month, as_of).expect("the lake's files can be read");
        figures.extend(of_month.into_iter().map(SellerFigures::from));
    }
    figures
}
