//! `waymark upload`

use std::path::Path;

use domain::SellerId;
use lake::{Answer, UploadKey};

use crate::Done;
use crate::args::{Shared, Upload};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// Findings shown of one answer; all of them are in the answer files.
const ISSUES_SHOWN_MAX: usize = 5;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Upload,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    for path in &arguments.files {
        let readable = std::fs::File::open(path).and_then(|file| file.metadata());
        let metadata = readable
            .map_err(|error| CommandError::usage(format!("{} cannot be read: {error}", path.display())))?;
        if !metadata.is_file() {
            return Err(CommandError::usage(format!("{} is not a file", path.display())));
        }
    }
    let backend = Backend::open(shared, None).await?;
    let progress = terminal.progress(arguments.files.len() as u64);
    let mut done = Done::Well;
    for path in &arguments.files {
        let key = upload_key(arguments.kind.as_str(), arguments.seller.as_ref(), path)?;
        progress.set_message(key.name.clone());
        let answer = backend.upload(&key, path, arguments.recorded_at).await?;
        progress.inc(1);
        progress.suspend(|| show(&answer, &key, terminal))?;
        if answer.is_refused() || answer.counts.rejected > 0 {
            done = Done::WithFindings;
        }
    }
    progress.finish_and_clear();
    if let Some(cloud) = backend.embedded() {
        cloud.deliver_streams().await?;
    }
    Ok(done)
}

/// The key under which a local file is uploaded.
pub(crate) fn upload_key(
    kind: &str,
    seller_id: Option<&SellerId>,
    path: &Path,
) -> Result<UploadKey, CommandError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| CommandError::usage(format!("{} has no name that can be a key", path.display())))?;
    Ok(UploadKey {
        kind: kind.to_owned(),
        seller_id: seller_id.cloned(),
        name: name.to_owned(),
    })
}

/// Prints an answer: counts, codes, the first findings, where the rest lies.
fn show(answer: &Answer, key: &UploadKey, terminal: &Terminal) -> Result<(), CommandError> {
    terminal.machine(answer)?;
    let counts = answer.counts;
    terminal.line(format!(
        "{}  ({} {})",
        key,
        answer.upload.bytes,
        terminal.say("bytes", "字节")
    ));
    if !answer.is_refused() {
        terminal.line(format!(
            "  {} {}: {} {}, {} {}, {} {}, {} {}, {} {}",
            counts.rows,
            terminal.say("rows", "行"),
            counts.accepted,
            terminal.say("accepted", "接受"),
            counts.accepted_with_warning,
            terminal.say("with a warning", "有警告"),
            counts.unchanged,
            terminal.say("unchanged", "无变化"),
            counts.parked,
            terminal.say("parked", "暂存"),
            counts.rejected,
            terminal.say("rejected", "拒绝"),
        ));
    }
    for (code, rows) in &answer.by_code {
        terminal.line(format!("  {rows:>7}  {code}"));
    }
    for issue in answer.issues.iter().take(ISSUES_SHOWN_MAX) {
        let (message, fix) = (
            terminal.say(&issue.message_en, &issue.message_zh),
            terminal.say(&issue.fix_en, &issue.fix_zh),
        );
        let place = if issue.row == 0 {
            terminal.say("file", "文件").to_owned()
        } else {
            format!("{} {}", terminal.say("row", "行"), issue.row)
        };
        terminal.line(format!("  {place}: {message} {fix}"));
    }
    if answer.fines.count > 0 {
        terminal.line(format!(
            "  {} {} USD (A6)",
            terminal.say("fines due at the next scan:", "下次扫描将扣罚："),
            answer.fines.amount
        ));
    }
    if answer.counts.rejected > 0 {
        terminal.line(format!(
            "  {} {}",
            terminal.say("rejected rows, with reasons:", "被拒绝的行及原因："),
            key.answer("rejected.csv")
        ));
    }
    Ok(())
}
