//! The bounds of claims (`NUMBERS_LIMIT`): of an order's rows and numbers, and of the orders that claim one number.

use crate::facts::TrackingFact;
use crate::ruling::{Ruling, Uploader};
use crate::{Finding, Order, OrderId, Policy, PolicyBook, RowCode};

impl Order {
    /// A tracking row of a known order ([`Order::rule_tracking`]), within the bounds of claims: a row that would be one claim too
    /// many is refused and leaves the order as it was. A row that is refused for another reason, or is known already, takes no
    /// place: its ruling is the same at the bound. `claimants` are the orders that claim the row's number.
    pub fn rule_claim(
        &mut self,
        fact: &TrackingFact,
        claimants: &[OrderId],
        uploader: &Uploader,
        policy: &Policy,
        book: &PolicyBook,
    ) -> Ruling {
        let Some(limit) = self.claims_limit(fact, claimants, policy) else {
            return self.rule_tracking(fact, uploader, policy, book);
        };
        let before = self.clone();
        let ruling = self.rule_tracking(fact, uploader, policy, book);
        if self.claim_rows() <= before.claim_rows() {
            return ruling;
        }
        *self = before;
        Ruling::refused(limit)
    }

    /// Rows by which the order claims numbers.
    pub fn claim_rows(&self) -> usize {
        self.shipments.iter().map(|shipment| shipment.claims.len()).sum()
    }

    /// The bound that one more claim would break.
    fn claims_limit(&self, fact: &TrackingFact, claimants: &[OrderId], policy: &Policy) -> Option<Finding> {
        let (number, terms) = (fact.number.as_ref()?, policy.claims);
        let (rows, numbers, orders) = (
            terms.rows_per_order_max,
            terms.numbers_per_order_max,
            terms.orders_per_number_max,
        );
        let is_new = self.shipment(number).is_none();
        let most = if self.claim_rows() >= rows {
            format!("{rows} rows an order | 每个订单 {rows} 行")
        } else if is_new && self.shipments.len() >= numbers {
            format!("{numbers} numbers an order | 每个订单 {numbers} 个运单号")
        } else if is_new && claimants.len() >= orders {
            format!("{orders} orders a number | 每个运单号 {orders} 个订单")
        } else {
            return None;
        };
        let finding = Finding::new(RowCode::NumbersLimit, "tracking_number", number.as_str());
        Some(finding.with_detail(most))
    }
}
