//! `diagnosis`: what is wrong with a tracking number or an order (D1), at a URL that only who is authorised by IAM can call.
//!
//! Reads by key: the number's record, its order, the order's entries; where there is no order, the rows that wait for it.
//! Writes nothing, so it may run as often as it is asked.

mod manner;
mod page;
mod question;
mod url;

use std::sync::Arc;

use domain::diagnosis::{Asked, Awaited, Diagnosis, Known, Waiting, diagnose};
use domain::facts::OrderFact;
use domain::seller::{Agreement, agreements_by_operator};
use domain::{LedgerEntry, Order, OrderId, PolicyBook, Shipment, Timestamp, TrackingNumber};
use futures::future::try_join;
use serde::Deserialize;
use serde::de::IgnoredAny;
use store::{Parent, ParkedRow, Store, StoreError};

pub use question::{BadQuestion, Question};
pub use url::{Answered, handle, metrics};

/// Rows that wait for a number or an order, counted at most.
const WAITING_ROWS_MAX: u16 = 20;

/// What the function works with.
#[derive(Clone, Debug)]
pub struct DiagnosisDesk {
    /// The tables.
    pub store: Store,
    /// The rules.
    pub policy: Arc<PolicyBook>,
}

/// What a question came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A diagnosis: of an order, of a number, known or not, or of what is no number at all.
    Told(Box<Diagnosis>),
    /// The question can only be an order's id, for no carrier has such a number, and there is no such order as of then.
    NoOrder(OrderId),
}

/// What the tables have of a question.
#[derive(Default)]
struct Loaded {
    order_id: Option<OrderId>,
    order: Option<Order>,
    entries: Vec<LedgerEntry>,
    waiting: Vec<Waiting>,
    /// What the operator stated of the seller's agreements; looked for where a parcel's carrier asks for one.
    agreements: Vec<Agreement>,
}

/// Answers a question as of an instant: only what was recorded by then counts. Rows that wait are told as they wait now, as
/// far as they were learned by then.
///
/// # Errors
/// [`StoreError`] when the tables cannot be read or something in them does not decode.
pub async fn ask(desk: &DiagnosisDesk, question: &Question, as_of: Timestamp) -> Result<Answer, StoreError> {
    if let Some(number) = &question.number {
        if let Some(loaded) = holder(desk, number, as_of).await? {
            return Ok(told(desk, question, Subject::Number, &loaded, as_of));
        }
        let waiting = waiting(desk, Parent::Number(number.clone()), as_of).await?;
        if !waiting.is_empty() {
            let loaded = Loaded {
                waiting,
                ..Loaded::default()
            };
            return Ok(told(desk, question, Subject::Number, &loaded, as_of));
        }
    }
    if let Some(order_id) = &question.order_id {
        if let Some(loaded) = order_asked(desk, order_id, as_of).await? {
            return Ok(told(desk, question, Subject::Order, &loaded, as_of));
        }
        let may_be_number = question.number.as_ref().is_some_and(|number| {
            question.fault.is_some() || !desk.policy.carriers.fits(number.as_str()).is_empty()
        });
        if !may_be_number {
            return Ok(Answer::NoOrder(order_id.clone()));
        }
    }
    Ok(told(desk, question, Subject::Number, &Loaded::default(), as_of))
}

/// The order that holds a number as of an instant, of those that claim it; the first of them while none does.
async fn holder(
    desk: &DiagnosisDesk,
    number: &TrackingNumber,
    as_of: Timestamp,
) -> Result<Option<Loaded>, StoreError> {
    let claimants = desk.store.claimants(std::slice::from_ref(number)).await?;
    let mut first = None;
    for order_id in claimants.into_values().flatten() {
        let loaded = load(desk, order_id, as_of).await?;
        let is_holder = loaded.order.as_ref().is_some_and(|order| {
            let policy = desk.policy.in_force_at(order.paid_at);
            order.holds(number, policy, as_of)
        });
        if is_holder {
            return Ok(Some(loaded));
        }
        first.get_or_insert(loaded);
    }
    Ok(first)
}

/// What a question turned out to be about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Number,
    Order,
}

fn told(
    desk: &DiagnosisDesk,
    question: &Question,
    subject: Subject,
    loaded: &Loaded,
    as_of: Timestamp,
) -> Answer {
    let is_number = subject == Subject::Number;
    let asked = Asked {
        text: &question.text,
        number: question.number.as_ref().filter(|_| is_number),
        order_id: question.order_id.as_ref().filter(|_| is_number),
        fault: question.fault.as_ref().filter(|_| is_number),
    };
    let known = Known {
        order_id: loaded.order_id.as_ref(),
        order: loaded.order.as_ref(),
        entries: &loaded.entries,
        waiting: &loaded.waiting,
        agreements: &loaded.agreements,
    };
    Answer::Told(Box::new(diagnose(&asked, &known, &desk.policy, as_of)))
}

/// An order with its entries.
async fn load(desk: &DiagnosisDesk, order_id: OrderId, as_of: Timestamp) -> Result<Loaded, StoreError> {
    let (stored, entries) = try_join(
        desk.store.order(&order_id),
        desk.store.entries_of_order(&order_id),
    )
    .await?;
    let order = stored.map(|stored| stored.order);
    let agreements = match &order {
        Some(order) => agreements_of(desk, order, as_of).await?,
        None => Vec::new(),
    };
    Ok(Loaded {
        order_id: Some(order_id),
        order,
        entries,
        waiting: Vec::new(),
        agreements,
    })
}

/// The agreements that the operator stated of an order's seller; none where no parcel's carrier asks for one (A3).
async fn agreements_of(
    desk: &DiagnosisDesk,
    order: &Order,
    as_of: Timestamp,
) -> Result<Vec<Agreement>, StoreError> {
    let is_asked = |parcel: &Shipment| !desk.policy.is_covered(&parcel.carrier, &[], parcel.uploaded_at());
    if !order.shipments.iter().any(is_asked) {
        return Ok(Vec::new());
    }
    let facts = desk.store.seller_facts(&order.seller_id).await?;
    Ok(agreements_by_operator(&facts, as_of))
}

/// The order of an id: as it was known by then, as one that has left the table, or as rows that wait for it.
async fn order_asked(
    desk: &DiagnosisDesk,
    order_id: &OrderId,
    as_of: Timestamp,
) -> Result<Option<Loaded>, StoreError> {
    let loaded = load(desk, order_id.clone(), as_of).await?;
    if let Some(order) = &loaded.order {
        let is_known = order.recorded_at <= as_of;
        return Ok(is_known.then_some(loaded));
    }
    let ids = std::slice::from_ref(order_id);
    if !loaded.entries.is_empty() || desk.store.departed(ids).await?.contains_key(order_id) {
        return Ok(Some(loaded));
    }
    let waiting = waiting(desk, Parent::Order(order_id.clone()), as_of).await?;
    Ok((!waiting.is_empty()).then(|| Loaded {
        waiting,
        ..Loaded::default()
    }))
}

/// What a parked row says, as far as a diagnosis needs it.
#[derive(Deserialize)]
enum News {
    Order(Box<OrderFact>),
    Tracking(IgnoredAny),
    Event(IgnoredAny),
    Appeal(IgnoredAny),
}

/// The rows that wait for what was asked, and those that name it and wait for something else, as far as they were recorded by
/// then.
async fn waiting(desk: &DiagnosisDesk, asked: Parent, as_of: Timestamp) -> Result<Vec<Waiting>, StoreError> {
    let (awaiting, about) = try_join(
        desk.store.parked_notes(&asked, WAITING_ROWS_MAX),
        desk.store.parked_about(&asked, WAITING_ROWS_MAX),
    )
    .await?;
    let (rows, more) = awaiting;
    let mut waiting: Vec<Waiting> = Vec::new();
    waiting.extend(summed_up(&rows, Awaited::Itself, more, as_of));
    let (rows, more): (Vec<ParkedRow<News>>, bool) = about;
    let mut parents: Vec<&Parent> = rows.iter().map(|row| &row.parent).collect();
    parents.sort_unstable();
    parents.dedup();
    for parent in parents {
        let of_parent: Vec<&ParkedRow<News>> = rows.iter().filter(|row| row.parent == *parent).collect();
        let awaited = of_parent.iter().find_map(|row| awaited(desk, row));
        waiting.extend(awaited.and_then(|awaited| summed_up(of_parent, awaited, more, as_of)));
    }
    Ok(waiting)
}

/// What a row waits for that is not what was asked; `None` where it is nothing that a row is found by.
fn awaited(desk: &DiagnosisDesk, row: &ParkedRow<News>) -> Option<Awaited> {
    match (&row.parent, &row.fact) {
        (Parent::Order(order_id), _) => Some(Awaited::Order(order_id.clone())),
        (Parent::Rate(_), News::Order(fact)) => Some(Awaited::Rate {
            amount: fact.amount,
            paid_on: fact.paid_at.date_in(desk.policy.zone),
        }),
        _ => None,
    }
}

/// Rows that wait for one thing, as far as they were recorded by then.
fn summed_up<'r, F: 'r>(
    rows: impl IntoIterator<Item = &'r ParkedRow<F>>,
    awaited: Awaited,
    more: bool,
    as_of: Timestamp,
) -> Option<Waiting> {
    let known: Vec<_> = rows.into_iter().filter(|row| row.learned_at <= as_of).collect();
    let first = known.iter().min_by_key(|row| (row.learned_at, row.row))?;
    Some(Waiting {
        awaited,
        rows: known.len() as u64,
        more,
        upload_key: first.upload_key.clone(),
        row: first.row,
        since: first.learned_at,
    })
}
