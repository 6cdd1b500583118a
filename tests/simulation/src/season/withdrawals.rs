//! Withdrawals: nights of a wrong instant are taken back, twice at once, killed, and beside a scan of such a night.

use std::sync::Arc;

use domain::Timestamp;
use entrypoint::Failure;
use futures::future::{join, join_all};
use lake::Lake;
use local::BUCKET;
use morning_digest::MorningDigest;
use night_close::NightClose;
use night_close::withdrawal::{self, Status};
use rand::Rng;

use super::nights::Scan;
use super::{Attempt, Season};
use crate::check::Ledger;
use crate::office::Day;
use crate::people::DAY;
use crate::run::Run;

/// Calls of a run that are worth dying at.
const CALLS: u32 = 60;

impl Season {
    /// As a rule a night is withdrawn after the scheduler's clock had jumped ahead; seldom nights that were right are, and the next
    /// one posts anew what is due.
    pub(super) async fn correct(&mut self, day: &Day, ledger: &mut Ledger) {
        let jumped = ledger.latest > day.as_of;
        let after = if jumped && self.random.random_ratio(2, 3) {
            day.as_of - self.random.random_range(0..2) * self.random.random_range(0..DAY)
        } else if !jumped && ledger.latest > 0 && self.random.random_ratio(1, 12) {
            ledger.latest - self.random.random_range(0..4 * DAY)
        } else {
            return;
        };
        self.withdraw(after, ledger).await;
    }

    async fn withdraw(&mut self, after: i64, ledger: &mut Ledger) {
        self.diary.tell(format_args!(
            "withdrawal of what is later than {}",
            Timestamp::from_unix(after)
        ));
        let times = if self.random.random_ratio(1, 3) { 2 } else { 1 };
        let errands: Vec<_> = (0..times).map(|_| self.attempts(CALLS)).collect();
        let late = self.random.random_ratio(1, 3).then(|| self.attempts(CALLS));
        let wrong = ledger.latest;
        let season = &*self;
        let withdrawn = join_all(
            errands
                .into_iter()
                .map(|attempts| season.until_withdrawn(after, attempts)),
        );
        let scan = Scan::Signoffs { shard: None };
        let scanned = join_all(
            late.into_iter()
                .map(|attempts| season.until_done(scan, wrong, attempts)),
        );
        let (withdrawn, scanned) = join(withdrawn, scanned).await;
        self.broken.extend(withdrawn.into_iter().chain(scanned).flatten());
        let nights: Vec<i64> = ledger.owed.range(after + 1..).map(|(as_of, _)| *as_of).collect();
        let found = ledger.withdrawn(after, &self.cloud.tables);
        self.broken.extend(found);
        for night in nights {
            self.check_no_digest_after(night, after).await;
        }
    }

    /// Withdraws until an attempt is whole. What is wrong, if anything.
    async fn until_withdrawn(&self, after: i64, attempts: Vec<Attempt>) -> Option<String> {
        let errand = format!("withdrawal of what is later than {after}");
        let work = async |run: &Run| self.withdraw_once(run, Timestamp::from_unix(after)).await;
        match self.until_whole(&errand, attempts, work).await {
            Ok(Status::Withdrawn | Status::Nothing) => None,
            Ok(Status::UnderWay) => Some(format!("{errand}: another is under way")),
            Err(wrong) => Some(wrong),
        }
    }

    async fn withdraw_once(&self, run: &Run, after: Timestamp) -> Result<Status, Failure> {
        let (store, policy) = (self.store(run), Arc::clone(&self.policy));
        let lake = Lake::new(self.cloud.s3(Some(run)), BUCKET);
        let close = NightClose {
            store: store.clone(),
            lake: lake.clone(),
            policy: Arc::clone(&policy),
            parts: self.parts.clone(),
        };
        let outcome = withdrawal::handle(&close, withdrawal::Request { after }).await?;
        run.tell(format_args!(
            "{:?}, {} nights",
            outcome.status,
            outcome.nights.len()
        ));
        morning_digest::withdraw(&MorningDigest { store, lake, policy }, after).await?;
        Ok(outcome.status)
    }

    /// The digest of a day is that of its newest night that stands.
    async fn check_no_digest_after(&mut self, night: i64, after: i64) {
        let date = Timestamp::from_unix(night).date_in(self.policy.zone);
        let lake = Lake::new(self.cloud.s3(None), BUCKET);
        let file = lake.digest_file(date, "digest.json").await;
        let Some(file) = file.expect("the bucket can be read") else {
            return;
        };
        let digest: serde_json::Value = serde_json::from_slice(&file).unwrap_or_default();
        let as_of = digest["as_of"].as_str().map_or(i64::MAX, crate::watch::seconds);
        if as_of > after {
            self.broken.push(format!(
                "the digest of {date} is of {as_of}, and what is later than {after} was withdrawn"
            ));
        }
    }
}
