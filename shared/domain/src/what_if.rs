//! What if another policy applied: what orders owe under two policies over the same facts, and where the two part.
//!
//! Two charges are about the same matter when they are about the same clause, parcel and beginning of a silence. So a
//! policy that fines a silence later, or once a shipment, differs only in what it charges, not in everything.
//!
//! Compares what is *due*, never what is posted: whichever policy the ledger follows, the difference is the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::{AddAssign, Sub};

use serde::{Deserialize, Serialize};

use crate::assess::{Due, Verdict, assess};
use crate::{Because, Cents, Clause, Order, OrderId, PolicyBook, SellerId, Timestamp, TrackingNumber};

/// Differing orders kept as examples; all are counted and summed.
pub const EXAMPLES_MAX: usize = 50;
/// Sellers summed one by one, the first by their id; the others are in the sums of the clauses only.
pub const SELLERS_MAX: usize = 20_000;

/// The difference between the policy in force and an alternative, over many orders. Parts of one night merge in any
/// order to the same whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// Orders compared.
    pub orders_examined: u64,
    /// Orders of which the two policies charge differently.
    pub orders_differing: u64,
    /// What is charged under each policy, by clause.
    pub clauses: BTreeMap<Clause, Compared>,
    /// The same by seller; only sellers who are charged under either, at most [`SELLERS_MAX`].
    pub sellers: BTreeMap<SellerId, BTreeMap<Clause, Compared>>,
    /// The orders with the greatest difference, greatest first, at most [`EXAMPLES_MAX`].
    pub examples: Vec<OrderDifference>,
}

/// What the two policies charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "ComparedDocument", from = "ComparedDocument")]
pub struct Compared {
    /// Under the policy in force.
    pub in_force: Charges,
    /// Under the alternative.
    pub alternative: Charges,
}

/// What a policy charges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charges {
    /// Fines.
    pub fines: i64,
    /// Their sum in USD.
    pub fined: Cents,
    /// Fines that wait for an appeal.
    pub holds: i64,
    /// Their sum in USD.
    pub held: Cents,
}

/// An order of which the two policies charge differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDifference {
    /// The order.
    pub order_id: OrderId,
    /// Its seller.
    pub seller_id: SellerId,
    /// Fined under the alternative less fined under the policy in force, in USD.
    pub fined: Cents,
    /// The matters that are charged differently; the rest of the order is left out.
    pub matters: Vec<MatterDifference>,
}

/// One matter that the two policies charge differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatterDifference {
    /// The clause.
    pub clause: Clause,
    /// B3: the silent parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    /// What the policy in force charges; `None` for nothing.
    pub in_force: Option<Charge>,
    /// What the alternative charges; `None` for nothing.
    pub alternative: Option<Charge>,
}

/// What one policy charges for one matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Charged, or waiting for an appeal.
    pub verdict: Verdict,
    /// USD.
    pub amount: Cents,
    /// Why.
    pub because: Because,
}

/// What an order owes as of an instant under the pack of `book` that was in force at its payment.
pub fn due_under(order: &Order, book: &PolicyBook, as_of: Timestamp) -> Vec<Due> {
    assess(order, book.in_force_at(order.paid_at), as_of).due
}

impl WhatIf {
    /// Takes in what one order owes under the policy in force and under the alternative; gives where they part, `None`
    /// when they charge alike. Each order is taken in once.
    pub fn examine(
        &mut self,
        order: &Order,
        in_force: &[Due],
        alternative: &[Due],
    ) -> Option<OrderDifference> {
        self.orders_examined += 1;
        if in_force.is_empty() && alternative.is_empty() {
            return None;
        }
        let of_seller = self.sellers.entry(order.seller_id.clone()).or_default();
        for sums in [&mut self.clauses, of_seller] {
            for due in in_force {
                sums.entry(due.subject.clause).or_default().in_force.count(due);
            }
            for due in alternative {
                sums.entry(due.subject.clause).or_default().alternative.count(due);
            }
        }
        self.keep_first_sellers();
        let difference = OrderDifference::between(order, in_force, alternative)?;
        self.orders_differing += 1;
        self.keep_greatest([difference.clone()]);
        Some(difference)
    }

    /// Adds what another part of the same night came to.
    pub fn merge(&mut self, other: Self) {
        self.orders_examined += other.orders_examined;
        self.orders_differing += other.orders_differing;
        add_clauses(&mut self.clauses, other.clauses);
        for (seller_id, clauses) in other.sellers {
            add_clauses(self.sellers.entry(seller_id).or_default(), clauses);
        }
        self.keep_first_sellers();
        self.keep_greatest(other.examples);
    }

    /// All clauses together.
    pub fn total(&self) -> Compared {
        total(&self.clauses)
    }

    /// What is charged to sellers for whom there was no room.
    pub fn of_other_sellers(&self) -> Compared {
        let mut listed = Compared::default();
        for clauses in self.sellers.values() {
            listed += total(clauses);
        }
        let all = self.total();
        Compared {
            in_force: all.in_force - listed.in_force,
            alternative: all.alternative - listed.alternative,
        }
    }

    /// The sellers whom the two policies charge differently, the greatest difference first.
    pub fn sellers_differing(&self) -> Vec<(&SellerId, Compared)> {
        let totals = self
            .sellers
            .iter()
            .map(|(seller_id, clauses)| (seller_id, total(clauses)));
        let mut differing: Vec<_> = totals
            .filter(|(_, compared)| compared.in_force != compared.alternative)
            .collect();
        differing.sort_by_key(|(seller_id, compared)| {
            (Reverse(compared.difference().fined.0.unsigned_abs()), *seller_id)
        });
        differing
    }

    /// Whoever is left out once is left out for good, in every part: so the sums of those who stay are whole.
    fn keep_first_sellers(&mut self) {
        while self.sellers.len() > SELLERS_MAX {
            self.sellers.pop_last();
        }
    }

    fn keep_greatest(&mut self, more: impl IntoIterator<Item = OrderDifference>) {
        self.examples.extend(more);
        self.examples
            .sort_by(|one, other| one.place().cmp(&other.place()));
        self.examples.truncate(EXAMPLES_MAX);
    }
}

fn add_clauses(sums: &mut BTreeMap<Clause, Compared>, more: BTreeMap<Clause, Compared>) {
    for (clause, compared) in more {
        *sums.entry(clause).or_default() += compared;
    }
}

fn total(clauses: &BTreeMap<Clause, Compared>) -> Compared {
    clauses.values().fold(Compared::default(), |mut total, compared| {
        total += *compared;
        total
    })
}

impl OrderDifference {
    fn between(order: &Order, in_force: &[Due], alternative: &[Due]) -> Option<Self> {
        let mut matters: BTreeMap<Matter<'_>, [Option<&Due>; 2]> = BTreeMap::new();
        for (side, due) in [in_force, alternative].into_iter().enumerate() {
            for due in due {
                matters.entry(Matter::of(due)).or_default()[side] = Some(due);
            }
        }
        let differing: Vec<MatterDifference> = matters
            .into_iter()
            .filter(|(_, [in_force, alternative])| !charges_alike(*in_force, *alternative))
            .map(|(matter, [in_force, alternative])| MatterDifference {
                clause: matter.clause,
                tracking_number: matter.tracking_number.cloned(),
                in_force: in_force.map(Charge::of),
                alternative: alternative.map(Charge::of),
            })
            .collect();
        (!differing.is_empty()).then(|| Self {
            order_id: order.order_id.clone(),
            seller_id: order.seller_id.clone(),
            fined: fined(alternative) - fined(in_force),
            matters: differing,
        })
    }

    /// By which examples are ordered: every order has a place of its own, so parts merge alike in any order.
    fn place(&self) -> (Reverse<u64>, &OrderId) {
        (Reverse(self.fined.0.unsigned_abs()), &self.order_id)
    }
}

/// What a charge is about, whichever policy makes it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Matter<'a> {
    clause: Clause,
    tracking_number: Option<&'a TrackingNumber>,
    silent_from: Option<Timestamp>,
}

impl<'a> Matter<'a> {
    fn of(due: &'a Due) -> Self {
        let silent_from = match due.because {
            Because::Silence { silent_from, .. } => Some(silent_from),
            _ => None,
        };
        Self {
            clause: due.subject.clause,
            tracking_number: due.subject.tracking_number.as_ref(),
            silent_from,
        }
    }
}

impl Charge {
    fn of(due: &Due) -> Self {
        Self {
            verdict: due.verdict,
            amount: due.amount,
            because: due.because.clone(),
        }
    }
}

fn charges_alike(one: Option<&Due>, other: Option<&Due>) -> bool {
    let charge = |due: &Due| (due.verdict, due.amount);
    one.map(charge) == other.map(charge)
}

fn fined(due: &[Due]) -> Cents {
    due.iter()
        .filter(|due| due.verdict == Verdict::Fine)
        .map(|due| due.amount)
        .sum()
}

impl Compared {
    /// The alternative less the policy in force.
    pub fn difference(&self) -> Charges {
        self.alternative - self.in_force
    }
}

impl AddAssign for Compared {
    fn add_assign(&mut self, other: Self) {
        self.in_force += other.in_force;
        self.alternative += other.alternative;
    }
}

impl AddAssign for Charges {
    fn add_assign(&mut self, other: Self) {
        self.fines += other.fines;
        self.fined += other.fined;
        self.holds += other.holds;
        self.held += other.held;
    }
}

impl Sub for Charges {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            fines: self.fines - other.fines,
            fined: self.fined - other.fined,
            holds: self.holds - other.holds,
            held: self.held - other.held,
        }
    }
}

impl Charges {
    fn count(&mut self, due: &Due) {
        let (count, sum) = match due.verdict {
            Verdict::Fine => (&mut self.fines, &mut self.fined),
            Verdict::Hold => (&mut self.holds, &mut self.held),
        };
        *count += 1;
        *sum += due.amount;
    }
}

/// The JSON form of a comparison: with the difference, for whoever reads it.
#[derive(Serialize, Deserialize)]
struct ComparedDocument {
    in_force: Charges,
    alternative: Charges,
    difference: Charges,
}

impl From<Compared> for ComparedDocument {
    fn from(compared: Compared) -> Self {
        Self {
            in_force: compared.in_force,
            alternative: compared.alternative,
            difference: compared.difference(),
        }
    }
}

impl From<ComparedDocument> for Compared {
    fn from(document: ComparedDocument) -> Self {
        Self {
            in_force: document.in_force,
            alternative: document.alternative,
        }
    }
}
