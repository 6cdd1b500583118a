//! What a night costs over live orders, one in a hundred of them due: time, processor and memory of the stall pass beside
//! a bare read of the same table in the same segments and pages, and beside that read with as many bare transactions of the
//! items that the pass posted (which are the emulator's time alone); the capacity that each scan consumes, for a night and
//! for a fine; the same of a night on which nothing is due.
//!
//! `make bench`; `WAYMARK_BENCH_ORDERS` sets the number of orders (1,000,000; first a tenth of them is measured, to see
//! what grows). The tables run in this process: times and memory hold both sides. Times are of this machine and this
//! run: quote ratios.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod bare;
mod orders;
mod postings;
mod spent;
mod steps;

use std::time::{Duration, Instant};

use domain::{Elapsed, Timestamp};
use local::{Cloud, Options};
use spent::{Spent, measured, median};
use store::{CapacityUsed, ScanOutcome};

const ORDERS: u64 = 1_000_000;
/// Bare reads and passes of a night on which nothing is due, in turns.
const ROUNDS: usize = 3;

fn main() {
    // `cargo bench` hands its own arguments; there is one bench, so none matters.
    let orders = std::env::var("WAYMARK_BENCH_ORDERS")
        .ok()
        .and_then(|text| text.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(bench(orders.unwrap_or(ORDERS)));
}

async fn bench(orders: u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        data_dir: directory.path().to_path_buf(),
        policy: None,
    };
    let cloud = Cloud::open(options).await.expect("a cloud");
    let mut night: Timestamp = "2024-06-12T07:00:00Z".parse().expect("an instant");
    let made_as_of = night;
    let mut loaded = 0;
    for size in [orders / 10, orders] {
        let began = Instant::now();
        orders::load(&cloud, loaded..size, made_as_of).await;
        println!(
            "{size} live orders; {} loaded in {:.0?}",
            size - loaded,
            began.elapsed()
        );
        nights(&cloud, size - loaded, night).await;
        loaded = size;
        night = night.plus(Elapsed::hours(2));
    }
}

/// A night on which one in a hundred of the orders just `loaded` is due, and another one with nothing due.
async fn nights(cloud: &Cloud, loaded: u64, night: Timestamp) {
    let items = bare::sizes(cloud).await;
    // Eventually consistent: half a unit for each 4 KB.
    let asked_for = items.bytes.div_ceil(8_192);
    println!(
        "  {} bytes an order; their size asks for {asked_for} read units",
        items.bytes / items.count.max(1)
    );
    let (signoffs, spent) = measured(cloud, cloud.scan_signoffs(night)).await;
    print_scan("sign-off scan", signoffs.expect("a scan"), &spent);

    let mut reads = vec![bare_read(cloud, items.count).await];
    let (stalls, spent) = measured(cloud, cloud.scan_stalls(night)).await;
    let stalls = stalls.expect("a pass");
    assert_eq!(
        stalls.tally.posted,
        loaded / orders::DUE_ONE_IN,
        "what is due is posted"
    );
    print_scan("stall pass", stalls, &spent);
    print_ratio("the bare read", &spent, &reads);
    let calls = postings::like_those_of(cloud, night).await;
    let (written, posting) = measured(cloud, postings::write(calls)).await;
    println!("  {written} bare transactions of the same items: {posting}");
    let both = Spent {
        wall: reads[0].wall + posting.wall,
        processor: reads[0].processor + posting.processor,
        ..posting
    };
    print_ratio("the bare read and transactions", &spent, &[both]);

    let (closed, spent) = measured(cloud, cloud.close_night(night)).await;
    let entries = closed.expect("a close").close.map_or(0, |close| close.entries);
    println!("  close of {entries} entries: {spent}");
    let (made, spent) = measured(cloud, cloud.digest(night)).await;
    println!(
        "  digest, {} deadlines listed: {spent}",
        made.expect("a digest").listed
    );

    let mut passes = Vec::new();
    let next = night.plus(Elapsed::hours(1));
    for _ in 0..ROUNDS {
        reads.push(bare_read(cloud, items.count).await);
        let (stalls, spent) = measured(cloud, cloud.scan_stalls(next)).await;
        print_scan("stall pass, nothing due", stalls.expect("a pass"), &spent);
        passes.push(spent);
    }
    let typical = Spent {
        wall: median(&passes, |pass| pass.wall),
        processor: median(&passes, |pass| pass.processor),
        ..passes[0]
    };
    print_ratio("the bare read", &typical, &reads);
    let (signoffs, spent) = measured(cloud, cloud.scan_signoffs(next)).await;
    print_scan("sign-off scan, nothing due", signoffs.expect("a scan"), &spent);
    let mut page = Vec::new();
    for segment in 0..4 {
        page.extend(bare::page(cloud, segment).await);
    }
    steps::print(&page, &cloud.policy, next);
}

async fn bare_read(cloud: &Cloud, orders: u64) -> Spent {
    let (count, spent) = measured(cloud, bare::read(cloud)).await;
    assert_eq!(count, orders, "the read meets every order");
    println!("  bare read: {spent}");
    spent
}

fn print_scan(name: &str, outcome: ScanOutcome, spent: &Spent) {
    let tally = outcome.tally;
    assert_eq!(outcome.failed_count, 0, "{:?}", outcome.failed);
    println!(
        "  {name}: {} examined, {} fines; {spent}",
        tally.examined, tally.posted
    );
    let CapacityUsed {
        read_halves,
        write_halves,
    } = spent.used;
    let each = |halves: u64| halves.checked_div(tally.posted);
    if let (Some(reads), Some(writes)) = (each(read_halves), each(write_halves)) {
        println!("    for a fine: {reads} read and {writes} write half units");
    }
}

/// A pass beside the median of what it is held against.
fn print_ratio(beside: &str, pass: &Spent, reads: &[Spent]) {
    let percent = |of: Duration, than: Duration| of.as_millis() * 100 / than.as_millis().max(1);
    println!(
        "    beside {beside}: {} % of the time, {} % of the processor",
        percent(pass.wall, median(reads, |read| read.wall)),
        percent(pass.processor, median(reads, |read| read.processor)),
    );
}
