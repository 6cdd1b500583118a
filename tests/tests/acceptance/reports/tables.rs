//! The lake as tables for others (`infra/athena/lake.sql`): the columns are the files', and another engine that asks for a
//! month's figures in its own words is told what the report says.

use std::path::{Path, PathBuf};
use std::process::Command;

use parquet::basic::Type;
use parquet::file::reader::{FileReader, SerializedFileReader};
use tests::figures_of_months;

use super::compaction::{bring, lake_of_april};
use super::*;

const TABLES: &str = include_str!("../../../../infra/athena/lake.sql");

/// Lets DuckDB answer a question about the lake's files; its rows as JSON.
const DUCKDB: &str = "
import duckdb, json, sys
lake, question = sys.argv[1:3]
con = duckdb.connect()
con.execute(f\"create view waymark_orders as select * from read_parquet('{lake}/lake/orders/month=*/*.parquet', \"
            \"hive_partitioning=true, hive_types_autocast=false, union_by_name=true)\")
answer = con.execute(question)
names = [column[0] for column in answer.description]
print(json.dumps([dict(zip(names, [int(cell) if not isinstance(cell, str) else cell for cell in row])) for row in answer.fetchall()]))
";

/// A table's columns and their types, as its statement has them.
fn columns_of(table: &str) -> Vec<(String, String)> {
    let statement = TABLES
        .split(&format!("EXISTS {table} ("))
        .nth(1)
        .expect("a table");
    let columns = statement.split("\n)").next().expect("its columns");
    let words = columns
        .lines()
        .map(|line| line.split_whitespace().map(|word| word.trim_end_matches(',')));
    let columns = words.filter_map(|mut words| Some((words.next()?.to_owned(), words.next()?.to_owned())));
    columns.collect()
}

fn columns_in(bytes: Vec<u8>) -> Vec<(String, String)> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("Parquet");
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns = schema.columns().iter().map(|column| {
        let kind = match column.physical_type() {
            Type::INT64 => "bigint",
            Type::BOOLEAN => "boolean",
            Type::BYTE_ARRAY if column.name() == "state" => "binary",
            Type::BYTE_ARRAY => "string",
            other => panic!("{} is a {other}", column.name()),
        };
        (column.name().to_owned(), kind.to_owned())
    });
    columns.collect()
}

/// The lake's files of April as folders of a disk.
async fn copied(cloud: &OwnCloud, folder: &Path) -> Vec<PathBuf> {
    let objects = cloud.lake.month_objects(april()).await.expect("a listing");
    let mut paths = Vec::new();
    for object in objects.orders.iter().chain(&objects.ledger) {
        let path = folder.join(&object.key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, cloud.lake.bytes(&object.key).await.expect("a file")).expect("written");
        paths.push(path);
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_have_the_columns_of_the_files() {
    let cloud = lake_of_april().await;
    cloud
        .scan_stalls(at("2024-06-01T00:00:00Z"))
        .await
        .expect("a scan");
    cloud.deliver_streams().await.expect("the streams are delivered");
    let folder = tempfile::tempdir().expect("a folder");
    let (mut orders, mut entries) = (0, 0);
    for path in copied(&cloud, folder.path()).await {
        let is_order = path.to_string_lossy().contains("/orders/");
        *if is_order { &mut orders } else { &mut entries } += 1;
        let table = if is_order {
            "waymark_orders"
        } else {
            "waymark_ledger"
        };
        assert_eq!(
            columns_in(std::fs::read(path).expect("a file")),
            columns_of(table),
            "{table}"
        );
    }
    assert!(
        orders > 0 && entries > 0,
        "{orders} files of orders, {entries} of entries"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_asked_by_the_query_for_athena_says_what_the_report_says() {
    let Some(python) = python_with_duckdb() else {
        return;
    };
    let cloud = lake_of_april().await;
    let query = TABLES
        .split("PREPARE waymark_figures FROM")
        .nth(1)
        .expect("the query");
    for step in ["raw", "late", "compacted"] {
        match step {
            "late" => bring(&cloud, "events", LATE, at("2024-05-06T10:00:00Z")).await,
            "compacted" => {
                let scratch = tempfile::tempdir().expect("a directory");
                let month = lake::Compaction {
                    month: april(),
                    extent: lake::Extent::Month,
                };
                cloud
                    .lake
                    .compact(month, scratch.path())
                    .await
                    .expect("compacted");
            }
            _ => {}
        }
        let folder = tempfile::tempdir().expect("a folder");
        copied(&cloud, folder.path()).await;
        for as_of in [CLOSED, LATER] {
            let question = query
                .replacen('?', "'2024-04'", 1)
                .replace('?', &at(as_of).unix().to_string());
            let answer = Command::new(&python)
                .args(["-c", DUCKDB])
                .arg(folder.path())
                .arg(question.trim().trim_end_matches(';'))
                .output()
                .expect("DuckDB starts");
            assert!(
                answer.status.success(),
                "{}",
                String::from_utf8_lossy(&answer.stderr)
            );
            let answer: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
            let figures = figures_of_months(&cloud, [april()].into(), at(as_of)).await;
            let ours = figures.iter().map(|of| {
                serde_json::json!([
                    of.seller_id,
                    of.gmv_cents,
                    of.orders_due,
                    of.orders_fulfilled,
                    of.excluded
                ])
            });
            let theirs = answer.as_array().expect("rows").iter().map(|row| {
                let columns = [
                    "seller_id",
                    "gmv_cents",
                    "fulfilment_due",
                    "fulfilment_met",
                    "excluded",
                ];
                Value::from(columns.map(|column| row[column].clone()).to_vec())
            });
            assert_eq!(
                theirs.collect::<Vec<_>>(),
                ours.collect::<Vec<_>>(),
                "{step}, as of {as_of}"
            );
        }
    }
}

/// An interpreter that has DuckDB: `WAYMARK_PYTHON`, the bench's or the system's.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests is told what was not tested"
)]
fn python_with_duckdb() -> Option<PathBuf> {
    let bench = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-report/venv/bin/python");
    let named = std::env::var_os("WAYMARK_PYTHON").map(PathBuf::from);
    let has_duckdb = |python: &PathBuf| {
        let imported = Command::new(python).args(["-c", "import duckdb"]).output();
        imported.is_ok_and(|output| output.status.success())
    };
    let found = named
        .into_iter()
        .chain([bench, "python3".into()])
        .find(has_duckdb);
    if found.is_none() {
        eprintln!("skipped: no Python with DuckDB (`pip install duckdb`, or name one in WAYMARK_PYTHON)");
    }
    found
}
