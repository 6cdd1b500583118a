//! `kill -9` at random instants of a replay, then the same command again to its end: the ledger is the one of a replay
//! that nothing disturbed, to the byte.
//!
//! `SEED=42` makes the same season and draws the same instants; the machine decides what they hit.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use domain::Month;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tests::{
    NetFine, OwnCloud, Running, Season, SellerFigures, Waymark, assert_same, at, entries, figures_of_months,
    made_up, net, operator_key, seed, written,
};

const KILLS: u32 = 20;
const ORDERS: u32 = 90;
/// The last day that is played, and its end.
const UNTIL: &str = "2024-05-10";
const AS_OF: &str = "2024-05-11T07:00:00Z";
/// Days from the first order to then.
const DAYS: u32 = 40;

/// What a replay has come to.
struct Outcome {
    ledger: Vec<String>,
    net: Vec<NetFine>,
    figures: Vec<SellerFigures>,
}

struct Simulation {
    season: TempDir,
    random: ChaCha8Rng,
    /// How long the replay takes undisturbed.
    takes: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_killed_at_twenty_instants_ends_as_if_it_had_not_been() {
    let seed = seed(42);
    let made = made_up(seed, ORDERS);
    let season = tempfile::tempdir().expect("a directory");
    made.write_days(season.path(), domain::PolicyBook::shipped().zone);
    let random = ChaCha8Rng::seed_from_u64(seed);
    let mut simulation = Simulation {
        season,
        random,
        takes: Duration::ZERO,
    };

    let state = tempfile::tempdir().expect("a directory");
    let begun = Instant::now();
    simulation.play_to_the_end(state.path());
    simulation.takes = begun.elapsed();
    let expected = Outcome::of(state).await;
    println!(
        "undisturbed: {} entries in {:.1?}",
        expected.ledger.len(),
        simulation.takes
    );
    assert!(expected.ledger.len() > ORDERS as usize, "the season has fines");
    assert_same(
        "fines of the season learned at once",
        expected.net.clone(),
        at_once(&made, &mut simulation.random).await,
    );

    let mut kills = 0;
    while kills < KILLS {
        let state = tempfile::tempdir().expect("a directory");
        kills += simulation.kill_until_done(state.path(), KILLS - kills);
        simulation.play_to_the_end(state.path());
        Outcome::of(state).await.assert_is(&expected);
    }
    println!("{kills} kills in {:.1?} left no trace", begun.elapsed());
}

impl Simulation {
    fn command(&self, state: &Path) -> (Waymark, [String; 5]) {
        let season = self.season.path().to_string_lossy().into_owned();
        let arguments = ["replay", &season, "--until", UNTIL, "--json"].map(str::to_owned);
        (
            Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), state),
            arguments,
        )
    }

    /// Plays the season to its end, and has the ledger proved.
    fn play_to_the_end(&self, state: &Path) {
        let (waymark, arguments) = self.command(state);
        let played = waymark.run(arguments);
        assert_eq!(
            played.status, 1,
            "rows were rejected, and nothing failed: {played:?}"
        );
        let verified = waymark.run(["ledger", "verify"]);
        assert_eq!(verified.status, 0, "{verified:?}");
    }

    /// Begins the replay again and again and kills it, at most `kills_max` times, until one outruns its killer; gives
    /// how often it was killed.
    fn kill_until_done(&mut self, state: &Path, kills_max: u32) -> u32 {
        let (waymark, arguments) = self.command(state);
        for kill in 0..kills_max {
            // Most strike where the last run had not come yet, the others anywhere, the start included.
            let days = if self.random.random_ratio(3, 4) {
                (kill + 1) * DAYS / (KILLS + 2)
            } else {
                0
            };
            let longest = if days > 0 { self.takes / 20 } else { self.takes };
            let pause = longest.mul_f64(self.random.random_range(0.0..1.0));
            let mut replay = waymark.start(&arguments);
            if !outlives(&mut replay, days, pause) {
                return kill;
            }
            replay.kill();
        }
        kills_max
    }
}

/// Waits until a replay has told of so many days, and `pause` longer; false when it ended before.
fn outlives(replay: &mut Running, days: u32, pause: Duration) -> bool {
    let lines = replay.lines();
    let (sender, told) = mpsc::channel();
    thread::spawn(move || {
        for line in lines {
            // Nobody listens any more once the pause is over; reading on keeps the replay from ending by that.
            let _ = sender.send(line);
        }
    });
    for _ in 0..days {
        if told.recv().is_err() {
            return false;
        }
    }
    let until = Instant::now() + pause;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        match told.recv_timeout(left) {
            Ok(_) => {}
            Err(mpsc::RecvTimeoutError::Timeout) => return true,
            Err(mpsc::RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

impl Outcome {
    async fn of(state: TempDir) -> Self {
        let cloud = OwnCloud::reopen(state).await;
        let ledger = entries(&cloud).await;
        assert_eq!(cloud.forgotten_rows().await, Vec::<String>::new());
        let months = [Month::of(at(AS_OF), cloud.policy.zone).minus(1)];
        let figures = figures_of_months(&cloud, months.into(), at(AS_OF)).await;
        Self {
            net: net(&ledger),
            ledger: written(&ledger),
            figures,
        }
    }

    fn assert_is(&self, expected: &Self) {
        assert_same("fines", &expected.net, &self.net);
        assert_same("entries", &expected.ledger, &self.ledger);
        assert_same("figures", &expected.figures, &self.figures);
    }
}

/// What the season comes to when all of it is learned at once, its events shuffled and every tenth told twice.
async fn at_once(season: &Season, random: &mut ChaCha8Rng) -> Vec<NetFine> {
    let cloud = OwnCloud::new().await;
    for (file, table) in season.files() {
        let mut table = table.clone();
        if file == "events" {
            let again: Vec<_> = table.rows.iter().step_by(10).cloned().collect();
            table.rows.extend(again);
            table.rows.shuffle(random);
        }
        let kind = file.split('-').next().unwrap_or(file);
        cloud
            .upload(
                &operator_key(kind, &format!("{file}.csv")),
                table.csv(),
                Some(at(AS_OF)),
            )
            .await;
    }
    cloud.settle(at(AS_OF)).await;
    net(&entries(&cloud).await)
}
