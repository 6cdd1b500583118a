//! What a clerk gets in the morning: the deadline board, the night's fines, the carriers and, where there is one, the
//! night under a shadow policy, in English and Chinese.
//!
//! The figures are gathered order by order by [`Watch`], which rides along on whichever pass looks at the live orders; two
//! watches merge into one, in any split and order. [`Digest`] puts them beside the night's entries, and is written as
//! JSON, as a page ([`html()`]) and as a workbook ([`xlsx()`]).
//!
//! Pure: no I/O, no clock. Everything kept is bounded, whatever the number of orders; counts and sums stay exact.

mod board;
mod carriers;
mod fines;
mod histogram;
mod html;
mod reason;
mod shadow;
mod watch;
mod words;
mod xlsx;

use chrono::NaiveDate;
use domain::{PolicyBook, Timestamp};
use serde::Serialize;

pub use board::{Board, BoardRow, HORIZONS_HOURS, Sum, Totals};
pub use carriers::{CarrierFigures, CarrierRow};
pub use fines::{Fines, SellerFines};
pub use histogram::{BOUNDS_MINUTES, Histogram};
pub use html::html;
pub use reason::{kind_words, reason};
pub use shadow::{SELLERS_NAMED_MAX, SellerCompared, Shadow, ShadowFigures, ShadowName, ShadowPolicy};
pub use watch::{Part, Watch};
pub use words::{Words, beijing, carrier_words, left, pacific, short};
pub use xlsx::{XlsxFailed, xlsx};

/// The morning's digest of one night.
#[derive(Clone, Debug, Serialize)]
pub struct Digest {
    /// The form of this document.
    pub schema: &'static str,
    /// The night's instant.
    pub as_of: Timestamp,
    /// The day (platform zone) on which it is read.
    pub date: NaiveDate,
    /// Stretches of the pass over the live orders that are missing: what lies in them is on no board.
    pub missing: Vec<Missing>,
    /// What is near.
    pub board: Board,
    /// What the night posted.
    pub fines: Fines,
    /// The carriers, the worst first.
    pub carriers: Vec<CarrierRow>,
    /// The night under a shadow policy, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowFigures>,
}

/// A stretch of the pass over the live orders of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The segment, from 0.
    pub segment: u32,
    /// How many segments the pass has.
    pub segments: u32,
    /// After which order; from the segment's start when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Digest {
    /// The digest of what a pass gathered and what its night posted.
    pub fn new(watch: Watch, missing: Vec<Missing>, fines: Fines, book: &PolicyBook) -> Self {
        let as_of = watch.as_of;
        Self {
            schema: "waymark.digest/1",
            as_of,
            date: as_of.date_in(book.zone),
            missing,
            shadow: watch
                .shadow
                .map(|shadow| ShadowFigures::new(shadow, watch.orders, book)),
            carriers: carriers::ranked(watch.carriers),
            board: watch.board,
            fines: fines.sorted(),
        }
    }
}
