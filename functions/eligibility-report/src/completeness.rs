//! Whether the lake holds what a final report is made of: its watermark says so, which `order-history` writes once it has gone
//! through the tables and the closes.

use domain::{Month, Timestamp};
use lake::Lack;
use report::Lacking;

use crate::{EligibilityReport, Error};

/// Things named; the rest are counted.
const NAMED_MAX: usize = 3;

/// What the lake lacks for a report; `None` where nothing is missing.
pub(crate) async fn lacking(
    function: &EligibilityReport,
    month: Month,
    as_of: Timestamp,
) -> Result<Option<Lacking>, Error> {
    let watermark = function.lake.watermark(month, as_of).await;
    Ok(match watermark.map_err(|source| Error::Lake(month, source))? {
        None => Some(Lacking {
            en: format!("not final: the lake was not completed as of {as_of}"),
            zh: format!("非最终结果：数据湖尚未补全至 {as_of}"),
        }),
        Some(watermark) if watermark.lacks.is_empty() => None,
        Some(watermark) => Some(told(&watermark.lacks)),
    })
}

fn told(lacks: &[Lack]) -> Lacking {
    let (mut en, mut zh): (Vec<_>, Vec<_>) = lacks.iter().take(NAMED_MAX).map(words).unzip();
    if lacks.len() > NAMED_MAX {
        en.push(format!("and {} more", lacks.len() - NAMED_MAX));
        zh.push(format!("另有 {} 项", lacks.len() - NAMED_MAX));
    }
    Lacking {
        en: format!("not final: the lake lacks {}", en.join(", ")),
        zh: format!("非最终结果：数据湖缺少{}", zh.join("、")),
    }
}

fn words(lack: &Lack) -> (String, String) {
    match lack {
        Lack::NightOpen(night) => (
            format!("the close of the night {night}"),
            format!("夜间 {night} 的结账"),
        ),
        Lack::CloseUnsound(close) => (
            format!("the close {close}, whose files are not what was closed"),
            format!("结账 {close}（文件与结账时不符）"),
        ),
        Lack::EntriesUnknown { count, first } => (
            format!("{count} entries that the ledger does not have, {first} the first"),
            format!("账本中没有的 {count} 条分录（首条 {first}）"),
        ),
        Lack::OrdersUnreadable { count, first } => (
            format!("{count} orders that cannot be read, {first} the first"),
            format!("{count} 个无法读取的订单（首个 {first}）"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_in_both_languages_up_to_a_bound() {
        let night = |unix| Lack::NightOpen(Timestamp::from_unix(unix));
        let told = told(&[night(0), night(86_400), night(172_800), night(259_200)]);
        assert_eq!(
            told.en,
            "not final: the lake lacks the close of the night 1970-01-01T00:00:00Z, the close of the night \
             1970-01-02T00:00:00Z, the close of the night 1970-01-03T00:00:00Z, and 1 more"
        );
        assert!(
            told.zh.ends_with("夜间 1970-01-03T00:00:00Z 的结账、另有 1 项"),
            "{}",
            told.zh
        );
    }
}
