//! The lake's files of a month, and which orders and entries were learned of between two instants.

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
    fn a_panic_of_the_decoder_is_an_error() {
        let decoded: PolarsResult<()> = decoded(|| panic!("a stand-in for the decoder's"));
        assert!(matches!(decoded, Err(PolarsError::ComputeError(_))));
    }
}
