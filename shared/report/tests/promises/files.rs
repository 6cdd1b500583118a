//! Files as they may come: none, of another writer, broken.

use std::error::Error;
use std::fs;

use domain::PolicyBook;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::record::RecordWriter;
use parquet_derive::ParquetRecordWriter;
use polars::prelude::*;
use report::{MonthFiles, ReportError, eligibility, write_csv, write_parquet};

use crate::lake::{Lake, fulfilled, month, order_frame, settled, write_frame};

#[test]
fn an_empty_window_gives_an_empty_report() {
    let no_files = MonthFiles {
        month: month("2024-04"),
        orders: vec![],
        ledger: vec![],
    };
    for files in [vec![], vec![no_files]] {
        let report =
            eligibility(&files, month("2024-04"), settled(), PolicyBook::shipped()).expect("a report");
        let (mut csv, mut parquet) = (Vec::new(), Vec::new());
        write_csv(&report, &mut csv).expect("written");
        write_parquet(&report, &mut parquet).expect("written");
        assert_eq!(
            (
                report.rows.len(),
                csv.iter().filter(|byte| **byte == b'\n').count()
            ),
            (0, 1)
        );
        let read = ParquetReader::new(std::io::Cursor::new(parquet))
            .finish()
            .expect("readable");
        assert_eq!(read.shape(), (0, 29));
        assert_eq!(
            read.column("rate_bp_m1").expect("a column").dtype(),
            &DataType::Int64
        );
    }
}

#[test]
fn a_broken_file_is_named_and_its_cause_is_kept() {
    let mut lake = Lake::of(&[(
        month("2024-04"),
        vec![fulfilled("shop", month("2024-04"), 0, 100)],
    )]);
    let whole = fs::read(&lake.files[0].orders[0]).expect("bytes");
    let broken = lake.path("broken [1] month=2024-03*.parquet");
    lake.files[0].orders.push(broken.clone());
    for bytes in [&whole[..whole.len() / 2], b"", b"PAR1", b"order_id,seller_id\n"] {
        fs::write(&broken, bytes).expect("written");
        let error =
            eligibility(&lake.files, month("2024-04"), settled(), PolicyBook::shipped()).expect_err("broken");
        assert!(
            matches!(&error, ReportError::Unreadable { path, .. } if *path == broken),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("broken [1]") && error.source().is_some(),
            "{error}"
        );
    }
    fs::remove_file(&broken).expect("removed");
    let error =
        eligibility(&lake.files, month("2024-04"), settled(), PolicyBook::shipped()).expect_err("missing");
    assert!(matches!(error, ReportError::Unreadable { path, .. } if path == broken));
}

#[test]
fn a_file_that_is_no_lake_file_is_refused_by_its_column() {
    let mut lake = Lake::of(&[(
        month("2024-04"),
        vec![fulfilled("shop", month("2024-04"), 0, 100)],
    )]);
    let other = lake.path("other.parquet");
    lake.files[0].orders.push(other.clone());
    let rows = order_frame(&[fulfilled("shop", month("2024-04"), 0, 100)]);
    let text = |name: &str| Column::new(name.into(), ["100"]);
    let null = |name: &str, dtype| Column::full_null(name.into(), 1, dtype);
    let unfit = [
        ("gmv_cents", rows.drop("gmv_cents")),
        ("nodes_at", rows.drop("nodes_at")),
        ("gmv_cents", rows.clone().with_column(text("gmv_cents")).cloned()),
        (
            "learned_at",
            rows.clone()
                .with_column(null("learned_at", &DataType::Int64))
                .cloned(),
        ),
        (
            "excluded",
            rows.clone()
                .with_column(null("excluded", &DataType::Boolean))
                .cloned(),
        ),
    ];
    for (name, frame) in unfit {
        write_frame(&other, &mut frame.expect("a frame"));
        let error =
            eligibility(&lake.files, month("2024-04"), settled(), PolicyBook::shipped()).expect_err("unfit");
        assert!(
            matches!(&error, ReportError::UnfitColumn { path, column } if *path == other && column == name),
            "{error:?}"
        );
    }
    let seller = fulfilled("no seller", month("2024-04"), 0, 100);
    write_frame(&other, &mut order_frame(&[seller]));
    let error = eligibility(&lake.files, month("2024-04"), settled(), PolicyBook::shipped())
        .expect_err("no seller id");
    assert!(
        matches!(&error, ReportError::SellerInvalid { seller, .. } if seller == "no seller"),
        "{error:?}"
    );
}

/// The lake's own writer is the `parquet` crate, with required columns and zstd.
#[derive(ParquetRecordWriter)]
struct WrittenRow {
    order_id: String,
    seller_id: String,
    version: i64,
    learned_at: i64,
    paid_at: i64,
    destination: String,
    policy: String,
    policy_early: bool,
    gmv_cents: i64,
    excluded: bool,
    fulfilment_met: Option<bool>,
    fulfilment_at: Option<i64>,
    upload_met: bool,
    upload_at: i64,
    pickup_met: Option<bool>,
    pickup_at: Option<i64>,
    delivery_met: bool,
    delivery_at: i64,
    nodes_met: Option<bool>,
    nodes_at: Option<i64>,
    state: Vec<u8>,
    of_a_later_release: i64,
}

#[test]
fn files_of_the_lakes_own_writer_are_read_also_beside_older_ones() {
    let of_polars = fulfilled("shop", month("2024-04"), 0, 100);
    let mut lake = Lake::of(&[(month("2024-04"), vec![of_polars.clone()])]);
    let written = WrittenRow {
        order_id: "20240400000000777".to_owned(),
        seller_id: "shop".to_owned(),
        version: 1,
        learned_at: of_polars.learned_at,
        paid_at: of_polars.paid_at,
        destination: "RU".to_owned(),
        policy: "V4.2".to_owned(),
        policy_early: false,
        gmv_cents: 900,
        excluded: false,
        fulfilment_met: None,
        fulfilment_at: None,
        upload_met: true,
        upload_at: of_polars.learned_at,
        pickup_met: Some(false),
        pickup_at: Some(i64::MAX),
        delivery_met: false,
        delivery_at: i64::MAX,
        nodes_met: None,
        nodes_at: None,
        state: vec![0, 159, 146, 150],
        of_a_later_release: 1,
    };
    let path = lake.path("written.parquet");
    let rows = &[written][..];
    let properties =
        WriterProperties::builder().set_compression(parquet::basic::Compression::ZSTD(Default::default()));
    let file = fs::File::create(&path).expect("a file");
    let schema = rows.schema().expect("a schema");
    let mut writer = SerializedFileWriter::new(file, schema, properties.build().into()).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    rows.write_to_row_group(&mut group).expect("written");
    group.close().expect("closed");
    writer.close().expect("closed");
    lake.files[0].orders.push(path);
    let report = lake.report(month("2024-04"), settled());
    let row = &report.rows[0];
    assert_eq!(
        (
            row.gmv.0,
            row.orders_due,
            row.orders_pending,
            row.upload_on_time_bp
        ),
        (1_000, 1, 1, Some(10_000))
    );
}
