//! The top of the page: how much is at risk, and how soon.

use domain::count::noun;
use maud::{Markup, html as markup};

use super::{matter_words, say, text};
use crate::{Board, HORIZONS_HOURS, Sum};

pub(super) fn section(board: &Board) -> Markup {
    let all = board.all();
    let figure = |sum: &Sum| {
        markup! {
            span.money { "USD " (sum.at_risk) }
            span.count { (sum.count) " " (text(&noun(sum.count, "deadline"), "项")) }
        }
    };
    markup! {
        section.standing aria-labelledby="standing-title" {
            h2 id="standing-title" { (text("At risk, if nothing is done", "不处理将面临的罚款")) }
            dl {
                @for (hours, sum) in HORIZONS_HOURS.iter().zip(&all.within) {
                    div {
                        dt { (text(&format!("in the next {hours} h"), &format!("未来 {hours} 小时"))) }
                        dd { (figure(sum)) }
                    }
                }
                div.listed {
                    dt { (text("on the board below", "下方看板合计")) }
                    dd { (figure(&all.listed)) }
                }
            }
            div.scroll { table.by-clause {
                thead { tr {
                    th scope="col" { (text("Clause", "条款")) }
                    @for hours in HORIZONS_HOURS {
                        th scope="col" { (text(&format!("next {hours} h"), &format!("{hours} 小时内"))) }
                    }
                    th scope="col" { (text("Urgent", "紧急")) }
                    th scope="col" { (text("Listed", "已列出")) }
                } }
                tbody {
                    @for (matter, totals) in &board.totals {
                        tr {
                            th scope="row" { (matter.clause()) " " (say(&matter_words(*matter))) }
                            @for sum in totals.within.iter().chain([&totals.urgent, &totals.listed]) {
                                td.number { (sum.count) " · " (sum.at_risk) }
                            }
                        }
                    }
                }
            } }
        }
    }
}
