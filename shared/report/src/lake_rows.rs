//! Rows of the lake: read, cut down to what was known as of an instant, and collapsed to one row an order or entry.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use domain::{Month, Timestamp};
use polars::prelude::*;

use crate::ReportError;

/// The files of one payment month, already fetched. Rows may repeat and lie in any of the month's files.
#[derive(Clone, Debug)]
pub struct MonthFiles {
    /// The payment month in the platform zone.
    pub month: Month,
    /// Parquet files of order rows.
    pub orders: Vec<PathBuf>,
    /// Parquet files of ledger rows.
    pub ledger: Vec<PathBuf>,
}

/// The figures that an order row carries as `<figure>_met` and `<figure>_at`.
pub(crate) const FIGURES: [&str; 5] = ["fulfilment", "upload", "pickup", "delivery", "nodes"];

/// The one column of [`ORDERS`] that may be null.
pub(crate) const EARLY_POLICY: &str = "early_policy";

/// Rows that may lie in memory uncollapsed; from then on, as many as there are collapsed ones.
const ROWS_UNCOLLAPSED_MAX: usize = 1_000_000;

/// How one kind of lake file is read.
pub(crate) struct Rows {
    /// Columns that every row fills, and their types.
    required: &'static [(&'static str, DataType)],
    /// Columns that a row may leave empty.
    nullable: &'static [(&'static str, DataType)],
    /// The rows known as of an instant, and what is kept of them.
    kept: fn(LazyFrame, Timestamp) -> LazyFrame,
    /// What makes two rows the same thing.
    key: &'static str,
    /// Of the rows of one thing the greatest by these is kept; rows that agree in them are the same row again.
    latest_by: &'static [&'static str],
    uncollapsed_max: usize,
}

/// Order rows, collapsed to each order's latest one.
///
/// Leaves `order_id`, `seller_id`, `gmv_cents`, `excluded`, `early_policy` (null unless the pack applied before its
/// date) and per figure `<figure>_due` and `<figure>_met`: decided as of the instant, and met besides. Excluded
/// orders are in no figure.
pub(crate) const ORDERS: Rows = Rows {
    required: &[
        ("order_id", DataType::String),
        ("seller_id", DataType::String),
        ("version", DataType::Int64),
        ("learned_at", DataType::Int64),
        ("policy", DataType::String),
        ("policy_early", DataType::Boolean),
        ("gmv_cents", DataType::Int64),
        ("excluded", DataType::Boolean),
        ("upload_met", DataType::Boolean),
        ("upload_at", DataType::Int64),
        ("delivery_met", DataType::Boolean),
        ("delivery_at", DataType::Int64),
    ],
    nullable: &[
        ("fulfilment_met", DataType::Boolean),
        ("fulfilment_at", DataType::Int64),
        ("pickup_met", DataType::Boolean),
        ("pickup_at", DataType::Int64),
        ("nodes_met", DataType::Boolean),
        ("nodes_at", DataType::Int64),
    ],
    kept: kept_of_an_order,
    key: "order_id",
    latest_by: &["learned_at", "version"],
    uncollapsed_max: ROWS_UNCOLLAPSED_MAX,
};

/// Ledger rows that move money: `entry_id`, `seller_id`, `fines` (1, or −1 for a reversal) and `amount_cents`.
pub(crate) const LEDGER: Rows = Rows {
    required: &[
        ("entry_id", DataType::String),
        ("seller_id", DataType::String),
        ("kind", DataType::String),
        ("amount_cents", DataType::Int64),
        ("as_of", DataType::Int64),
    ],
    nullable: &[],
    kept: kept_of_an_entry,
    key: "entry_id",
    latest_by: &["as_of"],
    uncollapsed_max: ROWS_UNCOLLAPSED_MAX,
};

fn kept_of_an_order(rows: LazyFrame, as_of: Timestamp) -> LazyFrame {
    let early_policy = when(col("policy_early"))
        .then(col("policy"))
        .otherwise(lit(NULL))
        .alias(EARLY_POLICY);
    let mut kept = [
        "order_id",
        "seller_id",
        "version",
        "learned_at",
        "gmv_cents",
        "excluded",
    ]
    .map(col)
    .to_vec();
    kept.push(early_policy);
    for figure in FIGURES {
        let decided = col(format!("{figure}_at"))
            .lt_eq(lit(as_of.unix()))
            .fill_null(lit(false));
        let due = decided.and(col("excluded").not());
        let met = due
            .clone()
            .and(col(format!("{figure}_met")).fill_null(lit(false)));
        kept.extend([
            due.alias(format!("{figure}_due")),
            met.alias(format!("{figure}_met")),
        ]);
    }
    rows.filter(known("learned_at", as_of)).select(kept)
}

fn kept_of_an_entry(rows: LazyFrame, as_of: Timestamp) -> LazyFrame {
    let is_fine = col("kind").eq(lit("fine"));
    let moves_money = is_fine.clone().or(col("kind").eq(lit("reversal")));
    let fines = when(is_fine)
        .then(lit(1))
        .otherwise(lit(-1))
        .cast(DataType::Int64)
        .alias("fines");
    let kept = [
        col("entry_id"),
        col("seller_id"),
        col("as_of"),
        fines,
        col("amount_cents"),
    ];
    rows.filter(known("as_of", as_of).and(moves_money)).select(kept)
}

/// Keeps a row without its instant too, for [`Rows::read_file`] to refuse.
fn known(learned_at: &str, as_of: Timestamp) -> Expr {
    col(learned_at).lt_eq(lit(as_of.unix())).fill_null(lit(true))
}

/// Ids of a seller's orders and of its entries.
pub(crate) type LearnedIds = (BTreeSet<String>, BTreeSet<String>);

/// By seller, the orders of `files` of which something was learned after one instant and by another, and the entries
/// posted between them.
pub(crate) fn learned_between(
    files: &[MonthFiles],
    after: Timestamp,
    until: Timestamp,
) -> Result<BTreeMap<String, LearnedIds>, ReportError> {
    let mut learned: BTreeMap<String, LearnedIds> = BTreeMap::new();
    for of_month in files {
        for path in &of_month.orders {
            for (seller, id) in ids_between(path, "order_id", "learned_at", after, until)? {
                learned.entry(seller).or_default().0.insert(id);
            }
        }
        for path in &of_month.ledger {
            for (seller, id) in ids_between(path, "entry_id", "as_of", after, until)? {
                learned.entry(seller).or_default().1.insert(id);
            }
        }
    }
    Ok(learned)
}

fn ids_between(
    path: &Path,
    id: &str,
    at: &str,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<(String, String)>, ReportError> {
    let between = col(at)
        .gt(lit(after.unix()))
        .and(col(at).lt_eq(lit(until.unix())));
    let ids = decoded(|| {
        let rows = scan(path)?.filter(between);
        let rows = rows.select([col("seller_id"), col(id)]).collect()?;
        let (sellers, ids) = (rows.column("seller_id")?.str()?, rows.column(id)?.str()?);
        let pairs = sellers.iter().zip(ids.iter());
        Ok(pairs
            .filter_map(|(seller, id)| Some((seller?.to_owned(), id?.to_owned())))
            .collect())
    });
    ids.map_err(|source| ReportError::Unreadable {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

impl Rows {
    /// The collapsed rows of `files` as of an instant; `None` without files.
    ///
    /// Collapsing is associative, so it runs whenever as many rows are new as are collapsed: memory holds the
    /// month's orders about three times over, however often they changed and in however many files.
    pub(crate) fn read(
        &self,
        files: &[PathBuf],
        month: Month,
        as_of: Timestamp,
    ) -> Result<Option<DataFrame>, ReportError> {
        let add_up = |source| ReportError::AddUp {
            month,
            source: Box::new(source),
        };
        let mut rows: Option<DataFrame> = None;
        let mut collapse_above = self.uncollapsed_max;
        for path in files {
            let new = self.read_file(path, as_of)?;
            let mut all = match rows {
                Some(known) => known.vstack(&new).map_err(add_up)?,
                None => new,
            };
            if all.height() > collapse_above {
                all = self.collapse(all).map_err(add_up)?;
                collapse_above = all.height() * 2 + self.uncollapsed_max;
            }
            rows = Some(all);
        }
        rows.map(|rows| self.collapse(rows)).transpose().map_err(add_up)
    }

    fn read_file(&self, path: &Path, as_of: Timestamp) -> Result<DataFrame, ReportError> {
        let unreadable = |source| ReportError::Unreadable {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let unfit = |column: &str| ReportError::UnfitColumn {
            path: path.to_owned(),
            column: column.to_owned(),
        };
        let (schema, rows) = decoded(|| {
            let mut rows = scan(path)?;
            Ok((rows.collect_schema()?, rows))
        })
        .map_err(unreadable)?;
        let mut columns = self.required.iter().chain(self.nullable);
        if let Some((column, _)) = columns.find(|(column, dtype)| schema.get(column) != Some(dtype)) {
            return Err(unfit(column));
        }
        let kept = decoded(|| (self.kept)(rows, as_of).collect()).map_err(unreadable)?;
        match kept
            .columns()
            .iter()
            .find(|column| column.has_nulls() && column.name() != EARLY_POLICY)
        {
            Some(column) => Err(unfit(column.name())),
            None => Ok(kept),
        }
    }

    fn collapse(&self, rows: DataFrame) -> PolarsResult<DataFrame> {
        rows.lazy()
            .sort(self.latest_by.to_vec(), SortMultipleOptions::default())
            .unique(Some(by_name([self.key], true, false)), UniqueKeepStrategy::Last)
            .collect()
    }
}

/// Polars panics at some corrupt bytes where it should fail; the file's name must not get lost over that. (At a few
/// others it aborts or reads astray: that the bytes are those once written is for the fetcher's checksums to prove.)
fn decoded<T>(decode: impl FnOnce() -> PolarsResult<T>) -> PolarsResult<T> {
    // What a panic leaves half done is dropped with the closure.
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(polars_err!(ComputeError: "the Parquet decoder panicked")))
}

fn scan(path: &Path) -> PolarsResult<LazyFrame> {
    // A path is a path: neither a pattern, nor a source of columns.
    let args = ScanArgsParquet {
        glob: false,
        hive_options: HiveOptions::new_disabled(),
        ..Default::default()
    };
    LazyFrame::scan_parquet(PlRefPath::try_from_path(path)?, args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collapsing_in_portions_keeps_what_collapsing_at_once_keeps() {
        let folder = tempfile::tempdir().expect("a folder");
        let files: Vec<_> = (0..9_i64).map(|file| ledger_file(folder.path(), file)).collect();
        let (month, as_of) = ("2024-04".parse().expect("a month"), Timestamp::from_unix(7));
        let read = |rows: &Rows| {
            let rows = rows.read(&files, month, as_of).expect("readable").expect("files");
            rows.lazy()
                .sort(["entry_id"], SortMultipleOptions::default())
                .collect()
                .expect("sorted")
        };
        let at_once = read(&LEDGER);
        let in_portions = read(&Rows {
            uncollapsed_max: 2,
            ..LEDGER
        });
        assert_eq!(
            at_once.height(),
            8,
            "the entries 0–7 of files 0–7; the rest came later"
        );
        assert!(at_once.equals(&in_portions));
    }

    #[test]
    fn a_panic_of_the_decoder_is_an_error() {
        let decoded: PolarsResult<()> = decoded(|| panic!("a stand-in for the decoder's"));
        assert!(matches!(decoded, Err(PolarsError::ComputeError(_))));
    }

    /// Entries 0..=`file`, each as of its number.
    fn ledger_file(folder: &Path, file: i64) -> PathBuf {
        let numbers: Vec<_> = (0..=file).collect();
        let mut rows = df!(
            "entry_id" => numbers.iter().map(|number| format!("entry.{number}")).collect::<Vec<_>>(),
            "seller_id" => vec!["shop"; numbers.len()],
            "kind" => vec!["fine"; numbers.len()],
            "amount_cents" => numbers.clone(),
            "as_of" => numbers,
        )
        .expect("a frame");
        let path = folder.join(format!("{file}.parquet"));
        let out = std::fs::File::create(&path).expect("a file");
        ParquetWriter::new(out).finish(&mut rows).expect("written");
        path
    }
}
