//! A season: its days, its nights, and what is checked after each.

mod deliveries;
mod history;
mod mornings;
mod nights;
mod withdrawals;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use digest::ShadowPolicy;
use domain::{PolicyBook, Timestamp};
use entrypoint::Failure;
use history::Delivered;
use local::s3::ObjectStore;
use local::{BUCKET, ORDERS_TABLE, RECORDS_TABLE, Template};
use night_close::Parts;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use store::Store;
use tempfile::TempDir;
use upload_validation::BatchLimits;

use crate::check::Ledger;
use crate::diary::Diary;
use crate::facts::Told;
use crate::fate::Weather;
use crate::in_flight::InFlight;
use crate::office::Office;
use crate::people::{DAY, HOUR};
use crate::run::{Death, Run};
use crate::tables::Tables;
use crate::virtual_time::{RunSleep, VirtualTime};
use crate::wire::{Cloud, access_key};

/// Attempts at anything while things go wrong; the one after them is spared.
const STORMY_ATTEMPTS: u32 = 3;

const UNTIL_NIGHT: Duration = Duration::from_secs(60);

/// A season under way.
pub struct Season {
    pub(crate) seed: u64,
    pub(crate) cloud: Cloud,
    pub(crate) policy: Arc<PolicyBook>,
    pub(crate) shadow: Option<Arc<ShadowPolicy>>,
    pub(crate) diary: Diary,
    pub(crate) random: ChaCha8Rng,
    pub(crate) broken: Vec<String>,
    objects: ObjectStore,
    clock: Arc<AtomicI64>,
    runs: u32,
    weather: Weather,
    batches: BatchLimits,
    parts: Parts,
    delivered: BTreeMap<&'static str, Delivered>,
    happened: Happened,
    handed_on: AtomicU64,
    _directory: TempDir,
}

/// How often the rare things have happened that seasons are played for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    /// Uploads that failed for good, were set aside and delivered again.
    pub set_aside: u64,
    /// Runs of uploads that ended short of time and went on in another.
    pub handed_on: u64,
    /// Writes that met a transaction in flight on the same item.
    pub conflicts: u64,
    /// Parts of nights that a close has put down.
    pub parts: u64,
}

impl Happened {
    /// Whether each has happened.
    pub fn has_all(&self) -> bool {
        [self.set_aside, self.handed_on, self.conflicts, self.parts]
            .iter()
            .all(|count| *count > 0)
    }
}

impl std::ops::AddAssign for Happened {
    fn add_assign(&mut self, other: Self) {
        self.set_aside += other.set_aside;
        self.handed_on += other.handed_on;
        self.conflicts += other.conflicts;
        self.parts += other.parts;
    }
}

/// How a season ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What was wrong; nothing, when all is well.
    pub broken: Vec<String>,
    /// What happened.
    pub diary: Vec<String>,
    /// Entries in the ledger.
    pub entries: usize,
    /// The net fines and holds of every order.
    pub ledger: BTreeMap<String, Vec<String>>,
    /// What has happened in it.
    pub happened: Happened,
}

/// Plays the season of a seed from its first day to its last.
///
/// # Panics
/// When no runtime can be made, or an emulator refuses what it must take.
pub fn play(seed: u64) -> Ended {
    let time = VirtualTime::default();
    let idle = time.clone();
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || idle.pass())
        .build()
        .expect("a runtime can be made");
    runtime.block_on(async { Season::new(seed, time).to_its_end().await })
}

impl Season {
    /// A season before its first day.
    ///
    /// # Panics
    /// When an emulator refuses what it must take.
    pub fn new(seed: u64, time: VirtualTime) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the bucket");
        let clock = Arc::new(AtomicI64::new(crate::people::BEGINS));
        let read = Arc::clone(&clock);
        let now = move || {
            let seconds = u64::try_from(read.load(Ordering::SeqCst)).unwrap_or_default();
            UNIX_EPOCH + Duration::from_secs(seconds)
        };
        let now: Arc<dyn Fn() -> SystemTime + Send + Sync> = Arc::new(now);
        let objects = ObjectStore::open(directory.path(), now).expect("a bucket can be opened");
        let template = Template::load().expect("a sound template");
        objects.notify_of(template.notified);
        let bucket = local::s3::http_client(objects.clone(), &access_key());
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let weather = Weather {
            faults: *[0, 2, 6, 12].choose(&mut random).expect("weathers"),
            partial: *[0, 100, 300].choose(&mut random).expect("weathers"),
        };
        let shadow = random.random_ratio(1, 2).then(shadow);
        let batches = BatchLimits {
            rows_max: *[2, 5, 20_000].choose(&mut random).expect("sizes"),
            ..BatchLimits::default()
        };
        let parts = Parts {
            entries: *[1, 3, usize::MAX].choose(&mut random).expect("sizes"),
            ..Parts::none()
        };
        Self {
            seed,
            cloud: Cloud {
                tables: Tables::new(),
                bucket,
                time,
                in_flight: InFlight::default(),
            },
            policy: Arc::new(PolicyBook::shipped().clone()),
            shadow,
            diary: Diary::default(),
            random,
            broken: Vec::new(),
            objects,
            clock,
            runs: 0,
            weather,
            batches,
            parts,
            delivered: BTreeMap::new(),
            happened: Happened::default(),
            handed_on: AtomicU64::new(0),
            _directory: directory,
        }
    }

    /// Plays it.
    pub async fn to_its_end(mut self) -> Ended {
        self.objects
            .create_bucket(BUCKET)
            .await
            .expect("a bucket can be made");
        self.diary
            .tell(format_args!("season {}, {:?}", self.seed, self.weather));
        let orders = self.random.random_range(5..=12);
        let mut office = Office::new(self.seed, orders);
        let mut ledger = Ledger::default();
        let mut last = 0;
        while let Some(day) = office.next_day(&mut self.random) {
            self.day(&day, &mut office, &mut ledger).await;
            last = ledger.latest;
            if !self.broken.is_empty() {
                break;
            }
        }
        if self.broken.is_empty() {
            self.check_closes(last, &ledger).await;
            self.deliver_history().await;
            self.check_history(&office.told, &ledger).await;
        }
        let entries = ledger.entries(&self.cloud.tables);
        let net = ledger.net(&self.cloud.tables);
        let happened = Happened {
            handed_on: self.handed_on.load(Ordering::SeqCst),
            conflicts: self.cloud.in_flight.met(),
            parts: self.parts_of_nights().await,
            ..self.happened
        };
        Ended {
            broken: self.broken,
            diary: self.diary.lines(),
            entries,
            ledger: net,
            happened,
        }
    }

    async fn day(&mut self, day: &crate::office::Day, office: &mut Office, ledger: &mut Ledger) {
        self.diary.tell(format_args!(
            "day {}, night as of {}",
            day.number,
            Timestamp::from_unix(day.as_of)
        ));
        self.set_clock(day.as_of - 2 * HOUR);
        for file in office.morning(day, &mut self.random) {
            self.put(&file, office).await;
        }
        let waiting = self.waiting().await;
        self.deliver(waiting).await;
        // The night is hours away: whatever was still on its way has arrived, and every copy has caught up.
        self.cloud.time.sleep(UNTIL_NIGHT).await;
        let mut late = Vec::new();
        if self.random.random_ratio(1, 3) {
            self.set_clock(day.as_of + HOUR);
            for file in office.evening(day, &mut self.random) {
                self.put(&file, office).await;
            }
            late = self.waiting().await;
        }
        let as_of = self.scheduled(day, ledger);
        if as_of <= ledger.latest {
            self.late_night(as_of, late, ledger).await;
        } else {
            self.whole_night(as_of, late, &office.told, ledger).await;
        }
        if self.random.random_ratio(2, 3) {
            self.deliver_history().await;
        }
        if self.random.random_ratio(1, 8) {
            self.go_back(ledger.latest, ledger).await;
        }
        if day.as_of < crate::office::ENDS {
            self.correct(day, ledger).await;
        }
    }

    /// The instant that the scheduler gives the day's night: at times its clock has jumped ahead, and the nights that
    /// follow are past until it is right again.
    fn scheduled(&mut self, day: &crate::office::Day, ledger: &Ledger) -> i64 {
        let jumps = self.random.random_ratio(1, 12) && day.as_of > ledger.latest;
        if jumps && day.as_of + 4 * DAY < crate::office::ENDS {
            return day.as_of + self.random.random_range(DAY..4 * DAY);
        }
        day.as_of
    }

    async fn whole_night(
        &mut self,
        as_of: i64,
        late: Vec<deliveries::Pending>,
        told: &[Told],
        ledger: &mut Ledger,
    ) {
        let alone = late.is_empty();
        let night = self.night(as_of, late, ledger).await;
        ledger.begun(as_of);
        if night.cut_short {
            ledger.cut_short();
        } else {
            if !alone {
                // What came beside the scans may have come after them: once more, undisturbed, finds all of it.
                self.scan_calmly(as_of).await;
            }
            let strict = night.strict && alone;
            let found = ledger.check(&self.cloud.tables, told, strict);
            self.broken.extend(found);
        }
        self.morning(as_of).await;
        self.check_digest(as_of, ledger, alone && !night.cut_short).await;
    }

    /// How each attempt at an errand fares, the spared one last; and when it begins.
    /// `calls`: of which a run may die at one.
    fn attempts(&mut self, calls: u32) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for attempt in 0..=STORMY_ATTEMPTS {
            self.runs += 1;
            let pause = Duration::from_millis(self.random.random_range(0..200));
            let stormy = attempt < STORMY_ATTEMPTS;
            let dies = stormy && self.weather.faults > 0 && self.random.random_ratio(1, 4);
            let death = dies.then(|| random_death(&mut self.random, calls));
            let weather = if stormy { self.weather } else { Weather::CALM };
            attempts.push((self.runs, weather, death, pause));
        }
        attempts
    }

    /// Tries until an attempt is whole: what it came to, or what is wrong.
    async fn until_whole<T>(
        &self,
        errand: &str,
        attempts: Vec<Attempt>,
        work: impl AsyncFn(&Run) -> Result<T, Failure>,
    ) -> Result<T, String> {
        for (number, weather, death, pause) in attempts {
            let run = self.run(format_args!("{errand}, run {number}"), weather, death);
            let tried = run.live(async {
                self.wait(&run, pause).await;
                work(&run).await
            });
            match tried.await {
                Some(Ok(done)) => return Ok(done),
                Some(Err(failure)) => {
                    run.tell(&failure);
                    if let Some(wrong) = wrong(&run, &failure, weather) {
                        return Err(wrong);
                    }
                }
                None => {}
            }
        }
        Err(format!("{errand} was never done"))
    }

    fn run(&self, name: impl Display, weather: Weather, death: Option<Death>) -> Run {
        Run::begin(name, self.seed, weather, death, &self.cloud.time, &self.diary)
    }

    fn store(&self, run: &Run) -> Store {
        Store::new(self.cloud.dynamodb(Some(run)), ORDERS_TABLE, RECORDS_TABLE)
    }

    async fn wait(&self, run: &Run, pause: Duration) {
        use aws_sdk_dynamodb::config::AsyncSleep;
        RunSleep::of(&self.cloud.time, Some(run.id())).sleep(pause).await;
    }

    fn set_clock(&self, at: i64) {
        self.clock.store(at, Ordering::SeqCst);
    }
}

/// B3 after 72 hours, once a shipment; B4 at most 20.00.
fn shadow() -> Arc<ShadowPolicy> {
    let shipped = include_str!("../../../shared/domain/data/policy.toml");
    let text = shipped
        .replace("hours_max = 48\nfine", "hours_max = 72\nfine")
        .replace("fined_per = \"episode\"", "fined_per = \"shipment\"")
        .replace("fine_cents_max = 5000", "fine_cents_max = 2000");
    Arc::new(ShadowPolicy::parse("shadow.toml", &text).expect("a sound policy"))
}

type Attempt = (u32, Weather, Option<Death>, Duration);

/// What is wrong with a failure: a passing fault that is called permanent would lose the event, and without faults
/// nothing fails.
fn wrong(run: &Run, failure: &Failure, weather: Weather) -> Option<String> {
    let permanent = matches!(failure, Failure::Permanent(_));
    (permanent || weather == Weather::CALM).then(|| format!("{run:?} failed: {failure}"))
}

fn random_death(random: &mut ChaCha8Rng, calls: u32) -> Death {
    let call = random.random_range(0..calls);
    let posting = random.random_range(0..3);
    *[
        Death::BeforeCall { call },
        Death::AfterCall { call },
        Death::BeforePosting { posting },
        Death::AfterPosting { posting },
        Death::OncePosted { posting },
    ]
    .choose(random)
    .expect("deaths")
}
