//! What lies ahead of a seller, in English and Chinese: risks and forecast, with the numbers.

use domain::Month;

use crate::reason::usd;
use crate::{Forecast, Risk, SellerMonth};

impl Risk {
    /// One clause in English.
    pub fn en(self) -> String {
        match self {
            Self::FewMissesLeft { month, left, pending } => {
                let room = match left {
                    0 => "no room for a failed order".to_owned(),
                    1 => "room for 1 failed order".to_owned(),
                    left => format!("room for {left} failed orders"),
                };
                if pending > 0 {
                    format!("{room} in {month}, {pending} pending")
                } else {
                    format!("{room} was left in {month}")
                }
            }
            Self::RateToMend { month, orders } => {
                format!("{month} falls short unless {orders} more orders come and none fails")
            }
            Self::RateOutOfReach { month } => format!("the rate of {month} is out of reach"),
            Self::GmvBehind { needed } => format!("GMV is behind: {} USD still needed", usd(needed)),
            Self::GmvOutOfReach { needed } => format!("GMV is out of reach: {} USD short", usd(needed)),
            Self::GmvFalling { short } => {
                format!("another month like this one leaves GMV {} USD short", usd(short))
            }
            Self::PapersEnd(last) => format!("eligible by papers alone, whose last day is {last}"),
        }
    }

    /// The same in Chinese.
    pub fn zh(self) -> String {
        match self {
            Self::FewMissesLeft { month, left, pending } => {
                let room = if left == 0 {
                    format!("{month} 已无失误余地")
                } else {
                    format!("{month} 仅余 {left} 单失误余地")
                };
                if pending > 0 {
                    format!("{room}，{pending} 单待定")
                } else {
                    room
                }
            }
            Self::RateToMend { month, orders } => {
                format!("{month} 履约率不足，须再有 {orders} 单且全部履约")
            }
            Self::RateOutOfReach { month } => format!("{month} 履约率已无法达标达标"),
            Self::GmvBehind { needed } => format!("GMV 进度落后，还需 {} 美元", usd(needed)),
            Self::GmvOutOfReach { needed } => format!("GMV 已无法达标达标，差 {} 美元", usd(needed)),
            Self::GmvFalling { short } => format!("若下月与本月相同，GMV 将差 {} 美元", usd(short)),
            Self::PapersEnd(last) => format!("仅凭证书或授权合格，有效期至 {last}"),
        }
    }
}

impl SellerMonth {
    /// The forecast in sentences; none for a month that is final.
    pub fn forecast_en(&self) -> Vec<String> {
        let told = |forecast: Forecast| {
            vec![
                self.misses_en(forecast, self.months[0].month),
                gmv_en(forecast),
                format!(
                    "Eligibility is worth {} USD of GMV a month.",
                    usd(forecast.at_stake)
                ),
            ]
        };
        self.forecast.map_or_else(Vec::new, told)
    }

    /// The same in Chinese.
    pub fn forecast_zh(&self) -> Vec<String> {
        let told = |forecast: Forecast| {
            vec![
                self.misses_zh(forecast, self.months[0].month),
                gmv_zh(forecast),
                format!("资格价值：每月 GMV {} 美元。", usd(forecast.at_stake)),
            ]
        };
        self.forecast.map_or_else(Vec::new, told)
    }

    fn misses_en(&self, forecast: Forecast, month: Month) -> String {
        let pending = self.orders_pending;
        match (forecast.misses_left, forecast.orders_to_mend) {
            (Some(left), _) if left >= pending && forecast.days_left == 0 => {
                format!("{month} keeps its rate, whatever its pending orders come to.")
            }
            (Some(0), _) => format!("One more miss and {month} is lost{}.", self.rescue_en(forecast)),
            (Some(left), _) => format!(
                "{} more misses and {month} is lost{}.",
                left + 1,
                self.rescue_en(forecast)
            ),
            (None, Some(orders)) if self.orders_due + pending == 0 => {
                format!("{month} has no due orders yet: it needs at least {orders}.")
            }
            (None, Some(orders)) => format!(
                "{month} is lost unless its {pending} pending orders are fulfilled and {orders} more orders come, without a miss."
            ),
            (None, None) => format!("The rate of {month} cannot be reached any more."),
        }
    }

    fn rescue_en(&self, forecast: Forecast) -> String {
        match forecast.orders_to_rescue {
            0 => String::new(),
            rescue => format!(
                ": of {} pending orders at least {rescue} must be fulfilled",
                self.orders_pending
            ),
        }
    }

    fn misses_zh(&self, forecast: Forecast, month: Month) -> String {
        let pending = self.orders_pending;
        match (forecast.misses_left, forecast.orders_to_mend) {
            (Some(left), _) if left >= pending && forecast.days_left == 0 => {
                format!("无论待定订单结果如何，{month} 履约率均达标。")
            }
            (Some(left), _) => {
                let rescue = match forecast.orders_to_rescue {
                    0 => String::new(),
                    rescue => format!("：{pending} 单待定中至少须履约 {rescue} 单"),
                };
                format!("再失误 {} 单即失去 {month}{rescue}。", left + 1)
            }
            (None, Some(orders)) if self.orders_due + pending == 0 => {
                format!("{month} 尚无应履约订单，至少需要 {orders} 单。")
            }
            (None, Some(orders)) => {
                format!("除非 {pending} 单待定全部履约，且再有 {orders} 单并全部履约，否则失去 {month}。")
            }
            (None, None) => format!("{month} 履约率已无法达标。"),
        }
    }
}

fn gmv_en(forecast: Forecast) -> String {
    match forecast.gmv_needed_per_day {
        None => format!(
            "GMV is {} USD short, and the month is over.",
            usd(forecast.gmv_needed)
        ),
        Some(_) if forecast.gmv_needed.0 == 0 => "GMV is reached.".to_owned(),
        Some(per_day) => format!(
            "GMV still needs {} USD a day for {} {}: {} USD.",
            usd(per_day),
            forecast.days_left,
            if forecast.days_left == 1 { "day" } else { "days" },
            usd(forecast.gmv_needed)
        ),
    }
}

fn gmv_zh(forecast: Forecast) -> String {
    match forecast.gmv_needed_per_day {
        None => format!("GMV 差 {} 美元，且本月已结束。", usd(forecast.gmv_needed)),
        Some(_) if forecast.gmv_needed.0 == 0 => "GMV 已达标。".to_owned(),
        Some(per_day) => format!(
            "GMV 还需每天 {} 美元，共 {} 天，合计 {} 美元。",
            usd(per_day),
            forecast.days_left,
            usd(forecast.gmv_needed)
        ),
    }
}
