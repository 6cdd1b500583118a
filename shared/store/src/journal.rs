//! The journal: which entries each night posted, written in the very transaction that posts them.
//!
//! `pk = night#<as_of>#<shard>`, `sk = <order_id>#<version>`: a posting names its entries under the night and the
//! order's shard, so that a night's entries are found with consistent reads, without an index that may be stale and
//! without a key that every posting writes to. It holds names only: the entries stay the one truth.
//!
//! A withdrawal names its entries under the nights that they are as of, like any posting. A night's own entries are those
//! of them that count.

use std::collections::{HashMap, VecDeque};
use std::fmt::Display;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::withdrawal::counted;
use domain::{LedgerEntry, OrderId, Timestamp};
use futures::future::try_join_all;

use crate::commit::transact_put;
use crate::item::{OPEN_SHARDS, decode_entry, entry_pk, key, name, shard_name, shard_of, string_of, text};
use crate::{Item, Store, StoreError};

/// Postings read in one page of a shard: their entries are held in memory until they are handed on.
const POSTINGS_PER_PAGE: i32 = 64;
/// A shard with fewer entries than this reads its next page when another shard does.
const ENTRIES_LOW: usize = 64;

/// One posting of a night: the entries that one transaction put for one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The order.
    pub order_id: OrderId,
    /// Its entries, by id.
    pub entry_ids: Vec<String>,
}

/// The entries of one night, by entry id, read as they are asked for: two pages a shard are held, however many there are.
#[derive(Debug)]
pub struct NightEntries<'store> {
    store: &'store Store,
    as_of: Timestamp,
    /// The withdrawal whose entries are read; the night's own are without one.
    withdrawal: Option<u64>,
    shards: Vec<Shard>,
}

/// A shard of a night while it is read.
#[derive(Debug)]
struct Shard {
    shard: u32,
    /// Entries whose order is complete, by id.
    entries: VecDeque<LedgerEntry>,
    /// The last order of the page: the next page may bring more of it.
    unfinished: Vec<Posting>,
    start: Option<Item>,
    is_read: bool,
}

fn journal_pk(as_of: Timestamp, shard: u32) -> String {
    format!("night#{as_of}#{}", shard_name(shard))
}

impl Store {
    /// The journal's record of one posting, to be put with its entries. A repeated posting fails on its entries first.
    /// `posting` is unique among the postings of an order: the version that the order has with it.
    pub(crate) fn journal_put(
        &self,
        entries: &[&LedgerEntry],
        order_id: &OrderId,
        posting: impl Display,
        as_of: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = key(
            journal_pk(as_of, shard_of(order_id)),
            format!("{order_id}#{posting}"),
        );
        let ids = entries.iter().map(|entry| text(&entry.entry_id)).collect();
        item.insert(name::ENTRY_IDS.to_owned(), AttributeValue::L(ids));
        Put::builder()
            .table_name(&self.records)
            .set_item(Some(item))
            .build()
            .map(transact_put)
            .map_err(StoreError::unbuilt("a posting's journal"))
    }

    /// The entries that the scans as of an instant posted and that were not withdrawn, to be read one after the other.
    pub fn night_entries(&self, as_of: Timestamp) -> NightEntries<'_> {
        self.night_entries_after(as_of, None)
    }

    /// Those of the orders behind one: all up to it were read before.
    pub fn night_entries_after(&self, as_of: Timestamp, after: Option<&OrderId>) -> NightEntries<'_> {
        self.journaled(as_of, None, after)
    }

    /// The entries by which a withdrawal takes back those of a night, likewise.
    pub fn withdrawn_entries(&self, as_of: Timestamp, withdrawal: u64) -> NightEntries<'_> {
        self.journaled(as_of, Some(withdrawal), None)
    }

    fn journaled(
        &self,
        as_of: Timestamp,
        withdrawal: Option<u64>,
        after: Option<&OrderId>,
    ) -> NightEntries<'_> {
        // Behind every posting of the order and before those of the next: `$` follows `#`, and digits follow `$`.
        let start = |shard| after.map(|order_id| key(journal_pk(as_of, shard), format!("{order_id}$")));
        let shards = (0..OPEN_SHARDS).map(|shard| Shard {
            shard,
            entries: VecDeque::new(),
            unfinished: Vec::new(),
            start: start(shard),
            is_read: false,
        });
        NightEntries {
            store: self,
            as_of,
            withdrawal,
            shards: shards.collect(),
        }
    }

    /// All entries of a night as [`Store::night_entries`] reads them, by entry id.
    ///
    /// # Errors
    /// As [`NightEntries::next`].
    pub async fn entries_of_night(&self, as_of: Timestamp) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut night = self.night_entries(as_of);
        let mut entries = Vec::new();
        while let Some(entry) = night.next().await? {
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Every posting of a night in the journal, whether or not its entries are there.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a record does not decode.
    pub async fn postings_of_night(&self, as_of: Timestamp) -> Result<Vec<Posting>, StoreError> {
        let mut postings = Vec::new();
        for shard in 0..OPEN_SHARDS {
            let mut start = None;
            loop {
                let (page, next) = self.journal_page(as_of, shard, start).await?;
                postings.extend(page);
                start = next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(postings)
    }

    async fn journal_page(
        &self,
        as_of: Timestamp,
        shard: u32,
        start: Option<Item>,
    ) -> Result<(Vec<Posting>, Option<Item>), StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .limit(POSTINGS_PER_PAGE);
        let query = query
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_values(":pk", text(journal_pk(as_of, shard)))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .send(|| query.clone().send())
            .await
            .map_err(|source| StoreError::call(format!("read the journal of the night {as_of}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        let postings = answer.items().iter().map(posting).collect::<Result<_, _>>()?;
        Ok((postings, answer.last_evaluated_key))
    }

    /// The entries that postings name, by id.
    async fn entries_named(&self, postings: &[Posting]) -> Result<Vec<LedgerEntry>, StoreError> {
        let named = postings
            .iter()
            .flat_map(|posting| posting.entry_ids.iter().map(|id| (id, &posting.order_id)));
        let keys = named.clone().map(|(id, order_id)| entry_key(order_id, id));
        let items = self.batch_get(&self.records, keys.collect()).await?;
        let mut found = HashMap::with_capacity(items.len());
        for item in &items {
            if let Some((_, entry)) = decode_entry(item)? {
                found.insert(entry.entry_id.clone(), entry);
            }
        }
        let mut entries = named
            .map(|(id, _)| {
                found.remove(id).ok_or_else(|| {
                    StoreError::corrupt(
                        format!("entry {id}"),
                        "the journal names it and the ledger lacks it",
                    )
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(|one, other| one.entry_id.cmp(&other.entry_id));
        Ok(entries)
    }
}

impl NightEntries<'_> {
    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read, a record does not decode, or an entry that the journal names is
    /// not in the ledger.
    pub async fn next(&mut self) -> Result<Option<LedgerEntry>, StoreError> {
        while self.shards.iter().any(Shard::is_drained) {
            // All of them at once: orders lie evenly in the shards, so the others are drained next.
            let low = self.shards.iter_mut().filter(|shard| shard.is_low());
            let read = low.map(|shard| shard.read_on(self.store, self.as_of, self.withdrawal));
            try_join_all(read).await?;
        }
        // An entry's id begins with its order's, and an order lies in one shard: the least of the fronts is the least
        // of all.
        let front = |shard: &Shard| shard.entries.front().map(|entry| entry.entry_id.clone());
        let least = self
            .shards
            .iter_mut()
            .filter(|shard| !shard.entries.is_empty())
            .min_by_key(|shard| front(shard));
        Ok(least.and_then(|shard| shard.entries.pop_front()))
    }
}

impl Shard {
    fn is_drained(&self) -> bool {
        self.entries.is_empty() && !self.is_read
    }

    fn is_low(&self) -> bool {
        self.entries.len() < ENTRIES_LOW && !self.is_read
    }

    async fn read_on(
        &mut self,
        store: &Store,
        as_of: Timestamp,
        withdrawal: Option<u64>,
    ) -> Result<(), StoreError> {
        let (page, next) = store.journal_page(as_of, self.shard, self.start.take()).await?;
        self.start = next;
        self.is_read = self.start.is_none();
        let mut postings = std::mem::take(&mut self.unfinished);
        postings.extend(page);
        if !self.is_read
            && let Some(last) = postings.last().map(|posting| posting.order_id.clone())
        {
            let complete = postings.partition_point(|posting| posting.order_id != last);
            self.unfinished = postings.split_off(complete);
        }
        // Of each order all is here: with an entry also what took it back.
        let entries = store.entries_named(&postings).await?;
        match withdrawal {
            None => self.entries.extend(counted(entries.iter()).into_iter().cloned()),
            Some(number) => {
                let own = entries
                    .into_iter()
                    .filter(|entry| entry.withdrawal() == Some(number));
                self.entries.extend(own);
            }
        }
        Ok(())
    }
}

fn entry_key(order_id: &OrderId, entry_id: &str) -> Item {
    key(entry_pk(order_id), format!("entry#{entry_id}"))
}

fn posting(item: &Item) -> Result<Posting, StoreError> {
    let sk = string_of(item, name::SK).unwrap_or_default();
    let corrupt = || {
        StoreError::corrupt(
            format!("the journal's record {sk}"),
            "it names no order or no entries",
        )
    };
    let order_id = sk
        .split('#')
        .next()
        .and_then(OrderId::parse)
        .ok_or_else(corrupt)?;
    let ids = item.get(name::ENTRY_IDS).and_then(|ids| ids.as_l().ok());
    let ids = ids.ok_or_else(corrupt)?.iter().map(|id| id.as_s().ok().cloned());
    Ok(Posting {
        order_id,
        entry_ids: ids.collect::<Option<_>>().ok_or_else(corrupt)?,
    })
}
