//! Parking: rows whose parent has not arrived are kept, and applied by themselves when it comes, unless they have lapsed
//! by then (45 days between the two uploads, `intake.parked_days_max`). A lapsed row stays listed and is never deleted; so
//! does one that is refused when its parent comes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::parking::Wait;
use domain::ruling::Verdict;
use domain::{Currency, OrderId, RowCode, Timestamp, TrackingNumber};
use futures::stream::{self, StreamExt, TryStreamExt};
use store::{Parent, ParkedRow, StoreError};

use crate::batch::{Batch, CALLS_AT_ONCE};
use crate::commit::{Brought, OrderNews, Row, RuledRow, file_name, has_rate};

impl Batch<'_> {
    /// Keeps the rows that wait. Gives the parents that have come meanwhile: whoever brought them may have looked
    /// for parked rows before ours were there.
    pub(crate) async fn park(&self, waiting: Vec<(OrderNews, Parent)>) -> Result<Vec<Brought>, StoreError> {
        let rows: Vec<ParkedRow<OrderNews>> = waiting
            .into_iter()
            .map(|(news, parent)| self.parked_row(news, parent))
            .collect();
        stream::iter(&rows)
            .map(|row| self.store().park(row))
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
    pub(crate) async fn wake(&self, mut brought: Vec<Brought>) -> Result<(), StoreError> {
        let mut applied = Vec::new();
        let mut lapsed = 0_usize;
        while !brought.is_empty() {
            let (awake, late) = self.waiting_for(brought).await?;
            lapsed += late;
            let rows = awake.into_iter().map(|row| Row {
                news: row.fact.clone(),
                uploader: row.uploader.clone(),
                learned_at: row.learned_at,
                file: file_name(&row.upload_key),
                origin: row,
            });
            let (mut ruled, more) = self.apply(rows.collect()).await?;
            ruled.retain(|(_, ruled)| !ruled.waits());
            applied.push(ruled);
            brought = more;
        }
        // Only now, and what woke last first: a run killed before this wakes them all once more, each by the row that
        // brought its parent and that is still parked. Released at once, that row would take their wake-up along.
        for generation in applied.iter().rev() {
            stream::iter(generation)
                .map(|(row, ruled)| self.release(&row.origin, ruled))
                .buffer_unordered(CALLS_AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        let woken: usize = applied.iter().map(Vec::len).sum();
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

    /// The rows that wait for the parents `brought` and have not lapsed, and how many have.
    async fn waiting_for(
        &self,
        mut brought: Vec<Brought>,
    ) -> Result<(Vec<ParkedRow<OrderNews>>, usize), StoreError> {
        // Of several uploads that bring a parent the earliest counts.
        brought.sort();
        brought.dedup_by(|later, earlier| later.parent == earlier.parent);
        let learned_at: BTreeMap<Parent, Timestamp> = brought
            .into_iter()
            .map(|brought| (brought.parent, brought.learned_at))
            .collect();
        let awaited = self.store().awaited(learned_at.keys().cloned().collect()).await?;
        let parked = stream::iter(awaited)
            .map(|parent| async move { self.store().parked::<OrderNews>(&parent).await });
        let parked: Vec<Vec<ParkedRow<OrderNews>>> = parked.buffered(CALLS_AT_ONCE).try_collect().await?;
        let wait_max = self.surroundings().function.policy.intake.parked_max;
        let has_lapsed = |row: &ParkedRow<OrderNews>| {
            let until = learned_at.get(&row.parent).copied();
            Wait::of(row.learned_at, until.unwrap_or(row.learned_at), wait_max).is_lapsed()
        };
        let (late, mut awake): (Vec<_>, Vec<_>) = parked.into_iter().flatten().partition(has_lapsed);
        // In the order in which they were learned, whatever each of them waited for.
        awake.sort_by(|one, other| one.id.cmp(&other.id));
        for row in &late {
            tracing::warn!(upload.key = row.upload_key, row = row.row, code = %row.parent.code(), "a parked row had lapsed when its parent came");
        }
        Ok((awake, late.len()))
    }

    /// Ends a row's wait. One that is refused now stays listed: its sender was told that it waits, and nothing else tells
    /// what became of it.
    async fn release(&self, row: &ParkedRow<OrderNews>, ruled: &RuledRow) -> Result<(), StoreError> {
        let codes: Vec<RowCode> = ruled.ruling.findings.iter().map(|finding| finding.code).collect();
        tracing::info!(upload.key = row.upload_key, row = row.row, verdict = ?ruled.ruling.verdict, ?codes, "a parked row was applied");
        if ruled.ruling.verdict == Verdict::Rejected && !row.fact.is_refused() {
            self.store().keep_refused(row, codes).await
        } else {
            self.store().unpark(row).await
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
