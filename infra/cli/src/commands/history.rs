//! `waymark history`: writes to the lake again what the streams may have lost.

use lake::Lack;
use order_history::Backfilled;

use crate::Done;
use crate::args::{History, HistoryAction, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &History,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let HistoryAction::Backfill(asked) = &arguments.action;
    let until = asked.until.unwrap_or(asked.night);
    if until < asked.night {
        return Err(CommandError::usage(format!(
            "{until} lies before {0} | {until} 早于 {0}",
            asked.night
        )));
    }
    let backend = Backend::open_existing(shared).await?;
    let done = backend.backfill_history(asked.night, until).await?;
    terminal.machine(&done)?;
    show(&done, terminal);
    Ok(match done.lacks.is_empty() {
        true => Done::Well,
        false => Done::WithFindings,
    })
}

fn show(done: &Backfilled, terminal: &Terminal) {
    terminal.line(format!(
        "{} {}, {}, {}",
        terminal.say("written to the lake:", "已写入数据湖："),
        terminal.count(done.entries, "entry", "条分录"),
        terminal.count(done.orders, "order", "个订单"),
        terminal.count(
            done.records,
            "record that could not be read before",
            "条此前无法读取的变更"
        )
    ));
    for lack in &done.lacks {
        let (what, first) = match lack {
            Lack::NightOpen(night) => (
                terminal.say("not closed: the night", "尚未结账的夜间"),
                night.to_string(),
            ),
            Lack::CloseUnsound(close) => (
                terminal.say("not what was closed:", "与结账时不符："),
                format!("closes/{close}"),
            ),
            Lack::EntriesUnknown { count, first } => (
                terminal.say("entries that the ledger does not have:", "账本中没有的分录："),
                format!("{count} ({first})"),
            ),
            Lack::OrdersUnreadable { count, first } => (
                terminal.say("orders that cannot be read:", "无法读取的订单："),
                format!("{count} ({first})"),
            ),
        };
        terminal.line(format!("  {what} {first}"));
    }
}
