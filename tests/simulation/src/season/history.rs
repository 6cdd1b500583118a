//! History: the tables' streams delivered to `order-history` in batches that come twice, overlap and overtake each other.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event;
use entrypoint::Failure;
use futures::future::join_all;
use lake::Lake;
use local::{BUCKET, ORDERS_TABLE, RECORDS_TABLE};
use order_history::OrderHistory;
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::Season;
use crate::check::Ledger;
use crate::check::history::Lake as Shown;
use crate::facts::Told;

/// Records in one batch, at most.
const BATCH_RECORDS_MAX: usize = 40;
/// Calls of a run: a batch spans few months.
const CALLS: u32 = 3;

/// How far a table's stream was delivered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivered {
    last: Option<String>,
    records: u64,
}

impl Season {
    /// Delivers what was written since the last time.
    pub(super) async fn deliver_history(&mut self) {
        let mut batches = Vec::new();
        for table in [ORDERS_TABLE, RECORDS_TABLE] {
            let records = self.undelivered(table);
            let mut from = 0;
            while from < records.len() {
                let until = (from + self.random.random_range(1..=BATCH_RECORDS_MAX)).min(records.len());
                batches.push((table, batch(&records[from..until])));
                if self.random.random_ratio(1, 4) {
                    // Delivered again, cut elsewhere.
                    let begin = self.random.random_range(0..until);
                    batches.push((table, batch(&records[begin..until])));
                }
                from = until;
            }
        }
        batches.shuffle(&mut self.random);
        let errands: Vec<_> = batches
            .into_iter()
            .map(|batch| (batch, self.attempts(CALLS)))
            .collect();
        let season = &*self;
        let delivered = join_all(errands.into_iter().map(|((table, event), attempts)| async move {
            let errand = format!("{} records of {table}", event.records.len());
            let work = async |run: &crate::run::Run| {
                let history = OrderHistory {
                    lake: Lake::new(season.cloud.s3(Some(run)), BUCKET),
                    store: season.store(run),
                    policy: Arc::clone(&season.policy),
                };
                let outcome = order_history::handle(&history, event.clone()).await?;
                match outcome.unreadable.into_iter().next() {
                    Some(unreadable) => Err(Failure::of(unreadable.cause, false)),
                    None => Ok(()),
                }
            };
            season.until_whole(&errand, attempts, work).await.err()
        }))
        .await;
        self.broken.extend(delivered.into_iter().flatten());
    }

    /// What is wrong with the lake, once everything was delivered: as of every night, and of instants between.
    pub(super) async fn check_history(&mut self, told: &[Told], ledger: &Ledger) {
        let lake = Shown::read(&self.cloud.s3(None)).await;
        let mut instants: Vec<i64> = ledger.owed.keys().copied().collect();
        for told in told {
            if self.random.random_ratio(1, 4) {
                instants.push(told.at + self.random.random_range(-1..=1));
            }
        }
        self.broken.extend(lake.check(told, &instants));
        self.broken.extend(lake.check_entries(&self.cloud.tables));
    }

    /// The records since the last time, numbered in their order: the emulator numbers them by the clock.
    fn undelivered(&mut self, table: &'static str) -> Vec<Value> {
        let delivered = self.delivered.entry(table).or_default();
        let records = self.cloud.tables.stream(table, delivered.last.as_deref());
        let numbered = records.into_iter().map(|(position, mut record)| {
            delivered.records += 1;
            delivered.last = Some(position);
            record["dynamodb"]["SequenceNumber"] = json!(format!("{:021}", delivered.records));
            record
        });
        numbered.collect()
    }
}

fn batch(records: &[Value]) -> Event {
    serde_json::from_value(json!({ "Records": records })).expect("a batch of a stream is an event")
}
