//! Golden bytes: what releases wrote is committed under `golden/` and read by every later one.
//!
//! `golden/format_<n>/` holds order states in format `n`, `golden/entries*.json` items of ledger entries. A state of the newest
//! format that is missing is written, and its test fails until the file is there; a file that is there never changes.

use std::path::PathBuf;

use domain::appeal::AppealState;
use domain::because::Refused;
use domain::claims::{Claim, RivalClaim, Supersession, Word};
use domain::exchange::DatedRate;
use domain::facts::Stored;
use domain::ledger::Posted;
use domain::order::{StatusChange, UploadFailure};
use domain::{
    Appeal, AppealStatus, AppealedClause, Cents, Clause, EntryKind, Node, Order, OrderId, OrderStatus, Rate,
    RowCode, SendType, Shipment, Source, Subject, TrackingEvent, TrackingNumber, Uploader,
};

use super::tests::{hour, order_row, state_of};
use super::{STATE_FORMAT, decode_order, decode_state, order_item, string_of};

pub(super) const ORDER: &str = "8000011000000005";

pub(super) fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("src/item/golden")
        .join(name)
}

/// The committed bytes; bytes that are not there yet are written, for the author of a new form to look at and commit.
pub(super) fn committed(name: &str, written: &[u8]) -> Vec<u8> {
    let path = golden(name);
    if !path.exists() {
        std::fs::write(&path, written).expect("a golden file is written");
        panic!("{} was missing and is written: commit it", path.display());
    }
    std::fs::read(path).expect("a golden file is read")
}

fn source(row: u64) -> Source {
    Source {
        upload: 0xfedc_ba98_7654_3210,
        row,
    }
}

pub(super) fn number(text: &str) -> TrackingNumber {
    TrackingNumber::parse(text).expect("a number")
}

fn in_usd() -> Order {
    Order::placed(&order_row("80.10", "USD"), Vec::new(), &Uploader::Operator).expect("an order in dollars")
}

fn in_reais() -> Order {
    let rate = DatedRate {
        rate: Rate::parse("0.3033").expect("a rate"),
        date: "2024-05-01".parse().expect("a date"),
        recorded_at: hour(1),
    };
    let fact = domain::facts::OrderFact {
        category: None,
        send_deadline: None,
        ..order_row("136.23", "BRL")
    };
    Order::placed(&fact, vec![rate], &Uploader::Operator).expect("a rate")
}

fn shipment(text: &str, send_type: SendType, uploaded: i64, events: Vec<TrackingEvent>) -> Shipment {
    Shipment {
        number: number(text),
        carrier: "dhl".to_owned(),
        claims: vec![Claim {
            uploaded_at: hour(uploaded),
            stored: Stored {
                at_ms: hour(uploaded).unix() * 1_000,
                content: source(12_345).upload,
            },
            source: source(12_345),
            send_type,
        }],
        events,
        rivals: Vec::new(),
    }
}

fn event(node: Node, code: Option<&str>, occurred: i64, recorded: i64) -> TrackingEvent {
    TrackingEvent {
        occurred_at: hour(occurred),
        node,
        code: code.map(str::to_owned),
        recorded_at: hour(recorded),
    }
}

/// Two parcels that one upload replaced, and one more; every node, with and without a carrier's code.
fn shipped() -> Order {
    let nodes = Node::ALL.into_iter().take(16).zip(10..);
    let events = nodes.map(|(node, hour)| event(node, (hour % 2 == 0).then_some("揽收成功"), hour, hour + 3));
    Order {
        shipments: vec![
            shipment("RR123456785CN", SendType::All, 2, Vec::new()),
            shipment("3318810025", SendType::All, 3, events.collect()),
            shipment(
                "3318810036",
                SendType::Part,
                4,
                vec![event(Node::Lost, None, 20, 21)],
            ),
        ],
        ..in_usd()
    }
}

fn with_statuses() -> Order {
    let change = |at: Option<i64>, status, recorded| StatusChange {
        at: at.map(hour),
        status,
        recorded_at: hour(recorded),
    };
    Order {
        statuses: vec![
            change(Some(5), OrderStatus::Paid, 6),
            change(Some(700), OrderStatus::Refunded, 701),
            change(None, OrderStatus::Cancelled, 702),
        ],
        ..in_usd()
    }
}

fn with_appeals() -> Order {
    let state = |since, status, recorded| AppealState {
        since: hour(since),
        status,
        recorded_at: hour(recorded),
    };
    let appeal = |id: &str, clause, episode_start: Option<i64>, states| Appeal {
        appeal_id: id.to_owned(),
        clause,
        episode_start: episode_start.map(hour),
        filed_at: hour(80),
        states,
        source: source(2),
    };
    let pending = state(80, AppealStatus::Pending, 81);
    Order {
        appeals: vec![
            appeal(
                "AP-1",
                AppealedClause::B3,
                Some(10),
                vec![
                    pending,
                    state(90, AppealStatus::Rejected, 91),
                    state(95, AppealStatus::Accepted, 96),
                ],
            ),
            appeal("AP-2", AppealedClause::B4, None, vec![pending]),
            appeal(
                "AP-3",
                AppealedClause::A6,
                None,
                vec![state(82, AppealStatus::Withdrawn, 83)],
            ),
            appeal(
                "AP-4",
                AppealedClause::B3,
                None,
                vec![state(84, AppealStatus::Expired, 85)],
            ),
        ],
        ..in_usd()
    }
}

fn with_failure(code: RowCode) -> Order {
    Order {
        failure: Some(UploadFailure {
            uploaded_at: hour(2),
            code,
            source: source(9),
            refused: Refused::default(),
        }),
        ..in_usd()
    }
}

fn posted() -> Order {
    let silence = |start: Option<i64>| Subject::silence(&number("3318810025"), start.map(hour));
    let line = |subject, kind, amount, ordinal| Posted {
        subject,
        kind,
        amount: Cents(amount),
        ordinal,
    };
    Order {
        posted: vec![
            line(Subject::order(Clause::A6), EntryKind::Fine, 50, 1),
            line(silence(Some(10)), EntryKind::Reversal, 120, 2),
            line(silence(None), EntryKind::Hold, 120, 3),
            line(Subject::order(Clause::B4), EntryKind::Void, 5_000, 400),
        ],
        settled_as_of: Some(hour(900)),
        restored: Vec::new(),
        once_learned_at: vec![hour(12), hour(720)],
        ..in_usd()
    }
}

/// Two orders that claim one number; the other is cancelled.
fn contested() -> Order {
    let rival = Word {
        order_id: OrderId::parse("8000011000000013").expect("an order id"),
        paid_at: hour(-5),
        recorded_at: hour(-4),
        claims: vec![RivalClaim {
            uploaded_at: hour(1),
            superseded: vec![Supersession {
                since: hour(9),
                recorded_at: hour(11),
            }],
        }],
    };
    let mut order = shipped();
    order.confirmed = false;
    order.shipments[0].rivals = vec![rival];
    let again = Claim {
        uploaded_at: hour(30),
        source: source(3),
        ..order.shipments[0].claims[0]
    };
    order.shipments[0].claims.push(again);
    order
}

/// Orders as today's code has them, by the name of their golden file.
fn orders() -> Vec<(&'static str, Order)> {
    let mut orders = orders_since_format_1();
    orders.push(("contested", contested()));
    orders
}

/// Those that format 1 could hold, too.
fn orders_since_format_1() -> Vec<(&'static str, Order)> {
    vec![
        ("in_usd", in_usd()),
        ("in_reais", in_reais()),
        ("shipped", shipped()),
        ("statuses", with_statuses()),
        ("appeals", with_appeals()),
        ("failure", with_failure(RowCode::NumWhitespace)),
        ("failure_last_code", with_failure(RowCode::OrderArchived)),
        ("posted", posted()),
    ]
}

#[test]
fn orders_are_read_from_every_form_that_was_ever_written() {
    for format in 1..=STATE_FORMAT {
        let written = if format == 1 {
            orders_since_format_1()
        } else {
            orders()
        };
        for (name, order) in written {
            let file = format!("format_{format}/{name}.state");
            let state = std::fs::read(golden(&file)).expect("a golden file is read");
            assert_eq!(state.first(), Some(&format), "{file}");
            let read = decode_state(ORDER, &state).expect("a golden state decodes");
            assert_eq!(read, order, "{file}");
        }
    }
}

#[test]
fn orders_are_written_in_the_newest_form_to_the_byte() {
    for (name, order) in orders() {
        let item = order_item(&order, 1, false).expect("an item");
        let file = format!("format_{STATE_FORMAT}/{name}.state");
        assert_eq!(committed(&file, state_of(&item)), state_of(&item), "{file}");
    }
}

/// What of a refused row is cited is an attribute of its own: the state's form is pinned, and hardly any order has it.
#[test]
fn what_is_cited_of_a_refused_row_is_kept_beside_the_state() {
    let refused = Refused {
        value: "12 345".to_owned(),
        also: vec![(RowCode::TaxIdMissing, String::new())],
        file: "发货表.xlsx".to_owned(),
    };
    let mut order = with_failure(RowCode::NumWhitespace);
    let without = order_item(&order, 1, false).expect("an item");
    assert!(!without.contains_key("refused"));
    assert_eq!(
        decode_order(&without)
            .expect("it decodes")
            .map(|image| image.order),
        Some(order.clone())
    );
    order.failure.as_mut().expect("a failure").refused = refused;
    let with = order_item(&order, 1, false).expect("an item");
    assert_eq!(
        string_of(&with, "refused").as_deref(),
        Some(r#"{"value":"12 345","also":[["TAX_ID_MISSING",""]],"file":"发货表.xlsx"}"#)
    );
    assert_eq!(state_of(&with), state_of(&without));
    assert_eq!(
        decode_order(&with).expect("it decodes").map(|image| image.order),
        Some(order)
    );
}
