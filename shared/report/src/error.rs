//! What can go wrong: a file of the lake, or the writing of the report.

use std::path::PathBuf;

use domain::Month;
use polars::error::PolarsError;
use rust_xlsxwriter::XlsxError;

/// Why there is no report. Reading the same files again gives the same error.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Missing, cut off, corrupt, or no Parquet at all.
    #[error("failed to read the lake file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What its reader says of it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Readable Parquet, but not rows of the lake.
    #[error("lake file {}: column `{column}` is missing, of another type, or empty where every row needs a value", path.display())]
    UnfitColumn {
        /// The file.
        path: PathBuf,
        /// The first column that does not fit.
        column: String,
    },
    /// A seller that no upload can have named.
    #[error("the lake rows of {month} name the seller `{seller}`, which is no seller id")]
    SellerInvalid {
        /// The month of the files.
        month: Month,
        /// The text as it stands there.
        seller: String,
    },
    /// An earlier revision's Parquet file.
    #[error("failed to read a revision of the report")]
    Revision {
        /// What Polars says of it.
        source: Box<PolarsError>,
    },
    /// No room for the workbook's temporary files.
    #[error("failed to write the report as a workbook")]
    Workbook {
        /// What the writer says of it.
        source: Box<XlsxError>,
    },
    /// The destination took no bytes, or the rows fit no table.
    #[error("failed to write the report as {form}")]
    Write {
        /// `csv` or `parquet`.
        form: &'static str,
        /// What Polars says of it.
        source: Box<PolarsError>,
    },
}
