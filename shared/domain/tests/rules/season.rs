//! Builders: one order, told fact by fact, and its nights.

use domain::Because;
use domain::assess::{Assessment, Due, Verdict, Warning, assess};
use domain::deadlines::{Advice, Matter, deadlines};
use domain::exchange::DatedRate;
use domain::facts::{AppealFact, EventFact, OrderFact, PapersFact, StatedOrder, TrackingFact};
use domain::figures::{Figures, figures};
use domain::ledger::reconcile;
use domain::ruling::Uploader;
use domain::{
    AppealStatus, AppealedClause, Cents, Clause, Currency, Elapsed, EntryKind, Finding, LedgerEntry, Money,
    Node, Order, OrderId, OrderStatus, Policy, PolicyBook, RowCode, Ruling, SellerId, SendType, Source,
    Subject, Timestamp, TrackingNumber,
};

pub const SHIPPED: &str = include_str!("../../data/policy.toml");
pub const ORDER: &str = "8000011000000005";
pub const SELLER: &str = "S00004";
/// Three numbers that fit DHL.
pub const NUMBERS: [&str; 3] = ["3318810025", "3318810036", "3318810040"];
/// Events an order may have, in tests that are not about it.
pub const EVENTS_MAX: usize = 400;

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant of a test")
}

/// The payment of every test that does not say otherwise.
pub fn paid() -> Timestamp {
    at("2024-05-01T12:00:00Z")
}

/// Hours after the payment.
pub fn hour(hours: i64) -> Timestamp {
    paid().plus(Elapsed::hours(hours))
}

/// Days of 24 h after the payment.
pub fn day(days: i64) -> Timestamp {
    hour(24 * days)
}

/// B4's deadline of every test that does not say otherwise.
pub fn deadline() -> Timestamp {
    day(30)
}

pub fn number(text: &str) -> TrackingNumber {
    TrackingNumber::parse(text).expect("a number of a test")
}

pub fn seller(text: &str) -> SellerId {
    SellerId::parse(text).expect("a seller of a test")
}

pub fn usd(amount: &str) -> Money {
    Money::parse(amount, Currency::USD).expect("an amount of a test")
}

pub fn cents(amount: &str) -> Cents {
    amount.parse().expect("an amount of a test")
}

/// The shipped policy with slices of its text replaced.
pub fn policy_with(changes: &[(&str, &str)]) -> PolicyBook {
    let text = changes.iter().fold(SHIPPED.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the shipped policy has `{from}`");
        text.replace(from, to)
    });
    PolicyBook::parse(&text).expect("a sound policy")
}

/// A row that an `orders` file might hold: the order as paid.
pub fn order_fact() -> OrderFact {
    OrderFact {
        order_id: OrderId::parse(ORDER).expect("an order id"),
        seller_id: seller(SELLER),
        paid_at: paid(),
        amount: usd("80.10"),
        destination: "ES".to_owned(),
        category: None,
        send_deadline: None,
        status: OrderStatus::Paid,
        status_at: None,
        recorded_at: paid(),
        source: Source { upload: 0, row: 1 },
    }
}

/// An order row with a status.
pub fn status_fact(status: OrderStatus, status_at: Option<Timestamp>, recorded_at: Timestamp) -> OrderFact {
    OrderFact {
        status,
        status_at,
        recorded_at,
        ..order_fact()
    }
}

/// A row that a `tracking` file might hold: a good DHL number.
pub fn tracking_fact(text: &str, send_type: SendType, uploaded_at: Timestamp) -> TrackingFact {
    TrackingFact {
        order_id: OrderId::parse(ORDER).expect("an order id"),
        uploaded_at,
        carrier: Some("dhl".into()),
        number: Some(number(text)),
        send_type,
        papers: PapersFact::default(),
        stated: StatedOrder::default(),
        findings: Vec::new(),
        source: Source { upload: 0, row: 1 },
        stored: None,
    }
}

/// A tracking row in which a cell was found wrong before the order was known.
pub fn failing_fact(code: RowCode, uploaded_at: Timestamp) -> TrackingFact {
    TrackingFact {
        number: None,
        findings: vec![Finding::new(code, "tracking_number", "?")],
        ..tracking_fact(NUMBERS[0], SendType::All, uploaded_at)
    }
}

/// A row that an `events` file might hold, learned as it happened.
pub fn event_fact(text: &str, node: Node, occurred_at: Timestamp) -> EventFact {
    EventFact {
        number: number(text),
        node,
        code: None,
        occurred_at,
        recorded_at: occurred_at,
        findings: Vec::new(),
        source: Source { upload: 0, row: 1 },
    }
}

/// A row that an `appeals` file might hold, learned as it was filed or decided.
pub fn appeal_fact(clause: AppealedClause, status: AppealStatus, filed_at: Timestamp) -> AppealFact {
    AppealFact {
        appeal_id: "A-1".to_owned(),
        order_id: OrderId::parse(ORDER).expect("an order id"),
        clause,
        episode_start: None,
        status,
        filed_at,
        decided_at: None,
        recorded_at: filed_at,
        source: Source { upload: 0, row: 1 },
    }
}

/// A row that tells an appeal's decision.
pub fn decision_fact(
    clause: AppealedClause,
    status: AppealStatus,
    filed_at: Timestamp,
    decided_at: Timestamp,
) -> AppealFact {
    AppealFact {
        decided_at: Some(decided_at),
        recorded_at: decided_at,
        ..appeal_fact(clause, status, filed_at)
    }
}

/// A deadline, apart from its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub at: Timestamp,
    pub matter: Matter,
    pub since: Timestamp,
    pub number: Option<TrackingNumber>,
    pub at_risk: Cents,
    pub advice: Advice,
}

/// Every deadline of an order as of an instant.
pub fn told(order: &Order, policy: &Policy, as_of: Timestamp) -> Vec<Told> {
    let Some(seen) = order.as_of(as_of, policy) else {
        return Vec::new();
    };
    let found = deadlines(&seen, policy).into_iter();
    found
        .map(|deadline| Told {
            at: deadline.at,
            matter: deadline.matter,
            since: deadline.since,
            number: deadline.tracking_number.cloned(),
            at_risk: deadline.at_risk,
            advice: deadline.advice,
        })
        .collect()
}

/// One order with its ledger, and the policy that applies. Every fact told to it comes in a file of its own.
#[derive(Clone, Debug)]
pub struct Case {
    pub order: Order,
    pub book: PolicyBook,
    pub entries: Vec<LedgerEntry>,
    files: u64,
}

impl Case {
    /// An order paid at [`paid`] for so many US dollars.
    pub fn paid(amount: &str) -> Self {
        Self::placed(&OrderFact {
            amount: usd(amount),
            ..order_fact()
        })
    }

    /// An order as its first row tells it, in US dollars.
    pub fn placed(fact: &OrderFact) -> Self {
        Self::placed_at_rates(fact, Vec::new())
    }

    /// An order in another currency, with the rates that apply to it in turn.
    pub fn placed_at_rates(fact: &OrderFact, rates: Vec<DatedRate>) -> Self {
        Self {
            order: Order::placed(fact, rates, &Uploader::Operator).expect("a rate of the test"),
            book: PolicyBook::shipped().clone(),
            entries: Vec::new(),
            files: 0,
        }
    }

    /// The same order under another policy.
    pub fn under(self, book: PolicyBook) -> Self {
        Self { book, ..self }
    }

    /// An order with one parcel under `NUMBERS[0]`, uploaded at the payment.
    pub fn shipped() -> Self {
        Self::paid("80.10").upload(NUMBERS[0], SendType::All, paid())
    }

    /// An order with one parcel, with these nodes at these hours after the payment.
    pub fn travelled(events: &[(Node, i64)]) -> Self {
        let told = |case: Self, &(node, hours): &(Node, i64)| case.event(NUMBERS[0], node, hour(hours));
        events.iter().fold(Self::shipped(), told)
    }

    fn next_source(&mut self) -> Source {
        self.files += 1;
        Source {
            upload: self.files,
            row: 1,
        }
    }

    pub fn rule_order(&mut self, fact: OrderFact) -> Ruling {
        let source = self.next_source();
        self.order.rule_order(
            &OrderFact { source, ..fact },
            &Uploader::Operator,
            &self.book.intake,
        )
    }

    pub fn rule_tracking(&mut self, fact: TrackingFact) -> Ruling {
        let source = self.next_source();
        self.rule_tracking_of(&TrackingFact { source, ..fact }, &Uploader::Operator)
    }

    /// A tracking row as it stands in its file, by the uploader given.
    pub fn rule_tracking_of(&mut self, fact: &TrackingFact, uploader: &Uploader) -> Ruling {
        let policy = self.book.in_force_at(self.order.paid_at);
        self.order.rule_tracking(fact, uploader, policy, &self.book)
    }

    pub fn rule_event(&mut self, fact: EventFact) -> Ruling {
        let source = self.next_source();
        let fact = EventFact { source, ..fact };
        let policy = self.book.in_force_at(self.order.paid_at);
        self.order
            .rule_event(&fact, &Uploader::Operator, policy, EVENTS_MAX)
    }

    pub fn rule_appeal(&mut self, fact: AppealFact) -> Ruling {
        let source = self.next_source();
        self.order.rule_appeal(
            &AppealFact { source, ..fact },
            &Uploader::Operator,
            &self.book.intake,
        )
    }

    pub fn upload(mut self, text: &str, send_type: SendType, uploaded_at: Timestamp) -> Self {
        let ruling = self.rule_tracking(tracking_fact(text, send_type, uploaded_at));
        assert!(!ruling.findings.iter().any(Finding::is_error), "{ruling:?}");
        self
    }

    pub fn event(self, text: &str, node: Node, occurred_at: Timestamp) -> Self {
        self.event_learned(text, node, occurred_at, occurred_at)
    }

    pub fn event_learned(
        mut self,
        text: &str,
        node: Node,
        occurred_at: Timestamp,
        recorded_at: Timestamp,
    ) -> Self {
        let ruling = self.rule_event(EventFact {
            recorded_at,
            ..event_fact(text, node, occurred_at)
        });
        assert!(ruling.findings.is_empty(), "{ruling:?}");
        self
    }

    pub fn status(self, status: OrderStatus, at: Timestamp) -> Self {
        self.order_row(status_fact(status, Some(at), at))
    }

    pub fn order_row(mut self, fact: OrderFact) -> Self {
        let fact = OrderFact {
            amount: self.order.amount,
            paid_at: self.order.paid_at,
            ..fact
        };
        let ruling = self.rule_order(fact);
        assert!(ruling.findings.is_empty(), "{ruling:?}");
        self
    }

    pub fn appeal(mut self, fact: AppealFact) -> Self {
        let ruling = self.rule_appeal(fact);
        assert!(ruling.findings.is_empty(), "{ruling:?}");
        self
    }

    pub fn assess(&self, as_of: Timestamp) -> Assessment {
        assess(&self.order, self.book.in_force_at(self.order.paid_at), as_of)
    }

    /// What is due under a clause as of an instant.
    pub fn due(&self, clause: Clause, as_of: Timestamp) -> Vec<Due> {
        let mut due = self.assess(as_of).due;
        due.retain(|due| due.subject.clause == clause);
        due
    }

    /// The amounts due under a clause as of an instant, fines and holds alike.
    pub fn amounts(&self, clause: Clause, as_of: Timestamp) -> Vec<Cents> {
        self.due(clause, as_of).iter().map(|due| due.amount).collect()
    }

    /// How many fines of silence are due as of an instant; each of 1.20.
    pub fn silences(&self, as_of: Timestamp) -> usize {
        let due = self.due(Clause::B3, as_of);
        assert!(due.iter().all(|due| due.amount == cents("1.20")), "{due:?}");
        due.len()
    }

    /// B4's verdict and amount as of an instant.
    pub fn sign_off(&self, as_of: Timestamp) -> Option<(Verdict, Cents)> {
        let due = self.due(Clause::B4, as_of);
        assert!(due.len() <= 1, "{due:?}");
        due.first().map(|due| (due.verdict, due.amount))
    }

    pub fn figures(&self, learned_by: Timestamp) -> Figures {
        figures(&self.order, &self.book, learned_by).expect("an order known by then")
    }

    /// Every deadline as of an instant.
    pub fn deadlines(&self, as_of: Timestamp) -> Vec<Told> {
        told(&self.order, self.book.in_force_at(self.order.paid_at), as_of)
    }

    /// The nearest deadline as of an instant.
    pub fn next_deadline(&self, as_of: Timestamp) -> Option<(Timestamp, Matter)> {
        self.deadlines(as_of)
            .first()
            .map(|deadline| (deadline.at, deadline.matter))
    }

    pub fn warnings(&self, as_of: Timestamp) -> Vec<Warning> {
        self.assess(as_of).warnings
    }

    /// One night: brings the ledger to what is due as of an instant, and gives what it posted.
    pub fn settle(&mut self, as_of: Timestamp) -> Vec<LedgerEntry> {
        let policy = self.book.in_force_at(self.order.paid_at);
        let due = self.assess(as_of).due;
        let posted = reconcile(&self.order, &due, as_of, policy);
        self.order.note_posted(&posted, as_of);
        self.entries.extend(posted.iter().cloned());
        posted
    }

    /// One night, by kind and amount of what it posted.
    pub fn night(&mut self, as_of: Timestamp) -> Vec<(EntryKind, Cents)> {
        let posted = self.settle(as_of);
        posted.iter().map(|entry| (entry.kind, entry.amount)).collect()
    }

    /// The balance by the ledger: fines less reversals.
    pub fn balance(&self) -> Cents {
        let moving = self.entries.iter().filter(|entry| entry.kind.moves_money());
        moving.map(|entry| entry.amount).sum()
    }
}

/// The silence that a due fine or an entry is about.
pub fn silent_from(because: &Because) -> Option<Timestamp> {
    match because {
        Because::Silence { silent_from, .. } => Some(*silent_from),
        _ => None,
    }
}

/// B4's one subject of an order.
pub fn sign_off_subject() -> Subject {
    Subject::order(Clause::B4)
}

/// The finding codes of a ruling.
pub fn codes(ruling: &Ruling) -> Vec<RowCode> {
    ruling.findings.iter().map(|finding| finding.code).collect()
}
