//! A stage of a diagnosis and what it can be (D1, D2).

use serde::Serialize;

use super::texts::{Case, Given};
use crate::because::Told;
use crate::message::message;
use crate::{Cents, Finding, Timestamp, TrackingNumber};

/// The stages, in the order of D1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// A2: the number's form.
    Format,
    /// A3: its carrier.
    Carrier,
    /// The order that it belongs to.
    Order,
    /// A1: the order's first accepted upload.
    UploadTime,
    /// B1: a parcel's first pickup.
    Pickup,
    /// B2: a parcel's nodes.
    Nodes,
    /// B3: a parcel's silence.
    Staleness,
    /// A4: commercial invoice and local tax id.
    CustomsPapers,
    /// A5: sanctions and embargoes.
    Destination,
    /// B4: the order's sign-off.
    SignOff,
    /// B5: the order's appeals.
    Appeals,
    /// A6, B3, B4: what the ledger holds and what comes.
    Fines,
}

/// What a stage is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A rule is broken, or money is owed.
    Failed,
    /// It will fail soon, waits for an appeal, or a person should look.
    AtRisk,
    /// Not decided yet.
    Pending,
    /// In order.
    Passed,
    /// There is nothing to judge.
    NotApplicable,
}

/// What kind of failure it is (D2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// 单号格式错误
    Format,
    /// 轨迹回传延迟
    Trace,
    /// 清关信息缺失
    Customs,
}

/// A stage's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Which.
    pub stage: StageName,
    /// The same in words.
    pub name: Told,
    /// What it is.
    pub standing: Standing,
    /// The clauses that it rests on, its own first.
    pub clauses: Vec<&'static str>,
    /// The family, of a stage that fails or is at risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// The parcel, where the stage is one parcel's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    /// What decided, with its numbers.
    pub cause: Told,
    /// What to do, where there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Told>,
    /// The last instant in time, while a deadline runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// What the ledger holds for it, in USD.
    pub fined: Cents,
    /// What more it may cost, in USD.
    pub at_stake: Cents,
}

impl StageName {
    /// Every stage.
    pub const ALL: [Self; 12] = [
        Self::Format,
        Self::Carrier,
        Self::Order,
        Self::UploadTime,
        Self::Pickup,
        Self::Nodes,
        Self::Staleness,
        Self::CustomsPapers,
        Self::Destination,
        Self::SignOff,
        Self::Appeals,
        Self::Fines,
    ];

    /// The stage in words.
    pub fn words(self) -> Told {
        let (en, zh) = match self {
            Self::Format => ("format", "单号格式"),
            Self::Carrier => ("carrier", "承运商"),
            Self::Order => ("order", "订单"),
            Self::UploadTime => ("upload time", "上传时效"),
            Self::Pickup => ("pickup", "揽收"),
            Self::Nodes => ("nodes", "轨迹节点"),
            Self::Staleness => ("staleness", "轨迹断更"),
            Self::CustomsPapers => ("customs papers", "清关资料"),
            Self::Destination => ("destination", "目的国"),
            Self::SignOff => ("sign-off", "签收"),
            Self::Appeals => ("appeals", "申诉"),
            Self::Fines => ("fines", "罚金"),
        };
        Told::new(en, zh)
    }

    /// The clause that the stage is about. An order is there once an upload for it is accepted (A1); fines have each their own.
    fn clause(self) -> Option<&'static str> {
        match self {
            Self::Format => Some("A2"),
            Self::Carrier => Some("A3"),
            Self::Order | Self::UploadTime => Some("A1"),
            Self::Pickup => Some("B1"),
            Self::Nodes => Some("B2"),
            Self::Staleness => Some("B3"),
            Self::CustomsPapers => Some("A4"),
            Self::Destination => Some("A5"),
            Self::SignOff => Some("B4"),
            Self::Appeals => Some("B5"),
            Self::Fines => None,
        }
    }

    /// The family of its failures (D2); appeals and fines take that of what they are about.
    pub(super) fn family(self) -> Option<Family> {
        match self {
            Self::Format | Self::Carrier | Self::Order => Some(Family::Format),
            Self::UploadTime | Self::Pickup | Self::Nodes | Self::Staleness | Self::SignOff => {
                Some(Family::Trace)
            }
            Self::CustomsPapers | Self::Destination => Some(Family::Customs),
            Self::Appeals | Self::Fines => None,
        }
    }
}

impl Standing {
    /// Whether somebody should act: it fails or is at risk.
    pub fn needs_a_person(self) -> bool {
        self <= Self::AtRisk
    }

    /// The standing in words.
    pub fn words(self) -> Told {
        let (en, zh) = match self {
            Self::Failed => ("failed", "未通过"),
            Self::AtRisk => ("at risk", "有风险"),
            Self::Pending => ("pending", "待定"),
            Self::Passed => ("passed", "通过"),
            Self::NotApplicable => ("not applicable", "不适用"),
        };
        Told::new(en, zh)
    }
}

impl Family {
    /// The family in words (D2).
    pub fn words(self) -> Told {
        let (en, zh) = match self {
            Self::Format => ("number format", "单号格式错误"),
            Self::Trace => ("late tracking", "轨迹回传延迟"),
            Self::Customs => ("customs information", "清关信息缺失"),
        };
        Told::new(en, zh)
    }
}

impl Stage {
    pub(super) fn new(stage: StageName, standing: Standing, cause: Told) -> Self {
        Self {
            stage,
            name: stage.words(),
            standing,
            clauses: stage.clause().into_iter().collect(),
            family: stage.family().filter(|_| standing.needs_a_person()),
            tracking_number: None,
            cause,
            remedy: None,
            deadline: None,
            fined: Cents::ZERO,
            at_stake: Cents::ZERO,
        }
    }

    /// A stage in the words of a case.
    pub(super) fn told(stage: StageName, standing: Standing, case: Case, given: Given<'_>) -> Self {
        Self {
            remedy: case.remedy(given),
            ..Self::new(stage, standing, case.cause(given))
        }
    }

    /// A stage in the words that a row of a file is told.
    pub(super) fn found(stage: StageName, standing: Standing, finding: &Finding) -> Self {
        let message = message(finding);
        Self {
            remedy: Some(Told::new(message.fix_en, message.fix_zh)),
            ..Self::new(stage, standing, Told::new(message.message_en, message.message_zh))
        }
    }

    /// The stage as one parcel's.
    pub(super) fn of(self, number: &TrackingNumber) -> Self {
        Self {
            tracking_number: Some(number.clone()),
            ..self
        }
    }
}
