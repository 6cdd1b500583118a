//! The commit of a file's news of one order: one conditional write.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::{Order, TrackingNumber};

use crate::item::{name, number, order_item, text};
use crate::orders::number_key;
use crate::{Item, Store, StoreError};

/// One order's news, ready to be written.
#[derive(Clone, Debug)]
pub struct OrderWrite<'a> {
    /// The order as it shall be.
    pub order: &'a Order,
    /// The version it was read at; `None` for an order that was not there.
    pub seen_version: Option<u64>,
    /// Whether B4 is open: the order then stands in the index `open_by_payment`.
    pub sign_off_open: bool,
    /// Tracking numbers that the news bring to the order; each is claimed for it in the same transaction.
    pub new_numbers: &'a [TrackingNumber],
}

/// How a conditional write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// Written.
    Done,
    /// Someone else wrote the order, or claimed one of the numbers, since it was read: load and decide again.
    Raced,
}

impl Store {
    /// Writes an order's news: the commit point of an upload's rows about it.
    ///
    /// The condition on the version lets exactly one of several writers through; the others see [`Commit::Raced`],
    /// read what the winner wrote and rule again.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn commit(&self, write: &OrderWrite<'_>) -> Result<Commit, StoreError> {
        let item = order_item(
            write.order,
            write.seen_version.unwrap_or(0) + 1,
            write.sign_off_open,
        )?;
        if write.new_numbers.is_empty() {
            self.put_order(write, item).await
        } else {
            self.put_order_with_numbers(write, item).await
        }
    }

    async fn put_order(&self, write: &OrderWrite<'_>, item: Item) -> Result<Commit, StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.orders)
            .set_item(Some(item));
        let call = match write.seen_version {
            Some(version) => call
                .condition_expression("#version = :seen")
                .expression_attribute_names("#version", name::VERSION)
                .expression_attribute_values(":seen", number(version)),
            None => call
                .condition_expression("attribute_not_exists(#order)")
                .expression_attribute_names("#order", name::ORDER_ID),
        };
        let call = call.return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.send(|| call.clone().send()).await {
            Ok(answer) => {
                self.capacity.count_write(answer.consumed_capacity());
                Ok(Commit::Done)
            }
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(Commit::Raced)
            }
            Err(source) => Err(StoreError::call(
                format!("write order {}", write.order.order_id),
                source,
            )),
        }
    }

    async fn put_order_with_numbers(&self, write: &OrderWrite<'_>, item: Item) -> Result<Commit, StoreError> {
        let mut actions = vec![transact_put(self.order_put(item, write.seen_version)?)];
        for number in write.new_numbers {
            let mut claim = number_key(number);
            claim.insert(name::ORDER_ID.to_owned(), text(write.order.order_id.as_str()));
            // A number belongs to one order for ever; claiming it again for the same order is no conflict.
            let put = Put::builder().table_name(&self.records).set_item(Some(claim));
            let put = put.condition_expression("attribute_not_exists(#pk) OR #order = :order");
            let put = put
                .expression_attribute_names("#pk", name::PK)
                .expression_attribute_names("#order", name::ORDER_ID);
            let put = put
                .expression_attribute_values(":order", text(write.order.order_id.as_str()))
                .build();
            actions.push(transact_put(
                put.map_err(|source| StoreError::corrupt("a claim", source.to_string()))?,
            ));
        }
        self.transact(actions, &format!("order {}", write.order.order_id))
            .await
    }

    /// The conditional put of an order's item at `seen_version`.
    pub(crate) fn order_put(&self, item: Item, seen_version: Option<u64>) -> Result<Put, StoreError> {
        let put = Put::builder().table_name(&self.orders).set_item(Some(item));
        let put = match seen_version {
            Some(version) => put
                .condition_expression("#version = :seen")
                .expression_attribute_names("#version", name::VERSION)
                .expression_attribute_values(":seen", number(version)),
            None => put
                .condition_expression("attribute_not_exists(#order)")
                .expression_attribute_names("#order", name::ORDER_ID),
        };
        put.build()
            .map_err(|source| StoreError::corrupt("an order's write", source.to_string()))
    }

    /// Runs a transaction; conflicts with other transactions are retried, failed conditions are a lost race.
    pub(crate) async fn transact(
        &self,
        actions: Vec<TransactWriteItem>,
        subject: &str,
    ) -> Result<Commit, StoreError> {
        let call = self
            .client
            .transact_write_items()
            .set_transact_items(Some(actions))
            // One for all attempts: an attempt that was carried out without our hearing of it is answered, not refused.
            .client_request_token(format!("{:032x}", fastrand::u128(..)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut retries = self.retries();
        loop {
            match self.send(|| call.clone().send()).await {
                Ok(answer) => {
                    self.capacity.count_writes(answer.consumed_capacity());
                    return Ok(Commit::Done);
                }
                Err(error) => match cancelled_because(&error) {
                    Some(Cancelled::Condition) => return Ok(Commit::Raced),
                    Some(Cancelled::Conflict) if retries.again().await => {}
                    Some(Cancelled::Conflict) => return Err(retries.gave_up_on(subject)),
                    None => return Err(StoreError::call(format!("write {subject}"), error)),
                },
            }
        }
    }
}

pub(crate) fn transact_put(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

enum Cancelled {
    Condition,
    Conflict,
}

/// Why a transaction was cancelled, when that is part of normal life.
fn cancelled_because(error: &SdkError<TransactWriteItemsError>) -> Option<Cancelled> {
    let reasons = match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled.cancellation_reasons(),
        TransactWriteItemsError::TransactionInProgressException(_) => return Some(Cancelled::Conflict),
        _ => return None,
    };
    let code = |wanted: &str| reasons.iter().any(|reason| reason.code() == Some(wanted));
    if code("ConditionalCheckFailed") {
        return Some(Cancelled::Condition);
    }
    let passing = [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ]
    .into_iter()
    .any(code);
    passing.then_some(Cancelled::Conflict)
}
