//! What a report cites in addition to the pack of the figures: the source of admission (C), and our definition of fulfilment.

use domain::policy::{FulfilmentExtra, PickupStart};
use domain::{Month, Policy, PolicyBook};
use serde::{Deserialize, Serialize};

/// The pack of admission (C) that decided a month, as a report cites it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitedAdmission {
    /// Its version.
    pub version: String,
    /// The source's short name.
    pub name_en: String,
    /// The same in Chinese.
    pub name_zh: String,
    /// The source's title in our translation.
    pub title_en: String,
    /// The source's title.
    pub title_zh: String,
    /// The first day on which it is in force: `YYYY-MM-DD` in the platform's zone.
    pub effective_on: String,
    /// Whether that day is our assumption.
    pub effective_assumed: bool,
    /// Whether it was not yet in force in the month.
    pub applied_early: bool,
}

impl CitedAdmission {
    pub(crate) fn of(month: Month, book: &PolicyBook) -> Self {
        let pack = book.admission_of(month);
        Self {
            version: pack.version.clone(),
            name_en: pack.name_en.clone(),
            name_zh: pack.name_zh.clone(),
            title_en: pack.title_en.clone(),
            title_zh: pack.title_zh.clone(),
            effective_on: pack.effective_on.to_string(),
            effective_assumed: pack.effective_assumed,
            applied_early: book.admission_applied_early(month),
        }
    }

    /// With its title and date, in English and Chinese.
    pub(crate) fn in_full(&self) -> (String, String) {
        let Self {
            version,
            effective_on,
            ..
        } = self;
        let (assumed_en, assumed_zh) = match self.effective_assumed {
            true => (" (assumed date)", "（生效日为推定）"),
            false => ("", ""),
        };
        let (early_en, early_zh) = match self.applied_early {
            true => (
                "; applied to this month before its date",
                "；本月早于其生效日，亦适用",
            ),
            false => ("", ""),
        };
        (
            format!(
                "{} {version}, {}, in force from {effective_on}{assumed_en}{early_en}",
                self.name_en, self.title_en
            ),
            format!(
                "《{}》{version}，{effective_on} 起施行{assumed_zh}{early_zh}",
                self.title_zh
            ),
        )
    }
}

/// When an order counts as fulfilled. The source names the rate (物流履约率) and does not define it: this definition is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FulfilmentDefinition {
    upload_hours: i64,
    pickup_hours: i64,
    pickup_from: PickupStart,
    nodes: bool,
    sign_off: bool,
}

impl FulfilmentDefinition {
    pub(crate) fn of(policy: &Policy) -> Self {
        let asks_for = |extra| policy.eligibility.fulfilment_requires.contains(&extra);
        Self {
            upload_hours: policy.upload_max().seconds() / 3_600,
            pickup_hours: policy.pickup_max().seconds() / 3_600,
            pickup_from: policy.pickup.runs_from,
            nodes: asks_for(FulfilmentExtra::Nodes),
            sign_off: asks_for(FulfilmentExtra::SignOff),
        }
    }

    /// The clauses that it rests on: `A1 + B1`.
    pub(crate) fn clauses(&self) -> String {
        let extras = [(self.nodes, " + B2"), (self.sign_off, " + B4")];
        let extras = extras
            .into_iter()
            .filter_map(|(asked, name)| asked.then_some(name));
        std::iter::once("A1 + B1").chain(extras).collect()
    }

    /// In full, and whose it is, in English and Chinese.
    pub(crate) fn in_full(&self) -> (String, String) {
        let Self {
            upload_hours,
            pickup_hours,
            ..
        } = self;
        let (from_en, from_zh) = match self.pickup_from {
            PickupStart::Upload => ("its accepted upload", "有效上传"),
            PickupStart::Payment => ("the payment", "付款"),
        };
        let (mut en, mut zh) = (
            format!(
                "orders fulfilled of those due: uploaded within {upload_hours} h of payment (A1), and every parcel picked up within \
                 {pickup_hours} h of {from_en} (B1)"
            ),
            format!(
                "已履约 ÷ 应履约订单：付款后 {upload_hours} 小时内上传（A1），且每个包裹自{from_zh}起 {pickup_hours} 小时内揽收（B1）"
            ),
        );
        if self.nodes {
            en.push_str(", with all tracking nodes (B2)");
            zh.push_str("，且节点齐全（B2）");
        }
        if self.sign_off {
            en.push_str(", and signed in time (B4)");
            zh.push_str("，且按时签收（B4）");
        }
        en.push_str(
            ". This definition is ours: the source names the rate (物流履约率) and does not define it",
        );
        zh.push_str("。此口径由本系统定义：来源文件仅提及物流履约率，未作定义");
        (en, zh)
    }
}
