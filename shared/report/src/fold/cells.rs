//! What is counted under names, by the names' codes.

use domain::Cents;

use super::tallies::{DELIVERY, FULFILMENT, NODES, OrderLine};
use crate::Tally;
use crate::breakdown::Slice;

/// Codes by which what is counted is found at once; a code beyond is searched for.
const DENSE_CODES: u32 = 64;

/// What is counted under the names of one column, whose codes begin at 0.
#[derive(Clone, Default)]
pub(super) struct Cells<T> {
    dense: Vec<T>,
    beyond: Vec<(u32, T)>,
}

impl<T: Clone + Default + PartialEq> Cells<T> {
    /// What is counted under a name, of so many that are `known`: most are asked for sooner or later.
    pub(super) fn of(&mut self, name: u32, known: usize) -> &mut T {
        if name < DENSE_CODES {
            let place = name as usize;
            if self.dense.len() <= place {
                let places = known.clamp(place + 1, DENSE_CODES as usize);
                self.dense.resize(places, T::default());
            }
            return &mut self.dense[place];
        }
        let place = self.beyond.iter().position(|(known, _)| *known == name);
        let place = place.unwrap_or_else(|| {
            self.beyond.push((name, T::default()));
            self.beyond.len() - 1
        });
        &mut self.beyond[place].1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let nothing = T::default();
        let dense = (0..)
            .zip(&self.dense)
            .filter(move |(_, counted)| **counted != nothing);
        dense.chain(self.beyond.iter().map(|(name, counted)| (*name, counted)))
    }

    /// Adds what was counted under other codes.
    pub(super) fn absorb(&mut self, other: &Self, code: &[u32], add: impl Fn(&mut T, &T)) {
        let known = code.len();
        for (name, counted) in other.iter() {
            add(self.of(code[name as usize], known), counted);
        }
    }
}

/// A slice that lies in one line of the processor's cache: rows come from everywhere, so that each one's is fetched.
#[derive(Clone, Default, PartialEq)]
#[repr(align(64))]
pub(super) struct SliceCell(Slice);

impl SliceCell {
    /// Adds an order that is not excluded.
    pub(super) fn add(&mut self, line: &OrderLine) {
        let Self(slice) = self;
        let add = |tally: &mut Tally, figure| {
            tally.due += i64::from(line.is_due(figure));
            tally.met += i64::from(line.is_met(figure));
        };
        slice.orders += 1;
        slice.gmv += Cents(line.gmv);
        add(&mut slice.fulfilment, FULFILMENT);
        add(&mut slice.delivery, DELIVERY);
        add(&mut slice.nodes, NODES);
    }

    pub(super) fn merge(&mut self, Self(other): &Self) {
        self.0.merge(other);
    }

    pub(super) fn slice(&self) -> Slice {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_dense_codes_is_counted_too_and_absorbed_under_its_code_here() {
        let (mut here, mut there) = (Cells::<i64>::default(), Cells::<i64>::default());
        for name in [70, 3, 64, 70, 63] {
            *here.of(name, 4) += 1;
        }
        for name in [0, 1, 1, 2] {
            *there.of(name, 3) += 1;
        }
        here.absorb(&there, &[63, 70, 200], |sum, count| *sum += count);
        let mut counted: Vec<_> = here.iter().map(|(name, count)| (name, *count)).collect();
        counted.sort_unstable();
        assert_eq!(counted, [(3, 1), (63, 2), (64, 1), (70, 4), (200, 1)]);
    }
}
