//! The month's report: rows of the lake → the figures of a month → who is eligible (C1) → Parquet, csv, a page and a workbook.
//!
//! Pure: reads local files that its caller has fetched and knows no AWS, no async and no clock. The same rows
//! give the same bytes, whatever their order, their repetitions and the files they are spread over.
//!
//! # Rows in
//!
//! *Orders*, one row per change of an order; only these columns are read, all but the nullable ones (`?`) required:
//! `order_id` utf8, `seller_id` utf8, `version` i64, `learned_at` i64, `policy` utf8, `policy_early` bool (the pack
//! applied before its date), `gmv_cents` i64 (0 when excluded), `excluded` bool, and per figure a pair that the rules
//! derived when the row was written: `fulfilment_met` bool?, `fulfilment_at` i64?, `upload_met`, `upload_at`,
//! `pickup_met`?, `pickup_at`?, `delivery_met`, `delivery_at`, `nodes_met`?, `nodes_at`?. Instants are Unix seconds.
//! As of T an order is its row with the greatest (`learned_at`, `version`) among those learned by T, and does not
//! exist without one; a figure counts when `*_at <= T`. No rule is implemented anew here. Files of earlier releases lack
//! `destination` utf8, `carrier` utf8?, `nodes_missing` utf8? (what is told of them is then missing in the breakdown) and
//! `superseded_at` i64? (until when the row was the latest of its order, in a compacted file).
//!
//! *Ledger*, one row per entry: `entry_id` utf8, `seller_id` utf8, `kind` utf8, `amount_cents` i64 (negative in
//! reversals), `as_of` i64. As of T the entries with `as_of <= T` stand.
//!
//! Columns beyond these are not looked at. The month of a file is what its caller says: a ledger row does not know
//! when its order was paid. That a file's bytes are whole is its fetcher's to prove (checksums): the decoder finds a cut
//! file and much other damage, which is then an error with the file's name, but not each flipped bit.
//!
//! # Rows out
//!
//! One row a seller who has an order in `month` or one of the two months before it (`m1`, `m2`), or papers, sorted by seller.
//!
//! | column | Parquet | |
//! |---|---|---|
//! | `seller_id`, `month` | utf8 | |
//! | `gmv_usd`, `gmv_m1`, `gmv_m2` | i64, named `…_cents` | a decimal in csv |
//! | `gmv_avg_usd` | i64, named `…_cents` | over C1's months, floor to the cent; the decision compares the sum |
//! | `orders_due`, `orders_fulfilled` | i64 | |
//! | `fulfilment_rate_bp`, `rate_bp_m1`, `rate_bp_m2` | i64? | floor basis points; empty when nothing is due |
//! | `on_time_delivery_bp`, `node_complete_bp`, `upload_on_time_bp`, `pickup_on_time_bp` | i64? | B4, B2, A1, B1 |
//! | `fines_count` | i64 | fines less reversals, of all orders paid in the month |
//! | `fines_usd` | i64, named `fines_usd_cents` | a decimal in csv |
//! | `class_ka`, `class_local`, `class_sensitive` | bool | C1; C2 and C3 by the papers in force at the month's end |
//! | `eligible`, `final` | bool | any class, unless C4 refuses the seller |
//! | `reasons_en`, `reasons_zh` | utf8 | the numbers that decided |
//! | `orders_excluded`, `orders_pending` | i64 | |
//! | `policy`, `as_of`, `admission` | utf8 | the deciding pack; RFC 3339; the deciding pack of admission (C) |
//!
//! A report is kept as revisions: [`Manifest`] says what one was made from and what it is, [`changes()`] what it says
//! otherwise than the one before it, and why.
//!
//! [`orders_by_name()`] reads the report's month once more, `paid_at` i64, `first_upload_at` i64?, `late_pickup_at` i64? and
//! `unconfirmed` bool? with it (the last three are not in files of earlier releases), for the orders that missed fulfilment
//! ([`FailedOrders`]), those that their seller alone stated and, while the month runs, those that decide whether it is kept
//! ([`Rescue`]).

mod breakdown;
mod c1;
mod changes;
mod cited;
mod classes;
mod decision;
mod error;
mod failed;
mod figures;
mod fold;
mod forecast;
mod kept;
mod lacking;
mod lake_rows;
mod manifest;
mod month_report;
mod names;
mod page;
mod prospect;
mod reason;
mod rescue;
mod standing;
mod table;
mod totals;
mod workbook;

pub use breakdown::{Breakdown, Slice, Slices};
pub use c1::{final_from, window};
pub use changes::{BeforeAndAfter, Changes, Revision, RevisionNote, SellerChange, changes};
pub use cited::{CitedAdmission, FulfilmentDefinition};
pub use decision::decide;
pub use error::ReportError;
pub use failed::{FailedOrders, SellerFailed, SellerUnconfirmed};
pub use figures::{MonthFigures, Tally, figures_of};
pub use fold::{
    BySeller, Detail, FailedOrder, Folded, Miss, Missing, NamedOrder, OrdersByName, Part, SellersWanted,
    Stretch, UnconfirmedOrder, Undecided, UndecidedOrder, Wanted, fold, orders_by_name,
};
pub use forecast::Forecast;
pub use kept::{Kept, KeptPart};
pub use lacking::Lacking;
pub use lake_rows::{Learned, MonthFiles, Named, learned};
pub use manifest::{FileDigest, Manifest, PAPERS};
pub use month_report::{Limits, MonthReport, SellerMonth, eligibility};
pub use names::CarrierNames;
pub use page::html;
pub use rescue::{Rescue, SellerRescue};
pub use standing::{Risk, Standing};
pub use table::{write_csv, write_parquet};
pub use totals::MonthTotals;
pub use workbook::xlsx;
