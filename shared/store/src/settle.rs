//! Settling an order: what a nightly scan does at each order it visits, whichever scan it is.

use std::time::Duration;

use domain::assess::{Assessment, assess_seen};
use domain::ledger::reconcile;
use domain::order::OrderAsOf;
use domain::{Cents, EntryKind, LedgerEntry, Month, Order, OrderId, PolicyBook, Timestamp, with_causes};
use futures::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};

use crate::commit::{Commit, OrderWrite, item_of};
use crate::lanes::Lanes;
use crate::ledger::Settlement;
use crate::rates::RatesRead;
use crate::retry::RETRY_TIME_MAX;
use crate::{Cursor, Store, StoreError, StoredOrder};

/// An order that a scan brings to be settled.
#[derive(Clone, Debug)]
pub enum ToSettle {
    /// By its number: an index named it, and it is read first.
    Named(OrderId),
    /// As a pass read it. The copy may be stale: its posting is conditional on its version, and a lost race reads it again.
    Read(Box<StoredOrder>),
}

/// A run of a scan: what it settles its orders by.
#[derive(Debug)]
pub struct ScanRun<'a> {
    /// The rules' numbers.
    pub book: &'a PolicyBook,
    /// The night.
    pub as_of: Timestamp,
    rates: RatesRead,
    lanes: Lanes,
}

/// What settling an order did.
#[derive(Clone, Debug, PartialEq)]
enum Settled {
    /// The ledger held what the rules expect, and the order its rates.
    Agreed,
    /// The order was written with other rates, these entries were posted, or both.
    Written {
        entries: Vec<LedgerEntry>,
        is_rated_anew: bool,
    },
    /// A scan of a later instant has been here or has begun, or the night was withdrawn: nothing is posted.
    Superseded,
}

/// What a scan did, by kind of entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Orders looked at.
    pub examined: u64,
    /// Fines posted.
    pub posted: u64,
    /// Holds posted.
    pub held: u64,
    /// Holds voided.
    pub voided: u64,
    /// Fines reversed.
    pub reversed: u64,
    /// What the balance moved by, in USD.
    pub balance: Cents,
}

/// Orders settled at once.
pub(crate) const SETTLEMENTS_AT_ONCE: usize = 16;
/// Orders of a page that are written before a scan asks whether it has time for more.
pub const ORDERS_AT_A_TIME: usize = 128;
/// What settling so many may take when every one of them has to be tried again and again.
pub const SETTLING_TIME_MAX: Duration =
    Duration::from_secs(RETRY_TIME_MAX.as_secs() * (ORDERS_AT_A_TIME / SETTLEMENTS_AT_ONCE) as u64);
/// Failures told in an outcome; the rest are counted.
const FAILURES_TOLD_MAX: usize = 100;

/// What a scan's run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanOutcome {
    /// What was done.
    #[serde(flatten)]
    pub tally: Tally,
    /// A scan of a later instant has begun, or the night was withdrawn: this one posted nothing (any more).
    pub superseded: bool,
    /// Orders that were settled for good and may leave the table, after the time that the policy gives.
    #[serde(default)]
    pub departing: u64,
    /// Orders that were written with rates recorded or stated again since they were written last.
    #[serde(default)]
    pub rated_anew: u64,
    /// Orders that could not be settled, the first of them with the reason; none stops its scan.
    pub failed: Vec<FailedOrder>,
    /// How many there were in all.
    pub failed_count: u64,
    /// Where the next run goes on: this one had no time for more. Absent when the scan is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
}

/// An order that could not be settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedOrder {
    /// The order.
    pub order_id: String,
    /// Why, with every cause.
    pub reason: String,
}

impl ScanOutcome {
    /// Counts an order that could not be settled; the first of them are logged.
    pub fn fail(&mut self, order_id: &str, error: &StoreError) {
        self.failed_count += 1;
        if self.failed.len() < FAILURES_TOLD_MAX {
            let reason = with_causes(error);
            tracing::warn!(order_id, error = reason, "an order could not be settled");
            self.failed.push(FailedOrder {
                order_id: order_id.to_owned(),
                reason,
            });
        }
    }

    /// Adds what another run of the same night came to.
    pub fn add(&mut self, other: Self) {
        self.tally.add(&other.tally);
        self.superseded |= other.superseded;
        self.departing += other.departing;
        self.rated_anew += other.rated_anew;
        self.failed.extend(other.failed);
        self.failed.truncate(FAILURES_TOLD_MAX);
        self.failed_count += other.failed_count;
    }
}

impl Tally {
    /// Counts entries posted.
    pub fn count(&mut self, entries: &[LedgerEntry]) {
        for entry in entries {
            let counter = match entry.kind {
                EntryKind::Fine => &mut self.posted,
                EntryKind::Hold => &mut self.held,
                EntryKind::Void => &mut self.voided,
                EntryKind::Reversal => &mut self.reversed,
            };
            *counter += 1;
            if entry.kind.moves_money() {
                self.balance += entry.amount;
            }
        }
    }

    /// Adds what another part of the scan did.
    pub fn add(&mut self, other: &Self) {
        self.examined += other.examined;
        self.posted += other.posted;
        self.held += other.held;
        self.voided += other.voided;
        self.reversed += other.reversed;
        self.balance += other.balance;
    }
}

impl<'a> ScanRun<'a> {
    /// A run of a night's scan that has read nothing yet. `name` tells it from the other runs of its night, and is the same
    /// when it is delivered again.
    pub fn new(book: &'a PolicyBook, as_of: Timestamp, name: impl Into<String>) -> Self {
        Self {
            book,
            as_of,
            rates: RatesRead::default(),
            lanes: Lanes::new(as_of, name.into()),
        }
    }

    /// The order reckoned by the rates of the tables; `None` where they are those it was written with. What they are as of
    /// the night the order says ([`Order::usd_at`]).
    ///
    /// # Errors
    /// [`StoreError`] when the rates cannot be read or one does not decode.
    pub async fn rated_anew(&self, order: &Order, store: &Store) -> Result<Option<Order>, StoreError> {
        self.rates.rated_anew(order, store, self.book).await
    }
}

impl Store {
    /// Settles each of `orders` and counts what came of it.
    pub async fn settle_all(&self, orders: Vec<ToSettle>, run: &ScanRun<'_>, outcome: &mut ScanOutcome) {
        let as_of = run.as_of;
        let settle = |order: ToSettle| async move {
            let (order_id, read) = match order {
                ToSettle::Named(order_id) => (order_id, None),
                ToSettle::Read(stored) => (stored.order.order_id.clone(), Some(*stored)),
            };
            let settled = self.settle(&order_id, read, run).await;
            (order_id, settled)
        };
        let mut settled = stream::iter(orders)
            .map(settle)
            .buffer_unordered(SETTLEMENTS_AT_ONCE);
        while let Some((order_id, settled)) = settled.next().await {
            match settled {
                Ok(Settled::Written {
                    entries,
                    is_rated_anew,
                }) => {
                    let ids: Vec<&str> = entries.iter().map(|entry| entry.entry_id.as_str()).collect();
                    tracing::info!(%as_of, order_id = order_id.as_str(), entry_ids = ?ids, is_rated_anew, "order settled");
                    outcome.tally.count(&entries);
                    outcome.rated_anew += u64::from(is_rated_anew);
                }
                Ok(Settled::Agreed) => {}
                Ok(Settled::Superseded) => outcome.superseded = true,
                Err(error) => outcome.fail(order_id.as_str(), &error),
            }
        }
    }

    /// Brings an order to the rates that are known and its ledger to what the rules expect as of an instant: its whole
    /// difference, whichever clause. Decides purely, commits once; a lost race loads and decides again. Begins with the copy
    /// that was `read` already, else loads the order; either way the write stands on the version that was decided from.
    ///
    /// # Errors
    /// [`StoreError`] when the tables refuse, an item does not decode, or others kept writing the order.
    async fn settle(
        &self,
        order_id: &OrderId,
        mut read: Option<StoredOrder>,
        run: &ScanRun<'_>,
    ) -> Result<Settled, StoreError> {
        let as_of = run.as_of;
        let mut retries = self.retries();
        loop {
            let stored = match read.take() {
                Some(stored) => Some(stored),
                None => self.order(order_id).await?,
            };
            // Gone since it was listed: nothing to settle.
            let Some(mut stored) = stored else {
                return Ok(Settled::Agreed);
            };
            if stored.order.settled_as_of > Some(as_of) {
                return Ok(Settled::Superseded);
            }
            let rated = run.rated_anew(&stored.order, self).await?;
            let is_rated_anew = rated.is_some();
            if let Some(rated) = rated {
                stored.order = rated;
            }
            let policy = run.book.in_force_at(stored.order.paid_at);
            let seen = stored.order.as_of(as_of, policy);
            let entries = outstanding(&stored.order, seen.as_ref(), run.book, as_of);
            let is_written = if !entries.is_empty() {
                let month = Month::of(stored.order.paid_at, run.book.zone);
                let Some(lane) = run.lanes.lane(self).await? else {
                    return Ok(Settled::Superseded);
                };
                let open = |order: &Order| order.is_sign_off_open(policy);
                let posting = self.post(&mut stored, &entries, month, as_of, &lane, open);
                posting.await? == Settlement::Posted
            } else if is_rated_anew {
                self.rewrite(&stored, run.book).await? == Commit::Done
            } else {
                return Ok(Settled::Agreed);
            };
            if is_written {
                return Ok(Settled::Written {
                    entries,
                    is_rated_anew,
                });
            }
            if self.watermark().await? != Some(as_of) {
                return Ok(Settled::Superseded);
            }
            run.lanes.forget().await;
            let tried = stored.version;
            // Nobody else wrote it: it was brought back, and lacks entries that cannot be posted again.
            if let Some(now) = self.order(order_id).await?.filter(|now| now.version == tried) {
                self.adopt_entries(now, run.book).await?;
            }
            if !retries.again().await {
                return Err(retries.gave_up_on(format!("order {order_id}")));
            }
        }
    }

    /// Has an order remember the entries that the ledger has of it, where it was brought back from a backup to a state of before
    /// them. False when it remembers them, or was written by others meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] when the tables refuse or an entry does not decode.
    pub async fn adopt_entries(
        &self,
        mut stored: StoredOrder,
        book: &PolicyBook,
    ) -> Result<bool, StoreError> {
        let order_id = stored.order.order_id.clone();
        let entries = self.entries_of_order(&order_id).await?;
        let remembered = stored.order.posted.clone();
        stored.order.remember_ledger(&entries);
        if stored.order.posted == remembered || self.rewrite(&stored, book).await? == Commit::Raced {
            return Ok(false);
        }
        tracing::warn!(
            order_id = order_id.as_str(),
            "an order took up entries that it did not remember"
        );
        Ok(true)
    }

    /// Writes an order that no entry follows of: what the lake shows of it changes.
    async fn rewrite(&self, stored: &StoredOrder, book: &PolicyBook) -> Result<Commit, StoreError> {
        let order = &stored.order;
        let write = OrderWrite {
            order,
            seen_version: Some(stored.version),
            sign_off_open: order.is_sign_off_open(book.in_force_at(order.paid_at)),
        };
        self.put_order(&write, item_of(&write)?).await
    }
}

/// The entries that an order's ledger lacks as of an instant, given the view of it as of then (`None` when it was not known).
pub fn outstanding(
    order: &Order,
    seen: Option<&OrderAsOf<'_>>,
    book: &PolicyBook,
    as_of: Timestamp,
) -> Vec<LedgerEntry> {
    let policy = book.in_force_at(order.paid_at);
    let assessment = seen.map_or_else(Assessment::default, |seen| assess_seen(seen, policy));
    reconcile(order, &assessment.due, as_of, policy)
}
