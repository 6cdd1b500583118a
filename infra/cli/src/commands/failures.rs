//! `waymark failures`: what failed for good and was set aside, and another delivery of it.

use local::{Cloud, FailedKind, SetAside};
use serde::Serialize;

use crate::Done;
use crate::args::{Failures, FailuresAction, Retry, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Failures,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    if shared.aws {
        return Err(CommandError::usage(
            "on AWS what failed for good is in the dead-letter queues UploadFailures and HistoryFailures: infra/RUNBOOK.md says how \
             to read them and how to send their messages again",
        ));
    }
    if Cloud::is_missing(&shared.data_dir) {
        return Err(CommandError::no_cloud(&shared.data_dir));
    }
    match &arguments.action {
        None => list(shared, terminal),
        Some(FailuresAction::Retry(retry)) => again(shared, retry, terminal).await,
        Some(FailuresAction::Discard(discard)) => {
            if !Cloud::discard_failure(&shared.data_dir, &discard.key)? {
                return Err(not_set_aside(&discard.key));
            }
            terminal.line(format!(
                "{}: {}",
                discard.key,
                terminal.say("discarded", "已放弃")
            ));
            Ok(Done::Well)
        }
    }
}

fn list(shared: &Shared, terminal: &Terminal) -> Result<Done, CommandError> {
    let failures = Cloud::failures_in(&shared.data_dir)?;
    for failed in &failures {
        terminal.machine(failed)?;
        show(failed, terminal);
    }
    if failures.is_empty() {
        terminal.line(terminal.say("nothing is set aside", "没有搁置的内容"));
        return Ok(Done::Well);
    }
    let count = failures.len();
    terminal.line(match terminal.is_chinese() {
        true => format!("已搁置：{count} 项"),
        false => format!("set aside: {count}"),
    });
    terminal.paragraph(terminal.say(
        "when its cause is removed: `waymark failures retry KEY`, or --all; to give up on it: `waymark failures discard KEY`",
        "原因排除后：waymark failures retry KEY（或 --all）；放弃：waymark failures discard KEY",
    ));
    Ok(Done::WithFindings)
}

/// What came of another delivery, for a machine.
#[derive(Serialize)]
struct Retried<'a> {
    key: &'a str,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

async fn again(shared: &Shared, retry: &Retry, terminal: &Terminal) -> Result<Done, CommandError> {
    let asked: Vec<SetAside> = Cloud::failures_in(&shared.data_dir)?
        .into_iter()
        .filter(|failed| retry.key.as_ref().is_none_or(|key| *key == failed.key))
        .collect();
    if let Some(key) = retry.key.as_ref().filter(|_| asked.is_empty()) {
        return Err(not_set_aside(key));
    }
    Cloud::ask_again(&shared.data_dir, retry.key.as_deref())?;
    Backend::open(shared).await?.deliver().await?;
    let left = Cloud::failures_in(&shared.data_dir)?;
    let mut done = Done::Well;
    for SetAside { key, .. } in &asked {
        let failed = left.iter().find(|failed| failed.key == *key);
        terminal.machine(&Retried {
            key,
            done: failed.is_none(),
            cause: failed.map(|failed| failed.cause.as_str()),
        })?;
        match failed {
            Some(failed) => {
                show(failed, terminal);
                done = Done::WithFindings;
            }
            None => terminal.line(format!("{key}: {}", terminal.say("done", "已处理"))),
        }
    }
    if asked.is_empty() {
        terminal.line(terminal.say("nothing is set aside", "没有搁置的内容"));
    }
    Ok(done)
}

fn not_set_aside(key: &str) -> CommandError {
    CommandError::usage(format!(
        "nothing is set aside under {key}; `waymark failures` lists what is | 没有搁置 {key}；`waymark failures` 可列出已搁置的内容"
    ))
}

fn show(failed: &SetAside, terminal: &Terminal) {
    let what = match failed.what {
        FailedKind::Upload => terminal.say("an upload", "上传文件"),
        FailedKind::Change => terminal.say("a change on its way to the lake", "写入数据湖的变更"),
    };
    let attempts = failed.attempts;
    let since = match terminal.is_chinese() {
        false if attempts == 1 => format!("set aside since {} after 1 attempt", failed.since),
        false => format!("set aside since {} after {attempts} attempts", failed.since),
        true => format!("自 {} 起搁置，已尝试 {attempts} 次", failed.since),
    };
    let comma = terminal.say(", ", "，");
    terminal.line(&failed.key);
    terminal.paragraph(format!("  {what}{comma}{since}"));
    terminal.paragraph(format!("  {}", failed.cause));
}
