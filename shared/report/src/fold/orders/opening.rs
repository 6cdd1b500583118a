//! Which columns of a row group are to be decoded: what its statistics say already is not.

use parquet::file::reader::{FileReader, RowGroupReader};

use super::super::Detail;
use super::super::column::{Integers, Texts, Truths};
use super::super::file::Presence::Nullable;
use super::super::file::{LakeFile, extent_of_integers, extent_of_truths};
use super::super::moments::Stretch;
use super::super::tallies::FIGURES;
use super::{
    CARRIER, DESTINATION, Due, EXCLUDED_COLUMN, FIRST_FIGURE, Figure, GMV, LEARNED_AT, NODES_MISSING,
    ORDER_ID, OrderRows, POLICY, POLICY_EARLY, RULES, Refused, SELLER, SUPERSEDED_AT, VERSION,
};

/// A row group that is about to be read.
pub(super) struct Opening<'a, 'b> {
    pub(super) file: &'a LakeFile,
    pub(super) group: usize,
    pub(super) as_of: i64,
    pub(super) detail: Detail,
    pub(super) stretch: &'b mut Stretch,
}

impl<'a> Opening<'a, '_> {
    /// The row group, with the columns that its statistics do not spare; `None` when nothing of it counts as of the instant.
    pub(super) fn rows(mut self, compared: bool) -> Result<Option<OrderRows<'a>>, Refused> {
        let Some(learned_at) = self.learned_at(compared)? else {
            return Ok(None);
        };
        let Some(superseded_at) = self.superseded_at()? else {
            return Ok(None);
        };
        let rows = usize::try_from(self.file.group(self.group).num_rows()).unwrap_or(0);
        let stamps = match compared {
            true => Some((self.texts(ORDER_ID)?, self.integers(VERSION)?)),
            false => None,
        };
        let early = match self.is_true_somewhere(POLICY_EARLY) {
            true => Some((self.truths(POLICY_EARLY)?, self.texts(POLICY)?)),
            false => None,
        };
        let excluded = self.is_true_somewhere(EXCLUDED_COLUMN);
        let mut figures = Vec::new();
        for number in 0..FIGURES {
            figures.extend(self.figure(number)?);
        }
        let mut names = [None, None, None];
        for (name, column) in names.iter_mut().zip([DESTINATION, CARRIER, NODES_MISSING]) {
            if self.detail == Detail::Breakdown && self.file.place(column).is_some() {
                *name = Some(self.texts(column)?);
            }
        }
        Ok(Some(OrderRows {
            file: self.file,
            as_of: self.as_of,
            rows_left: rows,
            seller: self.texts(SELLER)?,
            gmv: self.integers(GMV)?,
            excluded: excluded.then(|| self.truths(EXCLUDED_COLUMN)).transpose()?,
            early,
            figures,
            names,
            superseded_at,
            learned_at,
            stamps,
            lines: Vec::new(),
            codes: Vec::new(),
            orders: Vec::new(),
        }))
    }

    /// The column, if the rows differ in whether they were learned; `None` when none was.
    fn learned_at(&mut self, compared: bool) -> Result<Option<Option<Integers>>, Refused> {
        let extent = extent_of_integers(self.file.group(self.group), self.place(LEARNED_AT));
        if let (Some((least, greatest)), Some(0)) = (extent.between, extent.nulls) {
            if least > self.as_of {
                self.stretch.note(least..=least, self.as_of);
                return Ok(None);
            }
            if greatest <= self.as_of && !compared {
                self.stretch.note(greatest..=greatest, self.as_of);
                return Ok(Some(None));
            }
        }
        self.integers(LEARNED_AT).map(|column| Some(Some(column)))
    }

    /// The column, if some rows are superseded and others not; `None` when all are.
    fn superseded_at(&mut self) -> Result<Option<Option<Integers>>, Refused> {
        let Some(place) = self.file.place(SUPERSEDED_AT) else {
            return Ok(Some(None));
        };
        let extent = extent_of_integers(self.file.group(self.group), place);
        match (extent.between, extent.nulls) {
            (None, Some(nulls)) if nulls == self.rows_of_group() => return Ok(Some(None)),
            (Some((_, greatest)), Some(0)) if greatest <= self.as_of => {
                self.stretch.note(greatest..=greatest, self.as_of);
                return Ok(None);
            }
            _ => {}
        }
        self.integers(SUPERSEDED_AT).map(|column| Some(Some(column)))
    }

    /// A figure; `None` when it is decided for no row yet.
    fn figure(&mut self, number: usize) -> Result<Option<Figure>, Refused> {
        let (met, at) = (FIRST_FIGURE + 2 * number, FIRST_FIGURE + 2 * number + 1);
        let group = self.file.group(self.group);
        let instants = extent_of_integers(group, self.place(at));
        let nulls_of_met = extent_of_truths(group, self.place(met)).nulls;
        let due = match (instants.between, instants.nulls) {
            (None, Some(nulls)) if nulls == self.rows_of_group() && RULES[at].2 == Nullable => {
                return Ok(None);
            }
            (Some((_, greatest)), Some(nulls)) if greatest <= self.as_of => {
                let due = match nulls {
                    0 => Some(Due::Always),
                    // Both columns are written of one thing: what lacks the one lacks the other.
                    nulls if nulls_of_met == Some(nulls) && RULES[at].2 == Nullable => Some(Due::WhereThere),
                    _ => None,
                };
                if due.is_some() {
                    self.stretch.note(greatest..=greatest, self.as_of);
                }
                due
            }
            _ => None,
        };
        let due = match due {
            Some(due) => due,
            None => Due::At(Box::new(self.integers(at)?)),
        };
        Ok(Some(Figure {
            number,
            met: self.truths(met)?,
            due,
        }))
    }

    fn is_true_somewhere(&self, column: usize) -> bool {
        let extent = extent_of_truths(self.file.group(self.group), self.place(column));
        !matches!((extent.between, extent.nulls), (Some((_, false)), Some(0)))
    }

    fn rows_of_group(&self) -> u64 {
        u64::try_from(self.file.group(self.group).num_rows()).unwrap_or(0)
    }

    fn place(&self, column: usize) -> usize {
        self.file.place(column).expect("a required column has its place")
    }

    fn integers(&self, column: usize) -> Result<Integers, Refused> {
        Ok(Integers::open(&*self.group_reader()?, self.place(column))?)
    }

    fn truths(&self, column: usize) -> Result<Truths, Refused> {
        Ok(Truths::open(&*self.group_reader()?, self.place(column))?)
    }

    fn texts<C: Copy>(&self, column: usize) -> Result<Texts<C>, Refused> {
        Ok(Texts::open(&*self.group_reader()?, self.place(column))?)
    }

    fn group_reader(&self) -> Result<Box<dyn RowGroupReader + 'a>, Refused> {
        Ok(self.file.reader.get_row_group(self.group)?)
    }
}
