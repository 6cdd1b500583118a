//! What a column of the workbook is: its name, what it means, and how its cells are written.

use domain::Cents;
use rust_xlsxwriter::Format;

use crate::reason::percent;

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
    /// Where a seller stands.
    Standing,
    Count,
    Usd,
    /// Per cent.
    Rate,
    /// Per cent, judged against C1's minimum.
    Fulfilment,
    /// A count, of which a negative one is bad.
    Room,
}

impl<R> Column<R> {
    /// Both languages.
    pub(super) fn title(&self) -> String {
        format!("{} / {}", self.zh, self.en)
    }
}

impl Form {
    pub(super) fn is_number(self) -> bool {
        !matches!(self, Self::Text | Self::Verdict | Self::Standing)
    }

    pub(super) fn format(self) -> Format {
        match self {
            Self::Text | Self::Verdict | Self::Standing => Format::new().set_num_format("@"),
            Self::Count | Self::Room => Format::new().set_num_format("#,##0"),
            Self::Usd => Format::new().set_num_format("#,##0.00"),
            Self::Rate | Self::Fulfilment => Format::new().set_num_format("0.00\"%\""),
        }
    }
}

pub(super) fn column<R>(
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

pub(super) const FULFILMENT: (&str, &str) = (
    "fulfilled ÷ due orders, cut off to 0.01 %; the definition is ours, see `fulfilment rate`",
    "已履约 ÷ 应履约订单，舍去至 0.01%；口径由本系统定义，见“物流履约率”",
);
pub(super) const GMV: (&str, &str) = (
    "amounts of the paid orders not cancelled before shipment, in USD",
    "已付款且未在发货前取消的订单金额合计（美元）",
);

pub(super) const ON_TIME: (&str, &str) = (
    "signed within B4's deadline ÷ orders signed or past it",
    "B4 时限内签收 ÷ 已签收或已超时订单",
);
pub(super) const NODES: (&str, &str) = (
    "B2 met ÷ orders whose timelines have all ended",
    "满足 B2 ÷ 轨迹均已结束的订单",
);
pub(super) const FINES: (&str, &str) = (
    "fines less reversals of all orders paid in the month",
    "本月付款订单的罚金笔数，已扣除退回",
);

pub(super) fn usd(amount: Cents) -> Option<String> {
    Some(amount.to_string())
}

pub(super) fn count(count: i64) -> Option<String> {
    Some(count.to_string())
}

pub(super) fn rate(rate_bp: Option<i64>) -> Option<String> {
    rate_bp.map(percent)
}

pub(super) fn yes_no(is: bool) -> Option<String> {
    Some(if is { "是 / yes" } else { "否 / no" }.to_owned())
}
