//! Contenders that take turns, and what the kernel says of them.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks of the kernel's clock in a second.
const TICKS_A_SECOND: u64 = 100;

pub struct Contender {
    pub name: &'static str,
    pub command: Box<dyn Fn() -> Command>,
}

/// One run of one contender.
pub struct Run {
    took: Duration,
    /// Of all threads, user and system.
    processor: Duration,
    /// Bytes.
    peak: u64,
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
    assert!(ended.success(), "{} failed", contender.name);
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

/// Prints each contender's median, and ours (named `waymark`, `warm`, `raw`) against the fastest of the others.
pub fn tell(contenders: &[Contender], runs: &[Run], rows: u64) {
    let is_ours = |name: &str| ["waymark", "warm", "raw"].contains(&name);
    for (contender, run) in contenders.iter().zip(runs) {
        println!(
            "{:<10} {:>8.2} s  {:>8.2} s of processor  {:>10} rows/s  peak {:>5} MB",
            contender.name,
            run.took.as_secs_f64(),
            run.processor.as_secs_f64(),
            u128::from(rows) * 1_000 / run.took.as_millis().max(1),
            run.peak / 1_000_000,
        );
    }
    let both = || contenders.iter().zip(runs);
    let peers = || {
        both()
            .filter(|(contender, _)| !is_ours(contender.name))
            .map(|(_, run)| run)
    };
    let (Some(fastest), Some(least)) = (
        peers().map(|run| run.took).min(),
        peers().map(|run| run.processor).min(),
    ) else {
        return;
    };
    for (contender, run) in both().filter(|(contender, _)| is_ours(contender.name)) {
        println!(
            "{} against the fastest peer: {} × as fast; by processor time {} ×",
            contender.name,
            times(fastest, run.took),
            times(least, run.processor)
        );
    }
}

/// How many times `ours` goes into `theirs`.
fn times(theirs: Duration, ours: Duration) -> String {
    let percent = theirs.as_millis() * 100 / ours.as_millis().max(1);
    format!("{}.{:02}", percent / 100, percent % 100)
}
