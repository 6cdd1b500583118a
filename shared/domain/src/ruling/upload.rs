//! Rulings on tracking rows: the upload's rules A1–A6 at one row.

use crate::facts::TrackingFact;
use crate::order::UploadFailure;
use crate::papers::TaxIdVerdict;
use crate::ruling::{Ruling, Uploader};
use crate::{
    Elapsed, Finding, Order, OrderId, OrderStatus, Policy, PolicyBook, RowCode, SellerId, Shipment, Timestamp,
};

impl Order {
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
            check_destination(&self.destination, self.paid_at, policy, book, &mut findings);
            check_papers(fact, &self.destination, policy, &mut findings);
            if let (Some(number), Some(owner)) = (
                &fact.number,
                number_owner.filter(|owner| **owner != self.order_id),
            ) {
                let finding = Finding::new(RowCode::NumUsedElsewhere, "tracking_number", number.as_str());
                // The other order may be another seller's: only an operator is told which it is.
                findings.push(match uploader {
                    Uploader::Operator => finding.with_detail(owner.as_str()),
                    Uploader::Seller(_) => finding,
                });
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
                destination.to_string(),
                self.destination.clone(),
            ));
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
                carrier: carrier.to_string(),
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
            let status = if change.status == OrderStatus::Refunded {
                "refunded | 退款"
            } else {
                "cancelled | 取消"
            };
            findings.push(
                Finding::new(RowCode::OrderState, "order_id", self.order_id.as_str()).with_detail(status),
            );
        }
        if is_first {
            findings.extend(lateness(fact.uploaded_at, self.paid_at, policy));
        }
    }
}

/// A tracking row by what it says of its order itself, for a dry run that does not know the order: A4, A5 and what the row
/// shows alone. What was not said is not judged; without a payment's instant the policy in force at the upload applies.
pub fn rule_by_stated(fact: &TrackingFact, uploader: &Uploader, book: &PolicyBook) -> Vec<Finding> {
    let mut findings = fact.findings.clone();
    let stated = &fact.stated;
    if let (Uploader::Seller(own), Some(named)) = (uploader, &stated.seller_id)
        && own != named
    {
        return vec![Finding::new(
            RowCode::OrderOtherSeller,
            "order_id",
            fact.order_id.as_str(),
        )];
    }
    let is_out_of_scope = findings
        .iter()
        .any(|finding| finding.code == RowCode::CarrierOutOfScope);
    if let Some(destination) = stated.destination.as_deref().filter(|_| !is_out_of_scope) {
        let paid_at = stated.paid_at.unwrap_or(fact.uploaded_at);
        let policy = book.in_force_at(paid_at);
        check_destination(destination, paid_at, policy, book, &mut findings);
        check_papers(fact, destination, policy, &mut findings);
    }
    findings
}

/// A1 at an order's first accepted upload: the warning, when it came late after the payment.
pub fn lateness(uploaded_at: Timestamp, paid_at: Timestamp, policy: &Policy) -> Option<Finding> {
    let took: Elapsed = uploaded_at.since(paid_at);
    is_late(uploaded_at, paid_at, policy).then(|| {
        let comparison = format!("{took} > {}", policy.upload_max());
        Finding::new(RowCode::UploadLate, "uploaded_at", &uploaded_at.to_string()).with_detail(comparison)
    })
}

/// A1: whether an order's first accepted upload came too late after the payment.
pub fn is_late(uploaded_at: Timestamp, paid_at: Timestamp, policy: &Policy) -> bool {
    uploaded_at.since(paid_at) > policy.upload_max()
}

/// A5: the list in force on the payment date.
fn check_destination(
    destination: &str,
    paid_at: Timestamp,
    policy: &Policy,
    book: &PolicyBook,
    findings: &mut Vec<Finding>,
) {
    // Which day it was is asked only of the few countries that are on the list at all.
    if policy.is_ever_embargoed(destination) && policy.is_embargoed(destination, paid_at.date_in(book.zone)) {
        findings.push(Finding::new(
            RowCode::DestSanctioned,
            "destination_country",
            destination,
        ));
    }
}

/// A4: commercial invoice and local tax id.
fn check_papers(fact: &TrackingFact, destination: &str, policy: &Policy, findings: &mut Vec<Finding>) {
    if !policy.wants_papers(destination) {
        return;
    }
    let papers = &fact.papers;
    if !papers.invoice {
        findings.push(Finding::new(RowCode::InvoiceMissing, "invoice_no", "").with_detail(destination));
    }
    let masked = papers.tax_id_masked.as_deref().unwrap_or_default();
    let about_tax_id = |code| Finding::new(code, "consignee_tax_id", masked).with_detail(destination);
    let judged = papers.tax_id.iter().find(|(country, _)| country == destination);
    match judged {
        None if papers.tax_id_masked.is_none() => findings.push(about_tax_id(RowCode::TaxIdMissing)),
        Some((_, TaxIdVerdict::Invalid)) => findings.push(about_tax_id(RowCode::TaxIdInvalid)),
        Some((_, TaxIdVerdict::CheckDigit)) => findings.push(about_tax_id(RowCode::TaxIdCheckDigit)),
        Some((_, TaxIdVerdict::Valid)) | None => {}
    }
}
