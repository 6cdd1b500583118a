//! Rows added up, by seller: integers alone, and names as numbers until the end.

use domain::{Cents, Month, Node, SellerId};
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::column::{NONE, Names};
use crate::breakdown::Slice;
use crate::{MonthFigures, ReportError, Tally};

/// How many figures a row tells of.
pub(super) const FIGURES: usize = 5;
pub(super) const FULFILMENT: usize = 0;
const UPLOAD: usize = 1;
const PICKUP: usize = 2;
const DELIVERY: usize = 3;
const NODES: usize = 4;

/// The bit of an order that is excluded; below it, of each figure, that it is due and, above those, that it is met.
pub(super) const EXCLUDED: u16 = 1 << (2 * FIGURES);

/// What is kept of an order: names by their codes, [`NONE`] for none.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderLine {
    pub(super) gmv: i64,
    pub(super) seller: u32,
    pub(super) destination: u32,
    pub(super) carrier: u32,
    pub(super) nodes_missing: u32,
    /// The pack, if it applied before its date.
    pub(super) early: u32,
    pub(super) bits: u16,
}

impl OrderLine {
    fn is_due(&self, figure: usize) -> bool {
        self.bits & due_bit(figure) != 0
    }

    fn is_met(&self, figure: usize) -> bool {
        self.bits & met_bit(figure) != 0
    }

    fn tally(&self, figure: usize) -> Tally {
        Tally {
            due: i64::from(self.is_due(figure)),
            met: i64::from(self.is_met(figure)),
        }
    }
}

pub(super) fn due_bit(figure: usize) -> u16 {
    1 << figure
}

pub(super) fn met_bit(figure: usize) -> u16 {
    1 << (figure + FIGURES)
}

/// What a seller's orders come to.
#[derive(Clone, Default)]
struct OfSeller {
    name: u32,
    orders: i64,
    excluded: i64,
    pending: i64,
    gmv: i64,
    tallies: [Tally; FIGURES],
    early: Option<u32>,
    fines_count: i64,
    fines: i64,
    destinations: Cells<Slice>,
    carriers: Cells<Slice>,
    missing: Cells<i64>,
}

/// Codes by which what is counted is found at once; a code beyond is searched for.
const DENSE_CODES: u32 = 64;

/// What is counted under names, by their codes, which begin at 0 in each column.
#[derive(Clone, Default)]
struct Cells<T> {
    dense: Vec<T>,
    beyond: Vec<(u32, T)>,
}

impl<T: Clone + Default + PartialEq> Cells<T> {
    /// What is counted under a name.
    fn of(&mut self, name: u32) -> &mut T {
        if name < DENSE_CODES {
            let place = name as usize;
            if self.dense.len() <= place {
                self.dense.resize(place + 1, T::default());
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

    fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let nothing = T::default();
        let dense = (0..)
            .zip(&self.dense)
            .filter(move |(_, counted)| **counted != nothing);
        dense.chain(self.beyond.iter().map(|(name, counted)| (*name, counted)))
    }

    /// Adds what was counted under other codes.
    fn absorb(&mut self, other: &Self, code: &[u32], add: impl Fn(&mut T, &T)) {
        for (name, counted) in other.iter() {
            add(self.of(code[name as usize]), counted);
        }
    }
}

/// The sums of rows, and the names in them.
#[derive(Default)]
pub(super) struct Tallies {
    /// Of sellers, of policies, and of the kinds of entries.
    pub(super) names: Names,
    /// Of destinations, of carriers, and of what ended timelines lack.
    columns: [Names; 3],
    sellers: Vec<OfSeller>,
    /// By a name's code, where its seller stands.
    places: Vec<u32>,
}

impl Tallies {
    /// The code of a seller's name or of a policy's.
    pub(super) fn code_of(&mut self, name: &[u8]) -> Result<u32, ParquetError> {
        self.names.code_of(name)
    }

    /// The code of a name among those of its column.
    pub(super) fn code_in(&mut self, column: usize, name: &[u8]) -> Result<u32, ParquetError> {
        self.columns[column].code_of(name)
    }

    pub(super) fn add_order(&mut self, line: &OrderLine) {
        if line.early != NONE {
            self.note_early(line.seller, line.early);
        }
        let seller = self.seller(line.seller);
        seller.orders += 1;
        seller.gmv += line.gmv;
        if line.bits & EXCLUDED != 0 {
            seller.excluded += 1;
            return;
        }
        seller.pending += i64::from(!line.is_due(FULFILMENT));
        for (figure, tally) in seller.tallies.iter_mut().enumerate() {
            *tally = tally.and(line.tally(figure));
        }
        let slice = Slice {
            orders: 1,
            gmv: Cents(line.gmv),
            fulfilment: line.tally(FULFILMENT),
            delivery: line.tally(DELIVERY),
            nodes: line.tally(NODES),
        };
        if line.destination != NONE {
            seller.destinations.of(line.destination).merge(&slice);
        }
        if line.carrier != NONE {
            seller.carriers.of(line.carrier).merge(&slice);
        }
        if line.nodes_missing != NONE && line.is_due(NODES) && !line.is_met(NODES) {
            *seller.missing.of(line.nodes_missing) += 1;
        }
    }

    pub(super) fn add_fine(&mut self, seller: u32, fines: i64, cents: i64) {
        let seller = self.seller(seller);
        seller.fines_count += fines;
        seller.fines += cents;
    }

    /// Adds what another thread added up, under its own names.
    pub(super) fn absorb(&mut self, other: Self) -> Result<(), ParquetError> {
        let codes = self.names.absorb(&other.names)?;
        let mut columns = [const { Vec::new() }; 3];
        for ((codes, known), names) in columns.iter_mut().zip(&mut self.columns).zip(&other.columns) {
            *codes = known.absorb(names)?;
        }
        let [destinations, carriers, missing] = columns;
        let code = |of: u32| codes.get(of as usize).copied().unwrap_or(NONE);
        for of in other.sellers {
            if let Some(early) = of.early {
                self.note_early(code(of.name), code(early));
            }
            let seller = self.seller(code(of.name));
            seller.orders += of.orders;
            seller.excluded += of.excluded;
            seller.pending += of.pending;
            seller.gmv += of.gmv;
            seller.fines_count += of.fines_count;
            seller.fines += of.fines;
            for (tally, more) in seller.tallies.iter_mut().zip(of.tallies) {
                *tally = tally.and(more);
            }
            seller
                .destinations
                .absorb(&of.destinations, &destinations, Slice::merge);
            seller.carriers.absorb(&of.carriers, &carriers, Slice::merge);
            seller
                .missing
                .absorb(&of.missing, &missing, |sum, count| *sum += count);
        }
        Ok(())
    }

    /// The figures, by seller.
    pub(super) fn figures(self, month: Month) -> Result<Figures, ReportError> {
        let name = |code: u32| self.names.get(code).unwrap_or_default();
        let [destinations, carriers, missing] = &self.columns;
        let slices = |of: &Cells<Slice>, names: &Names| {
            let named = |code| names.get(code).unwrap_or_default().to_owned();
            of.iter().map(|(code, slice)| (named(code), *slice)).collect()
        };
        let sellers = self.sellers.par_iter().map(|of| {
            let seller_id = SellerId::parse(name(of.name)).ok_or_else(|| ReportError::SellerInvalid {
                month,
                seller: name(of.name).to_owned(),
            })?;
            let mut figures = MonthFigures {
                orders: of.orders,
                excluded: of.excluded,
                pending: of.pending,
                gmv: Cents(of.gmv),
                fulfilment: of.tallies[FULFILMENT],
                upload: of.tallies[UPLOAD],
                pickup: of.tallies[PICKUP],
                delivery: of.tallies[DELIVERY],
                nodes: of.tallies[NODES],
                early_policy: of.early.map(|code| name(code).to_owned()),
                fines_count: of.fines_count,
                fines: Cents(of.fines),
                ..MonthFigures::none(seller_id.clone(), month)
            };
            figures.breakdown.destinations = slices(&of.destinations, destinations);
            figures.breakdown.carriers = slices(&of.carriers, carriers);
            for (names, count) in of.missing.iter() {
                for node in nodes_of(missing.get(names).unwrap_or_default()) {
                    *figures.breakdown.missing_nodes.entry(node).or_default() += count;
                }
            }
            Ok((seller_id, figures))
        });
        let sellers: Result<Vec<_>, ReportError> = sellers.collect();
        Ok(sellers?.into_iter().collect())
    }

    fn seller(&mut self, name: u32) -> &mut OfSeller {
        let code = name as usize;
        if self.places.len() <= code {
            self.places.resize(code + 1, NONE);
        }
        if self.places[code] == NONE {
            self.places[code] = u32::try_from(self.sellers.len()).unwrap_or(NONE);
            self.sellers.push(OfSeller {
                name,
                ..OfSeller::default()
            });
        }
        &mut self.sellers[self.places[code] as usize]
    }

    /// Of several packs that applied early, the one whose name is the greatest.
    fn note_early(&mut self, seller: u32, early: u32) {
        let known = self.seller(seller).early;
        if known.is_none_or(|known| self.names.get(known) < self.names.get(early)) {
            self.seller(seller).early = Some(early);
        }
    }
}

/// Figures by seller.
pub(super) type Figures = std::collections::BTreeMap<SellerId, MonthFigures>;

/// Adds the figures of other rows.
pub(super) fn merge(into: &mut Figures, from: Figures) {
    for (seller_id, figures) in from {
        match into.get_mut(&seller_id) {
            Some(known) => known.merge(&figures),
            None => {
                into.insert(seller_id, figures);
            }
        }
    }
}

/// `departed_origin,import_customs`; what a later release may add is passed over.
fn nodes_of(names: &str) -> impl Iterator<Item = Node> {
    let named = |name: &str| Node::ALL.into_iter().find(|node| node.as_str() == name);
    names.split(',').filter_map(named)
}
