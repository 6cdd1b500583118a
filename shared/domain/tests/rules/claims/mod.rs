//! Claims on numbers: whose a number is, whatever order the files arrive in (A2, A6, B3, B4).

mod cases;
mod laws;

use std::collections::BTreeMap;

use domain::assess::assess;
use domain::facts::{EventFact, OrderFact, TrackingFact};
use domain::ledger::reconcile;
use domain::ruling::Uploader;
use domain::{Cents, Clause, LedgerEntry, Node, Order, OrderId, PolicyBook, SendType, Source, Timestamp};

use crate::season::{EVENTS_MAX, day, event_fact, hour, number, order_fact, tracking_fact};

const ORDERS: [&str; 4] = [
    "8000011000000005",
    "8000011000000013",
    "8000011000000021",
    "8000011000000039",
];

fn id(order: usize) -> OrderId {
    OrderId::parse(ORDERS[order]).expect("an order id")
}

/// A row of any of several orders.
#[derive(Clone, Debug)]
enum Row {
    Order(OrderFact),
    Tracking(TrackingFact),
    Event(EventFact),
}

/// Several orders that contest numbers, with their ledgers: takes rows as an upload does.
#[derive(Clone, Debug, Default)]
struct Office {
    orders: BTreeMap<OrderId, Order>,
    waiting: Vec<Row>,
    entries: Vec<LedgerEntry>,
}

fn book() -> &'static PolicyBook {
    PolicyBook::shipped()
}

impl Office {
    fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut office = Self::default();
        rows.into_iter().for_each(|row| office.take(row));
        office
    }

    fn take(&mut self, row: &Row) {
        if !self.apply(row) {
            self.waiting.push(row.clone());
            return;
        }
        for row in std::mem::take(&mut self.waiting) {
            self.take(&row);
        }
    }

    fn apply(&mut self, row: &Row) -> bool {
        let order_id = match row {
            Row::Order(fact) => fact.order_id.clone(),
            Row::Tracking(fact) => fact.order_id.clone(),
            Row::Event(fact) => return self.report(fact),
        };
        let before = self.orders.get(&order_id).cloned();
        let mut after = match (row, before.clone()) {
            (Row::Order(fact), None) => {
                Order::placed(fact, Vec::new(), &Uploader::Operator).expect("an order in dollars")
            }
            (_, None) => return false,
            (Row::Order(fact), Some(mut order)) => {
                order.rule_order(fact, &Uploader::Operator, &book().intake);
                order
            }
            (Row::Tracking(fact), Some(mut order)) => {
                order.rule_tracking(fact, &Uploader::Operator, book().newest(), book());
                order
            }
            (Row::Event(_), Some(_)) => return false,
        };
        for number in after.numbers_with_news(before.as_ref()) {
            let others = self.orders.iter_mut().filter(|(other, _)| **other != order_id);
            for (_, other) in others {
                after.meet(other, &number);
            }
        }
        self.orders.insert(order_id, after);
        true
    }

    fn report(&mut self, fact: &EventFact) -> bool {
        let mut is_known = false;
        for order in self.orders.values_mut() {
            if order.shipment(&fact.number).is_some() {
                order.rule_event(fact, &Uploader::Operator, book().newest(), EVENTS_MAX);
                is_known = true;
            }
        }
        is_known
    }

    fn night(&mut self, as_of: Timestamp) {
        for order in self.orders.values_mut() {
            let due = assess(order, book().newest(), as_of).due;
            let posted = reconcile(order, &due, as_of, book().newest());
            order.note_posted(&posted, as_of);
            self.entries.extend(posted);
        }
    }

    /// What each order owes under each clause as of an instant, by the rules.
    fn due(&self, as_of: Timestamp) -> BTreeMap<(OrderId, Clause), Cents> {
        let mut sums = BTreeMap::new();
        for (order_id, order) in &self.orders {
            for due in assess(order, book().newest(), as_of).due {
                *sums
                    .entry((order_id.clone(), due.subject.clause))
                    .or_insert(Cents::ZERO) += due.amount;
            }
        }
        sums
    }

    /// What each order owes under each clause, by the ledger.
    fn net(&self) -> BTreeMap<(OrderId, Clause), Cents> {
        let mut sums = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.kind.moves_money()) {
            *sums
                .entry((entry.order_id.clone(), entry.clause))
                .or_insert(Cents::ZERO) += entry.amount;
        }
        sums.retain(|_, sum| *sum != Cents::ZERO);
        sums
    }

    /// The orders whose parcel a number is as of an instant, with the sign-off that each sees.
    fn holders(&self, text: &str, as_of: Timestamp) -> Vec<(OrderId, Option<Timestamp>)> {
        let mut holders = Vec::new();
        for (order_id, order) in &self.orders {
            let Some(seen) = order.as_of(as_of, book().newest()) else {
                continue;
            };
            let parcels = seen
                .parcels
                .iter()
                .filter(|parcel| parcel.shipment.number.as_str() == text);
            holders.extend(parcels.map(|parcel| (order_id.clone(), parcel.timeline.signed_at)));
        }
        holders
    }

    /// The order for which an order's last claim on a number waits.
    fn waits_for(&self, order: usize, text: &str) -> Option<OrderId> {
        let order = &self.orders[&id(order)];
        let shipment = order.shipment(&number(text)).expect("a claim");
        let last = shipment.claims.last().expect("a claim");
        order.waits_for(&shipment.number, last.source, book().newest(), day(300))
    }

    fn waits(&self, order: usize, text: &str) -> bool {
        self.waits_for(order, text).is_some()
    }
}

fn order(index: usize, paid_at: Timestamp, recorded_at: Timestamp) -> Row {
    Row::Order(OrderFact {
        order_id: id(index),
        paid_at,
        recorded_at,
        source: Source {
            upload: 100 + index as u64,
            row: 1,
        },
        ..order_fact()
    })
}

fn claim(index: usize, text: &str, uploaded_at: Timestamp, upload: u64) -> Row {
    typed(index, text, uploaded_at, upload, SendType::All)
}

fn typed(index: usize, text: &str, uploaded_at: Timestamp, upload: u64, send_type: SendType) -> Row {
    Row::Tracking(TrackingFact {
        order_id: id(index),
        source: Source {
            upload,
            row: index as u64 + 1,
        },
        ..tracking_fact(text, send_type, uploaded_at)
    })
}

fn event(text: &str, node: Node, occurred_at: Timestamp) -> Row {
    Row::Event(event_fact(text, node, occurred_at))
}

fn paid_orders(count: usize) -> Vec<Row> {
    (0..count).map(|index| order(index, hour(0), hour(0))).collect()
}
