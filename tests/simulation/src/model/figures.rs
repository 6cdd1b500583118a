//! A month's figures, order by order: the rulebook's "Figures of a month", in the plainest way.

use super::{DAY, Event, HOUR, Order, Parcel, Status, end_of, picked_up_at, seen, signed_at, status_at};

/// What an order adds to its month as of an instant; a figure is `None` while it is not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the rulebook's words")]
pub struct Figures {
    pub gmv_cents: i64,
    pub excluded: bool,
    pub upload: Option<bool>,
    pub pickup: Option<bool>,
    pub fulfilment: Option<bool>,
    pub delivery: Option<bool>,
    pub nodes: Option<bool>,
}

/// By when something is to be done, and when it was.
type Judged = (i64, Option<i64>);

/// The figures of an order; `None` when it was not known yet.
pub fn figures(order: &Order, as_of: i64) -> Option<Figures> {
    if order.known_at > as_of {
        return None;
    }
    let first = order
        .rows
        .iter()
        .map(|row| row.at)
        .filter(|at| *at <= as_of)
        .min();
    let order = &seen(order, as_of);
    let known: Vec<&Parcel> = order.parcels.iter().collect();
    let excluded = is_excluded(order, &known, as_of);
    let upload: Judged = (order.paid_at + DAY, first);
    let by = upload.0.max(first.unwrap_or(upload.0));
    let judged = |parcel: &Parcel| (parcel.uploaded_at + 48 * HOUR, picked_up_at(parcel, as_of));
    let mut pickups: Vec<Judged> = in_use(&known, by).map(judged).collect();
    // Where the rows named others' numbers only, the first own one afterwards is judged; without one it is missed.
    if let (true, Some(first)) = (pickups.is_empty(), first) {
        let later = known.iter().filter(|parcel| parcel.uploaded_at > by);
        let next = later.min_by_key(|parcel| (parcel.uploaded_at, parcel.row));
        pickups.push(next.map_or((first + 48 * HOUR, None), |parcel| judged(parcel)));
    }
    let deadline = order.paid_at + 30 * DAY;
    Some(Figures {
        gmv_cents: if excluded { 0 } else { order.usd_cents(as_of) },
        excluded,
        upload: decided(&[upload], as_of),
        pickup: if pickups.is_empty() {
            None
        } else {
            decided(&pickups, as_of)
        },
        fulfilment: decided(&[&[upload], &pickups[..]].concat(), as_of),
        delivery: decided(&[(deadline, signed_at(order, deadline, as_of))], as_of),
        nodes: is_complete(&known, as_of),
    })
}

/// Failed once one deadline has passed unmet, met once all is done.
fn decided(judged: &[Judged], as_of: i64) -> Option<bool> {
    let unmet = judged.iter().filter(|(by, done)| done.is_none_or(|at| at > *by));
    match unmet.map(|(by, _)| *by).min() {
        Some(by) => (as_of > by).then_some(false),
        None => judged
            .iter()
            .all(|(_, done)| done.is_some_and(|at| at <= as_of))
            .then_some(true),
    }
}

/// Parcels uploaded by an instant and not replaced by then.
fn in_use<'a>(known: &'a [&'a Parcel], by: i64) -> impl Iterator<Item = &'a Parcel> {
    known.iter().copied().filter(move |parcel| parcel.is_in_use(by))
}

/// Cancelled before shipment.
fn is_excluded(order: &Order, known: &[&Parcel], as_of: i64) -> bool {
    if status_at(order, as_of, as_of) != Status::Cancelled {
        return false;
    }
    let told = order
        .statuses
        .iter()
        .filter(|told| told.told_at <= as_of && told.status == Status::Cancelled);
    let since = told.map(|told| told.since).min();
    !known
        .iter()
        .any(|parcel| picked_up_at(parcel, as_of).is_some_and(|at| Some(at) <= since))
}

/// B2, once every timeline has ended.
fn is_complete(known: &[&Parcel], as_of: i64) -> Option<bool> {
    let mut complete = None;
    for parcel in in_use(known, as_of) {
        let (end, _) = end_of(parcel, as_of).filter(|(at, _)| *at <= as_of)?;
        let has = |node: &str| {
            let counts = |event: &&Event| event.told_at <= as_of && event.at <= end;
            parcel
                .events
                .iter()
                .filter(counts)
                .any(|event| event.node == node)
        };
        let required = [
            "picked_up",
            "export_customs",
            "import_customs",
            "out_for_delivery",
            "signed",
        ];
        let others = ["departed_origin", "arrived_destination"];
        // The order itself is the sixth, and one more makes seven.
        let whole = required.iter().all(|node| has(node)) && others.iter().any(|node| has(node));
        complete = Some(whole && complete.unwrap_or(true));
    }
    complete
}
