//! A month too large for one run: parts of it, folded by runs of their own, and their merge.
//!
//! A plan lists the lake once for all of them and says how many they are; `infra/statemachines/eligibility-report.asl.json`
//! runs plan, parts and merge. The parts are buckets of the hash that orders and entries are spread by, so what one run makes of an order, it
//! makes of all its rows. Where a compaction took a file of the plan away, the plan is made anew.

use domain::time::not_beyond;
use domain::{Month, Timestamp};
use entrypoint::{Dated, Failure, Metric};
use lake::{PlanKey, Share};
use report::{KeptPart, Part, Wanted};
use serde::{Deserialize, Serialize};

use crate::months::{Gathered, Plan};
use crate::revisions::revised_at;
use crate::{EligibilityReport, Error, Outcome, Request, failure, finish, handle, metrics, month_of};

/// Parts of a report, at most.
pub const BUCKETS_MAX: u32 = 1_024;
/// Bytes of the lake's files that one run folds, about. It fetches them to its disk, which in the template holds four times
/// as much: batches that are not compacted yet lie on every part's.
pub const PART_BYTES: u64 = 512 << 20;

/// What the function is asked for; without `step` a report in one run.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Task {
    /// The report.
    #[serde(flatten)]
    pub request: Request,
    /// A step of a report in parts.
    #[serde(default)]
    pub step: Option<Step>,
    /// How many parts: a power of two, at most [`BUCKETS_MAX`]. A plan without them goes by the size of what is to be folded.
    #[serde(default)]
    pub buckets: Option<u32>,
    /// Which part, from 0.
    #[serde(default)]
    pub bucket: u32,
}

impl Dated for Task {
    fn check_clock(&self, clock_unix: i64) -> Result<(), Failure> {
        let come = not_beyond(self.request.as_of, Timestamp::from_unix(clock_unix));
        come.map(|_| ()).map_err(|beyond| Failure::of(beyond, false))
    }
}

/// A step of a report in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Lists what the report is made of.
    Plan,
    /// Folds one part.
    Part,
    /// Makes the report of its parts.
    Merge,
}

/// What a task came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// A plan was made.
    Plan {
        /// The report's month.
        month: Month,
        /// How many parts: 1 is a report for one run, without any step.
        buckets: u32,
        /// The parts to be folded: the tasks as they are to be run.
        parts: Vec<PlannedPart>,
    },
    /// A part was folded.
    Part {
        /// Where it lies.
        part: String,
        /// Sellers in it, of all months.
        sellers: u64,
    },
    /// A report was written.
    Report(Outcome),
}

impl Done {
    /// What the charts hear of it.
    pub fn metrics(&self) -> Vec<Metric> {
        match self {
            Self::Report(outcome) => metrics(outcome),
            Self::Plan { .. } | Self::Part { .. } => Vec::new(),
        }
    }
}

/// A part to be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedPart {
    /// Which, from 0.
    pub bucket: u32,
    /// Of how many.
    pub buckets: u32,
}

/// Does what is asked.
///
/// # Errors
/// As [`handle`]; and [`Failure`] for parts that are not there or not of the plan's files, which a plan anew mends.
pub async fn run(function: &EligibilityReport, task: Task) -> Result<Done, Failure> {
    match task.step {
        None => handle(function, task.request).await.map(Done::Report),
        Some(Step::Plan) => planned(function, task).await.map_err(failure),
        Some(Step::Part) => {
            let report = PartedReport::of(function, task, task.buckets).map_err(failure)?;
            report.part(task.bucket).await.map_err(failure)
        }
        Some(Step::Merge) => {
            let report = PartedReport::of(function, task, task.buckets).map_err(failure)?;
            let merged = report.merged().await.map_err(failure)?;
            let outcome = finish(function, report.month, task.request.as_of, merged).await;
            outcome.map(Done::Report)
        }
    }
}

/// Lists the lake and keeps the list for all parts.
async fn planned(function: &EligibilityReport, task: Task) -> Result<Done, Error> {
    let (month, as_of) = (month_of(function, task.request), task.request.as_of);
    let mut plan = Plan::make(function, month, as_of).await?;
    plan.revises = revised_at(function, month, as_of).await?;
    let buckets = task.buckets.unwrap_or_else(|| buckets_for(plan.bytes_to_fold()));
    let report = PartedReport::of(function, task, Some(buckets))?;
    report.keep(&plan).await
}

/// As many parts as it takes for each to be of [`PART_BYTES`] at most.
fn buckets_for(bytes: u64) -> u32 {
    let parts = bytes.div_ceil(PART_BYTES).max(1).next_power_of_two();
    u32::try_from(parts).map_or(BUCKETS_MAX, |parts| parts.min(BUCKETS_MAX))
}

struct PartedReport<'a> {
    function: &'a EligibilityReport,
    month: Month,
    request: Request,
    buckets: u32,
}

impl<'a> PartedReport<'a> {
    fn of(function: &'a EligibilityReport, task: Task, buckets: Option<u32>) -> Result<Self, Error> {
        let (month, buckets) = (month_of(function, task.request), buckets.unwrap_or(0));
        if !buckets.is_power_of_two() || buckets > BUCKETS_MAX || task.bucket >= buckets {
            return Err(Error::Buckets(month, task.bucket, buckets));
        }
        Ok(Self {
            function,
            month,
            request: task.request,
            buckets,
        })
    }

    async fn keep(&self, plan: &Plan) -> Result<Done, Error> {
        let bytes = serde_json::to_vec(plan).map_err(|source| Error::Manifest(self.month, source))?;
        let put = self.function.lake.put_plan(self.plan_key(), bytes).await;
        put.map_err(|source| Error::Lake(self.month, source))?;
        let parts = (0..self.buckets).map(|bucket| PlannedPart {
            bucket,
            buckets: self.buckets,
        });
        Ok(Done::Plan {
            month: self.month,
            buckets: self.buckets,
            parts: parts.collect(),
        })
    }

    async fn part(&self, bucket: u32) -> Result<Done, Error> {
        let (plan, id) = self.planned().await?;
        let revises = plan.revises;
        let part = Part {
            bucket,
            buckets: self.buckets,
        };
        let mut gathered = Gathered::part(self.function, plan, part).await?;
        let months = gathered.months.iter();
        let sellers = months.map(|kept| kept.folded.sellers.len() as u64).sum();
        let learned = match revises {
            Some(since) => Some(gathered.learned(self.function, since).await?),
            None => None,
        };
        let kept = KeptPart {
            learned,
            named: gathered.named(self.function, Wanted::ALL).await?,
            months: gathered.months,
        };
        let share = self.share(bucket, id);
        let put = self.function.lake.put_part(&share, kept.to_bytes()).await;
        let part = put.map_err(|source| Error::Lake(self.month, source))?;
        Ok(Done::Part { part, sellers })
    }

    async fn merged(&self) -> Result<Gathered, Error> {
        let (plan, id) = self.planned().await?;
        let mut all: Option<KeptPart> = None;
        for bucket in 0..self.buckets {
            let bytes = self.function.lake.part(&self.share(bucket, id.clone())).await;
            let bytes = bytes.map_err(|source| Error::Lake(self.month, source))?;
            let part = bytes.and_then(|bytes| KeptPart::from_bytes(&bytes));
            let part = part.ok_or(Error::PartsMissing(self.month))?;
            match &mut all {
                None => all = Some(part),
                Some(all) => all.merge(part),
            }
        }
        Gathered::of_parts(plan, all.ok_or(Error::PartsMissing(self.month))?)
    }

    /// The plan and its id.
    async fn planned(&self) -> Result<(Plan, String), Error> {
        let bytes = self.function.lake.plan(self.plan_key()).await;
        let bytes = bytes.map_err(|source| Error::Lake(self.month, source))?;
        let bytes = bytes.ok_or(Error::PartsMissing(self.month))?;
        let plan = serde_json::from_slice(&bytes).map_err(|source| Error::Manifest(self.month, source))?;
        Ok((plan, lake::digest_of(&bytes)))
    }

    fn plan_key(&self) -> PlanKey {
        PlanKey {
            month: self.month,
            as_of: self.request.as_of,
            buckets: self.buckets,
        }
    }

    /// A part lies under its plan's id: one of another plan is not there.
    fn share(&self, bucket: u32, plan: String) -> Share {
        Share {
            of: self.plan_key(),
            plan,
            bucket,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_many_as_the_files_ask_for() {
        let asked = [0, 1, PART_BYTES, PART_BYTES + 1, 5 * PART_BYTES, u64::MAX];
        assert_eq!(asked.map(buckets_for), [1, 1, 1, 2, 8, BUCKETS_MAX]);
    }
}
