//! The month's report as it is written: its csv and its Parquet say what is expected.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cents, Month};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use tests::{Expected, OwnCloud, SellerFigures, assert_same};

/// Cells of a row by column; `None` where it is empty.
type Cells = BTreeMap<String, Option<String>>;

/// Writes and reads the reports of the last two months with orders.
pub(crate) async fn check(cloud: &OwnCloud, expected: &Expected) {
    let months: BTreeSet<Month> = expected.months.iter().map(|figures| figures.month).collect();
    for month in months.into_iter().rev().take(2) {
        let request = eligibility_report::Request {
            as_of: expected.as_of,
            month: Some(month),
        };
        let outcome = eligibility_report::handle(&cloud.eligibility_report(), request)
            .await
            .expect("a report is written");
        let sellers: Vec<SellerFigures> = expected
            .months
            .iter()
            .filter(|figures| figures.month == month)
            .cloned()
            .collect();
        for form in ["csv", "parquet"] {
            let key = outcome
                .keys
                .iter()
                .find(|key| key.ends_with(form))
                .expect("the report has each form");
            let bytes = cloud.lake.bytes(key).await.expect("the report can be read");
            let rows = if form == "csv" {
                csv_rows(&bytes)
            } else {
                parquet_rows(bytes)
            };
            // The report also lists sellers whose orders all lie in the two months before.
            let found = rows
                .iter()
                .map(figures)
                .filter(|of| sellers.iter().any(|expected| expected.seller_id == of.seller_id));
            assert_same(key, sellers.clone(), found);
        }
    }
}

fn csv_rows(bytes: &[u8]) -> Vec<Cells> {
    let mut csv = csv::Reader::from_reader(bytes);
    let header = csv.headers().expect("the report has a header").clone();
    let row = |record: csv::StringRecord| {
        let cells = header.iter().zip(&record);
        cells
            .map(|(column, cell)| (column.to_owned(), (!cell.is_empty()).then(|| cell.to_owned())))
            .collect()
    };
    csv.into_records()
        .map(|record| row(record.expect("the report is sound csv")))
        .collect()
}

fn parquet_rows(bytes: Vec<u8>) -> Vec<Cells> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("the report is Parquet");
    let rows = reader.get_row_iter(None).expect("the report has rows");
    let cell = |field: &Field| match field {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let cells = |row: parquet::record::Row| {
        row.get_column_iter()
            .map(|(column, field)| (column.clone(), cell(field)))
            .collect()
    };
    rows.map(|row| cells(row.expect("a row can be read"))).collect()
}

fn figures(row: &Cells) -> SellerFigures {
    let text = |column: &str| row[column].as_deref().expect("the cell is filled");
    let rate = |column: &str| {
        row[column]
            .as_deref()
            .map(|cell| cell.parse().expect("a rate is whole basis points"))
    };
    let count = |column: &str| text(column).parse().expect("a count");
    // Money is a decimal in csv and cents in Parquet.
    let cents = |column: &str| match row.get(&format!("{column}_cents")) {
        Some(cents) => cents
            .as_deref()
            .and_then(|cents| cents.parse().ok())
            .expect("cents"),
        None => text(column).parse::<Cents>().expect("an amount").0,
    };
    SellerFigures {
        seller_id: domain::SellerId::parse(text("seller_id")).expect("a seller"),
        month: text("month").parse().expect("a month"),
        gmv_cents: cents("gmv_usd"),
        orders_due: count("orders_due"),
        orders_fulfilled: count("orders_fulfilled"),
        fulfilment_rate_bp: rate("fulfilment_rate_bp"),
        on_time_delivery_bp: rate("on_time_delivery_bp"),
        node_complete_bp: rate("node_complete_bp"),
        upload_on_time_bp: rate("upload_on_time_bp"),
        pickup_on_time_bp: rate("pickup_on_time_bp"),
        excluded: count("orders_excluded"),
        pending: count("orders_pending"),
        fines_count: count("fines_count"),
        fines_cents: cents("fines_usd"),
    }
}
