//! Retention: an order that is settled for good gets the instant from which DynamoDB may delete it.
//!
//! Two writes in its life. The first is a record that outlives the order and says that it was let go: without it a file
//! sent again would bring the order anew, unsigned and with its deadline long over. The second marks the order, unless
//! it was written since it was read. Whatever news write the order afterwards write it without the mark, so that it is
//! settled again before it may go. Killed in between, the next night does both.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::claims::Word;
use domain::{Order, OrderId, PolicyBook, Timestamp, TrackingEvent, TrackingNumber};
use futures::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};

use crate::item::{item_bytes, key, name, number, order_key, string_of, text};
use crate::settle::SETTLEMENTS_AT_ONCE;
use crate::{Item, ScanOutcome, Store, StoreError, StoredOrder};

const DEPARTED: &str = "departed#";

/// Bytes of what remains of an order, at most; DynamoDB's items have 400 KB.
const REMAINS_BYTES_MAX: usize = 390 << 10;

fn departed_key(order_id: &OrderId) -> Item {
    key(format!("{DEPARTED}{order_id}"), "order")
}

/// What remains of an order that left: its claims on numbers and the ends of their timelines, for whoever claims one of them
/// later. Nothing of the orders that left before it was kept, and their numbers are free.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Departed {
    /// By number, what the order said of it, and the events that ended its timelines.
    pub numbers: Vec<(TrackingNumber, Word, Vec<TrackingEvent>)>,
}

impl Departed {
    fn of(order: &Order) -> Self {
        let numbers = order.shipments.iter().filter_map(|shipment| {
            let ends = shipment.events.iter();
            let ends = ends.filter(|event| event.node.ends_timeline()).cloned();
            let word = order.word_on(&shipment.number)?;
            Some((shipment.number.clone(), word, ends.collect()))
        });
        Self {
            numbers: numbers.collect(),
        }
    }
}

impl StoredOrder {
    /// Whether the order is to be marked: settled for good, and not marked yet.
    pub fn may_rest(&self, book: &PolicyBook) -> bool {
        // What the index still holds cannot be settled: the costly look is spared for orders on their way.
        let may = self.expires_at.is_none() && !self.sign_off_open;
        may && self
            .order
            .is_settled_for_good(book.in_force_at(self.order.paid_at))
    }
}

impl Store {
    /// Lets each of `orders` go from `expires_at` on, and counts them.
    pub async fn let_all_go(
        &self,
        orders: Vec<StoredOrder>,
        expires_at: Timestamp,
        outcome: &mut ScanOutcome,
    ) {
        let let_go = |stored: StoredOrder| async move {
            let gone = self.let_go(&stored, expires_at).await;
            (stored.order.order_id, gone)
        };
        let mut marked = stream::iter(orders)
            .map(let_go)
            .buffer_unordered(SETTLEMENTS_AT_ONCE);
        while let Some((order_id, gone)) = marked.next().await {
            match gone {
                Ok(is_marked) => outcome.departing += u64::from(is_marked),
                Err(error) => outcome.fail(order_id.as_str(), &error),
            }
        }
    }

    async fn let_go(&self, stored: &StoredOrder, expires_at: Timestamp) -> Result<bool, StoreError> {
        let order_id = &stored.order.order_id;
        let subject = format!("that order {order_id} may go");
        let mut record = departed_key(order_id);
        let body = serde_json::to_string(&Departed::of(&stored.order))
            .map_err(StoreError::unbuilt(format!("what remains of order {order_id}")))?;
        record.insert(name::BODY.to_owned(), text(body));
        // What one record cannot hold stays where it is: hundreds of claims, each superseded by many statuses.
        if item_bytes(&record) > REMAINS_BYTES_MAX {
            return Ok(false);
        }
        self.put_record(record, &subject).await?;
        let call = self
            .client
            .update_item()
            .table_name(&self.orders)
            .set_key(Some(order_key(order_id)))
            // A write like any other is counted: whoever has read the order before must read it again.
            .update_expression("SET #expires_at = :expires_at, #version = :next")
            // Written since it was read, or gone: another night judges it as it is then.
            .condition_expression("#version = :seen")
            .expression_attribute_names("#expires_at", name::EXPIRES_AT)
            .expression_attribute_names("#version", name::VERSION)
            .expression_attribute_values(":expires_at", number(expires_at.unix()))
            .expression_attribute_values(":seen", number(stored.version))
            .expression_attribute_values(":next", number(stored.version + 1))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.send(|| call.clone().send()).await {
            Ok(answer) => {
                self.capacity.count_write(answer.consumed_capacity());
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(source) => Err(StoreError::call(format!("write {subject}"), source)),
        }
    }

    /// The orders among `ids` that were let go; asked of orders that are not in the table, these are the ones that were
    /// there. `ids` hold no id twice.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a record does not decode.
    pub async fn departed(&self, ids: &[OrderId]) -> Result<HashMap<OrderId, Departed>, StoreError> {
        let keys = ids.iter().map(departed_key).collect();
        let items = self.batch_get(&self.records, keys).await?;
        let departed = items.iter().filter_map(|item| {
            let pk = string_of(item, name::PK)?;
            let order_id = OrderId::parse(pk.strip_prefix(DEPARTED)?)?;
            Some((order_id, string_of(item, name::BODY)))
        });
        departed
            .map(|(order_id, body)| {
                let remains = body.map_or(Ok(Departed::default()), |body| serde_json::from_str(&body));
                let remains = remains.map_err(|error| {
                    StoreError::corrupt(format!("what remains of {order_id}"), error.to_string())
                })?;
                Ok((order_id, remains))
            })
            .collect()
    }
}
