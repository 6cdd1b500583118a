//! Tracking rows of orders that nobody told of: judged by what they say themselves, then beside the other rows of the file.

use domain::facts::TrackingFact;
use domain::ruling::{Ruling, Uploader, lateness, rule_by_stated};
use domain::{Finding, PolicyBook, RowCode};

use super::in_file::{InFile, Place};

/// What a row says alone.
pub(super) struct Alone {
    pub(super) findings: Vec<Finding>,
    /// Whether it is to be said, too, that another order of the file has the number.
    pub(super) is_number_asked: bool,
}

impl Alone {
    pub(super) fn of(
        fact: &TrackingFact,
        stated_findings: Vec<Finding>,
        uploader: &Uploader,
        book: &PolicyBook,
    ) -> Self {
        let mut findings = rule_by_stated(fact, uploader, book);
        let is_judged = |finding: &Finding| {
            matches!(
                finding.code,
                RowCode::CarrierOutOfScope | RowCode::OrderOtherSeller
            )
        };
        let is_number_asked = !findings.iter().any(is_judged);
        if is_number_asked {
            findings.extend(stated_findings);
        }
        Self {
            findings,
            is_number_asked,
        }
    }

    /// The row's ruling among those of its file.
    pub(super) fn rule(self, fact: &TrackingFact, book: &PolicyBook, in_file: &mut InFile) -> Ruling {
        let mut findings = self.findings;
        if findings.iter().any(Finding::is_error) {
            return Ruling::applied(findings);
        }
        // A row that waits for its number claims nothing of the file.
        if let Some(waits) = in_file.used_elsewhere(fact).filter(|_| self.is_number_asked) {
            findings.push(waits);
            return Ruling::applied(findings);
        }
        match in_file.take(fact) {
            Place::Ruled(ruling) => return ruling,
            Place::Further => {}
            Place::First => findings.extend(
                fact.stated
                    .paid_at
                    .and_then(|paid_at| lateness(fact.uploaded_at, paid_at, book.in_force_at(paid_at))),
            ),
        }
        Ruling::applied(findings)
    }
}
