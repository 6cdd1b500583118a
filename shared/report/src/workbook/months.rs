//! The sheet of the portfolio's months.

use super::columns::{Column, FINES, FULFILMENT, Form, GMV, NODES, ON_TIME, column, count, rate, usd};
use crate::{MonthTotals, Tally};

pub(super) fn month_columns<'a>() -> [Column<&'a MonthTotals>; 9] {
    [
        column(
            ("month", "月份"),
            ("payment month in the platform's zone", "平台时区的付款月份"),
            Form::Text,
            12,
            |of| Some(of.month.to_string()),
        ),
        column(("GMV", "GMV"), GMV, Form::Usd, 18, |of| usd(of.gmv)),
        column(
            ("fulfilment", "履约率"),
            FULFILMENT,
            Form::Fulfilment,
            12,
            |of| rate(of.fulfilment.rate_bp()),
        ),
        column(
            ("failed", "未履约"),
            ("due and not fulfilled", "应履约而未履约"),
            Form::Count,
            10,
            |of| count(Tally::failed(of.fulfilment)),
        ),
        column(
            ("pending", "待定"),
            ("neither fulfilled nor failed yet", "尚未裁定"),
            Form::Count,
            10,
            |of| count(of.pending),
        ),
        column(
            ("on-time delivery", "准时签收率"),
            ON_TIME,
            Form::Rate,
            12,
            |of| rate(of.delivery.rate_bp()),
        ),
        column(
            ("nodes complete", "节点齐全率"),
            NODES,
            Form::Rate,
            12,
            |of| rate(of.nodes.rate_bp()),
        ),
        column(("fines", "罚金笔数"), FINES, Form::Count, 10, |of| {
            count(of.fines_count)
        }),
        column(
            ("fines USD", "罚金（美元）"),
            ("their net amount", "净额"),
            Form::Usd,
            14,
            |of| usd(of.fines),
        ),
    ]
}
