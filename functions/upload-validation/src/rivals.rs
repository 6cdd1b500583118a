//! Orders that claim one number: whoever writes one of them lets the others know, in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::claims::ClaimTerms;
use domain::facts::TrackingFact;
use domain::ruling::Ruling;
use domain::{Finding, Order, OrderId, RowCode, TrackingNumber};
use store::{Departed, Store, StoreError, StoredOrder};

/// The other orders that claim numbers of an order, as they shall be.
#[derive(Default)]
pub(crate) struct Rivals {
    orders: BTreeMap<OrderId, Rival>,
}

struct Rival {
    stored: StoredOrder,
    has_changed: bool,
}

impl Rivals {
    /// Lets an order meet the rivals of each number on which it says something new.
    pub(crate) async fn meet(
        order: &mut Order,
        before: Option<&Order>,
        claimants: &HashMap<TrackingNumber, Vec<OrderId>>,
        store: &Store,
    ) -> Result<Self, StoreError> {
        let own = order.order_id.clone();
        let mut meetings: Vec<(TrackingNumber, BTreeSet<OrderId>)> = Vec::new();
        for number in order.numbers_with_news(before) {
            let known = order
                .shipment(&number)
                .map_or(&[][..], |shipment| &shipment.rivals);
            let mut others: BTreeSet<OrderId> = known.iter().map(|word| word.order_id.clone()).collect();
            others.extend(claimants.get(&number).into_iter().flatten().cloned());
            others.remove(&own);
            if !others.is_empty() {
                meetings.push((number, others));
            }
        }
        let mut rivals = Self::default();
        if meetings.is_empty() {
            return Ok(rivals);
        }
        let ids: BTreeSet<OrderId> = meetings.iter().flat_map(|(_, others)| others).cloned().collect();
        let ids: Vec<OrderId> = ids.into_iter().collect();
        let stored = store.orders(&ids).await?;
        let gone: Vec<OrderId> = ids.into_iter().filter(|id| !stored.contains_key(id)).collect();
        let departed = store.departed(&gone).await?;
        rivals.orders = stored
            .into_iter()
            .map(|(order_id, stored)| {
                let has_changed = false;
                (order_id, Rival { stored, has_changed })
            })
            .collect();
        for (number, others) in &meetings {
            for other in others {
                if let Some(rival) = rivals.orders.get_mut(other) {
                    rival.has_changed |= order.meet(&mut rival.stored.order, number);
                } else if let Some(departed) = departed.get(other) {
                    remember(order, number, departed);
                }
            }
        }
        Ok(rivals)
    }

    /// The rivals that now know something new.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &StoredOrder> {
        let rivals = self.orders.values();
        rivals
            .filter(|rival| rival.has_changed)
            .map(|rival| &rival.stored)
    }
}

/// Keeps what an order that left had said of a number.
fn remember(order: &mut Order, number: &TrackingNumber, departed: &Departed) {
    for (claimed, word, ends) in &departed.numbers {
        if claimed == number {
            order.keep_rival(number, word.clone());
            order.keep_events(number, ends);
        }
    }
}

/// The refusal of a row whose claim would be one too many: of its order, of its number, or of what one transaction holds.
pub(crate) fn claims_refused(
    order: &Order,
    fact: &TrackingFact,
    claimants: &HashMap<TrackingNumber, Vec<OrderId>>,
    terms: ClaimTerms,
    has_room: bool,
) -> Option<Ruling> {
    let number = fact.number.as_ref()?;
    let rows: usize = order.shipments.iter().map(|shipment| shipment.claims.len()).sum();
    let known = order.shipment(number);
    if known.is_some_and(|known| known.claims.iter().any(|claim| claim.source == fact.source)) {
        return None;
    }
    let others = claimants.get(number).map_or(0, Vec::len);
    let detail = if rows >= terms.rows_per_order_max {
        format!("{} rows an order | 每个订单 {0} 行", terms.rows_per_order_max)
    } else if known.is_none() && order.shipments.len() >= terms.numbers_per_order_max {
        format!(
            "{} numbers an order | 每个订单 {0} 个运单号",
            terms.numbers_per_order_max
        )
    } else if known.is_none() && others >= terms.orders_per_number_max {
        format!(
            "{} orders a number | 每个运单号 {0} 个订单",
            terms.orders_per_number_max
        )
    } else if !has_room {
        "orders that share numbers with this one | 与本订单共用运单号的订单数".to_owned()
    } else {
        return None;
    };
    let finding = Finding::new(RowCode::NumbersLimit, "tracking_number", number.as_str());
    Some(Ruling::applied(vec![finding.with_detail(detail)]))
}
