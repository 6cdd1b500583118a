//! A season: its days, its nights, and what is checked after each.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::s3::S3Event;
use domain::{PolicyBook, Timestamp};
use entrypoint::TimeLeft;
use futures::future::{join, join_all};
use lake::Lake;
use local::s3::ObjectStore;
use local::{BUCKET, ORDERS_TABLE, RECORDS_TABLE};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use signoff_scan::SignoffScan;
use stall_scan::StallScan;
use store::{ScanOutcome, Store};
use tempfile::TempDir;
use upload_validation::UploadValidation;

use crate::check::Ledger;
use crate::diary::Diary;
use crate::fate::Weather;
use crate::office::Office;
use crate::people::{DAY, HOUR};
use crate::run::{Death, Run};
use crate::tables::Tables;
use crate::virtual_time::{RunSleep, VirtualTime};
use crate::wire::Cloud;

/// Attempts at anything while things go wrong; the one after them is spared.
const STORMY_ATTEMPTS: u32 = 3;

const UNTIL_NIGHT: Duration = Duration::from_secs(60);

/// A season under way.
pub struct Season {
    pub(crate) seed: u64,
    pub(crate) cloud: Cloud,
    pub(crate) policy: Arc<PolicyBook>,
    pub(crate) diary: Diary,
    pub(crate) random: ChaCha8Rng,
    pub(crate) broken: Vec<String>,
    objects: ObjectStore,
    clock: Arc<AtomicI64>,
    runs: u32,
    weather: Weather,
    _directory: TempDir,
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

/// A scanner's errand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scan {
    Stalls { segment: u32, segments: u32 },
    Signoffs,
}

/// A notification that waits, with its number.
pub(crate) type Pending = (i64, S3Event);

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
        objects.notify_prefixes(vec![lake::INBOX.to_owned()]);
        let bucket = local::s3::http_client(local::s3::service(objects.clone()));
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let weather = Weather {
            faults: *[0, 2, 6, 12].choose(&mut random).expect("weathers"),
            partial: *[0, 100, 300].choose(&mut random).expect("weathers"),
        };
        Self {
            seed,
            cloud: Cloud {
                tables: Tables::new(),
                bucket,
                time,
            },
            policy: Arc::new(PolicyBook::shipped().clone()),
            diary: Diary::default(),
            random,
            broken: Vec::new(),
            objects,
            clock,
            runs: 0,
            weather,
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
        while let Some(day) = office.next_day(&mut self.random) {
            self.day(&day, &mut office, &mut ledger).await;
            if !self.broken.is_empty() {
                break;
            }
        }
        let entries = ledger.entries(&self.cloud.tables);
        let net = ledger.net(&self.cloud.tables);
        Ended {
            broken: self.broken,
            diary: self.diary.lines(),
            entries,
            ledger: net,
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
        let beside = self.random.random_ratio(1, 3);
        let mut late = Vec::new();
        if beside {
            self.set_clock(day.as_of + HOUR);
            for file in office.evening(day, &mut self.random) {
                self.put(&file, office).await;
            }
            late = self.waiting().await;
        }
        let alone = late.is_empty();
        let strict = self.night(day.as_of, late, ledger.latest).await && alone;
        ledger.begun(day.as_of);
        if !alone {
            // What came beside the scans may have come after them: once more, undisturbed, finds all of it.
            self.scan_calmly(day.as_of).await;
        }
        let found = ledger.check(&self.cloud.tables, &office.told, strict);
        self.broken.extend(found);
        if self.random.random_ratio(1, 8) {
            self.go_back(day.as_of, ledger).await;
        }
    }

    /// A scheduler whose clock was set back: nothing may be posted as of an instant that is past.
    async fn go_back(&mut self, as_of: i64, ledger: &Ledger) {
        let earlier = as_of - self.random.random_range(1..3 * DAY);
        let before = ledger.entries(&self.cloud.tables);
        for scan in [
            Scan::Stalls {
                segment: 0,
                segments: 1,
            },
            Scan::Signoffs,
        ] {
            if let Some(Ok(outcome)) = self.scan(scan, earlier, Weather::CALM, None).await
                && !outcome.superseded
            {
                self.broken
                    .push(format!("{scan:?} as of {earlier}, which is past, did not stop"));
            }
        }
        if ledger.entries(&self.cloud.tables) != before {
            self.broken
                .push(format!("entries were posted as of {earlier}, which was past"));
        }
    }

    /// The scans of a night, some of them twice, with uploads beside them. False when what they post may be more than
    /// the least: an older night was under way at the same time.
    async fn night(&mut self, as_of: i64, late: Vec<Pending>, latest: i64) -> bool {
        let segments = self.random.random_range(1..=3);
        let mut scans: Vec<(Scan, i64)> = (0..segments)
            .map(|segment| (Scan::Stalls { segment, segments }, as_of))
            .chain([(Scan::Signoffs, as_of)])
            .collect();
        for index in 0..scans.len() {
            if self.random.random_ratio(1, 4) {
                scans.push(scans[index]);
            }
        }
        let mut strict = true;
        if self.random.random_ratio(1, 8) {
            // A straggler of an older night that nobody waited for.
            let older = self.random.random_range(latest.min(as_of - 1)..as_of);
            scans.push((
                Scan::Stalls {
                    segment: 0,
                    segments: 1,
                },
                older,
            ));
            scans.push((Scan::Signoffs, older));
            strict = false;
        }
        scans.shuffle(&mut self.random);
        let errands: Vec<_> = scans
            .into_iter()
            .map(|(scan, as_of)| (scan, as_of, self.attempts()))
            .collect();
        let deliveries = self.errands_of(late);
        let season = &*self;
        let scanned = join_all(
            errands
                .into_iter()
                .map(|(scan, as_of, attempts)| season.until_done(scan, as_of, attempts)),
        );
        let delivered = join_all(
            deliveries
                .into_iter()
                .map(|(pending, attempts)| season.until_delivered(pending, attempts)),
        );
        let (scanned, delivered) = join(scanned, delivered).await;
        self.broken.extend(scanned.into_iter().chain(delivered).flatten());
        strict
    }

    async fn scan_calmly(&mut self, as_of: i64) {
        for scan in [
            Scan::Stalls {
                segment: 0,
                segments: 1,
            },
            Scan::Signoffs,
        ] {
            let done = self.scan(scan, as_of, Weather::CALM, None).await;
            if !matches!(&done, Some(Ok(outcome)) if outcome.failed_count == 0) {
                self.broken.push(format!("{scan:?}, undisturbed: {done:?}"));
            }
        }
    }

    /// How each attempt at an errand fares, the spared one last; and when it begins.
    fn attempts(&mut self) -> Vec<(u32, Weather, Option<Death>, Duration)> {
        let mut attempts = Vec::new();
        for attempt in 0..=STORMY_ATTEMPTS {
            self.runs += 1;
            let pause = Duration::from_millis(self.random.random_range(0..200));
            let stormy = attempt < STORMY_ATTEMPTS;
            let dies = stormy && self.weather.faults > 0 && self.random.random_ratio(1, 4);
            let death = dies.then(|| random_death(&mut self.random));
            let weather = if stormy { self.weather } else { Weather::CALM };
            attempts.push((self.runs, weather, death, pause));
        }
        attempts
    }

    /// Scans until an attempt is whole. What is wrong, if anything.
    async fn until_done(&self, scan: Scan, as_of: i64, attempts: Vec<Attempt>) -> Option<String> {
        for (number, weather, death, pause) in attempts {
            let run = self.run(
                format_args!("{scan:?} as of {as_of}, run {number}"),
                weather,
                death,
            );
            let outcome = self.scan_in(&run, scan, as_of, pause).await;
            match outcome {
                Some(Ok(outcome)) if outcome.failed_count == 0 => return None,
                Some(Ok(outcome)) => {
                    run.tell(format_args!("{:?}", outcome.failed));
                    if weather == Weather::CALM {
                        return Some(format!("{run:?}, undisturbed: {:?}", outcome.failed));
                    }
                }
                Some(Err(failure)) => {
                    run.tell(&failure);
                    if let Some(wrong) = wrong(&run, &failure, weather) {
                        return Some(wrong);
                    }
                }
                None => {}
            }
        }
        None
    }

    async fn scan(
        &mut self,
        scan: Scan,
        as_of: i64,
        weather: Weather,
        death: Option<Death>,
    ) -> Option<Result<ScanOutcome, entrypoint::Failure>> {
        self.runs += 1;
        let run = self.run(
            format_args!("{scan:?} as of {as_of}, run {}", self.runs),
            weather,
            death,
        );
        self.scan_in(&run, scan, as_of, Duration::ZERO).await
    }

    async fn scan_in(
        &self,
        run: &Run,
        scan: Scan,
        as_of: i64,
        pause: Duration,
    ) -> Option<Result<ScanOutcome, entrypoint::Failure>> {
        let store = self.store(run);
        let lake = Lake::new(self.cloud.s3(Some(run)), BUCKET);
        let policy = Arc::clone(&self.policy);
        let as_of = Timestamp::from_unix(as_of);
        // Half of the runs have no time at all: each goes on where the last one stopped.
        let hasty = run.seed().is_multiple_of(2);
        let time_left = || {
            if hasty {
                TimeLeft::of(Duration::ZERO)
            } else {
                TimeLeft::unlimited()
            }
        };
        run.live(async {
            self.wait(run, pause).await;
            match scan {
                Scan::Stalls { segment, segments } => {
                    let request = stall_scan::Request {
                        as_of,
                        segment,
                        segments,
                        cursor: None,
                    };
                    let scan = StallScan { store, lake, policy };
                    stall_scan::handle_all(&scan, request, time_left).await
                }
                Scan::Signoffs => {
                    let request = signoff_scan::Request {
                        as_of,
                        shard: None,
                        cursor: None,
                    };
                    signoff_scan::handle_all(&SignoffScan { store, policy }, request, time_left).await
                }
            }
        })
        .await
    }

    /// Delivers notifications, some of them twice at once, until each was answered.
    async fn deliver(&mut self, pending: Vec<Pending>) {
        let deliveries = self.errands_of(pending);
        let season = &*self;
        let delivered = join_all(
            deliveries
                .into_iter()
                .map(|(pending, attempts)| season.until_delivered(pending, attempts)),
        )
        .await;
        self.broken.extend(delivered.into_iter().flatten());
    }

    fn errands_of(&mut self, pending: Vec<Pending>) -> Vec<(Pending, Vec<Attempt>)> {
        let mut twice = Vec::new();
        for one in pending {
            if self.random.random_ratio(1, 6) {
                twice.push(one.clone());
            }
            twice.push(one);
        }
        twice.shuffle(&mut self.random);
        twice.into_iter().map(|one| (one, self.attempts())).collect()
    }

    async fn until_delivered(&self, (id, event): Pending, attempts: Vec<Attempt>) -> Option<String> {
        for (number, weather, death, pause) in attempts {
            let key = event
                .records
                .first()
                .and_then(|record| record.s3.object.key.clone());
            let run = self.run(
                format_args!("upload of {}, run {number}", key.unwrap_or_default()),
                weather,
                death,
            );
            let function = UploadValidation {
                store: self.store(&run),
                lake: Lake::new(self.cloud.s3(Some(&run)), BUCKET),
                policy: Arc::clone(&self.policy),
            };
            let answered = run.live(async {
                self.wait(&run, pause).await;
                upload_validation::handle(&function, event.clone()).await
            });
            match answered.await {
                Some(Ok(outcome)) => {
                    for answered in &outcome.answered {
                        run.tell(format_args!("{:?}", answered.counts));
                    }
                    let _still = self.cloud.time.hold();
                    self.objects
                        .acknowledge(id)
                        .await
                        .expect("the bucket forgets what was delivered");
                    return None;
                }
                Some(Err(failure)) => {
                    run.tell(&failure);
                    if let Some(wrong) = wrong(&run, &failure, weather) {
                        return Some(wrong);
                    }
                }
                None => {}
            }
        }
        None
    }

    async fn put(&mut self, file: &crate::files::File, office: &mut Office) {
        self.set_clock(self.clock.load(Ordering::SeqCst) + 7);
        let at = self.clock.load(Ordering::SeqCst);
        let path = self._directory.path().join("file.csv");
        std::fs::write(&path, file.csv()).expect("a scratch file can be written");
        let lake = Lake::new(self.cloud.s3(None), BUCKET);
        let stated = file.states.map(Timestamp::from_unix);
        lake.put_upload(&file.key(), &path, stated)
            .await
            .expect("the inbox takes every file");
        self.diary
            .tell(format_args!("  {} holds {} rows", file.key(), file.rows.len()));
        office.was_put(file, at);
    }

    async fn waiting(&self) -> Vec<Pending> {
        let waiting = self
            .objects
            .pending_notifications(1_000)
            .await
            .expect("the bucket knows what waits");
        let event = |record| serde_json::from_value(record).expect("a notification is an event");
        waiting
            .into_iter()
            .map(|waiting| (waiting.id, event(waiting.record)))
            .collect()
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

type Attempt = (u32, Weather, Option<Death>, Duration);

/// What is wrong with a failure: a passing fault that is called permanent would lose the event, and without faults
/// nothing fails.
fn wrong(run: &Run, failure: &entrypoint::Failure, weather: Weather) -> Option<String> {
    let permanent = matches!(failure, entrypoint::Failure::Permanent(_));
    (permanent || weather == Weather::CALM).then(|| format!("{run:?} failed: {failure}"))
}

fn random_death(random: &mut ChaCha8Rng) -> Death {
    let call = random.random_range(0..30);
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
