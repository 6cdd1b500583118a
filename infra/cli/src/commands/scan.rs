//! `waymark scan`

use store::ScanOutcome;

use super::now;
use crate::Done;
use crate::args::{Scan, ScanKind, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Scan,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let as_of = arguments.as_of.unwrap_or_else(now);
    let backend = Backend::open(shared, None).await?;
    let outcome = match arguments.which {
        ScanKind::Stalls => backend.scan_stalls(as_of).await?,
        ScanKind::Signoffs => backend.scan_signoffs(as_of).await?,
    };
    if let Some(cloud) = backend.embedded() {
        cloud.deliver_streams().await?;
    }
    terminal.machine(&outcome)?;
    terminal.line(format!(
        "{} {as_of}: {}",
        terminal.say("as of", "截至"),
        summary(&outcome, terminal)
    ));
    for failed in &outcome.failed {
        terminal.line(format!(
            "  {} {}: {}",
            terminal.say("failed: order", "失败：订单"),
            failed.order_id,
            failed.reason
        ));
    }
    Ok(if outcome.failed_count > 0 {
        Done::WithFindings
    } else {
        Done::Well
    })
}

/// A scan in one line.
pub(crate) fn summary(outcome: &ScanOutcome, terminal: &Terminal) -> String {
    if outcome.superseded {
        return terminal
            .say(
                "a scan of a later instant has been here; nothing was posted",
                "已有更晚时点的扫描，本次未入账",
            )
            .to_owned();
    }
    let tally = outcome.tally;
    let mut parts = vec![format!(
        "{} {}",
        tally.examined,
        terminal.say("orders examined", "个订单已检查")
    )];
    let counted = [
        (tally.posted, terminal.say("fines", "笔罚金")),
        (tally.held, terminal.say("held", "笔挂起")),
        (tally.voided, terminal.say("voided", "笔作废")),
        (tally.reversed, terminal.say("reversed", "笔冲回")),
    ];
    parts.extend(
        counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    parts.push(format!(
        "{} {} USD",
        terminal.say("balance moved by", "余额变动"),
        tally.balance
    ));
    if outcome.failed_count > 0 {
        parts.push(format!(
            "{} {}",
            outcome.failed_count,
            terminal.say("orders failed", "个订单失败")
        ));
    }
    parts.join(", ")
}
