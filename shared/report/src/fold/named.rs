//! A month's orders by name: those that are not decided for fulfilment, those that missed it, and those that their seller alone
//! stated. Of each seller no more are held than are reported.
//!
//! The fold adds orders up and forgets them; this reads the month's files once more for the sellers whose orders are to be named.
//! Rows repeat, so the latest of each order is found first, as many orders at a time as fit.

mod columns;
mod orders;

use std::collections::HashMap;
use std::path::PathBuf;

use domain::{Cents, Month, SellerId, Timestamp};

use super::column::NONE;
use super::decoded;
use super::file::LakeFile;
use super::latest::{Key, Latest, Part};
use super::orders::order_id;
use crate::{MonthFiles, ReportError};

use columns::{Columns, RULES};
pub(crate) use orders::OF_A_SELLER_MAX;
pub use orders::{
    BySeller, FailedOrder, Miss, Missing, NamedOrder, OrdersByName, SellersWanted, UnconfirmedOrder,
    Undecided, UndecidedOrder, Wanted,
};

/// Orders that lie in memory at once while rows are collapsed: some 120 MB.
const COLLAPSED_MAX: usize = 500_000;

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

/// No instant: of what has not happened, or is not stated.
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
