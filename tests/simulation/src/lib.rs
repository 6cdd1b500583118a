//! The simulation: whole seasons over the real functions and the embedded emulators, with everything going wrong.
//!
//! A seed makes a season ([`people`]): sellers, carriers, clerks who mistype, mend, slip by a row and upload again, rates that
//! come late and are corrected, feeds that come late, twice and out of order. The office ([`season`]) uploads what is said,
//! day by day, and runs the nights, several scanners at once, beside uploads, late, early and not at all; closes them, writes
//! their digests, withdraws those whose instant was wrong, and keeps their history from stream batches that come twice,
//! overlap and overtake each other. Every call of every run travels over a [`wire`] on which it may be throttled, refused,
//! answered too late, answered stale or in part, it may meet a transaction on the same item ([`in_flight`]), and its caller may
//! die before or after it ([`fate`]); an upload may be cut short behind any batch, or fail for good because of an order that cannot
//! be read, and be delivered again; a night's close may be cut short behind any part. After each night the
//! ledger and the digest are held against a [`model`] that recomputes them from the raw rows in the plainest way, at the end
//! the closes and the lake ([`check`]); every single write is looked at ([`watch`]).
//!
//! One seed decides all of it, the order in which concurrent runs meet included: time is [`virtual_time`].

pub mod call;
pub mod check;
pub mod diary;
pub mod facts;
pub mod fate;
pub mod files;
pub mod in_flight;
pub mod model;
pub mod office;
pub mod people;
pub mod run;
pub mod season;
pub mod tables;
pub mod virtual_time;
pub mod watch;
pub mod wire;

pub use season::{Ended, Happened, Season, play};
