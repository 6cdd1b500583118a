//! A batch of stream records, as far as it can be read.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_lambda_events::event::dynamodb::EventRecord;
use domain::{Month, PolicyBook, with_causes};
use lake::{EntryRow, Lake, LakeError, OrderRow, order_rows};
use store::{Item, StoreError, decode_entry, decode_order};

use crate::{HistoryError, Outcome, Unreadable};

/// What was read of a batch.
#[derive(Default)]
pub(crate) struct Batch {
    orders: BTreeMap<Month, Vec<OrderRow>>,
    entries: BTreeMap<Month, Vec<EntryRow>>,
    order_changes: u64,
    record_changes: u64,
    /// Places of what cannot be read, and why.
    unreadable: Vec<(usize, String)>,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error("a stream record cannot be read")]
    Item(#[source] StoreError),
    #[error("a stream record makes no row")]
    Row(#[source] LakeError),
    #[error("reading a stream record panicked")]
    Panicked,
}

/// The table whose change a record is.
#[derive(Clone, Copy)]
enum Table {
    Orders,
    Records,
}

impl Table {
    /// Only an order's item has its number for a key.
    fn of(record: &EventRecord) -> Self {
        match record.change.keys.contains_key("order_id") {
            true => Self::Orders,
            false => Self::Records,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Records => "records",
        }
    }
}

/// The rows of a record.
enum Rows {
    Orders(Month, Vec<OrderRow>),
    Entry(Month, Box<EntryRow>),
    None,
}

impl Batch {
    /// Reads records, each by itself.
    pub(crate) fn read(records: &[EventRecord], book: &PolicyBook) -> Self {
        let mut batch = Self::default();
        for (place, record) in records.iter().enumerate() {
            match Table::of(record) {
                Table::Orders => batch.order_changes += 1,
                Table::Records => batch.record_changes += 1,
            }
            // A panic in one record must not hold up all the others until the stream forgets them.
            let rows = catch_unwind(AssertUnwindSafe(|| rows_of(record, book)));
            match rows.unwrap_or(Err(RecordError::Panicked)) {
                Ok(Rows::Orders(month, rows)) => batch.orders.entry(month).or_default().extend(rows),
                Ok(Rows::Entry(month, row)) => batch.entries.entry(month).or_default().push(*row),
                Ok(Rows::None) => {}
                Err(error) => batch.unreadable.push((place, with_causes(&error))),
            }
        }
        batch
    }

    /// Writes the rows, and what cannot be read as it came. Nothing of the batch is done before all of it is.
    pub(crate) async fn write(self, lake: &Lake, records: &[EventRecord]) -> Result<Outcome, HistoryError> {
        let mut outcome = Outcome {
            order_changes: self.order_changes,
            record_changes: self.record_changes,
            ..Outcome::default()
        };
        for (place, cause) in self.unreadable {
            let bytes = serde_json::to_vec(&records[place]).map_err(HistoryError::Record)?;
            let kept = lake.put_unreadable(&name_of(&records[place]), bytes).await;
            let key = kept.map_err(HistoryError::Lake)?;
            outcome.unreadable.push(Unreadable { place, key, cause });
        }
        let name = batch_name(records);
        for (month, rows) in self.orders.iter().filter(|(_, rows)| !rows.is_empty()) {
            let put = lake.put_order_rows(*month, &name, rows).await;
            put.map_err(HistoryError::Lake)?;
            outcome.order_rows += rows.len() as u64;
            outcome.files += 1;
        }
        for (month, rows) in &self.entries {
            let put = lake.put_entry_rows(*month, &name, rows).await;
            put.map_err(HistoryError::Lake)?;
            outcome.entry_rows += rows.len() as u64;
            outcome.files += 1;
        }
        Ok(outcome)
    }
}

fn rows_of(record: &EventRecord, book: &PolicyBook) -> Result<Rows, RecordError> {
    let new = item_of(&record.change.new_image);
    if let Some(after) = decode_order(&new).map_err(RecordError::Item)? {
        let before = decode_order(&item_of(&record.change.old_image)).map_err(RecordError::Item)?;
        let before = before.map(|image| image.order);
        let (month, rows) = order_rows(before.as_ref(), &after.order, after.version, &after.state, book);
        return Ok(Rows::Orders(month, rows));
    }
    match decode_entry(&new).map_err(RecordError::Item)? {
        Some((month, entry)) => {
            let row = EntryRow::of(&entry).map_err(RecordError::Row)?;
            Ok(Rows::Entry(month, Box::new(row)))
        }
        None => Ok(Rows::None),
    }
}

/// A stream's image as the SDK's item.
fn item_of(image: &serde_dynamo::Item) -> Item {
    image.clone().into()
}

/// `<first>-<last>` sequence number: within a stream's shard they are unique and ascending.
fn batch_name(records: &[EventRecord]) -> String {
    let sequence = |record: Option<&EventRecord>| {
        record
            .and_then(|record| record.change.sequence_number.clone())
            .unwrap_or_default()
    };
    format!("{}-{}", sequence(records.first()), sequence(records.last()))
}

/// The name under which a record is kept: delivered again, it has the same. A sequence number is its shard's alone.
pub(crate) fn name_of(record: &EventRecord) -> String {
    let sequence = record.change.sequence_number.as_deref().unwrap_or_default();
    format!("{}/{sequence}-{}", Table::of(record).name(), record.event_id)
}
