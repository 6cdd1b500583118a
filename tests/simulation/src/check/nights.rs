//! What must hold of what a night leaves behind: its close, and its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::close::ClosedNight;
use lake::ChainProof;
use serde_json::Value;

use super::order_ids;
use crate::model::{Standing, Subject};
use crate::tables::Tables;
use crate::watch::{Entry, cents, counted, entries_of, seconds};

/// What every order owed, as the reference said when the night was over.
pub type Owed = BTreeMap<String, BTreeMap<Subject, Standing>>;

/// The ledger's entries that were posted as of a night and not withdrawn.
pub fn posted(tables: &Tables, as_of: i64) -> Vec<Entry> {
    let mut posted = Vec::new();
    for id in order_ids(tables) {
        let entries = entries_of(tables, &id);
        let of_night = counted(&entries)
            .into_iter()
            .filter(|entry| seconds(&entry.as_of) == as_of);
        posted.extend(of_night.cloned());
    }
    posted
}

/// Money that entries moved, in cents.
fn moved<'a>(entries: impl Iterator<Item = &'a Entry>) -> i64 {
    entries
        .filter(|entry| entry.kind == "fine" || entry.kind == "reversal")
        .map(|entry| entry.cents)
        .sum()
}

/// What is wrong with the closes, of which `directory` is a copy: the chain does not hold, an entry is in none or in
/// another night's, or the nights up to one do not come to what the reference said after it.
///
/// # Panics
/// When the copy cannot be read.
pub fn check_closes(directory: &Path, tables: &Tables, owed: &BTreeMap<i64, Owed>) -> Vec<String> {
    let mut closed: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    let mut misplaced = Vec::new();
    let proof: ChainProof = lake::prove_chain(directory, |close, entry| {
        let as_of = entry.as_of.unix();
        // A void close holds entries as of what it withdraws.
        let is_in_place = if close.withdraws.is_some() {
            as_of > close.as_of.unix()
        } else {
            as_of == close.as_of.unix()
        };
        if !is_in_place {
            misplaced.push(format!("{} is in the close of {}", entry.entry_id, close.as_of));
        }
        closed.entry(as_of).or_default().insert(entry.entry_id.clone());
    })
    .expect("the copy can be read");
    let mut broken = proof.told;
    broken.extend(misplaced);
    let mut ledger: BTreeMap<i64, Vec<Entry>> = BTreeMap::new();
    for id in order_ids(tables) {
        for entry in entries_of(tables, &id) {
            ledger.entry(seconds(&entry.as_of)).or_default().push(entry);
        }
    }
    let ids = |entries: &Vec<Entry>| {
        entries
            .iter()
            .map(|entry| entry.id.clone())
            .collect::<BTreeSet<_>>()
    };
    let posted: BTreeMap<i64, BTreeSet<String>> =
        ledger.iter().map(|(at, entries)| (*at, ids(entries))).collect();
    if closed != posted {
        broken.push(format!("closed are {closed:?}, posted were {posted:?}"));
    }
    for (as_of, owed) in owed {
        let due: i64 = owed.values().flat_map(BTreeMap::values).map(fined).sum();
        let balance = moved(ledger.range(..=as_of).flat_map(|(_, entries)| entries));
        // A night that was withdrawn and held again has two.
        let of_night = |close: &&ClosedNight| close.as_of.unix() == *as_of && close.withdrawal.is_none();
        let close = proof.closes.iter().rfind(of_night);
        if balance != due || close.map(|close| close.balance.0) != Some(due) {
            broken.push(format!(
                "after the night {as_of} {due} were owed; its entries come to {balance}, its close says {close:?}"
            ));
        }
    }
    broken
}

fn fined(standing: &Standing) -> i64 {
    match standing {
        Standing::Fine(cents) => *cents,
        Standing::Held(_) => 0,
    }
}

/// What is wrong with a night's digest. `owed`: what the reference says is due, where the night was alone and whole.
pub fn check_digest(digest: &Value, tables: &Tables, as_of: i64, owed: Option<&Owed>) -> Vec<String> {
    let mut broken = Vec::new();
    let posted = posted(tables, as_of);
    let told = digest["fines"]["entries"].as_array().into_iter().flatten();
    let told: BTreeSet<&str> = told.filter_map(|entry| entry["entry_id"].as_str()).collect();
    let ids: BTreeSet<&str> = posted.iter().map(|entry| entry.id.as_str()).collect();
    let balance = amount(&digest["fines"]["balance"]);
    if told != ids || balance != moved(posted.iter()) {
        broken.push(format!(
            "the digest of {as_of} tells of {told:?} and {balance}; posted were {posted:?}"
        ));
    }
    let Some(owed) = owed else { return broken };
    if digest["missing"] != serde_json::json!([]) {
        broken.push(format!("the digest of {as_of} lacks {}", digest["missing"]));
    }
    let shadow = &digest["shadow"];
    if !shadow.is_null() {
        let due: Vec<Standing> = owed.values().flat_map(BTreeMap::values).copied().collect();
        let held = |standing: &&Standing| matches!(standing, Standing::Held(_));
        let expected = (
            due.iter().map(fined).sum::<i64>(),
            due.iter().filter(held).count() as u64,
        );
        let in_force = &shadow["total"]["in_force"];
        let told = (
            amount(&in_force["fined"]),
            in_force["holds"].as_u64().unwrap_or_default(),
        );
        if told != expected {
            broken.push(format!(
                "the shadow of {as_of} compares with {told:?} where {expected:?} is due"
            ));
        }
    }
    broken
}

fn amount(document: &Value) -> i64 {
    cents(document.as_str().unwrap_or_default())
}
