//! A month's orders by name: those that are not decided for fulfilment, those that missed it, and those that their seller alone
//! stated. Of each seller no more are held than are told.
//!
//! The fold adds orders up and forgets them; this reads the month's files once more for those who must be told which ones.
//! Rows repeat, so the latest of each order is found first, as many orders at a time as fit.

mod orders;

use std::collections::HashMap;
use std::path::PathBuf;

use domain::{Cents, Month, SellerId, Timestamp};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;

use super::column::{Integers, NONE, Texts, Truths};
use super::decoded;
use super::file::Kind::{Integer, Text, Truth};
use super::file::Presence::{Nullable, Optional, Required};
use super::file::{ColumnRule, LakeFile, extent_of_integers};
use super::latest::{Key, Latest, Part};
use super::orders::{order_id, order_key};
use crate::{MonthFiles, ReportError};

pub(crate) use orders::OF_A_SELLER_MAX;
pub use orders::{
    BySeller, FailedOrder, Miss, Missing, NamedOrder, OrdersByName, SellersWanted, UnconfirmedOrder,
    Undecided, UndecidedOrder, Wanted,
};

/// Orders that lie in memory at once while rows are collapsed: some 120 MB.
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
    ("delivery_met", Truth, Required),
    ("delivery_at", Integer, Required),
    ("first_upload_at", Integer, Optional),
    ("late_pickup_at", Integer, Optional),
    ("unconfirmed", Truth, Optional),
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
const DELIVERY_MET: usize = 14;
const DELIVERY_AT: usize = 15;
const FIRST_UPLOAD_AT: usize = 16;
const LATE_PICKUP_AT: usize = 17;
const UNCONFIRMED: usize = 18;

/// The orders of a part of a month's files by name, as of an instant: of the sellers that are wanted.
///
/// # Errors
/// [`ReportError`] for a file that cannot be read or holds no rows of the lake, by its name.
pub fn orders_by_name(
    files: &[MonthFiles],
    month: Month,
    as_of: Timestamp,
    part: Part,
    wanted: &Wanted,
) -> Result<OrdersByName, ReportError> {
    let of_month = files.iter().filter(|files| files.month == month);
    let paths: Vec<_> = of_month.flat_map(|files| &files.orders).collect();
    let mut reading = Reading {
        as_of: as_of.unix(),
        wanted,
        codes: HashMap::new(),
        sellers: Vec::new(),
        named: OrdersByName::default(),
    };
    let mut pending = vec![part];
    while let Some(part) = pending.pop() {
        pending.extend(reading.pass(&paths, part)?);
    }
    reading.named.end();
    Ok(reading.named)
}

struct Reading<'a> {
    as_of: i64,
    wanted: &'a Wanted,
    /// By name, where a seller stands; [`OTHERS`] for one who is not asked for.
    codes: HashMap<Vec<u8>, u32>,
    sellers: Vec<SellerId>,
    named: OrdersByName,
}

/// A seller who is not asked for.
const OTHERS: u32 = NONE - 1;

/// No instant: of what has not happened, or is not told.
const NEVER: i64 = i64::MIN;

/// The latest row of an order.
#[derive(Clone, Copy)]
struct Row {
    rank: (i64, i64),
    order: Key,
    seller: u32,
    paid_at: i64,
    cents: i64,
    fate: Fate,
}

/// What an order is named for.
#[derive(Clone, Copy)]
enum Fate {
    /// Nothing: it is fulfilled, or was cancelled before shipment.
    None,
    /// It is not decided.
    Waiting { missing: Missing, deadline: i64 },
    /// It missed fulfilment.
    Failed(Failing),
    /// Its seller alone stated it.
    Unconfirmed,
}

/// By what an order missed fulfilment: the last instants in time, and when it happened after all.
#[derive(Clone, Copy)]
struct Failing {
    upload: (i64, i64),
    pickup: (i64, i64),
    other: (Missing, i64),
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
        let (Some(seller_id), Some(order_id)) = (self.sellers.get(row.seller as usize), order_id(row.order))
        else {
            return;
        };
        let paid_at = Timestamp::from_unix(row.paid_at);
        let amount = Cents(row.cents);
        match row.fate {
            Fate::Waiting { missing, deadline } if self.wanted.undecided.has(seller_id) => {
                let deadline = happened(deadline);
                let order = UndecidedOrder {
                    order_id,
                    paid_at,
                    missing,
                    deadline,
                    amount,
                };
                self.named.undecided.add(seller_id, order);
            }
            Fate::Failed(failing) if self.wanted.failed.has(seller_id) => {
                let misses = failing.misses();
                self.named.failed.add(
                    seller_id,
                    FailedOrder {
                        order_id,
                        paid_at,
                        misses,
                        amount,
                    },
                );
            }
            Fate::Unconfirmed if self.wanted.unconfirmed.has(seller_id) => {
                self.named
                    .unconfirmed
                    .add(seller_id, UnconfirmedOrder { order_id, paid_at });
            }
            Fate::None | Fate::Waiting { .. } | Fate::Failed(_) | Fate::Unconfirmed => {}
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
        let wanted = |seller_id: &SellerId| self.wanted.has(seller_id);
        let code = match seller_id.filter(wanted) {
            Some(seller_id) => {
                self.sellers.push(seller_id);
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
    delivery: Standings,
    first_upload_at: Option<Integers>,
    late_pickup_at: Option<Integers>,
    unconfirmed: Option<Truths>,
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
        let optional = |column: usize| {
            let place = file.place(column);
            place.map(|place| Integers::open(&*reader, place)).transpose()
        };
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
            delivery: standings(DELIVERY_MET, DELIVERY_AT)?,
            first_upload_at: optional(FIRST_UPLOAD_AT)?,
            late_pickup_at: optional(LATE_PICKUP_AT)?,
            unconfirmed: match file.place(UNCONFIRMED) {
                Some(place) => Some(Truths::open(&*reader, place)?),
                None => None,
            },
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
        for figure in [
            &mut self.fulfilment,
            &mut self.upload,
            &mut self.pickup,
            &mut self.delivery,
        ] {
            figure.met.next(rows)?;
            figure.at.next(rows)?;
        }
        let optional = [&mut self.first_upload_at, &mut self.late_pickup_at];
        for column in optional.into_iter().flatten() {
            column.next(rows)?;
        }
        if let Some(column) = &mut self.unconfirmed {
            column.next(rows)?;
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
            (DELIVERY_MET, self.delivery.met.has_missing()),
            (DELIVERY_AT, self.delivery.at.has_missing()),
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
                paid_at: self.paid_at.values()[index],
                cents: self.gmv.values()[index],
                fate: self.fate(index, as_of),
            };
            latest.put(*order, row, |new, known| new.rank >= known.rank);
        }
    }

    /// What an order is named for.
    fn fate(&self, index: usize, as_of: i64) -> Fate {
        if self.excluded.values()[index] {
            let column = self.unconfirmed.as_ref();
            let is_sellers = column.is_some_and(|it| !it.is_missing(index) && it.values()[index]);
            return if is_sellers { Fate::Unconfirmed } else { Fate::None };
        }
        match self.fulfilment.of(index) {
            Some((true, at)) if at <= as_of => Fate::None,
            Some((false, at)) if at <= as_of => Fate::Failed(self.failing(index, at, as_of)),
            fulfilment => self.waiting(index, fulfilment),
        }
    }

    /// What an order waits for.
    fn waiting(&self, index: usize, fulfilment: Option<(bool, i64)>) -> Fate {
        let (upload, pickup) = (self.upload.of(index), self.pickup.of(index));
        let (missing, deadline) = match fulfilment {
            Some((true, _)) => (Missing::Nothing, NEVER),
            // What fails first is what fulfilment fails by; it is still in time in the second before.
            Some((false, at)) if upload == Some((false, at)) => (Missing::Upload, at - 1),
            Some((false, at)) if pickup == Some((false, at)) => (Missing::Pickup, at - 1),
            Some((false, at)) => (Missing::SignOff, at - 1),
            None if pickup.is_none() => (Missing::Pickup, NEVER),
            None => (Missing::Nodes, NEVER),
        };
        Fate::Waiting { missing, deadline }
    }

    /// By what an order missed fulfilment, at `failed_at` first.
    fn failing(&self, index: usize, failed_at: i64, as_of: i64) -> Failing {
        let missed = |figure: &Standings| match figure.of(index) {
            Some((false, at)) if at <= as_of => at - 1,
            _ => NEVER,
        };
        let when = |column: &Option<Integers>| {
            let column = column.as_ref().filter(|column| !column.is_missing(index));
            column.map_or(NEVER, |column| column.values()[index])
        };
        let (upload, pickup) = (missed(&self.upload), missed(&self.pickup));
        // The policy may ask for more than A1 and B1.
        let other = match failed_at - 1 {
            at if at == upload || at == pickup => (Missing::Nothing, NEVER),
            at if self.delivery.of(index) == Some((false, failed_at)) => (Missing::SignOff, at),
            at => (Missing::Nodes, at),
        };
        Failing {
            upload: (upload, when(&self.first_upload_at)),
            pickup: (pickup, when(&self.late_pickup_at)),
            other,
        }
    }
}

impl Failing {
    /// Each rule that was missed, in the order of their deadlines.
    fn misses(&self) -> Vec<Miss> {
        let (upload, uploaded_at) = self.upload;
        let (pickup, picked_up_at) = self.pickup;
        let (other, ended_at) = self.other;
        let missed = [
            (Missing::Upload, upload, uploaded_at),
            (Missing::Pickup, pickup, picked_up_at),
            (other, ended_at, NEVER),
        ];
        let missed = missed.into_iter().filter_map(|(missing, deadline, at)| {
            Some(Miss {
                missing,
                deadline: happened(deadline)?,
                happened_at: happened(at),
            })
        });
        let mut misses: Vec<Miss> = missed.collect();
        misses.sort_by_key(|miss| (miss.deadline, miss.missing));
        misses
    }
}

/// An instant, unless it is [`NEVER`].
fn happened(at: i64) -> Option<Timestamp> {
    (at != NEVER).then(|| Timestamp::from_unix(at))
}

impl Standings {
    /// Whether the figure is met, and from when on that is decided.
    fn of(&self, index: usize) -> Option<(bool, i64)> {
        let is_there = !self.met.is_missing(index) && !self.at.is_missing(index);
        is_there.then(|| (self.met.values()[index], self.at.values()[index]))
    }
}
