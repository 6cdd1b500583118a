//! The board: a row a deadline, the dearest first.

use std::collections::{BTreeMap, BTreeSet};

use domain::count::counted;
use domain::deadlines::{Advice, AdviceTexts};
use domain::{PolicyBook, Timestamp};
use maud::{Markup, html as markup};

use super::{matter_words, say, text};
use crate::words::Words;
use crate::{BoardRow, Digest, beijing, carrier_words, left, pacific, short};

/// Rows shown at first; the page's script shows as many.
const ROWS_FIRST: usize = 200;

/// A column: its texts, how it is sorted and whether it comes sorted.
const COLUMNS: [(&str, &str, &str); 9] = [
    ("USD at risk", "风险金额（美元）", "risk"),
    ("Time left", "剩余时间", "at"),
    ("Due, Beijing", "截止（北京）", "at"),
    ("Due, Pacific", "截止（太平洋）", "at"),
    ("Clause", "条款", "text"),
    ("Order", "订单", "text"),
    ("Tracking number", "运单号", "text"),
    ("Carrier", "承运商", "text"),
    ("Seller", "店铺", "text"),
];

pub(super) fn section(digest: &Digest, book: &PolicyBook) -> Markup {
    let board = &digest.board;
    let cut = board.cut();
    let advice: BTreeSet<Advice> = board.rows.iter().map(|row| row.advice).collect();
    let texts: BTreeMap<Advice, AdviceTexts> = advice
        .into_iter()
        .map(|advice| (advice, advice.texts(book.newest(), book.newest_key_account())))
        .collect();
    let line = |row: &BoardRow| line(row, &texts[&row.advice], digest.as_of, book);
    markup! {
        section aria-labelledby="board-title" {
            h2 id="board-title" { (text("Deadline board", "待办时限")) }
            (legend(&texts))
            @if board.rows.is_empty() {
                @if digest.board.all().within.iter().any(|sum| sum.count > 0) {
                    p { (text("Nothing is urgent yet: what is counted above comes after the next night.", "暂无紧急事项：以上各项在下一夜之后才到期。")) }
                } @else {
                    p { (text("Nothing is near.", "没有临近的截止。")) }
                }
            } @else {
                (filters())
                @if cut > 0 {
                    p.note { (text(&format!("{}, the dearest; {cut} more are counted above and not listed.", counted(board.rows.len() as u64, "row")),
                        &format!("列出金额最高的 {} 行；另有 {cut} 行已计入上方合计，未列出。", board.rows.len()))) }
                }
                div.scroll tabindex="0" role="region" aria-labelledby="board-title" {
                    table id="board" {
                        thead { tr {
                            @for (index, (en, zh, by)) in COLUMNS.iter().enumerate() {
                                th scope="col" data-by=(by) aria-sort=[(index == 0).then_some("descending")] { (text(en, zh)) }
                            }
                            th scope="col" { (text("What to do", "怎么办")) }
                        } }
                        // A browser lays out what it shows: of many rows, the first.
                        tbody { @for row in board.rows.iter().take(ROWS_FIRST) { (line(row)) } }
                        tbody.rest { @for row in board.rows.iter().skip(ROWS_FIRST) { (line(row)) } }
                    }
                }
            }
        }
    }
}

fn line(row: &BoardRow, todo: &AdviceTexts, as_of: Timestamp, book: &PolicyBook) -> Markup {
    let (beijing_at, pacific_at) = (beijing(row.deadline), pacific(row.deadline, book.zone));
    let carrier = row.carrier.as_deref().map(|id| carrier_words(id, &book.carriers));
    markup! {
        tr.urgent[row.urgent] data-risk=(row.at_risk.0) data-at=(row.deadline.unix()) data-clause=(row.clause.clause()) {
            td.number { (row.at_risk) }
            td.number { (of(&left(row.deadline.since(as_of)))) }
            td { time datetime=(row.deadline) { (short(&beijing_at)) } }
            td { (short(&pacific_at)) }
            td { (row.clause.clause()) " " (say(&matter_words(row.clause))) }
            th scope="row" {
                (row.order_id)
                @if row.unconfirmed { " " small { (text("unconfirmed", "未确认")) } }
            }
            td { @if let Some(number) = &row.tracking_number { (number) } }
            td { @if let Some(carrier) = &carrier { (of(carrier)) } }
            td { (row.seller_id) }
            td { (text(&todo.do_en, &todo.do_zh)) small { (short(&beijing(row.since))) } }
        }
    }
}

/// A text of which both languages are often the same.
fn of(words: &Words) -> Markup {
    markup! { @if words.en == words.zh { (words.en) } @else { (say(words)) } }
}

/// What happens at each kind of deadline on the board, in whole sentences.
fn legend(texts: &BTreeMap<Advice, AdviceTexts>) -> Markup {
    markup! {
        @if !texts.is_empty() {
            details {
                summary { (text("What each deadline costs, and what to do", "各类截止的后果与处理办法")) }
                dl.advice {
                    @for texts in texts.values() {
                        dt { (text(&texts.do_en, &texts.do_zh)) }
                        dd { (text(&texts.risk_en, &texts.risk_zh)) }
                    }
                }
            }
        }
    }
}

/// Shown by the script, without which they would do nothing.
fn filters() -> Markup {
    markup! {
        form id="filters" hidden {
            label { (text("Seller", "店铺")) select name="seller" {} }
            label { (text("Clause", "条款")) select name="clause" {} }
            label { (text("Carrier", "承运商")) select name="carrier" {} }
            label.check { input type="checkbox" name="urgent"; (text("urgent only", "只看紧急")) }
            button type="button" id="more" { (text("Show all rows", "显示全部行")) }
            output id="shown" aria-live="polite" {}
        }
    }
}
