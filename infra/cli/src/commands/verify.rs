//! `waymark ledger verify`: proves what must always be true of the ledger: its entries against each other and against
//! what the orders remember of them, the nights' journal against the entries, and the closes against themselves, the
//! entries and the table. Run between nights: what is posted while it reads may look like a discrepancy.

pub(crate) mod copied;
mod nights;

use std::collections::{HashMap, HashSet};

use domain::audit::{audit, remembered_balance};
use domain::close::ClosedNight;
use domain::{Cents, LedgerEntry, OrderId};
use lake::ChainProof;
use serde::Serialize;

use super::ledger::entries_of_sellers;
use crate::Done;
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::{Terminal, short_sha256};

/// Discrepancies told; the rest are counted.
const TOLD_MAX: usize = 100;

/// What the proof came to.
#[derive(Default, Serialize)]
pub(crate) struct Proof {
    ok: bool,
    orders: u64,
    entries: u64,
    /// Nights that have begun.
    nights: u64,
    /// Nights that are closed.
    closed: u64,
    /// The newest close. Keep its SHA-256 elsewhere, and no close can be taken away unseen.
    newest_close: Option<ClosedNight>,
    /// Sum of the entries.
    balance: Cents,
    /// Sum of the fines that the orders remember as standing.
    remembered: Cents,
    discrepancies: u64,
    told: Vec<String>,
}

pub(crate) async fn run(backend: &Backend, adopt: bool, terminal: &Terminal) -> Result<Done, CommandError> {
    if adopt {
        let adopted = adopt_entries(backend).await?;
        let said = terminal.say("orders took up their entries", "个订单补记了分录");
        terminal.line(format!("{adopted} {said}"));
    }
    prove(backend).await?.show(terminal)
}

/// Has each order that does not remember its entries take them up; gives how many did.
async fn adopt_entries(backend: &Backend) -> Result<u64, CommandError> {
    let (mut adopted, mut cursor) = (0, None);
    loop {
        let page = backend.store.scan_orders(0, 1, cursor.as_ref()).await?;
        for stored in page.found.into_iter().flatten() {
            adopted += u64::from(backend.store.adopt_entries(stored, &backend.policy).await?);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(adopted);
        }
    }
}

pub(crate) async fn prove(backend: &Backend) -> Result<Proof, CommandError> {
    let mut proof = Proof::default();
    let mut entries = entries_of_sellers(backend, None, None).await?;
    // An order's entries lie together, in their own order, so that none is held twice.
    entries.sort_by(|a, b| a.order_id.cmp(&b.order_id));
    prove_orders(backend, &entries, &mut proof).await?;
    nights::prove_journal(backend, &entries, &mut proof).await?;
    nights::prove_closes(backend, &entries, &mut proof).await?;
    proof.ok = proof.discrepancies == 0;
    Ok(proof)
}

/// Holds the entries, which lie by order, against each other and against the orders.
async fn prove_orders(
    backend: &Backend,
    entries: &[LedgerEntry],
    proof: &mut Proof,
) -> Result<(), CommandError> {
    let by_order = entries.chunk_by(|entry, next| entry.order_id == next.order_id);
    let mut by_order: HashMap<&OrderId, &[LedgerEntry]> =
        by_order.map(|entries| (&entries[0].order_id, entries)).collect();
    let mut ids = HashSet::new();
    for entry in entries {
        proof.entries += 1;
        if entry.kind.moves_money() {
            proof.balance += entry.amount;
        }
        if !ids.insert(&entry.entry_id) {
            proof.tell(format!("entry {} stands twice", entry.entry_id));
        }
    }
    let mut cursor = None;
    loop {
        let page = backend.store.scan_orders(0, 1, cursor.as_ref()).await?;
        for scanned in page.found {
            proof.orders += 1;
            match scanned {
                Ok(stored) => {
                    let entries = by_order.remove(&stored.order.order_id).unwrap_or_default();
                    proof.remembered += remembered_balance(&stored.order);
                    audit(&stored.order, entries)
                        .into_iter()
                        .for_each(|discrepancy| proof.tell(discrepancy));
                }
                Err((order_id, error)) => proof.tell(format!("order {order_id}: {error}")),
            }
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    // An order leaves the table long after it was settled; its entries stay.
    let departed: Cents = by_order
        .values()
        .copied()
        .flatten()
        .filter(|entry| entry.kind.moves_money())
        .map(|entry| entry.amount)
        .sum();
    if proof.balance != proof.remembered + departed {
        proof.tell(format!(
            "the entries sum up to {}, the orders remember {}",
            proof.balance,
            proof.remembered + departed
        ));
    }
    Ok(())
}

impl Proof {
    /// Whether nothing was found.
    pub(crate) fn is_sound(&self) -> bool {
        self.ok
    }

    fn tell(&mut self, discrepancy: String) {
        self.discrepancies += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(discrepancy);
        }
    }

    /// Takes over what was found in a chain of closes.
    fn take(&mut self, chain: ChainProof) {
        self.closed = chain.closes.len() as u64;
        self.newest_close = chain.closes.into_iter().next_back();
        self.discrepancies += chain.findings;
        self.told.extend(chain.told);
        self.told.truncate(TOLD_MAX);
    }

    fn show(&self, terminal: &Terminal) -> Result<Done, CommandError> {
        terminal.machine(self)?;
        for discrepancy in &self.told {
            terminal.line(format!("  {discrepancy}"));
        }
        let verdict = if self.ok {
            terminal.say("the ledger is sound", "账本无误")
        } else {
            terminal.say("THE LEDGER IS NOT SOUND", "账本有误")
        };
        // A copy of the closes knows no orders.
        let orders = match self.orders {
            0 => String::new(),
            orders => format!(
                "{}{}",
                terminal.count(orders, "order", "个订单"),
                terminal.comma()
            ),
        };
        terminal.line(format!(
            "{verdict}{}{orders}{}{comma}{}{comma}{} {} USD{comma}{}",
            terminal.colon(),
            terminal.count(self.entries, "entry", "条分录"),
            terminal.count(self.closed, "night closed", "夜已结账"),
            terminal.say("balance", "余额"),
            self.balance,
            terminal.count(self.discrepancies, "discrepancy", "处不符"),
            comma = terminal.comma()
        ));
        if let Some(newest) = &self.newest_close {
            terminal.line(format!(
                "{} {}, {}, sha256 {}",
                terminal.say("newest close: no.", "最近一次结账：第"),
                newest.number,
                terminal.moment(newest.as_of),
                short_sha256(&newest.sha256)
            ));
        }
        Ok(if self.ok { Done::Well } else { Done::WithFindings })
    }
}
