//! What the nights say of the ledger: their journal, and their closes.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::close::ClosedNight;
use domain::count::counted;
use domain::{LedgerEntry, Timestamp};
use lake::prove_chain;
use store::{NEVER, Night};

use super::Proof;
use crate::backend::Backend;
use crate::failure::CommandError;

/// Holds the journal of every night against the entries.
pub(super) async fn prove_journal(
    backend: &Backend,
    entries: &[LedgerEntry],
    proof: &mut Proof,
) -> Result<(), CommandError> {
    let mut by_night: BTreeMap<Timestamp, HashSet<&str>> = BTreeMap::new();
    for entry in entries {
        by_night.entry(entry.as_of).or_default().insert(&entry.entry_id);
    }
    for night in backend.store.nights(None, NEVER).await? {
        proof.nights += 1;
        let as_of = night.as_of;
        let mut ids = by_night.remove(&as_of).unwrap_or_default();
        let postings = backend.store.postings_of_night(as_of).await?;
        for id in postings.into_iter().flat_map(|posting| posting.entry_ids) {
            if !ids.remove(id.as_str()) {
                proof.tell(format!(
                    "the journal of {as_of} names entry {id}, which that night did not post or which it names twice"
                ));
            }
        }
        for id in ids {
            proof.tell(format!("the journal of {as_of} does not name its entry {id}"));
        }
    }
    for (as_of, ids) in by_night {
        proof.tell(format!(
            "{} of {as_of}, a night that never began, such as {}",
            counted(ids.len() as u64, "entry"),
            ids.iter().min().unwrap_or(&"")
        ));
    }
    Ok(())
}

/// Holds the closes in the bucket against themselves, the entries and the table.
pub(super) async fn prove_closes(
    backend: &Backend,
    entries: &[LedgerEntry],
    proof: &mut Proof,
) -> Result<(), CommandError> {
    let copy = tempfile::tempdir().map_err(|error| {
        CommandError::usage(format!(
            "no room for a copy of the closes: {error} | 没有空间复制结账文件：{error}"
        ))
    })?;
    backend.lake.fetch_closes(copy.path()).await?;
    let mut unclosed: HashMap<&str, &LedgerEntry> = entries
        .iter()
        .map(|entry| (entry.entry_id.as_str(), entry))
        .collect();
    let mut differing = Vec::new();
    let chain = prove_chain(copy.path(), |close, entry| {
        if unclosed.remove(entry.entry_id.as_str()) != Some(entry) {
            differing.push(format!(
                "entry {} of the close of {} is not so in the ledger",
                entry.entry_id, close.as_of
            ));
        }
    })?;
    let closes = chain.closes.clone();
    proof.take(chain);
    differing.into_iter().for_each(|told| proof.tell(told));

    let nights = backend.store.nights(None, NEVER).await?;
    prove_nights(&nights, &closes, proof);
    prove_withdrawals(backend, &closes, proof).await?;
    let newest = backend.store.newest_close().await?;
    if newest.as_ref() != closes.last() {
        proof.tell("the newest close is not the one that the table remembers".to_owned());
    }
    let closed = |night: &&Night| night.withdrawn.is_none() && night.closed.is_some();
    let closed_until = nights.iter().rfind(closed).map(|night| night.as_of);
    let missed = nights
        .iter()
        .filter(|night| night.is_open() && Some(night.as_of) <= closed_until);
    for night in missed {
        proof.tell(format!(
            "the night {} was never closed, and a later one was",
            night.as_of
        ));
    }
    let withdrawn: HashSet<Timestamp> = nights
        .iter()
        .filter(|night| night.withdrawn.is_some())
        .map(|night| night.as_of)
        .collect();
    for (id, _) in unclosed
        .into_iter()
        .filter(|(_, entry)| Some(entry.as_of) <= closed_until || withdrawn.contains(&entry.as_of))
    {
        proof.tell(format!("entry {id} is of a closed night and in no close"));
    }
    Ok(())
}

/// Holds the nights' closes against what the table remembers of each; of a night that was closed again the newest.
fn prove_nights(nights: &[Night], closes: &[ClosedNight], proof: &mut Proof) {
    let of_nights = closes.iter().filter(|close| close.withdrawal.is_none());
    let mut kept: BTreeMap<Timestamp, _> = of_nights.map(|close| (close.as_of, close)).collect();
    for night in nights {
        let close = kept.remove(&night.as_of);
        // Begun anew after it was withdrawn: its close is still to come.
        let is_begun_anew = night.is_open() && night.reruns > 0;
        if night.closed.as_ref() != close && !is_begun_anew {
            proof.tell(format!(
                "the close of {} is not the one that the table remembers",
                night.as_of
            ));
        }
    }
    for as_of in kept.into_keys() {
        proof.tell(format!("the close of {as_of} is of a night that never began"));
    }
}

/// Holds the void closes against the withdrawals that the table remembers.
async fn prove_withdrawals(
    backend: &Backend,
    closes: &[ClosedNight],
    proof: &mut Proof,
) -> Result<(), CommandError> {
    let mut void = closes.iter().filter(|close| close.withdrawal.is_some());
    for noted in backend.store.withdrawals().await? {
        let after = noted.withdrawal.after;
        if noted.closed.is_none() {
            proof.tell(format!(
                "a withdrawal after {after} is not done; run `waymark nights withdraw --after {after}`"
            ));
        } else if noted.closed.as_ref() != void.next() {
            proof.tell(format!(
                "the void close after {after} is not the one that the table remembers"
            ));
        }
    }
    for close in void {
        proof.tell(format!(
            "the void close after {} is of no withdrawal",
            close.as_of
        ));
    }
    Ok(())
}
