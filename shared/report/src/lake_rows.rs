//! The lake's files of a month, and which orders and entries were learned of between two instants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use domain::{Month, Timestamp};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;

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
        for row in reader.get_row_iter(Some(wanted))? {
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
        Ok(ids)
    });
    ids.map_err(|source| ReportError::Unreadable {
        path: path.to_owned(),
        source: Box::new(source),
    })
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
