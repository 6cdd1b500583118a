//! The reference: what the ledger should come to, recomputed from the rulebook in the plainest way.
//!
//! Shares no rule with the product. Slow and obvious: every question walks over all facts again, instants are plain
//! seconds, and the numbers are the rulebook's own, written out.

mod figures;
mod numbers;
mod order;
mod rates;

use std::collections::BTreeMap;

pub use figures::{Figures, figures};
pub use numbers::{Row, Word, seen};
pub use order::{Appeal, Event, Order, Parcel, StateTold, StatusTold};
pub use rates::changes;

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
    let a6: Subject = ("A6", String::new(), None);
    let waited = numbers::waited_too_long(order, as_of);
    let failed = order.failed_at.iter().chain(&waited);
    let first = failed.copied().filter(|at| *at <= as_of).min();
    if first.is_some_and(|at| !is_freed(order, &a6, at, as_of)) {
        owed.insert(a6, Standing::Fine(50));
    }
    let order = &seen(order, as_of);
    for parcel in &order.parcels {
        for start in silences(parcel, as_of) {
            let b3: Subject = ("B3", parcel.number.clone(), Some(start));
            if !is_freed(order, &b3, start + 48 * HOUR, as_of) {
                owed.insert(b3, Standing::Fine(120));
            }
        }
    }
    if let Some(standing) = sign_off(order, as_of) {
        owed.insert(("B4", String::new(), None), standing);
    }
    owed
}

/// B5 for A6 and B3: an accepted appeal frees what came about by its decision, or the one episode that it names.
fn is_freed(order: &Order, subject: &Subject, came_about: i64, as_of: i64) -> bool {
    let (clause, _, episode) = subject;
    let about = order.appeals.iter().filter(|appeal| {
        appeal.clause == *clause && (appeal.episode.is_none() || appeal.episode == *episode)
    });
    about.into_iter().any(|appeal| {
        let decided = appeal
            .states
            .iter()
            .filter(|state| state.told_at <= as_of && state.plea != Plea::Pending && state.since <= as_of);
        let last = decided.max_by_key(|state| (state.since, state.plea));
        last.is_some_and(|state| {
            state.plea == Plea::Accepted && (appeal.episode.is_some() || state.since >= came_about)
        })
    })
}

/// B3: where the silences of over 48 hours begin.
fn silences(parcel: &Parcel, as_of: i64) -> Vec<i64> {
    let known: Vec<&Event> = parcel
        .events
        .iter()
        .filter(|event| event.told_at <= as_of)
        .collect();
    let end = end_of(parcel, as_of).map(|(at, _)| at);
    // The replacement of the number ends a silence like an event, and what comes after it counts for nothing.
    let replaced = parcel
        .in_use
        .iter()
        .map(|(_, until)| *until)
        .min_by_key(|until| until.is_some());
    let last = parcel.in_use.iter().filter_map(|(_, until)| *until).max();
    let stop = match replaced {
        Some(Some(_)) => last,
        _ => parcel.taken_at,
    };
    let stop = stop.filter(|stop| end.is_none_or(|end| *stop < end));
    let counts = |at: i64| end.is_none_or(|end| at <= end) && stop.is_none_or(|stop| at <= stop);
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
            None => match stop {
                Some(stop) => stop.min(as_of),
                None if end.is_some() => continue,
                None => as_of,
            },
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
    let fine = ((order.usd_cents(as_of) * 5 + 50) / 100).min(5_000);
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
    let mut signed_at = None;
    for parcel in &order.parcels {
        let end = end_of(parcel, as_of).filter(|(at, _)| *at <= deadline);
        if !parcel.is_in_use(deadline) || matches!(end, Some((_, "cancelled"))) {
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

impl Parcel {
    /// Whether the number was in use at an instant, by the order's own rows up to then.
    pub fn is_in_use(&self, at: i64) -> bool {
        self.in_use
            .iter()
            .any(|(from, until)| *from <= at && until.is_none_or(|until| until > at))
    }
}

/// Whether B4 is not settled for good, all facts considered: the order must then stand in the index of open orders.
pub fn is_open(order: &Order, posted: Option<Standing>) -> bool {
    match (sign_off(&seen(order, FOREVER), FOREVER), posted) {
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
    order::confront(&mut orders);
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
