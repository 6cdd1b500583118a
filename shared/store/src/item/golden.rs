//! Golden bytes: what releases wrote is committed under `golden/` and read by every later one.
//!
//! `golden/format_<n>/` holds order states in format `n`, `golden/entries.json` items of ledger entries. A state of the newest
//! format that is missing is written, and its test fails until the file is there; a file that is there never changes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::appeal::AppealState;
use domain::because::Seen;
use domain::claims::{Claim, RivalClaim, Supersession, Word};
use domain::exchange::DatedRate;
use domain::facts::Stored;
use domain::ledger::Posted;
use domain::order::{StatusChange, UploadFailure};
use domain::{
    Appeal, AppealStatus, AppealedClause, Because, Cents, Clause, EntryKind, LedgerEntry, Month, Node, Order,
    OrderId, OrderStatus, Rate, RowCode, SellerId, SendType, Shipment, Source, Subject, TrackingEvent,
    TrackingNumber, Uploader,
};

use super::tests::{hour, order_row, state_of};
use super::{STATE_FORMAT, decode_entry, decode_state, entry_item, order_item, string_of};
use crate::Item;

const ORDER: &str = "8000011000000005";

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("src/item/golden")
        .join(name)
}

/// The committed bytes; bytes that are not there yet are written, for the author of a new form to look at and commit.
fn committed(name: &str, written: &[u8]) -> Vec<u8> {
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

fn number(text: &str) -> TrackingNumber {
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

/// Every reason, and every option of one.
fn reasons() -> [Because; 12] {
    let no_longer = |latest: Option<i64>, seen| Because::NoLongerDue {
        latest_fact_recorded_at: latest.map(hour),
        seen,
    };
    let silence = |until: Option<i64>| Because::Silence {
        silent_from: hour(10),
        silent_until: until.map(hour),
        comparison: "60 h 00 m > 48 h 00 m".to_owned(),
    };
    let not_signed = |signed: Option<i64>, appeal: Option<&str>| Because::NotSigned {
        paid_at: hour(0),
        deadline: hour(720),
        signed_at: signed.map(hour),
        order_usd: Cents(8_010),
        comparison: "5 % of 80.10, at most 50.00 = 4.01".to_owned(),
        held_by_appeal: appeal.map(str::to_owned),
    };
    [
        Because::UploadFailed {
            code: RowCode::NumWhitespace,
            uploaded_at: hour(2),
            row: 9,
        },
        silence(Some(70)),
        silence(None),
        not_signed(None, None),
        not_signed(Some(800), Some("AP-2")),
        Because::AppealAccepted {
            appeal_id: "AP-1".to_owned(),
            filed_at: hour(80),
            decided_at: hour(90),
        },
        Because::AppealPending {
            appeal_id: "AP-2".to_owned(),
            filed_at: hour(80),
        },
        Because::AmountChanged { due: Cents(240) },
        no_longer(None, Seen::default()),
        no_longer(
            Some(100),
            Seen {
                silent_until: Some(hour(40)),
                silence: Some("30 h 00 m".to_owned()),
                ..Seen::default()
            },
        ),
        no_longer(
            Some(800),
            Seen {
                signed_at: Some(hour(700)),
                ..Seen::default()
            },
        ),
        no_longer(
            Some(702),
            Seen {
                status: Some((OrderStatus::Refunded, hour(700))),
                ..Seen::default()
            },
        ),
    ]
}

/// An entry of every clause and kind, each for another reason.
fn entries() -> Vec<LedgerEntry> {
    let kinds = [
        EntryKind::Fine,
        EntryKind::Hold,
        EntryKind::Void,
        EntryKind::Reversal,
    ];
    let clauses = [Clause::A6, Clause::B3, Clause::B4];
    let pairs = clauses
        .into_iter()
        .flat_map(|clause| kinds.map(|kind| (clause, kind)));
    pairs
        .zip(reasons())
        .map(|((clause, kind), because)| entry(clause, kind, because))
        .collect()
}

fn entry(clause: Clause, kind: EntryKind, because: Because) -> LedgerEntry {
    let takes_back = matches!(kind, EntryKind::Void | EntryKind::Reversal);
    let subject = match clause {
        Clause::A6 | Clause::B4 => Subject::order(clause),
        Clause::B3 => Subject::silence(&number("3318810025"), Some(hour(10))),
    };
    LedgerEntry {
        entry_id: format!("{ORDER}.{clause}.{}.1", kind.as_str()),
        order_id: OrderId::parse(ORDER).expect("an order id"),
        seller_id: SellerId::parse("S00004").expect("a seller"),
        clause,
        kind,
        amount: Cents(if takes_back { -120 } else { 120 }),
        subject,
        as_of: hour(900),
        effective_at: hour(58),
        policy: "V4.2".to_owned(),
        because,
        reverses: takes_back.then(|| format!("{ORDER}.{clause}.fine.1")),
    }
}

fn month() -> Month {
    "2024-05".parse().expect("a month")
}

#[test]
fn entries_are_read_as_they_were_ever_written() {
    let text = std::fs::read(golden("entries.json")).expect("a golden file is read");
    let items: Vec<BTreeMap<String, String>> = serde_json::from_slice(&text).expect("items");
    let read = items.into_iter().map(|item| {
        let item: Item = item
            .into_iter()
            .map(|(name, value)| (name, AttributeValue::S(value)))
            .collect();
        decode_entry(&item)
            .expect("a golden entry decodes")
            .expect("an entry")
    });
    let expected = entries().into_iter().map(|entry| (month(), entry));
    assert_eq!(read.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn entries_are_written_in_their_form_to_the_byte() {
    let items = entries().into_iter().map(|entry| {
        let item = entry_item(&entry, &month().to_string()).expect("an item");
        item.keys()
            .map(|name| (name.clone(), string_of(&item, name).expect("a text")))
            .collect()
    });
    let items: Vec<BTreeMap<String, String>> = items.collect();
    let mut written = serde_json::to_vec_pretty(&items).expect("items encode");
    written.push(b'\n');
    assert_eq!(committed("entries.json", &written), written);
}
