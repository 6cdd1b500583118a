//! `waymark nights`: takes back what was posted, closed and reported as of a wrong instant.

use chrono::NaiveDate;
use domain::{Month, Timestamp};
use night_close::withdrawal::{Outcome, Status};
use serde::Serialize;

use super::instant_or_now;
use crate::Done;
use crate::args::{Nights, NightsAction, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::{Terminal, short_sha256};

/// What `--json` shows.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    ledger: &'a Outcome,
    reports: &'a [eligibility_report::Restored],
    digests: &'a [morning_digest::Restored],
}

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Nights,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let NightsAction::Withdraw(withdraw) = &arguments.action;
    let after = instant_or_now(Some(withdraw.after))?;
    let backend = Backend::open_existing(shared).await?;
    let ledger = backend.withdraw_nights(after).await?;
    if ledger.status == Status::UnderWay {
        return Err(CommandError::usage(format!(
            "a withdrawal after {0} was begun and is not done; run `waymark nights withdraw --after {0}` first | 晚于 {0} 的撤销已开始但未完成；请先执行 `waymark nights withdraw --after {0}`",
            ledger.after
        )));
    }
    backend.deliver_streams().await?;
    let reports = eligibility_report::withdraw(&backend.eligibility_report(), after).await?;
    let digests = morning_digest::withdraw(&backend.morning_digest(), after).await?;
    terminal.machine(&Shown {
        ledger: &ledger,
        reports: &reports,
        digests: &digests,
    })?;
    show_ledger(&ledger, terminal);
    for report in &reports {
        show_report(report.month, report.revision.as_deref(), terminal);
    }
    for digest in &digests {
        show_digest(digest.date, digest.as_of, terminal);
    }
    Ok(Done::Well)
}

fn show_ledger(ledger: &Outcome, terminal: &Terminal) {
    let Some(close) = &ledger.close else {
        return terminal.line(format!(
            "{} {}",
            terminal.say("nothing was posted as of later than", "没有晚于此时刻的入账："),
            terminal.moment(ledger.after)
        ));
    };
    terminal.line(format!(
        "{} {}{}{}{}{}{}{} {} USD",
        terminal.say("withdrawn, as of later than", "已撤销晚于此时刻的夜间结算："),
        terminal.moment(ledger.after),
        terminal.colon(),
        terminal.count(ledger.nights.len(), "night", "夜"),
        terminal.comma(),
        terminal.count(close.entries, "entry taken back", "条分录已撤回"),
        terminal.comma(),
        terminal.say("balance moved by", "余额变动"),
        close.balance_moved
    ));
    for night in &ledger.nights {
        terminal.line(format!(
            "  {} {}",
            terminal.say("the night", "夜间"),
            terminal.moment(*night)
        ));
    }
    terminal.line(format!(
        "  {} {}, {} {} USD, sha256 {}",
        terminal.say("void close: no.", "撤销结账：第"),
        close.number,
        terminal.say("balance", "余额"),
        close.balance,
        short_sha256(&close.sha256)
    ));
}

fn show_report(month: Month, revision: Option<&str>, terminal: &Terminal) {
    let report = terminal.say("the report of", "月度报告");
    let outcome = match revision {
        Some(revision) => format!(
            "{} {revision}",
            terminal.say("stands again as revision", "已恢复为修订版")
        ),
        None => terminal
            .say("was taken away: no valid one was made", "已撤下：没有有效的报告")
            .to_owned(),
    };
    terminal.line(format!("  {report} {month} {outcome}"));
}

fn show_digest(date: NaiveDate, as_of: Option<Timestamp>, terminal: &Terminal) {
    let digest = terminal.say("the digest of", "晨报");
    let outcome = match as_of {
        Some(as_of) => format!(
            "{} {}",
            terminal.say("is again that of the night", "已恢复为夜间"),
            terminal.moment(as_of)
        ),
        None => terminal.say("was taken away", "已撤下").to_owned(),
    };
    terminal.line(format!("  {digest} {date} {outcome}"));
}
