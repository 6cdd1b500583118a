//! The marginal orders by name: those that are not decided yet and whose rescue keeps the month.
//!
//! A seller is watched when its undecided orders decide the month: it keeps its rate if all of them are fulfilled, and not if
//! all of them miss; or when it has so little room left that the month is at risk all the same. Who cannot keep the month
//! by its known orders has none to rescue.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use domain::deadlines::Advice;
use domain::{PolicyBook, SellerId, Timestamp, Zone};

use crate::c1::deciding_policy;
use crate::fold::{NamedOrder, OF_A_SELLER_MAX};
use crate::names::to_the_minute;
use crate::reason::beijing;
use crate::{Missing, MonthReport, Risk, SellerMonth, Standing, Undecided, UndecidedOrder};

/// Orders that a report names in all.
const ORDERS_MAX: usize = 2_000;

/// The orders that decide whether a running month is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescue {
    /// The sellers whose orders are named, those nearest to the edge first: who is at risk, who is on course, who is out of
    /// reach; then by how many misses are left, then by what there is to lose.
    pub sellers: Vec<SellerRescue>,
    /// The watched sellers, those beyond the bound among them.
    pub sellers_count: usize,
    /// Their undecided orders, likewise.
    pub orders_count: i64,
    /// What to do about what is missing, in English and Chinese.
    pub advice: BTreeMap<Missing, (String, String)>,
    /// The platform's zone.
    pub zone: Zone,
}

/// The undecided orders of a seller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SellerRescue {
    /// The seller.
    pub seller_id: SellerId,
    /// Where it stands.
    pub standing: Standing,
    /// So many of them must be fulfilled.
    pub needed: i64,
    /// How many there are.
    pub undecided: i64,
    /// Those with the nearest deadlines, the nearest first: at most 50.
    pub orders: Vec<UndecidedOrder>,
}

impl Rescue {
    /// How many orders are named.
    pub fn named_count(&self) -> usize {
        self.sellers.iter().map(|seller| seller.orders.len()).sum()
    }

    /// An instant in Beijing and in the platform's zone, to the minute: `2024-05-18 03:00`.
    pub(crate) fn both_times(&self, at: Timestamp) -> (String, String) {
        (to_the_minute(at, beijing()), to_the_minute(at, self.zone))
    }

    /// All orders that are named: those of sellers at risk before the others', the nearest deadline first.
    pub fn most_urgent_first(&self) -> Vec<(&SellerRescue, &UndecidedOrder)> {
        let orders = self.sellers.iter();
        let orders = orders.flat_map(|seller| seller.orders.iter().map(move |order| (seller, order)));
        let mut orders: Vec<_> = orders.collect();
        let rank = |(seller, order): &(&SellerRescue, &UndecidedOrder)| {
            let (deadline, order_id) = order.rank();
            (seller.standing != Standing::AtRisk, deadline, order_id.clone())
        };
        orders.sort_by_cached_key(rank);
        orders
    }
}

impl UndecidedOrder {
    /// Whole minutes until its deadline.
    pub fn minutes_left(&self, as_of: Timestamp) -> Option<i64> {
        self.deadline.map(|deadline| deadline.since(as_of).seconds() / 60)
    }
}

impl Missing {
    pub(crate) const ALL: [Self; 5] = [
        Self::Upload,
        Self::Pickup,
        Self::Nodes,
        Self::SignOff,
        Self::Nothing,
    ];

    /// What is missing, in English and Chinese.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Upload => ("upload (A1)", "上传单号（A1）"),
            Self::Pickup => ("first pickup (B1)", "首次揽收（B1）"),
            Self::Nodes => ("tracking nodes (B2)", "轨迹节点（B2）"),
            Self::SignOff => ("sign-off (B4)", "签收（B4）"),
            Self::Nothing => ("nothing", "无"),
        }
    }

    fn advice(self) -> Option<Advice> {
        match self {
            Self::Upload => Some(Advice::Upload),
            Self::Pickup => Some(Advice::Pickup),
            Self::Nodes => Some(Advice::Silence),
            Self::SignOff => Some(Advice::SignOff),
            Self::Nothing => None,
        }
    }
}

impl MonthReport {
    /// The sellers whose undecided orders are to be named; none once the month is final.
    pub(crate) fn watched(&self) -> BTreeSet<SellerId> {
        let shares = self.shares().into_iter();
        shares.map(|(row, _)| row.seller_id.clone()).collect()
    }

    /// Names the orders that decide the month, of those that are not decided: of all [`Self::watched`] sellers, or of more.
    pub(crate) fn name_undecided(&mut self, undecided: &Undecided, book: &PolicyBook) {
        let watched = self.nearest_first();
        if watched.is_empty() {
            return;
        }
        let named = self.shares().into_iter().map(|(row, share)| SellerRescue {
            seller_id: row.seller_id.clone(),
            standing: row.standing,
            needed: row.forecast.map_or(0, |forecast| forecast.orders_to_rescue),
            undecided: row.orders_pending,
            orders: undecided.of(&row.seller_id).iter().take(share).cloned().collect(),
        });
        let policy = deciding_policy(self.month, book);
        let advice = Missing::ALL.map(|missing| {
            let told = missing
                .advice()
                .map(|advice| advice.texts(policy, book.key_account_of(self.month)));
            let told = told.map_or_else(
                || {
                    (
                        "Nothing: it counts by itself".to_owned(),
                        "无需处理：到时自动计入".to_owned(),
                    )
                },
                |texts| (texts.do_en, texts.do_zh),
            );
            (missing, told)
        });
        self.rescue = Some(Rescue {
            sellers: named.collect(),
            sellers_count: watched.len(),
            orders_count: watched.iter().map(|row| row.orders_pending).sum(),
            advice: advice.into(),
            zone: book.zone,
        });
    }

    /// How many orders are named of which seller, until the bound is reached.
    fn shares(&self) -> Vec<(&SellerMonth, usize)> {
        let mut left = ORDERS_MAX;
        let shares = self.nearest_first().into_iter().map(|row| {
            let undecided = usize::try_from(row.orders_pending).unwrap_or(0);
            let share = undecided.min(OF_A_SELLER_MAX).min(left);
            left -= share;
            (row, share)
        });
        shares.take_while(|(_, share)| *share > 0).collect()
    }

    fn nearest_first(&self) -> Vec<&SellerMonth> {
        let rows = self.rows.iter().filter_map(|row| Some((row.edge(self)?, row)));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl SellerMonth {
    /// How near the seller is to losing the month by its undecided orders; `None` when they do not decide it.
    fn edge(&self, report: &MonthReport) -> Option<impl Ord + use<>> {
        let forecast = self.forecast?;
        let misses_left = forecast.misses_left?;
        let has_little_room = self
            .risks
            .iter()
            .any(|risk| matches!(risk, Risk::FewMissesLeft { month, .. } if *month == report.month));
        let is_watched = self.orders_pending > 0 && (forecast.orders_to_rescue > 0 || has_little_room);
        let standing = match self.standing {
            Standing::AtRisk => 0,
            Standing::Eligible => 1,
            Standing::NotEligible => 2,
        };
        is_watched.then(|| {
            (
                standing,
                misses_left,
                Reverse(forecast.at_stake),
                self.seller_id.clone(),
            )
        })
    }
}
