//! Proposals: rows whose order number fits no order, and the one open order that it may have been.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering;

use domain::proposal::{self, candidates, proposed};
use domain::{Finding, OrderId};
use intake::Kind;
use store::StoreError;

use crate::batch::Batch;
use crate::commit::RuledRow;

/// Order numbers looked up for the proposals of one file, at most. Rows beyond go without.
pub(crate) const PROPOSAL_KEYS_MAX: usize = 2_000;

impl Batch<'_> {
    /// Adds to each finding about an order number the one open order of the uploader's that it may have been.
    pub(crate) async fn propose(&self, ruled: &mut [RuledRow]) -> Result<(), StoreError> {
        // Rows of these kinds name orders that exist; an orders file brings new ones.
        if !matches!(self.surroundings().kind, Kind::Tracking | Kind::Appeals) {
            return Ok(());
        }
        let candidates = self.candidates(ruled);
        let keys: BTreeSet<&OrderId> = candidates.values().flatten().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<OrderId> = keys.into_iter().cloned().collect();
        let orders = self.store().orders(&keys).await?;
        let uploader = &self.surroundings().uploader;
        for finding in order_numbers(ruled) {
            let fitting = candidates.get(finding.value.as_str()).into_iter().flatten();
            let fitting = fitting.filter_map(|order_id| orders.get(order_id).map(|stored| &stored.order));
            if let Some(order_id) = proposed(fitting, uploader) {
                order_id.as_str().clone_into(&mut finding.detail);
            }
        }
        Ok(())
    }

    /// Candidates by what the cell says, as far as the file's keys go.
    fn candidates(&self, ruled: &mut [RuledRow]) -> HashMap<String, Vec<OrderId>> {
        let left = &self.surroundings().proposal_keys_left;
        let mut found: HashMap<String, Vec<OrderId>> = HashMap::new();
        for finding in order_numbers(ruled) {
            if found.contains_key(finding.value.as_str()) {
                continue;
            }
            let candidates = candidates(&finding.value);
            let keys = candidates.len();
            let take = |left: usize| left.checked_sub(keys);
            if keys > 0
                && left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    .is_ok()
            {
                found.insert(finding.value.to_string(), candidates);
            }
        }
        found
    }
}

/// The findings that a proposal may be added to.
fn order_numbers(ruled: &mut [RuledRow]) -> impl Iterator<Item = &mut Finding> {
    ruled
        .iter_mut()
        .flat_map(|ruled| &mut ruled.ruling.findings)
        .filter(|finding| proposal::CODES.contains(&finding.code) && finding.detail.is_empty())
}
