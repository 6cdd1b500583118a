//! `waymark policy`: the policy that a data directory works by, shown and replaced.

mod changes;

use domain::PolicyBook;
use serde::Serialize;

use self::changes::{Change, changes};
use crate::Done;
use crate::args::{Policy, PolicyAction, PolicySet, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::policy;
use crate::terminal::{Terminal, short_sha256};

/// A policy replaced, as `--json` shows it.
#[derive(Serialize)]
struct Told<'a> {
    /// The SHA-256 of the policy that was in force; absent before the directory's first use.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a str>,
    /// The SHA-256 of the policy in force now.
    sha256: &'a str,
    /// What differs; before the first use, from the shipped policy.
    changes: &'a [Change],
}

/// A policy, as `--json` shows it.
#[derive(Serialize)]
struct Shown<'a> {
    sha256: &'a str,
    /// The names of its packs' newest.
    version: &'a str,
    text: &'a str,
}

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Policy,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    match &arguments.action {
        PolicyAction::Set(set) => replace(shared, set, terminal).await,
        PolicyAction::Show => show(shared, terminal).await,
    }
}

async fn replace(shared: &Shared, set: &PolicySet, terminal: &Terminal) -> Result<Done, CommandError> {
    if shared.aws {
        return Err(CommandError::usage(
            "the policy of a deployed stack is named by its parameters PolicyKey and PolicySha256: put the file under a new key below \
             policy/, then `make deploy` | 云上部署的规则由参数 PolicyKey 和 PolicySha256 指定：请把文件放到 policy/ 下的新键，再执行 `make deploy`",
        ));
    }
    let book = policy::read(&set.file)?;
    let replaced = local::replace_policy(&shared.data_dir, &book).await?;
    let before = replaced.before.as_deref();
    let changes = changes(before.unwrap_or(PolicyBook::shipped().text()), book.text());
    terminal.machine(&Told {
        before: replaced.before_sha256.as_deref(),
        sha256: &replaced.sha256,
        changes: &changes,
    })?;
    let none = terminal.say("none (first use)", "无（首次使用）");
    terminal.line(format!(
        "{} {}",
        terminal.say("before:", "原规则："),
        replaced.before_sha256.as_deref().map_or(none, short_sha256)
    ));
    terminal.line(format!(
        "{} {}",
        terminal.say("now:   ", "现规则："),
        short_sha256(&replaced.sha256)
    ));
    for change in &changes {
        terminal.line(format!("  {change}"));
    }
    if changes.is_empty() {
        terminal.line(terminal.say("  nothing differs", "  内容没有差别"));
    }
    Ok(Done::Well)
}

/// The text alone goes to standard output, so that it can be kept as a file of that SHA-256.
async fn show(shared: &Shared, terminal: &Terminal) -> Result<Done, CommandError> {
    let book = if shared.aws {
        Backend::open(shared).await?.policy
    } else {
        policy::in_force(shared)?
    };
    terminal.machine(&Shown {
        sha256: &local::policy_sha256(&book),
        version: &book.newest().version,
        text: book.text(),
    })?;
    terminal.text(book.text());
    Ok(Done::Well)
}
