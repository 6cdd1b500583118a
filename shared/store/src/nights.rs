//! Nights: which have begun, when one is over, and the chain of their closes.
//!
//! `pk = night`, `sk = <as_of>`: one record a night, put when its first scan raises the watermark, completed by its
//! close, marked when it is withdrawn, and begun anew when it is scanned again. `pk = close`, `sk = head`: the newest close.
//! The two change in one transaction, so the chain cannot fork.

use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem, Update};
use domain::Timestamp;
use domain::close::ClosedNight;

use crate::commit::{Commit, transact_check, transact_put};
use crate::item::{key, name, number, string_of, text};
use crate::{Item, Store, StoreError};

const NIGHT: &str = "night";

/// A night of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Night {
    /// Its instant.
    pub as_of: Timestamp,
    /// Its close, once there is one.
    pub closed: Option<ClosedNight>,
    /// The number of the withdrawal that took it back. Scanned again, it is a night like any other.
    pub withdrawn: Option<u64>,
    /// How often it was withdrawn before it was begun as it is now.
    pub reruns: u64,
}

impl Night {
    /// Whether it is to be closed: it has begun, and was neither closed nor withdrawn.
    pub fn is_open(&self) -> bool {
        self.closed.is_none() && self.withdrawn.is_none()
    }
}

fn night_key(as_of: Timestamp) -> Item {
    key(NIGHT, as_of.to_string())
}

fn head_key() -> Item {
    key("close", "head")
}

impl Store {
    /// The record that says that a night has begun. Put together with the watermark that is raised to it: once a night is
    /// over ([`Store::end_night`]), no night up to it can begin. `seen` is the record as it was read: none, or that of a
    /// night that was withdrawn; should it be another by now, the night has begun already.
    pub(crate) fn night_put(
        &self,
        as_of: Timestamp,
        seen: Option<&Night>,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = night_key(as_of);
        let mut put = Put::builder().table_name(&self.records);
        put = match seen.and_then(|seen| Some((seen.withdrawn?, seen.reruns))) {
            None => put
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", name::PK),
            Some((withdrawn, reruns)) => {
                item.insert(name::RERUNS.to_owned(), number(reruns + 1));
                put.condition_expression("#withdrawn = :withdrawn")
                    .expression_attribute_names("#withdrawn", name::WITHDRAWN)
                    .expression_attribute_values(":withdrawn", number(withdrawn))
            }
        };
        put.set_item(Some(item))
            .build()
            .map(transact_put)
            .map_err(StoreError::unbuilt("a night's write"))
    }

    /// The condition that a night has begun and was not withdrawn.
    pub(crate) fn night_check(&self, as_of: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.records)
            .set_key(Some(night_key(as_of)))
            .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#withdrawn)")
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#withdrawn", name::WITHDRAWN);
        transact_check(check, "a night's check")
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

    /// The nights that have begun, from `from` to `until`, in order.
    ///
    /// # Errors
    /// As [`Store::night`].
    pub async fn nights(&self, from: Option<Timestamp>, until: Timestamp) -> Result<Vec<Night>, StoreError> {
        let from = from.unwrap_or(Timestamp::from_unix(0));
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

    /// The newest close.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or the record does not decode.
    pub async fn newest_close(&self) -> Result<Option<ClosedNight>, StoreError> {
        let record = self.record(head_key(), "the newest close").await?;
        Ok(record.as_ref().map(closed).transpose()?.flatten())
    }

    /// Makes the close of `night` the newest one, after `seen`: the commit point of a close. Of two closers the one that
    /// comes second sees [`Commit::Raced`], and looks what stands.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn commit_close(
        &self,
        seen: Option<&ClosedNight>,
        night: &Night,
        close: &ClosedNight,
    ) -> Result<Commit, StoreError> {
        let mut item = with_close(night_key(night.as_of), close)?;
        if night.reruns > 0 {
            item.insert(name::RERUNS.to_owned(), number(night.reruns));
        }
        let put = Put::builder()
            .table_name(&self.records)
            .set_item(Some(item))
            .build();
        let put = put.map_err(StoreError::unbuilt("a close's write"))?;
        let puts = vec![self.head_put(seen, close)?, transact_put(put)];
        self.transact(puts, &format!("the close of {}", close.as_of))
            .await
    }

    /// The write that makes a close the newest one, on the condition that `seen` still is.
    pub(crate) fn head_put(
        &self,
        seen: Option<&ClosedNight>,
        close: &ClosedNight,
    ) -> Result<TransactWriteItem, StoreError> {
        let head = Put::builder()
            .table_name(&self.records)
            .set_item(Some(with_close(head_key(), close)?));
        let head = match seen {
            Some(seen) => head
                .condition_expression("#sha256 = :seen")
                .expression_attribute_names("#sha256", name::SHA256)
                .expression_attribute_values(":seen", text(&seen.sha256)),
            None => head
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", name::PK),
        };
        head.build()
            .map(transact_put)
            .map_err(StoreError::unbuilt("a close's write"))
    }

    /// Marks a night as withdrawn; its close stays in its record.
    pub(crate) fn mark_withdrawn(
        &self,
        as_of: Timestamp,
        withdrawal: u64,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.records)
            .set_key(Some(night_key(as_of)))
            .update_expression("SET #withdrawn = :withdrawal")
            .condition_expression("attribute_exists(#pk)")
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#withdrawn", name::WITHDRAWN)
            .expression_attribute_values(":withdrawal", number(withdrawal))
            .build();
        let update = update.map_err(StoreError::unbuilt("a night's mark"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// A record with the close that it remembers.
pub(crate) fn with_close(mut item: Item, close: &ClosedNight) -> Result<Item, StoreError> {
    let body =
        serde_json::to_string(close).map_err(StoreError::unbuilt(format!("the close of {}", close.as_of)))?;
    item.insert(name::BODY.to_owned(), text(body));
    item.insert(name::SHA256.to_owned(), text(&close.sha256));
    Ok(item)
}

fn night(item: &Item) -> Result<Night, StoreError> {
    let as_of = string_of(item, name::SK).and_then(|as_of| as_of.parse().ok());
    Ok(Night {
        as_of: as_of.ok_or_else(|| StoreError::corrupt("a night's record", "it names no instant"))?,
        closed: closed(item)?,
        withdrawn: number_of(item, name::WITHDRAWN),
        reruns: number_of(item, name::RERUNS).unwrap_or(0),
    })
}

fn number_of(item: &Item, attribute: &str) -> Option<u64> {
    item.get(attribute)?.as_n().ok()?.parse().ok()
}

pub(crate) fn closed(item: &Item) -> Result<Option<ClosedNight>, StoreError> {
    string_of(item, name::BODY)
        .map(|body| serde_json::from_str(&body))
        .transpose()
        .map_err(|error| StoreError::corrupt("a close's record", error.to_string()))
}
