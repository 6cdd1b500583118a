//! `waymark validate` on a tracking file of five million rows, beside what else would do it: DuckDB, Polars and pandas with
//! rules of the same kind and number (`../shared/bench`), and the plain `csv` crate, which only splits, as the limit.
//!
//! `make bench`; `WAYMARK_BENCH_ROWS` sets the rows (5,000,000), `WAYMARK_BENCH_ROUNDS` the rounds (3). The peers
//! need Python and its packages; where they are absent only ours is measured, and that is said. All contenders take turns,
//! round by round; medians and ratios of this run are printed. Wall time of the whole process, reading and writing files
//! included; peak memory as the kernel counts it.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The seed of the rows: the same file every time.
const SEED: &str = "1";

struct Contender {
    name: &'static str,
    command: Box<dyn Fn() -> Command>,
}

/// One run of one contender.
struct Run {
    took: Duration,
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
    println!(
        "{:<10} {:>8.2} s  {:>6} MB/s  {split} records split, nothing said of them",
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
    tell(&contenders, runs, rows, bytes);
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
    let began = Instant::now();
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
    // Ours says with 1 that rows were refused, as they must be here.
    assert!(matches!(ended.code(), Some(0 | 1)), "{} failed", contender.name);
    Run { took, peak }
}

fn peak_bytes(status: &str) -> u64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1_024
}

fn tell(contenders: &[Contender], runs: Vec<Vec<Run>>, rows: u64, bytes: u64) {
    let median = |mut runs: Vec<Run>| {
        runs.sort_by_key(|run| run.took);
        runs.swap_remove(runs.len() / 2)
    };
    let runs: Vec<Run> = runs.into_iter().map(median).collect();
    for (contender, run) in contenders.iter().zip(&runs) {
        println!(
            "{:<10} {:>8.2} s  {:>6} MB/s  {:>9} rows/s  peak {:>5} MB  {:>5} bytes a row",
            contender.name,
            run.took.as_secs_f64(),
            megabytes_a_second(bytes, run.took),
            u128::from(rows) * 1_000 / run.took.as_millis().max(1),
            run.peak / 1_000_000,
            run.peak / rows.max(1),
        );
    }
    let fastest = runs[1..].iter().map(|run| run.took).min().unwrap_or_default();
    let percent = fastest.as_millis() * 100 / runs[0].took.as_millis().max(1);
    println!(
        "waymark against the fastest peer: {}.{:02} × its rows/s",
        percent / 100,
        percent % 100
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
