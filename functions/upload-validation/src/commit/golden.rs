//! What rows of every kind were parked as, and are read from: a field that a fact gains has a default, so that rows that wait
//! since before are read.

use domain::facts::{AppealFact, EventFact, OrderFact, PapersFact, StatedOrder};
use domain::papers::TaxIdVerdict;
use domain::{AppealStatus, AppealedClause, Money, Node, OrderStatus, SellerId, SendType, Source};

use super::*;

/// A line a row, in the order of [`rows`]. A line that is committed never changes.
const GOLDEN: &str = include_str!("golden/parked.jsonl");

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn order_id() -> OrderId {
    OrderId::parse("8000011000000005").expect("an order id")
}

fn number() -> TrackingNumber {
    TrackingNumber::parse("3318810025").expect("a number")
}

fn source() -> Source {
    Source {
        upload: 0xfedc_ba98_7654_3210,
        row: 12_345,
    }
}

fn money(amount: &str, currency: &str) -> Money {
    let currency = Currency::parse(currency).expect("a currency");
    Money::parse(amount, currency).expect("an amount")
}

fn order(full: bool) -> OrderFact {
    OrderFact {
        order_id: order_id(),
        seller_id: SellerId::parse("S00004").expect("a seller"),
        paid_at: at("2024-05-01T12:00:00Z"),
        amount: money("136.23", "BRL"),
        destination: "ES".to_owned(),
        category: full.then(|| "Consumer Electronics".to_owned()),
        send_deadline: full.then(|| at("2024-05-06T12:00:00Z")),
        status: if full {
            OrderStatus::Cancelled
        } else {
            OrderStatus::Paid
        },
        status_at: full.then(|| at("2024-05-02T12:00:00Z")),
        recorded_at: at("2024-05-02T13:00:00Z"),
        source: source(),
    }
}

fn tracking(full: bool) -> TrackingFact {
    let verdicts = [
        ("BR", TaxIdVerdict::Valid),
        ("MX", TaxIdVerdict::CheckDigit),
        ("RU", TaxIdVerdict::Invalid),
    ];
    let papers = PapersFact {
        invoice: true,
        tax_id: verdicts
            .map(|(country, verdict)| (country.into(), verdict))
            .into(),
        tax_id_masked: Some("39******44".into()),
        zero_lost: Vec::new(),
    };
    let stated = StatedOrder {
        seller_id: SellerId::parse("S00004"),
        paid_at: Some(at("2024-05-01T12:00:00Z")),
        destination: Some("ES".into()),
        amount: Some(money("136.23", "BRL")),
    };
    let finding = Finding::new(RowCode::NumWhitespace, "tracking_number", "33188 10025");
    TrackingFact {
        order_id: order_id(),
        uploaded_at: at("2024-05-01T15:00:00Z"),
        carrier: full.then(|| "dhl".into()),
        number: full.then(number),
        send_type: if full { SendType::Part } else { SendType::All },
        papers: if full { papers } else { PapersFact::default() },
        stated: if full { stated } else { StatedOrder::default() },
        findings: if full {
            vec![finding.with_detail("3318810025")]
        } else {
            Vec::new()
        },
        source: source(),
        stored: None,
    }
}

fn event(node: Node, code: Option<&str>) -> EventFact {
    EventFact {
        number: number(),
        node,
        code: code.map(str::to_owned),
        occurred_at: at("2024-05-02T12:00:00Z"),
        recorded_at: at("2024-05-02T13:00:00Z"),
        findings: code
            .map(|code| Finding::new(RowCode::EventCodeUnmapped, "event_code", code))
            .into_iter()
            .collect(),
        source: source(),
    }
}

fn appeal(full: bool) -> AppealFact {
    AppealFact {
        appeal_id: "AP-1".to_owned(),
        order_id: order_id(),
        clause: if full {
            AppealedClause::B3
        } else {
            AppealedClause::B4
        },
        episode_start: full.then(|| at("2024-05-03T12:00:00Z")),
        status: if full {
            AppealStatus::Accepted
        } else {
            AppealStatus::Pending
        },
        filed_at: at("2024-05-08T12:00:00Z"),
        decided_at: full.then(|| at("2024-05-10T12:00:00Z")),
        recorded_at: at("2024-05-10T13:00:00Z"),
        source: source(),
    }
}

/// Rows of every kind, with everything and with as little as may be; events of every node.
fn rows() -> Vec<OrderNews> {
    let mut rows = Vec::new();
    for full in [true, false] {
        rows.push(OrderNews::Order(order(full)));
        rows.push(OrderNews::Tracking(tracking(full)));
        rows.push(OrderNews::Appeal(appeal(full)));
    }
    let nodes = Node::ALL.into_iter().take(16);
    rows.extend(nodes.map(|node| OrderNews::Event(event(node, None))));
    rows.push(OrderNews::Event(event(Node::InTransit, Some("已离境"))));
    rows
}

#[test]
fn rows_are_read_as_they_were_ever_parked() {
    let read = GOLDEN
        .lines()
        .map(|line| serde_json::from_str(line).expect("a golden row is read"));
    assert_eq!(read.collect::<Vec<OrderNews>>(), rows());
}

#[test]
fn a_parked_row_of_every_kind_can_be_read_again() {
    for row in rows() {
        let parked = serde_json::to_string(&row).expect("a row is parked");
        let read: OrderNews = serde_json::from_str(&parked).expect("a parked row is read");
        assert_eq!(read, row);
    }
}
