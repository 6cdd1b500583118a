//! Rows added up, by seller: integers alone, and names as numbers until the end.

use compact_str::CompactString;
use domain::{Cents, Month, Node, SellerId};
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::cells::{Cells, SliceCell};
use super::column::{NONE, Names};
use crate::{MonthFigures, ReportError, Tally};

/// How many figures a row tells of.
pub(super) const FIGURES: usize = 5;
pub(super) const FULFILMENT: usize = 0;
const UPLOAD: usize = 1;
const PICKUP: usize = 2;
pub(super) const DELIVERY: usize = 3;
pub(super) const NODES: usize = 4;

/// The bit of an order that is excluded; below it, of each figure, that it is due and, above those, that it is met.
pub(super) const EXCLUDED: u16 = 1 << (2 * FIGURES);
/// The bit of a row that says nothing as of the instant.
pub(super) const UNKNOWN: u16 = EXCLUDED << 1;

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
    pub(super) fn is_known(&self) -> bool {
        self.bits & UNKNOWN == 0
    }

    fn is_excluded(&self) -> bool {
        self.bits & EXCLUDED != 0
    }

    pub(super) fn is_due(&self, figure: usize) -> bool {
        self.bits & due_bit(figure) != 0
    }

    pub(super) fn is_met(&self, figure: usize) -> bool {
        self.bits & met_bit(figure) != 0
    }
}

pub(super) fn due_bit(figure: usize) -> u16 {
    1 << figure
}

pub(super) fn met_bit(figure: usize) -> u16 {
    1 << (figure + FIGURES)
}

/// Orders counted, but for the places they went to.
#[derive(Clone, Copy, Default)]
struct Sums {
    orders: i64,
    excluded: i64,
    pending: i64,
    gmv: i64,
    tallies: [Tally; FIGURES],
}

impl Sums {
    fn add(&mut self, line: &OrderLine) {
        self.orders += 1;
        self.gmv += line.gmv;
        if line.is_excluded() {
            self.excluded += 1;
            return;
        }
        self.pending += i64::from(!line.is_due(FULFILMENT));
        for (figure, tally) in self.tallies.iter_mut().enumerate() {
            tally.due += i64::from(line.is_due(figure));
            tally.met += i64::from(line.is_met(figure));
        }
    }

    fn absorb(&mut self, other: &Self) {
        self.orders += other.orders;
        self.excluded += other.excluded;
        self.pending += other.pending;
        self.gmv += other.gmv;
        for (tally, more) in self.tallies.iter_mut().zip(other.tallies) {
            *tally = tally.and(more);
        }
    }
}

/// What a seller's orders come to.
#[derive(Clone, Default)]
struct OfSeller {
    name: u32,
    sums: Sums,
    early: Option<u32>,
    fines_count: i64,
    fines: i64,
    destinations: Cells<SliceCell>,
    carriers: Cells<SliceCell>,
    missing: Cells<i64>,
}

impl OfSeller {
    /// Adds orders. A column after the other: each loop is so short that the processor is several rows ahead.
    fn add(&mut self, lines: &[OrderLine], known: [usize; 3]) {
        let mut sums = self.sums;
        for line in lines {
            sums.add(line);
        }
        self.sums = sums;
        let counted = || lines.iter().filter(|line| !line.is_excluded());
        for line in counted().filter(|line| line.destination != NONE) {
            self.destinations.of(line.destination, known[0]).add(line);
        }
        for line in counted().filter(|line| line.carrier != NONE) {
            self.carriers.of(line.carrier, known[1]).add(line);
        }
        for line in counted().filter(|line| line.nodes_missing != NONE) {
            if line.is_due(NODES) && !line.is_met(NODES) {
                *self.missing.of(line.nodes_missing, known[2]) += 1;
            }
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

    /// Adds orders, each told once: fastest where those of a seller follow one another.
    pub(super) fn add_orders(&mut self, lines: &[OrderLine]) {
        let known = self.columns.each_ref().map(Names::len);
        for run in lines.chunk_by(|line, next| line.seller == next.seller) {
            for line in run.iter().filter(|line| line.early != NONE) {
                self.note_early(line.seller, line.early);
            }
            self.seller(run[0].seller).add(run, known);
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
            seller.sums.absorb(&of.sums);
            seller.fines_count += of.fines_count;
            seller.fines += of.fines;
            seller
                .destinations
                .absorb(&of.destinations, &destinations, SliceCell::merge);
            seller.carriers.absorb(&of.carriers, &carriers, SliceCell::merge);
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
        let slices = |of: &Cells<SliceCell>, names: &Names| {
            let named = |code| CompactString::from(names.get(code).unwrap_or_default());
            of.iter()
                .map(|(code, cell)| (named(code), cell.slice()))
                .collect()
        };
        let sellers = self.sellers.par_iter().map(|of| {
            let seller_id = SellerId::parse(name(of.name)).ok_or_else(|| ReportError::SellerInvalid {
                month,
                seller: name(of.name).to_owned(),
            })?;
            let sums = &of.sums;
            let mut figures = MonthFigures {
                orders: sums.orders,
                excluded: sums.excluded,
                pending: sums.pending,
                gmv: Cents(sums.gmv),
                fulfilment: sums.tallies[FULFILMENT],
                upload: sums.tallies[UPLOAD],
                pickup: sums.tallies[PICKUP],
                delivery: sums.tallies[DELIVERY],
                nodes: sums.tallies[NODES],
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
