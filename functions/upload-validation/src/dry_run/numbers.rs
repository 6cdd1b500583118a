//! The tracking numbers of one file and their orders: which row holds a number, and an order's first upload (A1).
//!
//! A row leaves less than 32 bytes behind: twelve of its own and two places of an [`Index`], free ones included. Ids are
//! hashed, seeded anew each run. Among ten million rows some two numbers have one 64-bit hash once in 370,000 files, and a
//! number shared by two orders is taken for one of the same order once in four thousand million. Such a row is told wrongly
//! that it repeats another. A dry run applies nothing and fines nothing, and the upload itself compares the ids whole.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use domain::carrier::CarrierTable;
use domain::facts::TrackingFact;
use domain::{SendType, Timestamp};
use foldhash::fast::FixedState;
use foldhash::quality::RandomState;

use super::index::{Index, ROWS_MAX, Slot, rest};
use super::table::Table;

/// What tells a tracking row among the others of its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    order: u64,
    number: u64,
    uploaded_at: u32,
    terms: Terms,
}

/// Carrier and send type: the carrier's place in the carrier table, and in the lowest bit whether it is a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms(u16);

/// Makes keys and hashes, the same on every thread of a run.
#[derive(Clone)]
pub(super) struct Keys {
    hasher: RandomState,
    carriers: HashMap<String, u16, FixedState>,
}

/// The numbers that the rows of a file hold so far.
pub(super) struct Numbers {
    carriers: Vec<String>,
    /// By number, the accepted row that holds it.
    holders: Index,
    /// By order, the row of its earliest accepted upload (A1).
    first_uploads: Index,
    /// By the row's number; of rows that hold nothing, nothing.
    rows: Vec<Held>,
    /// By order, its numbers beyond the first: hardly any order has one.
    further: Table<u16>,
    numbers_per_order_max: usize,
}

/// What an accepted row leaves behind.
#[derive(Clone, Copy, Default)]
struct Held {
    uploaded_at: u32,
    /// The lower half of the order's hash.
    order: u32,
    /// What the index does not keep of the number's hash.
    number: u16,
    terms: Terms,
}

/// The accepted row that holds a number.
pub(super) struct Holder {
    /// The row's number.
    pub(super) row: u64,
    pub(super) uploaded_at: u32,
    pub(super) terms: Terms,
    is_of_order: bool,
}

/// What the rows so far say to a key.
pub(super) struct Standing {
    /// The accepted row that holds the key's number.
    pub(super) holder: Option<Holder>,
    /// Whether the row would be its order's first accepted upload as far as the file tells.
    pub(super) is_first: bool,
    /// Whether the key's number would be one more than its order may have.
    pub(super) is_one_too_many: bool,
    holder_slot: Slot,
    first_slot: Slot,
}

impl Keys {
    pub(super) fn new(carriers: &CarrierTable) -> Self {
        let carriers = carriers.carriers().enumerate();
        Self {
            hasher: RandomState::default(),
            carriers: carriers
                .map(|(place, carrier)| (carrier.id().to_owned(), place as u16))
                .collect(),
        }
    }

    /// The key of a row; `None` for one without number or carrier.
    pub(super) fn of(&self, fact: &TrackingFact) -> Option<Key> {
        let carrier = *self.carriers.get(fact.carrier.as_deref()?)?;
        Some(Key {
            order: self.hash(&fact.order_id),
            number: self.hash(fact.number.as_ref()?),
            uploaded_at: seconds(fact.uploaded_at),
            terms: Terms(carrier << 1 | u16::from(fact.send_type == SendType::Part)),
        })
    }

    pub(super) fn hash(&self, what: &impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }
}

impl Key {
    pub(super) fn uploaded_at(&self) -> u32 {
        self.uploaded_at
    }

    pub(super) fn terms(&self) -> Terms {
        self.terms
    }
}

impl Holder {
    /// Whether another order than the key's holds the number.
    pub(super) fn is_of_other_order(&self) -> bool {
        !self.is_of_order
    }
}

impl Numbers {
    /// For a file of about so many rows; more are taken, too.
    pub(super) fn made_for(rows: usize, carriers: &CarrierTable, numbers_per_order_max: usize) -> Self {
        Self {
            carriers: carriers
                .carriers()
                .map(|carrier| carrier.id().to_owned())
                .collect(),
            holders: Index::made_for(rows),
            first_uploads: Index::made_for(rows),
            rows: Vec::with_capacity(rows.min(ROWS_MAX)),
            further: Table::new(),
            numbers_per_order_max,
        }
    }

    /// Fetches from memory what will be asked of these keys, all at once: one by one, each would wait for it.
    pub(super) fn fetch<'k>(&self, keys: impl Iterator<Item = &'k Key>) {
        let fetched = keys.fold(0, |fetched, key| {
            fetched ^ self.holders.fetch(key.number) ^ self.first_uploads.fetch(key.order)
        });
        std::hint::black_box(fetched);
    }

    /// The accepted row that holds the key's number.
    pub(super) fn holder(&self, key: &Key) -> Option<Holder> {
        let rows = &self.rows;
        let row = self
            .holders
            .get(key.number, |row| rows[row].number == rest(key.number))?;
        Some(self.holder_at(row, key))
    }

    /// How the key stands among the rows so far.
    pub(super) fn standing(&mut self, key: &Key) -> Standing {
        let rows = &self.rows;
        let holder_slot = self
            .holders
            .look(key.number, |row| rows[row].number == rest(key.number));
        let first_slot = self
            .first_uploads
            .look(key.order, |row| rows[row].order == key.order as u32);
        let is_further = holder_slot.row.is_none() && first_slot.row.is_some();
        Standing {
            is_one_too_many: is_further && self.count(key) >= self.numbers_per_order_max,
            holder: holder_slot.row.map(|row| self.holder_at(row, key)),
            is_first: first_slot
                .row
                .is_none_or(|first| key.uploaded_at < rows[first].uploaded_at),
            holder_slot,
            first_slot,
        }
    }

    /// Lets a row hold its number, which was asked for last. Rows beyond those that any file has hold nothing.
    pub(super) fn hold(&mut self, key: &Key, standing: &Standing, row: u64) {
        let row = row as usize;
        if row >= ROWS_MAX {
            return;
        }
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Held::default());
        }
        self.rows[row] = Held {
            uploaded_at: key.uploaded_at,
            order: key.order as u32,
            number: rest(key.number),
            terms: key.terms,
        };
        if standing.holder.is_none() && standing.first_slot.row.is_some() {
            let count = self.further.get(key.order).unwrap_or_default();
            self.further.put(key.order, count.saturating_add(1));
        }
        self.holders.put(&standing.holder_slot, row);
        if standing.is_first {
            self.first_uploads.put(&standing.first_slot, row);
        }
    }

    /// The numbers of an order that has one.
    fn count(&self, key: &Key) -> usize {
        1 + usize::from(self.further.get(key.order).unwrap_or_default())
    }

    /// The carrier that a row named.
    pub(super) fn carrier(&self, terms: Terms) -> &str {
        let carrier = self.carriers.get(usize::from(terms.0 >> 1));
        carrier.map(String::as_str).unwrap_or_default()
    }

    fn holder_at(&self, row: usize, key: &Key) -> Holder {
        let held = self.rows[row];
        Holder {
            row: row as u64,
            uploaded_at: held.uploaded_at,
            terms: held.terms,
            is_of_order: held.order == key.order as u32,
        }
    }
}

/// Seconds since 1970 as far as they go in four bytes: to 2106.
pub(super) fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.unix().max(0)).unwrap_or(u32::MAX)
}
