//! The workbook's columns: what they are called, what they mean, and their cells.

use domain::Cents;
use rust_xlsxwriter::Format;

use crate::reason::percent;
use crate::{MonthReport, MonthTotals, SellerMonth, Tally};

/// A column over rows `R`.
pub(super) struct Column<R> {
    en: &'static str,
    zh: &'static str,
    pub(super) means_en: &'static str,
    pub(super) means_zh: &'static str,
    pub(super) form: Form,
    pub(super) width: u16,
    /// A figure as it is written in a decimal, or a text; `None` leaves the cell empty.
    pub(super) cell: fn(&R) -> Option<String>,
}

/// What a column's cells are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// `是 / yes` or `否 / no`.
    Verdict,
    Count,
    Usd,
    /// Per cent.
    Rate,
    /// Per cent, judged against C1's minimum.
    Fulfilment,
}

impl<R> Column<R> {
    /// Both languages.
    pub(super) fn title(&self) -> String {
        format!("{} / {}", self.zh, self.en)
    }
}

impl Form {
    pub(super) fn format(self) -> Format {
        match self {
            Self::Text | Self::Verdict => Format::new().set_num_format("@"),
            Self::Count => Format::new().set_num_format("#,##0"),
            Self::Usd => Format::new().set_num_format("#,##0.00"),
            Self::Rate | Self::Fulfilment => Format::new().set_num_format("0.00\"%\""),
        }
    }
}

type Seller<'a> = (&'a SellerMonth, &'a MonthReport);

fn column<R>(
    (en, zh): (&'static str, &'static str),
    (means_en, means_zh): (&'static str, &'static str),
    form: Form,
    width: u16,
    cell: fn(&R) -> Option<String>,
) -> Column<R> {
    Column {
        en,
        zh,
        means_en,
        means_zh,
        form,
        width,
        cell,
    }
}

const FULFILMENT: (&str, &str) = (
    "fulfilled ÷ due orders, cut off to 0.01 %: uploaded within A1's deadline and every parcel picked up within B1's",
    "已履约 ÷ 应履约订单，舍去至 0.01%：按 A1 时限上传且每个包裹按 B1 时限揽收",
);
const GMV: (&str, &str) = (
    "amounts of the paid orders not cancelled before shipment, in USD",
    "已付款且未在发货前取消的订单金额合计（美元）",
);

pub(super) fn seller_columns<'a>() -> [Column<Seller<'a>>; 18] {
    [
        column(
            ("seller", "卖家"),
            ("the seller's id", "卖家编号"),
            Form::Text,
            18,
            |(row, _)| Some(row.seller_id.to_string()),
        ),
        column(
            ("eligible", "合格"),
            (
                "whether any class admits the seller (C1–C3)",
                "是否满足任一准入类别（C1–C3）",
            ),
            Form::Verdict,
            12,
            |(row, _)| yes_no(row.eligible),
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
                "how many more due orders may fail in the month; negative: too many",
                "本月还可失误的单数；负数表示已超出",
            ),
            Form::Count,
            10,
            |(row, report)| {
                row.fulfilment_rate_bp?;
                count(report.limits.failures_left(row.orders_due, row.orders_fulfilled))
            },
        ),
        column(
            ("on-time delivery", "准时签收率"),
            (
                "signed within B4's deadline ÷ orders signed or past it",
                "B4 时限内签收 ÷ 已签收或已超时订单",
            ),
            Form::Rate,
            12,
            |(row, _)| rate(row.on_time_delivery_bp),
        ),
        column(
            ("nodes complete", "节点齐全率"),
            (
                "B2 met ÷ orders whose timelines have all ended",
                "满足 B2 ÷ 轨迹均已结束的订单",
            ),
            Form::Rate,
            12,
            |(row, _)| rate(row.node_complete_bp),
        ),
        column(
            ("fines", "罚金笔数"),
            (
                "fines less reversals of all orders paid in the month",
                "本月付款订单的罚金笔数，已扣除冲回",
            ),
            Form::Count,
            10,
            |(row, _)| count(row.fines_count),
        ),
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
            (
                "signed within B4's deadline ÷ orders signed or past it",
                "B4 时限内签收 ÷ 已签收或已超时订单",
            ),
            Form::Rate,
            12,
            |of| rate(of.delivery.rate_bp()),
        ),
        column(
            ("nodes complete", "节点齐全率"),
            (
                "B2 met ÷ orders whose timelines have all ended",
                "满足 B2 ÷ 轨迹均已结束的订单",
            ),
            Form::Rate,
            12,
            |of| rate(of.nodes.rate_bp()),
        ),
        column(
            ("fines", "罚金笔数"),
            (
                "fines less reversals of all orders paid in the month",
                "本月付款订单的罚金笔数，已扣除冲回",
            ),
            Form::Count,
            10,
            |of| count(of.fines_count),
        ),
        column(
            ("fines USD", "罚金（美元）"),
            ("their net amount", "净额"),
            Form::Usd,
            14,
            |of| usd(of.fines),
        ),
    ]
}

fn usd(amount: Cents) -> Option<String> {
    Some(amount.to_string())
}

fn count(count: i64) -> Option<String> {
    Some(count.to_string())
}

fn rate(rate_bp: Option<i64>) -> Option<String> {
    rate_bp.map(percent)
}

fn yes_no(is: bool) -> Option<String> {
    Some(if is { "是 / yes" } else { "否 / no" }.to_owned())
}
