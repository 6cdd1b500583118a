//! What must hold after a night: the ledger is what the reference says, to the cent and to the entry.

pub mod history;
pub mod nights;

use std::collections::{BTreeMap, BTreeSet};

use local::ORDERS_TABLE;
use nights::Owed;
use serde_json::{Value, json};

use crate::facts::Told;
use crate::model::{self, Order, Standing, Subject};
use crate::tables::Tables;
use crate::watch::{Entry, counted, entries_of, item_of, known, seconds, standing};

/// The ledger as it stood after the last night.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The latest night.
    pub latest: i64,
    /// What the reference said after each night that was over when it was looked at.
    pub owed: BTreeMap<i64, Owed>,
    unsettled: bool,
    after_last_night: BTreeMap<String, (usize, BTreeMap<Subject, Standing>)>,
}

impl Ledger {
    /// A night has begun.
    pub fn begun(&mut self, as_of: i64) {
        self.latest = self.latest.max(as_of);
    }

    /// A night was cut short, and its ledger is the next one's to heal: that one may post more than its own difference.
    pub fn cut_short(&mut self) {
        self.unsettled = true;
    }

    /// What was posted as of later than an instant was taken back: what is wrong with what is left.
    pub fn withdrawn(&mut self, after: i64, tables: &Tables) -> Vec<String> {
        let mut broken = tables.watch().broken().to_vec();
        self.latest = self.latest.min(after);
        self.owed.retain(|as_of, _| *as_of <= after);
        // What stands now is known again, however the nights before had ended.
        self.unsettled = false;
        self.after_last_night.clear();
        for id in order_ids(tables) {
            let entries = entries_of(tables, &id);
            let stands = standing(&entries);
            let then: Vec<Entry> = entries
                .iter()
                .filter(|entry| seconds(&entry.as_of) <= after)
                .cloned()
                .collect();
            if stands != standing(&then) {
                broken.push(format!(
                    "order {id} stands at {stands:?} after the withdrawal of what is later than {after}: {entries:?}"
                ));
            }
            broken.extend(
                unsound(&entries, &stands)
                    .into_iter()
                    .map(|what| format!("order {id}: {what}")),
            );
            self.after_last_night.insert(id, (entries.len(), stands));
        }
        broken.extend(index(tables));
        broken
    }

    /// Entries in the ledger.
    pub fn entries(&self, tables: &Tables) -> usize {
        order_ids(tables)
            .iter()
            .map(|id| entries_of(tables, id).len())
            .sum()
    }

    /// What stands, order by order, for holding two seasons against each other.
    pub fn net(&self, tables: &Tables) -> BTreeMap<String, Vec<String>> {
        let ids = order_ids(tables).into_iter();
        ids.map(|id| {
            let stands = standing(&entries_of(tables, &id));
            (id, stands.iter().map(|line| format!("{line:?}")).collect())
        })
        .collect()
    }

    /// What is wrong after a night. `strict`: the night was alone, so it posted no more than the difference.
    pub fn check(&mut self, tables: &Tables, told: &[Told], strict: bool) -> Vec<String> {
        let strict = strict && !std::mem::take(&mut self.unsettled);
        let mut night = Owed::new();
        let mut broken: Vec<String> = tables.watch().broken().to_vec();
        let expected = model::orders(told);
        let stored = order_ids(tables);
        for id in stored.symmetric_difference(&expected.keys().cloned().collect()) {
            broken.push(format!("order {id} is in the table or was told, not both"));
        }
        for (id, order) in expected.iter().filter(|(id, _)| stored.contains(*id)) {
            let entries = entries_of(tables, id);
            let stands = standing(&entries);
            let owed = model::owed(order, self.latest);
            if stands != owed {
                broken.push(format!(
                    "order {id} as of {} owes {owed:?}; the ledger says {stands:?}; {order:?}",
                    self.latest
                ));
            }
            night.insert(id.clone(), owed);
            broken.extend(
                unsound(&entries, &stands)
                    .into_iter()
                    .map(|what| format!("order {id}: {what}")),
            );
            let (count, before) = self.after_last_night.remove(id).unwrap_or_default();
            let least = least(&before, &stands);
            if strict && entries.len() != count + least {
                broken.push(format!(
                    "order {id}: {} entries where {least} were needed: {entries:?}",
                    entries.len() - count
                ));
            }
            self.after_last_night.insert(id.clone(), (entries.len(), stands));
            broken.extend(differing(tables, id, order));
        }
        broken.extend(index(tables));
        self.owed.insert(self.latest, night);
        broken
    }
}

pub(crate) fn order_ids(tables: &Tables) -> BTreeSet<String> {
    let items = tables.items(&json!({ "TableName": ORDERS_TABLE }));
    items
        .iter()
        .filter_map(|item| item["order_id"]["S"].as_str().map(str::to_owned))
        .collect()
}

/// The entries of a subject count 1, 2, 3 …, and money adds up to what stands.
fn unsound(entries: &[Entry], stands: &BTreeMap<Subject, Standing>) -> Vec<String> {
    let mut broken = Vec::new();
    let subjects: BTreeSet<&Subject> = entries.iter().map(|entry| &entry.subject).collect();
    for subject in subjects {
        let about: Vec<&Entry> = entries.iter().filter(|entry| entry.subject == *subject).collect();
        let ordinals: Vec<u32> = about.iter().map(|entry| entry.ordinal).collect();
        if !ordinals.iter().copied().eq(1..=about.len() as u32) {
            broken.push(format!("{subject:?} has the entries {ordinals:?}"));
        }
        let balance: i64 = about
            .iter()
            .filter(|entry| entry.kind == "fine" || entry.kind == "reversal")
            .map(|entry| entry.cents)
            .sum();
        let due = match stands.get(subject) {
            Some(Standing::Fine(cents)) => *cents,
            _ => 0,
        };
        if balance != due {
            broken.push(format!("{subject:?} has a balance of {balance}, and {due} stand"));
        }
        let counting = counted(entries)
            .into_iter()
            .filter(|entry| entry.subject == *subject);
        let nights: Vec<&String> = counting.map(|entry| &entry.as_of).collect();
        if !nights.is_sorted() {
            broken.push(format!("{subject:?} went back in time: {nights:?}"));
        }
    }
    broken
}

/// How many entries lead from what stood to what stands.
fn least(before: &BTreeMap<Subject, Standing>, after: &BTreeMap<Subject, Standing>) -> usize {
    let subjects: BTreeSet<&Subject> = before.keys().chain(after.keys()).collect();
    let entries = subjects
        .into_iter()
        .map(|subject| match (before.get(subject), after.get(subject)) {
            (one, other) if one == other => 0,
            // A held fine of the same amount is simply posted.
            (Some(Standing::Held(held)), Some(Standing::Fine(fined))) if held == fined => 1,
            (Some(_), Some(_)) => 2,
            _ => 1,
        });
    entries.sum()
}

/// The facts of a stored order that differ from what was told of it: none was lost, none is there twice, and whatever
/// had to wait for its parent was applied when that came.
fn differing(tables: &Tables, id: &str, told: &Order) -> Option<String> {
    let item = tables.item(ORDERS_TABLE, &json!({ "order_id": { "S": id } }));
    let stored = known(&store::decode_order(&item_of(&item)).ok().flatten()?.order);
    let (told, stored) = (facts(told), facts(&stored));
    (told != stored).then(|| format!("order {id}\n  was told as {told}\n  is stored as {stored}"))
}

fn facts(order: &Order) -> String {
    let mut parcels: Vec<_> = order
        .parcels
        .iter()
        .map(|parcel| {
            let mut events: Vec<_> = parcel
                .events
                .iter()
                .map(|event| (event.at, event.node, event.told_at))
                .collect();
            events.sort_unstable();
            (parcel.uploaded_at, &parcel.number, parcel.all, events)
        })
        .collect();
    parcels.sort();
    let mut appeals: Vec<_> = order
        .appeals
        .iter()
        .map(|appeal| {
            let mut states: BTreeMap<_, i64> = BTreeMap::new();
            for state in &appeal.states {
                let told_at = states.entry((state.since, state.plea)).or_insert(state.told_at);
                *told_at = (*told_at).min(state.told_at);
            }
            (&appeal.appeal_id, appeal.clause, appeal.filed_at, states)
        })
        .collect();
    appeals.sort();
    let failed_at = order.failed_at.iter().min();
    format!(
        "{:?}",
        (
            &order.seller,
            order.paid_at,
            &order.usd,
            order.known_at,
            failed_at,
            parcels,
            appeals
        )
    )
}

/// The index of open orders holds exactly the orders that say so.
fn index(tables: &Tables) -> Option<String> {
    let ids = |items: Vec<Value>, all: bool| -> BTreeSet<String> {
        let open = items.iter().filter(|item| all || !item["open_shard"].is_null());
        open.filter_map(|item| item["order_id"]["S"].as_str().map(str::to_owned))
            .collect()
    };
    let indexed = ids(
        tables.items(&json!({ "TableName": ORDERS_TABLE, "IndexName": "open_by_payment" })),
        true,
    );
    let open = ids(tables.items(&json!({ "TableName": ORDERS_TABLE })), false);
    (indexed != open).then(|| format!("the index holds {indexed:?}, open are {open:?}"))
}
