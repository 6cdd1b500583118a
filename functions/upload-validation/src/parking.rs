//! Parking: rows whose parent has not arrived are kept, and applied by themselves when it comes, unless they have lapsed
//! by then (45 days between the two uploads, `intake.parked_days_max`). A lapsed row stays listed and is never deleted; so
//! does one that is refused when its parent comes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use domain::parking::Wait;
use domain::ruling::Verdict;
use domain::{Currency, OrderId, RowCode, Source, Timestamp, TrackingNumber};
use futures::stream::{self, StreamExt, TryStreamExt};
use store::{Parent, ParkedNote, ParkedRow, StoreError};

use crate::batch::{Batch, CALLS_AT_ONCE};
use crate::commit::{Brought, OrderNews, Row, RuledRow, file_name, has_rate, refuse_for_room};

/// Parked rows that are applied together, about.
const WOKEN_ROWS_MAX: usize = 2_000;
/// Parked rows of one parent that one call reads.
const PAGE_ROWS: u16 = 100;

/// Parents for which rows may wait.
struct Waiting {
    /// Each with the row after which to read on.
    parents: VecDeque<(Parent, Option<String>)>,
    /// When the upload that brings each was learned.
    learned_at: BTreeMap<Parent, Timestamp>,
}

/// What a row that waits for something else is asked for by: an order whose exchange rate is missing by its id, a tracking row
/// whose order is missing by its number.
fn about(row: &ParkedRow<OrderNews>) -> Option<Parent> {
    match (&row.fact, &row.parent) {
        (OrderNews::Order(fact), Parent::Rate(_)) => Some(Parent::Order(fact.order_id.clone())),
        (OrderNews::Tracking(fact), Parent::Order(_)) => fact.number.clone().map(Parent::Number),
        _ => None,
    }
}

/// Rows that were waiting when their parents came.
#[derive(Default)]
struct Woken {
    woken: usize,
    lapsed: usize,
}

impl Batch<'_> {
    /// Of rows that are to wait those that may: an order or a number for which rows wait takes no more of one sender's than it
    /// would take as its own. What is beyond is refused, in its place in `ruled`.
    pub(crate) async fn within_bounds(
        &self,
        waiting: Vec<(usize, OrderNews, Parent)>,
        ruled: &mut [RuledRow],
    ) -> Result<Vec<(OrderNews, Parent)>, StoreError> {
        let mut first: BTreeMap<&Parent, Source> = BTreeMap::new();
        for (_, news, parent) in &waiting {
            if self.rows_max(news, parent).is_some() {
                first.entry(parent).or_insert_with(|| news.source());
            }
        }
        let awaited = first.keys().map(|parent| (*parent).clone()).collect();
        let awaited = self.store().awaited(awaited).await?;
        let counts = stream::iter(awaited).map(|parent| {
            let before = first.get(&parent).copied();
            async move {
                let count = self.count_waiting(&parent, before).await?;
                Ok::<_, StoreError>((parent, count))
            }
        });
        let mut counts: HashMap<Parent, usize> = counts.buffered(CALLS_AT_ONCE).try_collect().await?;
        let mut may_wait = Vec::with_capacity(waiting.len());
        for (index, news, parent) in waiting {
            let Some(rows_max) = self.rows_max(&news, &parent) else {
                may_wait.push((news, parent));
                continue;
            };
            let count = counts.entry(parent.clone()).or_default();
            if *count < rows_max {
                *count += 1;
                may_wait.push((news, parent));
            } else {
                ruled[index] = RuledRow::free(refuse_for_room(&news));
            }
        }
        Ok(may_wait)
    }

    /// Rows of one sender that may wait for a parent; `None` where something else bounds them: what waits for a rate is a file's
    /// orders, and what waits for a number is a claim already.
    fn rows_max(&self, news: &OrderNews, parent: &Parent) -> Option<usize> {
        let book = &self.surroundings().function.policy;
        let intake = &book.intake;
        match (parent, news) {
            (Parent::Rate(_) | Parent::Claim(_), _) => None,
            (_, OrderNews::Appeal(_)) => Some(intake.appeals_per_order_max * intake.states_per_appeal_max),
            (_, OrderNews::Event(_)) => Some(intake.events_per_order_max),
            (_, OrderNews::Tracking(_) | OrderNews::Order(_)) => {
                Some(book.newest().claims.rows_per_order_max)
            }
        }
    }

    /// Rows of this sender that wait for a parent: those of other uploads, and those of this one that stand `before` a row. So a
    /// file that is done again is bounded as it was.
    async fn count_waiting(&self, parent: &Parent, before: Option<Source>) -> Result<usize, StoreError> {
        let own = before.map(|source| (format!("#{:016x}#", source.upload), source.row));
        let is_counted = |row: &ParkedNote| {
            let is_before = own
                .as_ref()
                .is_none_or(|(upload, first)| !row.id.contains(upload) || row.row < *first);
            row.uploader == self.surroundings().uploader && is_before
        };
        let (mut count, mut after) = (0, None);
        loop {
            let (rows, last) = self
                .store()
                .parked_page(parent, after.as_deref(), PAGE_ROWS)
                .await?;
            count += rows.iter().filter(|row| is_counted(row)).count();
            if last.is_none() {
                return Ok(count);
            }
            after = last;
        }
    }

    /// Keeps the rows that wait. Gives the parents that have come meanwhile: whoever brought them may have looked
    /// for parked rows before ours were there.
    pub(crate) async fn park(&self, waiting: Vec<(OrderNews, Parent)>) -> Result<Vec<Brought>, StoreError> {
        let rows: Vec<ParkedRow<OrderNews>> = waiting
            .into_iter()
            .map(|(news, parent)| self.parked_row(news, parent))
            .collect();
        stream::iter(&rows)
            .map(|row| async move { self.store().park(row, about(row).as_ref()).await })
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        // Nobody waited for a parent that was there: it counts as brought at once.
        let learned_at = self.surroundings().learned_at;
        let arrived = self.arrived(&rows).await?.into_iter();
        Ok(arrived.map(|parent| Brought { parent, learned_at }).collect())
    }

    /// Applies the rows parked for the parents `brought`, and those parked for what these bring, until nothing more
    /// wakes. Rows that have lapsed stay as they are.
    pub(crate) async fn wake(&self, brought: Vec<Brought>) -> Result<(), StoreError> {
        let mut count = Woken::default();
        self.wake_all(brought, &mut count).await?;
        let Woken { woken, lapsed } = count;
        if woken + lapsed > 0 {
            tracing::info!(
                upload.key = self.surroundings().upload_key,
                woken,
                lapsed,
                "parents of parked rows came"
            );
        }
        Ok(())
    }

    async fn wake_all(&self, brought: Vec<Brought>, count: &mut Woken) -> Result<(), StoreError> {
        let mut waiting = self.waiting_for(brought).await?;
        while let Some((awake, late)) = self.next_waiting(&mut waiting).await? {
            let rows = awake.into_iter().map(|row| Row {
                news: row.fact.clone(),
                uploader: row.uploader.clone(),
                learned_at: row.learned_at,
                file: file_name(&row.upload_key),
                origin: row,
            });
            let (mut ruled, more) = Box::pin(self.apply(rows.collect())).await?;
            if !more.is_empty() {
                Box::pin(self.wake_all(more, count)).await?;
            }
            // Only now that what they brought is awake: a run killed before this wakes these rows once more, and by them
            // whatever waits for them. Released earlier, they would take that wake-up along.
            ruled.retain(|(_, ruled)| !ruled.waits());
            stream::iter(&ruled)
                .map(|(row, ruled)| self.release(&row.origin, ruled))
                .buffer_unordered(CALLS_AT_ONCE)
                .try_collect::<()>()
                .await?;
            count.woken += ruled.len();
            count.lapsed += late;
        }
        Ok(())
    }

    /// The parents `brought` for which rows may wait.
    async fn waiting_for(&self, mut brought: Vec<Brought>) -> Result<Waiting, StoreError> {
        // Of several uploads that bring a parent the earliest counts.
        brought.sort();
        brought.dedup_by(|later, earlier| later.parent == earlier.parent);
        let learned_at: BTreeMap<Parent, Timestamp> = brought
            .into_iter()
            .map(|brought| (brought.parent, brought.learned_at))
            .collect();
        let awaited = self.store().awaited(learned_at.keys().cloned().collect()).await?;
        Ok(Waiting {
            parents: awaited.into_iter().map(|parent| (parent, None)).collect(),
            learned_at,
        })
    }

    /// The next rows that wait and have not lapsed, and how many have; `None` when there are no more. Bounded, however many rows
    /// wait for a parent.
    async fn next_waiting(
        &self,
        waiting: &mut Waiting,
    ) -> Result<Option<(Vec<ParkedRow<OrderNews>>, usize)>, StoreError> {
        let mut parked = Vec::new();
        while parked.len() < WOKEN_ROWS_MAX && !waiting.parents.is_empty() {
            let at_once = waiting.parents.len().min(CALLS_AT_ONCE);
            let pages: Vec<_> = waiting.parents.drain(..at_once).collect();
            let pages = stream::iter(pages).map(|(parent, after)| async move {
                let page = self.store().parked_page(&parent, after.as_deref(), PAGE_ROWS);
                Ok::<_, StoreError>((page.await?, parent))
            });
            let mut pages = pages.buffered(CALLS_AT_ONCE);
            while let Some(((rows, last), parent)) = pages.try_next().await? {
                parked.extend(rows);
                if last.is_some() {
                    waiting.parents.push_front((parent, last));
                }
            }
        }
        if parked.is_empty() && waiting.parents.is_empty() {
            return Ok(None);
        }
        let wait_max = self.surroundings().function.policy.intake.parked_max;
        let has_lapsed = |row: &ParkedRow<OrderNews>| {
            let until = waiting.learned_at.get(&row.parent).copied();
            Wait::of(row.learned_at, until.unwrap_or(row.learned_at), wait_max).is_lapsed()
        };
        let (late, mut awake): (Vec<_>, Vec<_>) = parked.into_iter().partition(has_lapsed);
        // In the order in which they were learned, whatever each of them waited for.
        awake.sort_by(|one, other| one.id.cmp(&other.id));
        for row in &late {
            tracing::warn!(upload.key = row.upload_key, row = row.row, code = %row.parent.code(), "a parked row had lapsed when its parent came");
        }
        Ok(Some((awake, late.len())))
    }

    /// Ends a row's wait. One that is refused now stays listed: its sender was told that it waits, and nothing else tells
    /// what became of it.
    async fn release(&self, row: &ParkedRow<OrderNews>, ruled: &RuledRow) -> Result<(), StoreError> {
        let codes: Vec<RowCode> = ruled.ruling.findings.iter().map(|finding| finding.code).collect();
        tracing::info!(upload.key = row.upload_key, row = row.row, verdict = ?ruled.ruling.verdict, ?codes, "a parked row was applied");
        if ruled.ruling.verdict == Verdict::Rejected && !row.fact.is_refused() {
            self.store().keep_refused(row, about(row).as_ref(), codes).await
        } else {
            self.store().unpark(row, about(row).as_ref()).await
        }
    }

    fn parked_row(&self, news: OrderNews, parent: Parent) -> ParkedRow<OrderNews> {
        let source = news.source();
        let surroundings = self.surroundings();
        ParkedRow {
            parent,
            // By time of learning first, so that waking applies the rows in the order in which they were learned.
            id: format!(
                "{:012}#{:016x}#{:010}",
                news.recorded_at().unix(),
                source.upload,
                source.row
            ),
            fact: news,
            uploader: surroundings.uploader.clone(),
            upload_key: surroundings.upload_key.clone(),
            row: source.row,
            learned_at: surroundings.learned_at,
            refused: Vec::new(),
        }
    }

    async fn arrived(&self, rows: &[ParkedRow<OrderNews>]) -> Result<Vec<Parent>, StoreError> {
        let parents: BTreeSet<&Parent> = rows.iter().map(|row| &row.parent).collect();
        let orders: Vec<OrderId> = parents
            .iter()
            .filter_map(|parent| {
                if let Parent::Order(order_id) = parent {
                    Some(order_id.clone())
                } else {
                    None
                }
            })
            .collect();
        let numbers: Vec<TrackingNumber> = parents
            .iter()
            .filter_map(|parent| {
                if let Parent::Number(number) = parent {
                    Some(number.clone())
                } else {
                    None
                }
            })
            .collect();
        let orders = self.store().orders(&orders).await?.into_keys().map(Parent::Order);
        let numbers = self
            .store()
            .claimants(&numbers)
            .await?
            .into_keys()
            .map(Parent::Number);
        // Whether a claim's number was given up meanwhile its row says, ruled once more.
        let claims = parents
            .iter()
            .filter(|parent| matches!(parent, Parent::Claim(_)))
            .map(|parent| (*parent).clone());
        let rates = self.rates_arrived(rows).await?.into_iter().map(Parent::Rate);
        Ok(orders.chain(numbers).chain(claims).chain(rates).collect())
    }

    async fn rates_arrived(&self, rows: &[ParkedRow<OrderNews>]) -> Result<BTreeSet<Currency>, StoreError> {
        let book = &self.surroundings().function.policy;
        let facts: Vec<_> = rows
            .iter()
            .filter_map(|row| {
                if let OrderNews::Order(fact) = &row.fact {
                    Some(fact)
                } else {
                    None
                }
            })
            .collect();
        let rates: HashMap<Currency, _> = self.load_rates(facts.iter().copied()).await?;
        Ok(facts
            .iter()
            .filter(|fact| has_rate(fact, rates.get(&fact.amount.currency), book))
            .map(|fact| fact.amount.currency)
            .collect())
    }
}
