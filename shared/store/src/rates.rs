//! Exchange rates by currency and day.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{Days, NaiveDate};
use domain::exchange::{RatesByDay, StatedRate};
use domain::facts::RateFact;
use domain::{Currency, Month, Order, PolicyBook, Rate, Timestamp};
use futures::lock::Mutex;

use crate::item::{key, name, number, seconds_of, string_of, text};
use crate::{Item, Store, StoreError};

/// The rates that a run has read: those of a currency's payment month once, and none while every order is in US dollars.
#[derive(Debug, Default)]
pub(crate) struct RatesRead {
    months: Mutex<BTreeMap<(Currency, Month), RatesByDay>>,
}

impl RatesRead {
    /// The order reckoned by the rates of the tables; `None` where they are those it has.
    pub(crate) async fn rated_anew(
        &self,
        order: &Order,
        store: &Store,
        book: &PolicyBook,
    ) -> Result<Option<Order>, StoreError> {
        let currency = order.amount.currency;
        if currency == Currency::USD {
            return Ok(None);
        }
        let month = Month::of(order.paid_at, book.zone);
        // Held while it reads: of several orders that need a month one reads it.
        let mut months = self.months.lock().await;
        let rates = match months.entry((currency, month)) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let lookback = Days::new(u64::from(book.intake.rate_lookback_days_max));
                let first = month.starts_at(book.zone).date_in(book.zone);
                let last = month.ends_at(book.zone).date_in(book.zone);
                let first = first.checked_sub_days(lookback).unwrap_or(first);
                // Seldom, and much larger than what is done for every order.
                unread.insert(Box::pin(store.rates(currency, first, last)).await?)
            }
        };
        Ok(order.rated_anew(rates, book))
    }
}

impl Store {
    /// A currency's rates from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a record does not decode.
    pub async fn rates(
        &self,
        currency: Currency,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<RatesByDay, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.records)
            .consistent_read(true);
        let query = query.key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last");
        let query = query
            .expression_attribute_names("#pk", name::PK)
            .expression_attribute_names("#sk", name::SK);
        let query = query.expression_attribute_values(":pk", text(rate_pk(currency)));
        let query = query
            .expression_attribute_values(":first", text(first.to_string()))
            .expression_attribute_values(":last", text(format!("{last}~")));
        let items = self.query_all(query, &format!("rates of {currency}")).await?;
        let mut rates = RatesByDay::new();
        for item in &items {
            let (date, stated) = read_rate(currency, item)?;
            rates.entry(date).or_default().push(stated);
        }
        Ok(rates)
    }

    /// Keeps a rate. A day may be stated again: every statement is kept with the instant at which it was recorded, and
    /// which one applies is asked as of an instant ([`domain::exchange`]).
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn put_rate(&self, fact: &RateFact) -> Result<(), StoreError> {
        let recorded_at = fact.recorded_at.unix();
        let sort = format!("{}#{recorded_at:012}#{}", fact.date, fact.rate);
        let mut item = key(rate_pk(fact.currency), sort);
        item.insert(name::AS_OF.to_owned(), number(recorded_at));
        item.insert(name::BODY.to_owned(), text(fact.rate.to_string()));
        self.put_record(item, &format!("rate of {} on {}", fact.currency, fact.date))
            .await
    }
}

fn rate_pk(currency: Currency) -> String {
    format!("rate#{currency}")
}

/// A statement of a day's rate. A record from before they were kept apart has no instant: it was always there.
fn read_rate(currency: Currency, item: &Item) -> Result<(NaiveDate, StatedRate), StoreError> {
    let corrupt = || StoreError::corrupt(format!("a rate of {currency}"), "it has no day or no rate");
    let sort = string_of(item, name::SK).ok_or_else(corrupt)?;
    let date = sort.split('#').next().and_then(|date| date.parse().ok());
    let rate = string_of(item, name::BODY)
        .and_then(|rate| Rate::parse(&rate))
        .ok_or_else(corrupt)?;
    let recorded_at = seconds_of(item, name::AS_OF).unwrap_or(Timestamp::from_unix(0));
    Ok((date.ok_or_else(corrupt)?, StatedRate { recorded_at, rate }))
}
