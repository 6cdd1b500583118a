//! The lake's rows, read back from Parquet: of this release and of earlier ones, whose files lack some columns.

use std::fs::File;
use std::path::Path;

use aws_sdk_s3::error::BoxError;
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use crate::rows::{EntryRow, OrderRow};

/// A kind of row that can be read back.
pub(crate) trait ReadRow: Sized {
    /// The rows of a row group; `None` where a cell is empty that must not be.
    fn read(columns: &Columns<'_>) -> Result<Option<Vec<Self>>, BoxError>;
}

/// How many rows a file holds.
pub(crate) fn count_rows(path: &Path) -> Result<u64, BoxError> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    Ok(u64::try_from(reader.metadata().file_metadata().num_rows())?)
}

/// The rows of a file, a row group at a time.
pub(crate) fn row_groups<R: ReadRow>(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Vec<R>, BoxError>>, BoxError> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    Ok((0..reader.num_row_groups()).map(move |group| {
        let group = reader.get_row_group(group)?;
        let columns = Columns {
            rows: usize::try_from(group.metadata().num_rows())?,
            group: &*group,
        };
        R::read(&columns)?.ok_or_else(|| "a row lacks what every row has".into())
    }))
}

/// The columns of a row group.
pub(crate) struct Columns<'a> {
    group: &'a dyn RowGroupReader,
    rows: usize,
}

impl Columns<'_> {
    fn cells<T: DataType>(&self, name: &str) -> Result<std::vec::IntoIter<Option<T::T>>, ParquetError> {
        let metadata = self.group.metadata();
        let mut columns = metadata.columns().iter();
        let Some(place) = columns.position(|column| column.column_path().string() == name) else {
            return Ok(vec![None; self.rows].into_iter());
        };
        let descriptor = metadata.column(place).column_descr();
        if descriptor.physical_type() != T::get_physical_type() || descriptor.max_rep_level() > 0 {
            return Err(ParquetError::General(format!("column {name} is of another type")));
        }
        let mut reader = get_typed_column_reader::<T>(self.group.get_column_reader(place)?);
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (read, _, _) = reader.read_records(self.rows, Some(&mut levels), None, &mut values)?;
        if read != self.rows {
            return Err(ParquetError::EOF(format!("column {name} ends early")));
        }
        if descriptor.max_def_level() == 0 {
            return Ok(values.into_iter().map(Some).collect::<Vec<_>>().into_iter());
        }
        let mut values = values.into_iter();
        let cells = levels
            .into_iter()
            .map(|level| if level > 0 { values.next() } else { None });
        Ok(cells.collect::<Vec<_>>().into_iter())
    }

    fn integers(&self, name: &str) -> Result<std::vec::IntoIter<Option<i64>>, ParquetError> {
        self.cells::<Int64Type>(name)
    }

    fn truths(&self, name: &str) -> Result<std::vec::IntoIter<Option<bool>>, ParquetError> {
        self.cells::<BoolType>(name)
    }

    fn bytes(&self, name: &str) -> Result<std::vec::IntoIter<Option<ByteArray>>, ParquetError> {
        self.cells::<ByteArrayType>(name)
    }

    fn texts(&self, name: &str) -> Result<std::vec::IntoIter<Option<String>>, BoxError> {
        let texts = self.bytes(name)?.map(|cell| {
            let text = cell.map(|bytes| String::from_utf8(bytes.data().to_vec()));
            text.transpose()
        });
        Ok(texts.collect::<Result<Vec<_>, _>>()?.into_iter())
    }
}

impl ReadRow for OrderRow {
    fn read(columns: &Columns<'_>) -> Result<Option<Vec<Self>>, BoxError> {
        let [mut order_id, mut seller_id, mut destination, mut policy] = [
            columns.texts("order_id")?,
            columns.texts("seller_id")?,
            columns.texts("destination")?,
            columns.texts("policy")?,
        ];
        let [mut nodes_missing, mut carrier] = [columns.texts("nodes_missing")?, columns.texts("carrier")?];
        let [mut version, mut learned_at, mut paid_at, mut gmv_cents] = [
            columns.integers("version")?,
            columns.integers("learned_at")?,
            columns.integers("paid_at")?,
            columns.integers("gmv_cents")?,
        ];
        let [mut policy_early, mut excluded] = [columns.truths("policy_early")?, columns.truths("excluded")?];
        let [
            mut fulfilment_met,
            mut upload_met,
            mut pickup_met,
            mut delivery_met,
            mut nodes_met,
        ] = [
            columns.truths("fulfilment_met")?,
            columns.truths("upload_met")?,
            columns.truths("pickup_met")?,
            columns.truths("delivery_met")?,
            columns.truths("nodes_met")?,
        ];
        let [
            mut fulfilment_at,
            mut upload_at,
            mut pickup_at,
            mut delivery_at,
            mut nodes_at,
        ] = [
            columns.integers("fulfilment_at")?,
            columns.integers("upload_at")?,
            columns.integers("pickup_at")?,
            columns.integers("delivery_at")?,
            columns.integers("nodes_at")?,
        ];
        let [mut first_upload_at, mut late_pickup_at] = [
            columns.integers("first_upload_at")?,
            columns.integers("late_pickup_at")?,
        ];
        let mut unconfirmed = columns.truths("unconfirmed")?;
        let (mut superseded_at, mut state) = (columns.integers("superseded_at")?, columns.bytes("state")?);
        let rows = (0..columns.rows).map(|_| {
            Some(Self {
                order_id: order_id.next()??,
                seller_id: seller_id.next()??,
                version: version.next()??,
                learned_at: learned_at.next()??,
                paid_at: paid_at.next()??,
                destination: destination.next()??,
                policy: policy.next()??,
                policy_early: policy_early.next()??,
                gmv_cents: gmv_cents.next()??,
                excluded: excluded.next()??,
                fulfilment_met: fulfilment_met.next()?,
                fulfilment_at: fulfilment_at.next()?,
                upload_met: upload_met.next()??,
                upload_at: upload_at.next()??,
                pickup_met: pickup_met.next()?,
                pickup_at: pickup_at.next()?,
                delivery_met: delivery_met.next()??,
                delivery_at: delivery_at.next()??,
                nodes_met: nodes_met.next()?,
                nodes_at: nodes_at.next()?,
                nodes_missing: nodes_missing.next()?,
                carrier: carrier.next()?,
                first_upload_at: first_upload_at.next()?,
                late_pickup_at: late_pickup_at.next()?,
                unconfirmed: unconfirmed.next()?,
                superseded_at: superseded_at.next()?,
                state: state.next()??.data().to_vec(),
            })
        });
        Ok(rows.collect())
    }
}

impl ReadRow for EntryRow {
    fn read(columns: &Columns<'_>) -> Result<Option<Vec<Self>>, BoxError> {
        let [
            mut entry_id,
            mut order_id,
            mut seller_id,
            mut clause,
            mut kind,
            mut policy,
            mut document,
        ] = [
            columns.texts("entry_id")?,
            columns.texts("order_id")?,
            columns.texts("seller_id")?,
            columns.texts("clause")?,
            columns.texts("kind")?,
            columns.texts("policy")?,
            columns.texts("document")?,
        ];
        let [mut amount_cents, mut as_of, mut effective_at] = [
            columns.integers("amount_cents")?,
            columns.integers("as_of")?,
            columns.integers("effective_at")?,
        ];
        let rows = (0..columns.rows).map(|_| {
            Some(Self {
                entry_id: entry_id.next()??,
                order_id: order_id.next()??,
                seller_id: seller_id.next()??,
                clause: clause.next()??,
                kind: kind.next()??,
                amount_cents: amount_cents.next()??,
                as_of: as_of.next()??,
                effective_at: effective_at.next()??,
                policy: policy.next()??,
                document: document.next()??,
            })
        });
        Ok(rows.collect())
    }
}
