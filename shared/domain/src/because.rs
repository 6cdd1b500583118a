//! Why an entry stands in the ledger.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cents, OrderStatus, RowCode, Timestamp, Zone};

/// The inputs and the comparison that decided an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Because {
    /// A6: a committed row failed.
    UploadFailed {
        /// The row's code.
        code: RowCode,
        /// When it was uploaded.
        uploaded_at: Timestamp,
        /// The data row of its file.
        row: u64,
    },
    /// B3: two consecutive events too far apart, or the last event and the scan.
    Silence {
        /// The last event before the silence.
        silent_from: Timestamp,
        /// The event that ended it; `None` while it lasts.
        silent_until: Option<Timestamp>,
        /// "49 h 12 m > 48 h 00 m"
        comparison: String,
    },
    /// B4: not signed in time.
    NotSigned {
        /// The payment.
        paid_at: Timestamp,
        /// The deadline.
        deadline: Timestamp,
        /// When it was signed after all, as far as known.
        signed_at: Option<Timestamp>,
        /// The order's amount in USD.
        order_usd: Cents,
        /// "5 % of 80.10, at most 50.00 = 4.01", told in Chinese by `arithmetic`.
        comparison: String,
        /// The pending appeal that holds the entry.
        held_by_appeal: Option<String>,
    },
    /// A reversal or void: an appeal was accepted.
    AppealAccepted {
        /// The appeal.
        appeal_id: String,
        /// When it was filed.
        filed_at: Timestamp,
        /// When it was decided.
        decided_at: Timestamp,
    },
    /// A reversal: an appeal filed in time, learned of late, holds the fine.
    AppealPending {
        /// The appeal.
        appeal_id: String,
        /// When it was filed.
        filed_at: Timestamp,
    },
    /// A reversal or void: as of now the rules ask for another amount.
    AmountChanged {
        /// What is due instead.
        due: Cents,
    },
    /// A reversal or void: facts learned since show that nothing is due (a late event split the silence, a
    /// sign-off in time was reported late, …), or another policy applies.
    NoLongerDue {
        /// The latest instant at which something of the order was learned.
        latest_fact_recorded_at: Option<Timestamp>,
        /// What is seen now of what was fined.
        #[serde(flatten)]
        seen: Seen,
    },
    /// An entry of a withdrawal: what it takes back was posted as of an instant that was wrong.
    Withdrawn {
        /// The withdrawal's number.
        withdrawal: u64,
        /// What was posted as of later than this instant was withdrawn.
        after: Timestamp,
    },
}

/// What is seen, as of a later night, of a matter that was fined: the inputs by which nothing is due any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// B3: the event that now ends the silence, or the scan where it lasts; `None` when its first event no longer
    /// counts (the timeline ends before it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_until: Option<Timestamp>,
    /// B3: how long the silence now is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<String>,
    /// B4: when it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<Timestamp>,
    /// B4: a status other than paid, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<(OrderStatus, Timestamp)>,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Told {
    /// The two texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }

    /// What reads alike in both languages: a number, an id.
    pub fn alike(text: impl fmt::Display) -> Self {
        let text = text.to_string();
        Self::new(text.clone(), text)
    }

    /// This sentence and another behind it; a Chinese full stop needs no space.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self::new(
            format!("{} {}", self.en, other.en),
            format!("{}{}", self.zh, other.zh),
        )
    }
}

impl Because {
    /// The reason in a sentence, its instants in `zone`.
    pub fn told(&self, zone: Zone) -> Told {
        let at = |at: &Timestamp| at.display_in(zone);
        let (en, zh) = match self {
            Self::UploadFailed {
                code, uploaded_at, ..
            } => (
                format!("uploaded {}: {code}", at(uploaded_at)),
                format!("上传于 {}：{code}", at(uploaded_at)),
            ),
            Self::Silence {
                silent_from,
                silent_until,
                comparison,
            } => {
                let until = |next: &str, still: &str| {
                    silent_until.map_or(still.to_owned(), |until| format!("{next} {}", at(&until)))
                };
                (
                    format!(
                        "last event {}, {}: {comparison}",
                        at(silent_from),
                        until("next", "still silent")
                    ),
                    format!(
                        "最后轨迹 {}，{}：{comparison}",
                        at(silent_from),
                        until("下一条", "至今无更新")
                    ),
                )
            }
            Self::NotSigned {
                paid_at,
                deadline,
                signed_at,
                comparison,
                held_by_appeal,
                ..
            } => {
                let signed = |yes: &str, no: &str| {
                    signed_at.map_or(no.to_owned(), |signed_at| format!("{yes} {}", at(&signed_at)))
                };
                let held = |held: &str| {
                    held_by_appeal
                        .as_ref()
                        .map_or(String::new(), |appeal| format!("{held} {appeal}"))
                };
                let arithmetic = arithmetic(comparison);
                (
                    format!(
                        "paid {}, deadline {}, {}: {}{}",
                        at(paid_at),
                        at(deadline),
                        signed("signed", "not signed"),
                        arithmetic.en,
                        held("; held by appeal")
                    ),
                    format!(
                        "付款 {}，截止 {}，{}：{}{}",
                        at(paid_at),
                        at(deadline),
                        signed("签收于", "未签收"),
                        arithmetic.zh,
                        held("；因申诉挂起")
                    ),
                )
            }
            Self::AppealAccepted {
                appeal_id,
                decided_at,
                ..
            } => (
                format!("appeal accepted: {appeal_id} ({})", at(decided_at)),
                format!("申诉通过：{appeal_id}（{}）", at(decided_at)),
            ),
            Self::AppealPending { appeal_id, filed_at } => (
                format!("appeal pending: {appeal_id}, filed in time ({})", at(filed_at)),
                format!("申诉处理中：{appeal_id}，按时提交（{}）", at(filed_at)),
            ),
            Self::AmountChanged { due } => (
                format!("another amount is due: {due}"),
                format!("应扣金额变为：{due}"),
            ),
            Self::NoLongerDue {
                latest_fact_recorded_at,
                seen,
            } => {
                let learned = latest_fact_recorded_at.as_ref().map_or(String::new(), at);
                let seen = seen.told(zone);
                (
                    format!(
                        "what was learned by {learned} shows that nothing is due{}",
                        seen.en
                    ),
                    format!("截至 {learned} 获知的事实表明不应扣罚{}", seen.zh),
                )
            }
            Self::Withdrawn { withdrawal, after } => (
                format!("withdrawal {withdrawal}: posted as of later than {}", at(after)),
                format!("第 {withdrawal} 次撤销：入账时点晚于 {}", at(after)),
            ),
        };
        Told { en, zh }
    }
}

impl Seen {
    fn told(&self, zone: Zone) -> Told {
        let (mut en, mut zh) = (String::new(), String::new());
        if let (Some(until), Some(silence)) = (self.silent_until, &self.silence) {
            let until = until.display_in(zone);
            en += &format!("; the silence ends {until}, after {silence}");
            zh += &format!("；断更止于 {until}，历时 {silence}");
        }
        if let Some(signed_at) = self.signed_at {
            let at = signed_at.display_in(zone);
            en += &format!("; signed {at}");
            zh += &format!("；签收于 {at}");
        }
        if let Some((status, since)) = self.status {
            let since = since.display_in(zone);
            let (status_en, status_zh) = status.words();
            en += &format!("; {status_en} since {since}");
            zh += &format!("；自 {since} 起状态为{status_zh}");
        }
        Told { en, zh }
    }
}

/// B4's arithmetic as an entry keeps it, "5 % of 80.10, at most 50.00 = 4.01", in both languages.
///
/// Ledgers hold it in English. What is written otherwise is told as it is kept.
pub(crate) fn arithmetic(kept: &str) -> Told {
    let numbers = || {
        let (percent, rest) = kept.split_once(" % of ")?;
        let (usd, rest) = rest.split_once(", at most ")?;
        let (cap, amount) = rest.split_once(" = ")?;
        Some(format!("{usd} 的 {percent} %，上限 {cap} = {amount}"))
    };
    Told::new(kept, numbers().unwrap_or_else(|| kept.to_owned()))
}
