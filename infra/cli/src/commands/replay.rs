//! `waymark replay`: a season kept as `DIR/YYYY-MM-DD/<kind>*.csv`, played night by night.

mod difference;

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use digest::ShadowFigures;
use domain::close::ClosedNight;
use domain::time::day_starts_at;
use domain::{Cents, Month, Timestamp, Zone};
use intake::Kind;
use lake::{Answer, Stated, UploadKey};
use serde::Serialize;
use store::{ScanOutcome, Tally};

use self::difference::Difference;
use super::charges::show_shadow;
use super::ledger::{entries_of_sellers, totals};
use super::now;
use crate::Done;
use crate::args::{Replay, Shared};
use crate::backend::{Backend, Uploaded, read_shadow};
use crate::failure::CommandError;
use crate::terminal::Terminal;
use crate::terminal::summary::show_wrapped;

/// Kinds in the order in which a day's files are uploaded.
const KINDS: [Kind; 7] = [
    Kind::Rates,
    Kind::Orders,
    Kind::Sellers,
    Kind::Tracking,
    Kind::Events,
    Kind::Appeals,
    Kind::Statement,
];

/// Files that are passed over and named, at most.
const PASSED_OVER_NAMED_MAX: usize = 10;

/// A day of a season.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    pub(crate) date: NaiveDate,
    pub(crate) files: Vec<(Kind, PathBuf)>,
}

/// What a day came to.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct DayOutcome {
    pub(crate) day: String,
    /// The day's end: 00:00 of the next day in the platform zone.
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) files: u64,
    pub(crate) rows: u64,
    pub(crate) rejected: u64,
    pub(crate) parked: u64,
    /// Files that failed for good, each with its cause; nothing more of them counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failed: Vec<String>,
    pub(crate) stalls: ScanOutcome,
    pub(crate) signoffs: ScanOutcome,
    /// The night's close.
    pub(crate) close: Option<ClosedNight>,
    /// Reports that became final with this day.
    pub(crate) reports: Vec<Month>,
}

/// The last line of a replay, for a machine.
#[derive(Serialize)]
struct Told<'a> {
    totals: &'a Totals,
    /// What the shipped policy would have charged; only when another was played.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a Difference>,
    /// The last night under the shadow policy, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<&'a ShadowFigures>,
}

#[derive(Default, Serialize)]
struct Totals {
    days: u64,
    rows: u64,
    rejected: u64,
    parked: u64,
    entries: u64,
    balance: Cents,
    #[serde(flatten)]
    posted: Tally,
}

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Replay,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let (mut days, passed_over) = read_season_whole(&arguments.season)?;
    if let Some(until) = arguments.until {
        days.retain(|day| day.date <= until);
    }
    let (Some(first), Some(last)) = (days.first().map(|day| day.date), days.last().map(|day| day.date))
    else {
        return Err(CommandError::usage(format!(
            "{0} holds no day (a folder YYYY-MM-DD) to play | {0} 中没有可回放的日期（文件夹 YYYY-MM-DD）",
            arguments.season.display()
        )));
    };
    tell_passed_over(&passed_over, terminal);
    let shadow = read_shadow(&arguments.shadow)?;
    let backend = Backend::open(shared).await?.beside(shadow).await?;
    let named = arguments.until.unwrap_or(last);
    let Some(last) = last_over(first, named, now(), backend.policy.zone) else {
        return Err(CommandError::usage(format!(
            "{first} is not over; a day is played when it is | {first} 尚未结束；日期结束后才能回放"
        )));
    };
    days.retain(|day| day.date <= last);
    let alone = difference::is_empty(&backend).await?;
    let progress = terminal.progress((last - first).num_days().unsigned_abs() + 1);
    let mut sums = Totals::default();
    let mut has_failures = false;
    // Also days without files: silence and deadlines run on.
    for date in first.iter_days().take_while(|date| *date <= last) {
        let day = days.iter().find(|day| day.date == date).cloned().unwrap_or(Day {
            date,
            files: Vec::new(),
        });
        progress.set_message(&date.to_string());
        let outcome = play(&backend, &day, |_| {}).await?;
        sums.add(&outcome);
        has_failures |= !outcome.failed.is_empty();
        progress.inc();
        progress.suspend(|| -> Result<(), CommandError> {
            terminal.machine(&outcome)?;
            terminal.line(line(&outcome, terminal));
            for failed in &outcome.failed {
                terminal.complain(&CommandError::service(failed));
            }
            Ok(())
        })?;
    }
    progress.finish_and_clear();
    let entries = entries_of_sellers(&backend, None, None).await?;
    sums.entries = entries.len() as u64;
    sums.balance = entries
        .iter()
        .filter(|entry| entry.kind.moves_money())
        .map(|entry| entry.amount)
        .sum();
    if last < named {
        terminal.line(format!(
            "{} {last}",
            terminal.say(
                "days are played when they are over; the last one played is",
                "尚未结束的日期不回放；最后回放的日期为"
            )
        ));
    }
    let difference = match &shared.policy {
        Some(_) => Some(
            difference::compare(
                &backend,
                &days,
                alone,
                day_end(last, backend.policy.zone),
                terminal,
            )
            .await?,
        ),
        None => None,
    };
    let shadow = match arguments.shadow.shadow_policy {
        Some(_) => backend.shadow_of(day_end(last, backend.policy.zone)).await?,
        None => None,
    };
    terminal.machine(&Told {
        totals: &sums,
        difference: difference.as_ref(),
        shadow: shadow.as_ref(),
    })?;
    terminal.line(totals(&entries, terminal));
    if let Some(difference) = difference {
        difference.show(terminal);
    }
    if let Some(shadow) = &shadow {
        show_shadow(shadow, terminal);
    }
    Ok(match sums.rejected {
        _ if has_failures => Done::WithFailures,
        0 => Done::Well,
        _ => Done::WithFindings,
    })
}

/// Plays one day: its files, the night, and the reports that become final.
pub(crate) async fn play(
    backend: &Backend,
    day: &Day,
    answered: impl FnMut(&Answer),
) -> Result<DayOutcome, CommandError> {
    let zone = backend.policy.zone;
    let as_of = day_end(day.date, zone);
    let mut outcome = DayOutcome {
        day: day.date.to_string(),
        as_of: Some(as_of),
        ..DayOutcome::default()
    };
    take_in(backend, day, as_of, &mut outcome, answered).await?;
    let night = backend.night(as_of).await?;
    (outcome.stalls, outcome.signoffs, outcome.close) = (night.stalls, night.signoffs, night.close.close);
    if let Some(month) = reports_due(backend, day.date) {
        backend.report(month, as_of).await?;
        outcome.reports.push(month);
    }
    backend.deliver_streams().await?;
    Ok(outcome)
}

/// Uploads a day's files, learned as of its end where rows have no time of their own.
async fn take_in(
    backend: &Backend,
    day: &Day,
    as_of: Timestamp,
    outcome: &mut DayOutcome,
    mut answered: impl FnMut(&Answer),
) -> Result<(), CommandError> {
    let stated = Stated {
        recorded_at: Some(as_of),
        ..Stated::default()
    };
    for (kind, path) in &day.files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
        let key = UploadKey {
            kind: kind.as_str().to_owned(),
            seller_id: None,
            name: format!("{}/{name}", day.date),
        };
        let answer = match backend.upload(&key, path, &stated).await? {
            Uploaded::Answered(answer) => answer,
            // It is set aside with its cause; the season goes on without it.
            Uploaded::Failed(error) => {
                outcome.failed.push(error.to_string());
                continue;
            }
        };
        outcome.files += 1;
        outcome.rows += answer.counts.rows;
        outcome.rejected += answer.counts.rejected;
        outcome.parked += answer.counts.parked;
        answered(&answer);
    }
    Ok(())
}

/// The end of a calendar day in the platform zone.
pub(crate) fn day_end(date: NaiveDate, zone: Zone) -> Timestamp {
    day_starts_at(date.succ_opt().unwrap_or(date), zone)
}

/// The last day of a season that is over by the clock, if any is (conventions, "Now").
fn last_over(first: NaiveDate, last: NaiveDate, clock: Timestamp, zone: Zone) -> Option<NaiveDate> {
    let days = first.iter_days().take_while(|date| *date <= last);
    days.take_while(|date| day_end(*date, zone) <= clock).last()
}

/// Months whose eligibility figures become final with the end of this day.
fn reports_due(backend: &Backend, date: NaiveDate) -> Option<Month> {
    let zone = backend.policy.zone;
    let (begins, ends) = (day_starts_at(date, zone), day_end(date, zone));
    let month = Month::of(begins, zone).minus(1);
    let final_from = report::final_from(month, &backend.policy);
    (begins < final_from && final_from <= ends).then_some(month)
}

/// Says which files and folders of a season belong to no day and no kind: a mistyped name is no empty day.
fn tell_passed_over(passed_over: &[PathBuf], terminal: &Terminal) {
    if passed_over.is_empty() {
        return;
    }
    let named = passed_over.iter().take(PASSED_OVER_NAMED_MAX);
    let named: Vec<String> = named.map(|path| path.display().to_string()).collect();
    let more = passed_over.len() - named.len();
    let (more_en, more_zh) = match more {
        0 => Default::default(),
        more => (format!(" and {more} more"), format!(" 等，另有 {more} 个")),
    };
    let text_en = format!(
        "passed over, since no name of a kind (rates, orders, sellers, tracking, events, appeals, statement) begins theirs: {}{more_en}",
        named.join(", ")
    );
    let text_zh = format!(
        "未读取以下文件，文件名须以类型名开头（rates、orders、sellers、tracking、events、appeals、statement）：{}{more_zh}",
        named.join("、")
    );
    show_wrapped(
        terminal.say(&text_en, &text_zh),
        "· ",
        anstyle::Style::new(),
        terminal,
    );
}

/// The days of a season, in order, each with its files in the order in which they are uploaded.
pub(crate) fn read_season(directory: &Path) -> Result<Vec<Day>, CommandError> {
    Ok(read_season_whole(directory)?.0)
}

/// As [`read_season`], with what is passed over: the files of a day that are of no kind.
fn read_season_whole(directory: &Path) -> Result<(Vec<Day>, Vec<PathBuf>), CommandError> {
    let refused = |error: std::io::Error| cannot_be_read(directory, &error);
    let (mut days, mut passed_over) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(directory).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let date = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<NaiveDate>().ok());
        if let Some(date) = date.filter(|_| entry.path().is_dir()) {
            days.push(Day {
                date,
                files: files_of(&entry.path(), &mut passed_over)?,
            });
        }
    }
    days.sort_by_key(|day| day.date);
    passed_over.sort();
    Ok((days, passed_over))
}

fn cannot_be_read(directory: &Path, error: &std::io::Error) -> CommandError {
    CommandError::usage(format!(
        "{0} cannot be read: {error} | 无法读取 {0}：{error}",
        directory.display()
    ))
}

fn files_of(directory: &Path, passed_over: &mut Vec<PathBuf>) -> Result<Vec<(Kind, PathBuf)>, CommandError> {
    let refused = |error: std::io::Error| cannot_be_read(directory, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        match KINDS.iter().position(|kind| name.starts_with(kind.as_str())) {
            Some(position) => files.push((position, path)),
            // What systems leave behind is nobody's file.
            None if name.starts_with('.') => {}
            None => passed_over.push(path),
        }
    }
    files.sort();
    Ok(files
        .into_iter()
        .map(|(position, path)| (KINDS[position], path))
        .collect())
}

fn line(outcome: &DayOutcome, terminal: &Terminal) -> String {
    let mut posted = outcome.stalls.tally;
    posted.add(&outcome.signoffs.tally);
    let mut parts = vec![format!(
        "{}  {:>10}",
        outcome.day,
        terminal.count(outcome.rows, "row", "行")
    )];
    let counted = [
        (outcome.rejected, terminal.say("rejected", "行被拒")),
        (outcome.parked, terminal.say("parked", "行暂挂")),
        (
            posted.posted,
            terminal.say(if posted.posted == 1 { "fine" } else { "fines" }, "笔罚金"),
        ),
        (posted.held, terminal.say("held", "笔暂缓扣罚")),
        (
            posted.reversed + posted.voided,
            terminal.say("taken back", "笔撤回"),
        ),
    ];
    parts.extend(
        counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    if posted.balance != Cents::ZERO {
        parts.push(format!("{} USD", posted.balance));
    }
    if outcome.stalls.superseded {
        parts.push(terminal.say("(scanned before)", "（已扫描过）").to_owned());
    }
    parts.extend(
        outcome
            .reports
            .iter()
            .map(|month| format!("{} {month}", terminal.say("report", "报告"))),
    );
    parts.join("  ")
}

impl Totals {
    fn add(&mut self, outcome: &DayOutcome) {
        self.days += 1;
        self.rows += outcome.rows;
        self.rejected += outcome.rejected;
        self.parked += outcome.parked;
        self.posted.add(&outcome.stalls.tally);
        self.posted.add(&outcome.signoffs.tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_played_when_it_is_over() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let zone = Zone::America__Los_Angeles;
        let over = |clock: &str| {
            let clock = clock.parse().expect("an instant");
            last_over(day("2026-11-01"), day("2026-11-03"), clock, zone)
        };
        assert_eq!(over("2026-11-02T07:59:59Z"), None);
        assert_eq!(over("2026-11-02T08:00:00Z"), Some(day("2026-11-01")));
        assert_eq!(over("2026-11-04T07:59:59Z"), Some(day("2026-11-02")));
        assert_eq!(over("2026-12-01T00:00:00Z"), Some(day("2026-11-03")));
    }
}
