//! The sheets of the orders that missed fulfilment, a row a rule that was missed, and of those that their seller alone stated.

use domain::Timestamp;

use super::columns::{Column, Form, column, count, usd};
use crate::failed::{FailedOrders, SellerFailed, SellerUnconfirmed, both_times};
use crate::{FailedOrder, Miss, MonthReport, UnconfirmedOrder};

/// A rule that an order missed, the order, its seller's and the list that they are of.
pub(super) type Missed<'a> = (&'a Miss, &'a FailedOrder, &'a SellerFailed, &'a FailedOrders);

/// An order that its seller alone stated, its seller's, and the report.
pub(super) type Unconfirmed<'a> = (&'a UnconfirmedOrder, &'a SellerUnconfirmed, domain::Zone);

pub(super) fn missed(report: &MonthReport) -> Vec<Missed<'_>> {
    let Some(failed) = &report.failed else {
        return Vec::new();
    };
    let mut sellers: Vec<&SellerFailed> = failed.sellers.iter().collect();
    sellers.sort_by_key(|seller| &seller.seller_id);
    let orders = sellers
        .into_iter()
        .flat_map(|seller| seller.orders.iter().map(move |order| (order, seller)));
    orders
        .flat_map(|(order, seller)| order.misses.iter().map(move |miss| (miss, order, seller, failed)))
        .collect()
}

pub(super) fn unconfirmed(report: &MonthReport, zone: domain::Zone) -> Vec<Unconfirmed<'_>> {
    let sellers = report.unconfirmed.iter();
    sellers
        .flat_map(|seller| seller.orders.iter().map(move |order| (order, seller, zone)))
        .collect()
}

fn beijing(at: Timestamp, zone: domain::Zone) -> Option<String> {
    Some(both_times(at, zone).0)
}

fn pacific(at: Timestamp, zone: domain::Zone) -> Option<String> {
    Some(both_times(at, zone).1)
}

pub(super) fn missed_columns<'a>() -> Vec<Column<Missed<'a>>> {
    vec![
        column(
            ("failed order", "未履约订单"),
            (
                "an order that missed fulfilment; one that missed several rules has a row for each",
                "未达到物流履约要求的订单；违反多项要求时每项一行",
            ),
            Form::Text,
            24,
            |(_, order, ..)| Some(order.order_id.to_string()),
        ),
        column(
            ("seller", "店铺"),
            ("the seller's id", "店铺编号"),
            Form::Text,
            18,
            |(_, _, seller, _)| Some(seller.seller_id.to_string()),
        ),
        column(
            ("missed", "未达标项"),
            ("the rule that was missed", "未达标的环节"),
            Form::Text,
            26,
            |(miss, ..)| {
                let (en, zh) = miss.missing.names();
                Some(format!("{zh} / {en}"))
            },
        ),
        column(
            ("missed deadline, Beijing", "时限（北京时间）"),
            ("the last instant in time", "最后的合格时刻"),
            Form::Text,
            20,
            |(miss, .., failed)| beijing(miss.deadline, failed.zone),
        ),
        column(
            ("missed deadline, Pacific", "时限（太平洋时间）"),
            ("the same in the platform's zone", "同上，平台时区"),
            Form::Text,
            20,
            |(miss, .., failed)| pacific(miss.deadline, failed.zone),
        ),
        column(
            ("happened, Beijing", "实际时间（北京时间）"),
            (
                "when it happened after all; empty: nothing of it is recorded",
                "实际发生时间；空白表示没有记录",
            ),
            Form::Text,
            20,
            |(miss, .., failed)| beijing(miss.happened_at?, failed.zone),
        ),
        column(
            ("happened, Pacific", "实际时间（太平洋时间）"),
            ("the same in the platform's zone", "同上，平台时区"),
            Form::Text,
            20,
            |(miss, .., failed)| pacific(miss.happened_at?, failed.zone),
        ),
        column(
            ("late by", "超时"),
            ("from the deadline to when it happened", "自时限至实际发生的时长"),
            Form::Text,
            16,
            |(miss, ..)| Some(miss.late_by()?.to_string()),
        ),
        column(
            ("amount USD", "金额（美元）"),
            ("what the order adds to GMV", "计入 GMV 的金额"),
            Form::Usd,
            14,
            |(_, order, ..)| usd(order.amount),
        ),
        column(
            ("paid, Beijing", "付款（北京时间）"),
            ("the order's payment", "订单付款时间"),
            Form::Text,
            20,
            |(_, order, _, failed)| beijing(order.paid_at, failed.zone),
        ),
        column(
            ("paid, Pacific", "付款（太平洋时间）"),
            ("the same in the platform's zone", "同上，平台时区"),
            Form::Text,
            20,
            |(_, order, _, failed)| pacific(order.paid_at, failed.zone),
        ),
        column(
            ("seller's failed", "店铺未履约单数"),
            (
                "all of the seller's failed orders; the first 50 by payment are listed, and 2,000 orders in all",
                "该店铺全部未履约订单；每家按付款时间列出前 50 单，合计 2,000 单",
            ),
            Form::Count,
            12,
            |(_, _, seller, _)| count(seller.failed),
        ),
    ]
}

pub(super) fn unconfirmed_columns<'a>() -> Vec<Column<Unconfirmed<'a>>> {
    vec![
        column(
            ("unconfirmed order", "未确认订单"),
            (
                "an order that only its seller stated: judged and fined, but outside GMV and the rates until the operator states it",
                "仅由店铺提供的订单：照常考核和扣罚，但在运营方提供之前不计入 GMV 和各项比率",
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
            |(_, seller, _)| Some(seller.seller_id.to_string()),
        ),
        column(
            ("paid, Beijing", "付款（北京时间）"),
            ("the order's payment", "订单付款时间"),
            Form::Text,
            20,
            |(order, _, zone)| beijing(order.paid_at, *zone),
        ),
        column(
            ("paid, Pacific", "付款（太平洋时间）"),
            ("the same in the platform's zone", "同上，平台时区"),
            Form::Text,
            20,
            |(order, _, zone)| pacific(order.paid_at, *zone),
        ),
        column(
            ("seller's unconfirmed", "店铺未确认单数"),
            (
                "all of the seller's unconfirmed orders; the first 50 by payment are listed",
                "该店铺全部未确认订单；每家按付款时间列出前 50 单",
            ),
            Form::Count,
            12,
            |(_, seller, _)| count(i64::try_from(seller.count).unwrap_or(i64::MAX)),
        ),
    ]
}
