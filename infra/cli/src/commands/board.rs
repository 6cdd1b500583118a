//! `waymark board`: what is near, at any time. Reads the live orders and posts nothing.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use digest::{Board, BoardRow, HORIZONS_HOURS, Watch, Words, beijing, carrier_words, left, pacific, short};
use domain::deadlines::Advice;
use domain::{PolicyBook, SellerId, Timestamp};
use serde::Serialize;

use super::{instant_or_now, known};
use crate::Done;
use crate::args::{Board as Arguments, Shared};
use crate::backend::Backend;
use crate::failure::CommandError;
use crate::terminal::Terminal;
use crate::terminal::summary::show_wrapped;

/// Columns of the time left, in either language.
const LEFT_COLUMNS: usize = 11;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const URGENT: Style = AnsiColor::Red.on_default().bold();

/// What `--json` shows.
#[derive(Serialize)]
struct Shown<'a> {
    as_of: Timestamp,
    orders: u64,
    /// Orders that cannot be read: what is near of them is not known.
    unreadable: u64,
    /// Listed, but for which there was no room.
    cut: u64,
    board: &'a Board,
}

pub(crate) async fn run(
    shared: &Shared,
    arguments: &Arguments,
    terminal: &Terminal,
) -> Result<Done, CommandError> {
    let as_of = instant_or_now(arguments.as_of)?;
    let backend = Backend::open_existing(shared).await?;
    known::check_seller(&backend, arguments.seller.as_ref()).await?;
    let (watch, unreadable) = watch(&backend, as_of, arguments.seller.as_ref()).await?;
    let board = &watch.board;
    terminal.machine(&Shown {
        as_of,
        orders: watch.orders,
        unreadable,
        cut: board.cut(),
        board,
    })?;
    show(board, as_of, arguments.rows, &backend.policy, terminal);
    if unreadable > 0 {
        let orders = terminal.count(unreadable, "order cannot be read", "个订单无法读取");
        let what = terminal.say("what is near there is not known", "其截止情况未知");
        terminal.line(format!("{orders}; {what}"));
        return Ok(Done::WithFindings);
    }
    Ok(Done::Well)
}

/// Sees every live order, or those of one seller.
async fn watch(
    backend: &Backend,
    as_of: Timestamp,
    seller: Option<&SellerId>,
) -> Result<(Watch, u64), CommandError> {
    let mut watch = Watch::new(as_of, &backend.policy);
    let (mut cursor, mut unreadable) = (None, 0);
    loop {
        let page = backend.store.scan_orders(0, 1, cursor.as_ref()).await?;
        for scanned in page.found {
            match scanned {
                Ok(stored) if seller.is_none_or(|seller| stored.order.seller_id == *seller) => {
                    watch.order(&stored.order, &backend.policy);
                }
                Ok(_) => {}
                Err(_) => unreadable += 1,
            }
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok((watch, unreadable));
        }
    }
}

/// Shows a board: its sums, its first rows, and what to do about them.
pub(crate) fn show(board: &Board, as_of: Timestamp, rows_max: usize, book: &PolicyBook, terminal: &Terminal) {
    let all = board.all();
    terminal.line(format!(
        "{BOLD}{}{BOLD:#} {} {}  ({} {})",
        terminal.say("Deadline board", "待办时限"),
        beijing(as_of),
        terminal.say("Beijing", "北京"),
        pacific(as_of, book.zone),
        terminal.say("Pacific", "太平洋"),
    ));
    for (hours, sum) in HORIZONS_HOURS.iter().zip(&all.within) {
        let ahead = match terminal.is_chinese() {
            true => format!("未来 {hours:>2} 小时"),
            false => format!("in the next {hours:>2} h"),
        };
        terminal.line(format!(
            "  {ahead}  {:>16}  {:>12} USD",
            terminal.count(sum.count, "deadline", "项"),
            sum.at_risk.to_string()
        ));
    }
    if board.rows.is_empty() {
        let is_ahead = all.within.iter().any(|sum| sum.count > 0);
        return terminal.line(if is_ahead {
            terminal.say(
                "Nothing is urgent yet: what is counted above comes after the next night.",
                "暂无紧急事项：以上各项在下一夜之后才到期。",
            )
        } else {
            terminal.say("Nothing is near.", "没有临近的截止。")
        });
    }
    terminal.line("");
    for row in board.rows.iter().take(rows_max) {
        show_row(row, as_of, book, terminal);
    }
    let more = all.listed.count.saturating_sub(rows_max as u64);
    if more > 0 {
        let text = terminal.say(
            "more; --rows shows them, --json all",
            "项未显示；用 --rows 或 --json 查看",
        );
        terminal.line(format!("{FAINT}  … {more} {text}{FAINT:#}"));
    }
    let advice: BTreeSet<Advice> = board.rows.iter().take(rows_max).map(|row| row.advice).collect();
    terminal.line("");
    for advice in advice {
        let texts = advice.texts(book.newest(), book.newest_key_account());
        let text = match terminal.is_chinese() {
            true => format!("{}：{}", texts.do_zh, texts.risk_zh),
            false => format!("{}: {}", texts.do_en, texts.risk_en),
        };
        show_wrapped(&text, "· ", Style::new(), terminal);
    }
}

fn show_row(row: &BoardRow, as_of: Timestamp, book: &PolicyBook, terminal: &Terminal) {
    let say = |words: &Words| terminal.say(&words.en, &words.zh).to_owned();
    let style = if row.urgent { URGENT } else { BOLD };
    let left = say(&left(row.deadline.since(as_of)));
    let padding = " ".repeat(LEFT_COLUMNS.saturating_sub(textwrap::core::display_width(&left)));
    let (beijing_at, pacific_at) = (beijing(row.deadline), pacific(row.deadline, book.zone));
    terminal.line(format!(
        "{style}{:>8}{style:#} {padding}{left}  {}  {FAINT}{}{FAINT:#}  {}  {}",
        row.at_risk.to_string(),
        short(&beijing_at),
        short(&pacific_at),
        row.clause.clause(),
        row.order_id,
    ));
    let carrier = row
        .carrier
        .as_deref()
        .map(|id| say(&carrier_words(id, &book.carriers)));
    let number = row.tracking_number.as_ref().map(ToString::to_string);
    let since = format!("{} {}", terminal.say("since", "起算"), short(&beijing(row.since)));
    let unconfirmed = terminal.say("unconfirmed: stated by its seller alone", "未确认：仅由店铺提供");
    let unconfirmed = row.unconfirmed.then(|| unconfirmed.to_owned());
    let seller = Some(row.seller_id.to_string());
    let parts = [carrier, number, seller, Some(since), unconfirmed];
    let about: Vec<String> = parts.into_iter().flatten().collect();
    show_wrapped(&about.join("  "), "         ", FAINT, terminal);
}
