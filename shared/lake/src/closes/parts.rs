//! Parts of a night's entries, put down while they are read: a run that goes on after one that was cut off reads those instead.
//!
//! ```text
//! nights/as_of=20240612T070000Z/close/00000/50000/<execution>/00007.jsonl
//! ```
//!
//! Where a part ends follows from the entries alone, which no longer change: closers at work at once write the same bytes.

use domain::{LedgerEntry, OrderId, Timestamp};

use super::NightFile;
use crate::{Lake, LakeError};

/// The parts of one night.
#[derive(Debug)]
pub struct NightParts<'lake> {
    lake: &'lake Lake,
    prefix: String,
    entries: usize,
    /// The number of the part that is being read.
    number: u32,
    /// Its entries so far, and where it begins in the file.
    held: usize,
    begins: u64,
    /// The last order.
    last: Option<OrderId>,
}

impl<'lake> NightParts<'lake> {
    /// The parts that an execution puts down of a night that was withdrawn and begun anew `reruns` times. Each has `entries` and
    /// those of its last order that follow.
    pub fn of(lake: &'lake Lake, (as_of, reruns): (Timestamp, u64), execution: &str, entries: usize) -> Self {
        let night = as_of.to_string().replace(['-', ':'], "");
        Self {
            lake,
            prefix: format!(
                "nights/as_of={night}/close/{reruns:05}/{entries:05}/{}/",
                urlencoding::encode(execution)
            ),
            entries,
            number: 0,
            held: 0,
            begins: 0,
            last: None,
        }
    }

    /// Adds the parts that earlier runs have put down to `file`; gives the order after which the night goes on.
    ///
    /// # Errors
    /// [`LakeError`] when a part cannot be read, or the file not be written.
    pub async fn take_up(&mut self, file: &mut NightFile) -> Result<Option<OrderId>, LakeError> {
        let there = self.lake.keys_under(&self.prefix).await?;
        // A part without the one before it would leave a gap.
        while there.contains(&self.key()) {
            let key = self.key();
            for line in self
                .lake
                .bytes(&key)
                .await?
                .split_inclusive(|byte| *byte == b'\n')
            {
                let entry: LedgerEntry =
                    serde_json::from_slice(line).map_err(|source| LakeError::Decode {
                        key: key.clone(),
                        source: source.into(),
                    })?;
                file.add(&entry)?;
                self.last = Some(entry.order_id);
            }
            self.begin_next(file);
        }
        Ok(self.last.clone())
    }

    /// Adds the next entry to `file`, and puts a part down where one ends before it.
    ///
    /// # Errors
    /// [`LakeError`] when the bucket or the disk refuses.
    pub async fn add(&mut self, file: &mut NightFile, entry: &LedgerEntry) -> Result<(), LakeError> {
        let is_of_last = self.last.as_ref() == Some(&entry.order_id);
        if self.held >= self.entries && !is_of_last {
            let lines = file.written_since(self.begins)?;
            self.lake.put(&self.key(), lines, "application/x-ndjson").await?;
            self.begin_next(file);
        }
        file.add(entry)?;
        self.held += 1;
        if !is_of_last {
            self.last = Some(entry.order_id.clone());
        }
        Ok(())
    }

    fn begin_next(&mut self, file: &NightFile) {
        self.number += 1;
        self.held = 0;
        self.begins = file.bytes();
    }

    fn key(&self) -> String {
        format!("{}{:05}.jsonl", self.prefix, self.number)
    }
}
