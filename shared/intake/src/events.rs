//! Rows of `events` files: what carriers report of parcels (B1–B4).

use std::borrow::Cow;

use domain::carrier::Carrier;
use domain::event_code::Report;
use domain::facts::EventFact;
use domain::personal::without_personal_data;
use domain::{Finding, Node, RowCode, Timestamp, TrackingNumber};

use crate::Column;
use crate::cell::Use;
use crate::check::Reading;
use crate::number::fault_of_form;
use crate::times::{Favours, beyond};

/// Characters of a carrier's own code that are kept, at most.
const CODE_CHARACTERS_MAX: usize = 40;

pub(crate) fn read(row: &mut Reading<'_>) -> Option<EventFact> {
    // Events are kept by number: an unknown carrier only means that no table of codes speaks for it.
    let context = row.context;
    let carrier = row.required(Column::Carrier);
    let carrier = carrier.and_then(|name| context.carriers.named(&name).known());
    let number = number(row, carrier);
    let event = event(row, carrier.map_or("", Carrier::id));
    let occurred_at = row.required_time(Column::OccurredAt, Favours::Earlier);
    let recorded_at = row.stated_time(Column::RecordedAt);
    check_future(row, occurred_at, recorded_at);
    if row.has_errors() {
        return None;
    }
    let (node, code) = event?;
    Some(EventFact {
        number: number?,
        node,
        code,
        occurred_at: occurred_at?,
        recorded_at: recorded_at?,
        findings: row.found(),
        source: row.source(),
    })
}

fn number(row: &mut Reading<'_>, carrier: Option<&Carrier>) -> Option<TrackingNumber> {
    let cell = row.cleaned(Column::TrackingNumber, Use::Number);
    if row.is_cut_number(Column::TrackingNumber, &cell) {
        row.find(RowCode::NumScientific, Column::TrackingNumber);
        return None;
    }
    if let Some(fault) = fault_of_form(&cell, carrier, &row.context.carriers) {
        row.find_number(fault);
        return None;
    }
    let number = TrackingNumber::parse(&cell);
    if number.is_none() {
        row.find(RowCode::NumFormat, Column::TrackingNumber);
    }
    number
}

/// The canonical node, and the carrier's own code unless it is the node's name. An unmapped code is movement. Of a text,
/// names and telephone numbers are neither kept nor quoted.
fn event(row: &mut Reading<'_>, carrier_id: &str) -> Option<(Node, Option<String>)> {
    let code = row.required(Column::EventCode)?;
    let description = row.given(Column::Description).unwrap_or_default();
    let country = row.given(Column::Country);
    let report = Report {
        code: &code,
        description: &description,
        country: country.as_deref().and_then(domain::country::meant),
    };
    let understood = row.context.events.understand(carrier_id, &report);
    let kept = match understood {
        Some(understood) if understood.is_code => Cow::Borrowed(&*code),
        _ => without_personal_data(&code),
    };
    if understood.is_none() {
        let code = RowCode::EventCodeUnmapped;
        row.findings
            .push(Finding::new(code, Column::EventCode.as_str(), &kept));
    }
    let node = understood.map_or(Node::InTransit, |understood| understood.node);
    let is_own_name = code.eq_ignore_ascii_case(node.as_str());
    Some((
        node,
        (!is_own_name).then(|| kept.chars().take(CODE_CHARACTERS_MAX).collect()),
    ))
}

/// Conventions, "Arrival": what happened more than 14 h after it was recorded did not happen so.
fn check_future(row: &mut Reading<'_>, occurred_at: Option<Timestamp>, recorded_at: Option<Timestamp>) {
    let (Some(occurred_at), Some(recorded_at)) = (occurred_at, recorded_at) else {
        return;
    };
    let (ahead, max) = (occurred_at.since(recorded_at), row.context.future_max);
    if ahead > max {
        row.find_with(RowCode::EventInFuture, Column::OccurredAt, beyond(ahead, max));
    }
}
