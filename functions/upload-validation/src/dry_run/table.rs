//! Entries by the hash of their key, for millions of them: two keys of one 64-bit hash are taken for one.

use super::index::{Index, ROWS_MAX, rest};

/// Small entries, the value of each beside what the index does not keep of its hash.
pub(super) struct Table<V> {
    index: Index,
    entries: Vec<(u16, V)>,
}

impl<V: Copy> Table<V> {
    pub(super) fn new() -> Self {
        Self {
            index: Index::made_for(0),
            entries: Vec::new(),
        }
    }

    /// The entry under `hash`.
    pub(super) fn get(&self, hash: u64) -> Option<V> {
        let entry = self
            .index
            .get(hash, |entry| self.entries[entry].0 == rest(hash))?;
        Some(self.entries[entry].1)
    }

    /// Puts an entry in place of whatever is under `hash`. One more than any file has is not kept.
    pub(super) fn put(&mut self, hash: u64, value: V) {
        let entries = &mut self.entries;
        let slot = self.index.look(hash, |entry| entries[entry].0 == rest(hash));
        match slot.row {
            Some(entry) => entries[entry].1 = value,
            None if entries.len() == ROWS_MAX => {}
            None => {
                self.index.put(&slot, entries.len());
                entries.push((rest(hash), value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_the_one_that_was_put_last() {
        let mut table = Table::new();
        let hash = |number: u64| (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for number in 0..5_000_u64 {
            assert_eq!(table.get(hash(number)), None);
            table.put(hash(number), number);
        }
        table.put(hash(7), 1_000_000);
        for number in 0..5_000 {
            let expected = if number == 7 { 1_000_000 } else { number };
            assert_eq!(table.get(hash(number)), Some(expected));
        }
        // Alike in all that the index keeps.
        assert_eq!(table.get(hash(7) ^ (1 << 8)), None);
    }
}
