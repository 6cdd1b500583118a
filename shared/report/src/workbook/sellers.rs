//! The sheet of sellers.

use super::columns::{
    Column, FINES, FULFILMENT, Form, GMV, NODES, ON_TIME, column, count, rate, usd, yes_no,
};
use super::standing;
use crate::{MonthReport, SellerMonth};

pub(super) type Seller<'a> = (&'a SellerMonth, &'a MonthReport);

pub(super) fn seller_columns<'a>() -> [Column<Seller<'a>>; 19] {
    [
        column(
            ("seller", "店铺"),
            ("the seller's id", "店铺编号"),
            Form::Text,
            18,
            |(row, _)| Some(row.seller_id.to_string()),
        ),
        column(
            ("eligible", "合格"),
            (
                "whether any class admits the seller (C1–C3), unless C4 refuses it",
                "是否满足任一准入类别（C1–C3），且未被 C4 排除",
            ),
            Form::Verdict,
            12,
            |(row, _)| yes_no(row.eligible),
        ),
        column(
            ("standing", "状态"),
            (
                "where the seller stands, looking ahead: at risk is who has little room left",
                "展望状态：有风险者余地很小",
            ),
            Form::Standing,
            20,
            |(row, report)| Some(standing(row.standing, report)),
        ),
        column(
            ("final", "最终"),
            (
                "whether the eligibility figures can no longer change by time",
                "资格数据是否已不再随时间变化",
            ),
            Form::Text,
            12,
            |(row, _)| yes_no(row.is_final),
        ),
        column(("GMV", "GMV"), GMV, Form::Usd, 16, |(row, _)| usd(row.gmv)),
        column(
            ("GMV, month before", "上月 GMV"),
            GMV,
            Form::Usd,
            16,
            |(row, _)| usd(row.gmv_m1),
        ),
        column(
            ("GMV, 2 months before", "前两月 GMV"),
            GMV,
            Form::Usd,
            16,
            |(row, _)| usd(row.gmv_m2),
        ),
        column(
            ("GMV, average", "GMV 月均"),
            (
                "over C1's months, cut off to the cent; the decision compares the sum",
                "C1 各月平均，舍去至分；裁定比较合计",
            ),
            Form::Usd,
            16,
            |(row, _)| usd(row.gmv_avg),
        ),
        column(
            ("due", "应履约"),
            ("orders fulfilled or failed", "已履约或未履约的订单"),
            Form::Count,
            10,
            |(row, _)| count(row.orders_due),
        ),
        column(
            ("fulfilled", "已履约"),
            ("of the due orders", "应履约订单中已履约"),
            Form::Count,
            10,
            |(row, _)| count(row.orders_fulfilled),
        ),
        column(
            ("fulfilment", "履约率"),
            FULFILMENT,
            Form::Fulfilment,
            12,
            |(row, _)| rate(row.fulfilment_rate_bp),
        ),
        column(
            ("fulfilment, month before", "上月履约率"),
            FULFILMENT,
            Form::Fulfilment,
            12,
            |(row, _)| rate(row.rate_bp_m1),
        ),
        column(
            ("fulfilment, 2 months before", "前两月履约率"),
            FULFILMENT,
            Form::Fulfilment,
            12,
            |(row, _)| rate(row.rate_bp_m2),
        ),
        column(
            ("misses left", "剩余可失误单数"),
            (
                "how many more orders may fail before the month's rate is too low; negative: so many too many",
                "本月履约率跌破下限前还可失误的单数；负数表示已超出",
            ),
            Form::Room,
            10,
            |(row, report)| count(row.misses_left(&report.limits)?),
        ),
        column(
            ("on-time delivery", "准时签收率"),
            ON_TIME,
            Form::Rate,
            12,
            |(row, _)| rate(row.on_time_delivery_bp),
        ),
        column(
            ("nodes complete", "节点齐全率"),
            NODES,
            Form::Rate,
            12,
            |(row, _)| rate(row.node_complete_bp),
        ),
        column(("fines", "罚金笔数"), FINES, Form::Count, 10, |(row, _)| {
            count(row.fines_count)
        }),
        column(
            ("fines USD", "罚金（美元）"),
            ("their net amount", "净额"),
            Form::Usd,
            12,
            |(row, _)| usd(row.fines),
        ),
        column(
            ("why", "原因"),
            ("the numbers that decided", "裁定所依据的数字"),
            Form::Text,
            90,
            |(row, _)| Some(format!("{} / {}", row.reasons_zh, row.reasons_en)),
        ),
    ]
}
