//! How an entry of the ledger is told: what happened when, and the comparison that decided.

use domain::{EntryKind, LedgerEntry, Zone};

use super::story::Story;

impl Story<'_> {
    pub(super) fn because(&self, entry: &LedgerEntry, zone: Zone) -> String {
        let told = entry.because.told(zone);
        self.terminal.say(&told.en, &told.zh).to_owned()
    }

    pub(super) fn kind(&self, kind: EntryKind) -> &'static str {
        let say = self.terminal;
        match kind {
            EntryKind::Fine => say.say("fine", "罚金"),
            EntryKind::Hold => say.say("held", "暂缓扣罚"),
            EntryKind::Void => say.say("void", "作废"),
            EntryKind::Reversal => say.say("reversed", "退回"),
        }
    }
}
