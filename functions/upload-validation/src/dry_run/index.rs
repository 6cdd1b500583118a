//! An index for millions of rows in eight bytes each: by hash, which row it is. Never twice itself while it grows.
//!
//! A place holds 40 bits of the hash and 24 of the row. What is left of the hash the owner of the rows keeps beside each of
//! them and compares ([`rest`]), so that all 64 bits tell two keys apart. The index is cut into shards that grow one at a
//! time, each by a quarter; made for as many rows as come, it never grows.

/// Shards; a power of two.
const SHARDS: usize = 256;
/// Of a hundred places at most so many are taken; less, where it is known beforehand how many rows come.
const LOAD_PERCENT_MAX: usize = 90;
const LOAD_PERCENT_MADE_FOR: usize = 87;
const PLACES_MIN: usize = 16;

const ROW_BITS: u32 = 24;

/// Rows that an index can tell apart: from 0 on, more than any file has.
pub(super) const ROWS_MAX: usize = (1 << ROW_BITS) - 1;

/// Rows by the hashes of their keys.
pub(super) struct Index {
    shards: Vec<Shard>,
}

#[derive(Clone, Default)]
struct Shard {
    /// The hash's upper bits, then one more than the row; 0 is a free place.
    places: Vec<u64>,
    taken: usize,
}

/// Where a key stands in an index, or would stand: looked for once, then put.
pub(super) struct Slot {
    hash: u64,
    place: usize,
    /// The row that stands there.
    pub(super) row: Option<usize>,
}

/// The bits of a hash that the index does not keep.
pub(super) fn rest(hash: u64) -> u16 {
    (hash >> SHARDS.ilog2()) as u16
}

impl Index {
    /// An index for so many rows, or more. Places that nothing takes cost no memory.
    pub(super) fn made_for(rows: usize) -> Self {
        let rows = rows.min(ROWS_MAX) / SHARDS;
        // Chance fills some shards a little more than others.
        let places = (rows + rows / 64) * 100 / LOAD_PERCENT_MADE_FOR;
        let shard = || Shard {
            places: vec![0; places],
            taken: 0,
        };
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// Fetches from memory what [`Index::get`] will look at: asked for many keys in a row, memory answers at once.
    pub(super) fn fetch(&self, hash: u64) -> u64 {
        let shard = &self.shards[shard_of(hash)];
        let first = shard.first_place(upper(hash));
        shard.places.get(first).copied().unwrap_or_default()
    }

    /// The row under `hash`, among those of like hashes the one that `is_it`.
    pub(super) fn get(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let shard = &self.shards[shard_of(hash)];
        let place = shard.place(hash, is_it)?;
        row_at(shard.places[place])
    }

    /// Looks for the row under `hash` that `is_it`, and makes room for one where there is none.
    pub(super) fn look(&mut self, hash: u64, is_it: impl Fn(usize) -> bool) -> Slot {
        let shard = &mut self.shards[shard_of(hash)];
        if (shard.taken + 1) * 100 > shard.places.len() * LOAD_PERCENT_MAX {
            shard.grow();
        }
        let place = shard.place(hash, is_it).unwrap_or_default();
        Slot {
            hash,
            place,
            row: row_at(shard.places[place]),
        }
    }

    /// Puts a row where [`Index::look`] looked last.
    pub(super) fn put(&mut self, slot: &Slot, row: usize) {
        debug_assert!(row < ROWS_MAX, "a file has fewer rows");
        let shard = &mut self.shards[shard_of(slot.hash)];
        shard.taken += usize::from(slot.row.is_none());
        shard.places[slot.place] = upper(slot.hash) | (row as u64 + 1);
    }

    /// Bytes that the places take, free ones included.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.places.capacity() * size_of::<u64>())
            .sum()
    }
}

/// By the low bits; the place within the shard is by the high ones.
fn shard_of(hash: u64) -> usize {
    hash as usize % SHARDS
}

fn upper(hash: u64) -> u64 {
    hash >> ROW_BITS << ROW_BITS
}

fn row_at(place: u64) -> Option<usize> {
    (place as usize & ROWS_MAX).checked_sub(1)
}

impl Shard {
    fn first_place(&self, upper: u64) -> usize {
        ((u128::from(upper) * self.places.len() as u128) >> 64) as usize
    }

    /// The place of `hash`, or the free one where it belongs; `None` in a shard without places.
    fn place(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let upper = upper(hash);
        let mut at = self.first_place(upper);
        loop {
            let place = *self.places.get(at)?;
            let is_like = place >> ROW_BITS == upper >> ROW_BITS;
            if place == 0 || is_like && row_at(place).is_some_and(&is_it) {
                return Some(at);
            }
            at = if at + 1 == self.places.len() { 0 } else { at + 1 };
        }
    }

    fn grow(&mut self) {
        let count = (self.places.len() + self.places.len() / 4).max(PLACES_MIN);
        let mut grown = Self {
            places: vec![0; count],
            taken: self.taken,
        };
        for &place in self.places.iter().filter(|place| **place != 0) {
            // Each is another key than those before it.
            if let Some(at) = grown.place(place, |_| false) {
                grown.places[at] = place;
            }
        }
        *self = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash of its own for each number.
    fn hash(number: usize) -> u64 {
        (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn put(index: &mut Index, hash: u64, row: usize, is_it: impl Fn(usize) -> bool) {
        let slot = index.look(hash, is_it);
        index.put(&slot, row);
    }

    #[test]
    fn every_row_is_found_again_and_no_other() {
        for made_for in [0, 20_000, 50_000] {
            let mut index = Index::made_for(made_for);
            for row in 0..50_000 {
                assert_eq!(index.get(hash(row), |_| true), None);
                put(&mut index, hash(row), row, |_| true);
            }
            put(&mut index, hash(7), 60_000, |row| row == 7);
            for row in 0..50_000 {
                let expected = if row == 7 { 60_000 } else { row };
                assert_eq!(index.get(hash(row), |_| true), Some(expected));
            }
            assert_eq!(index.get(hash(50_001), |_| true), None);
        }
    }

    #[test]
    fn rows_of_like_hashes_are_told_apart_by_whoever_keeps_them() {
        let mut index = Index::made_for(0);
        let like = 0xffff_ff00_0000_0000;
        for row in [1, 2] {
            put(&mut index, like, row, |known| known == row);
        }
        for row in [1, 2] {
            assert_eq!(index.get(like, |known| known == row), Some(row));
        }
        assert_eq!(index.get(like, |known| known == 3), None);
    }

    #[test]
    fn a_row_takes_little_more_than_its_place() {
        let (mut made_for, mut grown) = (Index::made_for(1_000_000), Index::made_for(0));
        for row in 0..1_000_000 {
            put(&mut made_for, hash(row), row, |_| false);
            put(&mut grown, hash(row), row, |_| false);
        }
        assert!(made_for.bytes() < 9_500_000, "{}", made_for.bytes());
        assert!(grown.bytes() < 11_500_000, "{}", grown.bytes());
    }
}
