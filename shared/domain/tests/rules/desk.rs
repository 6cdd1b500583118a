//! Random seasons of one order, and a desk that takes their facts in any order, parking what comes too early.

use domain::facts::{AppealFact, EventFact, OrderFact, TrackingFact};
use domain::ruling::Uploader;
use domain::{
    AppealStatus, AppealedClause, Elapsed, Node, Order, OrderStatus, PolicyBook, RowCode, SendType, Source,
    Timestamp,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::season::{
    EVENTS_MAX, NUMBERS, appeal_fact, day, deadline, event_fact, failing_fact, hour, number, order_fact,
    status_fact, tracking_fact,
};

/// One row of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Order(OrderFact),
    Tracking(TrackingFact),
    Event(EventFact),
    Appeal(AppealFact),
}

impl Fact {
    /// When it was learned.
    pub fn recorded_at(&self) -> Timestamp {
        match self {
            Self::Order(fact) => fact.recorded_at,
            Self::Tracking(fact) => fact.uploaded_at,
            Self::Event(fact) => fact.recorded_at,
            Self::Appeal(fact) => fact.recorded_at,
        }
    }

    /// The same row in another place.
    pub fn at_source(&self, source: Source) -> Self {
        let mut fact = self.clone();
        match &mut fact {
            Self::Order(fact) => fact.source = source,
            Self::Tracking(fact) => fact.source = source,
            Self::Event(fact) => fact.source = source,
            Self::Appeal(fact) => fact.source = source,
        }
        fact
    }

    /// The same row sent again later: of tracking rows the same bytes, since other bytes are another claim.
    pub fn sent_again(&self, later: Elapsed, source: Source) -> Self {
        let mut fact = self.at_source(source);
        if let (Self::Tracking(fact), Self::Tracking(first)) = (&mut fact, self) {
            fact.source.row = first.source.row;
            fact.stored = Some(first.claim().stored);
        }
        match &mut fact {
            Self::Order(fact) => fact.recorded_at = fact.recorded_at.plus(later),
            Self::Tracking(fact) => fact.uploaded_at = fact.uploaded_at.plus(later),
            Self::Event(fact) => fact.recorded_at = fact.recorded_at.plus(later),
            Self::Appeal(fact) => fact.recorded_at = fact.recorded_at.plus(later),
        }
        fact
    }
}

/// Takes facts as an upload does: what its order or number has not come for waits.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    pub order: Option<Order>,
    waiting: Vec<Fact>,
}

impl Desk {
    /// The order that these facts, in this order, make.
    pub fn order_of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<Order> {
        let mut desk = Self::default();
        facts.into_iter().for_each(|fact| desk.take(fact));
        desk.order
    }

    pub fn take(&mut self, fact: &Fact) {
        if !self.apply(fact) {
            return self.waiting.push(fact.clone());
        }
        if !matches!(fact, Fact::Event(_)) {
            for fact in std::mem::take(&mut self.waiting) {
                self.take(&fact);
            }
        }
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
            Fact::Tracking(fact) => {
                order.rule_tracking(fact, &Uploader::Operator, book.in_force_at(order.paid_at), book)
            }
            Fact::Event(fact) if order.shipment(&fact.number).is_none() => return false,
            Fact::Event(fact) => order.rule_event(fact, &Uploader::Operator, book.newest(), EVENTS_MAX),
            Fact::Appeal(fact) => order.rule_appeal(fact, &Uploader::Operator, &book.intake),
        };
        true
    }
}

/// Instants at which something may change, and the last second before: where the laws look.
pub fn moments(facts: &[Fact]) -> Vec<Timestamp> {
    let silence = Elapsed::hours(48);
    let mut moments = vec![deadline(), deadline().next(), day(200)];
    for fact in facts {
        let at = fact.recorded_at();
        moments.extend([at, Timestamp::from_unix(at.unix() - 1)]);
        match fact {
            Fact::Event(fact) => moments.extend([fact.occurred_at.plus(silence).next()]),
            Fact::Appeal(fact) => moments.extend(fact.decided_at),
            Fact::Order(fact) => moments.extend(fact.status_at),
            Fact::Tracking(_) => {}
        }
    }
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// Twelve hours apart, so that instants meet and gaps of exactly 48 h are common; sometimes a second off.
fn instant(days: std::ops::Range<i64>) -> impl Strategy<Value = Timestamp> {
    let half_days = days.start * 2..days.end * 2;
    (half_days, prop_oneof![4 => Just(0), 1 => Just(1)])
        .prop_map(|(half_days, seconds)| Timestamp::from_unix(hour(12 * half_days).unix() + seconds))
}

fn delay() -> impl Strategy<Value = Elapsed> {
    select(vec![0, 0, 0, 12, 48, 240, 700]).prop_map(Elapsed::hours)
}

fn status() -> impl Strategy<Value = Fact> {
    let statuses = select(vec![
        OrderStatus::Paid,
        OrderStatus::Cancelled,
        OrderStatus::Cancelled,
        OrderStatus::Refunded,
    ]);
    (
        statuses,
        proptest::option::of(instant(0..40)),
        instant(0..40),
        delay(),
    )
        .prop_map(|(status, status_at, learned_at, delay)| {
            let recorded_at = status_at.map_or(learned_at, |at| at.plus(delay));
            Fact::Order(status_fact(status, status_at, recorded_at))
        })
}

fn tracking() -> impl Strategy<Value = Fact> {
    let uploaded_at = prop_oneof![3 => instant(0..3), 1 => instant(0..40)];
    let failure = prop_oneof![
        5 => Just(None),
        1 => select(vec![RowCode::NumFormat, RowCode::InvoiceMissing]).prop_map(Some)
    ];
    let send_type = select(vec![SendType::All, SendType::Part]);
    (select(NUMBERS.to_vec()), send_type, uploaded_at, failure).prop_map(
        |(number, send_type, uploaded_at, failure)| {
            Fact::Tracking(match failure {
                None => tracking_fact(number, send_type, uploaded_at),
                Some(code) => failing_fact(code, uploaded_at),
            })
        },
    )
}

fn event() -> impl Strategy<Value = Fact> {
    let node = prop_oneof![
        2 => Just(Node::PickedUp),
        1 => Just(Node::Signed),
        3 => select(Node::ALL.to_vec())
    ];
    let occurred_at = prop_oneof![3 => instant(0..12), 1 => instant(0..40)];
    let code = proptest::option::weighted(0.2, Just("OK".to_owned()));
    // Sometimes told before it happened: a carrier's clock is off by hours.
    let early = prop_oneof![9 => Just(0), 1 => Just(12)];
    (select(NUMBERS.to_vec()), node, occurred_at, delay(), early, code).prop_map(
        |(number, node, occurred_at, delay, early, code)| {
            let recorded_at = occurred_at.plus(delay).minus(Elapsed::hours(early));
            Fact::Event(EventFact {
                recorded_at,
                code,
                ..event_fact(number, node, occurred_at)
            })
        },
    )
}

/// A parcel that travels as it should, a node every day or two, each told sooner or later.
fn journey() -> impl Strategy<Value = Vec<Fact>> {
    let nodes = [
        Node::PickedUp,
        Node::ExportCustoms,
        Node::DepartedOrigin,
        Node::ArrivedDestination,
        Node::ImportCustoms,
        Node::OutForDelivery,
        Node::Signed,
    ];
    let pace = select(vec![12_i64, 24, 48, 60, 96]);
    (
        select(NUMBERS.to_vec()),
        pace,
        proptest::collection::vec(delay(), nodes.len()),
    )
        .prop_map(move |(number, pace, delays)| {
            let told = |((node, delay), step): ((Node, Elapsed), i64)| {
                let fact = event_fact(number, node, hour(pace * step + 12));
                Fact::Event(EventFact {
                    recorded_at: fact.occurred_at.plus(delay),
                    ..fact
                })
            };
            nodes.into_iter().zip(delays).zip(0..).map(told).collect()
        })
}

/// Six appeals, each with a clause, a filing and perhaps an episode of its own.
fn appeal() -> impl Strategy<Value = Fact> {
    let filings = [
        ("A-0", AppealedClause::B4, day(12), None),
        ("A-1", AppealedClause::B4, day(20), None),
        ("A-2", AppealedClause::B4, day(33), None),
        ("A-3", AppealedClause::A6, day(5), None),
        ("A-4", AppealedClause::B3, day(6), None),
        ("A-5", AppealedClause::B3, day(7), Some(hour(24))),
    ];
    let status = select(vec![
        AppealStatus::Pending,
        AppealStatus::Pending,
        AppealStatus::Accepted,
        AppealStatus::Rejected,
        AppealStatus::Withdrawn,
        AppealStatus::Expired,
    ]);
    let decision = proptest::option::of(0_i64..60);
    (select(filings.to_vec()), status, decision, delay()).prop_map(
        |((appeal_id, clause, filed_at, episode_start), status, decision, delay)| {
            let decided_at = decision
                .filter(|_| status != AppealStatus::Pending)
                .map(|half_days| filed_at.plus(Elapsed::hours(12 * half_days)));
            Fact::Appeal(AppealFact {
                appeal_id: appeal_id.to_owned(),
                episode_start,
                decided_at,
                recorded_at: decided_at.unwrap_or(filed_at).plus(delay),
                ..appeal_fact(clause, status, filed_at)
            })
        },
    )
}

/// What one order may live through, in no particular order; each row in a file of its own, at one of a few rows, so that
/// rows of different files tie.
pub fn season() -> impl Strategy<Value = Vec<Fact>> {
    let order = instant(0..3).prop_map(|recorded_at| {
        Fact::Order(OrderFact {
            recorded_at,
            ..order_fact()
        })
    });
    let facts = (
        order,
        prop_oneof![2 => Just(Vec::new()), 3 => proptest::collection::vec(status(), 0..4)],
        proptest::collection::vec(tracking(), 0..6),
        proptest::collection::vec(event(), 0..14),
        prop_oneof![2 => Just(Vec::new()), 1 => journey()],
        proptest::collection::vec(appeal(), 0..6),
        any::<u64>(),
    );
    facts.prop_map(|(order, statuses, trackings, events, journey, appeals, rows)| {
        let facts = [order]
            .into_iter()
            .chain(statuses)
            .chain(trackings)
            .chain(events)
            .chain(journey)
            .chain(appeals);
        let source = |index: u64| Source {
            upload: index,
            row: (rows >> (index % 32)) % 3 + 1,
        };
        (1..)
            .zip(facts)
            .map(|(index, fact)| fact.at_source(source(index)))
            .collect()
    })
}

/// A season in which the same rows may stand in any files: a number has one send type, and no two numbers share the
/// instant of an upload, which the row in its file would decide.
pub fn season_for_splitting() -> impl Strategy<Value = Vec<Fact>> {
    season().prop_map(|facts| {
        let apart = |fact: Fact| match fact {
            Fact::Tracking(mut fact) => {
                let index = fact
                    .number
                    .as_ref()
                    .and_then(|held| NUMBERS.iter().position(|text| *held == number(text)));
                let index = index.unwrap_or(NUMBERS.len());
                fact.send_type = if index == 1 { SendType::Part } else { SendType::All };
                fact.uploaded_at = fact.uploaded_at.plus(Elapsed::hours(index as i64));
                Fact::Tracking(fact)
            }
            other => other,
        };
        facts.into_iter().map(apart).collect()
    })
}
