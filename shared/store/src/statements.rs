//! Lines of the platform's bills.
//!
//! `pk` is `statement#`, who brought it (`_` for the operator), `#` and the statement's number; `sk` the line's number;
//! `body` the line as JSON. A record is added once and never changed. A statement is one query, a line one key.

use std::collections::HashMap;

use domain::{SellerId, StatementLine};

use crate::commit::Commit;
use crate::item::{key, name, string_of, text};
use crate::{Item, Store, StoreError};

/// A line's key: who brought it, the statement, the line.
pub type LineKey = (Option<SellerId>, String, u32);

/// The key of a line.
pub fn line_key(line: &StatementLine) -> LineKey {
    (line.seller_id.clone(), line.statement_id.clone(), line.line_no)
}

impl Store {
    /// The lines among `keys` that are known, consistently. `keys` hold no key twice.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read or a record does not decode.
    pub async fn statement_lines(
        &self,
        keys: &[LineKey],
    ) -> Result<HashMap<LineKey, StatementLine>, StoreError> {
        let items = self
            .batch_get(&self.records, keys.iter().map(item_key).collect())
            .await?;
        let lines = items.iter().map(read_line);
        lines
            .map(|line| line.map(|line| (line_key(&line), line)))
            .collect()
    }

    /// Keeps a line. [`Commit::Raced`] when its key is taken.
    ///
    /// # Errors
    /// [`StoreError`] when the table refuses or cannot be reached.
    pub async fn put_statement_line(&self, line: &StatementLine) -> Result<Commit, StoreError> {
        let subject = format!("line {} of statement {}", line.line_no, line.statement_id);
        let body = serde_json::to_string(line).map_err(StoreError::unbuilt(subject.as_str()))?;
        let mut item = item_key(&line_key(line));
        item.insert(name::BODY.to_owned(), text(body));
        self.put_new_record(item, &subject).await
    }
}

fn item_key((seller_id, statement_id, line_no): &LineKey) -> Item {
    // `_` is no seller's id, and neither of the two may hold a `#`.
    let by = seller_id.as_ref().map_or("_", SellerId::as_str);
    key(format!("statement#{by}#{statement_id}"), format!("{line_no:010}"))
}

fn read_line(item: &Item) -> Result<StatementLine, StoreError> {
    let corrupt = |reason: String| StoreError::corrupt("a line of a statement", reason);
    let body = string_of(item, name::BODY).ok_or_else(|| corrupt("it has no body".to_owned()))?;
    serde_json::from_str(&body).map_err(|error| corrupt(error.to_string()))
}
