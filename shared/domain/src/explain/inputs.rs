//! What an entry was decided from, each input by name.

use std::fmt;

use super::{Input, Moment};
use crate::because::{Clocks, SilenceEnd, Told, appeal_words, arithmetic};
use crate::{Because, LedgerEntry, Timestamp, Zone};

/// Inputs under way.
struct Inputs {
    zone: Zone,
    told: Vec<Input>,
}

impl Inputs {
    fn value(&mut self, en: &str, zh: &str, value: impl fmt::Display) {
        self.tell(en, zh, Told::alike(value), None);
    }

    /// An instant; nothing where there is none.
    fn at(&mut self, en: &str, zh: &str, at: impl Into<Option<Timestamp>>) {
        if let Some(at) = at.into() {
            self.tell(en, zh, Told::alike(at), Some(Moment::of(at, self.zone)));
        }
    }

    /// A value with words in it.
    fn words(&mut self, en: &str, zh: &str, value: Told) {
        self.tell(en, zh, value, None);
    }

    fn tell(&mut self, en: &str, zh: &str, value: Told, at: Option<Moment>) {
        let name = Told {
            en: en.to_owned(),
            zh: zh.to_owned(),
        };
        self.told.push(Input {
            name,
            value_zh: Some(value.zh).filter(|zh| *zh != value.en),
            value: value.en,
            at,
        });
    }
}

/// The inputs of an entry.
pub(super) fn inputs(entry: &LedgerEntry, zone: Zone) -> Vec<Input> {
    let mut inputs = Inputs {
        zone,
        told: Vec::new(),
    };
    match &entry.because {
        Because::UploadFailed {
            code,
            uploaded_at,
            row,
            refused,
        } => {
            inputs.value("code", "错误代码", code);
            inputs.at("uploaded", "上传时间", *uploaded_at);
            if !refused.file.is_empty() {
                inputs.value("file", "文件", &refused.file);
            }
            inputs.value("row of its file", "文件行号", row);
            if !refused.value.is_empty() {
                inputs.value("refused cell", "被拒的单元格", &refused.value);
            }
            for (code, value) in &refused.also {
                let cell = format!("{code} {value}");
                inputs.value("also refused", "同时被拒", cell.trim_end());
            }
        }
        Because::Silence {
            silent_from,
            silent_until,
            comparison,
            ended_by,
        } => {
            inputs.at("silent from", "断更自", *silent_from);
            let (en, zh) = match ended_by {
                None => ("silent until", "断更至"),
                Some(SilenceEnd::Replaced) => ("silent until the number was replaced", "断更至单号被替换"),
                Some(SilenceEnd::TakenOver) => (
                    "silent until the number went to another order",
                    "断更至单号转由其他订单使用",
                ),
            };
            inputs.at(en, zh, *silent_until);
            inputs.value("comparison", "比较", comparison);
        }
        Because::NotSigned {
            paid_at,
            deadline,
            signed_at,
            order_usd,
            comparison,
            held_by_appeal,
            grounds,
        } => {
            inputs.at("paid", "付款时间", *paid_at);
            inputs.at("deadline", "截止时间", *deadline);
            inputs.at("signed", "签收时间", *signed_at);
            if !grounds.elapsed.is_empty() {
                inputs.value("time since the payment", "距付款时间", &grounds.elapsed);
            }
            if let Some(converted) = &grounds.converted {
                inputs.value("order amount", "订单金额", &converted.amount);
                inputs.value("exchange rate, USD per unit", "汇率（美元）", &converted.rate);
                inputs.value("day of the rate", "汇率日期", converted.rate_on);
            }
            inputs.value("order amount, USD", "订单金额（美元）", order_usd);
            inputs.words("arithmetic", "计算", arithmetic(comparison));
            if let Some(unsigned) = grounds.unsigned_told(Clocks::One(inputs.zone)) {
                inputs.words("parcels", "包裹", unsigned);
            }
            if let Some(appeal) = held_by_appeal {
                inputs.value("held by appeal", "暂缓扣罚的申诉", appeal);
            } else if let Some(appeal) = &grounds.appeal {
                inputs.value("appeal", "申诉号", &appeal.appeal_id);
            }
            if let Some(appeal) = &grounds.appeal {
                inputs.at("appeal filed", "申诉提交时间", appeal.filed_at);
                inputs.words("appeal's status", "申诉状态", appeal_words(appeal.status));
                inputs.at("appeal decided", "申诉处理时间", appeal.decided_at);
            }
        }
        Because::AppealAccepted {
            appeal_id,
            filed_at,
            decided_at,
        } => {
            inputs.value("appeal", "申诉号", appeal_id);
            inputs.at("filed", "提交时间", *filed_at);
            inputs.at("accepted", "通过时间", *decided_at);
        }
        Because::AppealPending { appeal_id, filed_at } => {
            inputs.value("appeal", "申诉号", appeal_id);
            inputs.at("filed", "提交时间", *filed_at);
        }
        Because::AmountChanged { due } => {
            inputs.value("comparison", "比较", format!("{} ≠ {due}", -entry.amount));
        }
        Because::NoLongerDue {
            latest_fact_recorded_at,
            seen,
        } => {
            inputs.at("latest fact recorded", "最近记录的事实", *latest_fact_recorded_at);
            inputs.at("silent until, as seen now", "现知断更至", seen.silent_until);
            if let Some(silence) = &seen.silence {
                inputs.value("silence, as seen now", "现知断更时长", silence);
            }
            inputs.at("signed, as seen now", "现知签收时间", seen.signed_at);
            if let Some((status, since)) = seen.status {
                let (en, zh) = status.words();
                inputs.words("status, as seen now", "现知订单状态", Told::new(en, zh));
                inputs.at("status since", "状态起始", since);
            }
        }
        Because::Withdrawn { withdrawal, after } => {
            inputs.value("withdrawal", "撤销序号", withdrawal);
            inputs.at("withdrawn is what is later than", "撤销晚于此时点的分录", *after);
        }
    }
    inputs.told
}
