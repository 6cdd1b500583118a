//! The commit of a file's news of one order: one conditional write, with what other orders must know of it.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::ConditionCheckBuilder;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};
use domain::{Order, OrderId, TrackingNumber};

use crate::item::{item_bytes, name, number, order_item, text};
use crate::orders::number_item;
use crate::{Item, Refusal, Store, StoreError};

/// One order, ready to be written.
#[derive(Clone, Debug)]
pub struct OrderWrite<'a> {
    /// The order as it shall be.
    pub order: &'a Order,
    /// The version it was read at; `None` for an order that was not there.
    pub seen_version: Option<u64>,
    /// Whether B4 is open: the order then stands in the index `open_by_payment`.
    pub sign_off_open: bool,
}

/// A number that an order claims for the first time.
#[derive(Clone, Debug)]
pub struct NewClaim<'a> {
    /// The number.
    pub number: &'a TrackingNumber,
    /// The orders that claimed it when it was read.
    pub seen: &'a [OrderId],
}

/// An upload's news of one order: written by one transaction or not at all.
#[derive(Clone, Debug)]
pub struct News<'a> {
    /// What it may come to.
    pub room: Room,
    /// The order.
    pub order: OrderWrite<'a>,
    /// Numbers that the news bring to it.
    pub new_claims: Vec<NewClaim<'a>>,
    /// Orders that claim numbers of this order, and now know what it says of them.
    pub rivals: Vec<OrderWrite<'a>>,
}

/// Items in one transaction (DynamoDB's own limit).
const TRANSACTION_ITEMS_MAX: usize = 100;

/// Bytes that a write of an order may come to, so that DynamoDB takes it: an item has 400 KB there, a transaction 4 MB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of the order's item, and of each order that must know.
    pub item_bytes_max: usize,
    /// Of all items together.
    pub transaction_bytes_max: usize,
}

impl Room {
    /// For claims on numbers, which any seller can make of any number: half of what there is, so that what an operator says of
    /// the orders that share one still finds room.
    pub const OF_CLAIMS: Self = Self {
        item_bytes_max: 200 << 10,
        transaction_bytes_max: 2 << 20,
    };

    /// For everything else a file says. What is left of an item is for what nights write: the state of the ledger, which grows
    /// with the events of the order, and rates.
    pub const OF_NEWS: Self = Self {
        item_bytes_max: 300 << 10,
        transaction_bytes_max: 3 << 20,
    };

    fn holds(self, orders: &[Item]) -> bool {
        let bytes = orders.iter().map(item_bytes);
        bytes.clone().all(|bytes| bytes <= self.item_bytes_max)
            && bytes.sum::<usize>() <= self.transaction_bytes_max
    }
}

impl News<'_> {
    /// Items that its transaction writes.
    pub fn items(&self) -> usize {
        1 + self.new_claims.len() + self.rivals.len()
    }
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
    /// The condition on each version lets exactly one of several writers through; the others see [`Commit::Raced`],
    /// read what the winner wrote and rule again. So two orders that claim one number always know of each other: whoever
    /// claims it second writes both. `None` when the news have no room in a transaction: nothing is written.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn commit(&self, news: &News<'_>) -> Result<Option<Commit>, StoreError> {
        let writes = std::iter::once(&news.order).chain(&news.rivals);
        let orders = writes.map(item_of).collect::<Result<Vec<Item>, _>>()?;
        if news.items() > TRANSACTION_ITEMS_MAX || !news.room.holds(&orders) {
            return Ok(None);
        }
        let commit = match <[Item; 1]>::try_from(orders) {
            Ok([order]) if news.new_claims.is_empty() => self.put_order(&news.order, order).await?,
            Ok([order]) => self.put_order_with_rivals(news, vec![order]).await?,
            Err(orders) => self.put_order_with_rivals(news, orders).await?,
        };
        Ok(Some(commit))
    }

    /// The conditional write of one order alone.
    pub(crate) async fn put_order(&self, write: &OrderWrite<'_>, item: Item) -> Result<Commit, StoreError> {
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

    async fn put_order_with_rivals(&self, news: &News<'_>, orders: Vec<Item>) -> Result<Commit, StoreError> {
        let order_id = &news.order.order.order_id;
        let mut actions = Vec::with_capacity(news.items());
        for (write, item) in std::iter::once(&news.order).chain(&news.rivals).zip(orders) {
            actions.push(transact_put(self.order_put(item, write.seen_version)?));
        }
        for claim in &news.new_claims {
            actions.push(transact_put(self.claim_put(order_id, claim)?));
        }
        self.transact(actions, &format!("order {order_id}")).await
    }

    /// The conditional put of a number's record with one more claimant: whoever was first, or came since it was read,
    /// makes it fail.
    fn claim_put(&self, order_id: &OrderId, claim: &NewClaim<'_>) -> Result<Put, StoreError> {
        let claimants: Vec<OrderId> = claim.seen.iter().chain([order_id]).cloned().collect();
        let put = Put::builder()
            .table_name(&self.records)
            .set_item(Some(number_item(claim.number, &claimants)));
        let put = match claim.seen {
            [] => put
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", name::PK),
            [first] => put
                .condition_expression("#order = :first AND attribute_not_exists(#claimants)")
                .expression_attribute_names("#order", name::ORDER_ID)
                .expression_attribute_names("#claimants", name::CLAIMANTS)
                .expression_attribute_values(":first", text(first.as_str())),
            seen => {
                let seen = number_item(claim.number, seen).remove(name::CLAIMANTS);
                put.condition_expression("#claimants = :seen")
                    .expression_attribute_names("#claimants", name::CLAIMANTS)
                    .expression_attribute_values(":seen", seen.unwrap_or_else(|| text("")))
            }
        };
        put.build().map_err(StoreError::unbuilt("a claim"))
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
        put.build().map_err(StoreError::unbuilt("an order's write"))
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
                    Some(Cancelled::Invalid) => {
                        return Err(StoreError::refused(
                            format!("write {subject}"),
                            Refusal::Final,
                            error,
                        ));
                    }
                    None => return Err(StoreError::call(format!("write {subject}"), error)),
                },
            }
        }
    }
}

pub(crate) fn item_of(write: &OrderWrite<'_>) -> Result<Item, StoreError> {
    order_item(
        write.order,
        write.seen_version.unwrap_or(0) + 1,
        write.sign_off_open,
    )
}

/// A condition of a transaction on an item that it does not write.
pub(crate) fn transact_check(
    check: ConditionCheckBuilder,
    subject: &str,
) -> Result<TransactWriteItem, StoreError> {
    let check = check.build();
    let check = check.map_err(StoreError::unbuilt(subject))?;
    Ok(TransactWriteItem::builder().condition_check(check).build())
}

pub(crate) fn transact_put(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

enum Cancelled {
    Condition,
    Conflict,
    /// One of its items is none that DynamoDB ever takes, such as one beyond 400 KB.
    Invalid,
}

/// Why a transaction was cancelled, as far as its reasons say so.
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
    if passing {
        return Some(Cancelled::Conflict);
    }
    code("ValidationError").then_some(Cancelled::Invalid)
}
