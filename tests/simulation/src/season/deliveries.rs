//! Uploads: files put into the inbox, and their notifications delivered, some of them twice at once, until each is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lambda_events::event::s3::S3Event;
use domain::Timestamp;
use entrypoint::TimeLeft;
use futures::future::join_all;
use lake::Lake;
use local::{BUCKET, ORDERS_TABLE};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use upload_validation::UploadValidation;

use super::{Attempt, Season, wrong};
use crate::office::Office;

/// Calls of a run that are worth dying at.
const CALLS: u32 = 30;

/// A notification that waits, with its number.
pub(crate) type Pending = (i64, S3Event);

/// What became of a notification.
pub(crate) enum Delivery {
    /// It was answered.
    Answered,
    /// Its upload failed for good, and is set aside.
    SetAside(Pending),
    /// Something that must not happen.
    Wrong(String),
}

impl Delivery {
    /// What must not have happened, if it did.
    pub(crate) fn wrong(self) -> Option<String> {
        match self {
            Self::Wrong(wrong) => Some(wrong),
            Self::Answered | Self::SetAside(_) => None,
        }
    }
}

impl Season {
    /// Delivers notifications, some of them twice at once, until each was answered. An order may be spoiled meanwhile: what
    /// fails because of it is set aside, and delivered again once the order can be read.
    pub(super) async fn deliver(&mut self, pending: Vec<Pending>) {
        let spoiled = self.order_to_spoil();
        self.cloud.tables.spoil(spoiled);
        let set_aside = self.deliver_all(pending).await;
        self.cloud.tables.spoil(None);
        self.happened.set_aside += set_aside.len() as u64;
        self.deliver_all(set_aside).await;
    }

    fn order_to_spoil(&mut self) -> Option<String> {
        if !self.random.random_ratio(1, 4) {
            return None;
        }
        let items = self.cloud.tables.items(&json!({ "TableName": ORDERS_TABLE }));
        let ids = items
            .iter()
            .filter_map(|item| Some(item["order_id"]["S"].as_str()?.to_owned()));
        let mut ids: Vec<String> = ids.collect();
        ids.sort();
        let spoiled = ids.choose(&mut self.random).cloned();
        self.diary
            .tell(format_args!("  order {spoiled:?} cannot be read"));
        spoiled
    }

    /// Delivers notifications; gives those that were set aside.
    async fn deliver_all(&mut self, pending: Vec<Pending>) -> Vec<Pending> {
        let deliveries = self.errands_of(pending);
        let season = &*self;
        let delivered = join_all(
            deliveries
                .into_iter()
                .map(|(pending, attempts)| season.until_delivered(pending, attempts)),
        )
        .await;
        let mut set_aside = Vec::new();
        for delivery in delivered {
            match delivery {
                Delivery::Answered => {}
                Delivery::SetAside(pending) => set_aside.push(pending),
                Delivery::Wrong(wrong) => self.broken.push(wrong),
            }
        }
        set_aside
    }

    pub(super) fn errands_of(&mut self, pending: Vec<Pending>) -> Vec<(Pending, Vec<Attempt>)> {
        let mut twice = Vec::new();
        for one in pending {
            if self.random.random_ratio(1, 6) {
                twice.push(one.clone());
            }
            twice.push(one);
        }
        twice.shuffle(&mut self.random);
        twice.into_iter().map(|one| (one, self.attempts(CALLS))).collect()
    }

    /// Delivers a message until its upload is answered, and the messages of the upload's further runs with it.
    pub(super) async fn until_delivered(
        &self,
        (mut id, mut event): Pending,
        attempts: Vec<Attempt>,
    ) -> Delivery {
        let spared = attempts.len() - 1;
        for (attempt, (number, weather, death, pause)) in attempts.into_iter().enumerate() {
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
                batches: self.batches,
            };
            let answered = run.live(async {
                self.wait(&run, pause).await;
                let time = match attempt == spared {
                    true => TimeLeft::unlimited(),
                    false => self.time_of(number),
                };
                upload_validation::handle_in_time(&function, event.clone(), time).await
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
                    if let Some(cause) = outcome.answered.iter().find_map(|upload| upload.failed.as_ref()) {
                        run.tell(format_args!("failed for good: {cause}"));
                        return match self.cloud.tables.has_spoiled() {
                            true => Delivery::SetAside((id, event)),
                            false => Delivery::Wrong(format!("{run:?} failed for good: {cause}")),
                        };
                    }
                    let Some(next) = outcome.handed_on.first() else {
                        return Delivery::Answered;
                    };
                    run.tell(format_args!("goes on at row {}", next.rows));
                    self.handed_on.fetch_add(1, Ordering::SeqCst);
                    let waiting = self.waiting().await;
                    // Another delivery of the same upload may have had it already.
                    let mut waiting = waiting.into_iter();
                    let Some(next) = waiting.find(|(_, event)| {
                        let key = event.records[0].s3.object.key.as_deref();
                        key == Some(&*next.next_run)
                    }) else {
                        return Delivery::Answered;
                    };
                    (id, event) = next;
                }
                Some(Err(failure)) => {
                    run.tell(&failure);
                    if let Some(wrong) = wrong(&run, &failure, weather) {
                        return Delivery::Wrong(wrong);
                    }
                }
                None => {}
            }
        }
        Delivery::Answered
    }

    /// The time of a run: enough for all of its file, or for a few batches.
    fn time_of(&self, run: u32) -> TimeLeft {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed ^ u64::from(run));
        if random.random_ratio(1, 3) {
            return TimeLeft::unlimited();
        }
        let left = AtomicI64::new(random.random_range(0..4));
        TimeLeft::told_by(move || match left.fetch_sub(1, Ordering::SeqCst) > 0 {
            true => Duration::MAX,
            false => Duration::ZERO,
        })
    }

    pub(super) async fn put(&mut self, file: &crate::files::File, office: &mut Office) {
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

    pub(super) async fn waiting(&self) -> Vec<Pending> {
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
}
