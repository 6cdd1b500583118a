//! The orders that a report names, by seller.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cents, OrderId, SellerId, Timestamp};
use serde::{Deserialize, Serialize};

/// Orders of a kind that are reported of one seller: the first of them.
pub(crate) const OF_A_SELLER_MAX: usize = 50;

/// What an order lacks for being fulfilled, or missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Missing {
    /// A1: a tracking number.
    Upload,
    /// B1: a parcel's first pickup.
    Pickup,
    /// B2, where the policy asks for it: nodes of a timeline that goes on.
    Nodes,
    /// B4, where the policy asks for it: the sign-off.
    SignOff,
    /// Nothing: it counts as fulfilled from an instant on that is still to come.
    Nothing,
}

/// An order that is neither excluded nor yet fulfilled or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndecidedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Its payment.
    pub paid_at: Timestamp,
    /// What it lacks first.
    pub missing: Missing,
    /// The last instant at which that is still in time; `None` where no deadline runs.
    pub deadline: Option<Timestamp>,
    /// What it adds to GMV.
    pub amount: Cents,
}

/// A rule that an order missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// What was missing at its deadline.
    pub missing: Missing,
    /// The last instant at which it was in time.
    pub deadline: Timestamp,
    /// When it happened after all; `None` where nothing of it is recorded, and of rows of releases that did not say.
    pub happened_at: Option<Timestamp>,
}

/// An order that missed fulfilment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Its payment.
    pub paid_at: Timestamp,
    /// What it missed, the first deadline first; never empty.
    pub misses: Vec<Miss>,
    /// What it adds to GMV.
    pub amount: Cents,
}

/// An order that its seller alone stated: it stands outside GMV and the rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnconfirmedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Its payment, as the seller stated it.
    pub paid_at: Timestamp,
}

/// An order that a report may name.
pub trait NamedOrder {
    /// The order in which a seller's are reported.
    fn rank(&self) -> (i64, &OrderId);
}

/// By seller, orders of a kind: the first 50 of each, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BySeller<T>(BTreeMap<SellerId, (u64, Vec<T>)>);

/// By seller, the undecided orders with the nearest deadlines.
pub type Undecided = BySeller<UndecidedOrder>;

/// A month's orders by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersByName {
    /// Those that are not decided, the nearest deadline first.
    pub undecided: Undecided,
    /// Those that missed fulfilment, by payment.
    pub failed: BySeller<FailedOrder>,
    /// Those that their seller alone stated, by payment.
    pub unconfirmed: BySeller<UnconfirmedOrder>,
}

/// Sellers whose orders of a kind are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SellersWanted {
    /// All.
    All,
    /// These.
    These(BTreeSet<SellerId>),
}

/// Whose orders are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Undecided ones.
    pub undecided: SellersWanted,
    /// Failed ones.
    pub failed: SellersWanted,
    /// Unconfirmed ones.
    pub unconfirmed: SellersWanted,
}

impl SellersWanted {
    pub(super) fn has(&self, seller_id: &SellerId) -> bool {
        match self {
            Self::All => true,
            Self::These(sellers) => sellers.contains(seller_id),
        }
    }

    fn is_nobody(&self) -> bool {
        matches!(self, Self::These(sellers) if sellers.is_empty())
    }
}

impl Wanted {
    /// Everybody's: what a part reports, since only all parts together decide whose are reported.
    pub const ALL: Self = Self {
        undecided: SellersWanted::All,
        failed: SellersWanted::All,
        unconfirmed: SellersWanted::All,
    };

    fn kinds(&self) -> [&SellersWanted; 3] {
        [&self.undecided, &self.failed, &self.unconfirmed]
    }

    pub(super) fn has(&self, seller_id: &SellerId) -> bool {
        self.kinds().iter().any(|wanted| wanted.has(seller_id))
    }

    /// Whether nobody's orders are wanted.
    pub fn is_nobody(&self) -> bool {
        self.kinds().iter().all(|wanted| wanted.is_nobody())
    }
}

impl NamedOrder for UndecidedOrder {
    /// The nearest deadline first; those without one last.
    fn rank(&self) -> (i64, &OrderId) {
        (self.deadline.map_or(i64::MAX, Timestamp::unix), &self.order_id)
    }
}

impl NamedOrder for FailedOrder {
    fn rank(&self) -> (i64, &OrderId) {
        (self.paid_at.unix(), &self.order_id)
    }
}

impl NamedOrder for UnconfirmedOrder {
    fn rank(&self) -> (i64, &OrderId) {
        (self.paid_at.unix(), &self.order_id)
    }
}

impl<T> Default for BySeller<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: NamedOrder> BySeller<T> {
    /// Adds an order; [`Self::end`] ends it.
    pub(super) fn add(&mut self, seller_id: &SellerId, order: T) {
        let known = match self.0.get_mut(seller_id) {
            Some(known) => known,
            None => self.0.entry(seller_id.clone()).or_default(),
        };
        known.0 += 1;
        known.1.push(order);
        if known.1.len() >= 2 * OF_A_SELLER_MAX {
            cut(&mut known.1);
        }
    }

    fn end(&mut self) {
        for (_, orders) in self.0.values_mut() {
            cut(orders);
        }
    }

    /// Adds what another part of the same month has.
    pub fn merge(&mut self, other: Self) {
        for (seller_id, (count, orders)) in other.0 {
            let known = self.0.entry(seller_id).or_default();
            known.0 += count;
            known.1.extend(orders);
            cut(&mut known.1);
        }
    }

    /// A seller's, the first of them.
    pub fn of(&self, seller_id: &SellerId) -> &[T] {
        self.0.get(seller_id).map_or(&[], |(_, orders)| orders)
    }

    /// Each seller's: how many there are, and the first of them.
    pub fn each(&self) -> impl Iterator<Item = (&SellerId, u64, &[T])> {
        let sellers = self.0.iter();
        sellers.map(|(seller_id, (count, orders))| (seller_id, *count, orders.as_slice()))
    }
}

impl<T: NamedOrder> FromIterator<(SellerId, Vec<T>)> for BySeller<T> {
    fn from_iter<I: IntoIterator<Item = (SellerId, Vec<T>)>>(sellers: I) -> Self {
        let mut all = Self::default();
        for (seller_id, orders) in sellers {
            for order in orders {
                all.add(&seller_id, order);
            }
        }
        all.end();
        all
    }
}

impl OrdersByName {
    /// Adds what another part of the same month has.
    pub fn merge(&mut self, other: Self) {
        self.undecided.merge(other.undecided);
        self.failed.merge(other.failed);
        self.unconfirmed.merge(other.unconfirmed);
    }

    pub(super) fn end(&mut self) {
        self.undecided.end();
        self.failed.end();
        self.unconfirmed.end();
    }
}

/// In order, and no more than are reported.
fn cut<T: NamedOrder>(orders: &mut Vec<T>) {
    orders.sort_by(|one, other| one.rank().cmp(&other.rank()));
    orders.truncate(OF_A_SELLER_MAX);
}
