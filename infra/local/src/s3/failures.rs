//! What failed for good: taken out of what waits and set aside, in one transaction.
//!
//! On AWS that is a dead-letter queue. Here it is a table next to the notifications, so an event is always in one of the two.
//! The functions that take a directory read and write the table from another process, also while the store is open there.

use std::path::Path;
use std::time::Duration;

use chrono::DateTime;
use domain::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde_json::Value;

use super::error::ObjectStoreError;
use super::index::{self, INDEX};
use super::object_store::{Inner, ObjectStore};

/// What [`index::open`] adds to a store that has no such table yet.
pub(super) const SCHEMA: &str = "
    ALTER TABLE notifications ADD COLUMN receives INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE failed (
        key TEXT PRIMARY KEY, what TEXT NOT NULL, event TEXT NOT NULL, cause TEXT NOT NULL,
        attempts INTEGER NOT NULL, since_ms INTEGER NOT NULL, again INTEGER NOT NULL
    ) STRICT;
";

const COLUMNS: &str = "key, what, event, cause, attempts, since_ms";
/// How long another process's write is waited for.
const BUSY_TIME_MAX: Duration = Duration::from_secs(5);

/// What kind of event failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedKind {
    /// The notification of an upload.
    Upload,
    /// A change of a table, on its way to the lake.
    Change,
}

impl FailedKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Change => "change",
        }
    }
}

/// An event that failed for good.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetAside {
    /// The upload's key, or the table and the change's sequence number: `local-records/000000000042`.
    pub key: String,
    /// What it is.
    pub what: FailedKind,
    /// Why it failed, with every cause.
    pub cause: String,
    /// Deliveries of it that failed.
    pub attempts: u32,
    /// When it was set aside first.
    pub since: Timestamp,
    /// What a function is invoked with.
    #[serde(skip)]
    pub(crate) event: Value,
}

/// An event to be set aside.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) key: String,
    pub(crate) what: FailedKind,
    pub(crate) event: Value,
    pub(crate) cause: String,
    pub(crate) attempts: u32,
}

impl ObjectStore {
    /// Sets an event aside, and takes it out of the notifications if it was one of them. What was set aside under the same
    /// key gives way: the same event once more adds to its attempts, another one takes its place.
    pub(crate) async fn set_aside(
        &self,
        notification: Option<i64>,
        failed: Failed,
    ) -> Result<SetAside, ObjectStoreError> {
        self.run(move |inner| {
            inner.transact("set a failed event aside", |tx| {
                if let Some(id) = notification {
                    index::delete_notification(tx, id)?;
                }
                put(tx, &failed, inner)?;
                Ok(row(tx, &failed.key)?)
            })
        })
        .await
    }

    /// An event of a kind that was set aside and is to be delivered again.
    pub(crate) async fn asked_again(&self, what: FailedKind) -> Result<Option<SetAside>, ObjectStoreError> {
        self.run(move |inner| {
            inner.transact("read a failed event", |tx| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM failed WHERE again = 1 AND what = ?1 ORDER BY key LIMIT 1"
                );
                let mut statement = tx.prepare_cached(&sql)?;
                Ok(statement.query_row([what.as_str()], read).optional()?)
            })
        })
        .await
    }

    /// Forgets an event that was set aside: it was delivered.
    pub(crate) async fn forget_failed(&self, key: String) -> Result<(), ObjectStoreError> {
        self.run(move |inner| inner.transact("forget a failed event", |tx| Ok(delete(tx, &key)?)))
            .await
    }
}

fn put(tx: &Transaction<'_>, failed: &Failed, inner: &Inner) -> rusqlite::Result<()> {
    let sql = "INSERT INTO failed VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) ON CONFLICT (key) DO UPDATE SET
        attempts = excluded.attempts + iif(event = excluded.event, attempts, 0),
        since_ms = iif(event = excluded.event, since_ms, excluded.since_ms),
        event = excluded.event, cause = excluded.cause, again = 0";
    let (key, what) = (&failed.key, failed.what.as_str());
    let event = failed.event.to_string();
    tx.prepare_cached(sql)?.execute(params![
        key,
        what,
        event,
        failed.cause,
        failed.attempts,
        inner.now_ms()
    ])?;
    Ok(())
}

pub(super) fn delete(tx: &Transaction<'_>, key: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM failed WHERE key = ?1")?
        .execute([key])?;
    Ok(())
}

fn row(tx: &Transaction<'_>, key: &str) -> rusqlite::Result<SetAside> {
    tx.prepare_cached(&format!("SELECT {COLUMNS} FROM failed WHERE key = ?1"))?
        .query_row([key], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SetAside> {
    let what: String = row.get(1)?;
    let since_ms = row.get(5)?;
    Ok(SetAside {
        key: row.get(0)?,
        what: if what == FailedKind::Upload.as_str() {
            FailedKind::Upload
        } else {
            FailedKind::Change
        },
        event: index::json(row, 2)?,
        cause: row.get(3)?,
        attempts: row.get(4)?,
        since: Timestamp::from(DateTime::from_timestamp_millis(since_ms).unwrap_or_default()),
    })
}

/// What was set aside in the store under `directory`, by key; nothing where there is no store yet.
///
/// # Errors
/// [`ObjectStoreError::Index`] if SQLite fails.
pub fn failures_in(directory: &Path) -> Result<Vec<SetAside>, ObjectStoreError> {
    let listed = |connection: &Connection| {
        let sql = format!("SELECT {COLUMNS} FROM failed ORDER BY key");
        connection.prepare(&sql)?.query_map([], read)?.collect()
    };
    Ok(with_index(directory, "read what failed", listed)?.unwrap_or_default())
}

/// Asks for another delivery of what was set aside under `key`, or of all of it. Gives how many events that are: whoever
/// has the store open delivers them with its next round.
///
/// # Errors
/// [`ObjectStoreError::Index`] if SQLite fails.
pub fn ask_again(directory: &Path, key: Option<&str>) -> Result<usize, ObjectStoreError> {
    let asked = |connection: &Connection| {
        connection.execute("UPDATE failed SET again = 1 WHERE key = ifnull(?1, key)", [key])
    };
    Ok(with_index(directory, "ask for another delivery", asked)?.unwrap_or_default())
}

/// Gives up on what was set aside under `key`; tells whether there was any.
///
/// # Errors
/// [`ObjectStoreError::Index`] if SQLite fails.
pub fn discard(directory: &Path, key: &str) -> Result<bool, ObjectStoreError> {
    let discarded = |connection: &Connection| connection.execute("DELETE FROM failed WHERE key = ?1", [key]);
    Ok(with_index(directory, "discard what failed", discarded)?.is_some_and(|rows| rows > 0))
}

/// Works on the index of a store without opening the store; `None` where there is none, or one of an earlier layout.
fn with_index<T>(
    directory: &Path,
    attempt: &'static str,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<Option<T>, ObjectStoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let worked = (|| {
        let connection = Connection::open_with_flags(directory.join(INDEX), flags)?;
        connection.busy_timeout(BUSY_TIME_MAX)?;
        match index::layout(&connection)? {
            index::LAYOUT => work(&connection).map(Some),
            _ => Ok(None),
        }
    })();
    match worked {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => Ok(None),
        worked => worked.map_err(|source| ObjectStoreError::Index { attempt, source }),
    }
}
