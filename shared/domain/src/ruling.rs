//! Rulings: what becomes of a row once it meets its order. Pure; the caller loads before and commits after.
//!
//! A row ruled twice (a redelivered upload) is ruled alike: a fact remembers the row that brought it, so the same
//! row of the same upload is accepted again, while another row with the same facts is `unchanged`.

use serde::{Deserialize, Serialize};

use crate::facts::{AppealFact, EventFact, OrderFact, TrackingFact};
use crate::order::UploadFailure;
use crate::papers::TaxIdVerdict;
use crate::shipment::Recorded;
use crate::{
    Appeal, Elapsed, Finding, Order, OrderId, OrderStatus, Policy, PolicyBook, RowCode, SellerId, Severity,
    Shipment,
};

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
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    fn unchanged() -> Self {
        Self {
            verdict: Verdict::Unchanged,
            findings: Vec::new(),
            fined: false,
        }
    }

    /// A row that repeats one of the same file.
    fn duplicate(column: &str, value: &str) -> Self {
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

    fn refused(finding: Finding) -> Self {
        Self::applied(vec![finding])
    }

    /// Whether the row changed nothing because the facts were known.
    pub fn is_unchanged(&self) -> bool {
        self.verdict == Verdict::Unchanged
    }
}

impl Uploader {
    fn owns(&self, order: &Order) -> bool {
        match self {
            Self::Operator => true,
            Self::Seller(seller_id) => *seller_id == order.seller_id,
        }
    }
}

impl Order {
    /// A further row about a known order: its status may move on, its immutable facts may not.
    pub fn rule_order(&mut self, fact: &OrderFact, uploader: &Uploader) -> Ruling {
        if !uploader.owns(self) {
            return Ruling::refused(Finding::new(
                RowCode::OrderOtherSeller,
                "seller_id",
                fact.seller_id.as_str(),
            ));
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
        let earlier = self.learn_of_order(fact.recorded_at);
        let status_changed = self.learn_status(fact);
        if fact.source == self.source || status_changed || earlier {
            return Ruling::applied(Vec::new());
        }
        if fact.source.upload == self.source.upload {
            return Ruling::duplicate("order_id", fact.order_id.as_str());
        }
        Ruling::unchanged()
    }

    /// A tracking row of a known order (A1–A6). `number_owner` is the order that holds the number already.
    pub fn rule_tracking(
        &mut self,
        fact: &TrackingFact,
        uploader: &Uploader,
        number_owner: Option<&OrderId>,
        policy: &Policy,
        book: &PolicyBook,
    ) -> Ruling {
        if !uploader.owns(self) {
            return Ruling::refused(Finding::new(
                RowCode::OrderOtherSeller,
                "order_id",
                fact.order_id.as_str(),
            ));
        }
        let mut findings = fact.findings.clone();
        if !findings
            .iter()
            .any(|finding| finding.code == RowCode::CarrierOutOfScope)
        {
            self.check_stated(fact, &mut findings);
            self.check_destination(policy, book, &mut findings);
            self.check_papers(fact, policy, &mut findings);
            if let (Some(number), Some(owner)) = (
                &fact.number,
                number_owner.filter(|owner| **owner != self.order_id),
            ) {
                findings.push(
                    Finding::new(RowCode::NumUsedElsewhere, "tracking_number", number.as_str())
                        .with_detail(owner.as_str()),
                );
            }
        }
        if findings.iter().any(Finding::is_error) {
            let fined = self.note_failure(fact, &findings, policy);
            return Ruling {
                fined,
                ..Ruling::applied(findings)
            };
        }
        self.accept(fact, findings, policy)
    }

    /// Records an event of one of this order's parcels.
    pub fn rule_event(&mut self, fact: &EventFact, uploader: &Uploader, events_max: usize) -> Ruling {
        if !uploader.owns(self) {
            return Ruling::refused(Finding::new(
                RowCode::OrderOtherSeller,
                "tracking_number",
                fact.number.as_str(),
            ));
        }
        let is_full = self.event_count() >= events_max;
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
                let overtaken = overtaken.max(shipment.uploaded_at);
                self.note_overtaken(overtaken);
            }
        }
        Ruling::applied(fact.findings.clone())
    }

    /// A row about an appeal of this order (B5).
    pub fn rule_appeal(&mut self, fact: &AppealFact, uploader: &Uploader) -> Ruling {
        if !uploader.owns(self) {
            return Ruling::refused(Finding::new(
                RowCode::OrderOtherSeller,
                "order_id",
                fact.order_id.as_str(),
            ));
        }
        let Some(appeal) = self
            .appeals
            .iter_mut()
            .find(|appeal| appeal.appeal_id == fact.appeal_id)
        else {
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
        let changed = appeal.learn(fact);
        if changed || appeal.source == fact.source {
            return Ruling::applied(Vec::new());
        }
        if appeal.source.upload == fact.source.upload {
            return Ruling::duplicate("appeal_id", &fact.appeal_id);
        }
        Ruling::unchanged()
    }

    fn check_stated(&self, fact: &TrackingFact, findings: &mut Vec<Finding>) {
        let stated = &fact.stated;
        if stated
            .seller_id
            .as_ref()
            .is_some_and(|seller_id| *seller_id != self.seller_id)
        {
            let named = stated.seller_id.as_ref().map_or("", SellerId::as_str);
            findings.push(Finding::new(RowCode::OrderOtherSeller, "seller_id", named));
        }
        let conflict = |column: &str, said: String, known: String| {
            Finding::new(RowCode::RowConflict, column, &said).with_detail(known)
        };
        if let Some(paid_at) = stated.paid_at.filter(|paid_at| *paid_at != self.paid_at) {
            findings.push(conflict("paid_at", paid_at.to_string(), self.paid_at.to_string()));
        }
        if let Some(amount) = stated.amount.filter(|amount| *amount != self.amount) {
            findings.push(conflict("amount", amount.to_string(), self.amount.to_string()));
        }
        if let Some(destination) = stated
            .destination
            .as_ref()
            .filter(|destination| **destination != self.destination)
        {
            findings.push(conflict(
                "destination_country",
                destination.clone(),
                self.destination.clone(),
            ));
        }
    }

    /// A5: the list in force on the payment date.
    fn check_destination(&self, policy: &Policy, book: &PolicyBook, findings: &mut Vec<Finding>) {
        if policy.is_embargoed(&self.destination, self.paid_at.date_in(book.zone)) {
            findings.push(Finding::new(
                RowCode::DestSanctioned,
                "destination_country",
                &self.destination,
            ));
        }
    }

    /// A4: commercial invoice and local tax id.
    fn check_papers(&self, fact: &TrackingFact, policy: &Policy, findings: &mut Vec<Finding>) {
        if !policy.wants_papers(&self.destination) {
            return;
        }
        let papers = &fact.papers;
        if !papers.invoice {
            findings
                .push(Finding::new(RowCode::InvoiceMissing, "invoice_no", "").with_detail(&self.destination));
        }
        let masked = papers.tax_id_masked.as_deref().unwrap_or_default();
        let about_tax_id =
            |code| Finding::new(code, "consignee_tax_id", masked).with_detail(&self.destination);
        let judged = papers
            .tax_id
            .iter()
            .find(|(country, _)| *country == self.destination);
        match judged {
            None if papers.tax_id_masked.is_none() => findings.push(about_tax_id(RowCode::TaxIdMissing)),
            Some((_, TaxIdVerdict::Invalid)) => findings.push(about_tax_id(RowCode::TaxIdInvalid)),
            Some((_, TaxIdVerdict::CheckDigit)) => findings.push(about_tax_id(RowCode::TaxIdCheckDigit)),
            Some((_, TaxIdVerdict::Valid)) | None => {}
        }
    }

    /// A6: the earliest fined failure is a fact of the order. True when this row is it.
    fn note_failure(&mut self, fact: &TrackingFact, findings: &[Finding], policy: &Policy) -> bool {
        let Some(fined) = findings
            .iter()
            .find(|finding| policy.upload.fined_codes.contains(&finding.code))
        else {
            return false;
        };
        // A row refused for another reason too (another seller's order, out of scope) is still no fine of this seller.
        if findings.iter().any(|finding| {
            matches!(
                finding.code,
                RowCode::CarrierOutOfScope | RowCode::OrderOtherSeller
            )
        }) {
            return false;
        }
        let failure = UploadFailure {
            uploaded_at: fact.uploaded_at,
            code: fined.code,
            source: fact.source,
        };
        // The upload's id is left out: the same file again under the same stated time is no earlier failure.
        let place = |failure: UploadFailure| (failure.uploaded_at, failure.source.row, failure.code);
        if self.failure.is_none_or(|known| place(failure) < place(known)) {
            self.failure = Some(failure);
        }
        self.failure.is_some_and(|known| known.source == fact.source)
    }

    fn accept(&mut self, fact: &TrackingFact, mut findings: Vec<Finding>, policy: &Policy) -> Ruling {
        let (Some(number), Some(carrier)) = (&fact.number, &fact.carrier) else {
            // No number without a finding that says why: the intake would have a bug.
            return Ruling::refused(Finding::new(RowCode::NumEmpty, "tracking_number", ""));
        };
        let first_upload_at = self.shipments.iter().map(|shipment| shipment.uploaded_at).min();
        if let Some(index) = self
            .shipments
            .iter()
            .position(|shipment| shipment.number == *number)
        {
            if let Some(ruling) = self.rule_known_number(index, fact, carrier) {
                self.shipments
                    .sort_by(|one, other| one.precedence().cmp(&other.precedence()));
                return ruling;
            }
        } else {
            self.shipments.push(Shipment {
                number: number.clone(),
                carrier: carrier.clone(),
                send_type: fact.send_type,
                uploaded_at: fact.uploaded_at,
                source: fact.source,
                events: Vec::new(),
            });
        }
        self.shipments
            .sort_by(|one, other| one.precedence().cmp(&other.precedence()));
        let is_first = self
            .shipments
            .first()
            .is_some_and(|first| first.source == fact.source)
            && first_upload_at.is_none_or(|known| fact.uploaded_at <= known);
        self.warn_of_acceptance(fact, is_first, policy, &mut findings);
        Ruling::applied(findings)
    }

    /// The same order and number again. `None` when the row is to be ruled as accepted: it is the very row that
    /// brought the number, or it shows that the number was uploaded earlier than known.
    ///
    /// Of several rows the earliest tells everything of the number, in whatever order they come.
    fn rule_known_number(&mut self, index: usize, fact: &TrackingFact, carrier: &str) -> Option<Ruling> {
        let shipment = &mut self.shipments[index];
        if shipment.source == fact.source {
            return None;
        }
        let same = shipment.carrier == carrier && shipment.send_type == fact.send_type;
        let in_one_file = shipment.source.upload == fact.source.upload;
        if in_one_file && !same {
            let finding = Finding::new(RowCode::RowConflict, "tracking_number", shipment.number.as_str());
            return Some(Ruling::refused(finding.with_detail(&shipment.carrier)));
        }
        let told = (fact.uploaded_at, fact.source.row, fact.send_type, carrier);
        let known = (
            shipment.uploaded_at,
            shipment.source.row,
            shipment.send_type,
            shipment.carrier.as_str(),
        );
        let overtaken = shipment.uploaded_at;
        if told < known {
            shipment.uploaded_at = fact.uploaded_at;
            shipment.source = fact.source;
            shipment.send_type = fact.send_type;
            carrier.clone_into(&mut shipment.carrier);
        }
        if fact.uploaded_at < overtaken {
            self.note_overtaken(overtaken);
            return None;
        }
        Some(if in_one_file {
            Ruling::duplicate("tracking_number", self.shipments[index].number.as_str())
        } else {
            Ruling::unchanged()
        })
    }

    fn warn_of_acceptance(
        &self,
        fact: &TrackingFact,
        is_first: bool,
        policy: &Policy,
        findings: &mut Vec<Finding>,
    ) {
        let ended = self
            .statuses
            .iter()
            .rfind(|change| change.since() <= fact.uploaded_at)
            .filter(|change| change.status != OrderStatus::Paid);
        if let Some(change) = ended {
            findings.push(
                Finding::new(RowCode::OrderState, "order_id", self.order_id.as_str())
                    .with_detail(change.since().to_string()),
            );
        }
        let took: Elapsed = fact.uploaded_at.since(self.paid_at);
        if is_first && took > policy.upload_max() {
            let comparison = format!("{took} > {}", policy.upload_max());
            findings.push(
                Finding::new(RowCode::UploadLate, "uploaded_at", &fact.uploaded_at.to_string())
                    .with_detail(comparison),
            );
        }
    }
}
