//! Rows of `rates` files (conventions, "Rates").

use chrono::NaiveDate;
use domain::code::Cause;
use domain::facts::RateFact;
use domain::time::{TimeError, parse_day, year_first_readings};
use domain::{Rate, RowCode};

use crate::Column;
use crate::check::Reading;

pub(crate) fn read(row: &mut Reading<'_>) -> Option<RateFact> {
    let date = date(row);
    let currency = row.currency();
    let rate = rate(row);
    if row.has_errors() {
        return None;
    }
    Some(RateFact {
        date: date?,
        currency: currency?,
        rate: rate?,
        recorded_at: row.context.recorded_at,
        source: row.source(),
    })
}

/// A calendar day, its year first: other orders leave day and month in doubt.
fn date(row: &mut Reading<'_>) -> Option<NaiveDate> {
    let text = row.required(Column::Date)?;
    match parse_day(&text) {
        Ok(date) => Some(date),
        Err(TimeError::YearLast) => {
            let mut readings = year_first_readings(&text);
            readings.retain(|reading| parse_day(reading).is_ok());
            row.find_readings(Column::Date, &readings, "");
            None
        }
        Err(_) => {
            row.find_with(RowCode::TimeInvalid, Column::Date, "YYYY-MM-DD");
            None
        }
    }
}

fn rate(row: &mut Reading<'_>) -> Option<Rate> {
    let text = row.required(Column::UsdPerUnit)?;
    let rate = Rate::parse(&text);
    if rate.is_none() {
        row.find_because(RowCode::AmountInvalid, Column::UsdPerUnit, Cause::Rate, "");
    }
    rate
}
