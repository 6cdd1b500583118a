//! The sellers' table: who needs attention first.

use maud::{Markup, html as markup};

use super::glance::name;
use super::lines::{FULFILMENT, class, columns, in_order, spark, why};
use super::text;
use crate::names::standing_names;
use crate::{MonthReport, SellerMonth, Standing};

/// Rows that the page comes with; the script shows the others as they are asked for.
const ROWS_FIRST: usize = 200;

const STANDINGS: [Standing; 3] = [Standing::AtRisk, Standing::NotEligible, Standing::Eligible];

pub(super) fn section(report: &MonthReport) -> Markup {
    let rows = in_order(report);
    let running = report.is_running();
    markup! {
        section aria-labelledby="sellers-title" {
            h2 id="sellers-title" tabindex="-1" { (text("Sellers", "店铺明细")) }
            form id="filters" hidden {
                label { (text("Seller", "店铺")) input type="search" name="seller" autocomplete="off" spellcheck="false"; }
                label { (text("Standing", "状态"))
                    select name="standing" {
                        option value="" data-en="all" data-zh="全部" { "all" }
                        @for standing in STANDINGS {
                            @let (en, zh) = standing_names(standing, running);
                            option value=(standing as u8) data-en=(en) data-zh=(zh) { (en) }
                        }
                    }
                }
                label { (text("GMV of at least, USD", "GMV 不低于（美元）")) input type="number" name="gmv" min="0" step="1000" inputmode="numeric"; }
                output id="shown" aria-live="polite" {}
            }
            p.note id="without-script" { (text(
                &format!("The first {ROWS_FIRST} of {} sellers, those who need attention first; all are in eligibility.xlsx and eligibility.csv.", rows.len()),
                &format!("共 {} 家店铺，显示最需关注的前 {ROWS_FIRST} 家；全部见 eligibility.xlsx 与 eligibility.csv。", rows.len()))) }
            div.scroll tabindex="0" role="region" aria-labelledby="sellers-title" {
                table id="sellers" {
                    caption { (text("Sellers, those who need attention first", "店铺明细，最需关注者在前")) }
                    thead { tr {
                        th scope="col" { (text("Seller", "店铺")) }
                        th scope="col" aria-sort="ascending" { (text("Standing", "状态")) }
                        th scope="col" { (text("What to know", "要点")) }
                        @for column in columns(report) { th.number scope="col" { (text(column.en, column.zh)) } }
                    } }
                    tbody { @for row in rows.iter().take(ROWS_FIRST) { (line(row, report)) } }
                }
            }
            p.more {
                button id="more" type="button" hidden { (text("Show 200 more", "再显示 200 行")) } " "
                button id="all" type="button" hidden { (text("Show all rows", "显示全部行")) }
            }
        }
    }
}

fn line(row: &SellerMonth, report: &MonthReport) -> Markup {
    let (why_en, why_zh) = why(row);
    markup! {
        tr class=(class(row.standing)) {
            th scope="row" { (row.seller_id) }
            td { (name(row.standing, report.is_running())) }
            td.why { (text(&why_en, &why_zh)) }
            @for (index, column) in columns(report).iter().enumerate() {
                td.number {
                    @if let Some(figure) = (column.cell)(row, report) { (column.form.write(figure)) } @else { "–" }
                    @if index == FULFILMENT { (spark([row.fulfilment_rate_bp, row.rate_bp_m1, row.rate_bp_m2])) }
                }
            }
        }
    }
}
