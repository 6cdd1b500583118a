//! Rows of `rates` files (conventions, "Rates").

use chrono::NaiveDate;
use domain::facts::RateFact;
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

/// A calendar day, `YYYY-MM-DD`: other forms leave day and month in doubt.
fn date(row: &mut Reading<'_>) -> Option<NaiveDate> {
    let text = row.required(Column::Date)?;
    let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
        .ok()
        .filter(|date| date.to_string() == *text);
    if date.is_none() {
        row.find_with(RowCode::TimeInvalid, Column::Date, "YYYY-MM-DD");
    }
    date
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
