//! `waymark validate` on a tracking file of five million rows, beside what else would do it: DuckDB, Polars and pandas with
//! rules of the same kind and number (`../shared/bench`), and the plain `csv` crate, which only splits, as the limit.
//!
//! `make bench`; `WAYMARK_BENCH_ROWS` sets the rows (5,000,000), `WAYMARK_BENCH_ROUNDS` the rounds (3). The peers
//! need Python and its packages; where they are absent only ours is measured, and that is said. All contenders take turns,
//! round by round; medians and ratios of this run are printed. Wall time of the whole process, reading and writing files
//! included; processor time of all its threads and peak memory as the kernel counts them. Where others use the machine,
//! processor time is the steadier of the two.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The seed of the rows: the same file every time.
const SEED: &str = "1";

/// What ours says of each row beyond what the peers do: they have 20 rules and write codes, no texts.
const CHECKED_BY_US: &str = "order id (shape, cut digits), carrier by name and alias, number (form, carrier's formats, check digit, \
    lost zero), instants, seller id, destination (country, embargo by day), amount in its currency, invoice and tax id by destination, \
    lateness by the policy in force, duplicates and numbers of other orders in the file; sellers' tricks undone and counted; every code \
    with cause, fix and clause in two languages; the file's encoding over all of it, and its SHA-256";
const CHECKED_BY_PEERS: &str = "required cells, shapes of order and seller id, carrier of 7, its one format, check digit, destination of a \
    list, denied destinations, instants, their order, lateness, amount, currency of 8, tax id and invoice by destination, duplicate orders \
    and numbers; codes of the refused rows, and the accepted rows copied";

/// Ticks of the kernel's clock in a second.
const TICKS_A_SECOND: u64 = 100;

struct Contender {
    name: &'static str,
    command: Box<dyn Fn() -> Command>,
}

/// One run of one contender.
struct Run {
    took: Duration,
    /// Of all threads, user and system.
    processor: Duration,
    /// Bytes.
    peak: u64,
}

fn main() {
    let rows = number("WAYMARK_BENCH_ROWS", 5_000_000);
    let rounds = number("WAYMARK_BENCH_ROUNDS", 3);
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bench");
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-validate");
    std::fs::create_dir_all(&work).expect("a directory");
    let Some(python) = python(&peers, &work) else {
        println!("the peers and the generator are absent: nothing is measured");
        return;
    };
    let file = generated(&python, &peers, &work, rows);
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
    let contenders = contenders(&python, &peers, &work, &file);
    let mut runs: Vec<Vec<Run>> = contenders.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (contender, runs) in contenders.iter().zip(&mut runs) {
            runs.push(measured(contender));
        }
    }
    tell(&contenders, runs, rows, bytes, took);
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// The interpreter with the peers' packages, made once; `None` where the peers are absent or cannot be installed.
fn python(peers: &Path, work: &Path) -> Option<PathBuf> {
    let requirements = peers.join("requirements.txt");
    let home = work.join("venv");
    let python = home.join("bin/python");
    if !requirements.exists() {
        return None;
    }
    if !home.join("installed").exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&home).status();
        let installed = made.ok()?.success()
            && Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "-r"])
                .arg(&requirements)
                .status()
                .ok()?
                .success();
        if !installed {
            return None;
        }
        std::fs::write(home.join("installed"), "").ok()?;
    }
    Some(python)
}

fn generated(python: &Path, peers: &Path, work: &Path, rows: u64) -> PathBuf {
    let file = work.join(format!("tracking-{rows}.csv"));
    if !file.exists() {
        let part = work.join("tracking.part");
        let made = Command::new(python)
            .arg(peers.join("gen_tracking_csv.py"))
            .args(["--rows", &rows.to_string(), "--seed", SEED, "--out"])
            .arg(&part)
            .stderr(Stdio::null())
            .status();
        assert!(
            made.expect("the generator starts").success(),
            "the generator failed"
        );
        std::fs::rename(part, &file).expect("the file");
    }
    file
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

fn contenders(python: &Path, peers: &Path, work: &Path, file: &Path) -> Vec<Contender> {
    let peer = |name: &'static str, script: &str| {
        let (python, script, file) = (
            python.to_owned(),
            peers.join("validate").join(script),
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
    };
    vec![
        waymark,
        peer("polars", "polars_expr.py"),
        peer("duckdb", "duckdb_sql.py"),
        peer("pandas", "pandas_vec.py"),
    ]
}

/// Runs a contender to its end.
fn measured(contender: &Contender) -> Run {
    let (began, processor_before) = (Instant::now(), processor_of_children());
    let mut child = (contender.command)()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a contender starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        peak = peak.max(peak_bytes(&status));
        match child.try_wait().expect("a contender can be waited for") {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let took = began.elapsed();
    let processor = processor_of_children().saturating_sub(processor_before);
    // Ours says with 1 that rows were refused, as they must be here.
    assert!(matches!(ended.code(), Some(0 | 1)), "{} failed", contender.name);
    Run {
        took,
        processor,
        peak,
    }
}

/// Processor time of all children that were waited for.
fn processor_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything: the 16th and 17th field of all.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 1_000 / TICKS_A_SECOND)
}

fn peak_bytes(status: &str) -> u64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1_024
}

fn tell(contenders: &[Contender], runs: Vec<Vec<Run>>, rows: u64, bytes: u64, split_took: Duration) {
    let median = |mut runs: Vec<Run>| {
        runs.sort_by_key(|run| run.took);
        runs.swap_remove(runs.len() / 2)
    };
    let runs: Vec<Run> = runs.into_iter().map(median).collect();
    for (contender, run) in contenders.iter().zip(&runs) {
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

/// How many times `ours` goes into `theirs`.
fn times(theirs: Duration, ours: Duration) -> String {
    let percent = theirs.as_millis() * 100 / ours.as_millis().max(1);
    format!("{}.{:02}", percent / 100, percent % 100)
}

fn megabytes_a_second(bytes: u64, took: Duration) -> u128 {
    u128::from(bytes) / took.as_micros().max(1)
}
