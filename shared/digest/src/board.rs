//! The deadline board: what will cost money or fail soonest, the dearest first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use domain::deadlines::{Advice, Deadline, Matter};
use domain::policy::BoardPolicy;
use domain::{Cents, Elapsed, Order, OrderId, SellerId, Timestamp, TrackingNumber};
use serde::{Deserialize, Serialize};

/// How far ahead the board sums up, in hours: each figure holds the ones before.
pub const HORIZONS_HOURS: [i64; 3] = [6, 24, 48];

/// One deadline of one order or parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRow {
    /// The fine at the deadline, in USD; 0.00 where the failing has no price of its own.
    pub at_risk: Cents,
    /// The last instant that is still in time.
    pub deadline: Timestamp,
    /// The clause.
    pub clause: Matter,
    /// Whether it is urgent by the policy's thresholds; the others run out before the next night's board.
    pub urgent: bool,
    /// The order.
    pub order_id: OrderId,
    /// Its seller.
    pub seller_id: SellerId,
    /// The parcel, where the matter is one parcel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    /// The carrier's id in the carrier table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// From when the time runs.
    pub since: Timestamp,
    /// What to do.
    pub advice: Advice,
    /// Whether only its seller has stated the order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
}

/// Deadlines and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// The money at risk, in USD.
    pub at_risk: Cents,
}

/// The sums of one matter, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Deadlines within each of [`HORIZONS_HOURS`], whether listed or not.
    pub within: [Sum; 3],
    /// Listed on the board, also those that were cut for want of room.
    pub listed: Sum,
    /// Of them urgent.
    pub urgent: Sum,
}

/// The board: bounded rows, exact sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    rows_max: usize,
    /// The sums, by clause.
    pub totals: BTreeMap<Matter, Totals>,
    /// The rows, the dearest first, then the nearest; of those listed, as many as there is room for.
    pub rows: BTreeSet<BoardRow>,
}

impl Sum {
    fn add(&mut self, at_risk: Cents) {
        self.count += 1;
        self.at_risk += at_risk;
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.at_risk += other.at_risk;
    }
}

impl Totals {
    fn merge(&mut self, other: &Self) {
        for (sum, other) in self.within.iter_mut().zip(other.within) {
            sum.merge(other);
        }
        self.listed.merge(other.listed);
        self.urgent.merge(other.urgent);
    }
}

impl Board {
    /// An empty board with room for so many rows.
    pub fn new(rows_max: usize) -> Self {
        Self {
            rows_max,
            totals: BTreeMap::new(),
            rows: BTreeSet::new(),
        }
    }

    /// Counts a deadline, and lists it when the policy says so.
    pub fn add(&mut self, order: &Order, deadline: &Deadline<'_>, as_of: Timestamp, policy: &BoardPolicy) {
        let left = deadline.at.since(as_of);
        let is_listed = policy.lists(deadline, as_of);
        if left > Elapsed::hours(HORIZONS_HOURS[2]) && !is_listed {
            return;
        }
        let totals = self.totals.entry(deadline.matter).or_default();
        for (sum, hours) in totals.within.iter_mut().zip(HORIZONS_HOURS) {
            if left <= Elapsed::hours(hours) {
                sum.add(deadline.at_risk);
            }
        }
        if !is_listed {
            return;
        }
        let urgent = policy.is_urgent(deadline, as_of);
        totals.listed.add(deadline.at_risk);
        if urgent {
            totals.urgent.add(deadline.at_risk);
        }
        if self.has_room_for(deadline) {
            self.insert(BoardRow {
                at_risk: deadline.at_risk,
                deadline: deadline.at,
                clause: deadline.matter,
                urgent,
                order_id: order.order_id.clone(),
                seller_id: order.seller_id.clone(),
                tracking_number: deadline.tracking_number.cloned(),
                carrier: deadline.carrier.map(str::to_owned),
                since: deadline.since,
                advice: deadline.advice,
                unconfirmed: !order.confirmed,
            });
        }
    }

    /// Adds another board of the same pass.
    pub fn merge(&mut self, other: Self) {
        for (matter, totals) in &other.totals {
            self.totals.entry(*matter).or_default().merge(totals);
        }
        for row in other.rows {
            self.insert(row);
        }
    }

    /// The sums over all clauses.
    pub fn all(&self) -> Totals {
        let mut all = Totals::default();
        for totals in self.totals.values() {
            all.merge(totals);
        }
        all
    }

    /// Rows that are listed but for which there was no room.
    pub fn cut(&self) -> u64 {
        self.all().listed.count.saturating_sub(self.rows.len() as u64)
    }

    fn has_room_for(&self, deadline: &Deadline<'_>) -> bool {
        self.rows.len() < self.rows_max
            || self.rows.last().is_some_and(|last| {
                (Reverse(deadline.at_risk), deadline.at) <= (Reverse(last.at_risk), last.deadline)
            })
    }

    fn insert(&mut self, row: BoardRow) {
        self.rows.insert(row);
        if self.rows.len() > self.rows_max {
            self.rows.pop_last();
        }
    }
}

impl BoardRow {
    /// What the board is sorted by: the dearest first, then the nearest.
    fn rank(&self) -> impl Ord + '_ {
        (
            Reverse(self.at_risk),
            self.deadline,
            &self.order_id,
            self.clause,
            &self.tracking_number,
            self.since,
        )
    }
}

impl Ord for BoardRow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for BoardRow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
