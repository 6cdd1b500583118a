//! Claims on numbers: of this order on numbers that others hold, and of others on its own (A2, A6).

use super::View;
use super::stage::{Stage, StageName, Standing};
use super::texts::Case;
use crate::because::Told;
use crate::claims::Claim;
use crate::message::message;
use crate::{Cents, Clause, Finding, OrderId, RowCode, Shipment, Timestamp};

/// Orders named one by one, at most.
const ORDERS_MAX: usize = 5;

impl View<'_, '_> {
    /// Each number that the order claims and another one holds, and each of its own that another one waits for.
    pub(super) fn claims(&self) -> Vec<Stage> {
        let asked = self.asked.number;
        let shipments = self.seen.order.shipments.iter().filter(|shipment| {
            let is_asked = asked.is_none_or(|number| shipment.number == *number);
            is_asked && !shipment.rivals.is_empty()
        });
        shipments
            .filter_map(|shipment| self.waiting_claim(shipment).or_else(|| self.rivals(shipment)))
            .collect()
    }

    /// Of the order's own claims on a number the earliest that waits for another order.
    fn waiting_claim(&self, shipment: &Shipment) -> Option<Stage> {
        let (order, as_of, terms) = (self.seen.order, self.seen.as_of, self.policy.claims);
        let own = order.word_on(&shipment.number)?;
        let known = |claim: &Claim| claim.uploaded_at <= as_of;
        let claims = shipment.claims.iter().enumerate();
        let mut known = claims.filter(|(_, claim)| known(claim));
        let (claim, holder) =
            known.find_map(|(index, claim)| Some((claim, shipment.waits_for(&own, index, terms, as_of)?)))?;
        let fined_at = terms.fined_at(claim.uploaded_at);
        let failure = order.first_failure(self.policy, as_of);
        // The failed upload itself is reported as such.
        if failure.is_some_and(|failure| failure.source == claim.source) {
            return None;
        }
        Some(self.waits(shipment, claim, holder, fined_at))
    }

    fn waits(&self, shipment: &Shipment, claim: &Claim, holder: &OrderId, fined_at: Timestamp) -> Stage {
        let has_lapsed = self.seen.as_of > fined_at;
        let case = if has_lapsed {
            Case::ClaimLapsed
        } else {
            Case::ClaimWaits
        };
        let fine = Cents(i64::from(self.policy.upload.fine_cents));
        let given = [
            ("number", Told::alike(&shipment.number)),
            ("at", self.at(claim.uploaded_at)),
            ("holder", Told::alike(holder)),
            ("deadline", self.at(fined_at)),
            ("fine", Told::alike(fine)),
        ];
        let row = Finding::new(
            RowCode::NumUsedElsewhere,
            "tracking_number",
            shipment.number.as_str(),
        );
        let row = message(&row);
        Stage {
            clauses: vec![RowCode::NumUsedElsewhere.clause(), Clause::A6.as_str()],
            remedy: Some(Told::new(row.fix_en, row.fix_zh)),
            deadline: (!has_lapsed).then_some(fined_at),
            ..Stage::told(StageName::Order, Standing::AtRisk, case, &given).of(&shipment.number)
        }
    }

    /// The orders that wait for a number of this order.
    fn rivals(&self, shipment: &Shipment) -> Option<Stage> {
        let own = self.seen.order.word_on(&shipment.number)?;
        let waiting = shipment.waiting_rivals(&own, self.policy.claims, self.seen.as_of);
        if waiting.is_empty() {
            return None;
        }
        let mut orders: Vec<String> = waiting.iter().take(ORDERS_MAX).map(ToString::to_string).collect();
        if waiting.len() > ORDERS_MAX {
            orders.push("…".to_owned());
        }
        let given = [
            ("number", Told::alike(&shipment.number)),
            ("orders", Told::new(orders.join(", "), orders.join("、"))),
        ];
        let stage = Stage::told(StageName::Order, Standing::AtRisk, Case::ClaimRivals, &given);
        Some(Stage {
            clauses: vec![RowCode::NumUsedElsewhere.clause()],
            ..stage.of(&shipment.number)
        })
    }
}
