//! Nights: scans that straggle, come twice, at once, a shard at a time and beside uploads, until each is done.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use entrypoint::TimeLeft;
use futures::future::{join_all, join3};
use lake::Lake;
use local::BUCKET;
use rand::Rng;
use rand::seq::SliceRandom;
use signoff_scan::SignoffScan;
use stall_scan::StallScan;
use store::{OPEN_SHARDS, ScanOutcome};

use super::deliveries::{Delivery, Pending};
use super::mornings::Paper;
use super::{Attempt, Season, wrong};
use crate::check::Ledger;
use crate::fate::Weather;
use crate::office::ENDS;
use crate::people::DAY;
use crate::run::{Death, Run};

/// Calls of a run that are worth dying at.
const CALLS: u32 = 30;

/// A scanner's errand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scan {
    Stalls { segment: u32, segments: u32 },
    Signoffs { shard: Option<u32> },
}

/// Every order, and everything that is due.
const WHOLE: [Scan; 2] = [
    Scan::Stalls {
        segment: 0,
        segments: 1,
    },
    Scan::Signoffs { shard: None },
];

/// How a night was held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// No older night was under way at the same time, so it posts no more than the least.
    pub(crate) strict: bool,
    /// It was closed before its scans were done.
    pub(crate) cut_short: bool,
}

impl Season {
    /// A scheduler whose clock was set back: nothing may be posted as of an instant that is past.
    pub(super) async fn go_back(&mut self, as_of: i64, ledger: &Ledger) {
        let earlier = as_of - self.random.random_range(1..3 * DAY);
        self.past_night(earlier, ledger).await;
    }

    /// A night that comes once a later one has begun, beside uploads.
    pub(super) async fn late_night(&mut self, as_of: i64, late: Vec<Pending>, ledger: &Ledger) {
        self.deliver(late).await;
        if as_of < ledger.latest {
            self.past_night(as_of, ledger).await;
            self.morning(as_of).await;
        }
    }

    async fn past_night(&mut self, as_of: i64, ledger: &Ledger) {
        let before = ledger.entries(&self.cloud.tables);
        for scan in WHOLE {
            if let Some(Ok(outcome)) = self.scan(scan, as_of, Weather::CALM, None).await
                && !outcome.superseded
            {
                self.broken
                    .push(format!("{scan:?} as of {as_of}, which is past, did not stop"));
            }
        }
        if ledger.entries(&self.cloud.tables) != before {
            self.broken
                .push(format!("entries were posted as of {as_of}, which was past"));
        }
    }

    /// The scans of a night, some of them twice, with uploads beside them, and at times with the close before they are done.
    pub(super) async fn night(&mut self, as_of: i64, late: Vec<Pending>, ledger: &mut Ledger) -> Held {
        let mut scans = self.scans_of(as_of);
        let mut strict = true;
        if self.random.random_ratio(1, 8) {
            // A straggler of an older night that nobody waited for.
            let older = self.random.random_range(ledger.latest.min(as_of - 1)..as_of);
            scans.extend(WHOLE.map(|scan| (scan, older)));
            ledger.owed.remove(&older);
            strict = false;
        }
        scans.shuffle(&mut self.random);
        let errands: Vec<_> = scans
            .into_iter()
            .map(|(scan, as_of)| (scan, as_of, self.attempts(CALLS)))
            .collect();
        let deliveries = self.errands_of(late);
        let cut_short = as_of < ENDS && self.random.random_ratio(1, 10);
        let closed = cut_short.then(|| self.attempts(CALLS));
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
        let closed = closed
            .into_iter()
            .map(|attempts| season.until_written(Paper::Close, as_of, attempts));
        let (scanned, delivered, closed) = join3(scanned, delivered, join_all(closed)).await;
        let delivered = delivered.into_iter().map(Delivery::wrong);
        let wrong = scanned.into_iter().chain(delivered).chain(closed);
        self.broken.extend(wrong.flatten());
        Held { strict, cut_short }
    }

    /// A night's scans, some of them twice; the sign-offs at once, or a shard at a time.
    fn scans_of(&mut self, as_of: i64) -> Vec<(Scan, i64)> {
        let segments = self.random.random_range(1..=3);
        let mut scans: Vec<Scan> = (0..segments)
            .map(|segment| Scan::Stalls { segment, segments })
            .collect();
        if self.random.random_ratio(1, 4) {
            scans.extend((0..OPEN_SHARDS).map(|shard| Scan::Signoffs { shard: Some(shard) }));
        } else {
            scans.push(Scan::Signoffs { shard: None });
        }
        for index in 0..scans.len() {
            if self.random.random_ratio(1, 4) {
                scans.push(scans[index]);
            }
        }
        scans.into_iter().map(|scan| (scan, as_of)).collect()
    }

    pub(super) async fn scan_calmly(&mut self, as_of: i64) {
        for scan in WHOLE {
            let done = self.scan(scan, as_of, Weather::CALM, None).await;
            if !matches!(&done, Some(Ok(outcome)) if outcome.failed_count == 0) {
                self.broken.push(format!("{scan:?}, undisturbed: {done:?}"));
            }
        }
    }

    /// Scans until an attempt is whole. What is wrong, if anything.
    pub(super) async fn until_done(&self, scan: Scan, as_of: i64, attempts: Vec<Attempt>) -> Option<String> {
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
                    let scan = StallScan {
                        store,
                        lake,
                        policy,
                        shadow: self.shadow.clone(),
                    };
                    stall_scan::handle_all(&scan, request, time_left).await
                }
                Scan::Signoffs { shard } => {
                    let request = signoff_scan::Request {
                        as_of,
                        shard,
                        cursor: None,
                    };
                    signoff_scan::handle_all(&SignoffScan { store, policy }, request, time_left).await
                }
            }
        })
        .await
    }
}
