//! `waymark scan`

use domain::Timestamp;
use night_close::Status;
use serde::Serialize;
use store::ScanOutcome;

use super::answers::Folder;
use super::charges::show_shadow;
use super::instant_or_now;
use crate::Done;
use crate::args::{Scan, ScanKind, Shared};
use crate::backend::{Backend, read_shadow};
use crate::failure::CommandError;
use crate::terminal::summary::show_wrapped;
use crate::terminal::{Terminal, short_sha256};

/// Rows of the board shown after a night.
const BOARD_ROWS: usize = 10;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Scan,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let as_of = instant_or_now(arguments.as_of)?;
    let shadow = read_shadow(&arguments.shadow)?;
    if shadow.is_some() && matches!(arguments.which, ScanKind::Signoffs) {
        return Err(CommandError::usage(
            "the sign-off scan assesses no shadow policy; --shadow-policy goes with `scan stalls` or `scan night` | 签收扫描不按试行规则判定；--shadow-policy 用于 `scan stalls` 或 `scan night`",
        ));
    }
    let backend = Backend::open_existing(shared).await?.beside(shadow).await?;
    let name = match arguments.which {
        ScanKind::Stalls => "stalls",
        ScanKind::Signoffs => "signoffs",
        ScanKind::Night => "night",
    };
    let name = format!("{name}-{}", as_of.date_in(backend.policy.zone));
    let folder = Folder::of(arguments.out.as_deref(), &name);
    let (scans, saved) = match arguments.which {
        ScanKind::Stalls => one(backend.scan_stalls(as_of).await?, as_of, &folder, terminal)?,
        ScanKind::Signoffs => one(backend.scan_signoffs(as_of).await?, as_of, &folder, terminal)?,
        ScanKind::Night => whole(&backend, as_of, &folder, terminal).await?,
    };
    backend.deliver_streams().await?;
    folder.show(saved, terminal)?;
    Ok(if scans.iter().any(|outcome| outcome.failed_count > 0) {
        Done::WithFindings
    } else {
        Done::Well
    })
}

/// The scans that were run, and whether what they came to could be written.
type Scanned = (Vec<ScanOutcome>, Result<(), CommandError>);

/// Writes what scans came to, as `--json` prints it, and the digest's files.
async fn save(
    backend: &Backend,
    outcome: &impl Serialize,
    keys: &[String],
    folder: &Folder,
) -> Result<(), CommandError> {
    save_outcome(outcome, folder)?;
    for key in keys {
        let bytes = backend.lake.bytes(key).await?;
        let name = key.rsplit('/').next().unwrap_or(key);
        std::fs::write(folder.path.join(name), bytes).map_err(|error| folder.unwritable(&error))?;
    }
    Ok(())
}

fn save_outcome(outcome: &impl Serialize, folder: &Folder) -> Result<(), CommandError> {
    let refused = |error: std::io::Error| folder.unwritable(&error);
    let text = serde_json::to_string_pretty(outcome).map_err(|error| CommandError::caused(&error))?;
    std::fs::create_dir_all(&folder.path).map_err(refused)?;
    std::fs::write(folder.path.join("scan.json"), text + "\n").map_err(refused)
}

/// Shows one scan.
fn one(
    outcome: ScanOutcome,
    as_of: Timestamp,
    folder: &Folder,
    terminal: &Terminal,
) -> Result<Scanned, CommandError> {
    terminal.machine(&outcome)?;
    terminal.line(format!(
        "{} {}{}{}",
        terminal.say("as of", "截至"),
        terminal.moment(as_of),
        terminal.colon(),
        summary(&outcome, terminal)
    ));
    tell_failed(&outcome, terminal);
    let saved = save_outcome(&outcome, folder);
    Ok((vec![outcome], saved))
}

/// Shows a night.
async fn whole(
    backend: &Backend,
    as_of: Timestamp,
    folder: &Folder,
    terminal: &Terminal,
) -> Result<Scanned, CommandError> {
    let night = backend.night(as_of).await?;
    terminal.machine(&night)?;
    terminal.line(format!(
        "{} {}",
        terminal.say("the night", "夜间"),
        terminal.moment(as_of)
    ));
    let scans = [
        (terminal.say("stalls", "断更扫描"), &night.stalls),
        (terminal.say("sign-offs", "签收扫描"), &night.signoffs),
    ];
    for (name, outcome) in scans {
        terminal.line(format!(
            "  {name}{}{}",
            terminal.colon(),
            summary(outcome, terminal)
        ));
        tell_failed(outcome, terminal);
    }
    let close = close_summary(&night.close, terminal);
    let lead = format!("  {}", terminal.say("close: ", "结账："));
    show_wrapped(&close, &lead, anstyle::Style::new(), terminal);
    tell_digest(backend, &night.digest, terminal).await?;
    let keys = if night.digest.superseded {
        &[][..]
    } else {
        &night.digest.keys
    };
    let saved = save(backend, &night, keys, folder).await;
    Ok((vec![night.stalls, night.signoffs], saved))
}

/// Tells where the digest lies, and shows the top of its board.
async fn tell_digest(
    backend: &Backend,
    outcome: &morning_digest::Outcome,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    if outcome.superseded {
        let text = terminal.say(
            "a later night of the same day has its digest there; nothing was changed",
            "当天已有更晚的晨报，未作更改",
        );
        terminal.line(format!("  {}{text}", terminal.say("digest: ", "晨报：")));
        return Ok(());
    }
    let keys = outcome.keys.iter().filter(|key| key.ends_with(".html"));
    for key in keys {
        terminal.line(format!("  {}{key}", terminal.say("digest: ", "晨报：")));
    }
    if outcome.missing > 0 {
        let parts = terminal.count(outcome.missing, "part of the scan is missing", "段扫描缺失");
        let text = terminal.say("the board is incomplete", "看板不完整");
        terminal.line(format!("  {parts}; {text}"));
    }
    let digest = morning_digest::make(&backend.morning_digest(), outcome.as_of).await?;
    terminal.line("");
    super::board::show(
        &digest.board,
        outcome.as_of,
        BOARD_ROWS,
        &backend.policy,
        terminal,
    );
    if let Some(shadow) = &digest.shadow {
        terminal.machine(&serde_json::json!({ "shadow": shadow }))?;
        show_shadow(shadow, terminal);
    }
    Ok(())
}

fn tell_failed(outcome: &ScanOutcome, terminal: &Terminal) {
    for failed in &outcome.failed {
        terminal.line(format!(
            "  {} {}{}{}",
            terminal.say("failed: order", "失败：订单"),
            failed.order_id,
            terminal.colon(),
            failed.reason
        ));
    }
}

/// A close in one line.
fn close_summary(outcome: &night_close::Outcome, terminal: &Terminal) -> String {
    let status = match outcome.status {
        Status::Closed => terminal.say("closed", "已结账"),
        Status::Stood => terminal.say("closed before, and that stands", "此前已结账，维持不变"),
        Status::Superseded => terminal.say(
            "a later night is closed already; nothing was changed",
            "已有更晚的夜间结账，未作更改",
        ),
        Status::NotScanned => terminal.say(
            "no scan as of this instant has begun; nothing was changed",
            "该时点没有扫描，未作更改",
        ),
        Status::Withdrawn => terminal.say(
            "this night was withdrawn; nothing was changed",
            "该夜间结算已撤销，未作更改",
        ),
    };
    let Some(close) = &outcome.close else {
        return status.to_owned();
    };
    format!(
        "{status}, {} {}, {}, {} {} USD, sha256 {}",
        terminal.say("no.", "第"),
        close.number,
        terminal.count(close.entries, "entry", "条分录"),
        terminal.say("balance", "余额"),
        close.balance,
        short_sha256(&close.sha256)
    )
}

/// A scan in one line.
pub(crate) fn summary(outcome: &ScanOutcome, terminal: &Terminal) -> String {
    if outcome.superseded {
        return terminal
            .say(
                "a scan of a later instant has been here, the night is closed, or a withdrawal is under way; nothing was \
                 posted. If that later instant was wrong, `waymark nights withdraw --after T` takes it back",
                "已有更晚时点的扫描、该夜已结账或正在撤销，本次未入账。若该更晚的时点有误，可用 `waymark nights withdraw --after T` 撤销",
            )
            .to_owned();
    }
    let tally = outcome.tally;
    let mut parts = vec![terminal.count(tally.examined, "order examined", "个订单已检查")];
    let counted = [
        (tally.posted, terminal.count(tally.posted, "fine", "笔罚金")),
        (
            tally.held,
            format!("{} {}", tally.held, terminal.say("held", "笔暂缓扣罚")),
        ),
        (
            tally.voided,
            format!("{} {}", tally.voided, terminal.say("voided", "笔作废")),
        ),
        (
            tally.reversed,
            format!("{} {}", tally.reversed, terminal.say("reversed", "笔退回")),
        ),
        (
            outcome.rated_anew,
            terminal.count(
                outcome.rated_anew,
                "order at another exchange rate",
                "个订单按新汇率重算",
            ),
        ),
    ];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    parts.extend(counted.map(|(_, what)| what));
    parts.push(format!(
        "{} {} USD",
        terminal.say("balance moved by", "余额变动"),
        tally.balance
    ));
    if outcome.failed_count > 0 {
        parts.push(terminal.count(outcome.failed_count, "order failed", "个订单失败"));
    }
    parts.join(terminal.comma())
}
