//! Uploads: bytes → rows → checked rows with typed facts.
//!
//! [`open`] tells what a file is, understands its header and hands out its rows one by one in bounded memory; [`check()`]
//! reads one row into a [`Fact`] and says everything that follows from the row alone; [`RejectedWriter`] writes the
//! refused rows back for their sender. What needs the order that a row is about is the domain's.
//!
//! Holds no clock, no network and no store. A bad file or row is a result ([`FileError`], `Finding`), never a panic;
//! reaching a limit is reported, never silent.

pub mod cell;
mod check;
mod file;
mod header;
mod input;
mod kind;
mod limits;
mod number;
mod reader;
pub mod rejected;
mod row;

mod appeals;
mod events;
mod orders;
mod rates;
mod tracking;

pub use check::{CheckedRow, Context, Fact, Trust, check};
pub use file::{FileError, UploadError};
pub use header::Columns;
pub use kind::{Column, Kind, Need};
pub use limits::Limits;
pub use reader::{Upload, open};
pub use rejected::RejectedWriter;
pub use row::{CellMark, RawRow};
