//! What becomes of a row about an order, given what is known. Pure.

use domain::exchange::{RatesByDay, course_of};
use domain::facts::{EventFact, OrderFact, TrackingFact};
use domain::ruling::{Ruling, Uploader};
use domain::{Cents, Currency, Finding, Order, PolicyBook, RowCode};

use super::{Known, Loaded, OrderNews, Row, RuledRow};

/// Rules a row about an order that is there, or comes with it. Where the tables have no room for what it says, it is refused and
/// the order stays as it was.
pub(super) fn rule<T>(
    order: &mut Option<Order>,
    row: &Row<T>,
    loaded: &Loaded,
    known: &Known<'_>,
    has_room: bool,
) -> RuledRow {
    if has_room {
        return rule_in_room(order, row, loaded, known);
    }
    let before = order.clone();
    let ruled = rule_in_room(order, row, loaded, known);
    if *order == before {
        return ruled;
    }
    *order = before;
    RuledRow::free(refuse_for_room(&row.news))
}

fn rule_in_room<T>(order: &mut Option<Order>, row: &Row<T>, loaded: &Loaded, known: &Known<'_>) -> RuledRow {
    let limits = &known.book.intake;
    let ruling = match (&row.news, order.as_mut()) {
        (OrderNews::Order(fact), None) => place(order, fact, &row.uploader, known),
        (OrderNews::Order(fact), Some(order)) => restate(order, fact, &row.uploader, known),
        (OrderNews::Tracking(fact), Some(order)) => {
            let policy = known.book.in_force_at(order.paid_at);
            let claimants = fact
                .number
                .as_ref()
                .and_then(|number| loaded.claimants.get(number));
            let claimants = claimants.map_or(&[][..], Vec::as_slice);
            let ruling = order.rule_claim(fact, claimants, &row.uploader, policy, known.book);
            if ruling.is_refused() {
                order.cite_failed_file(fact, &ruling.findings, policy, &row.file);
            }
            let fine = ruling.fined.then_some(Cents(i64::from(policy.upload.fine_cents)));
            return RuledRow {
                ruling,
                fine,
                pending: None,
            };
        }
        (OrderNews::Tracking(fact), None) => wait_for_order(fact),
        (OrderNews::Event(fact), Some(order)) => {
            let policy = known.book.in_force_at(order.paid_at);
            order.rule_event(fact, &row.uploader, policy, limits.events_per_order_max)
        }
        (OrderNews::Event(fact), None) => wait_for_number(fact),
        (OrderNews::Appeal(fact), Some(order)) => order.rule_appeal(fact, &row.uploader, limits),
        (OrderNews::Appeal(fact), None) => Ruling::parked(
            RowCode::OrderUnknown,
            "order_id",
            fact.order_id.as_str(),
            Vec::new(),
        ),
    };
    RuledRow::free(ruling)
}

/// A row about an order that was settled for good and left: it is not opened again, and above all not made anew.
pub(super) fn refuse_archived(news: &OrderNews) -> Ruling {
    let (column, value) = match news {
        OrderNews::Order(fact) => ("order_id", fact.order_id.as_str()),
        OrderNews::Tracking(fact) => ("order_id", fact.order_id.as_str()),
        OrderNews::Appeal(fact) => ("order_id", fact.order_id.as_str()),
        OrderNews::Event(fact) => ("tracking_number", fact.number.as_str()),
    };
    Ruling::applied(vec![Finding::new(RowCode::OrderArchived, column, value)])
}

/// A row for which an order's item, or the transaction with the orders that must know of it, has no room.
pub(crate) fn refuse_for_room(news: &OrderNews) -> Ruling {
    let (code, column, value) = match news {
        OrderNews::Order(fact) => (RowCode::StatusesLimit, "status", fact.status.as_str()),
        OrderNews::Tracking(fact) => return claim_without_room(fact),
        OrderNews::Event(fact) => (RowCode::EventsLimit, "tracking_number", fact.number.as_str()),
        OrderNews::Appeal(fact) => (RowCode::AppealsLimit, "appeal_id", fact.appeal_id.as_str()),
    };
    Ruling::applied(vec![Finding::new(code, column, value)])
}

/// A tracking row for whose claim there is no room.
pub(crate) fn claim_without_room(fact: &TrackingFact) -> Ruling {
    let number = fact.number.as_ref().map_or("", |number| number.as_str());
    let finding = Finding::new(RowCode::NumbersLimit, "tracking_number", number);
    Ruling::applied(vec![finding])
}

/// Places a new order by the rates that are known; without one it waits (never 1.0).
fn place(order: &mut Option<Order>, fact: &OrderFact, uploader: &Uploader, known: &Known<'_>) -> Ruling {
    let rates = known.rates.get(&fact.amount.currency);
    let course = rates.map(|rates| course_of(rates, fact.paid_at, fact.recorded_at, known.book));
    *order = Order::placed(fact, course.unwrap_or_default(), uploader);
    match order {
        Some(_) => Ruling::applied(Vec::new()),
        None => wait_for_rate(fact),
    }
}

/// A further row about a known order, which is reckoned by the rates that are known now. An operator's row that would replace a
/// seller's waits for a rate of its currency as a new order does.
fn restate(order: &mut Order, fact: &OrderFact, uploader: &Uploader, known: &Known<'_>) -> Ruling {
    let rates = known.rates.get(&fact.amount.currency);
    let would_replace = *uploader == Uploader::Operator && !order.confirmed;
    if would_replace && fact.amount.currency != Currency::USD && !has_rate(fact, rates, known.book) {
        return wait_for_rate(fact);
    }
    let ruling = order.rule_order(fact, uploader, &known.book.intake);
    // Rates were read for the row's day and currency: an order that has others keeps its own.
    let is_same = (order.paid_at, order.amount.currency) == (fact.paid_at, fact.amount.currency);
    if is_same && fact.amount.currency == Currency::USD {
        order.rates.clear();
    } else if let Some(rated) = rates
        .filter(|_| is_same)
        .and_then(|rates| order.rated_anew(rates, known.book))
    {
        *order = rated;
    }
    ruling
}

fn wait_for_rate(fact: &OrderFact) -> Ruling {
    let currency = fact.amount.currency.as_str();
    Ruling::parked(RowCode::RateMissing, "currency", currency, Vec::new())
}

/// Whether a rate applies to an order's row.
pub(crate) fn has_rate(fact: &OrderFact, rates: Option<&RatesByDay>, book: &PolicyBook) -> bool {
    rates.is_some_and(|rates| !course_of(rates, fact.paid_at, fact.recorded_at, book).is_empty())
}

/// A tracking row of an unknown order waits; one out of scope has nothing to wait for (A3).
pub(crate) fn wait_for_order(fact: &TrackingFact) -> Ruling {
    if fact
        .findings
        .iter()
        .any(|finding| finding.code == RowCode::CarrierOutOfScope)
    {
        return Ruling::applied(fact.findings.clone());
    }
    Ruling::parked(
        RowCode::OrderUnknown,
        "order_id",
        fact.order_id.as_str(),
        fact.findings.clone(),
    )
}

/// An event of a number that no order has accepted waits for it.
pub(crate) fn wait_for_number(fact: &EventFact) -> Ruling {
    Ruling::parked(
        RowCode::NumUnknown,
        "tracking_number",
        fact.number.as_str(),
        fact.findings.clone(),
    )
}
