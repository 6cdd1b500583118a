//! Nights: which have begun, when one is over, and the chain of their closes.
//!
//! `pk = night`, `sk = <as_of>`: one record a night, put with the first watermark that its scans raise, completed by its
//! close. `pk = close`, `sk = head`: the newest close. The two change in one transaction, so the chain cannot fork.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::Timestamp;
use domain::close::ClosedNight;

use crate::commit::{Commit, transact_put};
use crate::item::{OPEN_SHARDS, key, name, string_of, text};
use crate::{Item, Store, StoreError};

const NIGHT: &str = "night";

/// A night of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Night {
    /// Its instant.
    pub as_of: Timestamp,
    /// Its close, once there is one.
    pub closed: Option<ClosedNight>,
}

fn night_key(as_of: Timestamp) -> Item {
    key(NIGHT, as_of.to_string())
}

fn head_key() -> Item {
    key("close", "head")
}

impl Store {
    /// The record that says that a night has begun. Put together with a watermark that is raised to it: once a night is
    /// over ([`Store::end_night`]), no night up to it can begin.
    pub(crate) fn night_put(&self, as_of: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.records);
        put.set_item(Some(night_key(as_of)))
            .build()
            .map(transact_put)
            .map_err(|source| StoreError::corrupt("a night's write", source.to_string()))
    }

    /// A night, if a scan as of it has begun.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or the record does not decode.
    pub async fn night(&self, as_of: Timestamp) -> Result<Option<Night>, StoreError> {
        let record = self
            .record(night_key(as_of), &format!("the night {as_of}"))
            .await?;
        record.as_ref().map(night).transpose()
    }

    /// The nights that have begun, from the first after `after` to `until`, in order.
    ///
    /// # Errors
    /// As [`Store::night`].
    pub async fn nights(&self, after: Option<Timestamp>, until: Timestamp) -> Result<Vec<Night>, StoreError> {
        let from = after.map_or(Timestamp::from_unix(0), Timestamp::next);
        // DynamoDB refuses an empty range.
        if from > until {
            return Ok(Vec::new());
        }
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :until");
        let query = query
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#sk", name::SK);
        let query = query
            .expression_attribute_values(":pk", text(NIGHT))
            .expression_attribute_values(":from", text(from.to_string()))
            .expression_attribute_values(":until", text(until.to_string()));
        let items = self.query_all(query, "the nights").await?;
        items.iter().map(night).collect()
    }

    /// Ends a night: raises every shard's watermark just past it, so that nothing can be posted as of it, or as of an
    /// earlier instant, any more. What was posted stays; a scan still under way finds itself superseded.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn end_night(&self, as_of: Timestamp) -> Result<(), StoreError> {
        let past = as_of.next();
        let mut retries = self.retries();
        loop {
            let known = self.watermarks().await?;
            let lower = (0..OPEN_SHARDS).filter(|shard| known.get(shard).is_none_or(|begun| *begun < past));
            let raises: Vec<TransactWriteItem> = lower
                .map(|shard| self.raise(shard, past))
                .collect::<Result<_, _>>()?;
            // Lost to a later scan, which ends the night as well: look again.
            if raises.is_empty() || self.transact(raises, "the scans' watermarks").await? == Commit::Done {
                return Ok(());
            }
            if !retries.again().await {
                return Err(retries.gave_up_on("the scans' watermarks"));
            }
        }
    }

    /// The newest close.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or the record does not decode.
    pub async fn newest_close(&self) -> Result<Option<ClosedNight>, StoreError> {
        let record = self.record(head_key(), "the newest close").await?;
        Ok(record.as_ref().map(closed).transpose()?.flatten())
    }

    /// Makes `close` the newest one, after `seen`: the commit point of a close. Of two closers the one that comes
    /// second sees [`Commit::Raced`], and looks what stands.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn commit_close(
        &self,
        seen: Option<&ClosedNight>,
        close: &ClosedNight,
    ) -> Result<Commit, StoreError> {
        let body = serde_json::to_string(close).map_err(|error| {
            StoreError::corrupt(format!("the close of {}", close.as_of), error.to_string())
        })?;
        let with_body = |mut item: Item| {
            item.insert(name::BODY.to_owned(), text(&body));
            item.insert(name::SHA256.to_owned(), text(&close.sha256));
            item
        };
        let head = Put::builder()
            .table_name(&self.records)
            .set_item(Some(with_body(head_key())));
        let head = match seen {
            Some(seen) => head
                .condition_expression("#sha256 = :seen")
                .expression_attribute_names("#sha256", name::SHA256)
                .expression_attribute_values(":seen", text(&seen.sha256)),
            None => head
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", name::PK),
        };
        let night = Put::builder()
            .table_name(&self.records)
            .set_item(Some(with_body(night_key(close.as_of))));
        let puts = [head.build(), night.build()].map(|put| {
            put.map(transact_put)
                .map_err(|source| StoreError::corrupt("a close's write", source.to_string()))
        });
        let puts = puts.into_iter().collect::<Result<_, _>>()?;
        self.transact(puts, &format!("the close of {}", close.as_of))
            .await
    }
}

fn night(item: &Item) -> Result<Night, StoreError> {
    let as_of = string_of(item, name::SK).and_then(|as_of| as_of.parse().ok());
    Ok(Night {
        as_of: as_of.ok_or_else(|| StoreError::corrupt("a night's record", "it names no instant"))?,
        closed: closed(item)?,
    })
}

fn closed(item: &Item) -> Result<Option<ClosedNight>, StoreError> {
    string_of(item, name::BODY)
        .map(|body| serde_json::from_str(&body))
        .transpose()
        .map_err(|error| StoreError::corrupt("a close's record", error.to_string()))
}
