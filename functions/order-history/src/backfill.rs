//! The history writer's third task: to write to the lake again what the streams may have lost.
//!
//! Orders come from their table, each as the one row that shows it now or as of a report; entries come from the closes, whose
//! files prove themselves. A row says what it says however often it is in the lake, so a backfill may run twice, beside the
//! streams, and be killed anywhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use chrono::NaiveDate;
use domain::{LedgerEntry, Month, OrderId, Timestamp};
use entrypoint::{Failure, TimeLeft};
use futures::stream::{self, StreamExt, TryStreamExt};
use lake::{EntryRow, Lack, LakeError, OrderRow, Watermark, digest_of, last_row};
use serde::{Deserialize, Serialize};
use store::{Cursor, ScannedOrder, StoreError, StoredOrder, encode_state};

use crate::{HistoryError, OrderHistory, failure, handle_again};

/// Rows that are held at once.
const ROWS_MAX: usize = 10_000;
/// Reads of the ledger under way at once.
const READS_AT_ONCE: usize = 32;
/// What one step, a close or a page of orders and its files, may take.
const STEP_TIME_MAX: Duration = Duration::from_secs(120);
/// Records kept as unreadable that a run tries again.
const UNREADABLE_MAX: usize = 1_000;

/// What is to be written again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum BackfillTask {
    /// What a month's report is made of: every order paid in the month or before it, and the entries of the nights since the
    /// month began. Ends with a watermark, which says whether the lake lacks anything then.
    Report {
        /// The report's instant.
        as_of: Timestamp,
        /// The month; the one before the instant's when absent.
        #[serde(default)]
        month: Option<Month>,
        /// Where an earlier run stopped.
        #[serde(default)]
        after: Option<Place>,
    },
    /// The entries of the nights of one day, every order as it is now, and what was kept as unreadable.
    Night {
        /// The day, in the platform's zone.
        night: NaiveDate,
        /// Where an earlier run stopped.
        #[serde(default)]
        after: Option<Place>,
    },
    /// The same of several days.
    Nights {
        /// The first day.
        from: NaiveDate,
        /// The last.
        until: NaiveDate,
        /// Where an earlier run stopped.
        #[serde(default)]
        after: Option<Place>,
    },
}

/// Where a run stopped: the next one is handed it back as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    at: Stage,
    lacks: Vec<Lack>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// Behind the close in this folder.
    Close(String),
    /// Among the orders, behind one of them or before all.
    Orders(Option<Cursor>),
}

/// What a run of a backfill came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    /// Closes whose entries were written.
    pub closes: u64,
    /// Their entries.
    pub entries: u64,
    /// Orders written.
    pub orders: u64,
    /// Records kept as unreadable that were read now.
    pub records: u64,
    /// Files written.
    pub files: u64,
    /// What could not be written, also in the runs before this one.
    pub lacks: Vec<Lack>,
    /// Where the same task is to go on; `None` when it is done.
    pub more: Option<Place>,
}

/// Writes again what is asked, as far as the time goes.
///
/// # Errors
/// [`Failure`] when the tables, the bucket or the disk refuse; the same task again writes the same.
pub async fn backfill(
    history: &OrderHistory,
    task: BackfillTask,
    time: &TimeLeft,
) -> Result<Backfilled, Failure> {
    let (scope, after) = Scope::of(history, task);
    let mut run = Run {
        history,
        scope,
        done: Backfilled::default(),
        is_first_step: true,
        time,
    };
    run.go_on(after).await.map_err(failure)?;
    if run.scope.report.is_none() && run.done.more.is_none() {
        run.read_again().await?;
    }
    let Backfilled {
        closes,
        entries,
        orders,
        records,
        files,
        ..
    } = run.done;
    let (lacks, more) = (run.done.lacks.len(), run.done.more.is_some());
    tracing::info!(
        closes,
        entries,
        orders,
        records,
        files,
        lacks,
        more,
        "history backfilled"
    );
    Ok(run.done)
}

/// Writes again what the report of a month is made of, all of it; gives what is lacking then.
///
/// # Errors
/// As [`backfill`].
pub async fn backfill_report(
    history: &OrderHistory,
    month: Month,
    as_of: Timestamp,
) -> Result<Vec<Lack>, Failure> {
    let task = BackfillTask::Report {
        as_of,
        month: Some(month),
        after: None,
    };
    // Nothing stops a command but the person who typed it.
    Ok(backfill(history, task, &TimeLeft::unlimited()).await?.lacks)
}

/// Which closes and orders.
struct Scope {
    from: NaiveDate,
    until: NaiveDate,
    report: Option<(Month, Timestamp)>,
}

impl Scope {
    fn of(history: &OrderHistory, task: BackfillTask) -> (Self, Option<Place>) {
        let zone = history.policy.zone;
        let (from, until, report, after) = match task {
            BackfillTask::Night { night, after } => (night, night, None, after),
            BackfillTask::Nights { from, until, after } => (from, until, None, after),
            BackfillTask::Report { as_of, month, after } => {
                let month = month.unwrap_or_else(|| Month::of(as_of, zone).minus(1));
                let from = month.starts_at(zone).date_in(zone);
                (from, as_of.date_in(zone), Some((month, as_of)), after)
            }
        };
        (Self { from, until, report }, after)
    }
}

struct Run<'a> {
    history: &'a OrderHistory,
    scope: Scope,
    done: Backfilled,
    is_first_step: bool,
    time: &'a TimeLeft,
}

impl Run<'_> {
    async fn go_on(&mut self, after: Option<Place>) -> Result<(), HistoryError> {
        let (mut behind, mut cursor, mut closes_left) = (None, None, true);
        match after {
            // An open night makes the pass idle: its entries are in no close yet.
            None => {
                self.done.lacks = self.open_nights().await?;
                if !self.done.lacks.is_empty() {
                    return self.end().await;
                }
            }
            Some(Place { at, lacks }) => {
                self.done.lacks = lacks;
                match at {
                    Stage::Close(folder) => behind = Some(folder),
                    Stage::Orders(after) => (cursor, closes_left) = (after, false),
                }
            }
        }
        if closes_left && !self.closes(behind).await? {
            return Ok(());
        }
        if !self.orders(cursor).await? {
            return Ok(());
        }
        self.end().await
    }

    /// Says what the lake holds now, to whom a report asks.
    async fn end(&self) -> Result<(), HistoryError> {
        let Some((month, as_of)) = self.scope.report else {
            return Ok(());
        };
        let watermark = Watermark {
            month,
            as_of,
            lacks: self.done.lacks.clone(),
        };
        let put = self.history.lake.put_watermark(&watermark).await;
        put.map_err(HistoryError::Lake)
    }

    /// Nights of the report that are not closed.
    async fn open_nights(&self) -> Result<Vec<Lack>, HistoryError> {
        let Some((month, as_of)) = self.scope.report else {
            return Ok(Vec::new());
        };
        let begin = month.starts_at(self.history.policy.zone);
        let nights = self.history.store.nights(Some(begin), as_of).await;
        let open = nights
            .map_err(HistoryError::Store)?
            .into_iter()
            .filter(store::Night::is_open);
        Ok(open.map(|night| Lack::NightOpen(night.as_of)).collect())
    }

    /// Whether there is time for another step; the first one of a run is always done, so that runs come to an end.
    fn may_go_on(&mut self) -> bool {
        std::mem::take(&mut self.is_first_step) || self.time.is_enough_for(STEP_TIME_MAX)
    }

    fn stop(&mut self, at: Stage) {
        self.done.more = Some(Place {
            at,
            lacks: self.done.lacks.clone(),
        });
    }

    /// Writes the entries of the closes behind a folder; whether all of them are.
    async fn closes(&mut self, behind: Option<String>) -> Result<bool, HistoryError> {
        let folders = self.history.lake.close_folders(self.scope.from, self.scope.until);
        let folders = folders.await.map_err(HistoryError::Lake)?;
        let mut last = behind;
        for folder in folders {
            if last.as_ref().is_some_and(|last| folder <= *last) {
                continue;
            }
            if !self.may_go_on() {
                // Before the first folder nothing is behind, and no run stops there.
                self.stop(Stage::Close(last.unwrap_or_default()));
                return Ok(false);
            }
            self.close(&folder).await?;
            last = Some(folder);
        }
        Ok(true)
    }

    async fn close(&mut self, folder: &str) -> Result<(), HistoryError> {
        let scratch = tempfile::tempdir().map_err(HistoryError::Disk)?;
        let entries = self.history.lake.close_entries(folder, scratch.path()).await;
        let Some(mut entries) = entries.map_err(HistoryError::Lake)? else {
            tracing::error!(close = folder, "a close is not what was closed");
            self.done.lacks.push(Lack::CloseUnsound(folder.to_owned()));
            return Ok(());
        };
        let number = entries.close.number;
        for part in 0_u32.. {
            let chunk = entries.by_ref().take(ROWS_MAX).collect::<Result<Vec<_>, _>>();
            let chunk = chunk.map_err(HistoryError::Lake)?;
            if chunk.is_empty() {
                break;
            }
            let name = format!("backfill-close-{number:08}-{part:05}");
            self.entries(&name, chunk).await?;
        }
        self.done.closes += 1;
        Ok(())
    }

    /// Writes entries of a close. Their month is the one that the ledger has of their order.
    async fn entries(&mut self, name: &str, entries: Vec<LedgerEntry>) -> Result<(), HistoryError> {
        let orders: BTreeSet<OrderId> = entries.iter().map(|entry| entry.order_id.clone()).collect();
        let store = &self.history.store;
        let months = orders.into_iter().map(|order_id| async move {
            let month = store.payment_month(&order_id).await?;
            Ok::<_, StoreError>((order_id, month))
        });
        let months = stream::iter(months).buffer_unordered(READS_AT_ONCE).try_collect();
        let months: HashMap<OrderId, Option<Month>> = months.await.map_err(HistoryError::Store)?;
        let mut rows: BTreeMap<Month, Vec<EntryRow>> = BTreeMap::new();
        for entry in entries {
            match months.get(&entry.order_id).copied().flatten() {
                Some(month) => {
                    let row = EntryRow::of(&entry).map_err(HistoryError::Lake)?;
                    rows.entry(month).or_default().push(row);
                }
                None => self.lacks_entry(entry.entry_id),
            }
        }
        for (month, rows) in rows {
            let put = self.history.lake.put_entry_rows(month, name, &rows).await;
            put.map_err(HistoryError::Lake)?;
            self.done.entries += rows.len() as u64;
            self.done.files += 1;
        }
        Ok(())
    }

    /// Writes the orders behind a cursor; whether all of them are.
    async fn orders(&mut self, mut after: Option<Cursor>) -> Result<bool, HistoryError> {
        let mut rows = OrderRows::default();
        loop {
            if !self.may_go_on() {
                self.put_orders(&mut rows).await?;
                self.stop(Stage::Orders(after));
                return Ok(false);
            }
            let page = self.history.store.scan_orders(0, 1, after.as_ref()).await;
            let page = page.map_err(HistoryError::Store)?;
            for scanned in page.found {
                self.order(scanned, &mut rows)?;
                if rows.count >= ROWS_MAX {
                    self.put_orders(&mut rows).await?;
                }
            }
            after = page.cursor;
            if after.is_none() {
                self.put_orders(&mut rows).await?;
                return Ok(true);
            }
        }
    }

    fn order(&mut self, scanned: ScannedOrder, rows: &mut OrderRows) -> Result<(), HistoryError> {
        let StoredOrder { order, version, .. } = match scanned {
            Ok(stored) => stored,
            Err((order_id, error)) => {
                tracing::error!(
                    order.id = order_id,
                    error = domain::with_causes(&error),
                    "an order cannot be read"
                );
                self.lacks_order(order_id);
                return Ok(());
            }
        };
        let book = &self.history.policy;
        let (last_month, as_of) = self.scope.report.unzip();
        if last_month.is_some_and(|last| Month::of(order.paid_at, book.zone) > last) {
            return Ok(());
        }
        let state = encode_state(&order).map_err(HistoryError::Store)?;
        if let Some((month, row)) = last_row(&order, version, &state, as_of, book) {
            rows.add(month, row);
        }
        Ok(())
    }

    async fn put_orders(&mut self, rows: &mut OrderRows) -> Result<(), HistoryError> {
        for (month, rows) in std::mem::take(rows).of {
            let put = self
                .history
                .lake
                .put_order_rows(month, &name_of(&rows), &rows)
                .await;
            put.map_err(HistoryError::Lake)?;
            self.done.orders += rows.len() as u64;
            self.done.files += 1;
        }
        Ok(())
    }

    fn lacks_order(&mut self, order_id: String) {
        for lack in &mut self.done.lacks {
            if let Lack::OrdersUnreadable { count, .. } = lack {
                *count += 1;
                return;
            }
        }
        let first = order_id;
        self.done.lacks.push(Lack::OrdersUnreadable { count: 1, first });
    }

    fn lacks_entry(&mut self, entry_id: String) {
        for lack in &mut self.done.lacks {
            if let Lack::EntriesUnknown { count, .. } = lack {
                *count += 1;
                return;
            }
        }
        let first = entry_id;
        self.done.lacks.push(Lack::EntriesUnknown { count: 1, first });
    }

    /// Tries again what was kept as unreadable.
    async fn read_again(&mut self) -> Result<(), Failure> {
        let lake = &self.history.lake;
        let refused = |source: LakeError| failure(HistoryError::Lake(source));
        let kept = lake.unreadable().await.map_err(refused)?;
        for key in kept.into_iter().take(UNREADABLE_MAX) {
            let bytes = lake.bytes(&key).await.map_err(refused)?;
            let record: EventRecord =
                serde_json::from_slice(&bytes).map_err(|source| failure(HistoryError::Record(source)))?;
            let mut event = Event::default();
            event.records.push(record);
            let outcome = handle_again(self.history, event).await?;
            self.done.records += u64::from(outcome.unreadable.is_empty());
        }
        Ok(())
    }
}

/// Rows of orders by month.
#[derive(Default)]
struct OrderRows {
    of: BTreeMap<Month, Vec<OrderRow>>,
    count: usize,
}

impl OrderRows {
    fn add(&mut self, month: Month, row: OrderRow) {
        self.of.entry(month).or_default().push(row);
        self.count += 1;
    }
}

/// A file's name by its rows: the same rows are the same object.
fn name_of(rows: &[OrderRow]) -> String {
    let rows = rows
        .iter()
        .map(|row| format!("{} {} {}\n", row.order_id, row.learned_at, row.version));
    format!(
        "backfill-orders-{}",
        digest_of(rows.collect::<String>().as_bytes())
    )
}
