//! The digest's promises, through the crate's front door: orders are seen, watches merge, and what comes out is read.

mod board;
mod carriers;
mod made;
mod page;
mod shadow;
mod workbook;
