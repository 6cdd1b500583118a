//! A report's months: what is kept of those that are over, and the lake's files of the rest, folded.

use domain::{Month, Timestamp};
use lake::{FetchedFile, LakeError, LakeObject, MonthObjects};
use report::{
    Detail, FileDigest, Folded, Kept, KeptPart, Learned, MonthFigures, MonthFiles, OrdersByName, Part, Wanted,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::{EligibilityReport, Error, aside};

/// How often the lake is listed when a compaction takes files away meanwhile.
const LISTINGS_MAX: u32 = 5;

/// What a report is made of: its months as the lake was listed, so that all parts of it are made of the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) month: Month,
    pub(crate) as_of: Timestamp,
    /// The instant of the report that this one revises, where its parts tell what was learned since.
    pub(crate) revises: Option<Timestamp>,
    months: Vec<PlannedMonth>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PlannedMonth {
    objects: MonthObjects,
    /// Whether its figures are taken from what is kept of it.
    is_kept: bool,
    /// What is kept of it, where it was read for the plan.
    #[serde(skip)]
    kept: Option<Kept>,
}

impl Plan {
    pub(crate) async fn make(
        function: &EligibilityReport,
        month: Month,
        as_of: Timestamp,
    ) -> Result<Self, Error> {
        let mut months = Vec::new();
        for of in report::window(month, &function.policy) {
            let objects = function.lake.month_objects(of).await.map_err(refused(of))?;
            let kept = match Detail::of(of, month) {
                Detail::Figures => kept_of(function, &objects).await?,
                Detail::Breakdown => None,
            };
            let kept = kept.filter(|kept| kept.folded.stretch.covers(as_of));
            months.push(PlannedMonth {
                objects,
                is_kept: kept.is_some(),
                kept,
            });
        }
        Ok(Self {
            month,
            as_of,
            revises: None,
            months,
        })
    }

    /// The size of the files that are to be folded: those of the months of which nothing is kept.
    pub(crate) fn bytes_to_fold(&self) -> u64 {
        let to_fold = self.months.iter().filter(|planned| !planned.is_kept);
        let objects =
            to_fold.flat_map(|planned| planned.objects.orders.iter().chain(&planned.objects.ledger));
        objects.map(|object| object.bytes).sum()
    }
}

/// A report's months, folded; what was fetched for them is gone with it.
pub(crate) struct Gathered {
    plan: Plan,
    /// The plan's months.
    pub(crate) months: Vec<Kept>,
    /// What was fetched of each: all, or the part's.
    files: Vec<Option<MonthFiles>>,
    part: Part,
    /// Orders of the report's own month by name, where its parts have reported them.
    named: Option<OrdersByName>,
    /// What was learned since the report that this one revises, where its parts have told it.
    learned: Option<Learned>,
    /// The digest of the sellers' papers, where there are any.
    pub(crate) papers: Option<FileDigest>,
    scratch: TempDir,
}

impl Gathered {
    /// All of a report's months, as they are now.
    pub(crate) async fn whole(
        function: &EligibilityReport,
        month: Month,
        as_of: Timestamp,
    ) -> Result<Self, Error> {
        let mut attempts = LISTINGS_MAX;
        loop {
            attempts -= 1;
            let plan = Plan::make(function, month, as_of).await?;
            match Self::part(function, plan, Part::WHOLE).await {
                Err(Error::Lake(_, LakeError::Gone { .. })) if attempts > 0 => {}
                gathered => return gathered,
            }
        }
    }

    /// A part of the months of a plan. What is kept of a month is taken by the first part, for all of them.
    pub(crate) async fn part(function: &EligibilityReport, plan: Plan, part: Part) -> Result<Self, Error> {
        let mut gathered = Self::empty(plan, part)?;
        for planned in gathered.plan.months.clone() {
            let (kept, files) = match planned.is_kept {
                true => (gathered.kept(function, planned, part).await?, None),
                false => {
                    let (kept, files) = gathered.folded(function, &planned.objects, part).await?;
                    (kept, Some(files))
                }
            };
            gathered.months.push(kept);
            gathered.files.push(files);
        }
        Ok(gathered)
    }

    /// Months that were folded in parts.
    pub(crate) fn of_parts(plan: Plan, merged: KeptPart) -> Result<Self, Error> {
        let gathered = Self::empty(plan, Part::WHOLE)?;
        Ok(Self {
            files: merged.months.iter().map(|_| None).collect(),
            months: merged.months,
            named: Some(merged.named),
            learned: merged.learned,
            ..gathered
        })
    }

    fn empty(plan: Plan, part: Part) -> Result<Self, Error> {
        Ok(Self {
            scratch: tempfile::tempdir().map_err(|source| Error::Disk(plan.month, source))?,
            months: Vec::new(),
            files: Vec::new(),
            part,
            named: None,
            learned: None,
            papers: None,
            plan,
        })
    }

    /// Orders of the report's own month by name: of the sellers that are wanted, unless its parts have reported them.
    pub(crate) async fn named(
        &mut self,
        function: &EligibilityReport,
        wanted: Wanted,
    ) -> Result<OrdersByName, Error> {
        if let Some(named) = self.named.take() {
            return Ok(named);
        }
        let (month, as_of, part) = (self.plan.month, self.plan.as_of, self.part);
        let mut months = self.plan.months.iter();
        let Some(own) = months.position(|planned| planned.objects.month == month) else {
            return Ok(OrdersByName::default());
        };
        let files = self.files_of(function, own).await?;
        aside(month, move || {
            report::orders_by_name(&[files], month, as_of, part, &wanted)
        })
        .await
    }

    pub(crate) fn inputs(&self) -> Vec<FileDigest> {
        let files = self.months.iter().flat_map(|kept| &kept.inputs);
        files.chain(&self.papers).cloned().collect()
    }

    /// The months' figures, which are gone from here then.
    pub(crate) fn take_figures(&mut self) -> Vec<MonthFigures> {
        let months = self.months.iter_mut();
        let figures = months.flat_map(|kept| std::mem::take(&mut kept.folded.sellers).into_values());
        figures.collect()
    }

    /// Keeps the figures of the months before the report's of which nothing is left to be decided: until a row comes late,
    /// they stay so.
    pub(crate) async fn keep(&self, function: &EligibilityReport) -> Result<(), Error> {
        for (planned, kept) in self.plan.months.iter().zip(&self.months) {
            let objects = &planned.objects;
            let is_kept_before = planned.is_kept || objects.month == self.plan.month;
            if !is_kept_before && !objects.is_empty() && kept.folded.stretch.is_open_ended() {
                let bytes = Kept::to_bytes(std::slice::from_ref(kept));
                let put = function.lake.put_aggregate(objects, bytes).await;
                put.map_err(refused(objects.month))?;
            }
        }
        Ok(())
    }

    /// What was learned of the months since an instant, unless the parts have told it: also of those whose figures were kept.
    pub(crate) async fn learned(
        &mut self,
        function: &EligibilityReport,
        since: Timestamp,
    ) -> Result<Learned, Error> {
        if let Some(learned) = self.learned.take().filter(|learned| learned.since == since) {
            return Ok(learned);
        }
        let (month, as_of, part) = (self.plan.month, self.plan.as_of, self.part);
        let mut all = Vec::new();
        for place in 0..self.plan.months.len() {
            all.push(self.files_of(function, place).await?);
        }
        aside(month, move || report::learned(&all, since, as_of, part)).await
    }

    /// The files of one of the plan's months, all or the part's, fetched if they were not yet.
    async fn files_of(&mut self, function: &EligibilityReport, place: usize) -> Result<MonthFiles, Error> {
        if let Some(files) = &self.files[place] {
            return Ok(files.clone());
        }
        let objects = objects_of(&self.plan.months[place].objects, self.part);
        let (files, _) = fetch(function, &objects, &self.scratch).await?;
        self.files[place] = Some(files.clone());
        Ok(files)
    }

    async fn kept(
        &self,
        function: &EligibilityReport,
        planned: PlannedMonth,
        part: Part,
    ) -> Result<Kept, Error> {
        let month = planned.objects.month;
        if part.bucket > 0 {
            return Ok(Kept {
                inputs: Vec::new(),
                folded: Folded::none(month),
            });
        }
        let kept = match planned.kept {
            Some(kept) => Some(kept),
            None => kept_of(function, &planned.objects).await?,
        };
        kept.ok_or(Error::PartsMissing(month))
    }

    async fn folded(
        &self,
        function: &EligibilityReport,
        objects: &MonthObjects,
        part: Part,
    ) -> Result<(Kept, MonthFiles), Error> {
        let (month, as_of) = (objects.month, self.plan.as_of);
        let detail = Detail::of(month, self.plan.month);
        let of_part = objects_of(objects, part);
        let (files, inputs) = fetch(function, &of_part, &self.scratch).await?;
        let to_fold = files.clone();
        let fold = move || report::fold(&[to_fold], month, as_of, part, detail);
        let folded = aside(month, fold).await?;
        Ok((Kept { inputs, folded }, files))
    }
}

async fn kept_of(function: &EligibilityReport, objects: &MonthObjects) -> Result<Option<Kept>, Error> {
    if objects.is_empty() {
        return Ok(None);
    }
    let bytes = function
        .lake
        .aggregate(objects)
        .await
        .map_err(refused(objects.month))?;
    let kept = bytes
        .and_then(|bytes| Kept::from_bytes(&bytes))
        .unwrap_or_default();
    Ok(kept.into_iter().next())
}

/// The objects that can hold rows of a part.
fn objects_of(objects: &MonthObjects, part: Part) -> MonthObjects {
    let may_hold = |object: &&LakeObject| match object.bucket() {
        Some((bucket, buckets)) => part.meets(Part { bucket, buckets }),
        None => true,
    };
    MonthObjects {
        month: objects.month,
        orders: objects.orders.iter().filter(may_hold).cloned().collect(),
        ledger: objects.ledger.iter().filter(may_hold).cloned().collect(),
    }
}

async fn fetch(
    function: &EligibilityReport,
    objects: &MonthObjects,
    scratch: &TempDir,
) -> Result<(MonthFiles, Vec<FileDigest>), Error> {
    let refused = refused(objects.month);
    let orders = function.lake.fetch_objects(&objects.orders, scratch.path()).await;
    let orders = orders.map_err(&refused)?;
    let ledger = function.lake.fetch_objects(&objects.ledger, scratch.path()).await;
    let ledger = ledger.map_err(&refused)?;
    let digests = orders.iter().chain(&ledger).map(digest_of).collect();
    let paths = |fetched: Vec<FetchedFile>| fetched.into_iter().map(|file| file.path).collect();
    let files = MonthFiles {
        month: objects.month,
        orders: paths(orders),
        ledger: paths(ledger),
    };
    Ok((files, digests))
}

fn digest_of(file: &FetchedFile) -> FileDigest {
    FileDigest {
        name: file.key.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    }
}

fn refused(month: Month) -> impl Fn(LakeError) -> Error {
    move |source| Error::Lake(month, source)
}
