//! Seasons with faults, held against the reference after every night.
//!
//! `make simulate SEED=42` plays one season again and tells of everything that happened in it; `make simulate SEEDS=2000`
//! plays that many, from `FROM` on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use simulation::{Happened, play};

/// Seasons that every run of the tests plays.
const SEEDS: u64 = 8;

/// What the seasons came to.
#[derive(Default)]
struct All {
    seasons: u64,
    entries: usize,
    happened: Happened,
    broken: Vec<String>,
}

#[test]
fn whatever_goes_wrong_the_ledger_is_the_rulebooks() {
    let number = |name: &str| {
        std::env::var(name).ok().map(|text| {
            text.parse::<u64>()
                .expect("SEED, SEEDS and FROM are whole numbers")
        })
    };
    let seeds = match (number("SEED"), number("FROM").unwrap_or(1)) {
        (Some(seed), _) => seed..=seed,
        (None, from) => from..=from + number("SEEDS").unwrap_or(SEEDS) - 1,
    };
    let telling = number("SEED").is_some();
    let (next, all) = (AtomicU64::new(*seeds.start()), Mutex::new(All::default()));
    let play_on = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if !seeds.contains(&seed) {
                break;
            }
            let ended = play(seed);
            if telling {
                ended.diary.iter().for_each(|line| println!("{line}"));
            }
            let mut all = all.lock().expect("no season panics here");
            if !ended.broken.is_empty() {
                // The others end with the seasons that they are in.
                next.store(u64::MAX, Ordering::SeqCst);
                let broken = ended.broken.join("\n");
                all.broken.push(format!(
                    "season {seed} went wrong; `make simulate SEED={seed}` plays it again:\n{broken}"
                ));
                break;
            }
            all.seasons += 1;
            all.entries += ended.entries;
            all.happened += ended.happened;
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(play_on);
        }
    });
    let all = all.into_inner().expect("no season panics here");
    println!(
        "{} seasons, {} entries, {:?}",
        all.seasons, all.entries, all.happened
    );
    assert!(all.broken.is_empty(), "{}", all.broken.join("\n"));
    assert!(
        all.seasons < SEEDS || all.happened.has_all(),
        "what was to be tried never happened: {:?}",
        all.happened
    );
}

#[test]
fn a_season_played_again_goes_the_same_way_to_the_last_call() {
    let (once, again) = (play(7), play(7));
    assert_eq!(once.diary, again.diary);
    assert_eq!(once.ledger, again.ledger);
}
