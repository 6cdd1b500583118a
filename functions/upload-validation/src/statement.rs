//! Rows of `statement` files: ruled beside the line under their key, added once.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{OrderId, StatementLine};
use futures::stream::{self, StreamExt, TryStreamExt};
use store::{Commit, LineKey, StoreError, line_key};

use crate::batch::{Batch, CALLS_AT_ONCE};
use crate::commit::RuledRow;

impl Batch<'_> {
    /// Rules the lines, each with its index in the batch, and keeps the new ones: the first of the file under a key.
    pub(crate) async fn keep_statement(
        &self,
        lines: Vec<(usize, StatementLine)>,
    ) -> Result<Vec<(usize, RuledRow)>, StoreError> {
        let keys: HashSet<LineKey> = lines.iter().map(|(_, line)| line_key(line)).collect();
        let keys: Vec<LineKey> = keys.into_iter().collect();
        let mut known = self.store().statement_lines(&keys).await?;
        let order_ids: BTreeSet<OrderId> = lines
            .iter()
            // An operator's bill may charge every order: none is looked up.
            .filter(|(_, line)| line.seller_id.is_some())
            .filter_map(|(_, line)| line.order_id.clone())
            .collect();
        let order_ids: Vec<OrderId> = order_ids.into_iter().collect();
        let orders = self.store().orders(&order_ids).await?;
        let order_of = |line: &StatementLine| orders.get(line.order_id.as_ref()?).map(|stored| &stored.order);

        let mut new: HashMap<LineKey, &StatementLine> = HashMap::new();
        for (_, line) in &lines {
            let key = line_key(line);
            let is_new = !known.contains_key(&key) && !new.contains_key(&key);
            if is_new && !line.rule(None, order_of(line)).is_refused() {
                new.insert(key, line);
            }
        }
        let raced: Vec<Option<LineKey>> = stream::iter(&new)
            .map(|(key, line)| async move {
                let commit = self.store().put_statement_line(line).await?;
                Ok::<_, StoreError>((commit == Commit::Raced).then(|| key.clone()))
            })
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect()
            .await?;
        let raced: Vec<LineKey> = raced.into_iter().flatten().collect();
        // Whoever was faster has the key: ours is ruled beside that line.
        let faster = self.store().statement_lines(&raced).await?;
        known.extend(new.into_iter().map(|(key, line)| (key, line.clone())));
        known.extend(faster);

        let rule = |(index, line): &(usize, StatementLine)| {
            let ruling = line.rule(known.get(&line_key(line)), order_of(line));
            (*index, RuledRow::free(ruling))
        };
        Ok(lines.iter().map(rule).collect())
    }
}
