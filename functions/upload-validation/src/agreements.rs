//! Own partners (A3): which rows an agreement of their seller's papers covers.

use std::collections::HashMap;

use domain::seller::{Agreement, agreements_by_operator};
use domain::{Finding, OrderId, RowCode, SellerId, Uploader};
use futures::stream::{self, StreamExt, TryStreamExt};
use intake::{CheckedRow, Fact, RawRow};
use store::StoreError;

use crate::batch::{Batch, CALLS_AT_ONCE};

impl Batch<'_> {
    /// Takes `AGREEMENT_MISSING`, which every row of an own partner has that the policy file states no agreement for, off the
    /// rows that an agreement of their seller's papers covers. Of an order that is not known the seller is not, either: its
    /// rows wait, and nothing is said of agreements. Reads nothing when no row names an own partner.
    pub(crate) async fn look_for_agreements(
        &self,
        rows: &mut [(RawRow, CheckedRow)],
    ) -> Result<(), StoreError> {
        let order_ids: Vec<OrderId> = rows.iter().filter_map(|(_, row)| asks(row)).cloned().collect();
        if order_ids.is_empty() {
            return Ok(());
        }
        let sellers = self.sellers_of(order_ids).await?;
        let stated = self.stated_agreements(sellers.values()).await?;
        let book = &self.surroundings().function.policy;
        for (_, row) in rows {
            let Some(Fact::Tracking(fact)) = &mut row.fact else {
                continue;
            };
            let stands = |finding: &Finding| finding.code != RowCode::AgreementMissing;
            let seller_id = sellers.get(&fact.order_id);
            let stated = seller_id.and_then(|seller_id| stated.get(seller_id));
            let is_covered = stated.is_none_or(|stated| {
                let carrier_id = fact.carrier.as_deref().unwrap_or_default();
                book.is_covered(carrier_id, stated, fact.uploaded_at)
            });
            if is_covered {
                fact.findings.retain(stands);
                row.findings.retain(stands);
            }
        }
        Ok(())
    }

    /// The sellers of the orders, as far as they are known: a seller's own file is about its own orders.
    async fn sellers_of(
        &self,
        mut order_ids: Vec<OrderId>,
    ) -> Result<HashMap<OrderId, SellerId>, StoreError> {
        order_ids.sort();
        order_ids.dedup();
        if let Uploader::Seller(seller_id) = &self.surroundings().uploader {
            let of = order_ids
                .into_iter()
                .map(|order_id| (order_id, seller_id.clone()));
            return Ok(of.collect());
        }
        let orders = self.store().orders(&order_ids).await?;
        let of = orders
            .into_iter()
            .map(|(order_id, stored)| (order_id, stored.order.seller_id));
        Ok(of.collect())
    }

    /// The agreements that the operator stated of each seller, as known when the upload was learned.
    async fn stated_agreements(
        &self,
        sellers: impl Iterator<Item = &SellerId>,
    ) -> Result<HashMap<SellerId, Vec<Agreement>>, StoreError> {
        let mut sellers: Vec<&SellerId> = sellers.collect();
        sellers.sort();
        sellers.dedup();
        let learned_at = self.surroundings().learned_at;
        stream::iter(sellers)
            .map(|seller_id| async move {
                let facts = self.store().seller_facts(seller_id).await?;
                Ok((seller_id.clone(), agreements_by_operator(&facts, learned_at)))
            })
            .buffer_unordered(CALLS_AT_ONCE)
            .try_collect()
            .await
    }
}

/// The order of a row whose carrier asks for an agreement.
fn asks(row: &CheckedRow) -> Option<&OrderId> {
    match &row.fact {
        Some(Fact::Tracking(fact)) => {
            let is_asked = |finding: &Finding| finding.code == RowCode::AgreementMissing;
            fact.findings.iter().any(is_asked).then_some(&fact.order_id)
        }
        _ => None,
    }
}
