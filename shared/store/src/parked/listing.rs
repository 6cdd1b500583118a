//! The list of parked rows: a sparse index, spread over shards, each in the order in which its rows were learned.

use std::collections::VecDeque;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::Timestamp;
use serde::de::IgnoredAny;

use super::{Parent, ParkedRow, read_parked};
use crate::item::{name, shard_name, text};
use crate::{Item, Store, StoreError};

/// A parked row without what it says: enough for a list.
pub type ParkedNote = ParkedRow<IgnoredAny>;

const PARKED_BY_SHARD: &str = "parked_by_shard";
/// Shards of the index: a file of a million rows that wait is written to all of them alike.
const PARKED_SHARDS: u32 = 16;

/// A parked row's place in the index.
pub(super) fn place<F>(row: &ParkedRow<F>) -> Item {
    let shard = (row.row % u64::from(PARKED_SHARDS)) as u32;
    Item::from([
        (name::PARKED_SHARD.to_owned(), text(shard_name(shard))),
        (
            name::PARKED_SINCE.to_owned(),
            text(format!("{:012}#{}", row.learned_at.unix(), row.id)),
        ),
    ])
}

/// A shard while it is read: a page of it at a time.
struct Shard {
    shard: u32,
    page: VecDeque<ParkedNote>,
    start: Option<Item>,
    is_read: bool,
}

impl Shard {
    fn front(&self) -> Option<(Timestamp, &str)> {
        self.page.front().map(|row| (row.learned_at, row.id.as_str()))
    }
}

impl Store {
    /// Hands every parked row to `take`, in the order in which their uploads were learned, the newest last. Holds a
    /// page a shard, however many rows wait. Eventually consistent: a row parked this second may be missing.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a row does not decode.
    pub async fn each_parked(&self, mut take: impl FnMut(ParkedNote)) -> Result<(), StoreError> {
        let mut shards: Vec<Shard> = (0..PARKED_SHARDS)
            .map(|shard| Shard {
                shard,
                page: VecDeque::new(),
                start: None,
                is_read: false,
            })
            .collect();
        loop {
            for shard in &mut shards {
                while shard.page.is_empty() && !shard.is_read {
                    self.read_page(shard).await?;
                }
            }
            let oldest = shards
                .iter_mut()
                .filter(|shard| !shard.page.is_empty())
                .min_by(|one, other| one.front().cmp(&other.front()));
            match oldest.and_then(|shard| shard.page.pop_front()) {
                Some(row) => take(row),
                None => return Ok(()),
            }
        }
    }

    /// The first `rows_max` of the rows that wait for a parent, in the order in which they would be applied, without what
    /// they say; and whether there are more. One read, however many wait.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a row does not decode.
    pub async fn parked_notes(
        &self,
        parent: &Parent,
        rows_max: u16,
    ) -> Result<(Vec<ParkedNote>, bool), StoreError> {
        // The mark stands behind every row.
        let (mut notes, _) = self.parked_page(parent, None, rows_max.saturating_add(1)).await?;
        let more = notes.len() > usize::from(rows_max);
        notes.truncate(usize::from(rows_max));
        Ok((notes, more))
    }

    async fn read_page(&self, shard: &mut Shard) -> Result<(), StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .index_name(PARKED_BY_SHARD)
            .key_condition_expression("#shard = :shard");
        let query = query
            .expression_attribute_names("#shard", name::PARKED_SHARD)
            .expression_attribute_values(":shard", text(shard_name(shard.shard)))
            .set_exclusive_start_key(shard.start.take())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .send(|| query.clone().send())
            .await
            .map_err(|source| StoreError::call("list parked rows", source))?;
        self.capacity.count_read(answer.consumed_capacity());
        shard.page = answer.items().iter().map(read_parked).collect::<Result<_, _>>()?;
        shard.start = answer.last_evaluated_key;
        shard.is_read = shard.start.is_none();
        Ok(())
    }
}
