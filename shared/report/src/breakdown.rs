//! Where a seller's orders went and who carried them: the figures of a month, broken down.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use compact_str::CompactString;
use domain::{Cents, Node};
use serde::{Deserialize, Serialize};

use crate::Tally;
use crate::names::NO_CARRIER;

/// The orders of one destination or of one carrier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Orders that are not excluded.
    pub orders: i64,
    /// GMV.
    pub gmv: Cents,
    /// A1 and B1 (and what else the policy asks for).
    pub fulfilment: Tally,
    /// Signed within B4's deadline.
    pub delivery: Tally,
    /// B2, of orders whose timelines have all ended.
    pub nodes: Tally,
}

/// Slices by name. Names of destinations and of most carriers are so short that they take no memory of their own.
pub type Slices = BTreeMap<CompactString, Slice>;

/// A month's orders by destination and by carrier, and which nodes their ended timelines lack (B2).
///
/// Empty where the rows do not tell. What adds up to the month's figures are the destinations; an order that was never
/// uploaded has no carrier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// By ISO 3166-1 alpha-2 code.
    pub destinations: Slices,
    /// By the carrier of the order's first accepted upload.
    pub carriers: Slices,
    /// Of the orders that failed B2, how many lack the node; one order may lack several.
    pub missing_nodes: BTreeMap<Node, i64>,
}

impl Slice {
    /// Orders that failed somewhere; one that failed in more than one figure counts in each.
    pub(crate) fn failures(&self) -> i64 {
        self.fulfilment.failed() + self.delivery.failed() + self.nodes.failed()
    }

    /// Without the orders of a part of it.
    fn less(&self, part: &Self) -> Self {
        let less = |all: Tally, part: Tally| Tally {
            due: all.due - part.due,
            met: all.met - part.met,
        };
        Self {
            orders: self.orders - part.orders,
            gmv: self.gmv - part.gmv,
            fulfilment: less(self.fulfilment, part.fulfilment),
            delivery: less(self.delivery, part.delivery),
            nodes: less(self.nodes, part.nodes),
        }
    }

    /// Adds the orders of another part of the same slice.
    pub fn merge(&mut self, other: &Self) {
        self.orders += other.orders;
        self.gmv += other.gmv;
        self.fulfilment = self.fulfilment.and(other.fulfilment);
        self.delivery = self.delivery.and(other.delivery);
        self.nodes = self.nodes.and(other.nodes);
    }
}

impl Breakdown {
    /// Both together.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.merge(other);
        self
    }

    /// The carriers, and under the name of none the orders that no upload was accepted for: what the destinations have and no
    /// carrier has. So they add up to the month's figures.
    pub(crate) fn all_carriers(&self) -> Slices {
        let mut carriers = self.carriers.clone();
        let rest = total(&self.destinations).less(&total(&self.carriers));
        if rest.orders > 0 {
            carriers.insert(NO_CARRIER.into(), rest);
        }
        carriers
    }

    /// Adds other orders: of another part of the month, or of another seller.
    pub fn merge(&mut self, other: &Self) {
        merge_slices(&mut self.destinations, &other.destinations);
        merge_slices(&mut self.carriers, &other.carriers);
        for (node, count) in &other.missing_nodes {
            *self.missing_nodes.entry(*node).or_default() += count;
        }
    }
}

fn total(slices: &Slices) -> Slice {
    slices.values().fold(Slice::default(), |mut sum, slice| {
        sum.merge(slice);
        sum
    })
}

fn merge_slices(into: &mut Slices, from: &Slices) {
    for (name, slice) in from {
        match into.get_mut(name) {
            Some(known) => known.merge(slice),
            None => {
                into.insert(name.clone(), *slice);
            }
        }
    }
}

/// Most failed orders first; of as many, most failures of any kind, then the larger.
pub(crate) fn worst_first(slices: &Slices) -> Vec<(&str, &Slice)> {
    let named = slices.iter().map(|(name, slice)| (name.as_str(), slice));
    let mut worst: Vec<_> = named.collect();
    worst.sort_by_key(|(name, slice)| {
        let failed = slice.fulfilment.failed();
        (
            Reverse(failed),
            Reverse(slice.failures()),
            Reverse(slice.orders),
            *name,
        )
    });
    worst
}
