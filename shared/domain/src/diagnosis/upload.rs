//! The order's uploads: the fined failure (A6), the time of the first accepted one (A1), customs papers (A4) and destination
//! (A5).

use super::stage::{Stage, StageName, Standing};
use super::texts::Case;
use super::{View, country, status_words};
use crate::assess::Warning;
use crate::because::Told;
use crate::deadlines::Matter;
use crate::message::message;
use crate::ruling::is_late;
use crate::{Cents, Clause, Finding, RowCode, Timestamp};

/// Stands for a cell that is not kept with the order.
const NOT_KEPT: &str = "…";

/// The stage that a fined code is about.
pub(super) fn stage_of(code: RowCode) -> StageName {
    match code {
        RowCode::CarrierUnknown => StageName::Carrier,
        RowCode::NumUsedElsewhere => StageName::Order,
        RowCode::InvoiceMissing | RowCode::TaxIdMissing | RowCode::TaxIdInvalid => StageName::CustomsPapers,
        RowCode::DestSanctioned => StageName::Destination,
        _ => StageName::Format,
    }
}

impl View<'_, '_> {
    /// The earliest fined failure of an upload: a fact of the order for ever, told with the stage that it is about.
    pub(super) fn failed_upload(&self) -> Option<Stage> {
        let order = self.seen.order;
        let failure = order.first_failure(self.policy, self.seen.as_of)?;
        let due = self
            .assessment
            .due
            .iter()
            .find(|due| due.subject.clause == Clause::A6);
        let fine = Cents(i64::from(self.policy.upload.fine_cents));
        let is_excused = due.is_none() && fine > Cents::ZERO;
        let is_mended = !self.seen.parcels.is_empty();
        let (value, detail) = match failure.code.clause() {
            "A4" => (NOT_KEPT, order.destination.as_str()),
            "A5" => (order.destination.as_str(), ""),
            _ => (NOT_KEPT, ""),
        };
        let row = message(&Finding::new(failure.code, "tracking_number", value).with_detail(detail));
        let given = [
            ("at", self.at(failure.uploaded_at)),
            ("code", Told::alike(failure.code)),
            ("cause", Told::new(row.message_en, row.message_zh)),
            ("fine", Told::alike(fine)),
        ];
        let (standing, case) = match (is_excused, is_mended) {
            (true, _) => (Standing::Passed, Case::UploadFailedAndExcused),
            (false, true) => (Standing::Failed, Case::UploadFailedAndMended),
            (false, false) => (Standing::Failed, Case::UploadFailed),
        };
        let mut stage = Stage::told(stage_of(failure.code), standing, case, &given);
        if case == Case::UploadFailed {
            stage.remedy = Some(Told::new(row.fix_en, row.fix_zh));
        }
        stage.clauses = vec![failure.code.clause(), Clause::A6.as_str()];
        stage.fined = self.ledger.fined(Clause::A6, None);
        stage.at_stake = self.unposted(|subject| subject.clause == Clause::A6);
        Some(stage)
    }

    /// A1: the first accepted upload.
    pub(super) fn upload_time(&self) -> Stage {
        const STAGE: StageName = StageName::UploadTime;
        let order = self.seen.order;
        let limit = self.policy.upload_max();
        let given = |at: Timestamp, deadline: Timestamp| {
            let took = at.since(order.paid_at);
            let relation = if took > limit { ">" } else { "<=" };
            [
                ("at", self.at(at)),
                ("deadline", self.at(deadline)),
                ("comparison", Told::alike(format!("{took} {relation} {limit}"))),
            ]
        };
        let late = self.assessment.warnings.iter().find_map(|warning| match warning {
            Warning::UploadLate {
                uploaded_at,
                deadline,
            } => Some((*uploaded_at, *deadline)),
            _ => None,
        });
        match (
            late,
            self.seen.first_upload_at(),
            self.running(Matter::Upload, None),
        ) {
            (Some((Some(at), deadline)), ..) => {
                Stage::told(STAGE, Standing::Failed, Case::UploadLate, &given(at, deadline))
            }
            (Some((None, deadline)), ..) => Stage::told(
                STAGE,
                Standing::Failed,
                Case::UploadMissing,
                &given(self.seen.as_of, deadline),
            ),
            // Of an order cancelled before shipment a late upload is no failing.
            (None, Some(at), _) if !is_late(at, order.paid_at, self.policy) => {
                Stage::told(STAGE, Standing::Passed, Case::UploadInTime, &given(at, at))
            }
            (None, _, Some(deadline)) => self.runs_until(STAGE, deadline),
            (None, _, None) => {
                let (status, since) = self.seen.status_expected_at(order.paid_at.plus(limit));
                let given = [("status", status_words(status)), ("since", self.at(since))];
                Stage::told(STAGE, Standing::NotApplicable, Case::UploadNotNeeded, &given)
            }
        }
    }

    /// A4: what the destination wants, and whether an accepted upload brought it.
    pub(super) fn customs_papers(&self) -> Stage {
        let destination = &self.seen.order.destination;
        let (standing, case) = if !self.policy.wants_papers(destination) {
            (Standing::NotApplicable, Case::PapersNotWanted)
        } else if self.seen.parcels.is_empty() {
            (Standing::Pending, Case::PapersWanted)
        } else {
            (Standing::Passed, Case::PapersShown)
        };
        Stage::told(
            StageName::CustomsPapers,
            standing,
            case,
            &[("country", country(destination))],
        )
    }

    /// A5: the list in force on the payment's day.
    pub(super) fn destination(&self) -> Stage {
        let order = self.seen.order;
        let paid_on = order.paid_at.date_in(self.book.zone);
        let (standing, case) = if self.policy.is_embargoed(&order.destination, paid_on) {
            (Standing::Failed, Case::DestinationEmbargoed)
        } else {
            (Standing::Passed, Case::DestinationServed)
        };
        Stage::told(
            StageName::Destination,
            standing,
            case,
            &[("country", country(&order.destination))],
        )
    }
}
