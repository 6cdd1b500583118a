//! The sheet of the orders that decide whether a running month is kept.

use super::columns::{Column, Form, column, count, usd};
use super::standing;
use crate::rescue::{Rescue, SellerRescue};
use crate::{MonthReport, UndecidedOrder};

/// An undecided order, and its seller's.
pub(super) type Undecided<'a> = (&'a UndecidedOrder, &'a SellerRescue, &'a Rescue, &'a MonthReport);

pub(super) fn undecided(report: &MonthReport) -> Vec<Undecided<'_>> {
    let Some(rescue) = &report.rescue else {
        return Vec::new();
    };
    let orders = rescue.most_urgent_first().into_iter();
    orders
        .map(|(seller, order)| (order, seller, rescue, report))
        .collect()
}

pub(super) fn undecided_columns<'a>() -> Vec<Column<Undecided<'a>>> {
    vec![
        column(
            ("order", "订单"),
            (
                "an order neither fulfilled nor failed yet, of a seller whose undecided orders decide whether the month is kept",
                "尚未裁定的订单，其店铺能否保住本月取决于此类订单",
            ),
            Form::Text,
            24,
            |(order, ..)| Some(order.order_id.to_string()),
        ),
        column(
            ("seller", "店铺"),
            ("the seller's id", "店铺编号"),
            Form::Text,
            18,
            |(_, seller, ..)| Some(seller.seller_id.to_string()),
        ),
        column(
            ("standing", "状态"),
            (
                "where the seller stands, looking ahead: at risk is who has little room left",
                "展望状态：有风险者余地很小",
            ),
            Form::Standing,
            20,
            |(_, seller, _, report)| Some(standing(seller.standing, report)),
        ),
        column(
            ("missing", "缺少"),
            ("what the order lacks first", "该单最先缺少的环节"),
            Form::Text,
            26,
            |(order, ..)| {
                let (en, zh) = order.missing.names();
                Some(format!("{zh} / {en}"))
            },
        ),
        column(
            ("deadline, Beijing", "截止（北京时间）"),
            (
                "the last minute in time; empty: no deadline runs",
                "最后时限；空白表示无时限",
            ),
            Form::Text,
            20,
            |(order, _, rescue, _)| Some(rescue.both_times(order.deadline?).0),
        ),
        column(
            ("deadline, Pacific", "截止（太平洋时间）"),
            ("the same in the platform's zone", "同上，平台时区"),
            Form::Text,
            20,
            |(order, _, rescue, _)| Some(rescue.both_times(order.deadline?).1),
        ),
        column(
            ("hours left", "剩余小时"),
            (
                "whole hours from the report's instant to the deadline",
                "自报告时点至截止的整小时数",
            ),
            Form::Count,
            10,
            |(order, _, _, report)| count(order.minutes_left(report.as_of)? / 60),
        ),
        column(
            ("amount USD", "金额（美元）"),
            ("what the order adds to GMV", "计入 GMV 的金额"),
            Form::Usd,
            14,
            |(order, ..)| usd(order.amount),
        ),
        column(
            ("what to do", "处理办法"),
            ("before the deadline", "须在截止前完成"),
            Form::Text,
            60,
            |(order, _, rescue, _)| {
                let (en, zh) = rescue.advice.get(&order.missing)?;
                Some(format!("{zh} / {en}"))
            },
        ),
        column(
            ("paid, Beijing", "付款（北京时间）"),
            ("the order's payment", "订单付款时间"),
            Form::Text,
            20,
            |(order, _, rescue, _)| Some(rescue.both_times(order.paid_at).0),
        ),
        column(
            ("paid, Pacific", "付款（太平洋时间）"),
            ("the same in the platform's zone", "同上，平台时区"),
            Form::Text,
            20,
            |(order, _, rescue, _)| Some(rescue.both_times(order.paid_at).1),
        ),
        column(
            ("seller must rescue", "店铺必须履约单数"),
            (
                "so many of the seller's undecided orders must be fulfilled, or the month is lost unless new orders come",
                "该店铺待定订单中至少须履约的单数，否则失去本月（除非有新订单补回）",
            ),
            Form::Count,
            12,
            |(_, seller, ..)| count(seller.needed),
        ),
        column(
            ("seller's undecided", "店铺待定单数"),
            (
                "all of the seller's undecided orders; the nearest 50 are listed, and 2,000 in all",
                "该店铺全部待定订单；每家列出截止最近的 50 单，合计 2,000 单",
            ),
            Form::Count,
            12,
            |(_, seller, ..)| count(seller.undecided),
        ),
    ]
}
