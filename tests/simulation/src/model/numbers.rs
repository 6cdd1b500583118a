//! Whose a number is: the rulebook's "Claims on numbers", asked again at every instant at which anything was said of it.

use super::order::{Order, Parcel};
use super::{DAY, FOREVER, Status};

/// An accepted row of a tracking file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the rulebook's words; instants in seconds since 1970")]
pub struct Row {
    pub at: i64,
    /// Orders the files of one instant: those stored last are later.
    pub file: (i64, u64),
    pub row: u64,
    pub number: String,
    pub all: bool,
}

/// What one order says of one number.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the rulebook's words")]
pub struct Word {
    pub order_id: String,
    pub paid_at: i64,
    pub known_at: i64,
    /// Each claim with what superseded it: since when, and when that was recorded.
    pub claims: Vec<(i64, Vec<(i64, i64)>)>,
}

/// A stretch of a number's events that is one order's.
struct Stretch {
    holder: usize,
    from: i64,
    until: i64,
    taken_at: Option<i64>,
    after: Option<i64>,
}

/// What an order says of a number.
pub(super) fn word(order_id: &str, order: &Order, number: &str) -> Word {
    let claims = order.rows.iter().filter(|row| row.number == number);
    let claims = claims.map(|claim| {
        let rows = order
            .rows
            .iter()
            .filter(|row| row.all && row.number != number && (row.at, row.file) > (claim.at, claim.file));
        let cancelled = order
            .statuses
            .iter()
            .filter(|told| told.status == Status::Cancelled && told.since > claim.at);
        let superseded = rows
            .map(|row| (row.at, row.at))
            .chain(cancelled.map(|told| (told.since, told.told_at)));
        (claim.at, superseded.collect())
    });
    Word {
        order_id: order_id.to_owned(),
        paid_at: order.paid_at,
        known_at: order.known_at,
        claims: claims.collect(),
    }
}

fn superseded_at(superseded: &[(i64, i64)], as_of: i64) -> Option<i64> {
    let known = superseded
        .iter()
        .filter(|(since, told)| *since <= as_of && *told <= as_of);
    known.map(|(since, _)| *since).min()
}

fn last_end_before(paid_at: i64, ends: &[i64]) -> Option<i64> {
    ends.iter().copied().filter(|end| *end < paid_at).max()
}

fn stretches(words: &[&Word], ends: &[i64], as_of: i64) -> Vec<Stretch> {
    let known = |word: &&&Word| word.known_at <= as_of;
    let mut uses: Vec<Option<i64>> = words
        .iter()
        .filter(known)
        .map(|word| last_end_before(word.paid_at, ends))
        .collect();
    uses.sort_unstable();
    uses.dedup();
    let mut found: Vec<Stretch> = Vec::new();
    for after in uses {
        let from = after.map_or(-FOREVER, |end| end + 1);
        if let Some(last) = found.last_mut() {
            last.until = last.until.min(from);
        }
        compete(words, ends, as_of, after, from, &mut found);
    }
    found
}

/// The claims that compete within one use: who held the number from when on.
fn compete(
    words: &[&Word],
    ends: &[i64],
    as_of: i64,
    after: Option<i64>,
    from: i64,
    found: &mut Vec<Stretch>,
) {
    // (instant, order, superseded, holder)
    let mut claims: Vec<(i64, &str, Option<i64>, usize)> = Vec::new();
    for (holder, word) in words.iter().enumerate() {
        if word.known_at > as_of || last_end_before(word.paid_at, ends) != after {
            continue;
        }
        for (at, superseded) in word.claims.iter().filter(|(at, _)| *at <= as_of) {
            claims.push((*at, &word.order_id, superseded_at(superseded, as_of), holder));
        }
    }
    claims.sort_unstable();
    let mut instants: Vec<i64> = claims
        .iter()
        .flat_map(|claim| [Some(claim.0), claim.2])
        .flatten()
        .collect();
    instants.sort_unstable();
    instants.dedup();
    let mut holding: Vec<(i64, &str, Option<i64>, usize)> = Vec::new();
    let begin = |holder, from| Stretch {
        holder,
        from,
        until: FOREVER,
        taken_at: None,
        after,
    };
    for instant in instants {
        let stands = claims
            .iter()
            .find(|claim| claim.0 <= instant && claim.2.is_none_or(|at| at > instant));
        let Some(next) = stands else { continue };
        let Some(last) = holding.last().copied() else {
            found.push(begin(next.3, from));
            holding.push(*next);
            continue;
        };
        if last.3 == next.3 {
            if last != *next {
                holding.push(*next);
            }
            continue;
        }
        let paid_at = words[next.3].paid_at;
        let yields = holding
            .iter()
            .all(|held| next.0 <= held.0 + 45 * DAY && paid_at < held.0);
        if let Some(current) = found.last_mut() {
            if yields {
                current.holder = next.3;
            } else {
                current.until = next.0.max(current.from);
                current.taken_at = Some(last.2.unwrap_or(next.0).max(next.0));
                let starts = current.until;
                found.push(begin(next.3, starts));
            }
        }
        holding = vec![*next];
    }
}

fn ends_of(parcel: &Parcel, as_of: i64) -> Vec<i64> {
    let known = parcel.events.iter().filter(|event| event.told_at <= as_of);
    known
        .filter(|event| matches!(event.node, "signed" | "returned" | "lost" | "cancelled"))
        .map(|event| event.at)
        .collect()
}

/// The order as of an instant: numbers that are another's are no parcels, and of the others only the events count that are
/// the order's.
pub fn seen(order: &Order, as_of: i64) -> Order {
    let mut seen = order.clone();
    seen.rows.retain(|row| row.at <= as_of);
    seen.parcels.clear();
    for parcel in order.parcels.iter().filter(|parcel| parcel.uploaded_at <= as_of) {
        let words: Vec<&Word> = std::iter::once(&parcel.own).chain(&parcel.rivals).collect();
        let stretches = stretches(&words, &ends_of(parcel, as_of), as_of);
        let own: Vec<&Stretch> = stretches.iter().filter(|stretch| stretch.holder == 0).collect();
        let Some(last) = own.last() else { continue };
        let mut parcel = parcel.clone();
        let earliest = order.paid_at - 7 * DAY;
        parcel.events.retain(|event| {
            event.at >= earliest && own.iter().any(|one| one.from <= event.at && event.at < one.until)
        });
        parcel.taken_at = last.taken_at;
        seen.parcels.push(parcel);
    }
    let owned: Vec<String> = seen.parcels.iter().map(|parcel| parcel.number.clone()).collect();
    for parcel in &mut seen.parcels {
        let rows = order
            .rows
            .iter()
            .filter(|row| row.at <= as_of && row.number == parcel.number);
        parcel.in_use = rows
            .map(|row| {
                let replacing = order.rows.iter().filter(|other| {
                    other.all
                        && other.at <= as_of
                        && other.number != parcel.number
                        && owned.contains(&other.number)
                        && (other.at, other.file) > (row.at, row.file)
                });
                (row.at, replacing.map(|other| other.at).min())
            })
            .collect();
    }
    seen
}

/// When rows whose claims waited for 45 days failed (A6).
pub(super) fn waited_too_long(order: &Order, as_of: i64) -> Vec<i64> {
    let mut failed = Vec::new();
    for parcel in order.parcels.iter().filter(|parcel| !parcel.rivals.is_empty()) {
        for (at, superseded) in &parcel.own.claims {
            let due = at + 45 * DAY;
            if due > as_of || order.known_at > due || superseded_at(superseded, due).is_some() {
                continue;
            }
            let words: Vec<&Word> = std::iter::once(&parcel.own).chain(&parcel.rivals).collect();
            let ends = ends_of(parcel, due);
            let after = last_end_before(order.paid_at, &ends);
            let found = stretches(&words, &ends, due);
            let holder = found.iter().rfind(|one| one.after == after).map(|one| one.holder);
            if holder != Some(0) {
                failed.push(due);
            }
        }
    }
    failed
}
