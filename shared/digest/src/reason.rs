//! Why an entry was posted, in a sentence of each language.

use domain::{Because, Clause, EntryKind, LedgerEntry};

use crate::words::{Words, beijing};

/// What an entry does, in words.
pub fn kind_words(kind: EntryKind) -> Words {
    match kind {
        EntryKind::Fine => Words::new("fine", "罚金"),
        EntryKind::Hold => Words::new("held", "挂起"),
        EntryKind::Void => Words::new("voided", "作废"),
        EntryKind::Reversal => Words::new("reversed", "冲回"),
    }
}

/// Why an entry was posted; times are Beijing's.
pub fn reason(entry: &LedgerEntry) -> Words {
    let at = beijing;
    match &entry.because {
        Because::UploadFailed {
            code,
            uploaded_at,
            row,
        } => {
            let at = at(*uploaded_at);
            Words::new(
                format!("upload of {at}, row {row}: {code}"),
                format!("{at} 上传，第 {row} 行：{code}"),
            )
        }
        Because::Silence {
            silent_from,
            silent_until,
            comparison,
        } => {
            let from = at(*silent_from);
            match silent_until.map(at) {
                None => Words::new(
                    format!("silent since {from}: {comparison}"),
                    format!("自 {from} 断更：{comparison}"),
                ),
                Some(until) => Words::new(
                    format!("silent from {from} to {until}: {comparison}"),
                    format!("{from} 至 {until} 断更：{comparison}"),
                ),
            }
        }
        Because::NotSigned {
            deadline,
            comparison,
            held_by_appeal,
            ..
        } => not_signed(&at(*deadline), comparison, held_by_appeal.as_deref()),
        Because::AppealAccepted { appeal_id, .. } => Words::new(
            format!("appeal {appeal_id} was accepted"),
            format!("申诉 {appeal_id} 成立"),
        ),
        Because::AppealPending { appeal_id } => Words::new(
            format!("appeal {appeal_id}, filed in time, is pending"),
            format!("申诉 {appeal_id} 已按时提交，处理中"),
        ),
        Because::AmountChanged { due } => {
            Words::new(format!("the amount is now {due}"), format!("金额现为 {due}"))
        }
        Because::NoLongerDue {
            latest_fact_recorded_at,
        } => match latest_fact_recorded_at.map(at) {
            None => Words::new("no longer due", "不再应罚"),
            Some(at) => Words::new(
                format!("no longer due by what was learned by {at}"),
                format!("据 {at} 前得知的情况，不再应罚"),
            ),
        },
    }
}

fn not_signed(deadline: &str, comparison: &str, held_by_appeal: Option<&str>) -> Words {
    let held = held_by_appeal.map_or_else(Words::default, |appeal| {
        Words::new(
            format!("; held by appeal {appeal}"),
            format!("；因申诉 {appeal} 挂起"),
        )
    });
    Words::new(
        format!("not signed by {deadline}: {comparison}{}", held.en),
        format!("{deadline} 前未签收：{comparison}{}", held.zh),
    )
}

/// A clause that costs money, in words.
pub(crate) fn clause_words(clause: Clause) -> Words {
    match clause {
        Clause::A6 => Words::new("upload failed", "上传失败"),
        Clause::B3 => Words::new("silence", "轨迹断更"),
        Clause::B4 => Words::new("not signed", "签收超时"),
    }
}
