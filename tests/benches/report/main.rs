//! The eligibility report's figures over 20 million orders, beside what else would make them: DuckDB, Polars, DataFusion and
//! pandas with the aggregate of `../shared/bench`, each reading the generator's own files.
//!
//! `make bench`; `WAYMARK_BENCH_ORDERS` sets the orders (20,000,000), `WAYMARK_BENCH_ROUNDS` the rounds (3). The peers and
//! the generator need Python; where they are absent nothing is measured, and that is said. Ours reads the same orders as
//! the lake holds them once compacted (one row an order, our schema, our writer): each order's standings are derived from
//! the generator's instants when its row is written, as `order-history` derives them. `compare.py` holds the answers against
//! each other: orders, GMV, fulfilment and sign-offs of every seller, and who is eligible.
//!
//! *Cold* folds three months; *warm* one, and reads what is kept of the other two. Ours makes more of the rows than the
//! peers: five figures, destinations, carriers and missing nodes by seller, the verdicts with their reasons, csv and
//! Parquet. The raw lake, eight rows an order in any order and some twice, is measured apart.
//!
//! Contenders take turns, round by round; medians and ratios of this run are printed. Wall time of the whole process;
//! processor time of all its threads and peak memory as the kernel counts them.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod figures;
mod lake_files;
#[path = "../peers/mod.rs"]
mod peers;
mod telling;

use std::path::Path;
use std::process::Command;

use peers::{Contender, in_turns, number};
use telling::tell;

/// Orders of the raw lake; eight rows each.
const RAW_ORDERS: u64 = 2_500_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, rest @ ..] = arguments.as_slice()
        && mode.starts_with("ours-")
    {
        return figures::run(mode, rest);
    }
    let (orders, rounds) = (
        number("WAYMARK_BENCH_ORDERS", 20_000_000),
        number("WAYMARK_BENCH_ROUNDS", 3),
    );
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bench");
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-report");
    std::fs::create_dir_all(&work).expect("a directory");
    let Some(python) = peers::python(&scripts, &work) else {
        println!("the peers and the generator are absent: nothing is measured");
        return;
    };
    let generator = scripts.join("gen_orders_parquet.py");
    let generated = work.join(format!("orders-{orders}"));
    let generated = peers::generated(&python, &generator, &generated, orders);
    let lake = work.join(format!("lake-{orders}"));
    lake_files::compacted(&generated, &lake);
    run_once("ours-keep", &lake, &work.join("kept"));
    println!("{orders} orders, three of four months; {rounds} rounds, medians");
    println!(
        "{} MB of the generator's files, {} MB of the lake's",
        megabytes(&generated),
        megabytes(&lake)
    );
    let contenders = contenders(&python, &scripts, &work, &generated, &lake);
    let runs = in_turns(&contenders, rounds);
    tell(&contenders, &runs, orders);
    for contender in &contenders[1..] {
        let same = Command::new(&python)
            .arg(scripts.join("report/compare.py"))
            .arg(work.join("waymark.csv"))
            .arg(work.join(format!("{}.csv", contender.name)))
            .output();
        let said = same.map(|same| String::from_utf8_lossy(&same.stdout).trim().to_owned());
        println!("waymark and {}: {}", contender.name, said.unwrap_or_default());
    }
    raw(&work, &generated, rounds);
}

/// The raw lake, beside the same rows once compacted: the collapsed figures must be the same.
fn raw(work: &Path, generated: &Path, rounds: u64) {
    let lake = work.join("lake-raw");
    let rows = lake_files::raw(generated, &lake, RAW_ORDERS);
    println!(
        "raw lake: {RAW_ORDERS} orders in {rows} rows, {} MB",
        megabytes(&lake)
    );
    let contenders = [ours("raw", "ours-cold", &lake, work)];
    let runs = in_turns(&contenders, rounds);
    tell(&contenders, &runs, rows);
}

fn contenders(python: &Path, scripts: &Path, work: &Path, generated: &Path, lake: &Path) -> Vec<Contender> {
    let peer = |name: &'static str, script: &str| {
        let (python, script) = (python.to_owned(), scripts.join("report").join(script));
        let (orders, out, work) = (
            generated.to_owned(),
            work.join(format!("{name}.csv")),
            work.to_owned(),
        );
        Contender {
            name,
            command: Box::new(move || {
                let mut command = Command::new(&python);
                command.arg(&script).arg(&orders).arg(&out).env("THREADS", "2");
                command.current_dir(&work);
                command
            }),
            done: &[0],
        }
    };
    let mut contenders = vec![
        ours("waymark", "ours-cold", lake, work),
        ours("warm", "ours-warm", lake, work),
        peer("polars", "polars_lazy.py"),
        peer("duckdb", "duckdb_sql.py"),
        peer("datafusion", "datafusion_sql.py"),
    ];
    // It holds all rows at once: beyond so many there is no room for it.
    if number("WAYMARK_BENCH_ORDERS", 20_000_000) <= 50_000_000 {
        contenders.push(peer("pandas", "pandas_agg.py"));
    }
    contenders
}

fn ours(name: &'static str, mode: &'static str, lake: &Path, work: &Path) -> Contender {
    let (lake, kept, out) = (
        lake.to_owned(),
        work.join("kept"),
        work.join(format!("{name}.csv")),
    );
    Contender {
        name,
        command: Box::new(move || {
            let mut command = Command::new(std::env::current_exe().expect("this bench"));
            command.arg(mode).arg(&lake).arg(&kept).arg(&out);
            command
        }),
        done: &[0],
    }
}

fn run_once(mode: &str, lake: &Path, kept: &Path) {
    let mut command = Command::new(std::env::current_exe().expect("this bench"));
    let ran = command.arg(mode).arg(lake).arg(kept).arg("-").status();
    assert!(ran.expect("this bench starts").success(), "{mode} failed");
}

fn megabytes(folder: &Path) -> u64 {
    fn bytes(folder: &Path) -> u64 {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        let sizes = entries.map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        });
        sizes.sum()
    }
    bytes(folder) / 1_000_000
}
