//! Seasons with faults, held against the reference after every night.
//!
//! `make simulate SEED=42` plays one season again and tells of everything that happened in it; `make simulate SEEDS=2000`
//! plays that many, from `FROM` on.

use simulation::play;

/// Seasons that every run of the tests plays.
const SEEDS: u64 = 8;

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
    let mut entries = 0;
    for seed in seeds.clone() {
        let ended = play(seed);
        if telling {
            ended.diary.iter().for_each(|line| println!("{line}"));
        }
        assert!(
            ended.broken.is_empty(),
            "season {seed} went wrong; `make simulate SEED={seed}` plays it again:\n{}",
            ended.broken.join("\n"),
        );
        entries += ended.entries;
    }
    println!("{} seasons, {entries} entries", seeds.count());
}

#[test]
fn a_season_played_again_goes_the_same_way_to_the_last_call() {
    let (once, again) = (play(7), play(7));
    assert_eq!(once.diary, again.diary);
    assert_eq!(once.ledger, again.ledger);
}
