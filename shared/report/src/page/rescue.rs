//! The orders that decide whether a running month is kept: the nearest deadlines as a table, and each seller's as data.

use domain::count::counted_as;
use std::collections::BTreeMap;

use domain::SellerId;
use maud::{Markup, html as markup};
use serde::Serialize;

use super::glance::grouped;
use super::text;
use crate::reason::usd;
use crate::rescue::{Rescue, SellerRescue};
use crate::{MonthReport, UndecidedOrder};

/// Orders of the table; the others are where their sellers are opened, and in the workbook.
const ROWS_MAX: usize = 20;

pub(super) fn section(report: &MonthReport) -> Markup {
    let Some(rescue) = &report.rescue else {
        return markup! {};
    };
    let orders = rescue.most_urgent_first();
    let shown = &orders[..orders.len().min(ROWS_MAX)];
    markup! {
        section.rescue aria-labelledby="rescue-title" {
            h2 id="rescue-title" { (text("Orders to rescue", "需保住的订单")) }
            p.note { (told(report, rescue, shown.len())) }
            div.scroll tabindex="0" role="region" aria-labelledby="rescue-title" {
                table {
                    caption { (text("Undecided orders of sellers at risk first, the nearest deadline first", "待定订单：有风险店铺在前，截止最近者在前")) }
                    thead { tr {
                        th scope="col" { (text("Order", "订单")) }
                        th scope="col" { (text("Seller", "店铺")) }
                        th scope="col" { (text("Missing", "缺少")) }
                        th scope="col" { (text("Deadline, Beijing (Pacific)", "截止：北京时间（太平洋时间）")) }
                        th.number scope="col" { (text("Time left", "剩余时间")) }
                        th.number scope="col" { (text("Amount USD", "金额（美元）")) }
                        th scope="col" { (text("What to do", "处理办法")) }
                    } }
                    tbody { @for (seller, order) in shown { (line(report, rescue, seller, order)) } }
                }
            }
        }
    }
}

fn told(report: &MonthReport, rescue: &Rescue, shown: usize) -> Markup {
    let (month, shown) = (report.month, grouped(shown as i64));
    let (sellers, orders) = (grouped(rescue.sellers_count as i64), grouped(rescue.orders_count));
    let named = grouped(rescue.named_count() as i64);
    let sellers_en = counted_as(&sellers, rescue.sellers_count as u64, "seller");
    text(
        &format!(
            "undecided orders that decide whether {month} is kept: {orders}, of {sellers_en}; the {shown} most urgent are here, those of sellers at risk first. {named} are \
             named, those of the sellers nearest to the edge: all of these in eligibility.xlsx, and each where its seller is opened."
        ),
        &format!(
            "{sellers} 家店铺的 {orders} 单待定订单决定能否保住 {month}；此处为最紧急的 {shown} 单，有风险店铺在前。共列出最接近失去资格的店铺的 {named} 单，\
             全部见 eligibility.xlsx，并见各店铺的展开明细。"
        ),
    )
}

fn line(report: &MonthReport, rescue: &Rescue, seller: &SellerRescue, order: &UndecidedOrder) -> Markup {
    let (missing_en, missing_zh) = order.missing.names();
    let (todo_en, todo_zh) = &rescue.advice[&order.missing];
    markup! {
        tr {
            th scope="row" { (order.order_id) }
            td { (seller.seller_id) }
            td { (text(missing_en, missing_zh)) }
            td {
                @if let Some(deadline) = order.deadline {
                    @let (beijing, pacific) = rescue.both_times(deadline);
                    time datetime=(deadline) { (beijing) } " " small { "(" (pacific) ")" }
                } @else { "–" }
            }
            td.number {
                @if let Some(minutes) = order.minutes_left(report.as_of) {
                    (text(&format!("{} h {:02} m", minutes / 60, minutes % 60), &format!("{} 小时 {:02} 分", minutes / 60, minutes % 60)))
                } @else { "–" }
            }
            td.number { (usd(order.amount)) }
            td { (text(todo_en, todo_zh)) }
        }
    }
}

/// What the script shows where a seller is opened.
#[derive(Serialize)]
pub(super) struct Rescues<'a> {
    /// By the number in an order: what is missing and what to do, in English and Chinese.
    missing: Vec<[(&'a str, &'a str); 2]>,
    /// By seller: how many must be fulfilled, of how many, and those that are named.
    sellers: BTreeMap<&'a SellerId, (i64, i64, Vec<Order<'a>>)>,
}

/// Its id; the number of what is missing; minutes left; its deadline and its payment in Beijing and Pacific time; its
/// amount in cents.
type Order<'a> = (
    &'a str,
    usize,
    Option<i64>,
    Option<(String, String)>,
    (String, String),
    i64,
);

impl<'a> Rescues<'a> {
    pub(super) fn of(report: &'a MonthReport) -> Option<Self> {
        let rescue = report.rescue.as_ref()?;
        let kinds: Vec<_> = rescue.advice.keys().copied().collect();
        let order = |order: &'a UndecidedOrder| {
            (
                order.order_id.as_str(),
                kinds.iter().position(|kind| *kind == order.missing).unwrap_or(0),
                order.minutes_left(report.as_of),
                order.deadline.map(|deadline| rescue.both_times(deadline)),
                rescue.both_times(order.paid_at),
                order.amount.0,
            )
        };
        let sellers = rescue.sellers.iter().map(|seller| {
            let orders = seller.orders.iter().map(order).collect();
            (&seller.seller_id, (seller.needed, seller.undecided, orders))
        });
        let missing = rescue.advice.iter().map(|(missing, (en, zh))| {
            let told: (&'a str, &'a str) = (en, zh);
            [missing.names(), told]
        });
        Some(Self {
            missing: missing.collect(),
            sellers: sellers.collect(),
        })
    }
}
