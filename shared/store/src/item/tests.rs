//! The stored form is pinned: what a release wrote, every later release must read.

use std::fmt::Write;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::NaiveDate;
use domain::exchange::DatedRate;
use domain::facts::{AppealFact, EventFact, OrderFact, PapersFact, StatedOrder, TrackingFact};
use domain::ruling::{Ruling, Uploader, Verdict};
use domain::{
    AppealStatus, AppealedClause, Clause, Currency, Elapsed, EntryKind, Finding, Money, Node, Order, OrderId,
    OrderStatus, PolicyBook, Rate, RowCode, SellerId, SendType, Source, Timestamp, TrackingNumber,
};
use serde::Serialize;

use super::{READERS, STATE_FORMAT, decode_order, name, order_item};
use crate::{Item, outstanding};

/// Bytes of one write unit.
const WRITE_UNIT_BYTES: usize = 1_024;

/// The sample's state as this release writes it. A change here breaks every table there is: raise `STATE_FORMAT`, and
/// teach `decode_order` the old form.
const GOLDEN: &str = "0210383030303031313030303030303030350653303030303480bb91e30ceed4010342524c01b22f040a323032342d30352d3031a0f391e30c0245530114436f6e73756d657220456c656374726f6e696373018099c6e30ca0f391e30cf0bdf3d589cf959a1207010201808ac5e50c02a0c2c5e50c0001c0fac5e50c020a333331383831303032350364686c01e0e392e30c80a6dbcae66390e4d0b287d3aeeefe0190e4d0b287d3aeeefe01b9600002c0ed95e30c0101025055e0a596e30cc09cb0e30c0700e0d4b0e30c000a333331383831303033360364686c01809c93e30c80e092cee66390e4d0b287d3aeeefe0190e4d0b287d3aeeefe01b960010180a09ae30c0e0106e4b8a2e5a4b1a0d89ae30c0001c0ab92e30c0d90e4d0b287d3aeeefe01b960010441502d310101c0ed95e30c80cfb4e30c0280cfb4e30c00a087b5e30cc081b9e30c04c081b9e30c04020200000000640101010a3333313838313030323501c0ed95e30c03f0010201e09abbe30c0180de96e30c";

pub(super) fn hour(hours: i64) -> Timestamp {
    let paid_at: Timestamp = "2024-05-01T12:00:00Z".parse().expect("an instant");
    paid_at.plus(Elapsed::hours(hours))
}

pub(super) fn order_row(amount: &str, currency: &str) -> OrderFact {
    let currency = Currency::parse(currency).expect("a currency");
    OrderFact {
        order_id: OrderId::parse("8000011000000005").expect("an order id"),
        seller_id: SellerId::parse("S00004").expect("a seller"),
        paid_at: hour(0),
        amount: Money::parse(amount, currency).expect("an amount"),
        destination: "ES".to_owned(),
        category: Some("Consumer Electronics".to_owned()),
        send_deadline: Some(hour(120)),
        status: OrderStatus::Paid,
        status_at: None,
        recorded_at: hour(1),
        source: Source {
            upload: 0x1234_5678_9abc_def0,
            row: 7,
        },
    }
}

fn tracking_row(
    number: &str,
    send_type: SendType,
    uploaded_at: Timestamp,
    findings: Vec<Finding>,
) -> TrackingFact {
    TrackingFact {
        order_id: OrderId::parse("8000011000000005").expect("an order id"),
        uploaded_at,
        carrier: Some("dhl".into()),
        number: TrackingNumber::parse(number),
        send_type,
        papers: PapersFact::default(),
        stated: StatedOrder::default(),
        findings,
        source: Source {
            upload: 0xfedc_ba98_7654_3210,
            row: 12_345,
        },
        stored: None,
    }
}

fn event_row(
    number: &str,
    node: Node,
    code: Option<&str>,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
) -> EventFact {
    EventFact {
        number: TrackingNumber::parse(number).expect("a number"),
        node,
        code: code.map(str::to_owned),
        occurred_at,
        recorded_at,
        findings: Vec::new(),
        source: Source { upload: 3, row: 1 },
    }
}

fn appeal_row(status: AppealStatus, decided_at: Option<Timestamp>) -> AppealFact {
    AppealFact {
        appeal_id: "AP-1".to_owned(),
        order_id: OrderId::parse("8000011000000005").expect("an order id"),
        clause: AppealedClause::B3,
        episode_start: Some(hour(10)),
        status,
        filed_at: hour(80),
        decided_at,
        recorded_at: decided_at.unwrap_or(hour(81)),
        source: Source { upload: 4, row: 2 },
    }
}

fn track(order: &mut Order, fact: &TrackingFact) -> Ruling {
    let book = PolicyBook::shipped();
    order.rule_tracking(fact, &Uploader::Operator, book.in_force_at(order.paid_at), book)
}

/// An order in which nothing is empty.
fn sample() -> Order {
    let fact = order_row("136.23", "BRL");
    let date = NaiveDate::from_ymd_opt(2024, 5, 1).expect("a date");
    let rate = DatedRate {
        rate: Rate::parse("0.3033").expect("a rate"),
        date,
        recorded_at: hour(1),
    };
    let mut order = Order::placed(&fact, vec![rate], &Uploader::Operator).expect("a rate");
    let status = |status, status_at, recorded_at| OrderFact {
        status,
        status_at,
        recorded_at,
        ..order_row("136.23", "BRL")
    };
    order.rule_order(
        &status(OrderStatus::Refunded, Some(hour(700)), hour(701)),
        &Uploader::Operator,
        &PolicyBook::shipped().intake,
    );
    order.rule_order(
        &status(OrderStatus::Cancelled, None, hour(702)),
        &Uploader::Operator,
        &PolicyBook::shipped().intake,
    );
    let failing = vec![Finding::new(
        RowCode::NumWhitespace,
        "tracking_number",
        "33188 10025",
    )];
    assert!(track(&mut order, &tracking_row("", SendType::All, hour(2), failing)).fined);
    track(
        &mut order,
        &tracking_row("3318810025", SendType::All, hour(3), Vec::new()),
    );
    track(
        &mut order,
        &tracking_row("3318810036", SendType::Part, hour(4), Vec::new()),
    );
    let events = [
        ("3318810025", Node::PickedUp, Some("PU"), 10, 12),
        ("3318810025", Node::Signed, None, 70, 71),
        ("3318810036", Node::Lost, Some("丢失"), 20, 21),
        // Told again by an older file.
        ("3318810025", Node::PickedUp, Some("PU"), 10, 11),
    ];
    for (number, node, code, occurred, recorded) in events {
        order.rule_event(
            &event_row(number, node, code, hour(occurred), hour(recorded)),
            &Uploader::Operator,
            PolicyBook::shipped().newest(),
            400,
        );
    }
    order.rule_appeal(
        &appeal_row(AppealStatus::Pending, None),
        &Uploader::Operator,
        &PolicyBook::shipped().intake,
    );
    order.rule_appeal(
        &appeal_row(AppealStatus::Accepted, Some(hour(90))),
        &Uploader::Operator,
        &PolicyBook::shipped().intake,
    );
    for as_of in [hour(82), hour(95)] {
        let entries = outstanding(
            &order,
            order.as_of(as_of, PolicyBook::shipped().newest()).as_ref(),
            PolicyBook::shipped(),
            as_of,
        );
        order.note_posted(&entries, as_of);
    }
    order
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes it");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("two hex digits");
    (0..text.len()).step_by(2).map(digits).collect()
}

pub(super) fn state_of(item: &Item) -> &[u8] {
    match &item[name::STATE] {
        AttributeValue::B(state) => state.as_ref(),
        other => panic!("{other:?} is no binary"),
    }
}

/// An item's size as DynamoDB counts it: names and texts in UTF-8, binaries as they are, a number a byte for every two
/// digits and one more.
fn size_bytes(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        other => panic!("{other:?} is in no order's item"),
    };
    item.iter().map(|(name, held)| name.len() + value(held)).sum()
}

#[test]
fn the_sample_leaves_nothing_empty() {
    let order = sample();
    assert!(!order.rates.is_empty() && order.failure.is_some() && order.settled_as_of == Some(hour(95)));
    assert_eq!(
        (order.statuses.len(), order.shipments.len(), order.event_count()),
        (2, 2, 3)
    );
    assert_eq!(
        (
            order.appeals[0].states.len(),
            order.posted.len(),
            order.once_learned_at.as_slice()
        ),
        (2, 2, &[hour(12)][..])
    );
}

#[test]
fn the_stored_form_of_an_order_is_pinned() {
    let item = order_item(&sample(), 9, true).expect("an item");
    assert_eq!(hex(state_of(&item)), GOLDEN, "the stored form changed");
    assert_eq!(state_of(&item)[0], STATE_FORMAT);
}

#[test]
fn what_was_stored_is_read_again() {
    let mut item = order_item(&sample(), 9, true).expect("an item");
    item.insert(name::STATE.to_owned(), AttributeValue::B(unhex(GOLDEN).into()));
    let image = decode_order(&item).expect("it decodes").expect("an order");
    assert_eq!((image.order, image.version), (sample(), 9));
}

#[test]
fn an_order_in_a_form_of_another_release_is_told_from_a_damaged_one() {
    let told = |state: Vec<u8>| {
        let mut item = order_item(&sample(), 9, true).expect("an item");
        item.insert(name::STATE.to_owned(), AttributeValue::B(state.into()));
        let error = decode_order(&item).expect_err("not an order");
        let cause = std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default();
        format!("{error}: {cause}")
    };
    let mut newer = unhex(GOLDEN);
    newer[0] = STATE_FORMAT + 1;
    let said = told(newer);
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!("is in format 3, which this release ({version}) cannot read: it reads [1, 2]");
    assert!(said.contains(&expected), "{said}");
    let golden = unhex(GOLDEN);
    assert!(!told(golden[..golden.len() / 2].to_vec()).contains("format"));
    told(Vec::new());
}

/// What is written is read: a form is written only by a release that has its reader, and never twice.
#[test]
fn every_form_up_to_the_one_that_is_written_has_one_reader() {
    let formats = READERS.map(|(format, _)| format);
    assert_eq!(formats.to_vec(), (1..=formats.len() as u8).collect::<Vec<_>>());
    assert!(formats.contains(&STATE_FORMAT));
}

/// Codes by the number under which they are stored with an order. A new code is added behind the last.
const ROW_CODES: &str = "
    CELL_MISSING TYPE_INVALID ROW_SHAPE TIME_INVALID TIME_AMBIGUOUS STATEMENT_IGNORED
    ORDER_ID_FORMAT ORDER_ID_PRECISION_LOST ORDER_UNKNOWN ORDER_OTHER_SELLER ORDER_STATE NUM_EMPTY
    NUM_FORMAT NUM_WHITESPACE NUM_SCIENTIFIC NUM_LEADING_ZERO_LOST NUM_CHECK_DIGIT
    NUM_USED_ELSEWHERE NUM_UNKNOWN NUM_MULTIPLE CARRIER_UNKNOWN CARRIER_OUT_OF_SCOPE SEND_TYPE
    UPLOAD_LATE DEST_UNKNOWN DEST_SANCTIONED INVOICE_MISSING TAX_ID_MISSING TAX_ID_INVALID
    TAX_ID_CHECK_DIGIT CURRENCY_UNKNOWN RATE_MISSING AMOUNT_INVALID ROW_DUPLICATE ROW_CONFLICT
    EVENTS_LIMIT EVENT_CODE_UNMAPPED EVENT_IN_FUTURE CREDIT_CODE_CHECK_DIGIT ORDER_ARCHIVED
    EVENT_BEFORE_ORDER NUMBERS_LIMIT AGREEMENT_MISSING TIME_IN_FUTURE APPEALS_LIMIT STATUSES_LIMIT
    TAX_ID_MASKED
";

/// Variants are stored by their number: append, never insert or reorder.
#[test]
fn variants_keep_the_numbers_under_which_they_are_stored() {
    fn numbers<T: Serialize>(variants: &[T]) -> String {
        let number = |variant| hex(&postcard::to_extend(variant, Vec::new()).expect("a variant encodes"));
        variants.iter().map(number).collect::<Vec<_>>().join(" ")
    }
    assert_eq!(
        numbers(&Node::ALL),
        "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"
    );
    assert_eq!(
        ROW_CODES.split_whitespace().count(),
        RowCode::ALL.len(),
        "every code is listed"
    );
    for (number, name) in ROW_CODES.split_whitespace().enumerate() {
        let code: RowCode = serde_json::from_value(name.into()).expect("a code keeps its name");
        assert_eq!(numbers(&[code]), format!("{number:02x}"), "{name}");
    }
    assert_eq!(
        numbers(&[OrderStatus::Paid, OrderStatus::Cancelled, OrderStatus::Refunded]),
        "00 01 02"
    );
    assert_eq!(numbers(&[SendType::All, SendType::Part]), "00 01");
    assert_eq!(
        numbers(&[AppealedClause::A6, AppealedClause::B3, AppealedClause::B4]),
        "00 01 02"
    );
    let statuses = [
        AppealStatus::Pending,
        AppealStatus::Rejected,
        AppealStatus::Withdrawn,
        AppealStatus::Expired,
        AppealStatus::Accepted,
    ];
    assert_eq!(numbers(&statuses), "00 01 02 03 04");
    assert_eq!(numbers(&[Clause::A6, Clause::B3, Clause::B4]), "00 01 02");
    let kinds = [
        EntryKind::Fine,
        EntryKind::Hold,
        EntryKind::Void,
        EntryKind::Reversal,
    ];
    assert_eq!(numbers(&kinds), "00 01 02 03");
}

/// A parcel's whole way with 20 reports under the carrier's own codes, settled once.
fn typical(codes: &[&str]) -> Order {
    let fact = order_row("80.10", "USD");
    let mut order = Order::placed(&fact, Vec::new(), &Uploader::Operator).expect("an order in dollars");
    let ruling = track(
        &mut order,
        &tracking_row("LP00123456789012", SendType::All, hour(5), Vec::new()),
    );
    assert_eq!(ruling.verdict, Verdict::Accepted);
    for step in 0..20 {
        let node = if step == 19 {
            Node::Signed
        } else {
            Node::ALL[1 + step % 6]
        };
        let occurred_at = hour(10 + 9 * step as i64 + if step > 9 { 50 } else { 0 });
        let event = event_row(
            "LP00123456789012",
            node,
            Some(codes[step % codes.len()]),
            occurred_at,
            occurred_at.plus(Elapsed::hours(3)),
        );
        order.rule_event(&event, &Uploader::Operator, PolicyBook::shipped().newest(), 400);
    }
    let entries = outstanding(
        &order,
        order.as_of(hour(900), PolicyBook::shipped().newest()).as_ref(),
        PolicyBook::shipped(),
        hour(900),
    );
    order.note_posted(&entries, hour(900));
    assert_eq!((order.event_count(), order.posted.is_empty()), (20, false));
    order
}

#[test]
fn a_typical_order_with_20_events_is_one_write_unit() {
    for codes in [
        &["PU", "CC", "DF", "AR", "WC", "OK"][..],
        &["GTMS_ACCEPT", "LH_DEPART", "CC_EX_SUCCESS", "GTMS_SIGNED"],
        &["揽收成功", "已离境", "派送中", "Departure from Origin Country"],
    ] {
        let item = order_item(&typical(codes), 27, true).expect("an item");
        let bytes = size_bytes(&item);
        assert!(
            bytes <= WRITE_UNIT_BYTES,
            "{bytes} bytes with codes like {}",
            codes[0]
        );
    }
}
