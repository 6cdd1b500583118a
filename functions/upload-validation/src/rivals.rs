//! Orders that claim one number: whoever writes one of them lets the others know, in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::claims::ClaimTerms;
use domain::{Order, OrderId, TrackingNumber};
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

    /// Whether the order, or one of those that now know something new of it, shares numbers with more orders than one may.
    pub(crate) fn are_too_many(&self, order: &Order, terms: ClaimTerms) -> bool {
        let changed = self.changed().map(|rival| &rival.order);
        changed
            .chain([order])
            .any(|order| order.rivals().len() > terms.rivals_max())
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
