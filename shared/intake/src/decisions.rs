//! Appeals that one file decides in two ways at one instant: the first row stands, the other is `ROW_CONFLICT`.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::AppealStatus;
use domain::code::{Finding, RowCode};

use crate::Column;
use crate::check::{CheckedRow, Fact};

/// The decisions of a file so far, in the order of its rows: some 24 bytes each.
#[derive(Debug, Default)]
pub struct Decisions {
    /// By order, appeal and instant, the row that decides first, and how.
    first: HashMap<u64, (u64, AppealStatus)>,
}

impl Decisions {
    /// Holds the next row of the file against those before it. States of different instants are a history.
    pub fn hold(&mut self, checked: &mut CheckedRow) {
        let Some(Fact::Appeal(fact)) = &checked.fact else {
            return;
        };
        if fact.status == AppealStatus::Pending {
            return;
        }
        let mut hasher = DefaultHasher::new();
        let since = fact.decided_at.unwrap_or(fact.filed_at);
        (&fact.order_id, &fact.appeal_id, since.unix()).hash(&mut hasher);
        let (row, status) = (fact.source.row, fact.status);
        let (at, first) = *self.first.entry(hasher.finish()).or_insert((row, status));
        if first != status {
            let finding = Finding::new(RowCode::RowConflict, Column::AppealId.as_str(), &fact.appeal_id);
            checked
                .findings
                .push(finding.with_detail(format!("row {at} | 第 {at} 行")));
            checked.fact = None;
        }
    }
}
