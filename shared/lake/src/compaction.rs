//! Compaction: the many small files of a month's partition become one a bucket.
//!
//! Safe to run twice, at once, beside writers, and to be killed anywhere, because rows are idempotent by content (an
//! order's by version and instant, an entry's by its id) and a file is removed only after all its rows lie in others:
//!
//! 1. What is compacted is read as it was listed; what a writer adds meanwhile is not touched.
//! 2. All files of the set are written. Killed before the end, there are rows twice, and the next run does it again.
//! 3. Then the files that it was made from are removed, unless they are not what they were. Killed here, the same.
//!
//! Who reads lists first. A file that is gone by the time it is fetched sends the reader back to listing, and the rows
//! are where the listing goes on: a set's name sorts behind those of what it was made from.
//!
//! In a set, each order lies in one file, and a row says until when it was the order's latest (`superseded_at`): the
//! rows that are the latest still come first, in row groups of their own, and a report needs no others.

use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_s3::error::BoxError;
use domain::{Month, shard_hash};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::history::{FetchedFile, LISTINGS_MAX, LakeObject, PARQUET};
use crate::keys::{SetName, ledger_of, orders_of};
use crate::reading::count_rows;
use crate::rows::{EntryRow, OrderRow};
use crate::spread::{HashedRow, Spread};
use crate::writing::{Mark, WriteRow, parquet_of_groups};
use crate::{Lake, LakeError};

/// Rows of a bucket, about: they are sorted in memory, an order's state with them.
const BUCKET_ROWS: u64 = 131_072;

/// Bytes of the files that one step of a compaction takes, about: they lie on the disk, and their rows once more, spread.
const STEP_BYTES: u64 = 64 << 20;

/// A step's bytes are so many times those of one bucket of a month that takes several steps.
const BUCKETS_A_STEP: u64 = 8;

/// Buckets of a month, at most; a power of two.
const BUCKETS_MAX: u32 = 1 << 16;

/// Hex digits of a set's id.
const ID_DIGITS: usize = 16;

/// What is compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// The batches that came since the last time, as many as one run can take: what a day brings.
    Batches,
    /// All files of the month, into one a bucket: when it is over.
    Month,
}

/// A compaction of one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    /// The payment month.
    pub month: Month,
    /// How much of it.
    pub extent: Extent,
}

/// What a compaction came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Files that were compacted.
    pub files_read: u64,
    /// Rows of which there was another one alike.
    pub rows_repeated: u64,
    /// Rows written.
    pub rows: u64,
    /// Files that they lie in now.
    pub files_written: u64,
    /// Whether something was left for another step.
    pub more: bool,
}

impl Compacted {
    /// Adds what another compaction came to.
    pub fn add(&mut self, other: &Self) {
        self.files_read += other.files_read;
        self.rows_repeated += other.rows_repeated;
        self.rows += other.rows;
        self.files_written += other.files_written;
        self.more |= other.more;
    }
}

/// A kind of row that can be compacted.
trait CompactRow: HashedRow {
    /// Each row once, in row groups.
    fn tidied(rows: Vec<Self>) -> Vec<Vec<Self>>;
}

impl HashedRow for OrderRow {
    fn hash(&self) -> u32 {
        shard_hash(self.order_id.as_bytes())
    }
}

impl HashedRow for EntryRow {
    fn hash(&self) -> u32 {
        shard_hash(self.entry_id.as_bytes())
    }
}

impl CompactRow for OrderRow {
    /// The rows that are the latest of their orders, by seller; then those that were.
    fn tidied(rows: Vec<Self>) -> Vec<Vec<Self>> {
        let mut by_order: BTreeMap<(String, i64, i64), Self> = BTreeMap::new();
        for row in rows {
            by_order.insert((row.order_id.clone(), row.learned_at, row.version), row);
        }
        let (mut latest, mut superseded): (Vec<Self>, Vec<Self>) = (Vec::new(), Vec::new());
        let mut later: Option<(String, i64)> = None;
        for mut row in by_order.into_values().rev() {
            row.superseded_at = match &later {
                Some((order_id, learned_at)) if *order_id == row.order_id => Some(*learned_at),
                _ => None,
            };
            later = Some((row.order_id.clone(), row.learned_at));
            if row.superseded_at.is_none() {
                latest.push(row);
            } else {
                superseded.push(row);
            }
        }
        for rows in [&mut latest, &mut superseded] {
            rows.sort_by(|a, b| {
                let key = |row: &Self| (row.learned_at, row.version);
                (&a.seller_id, &a.order_id, key(a)).cmp(&(&b.seller_id, &b.order_id, key(b)))
            });
        }
        vec![latest, superseded]
    }
}

impl CompactRow for EntryRow {
    fn tidied(rows: Vec<Self>) -> Vec<Vec<Self>> {
        let by_id = rows.into_iter().map(|row| (row.entry_id.clone(), row));
        let mut rows: Vec<_> = by_id.collect::<BTreeMap<_, _>>().into_values().collect();
        rows.sort_by(|a, b| (&a.seller_id, &a.entry_id).cmp(&(&b.seller_id, &b.entry_id)));
        vec![rows]
    }
}

/// One bucket of a set of order files: of any rows, tidied.
///
/// # Errors
/// [`LakeError::Encode`] when the rows do not encode: a bug.
pub fn order_set(rows: Vec<OrderRow>, set: &str, bucket: u32, buckets: u32) -> Result<Vec<u8>, LakeError> {
    bucket_file(&OrderRow::tidied(rows), set, bucket, buckets)
}

fn bucket_file<R: WriteRow>(
    groups: &[Vec<R>],
    set: &str,
    bucket: u32,
    buckets: u32,
) -> Result<Vec<u8>, LakeError> {
    let marks = [
        Mark("waymark.set", set.to_owned()),
        Mark("waymark.bucket", bucket.to_string()),
        Mark("waymark.buckets", buckets.to_string()),
    ];
    parquet_of_groups(groups, &marks)
}

impl Lake {
    /// Takes a step of compacting a month's order rows and its ledger rows.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses, or a file holds no rows of the lake. Nothing is lost then.
    pub async fn compact(&self, compaction: Compaction, scratch: &Path) -> Result<Compacted, LakeError> {
        self.compact_within(compaction, scratch, STEP_BYTES).await
    }

    /// As [`Lake::compact`], with so many bytes of files a step.
    ///
    /// # Errors
    /// As [`Lake::compact`].
    pub async fn compact_within(
        &self,
        compaction: Compaction,
        scratch: &Path,
        step_bytes: u64,
    ) -> Result<Compacted, LakeError> {
        let (orders, ledger) = (orders_of(compaction.month), ledger_of(compaction.month));
        let mut compacted = self
            .compact_files::<OrderRow>(&orders, compaction.extent, scratch, step_bytes)
            .await?;
        let of_ledger = self
            .compact_files::<EntryRow>(&ledger, compaction.extent, scratch, step_bytes)
            .await?;
        compacted.add(&of_ledger);
        Ok(compacted)
    }

    async fn compact_files<R: CompactRow>(
        &self,
        prefix: &str,
        extent: Extent,
        scratch: &Path,
        step_bytes: u64,
    ) -> Result<Compacted, LakeError> {
        let mut attempts = LISTINGS_MAX;
        let (step, files) = loop {
            attempts -= 1;
            let step = next_step(self.objects_under(prefix).await?, extent, step_bytes);
            match self.fetch_objects(&step.objects, scratch).await {
                Err(LakeError::Gone { .. }) if attempts > 0 => {}
                fetched => break (step, fetched?),
            }
        };
        if step.objects.is_empty() {
            return Ok(Compacted::default());
        }
        let mut compacted = self.write_set::<R>(prefix, &step, &files, scratch).await?;
        compacted.more = step.more;
        // The commit point: from here on the rows lie in the set. Whoever wrote one of the files anew meanwhile keeps it.
        let now = self.objects_under(prefix).await?;
        for object in step.objects.iter().filter(|object| now.contains(object)) {
            self.remove(&object.key).await?;
        }
        for file in files {
            std::fs::remove_file(&file.path).map_err(|source| LakeError::File {
                attempt: format!("remove {}", file.path.display()),
                source,
            })?;
        }
        Ok(compacted)
    }

    async fn write_set<R: CompactRow>(
        &self,
        prefix: &str,
        step: &Step,
        files: &[FetchedFile],
        scratch: &Path,
    ) -> Result<Compacted, LakeError> {
        let mut compacted = Compacted {
            files_read: files.len() as u64,
            ..Compacted::default()
        };
        let mut rows = 0;
        for file in files {
            rows += count_rows(&file.path).map_err(|source| unfit(file, source))?;
        }
        let objects = &step.objects;
        let names = objects.iter().filter_map(|object| SetName::parse(&object.key));
        let generation = names.map(|name| name.generation).max().unwrap_or(0) + 1;
        let set = id_of(objects);
        let buckets = step
            .buckets
            .unwrap_or_else(|| power_of_two(rows.div_ceil(BUCKET_ROWS)));
        let mut spread = Spread::<R>::over(files, buckets, scratch);
        while let Some((bucket, rows)) = spread.next()? {
            let count = rows.len() as u64;
            let groups = R::tidied(rows);
            let kept: u64 = groups.iter().map(|rows| rows.len() as u64).sum();
            compacted.rows_repeated += count - kept;
            let name = SetName {
                generation,
                set: set.clone(),
                bucket,
                buckets,
            };
            let body = bucket_file(&groups, &set, bucket, buckets)?;
            self.put(&format!("{prefix}{name}"), body, PARQUET).await?;
            compacted.rows += kept;
            compacted.files_written += 1;
        }
        Ok(compacted)
    }
}

/// A step of a compaction.
#[derive(Debug, Default, PartialEq, Eq)]
struct Step {
    /// The files whose rows it takes; none where there is nothing to do.
    objects: Vec<LakeObject>,
    /// The buckets that the rows go to; by how many rows there are, where it is `None`.
    buckets: Option<u32>,
    /// Whether it leaves something for another step.
    more: bool,
}

/// The next step: of batches as many as fit, of a month that fits all of it, of a larger one a portion.
fn next_step(mut objects: Vec<LakeObject>, extent: Extent, step_bytes: u64) -> Step {
    if extent == Extent::Batches {
        objects.retain(|object| object.bucket().is_none());
        return first_of(objects, step_bytes, None);
    }
    let bytes: u64 = objects.iter().map(|object| object.bytes).sum();
    if bytes > step_bytes {
        return month_step(objects, bytes, step_bytes);
    }
    let names: Vec<_> = objects.iter().map(|object| SetName::parse(&object.key)).collect();
    let is_one_set = names.windows(2).all(|pair| {
        let of = |name: &Option<SetName>| name.as_ref().map(|name| (name.generation, name.set.clone()));
        of(&pair[0]) == of(&pair[1])
    });
    if is_one_set && names.iter().all(Option::is_some) {
        return Step::default();
    }
    Step {
        objects,
        buckets: None,
        more: false,
    }
}

/// A portion of a month that no disk holds at once. First what is not told apart by as many buckets as the month needs, a
/// portion after the other; then the files of each bucket that has several. Each step leaves less to do than it found, so it
/// does not matter where one was killed.
fn month_step(objects: Vec<LakeObject>, bytes: u64, step_bytes: u64) -> Step {
    let buckets_of = |object: &LakeObject| object.bucket().map_or(0, |(_, buckets)| buckets);
    let known = objects.iter().map(buckets_of).max().unwrap_or(0);
    let needed = power_of_two(bytes.div_ceil((step_bytes / BUCKETS_A_STEP).max(1)));
    // A month that has grown a little is not spread anew for it.
    let buckets = if needed <= known.saturating_mul(2) {
        known
    } else {
        needed
    };
    let (coarse, fine): (Vec<_>, Vec<_>) = objects
        .into_iter()
        .partition(|object| buckets_of(object) < buckets);
    if !coarse.is_empty() {
        let step = first_of(coarse, step_bytes, Some(buckets));
        return Step { more: true, ..step };
    }
    let mut by_bucket: BTreeMap<u32, Vec<LakeObject>> = BTreeMap::new();
    for object in fine {
        let bucket = object.bucket().map_or(0, |(bucket, _)| bucket % buckets);
        by_bucket.entry(bucket).or_default().push(object);
    }
    by_bucket.retain(|_, objects| objects.len() > 1);
    let mut step = Step {
        buckets: Some(buckets),
        ..Step::default()
    };
    let mut bytes = 0;
    for objects in by_bucket.into_values() {
        bytes += objects.iter().map(|object| object.bytes).sum::<u64>();
        if bytes > step_bytes && !step.objects.is_empty() {
            step.more = true;
            return step;
        }
        step.objects.extend(objects);
    }
    step
}

/// As many of the objects as fit, and at least one.
fn first_of(mut objects: Vec<LakeObject>, step_bytes: u64, buckets: Option<u32>) -> Step {
    let mut bytes = 0;
    // One larger than all that goes alone.
    let mut fits = |object: &LakeObject| {
        bytes += object.bytes;
        bytes <= step_bytes
    };
    let taken = objects.iter().take_while(|object| fits(object)).count().max(1);
    let more = objects.len() > taken;
    objects.truncate(taken);
    Step {
        objects,
        buckets,
        more,
    }
}

fn power_of_two(least: u64) -> u32 {
    let least = u32::try_from(least.max(1)).unwrap_or(BUCKETS_MAX);
    least.min(BUCKETS_MAX).next_power_of_two()
}

/// A set's id: a digest of what it is made from, so that the same files make the same set.
fn id_of(objects: &[LakeObject]) -> String {
    let mut digest = Sha256::new();
    for object in objects {
        digest.update(format!("{}\n{}\n", object.key, object.etag));
    }
    let mut id = hex::encode(digest.finalize());
    id.truncate(ID_DIGITS);
    id
}

fn unfit(file: &FetchedFile, source: BoxError) -> LakeError {
    LakeError::Decode {
        key: file.key.clone(),
        source,
    }
}

#[cfg(test)]
mod tests;
