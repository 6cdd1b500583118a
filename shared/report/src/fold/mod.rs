//! Files of the lake folded into the figures of a month: batch by batch, only the columns that count, in bounded memory.
//!
//! Polars would do it in one query, but holds the month's rows: on the same rows it took longer and many times the
//! memory (`tests/benches/report.rs`). What is left to decide after decoding are comparisons and sums of integers.

mod cells;
mod column;
mod entries;
mod file;
mod latest;
mod moments;
mod named;
mod orders;
mod runs;
mod tallies;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{Month, SellerId, Timestamp};
use serde::{Deserialize, Serialize};

pub use latest::Part;
pub use moments::Stretch;
pub(crate) use named::OF_A_SELLER_MAX;
pub use named::{
    BySeller, FailedOrder, Miss, Missing, NamedOrder, OrdersByName, SellersWanted, UnconfirmedOrder,
    Undecided, UndecidedOrder, Wanted, orders_by_name,
};

use crate::{MonthFigures, MonthFiles, ReportError};
use entries::Fine;
use file::LakeFile;
use latest::Latest;
use orders::OrderRows;
use tallies::{OrderLine, Tallies, merge};

/// Orders or entries that lie in memory at once while rows are collapsed: some 100 MB.
const COLLAPSED_MAX: usize = 900_000;

/// Threads that decode, at most: what a function of a few GB is given.
const THREADS_MAX: usize = 4;

/// The figures of a month, or of a part of it, as of an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// The month.
    pub month: Month,
    /// While they stay as they are.
    pub stretch: Stretch,
    /// By seller: everyone with an order or a fine.
    pub sellers: BTreeMap<SellerId, MonthFigures>,
}

impl Folded {
    /// No figures.
    pub fn none(month: Month) -> Self {
        Self {
            month,
            stretch: Stretch::ALL,
            sellers: BTreeMap::new(),
        }
    }

    /// Adds another part of the same month.
    pub fn merge(&mut self, other: Self) {
        self.stretch = self.stretch.and(other.stretch);
        merge(&mut self.sellers, other.sellers);
    }
}

/// How much is told of a month's orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The figures alone: what a report says of the months before its own.
    Figures,
    /// Also by destination, carrier and missing node, which takes three more columns and many times the memory.
    Breakdown,
}

impl Detail {
    /// What a report of `month` tells of another month, or of its own.
    pub fn of(of: Month, month: Month) -> Self {
        if of == month {
            Self::Breakdown
        } else {
            Self::Figures
        }
    }
}

/// Folds a part of a month's files, of those of `files` whose month it is.
///
/// # Errors
/// [`ReportError`] for a file that cannot be read or holds no rows of the lake, by its name.
pub fn fold(
    files: &[MonthFiles],
    month: Month,
    as_of: Timestamp,
    part: Part,
    detail: Detail,
) -> Result<Folded, ReportError> {
    let of_month = || files.iter().filter(|files| files.month == month);
    let orders: Vec<_> = of_month().flat_map(|files| &files.orders).collect();
    let ledger: Vec<_> = of_month().flat_map(|files| &files.ledger).collect();
    let fold = Fold {
        month,
        as_of: as_of.unix(),
        detail,
        collapsed_max: COLLAPSED_MAX,
    };
    let mut folded = fold.orders(&orders, part)?;
    folded.merge(fold.entries(&ledger, part)?);
    Ok(folded)
}

struct Fold {
    month: Month,
    as_of: i64,
    detail: Detail,
    collapsed_max: usize,
}

/// The latest row of an order.
#[derive(Clone, Copy)]
struct LatestOrder {
    rank: (i64, i64),
    line: OrderLine,
}

impl Fold {
    fn orders(&self, paths: &[&PathBuf], part: Part) -> Result<Folded, ReportError> {
        let (mut groups, mut sets, mut files) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths {
            let (count, bucket) = decoded(path, || {
                let file = LakeFile::open(path, orders::RULES)?;
                Ok((file.groups(), file.bucket()))
            })?;
            let share = bucket.as_ref().map_or(Part::WHOLE, |bucket| bucket.part);
            if !share.meets(part) {
                continue;
            }
            files.push(*path);
            groups.extend((0..count).map(|group| (*path, group, part.holds(share))));
            sets.push(bucket.map(|bucket| bucket.set));
        }
        let is_one_set = sets.windows(2).all(|pair| pair[0] == pair[1]) && sets.iter().all(Option::is_some);
        let is_whole = groups.iter().all(|(_, _, is_whole)| *is_whole);
        if is_one_set && is_whole {
            self.one_row_an_order(&groups)
        } else {
            self.collapsed_orders(&files, part)
        }
    }

    /// Each order lies in one file and shows there in one row as of an instant: rows are added up as they come, on
    /// every processor.
    fn one_row_an_order(&self, groups: &[(&PathBuf, usize, bool)]) -> Result<Folded, ReportError> {
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let work = || -> Result<(Tallies, Stretch), ReportError> {
            let (mut tallies, mut stretch) = (Tallies::default(), Stretch::ALL);
            while let Some((path, group, _)) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                decoded(path, || {
                    let file = LakeFile::open(path, orders::RULES)?;
                    self.group(
                        &file,
                        *group,
                        false,
                        &mut tallies,
                        &mut stretch,
                        &mut |tallies, rows| tallies.add_orders(rows.lines()),
                    )
                })?;
            }
            Ok((tallies, stretch))
        };
        let parts: Vec<_> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads.min(THREADS_MAX).min(groups.len()))
                .map(|_| scope.spawn(work))
                .collect();
            let mut parts = vec![work()];
            parts.extend(others.into_iter().map(|other| match other.join() {
                Ok(part) => part,
                Err(panic) => std::panic::resume_unwind(panic),
            }));
            parts
        });
        let mut all: Option<(Tallies, Stretch)> = None;
        for part in parts {
            let (tallies, stretch) = part?;
            all = Some(match all {
                None => (tallies, stretch),
                Some((mut sum, within)) => {
                    let absorbed = sum.absorb(tallies);
                    absorbed.map_err(|source| file::unreadable(Path::new(""), source))?;
                    (sum, within.and(stretch))
                }
            });
        }
        let (tallies, stretch) = all.unwrap_or((Tallies::default(), Stretch::ALL));
        self.folded(tallies, stretch)
    }

    /// Rows repeat, and lie in any file: the latest of each order is found first, as many orders at a time as fit.
    fn collapsed_orders(&self, paths: &[&PathBuf], part: Part) -> Result<Folded, ReportError> {
        let (mut all, mut pending) = (Folded::none(self.month), vec![part]);
        while let Some(part) = pending.pop() {
            let (mut tallies, mut stretch) = (Tallies::default(), Stretch::ALL);
            let mut latest = Latest::of(part, self.collapsed_max);
            for path in paths {
                decoded(path, || {
                    let file = LakeFile::open(path, orders::RULES)?;
                    if file
                        .bucket()
                        .is_some_and(|bucket| !bucket.part.meets(latest.part()))
                    {
                        return Ok(());
                    }
                    for group in 0..file.groups() {
                        let mut keep = |_: &mut Tallies, rows: &OrderRows<'_>| {
                            for (stamp, line) in rows.stamped() {
                                let rank = (stamp.learned_at, stamp.version);
                                let row = LatestOrder { rank, line };
                                latest.put(stamp.order, row, |new, known| new.rank >= known.rank);
                            }
                        };
                        self.group(&file, group, true, &mut tallies, &mut stretch, &mut keep)?;
                    }
                    Ok(())
                })?;
            }
            let (rows, left_over) = latest.end();
            for row in rows {
                tallies.add_orders(&[row.line]);
            }
            pending.extend(left_over);
            all.merge(self.folded(tallies, stretch)?);
        }
        Ok(all)
    }

    fn group(
        &self,
        file: &LakeFile,
        group: usize,
        compared: bool,
        tallies: &mut Tallies,
        stretch: &mut Stretch,
        each: &mut impl FnMut(&mut Tallies, &OrderRows<'_>),
    ) -> Result<(), ReportError> {
        let Some(mut rows) = OrderRows::open(file, group, self.as_of, self.detail, compared, stretch)? else {
            return Ok(());
        };
        while rows.next(tallies, stretch)? {
            each(tallies, &rows);
        }
        Ok(())
    }

    fn entries(&self, paths: &[&PathBuf], part: Part) -> Result<Folded, ReportError> {
        let (mut all, mut pending) = (Folded::none(self.month), vec![part]);
        while let Some(part) = pending.pop() {
            let (mut tallies, mut stretch) = (Tallies::default(), Stretch::ALL);
            let mut latest = Latest::<Fine>::of(part, self.collapsed_max);
            for path in paths {
                decoded(path, || {
                    let file = LakeFile::open(path, entries::RULES)?;
                    entries::read(&file, self.as_of, &mut tallies, &mut stretch, &mut latest)
                })?;
            }
            let (rows, left_over) = latest.end();
            for fine in rows {
                tallies.add_fine(fine.seller, fine.count, fine.cents);
            }
            pending.extend(left_over);
            all.merge(self.folded(tallies, stretch)?);
        }
        Ok(all)
    }

    fn folded(&self, tallies: Tallies, stretch: Stretch) -> Result<Folded, ReportError> {
        Ok(Folded {
            month: self.month,
            stretch,
            sellers: tallies.figures(self.month)?,
        })
    }
}

/// A decoder that panics at corrupt bytes, where it should fail, must not lose the file's name. (That the bytes are
/// those once written is for the fetcher's checksums to prove.)
fn decoded<T>(path: &Path, decode: impl FnOnce() -> Result<T, ReportError>) -> Result<T, ReportError> {
    // What a panic leaves half done is dropped: the error ends the fold.
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(file::unreadable(path, "the Parquet decoder panicked")))
}
