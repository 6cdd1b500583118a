//! Rows added up, by seller: integers alone, and names as numbers until the end.

use std::collections::HashMap;

use domain::{Cents, Month, Node, SellerId};
use foldhash::fast::FixedState;
use parquet::errors::ParquetError;

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

#[derive(Clone, Default)]
struct OfSeller {
    orders: i64,
    excluded: i64,
    pending: i64,
    gmv: i64,
    tallies: [Tally; FIGURES],
    early: Option<u32>,
    fines_count: i64,
    fines: i64,
}

type Cells<T> = HashMap<(u32, u32), T, FixedState>;

/// The sums of rows, and the names in them.
#[derive(Default)]
pub(super) struct Tallies {
    pub(super) names: Names,
    sellers: HashMap<u32, OfSeller, FixedState>,
    destinations: Cells<Slice>,
    carriers: Cells<Slice>,
    missing: Cells<i64>,
}

impl Tallies {
    /// The code of a name.
    pub(super) fn code_of(&mut self, name: &[u8]) -> Result<u32, ParquetError> {
        self.names.code_of(name)
    }

    pub(super) fn add_order(&mut self, line: &OrderLine) {
        let seller = self.sellers.entry(line.seller).or_default();
        seller.orders += 1;
        seller.gmv += line.gmv;
        if line.early != NONE {
            let later = |known: u32| self.names.get(known) >= self.names.get(line.early);
            seller.early = seller.early.filter(|known| later(*known)).or(Some(line.early));
        }
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
        for (cells, name) in [
            (&mut self.destinations, line.destination),
            (&mut self.carriers, line.carrier),
        ] {
            if name != NONE {
                cells.entry((line.seller, name)).or_default().merge(&slice);
            }
        }
        if line.nodes_missing != NONE && line.is_due(NODES) && !line.is_met(NODES) {
            *self.missing.entry((line.seller, line.nodes_missing)).or_default() += 1;
        }
    }

    pub(super) fn add_fine(&mut self, seller: u32, fines: i64, cents: i64) {
        let seller = self.sellers.entry(seller).or_default();
        seller.fines_count += fines;
        seller.fines += cents;
    }

    /// The figures, by seller.
    pub(super) fn figures(self, month: Month) -> Result<Figures, ReportError> {
        let mut by_code: HashMap<u32, MonthFigures, FixedState> = HashMap::default();
        for (code, of) in &self.sellers {
            let name = self.names.get(*code).unwrap_or_default();
            let seller_id = SellerId::parse(name).ok_or_else(|| ReportError::SellerInvalid {
                month,
                seller: name.to_owned(),
            })?;
            by_code.insert(
                *code,
                MonthFigures {
                    orders: of.orders,
                    excluded: of.excluded,
                    pending: of.pending,
                    gmv: Cents(of.gmv),
                    fulfilment: of.tallies[FULFILMENT],
                    upload: of.tallies[UPLOAD],
                    pickup: of.tallies[PICKUP],
                    delivery: of.tallies[DELIVERY],
                    nodes: of.tallies[NODES],
                    early_policy: of.early.and_then(|code| self.names.get(code)).map(str::to_owned),
                    fines_count: of.fines_count,
                    fines: Cents(of.fines),
                    ..MonthFigures::none(seller_id, month)
                },
            );
        }
        for ((seller, name), slice) in &self.destinations {
            if let (Some(of), Some(name)) = (by_code.get_mut(seller), self.names.get(*name)) {
                of.breakdown.destinations.insert(name.to_owned(), *slice);
            }
        }
        for ((seller, name), slice) in &self.carriers {
            if let (Some(of), Some(name)) = (by_code.get_mut(seller), self.names.get(*name)) {
                of.breakdown.carriers.insert(name.to_owned(), *slice);
            }
        }
        for ((seller, names), count) in &self.missing {
            if let (Some(of), Some(names)) = (by_code.get_mut(seller), self.names.get(*names)) {
                for node in nodes_of(names) {
                    *of.breakdown.missing_nodes.entry(node).or_default() += count;
                }
            }
        }
        Ok(by_code
            .into_values()
            .map(|figures| (figures.seller_id.clone(), figures))
            .collect())
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
