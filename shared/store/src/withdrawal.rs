//! Withdrawals: what was posted as of later than an instant is taken back (Conventions, "Now").
//!
//! `pk = withdrawal`, `sk = <number>`: put when the withdrawal begins, completed by its void close. While one is under way
//! the watermark stands at [`NEVER`], so that no scan begins or posts; each of its writes checks that it is still
//! under way, so that a run that comes late takes back nothing that was posted since.

use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem, Update};
use domain::close::ClosedNight;
use domain::withdrawal::Withdrawal;
use domain::{LedgerEntry, Month, Order, OrderId, PolicyBook, Timestamp};

use crate::commit::{Commit, transact_check, transact_put};
use crate::item::{decode_entry, key, name, number, order_item, order_key, seconds_of, string_of};
use crate::nights::{closed, with_close};
use crate::{Item, Night, Store, StoreError, StoredOrder};

/// Where the watermark stands while a withdrawal is under way: no scan is as of later.
pub const NEVER: Timestamp = Timestamp::from_unix(253_402_300_799);

const WITHDRAWAL: &str = "withdrawal";
/// Entries in one transaction, which also holds a record of the journal for each of their nights, the order and a check.
const ENTRIES_PER_TRANSACTION_MAX: usize = 45;
/// Nights marked in one transaction.
const MARKS_PER_TRANSACTION_MAX: usize = 90;

/// A withdrawal as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedWithdrawal {
    /// Which it is.
    pub withdrawal: Withdrawal,
    /// Its void close, once it is done.
    pub closed: Option<ClosedNight>,
}

fn withdrawal_key(number: u64) -> Item {
    key(WITHDRAWAL, format!("{number:08}"))
}

impl Store {
    /// The withdrawals so far, in order. Only the last one may be under way.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a record does not decode.
    pub async fn withdrawals(&self) -> Result<Vec<NotedWithdrawal>, StoreError> {
        let items = self.partition(WITHDRAWAL, "the withdrawals").await?;
        items.iter().map(noted).collect()
    }

    /// Begins a withdrawal; its number is the next one. [`Commit::Raced`] when another has begun by now.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn begin_withdrawal(&self, withdrawal: Withdrawal) -> Result<Commit, StoreError> {
        let mut item = withdrawal_key(withdrawal.number);
        item.insert(name::AS_OF.to_owned(), number(withdrawal.after.unix()));
        self.put_new_record(item, "a withdrawal").await
    }

    /// Keeps every scan from beginning and from posting, as long as the withdrawal is under way. False when it is not.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn bar_scans(&self, withdrawal: Withdrawal) -> Result<bool, StoreError> {
        let actions = vec![self.under_way_check(withdrawal)?, self.raise(NEVER)?];
        if self.transact(actions, "the scans' watermark").await? == Commit::Raced {
            return Ok(false);
        }
        self.revoke_lanes(NEVER).await?;
        Ok(true)
    }

    /// Takes back what of an order was posted as of later than the instant, and brings the order back to where it stood;
    /// what is taken back already stays so. An order that has left the table is its entries alone. False when the
    /// withdrawal is not under way any more.
    ///
    /// # Errors
    /// [`StoreError`] when the tables refuse, an item does not decode, or others kept writing the order.
    pub async fn withdraw_order(
        &self,
        order_id: &OrderId,
        withdrawal: Withdrawal,
        book: &PolicyBook,
    ) -> Result<bool, StoreError> {
        let mut retries = self.retries();
        loop {
            let ledger = self.ledger_of(order_id).await?;
            let Some((month, _)) = ledger.first() else {
                return Ok(true);
            };
            let month = *month;
            let mut entries: Vec<LedgerEntry> = ledger.into_iter().map(|(_, entry)| entry).collect();
            let mut made = withdrawal.entries(&entries);
            if made.is_empty() {
                return Ok(true);
            }
            made.truncate(ENTRIES_PER_TRANSACTION_MAX);
            entries.extend(made.iter().cloned());
            let stored = self.order(order_id).await?;
            let posting = Posting {
                order_id,
                month,
                made: &made,
                ledger: &entries,
            };
            let actions = self.withdrawing(posting, stored, withdrawal, book)?;
            match self.transact(actions, &format!("order {order_id}")).await? {
                Commit::Done => retries = self.retries(),
                Commit::Raced if !self.is_under_way(withdrawal).await? => return Ok(false),
                Commit::Raced if retries.again().await => {}
                Commit::Raced => return Err(retries.gave_up_on(format!("order {order_id}"))),
            }
        }
    }

    /// One transaction of a withdrawal: its check, the order, the entries, and their names in the journals of their nights.
    fn withdrawing(
        &self,
        posting: Posting<'_>,
        stored: Option<StoredOrder>,
        withdrawal: Withdrawal,
        book: &PolicyBook,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Posting {
            order_id,
            month,
            made,
            ledger,
        } = posting;
        let mut actions = vec![self.under_way_check(withdrawal)?];
        // Unique among the order's postings: entries only become more.
        let mut name = format!("w{}", ledger.len());
        match stored {
            Some(StoredOrder {
                mut order, version, ..
            }) => {
                order.remember_ledger(ledger);
                let is_open = order.is_sign_off_open(book.in_force_at(order.paid_at));
                let item = order_item(&order, version + 1, is_open)?;
                actions.push(transact_put(self.order_put(item, Some(version))?));
                name = (version + 1).to_string();
            }
            None => actions.push(self.gone_check(order_id)?),
        }
        let mut of_nights: Vec<&LedgerEntry> = made.iter().collect();
        of_nights.sort_by_key(|entry| entry.as_of);
        for entries in of_nights.chunk_by(|one, other| one.as_of == other.as_of) {
            actions.push(self.journal_put(entries, order_id, &name, entries[0].as_of)?);
        }
        for entry in made {
            actions.push(transact_put(self.entry_put(entry, month)?));
        }
        Ok(actions)
    }

    /// Takes away the mark by which an order that was settled for good may leave, where a night that is withdrawn put it.
    /// False when the order has news, and so no mark, by now, or the withdrawal is not under way any more: the mark may be
    /// a later night's.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn keep_order(&self, stored: &StoredOrder, withdrawal: Withdrawal) -> Result<bool, StoreError> {
        let Order { order_id, .. } = &stored.order;
        let update = Update::builder()
            .table_name(&self.orders)
            .set_key(Some(order_key(order_id)))
            .update_expression("SET #version = :next REMOVE #expires_at")
            .condition_expression("#version = :seen")
            .expression_attribute_names("#expires_at", name::EXPIRES_AT)
            .expression_attribute_names("#version", name::VERSION)
            .expression_attribute_values(":seen", number(stored.version))
            .expression_attribute_values(":next", number(stored.version + 1))
            .build();
        let update = update.map_err(StoreError::unbuilt("an order's mark"))?;
        let actions = vec![
            self.under_way_check(withdrawal)?,
            TransactWriteItem::builder().update(update).build(),
        ];
        let subject = format!("that order {order_id} stays");
        Ok(self.transact(actions, &subject).await? == Commit::Done)
    }

    /// Marks nights as withdrawn. False when the withdrawal is not under way any more.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn withdraw_nights(
        &self,
        nights: &[Night],
        withdrawal: Withdrawal,
    ) -> Result<bool, StoreError> {
        for nights in nights.chunks(MARKS_PER_TRANSACTION_MAX) {
            let mut actions = vec![self.under_way_check(withdrawal)?];
            for night in nights {
                actions.push(self.mark_withdrawn(night.as_of, withdrawal.number)?);
            }
            if self.transact(actions, "the nights withdrawn").await? == Commit::Raced {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes a void close the newest one, after `seen`, and lets scans begin again from `watermark` on: the commit point of
    /// a withdrawal. [`Commit::Raced`] when it is not under way any more.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn commit_withdrawal(
        &self,
        withdrawal: Withdrawal,
        seen: Option<&ClosedNight>,
        close: &ClosedNight,
        watermark: Timestamp,
    ) -> Result<Commit, StoreError> {
        let mut item = with_close(withdrawal_key(withdrawal.number), close)?;
        item.insert(name::AS_OF.to_owned(), number(withdrawal.after.unix()));
        let done = Put::builder()
            .table_name(&self.records)
            .set_item(Some(item))
            .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#body)")
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#body", name::BODY)
            .build();
        let done = done.map_err(StoreError::unbuilt("a withdrawal's write"))?;
        let actions = vec![
            self.head_put(seen, close)?,
            transact_put(done),
            self.move_watermark(NEVER, watermark)?,
        ];
        self.transact(actions, "a withdrawal's close").await
    }

    /// Whether a withdrawal has begun and its void close is not the newest one yet.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn is_under_way(&self, withdrawal: Withdrawal) -> Result<bool, StoreError> {
        let record = self
            .record(withdrawal_key(withdrawal.number), "a withdrawal")
            .await?;
        Ok(record.is_some_and(|record| !record.contains_key(name::BODY)))
    }

    fn under_way_check(&self, withdrawal: Withdrawal) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.records)
            .set_key(Some(withdrawal_key(withdrawal.number)))
            .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#body)")
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#body", name::BODY);
        transact_check(check, "a withdrawal's check")
    }

    /// The condition that an order is not in the table.
    pub(crate) fn gone_check(&self, order_id: &OrderId) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.orders)
            .set_key(Some(order_key(order_id)))
            .condition_expression("attribute_not_exists(#order)")
            .expression_attribute_names("#order", name::ORDER_ID);
        transact_check(check, "an order's check")
    }

    /// An order's entries, each with the order's payment month.
    pub(crate) async fn ledger_of(
        &self,
        order_id: &OrderId,
    ) -> Result<Vec<(Month, LedgerEntry)>, StoreError> {
        let items = self.entry_items(order_id).await?;
        let entries = items.iter().map(decode_entry).collect::<Result<Vec<_>, _>>()?;
        Ok(entries.into_iter().flatten().collect())
    }
}

/// What one transaction of a withdrawal puts into the ledger.
struct Posting<'a> {
    order_id: &'a OrderId,
    month: Month,
    made: &'a [LedgerEntry],
    /// All entries of the order, those included.
    ledger: &'a [LedgerEntry],
}

fn noted(item: &Item) -> Result<NotedWithdrawal, StoreError> {
    let corrupt = || StoreError::corrupt("a withdrawal's record", "it has no number or no instant");
    let number = string_of(item, name::SK).and_then(|number| number.parse().ok());
    Ok(NotedWithdrawal {
        withdrawal: Withdrawal {
            number: number.ok_or_else(corrupt)?,
            after: seconds_of(item, name::AS_OF).ok_or_else(corrupt)?,
        },
        closed: closed(item)?,
    })
}
