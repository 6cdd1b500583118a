//! Why an entry was posted, in a sentence of each language.

use domain::{Clause, EntryKind, LedgerEntry};

use crate::words::{BEIJING, Words};

/// What an entry does, in words.
pub fn kind_words(kind: EntryKind) -> Words {
    match kind {
        EntryKind::Fine => Words::new("fine", "罚金"),
        EntryKind::Hold => Words::new("held", "暂缓扣罚"),
        EntryKind::Void => Words::new("voided", "作废"),
        EntryKind::Reversal => Words::new("reversed", "退回"),
    }
}

/// Why an entry was posted; times are Beijing's.
pub fn reason(entry: &LedgerEntry) -> Words {
    let told = entry.because.told(BEIJING);
    Words::new(told.en, told.zh)
}

/// A clause that costs money, in words.
pub(crate) fn clause_words(clause: Clause) -> Words {
    match clause {
        Clause::A6 => Words::new("upload failed", "上传失败"),
        Clause::B3 => Words::new("silence", "轨迹断更"),
        Clause::B4 => Words::new("not signed", "签收超时"),
    }
}
