//! What the tests of the whole system stand on: seasons and what is expected of them, an embedded cloud of one's own,
//! the `waymark` command as a process, and faults.
//!
//! Everything goes through the front door: files are uploaded, nights are run, the ledger and the reports are read.
//! No rule is implemented here a second time. What the rulebook says of a season was computed elsewhere
//! (`expected.json`), and a made-up season has no expectation: its runs are held against each other.

mod command;
mod expected;
mod fault;
mod ledger;
mod made_up;
mod own_cloud;
mod pause;
mod refusals;
mod season;

pub use command::{Ran, Running, Waymark};
pub use expected::{Expected, SellerFigures, figures_of_months};
pub use fault::Fuse;
pub use ledger::{NetFine, entries, net, standing_holds, written};
pub use made_up::made_up;
pub use own_cloud::{OwnCloud, operator_key, seller_key};
pub use pause::{Paused, pausing_lake};
pub use refusals::{Refusal, TableCall, refusing};
pub use season::{Season, Table, real_season};

use std::collections::BTreeMap;
use std::fmt::Debug;

use domain::Timestamp;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// An instant of a test.
///
/// # Panics
/// When the text is none.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant of a test is RFC 3339")
}

/// The seed of this run: `SEED` where it is set, else the test's own. Printed, so that a failure can be had again.
///
/// # Panics
/// When `SEED` is no whole number.
#[expect(clippy::print_stdout, reason = "whoever reads of a failure needs its seed")]
pub fn seed(own: u64) -> u64 {
    let seed = std::env::var("SEED").map_or(own, |seed| seed.parse().expect("SEED is a whole number"));
    println!("SEED={seed}");
    seed
}

/// Starts work beside other work, truly at the same time: on a thread of its own.
///
/// (A handler's future is not `Send` enough to be spawned; the thread makes it in place.)
///
/// # Panics
/// Outside a runtime.
pub fn beside<R: Future<Output: Send + 'static>>(
    work: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R::Output> {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work()))
}

/// Where two collections differ, whatever their order: a line for each thing that one holds more often than the
/// other, so that the first of thousands can be read.
pub fn differences<T: Ord + Debug>(
    expected: impl IntoIterator<Item = T>,
    found: impl IntoIterator<Item = T>,
) -> Vec<String> {
    let mut surplus: BTreeMap<T, i64> = BTreeMap::new();
    for thing in expected {
        *surplus.entry(thing).or_default() -= 1;
    }
    for thing in found {
        *surplus.entry(thing).or_default() += 1;
    }
    let told = surplus.into_iter().filter(|(_, count)| *count != 0);
    told.map(|(thing, count)| format!("{} {thing:?}", if count < 0 { "missing" } else { "surplus" }))
        .collect()
}

/// Fails unless two collections hold the same, whatever their order; tells the first differences.
///
/// # Panics
/// When they differ.
pub fn assert_same<T: Ord + Debug>(
    what: &str,
    expected: impl IntoIterator<Item = T>,
    found: impl IntoIterator<Item = T>,
) {
    const TOLD_MAX: usize = 20;
    let differences = differences(expected, found);
    let told = &differences[..differences.len().min(TOLD_MAX)];
    assert!(
        differences.is_empty(),
        "{what}: {} differences\n  {}",
        differences.len(),
        told.join("\n  ")
    );
}
