//! Why a seller is eligible or not: the numbers that decided, in English and Chinese.

use domain::count::counted;
use domain::{Cents, Month, Timestamp, Zone};

use crate::Tally;
use crate::names::instant_names;

/// One of the reasons of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// C1: the sum reaches its minimum.
    GmvMet { months: usize, gmv: Cents, min: Cents },
    /// C1: the sum does not.
    GmvShort { months: usize, gmv: Cents, min: Cents },
    /// C1 where each month counts: all reach the minimum.
    GmvMetEachMonth { min: Cents, months: Vec<(Month, Cents)> },
    /// C1 where each month counts: one does not.
    GmvShortInMonth { month: Month, gmv: Cents, min: Cents },
    /// C1: the rate, in basis points, is high enough in every month.
    FulfilmentMet {
        percent_min: u32,
        rates: Vec<(Month, i64)>,
    },
    /// C1: a month has more failures than it may have, which its pending orders may still mend.
    FulfilmentMissed {
        month: Month,
        tally: Tally,
        failed_max: i64,
        pending: i64,
    },
    /// C1: a month has no rate.
    NothingDue { month: Month },
    /// A pack applied to orders paid before its date (a day, if the book knows it, and whether that is assumed).
    PolicyEarly {
        version: String,
        before: Option<(String, bool)>,
    },
    /// The pack of admission decides a month before its date, a day that may be assumed.
    AdmissionEarly {
        cited: (String, String),
        before: String,
        assumed: bool,
    },
    /// The figures can still change.
    Provisional {
        pending: i64,
        final_from: Timestamp,
        zone: Zone,
    },
}

/// All reasons under the clause and the pack that decided: `C1 (Access Measures 2024-05): …; …`.
pub(crate) fn in_english(cited: &str, reasons: &[Reason]) -> String {
    let reasons: Vec<_> = reasons.iter().map(Reason::en).collect();
    format!("C1 ({cited}): {}", reasons.join("; "))
}

/// The same in Chinese: `C1（接入管理办法 2024-05）：…；…`.
pub(crate) fn in_chinese(cited: &str, reasons: &[Reason]) -> String {
    let reasons: Vec<_> = reasons.iter().map(Reason::zh).collect();
    format!("C1（{cited}）：{}", reasons.join("；"))
}

impl Reason {
    fn en(&self) -> String {
        match self {
            Self::GmvMet { months, gmv, min } => {
                format!(
                    "GMV {} USD over {months} months, at least {}",
                    usd(*gmv),
                    usd(*min)
                )
            }
            Self::GmvShort { months, gmv, min } => {
                let short = usd(*min - *gmv);
                format!(
                    "GMV {} USD over {months} months, {short} short of {}",
                    usd(*gmv),
                    usd(*min)
                )
            }
            Self::GmvMetEachMonth { min, months } => {
                let months = months
                    .iter()
                    .map(|(month, gmv)| format!("{month} ({})", usd(*gmv)));
                format!("GMV at least {} USD in {}", usd(*min), listed(months, ", "))
            }
            Self::GmvShortInMonth { month, gmv, min } => {
                format!(
                    "GMV {} USD in {month}, {} short of {}",
                    usd(*gmv),
                    usd(*min - *gmv),
                    usd(*min)
                )
            }
            Self::FulfilmentMet { percent_min, rates } => {
                let rates = rates
                    .iter()
                    .map(|(month, rate_bp)| format!("{month} ({} %)", percent(*rate_bp)));
                format!("fulfilment ≥ {percent_min} % in {}", listed(rates, ", "))
            }
            Self::FulfilmentMissed {
                month,
                tally,
                failed_max,
                pending,
            } => {
                let (failed, rate) = (tally.failed(), percent(tally.rate_bp().unwrap_or(0)));
                let too_many = failed - failed_max;
                let so_far = if *pending > 0 { " so far" } else { "" };
                format!(
                    "fulfilment {rate} % in {month}: {failed} of {} failed, {too_many} too many{so_far}",
                    counted(tally.due.unsigned_abs(), "order")
                )
            }
            Self::NothingDue { month } => format!("no due orders in {month}"),
            Self::PolicyEarly {
                version,
                before: None,
            } => {
                format!("policy {version} applied to orders paid before its date")
            }
            Self::PolicyEarly {
                version,
                before: Some((day, assumed)),
            } => {
                let assumed = if *assumed { " (assumed date)" } else { "" };
                format!("policy {version} applied to orders paid before {day}{assumed}")
            }
            Self::AdmissionEarly {
                cited: (cited, _),
                before,
                assumed,
            } => {
                let assumed = if *assumed { " (assumed date)" } else { "" };
                format!("{cited} applied to a month before {before}{assumed}")
            }
            Self::Provisional {
                pending,
                final_from,
                zone,
            } => {
                let (instant, _) = instant_names(*final_from, *zone);
                format!("provisional ({pending} pending), final from {instant}")
            }
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::GmvMet { months, gmv, min } => {
                format!(
                    "{months} 个月 GMV 合计 {} 美元，不低于 {} 美元",
                    usd(*gmv),
                    usd(*min)
                )
            }
            Self::GmvShort { months, gmv, min } => {
                let short = usd(*min - *gmv);
                format!(
                    "{months} 个月 GMV 合计 {} 美元，距 {} 美元差 {short} 美元",
                    usd(*gmv),
                    usd(*min)
                )
            }
            Self::GmvMetEachMonth { min, months } => {
                let months = months
                    .iter()
                    .map(|(month, gmv)| format!("{month}（{}）", usd(*gmv)));
                format!("每月 GMV 不低于 {} 美元：{}", usd(*min), listed(months, "、"))
            }
            Self::GmvShortInMonth { month, gmv, min } => {
                format!(
                    "{month} GMV {} 美元，距 {} 美元差 {} 美元",
                    usd(*gmv),
                    usd(*min),
                    usd(*min - *gmv)
                )
            }
            Self::FulfilmentMet { percent_min, rates } => {
                let rates = rates
                    .iter()
                    .map(|(month, rate_bp)| format!("{month}（{}%）", percent(*rate_bp)));
                format!("物流履约率≥{percent_min}%：{}", listed(rates, "、"))
            }
            Self::FulfilmentMissed {
                month,
                tally,
                failed_max,
                pending,
            } => {
                let (failed, rate) = (tally.failed(), percent(tally.rate_bp().unwrap_or(0)));
                let too_many = failed - failed_max;
                let so_far = if *pending > 0 { "目前" } else { "" };
                format!(
                    "{month} 物流履约率 {rate}%：{} 单中 {failed} 单未履约，{so_far}超出 {too_many} 单",
                    tally.due
                )
            }
            Self::NothingDue { month } => format!("{month} 无应履约订单"),
            Self::PolicyEarly {
                version,
                before: None,
            } => format!("生效日之前付款的订单亦适用 {version}"),
            Self::PolicyEarly {
                version,
                before: Some((day, assumed)),
            } => {
                let assumed = if *assumed { "（生效日为推定）" } else { "" };
                format!("{day} 之前付款的订单亦适用 {version}{assumed}")
            }
            Self::AdmissionEarly {
                cited: (_, cited),
                before,
                assumed,
            } => {
                let assumed = if *assumed { "（生效日为推定）" } else { "" };
                format!("{before} 之前的月份亦适用{cited}{assumed}")
            }
            Self::Provisional {
                pending,
                final_from,
                zone,
            } => {
                let (_, instant) = instant_names(*final_from, *zone);
                format!("暂定（{pending} 单待定），{instant}起为最终结果")
            }
        }
    }
}

fn listed(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}

/// `148,210.55`.
pub(crate) fn usd(amount: Cents) -> String {
    let plain = amount.to_string();
    let (units, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let mut grouped = String::new();
    for (index, digit) in units.chars().enumerate() {
        if index > 0 && (units.len() - index) % 3 == 0 && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{cents}")
}

/// Basis points as a percentage: `94.87`.
pub(crate) fn percent(basis_points: i64) -> String {
    format!("{}.{:02}", basis_points / 100, basis_points % 100)
}

pub(crate) fn beijing() -> Zone {
    "Asia/Shanghai".parse().expect("a zone of every tz database")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_thousands() {
        for (cents, text) in [
            (0, "0.00"),
            (99_999, "999.99"),
            (100_000, "1,000.00"),
            (14_821_055, "148,210.55"),
            (-12_345_600, "-123,456.00"),
        ] {
            assert_eq!(usd(Cents(cents)), text);
        }
    }
}
