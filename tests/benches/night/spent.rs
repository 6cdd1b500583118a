//! What a piece of work takes: time, processor, memory, capacity.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use local::Cloud;
use store::CapacityUsed;

/// A tick of the kernel's count of a process's time, on every Linux there is.
const TICK_MS: u64 = 10;

/// What a piece of work took. Processor and memory are this whole process's, the emulated tables included; they are 0 where
/// there is no `/proc`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) processor: Duration,
    /// How far the process's own memory grew while it lasted, in KB.
    pub(crate) grown_kb: u64,
    pub(crate) used: CapacityUsed,
}

/// Runs a piece of work, and what it took.
pub(crate) async fn measured<T>(cloud: &Cloud, work: impl Future<Output = T>) -> (T, Spent) {
    let used = cloud.store.capacity_used();
    let memory = Sampled::start();
    let processor = processor();
    let began = Instant::now();
    let result = work.await;
    let spent = Spent {
        wall: began.elapsed(),
        processor: self::processor().saturating_sub(processor),
        grown_kb: memory.stop(),
        used: cloud.store.capacity_used().since(used),
    };
    (result, spent)
}

/// The middle one by a key.
pub(crate) fn median<K: Ord>(spent: &[Spent], key: impl Fn(&Spent) -> K) -> K {
    let mut keys: Vec<K> = spent.iter().map(key).collect();
    keys.sort_unstable();
    keys.swap_remove(keys.len() / 2)
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reads, writes) = (
            self.used.read_halves.div_ceil(2),
            self.used.write_halves.div_ceil(2),
        );
        write!(
            f,
            "{:.1?}, {:.1?} of processor, memory +{} MB, {reads} read and {writes} write units",
            self.wall,
            self.processor,
            self.grown_kb / 1_024
        )
    }
}

/// User and system time of this process so far.
fn processor() -> Duration {
    let ticks = std::fs::read_to_string("/proc/self/stat").ok().and_then(|stat| {
        // The fields after the command's name, which is in parentheses and may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    });
    Duration::from_millis(ticks.unwrap_or(0) * TICK_MS)
}

/// Memory that is the process's own (no file's pages), in KB.
fn own_memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// The highest memory of a while, looked at every few milliseconds.
struct Sampled {
    from_kb: u64,
    highest_kb: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Sampled {
    fn start() -> Self {
        let from_kb = own_memory_kb();
        let (highest_kb, done) = (
            Arc::new(AtomicU64::new(from_kb)),
            Arc::new(AtomicBool::new(false)),
        );
        let (highest, stop) = (Arc::clone(&highest_kb), Arc::clone(&done));
        let thread = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                highest.fetch_max(own_memory_kb(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self {
            from_kb,
            highest_kb,
            done,
            thread,
        }
    }

    fn stop(self) -> u64 {
        self.done.store(true, Ordering::Relaxed);
        self.thread.join().expect("looking at the memory does not fail");
        self.highest_kb
            .load(Ordering::Relaxed)
            .saturating_sub(self.from_kb)
    }
}
