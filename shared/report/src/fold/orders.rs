//! Order rows, a batch of a row group at a time, cut down to what was known as of an instant.

mod opening;

use domain::{ORDER_ID_DIGITS, OrderId, shard_hash};
use parquet::errors::ParquetError;

use super::Detail;
use super::column::{Integers, NONE, Texts, Truths};
use super::file::Kind::{Integer, Text, Truth};
use super::file::Presence::{Nullable, Optional, Required};
use super::file::{ColumnRule, LakeFile};
use super::latest::Key;
use super::moments::Stretch;
use super::tallies::{EXCLUDED, OrderLine, Tallies, UNKNOWN, due_bit, met_bit};
use crate::ReportError;
use opening::Opening;

/// The columns that are read of an order file; of each figure `_met`, then `_at`, from [`FIRST_FIGURE`] on.
pub(super) const RULES: &[ColumnRule] = &[
    ("order_id", Text, Required),
    ("seller_id", Text, Required),
    ("version", Integer, Required),
    ("learned_at", Integer, Required),
    ("policy", Text, Required),
    ("policy_early", Truth, Required),
    ("gmv_cents", Integer, Required),
    ("excluded", Truth, Required),
    ("fulfilment_met", Truth, Nullable),
    ("fulfilment_at", Integer, Nullable),
    ("upload_met", Truth, Required),
    ("upload_at", Integer, Required),
    ("pickup_met", Truth, Nullable),
    ("pickup_at", Integer, Nullable),
    ("delivery_met", Truth, Required),
    ("delivery_at", Integer, Required),
    ("nodes_met", Truth, Nullable),
    ("nodes_at", Integer, Nullable),
    ("destination", Text, Optional),
    ("carrier", Text, Optional),
    ("nodes_missing", Text, Optional),
    ("superseded_at", Integer, Optional),
];

const ORDER_ID: usize = 0;
const SELLER: usize = 1;
const VERSION: usize = 2;
const LEARNED_AT: usize = 3;
const POLICY: usize = 4;
const POLICY_EARLY: usize = 5;
const GMV: usize = 6;
const EXCLUDED_COLUMN: usize = 7;
const FIRST_FIGURE: usize = 8;
const DESTINATION: usize = 18;
const CARRIER: usize = 19;
const NODES_MISSING: usize = 20;
const SUPERSEDED_AT: usize = 21;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;

/// What makes an order's rows comparable: whose they are, and which is the latest.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    pub(super) order: Key,
    pub(super) learned_at: i64,
    pub(super) version: i64,
}

/// From when a figure counts.
enum Due {
    /// All of it is in the past.
    Always,
    /// What is there is in the past.
    WhereThere,
    At(Box<Integers>),
}

/// A figure of the row group, unless all of it is in the future.
struct Figure {
    number: usize,
    met: Truths,
    due: Due,
}

/// A row group that is being read.
pub(super) struct OrderRows<'a> {
    file: &'a LakeFile,
    as_of: i64,
    rows_left: usize,
    seller: Texts<u32>,
    gmv: Integers,
    excluded: Option<Truths>,
    early: Option<(Truths, Texts<u32>)>,
    figures: Vec<Figure>,
    names: [Option<Texts<u32>>; 3],
    superseded_at: Option<Integers>,
    learned_at: Option<Integers>,
    /// With the versions, where rows are to be compared.
    stamps: Option<(Texts<Key>, Integers)>,
    lines: Vec<OrderLine>,
    codes: Vec<u32>,
    orders: Vec<Key>,
}

impl<'a> OrderRows<'a> {
    /// Begins to read a row group; `None` when its statistics say that nothing of it counts as of the instant.
    pub(super) fn open(
        file: &'a LakeFile,
        group: usize,
        as_of: i64,
        detail: Detail,
        compared: bool,
        stretch: &mut Stretch,
    ) -> Result<Option<Self>, ReportError> {
        let open = Opening {
            file,
            group,
            as_of,
            detail,
            stretch,
        };
        open.rows(compared).map_err(|refused| refused.of(file))
    }

    /// Reads the next batch; false when there is none.
    pub(super) fn next(&mut self, tallies: &mut Tallies, stretch: &mut Stretch) -> Result<bool, ReportError> {
        let rows = self.rows_left.min(BATCH_ROWS);
        self.rows_left -= rows;
        if rows == 0 {
            return Ok(false);
        }
        let file = self.file;
        self.read(rows, tallies, stretch)
            .map_err(|refused| refused.of(file))?;
        // Where rows are compared, their stamps lie beside them.
        if self.stamps.is_none() {
            self.lines.retain(OrderLine::is_known);
        }
        Ok(true)
    }

    /// What counts of the batch, where rows are not compared.
    pub(super) fn lines(&self) -> &[OrderLine] {
        &self.lines
    }

    /// What counts of the batch, with its stamps, where rows are compared.
    pub(super) fn stamped(&self) -> impl Iterator<Item = (Stamp, OrderLine)> {
        let versions = self.stamps.as_ref().map(|(_, versions)| versions.values());
        let learned_at = self.learned_at.as_ref().map(Integers::values);
        let moments = learned_at
            .unwrap_or_default()
            .iter()
            .zip(versions.unwrap_or_default());
        let stamps = self.orders.iter().zip(moments);
        let stamps = stamps.map(|(order, (learned_at, version))| Stamp {
            order: *order,
            learned_at: *learned_at,
            version: *version,
        });
        let stamped = stamps.zip(self.lines.iter().copied());
        stamped.filter(|(_, line)| line.is_known())
    }

    fn read(&mut self, rows: usize, tallies: &mut Tallies, stretch: &mut Stretch) -> Result<(), Refused> {
        self.read_sellers(rows, tallies)?;
        let gmv = required(&mut self.gmv, rows, GMV)?;
        for (line, gmv) in self.lines.iter_mut().zip(gmv) {
            line.gmv = *gmv;
        }
        self.read_names(rows, tallies)?;
        for figure in &mut self.figures {
            figure.read(rows, self.as_of, stretch, &mut self.lines)?;
        }
        // After the figures: an excluded order counts for none.
        if let Some(excluded) = &mut self.excluded {
            let excluded = required(excluded, rows, EXCLUDED_COLUMN)?;
            for (line, excluded) in self.lines.iter_mut().zip(excluded) {
                line.bits = if *excluded { EXCLUDED } else { line.bits };
            }
        }
        self.read_moments(rows, stretch)?;
        self.read_stamps(rows)
    }

    /// Begins the batch's lines, with their sellers.
    fn read_sellers(&mut self, rows: usize, tallies: &mut Tallies) -> Result<(), Refused> {
        self.codes.clear();
        let mut name = |bytes: &[u8]| tallies.code_of(bytes);
        self.seller.next(rows, NONE, &mut name, &mut self.codes)?;
        if self.codes.contains(&NONE) {
            return Err(Refused::Column(SELLER));
        }
        self.lines.clear();
        self.lines.extend(self.codes.iter().map(|seller| OrderLine {
            gmv: 0,
            seller: *seller,
            destination: NONE,
            carrier: NONE,
            nodes_missing: NONE,
            early: NONE,
            bits: 0,
        }));
        Ok(())
    }

    fn read_names(&mut self, rows: usize, tallies: &mut Tallies) -> Result<(), Refused> {
        let places: [fn(&mut OrderLine, u32); 3] = [
            |line, code| line.destination = code,
            |line, code| line.carrier = code,
            |line, code| line.nodes_missing = code,
        ];
        for (number, (column, place)) in self.names.iter_mut().zip(places).enumerate() {
            let Some(column) = column else { continue };
            let mut name = |bytes: &[u8]| tallies.code_in(number, bytes);
            self.codes.clear();
            column.next(rows, NONE, &mut name, &mut self.codes)?;
            for (line, code) in self.lines.iter_mut().zip(&self.codes) {
                place(line, *code);
            }
        }
        let Some((is_early, policy)) = &mut self.early else {
            return Ok(());
        };
        self.codes.clear();
        let mut name = |bytes: &[u8]| tallies.code_of(bytes);
        policy.next(rows, NONE, &mut name, &mut self.codes)?;
        if self.codes.contains(&NONE) {
            return Err(Refused::Column(POLICY));
        }
        let is_early = required(is_early, rows, POLICY_EARLY)?;
        for ((line, code), is_early) in self.lines.iter_mut().zip(&self.codes).zip(is_early) {
            line.early = if *is_early { *code } else { NONE };
        }
        Ok(())
    }

    /// Marks what says nothing as of the instant: rows that were superseded by then, or not learned yet.
    fn read_moments(&mut self, rows: usize, stretch: &mut Stretch) -> Result<(), Refused> {
        let as_of = self.as_of;
        if let Some(column) = &mut self.superseded_at {
            column.next(rows)?;
            for (index, (line, at)) in self.lines.iter_mut().zip(column.values()).enumerate() {
                if !column.is_missing(index) {
                    stretch.note(*at..=*at, as_of);
                    line.bits |= if *at <= as_of { UNKNOWN } else { 0 };
                }
            }
        }
        if let Some(column) = &mut self.learned_at {
            let learned_at = required(column, rows, LEARNED_AT)?;
            for (line, at) in self.lines.iter_mut().zip(learned_at) {
                stretch.note(*at..=*at, as_of);
                line.bits |= if *at > as_of { UNKNOWN } else { 0 };
            }
        }
        Ok(())
    }

    fn read_stamps(&mut self, rows: usize) -> Result<(), Refused> {
        let Some((orders, versions)) = &mut self.stamps else {
            return Ok(());
        };
        self.orders.clear();
        let mut key = |bytes: &[u8]| Ok(order_key(bytes));
        orders.next(rows, Key::NONE, &mut key, &mut self.orders)?;
        required(versions, rows, VERSION)?;
        if self.orders.contains(&Key::NONE) {
            return Err(Refused::Column(ORDER_ID));
        }
        Ok(())
    }
}

impl Figure {
    fn read(
        &mut self,
        rows: usize,
        as_of: i64,
        stretch: &mut Stretch,
        lines: &mut [OrderLine],
    ) -> Result<(), Refused> {
        let (due_bit, met_bit) = (due_bit(self.number), met_bit(self.number));
        let column = FIRST_FIGURE + 2 * self.number;
        let is_required = RULES[column].2 == Required;
        self.met.next(rows)?;
        if is_required && self.met.has_missing() {
            return Err(Refused::Column(column));
        }
        let mut set = |index: usize, is_due: bool, is_met: bool| {
            let bits = if is_due { due_bit } else { 0 } | if is_due & is_met { met_bit } else { 0 };
            lines[index].bits |= bits;
        };
        match &mut self.due {
            Due::Always => {
                for (index, met) in self.met.values().iter().enumerate() {
                    set(index, true, *met);
                }
            }
            Due::WhereThere => {
                for (index, met) in self.met.values().iter().enumerate() {
                    set(index, !self.met.is_missing(index), *met);
                }
            }
            Due::At(instants) => {
                instants.next(rows)?;
                if is_required && instants.has_missing() {
                    return Err(Refused::Column(column + 1));
                }
                for (index, (at, met)) in instants.values().iter().zip(self.met.values()).enumerate() {
                    let is_there = !instants.is_missing(index);
                    if is_there {
                        stretch.note(*at..=*at, as_of);
                    }
                    set(index, is_there && *at <= as_of, *met);
                }
            }
        }
        Ok(())
    }
}

/// Why rows cannot be read.
enum Refused {
    /// A column is empty where it must not be.
    Column(usize),
    Bytes(ParquetError),
}

impl Refused {
    fn of(self, file: &LakeFile) -> ReportError {
        match self {
            Self::Column(column) => file.unfit(column),
            Self::Bytes(source) => file.unreadable(source),
        }
    }
}

impl From<ParquetError> for Refused {
    fn from(source: ParquetError) -> Self {
        Self::Bytes(source)
    }
}

fn required<T>(column: &mut super::column::Values<T>, rows: usize, number: usize) -> Result<&[T::T], Refused>
where
    T: parquet::data_type::DataType<T: Copy + Default>,
{
    column.next(rows)?;
    if column.has_missing() {
        return Err(Refused::Column(number));
    }
    Ok(column.values())
}

/// An order id's digits behind their count, so that no two ids are one.
pub(super) fn order_key(id: &[u8]) -> Key {
    if id.len() > *ORDER_ID_DIGITS.end() || !id.iter().all(u8::is_ascii_digit) {
        return Key::NONE;
    }
    let digits = (id.iter()).fold(0_u128, |number, digit| number * 10 + u128::from(digit - b'0'));
    Key {
        id: (id.len() as u128) << 72 | digits,
        hash: shard_hash(id),
    }
}

/// The order id that a key was made of.
pub(super) fn order_id(key: Key) -> Option<OrderId> {
    let (length, digits) = ((key.id >> 72) as usize, key.id & ((1 << 72) - 1));
    OrderId::parse(&format!("{digits:0length$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_comes_back_from_its_key() {
        for id in [
            "0000000000",
            "8100000000000001",
            "00000000000000000042",
            "99999999999999999999",
        ] {
            let read = order_id(order_key(id.as_bytes()));
            assert_eq!(read.map(|id| id.to_string()).as_deref(), Some(id));
        }
        assert_eq!(order_id(Key::NONE), None);
    }
}
