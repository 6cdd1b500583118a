//! The ledger: entries are put once and never touched again.

use std::collections::HashSet;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use domain::{LedgerEntry, Month, OrderId, SellerId, Timestamp};

use crate::commit::{Commit, transact_put};
use crate::item::{LEDGER_BY_SELLER, decode_entry, entry_item, entry_pk, name, order_item, text};
use crate::lanes::Lane;
use crate::{Item, Store, StoreError, StoredOrder};

/// Entries in one transaction: DynamoDB allows 100 actions, three of which are the order, the lane and the journal.
const ENTRIES_PER_TRANSACTION_MAX: usize = 90;

/// How a settlement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// The entries stand in the ledger.
    Posted,
    /// Someone else wrote the order since it was read, a scan of a later instant has begun, or the night was withdrawn:
    /// nothing was posted (of this transaction); load and decide again.
    Raced,
}

impl Store {
    /// Posts entries about one order: the commit point of a fine.
    ///
    /// One transaction puts the entries (`attribute_not_exists`: the loser of a race between two scanners stops
    /// here), writes the order that remembers them (`version = :seen`), names them in the night's journal, and checks
    /// that its lane was not revoked: no scan of a later instant has begun, and the night was neither closed nor withdrawn. More
    /// entries than a transaction holds go in several, each safe alone.
    ///
    /// `stored` is left as last committed; `sign_off_open` judges the order after the posting.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub(crate) async fn post(
        &self,
        stored: &mut StoredOrder,
        entries: &[LedgerEntry],
        month: Month,
        as_of: Timestamp,
        lane: &Lane<'_>,
        sign_off_open: impl Fn(&domain::Order) -> bool,
    ) -> Result<Settlement, StoreError> {
        for chunk in entries.chunks(ENTRIES_PER_TRANSACTION_MAX) {
            let mut order = stored.order.clone();
            order.note_posted(chunk, as_of);
            let is_open = sign_off_open(&order);
            let item = order_item(&order, stored.version + 1, is_open)?;
            let mut actions = vec![
                self.lane_check(lane)?,
                transact_put(self.order_put(item, Some(stored.version))?),
                self.journal_put(
                    &chunk.iter().collect::<Vec<_>>(),
                    &order.order_id,
                    stored.version + 1,
                    as_of,
                )?,
            ];
            for entry in chunk {
                actions.push(transact_put(self.entry_put(entry, month)?));
            }
            if self
                .transact(actions, &format!("entries of order {}", order.order_id))
                .await?
                == Commit::Raced
            {
                return Ok(Settlement::Raced);
            }
            *stored = StoredOrder {
                order,
                version: stored.version + 1,
                sign_off_open: is_open,
                expires_at: None,
            };
        }
        Ok(Settlement::Posted)
    }

    pub(crate) fn entry_put(&self, entry: &LedgerEntry, month: Month) -> Result<Put, StoreError> {
        let put = Put::builder()
            .table_name(&self.records)
            .set_item(Some(entry_item(entry, &month.to_string())?));
        let put = put
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", name::PK);
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        put.build().map_err(StoreError::unbuilt("an entry's write"))
    }

    /// All entries about one order, consistently.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or an entry does not decode.
    pub async fn entries_of_order(&self, order_id: &OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        decoded(&self.entry_items(order_id).await?)
    }

    /// The payment month of an order that the ledger has entries about; `None` where it has none.
    ///
    /// # Errors
    /// As [`Store::entries_of_order`].
    pub async fn payment_month(&self, order_id: &OrderId) -> Result<Option<Month>, StoreError> {
        let items = self.entry_items(order_id).await?;
        let first = items.first().map(decode_entry).transpose()?.flatten();
        Ok(first.map(|(month, _)| month))
    }

    /// The items of all entries about one order, consistently.
    pub(crate) async fn entry_items(&self, order_id: &OrderId) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true);
        let query = query.key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)");
        let query = query
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#sk", name::SK);
        let query = query
            .expression_attribute_values(":pk", text(entry_pk(order_id)))
            .expression_attribute_values(":sk", text("entry#"));
        self.query_all(query, &format!("entries of order {order_id}"))
            .await
    }

    /// All entries about a seller's orders, or those of one payment month, by month and entry id.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or an entry does not decode.
    pub async fn entries_of_seller(
        &self,
        seller_id: &SellerId,
        month: Option<Month>,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .index_name(LEDGER_BY_SELLER);
        let query = query
            .expression_attribute_names("#seller", name::SELLER_ID)
            .expression_attribute_values(":seller", text(seller_id.as_str()));
        let query = match month {
            None => query.key_condition_expression("#seller = :seller"),
            Some(month) => query
                .key_condition_expression("#seller = :seller AND begins_with(#sort, :month)")
                .expression_attribute_names("#sort", name::LEDGER_SORT)
                .expression_attribute_values(":month", text(format!("{month}#"))),
        };
        let items = self
            .query_all(query, &format!("entries of seller {seller_id}"))
            .await?;
        decoded(&items)
    }

    /// Every page of a query.
    pub(crate) async fn query_all(
        &self,
        query: QueryFluentBuilder,
        subject: &str,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start: Option<std::collections::HashMap<String, AttributeValue>> = None;
        loop {
            let call = query
                .clone()
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let answer = self
                .send(|| call.clone().send())
                .await
                .map_err(|source| StoreError::call(format!("read {subject}"), source))?;
            self.capacity.count_read(answer.consumed_capacity());
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}

/// The entries among items, each once.
fn decoded(items: &[Item]) -> Result<Vec<LedgerEntry>, StoreError> {
    let mut entries = Vec::with_capacity(items.len());
    let mut seen = HashSet::new();
    for item in items {
        if let Some((_, entry)) = decode_entry(item)?
            && seen.insert(entry.entry_id.clone())
        {
            entries.push(entry);
        }
    }
    Ok(entries)
}
