//! A month's orders that are not decided for fulfilment, by name: of each seller the nearest deadlines.
//!
//! The fold adds orders up and forgets them; this reads the month's files once more for those who must be told which ones.
//! Rows repeat, so the latest of each order is found first, as many orders at a time as fit, and of a seller's undecided
//! orders no more are held than are told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use domain::{Cents, Month, OrderId, SellerId, Timestamp};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use serde::{Deserialize, Serialize};

use super::column::{Integers, NONE, Texts, Truths};
use super::decoded;
use super::file::Kind::{Integer, Text, Truth};
use super::file::Presence::{Nullable, Optional, Required};
use super::file::{ColumnRule, LakeFile, extent_of_integers};
use super::latest::{Key, Latest, Part};
use super::orders::{order_id, order_key};
use crate::{MonthFiles, ReportError};

/// Undecided orders that are told of one seller: those with the nearest deadlines.
pub(crate) const OF_A_SELLER_MAX: usize = 50;

/// Orders that lie in memory at once while rows are collapsed: some 100 MB.
const COLLAPSED_MAX: usize = 500_000;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;

const RULES: &[ColumnRule] = &[
    ("order_id", Text, Required),
    ("seller_id", Text, Required),
    ("version", Integer, Required),
    ("learned_at", Integer, Required),
    ("paid_at", Integer, Required),
    ("gmv_cents", Integer, Required),
    ("excluded", Truth, Required),
    ("fulfilment_met", Truth, Nullable),
    ("fulfilment_at", Integer, Nullable),
    ("upload_met", Truth, Required),
    ("upload_at", Integer, Required),
    ("pickup_met", Truth, Nullable),
    ("pickup_at", Integer, Nullable),
    ("superseded_at", Integer, Optional),
];

const ORDER_ID: usize = 0;
const SELLER: usize = 1;
const VERSION: usize = 2;
const LEARNED_AT: usize = 3;
const PAID_AT: usize = 4;
const GMV: usize = 5;
const EXCLUDED: usize = 6;
const FULFILMENT_MET: usize = 7;
const FULFILMENT_AT: usize = 8;
const UPLOAD_MET: usize = 9;
const UPLOAD_AT: usize = 10;
const PICKUP_MET: usize = 11;
const PICKUP_AT: usize = 12;
const SUPERSEDED_AT: usize = 13;

/// What an order that is not decided lacks for being fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Missing {
    /// A1: a tracking number.
    Upload,
    /// B1: a parcel's first pickup.
    Pickup,
    /// B2, where the policy asks for it: nodes of a timeline that goes on.
    Nodes,
    /// B4, where the policy asks for it: the sign-off.
    SignOff,
    /// Nothing: it counts as fulfilled from an instant on that is still to come.
    Nothing,
}

/// An order that is neither excluded nor yet fulfilled or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndecidedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Its payment.
    pub paid_at: Timestamp,
    /// What it lacks first.
    pub missing: Missing,
    /// The last instant at which that is still in time; `None` where no deadline runs.
    pub deadline: Option<Timestamp>,
    /// What it adds to GMV.
    pub amount: Cents,
}

impl UndecidedOrder {
    /// The nearest deadline first; those without one last.
    pub(crate) fn rank(&self) -> (i64, &OrderId) {
        (self.deadline.map_or(i64::MAX, Timestamp::unix), &self.order_id)
    }
}

/// By seller, the undecided orders with the nearest deadlines: at most 50 of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided(BTreeMap<SellerId, Vec<UndecidedOrder>>);

impl Undecided {
    /// Adds what another part of the same month has.
    pub fn merge(&mut self, other: Self) {
        for (seller_id, orders) in other.0 {
            let known = self.0.entry(seller_id).or_default();
            known.extend(orders);
            cut(known);
        }
    }

    /// A seller's, the nearest deadline first.
    pub fn of(&self, seller_id: &SellerId) -> &[UndecidedOrder] {
        self.0.get(seller_id).map_or(&[], Vec::as_slice)
    }
}

impl FromIterator<(SellerId, Vec<UndecidedOrder>)> for Undecided {
    fn from_iter<T: IntoIterator<Item = (SellerId, Vec<UndecidedOrder>)>>(sellers: T) -> Self {
        let mut undecided = Self::default();
        undecided.merge(Self(sellers.into_iter().collect()));
        undecided
    }
}

/// In order, and no more than are told.
fn cut(orders: &mut Vec<UndecidedOrder>) {
    orders.sort_by(|one, other| one.rank().cmp(&other.rank()));
    orders.truncate(OF_A_SELLER_MAX);
}

/// The undecided orders of a part of a month's files, as of an instant: of `sellers`, or of all where none are named.
///
/// # Errors
/// [`ReportError`] for a file that cannot be read or holds no rows of the lake, by its name.
pub fn undecided(
    files: &[MonthFiles],
    month: Month,
    as_of: Timestamp,
    part: Part,
    sellers: Option<&BTreeSet<SellerId>>,
) -> Result<Undecided, ReportError> {
    let of_month = files.iter().filter(|files| files.month == month);
    let paths: Vec<_> = of_month.flat_map(|files| &files.orders).collect();
    let mut reading = Reading {
        as_of: as_of.unix(),
        wanted: sellers,
        codes: HashMap::new(),
        sellers: Vec::new(),
        found: Vec::new(),
    };
    let mut pending = vec![part];
    while let Some(part) = pending.pop() {
        pending.extend(reading.pass(&paths, part)?);
    }
    let found = reading.sellers.into_iter().zip(reading.found);
    Ok(found.filter(|(_, orders)| !orders.is_empty()).collect())
}

struct Reading<'a> {
    as_of: i64,
    wanted: Option<&'a BTreeSet<SellerId>>,
    /// By name, where a seller stands; [`OTHERS`] for one who is not asked for.
    codes: HashMap<Vec<u8>, u32>,
    sellers: Vec<SellerId>,
    /// By seller: no more than twice as many as are told.
    found: Vec<Vec<UndecidedOrder>>,
}

/// A seller who is not asked for.
const OTHERS: u32 = NONE - 1;

/// The latest row of an order.
#[derive(Clone, Copy)]
struct Row {
    rank: (i64, i64),
    order: Key,
    seller: u32,
    /// Unless it is excluded or decided.
    waiting: Option<Waiting>,
}

#[derive(Clone, Copy)]
struct Waiting {
    paid_at: i64,
    missing: Missing,
    deadline: Option<i64>,
    cents: i64,
}

impl Reading<'_> {
    /// Reads the files for one part; says which parts are left to do.
    fn pass(&mut self, paths: &[&PathBuf], part: Part) -> Result<Vec<Part>, ReportError> {
        let mut latest = Latest::of(part, COLLAPSED_MAX);
        for path in paths {
            decoded(path, || {
                let file = LakeFile::open(path, RULES)?;
                let is_elsewhere = |bucket: super::file::Bucket| !bucket.part.meets(latest.part());
                if file.bucket().is_some_and(is_elsewhere) {
                    return Ok(());
                }
                for group in 0..file.groups() {
                    self.group(&file, group, &mut latest)?;
                }
                Ok(())
            })?;
        }
        let (rows, left_over) = latest.end();
        for row in rows {
            self.keep(row);
        }
        Ok(left_over)
    }

    fn keep(&mut self, row: Row) {
        let (Some(waiting), Some(order_id)) = (row.waiting, order_id(row.order)) else {
            return;
        };
        let found = &mut self.found[row.seller as usize];
        found.push(UndecidedOrder {
            order_id,
            paid_at: Timestamp::from_unix(waiting.paid_at),
            missing: waiting.missing,
            deadline: waiting.deadline.map(Timestamp::from_unix),
            amount: Cents(waiting.cents),
        });
        if found.len() >= 2 * OF_A_SELLER_MAX {
            cut(found);
        }
    }

    fn group(&mut self, file: &LakeFile, group: usize, latest: &mut Latest<Row>) -> Result<(), ReportError> {
        let unreadable = |source| file.unreadable(source);
        let Some(mut columns) = Columns::open(file, group, self.as_of).map_err(unreadable)? else {
            return Ok(());
        };
        while columns.next(self).map_err(unreadable)? {
            if let Some(column) = columns.empty_column() {
                return Err(file.unfit(column));
            }
            columns.each(self.as_of, latest);
        }
        Ok(())
    }

    /// Where a seller stands.
    fn code_of(&mut self, name: &[u8]) -> u32 {
        if let Some(code) = self.codes.get(name) {
            return *code;
        }
        let seller_id = std::str::from_utf8(name).ok().and_then(SellerId::parse);
        let wanted = |seller_id: &SellerId| self.wanted.is_none_or(|wanted| wanted.contains(seller_id));
        let code = match seller_id.filter(wanted) {
            Some(seller_id) => {
                self.sellers.push(seller_id);
                self.found.push(Vec::new());
                u32::try_from(self.sellers.len() - 1).unwrap_or(OTHERS)
            }
            None => OTHERS,
        };
        self.codes.insert(name.to_vec(), code);
        code
    }
}

/// The columns of a row group, read batch by batch.
struct Columns {
    rows_left: usize,
    order_id: Texts<Key>,
    seller: Texts<u32>,
    version: Integers,
    learned_at: Integers,
    paid_at: Integers,
    gmv: Integers,
    excluded: Truths,
    fulfilment: Standings,
    upload: Standings,
    pickup: Standings,
    orders: Vec<Key>,
    sellers: Vec<u32>,
}

/// A figure's column of whether it is met, and that of from when on that is decided.
struct Standings {
    met: Truths,
    at: Integers,
}

impl Columns {
    /// `None` when nothing of the row group was learned by the instant, or all of it was superseded by then.
    fn open(file: &LakeFile, group: usize, as_of: i64) -> Result<Option<Self>, ParquetError> {
        let place = |column: usize| file.place(column).expect("a required column has its place");
        let extent = |place: usize| extent_of_integers(file.group(group), place);
        let learned = extent(place(LEARNED_AT)).between;
        let superseded = file.place(SUPERSEDED_AT).map(extent);
        if learned.is_some_and(|(least, _)| least > as_of)
            || superseded.is_some_and(|of| {
                of.nulls == Some(0) && of.between.is_some_and(|(_, greatest)| greatest <= as_of)
            })
        {
            return Ok(None);
        }
        let reader = file.reader.get_row_group(group)?;
        let integers = |column: usize| Integers::open(&*reader, place(column));
        let truths = |column: usize| Truths::open(&*reader, place(column));
        let standings = |met: usize, at: usize| -> Result<Standings, ParquetError> {
            Ok(Standings {
                met: truths(met)?,
                at: integers(at)?,
            })
        };
        Ok(Some(Self {
            rows_left: usize::try_from(file.group(group).num_rows()).unwrap_or(0),
            order_id: Texts::open(&*reader, place(ORDER_ID))?,
            seller: Texts::open(&*reader, place(SELLER))?,
            version: integers(VERSION)?,
            learned_at: integers(LEARNED_AT)?,
            paid_at: integers(PAID_AT)?,
            gmv: integers(GMV)?,
            excluded: truths(EXCLUDED)?,
            fulfilment: standings(FULFILMENT_MET, FULFILMENT_AT)?,
            upload: standings(UPLOAD_MET, UPLOAD_AT)?,
            pickup: standings(PICKUP_MET, PICKUP_AT)?,
            orders: Vec::new(),
            sellers: Vec::new(),
        }))
    }

    fn next(&mut self, reading: &mut Reading<'_>) -> Result<bool, ParquetError> {
        let rows = self.rows_left.min(BATCH_ROWS);
        self.rows_left -= rows;
        if rows == 0 {
            return Ok(false);
        }
        self.orders.clear();
        let mut key = |id: &[u8]| Ok(order_key(id));
        self.order_id.next(rows, Key::NONE, &mut key, &mut self.orders)?;
        self.sellers.clear();
        let mut code = |name: &[u8]| Ok(reading.code_of(name));
        self.seller.next(rows, NONE, &mut code, &mut self.sellers)?;
        for column in [
            &mut self.version,
            &mut self.learned_at,
            &mut self.paid_at,
            &mut self.gmv,
        ] {
            column.next(rows)?;
        }
        self.excluded.next(rows)?;
        for figure in [&mut self.fulfilment, &mut self.upload, &mut self.pickup] {
            figure.met.next(rows)?;
            figure.at.next(rows)?;
        }
        Ok(true)
    }

    fn empty_column(&self) -> Option<usize> {
        let empty = [
            (ORDER_ID, self.orders.contains(&Key::NONE)),
            (SELLER, self.sellers.contains(&NONE)),
            (VERSION, self.version.has_missing()),
            (LEARNED_AT, self.learned_at.has_missing()),
            (PAID_AT, self.paid_at.has_missing()),
            (GMV, self.gmv.has_missing()),
            (EXCLUDED, self.excluded.has_missing()),
            (UPLOAD_MET, self.upload.met.has_missing()),
            (UPLOAD_AT, self.upload.at.has_missing()),
        ];
        empty
            .into_iter()
            .find_map(|(column, is_empty)| is_empty.then_some(column))
    }

    fn each(&self, as_of: i64, latest: &mut Latest<Row>) {
        let learned_at = self.learned_at.values();
        for (index, (seller, order)) in self.sellers.iter().zip(&self.orders).enumerate() {
            if *seller == OTHERS || learned_at[index] > as_of {
                continue;
            }
            let row = Row {
                rank: (learned_at[index], self.version.values()[index]),
                order: *order,
                seller: *seller,
                waiting: self.waiting(index, as_of),
            };
            latest.put(*order, row, |new, known| new.rank >= known.rank);
        }
    }

    /// What an order waits for; `None` when it is excluded or decided.
    fn waiting(&self, index: usize, as_of: i64) -> Option<Waiting> {
        let fulfilment = self.fulfilment.of(index);
        if self.excluded.values()[index] || fulfilment.is_some_and(|(_, at)| at <= as_of) {
            return None;
        }
        let (upload, pickup) = (self.upload.of(index), self.pickup.of(index));
        let (missing, deadline) = match fulfilment {
            Some((true, _)) => (Missing::Nothing, None),
            // What fails first is what fulfilment fails by; it is still in time in the second before.
            Some((false, at)) if upload == Some((false, at)) => (Missing::Upload, Some(at - 1)),
            Some((false, at)) if pickup == Some((false, at)) => (Missing::Pickup, Some(at - 1)),
            Some((false, at)) => (Missing::SignOff, Some(at - 1)),
            None if pickup.is_none() => (Missing::Pickup, None),
            None => (Missing::Nodes, None),
        };
        Some(Waiting {
            paid_at: self.paid_at.values()[index],
            missing,
            deadline,
            cents: self.gmv.values()[index],
        })
    }
}

impl Standings {
    /// Whether the figure is met, and from when on that is decided.
    fn of(&self, index: usize) -> Option<(bool, i64)> {
        let is_there = !self.met.is_missing(index) && !self.at.is_missing(index);
        is_there.then(|| (self.met.values()[index], self.at.values()[index]))
    }
}
