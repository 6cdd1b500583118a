//! Rows collapsed to the latest of each thing, in bounded memory: what does not fit is left for a later pass.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

/// A share of a month's orders and entries: those whose hash falls into `bucket` of so many `buckets`, a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// From 0.
    pub bucket: u32,
    /// How many there are.
    pub buckets: u32,
}

/// The finest part: beyond it, memory is not bounded any more.
const BUCKETS_MAX: u32 = 1 << 24;

impl Part {
    /// All of them.
    pub const WHOLE: Self = Self {
        bucket: 0,
        buckets: 1,
    };

    /// Whether a hash falls into this part.
    pub(crate) fn has(self, hash: u32) -> bool {
        hash % self.buckets == self.bucket
    }

    /// Whether this part and a bucket of a file have hashes in common.
    pub fn meets(self, other: Self) -> bool {
        let fewer = self.buckets.min(other.buckets);
        self.bucket % fewer == other.bucket % fewer
    }

    /// Whether all hashes of `other` are of this part.
    pub(crate) fn holds(self, other: Self) -> bool {
        self.buckets <= other.buckets && self.meets(other)
    }

    fn halves(self) -> (Self, Self) {
        let half = |bucket| Self {
            bucket,
            buckets: self.buckets * 2,
        };
        (half(self.bucket), half(self.bucket + self.buckets))
    }
}

/// What rows are collapsed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) id: u128,
    pub(super) hash: u32,
}

impl Key {
    /// The key of an empty cell and of what is no id.
    pub(super) const NONE: Self = Self { id: 0, hash: 0 };
}

/// The latest row of each thing of a part. When too many come, the part is halved and the other half left to do.
pub(super) struct Latest<V> {
    part: Part,
    rows: HashMap<u128, (u32, V), FixedState>,
    rows_max: usize,
    left_over: Vec<Part>,
}

impl<V: Copy> Latest<V> {
    pub(super) fn of(part: Part, rows_max: usize) -> Self {
        Self {
            part,
            rows: HashMap::default(),
            rows_max,
            left_over: Vec::new(),
        }
    }

    /// What of the part this holds by now.
    pub(super) fn part(&self) -> Part {
        self.part
    }

    /// Keeps a row unless a later one is known.
    pub(super) fn put(&mut self, key: Key, row: V, is_as_late: impl Fn(&V, &V) -> bool) {
        if !self.part.has(key.hash) {
            return;
        }
        let known = self.rows.entry(key.id).or_insert((key.hash, row));
        if is_as_late(&row, &known.1) {
            known.1 = row;
        }
        while self.rows.len() > self.rows_max && self.part.buckets < BUCKETS_MAX {
            let (kept, left_over) = self.part.halves();
            self.left_over.push(left_over);
            self.part = kept;
            self.rows.retain(|_, (hash, _)| kept.has(*hash));
        }
    }

    /// The rows, and the parts that are left to do.
    pub(super) fn end(self) -> (impl Iterator<Item = V>, Vec<Part>) {
        (self.rows.into_values().map(|(_, row)| row), self.left_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_for_later_passes_and_none_is_lost() {
        let keys: Vec<_> = (0..1_000_u32)
            .map(|number| Key {
                id: u128::from(number) + 1,
                hash: domain::shard_hash(&number.to_le_bytes()),
            })
            .collect();
        let (mut pending, mut seen, mut passes) = (vec![Part::WHOLE], Vec::new(), 0);
        while let Some(part) = pending.pop() {
            let mut latest = Latest::of(part, 100);
            for round in [3, 5, 4] {
                for key in &keys {
                    latest.put(*key, (round, key.id), |new, known| new.0 > known.0);
                    assert!(latest.rows.len() <= 100);
                }
            }
            let (rows, left_over) = latest.end();
            seen.extend(rows);
            pending.extend(left_over);
            passes += 1;
        }
        seen.sort_unstable();
        let expected: Vec<_> = keys.iter().map(|key| (5, key.id)).collect();
        assert_eq!(seen, expected);
        assert!((10..=32).contains(&passes), "{passes}");
    }

    #[test]
    fn parts_meet_and_hold_one_another_by_their_hashes() {
        let part = |bucket, buckets| Part { bucket, buckets };
        assert!(Part::WHOLE.holds(part(3, 4)) && part(3, 4).meets(Part::WHOLE));
        assert!(part(1, 2).holds(part(3, 4)) && !part(3, 4).holds(part(1, 2)));
        assert!(!part(0, 2).meets(part(3, 4)) && part(1, 2).meets(part(3, 4)));
        assert!(!part(1, 4).meets(part(3, 4)));
    }
}
