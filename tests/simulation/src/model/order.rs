//! Orders out of raw rows: who may say what, what counts of it, and since when it is known.

use std::collections::BTreeMap;

use super::HOUR;
use super::numbers::{Row, Word, word};
use super::rates::{self, Rate};
use crate::facts::{Plea, Says, Status, Told};

/// An order with everything known of it.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the rulebook's words; instants in seconds since 1970")]
pub struct Order {
    pub seller: String,
    pub paid_at: i64,
    pub currency: &'static str,
    pub cents: i64,
    /// What it comes to in US dollars, from when on, ascending; the first from the beginning.
    pub usd: Vec<(i64, i64)>,
    pub country: String,
    pub known_at: i64,
    pub statuses: Vec<StatusTold>,
    /// Uploads that failed for a reason that is fined (A6).
    pub failed_at: Vec<i64>,
    pub parcels: Vec<Parcel>,
    /// Every accepted row of a tracking file.
    pub rows: Vec<Row>,
    pub appeals: Vec<Appeal>,
}

/// A status, since when it holds, and when that was learned.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "see above")]
pub struct StatusTold {
    pub since: i64,
    pub status: Status,
    pub told_at: i64,
}

/// A claimed number, by its first row.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the rulebook's words")]
pub struct Parcel {
    pub number: String,
    pub carrier: &'static str,
    pub uploaded_at: i64,
    pub row: u64,
    /// Replaces the numbers before it.
    pub all: bool,
    pub events: Vec<Event>,
    pub own: Word,
    pub rivals: Vec<Word>,
    /// As of an instant: by each of its rows, from when it was in use and until when.
    pub in_use: Vec<(i64, Option<i64>)>,
    /// As of an instant: when another order's claim took the number over for a new use.
    pub taken_at: Option<i64>,
}

/// A node of a timeline.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the rulebook's words")]
pub struct Event {
    pub node: &'static str,
    pub at: i64,
    pub told_at: i64,
}

/// An appeal.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the rulebook's words")]
pub struct Appeal {
    pub appeal_id: String,
    pub clause: &'static str,
    pub episode: Option<i64>,
    pub filed_at: i64,
    pub states: Vec<StateTold>,
}

/// A state of an appeal, since when it holds, and when that was learned.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "see above")]
pub struct StateTold {
    pub since: i64,
    pub plea: Plea,
    pub told_at: i64,
}

/// The orders that rows of orders bring.
pub(super) fn placed(told: &[Told]) -> BTreeMap<String, Order> {
    let stated: Vec<Rate> = rates::stated(told);
    let mut orders: BTreeMap<String, Order> = BTreeMap::new();
    for told_here in told {
        let Says::Order {
            order_id,
            seller,
            paid_at,
            cents,
            currency,
            country,
            status,
            status_at,
        } = &told_here.says
        else {
            continue;
        };
        // Orders are the operator's to state.
        if told_here.by.is_some() {
            continue;
        }
        // Without its rate an order waits.
        if *currency != "USD" && rates::of(&stated, currency, *paid_at, told_here.at).is_empty() {
            continue;
        }
        let order = orders.entry(order_id.clone()).or_insert_with(|| Order {
            seller: seller.clone(),
            paid_at: *paid_at,
            currency,
            cents: *cents,
            country: (*country).to_owned(),
            known_at: told_here.at,
            ..Order::default()
        });
        // What never changes refuses a row that says otherwise; so does another seller's file.
        let same = (
            &order.seller,
            order.paid_at,
            (order.cents, order.currency),
            order.country.as_str(),
        ) == (seller, *paid_at, (*cents, *currency), *country);
        if !same {
            continue;
        }
        order.known_at = order.known_at.min(told_here.at);
        if *status == Status::Paid && status_at.is_none() {
            continue;
        }
        let since = status_at.unwrap_or(told_here.at);
        order.statuses.push(StatusTold {
            since,
            status: *status,
            told_at: told_here.at,
        });
    }
    for order in orders.values_mut() {
        order.usd = rates::usd(order, &stated);
    }
    orders
}

/// The numbers that rows of tracking files bring, and the failures that cost a fine.
pub(super) fn send(told: &[Told], orders: &mut BTreeMap<String, Order>) {
    for told in told {
        let Says::Tracking {
            order_id,
            carrier,
            number,
            uploaded_at,
            all,
            invoice,
            tax_id,
        } = &told.says
        else {
            continue;
        };
        let Some(order) = orders.get_mut(order_id).filter(|order| may_speak(told, order)) else {
            continue;
        };
        if *carrier == "AliExpress Standard Shipping" {
            continue;
        }
        // A seller's own file states no times.
        let at = uploaded_at.filter(|_| told.by.is_none()).unwrap_or(told.at);
        let wants_papers = matches!(order.country.as_str(), "RU" | "BR" | "MX");
        let sanctioned = matches!(order.country.as_str(), "KP" | "SY");
        if !fits(carrier, number) || sanctioned || wants_papers && (!invoice || tax_id.is_empty()) {
            order.failed_at.push(at);
            continue;
        }
        order.rows.push(Row {
            at,
            file: (i64::from(told.file), 0),
            row: told.row,
            number: number.clone(),
            all: *all,
        });
        let parcel = Parcel {
            number: number.clone(),
            carrier,
            uploaded_at: at,
            row: told.row,
            all: *all,
            ..Parcel::default()
        };
        // Of several rows about a number the earliest tells everything.
        match order.parcels.iter_mut().find(|known| known.number == *number) {
            Some(known) if (at, told.row) < (known.uploaded_at, known.row) => *known = parcel,
            Some(_) => {}
            None => order.parcels.push(parcel),
        }
    }
}

/// Lets every order know what the others say of its numbers.
pub(super) fn confront(orders: &mut BTreeMap<String, Order>) {
    let mut words: BTreeMap<String, Vec<Word>> = BTreeMap::new();
    for (order_id, order) in orders.iter() {
        for parcel in &order.parcels {
            let said = word(order_id, order, &parcel.number);
            words.entry(parcel.number.clone()).or_default().push(said);
        }
    }
    for (order_id, order) in orders.iter_mut() {
        for parcel in &mut order.parcels {
            for word in words.get(&parcel.number).into_iter().flatten() {
                if word.order_id == *order_id {
                    parcel.own = word.clone();
                } else {
                    parcel.rivals.push(word.clone());
                }
            }
        }
    }
}

/// A2.
fn fits(carrier: &str, number: &str) -> bool {
    let digits = |text: &str| text.chars().all(|character| character.is_ascii_digit());
    match carrier {
        "DHL" => number.len() == 10 && digits(number),
        "YunExpress" => number
            .strip_prefix("YT")
            .is_some_and(|rest| rest.len() == 16 && digits(rest)),
        _ => false,
    }
}

/// The events that carriers report.
pub(super) fn report(told: &[Told], orders: &mut BTreeMap<String, Order>) {
    for told in told {
        let Says::Event {
            number,
            node,
            occurred_at,
            recorded_at,
            ..
        } = &told.says
        else {
            continue;
        };
        if told.by.is_some() {
            continue;
        }
        let told_at = recorded_at.unwrap_or(told.at);
        // Nobody knows of what is to happen in more than the widest error of a zone.
        if *occurred_at > told_at + 14 * HOUR {
            continue;
        }
        for order in orders.values_mut().filter(|order| may_speak(told, order)) {
            for parcel in order.parcels.iter_mut().filter(|parcel| parcel.number == *number) {
                let same = |event: &&mut Event| (event.node, event.at) == (*node, *occurred_at);
                match parcel.events.iter_mut().find(same) {
                    Some(known) => known.told_at = known.told_at.min(told_at),
                    None => parcel.events.push(Event {
                        node,
                        at: *occurred_at,
                        told_at,
                    }),
                }
            }
        }
    }
}

/// The appeals that sellers file and the platform decides.
pub(super) fn plead(told: &[Told], orders: &mut BTreeMap<String, Order>) {
    for told in told {
        let Says::Appeal {
            appeal_id,
            order_id,
            clause,
            episode,
            status,
            filed_at,
            decided_at,
        } = &told.says
        else {
            continue;
        };
        let Some(order) = orders.get_mut(order_id).filter(|order| may_speak(told, order)) else {
            continue;
        };
        // A seller's own file files an appeal, when it comes, and decides none.
        let (plea, filed_at, decided_at) = match told.by {
            None => (*status, *filed_at, *decided_at),
            Some(_) => (Plea::Pending, told.at, None),
        };
        let state = StateTold {
            since: decided_at.unwrap_or(filed_at),
            plea,
            told_at: told.at,
        };
        match order
            .appeals
            .iter_mut()
            .find(|appeal| appeal.appeal_id == *appeal_id)
        {
            Some(known) if (known.clause, known.episode, known.filed_at) == (*clause, *episode, filed_at) => {
                known.states.push(state);
            }
            // Told differently: refused.
            Some(_) => {}
            None => order.appeals.push(Appeal {
                appeal_id: appeal_id.clone(),
                clause,
                episode: *episode,
                filed_at,
                states: vec![state],
            }),
        }
    }
}

fn may_speak(told: &Told, order: &Order) -> bool {
    told.by.as_ref().is_none_or(|by| *by == order.seller)
}
