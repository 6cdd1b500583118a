//! Transactions in flight: DynamoDB refuses what shares an item with one of them, be it only in a condition.
//!
//! The emulator carries a transaction out in no time, so it never refuses one for another's sake. This does.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The items of the transactions in flight. Clones are the same items.
#[derive(Clone, Debug, Default)]
pub struct InFlight {
    items: Arc<Mutex<HashSet<String>>>,
    met: Arc<AtomicU64>,
    is_ignored: bool,
}

/// The items of one transaction, until this is dropped.
#[derive(Debug)]
pub struct Held {
    in_flight: InFlight,
    items: Vec<String>,
}

impl InFlight {
    /// For comparison: no transaction meets another.
    pub fn ignored() -> Self {
        Self {
            is_ignored: true,
            ..Self::default()
        }
    }

    /// Whether a transaction in flight has one of these items.
    pub fn meet(&self, items: &[String]) -> bool {
        let held = self.items();
        let met = items.iter().any(|item| held.contains(item));
        self.met.fetch_add(met.into(), Ordering::Relaxed);
        met
    }

    /// How often that was so.
    pub fn met(&self) -> u64 {
        self.met.load(Ordering::Relaxed)
    }

    /// Holds the items of a transaction; `None` when another one has one of them.
    pub fn hold(&self, items: Vec<String>) -> Option<Held> {
        if self.meet(&items) {
            return None;
        }
        let items = if self.is_ignored { Vec::new() } else { items };
        self.items().extend(items.iter().cloned());
        Some(Held {
            in_flight: self.clone(),
            items,
        })
    }

    fn items(&self) -> MutexGuard<'_, HashSet<String>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.in_flight.items();
        for item in &self.items {
            held.remove(item);
        }
    }
}
