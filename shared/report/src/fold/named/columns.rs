//! The columns of the lake that name orders, read batch by batch.

use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;

use super::{Failing, Fate, Missing, NEVER, OTHERS, Reading, Row};
use crate::fold::column::{Integers, NONE, Texts, Truths};
use crate::fold::file::Kind::{Integer, Text, Truth};
use crate::fold::file::Presence::{Nullable, Optional, Required};
use crate::fold::file::{ColumnRule, LakeFile, extent_of_integers};
use crate::fold::latest::{Key, Latest};
use crate::fold::orders::order_key;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;

pub(super) const RULES: &[ColumnRule] = &[
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

/// The columns of a row group, read batch by batch.
pub(super) struct Columns {
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
    pub(super) fn open(file: &LakeFile, group: usize, as_of: i64) -> Result<Option<Self>, ParquetError> {
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

    pub(super) fn next(&mut self, reading: &mut Reading<'_>) -> Result<bool, ParquetError> {
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

    pub(super) fn empty_column(&self) -> Option<usize> {
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

    pub(super) fn each(&self, as_of: i64, latest: &mut Latest<Row>) {
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

impl Standings {
    /// Whether the figure is met, and from when on that is decided.
    fn of(&self, index: usize) -> Option<(bool, i64)> {
        let is_there = !self.met.is_missing(index) && !self.at.is_missing(index);
        is_there.then(|| (self.met.values()[index], self.at.values()[index]))
    }
}
