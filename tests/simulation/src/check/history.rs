//! What must hold of the lake: as of any instant its rows come to the reference's figures, and its entries are the ledger's.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use local::BUCKET;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::order_ids;
use crate::facts::Told;
use crate::model::{self, Figures};
use crate::tables::Tables;
use crate::watch::entries_of;

type Row = BTreeMap<String, Field>;

/// The lake's rows.
pub struct Lake {
    orders: BTreeMap<String, Vec<Row>>,
    entries: Vec<Row>,
}

impl Lake {
    /// Reads every file of the lake.
    ///
    /// # Panics
    /// When the bucket does not answer, or a file is no Parquet.
    pub async fn read(s3: &aws_sdk_s3::Client) -> Self {
        let mut orders: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in rows(s3, "lake/orders/").await {
            orders.entry(text(&row, "order_id")).or_default().push(row);
        }
        let entries = rows(s3, "lake/ledger/").await;
        Self { orders, entries }
    }

    /// Where the lake differs from what was told, as of any of these instants.
    pub fn check(&self, told: &[Told], instants: &[i64]) -> Vec<String> {
        let mut broken = Vec::new();
        for (id, order) in model::orders(told) {
            for as_of in instants {
                let (shows, expected) = (self.figures(&id, *as_of), model::figures(&order, *as_of));
                if shows != expected {
                    broken.push(format!(
                        "order {id} as of {as_of} has the figures {expected:?}; the lake shows {shows:?}; {order:?}"
                    ));
                    break;
                }
            }
        }
        broken
    }

    /// Where the lake's entries differ from the ledger's.
    pub fn check_entries(&self, tables: &Tables) -> Vec<String> {
        let mut ledger = BTreeMap::new();
        for id in order_ids(tables) {
            for entry in entries_of(tables, &id) {
                ledger.insert(entry.id.clone(), (entry.kind.clone(), entry.cents));
            }
        }
        let lake: BTreeSet<_> = self
            .entries
            .iter()
            .map(|row| {
                let cents = number(row, "amount_cents").unwrap_or_default();
                (text(row, "entry_id"), (text(row, "kind"), cents))
            })
            .collect();
        let differing: Vec<_> = ledger
            .into_iter()
            .collect::<BTreeSet<_>>()
            .symmetric_difference(&lake)
            .cloned()
            .collect();
        let told = |(id, entry)| format!("entry {id} {entry:?} is in the ledger or in the lake, not in both");
        differing.into_iter().map(told).collect()
    }

    /// What a report as of an instant would read of an order: the newest of what was learned by then.
    fn figures(&self, id: &str, as_of: i64) -> Option<Figures> {
        let learned = |row: &&Row| number(row, "learned_at").is_some_and(|at| at <= as_of);
        let rows = self.orders.get(id)?.iter().filter(learned);
        let row = rows.max_by_key(|row| (number(row, "learned_at"), number(row, "version")))?;
        let decided = |figure: &str| {
            let at = number(row, &format!("{figure}_at"))?;
            flag(row, &format!("{figure}_met")).filter(|_| at <= as_of)
        };
        Some(Figures {
            gmv_cents: number(row, "gmv_cents").unwrap_or_default(),
            excluded: flag(row, "excluded").unwrap_or_default(),
            upload: decided("upload"),
            pickup: decided("pickup"),
            fulfilment: decided("fulfilment"),
            delivery: decided("delivery"),
            nodes: decided("nodes"),
        })
    }
}

async fn rows(s3: &aws_sdk_s3::Client, prefix: &str) -> Vec<Row> {
    let mut pages = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix(prefix)
        .into_paginator()
        .send();
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        for object in page.expect("the bucket can be listed").contents() {
            let key = object.key().unwrap_or_default();
            let file = s3.get_object().bucket(BUCKET).key(key).send().await;
            let body = file.expect("a file of the lake").body.collect().await;
            rows.extend(rows_of(body.expect("a file's bytes").into_bytes()));
        }
    }
    rows
}

fn rows_of(file: Bytes) -> Vec<Row> {
    let reader = SerializedFileReader::new(file).expect("a file of the lake is Parquet");
    let rows = reader.get_row_iter(None).expect("it has rows");
    rows.map(|row| {
        row.expect("a row can be read")
            .into_columns()
            .into_iter()
            .collect()
    })
    .collect()
}

fn number(row: &Row, column: &str) -> Option<i64> {
    match row.get(column)? {
        Field::Long(number) => Some(*number),
        _ => None,
    }
}

fn flag(row: &Row, column: &str) -> Option<bool> {
    match row.get(column)? {
        Field::Bool(flag) => Some(*flag),
        _ => None,
    }
}

fn text(row: &Row, column: &str) -> String {
    match row.get(column) {
        Some(Field::Str(text)) => text.clone(),
        _ => String::new(),
    }
}
