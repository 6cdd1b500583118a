//! The law of the lake: as of any T, an order is its row with the greatest (`learned_at`, `version`) among those learned
//! by T, and that row says what the rules say of the order as of T. Whatever came late, and in however many changes.

use domain::facts::{EventFact, OrderFact, PapersFact, StatedOrder, TrackingFact};
use domain::figures::{Figures, Standing, figures};
use domain::ruling::Uploader;
use domain::{
    Currency, Elapsed, Money, Node, Order, OrderId, OrderStatus, PolicyBook, SellerId, SendType, Source,
    Timestamp, TrackingNumber,
};
use lake::{OrderRow, last_row, order_rows};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const NUMBERS: [&str; 2] = ["3318810025", "3318810036"];

#[derive(Clone, Debug)]
enum Fact {
    Order(OrderFact),
    Tracking(TrackingFact),
    Event(EventFact),
}

/// Twelve hours apart, from the payment on, so that instants meet.
fn half_day(half_days: i64) -> Timestamp {
    let paid_at: Timestamp = "2024-05-01T12:00:00Z".parse().expect("an instant");
    paid_at.plus(Elapsed::hours(12 * half_days))
}

fn number(text: &str) -> TrackingNumber {
    TrackingNumber::parse(text).expect("a number")
}

fn order_row(status: OrderStatus, status_at: Option<Timestamp>, recorded_at: Timestamp) -> OrderFact {
    OrderFact {
        order_id: OrderId::parse("8000011000000005").expect("an order id"),
        seller_id: SellerId::parse("S00004").expect("a seller"),
        paid_at: half_day(0),
        amount: Money::parse("80.10", Currency::USD).expect("an amount"),
        destination: "ES".to_owned(),
        category: None,
        send_deadline: None,
        status,
        status_at,
        recorded_at,
        source: Source { upload: 1, row: 1 },
    }
}

fn tracking_row(text: &str, send_type: SendType, uploaded_at: Timestamp) -> TrackingFact {
    TrackingFact {
        order_id: OrderId::parse("8000011000000005").expect("an order id"),
        uploaded_at,
        carrier: Some("dhl".into()),
        number: Some(number(text)),
        send_type,
        papers: PapersFact::default(),
        stated: StatedOrder::default(),
        findings: Vec::new(),
        source: Source { upload: 1, row: 1 },
        stored: None,
    }
}

fn event_row(text: &str, node: Node, occurred_at: Timestamp, recorded_at: Timestamp) -> EventFact {
    EventFact {
        number: number(text),
        node,
        code: None,
        occurred_at,
        recorded_at,
        findings: Vec::new(),
        source: Source { upload: 1, row: 1 },
    }
}

/// An order as its rows make it, with every row that the lake was given of it.
struct History {
    order: Option<Order>,
    waiting: Vec<Fact>,
    version: u64,
    rows: Vec<OrderRow>,
}

impl History {
    fn new() -> Self {
        Self {
            order: None,
            waiting: Vec::new(),
            version: 0,
            rows: Vec::new(),
        }
    }

    /// One write of the order, brought by these facts, and what the lake is given of it.
    fn change(&mut self, facts: &[Fact]) {
        let before = self.order.clone();
        let mut untold = facts.to_vec();
        while !untold.is_empty() {
            let count = untold.len() + self.waiting.len();
            for fact in untold
                .drain(..)
                .chain(std::mem::take(&mut self.waiting))
                .collect::<Vec<_>>()
            {
                if !self.apply(&fact) {
                    self.waiting.push(fact);
                }
            }
            // Something was applied that others may have waited for.
            if self.waiting.len() < count {
                untold = std::mem::take(&mut self.waiting);
            }
        }
        let Some(after) = self.order.as_ref().filter(|_| self.order != before) else {
            return;
        };
        self.version += 1;
        let (_, rows) = order_rows(before.as_ref(), after, self.version, &[], PolicyBook::shipped());
        self.rows.extend(rows);
    }

    /// False when the fact's parent has not come.
    fn apply(&mut self, fact: &Fact) -> bool {
        let book = PolicyBook::shipped();
        let Some(order) = &mut self.order else {
            let Fact::Order(fact) = fact else { return false };
            self.order = Order::placed(fact, Vec::new(), &Uploader::Operator);
            return true;
        };
        match fact {
            Fact::Order(fact) => order.rule_order(fact, &Uploader::Operator, &book.intake),
            Fact::Tracking(fact) => order.rule_tracking(fact, &Uploader::Operator, book.newest(), book),
            Fact::Event(fact) if order.shipment(&fact.number).is_none() => return false,
            Fact::Event(fact) => order.rule_event(fact, &Uploader::Operator, book.newest(), 400),
        };
        true
    }

    /// The order as of an instant, by the lake's rows alone.
    fn collapsed(&self, at: Timestamp) -> Option<&OrderRow> {
        let known = self.rows.iter().filter(|row| row.learned_at <= at.unix());
        known.max_by_key(|row| (row.learned_at, row.version))
    }

    /// The lake is given the row that shows the order as of an instant, or as it is now.
    fn write_last_row(&mut self, as_of: Option<Timestamp>) {
        let Some(order) = &self.order else { return };
        let row = last_row(order, self.version, &[], as_of, PolicyBook::shipped());
        self.rows.extend(row.map(|(_, row)| row));
    }

    fn assert_law(&self, moments: &[Timestamp]) {
        for &at in moments {
            let expected = self
                .order
                .as_ref()
                .and_then(|order| figures(order, PolicyBook::shipped(), at));
            let shown = self.collapsed(at);
            assert_eq!(
                shown.map(said_by_row),
                expected.as_ref().map(said_by_rules),
                "as of {at}"
            );
        }
    }
}

type Said = (bool, i64, [Option<(bool, i64)>; 5], String, Option<String>);

fn said_by_rules(figures: &Figures) -> Said {
    let told = |standing: Standing| (standing.met, standing.decided_at.unix());
    let (upload, delivery) = (Some(told(figures.upload)), Some(told(figures.delivery)));
    let [fulfilment, pickup, nodes] =
        [figures.fulfilment, figures.pickup, figures.nodes].map(|standing| standing.map(told));
    (
        figures.excluded,
        figures.gmv.0,
        [fulfilment, upload, pickup, delivery, nodes],
        figures
            .nodes_missing
            .iter()
            .map(Node::as_str)
            .collect::<Vec<_>>()
            .join(","),
        figures.carrier.clone(),
    )
}

fn said_by_row(row: &OrderRow) -> Said {
    let upload = Some((row.upload_met, row.upload_at));
    let delivery = Some((row.delivery_met, row.delivery_at));
    let fulfilment = row.fulfilment_met.zip(row.fulfilment_at);
    let pickup = row.pickup_met.zip(row.pickup_at);
    let nodes = row.nodes_met.zip(row.nodes_at);
    (
        row.excluded,
        row.gmv_cents,
        [fulfilment, upload, pickup, delivery, nodes],
        row.nodes_missing.clone().unwrap_or_default(),
        row.carrier.clone(),
    )
}

fn moments() -> Vec<Timestamp> {
    (-1..130)
        .flat_map(|half_days| [half_day(half_days), half_day(half_days).next()])
        .collect()
}

#[test]
fn a_late_fact_that_a_later_one_undoes_does_not_stay_on_show() {
    let mut history = History::new();
    history.change(&[Fact::Order(order_row(OrderStatus::Paid, None, half_day(0)))]);
    // Told first: that it goes on again. Told late: that it had been cancelled.
    let paid_again = order_row(OrderStatus::Paid, Some(half_day(8)), half_day(8));
    history.change(&[Fact::Order(paid_again)]);
    let cancelled = order_row(OrderStatus::Cancelled, Some(half_day(4)), half_day(4));
    history.change(&[Fact::Order(cancelled)]);
    history.assert_law(&moments());
}

#[test]
fn a_row_of_an_instant_at_which_nothing_is_learned_any_more_does_not_stay_on_show() {
    let mut history = History::new();
    history.change(&[
        Fact::Order(order_row(OrderStatus::Paid, None, half_day(0))),
        Fact::Tracking(tracking_row(NUMBERS[0], SendType::All, half_day(1))),
    ]);
    // The pickup was told on half-day 10, then an older file told it on half-day 4.
    let picked_up = |recorded_at| {
        Fact::Event(event_row(
            NUMBERS[0],
            Node::PickedUp,
            half_day(3),
            half_day(recorded_at),
        ))
    };
    history.change(&[picked_up(10)]);
    history.change(&[picked_up(4)]);
    // What changes things between the two must hold from half-day 10 on, too.
    history.change(&[Fact::Event(event_row(
        NUMBERS[0],
        Node::Signed,
        half_day(5),
        half_day(6),
    ))]);
    history.assert_law(&moments());
}

#[test]
fn a_fact_told_again_adds_no_row() {
    let mut history = History::new();
    let facts = [
        Fact::Order(order_row(OrderStatus::Paid, None, half_day(0))),
        Fact::Tracking(tracking_row(NUMBERS[0], SendType::All, half_day(1))),
        Fact::Event(event_row(NUMBERS[0], Node::PickedUp, half_day(2), half_day(2))),
    ];
    history.change(&facts);
    assert_eq!(history.rows.len(), 3);
    let order = history.order.clone().expect("an order");
    let (month, rows) = order_rows(Some(&order), &order, 9, &[], PolicyBook::shipped());
    assert_eq!((month.to_string().as_str(), rows.len()), ("2024-05", 0));
    // An event that changes no figure adds none either.
    history.change(&[Fact::Event(event_row(
        NUMBERS[0],
        Node::InTransit,
        half_day(3),
        half_day(3),
    ))]);
    assert_eq!((history.version, history.rows.len()), (2, 3));
}

fn fact() -> impl Strategy<Value = Fact> {
    let recorded = select(vec![0, 0, 1, 4, 20]);
    let statuses = select(vec![
        OrderStatus::Paid,
        OrderStatus::Cancelled,
        OrderStatus::Refunded,
    ]);
    let status = (
        statuses,
        proptest::option::of(0_i64..20),
        0_i64..20,
        recorded.clone(),
    );
    let status = status.prop_map(|(status, status_at, told, later)| {
        let told = half_day(status_at.unwrap_or(told) + later);
        Fact::Order(order_row(status, status_at.map(half_day), told))
    });
    let send_type = select(vec![SendType::All, SendType::Part]);
    let tracking = (select(NUMBERS.to_vec()), send_type, 0_i64..12);
    let tracking = tracking.prop_map(|(number, send_type, uploaded)| {
        Fact::Tracking(tracking_row(number, send_type, half_day(uploaded)))
    });
    let node = prop_oneof![
        1 => select(vec![Node::PickedUp, Node::Signed]),
        1 => select(Node::ALL.to_vec())
    ];
    let event = (select(NUMBERS.to_vec()), node, 0_i64..20, recorded);
    let event = event.prop_map(|(number, node, occurred, later)| {
        Fact::Event(event_row(
            number,
            node,
            half_day(occurred),
            half_day(occurred + later),
        ))
    });
    prop_oneof![2 => status, 2 => tracking, 5 => event]
}

/// The same row told by another file, sooner or later than the first.
fn told_at(fact: &Fact, recorded_at: Timestamp) -> Fact {
    let mut fact = fact.clone();
    match &mut fact {
        Fact::Order(fact) => fact.recorded_at = recorded_at,
        Fact::Tracking(fact) => fact.uploaded_at = recorded_at,
        Fact::Event(fact) => fact.recorded_at = recorded_at,
    }
    fact
}

/// Facts and later copies of some, in any order, each of a file of its own.
fn told() -> impl Strategy<Value = Vec<Fact>> {
    let first = (0_i64..6).prop_map(|told| Fact::Order(order_row(OrderStatus::Paid, None, half_day(told))));
    let facts = proptest::collection::vec(fact(), 0..16);
    let again = proptest::collection::vec((any::<Index>(), 0_i64..40), 0..8);
    let places = proptest::collection::vec(any::<Index>(), 26);
    (first, facts, again, places).prop_map(|(first, facts, again, places)| {
        let mut told = vec![first];
        told.extend(facts);
        let copies: Vec<Fact> = again
            .iter()
            .map(|(index, at)| told_at(index.get(&told), half_day(*at)))
            .collect();
        told.extend(copies);
        let mut shuffled: Vec<Fact> = Vec::new();
        for (number, (fact, place)) in (1..).zip(told.iter().zip(&places)) {
            let source = Source {
                upload: number,
                row: 1,
            };
            let mut fact = fact.clone();
            match &mut fact {
                Fact::Order(fact) => fact.source = source,
                Fact::Tracking(fact) => fact.source = source,
                Fact::Event(fact) => fact.source = source,
            }
            shuffled.insert(place.index(shuffled.len() + 1), fact);
        }
        shuffled
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_rows_collapse_to_what_the_rules_say(
        told in told(),
        sizes in proptest::collection::vec(1_usize..4, 24),
    ) {
        let moments = moments();
        let mut history = History::new();
        let mut left = told.as_slice();
        for size in sizes.iter().cycle() {
            if left.is_empty() {
                break;
            }
            let (change, rest) = left.split_at((*size).min(left.len()));
            left = rest;
            history.change(change);
            history.assert_law(&moments);
        }
    }

    #[test]
    fn the_last_row_speaks_whatever_changes_the_lake_lost(
        told in told(),
        lost in proptest::collection::vec(any::<bool>(), 26),
        as_of in -1_i64..130,
        later in fact(),
    ) {
        let mut history = History::new();
        for (change, is_lost) in told.chunks(2).zip(lost) {
            let kept = history.rows.len();
            history.change(change);
            if is_lost {
                history.rows.truncate(kept);
            }
        }
        for _ in 0..2 {
            history.write_last_row(Some(half_day(as_of)));
            history.assert_law(&[half_day(as_of)]);
            history.write_last_row(None);
            history.assert_law(&[half_day(as_of), half_day(130)]);
        }
        // What comes later by the stream finds the order as the lake shows it.
        history.change(&[later]);
        history.assert_law(&[half_day(130)]);
    }
}
