//! The store itself: opening it, running work on it, and its pending notifications.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Notify;

use super::bodies::Bodies;
use super::error::{Failure, ObjectStoreError};
use super::failures;
use super::index::{self, INDEX};
use super::notifications::{KeyFilter, PendingNotification, ReceivedNotification, key_of};

/// Where the store gets the time of a write from. Instants before 1970 count as 1970.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// A persistent S3 object store in one directory: `objects.sqlite` names the objects, `bodies/`
/// holds them. Cloning gives another handle to the same store; the directory is released when the
/// last one is dropped.
#[derive(Clone)]
pub struct ObjectStore {
    inner: Arc<Inner>,
}

/// What all handles share.
pub(super) struct Inner {
    index: Mutex<Connection>,
    pub(super) bodies: Arc<Bodies>,
    clock: Clock,
    notified: RwLock<Vec<KeyFilter>>,
    wakeup: Notify,
    /// Held for its lock, which the system releases even from a killed process.
    _lock: File,
}

impl ObjectStore {
    /// Opens the store in `dir`, or makes a new one there, and sweeps what a crash left behind.
    /// Blocks for as long as SQLite takes to check the index (milliseconds per megabyte).
    ///
    /// # Errors
    ///
    /// [`ObjectStoreError::NotWritable`], [`ObjectStoreError::InUse`], [`ObjectStoreError::Corrupt`]
    /// and [`ObjectStoreError::NewerLayout`] say what is wrong with the directory; no object has been
    /// touched then.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self, ObjectStoreError> {
        let not_writable = |source| ObjectStoreError::NotWritable {
            dir: dir.to_owned(),
            source,
        };
        let bodies_dir = dir.join("bodies");
        fs::create_dir_all(&bodies_dir).map_err(|error| not_writable(error.into()))?;
        let lock = File::create(dir.join("lock")).map_err(|error| not_writable(error.into()))?;
        // A second opener would sweep away the bodies that the first is just writing.
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ObjectStoreError::InUse { dir: dir.to_owned() },
            TryLockError::Error(error) => not_writable(error.into()),
        })?;
        let bodies_exist = Bodies::new(bodies_dir.clone(), 0)
            .any()
            .map_err(|error| not_writable(error.into()))?;
        let mut index = index::open(&dir.join(INDEX), bodies_exist)?;
        let (opening, in_use) = transact(&mut index, "number this opening", |tx| {
            Ok((index::count_up(tx, "opening")?, index::bodies_in_use(tx)?))
        })?;
        let bodies = Bodies::new(bodies_dir, opening);
        bodies.sweep(&in_use)?;
        let inner = Inner {
            index: Mutex::new(index),
            bodies: Arc::new(bodies),
            clock,
            notified: RwLock::default(),
            wakeup: Notify::new(),
            _lock: lock,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Makes a bucket unless it exists; returns whether it was made.
    ///
    /// # Errors
    ///
    /// [`ObjectStoreError::Index`] if SQLite fails. The name is not checked: a client could not reach
    /// a bucket whose name S3 does not allow.
    pub async fn create_bucket(&self, name: &str) -> Result<bool, ObjectStoreError> {
        let name = name.to_owned();
        self.run(move |inner| {
            inner.transact("create a bucket", |tx| {
                Ok(index::put_bucket(tx, &name, inner.now_ms())?)
            })
        })
        .await
    }

    /// Sets which keys are worth a notification: those that pass one of the filters, in any
    /// bucket. Applies to writes from now on, and is not remembered: set it before serving.
    pub fn notify_of(&self, filters: Vec<KeyFilter>) {
        *self
            .inner
            .notified
            .write()
            .unwrap_or_else(PoisonError::into_inner) = filters;
    }

    /// The oldest notifications that nobody has acknowledged, at most `limit`, in the order their
    /// objects were committed. They stay until [`ObjectStore::acknowledge`], across restarts too.
    ///
    /// # Errors
    ///
    /// [`ObjectStoreError::Index`] if SQLite fails.
    pub async fn pending_notifications(
        &self,
        limit: usize,
    ) -> Result<Vec<PendingNotification>, ObjectStoreError> {
        self.run(move |inner| {
            let rows = inner.transact("read pending notifications", |tx| {
                Ok(index::notifications(tx, limit)?)
            })?;
            Ok(rows
                .into_iter()
                .map(|(id, record)| PendingNotification { id, record })
                .collect())
        })
        .await
    }

    /// The oldest notification that nobody has acknowledged, its deliveries counted with this one: also those that ended
    /// with their process.
    ///
    /// # Errors
    ///
    /// [`ObjectStoreError::Index`] if SQLite fails.
    pub async fn receive_notification(&self) -> Result<Option<ReceivedNotification>, ObjectStoreError> {
        self.run(move |inner| {
            let row = inner.transact("receive a notification", |tx| {
                Ok(index::receive_notification(tx)?)
            })?;
            Ok(row.map(|(id, record, receives)| ReceivedNotification { id, record, receives }))
        })
        .await
    }

    /// Forgets a notification that was delivered, and whatever of its object had failed before. Forgetting it twice is no
    /// error.
    ///
    /// # Errors
    ///
    /// [`ObjectStoreError::Index`] if SQLite fails; the notification then stays pending.
    pub async fn acknowledge(&self, id: i64) -> Result<(), ObjectStoreError> {
        self.run(move |inner| {
            inner.transact("acknowledge a notification", |tx| {
                if let Some(record) = index::delete_notification(tx, id)? {
                    failures::delete(tx, &key_of(&record))?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Waits until a notification was committed since this last returned. For one dispatcher, which
    /// looks at [`ObjectStore::pending_notifications`] first and waits when there is none: a commit
    /// between the two is not missed, and waking up for nothing is possible.
    pub async fn wait_for_notification(&self) {
        self.inner.wakeup.notified().await;
    }

    /// Runs blocking work (SQLite, file system) off the runtime's threads.
    ///
    /// Why not in place under the briefly held mutex: a statement takes microseconds, but a
    /// checkpoint syncs the file and a listing reads a thousand rows, and on a current-thread
    /// runtime either would stop every other task. The hop costs some 20 µs. Work that has begun
    /// runs to its end even if the request that asked for it is dropped, so a commit is never half
    /// cleaned up.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, ObjectStoreError> + Send + 'static,
    ) -> Result<T, ObjectStoreError> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|source| ObjectStoreError::Interrupted { source })?
    }

    pub(super) fn bodies(&self) -> Arc<Bodies> {
        Arc::clone(&self.inner.bodies)
    }
}

impl fmt::Debug for ObjectStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ObjectStore").finish_non_exhaustive()
    }
}

impl Inner {
    /// Runs one transaction on the index: all of `work` or nothing of it.
    pub(super) fn transact<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, ObjectStoreError> {
        // A panic in the middle has rolled its transaction back, so the connection is sound.
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        transact(&mut index, attempt, work)
    }

    /// The time of the clock, in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        let since_epoch = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether a write of this key is worth a notification.
    pub(super) fn notifies(&self, key: &str) -> bool {
        let filters = self.notified.read().unwrap_or_else(PoisonError::into_inner);
        filters.iter().any(|filter| filter.passes(key))
    }

    /// Wakes the dispatcher up; remembered until it next waits.
    pub(super) fn wake_dispatcher(&self) {
        self.wakeup.notify_one();
    }
}

fn transact<T>(
    index: &mut Connection,
    attempt: &'static str,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
) -> Result<T, ObjectStoreError> {
    // At once for writing: another process may write between what a transaction reads and what it writes.
    let begun = index.transaction_with_behavior(TransactionBehavior::Immediate);
    let outcome = begun.map_err(Failure::from).and_then(|tx| {
        let value = work(&tx)?;
        tx.commit()?;
        Ok(value)
    });
    outcome.map_err(|failure| failure.during(attempt))
}
