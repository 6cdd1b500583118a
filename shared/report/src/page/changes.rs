//! What a revision says otherwise than the one before it.

use domain::{SellerId, Zone};
use maud::{Markup, html as markup};

use super::glance::grouped;
use super::text;
use crate::Changes;
use crate::changes::SellerChange;
use crate::names::instant_names;

/// Sellers that are shown; all are in the workbook.
const SELLERS_MAX: usize = 20;
/// So many sellers, and the section comes opened.
const OPENED_MAX: usize = 5;
/// Sellers named in a sentence.
const NAMED_MAX: usize = 10;

pub(super) fn section(changes: &Changes, zone: Zone) -> Markup {
    let sellers = changes.by_weight();
    let shown = &sellers[..sellers.len().min(SELLERS_MAX)];
    let more = sellers.len() - shown.len();
    let (before_en, before_zh) = instant_names(changes.before.as_of, zone);
    markup! {
        section.changes aria-labelledby="changes-title" {
            h2 id="changes-title" { (text("What changed", "与上一版相比")) }
            p { (text(
                &format!("Sellers of whom this report says something else than the one as of {before_en}: {}.", grouped(sellers.len() as i64)),
                &format!("与截至{before_zh}的报告相比，有变化的店铺：{}。", grouped(sellers.len() as i64)))) }
            (turned(&changes.eligible_won, ("Now eligible", "新合格")))
            (turned(&changes.eligible_lost, ("No longer eligible", "不再合格")))
            @if !shown.is_empty() {
                details open[sellers.len() <= OPENED_MAX] {
                    summary { (text("Seller by seller", "逐家明细")) }
                    div.scroll tabindex="0" role="region" aria-labelledby="changes-title" {
                        table {
                            caption { (text("What changed, before and after, and why", "变化项、变化前后及原因")) }
                            thead { tr {
                                th scope="col" { (text("Seller", "店铺")) }
                                th scope="col" { (text("What changed", "变化项")) }
                                th.number scope="col" { (text("Before", "变化前")) }
                                th.number scope="col" { (text("After", "变化后")) }
                                th scope="col" { (text("Why", "原因")) }
                            } }
                            @for seller in shown { (of_seller(changes, seller)) }
                        }
                    }
                    @if more > 0 {
                        p.note { (text(
                            &format!("and {} more sellers: all are in eligibility.xlsx and changes.json", grouped(more as i64)),
                            &format!("另有 {} 家，全部见 eligibility.xlsx 与 changes.json", grouped(more as i64)))) }
                    }
                }
            }
        }
    }
}

/// A seller's figures; its reasons stand where it is opened.
fn of_seller(changes: &Changes, seller: &SellerChange) -> Markup {
    let cells: Vec<_> = seller
        .cells()
        .into_iter()
        .filter(|cell| !cell.is_reasons)
        .collect();
    let (en, zh) = changes.why(seller);
    markup! {
        tbody {
            @for (index, cell) in cells.iter().enumerate() {
                tr {
                    @if index == 0 { th scope="rowgroup" rowspan=(cells.len()) { (seller.seller_id) } }
                    td { (text(&cell.name.0, &cell.name.1)) }
                    td.number { (text(&cell.before.0, &cell.before.1)) }
                    td.number { (text(&cell.after.0, &cell.after.1)) }
                    @if index == 0 { td.why rowspan=(cells.len()) { (text(&en, &zh)) } }
                }
            }
        }
    }
}

/// Who won or lost eligibility: the first by name.
fn turned(sellers: &[SellerId], (en, zh): (&str, &str)) -> Markup {
    let named: Vec<_> = sellers.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let (named, more) = (
        named.join(", "),
        if sellers.len() > NAMED_MAX { ", …" } else { "" },
    );
    let count = grouped(sellers.len() as i64);
    markup! {
        @if !sellers.is_empty() {
            p { (text(&format!("{en}: {count} ({named}{more})"), &format!("{zh}：{count}（{named}{more}）"))) }
        }
    }
}
