//! Rows of `sellers` files: ruled beside what is known of their seller, added to it.

use std::collections::BTreeMap;

use domain::{SellerFact, SellerId};
use futures::stream::{self, StreamExt, TryStreamExt};
use store::{Commit, StoreError};

use crate::batch::{Batch, CALLS_AT_ONCE};
use crate::commit::RuledRow;

impl Batch<'_> {
    /// Rules the rows, each with its index in the batch, and keeps what they tell: sellers beside each other, the rows of
    /// one seller in the order of the file.
    pub(crate) async fn keep_sellers(
        &self,
        facts: Vec<(usize, SellerFact)>,
    ) -> Result<Vec<(usize, RuledRow)>, StoreError> {
        let mut sellers: BTreeMap<SellerId, Vec<(usize, SellerFact)>> = BTreeMap::new();
        for (index, fact) in facts {
            sellers
                .entry(fact.seller_id.clone())
                .or_default()
                .push((index, fact));
        }
        let ruled: Vec<Vec<(usize, RuledRow)>> = stream::iter(sellers)
            .map(|(seller_id, facts)| self.keep_seller(seller_id, facts))
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(ruled.into_iter().flatten().collect())
    }

    async fn keep_seller(
        &self,
        seller_id: SellerId,
        facts: Vec<(usize, SellerFact)>,
    ) -> Result<Vec<(usize, RuledRow)>, StoreError> {
        let mut known = self.store().seller_facts(&seller_id).await?;
        let mut ruled = Vec::with_capacity(facts.len());
        for (index, fact) in facts {
            let is_first = |known: &[SellerFact]| {
                known
                    .iter()
                    .all(|other| other.source.upload != fact.source.upload)
            };
            // An unchanged row is kept too: it may matter once an earlier file comes late.
            if is_first(&known) && self.store().put_seller_fact(&fact).await? == Commit::Raced {
                // Another run of this upload was here; its first row is this one, or one before it.
                known = self.store().seller_facts(&seller_id).await?;
            }
            ruled.push((index, RuledRow::free(fact.rule(&known))));
            if is_first(&known) {
                known.push(fact);
            }
        }
        Ok(ruled)
    }
}
