//! A Parquet file of the lake: its columns by name, what its statistics spare, and its marks.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::basic::{ConvertedType, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;

use super::latest::Part;
use crate::ReportError;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Truth,
}

/// How a column must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// In every row.
    Required,
    /// In every file; a row may leave it empty.
    Nullable,
    /// Not in files of earlier releases, or of others.
    Optional,
}

/// A column of a kind of file.
pub(super) type ColumnRule = (&'static str, Kind, Presence);

/// One bucket of a set of files that hold a month's orders between them, each order in one file and one row for each
/// stretch of time in which the lake showed it: `superseded_at` says to when. So no rows need to be collapsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) set: String,
    pub(super) part: Part,
}

pub(super) struct LakeFile {
    pub(super) reader: SerializedFileReader<File>,
    path: PathBuf,
    /// Where each column of the rule stands in the file.
    places: Vec<Option<usize>>,
    rules: &'static [ColumnRule],
}

impl LakeFile {
    pub(super) fn open(path: &Path, rules: &'static [ColumnRule]) -> Result<Self, ReportError> {
        let file = File::open(path).map_err(|source| unreadable(path, source))?;
        let reader = SerializedFileReader::new(file).map_err(|source| unreadable(path, source))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let mut places = Vec::with_capacity(rules.len());
        for (name, kind, presence) in rules {
            let place = (schema.columns().iter()).position(|column| column.path().string() == *name);
            let fits = match place {
                Some(place) => {
                    let column = schema.column(place);
                    column.max_rep_level() == 0
                        && column.max_def_level() <= 1
                        && match kind {
                            Kind::Text => {
                                column.physical_type() == Type::BYTE_ARRAY
                                    && column.converted_type() == ConvertedType::UTF8
                            }
                            Kind::Integer => {
                                column.physical_type() == Type::INT64
                                    && matches!(
                                        column.converted_type(),
                                        ConvertedType::NONE | ConvertedType::INT_64
                                    )
                            }
                            Kind::Truth => column.physical_type() == Type::BOOLEAN,
                        }
                }
                None => *presence == Presence::Optional,
            };
            if !fits {
                return Err(unfit(path, name));
            }
            places.push(place);
        }
        Ok(Self {
            reader,
            path: path.to_owned(),
            places,
            rules,
        })
    }

    /// Where a column of the rule stands in the file.
    pub(super) fn place(&self, column: usize) -> Option<usize> {
        self.places[column]
    }

    pub(super) fn unfit(&self, column: usize) -> ReportError {
        unfit(&self.path, self.rules[column].0)
    }

    pub(super) fn unreadable(&self, source: ParquetError) -> ReportError {
        unreadable(&self.path, source)
    }

    pub(super) fn group(&self, group: usize) -> &RowGroupMetaData {
        self.reader.metadata().row_group(group)
    }

    pub(super) fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// What the file says it holds of a set; `None` for a batch as it came.
    pub(super) fn bucket(&self) -> Option<Bucket> {
        let marks = self.reader.metadata().file_metadata().key_value_metadata()?;
        let mark = |key: &str| {
            let mark = marks.iter().find(|mark| mark.key == key)?;
            mark.value.clone()
        };
        Some(Bucket {
            set: mark("waymark.set")?,
            part: Part {
                bucket: mark("waymark.bucket")?.parse().ok()?,
                buckets: mark("waymark.buckets")?
                    .parse()
                    .ok()
                    .filter(|count: &u32| count.is_power_of_two())?,
            },
        })
    }
}

fn unfit(path: &Path, column: &str) -> ReportError {
    ReportError::UnfitColumn {
        path: path.to_owned(),
        column: column.to_owned(),
    }
}

pub(super) fn unreadable(
    path: &Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> ReportError {
    ReportError::Unreadable {
        path: path.to_owned(),
        source: source.into(),
    }
}

/// What a row group's statistics say of a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent<T> {
    /// The least and the greatest value, where there is one.
    pub(super) between: Option<(T, T)>,
    /// Empty cells.
    pub(super) nulls: Option<u64>,
}

pub(super) fn extent_of_integers(group: &RowGroupMetaData, place: usize) -> Extent<i64> {
    match group.column(place).statistics() {
        Some(Statistics::Int64(of)) => Extent {
            between: of.min_opt().copied().zip(of.max_opt().copied()),
            nulls: of.null_count_opt(),
        },
        _ => Extent::default(),
    }
}

pub(super) fn extent_of_truths(group: &RowGroupMetaData, place: usize) -> Extent<bool> {
    match group.column(place).statistics() {
        Some(Statistics::Boolean(of)) => Extent {
            between: of.min_opt().copied().zip(of.max_opt().copied()),
            nulls: of.null_count_opt(),
        },
        _ => Extent::default(),
    }
}
