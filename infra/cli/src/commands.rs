//! The commands, one a file.

pub(crate) mod board;
mod charges;
pub(crate) mod diagnose;
pub(crate) mod explain;
pub(crate) mod identify;
mod known;
pub(crate) mod ledger;
pub(crate) mod nights;
pub(crate) mod parked;
pub(crate) mod policy;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod scan;
pub(crate) mod up;
pub(crate) mod upload;
pub(crate) mod validate;
pub(crate) mod verify;

use domain::Timestamp;

/// The present, for commands without `--as-of`: the one place where a command reads the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "time enters at the command line when the operator gives none"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::from(chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()))
}
