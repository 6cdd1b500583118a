//! Format 1 of an order's state, frozen: the structs as the releases that wrote it had them, and what they mean today.
//!
//! Only the conversions change with the domain: a field that format 1 does not have gets the value that an order of that
//! time had. Structs are copies, since postcard stores their fields by position. Values (instants, amounts, ids) and
//! enums are the domain's own: enums are stored by the number of their variant and are only appended to, which a test holds.

use chrono::NaiveDate;
use domain::because::Refused;
use domain::claims::Claim;
use domain::exchange::DatedRate;
use domain::facts::Stored;
use domain::{
    AppealStatus, AppealedClause, Cents, Clause, EntryKind, Money, Node, OrderId, OrderStatus, Rate, RowCode,
    SellerId, SendType, Timestamp, TrackingNumber,
};
use serde::Deserialize;

/// The first byte of such a state.
pub(super) const FORMAT: u8 = 1;

/// Reads a state without its first byte.
pub(super) fn decode(encoded: &[u8]) -> Result<domain::Order, postcard::Error> {
    postcard::from_bytes::<Order>(encoded).map(Into::into)
}

#[derive(Deserialize)]
#[expect(
    dead_code,
    reason = "postcard reads fields by position, also those that mean nothing any more"
)]
struct Order {
    order_id: OrderId,
    seller_id: SellerId,
    paid_at: Timestamp,
    amount: Money,
    rate: Option<FrozenRate>,
    usd: Cents,
    destination: String,
    category: Option<String>,
    send_deadline: Option<Timestamp>,
    recorded_at: Timestamp,
    source: Source,
    statuses: Vec<StatusChange>,
    shipments: Vec<Shipment>,
    failure: Option<UploadFailure>,
    appeals: Vec<Appeal>,
    posted: Vec<Posted>,
    settled_as_of: Option<Timestamp>,
    once_learned_at: Vec<Timestamp>,
}

#[derive(Deserialize)]
struct FrozenRate {
    rate: Rate,
    date: NaiveDate,
}

#[derive(Deserialize)]
struct Source {
    upload: u64,
    row: u64,
}

#[derive(Deserialize)]
struct StatusChange {
    at: Option<Timestamp>,
    status: OrderStatus,
    recorded_at: Timestamp,
}

#[derive(Deserialize)]
struct Shipment {
    number: TrackingNumber,
    carrier: String,
    send_type: SendType,
    uploaded_at: Timestamp,
    source: Source,
    events: Vec<TrackingEvent>,
}

#[derive(Deserialize)]
struct TrackingEvent {
    occurred_at: Timestamp,
    node: Node,
    code: Option<String>,
    recorded_at: Timestamp,
}

#[derive(Deserialize)]
struct UploadFailure {
    uploaded_at: Timestamp,
    code: RowCode,
    source: Source,
}

#[derive(Deserialize)]
struct Appeal {
    appeal_id: String,
    clause: AppealedClause,
    episode_start: Option<Timestamp>,
    filed_at: Timestamp,
    states: Vec<AppealState>,
    source: Source,
}

#[derive(Deserialize)]
struct AppealState {
    since: Timestamp,
    status: AppealStatus,
    recorded_at: Timestamp,
}

#[derive(Deserialize)]
struct Posted {
    subject: Subject,
    kind: EntryKind,
    amount: Cents,
    ordinal: u32,
}

#[derive(Deserialize)]
struct Subject {
    clause: Clause,
    tracking_number: Option<TrackingNumber>,
    episode_start: Option<Timestamp>,
}

fn all<Old, New: From<Old>>(old: Vec<Old>) -> Vec<New> {
    old.into_iter().map(New::from).collect()
}

impl From<Order> for domain::Order {
    fn from(order: Order) -> Self {
        Self {
            order_id: order.order_id,
            seller_id: order.seller_id,
            paid_at: order.paid_at,
            amount: order.amount,
            // The one rate was frozen with the order.
            rates: order
                .rate
                .map(|frozen| DatedRate {
                    rate: frozen.rate,
                    date: frozen.date,
                    recorded_at: order.recorded_at,
                })
                .into_iter()
                .collect(),
            destination: order.destination,
            category: order.category,
            send_deadline: order.send_deadline,
            recorded_at: order.recorded_at,
            source: order.source.into(),
            // Who stated an order was not kept: operators did.
            confirmed: true,
            statuses: all(order.statuses),
            shipments: all(order.shipments),
            // A number of another order was refused and fined at once; now its claim would wait, and the row is not kept.
            failure: order
                .failure
                .filter(|failure| failure.code != RowCode::NumUsedElsewhere)
                .map(Into::into),
            appeals: all(order.appeals),
            posted: all(order.posted),
            settled_as_of: order.settled_as_of,
            restored: Vec::new(),
            once_learned_at: order.once_learned_at,
        }
    }
}

impl From<Source> for domain::Source {
    fn from(Source { upload, row }: Source) -> Self {
        Self { upload, row }
    }
}

impl From<StatusChange> for domain::order::StatusChange {
    fn from(change: StatusChange) -> Self {
        Self {
            at: change.at,
            status: change.status,
            recorded_at: change.recorded_at,
        }
    }
}

impl From<Shipment> for domain::Shipment {
    /// The one row that was kept is its one claim; what was stored when was not kept.
    fn from(shipment: Shipment) -> Self {
        let claim = Claim {
            uploaded_at: shipment.uploaded_at,
            stored: Stored {
                at_ms: shipment.uploaded_at.unix().saturating_mul(1_000),
                content: shipment.source.upload,
            },
            source: shipment.source.into(),
            send_type: shipment.send_type,
        };
        Self {
            number: shipment.number,
            carrier: shipment.carrier,
            claims: vec![claim],
            events: all(shipment.events),
            rivals: Vec::new(),
        }
    }
}

impl From<TrackingEvent> for domain::TrackingEvent {
    fn from(event: TrackingEvent) -> Self {
        Self {
            occurred_at: event.occurred_at,
            node: event.node,
            code: event.code,
            recorded_at: event.recorded_at,
        }
    }
}

impl From<UploadFailure> for domain::order::UploadFailure {
    fn from(failure: UploadFailure) -> Self {
        Self {
            uploaded_at: failure.uploaded_at,
            code: failure.code,
            source: failure.source.into(),
            // What of its row is cited stands in no state.
            refused: Refused::default(),
        }
    }
}

impl From<Appeal> for domain::Appeal {
    fn from(appeal: Appeal) -> Self {
        Self {
            appeal_id: appeal.appeal_id,
            clause: appeal.clause,
            episode_start: appeal.episode_start,
            filed_at: appeal.filed_at,
            states: all(appeal.states),
            source: appeal.source.into(),
        }
    }
}

impl From<AppealState> for domain::appeal::AppealState {
    fn from(state: AppealState) -> Self {
        Self {
            since: state.since,
            status: state.status,
            recorded_at: state.recorded_at,
        }
    }
}

impl From<Posted> for domain::ledger::Posted {
    fn from(posted: Posted) -> Self {
        Self {
            subject: posted.subject.into(),
            kind: posted.kind,
            amount: posted.amount,
            ordinal: posted.ordinal,
        }
    }
}

impl From<Subject> for domain::Subject {
    fn from(subject: Subject) -> Self {
        Self {
            clause: subject.clause,
            tracking_number: subject.tracking_number,
            episode_start: subject.episode_start,
        }
    }
}
