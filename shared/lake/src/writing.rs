//! The lake's rows, written as Parquet: the same rows give the same bytes.

use std::io::Write;
use std::marker::PhantomData;

use aws_sdk_s3::error::BoxError;
use parquet::basic::{Compression, Encoding, Type, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::RecordWriter;
use parquet::schema::types::{ColumnPath, TypePtr};

use crate::LakeError;
use crate::rows::OrderRow;

/// A kind of row that can be written.
pub(crate) trait WriteRow: Sized {
    /// Writes rows into a row group.
    fn write<W: Write + Send>(
        rows: &[Self],
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError>;

    /// The schema of its files.
    fn schema() -> Result<TypePtr, ParquetError>;
}

impl<R> WriteRow for R
where
    for<'a> &'a [R]: RecordWriter<R>,
{
    fn write<W: Write + Send>(
        rows: &[Self],
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        rows.write_to_row_group(group)
    }

    fn schema() -> Result<TypePtr, ParquetError> {
        RecordWriter::schema(&&[][..])
    }
}

/// What a file says of itself, by a name.
#[derive(Clone, Debug)]
pub(crate) struct Mark(pub(crate) &'static str, pub(crate) String);

/// A file that is being written, a row group at a time.
pub(crate) struct RowFile<R, W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: PhantomData<R>,
}

impl<R: WriteRow, W: Write + Send> RowFile<R, W> {
    pub(crate) fn begin(into: W, marks: &[Mark]) -> Result<Self, BoxError> {
        let marks = marks
            .iter()
            .map(|Mark(name, value)| KeyValue::new((*name).to_owned(), value.clone()));
        let schema = R::schema()?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by("waymark".to_owned())
            .set_key_value_metadata(Some(marks.collect()));
        for column in integers_of(&schema) {
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
        }
        Ok(Self {
            writer: SerializedFileWriter::new(into, schema, properties.build().into())?,
            rows: PhantomData,
        })
    }

    /// Writes a row group; without rows, none.
    pub(crate) fn write(&mut self, rows: &[R]) -> Result<(), BoxError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        R::write(rows, &mut group)?;
        group.close()?;
        Ok(())
    }

    /// Ends the file; gives what it was written into.
    pub(crate) fn end(self) -> Result<W, BoxError> {
        Ok(self.writer.into_inner()?)
    }
}

/// Instants and amounts lie close to one another but seldom repeat: as differences they take half of the bytes that a
/// dictionary of them takes, and less time to read.
fn integers_of(schema: &TypePtr) -> impl Iterator<Item = ColumnPath> {
    let columns = schema.get_fields().iter();
    let integers = columns.filter(|column| column.get_physical_type() == Type::INT64);
    integers.map(|column| ColumnPath::from(column.name()))
}

/// Rows as one Parquet file of one row group.
pub(crate) fn parquet_of<R: WriteRow>(rows: &[R]) -> Result<Vec<u8>, LakeError> {
    encoded(&[rows], &[])
}

/// Order rows as the file of a batch.
///
/// # Errors
/// [`LakeError::Encode`] when the rows do not encode: a bug.
pub fn order_batch(rows: &[OrderRow]) -> Result<Vec<u8>, LakeError> {
    parquet_of(rows)
}

/// Rows as one Parquet file of several row groups, with marks.
pub(crate) fn parquet_of_groups<R: WriteRow>(
    groups: &[Vec<R>],
    marks: &[Mark],
) -> Result<Vec<u8>, LakeError> {
    let groups: Vec<_> = groups.iter().map(Vec::as_slice).collect();
    encoded(&groups, marks)
}

fn encoded<R: WriteRow>(groups: &[&[R]], marks: &[Mark]) -> Result<Vec<u8>, LakeError> {
    let encode = || -> Result<Vec<u8>, BoxError> {
        let mut file = RowFile::<R, _>::begin(Vec::new(), marks)?;
        for rows in groups {
            file.write(rows)?;
        }
        file.end()
    };
    encode().map_err(|source| LakeError::Encode {
        what: "Parquet rows",
        source,
    })
}
