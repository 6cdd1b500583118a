//! `waymark ledger`

use comfy_table::{Table, presets};
use digest::beijing;
use domain::{Cents, Clause, Currency, EntryKind, LedgerEntry, Month, SellerId};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::known;
use crate::Done;
use crate::args::{Ledger, LedgerAction, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;

/// Sellers read at once.
const SELLERS_AT_ONCE: usize = 16;

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Ledger,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    if let Some(LedgerAction::Verify(verify)) = &arguments.action
        && let Some(closes) = &verify.closes
    {
        return super::verify::copied::run(closes, verify.newest.as_deref(), terminal);
    }
    let backend = Backend::open_existing(shared).await?;
    if let Some(LedgerAction::Verify(verify)) = &arguments.action {
        return super::verify::run(&backend, verify.adopt, terminal).await;
    }
    known::check_seller(&backend, arguments.seller.as_ref()).await?;
    let entries = entries(&backend, arguments).await?;
    if let Some(order_id) = &arguments.order
        && entries.is_empty()
    {
        known::check_order(&backend, order_id).await?;
    }
    for entry in &entries {
        terminal.machine(entry)?;
    }
    terminal.machine(&Balance::of(&entries))?;
    show(&entries, terminal);
    Ok(Done::Well)
}

/// What `--json` ends with.
#[derive(Serialize)]
struct Balance {
    balance: Cents,
    currency: Currency,
    entries: u64,
}

impl Balance {
    fn of(entries: &[LedgerEntry]) -> Self {
        let moving = entries.iter().filter(|entry| entry.kind.moves_money());
        Self {
            balance: moving.map(|entry| entry.amount).sum(),
            currency: Currency::USD,
            entries: entries.len() as u64,
        }
    }
}

async fn entries(backend: &Backend, arguments: &Ledger) -> Result<Vec<LedgerEntry>, CommandError> {
    let Some(order_id) = &arguments.order else {
        return entries_of_sellers(backend, arguments.seller.as_ref(), arguments.month).await;
    };
    let mut entries = backend.store.entries_of_order(order_id).await?;
    entries.retain(|entry| {
        arguments
            .seller
            .as_ref()
            .is_none_or(|seller_id| entry.seller_id == *seller_id)
    });
    if let Some(month) = arguments.month {
        let order = backend.store.order(order_id).await?;
        let paid_in_month =
            order.is_some_and(|stored| Month::of(stored.order.paid_at, backend.policy.zone) == month);
        entries.retain(|_| paid_in_month);
    }
    Ok(entries)
}

/// The entries of one seller or of all, by seller, month and entry.
pub(crate) async fn entries_of_sellers(
    backend: &Backend,
    seller_id: Option<&SellerId>,
    month: Option<Month>,
) -> Result<Vec<LedgerEntry>, CommandError> {
    let sellers = match seller_id {
        Some(seller_id) => vec![seller_id.clone()],
        None => backend.store.sellers().await?,
    };
    let reads = sellers
        .into_iter()
        .map(|seller_id| async move { backend.store.entries_of_seller(&seller_id, month).await });
    let entries: Vec<Vec<LedgerEntry>> = stream::iter(reads)
        .buffered(SELLERS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(entries.into_iter().flatten().collect())
}

fn show(entries: &[LedgerEntry], terminal: &Terminal) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        terminal.say("as of (Beijing)", "扫描时点（北京）"),
        terminal.say("seller", "店铺"),
        terminal.say("order", "订单"),
        terminal.say("clause", "条款"),
        terminal.say("kind", "类型"),
        "USD",
        terminal.say("about", "对象"),
    ]);
    for entry in entries {
        let about = entry
            .subject
            .tracking_number
            .as_ref()
            .map_or(String::new(), ToString::to_string);
        let since = entry.subject.episode_start.map_or(String::new(), |at| {
            format!(" {} {}", terminal.say("silent from", "断更自"), beijing(at))
        });
        table.add_row([
            beijing(entry.as_of),
            entry.seller_id.to_string(),
            entry.order_id.to_string(),
            entry.clause.to_string(),
            kind(entry.kind, terminal).to_owned(),
            entry.amount.to_string(),
            format!("{about}{since}"),
        ]);
    }
    if !entries.is_empty() {
        terminal.table(table);
    }
    terminal.line(totals(entries, terminal));
}

/// The balance, by clause and in all.
pub(crate) fn totals(entries: &[LedgerEntry], terminal: &Terminal) -> String {
    let of = |clause: Clause| -> Cents {
        entries
            .iter()
            .filter(|entry| entry.clause == clause && entry.kind.moves_money())
            .map(|entry| entry.amount)
            .sum()
    };
    let (upload, silence, sign_off) = (of(Clause::A6), of(Clause::B3), of(Clause::B4));
    let balance = upload + silence + sign_off;
    let count = terminal.count(entries.len(), "entry", "条分录");
    match terminal.is_chinese() {
        false => {
            format!("{count}: A6 {upload}, B3 {silence}, B4 {sign_off}; balance {balance} USD")
        }
        true => format!("{count}：A6 {upload}，B3 {silence}，B4 {sign_off}；余额 {balance} USD"),
    }
}

pub(crate) fn kind(kind: EntryKind, terminal: &Terminal) -> &'static str {
    match kind {
        EntryKind::Fine => terminal.say("fine", "罚金"),
        EntryKind::Hold => terminal.say("hold", "暂缓扣罚"),
        EntryKind::Void => terminal.say("void", "作废"),
        EntryKind::Reversal => terminal.say("reversal", "退回"),
    }
}
