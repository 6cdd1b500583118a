//! Parking: rows whose parent has not arrived are kept, and applied by themselves when it comes.

use std::collections::{BTreeSet, HashMap};

use domain::order::FrozenRate;
use domain::{Currency, OrderId, TrackingNumber};
use futures::stream::{self, StreamExt, TryStreamExt};
use store::{Parent, ParkedRow, StoreError};

use crate::batch::{Batch, CALLS_AT_ONCE};
use crate::commit::{OrderNews, Row, RuledRow};

impl Batch<'_> {
    /// Keeps the rows that wait. Gives the parents that have come meanwhile: whoever brought them may have looked
    /// for parked rows before ours were there.
    pub(crate) async fn park(&self, waiting: Vec<(usize, OrderNews)>) -> Result<Vec<Parent>, StoreError> {
        let rows: Vec<ParkedRow<OrderNews>> = waiting
            .into_iter()
            .map(|(_, news)| self.parked_row(news))
            .collect();
        stream::iter(&rows)
            .map(|row| self.store().park(row))
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        self.arrived(&rows).await
    }

    /// Applies the rows parked for `parents`, and those parked for what these bring, until nothing more wakes.
    pub(crate) async fn wake(&self, mut parents: Vec<Parent>) -> Result<(), StoreError> {
        let mut applied = Vec::new();
        while !parents.is_empty() {
            parents.sort();
            parents.dedup();
            let parked = stream::iter(self.store().awaited(parents).await?)
                .map(|parent| async move { self.store().parked::<OrderNews>(&parent).await });
            let parked: Vec<Vec<ParkedRow<OrderNews>>> = parked.buffered(CALLS_AT_ONCE).try_collect().await?;
            let rows = parked.into_iter().flatten().map(|row| Row {
                news: row.fact.clone(),
                uploader: row.uploader.clone(),
                origin: row,
            });
            let (mut ruled, brought) = self.apply(rows.collect()).await?;
            ruled.retain(|(_, ruled)| !ruled.waits());
            applied.push(ruled);
            parents = brought;
        }
        // Only now, and what woke last first: a run killed before this wakes them all once more, each by the row that
        // brought its parent and that is still parked. Released at once, that row would take their wake-up along.
        for generation in applied.iter().rev() {
            stream::iter(generation)
                .map(|(row, ruled)| self.release(row, ruled))
                .buffer_unordered(CALLS_AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        Ok(())
    }

    async fn release(&self, row: &ParkedRow<OrderNews>, ruled: &RuledRow) -> Result<(), StoreError> {
        let codes: Vec<&str> = ruled
            .ruling
            .findings
            .iter()
            .map(|finding| finding.code.as_str())
            .collect();
        tracing::info!(upload.key = row.upload_key, row = row.id, verdict = ?ruled.ruling.verdict, ?codes, "a parked row was applied");
        self.store().unpark(row).await
    }

    fn parked_row(&self, news: OrderNews) -> ParkedRow<OrderNews> {
        let (parent, source, recorded_at) = match &news {
            OrderNews::Order(fact) => (Parent::Rate(fact.amount.currency), fact.source, fact.recorded_at),
            OrderNews::Tracking(fact) => (
                Parent::Order(fact.order_id.clone()),
                fact.source,
                fact.uploaded_at,
            ),
            OrderNews::Event(fact) => (Parent::Number(fact.number.clone()), fact.source, fact.recorded_at),
            OrderNews::Appeal(fact) => (
                Parent::Order(fact.order_id.clone()),
                fact.source,
                fact.recorded_at,
            ),
        };
        // By time of learning first, so that waking applies the rows in the order in which they were learned.
        let id = format!(
            "{:012}#{:016x}#{:010}",
            recorded_at.unix(),
            source.upload,
            source.row
        );
        let surroundings = self.surroundings();
        ParkedRow {
            parent,
            fact: news,
            uploader: surroundings.uploader.clone(),
            upload_key: surroundings.upload_key.clone(),
            recorded_at,
            id,
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
            .number_owners(&numbers)
            .await?
            .into_keys()
            .map(Parent::Number);
        let rates = self.rates_arrived(rows).await?.into_iter().map(Parent::Rate);
        Ok(orders.chain(numbers).chain(rates).collect())
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
        let has_rate = |fact: &&&domain::facts::OrderFact| {
            let rates = rates.get(&fact.amount.currency);
            rates.is_some_and(|rates| {
                FrozenRate::pick(
                    rates,
                    fact.paid_at.date_in(book.zone),
                    book.intake.rate_lookback_days_max,
                )
                .is_some()
            })
        };
        Ok(facts
            .iter()
            .filter(has_rate)
            .map(|fact| fact.amount.currency)
            .collect())
    }
}
