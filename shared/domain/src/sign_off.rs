//! What decided a late sign-off besides its arithmetic (B4, B5): what an entry needs so that it can be disputed.

use crate::because::{AppealSeen, Converted, SignOffGrounds, Unsigned};
use crate::order::{OrderAsOf, Parcel};
use crate::{Appeal, AppealStatus, AppealedClause, Currency, Policy, Timestamp};

/// Parcels named one by one, at most.
const UNSIGNED_MAX: usize = 10;

impl OrderAsOf<'_> {
    /// What decided besides the arithmetic, of an order that was not signed by `deadline`.
    pub(crate) fn sign_off_grounds(&self, policy: &Policy, deadline: Timestamp) -> SignOffGrounds {
        let mut unsigned = self.unsigned_at(deadline);
        let unsigned_more = unsigned.len().saturating_sub(UNSIGNED_MAX) as u64;
        unsigned.truncate(UNSIGNED_MAX);
        let until = self.signed_late_at(deadline).unwrap_or(self.as_of);
        let elapsed = until.since(self.order.paid_at);
        SignOffGrounds {
            elapsed: format!("{elapsed} > {}", policy.sign_off_max()),
            unsigned: Some(unsigned),
            unsigned_more,
            converted: self.converted(),
            appeal: self.telling_appeal(),
        }
    }

    fn live_at(&self, deadline: Timestamp) -> impl Iterator<Item = &Parcel<'_>> {
        let parcels = self.parcels.iter();
        parcels.filter(move |parcel| parcel.is_live_at(deadline))
    }

    /// When the last of the parcels that were live at the deadline was signed; `None` while one is not.
    fn signed_late_at(&self, deadline: Timestamp) -> Option<Timestamp> {
        let mut last = None;
        for parcel in self.live_at(deadline) {
            last = last.max(Some(parcel.timeline.signed_at?));
        }
        last
    }

    /// The parcels that were live at the deadline and not signed by it; where none was live, the numbers that the order had
    /// claimed by then and that another order holds.
    fn unsigned_at(&self, deadline: Timestamp) -> Vec<Unsigned> {
        let parcels = self.live_at(deadline);
        let unsigned = parcels.filter(|parcel| parcel.timeline.signed_at.is_none_or(|at| at > deadline));
        let named = unsigned.map(|parcel| Unsigned {
            tracking_number: parcel.shipment.number.clone(),
            end: parcel.timeline.end.map(|(at, node)| (node, at)),
            held_elsewhere: false,
        });
        let named: Vec<Unsigned> = named.collect();
        if !named.is_empty() {
            return named;
        }
        let is_parcel = |shipment: &&crate::Shipment| {
            let mut parcels = self.parcels.iter();
            parcels.any(|parcel| parcel.shipment.number == shipment.number)
        };
        let claimed = self.order.shipments.iter();
        claimed
            .filter(|shipment| shipment.uploaded_at() <= deadline && !is_parcel(shipment))
            .map(|shipment| Unsigned {
                tracking_number: shipment.number.clone(),
                end: None,
                held_elsewhere: true,
            })
            .collect()
    }

    /// The amount in its own currency with its rate; `None` for US dollars.
    fn converted(&self) -> Option<Converted> {
        let order = self.order;
        if order.amount.currency == Currency::USD {
            return None;
        }
        let dated = order.rate_at(self.as_of)?;
        Some(Converted {
            amount: order.amount.to_string(),
            rate: dated.rate.to_string(),
            rate_on: dated.date,
        })
    }

    /// Of the appeals against B4 that are known and not accepted the one that decides most: the earliest filed that is pending,
    /// else the one decided last.
    fn telling_appeal(&self) -> Option<AppealSeen> {
        let of_clause = |appeal: &&Appeal| appeal.clause == AppealedClause::B4;
        let known = self.order.appeals.iter().filter(of_clause);
        let known = known.filter_map(|appeal| Some((appeal, appeal.status(self.as_of)?)));
        let known = known.filter(|(_, status)| *status != AppealStatus::Accepted);
        let decided_at = |appeal: &Appeal| appeal.decision(self.as_of).map(|decision| decision.since);
        let (appeal, status) = known.min_by_key(|(appeal, status)| {
            let is_decided = *status != AppealStatus::Pending;
            let latest_first = std::cmp::Reverse(decided_at(appeal));
            (is_decided, latest_first, appeal.filed_at, &appeal.appeal_id)
        })?;
        Some(AppealSeen {
            appeal_id: appeal.appeal_id.clone(),
            filed_at: appeal.filed_at,
            status,
            decided_at: decided_at(appeal),
        })
    }
}
