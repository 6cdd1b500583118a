//! `waymark restore`: brings tables that were restored to an earlier instant up to the bucket, which was not. Uploads that the
//! tables do not know as answered are judged again, nights and withdrawals that they do not know as closed are run again, in
//! the order in which all of that happened.
//!
//! Uploads keep what was reported of their writing, so each is the same upload as before; as of an instant a night sees what it
//! saw. So each close is made of the same bytes. Run again it goes on where it stopped.

use std::collections::HashSet;

use domain::Timestamp;
use domain::close::ClosedNight;
use lake::{ClosedBefore, Counts, Kept};
use serde::Serialize;
use upload_validation::{Written, judge_again};

use super::instant_or_now;
use crate::Done;
use crate::args::{Restore, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// How long before the instant the bucket is looked through: an upload may have been answered, and a night closed, just before
/// the tables knew it. What they know is left alone.
const MARGIN_SECONDS: i64 = 3_600;

/// What is done again.
enum Step {
    Upload(Written),
    Close(Box<ClosedBefore>),
}

/// What it came to, as `--json` shows it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Upload(Judged),
    Close(Closed),
}

#[derive(Serialize)]
struct Judged {
    key: String,
    /// Absent when the upload is gone: it was overwritten or deleted, and no version of it is kept.
    counts: Option<Counts>,
    /// Why it could not be processed to its end.
    failed: Option<String>,
}

#[derive(Serialize)]
struct Closed {
    as_of: Timestamp,
    /// Absent when the night could not be closed.
    close: Option<ClosedNight>,
    /// Orders that could not be settled.
    failed: u64,
    /// Whether `close.json` has the bytes that it had.
    same: bool,
}

/// The end of what `--json` shows.
#[derive(Default, Serialize)]
struct Sum {
    uploads: u64,
    closes: u64,
    /// Uploads that are gone or failed, orders that were not settled, and closes that are not as they were.
    findings: u64,
}

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Restore,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let after = instant_or_now(Some(arguments.after))?;
    let backend = Backend::open_existing(shared).await?.beside(None).await?;
    // They are of rows that the tables may have lost.
    backend.lake.forget_rulings().await?;
    let mut sum = Sum::default();
    for step in plan(&backend, after).await? {
        let outcome = match step {
            Step::Upload(written) => Some(Outcome::Upload(judge(&backend, written).await?)),
            Step::Close(before) => close(&backend, &before).await?.map(Outcome::Close),
        };
        if let Some(outcome) = outcome {
            terminal.machine(&outcome)?;
            outcome.show(terminal);
            sum.add(&outcome);
        }
    }
    // Each was judged to its end.
    backend.lake.forget_runs().await?;
    backend.deliver_streams().await?;
    terminal.machine(&sum)?;
    sum.show(terminal);
    Ok(if sum.findings > 0 {
        Done::WithFindings
    } else {
        Done::Well
    })
}

/// What the tables lack, in the order in which it happened: S3 says the second in which an answer or a close was written, and
/// within one second the instants decide that the uploads and nights themselves have.
async fn plan(backend: &Backend, after: Timestamp) -> Result<Vec<Step>, CommandError> {
    let since = Timestamp::from_unix(after.unix() - MARGIN_SECONDS);
    let mut steps = Vec::new();
    let newest = backend
        .store
        .newest_close()
        .await?
        .map_or(0, |newest| newest.number);
    let closes = backend.lake.closes_since(since).await?.into_iter();
    let mut last = None;
    for Kept { written_at, what } in closes.filter(|kept| kept.what.close.number > newest) {
        // A close follows the one before it, whatever its instant.
        let at = Some((written_at, what.close.as_of)).max(last);
        last = at;
        steps.push((at, what.close.number, Step::Close(Box::new(what))));
    }
    for (at, written) in uploads(backend, since).await? {
        // Before a close of the same instant.
        steps.push((Some(at), 0, Step::Upload(written)));
    }
    steps.sort_by_key(|(at, number, _)| (*at, *number));
    Ok(steps.into_iter().map(|(_, _, step)| step).collect())
}

/// The uploads that were answered, or that further runs were asked for, and that the tables do not know as answered.
async fn uploads(
    backend: &Backend,
    since: Timestamp,
) -> Result<Vec<((Timestamp, Timestamp), Written)>, CommandError> {
    let mut found = Vec::new();
    for Kept { written_at, what } in backend.lake.answers_since(since).await? {
        let recorded_at = what.upload.reported.as_ref().map(|reported| reported.recorded_at);
        let recorded_at = recorded_at.or(what.upload.written_at).unwrap_or(written_at);
        found.extend(Written::answered_by(&what).map(|written| ((written_at, recorded_at), written)));
    }
    for Kept { written_at, what } in backend.lake.runs_asked_for().await? {
        let written = Written::asked_for_by(&what).map_err(|error| CommandError::caused(&error))?;
        let stored_at = written
            .at_ms
            .map_or(written_at, |at_ms| Timestamp::from_unix(at_ms / 1_000));
        found.push(((written_at, stored_at), written));
    }
    found.sort_by_key(|(at, written)| (*at, written.at_ms));
    let mut seen = HashSet::new();
    let mut lacking = Vec::new();
    for (at, written) in found {
        let record = written.record();
        if seen.insert((record.key.clone(), record.upload)) && !backend.store.is_upload_done(&record).await? {
            lacking.push((at, written));
        }
    }
    Ok(lacking)
}

async fn judge(backend: &Backend, written: Written) -> Result<Judged, CommandError> {
    let key = written.key.to_string();
    let outcome = judge_again(&backend.upload_validation(), written).await?;
    let answered = outcome.answered.into_iter().next();
    Ok(Judged {
        key,
        counts: answered.as_ref().map(|answered| answered.counts),
        failed: answered.and_then(|answered| answered.failed),
    })
}

/// Runs a night or a withdrawal again; `None` for a night that no scan began: an upload posted it, and the next close closes it.
async fn close(backend: &Backend, before: &ClosedBefore) -> Result<Option<Closed>, CommandError> {
    let as_of = before.close.as_of;
    let (close, failed) = if let Some(withdrawn) = &before.close.withdraws {
        let outcome = backend.withdraw_nights(withdrawn.after).await?;
        morning_digest::withdraw(&backend.morning_digest(), withdrawn.after).await?;
        (outcome.close, 0)
    } else {
        let night = backend.store.night(as_of).await?;
        if night.is_some_and(|night| night.is_open())
            && backend.lake.watched_stretches(as_of).await?.is_empty()
        {
            return Ok(None);
        }
        let night = backend.night(as_of).await?;
        (
            night.close.close,
            night.stalls.failed_count + night.signoffs.failed_count,
        )
    };
    Ok(Some(Closed {
        as_of,
        failed,
        same: close.as_ref().is_some_and(|close| close.sha256 == before.sha256),
        close,
    }))
}

impl Outcome {
    fn show(&self, terminal: &Terminal) {
        let (what, came) = match self {
            Self::Upload(judged) => (judged.key.clone(), judged.came(terminal)),
            Self::Close(closed) => {
                let night = terminal.say("the night", "夜间");
                (
                    format!("{night} {}", terminal.moment(closed.as_of)),
                    closed.came(terminal),
                )
            }
        };
        terminal.line(format!("  {what}: {came}"));
    }
}

impl Judged {
    fn came(&self, terminal: &Terminal) -> String {
        match (&self.counts, &self.failed) {
            (_, Some(failed)) => format!("{}: {failed}", terminal.say("failed", "失败")),
            (None, None) => terminal
                .say(
                    "is gone: it was overwritten or deleted, and no version of it is kept",
                    "已不存在：文件已被覆盖或删除，且没有保留版本",
                )
                .to_owned(),
            (Some(counts), None) => format!(
                "{}, {} {}, {} {}",
                terminal.count(counts.rows, "row", "行"),
                counts.rejected,
                terminal.say("rejected", "行被拒绝"),
                counts.parked,
                terminal.say("parked", "行暂挂")
            ),
        }
    }
}

impl Closed {
    fn came(&self, terminal: &Terminal) -> String {
        let Some(close) = &self.close else {
            return terminal.say("could not be closed", "未能结账").to_owned();
        };
        let same = if self.same {
            terminal.say("the close that it had", "结账与原先一致")
        } else {
            terminal.say("ANOTHER CLOSE THAN IT HAD", "结账与原先不一致")
        };
        let mut came = format!(
            "{} {}, {}, {same}",
            terminal.say("no.", "第"),
            close.number,
            terminal.count(close.entries, "entry", "条分录")
        );
        if self.failed > 0 {
            came += &format!(", {}", terminal.count(self.failed, "order failed", "个订单失败"));
        }
        came
    }
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        let is_well = match outcome {
            Outcome::Upload(judged) => {
                self.uploads += 1;
                judged.counts.is_some() && judged.failed.is_none()
            }
            Outcome::Close(closed) => {
                self.closes += 1;
                closed.same && closed.failed == 0
            }
        };
        self.findings += u64::from(!is_well);
    }

    fn show(&self, terminal: &Terminal) {
        terminal.line(format!(
            "{}, {}, {}",
            terminal.count(self.uploads, "upload judged again", "个上传已重新处理"),
            terminal.count(self.closes, "night run again", "夜已重新运行"),
            terminal.count(self.findings, "finding", "处异常")
        ));
    }
}
