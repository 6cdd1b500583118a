//! What it takes to fold a month of the lake into one set: eight rows an order in batches as they came, in any order, some
//! twice, from the embedded bucket and back to it.
//!
//! `make bench`; `WAYMARK_BENCH_ROWS` sets the rows (1,000,000), `WAYMARK_BENCH_ROUNDS` how often (3). Times are of this
//! machine and this run: quote ratios.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::time::{Duration, Instant};

use domain::{Month, shard_hash};
use lake::{Compaction, Extent, OrderRow};
use tests::OwnCloud;

/// Rows of a batch: a few minutes of a busy month.
const BATCH_ROWS: usize = 25_000;
const VERSIONS: i64 = 8;
const PAID_AT: i64 = 1_712_000_000;
/// Bytes of an order as stored, about; as hard to squeeze as ids and instants are.
const STATE_BYTES: usize = 300;

fn main() {
    let number = |name: &str, default: i64| {
        let set = std::env::var(name).ok().and_then(|text| text.parse().ok());
        set.unwrap_or(default)
    };
    let rows = number("WAYMARK_BENCH_ROWS", 1_000_000);
    let rounds = number("WAYMARK_BENCH_ROUNDS", 3);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(bench(rows, rounds));
}

async fn bench(rows: i64, rounds: i64) {
    let mut times = Vec::new();
    for round in 1..=rounds {
        let cloud = OwnCloud::new().await;
        let month: Month = "2024-04".parse().expect("a month");
        let mut batches = 0;
        let mut all: Vec<i64> = (0..rows).collect();
        all.sort_by_key(|row| shard_hash(&row.to_be_bytes()));
        for batch in all.chunks(BATCH_ROWS) {
            let batch: Vec<OrderRow> = batch
                .iter()
                .map(|row| order_row(row / VERSIONS, row % VERSIONS))
                .collect();
            let name = format!("batch-{batches:06}");
            cloud
                .lake
                .put_order_rows(month, &name, &batch)
                .await
                .expect("a batch is written");
            batches += 1;
        }
        let scratch = tempfile::tempdir().expect("a directory");
        let compaction = Compaction {
            month,
            extent: Extent::Month,
        };
        let began = Instant::now();
        let compacted = cloud
            .lake
            .compact(compaction, scratch.path())
            .await
            .expect("a compaction");
        let took = began.elapsed();
        println!(
            "round {round}: {} rows of {batches} batches into {} files in {took:.2?}; the most memory so far {} MB",
            compacted.rows,
            compacted.files_written,
            peak_mb()
        );
        times.push(took);
    }
    times.sort();
    let median: Duration = times[times.len() / 2];
    println!("median {median:.2?}");
}

/// What the process held at most, as Linux tells it; the emulator and the bench's own rows among it.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024 / 1_000_000
}

fn order_row(order: i64, version: i64) -> OrderRow {
    let learned_at = PAID_AT + order % 2_000_000 + version * 40_000;
    let state =
        (0..STATE_BYTES).map(|place| shard_hash(&[order.to_be_bytes(), [place as u8 / 4; 8]].concat()) as u8);
    OrderRow {
        order_id: format!("{}", 8_100_000_000_000_000 + order * 7),
        seller_id: format!("S{:05}", order % 13_000),
        version,
        learned_at,
        paid_at: PAID_AT + order % 2_000_000,
        destination: ["ES", "BR", "FR", "US"][order as usize % 4].to_owned(),
        policy: "V4.2".to_owned(),
        policy_early: false,
        gmv_cents: order % 90_000,
        excluded: false,
        fulfilment_met: (version > 1).then_some(true),
        fulfilment_at: (version > 1).then_some(learned_at),
        upload_met: true,
        upload_at: learned_at,
        pickup_met: (version > 1).then_some(true),
        pickup_at: (version > 1).then_some(learned_at),
        delivery_met: version == VERSIONS - 1,
        delivery_at: learned_at,
        nodes_met: None,
        nodes_at: None,
        nodes_missing: None,
        carrier: Some("dhl".to_owned()),
        first_upload_at: Some(learned_at),
        late_pickup_at: None,
        unconfirmed: None,
        superseded_at: None,
        state: state.collect(),
    }
}
