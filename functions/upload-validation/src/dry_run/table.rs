//! A hash table for millions of small entries: no pointer an entry, and never twice itself while it grows.
//!
//! An ordinary table doubles at once: for a moment it is three times as large as it must be. This one is cut into shards
//! that grow one at a time, each by a quarter.

/// Shards; a power of two.
const SHARDS: usize = 256;
/// Of a hundred places at most so many are taken.
const LOAD_PERCENT_MAX: usize = 85;
const PLACES_MIN: usize = 16;

/// Entries by a 64-bit hash: two keys of one hash are taken for one.
pub(super) struct Table<V> {
    shards: Vec<Shard<V>>,
}

struct Shard<V> {
    /// 0 is a free place.
    hashes: Vec<u64>,
    values: Vec<V>,
    taken: usize,
}

impl<V: Copy + Default> Table<V> {
    pub(super) fn new() -> Self {
        let shard = || Shard {
            hashes: Vec::new(),
            values: Vec::new(),
            taken: 0,
        };
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// The entry under `hash`.
    pub(super) fn get(&self, hash: u64) -> Option<V> {
        let hash = hash.max(1);
        let shard = &self.shards[shard_of(hash)];
        let place = shard.place(hash)?;
        (shard.hashes[place] == hash).then(|| shard.values[place])
    }

    /// Puts an entry in place of whatever is under `hash`.
    pub(super) fn put(&mut self, hash: u64, value: V) {
        let hash = hash.max(1);
        let shard = &mut self.shards[shard_of(hash)];
        if (shard.taken + 1) * 100 > shard.hashes.len() * LOAD_PERCENT_MAX {
            shard.grow();
        }
        if let Some(place) = shard.place(hash) {
            if shard.hashes[place] == 0 {
                shard.taken += 1;
            }
            shard.hashes[place] = hash;
            shard.values[place] = value;
        }
    }

    /// Bytes that the entries take, free places included.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        let bytes = |shard: &Shard<V>| shard.hashes.capacity() * 8 + shard.values.capacity() * size_of::<V>();
        self.shards.iter().map(bytes).sum()
    }
}

/// By the low bits; the place within the shard is by the high ones.
fn shard_of(hash: u64) -> usize {
    hash as usize % SHARDS
}

impl<V: Copy + Default> Shard<V> {
    /// The place of `hash`, or the free one where it belongs; `None` in a shard without places.
    fn place(&self, hash: u64) -> Option<usize> {
        let places = self.hashes.len();
        if places == 0 {
            return None;
        }
        let mut place = ((u128::from(hash) * places as u128) >> 64) as usize;
        while self.hashes[place] != 0 && self.hashes[place] != hash {
            place = if place + 1 == places { 0 } else { place + 1 };
        }
        Some(place)
    }

    fn grow(&mut self) {
        let places = (self.hashes.len() + self.hashes.len() / 4).max(PLACES_MIN);
        let mut grown = Self {
            hashes: vec![0; places],
            values: vec![V::default(); places],
            taken: self.taken,
        };
        for (&hash, &value) in self
            .hashes
            .iter()
            .zip(&self.values)
            .filter(|(hash, _)| **hash != 0)
        {
            if let Some(place) = grown.place(hash) {
                grown.hashes[place] = hash;
                grown.values[place] = value;
            }
        }
        *self = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash of its own for each number.
    fn hash(number: u64) -> u64 {
        (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn every_entry_is_found_again_and_no_other() {
        let mut table = Table::new();
        for number in 0..50_000_u32 {
            assert_eq!(table.get(hash(number.into())), None::<u32>);
            table.put(hash(number.into()), number);
        }
        table.put(hash(7), 1_000_000);
        for number in 0..50_000_u32 {
            let expected = if number == 7 { 1_000_000 } else { number };
            assert_eq!(table.get(hash(number.into())), Some(expected));
        }
        assert_eq!(table.get(hash(50_001)), None);
    }

    #[test]
    fn an_entry_takes_little_more_than_itself() {
        let mut table = Table::<[u32; 3]>::new();
        for number in 0..200_000 {
            table.put(hash(number), [0; 3]);
        }
        assert!(table.bytes() < 200_000 * 20 * 3 / 2, "{}", table.bytes());
    }
}
