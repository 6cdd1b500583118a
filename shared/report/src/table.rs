//! The report as a table: Parquet for machines, csv for people. The contract's columns in its order, then ours.

use std::io::Write;

use domain::Cents;
use polars::prelude::*;

use crate::{MonthReport, ReportError, SellerMonth};

/// Writes the report as Parquet: money as integer cents, `_cents` in its columns' names.
///
/// # Errors
/// [`ReportError::Write`] when `out` takes no bytes.
pub fn write_parquet(report: &MonthReport, out: &mut impl Write) -> Result<(), ReportError> {
    let written =
        table(report, Form::Parquet).and_then(|mut table| ParquetWriter::new(out).finish(&mut table));
    written.map(|_| ()).map_err(|source| ReportError::Write {
        form: "parquet",
        source: Box::new(source),
    })
}

/// Writes the report as csv: money as decimals, nulls empty, text that a spreadsheet would take for a formula behind
/// a `'`.
///
/// # Errors
/// [`ReportError::Write`] when `out` takes no bytes.
pub fn write_csv(report: &MonthReport, out: &mut impl Write) -> Result<(), ReportError> {
    let written = table(report, Form::Csv).and_then(|mut table| CsvWriter::new(out).finish(&mut table));
    written.map_err(|source| ReportError::Write {
        form: "csv",
        source: Box::new(source),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Parquet,
    Csv,
}

fn table(report: &MonthReport, form: Form) -> PolarsResult<DataFrame> {
    let mut table = Table {
        rows: &report.rows,
        form,
        columns: Vec::new(),
    };
    table.text("seller_id", |row| row.seller_id.to_string());
    table.text("month", |_| report.month.to_string());
    table.money("gmv_usd", |row| row.gmv);
    table.money("gmv_m1", |row| row.gmv_m1);
    table.money("gmv_m2", |row| row.gmv_m2);
    table.money("gmv_avg_usd", |row| row.gmv_avg);
    table.column("orders_due", |row| row.orders_due);
    table.column("orders_fulfilled", |row| row.orders_fulfilled);
    table.column("fulfilment_rate_bp", |row| row.fulfilment_rate_bp);
    table.column("rate_bp_m1", |row| row.rate_bp_m1);
    table.column("rate_bp_m2", |row| row.rate_bp_m2);
    table.column("on_time_delivery_bp", |row| row.on_time_delivery_bp);
    table.column("node_complete_bp", |row| row.node_complete_bp);
    table.column("upload_on_time_bp", |row| row.upload_on_time_bp);
    table.column("pickup_on_time_bp", |row| row.pickup_on_time_bp);
    table.column("fines_count", |row| row.fines_count);
    table.money("fines_usd", |row| row.fines);
    table.column("class_ka", |row| row.class_ka);
    table.column("class_local", |row| row.class_local);
    table.column("class_sensitive", |row| row.class_sensitive);
    table.column("eligible", |row| row.eligible);
    table.column("final", |row| row.is_final);
    table.text("reasons_en", |row| row.reasons_en.clone());
    table.text("reasons_zh", |row| row.reasons_zh.clone());
    table.column("orders_excluded", |row| row.orders_excluded);
    table.column("orders_pending", |row| row.orders_pending);
    table.text("policy", |_| report.policy.clone());
    table.text("as_of", |_| report.as_of.to_string());
    table.text("admission", |_| report.admission.version.clone());
    DataFrame::new(report.rows.len(), table.columns)
}

struct Table<'a> {
    rows: &'a [SellerMonth],
    form: Form,
    columns: Vec<Column>,
}

impl Table<'_> {
    fn column<T>(&mut self, name: &str, value: impl Fn(&SellerMonth) -> T)
    where
        Series: NamedFrom<Vec<T>, [T]>,
    {
        let values: Vec<T> = self.rows.iter().map(value).collect();
        self.columns.push(Series::new(name.into(), values).into());
    }

    fn money(&mut self, name: &str, value: impl Fn(&SellerMonth) -> Cents) {
        match self.form {
            Form::Parquet => self.column(&format!("{name}_cents"), |row| value(row).0),
            Form::Csv => self.column(name, |row| value(row).to_string()),
        }
    }

    fn text(&mut self, name: &str, value: impl Fn(&SellerMonth) -> String) {
        match self.form {
            Form::Parquet => self.column(name, value),
            Form::Csv => self.column(name, |row| spreadsheet_safe(value(row))),
        }
    }
}

/// A cell that begins like a formula gets a `'`, which spreadsheets take for "this is text".
pub(crate) fn spreadsheet_safe(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}
