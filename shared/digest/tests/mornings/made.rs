//! Orders, made by the rules.

use digest::{Digest, Fines, ShadowPolicy, Watch};
use domain::assess::assess;
use domain::facts::{EventFact, OrderFact, PapersFact, StatedOrder, TrackingFact};
use domain::ledger::reconcile;
use domain::{
    Currency, Elapsed, LedgerEntry, Money, Node, Order, OrderId, OrderStatus, PolicyBook, SellerId, SendType,
    Source, Timestamp, TrackingNumber, Uploader,
};

const SHIPPED: &str = include_str!("../../../domain/data/policy.toml");

/// When every made order is paid.
pub fn paid() -> Timestamp {
    "2024-05-01T12:00:00Z".parse().expect("an instant")
}

pub fn hour(hours: i64) -> Timestamp {
    paid().plus(Elapsed::hours(hours))
}

pub fn book() -> &'static PolicyBook {
    PolicyBook::shipped()
}

/// An order of a number, of so many cents, paid so many hours after [`paid`].
pub fn order(number: u64, cents: i64, paid_after: i64) -> Order {
    let paid_at = hour(paid_after);
    let fact = OrderFact {
        order_id: OrderId::parse(&format!("80000110{number:08}")).expect("an order's id"),
        seller_id: SellerId::parse(&format!("S{:05}", number % 7)).expect("a seller's id"),
        paid_at,
        amount: Money {
            minor: cents,
            currency: Currency::USD,
        },
        destination: "ES".to_owned(),
        category: None,
        send_deadline: None,
        status: OrderStatus::Paid,
        status_at: None,
        recorded_at: paid_at,
        source: Source { upload: 0, row: 1 },
    };
    Order::placed(&fact, Vec::new(), &Uploader::Operator).expect("an order in dollars")
}

/// Uploads a parcel of a carrier an hour after the payment, and tells its events, each so many hours later and known an
/// hour after.
pub fn send(order: &mut Order, carrier: &str, events: &[(Node, i64)]) {
    let number = TrackingNumber::parse(&format!("331{}", &order.order_id.as_str()[9..])).expect("a number");
    let tracking = TrackingFact {
        order_id: order.order_id.clone(),
        uploaded_at: order.paid_at.plus(Elapsed::hours(1)),
        carrier: Some(carrier.into()),
        number: Some(number.clone()),
        send_type: SendType::All,
        papers: PapersFact::default(),
        stated: StatedOrder::default(),
        findings: Vec::new(),
        source: Source { upload: 1, row: 1 },
        stored: None,
    };
    order.rule_tracking(&tracking, &Uploader::Operator, book().newest(), book());
    for (node, hours) in events {
        let occurred_at = order.paid_at.plus(Elapsed::hours(*hours));
        let event = EventFact {
            number: number.clone(),
            node: *node,
            code: None,
            occurred_at,
            recorded_at: occurred_at.plus(Elapsed::hours(1)),
            findings: Vec::new(),
            source: Source { upload: 2, row: 1 },
        };
        order.rule_event(&event, &Uploader::Operator, book().newest(), 400);
    }
}

/// Orders of every kind that a board knows.
pub fn orders(count: u64) -> Vec<Order> {
    (0..count)
        .map(|number| {
            let mut made = order(number, 1_000 + 137 * number as i64, (number % 700) as i64);
            match number % 4 {
                0 => {}
                1 => send(&mut made, "dhl", &[]),
                2 => send(&mut made, "yanwen", &[(Node::PickedUp, 5), (Node::InTransit, 30)]),
                _ => send(
                    &mut made,
                    "dhl",
                    &[(Node::PickedUp, 5), (Node::InTransit, 70), (Node::Signed, 90)],
                ),
            }
            made
        })
        .collect()
}

/// A watch over orders.
pub fn watched(orders: &[Order], as_of: Timestamp, book: &PolicyBook) -> Watch {
    let mut watch = Watch::new(as_of, book);
    for order in orders {
        watch.order(order, book);
    }
    watch
}

/// The shipped policy with slices of its text replaced, as a shadow.
pub fn shadow(file: &str, changes: &[(&str, &str)]) -> ShadowPolicy {
    let text = changes.iter().fold(SHIPPED.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the shipped policy has `{from}`");
        text.replace(from, to)
    });
    ShadowPolicy::parse(file, &text).expect("a sound policy")
}

/// A watch over orders, under a shadow policy too.
pub fn watched_beside(orders: &[Order], as_of: Timestamp, shadow: &ShadowPolicy) -> Watch {
    let mut watch = Watch::beside(as_of, book(), shadow);
    for order in orders {
        let policy = book().in_force_at(order.paid_at);
        if let Some(seen) = order.as_of(as_of, book().newest()) {
            watch.seen(&seen, policy, book());
            watch.compare(&seen, policy, shadow);
        }
    }
    watch
}

/// What a night would post about orders that have nothing in the ledger.
pub fn entries(orders: &[Order], as_of: Timestamp) -> Vec<LedgerEntry> {
    let policy = book().newest();
    orders
        .iter()
        .flat_map(|order| reconcile(order, &assess(order, policy, as_of).due, as_of, policy))
        .collect()
}

/// A digest of orders and the entries given.
pub fn digest_of(orders: &[Order], entries: Vec<LedgerEntry>, as_of: Timestamp) -> Digest {
    let mut fines = Fines::new(book().board.rows_max);
    for entry in entries {
        fines.add(entry);
    }
    Digest::new(watched(orders, as_of, book()), Vec::new(), fines, book())
}
