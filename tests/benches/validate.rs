//! `waymark validate` on a tracking file of five million rows, beside what else would do it: DuckDB, Polars and pandas with
//! rules of the same kind and number (`../shared/bench`), and the plain `csv` crate, which only splits, as the limit.
//!
//! `make bench`; `WAYMARK_BENCH_ROWS` sets the rows (5,000,000), `WAYMARK_BENCH_ROUNDS` the rounds (3). The peers
//! need Python and its packages; where they are absent only ours is measured, and that is said. All contenders take turns,
//! round by round; medians and ratios of this run are printed. Wall time of the whole process, reading and writing files
//! included; processor time of all its threads and peak memory as the kernel counts them. Where others use the machine,
//! processor time is the steadier of the two.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod peers;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use peers::{Contender, Run, in_turns, number, times};

/// What ours says of each row beyond what the peers do: they have 20 rules and write codes, no texts.
const CHECKED_BY_US: &str = "order id (shape, cut digits), carrier by name and alias, number (form, carrier's formats, check digit, \
    lost zero), instants, seller id, destination (country, embargo by day), amount in its currency, invoice and tax id by destination, \
    lateness by the policy in force, duplicates and numbers of other orders in the file; sellers' tricks undone and counted; every code \
    with cause, fix and clause in two languages; the file's encoding over all of it, and its SHA-256";
const CHECKED_BY_PEERS: &str = "required cells, shapes of order and seller id, carrier of 7, its one format, check digit, destination of a \
    list, denied destinations, instants, their order, lateness, amount, currency of 8, tax id and invoice by destination, duplicate orders \
    and numbers; codes of the refused rows, and the accepted rows copied";

fn main() {
    let rows = number("WAYMARK_BENCH_ROWS", 5_000_000);
    let rounds = number("WAYMARK_BENCH_ROUNDS", 3);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bench");
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-validate");
    std::fs::create_dir_all(&work).expect("a directory");
    let Some(python) = peers::python(&scripts, &work) else {
        println!("the peers and the generator are absent: nothing is measured");
        return;
    };
    let generator = scripts.join("gen_tracking_csv.py");
    let file = work.join(format!("tracking-{rows}.csv"));
    let file = peers::generated(&python, &generator, &file, rows);
    let bytes = std::fs::metadata(&file).expect("the file").len();
    println!("{rows} rows, {} MB; {rounds} rounds, medians", bytes / 1_000_000);
    let (took, split) = split_only(&file);
    println!("waymark checks: {CHECKED_BY_US}");
    println!("the peers check: {CHECKED_BY_PEERS}");
    println!(
        "{:<10} {:>8.2} s  {:>6} MB/s  {split} records split on one thread, nothing said of them",
        "csv crate",
        took.as_secs_f64(),
        megabytes_a_second(bytes, took)
    );
    let contenders = contenders(&python, &scripts, &work, &file);
    let runs = in_turns(&contenders, rounds);
    tell(&contenders, &runs, rows, bytes, took);
}

/// The limit: the `csv` crate over the same bytes.
fn split_only(file: &Path) -> (Duration, u64) {
    let began = Instant::now();
    let mut reader = csv::Reader::from_path(file).expect("the file");
    let mut record = csv::ByteRecord::new();
    let mut records = 0;
    while reader.read_byte_record(&mut record).expect("a record") {
        records += 1;
    }
    (began.elapsed(), records)
}

fn contenders(python: &Path, scripts: &Path, work: &Path, file: &Path) -> Vec<Contender> {
    let peer = |name: &'static str, script: &str| {
        let (python, script, file) = (
            python.to_owned(),
            scripts.join("validate").join(script),
            file.to_owned(),
        );
        let out = work.join(name);
        Contender {
            name,
            command: Box::new(move || {
                let mut command = Command::new(&python);
                command.arg(&script).arg(&file).arg(&out).env("THREADS", "2");
                command
            }),
            done: &[0],
        }
    };
    let (ours, out) = (file.to_owned(), work.join("waymark"));
    let waymark = Contender {
        name: "waymark",
        command: Box::new(move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_waymark-under-test"));
            command
                .args([
                    "validate",
                    "--kind",
                    "tracking",
                    "--json",
                    "--file-mb-max",
                    "100000",
                    "--out",
                ])
                .arg(&out)
                .arg(&ours);
            command
        }),
        // 1: rows were refused, as they must be here.
        done: &[0, 1],
    };
    vec![
        waymark,
        peer("polars", "polars_expr.py"),
        peer("duckdb", "duckdb_sql.py"),
        peer("pandas", "pandas_vec.py"),
    ]
}

fn tell(contenders: &[Contender], runs: &[Run], rows: u64, bytes: u64, split_took: Duration) {
    for (contender, run) in contenders.iter().zip(runs) {
        println!(
            "{:<10} {:>8.2} s  {:>8.2} s of processor  {:>6} MB/s  {:>9} rows/s  peak {:>5} MB  {:>5} bytes a row",
            contender.name,
            run.took.as_secs_f64(),
            run.processor.as_secs_f64(),
            megabytes_a_second(bytes, run.took),
            u128::from(rows) * 1_000 / run.took.as_millis().max(1),
            run.peak / 1_000_000,
            run.peak / rows.max(1),
        );
    }
    let ours = &runs[0];
    let least = |of: fn(&Run) -> Duration| runs[1..].iter().map(of).min().unwrap_or_default();
    println!(
        "waymark against the fastest peer: {} × its rows/s; by processor time {} ×",
        times(least(|run| run.took), ours.took),
        times(least(|run| run.processor), ours.processor)
    );
    println!(
        "waymark against the csv crate, which splits on one thread: {} × its MB/s",
        times(split_took, ours.took)
    );
    let allowed = 64_000_000 + 32 * rows;
    println!(
        "memory: {} % of 64 MB + 32 bytes a row",
        runs[0].peak * 100 / allowed
    );
}

fn megabytes_a_second(bytes: u64, took: Duration) -> u128 {
    u128::from(bytes) / took.as_micros().max(1)
}
