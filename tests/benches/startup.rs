//! How long a function takes from the start of its process until it asks for its first event, and how much memory it holds
//! then, beside a hello-world function of the same runtime, built the same way: all in one run, in turn. On a machine that does
//! something else too, look at the processor's time: only that is the function's own.
//!
//! `make bench-startup`, which names the folder of the binaries in `WAYMARK_BINARIES`; `WAYMARK_BENCH_STARTS` sets the starts
//! of each (41). Times are of this machine and this run: quote ratios.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Hello-world first: the others are held against it.
const STARTED: [&str; 9] = [
    "examples/hello_world",
    "upload-validation",
    "stall-scan",
    "signoff-scan",
    "night-close",
    "morning-digest",
    "order-history",
    "eligibility-report",
    "diagnosis",
];
/// How long a start may take before something is wrong with it.
const START_MAX: Duration = Duration::from_secs(20);
/// Between two looks whether a function has come: less than what is measured varies by.
const GLANCE: Duration = Duration::from_micros(50);
/// For a function to come to rest after it has asked: what it does beside waiting is done.
const REST: Duration = Duration::from_millis(20);
/// As fast as hello-world, or nearly: half as much again, or so many ms more.
const RATIO_MAX_PERCENT: u128 = 150;
const EXTRA_MAX: Duration = Duration::from_millis(15);

/// One start.
struct Start {
    took: Duration,
    /// Of the processor, on all its threads.
    processor: Duration,
    /// `VmHWM` once it waits, in KiB.
    peak_kib: u64,
}

fn main() {
    let Some(folder) = std::env::var_os("WAYMARK_BINARIES").map(PathBuf::from) else {
        println!(
            "startup: WAYMARK_BINARIES names no folder; `make bench-startup` builds the functions and names it"
        );
        return;
    };
    let binaries: Vec<PathBuf> = STARTED.iter().map(|name| folder.join(name)).collect();
    let starts = std::env::var("WAYMARK_BENCH_STARTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(41);
    // In turn, so that what else the machine does meets all of them alike; a first round fills the page cache.
    let mut measured: Vec<Vec<Start>> = binaries.iter().map(|_| Vec::new()).collect();
    for round in 0..=starts {
        for (binary, found) in binaries.iter().zip(&mut measured) {
            let start = start(binary);
            if round > 0 {
                found.push(start);
            }
        }
    }
    println!("{starts} starts each, in turn; until the first /next, then at rest");
    println!(
        "{:20} {:>9} {:>9} {:>9} {:>7} {:>9} {:>9}",
        "", "median", "9 of 10", "over", "ratio", "processor", "peak"
    );
    let base = quantile(&measured[0], 50, |start| start.took);
    for (binary, found) in binaries.iter().zip(&measured) {
        let median = quantile(found, 50, |start| start.took);
        let over = median.saturating_sub(base);
        let percent = median.as_micros() * 100 / base.as_micros().max(1);
        let peak = found.iter().map(|start| start.peak_kib).max().unwrap_or_default();
        let slow = percent > RATIO_MAX_PERCENT && over > EXTRA_MAX;
        let verdict = if slow { "  slow" } else { "" };
        println!(
            "{:20} {:>9} {:>9} {:>9} {:>4}.{:02} {:>9} {:>6} MB{verdict}",
            name(binary),
            milliseconds(median),
            milliseconds(quantile(found, 90, |start| start.took)),
            milliseconds(over),
            percent / 100,
            percent % 100,
            milliseconds(quantile(found, 50, |start| start.processor)),
            peak / 1024,
        );
    }
}

fn name(binary: &Path) -> String {
    binary
        .file_name()
        .unwrap_or(binary.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn milliseconds(time: Duration) -> String {
    format!("{}.{:02} ms", time.as_millis(), time.as_micros() % 1000 / 10)
}

fn quantile(starts: &[Start], percent: usize, time: impl Fn(&Start) -> Duration) -> Duration {
    let mut times: Vec<Duration> = starts.iter().map(time).collect();
    times.sort_unstable();
    times
        .get(times.len() * percent / 100)
        .copied()
        .unwrap_or_default()
}

/// Starts a function on a Runtime API that has no event for it, and stops it once it waits.
fn start(binary: &Path) -> Start {
    let api = TcpListener::bind("127.0.0.1:0").expect("a port");
    api.set_nonblocking(true).expect("a port that does not wait");
    let address = api.local_addr().expect("an address").to_string();
    let mut command = command(binary, &address);
    let began = Instant::now();
    let mut process = command
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", binary.display()));
    let asked = first_request(&api, &mut process);
    let took = began.elapsed();
    std::thread::sleep(REST);
    let (processor, peak_kib) = (processor(&process), peak_kib(&process));
    stop(&mut process);
    drop(asked);
    Start {
        took,
        processor,
        peak_kib,
    }
}

/// The environment as Lambda sets it, as far as a function looks at it.
fn command(binary: &Path, api: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", api),
            ("AWS_LAMBDA_FUNCTION_NAME", "waymark-bench"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/waymark-bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_SESSION_TOKEN", "bench"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
            ("RUST_LOG", "info"),
            ("WAYMARK_ORDERS_TABLE", "orders"),
            ("WAYMARK_RECORDS_TABLE", "records"),
            ("WAYMARK_BUCKET", "bucket"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Waits until the function asks for its first event; the connection must live on, or it would ask again.
fn first_request(api: &TcpListener, process: &mut Child) -> TcpStream {
    let began = Instant::now();
    let connection = loop {
        match api.accept() {
            Ok((connection, _)) => break connection,
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(GLANCE),
            Err(error) => panic!("nobody can come: {error}"),
        }
        let ended = process.try_wait().expect("a process");
        assert!(ended.is_none(), "the function ended before it asked: {ended:?}");
        assert!(began.elapsed() < START_MAX, "the function does not ask");
    };
    connection.set_read_timeout(Some(START_MAX)).expect("a limit");
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).expect("a request");
    assert!(
        line.starts_with("GET ") && line.contains("/runtime/invocation/next"),
        "no request for an event: {line}"
    );
    reader.into_inner()
}

/// What the process has taken of the processor so far, its threads together.
fn processor(process: &Child) -> Duration {
    let threads = fs::read_dir(format!("/proc/{}/task", process.id())).expect("a process that waits");
    let nanoseconds = threads.map(|thread| {
        let path = thread.expect("a thread").path().join("schedstat");
        let told = fs::read_to_string(path).expect("a thread that waits");
        let first = told.split_whitespace().next();
        first.and_then(|number| number.parse().ok()).unwrap_or(0)
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The most memory that the process has held so far.
fn peak_kib(process: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("a process that waits");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).expect("a peak")
}

fn stop(process: &mut Child) {
    process.kill().expect("it runs");
    process.wait().expect("it ends");
}
