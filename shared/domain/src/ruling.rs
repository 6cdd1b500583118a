//! Rulings: what becomes of a row once it meets its order. Pure; the caller loads before and commits after.
//!
//! A row ruled twice (a redelivered upload) is ruled alike: a fact remembers the row that brought it, so the same
//! row of the same upload is accepted again, while another row with the same facts is `unchanged`.

mod claim;
mod upload;

pub use upload::{is_late, lateness, rule_by_stated};

use serde::{Deserialize, Serialize};

use crate::facts::{AppealFact, EventFact, OrderFact};
use crate::policy::IntakePolicy;
use crate::shipment::Recorded;
use crate::{Appeal, Finding, Order, Policy, RowCode, SellerId, Severity};

/// A row's verdict; over a file they add up to its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Applied.
    Accepted,
    /// Applied; a person should look.
    AcceptedWithWarning,
    /// Known already.
    Unchanged,
    /// Kept until its parent arrives.
    Parked,
    /// Refused.
    Rejected,
    /// No data: passed over.
    Skipped,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// The verdict.
    pub verdict: Verdict,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Whether the row is the one whose failure costs A6's fine.
    pub fined: bool,
}

/// Whose file a row came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Uploader {
    /// An operator: may touch every seller's orders, state times and decide appeals.
    Operator,
    /// A seller: only that seller's orders.
    Seller(SellerId),
}

impl Ruling {
    /// The verdict that findings alone give to a row that is applied if nothing refuses or parks it.
    pub fn applied(findings: Vec<Finding>) -> Self {
        let gravest = findings
            .iter()
            .map(|finding| finding.code.severity())
            .min_by_key(|severity| match severity {
                Severity::Error => 0,
                Severity::Parked => 1,
                Severity::Warning => 2,
            });
        let verdict = match gravest {
            Some(Severity::Error) => Verdict::Rejected,
            Some(Severity::Parked) => Verdict::Parked,
            Some(Severity::Warning) => Verdict::AcceptedWithWarning,
            None => Verdict::Accepted,
        };
        Self {
            verdict,
            findings,
            fined: false,
        }
    }

    /// A row whose facts are known already; a warning of its own does not matter any more.
    pub fn unchanged() -> Self {
        Self {
            verdict: Verdict::Unchanged,
            findings: Vec::new(),
            fined: false,
        }
    }

    /// A row that repeats one of the same file.
    pub(crate) fn duplicate(column: &str, value: &str) -> Self {
        Self {
            verdict: Verdict::Unchanged,
            findings: vec![Finding::new(RowCode::RowDuplicate, column, value)],
            fined: false,
        }
    }

    /// A row that waits for its parent. Errors that it shows already refuse it for the clerk; what they cost is
    /// found when the order is known.
    pub fn parked(code: RowCode, column: &str, value: &str, findings: Vec<Finding>) -> Self {
        let waiting = Finding::new(code, column, value);
        Self::applied([waiting].into_iter().chain(findings).collect())
    }

    pub(crate) fn refused(finding: Finding) -> Self {
        Self::applied(vec![finding])
    }

    /// Whether a code is among the findings.
    pub fn finds(&self, code: RowCode) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }

    /// Whether the row is refused.
    pub fn is_refused(&self) -> bool {
        self.verdict == Verdict::Rejected
    }

    /// Whether the row changed nothing because the facts were known.
    pub fn is_unchanged(&self) -> bool {
        self.verdict == Verdict::Unchanged
    }
}

impl Uploader {
    pub(crate) fn owns(&self, order: &Order) -> bool {
        match self {
            Self::Operator => true,
            Self::Seller(seller_id) => *seller_id == order.seller_id,
        }
    }
}

impl Order {
    /// A further row about a known order: its status may move on, its immutable facts may not.
    pub fn rule_order(&mut self, fact: &OrderFact, uploader: &Uploader, limits: &IntakePolicy) -> Ruling {
        if !uploader.owns(self) {
            return Ruling::refused(Finding::new(
                RowCode::OrderOtherSeller,
                "seller_id",
                fact.seller_id.as_str(),
            ));
        }
        match (uploader, self.confirmed) {
            (Uploader::Operator, false) => return self.confirm(fact),
            // What an operator stated is his to change.
            (Uploader::Seller(_), true) => {
                let finding = Finding::new(RowCode::StatementIgnored, "order_id", fact.order_id.as_str());
                return Ruling {
                    findings: vec![finding],
                    ..Ruling::unchanged()
                };
            }
            (Uploader::Operator, true) | (Uploader::Seller(_), false) => {}
        }
        let told = (&fact.seller_id, fact.paid_at, fact.amount, &fact.destination);
        if told != (&self.seller_id, self.paid_at, self.amount, &self.destination) {
            let detail = format!(
                "{}, {}, {}, {}",
                self.seller_id, self.paid_at, self.amount, self.destination
            );
            return Ruling::refused(
                Finding::new(RowCode::RowConflict, "order_id", fact.order_id.as_str()).with_detail(detail),
            );
        }
        let statuses_max = limits.statuses_per_order_max;
        if self.statuses.len() >= statuses_max && !self.knows_status(fact) {
            let finding = Finding::new(RowCode::StatusesLimit, "status", fact.status.as_str());
            return Ruling::refused(finding.with_detail(statuses_max.to_string()));
        }
        let earlier = self.learn_of_order(fact.recorded_at);
        if earlier {
            // What may be told in several ways stands as the earliest file tells it, in whatever order they come.
            self.category.clone_from(&fact.category);
            self.send_deadline = fact.send_deadline;
        }
        let status_changed = self.learn_status(fact);
        if fact.source == self.source || status_changed || earlier {
            return Ruling::applied(Vec::new());
        }
        if fact.source.upload == self.source.upload {
            return Ruling::duplicate("order_id", fact.order_id.as_str());
        }
        Ruling::unchanged()
    }

    /// An operator's row about an order that only its seller had stated: it replaces the seller's facts and statuses whole, as
    /// though they had never been, so their order of arrival changes nothing. Uploads, events, appeals and the ledger stay.
    fn confirm(&mut self, fact: &OrderFact) -> Ruling {
        for recorded_at in self.learned_at() {
            self.note_overtaken(recorded_at);
        }
        self.seller_id = fact.seller_id.clone();
        self.paid_at = fact.paid_at;
        self.amount = fact.amount;
        self.destination.clone_from(&fact.destination);
        self.category.clone_from(&fact.category);
        self.send_deadline = fact.send_deadline;
        self.recorded_at = fact.recorded_at;
        self.source = fact.source;
        self.confirmed = true;
        self.statuses.clear();
        self.learn_status(fact);
        Ruling::applied(Vec::new())
    }

    /// Records an event of one of this order's parcels.
    pub fn rule_event(
        &mut self,
        fact: &EventFact,
        uploader: &Uploader,
        policy: &Policy,
        events_max: usize,
    ) -> Ruling {
        if !uploader.owns(self) {
            return Ruling::refused(Finding::new(
                RowCode::OrderOtherSeller,
                "tracking_number",
                fact.number.as_str(),
            ));
        }
        let is_full = self.event_count() >= events_max;
        let belongs_from = policy.claims.events_from(self.paid_at);
        let Some(shipment) = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.number == fact.number)
        else {
            return Ruling::parked(
                RowCode::NumUnknown,
                "tracking_number",
                fact.number.as_str(),
                fact.findings.clone(),
            );
        };
        let known = shipment.events.iter().any(|event| {
            event.occurred_at == fact.occurred_at && event.node == fact.node && event.code == fact.code
        });
        if is_full && !known {
            let finding = Finding::new(RowCode::EventsLimit, "tracking_number", fact.number.as_str());
            return Ruling::refused(finding.with_detail(events_max.to_string()));
        }
        match shipment.record(fact) {
            Recorded::Known => return Ruling::unchanged(),
            Recorded::New => {}
            Recorded::Earlier(overtaken) => {
                let overtaken = overtaken.max(shipment.uploaded_at());
                self.note_overtaken(overtaken);
            }
        }
        let mut findings = fact.findings.clone();
        if fact.occurred_at < belongs_from {
            let finding = Finding::new(
                RowCode::EventBeforeOrder,
                "occurred_at",
                &fact.occurred_at.to_string(),
            );
            findings.push(finding.with_detail(self.paid_at.to_string()));
        }
        Ruling::applied(findings)
    }

    /// A row about an appeal of this order (B5).
    pub fn rule_appeal(&mut self, fact: &AppealFact, uploader: &Uploader, limits: &IntakePolicy) -> Ruling {
        if !uploader.owns(self) {
            return Ruling::refused(Finding::new(
                RowCode::OrderOtherSeller,
                "order_id",
                fact.order_id.as_str(),
            ));
        }
        let too_many = |most: String| {
            let finding = Finding::new(RowCode::AppealsLimit, "appeal_id", &fact.appeal_id);
            Ruling::refused(finding.with_detail(most))
        };
        let appeals_max = limits.appeals_per_order_max;
        let is_full = self.appeals.len() >= appeals_max;
        let Some(appeal) = self
            .appeals
            .iter_mut()
            .find(|appeal| appeal.appeal_id == fact.appeal_id)
        else {
            if is_full {
                return too_many(format!(
                    "{appeals_max} appeals an order | 每个订单 {appeals_max} 个申诉"
                ));
            }
            self.appeals.push(Appeal::filed(fact));
            self.appeals
                .sort_by(|one, other| one.appeal_id.cmp(&other.appeal_id));
            return Ruling::applied(Vec::new());
        };
        if (appeal.clause, appeal.filed_at, appeal.episode_start)
            != (fact.clause, fact.filed_at, fact.episode_start)
        {
            let finding = Finding::new(RowCode::RowConflict, "appeal_id", &fact.appeal_id);
            return Ruling::refused(finding.with_detail(format!("{:?}, {}", appeal.clause, appeal.filed_at)));
        }
        let states_max = limits.states_per_appeal_max;
        if appeal.states.len() >= states_max && !appeal.knows(fact) {
            return too_many(format!(
                "{states_max} states an appeal | 每个申诉 {states_max} 个状态"
            ));
        }
        let changed = appeal.learn(fact);
        if changed || appeal.source == fact.source {
            return Ruling::applied(Vec::new());
        }
        if appeal.source.upload == fact.source.upload {
            return Ruling::duplicate("appeal_id", &fact.appeal_id);
        }
        Ruling::unchanged()
    }
}
