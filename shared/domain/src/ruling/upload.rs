//! Rulings on tracking rows: the upload's rules A1–A6 at one row.

use crate::because::Refused;
use crate::claims::Claim;
use crate::code::Cause;
use crate::facts::TrackingFact;
use crate::order::UploadFailure;
use crate::papers::TaxIdVerdict;
use crate::ruling::{Ruling, Uploader};
use crate::{
    Elapsed, Finding, Order, OrderStatus, Policy, PolicyBook, RowCode, SellerId, SendType, Shipment,
    Timestamp, TrackingNumber,
};

impl Order {
    /// A tracking row of a known order (A1–A6). A well-formed row is accepted as a claim on its number, whoever owns it;
    /// what the claim came to is asked of [`Order::waits_for`] once the rivals are known.
    pub fn rule_tracking(
        &mut self,
        fact: &TrackingFact,
        uploader: &Uploader,
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
            let has_shown = self.has_shown_tax_id(policy);
            check_papers(fact, &self.destination, policy, has_shown, &mut findings);
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

    /// Whether a row of the order has shown a tax id that stands (A4): one that was accepted, or the failed one that is kept,
    /// if it was refused for other reasons alone.
    fn has_shown_tax_id(&self, policy: &Policy) -> bool {
        let are_fined = || {
            let codes = [RowCode::TaxIdMissing, RowCode::TaxIdInvalid];
            codes.iter().all(|code| policy.upload.fined_codes.contains(code))
        };
        let is_cited = |failure: &UploadFailure| failure.refused != Refused::default();
        let is_of_tax_id = |failure: &UploadFailure| {
            let also = failure.refused.also.iter().map(|(code, _)| *code);
            std::iter::once(failure.code)
                .chain(also)
                .any(|code| TAX_ID_CODES.contains(&code))
        };
        let is_accepted = self.shipments.iter().any(|shipment| !shipment.claims.is_empty());
        let is_refused_otherwise =
            |failure: &UploadFailure| are_fined() && is_cited(failure) && !is_of_tax_id(failure);
        is_accepted || self.failure.as_ref().is_some_and(is_refused_otherwise)
    }

    /// A6: the earliest fined failure is a fact of the order. True when this row is it.
    fn note_failure(&mut self, fact: &TrackingFact, findings: &[Finding], policy: &Policy) -> bool {
        let Some(failure) = failure_of(fact, findings, policy) else {
            return false;
        };
        // The upload's id is left out: the same file again under the same stated time is no earlier failure.
        let place = |failure: &UploadFailure| (failure.uploaded_at, failure.source.row, failure.code);
        match &mut self.failure {
            Some(known) if place(known) < place(&failure) => {}
            // Of several rows at one place the same one is cited in any order of arrival.
            Some(known) if place(known) == place(&failure) => {
                if failure.refused < known.refused.without_file() {
                    known.refused = failure.refused;
                }
            }
            _ => self.failure = Some(failure),
        }
        let stands = self.failure.as_ref();
        stands.is_some_and(|known| known.source == fact.source)
    }

    /// Cites the name of the file that brought the failed row: of several files with that very row the first by name.
    pub fn cite_failed_file(
        &mut self,
        fact: &TrackingFact,
        findings: &[Finding],
        policy: &Policy,
        file: &str,
    ) {
        let (Some(known), Some(failure)) = (self.failure.as_mut(), failure_of(fact, findings, policy)) else {
            return;
        };
        let is_its_row = (known.uploaded_at, known.source.row, known.code)
            == (failure.uploaded_at, failure.source.row, failure.code)
            && known.refused.without_file() == failure.refused;
        let cited = known.refused.file.as_str();
        if is_its_row && (cited.is_empty() || file < cited) {
            file.clone_into(&mut known.refused.file);
        }
    }

    fn accept(&mut self, fact: &TrackingFact, mut findings: Vec<Finding>, policy: &Policy) -> Ruling {
        let (Some(number), Some(carrier)) = (&fact.number, &fact.carrier) else {
            // No number without a finding that says why: the intake would have a bug.
            return Ruling::refused(Finding::new(RowCode::NumEmpty, "tracking_number", ""));
        };
        let claim = fact.claim();
        let known = self.shipment(number).map_or(&[][..], |known| &known.claims);
        if let Some(refused) = contradiction(known, &claim, self.shipment(number), carrier) {
            return refused;
        }
        // What the row is worth beside the others does not depend on whether it was here before.
        let others = || known.iter().filter(|other| !is_same_row(other, &claim));
        let is_repeated_in_file = others().any(|other| {
            other.source.upload == claim.source.upload && other.uploaded_at == claim.uploaded_at
        });
        let stands_already = others().any(|other| self.stands_before(number, other, &claim));
        let was_sent_before = known.iter().any(|other| {
            let is_of_other_upload = is_same_row(other, &claim) && other.source != claim.source;
            is_of_other_upload && other.uploaded_at <= claim.uploaded_at
        });
        let is_first = self
            .shipments
            .iter()
            .flat_map(|shipment| &shipment.claims)
            .filter(|other| !is_same_row(other, &claim))
            .all(|other| claim.precedence() <= other.precedence());
        if !is_repeated_in_file {
            self.keep_claim(number, carrier, claim);
        }
        if is_repeated_in_file {
            return Ruling::duplicate("tracking_number", number.as_str());
        }
        if stands_already || was_sent_before {
            return Ruling::unchanged();
        }
        self.warn_of_acceptance(fact, is_first, policy, &mut findings);
        Ruling::applied(findings)
    }

    /// Whether a claim on a number was there before a row and nothing of the order had superseded it by then: the row says
    /// nothing new.
    fn stands_before(&self, number: &TrackingNumber, other: &Claim, row: &Claim) -> bool {
        let is_before = other.precedence() < row.precedence();
        let replaced = self
            .shipments
            .iter()
            .filter(|shipment| shipment.number != *number)
            .flat_map(|shipment| &shipment.claims)
            .any(|all| all.send_type == SendType::All && all.is_after(other) && !all.is_after(row));
        is_before && !replaced
    }

    /// Keeps a claim. The same row of the same bytes keeps its earliest instant, so a file sent again undoes nothing that
    /// was sent since.
    fn keep_claim(&mut self, number: &TrackingNumber, carrier: &str, claim: Claim) {
        let index = self
            .shipments
            .iter()
            .position(|shipment| shipment.number == *number);
        match index {
            None => self.shipments.push(Shipment {
                number: number.clone(),
                carrier: carrier.to_owned(),
                claims: vec![claim],
                events: Vec::new(),
                rivals: Vec::new(),
            }),
            Some(index) => {
                let shipment = &mut self.shipments[index];
                let uploaded_at = shipment.uploaded_at();
                let mut overtaken = None;
                match shipment
                    .claims
                    .iter_mut()
                    .find(|known| is_same_row(known, &claim))
                {
                    Some(known) if known.precedence() <= claim.precedence() => return,
                    Some(known) => overtaken = Some(std::mem::replace(known, claim).uploaded_at),
                    None => shipment.claims.push(claim),
                }
                shipment
                    .claims
                    .sort_by_key(|claim| (claim.precedence(), claim.source));
                if is_same_row(shipment.first_claim(), &claim) {
                    carrier.clone_into(&mut shipment.carrier);
                }
                if claim.uploaded_at < uploaded_at {
                    overtaken = overtaken.max(Some(uploaded_at));
                }
                if let Some(overtaken) = overtaken {
                    self.note_overtaken(overtaken);
                }
            }
        }
        self.shipments
            .sort_by(|one, other| one.precedence().cmp(&other.precedence()));
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

/// By which a row has shown no tax id that stands.
const TAX_ID_CODES: [RowCode; 3] = [RowCode::TaxIdMissing, RowCode::TaxIdInvalid, RowCode::TaxIdMasked];

/// A6: the failure that a refused row is, if one of its codes is fined. Its file is not known here. A masked tax id is cited
/// with it: the row showed none.
fn failure_of(fact: &TrackingFact, findings: &[Finding], policy: &Policy) -> Option<UploadFailure> {
    let is_fined = |finding: &&Finding| policy.upload.fined_codes.contains(&finding.code);
    let first = findings.iter().find(is_fined)?;
    let is_cited = |finding: &&Finding| {
        !std::ptr::eq(*finding, first) && (is_fined(finding) || finding.code == RowCode::TaxIdMasked)
    };
    // A row refused for another reason too (another seller's order, out of scope) is still no fine of this seller.
    let is_anothers = |finding: &Finding| {
        matches!(
            finding.code,
            RowCode::CarrierOutOfScope | RowCode::OrderOtherSeller
        )
    };
    (!findings.iter().any(is_anothers)).then(|| UploadFailure {
        uploaded_at: fact.uploaded_at,
        code: first.code,
        source: fact.source,
        refused: Refused {
            value: first.value.to_string(),
            also: findings
                .iter()
                .filter(is_cited)
                .map(|finding| (finding.code, finding.value.to_string()))
                .collect(),
            file: String::new(),
        },
    })
}

/// Whether two claims are one row of the same bytes under the same prefix.
fn is_same_row(one: &Claim, other: &Claim) -> bool {
    (one.stored.content, one.source.row) == (other.stored.content, other.source.row)
}

/// A row that contradicts an earlier one of its file about its number: the first stands.
fn contradiction(
    known: &[Claim],
    claim: &Claim,
    shipment: Option<&Shipment>,
    carrier: &str,
) -> Option<Ruling> {
    let of_file = known
        .iter()
        .find(|other| other.source.upload == claim.source.upload && other.source.row < claim.source.row)?;
    let shipment = shipment?;
    let is_same = shipment.carrier == carrier && of_file.send_type == claim.send_type;
    (!is_same).then(|| {
        let finding = Finding::new(RowCode::RowConflict, "tracking_number", shipment.number.as_str());
        Ruling::refused(finding.with_detail(&shipment.carrier))
    })
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
        // The order is not known, so it may have shown one.
        check_papers(fact, destination, policy, true, &mut findings);
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

/// A4: commercial invoice and local tax id. A masked id is the one that the order `has_shown`; without one the row is refused,
/// and not fined, since the mask is ours.
fn check_papers(
    fact: &TrackingFact,
    destination: &str,
    policy: &Policy,
    has_shown: bool,
    findings: &mut Vec<Finding>,
) {
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
        None if papers.is_tax_id_as_before() && !has_shown => {
            findings.push(about_tax_id(RowCode::TaxIdMasked))
        }
        None if papers.tax_id_masked.is_none() => findings.push(about_tax_id(RowCode::TaxIdMissing)),
        Some((_, TaxIdVerdict::Invalid)) => {
            let found = about_tax_id(RowCode::TaxIdInvalid);
            let is_zero_lost = papers.zero_lost.iter().any(|country| country == destination);
            findings.push(if is_zero_lost {
                found.with_cause(Cause::ZeroLost)
            } else {
                found
            });
        }
        Some((_, TaxIdVerdict::CheckDigit)) => findings.push(about_tax_id(RowCode::TaxIdCheckDigit)),
        Some((_, TaxIdVerdict::Valid)) | None => {}
    }
}
