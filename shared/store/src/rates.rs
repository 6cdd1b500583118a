//! Exchange rates by currency and day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::facts::RateFact;
use domain::{Currency, Rate};

use crate::item::{key, name, string_of, text};
use crate::{Item, Store, StoreError};

/// A currency's rates by day, in USD per unit.
pub type RatesByDay = BTreeMap<NaiveDate, Rate>;

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
            .expression_attribute_values(":last", text(last.to_string()));
        let items = self.query_all(query, &format!("rates of {currency}")).await?;
        items.iter().map(|item| read_rate(currency, item)).collect()
    }

    /// Keeps a rate. A later file may mend a day's rate; orders keep the one that was frozen with them.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn put_rate(&self, fact: &RateFact) -> Result<(), StoreError> {
        let mut item = key(rate_pk(fact.currency), fact.date.to_string());
        item.insert(name::BODY.to_owned(), text(fact.rate.to_string()));
        self.put_record(item, &format!("rate of {} on {}", fact.currency, fact.date))
            .await
    }
}

fn rate_pk(currency: Currency) -> String {
    format!("rate#{currency}")
}

fn read_rate(currency: Currency, item: &Item) -> Result<(NaiveDate, Rate), StoreError> {
    let corrupt = || StoreError::corrupt(format!("a rate of {currency}"), "it has no day or no rate");
    let date = string_of(item, name::SK)
        .and_then(|date| date.parse().ok())
        .ok_or_else(corrupt)?;
    let rate = string_of(item, name::BODY)
        .and_then(|rate| Rate::parse(&rate))
        .ok_or_else(corrupt)?;
    Ok((date, rate))
}
