//! The commands, one a file.

pub(crate) mod answers;
pub(crate) mod board;
mod charges;
pub(crate) mod diagnose;
pub(crate) mod erase;
pub(crate) mod explain;
pub(crate) mod failures;
pub(crate) mod history;
pub(crate) mod identify;
mod known;
pub(crate) mod ledger;
pub(crate) mod nights;
pub(crate) mod parked;
pub(crate) mod policy;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod scan;
pub(crate) mod up;
pub(crate) mod upload;
pub(crate) mod validate;
pub(crate) mod verify;

use domain::Timestamp;
use domain::time::not_beyond;

use crate::failure::CommandError;

/// The present, for commands without `--as-of`: the one place where a command reads the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "time enters at the command line when the operator gives none"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::from(chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()))
}

/// The instant that a command line names, or the present (conventions, "Now").
///
/// # Errors
/// For an instant that has not come: what was posted or recorded as of it would stand for years.
pub(crate) fn instant_or_now(named: Option<Timestamp>) -> Result<Timestamp, CommandError> {
    let clock = now();
    not_beyond(named.unwrap_or(clock), clock).map_err(|beyond| {
        CommandError::usage(format!(
            "{beyond} | {} 尚未到来：当前时间为 {}，最多只能晚 5 分钟",
            beyond.at, beyond.clock
        ))
    })
}
