//! The sheet of what a running month still asks for.

use super::columns::{Column, Form, column, count, usd};
use super::standing;
use crate::{Forecast, MonthReport, SellerMonth};

/// A seller whose month is not final.
pub(super) type Running<'a> = (&'a SellerMonth, Forecast, &'a MonthReport);

pub(super) fn running(report: &MonthReport) -> Vec<Running<'_>> {
    let rows = report
        .rows
        .iter()
        .filter_map(|row| Some((row, row.forecast?, report)));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(row, forecast, _)| (row.standing, std::cmp::Reverse(forecast.at_stake)));
    rows
}

pub(super) fn forecast_columns<'a>() -> Vec<Column<Running<'a>>> {
    vec![
        column(
            ("seller", "店铺"),
            ("the seller's id", "店铺编号"),
            Form::Text,
            18,
            |(row, ..)| Some(row.seller_id.to_string()),
        ),
        column(
            ("standing", "状态"),
            (
                "where the seller stands, looking ahead: at risk is who has little room left",
                "展望状态：有风险者余地很小",
            ),
            Form::Standing,
            20,
            |(row, _, report)| Some(standing(row.standing, report)),
        ),
        column(
            ("misses affordable", "可失误单数"),
            (
                "the most orders that may miss from now on, pending ones first; the next one loses the month",
                "此后最多可失误的单数（先计待定订单），再多一单即失去本月",
            ),
            Form::Room,
            12,
            |(_, forecast, _)| count(forecast.misses_left?),
        ),
        column(
            ("pending", "待定"),
            ("neither fulfilled nor failed yet", "尚未裁定"),
            Form::Count,
            10,
            |(row, ..)| count(row.orders_pending),
        ),
        column(
            ("to rescue", "必须履约单数"),
            (
                "pending orders that must be fulfilled, or the month is lost unless new orders come",
                "必须履约的待定订单数，否则失去本月（除非有新订单补回）",
            ),
            Form::Count,
            10,
            |(_, forecast, _)| count(forecast.orders_to_rescue),
        ),
        column(
            ("orders to make up", "补回所需新单"),
            (
                "new orders, all of them fulfilled, without which the rate stays too low; empty: none would do",
                "须新增且全部履约的单数，否则履约率不足；空白表示已无法补回",
            ),
            Form::Count,
            12,
            |(_, forecast, _)| count(forecast.orders_to_mend?),
        ),
        column(
            ("GMV needed", "还需 GMV"),
            ("GMV that C1 still lacks", "C1 尚缺的 GMV"),
            Form::Usd,
            16,
            |(_, forecast, _)| usd(forecast.gmv_needed),
        ),
        column(
            ("days left", "剩余天数"),
            (
                "calendar days of the month that are not over, today among them",
                "本月剩余天数（含当日）",
            ),
            Form::Count,
            10,
            |(_, forecast, _)| count(forecast.days_left),
        ),
        column(
            ("GMV a day needed", "每日还需 GMV"),
            (
                "over the days that are left, rounded up to the cent",
                "按剩余天数平均，进位至分",
            ),
            Form::Usd,
            16,
            |(_, forecast, _)| usd(forecast.gmv_needed_per_day?),
        ),
        column(
            ("at stake a month", "面临损失的月 GMV"),
            (
                "what eligibility is worth: GMV a month over the two complete months before",
                "资格价值：此前两个完整月份的月均 GMV",
            ),
            Form::Usd,
            16,
            |(_, forecast, _)| usd(forecast.at_stake),
        ),
        column(
            ("prospect", "展望"),
            ("the forecast in words", "预测说明"),
            Form::Text,
            90,
            |(row, ..)| {
                Some(format!(
                    "{} / {}",
                    row.forecast_zh().concat(),
                    row.forecast_en().join(" ")
                ))
            },
        ),
    ]
}
