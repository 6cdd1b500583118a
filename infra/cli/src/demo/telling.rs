//! How an entry of the ledger is told: what happened when, and the comparison that decided.

use domain::{Because, EntryKind, LedgerEntry, Zone};

use super::story::Story;

impl Story<'_> {
    pub(super) fn because(&self, entry: &LedgerEntry, zone: Zone) -> String {
        let say = self.terminal;
        match &entry.because {
            Because::UploadFailed {
                code, uploaded_at, ..
            } => format!(
                "{} {}: {code}",
                say.say("uploaded", "上传于"),
                uploaded_at.display_in(zone)
            ),
            Because::Silence {
                silent_from,
                silent_until,
                comparison,
            } => {
                let until = silent_until.map_or(say.say("still silent", "至今无更新").to_owned(), |at| {
                    format!("{} {}", say.say("next", "下一条"), at.display_in(zone))
                });
                format!(
                    "{} {}, {until}: {comparison}",
                    say.say("last event", "最后轨迹"),
                    silent_from.display_in(zone)
                )
            }
            Because::NotSigned {
                paid_at,
                deadline,
                signed_at,
                comparison,
                held_by_appeal,
                ..
            } => {
                let signed = signed_at.map_or(say.say("not signed", "未签收").to_owned(), |at| {
                    format!("{} {}", say.say("signed", "签收于"), at.display_in(zone))
                });
                let held = held_by_appeal.as_ref().map_or(String::new(), |appeal| {
                    format!("; {} {appeal}", say.say("held by appeal", "因申诉挂起"))
                });
                format!(
                    "{} {}, {} {}, {signed}: {comparison}{held}",
                    say.say("paid", "付款"),
                    paid_at.display_in(zone),
                    say.say("deadline", "截止"),
                    deadline.display_in(zone)
                )
            }
            Because::AppealAccepted {
                appeal_id,
                decided_at,
            } => format!(
                "{} {appeal_id} ({})",
                say.say("appeal accepted:", "申诉通过："),
                decided_at.display_in(zone)
            ),
            Because::AppealPending { appeal_id } => {
                format!("{} {appeal_id}", say.say("appeal pending:", "申诉处理中："))
            }
            Because::AmountChanged { due } => {
                format!("{} {due}", say.say("another amount is due:", "应扣金额变为："))
            }
            Because::NoLongerDue {
                latest_fact_recorded_at,
            } => {
                let learned = latest_fact_recorded_at.map_or(String::new(), |at| at.display_in(zone));
                format!(
                    "{} {learned}",
                    say.say(
                        "a late report shows that nothing is due; learned",
                        "迟到的轨迹表明不应扣罚，获知于"
                    )
                )
            }
        }
    }

    pub(super) fn kind(&self, kind: EntryKind) -> &'static str {
        let say = self.terminal;
        match kind {
            EntryKind::Fine => say.say("fine", "罚金"),
            EntryKind::Hold => say.say("held", "挂起"),
            EntryKind::Void => say.say("void", "作废"),
            EntryKind::Reversal => say.say("reversed", "冲回"),
        }
    }
}
