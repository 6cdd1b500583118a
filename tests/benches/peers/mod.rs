//! What ours is measured beside: the peers of `../shared/bench`, in Python, and how contenders take turns. A process is
//! measured from outside: wall time, processor time of all its threads, and peak memory as the kernel counts them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The seed of what is generated: the same rows every time.
const SEED: &str = "1";

/// Ticks of the kernel's clock in a second.
const TICKS_A_SECOND: u64 = 100;

/// One that takes turns.
pub struct Contender {
    pub name: &'static str,
    pub command: Box<dyn Fn() -> Command>,
    /// Exit statuses of work that was done.
    pub done: &'static [i32],
}

/// One run of one contender.
pub struct Run {
    pub took: Duration,
    /// Of all threads, user and system.
    pub processor: Duration,
    /// Bytes.
    pub peak: u64,
}

pub fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// Each contender once a round; of each the median run by wall time.
pub fn in_turns(contenders: &[Contender], rounds: u64) -> Vec<Run> {
    let mut runs: Vec<Vec<Run>> = contenders.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (contender, runs) in contenders.iter().zip(&mut runs) {
            runs.push(measured(contender));
        }
    }
    let median = |mut runs: Vec<Run>| {
        runs.sort_by_key(|run| run.took);
        runs.swap_remove(runs.len() / 2)
    };
    runs.into_iter().map(median).collect()
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
    let is_done = ended
        .code()
        .is_some_and(|status| contender.done.contains(&status));
    assert!(is_done, "{} failed", contender.name);
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

/// How many times `ours` goes into `theirs`.
pub fn times(theirs: Duration, ours: Duration) -> String {
    let percent = theirs.as_millis() * 100 / ours.as_millis().max(1);
    format!("{}.{:02}", percent / 100, percent % 100)
}

/// The interpreter with the peers' packages, made once; `None` where the peers are absent or cannot be installed.
pub fn python(peers: &Path, work: &Path) -> Option<PathBuf> {
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

/// What the peers' generator makes, once: a file or a folder.
pub fn generated(python: &Path, generator: &Path, made: &Path, rows: u64) -> PathBuf {
    if !made.exists() {
        let part = made.with_extension("part");
        let ran = Command::new(python)
            .arg(generator)
            .args(["--rows", &rows.to_string(), "--seed", SEED, "--out"])
            .arg(&part)
            .stderr(Stdio::null())
            .status();
        assert!(
            ran.expect("the generator starts").success(),
            "the generator failed"
        );
        std::fs::rename(part, made).expect("what was made");
    }
    made.to_owned()
}
