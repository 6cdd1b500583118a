//! The reference: what the ledger should come to, recomputed from the rulebook in the plainest way.
//!
//! Shares no rule with the product. Slow and obvious: every question walks over all facts again, instants are plain
//! seconds, and the numbers are the rulebook's own, written out.

mod figures;
mod order;

use std::collections::BTreeMap;

pub use figures::{Figures, figures};
pub use order::{Appeal, Event, Order, Parcel, StateTold, StatusTold};

use crate::facts::{Plea, Says, Status, Told};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Later than anything that is ever told.
pub const FOREVER: i64 = 1 << 60;

/// What an entry is about: clause, tracking number (B3), start of the silence (B3).
pub type Subject = (&'static str, String, Option<i64>);

/// What stands in the ledger about one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A fine of so many cents.
    Fine(i64),
    /// A fine of so many cents that waits for an appeal.
    Held(i64),
}

/// What an order owes as of an instant, subject by subject.
pub fn owed(order: &Order, as_of: i64) -> BTreeMap<Subject, Standing> {
    let mut owed = BTreeMap::new();
    if order.known_at > as_of {
        return owed;
    }
    let accepted = |subject: &Subject| pleas(order, subject, as_of).any(|(_, plea)| plea == Plea::Accepted);
    let a6: Subject = ("A6", String::new(), None);
    if order.failed_at.iter().any(|at| *at <= as_of) && !accepted(&a6) {
        owed.insert(a6, Standing::Fine(50));
    }
    for parcel in order.parcels.iter().filter(|parcel| parcel.uploaded_at <= as_of) {
        for start in silences(parcel, as_of) {
            let b3: Subject = ("B3", parcel.number.clone(), Some(start));
            if !accepted(&b3) {
                owed.insert(b3, Standing::Fine(120));
            }
        }
    }
    if let Some(standing) = sign_off(order, as_of) {
        owed.insert(("B4", String::new(), None), standing);
    }
    owed
}

/// B3: where the silences of over 48 hours begin.
fn silences(parcel: &Parcel, as_of: i64) -> Vec<i64> {
    let known: Vec<&Event> = parcel
        .events
        .iter()
        .filter(|event| event.told_at <= as_of)
        .collect();
    let end = end_of(parcel, as_of).map(|(at, _)| at);
    let counts = |at: i64| end.is_none_or(|end| at <= end);
    let Some(picked_up) = picked_up_at(parcel, as_of) else {
        return Vec::new();
    };
    let mut instants: Vec<i64> = known
        .iter()
        .map(|event| event.at)
        .filter(|at| *at >= picked_up && counts(*at))
        .collect();
    instants.sort_unstable();
    instants.dedup();
    let mut starts = Vec::new();
    for (index, start) in instants.iter().enumerate() {
        // The last event is followed by silence until now, unless it is the end.
        let until = match instants.get(index + 1) {
            Some(next) => (*next).min(as_of),
            None if end.is_some() => continue,
            None => as_of,
        };
        if until - start > 48 * HOUR {
            starts.push(*start);
        }
    }
    starts
}

/// The first pickup, unless the timeline ended before it.
fn picked_up_at(parcel: &Parcel, as_of: i64) -> Option<i64> {
    let end = end_of(parcel, as_of).map(|(at, _)| at);
    let known = parcel.events.iter().filter(|event| event.told_at <= as_of);
    known
        .filter(|event| event.node == "picked_up" && end.is_none_or(|end| event.at <= end))
        .map(|event| event.at)
        .min()
}

/// The first event that ends a parcel's timeline.
fn end_of(parcel: &Parcel, as_of: i64) -> Option<(i64, &'static str)> {
    let known = parcel.events.iter().filter(|event| event.told_at <= as_of);
    known
        .filter(|event| matches!(event.node, "signed" | "returned" | "lost" | "cancelled"))
        .map(|event| (event.at, event.node))
        .min_by_key(|(at, _)| *at)
}

/// B4 with B5.
fn sign_off(order: &Order, as_of: i64) -> Option<Standing> {
    let deadline = order.paid_at + 30 * DAY;
    if as_of <= deadline
        || status_at(order, deadline, as_of) != Status::Paid
        || signed_at(order, deadline, as_of).is_some()
    {
        return None;
    }
    // Five in a hundred, half a cent up, fifty dollars at most.
    let fine = ((order.usd_cents * 5 + 50) / 100).min(5_000);
    if fine == 0 {
        return None;
    }
    let b4: Subject = ("B4", String::new(), None);
    let pleas: Vec<(i64, Plea)> = pleas(order, &b4, as_of).collect();
    if pleas.iter().any(|(_, plea)| *plea == Plea::Accepted) {
        return None;
    }
    let in_time = |(filed_at, plea): &(i64, Plea)| *plea == Plea::Pending && *filed_at <= deadline;
    if pleas.iter().any(in_time) {
        return Some(Standing::Held(fine));
    }
    Some(Standing::Fine(fine))
}

/// The status that an order had at an instant, as known as of another.
fn status_at(order: &Order, at: i64, as_of: i64) -> Status {
    let known = order
        .statuses
        .iter()
        .filter(|told| told.told_at <= as_of && told.since <= at.min(as_of));
    known
        .max_by_key(|told| (told.since, told.status, told.told_at))
        .map_or(Status::Paid, |told| told.status)
}

/// When the last of the live parcels was signed, if all were by the deadline and there is one.
fn signed_at(order: &Order, deadline: i64, as_of: i64) -> Option<i64> {
    let known: Vec<&Parcel> = order
        .parcels
        .iter()
        .filter(|parcel| parcel.uploaded_at <= as_of)
        .collect();
    let mut signed_at = None;
    for parcel in &known {
        let later = |other: &&&Parcel| (other.uploaded_at, other.row) > (parcel.uploaded_at, parcel.row);
        let replaced = known
            .iter()
            .filter(later)
            .any(|other| other.all && other.uploaded_at <= deadline);
        let end = end_of(parcel, as_of).filter(|(at, _)| *at <= deadline);
        if parcel.uploaded_at > deadline || replaced || matches!(end, Some((_, "cancelled"))) {
            continue;
        }
        let (at, _) = end.filter(|(_, node)| *node == "signed")?;
        signed_at = signed_at.max(Some(at));
    }
    signed_at
}

/// The appeals about a subject: when each was filed, and where it stands.
fn pleas<'a>(order: &'a Order, subject: &'a Subject, as_of: i64) -> impl Iterator<Item = (i64, Plea)> + 'a {
    let (clause, _, episode) = subject;
    let about = order.appeals.iter().filter(move |appeal| {
        appeal.clause == *clause && (appeal.episode.is_none() || appeal.episode == *episode)
    });
    about.filter_map(move |appeal| {
        let known: Vec<&StateTold> = appeal
            .states
            .iter()
            .filter(|state| state.told_at <= as_of)
            .collect();
        if known.is_empty() {
            return None;
        }
        let decided = known
            .iter()
            .filter(|state| state.plea != Plea::Pending && state.since <= as_of)
            .max_by_key(|state| (state.since, state.plea));
        Some((appeal.filed_at, decided.map_or(Plea::Pending, |state| state.plea)))
    })
}

/// Whether B4 is not settled for good, all facts considered: the order must then stand in the index of open orders.
pub fn is_open(order: &Order, posted: Option<Standing>) -> bool {
    match (sign_off(order, FOREVER), posted) {
        // Never fined, and nothing stands.
        (None, None) => false,
        // Fined in full, and no appeal waits.
        (Some(Standing::Fine(due)), Some(Standing::Fine(stands))) => due != stands,
        _ => true,
    }
}

/// Every order as the rows told so far tell it.
pub fn orders(told: &[Told]) -> BTreeMap<String, Order> {
    let mut orders = order::placed(told);
    order::send(told, &mut orders);
    order::report(told, &mut orders);
    order::plead(told, &mut orders);
    orders
}

/// The numbers that orders hold, with their carriers.
pub fn numbers(orders: &BTreeMap<String, Order>) -> Vec<(String, &'static str, String)> {
    let parcels = orders
        .iter()
        .flat_map(|(id, order)| order.parcels.iter().map(move |parcel| (id, parcel)));
    parcels
        .map(|(id, parcel)| (parcel.number.clone(), parcel.carrier, id.clone()))
        .collect()
}

fn is_rate(says: &Says, wanted: &str) -> Option<i64> {
    match says {
        Says::Rate {
            currency,
            ten_thousandths,
            ..
        } if *currency == wanted => Some(*ten_thousandths),
        _ => None,
    }
}
