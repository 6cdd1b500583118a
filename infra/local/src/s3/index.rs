//! The index: every statement the store sends to SQLite.
//!
//! Keys are TEXT under SQLite's binary collation, which is the UTF-8 byte order S3 lists in.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Result, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attributes::Attributes;
use super::error::ObjectStoreError;
use super::failures;

/// The layout this program writes, kept in SQLite's `user_version`. What an earlier release wrote is brought to it.
pub(super) const LAYOUT: i64 = 2;
/// The index's file.
pub(super) const INDEX: &str = "objects.sqlite";

/// Layout 1.
const SCHEMA: &str = "
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES ('opening', 0), ('version', 0);
    CREATE TABLE buckets (name TEXT PRIMARY KEY, created_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE objects (
        bucket TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, size_bytes INTEGER NOT NULL,
        etag TEXT NOT NULL, modified_at_ms INTEGER NOT NULL, version INTEGER NOT NULL,
        attributes TEXT NOT NULL, PRIMARY KEY (bucket, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE uploads (
        id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, attributes TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE parts (
        upload TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, size_bytes INTEGER NOT NULL,
        md5 BLOB NOT NULL, PRIMARY KEY (upload, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notifications (id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL) STRICT;
";

/// An object as the index knows it.
#[derive(Clone, Debug)]
pub(super) struct ObjectRow {
    /// File name of the body.
    pub(super) body: String,
    pub(super) size_bytes: u64,
    /// Without quotes.
    pub(super) etag: String,
    pub(super) modified_at_ms: i64,
    pub(super) attributes: Attributes,
}

/// A part of a multipart upload.
#[derive(Clone, Debug)]
pub(super) struct PartRow {
    pub(super) number: i32,
    pub(super) body: String,
    pub(super) size_bytes: u64,
    pub(super) md5: [u8; 16],
}

/// Opens the index, or makes a new one, after checking that it is sound. `bodies_exist` tells a new
/// store from one whose index was lost: making a new index then would sweep every body away.
pub(super) fn open(path: &Path, bodies_exist: bool) -> Result<Connection, ObjectStoreError> {
    let corrupt = |finding: &str| ObjectStoreError::Corrupt {
        path: path.to_owned(),
        finding: finding.to_owned(),
    };
    let classified = |source: rusqlite::Error| match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => corrupt(&source.to_string()),
        Some(
            ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::DiskFull,
        ) => ObjectStoreError::NotWritable {
            dir: path.parent().unwrap_or(path).to_owned(),
            source: source.into(),
        },
        _ => ObjectStoreError::Index {
            attempt: "open",
            source,
        },
    };
    let mut index = Connection::open(path).map_err(classified)?;
    // In WAL mode with synchronous=NORMAL a commit is one write into the page cache, which outlives
    // the process; only a power cut can lose it, and even that cannot tear the file.
    index
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(classified)?;
    index
        .pragma_update(None, "synchronous", "NORMAL")
        .map_err(classified)?;
    let finding: String = index
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(classified)?;
    if finding != "ok" {
        return Err(corrupt(&finding));
    }
    match layout(&index).map_err(classified)? {
        LAYOUT => {}
        0 if bodies_exist => return Err(corrupt("it is empty, though there are object bodies")),
        0 => bring(&mut index, &[SCHEMA, failures::SCHEMA]).map_err(classified)?,
        1 => bring(&mut index, &[failures::SCHEMA]).map_err(classified)?,
        found => {
            return Err(ObjectStoreError::NewerLayout {
                path: path.to_owned(),
                found,
                known: LAYOUT,
            });
        }
    }
    Ok(index)
}

/// Brings an index to this layout: all of it or nothing.
fn bring(index: &mut Connection, steps: &[&str]) -> Result<()> {
    let tx = index.transaction()?;
    for step in steps {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", LAYOUT)?;
    tx.commit()
}

/// The layout that an index has; 0 when it is new.
pub(super) fn layout(index: &Connection) -> Result<i64> {
    index.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Counts one up and returns the new value: `opening` numbers the lives of the store, `version` its writes.
pub(super) fn count_up(tx: &Transaction<'_>, name: &str) -> Result<u64> {
    let sql = "UPDATE counters SET value = value + 1 WHERE name = ?1 RETURNING value";
    tx.prepare_cached(sql)?.query_row([name], |row| row.get(0))
}

/// The names of all bodies that a row refers to.
pub(super) fn bodies_in_use(tx: &Transaction<'_>) -> Result<HashSet<String>> {
    let mut statement = tx.prepare("SELECT body FROM objects UNION ALL SELECT body FROM parts")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Returns false if the bucket exists already.
pub(super) fn put_bucket(tx: &Transaction<'_>, name: &str, created_at_ms: i64) -> Result<bool> {
    let sql = "INSERT INTO buckets VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![name, created_at_ms])? == 1)
}

pub(super) fn bucket_exists(tx: &Transaction<'_>, name: &str) -> Result<bool> {
    tx.prepare_cached("SELECT 1 FROM buckets WHERE name = ?1")?
        .exists([name])
}

/// Name and creation time of every bucket, by name.
pub(super) fn buckets(tx: &Transaction<'_>) -> Result<Vec<(String, i64)>> {
    let mut statement = tx.prepare("SELECT name, created_at_ms FROM buckets ORDER BY name")?;
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn object(tx: &Transaction<'_>, bucket: &str, key: &str) -> Result<Option<ObjectRow>> {
    let sql = "SELECT body, size_bytes, etag, modified_at_ms, attributes FROM objects WHERE bucket = ?1 AND key = ?2";
    let read = |row: &Row<'_>| {
        Ok(ObjectRow {
            body: row.get(0)?,
            size_bytes: row.get(1)?,
            etag: row.get(2)?,
            modified_at_ms: row.get(3)?,
            attributes: json(row, 4)?,
        })
    };
    tx.prepare_cached(sql)?.query_row([bucket, key], read).optional()
}

/// Puts an object, replacing any other of that key.
pub(super) fn put_object(
    tx: &Transaction<'_>,
    bucket: &str,
    key: &str,
    object: &ObjectRow,
    version: u64,
) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let ObjectRow {
        body,
        size_bytes,
        etag,
        modified_at_ms,
        attributes,
    } = object;
    let attributes = to_json(attributes)?;
    let values = params![
        bucket,
        key,
        body,
        size_bytes,
        etag,
        modified_at_ms,
        version,
        attributes
    ];
    tx.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Removes an object and returns the name of its body.
pub(super) fn delete_object(tx: &Transaction<'_>, bucket: &str, key: &str) -> Result<Option<String>> {
    let sql = "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 RETURNING body";
    tx.prepare_cached(sql)?
        .query_row([bucket, key], |row| row.get(0))
        .optional()
}

pub(super) fn put_upload(
    tx: &Transaction<'_>,
    id: &str,
    bucket: &str,
    key: &str,
    attributes: &Attributes,
) -> Result<()> {
    let attributes = to_json(attributes)?;
    tx.execute(
        "INSERT INTO uploads VALUES (?1, ?2, ?3, ?4)",
        params![id, bucket, key, attributes],
    )?;
    Ok(())
}

/// The attributes of an upload under way, if it is one of this bucket and key.
pub(super) fn upload(tx: &Transaction<'_>, id: &str, bucket: &str, key: &str) -> Result<Option<Attributes>> {
    let sql = "SELECT attributes FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3";
    tx.prepare_cached(sql)?
        .query_row([id, bucket, key], |row| json(row, 0))
        .optional()
}

/// Puts a part and returns the name of the body it replaces.
pub(super) fn put_part(tx: &Transaction<'_>, upload: &str, part: &PartRow) -> Result<Option<String>> {
    let find = "SELECT body FROM parts WHERE upload = ?1 AND number = ?2";
    let replaced = tx
        .query_row(find, params![upload, part.number], |row| row.get(0))
        .optional()?;
    let sql = "INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.execute(
        sql,
        params![upload, part.number, part.body, part.size_bytes, part.md5],
    )?;
    Ok(replaced)
}

/// The parts of an upload, by number.
pub(super) fn parts(tx: &Transaction<'_>, upload: &str) -> Result<Vec<PartRow>> {
    let sql = "SELECT number, body, size_bytes, md5 FROM parts WHERE upload = ?1 ORDER BY number";
    let read = |row: &Row<'_>| {
        Ok(PartRow {
            number: row.get(0)?,
            body: row.get(1)?,
            size_bytes: row.get(2)?,
            md5: row.get(3)?,
        })
    };
    tx.prepare_cached(sql)?.query_map([upload], read)?.collect()
}

/// Ends an upload and returns the bodies of its parts, or `None` if it has ended already.
pub(super) fn end_upload(tx: &Transaction<'_>, id: &str) -> Result<Option<Vec<String>>> {
    if tx.execute("DELETE FROM uploads WHERE id = ?1", [id])? == 0 {
        return Ok(None);
    }
    let mut statement = tx.prepare_cached("DELETE FROM parts WHERE upload = ?1 RETURNING body")?;
    statement
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_>>()
        .map(Some)
}

pub(super) fn put_notification(tx: &Transaction<'_>, record: &serde_json::Value) -> Result<()> {
    tx.prepare_cached("INSERT INTO notifications (record) VALUES (?1)")?
        .execute([record.to_string()])?;
    Ok(())
}

/// The oldest notifications not acknowledged yet.
pub(super) fn notifications(tx: &Transaction<'_>, limit: usize) -> Result<Vec<(i64, serde_json::Value)>> {
    let mut statement = tx.prepare_cached("SELECT id, record FROM notifications ORDER BY id LIMIT ?1")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    statement
        .query_map([limit], |row| Ok((row.get(0)?, json(row, 1)?)))?
        .collect()
}

/// The oldest notification, with one more delivery of it counted.
pub(super) fn receive_notification(tx: &Transaction<'_>) -> Result<Option<(i64, serde_json::Value, u32)>> {
    let sql =
        "UPDATE notifications SET receives = receives + 1 WHERE id = (SELECT min(id) FROM notifications)
        RETURNING id, record, receives";
    tx.prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, json(row, 1)?, row.get(2)?)))
        .optional()
}

/// Deletes a notification and gives its record, unless it is gone already.
pub(super) fn delete_notification(tx: &Transaction<'_>, id: i64) -> Result<Option<serde_json::Value>> {
    tx.prepare_cached("DELETE FROM notifications WHERE id = ?1 RETURNING record")?
        .query_row([id], |row| json(row, 0))
        .optional()
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
