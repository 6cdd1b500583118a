//! Exchange rates by currency and day.

use chrono::NaiveDate;
use domain::exchange::{RatesByDay, StatedRate};
use domain::facts::RateFact;
use domain::{Currency, Rate, Timestamp};

use crate::item::{key, name, number, seconds_of, string_of, text};
use crate::{Item, Store, StoreError};

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
