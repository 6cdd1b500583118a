//! A lake in a temporary folder.

use std::fs::File;
use std::path::{Path, PathBuf};

use domain::{Month, PolicyBook, Timestamp};
use polars::prelude::*;
use report::{MonthFiles, MonthReport, eligibility};
use tempfile::TempDir;

/// One row of an order, as order-history writes it.
#[derive(Clone, Debug)]
pub struct OrderRow {
    pub order_id: String,
    pub seller_id: String,
    pub version: i64,
    pub learned_at: i64,
    pub paid_at: i64,
    pub policy_early: bool,
    pub gmv_cents: i64,
    pub excluded: bool,
    pub fulfilment: Option<(bool, i64)>,
    pub upload: (bool, i64),
    pub pickup: Option<(bool, i64)>,
    pub delivery: (bool, i64),
    pub nodes: Option<(bool, i64)>,
    pub destination: &'static str,
    pub carrier: Option<&'static str>,
    pub nodes_missing: Option<&'static str>,
    pub first_upload_at: Option<i64>,
    pub late_pickup_at: Option<i64>,
    pub unconfirmed: Option<bool>,
}

/// One row of an entry.
#[derive(Clone, Debug)]
pub struct EntryRow {
    pub entry_id: String,
    pub seller_id: String,
    pub kind: &'static str,
    pub amount_cents: i64,
    pub as_of: i64,
}

/// Files of months, deleted with it.
pub struct Lake {
    folder: TempDir,
    pub files: Vec<MonthFiles>,
}

pub fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Long after every deadline of every test's orders.
pub fn settled() -> Timestamp {
    at("2025-01-01T00:00:00Z")
}

/// Order `number` of a seller, paid, uploaded, picked up and signed on the first day of `month`, complete.
pub fn fulfilled(seller: &str, month: Month, number: usize, gmv_cents: i64) -> OrderRow {
    let paid_at = month.starts_at(PolicyBook::shipped().zone).unix() + 3_600;
    let standing = (true, paid_at + 7_200);
    OrderRow {
        order_id: format!("{}{number:012}", month.to_string().replace('-', "")),
        seller_id: seller.to_owned(),
        version: 3,
        learned_at: paid_at + 7_200,
        paid_at,
        policy_early: false,
        gmv_cents,
        excluded: false,
        fulfilment: Some(standing),
        upload: standing,
        pickup: Some(standing),
        delivery: standing,
        nodes: Some(standing),
        destination: "ES",
        carrier: Some("dhl"),
        nodes_missing: None,
        first_upload_at: None,
        late_pickup_at: None,
        unconfirmed: None,
    }
}

/// The same, never uploaded.
pub fn failed(seller: &str, month: Month, number: usize, gmv_cents: i64) -> OrderRow {
    let row = fulfilled(seller, month, number, gmv_cents);
    let (upload_failed, never_signed) = (
        (false, row.paid_at + 86_401),
        (false, row.paid_at + 30 * 86_400 + 1),
    );
    OrderRow {
        fulfilment: Some(upload_failed),
        upload: upload_failed,
        pickup: None,
        delivery: never_signed,
        nodes: None,
        ..row
    }
}

/// `due` orders of a month that come to `gmv_cents`, the last `failures` of them failed.
pub fn orders(seller: &str, month: Month, due: usize, failures: usize, gmv_cents: i64) -> Vec<OrderRow> {
    (0..due)
        .map(|number| {
            let cents = if number == 0 { gmv_cents } else { 0 };
            let order = if number < due - failures {
                fulfilled
            } else {
                failed
            };
            order(seller, month, number, cents)
        })
        .collect()
}

impl Lake {
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            files: Vec::new(),
        }
    }

    pub fn of(months: &[(Month, Vec<OrderRow>)]) -> Self {
        let mut lake = Self::empty();
        for (month, rows) in months {
            lake.add(*month, rows, &[]);
        }
        lake
    }

    /// One more file of orders and, where there are any, of entries.
    pub fn add(&mut self, month: Month, orders: &[OrderRow], entries: &[EntryRow]) {
        let name = format!("{month}.{}", self.files.len());
        let orders = write(self.path(&format!("{name}.orders.parquet")), order_frame(orders));
        let ledger = (!entries.is_empty())
            .then(|| write(self.path(&format!("{name}.ledger.parquet")), entry_frame(entries)));
        self.files.push(MonthFiles {
            month,
            orders: vec![orders],
            ledger: ledger.into_iter().collect(),
        });
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn report(&self, month: Month, as_of: Timestamp) -> MonthReport {
        self.report_under(month, as_of, PolicyBook::shipped())
    }

    pub fn report_under(&self, month: Month, as_of: Timestamp, book: &PolicyBook) -> MonthReport {
        eligibility(&self.files, month, as_of, book).expect("a report")
    }
}

/// The shipped policy with a line changed.
pub fn policy_with(from: &str, to: &str) -> PolicyBook {
    let shipped = include_str!("../../../domain/data/policy.toml");
    assert!(shipped.contains(from), "{from}");
    PolicyBook::parse(&shipped.replace(from, to)).expect("a sound policy")
}

fn write(path: PathBuf, mut frame: DataFrame) -> PathBuf {
    write_frame(&path, &mut frame);
    path
}

pub fn write_frame(path: &Path, frame: &mut DataFrame) {
    let file = File::create(path).expect("a file");
    ParquetWriter::new(file).finish(frame).expect("written");
}

pub fn order_frame(rows: &[OrderRow]) -> DataFrame {
    let each = |value: fn(&OrderRow) -> i64| rows.iter().map(value).collect::<Vec<_>>();
    let met = |value: fn(&OrderRow) -> Option<(bool, i64)>| {
        rows.iter()
            .map(|row| value(row).map(|it| it.0))
            .collect::<Vec<_>>()
    };
    let when = |value: fn(&OrderRow) -> Option<(bool, i64)>| {
        rows.iter()
            .map(|row| value(row).map(|it| it.1))
            .collect::<Vec<_>>()
    };
    df!(
        "order_id" => rows.iter().map(|row| row.order_id.clone()).collect::<Vec<_>>(),
        "seller_id" => rows.iter().map(|row| row.seller_id.clone()).collect::<Vec<_>>(),
        "version" => each(|row| row.version),
        "learned_at" => each(|row| row.learned_at),
        "paid_at" => each(|row| row.paid_at),
        "destination" => rows.iter().map(|row| row.destination).collect::<Vec<_>>(),
        "policy" => vec!["V4.2"; rows.len()],
        "policy_early" => rows.iter().map(|row| row.policy_early).collect::<Vec<_>>(),
        "gmv_cents" => each(|row| row.gmv_cents),
        "excluded" => rows.iter().map(|row| row.excluded).collect::<Vec<_>>(),
        "fulfilment_met" => met(|row| row.fulfilment),
        "fulfilment_at" => when(|row| row.fulfilment),
        "upload_met" => met(|row| Some(row.upload)),
        "upload_at" => when(|row| Some(row.upload)),
        "pickup_met" => met(|row| row.pickup),
        "pickup_at" => when(|row| row.pickup),
        "delivery_met" => met(|row| Some(row.delivery)),
        "delivery_at" => when(|row| Some(row.delivery)),
        "nodes_met" => met(|row| row.nodes),
        "nodes_at" => when(|row| row.nodes),
        "nodes_missing" => rows.iter().map(|row| row.nodes_missing).collect::<Vec<_>>(),
        "carrier" => rows.iter().map(|row| row.carrier).collect::<Vec<_>>(),
        "first_upload_at" => rows.iter().map(|row| row.first_upload_at).collect::<Vec<_>>(),
        "late_pickup_at" => rows.iter().map(|row| row.late_pickup_at).collect::<Vec<_>>(),
        "unconfirmed" => rows.iter().map(|row| row.unconfirmed).collect::<Vec<_>>(),
        "state" => vec![&b"\x00not\xffours"[..]; rows.len()],
    )
    .expect("a frame")
}

pub fn entry_frame(rows: &[EntryRow]) -> DataFrame {
    df!(
        "entry_id" => rows.iter().map(|row| row.entry_id.clone()).collect::<Vec<_>>(),
        "order_id" => vec!["20240400000000"; rows.len()],
        "seller_id" => rows.iter().map(|row| row.seller_id.clone()).collect::<Vec<_>>(),
        "clause" => vec!["B3"; rows.len()],
        "kind" => rows.iter().map(|row| row.kind).collect::<Vec<_>>(),
        "amount_cents" => rows.iter().map(|row| row.amount_cents).collect::<Vec<_>>(),
        "as_of" => rows.iter().map(|row| row.as_of).collect::<Vec<_>>(),
        "effective_at" => rows.iter().map(|row| row.as_of).collect::<Vec<_>>(),
        "policy" => vec!["V4.2"; rows.len()],
        "document" => vec!["{}"; rows.len()],
    )
    .expect("a frame")
}
