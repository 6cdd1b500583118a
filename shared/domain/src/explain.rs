//! Why an entry stands in the ledger: told from the entry, from the others of its subject and, while the table has it,
//! from its order. Nothing is judged again: what decided is in the entry.

mod inputs;

use std::ops::Range;

use chrono::NaiveDate;
use serde::Serialize;

use crate::audit::ordinal;
use crate::because::Told;
use crate::clause::{ClauseText, clause_text};
use crate::order::{Source, UploadId};
use crate::{
    Because, Cents, Clause, LedgerEntry, Node, Order, PolicyBook, Shipment, Timestamp, TrackingNumber, Zone,
};

const BEIJING: Zone = chrono_tz::Asia::Shanghai;
/// Events shown, at most; the rest are counted.
const EVENTS_MAX: usize = 20;
/// Events shown before and after a silence.
const EVENTS_BESIDE: usize = 2;
/// Events shown of each parcel that was to be signed: its last ones.
const LAST_EVENTS: usize = 3;

/// An entry, explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The entry.
    pub entry: LedgerEntry,
    /// Its clause, then those that decided beside it.
    pub clauses: Vec<ClauseText>,
    /// The policy pack that decided.
    pub policy: CitedPolicy,
    /// Why, in a sentence.
    pub why: Told,
    /// What it was decided from.
    pub inputs: Vec<Input>,
    /// The carrier's events around the decision, by parcel and time of occurrence.
    pub events: Vec<EventTold>,
    /// How many more of them there are.
    pub events_left_out: u64,
    /// The rows of uploads that the order rests on, as far as the table still has it.
    pub rows: Vec<RowTold>,
    /// Whether the table still has the order; without it there are no events to show.
    pub order_in_table: bool,
    /// Every entry of the same subject, in the order in which they were posted.
    pub chain: Vec<LedgerEntry>,
    /// What the chain comes to: what the order owes for this subject.
    pub owed: Cents,
}

/// The policy pack that an entry cites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CitedPolicy {
    /// Its name.
    pub version: String,
    /// Its first day; `None` when the policy file does not have the pack: its numbers cannot be told then.
    pub effective_on: Option<NaiveDate>,
    /// Whether that day is our assumption.
    pub effective_assumed: bool,
}

/// An instant in the three times that people ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// UTC.
    pub utc: Timestamp,
    /// The platform's (Pacific) time.
    pub pacific: String,
    /// Beijing time.
    pub beijing: String,
}

impl Moment {
    /// An instant, with the platform's time by its zone.
    pub fn of(at: Timestamp, zone: Zone) -> Self {
        Self {
            utc: at,
            pacific: at.display_exact_in(zone),
            beijing: at.display_exact_in(BEIJING),
        }
    }
}

/// Something that an entry was decided from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// What it is.
    pub name: Told,
    /// Its value, for an instant in UTC.
    pub value: String,
    /// The value in Chinese, where it has words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_zh: Option<String>,
    /// The instant, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// A carrier's event with both its times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventTold {
    /// The parcel.
    pub tracking_number: TrackingNumber,
    /// What it stands for.
    pub node: Node,
    /// The carrier's own code, where it has one.
    pub code: Option<String>,
    /// When it happened.
    pub occurred: Moment,
    /// When it was learned.
    pub recorded: Moment,
    /// Whether it was known when the entry was posted.
    pub known_then: bool,
    /// How long after the parcel's event before it.
    pub after: Option<String>,
}

/// A row of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowTold {
    /// What it brought.
    pub brought: Told,
    /// The name of the file, where it is kept: of a failed upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The upload's id, by which the log of `upload-validation` names its key.
    pub upload: String,
    /// The data row, from 1.
    pub row: u64,
}

/// Explains `entry`, one of its order's `entries`.
pub fn explain(
    entry: &LedgerEntry,
    entries: &[LedgerEntry],
    order: Option<&Order>,
    book: &PolicyBook,
) -> Explanation {
    let pack = book.pack(&entry.policy);
    let of_subject = entries.iter().filter(|other| other.subject == entry.subject);
    let mut chain: Vec<LedgerEntry> = of_subject.cloned().collect();
    chain.sort_by_key(ordinal);
    let moving = chain.iter().filter(|entry| entry.kind.moves_money());
    let owed = moving.map(|entry| entry.amount).sum();
    let (events, events_left_out) = order
        .map(|order| events(entry, &chain, order, book.zone))
        .unwrap_or_default();
    let clauses = clauses(entry).into_iter();
    Explanation {
        clauses: clauses.filter_map(|id| clause_text(id, pack)).collect(),
        policy: CitedPolicy {
            version: entry.policy.clone(),
            effective_on: pack.map(|pack| pack.effective_on),
            effective_assumed: pack.is_some_and(|pack| pack.effective_assumed),
        },
        why: entry.because.told(book.zone),
        inputs: inputs::inputs(entry, book.zone),
        events,
        events_left_out,
        rows: order.map(rows).unwrap_or_default(),
        order_in_table: order.is_some(),
        chain,
        owed,
        entry: entry.clone(),
    }
}

/// The rows that brought the order, its parcels and its failed upload.
fn rows(order: &Order) -> Vec<RowTold> {
    let told = |en: String, zh: String, source: Source| RowTold {
        brought: Told { en, zh },
        file: None,
        upload: UploadId(source.upload).to_string(),
        row: source.row,
    };
    let mut rows = vec![told("the order".to_owned(), "订单".to_owned(), order.source)];
    rows.extend(order.shipments.iter().map(|shipment| {
        let number = &shipment.number;
        told(
            format!("the number {number}"),
            format!("运单号 {number}"),
            shipment.first_claim().source,
        )
    }));
    rows.extend(order.failure.iter().map(|failure| {
        let code = failure.code;
        RowTold {
            file: Some(failure.refused.file.clone()).filter(|file| !file.is_empty()),
            ..told(
                format!("the failed upload ({code})"),
                format!("未通过的上传（{code}）"),
                failure.source,
            )
        }
    }));
    rows
}

/// The clauses that decided, the entry's own first.
fn clauses(entry: &LedgerEntry) -> Vec<&'static str> {
    let mut ids = vec![entry.clause.as_str()];
    match &entry.because {
        Because::UploadFailed { code, refused, .. } => {
            ids.push(code.clause());
            ids.extend(refused.also.iter().map(|(code, _)| code.clause()));
        }
        Because::NotSigned {
            held_by_appeal,
            grounds,
            ..
        } if held_by_appeal.is_some() || grounds.appeal.is_some() => ids.push("B5"),
        Because::AppealAccepted { .. } | Because::AppealPending { .. } => ids.push("B5"),
        Because::NotSigned { .. }
        | Because::Silence { .. }
        | Because::AmountChanged { .. }
        | Because::NoLongerDue { .. }
        | Because::Withdrawn { .. } => {}
    }
    let mut told: Vec<&str> = Vec::new();
    ids.retain(|id| {
        let is_new = !told.contains(id);
        told.push(id);
        is_new
    });
    ids
}

/// The events around a decision, and how many more there are.
fn events(entry: &LedgerEntry, chain: &[LedgerEntry], order: &Order, zone: Zone) -> (Vec<EventTold>, u64) {
    let mut told = Vec::new();
    for shipment in &order.shipments {
        let events = &shipment.events;
        let shown = match entry.clause {
            Clause::B3 if entry.subject.tracking_number.as_ref() == Some(&shipment.number) => {
                around_silence(entry, chain, shipment)
            }
            // How far it came.
            Clause::B4 => events.len().saturating_sub(LAST_EVENTS)..events.len(),
            Clause::A6 | Clause::B3 => continue,
        };
        for place in shown {
            let event = &events[place];
            let before = place.checked_sub(1).map(|before| events[before].occurred_at);
            told.push(EventTold {
                tracking_number: shipment.number.clone(),
                node: event.node,
                code: event.code.clone(),
                occurred: Moment::of(event.occurred_at, zone),
                recorded: Moment::of(event.recorded_at, zone),
                known_then: event.recorded_at <= entry.as_of,
                after: before.map(|before| event.occurred_at.since(before).to_string()),
            });
        }
    }
    let left_out = told.len().saturating_sub(EVENTS_MAX) as u64;
    told.truncate(EVENTS_MAX);
    (told, left_out)
}

/// Where a parcel's events lie around the silence that a chain is about: as it was fined, so that what came late lies
/// within.
fn around_silence(entry: &LedgerEntry, chain: &[LedgerEntry], shipment: &Shipment) -> Range<usize> {
    let until_then = chain.iter().filter(|other| ordinal(other) <= ordinal(entry));
    let silence = until_then.rev().find_map(|entry| match &entry.because {
        Because::Silence {
            silent_from,
            silent_until,
            ..
        } => Some((*silent_from, silent_until.unwrap_or(entry.as_of))),
        _ => None,
    });
    let Some((from, until)) = silence else { return 0..0 };
    let events = &shipment.events;
    let first = events.partition_point(|event| event.occurred_at < from);
    let after = events.partition_point(|event| event.occurred_at <= until);
    first.saturating_sub(EVENTS_BESIDE)..(after + EVENTS_BESIDE).min(events.len())
}
