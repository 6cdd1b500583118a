//! Uploads: bytes → rows → checked rows with typed facts.
//!
//! [`open`] tells what a file is, understands its header and hands out its rows one by one in bounded memory; [`check()`]
//! reads one row into a [`Fact`] and says everything that follows from the row alone; [`RejectedWriter`] writes the
//! refused rows back for their sender. What needs the order that a row is about is the domain's.
//!
//! Holds no clock, no network and no store. A bad file or row is a result ([`FileError`], `Finding`), never a panic;
//! reaching a limit is reported, never silent.

mod about;
mod amount;
mod auto;
mod bare_number;
pub mod cell;
mod check;
mod chunk;
mod decisions;
mod delimited;
mod file;
mod filled;
mod foreign;
mod header;
mod hint;
mod input;
mod json_lines;
mod kind;
mod limits;
mod mask;
mod mentions;
mod number;
mod object;
mod placeholder;
mod precision;
pub mod rejected;
mod repaired;
mod row;
mod sample;
mod sheet;
mod status;
mod survey;
mod times;
mod title;
mod totals;
mod upload;
mod zones;

mod appeals;
mod events;
mod orders;
mod rates;
mod sellers;
mod statement;
mod tracking;

pub use about::{About, Compression, Encoding, Format};
pub use auto::{AUTO, kind_of_file};
pub use bare_number::bare_number;
pub use check::{CheckedRow, Context, Fact, Remark, Trust, check};
pub use chunk::{Chunk, Spot};
pub use decisions::Decisions;
pub use file::{FileError, UploadError};
pub use filled::Filled;
pub use header::Columns;
pub use kind::{Column, Kind, Need};
pub use limits::Limits;
pub use mask::Mask;
pub use mentions::Mentions;
pub use number::{fault_of_number, with_lost_zero};
pub use rejected::{RejectedForm, RejectedLine, RejectedWriter, Written};
pub use repaired::{NoRoom, RepairError, RepairedWriter, SHEET_ROWS_MAX, TO_DO_COLUMN};
pub use row::{CellMark, RawRow};
pub use survey::{Survey, survey};
pub use times::assumed_times;
pub use upload::{TOTALS_ROWS_MAX, Upload, open, open_filled, open_surveyed};
pub use zones::{Assumed, AssumedTimes, FileZone, stated_zone};
