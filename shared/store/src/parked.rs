//! Parked rows: kept until their parent arrives, found by the parent's name.
//!
//! No wake-up is lost: whoever parks a row looks for the parent again afterwards, and whoever brings a parent looks
//! for parked rows afterwards; whichever write comes second sees the other. A row applied by both is applied once.
//!
//! A row bears its own place in the sparse index `parked_by_shard`: it is listed exactly as long as it is kept, and no
//! second write has to agree with the first.

mod listing;

use std::collections::HashSet;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::ruling::Uploader;
use domain::{Currency, OrderId, RowCode, Timestamp, TrackingNumber};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use listing::ParkedNote;

use crate::item::{key, name, string_of, text};
use crate::{Item, Store, StoreError};

/// What a parked row waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parent {
    /// An order.
    Order(OrderId),
    /// A tracking number that some order has accepted.
    Number(TrackingNumber),
    /// A rate of a currency.
    Rate(Currency),
    /// A number that another order holds: it is given up, or its timeline ends.
    Claim(TrackingNumber),
}

/// A parked row.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkedRow<F> {
    /// What it waits for.
    pub parent: Parent,
    /// What the row says.
    pub fact: F,
    /// Whose file it came in.
    pub uploader: Uploader,
    /// The object it came in.
    pub upload_key: String,
    /// The data row, from 1.
    pub row: u64,
    /// When its upload was learned: its wait is counted from then, whatever times the row itself states.
    pub learned_at: Timestamp,
    /// Tells the rows of one parent apart, in the order in which they are applied.
    pub id: String,
    /// What refused it when its parent came; empty while it waits.
    pub refused: Vec<RowCode>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Body<F> {
    fact: F,
    uploader: Uploader,
    upload_key: String,
    row: u64,
    learned_at: Timestamp,
    #[serde(default)]
    refused: Vec<RowCode>,
}

/// What stands before the parent in the keys of rows that wait, of those that were refused when it came, and before what a row
/// names that waits for something else.
const ABOUT: &str = "parked#about";
const WAITING: &str = "parked";
const REFUSED: &str = "refused";

impl Parent {
    /// What a row that waits for it is told.
    pub fn code(&self) -> RowCode {
        match self {
            Self::Order(_) => RowCode::OrderUnknown,
            Self::Number(_) => RowCode::NumUnknown,
            Self::Rate(_) => RowCode::RateMissing,
            Self::Claim(_) => RowCode::NumUsedElsewhere,
        }
    }

    fn parse(pk: &str) -> Option<Self> {
        let (state, parent) = pk.split_once('#')?;
        let (kind, id) = parent
            .split_once('#')
            .filter(|_| [WAITING, REFUSED].contains(&state))?;
        match kind {
            "order" => OrderId::parse(id).map(Self::Order),
            "number" => TrackingNumber::parse(id).map(Self::Number),
            "rate" => Currency::parse(id).map(Self::Rate),
            "claim" => TrackingNumber::parse(id).map(Self::Claim),
            _ => None,
        }
    }

    fn pk(&self) -> String {
        self.pk_in(WAITING)
    }

    fn pk_in(&self, state: &str) -> String {
        match self {
            Self::Order(order_id) => format!("{state}#order#{order_id}"),
            Self::Number(number) => format!("{state}#number#{number}"),
            Self::Rate(currency) => format!("{state}#rate#{currency}"),
            Self::Claim(number) => format!("{state}#claim#{number}"),
        }
    }
}

/// Sort key of the record that says that rows wait, or once waited, for a parent. No row's id looks like it.
const MARK: &str = "waiting";

impl Store {
    /// Keeps a row until its parent arrives; parking it again changes nothing. `about` is what else it is found by: its own order,
    /// its own number.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn park<F: Serialize + Clone>(
        &self,
        row: &ParkedRow<F>,
        about: Option<&Parent>,
    ) -> Result<(), StoreError> {
        // Before the row: of what is found by it and is not there nothing is said.
        if let Some(about) = about {
            self.put_record(pointer(row, about), "where a parked row is found")
                .await?;
        }
        // The mark first: whoever brings the parent looks for marks only. One who looks before it is there has
        // brought the parent by then, and we shall see that.
        self.put_record(key(row.parent.pk(), MARK), "the mark of a parked row")
            .await?;
        self.put_parked(row, WAITING).await
    }

    /// Keeps a row that waited and was refused when its parent came: whoever sent it was told that it waits. It is listed and
    /// never woken again. Doing it again changes nothing; a run killed in between has the row in both places, and wakes and
    /// refuses it once more.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn keep_refused<F: Serialize + Clone>(
        &self,
        row: &ParkedRow<F>,
        about: Option<&Parent>,
        refused: Vec<RowCode>,
    ) -> Result<(), StoreError> {
        let row = ParkedRow {
            refused,
            ..row.clone()
        };
        self.put_parked(&row, REFUSED).await?;
        self.unpark(&row, about).await
    }

    async fn put_parked<F: Serialize + Clone>(
        &self,
        row: &ParkedRow<F>,
        state: &str,
    ) -> Result<(), StoreError> {
        let body = Body {
            fact: row.fact.clone(),
            uploader: row.uploader.clone(),
            upload_key: row.upload_key.clone(),
            row: row.row,
            learned_at: row.learned_at,
            refused: row.refused.clone(),
        };
        let body = serde_json::to_string(&body).map_err(StoreError::unbuilt("a parked row"))?;
        let mut item = key(row.parent.pk_in(state), row.id.clone());
        item.insert(name::BODY.to_owned(), text(body));
        item.extend(listing::place(row));
        self.put_record(item, "a parked row").await
    }

    /// Those of `parents` for which rows may wait. A read by key, a hundred at a time: most parents have none.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn awaited(&self, mut parents: Vec<Parent>) -> Result<Vec<Parent>, StoreError> {
        let keys = parents.iter().map(|parent| key(parent.pk(), MARK)).collect();
        let marks: HashSet<String> = self
            .batch_get(&self.records, keys)
            .await?
            .iter()
            .filter_map(|item| string_of(item, name::PK))
            .collect();
        parents.retain(|parent| marks.contains(&parent.pk()));
        Ok(parents)
    }

    /// A page of the rows that wait for a parent, in the order of their uploads and rows, `rows_max` at most; and the id
    /// `after` which the next page begins, if there may be one. One read, however many wait.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a row does not decode.
    pub async fn parked_page<F: DeserializeOwned>(
        &self,
        parent: &Parent,
        after: Option<&str>,
        rows_max: u16,
    ) -> Result<(Vec<ParkedRow<F>>, Option<String>), StoreError> {
        let start = after.map(|id| key(parent.pk(), id));
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk");
        let query = query
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_values(":pk", text(parent.pk()))
            .limit(i32::from(rows_max))
            .set_exclusive_start_key(start)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .send(|| query.clone().send())
            .await
            .map_err(|source| StoreError::call(format!("read rows parked for {parent:?}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        let items = answer.items().iter();
        let rows = items.filter(|item| string_of(item, name::SK).as_deref() != Some(MARK));
        let rows = rows.map(read_parked).collect::<Result<_, _>>()?;
        let last = answer
            .last_evaluated_key()
            .and_then(|key| string_of(key, name::SK));
        Ok((rows, last))
    }

    /// The first `rows_max` of the rows that wait for something else and are found by this, and whether there are more. Two
    /// reads, however many wait.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a row does not decode.
    pub async fn parked_about<F: DeserializeOwned>(
        &self,
        about: &Parent,
        rows_max: u16,
    ) -> Result<(Vec<ParkedRow<F>>, bool), StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_values(":pk", text(about.pk_in(ABOUT)))
            .limit(i32::from(rows_max))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .send(|| query.clone().send())
            .await
            .map_err(|source| StoreError::call(format!("read rows parked about {about:?}"), source))?;
        self.capacity.count_read(answer.consumed_capacity());
        let places = answer.items().iter().filter_map(|item| string_of(item, name::SK));
        let keys = places.filter_map(|place| {
            let (pk, id) = place.split_once(BETWEEN)?;
            Some(key(pk, id))
        });
        let items = self.batch_get(&self.records, keys.collect()).await?;
        let rows = items.iter().map(read_parked).collect::<Result<_, _>>()?;
        Ok((rows, answer.last_evaluated_key().is_some()))
    }

    /// Forgets a parked row that was applied, and then nothing finds it any more. A run killed in between wakes the row once more.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn unpark<F>(&self, row: &ParkedRow<F>, about: Option<&Parent>) -> Result<(), StoreError> {
        if let Some(about) = about {
            self.forget(pointer(row, about)).await?;
        }
        self.forget(key(row.parent.pk(), row.id.clone())).await
    }

    async fn forget(&self, key: Item) -> Result<(), StoreError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.records)
            .set_key(Some(key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .send(|| call.clone().send())
            .await
            .map_err(|source| StoreError::call("forget a parked row", source))?;
        self.capacity.count_write(answer.consumed_capacity());
        Ok(())
    }
}

/// Between the two parts of a row's key where it is found by something else. Neither holds it.
const BETWEEN: char = ' ';

/// The whole record by which a row is found that waits for something else: a key that says where it is kept.
fn pointer<F>(row: &ParkedRow<F>, about: &Parent) -> Item {
    key(
        about.pk_in(ABOUT),
        format!("{}{BETWEEN}{}", row.parent.pk(), row.id),
    )
}

fn read_parked<F: DeserializeOwned>(item: &Item) -> Result<ParkedRow<F>, StoreError> {
    let pk = string_of(item, name::PK).unwrap_or_default();
    let corrupt = |reason: String| StoreError::corrupt(format!("a row parked under {pk}"), reason);
    let parent = Parent::parse(&pk).ok_or_else(|| corrupt("it waits for nothing we know".to_owned()))?;
    let body = string_of(item, name::BODY).ok_or_else(|| corrupt("it has no body".to_owned()))?;
    let body: Body<F> = serde_json::from_str(&body).map_err(|error| corrupt(error.to_string()))?;
    let id = string_of(item, name::SK).unwrap_or_default();
    let Body {
        fact,
        uploader,
        upload_key,
        row,
        learned_at,
        refused,
    } = body;
    Ok(ParkedRow {
        parent,
        fact,
        uploader,
        upload_key,
        row,
        learned_at,
        id,
        refused,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_from_the_key_it_is_kept_under() {
        for parent in [
            OrderId::parse("8000011000000005").map(Parent::Order),
            TrackingNumber::parse("RB123456785CN").map(Parent::Number),
            Currency::parse("BRL").map(Parent::Rate),
            TrackingNumber::parse("RB123456785CN").map(Parent::Claim),
        ] {
            let parent = parent.expect("a parent");
            assert_eq!(Parent::parse(&parent.pk_in(REFUSED)).as_ref(), Some(&parent));
            assert_eq!(Parent::parse(&parent.pk()), Some(parent));
        }
        for pk in [
            "parked#order#1",
            "number#RB123456785CN",
            "parked#seller#S1",
            "parked",
        ] {
            assert_eq!(Parent::parse(pk), None, "{pk}");
        }
    }
}
