//! `waymark ledger verify`: proves what must always be true of the ledger, against what the orders remember of it.

use std::collections::{HashMap, HashSet};

use domain::audit::{audit, remembered_balance};
use domain::{Cents, LedgerEntry, OrderId};
use serde::Serialize;

use super::ledger::entries_of_sellers;
use crate::Done;
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// Discrepancies told; the rest are counted.
const TOLD_MAX: usize = 100;

/// What the proof came to.
#[derive(Default, Serialize)]
pub(crate) struct Proof {
    ok: bool,
    orders: u64,
    entries: u64,
    /// Sum of the entries.
    balance: Cents,
    /// Sum of the fines that the orders remember as standing.
    remembered: Cents,
    discrepancies: u64,
    told: Vec<String>,
}

pub(crate) async fn run(backend: &Backend, terminal: &Terminal) -> Result<Done, CommandError> {
    let proof = prove(backend).await?;
    terminal.machine(&proof)?;
    for discrepancy in &proof.told {
        terminal.line(format!("  {discrepancy}"));
    }
    let verdict = if proof.ok {
        terminal.say("the ledger is sound", "账本无误")
    } else {
        terminal.say("THE LEDGER IS NOT SOUND", "账本有误")
    };
    terminal.line(format!(
        "{verdict}: {} {}, {} {}, {} {} USD, {} {}",
        proof.orders,
        terminal.say("orders", "个订单"),
        proof.entries,
        terminal.say("entries", "条分录"),
        terminal.say("balance", "余额"),
        proof.balance,
        proof.discrepancies,
        terminal.say("discrepancies", "处不符"),
    ));
    Ok(if proof.ok { Done::Well } else { Done::WithFindings })
}

pub(crate) async fn prove(backend: &Backend) -> Result<Proof, CommandError> {
    let mut proof = Proof::default();
    let mut by_order: HashMap<OrderId, Vec<LedgerEntry>> = HashMap::new();
    let mut ids = HashSet::new();
    for entry in entries_of_sellers(backend, None, None).await? {
        proof.entries += 1;
        if entry.kind.moves_money() {
            proof.balance += entry.amount;
        }
        if !ids.insert(entry.entry_id.clone()) {
            proof.tell(format!("entry {} stands twice", entry.entry_id));
        }
        by_order.entry(entry.order_id.clone()).or_default().push(entry);
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
                    audit(&stored.order, &entries)
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
    proof.ok = proof.discrepancies == 0;
    Ok(proof)
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
}
