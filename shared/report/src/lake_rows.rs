//! The lake's files of a month, and which orders and entries were learned of between two instants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use domain::{Month, Timestamp, shard_hash};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::record::Field;
use parquet::schema::types::Type;
use serde::{Deserialize, Serialize};

use crate::{Part, ReportError};

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

/// How many there are, and the first of them in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// All of them.
    pub count: usize,
    /// At most 20.
    pub first: Vec<String>,
}

/// Names in one place; the rest are counted.
const NAMED_MAX: usize = 20;

impl Named {
    pub(crate) fn of(names: BTreeSet<String>) -> Self {
        Self {
            count: names.len(),
            first: names.into_iter().take(NAMED_MAX).collect(),
        }
    }

    /// Adds others, of which none is among these.
    fn merge(&mut self, others: Self) {
        self.count += others.count;
        self.first.extend(others.first);
        self.first.sort_unstable();
        self.first.truncate(NAMED_MAX);
    }
}

/// What was learned of a seller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LearnedOfSeller {
    pub(crate) orders: Named,
    pub(crate) entries: Named,
}

/// By seller, the orders of which something was learned after one instant and by another, and the entries posted between
/// them: of some months, or of a part of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// The earlier instant.
    pub since: Timestamp,
    pub(crate) sellers: BTreeMap<String, LearnedOfSeller>,
}

impl Learned {
    /// Adds another part of the same months.
    pub fn merge(&mut self, other: Self) {
        for (seller, learned) in other.sellers {
            let of_seller = self.sellers.entry(seller).or_default();
            of_seller.orders.merge(learned.orders);
            of_seller.entries.merge(learned.entries);
        }
    }
}

/// Of a part of months, whose files these are, what was learned after one instant and by another.
///
/// # Errors
/// [`ReportError`] for a file that cannot be read or holds no rows of the lake, by its name.
pub fn learned(
    files: &[MonthFiles],
    since: Timestamp,
    until: Timestamp,
    part: Part,
) -> Result<Learned, ReportError> {
    // An id lies in rows of many files.
    let mut ids: BTreeMap<String, [BTreeSet<String>; 2]> = BTreeMap::new();
    for of_month in files {
        for (kind, paths, id, at) in [
            (0, &of_month.orders, "order_id", "learned_at"),
            (1, &of_month.ledger, "entry_id", "as_of"),
        ] {
            for path in paths {
                for (seller, id) in ids_between(path, id, at, since, until)? {
                    if part.has(shard_hash(id.as_bytes())) {
                        ids.entry(seller).or_default()[kind].insert(id);
                    }
                }
            }
        }
    }
    let sellers = ids.into_iter().map(|(seller, [orders, entries])| {
        let learned = LearnedOfSeller {
            orders: Named::of(orders),
            entries: Named::of(entries),
        };
        (seller, learned)
    });
    Ok(Learned {
        since,
        sellers: sellers.collect(),
    })
}

/// Sellers and ids of the rows whose `at` lies after one instant and not after another.
fn ids_between(
    path: &Path,
    id: &str,
    at: &str,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<(String, String)>, ReportError> {
    let ids = decoded(|| {
        let reader = SerializedFileReader::new(File::open(path)?)?;
        let wanted = projection(reader.metadata().file_metadata().schema(), &["seller_id", id, at])?;
        let mut ids = Vec::new();
        for group in 0..reader.num_row_groups() {
            let group = reader.get_row_group(group)?;
            // Most of what is compacted was known before.
            if greatest(group.metadata(), at).is_some_and(|greatest| greatest <= after.unix()) {
                continue;
            }
            for row in group.get_row_iter(Some(wanted.clone()))? {
                let row = row?;
                let (mut seller, mut named, mut instant) = (None, None, None);
                for (name, field) in row.get_column_iter() {
                    match field {
                        Field::Long(value) if name == at => instant = Some(*value),
                        Field::Str(text) if name == id => named = Some(text),
                        Field::Str(text) if name == "seller_id" => seller = Some(text),
                        _ => {}
                    }
                }
                if let (Some(seller), Some(named), Some(instant)) = (seller, named, instant)
                    && instant > after.unix()
                    && instant <= until.unix()
                {
                    ids.push((seller.clone(), named.clone()));
                }
            }
        }
        Ok(ids)
    });
    ids.map_err(|source| ReportError::Unreadable {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// The greatest value of a column of integers, where the statistics of a row group tell it.
fn greatest(group: &RowGroupMetaData, column: &str) -> Option<i64> {
    let mut columns = group.columns().iter();
    let column = columns.find(|found| found.column_path().string() == column)?;
    match column.statistics()? {
        Statistics::Int64(of) => of.max_opt().copied(),
        _ => None,
    }
}

/// The columns of these names, of which none may be missing.
fn projection(schema: &Type, names: &[&str]) -> Result<Type, ParquetError> {
    let fields = schema.get_fields().iter();
    let fields: Vec<_> = fields
        .filter(|field| names.contains(&field.name()))
        .cloned()
        .collect();
    if fields.len() != names.len() {
        return Err(ParquetError::General(format!("not all of {names:?} are columns")));
    }
    Type::group_type_builder(schema.name())
        .with_fields(fields)
        .build()
}

/// The decoder panics at some corrupt bytes where it should fail; the file's name must not get lost over that.
fn decoded<T>(decode: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    // What a panic leaves half done is dropped with the closure.
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(ParquetError::General("the Parquet decoder panicked".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_decoder_is_an_error() {
        let decoded: Result<(), ParquetError> = decoded(|| panic!("a stand-in for the decoder's"));
        assert!(matches!(decoded, Err(ParquetError::General(_))));
    }
}
