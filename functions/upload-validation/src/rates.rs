//! Rows of `rates` files: ruled beside what is known of their day and kept; and the rates that orders are ruled by.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use chrono::{Days, NaiveDate};
use domain::exchange::{RatesByDay, StatedRate};
use domain::facts::{OrderFact, RateFact};
use domain::ruling::{Ruling, Verdict};
use domain::{Currency, Finding, Rate, RowCode};
use futures::stream::{self, StreamExt, TryStreamExt};
use store::{Parent, StoreError};

use crate::batch::{Batch, CALLS_AT_ONCE, Surroundings};
use crate::commit::{Brought, RuledRow};

impl Surroundings<'_> {
    /// Takes notice of the next rate of the file; gives the one that the file stated of that day before.
    pub(crate) fn stated_before(&self, fact: &RateFact) -> Option<Rate> {
        let mut stated = self.rates_in_file.lock().unwrap_or_else(PoisonError::into_inner);
        match stated.entry((fact.currency, fact.date)) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(none) => {
                none.insert(fact.rate);
                None
            }
        }
    }
}

impl Batch<'_> {
    /// Rates for the payment days of orders in other currencies than USD.
    pub(crate) async fn load_rates<'f>(
        &self,
        facts: impl Iterator<Item = &'f OrderFact>,
    ) -> Result<HashMap<Currency, RatesByDay>, StoreError> {
        let book = &self.surroundings().function.policy;
        let mut spans: BTreeMap<Currency, (NaiveDate, NaiveDate)> = BTreeMap::new();
        for fact in facts.filter(|fact| fact.amount.currency != Currency::USD) {
            let paid_on = fact.paid_at.date_in(book.zone);
            let span = spans.entry(fact.amount.currency).or_insert((paid_on, paid_on));
            *span = (span.0.min(paid_on), span.1.max(paid_on));
        }
        let lookback = Days::new(u64::from(book.intake.rate_lookback_days_max));
        let mut rates = HashMap::new();
        for (currency, (first, last)) in spans {
            let first = first.checked_sub_days(lookback).unwrap_or(first);
            rates.insert(currency, self.store().rates(currency, first, last).await?);
        }
        Ok(rates)
    }

    /// Keeps the rates of a batch: a day may be stated again, and both statements stand with their instants. Within one file
    /// the first stands.
    pub(crate) async fn keep_rates(
        &self,
        rates: &[(usize, RateFact)],
        ruled: &mut [RuledRow],
    ) -> Result<Vec<Brought>, StoreError> {
        let mut spans: BTreeMap<Currency, (NaiveDate, NaiveDate)> = BTreeMap::new();
        for (_, fact) in rates {
            let span = spans.entry(fact.currency).or_insert((fact.date, fact.date));
            *span = (span.0.min(fact.date), span.1.max(fact.date));
        }
        let mut known: HashMap<Currency, RatesByDay> = HashMap::new();
        for (currency, (first, last)) in &spans {
            known.insert(*currency, self.store().rates(*currency, *first, *last).await?);
        }
        let mut changed = Vec::new();
        for (index, fact) in rates {
            let first_in_file = self.surroundings().stated_before(fact);
            let stated = known.get(&fact.currency).and_then(|days| days.get(&fact.date));
            ruled[*index] = RuledRow::free(rule_rate(fact, first_in_file, stated.map_or(&[], Vec::as_slice)));
            if first_in_file.is_none() {
                changed.push(fact);
            }
        }
        stream::iter(changed)
            .map(|fact| self.store().put_rate(fact))
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        let brought = spans.into_keys().map(|currency| Brought {
            parent: Parent::Rate(currency),
            learned_at: self.surroundings().learned_at,
        });
        Ok(brought.collect())
    }
}

/// A rate's row: `unchanged` when the day's rate as of its recording is the same already.
pub(crate) fn rule_rate(fact: &RateFact, first_in_file: Option<Rate>, stated: &[StatedRate]) -> Ruling {
    let date = fact.date.to_string();
    let before = stated
        .iter()
        .filter(|stated| stated.recorded_at <= fact.recorded_at);
    let last = before.max_by_key(|stated| stated.recorded_at);
    match (first_in_file, last) {
        (Some(first), _) if first == fact.rate => Ruling {
            verdict: Verdict::Unchanged,
            findings: vec![Finding::new(RowCode::RowDuplicate, "date", &date)],
            fined: false,
        },
        (Some(first), _) => Ruling::applied(vec![
            Finding::new(RowCode::RowConflict, "date", &date).with_detail(first.to_string()),
        ]),
        (None, Some(last)) if last.rate == fact.rate => Ruling {
            verdict: Verdict::Unchanged,
            findings: Vec::new(),
            fined: false,
        },
        (None, _) => Ruling::applied(Vec::new()),
    }
}
