//! Ledger rows that move money, as of an instant.

use domain::shard_hash;
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use sha2::{Digest, Sha256};

use super::column::{Integers, NONE, Texts};
use super::file::Kind::{Integer, Text};
use super::file::Presence::Required;
use super::file::{ColumnRule, LakeFile};
use super::latest::{Key, Latest};
use super::moments::Stretch;
use super::tallies::Tallies;
use crate::ReportError;

/// The columns that are read of a ledger file.
pub(super) const RULES: &[ColumnRule] = &[
    ("entry_id", Text, Required),
    ("seller_id", Text, Required),
    ("kind", Text, Required),
    ("amount_cents", Integer, Required),
    ("as_of", Integer, Required),
];

const ENTRY_ID: usize = 0;
const SELLER: usize = 1;
const KIND: usize = 2;
const AMOUNT: usize = 3;
const AS_OF: usize = 4;

const BATCH_ROWS: usize = 8_192;

/// What an entry adds.
#[derive(Clone, Copy)]
pub(super) struct Fine {
    as_of: i64,
    pub(super) seller: u32,
    /// 1, or −1 for a reversal.
    pub(super) count: i64,
    pub(super) cents: i64,
}

/// Reads a file's entries, each once.
pub(super) fn read(
    file: &LakeFile,
    as_of: i64,
    tallies: &mut Tallies,
    stretch: &mut Stretch,
    latest: &mut Latest<Fine>,
) -> Result<(), ReportError> {
    for group in 0..file.groups() {
        let mut rows = EntryRows::open(file, group).map_err(|source| file.unreadable(source))?;
        while rows.rows_left > 0 {
            rows.next(tallies).map_err(|source| file.unreadable(source))?;
            if let Some(column) = rows.empty_column() {
                return Err(file.unfit(column));
            }
            rows.each(as_of, tallies, stretch, latest);
        }
    }
    Ok(())
}

/// A row group that is being read.
struct EntryRows {
    rows_left: usize,
    id: Texts<Key>,
    names: [Texts<u32>; 2],
    cents: Integers,
    as_of: Integers,
    ids: Vec<Key>,
    sellers: Vec<u32>,
    kinds: Vec<u32>,
}

impl EntryRows {
    fn open(file: &LakeFile, group: usize) -> Result<Self, ParquetError> {
        let place = |column: usize| file.place(column).expect("a required column has its place");
        let reader = file.reader.get_row_group(group)?;
        Ok(Self {
            rows_left: usize::try_from(file.group(group).num_rows()).unwrap_or(0),
            id: Texts::open(&*reader, place(ENTRY_ID))?,
            names: [
                Texts::open(&*reader, place(SELLER))?,
                Texts::open(&*reader, place(KIND))?,
            ],
            cents: Integers::open(&*reader, place(AMOUNT))?,
            as_of: Integers::open(&*reader, place(AS_OF))?,
            ids: Vec::new(),
            sellers: Vec::new(),
            kinds: Vec::new(),
        })
    }

    fn next(&mut self, tallies: &mut Tallies) -> Result<(), ParquetError> {
        let rows = self.rows_left.min(BATCH_ROWS);
        self.rows_left -= rows;
        self.ids.clear();
        self.id
            .next(rows, Key::NONE, &mut |id| Ok(entry_key(id)), &mut self.ids)?;
        let [seller, kind] = &mut self.names;
        for (column, codes) in [(seller, &mut self.sellers), (kind, &mut self.kinds)] {
            codes.clear();
            column.next(rows, NONE, &mut |name| tallies.code_of(name), codes)?;
        }
        self.cents.next(rows)?;
        self.as_of.next(rows)
    }

    fn empty_column(&self) -> Option<usize> {
        let empty = [
            (ENTRY_ID, self.ids.contains(&Key::NONE)),
            (SELLER, self.sellers.contains(&NONE)),
            (KIND, self.kinds.contains(&NONE)),
            (AMOUNT, self.cents.has_missing()),
            (AS_OF, self.as_of.has_missing()),
        ];
        empty
            .into_iter()
            .find_map(|(column, is_empty)| is_empty.then_some(column))
    }

    fn each(&self, as_of: i64, tallies: &Tallies, stretch: &mut Stretch, latest: &mut Latest<Fine>) {
        for (index, key) in self.ids.iter().enumerate() {
            let count = match tallies.names.get(self.kinds[index]) {
                Some("fine") => 1,
                Some("reversal") => -1,
                _ => continue,
            };
            let at = self.as_of.values()[index];
            stretch.note(at..=at, as_of);
            if at <= as_of {
                let fine = Fine {
                    as_of: at,
                    seller: self.sellers[index],
                    count,
                    cents: self.cents.values()[index],
                };
                latest.put(*key, fine, |new, known| new.as_of > known.as_of);
            }
        }
    }
}

/// Half a SHA-256 stands for the id: ids are long, and no two give the same one.
fn entry_key(id: &[u8]) -> Key {
    let digest = Sha256::digest(id);
    let half = digest.first_chunk().copied().unwrap_or_default();
    Key {
        id: u128::from_le_bytes(half),
        hash: shard_hash(id),
    }
}
