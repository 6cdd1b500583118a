//! Rows of `rates` files (conventions, "Rates").

use chrono::NaiveDate;
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
            let readings = year_first_readings(&text).join(" / ");
            let detail = if readings.is_empty() {
                "YYYY-MM-DD"
            } else {
                &readings
            };
            row.find_with(RowCode::TimeInvalid, Column::Date, detail);
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
        let detail = "a rate is a positive number with a point before at most 9 decimals | 汇率应为正数，小数点用“.”，最多 9 位小数";
        row.find_with(RowCode::AmountInvalid, Column::UsdPerUnit, detail);
    }
    rate
}
