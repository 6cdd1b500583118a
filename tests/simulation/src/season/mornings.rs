//! Mornings: a night's close and its digest, twice at once, killed, too early, late and not at all.

use std::sync::Arc;

use domain::Timestamp;
use entrypoint::Failure;
use futures::future::join_all;
use lake::Lake;
use local::BUCKET;
use morning_digest::MorningDigest;
use night_close::NightClose;
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::Value;

use super::{Attempt, Season};
use crate::check::Ledger;
use crate::check::nights::{check_closes, check_digest};
use crate::run::Run;

/// Calls of a run that are worth dying at.
const CALLS: u32 = 24;

/// What is made of a night once its scans are done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paper {
    Close,
    Digest,
}

impl Season {
    /// Closes a night and writes its digest. At times nobody closes it: the next close does.
    pub(super) async fn morning(&mut self, as_of: i64) {
        let mut papers = vec![Paper::Digest];
        if self.random.random_ratio(4, 5) {
            papers.push(Paper::Close);
        }
        for index in 0..papers.len() {
            if self.random.random_ratio(1, 4) {
                papers.push(papers[index]);
            }
        }
        papers.shuffle(&mut self.random);
        let errands: Vec<_> = papers
            .into_iter()
            .map(|paper| (paper, self.attempts(CALLS)))
            .collect();
        let season = &*self;
        let written = errands
            .into_iter()
            .map(|(paper, attempts)| season.until_written(paper, as_of, attempts));
        let written = join_all(written).await;
        self.broken.extend(written.into_iter().flatten());
    }

    /// Writes until an attempt is whole. What is wrong, if anything.
    pub(super) async fn until_written(
        &self,
        paper: Paper,
        as_of: i64,
        attempts: Vec<Attempt>,
    ) -> Option<String> {
        let errand = format!("{paper:?} of {as_of}");
        let night = Timestamp::from_unix(as_of);
        let work = async |run: &Run| self.write(run, paper, night).await;
        self.until_whole(&errand, attempts, work).await.err()
    }

    async fn write(&self, run: &Run, paper: Paper, as_of: Timestamp) -> Result<(), Failure> {
        let (store, policy) = (self.store(run), Arc::clone(&self.policy));
        let lake = Lake::new(self.cloud.s3(Some(run)), BUCKET);
        match paper {
            Paper::Close => {
                let close = NightClose {
                    store,
                    lake,
                    policy,
                    parts: self.parts.clone(),
                };
                let outcome = night_close::handle(&close, night_close::Request { as_of }).await?;
                run.tell(format_args!(
                    "{:?}, {} caught up",
                    outcome.status, outcome.caught_up
                ));
            }
            Paper::Digest => {
                let digest = MorningDigest { store, lake, policy };
                let outcome = morning_digest::handle(&digest, morning_digest::Request { as_of }).await?;
                run.tell(format_args!(
                    "{} entries, {} missing",
                    outcome.entries, outcome.missing
                ));
            }
        }
        Ok(())
    }

    /// What is wrong with a night's digest. `whole`: the night was alone, so what it saw is what the reference says.
    pub(super) async fn check_digest(&mut self, as_of: i64, ledger: &Ledger, whole: bool) {
        let date = Timestamp::from_unix(as_of).date_in(self.policy.zone);
        let lake = Lake::new(self.cloud.s3(None), BUCKET);
        let file = lake.digest_file(date, "digest.json").await;
        let file = file.expect("the bucket can be read").unwrap_or_default();
        let digest: Value = serde_json::from_slice(&file).unwrap_or_default();
        if digest["as_of"] != Timestamp::from_unix(as_of).to_string() {
            self.broken.push(format!(
                "the digest of {date} is of {} and not of {as_of}",
                digest["as_of"]
            ));
            return;
        }
        let owed = ledger.owed.get(&as_of).filter(|_| whole);
        let found = check_digest(&digest, &self.cloud.tables, as_of, owed);
        self.broken.extend(found);
    }

    /// Parts of nights that lie in the bucket.
    pub(super) async fn parts_of_nights(&self) -> u64 {
        let listed = self
            .cloud
            .s3(None)
            .list_objects_v2()
            .bucket(BUCKET)
            .prefix("nights/");
        let listed = listed.send().await.expect("the bucket can be listed");
        let keys = listed.contents().iter().filter_map(|object| object.key());
        keys.filter(|key| key.contains("/close/")).count() as u64
    }

    /// Closes what was never closed, and proves the chain.
    pub(super) async fn check_closes(&mut self, as_of: i64, ledger: &Ledger) {
        let attempts = self.attempts(CALLS);
        let failed = self.until_written(Paper::Close, as_of, attempts).await;
        self.broken.extend(failed);
        let copy = tempfile::tempdir().expect("a directory for the closes");
        let lake = Lake::new(self.cloud.s3(None), BUCKET);
        lake.fetch_closes(copy.path())
            .await
            .expect("the closes can be copied");
        self.broken
            .extend(check_closes(copy.path(), &self.cloud.tables, &ledger.owed));
    }
}
