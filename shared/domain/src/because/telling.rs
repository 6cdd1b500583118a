//! An entry's reason as a sentence, in English and Chinese.

use super::{AppealSeen, Because, Converted, Refused, Seen, SignOffGrounds, SilenceEnd, Told, Unsigned};
use crate::message::message;
use crate::{AppealStatus, Finding, RowCode, Timestamp, Zone};

const BEIJING: Zone = chrono_tz::Asia::Shanghai;

/// By which clocks instants are told.
#[derive(Clone, Copy)]
pub(crate) enum Clocks {
    /// The one of a zone.
    One(Zone),
    /// The platform's, and Beijing's behind it.
    Both(Zone),
}

impl Clocks {
    fn show(self, at: Timestamp) -> String {
        match self {
            Self::One(zone) => at.display_exact_in(zone),
            // Both languages have it, and `CST` is another zone to most.
            Self::Both(zone) => {
                let beijing = at.display_exact_in(BEIJING);
                let beijing = beijing.strip_suffix(" CST").unwrap_or(&beijing);
                format!("{} / {beijing} UTC+8", at.display_exact_in(zone))
            }
        }
    }
}

impl Because {
    /// The reason in a sentence, its instants in `zone`.
    pub fn told(&self, zone: Zone) -> Told {
        self.told_by(Clocks::One(zone))
    }

    /// The reason in a sentence, its instants in the platform's `zone` and in Beijing's.
    pub fn told_in_both(&self, zone: Zone) -> Told {
        self.told_by(Clocks::Both(zone))
    }

    fn told_by(&self, clocks: Clocks) -> Told {
        let at = |at: &Timestamp| clocks.show(*at);
        match self {
            Self::UploadFailed {
                code,
                uploaded_at,
                row,
                refused,
            } => refused.told(*code, &at(uploaded_at), *row),
            Self::Silence {
                silent_from,
                silent_until,
                comparison,
                ended_by,
            } => {
                let (until_en, until_zh) = match (silent_until, ended_by) {
                    (None, _) => ("still silent".to_owned(), "至今无更新".to_owned()),
                    (Some(until), None) => (format!("next {}", at(until)), format!("下一条 {}", at(until))),
                    (Some(until), Some(SilenceEnd::Replaced)) => (
                        format!("the number was replaced {}", at(until)),
                        format!("该单号于 {} 被替换", at(until)),
                    ),
                    (Some(until), Some(SilenceEnd::TakenOver)) => (
                        format!("the number went to another order {}", at(until)),
                        format!("该单号于 {} 转由其他订单使用", at(until)),
                    ),
                };
                let from = at(silent_from);
                Told::new(
                    format!("last event {from}, {until_en}: {comparison}"),
                    format!("最后轨迹 {from}，{until_zh}：{comparison}"),
                )
            }
            Self::NotSigned {
                paid_at,
                deadline,
                signed_at,
                comparison,
                held_by_appeal,
                grounds,
                ..
            } => {
                let signed = |yes: &str, no: &str| {
                    signed_at.map_or(no.to_owned(), |signed_at| format!("{yes} {}", at(&signed_at)))
                };
                let (paid_at, deadline) = (at(paid_at), at(deadline));
                let dates = Told::new(
                    format!(
                        "paid {paid_at}, deadline {deadline}, {}",
                        signed("signed", "not signed")
                    ),
                    format!("付款 {paid_at}，截止 {deadline}，{}", signed("签收于", "未签收")),
                );
                grounds.told(dates, &arithmetic(comparison), held_by_appeal.as_deref(), clocks)
            }
            Self::AppealAccepted {
                appeal_id,
                decided_at,
                ..
            } => Told::new(
                format!("appeal accepted: {appeal_id} ({})", at(decided_at)),
                format!("申诉通过：{appeal_id}（{}）", at(decided_at)),
            ),
            Self::AppealPending { appeal_id, filed_at } => Told::new(
                format!("appeal pending: {appeal_id}, filed in time ({})", at(filed_at)),
                format!("申诉处理中：{appeal_id}，按时提交（{}）", at(filed_at)),
            ),
            Self::AmountChanged { due } => Told::new(
                format!("another amount is due: {due}"),
                format!("应扣金额变为：{due}"),
            ),
            Self::NoLongerDue {
                latest_fact_recorded_at,
                seen,
            } => {
                let recorded = latest_fact_recorded_at.as_ref().map_or(String::new(), at);
                let seen = seen.told(clocks);
                Told::new(
                    format!(
                        "what was recorded by {recorded} shows that nothing is due{}",
                        seen.en
                    ),
                    format!("截至 {recorded} 记录的事实表明不应扣罚{}", seen.zh),
                )
            }
            Self::Withdrawn { withdrawal, after } => Told::new(
                format!("withdrawal {withdrawal}: posted as of later than {}", at(after)),
                format!("第 {withdrawal} 次撤销：入账时点晚于 {}", at(after)),
            ),
        }
    }
}

impl Refused {
    /// "uploaded …, row 9 of april.csv, NUM_FORMAT: The tracking number …"; entries of earlier releases cite the code alone.
    fn told(&self, code: RowCode, uploaded_at: &str, row: u64) -> Told {
        if *self == Self::default() {
            return Told::new(
                format!("uploaded {uploaded_at}: {code}"),
                format!("上传于 {uploaded_at}：{code}"),
            );
        }
        let (of_en, of_zh) = match self.file.as_str() {
            "" => (String::new(), String::new()),
            file => (format!(" of {file}"), format!("{file} ")),
        };
        let mut told = Told::new(
            format!("uploaded {uploaded_at}, row {row}{of_en}"),
            format!("上传于 {uploaded_at}，{of_zh}第 {row} 行"),
        );
        let also = self.also.iter().map(|(code, value)| (*code, value.as_str()));
        for (place, (code, value)) in std::iter::once((code, self.value.as_str()))
            .chain(also)
            .enumerate()
        {
            let cause = refusal(code, value);
            let (then_en, then_zh) = if place == 0 { (", ", "，") } else { ("; ", "；") };
            told.en += &format!("{then_en}{code}: {}", cause.en.trim_end_matches('.'));
            told.zh += &format!("{then_zh}{code}：{}", cause.zh.trim_end_matches('。'));
        }
        told
    }
}

/// Why a row with a fined code failed.
pub(crate) fn refusal(code: RowCode, value: &str) -> Told {
    // What its row was answered is that it waits; it is fined because it waited for too long.
    if code == RowCode::NumUsedElsewhere {
        return Told::new(
            format!("Another order still held the tracking number \"{value}\" when the row's time was up."),
            format!("期限届满时，运单号“{value}”仍属于其他订单。"),
        );
    }
    let message = message(&Finding::new(code, "tracking_number", value));
    Told::new(message.message_en, message.message_zh)
}

impl SignOffGrounds {
    fn told(&self, mut told: Told, arithmetic: &Told, held_by: Option<&str>, clocks: Clocks) -> Told {
        let mut say = |en: String, zh: String| {
            told.en += &en;
            told.zh += &zh;
        };
        if let Some(converted) = &self.converted {
            let Converted {
                amount,
                rate,
                rate_on,
            } = converted;
            say(
                format!("; {amount} at {rate} of {rate_on}"),
                format!("；{amount}，汇率 {rate}（{rate_on}）"),
            );
        }
        match self.elapsed.as_str() {
            "" => say(format!(": {}", arithmetic.en), format!("：{}", arithmetic.zh)),
            elapsed => say(
                format!(": {elapsed}; {}", arithmetic.en),
                format!("：{elapsed}；{}", arithmetic.zh),
            ),
        }
        let held = held_by.is_some();
        match &self.appeal {
            Some(appeal) => {
                let appeal = appeal.told(held, clocks);
                say(format!("; {}", appeal.en), format!("；{}", appeal.zh));
            }
            None => {
                if let Some(appeal) = held_by {
                    say(
                        format!("; held by appeal {appeal}"),
                        format!("；因申诉 {appeal} 暂缓扣罚"),
                    );
                }
            }
        }
        if let Some(unsigned) = self.unsigned_told(clocks) {
            say(format!("; {}", unsigned.en), format!("；{}", unsigned.zh));
        }
        told
    }

    /// The parcels without a sign-off, each with what became of it; `None` in entries that do not say.
    pub(crate) fn unsigned_told(&self, clocks: Clocks) -> Option<Told> {
        let unsigned = self.unsigned.as_ref()?;
        if unsigned.is_empty() {
            return Some(Told::new(
                "no tracking number was live at the deadline",
                "截止时没有有效的运单号",
            ));
        }
        let (mut en, mut zh): (Vec<String>, Vec<String>) = unsigned
            .iter()
            .map(|parcel| parcel.told(clocks))
            .map(|told| (told.en, told.zh))
            .unzip();
        if self.unsigned_more > 0 {
            en.push(format!("{} more", self.unsigned_more));
            zh.push(format!("另有 {} 个", self.unsigned_more));
        }
        Some(Told::new(
            format!("not signed by the deadline: {}", en.join(", ")),
            format!("截止时未签收的包裹：{}", zh.join("、")),
        ))
    }
}

impl Unsigned {
    fn told(&self, clocks: Clocks) -> Told {
        let number = &self.tracking_number;
        match self.end {
            _ if self.held_elsewhere => Told::new(
                format!("{number} (held by another order)"),
                format!("{number}（属于其他订单）"),
            ),
            None => Told::new(format!("{number} (under way)"), format!("{number}（在途）")),
            Some((node, at)) => {
                let at = clocks.show(at);
                let (en, zh) = node.words();
                Told::new(format!("{number} ({en} {at})"), format!("{number}（{at} {zh}）"))
            }
        }
    }
}

impl AppealSeen {
    fn told(&self, holds: bool, clocks: Clocks) -> Told {
        let id = &self.appeal_id;
        let filed = clocks.show(self.filed_at);
        let status = appeal_words(self.status);
        match self.decided_at.map(|at| clocks.show(at)) {
            Some(decided) => Told::new(
                format!("appeal {id}, filed {filed}, {} {decided}", status.en),
                format!("申诉 {id}（提交于 {filed}）于 {decided} {}", status.zh),
            ),
            None if holds => Told::new(
                format!("held by appeal {id}, filed {filed}"),
                format!("因申诉 {id}（提交于 {filed}）暂缓扣罚"),
            ),
            None => Told::new(
                format!("appeal {id} was filed {filed}, after the deadline, and holds nothing"),
                format!("申诉 {id} 提交于 {filed}，晚于截止时间，不能暂缓扣罚"),
            ),
        }
    }
}

impl Seen {
    fn told(&self, clocks: Clocks) -> Told {
        let (mut en, mut zh) = (String::new(), String::new());
        if let (Some(until), Some(silence)) = (self.silent_until, &self.silence) {
            let until = clocks.show(until);
            en += &format!("; the silence ends {until}, after {silence}");
            zh += &format!("；断更止于 {until}，历时 {silence}");
        }
        if let Some(signed_at) = self.signed_at {
            let at = clocks.show(signed_at);
            en += &format!("; signed {at}");
            zh += &format!("；签收于 {at}");
        }
        if let Some((status, since)) = self.status {
            let since = clocks.show(since);
            let (status_en, status_zh) = status.words();
            en += &format!("; {status_en} since {since}");
            zh += &format!("；自 {since} 起状态为{status_zh}");
        }
        Told { en, zh }
    }
}

/// An appeal's status in words.
pub(crate) fn appeal_words(status: AppealStatus) -> Told {
    match status {
        AppealStatus::Pending => Told::new("pending", "处理中"),
        AppealStatus::Rejected => Told::new("rejected", "已驳回"),
        AppealStatus::Withdrawn => Told::new("withdrawn", "已撤回"),
        AppealStatus::Expired => Told::new("expired", "已过期"),
        AppealStatus::Accepted => Told::new("accepted", "已通过"),
    }
}

/// B4's arithmetic as an entry keeps it, "5 % of 80.10, at most 50.00 = 4.01", in both languages.
///
/// Ledgers hold it in English. What is written otherwise is rendered as it is kept.
pub(crate) fn arithmetic(kept: &str) -> Told {
    let numbers = || {
        let (percent, rest) = kept.split_once(" % of ")?;
        let (usd, rest) = rest.split_once(", at most ")?;
        let (cap, amount) = rest.split_once(" = ")?;
        Some(format!("{usd} 的 {percent} %，上限 {cap} = {amount}"))
    };
    Told::new(kept, numbers().unwrap_or_else(|| kept.to_owned()))
}
