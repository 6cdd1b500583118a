//! The order's uploads: the fined failure (A6), the time of the first accepted one (A1), customs papers (A4) and destination
//! (A5).

use super::stage::{Stage, StageName, Standing};
use super::texts::Case;
use super::{View, country, status_words};
use crate::assess::Warning;
use crate::because::{Refused, Told, refusal};
use crate::deadlines::Matter;
use crate::message::{Message, message};
use crate::order::{Failure, Parcel};
use crate::ruling::is_late;
use crate::{Cents, Clause, Finding, RowCode, Timestamp};

/// Stands for a cell that is not kept with the order.
const NOT_KEPT: &str = "…";

/// Numbers named one by one, at most.
const NUMBERS_MAX: usize = 5;

/// What came after a failed upload.
enum Since {
    /// No number of the order was accepted at all.
    Nothing,
    /// The order has numbers of earlier rows only.
    NothingNew,
    /// A later row was accepted.
    Accepted,
}

/// A failed row's codes, the first one first.
fn codes(failure: &Failure) -> String {
    let also = failure.refused.also.iter().map(|(code, _)| code.as_str());
    let all: Vec<&str> = std::iter::once(failure.code.as_str()).chain(also).collect();
    all.join(", ")
}

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
        let rows = self.refused_cells(&failure);
        let said = |text: fn(&Message) -> (&str, &str)| {
            let told = rows.iter().map(text).map(|(en, zh)| Told::new(en, zh));
            told.reduce(|told, more| told.and(&more))
                .unwrap_or_else(|| Told::alike(""))
        };
        let given = [
            ("at", self.at(failure.uploaded_at)),
            ("code", Told::alike(codes(&failure))),
            ("cause", said(|row| (&row.message_en, &row.message_zh))),
            ("fine", Told::alike(fine)),
            ("numbers", self.live_numbers()),
        ];
        let (standing, case) = match self.since_failure(&failure) {
            _ if is_excused => (Standing::Passed, Case::UploadFailedAndExcused),
            Since::Accepted => (Standing::Failed, Case::UploadFailedAndMended),
            Since::NothingNew => (Standing::Failed, Case::UploadFailedBesideEarlier),
            Since::Nothing => (Standing::Failed, Case::UploadFailed),
        };
        let mut stage = Stage::told(stage_of(failure.code), standing, case, &given);
        if matches!(case, Case::UploadFailed | Case::UploadFailedBesideEarlier) {
            let fix = said(|row| (&row.fix_en, &row.fix_zh));
            stage.remedy = Some(match &stage.remedy {
                Some(otherwise) => fix.and(otherwise),
                None => fix,
            });
        }
        stage.clauses = vec![failure.code.clause(), Clause::A6.as_str()];
        stage.fined = self.ledger.fined(Clause::A6, None);
        stage.at_stake = self.unposted(|subject| subject.clause == Clause::A6);
        Some(stage)
    }

    /// What each refused cell of a failed row says, in the words of its code; a cell that is not kept is reported as such.
    fn refused_cells(&self, failure: &Failure) -> Vec<Message> {
        let destination = self.seen.order.destination.as_str();
        let refused = &failure.refused;
        let is_kept = *refused != Refused::default();
        let also = refused.also.iter().map(|(code, value)| (*code, value.as_str()));
        let cells = std::iter::once((failure.code, refused.value.as_str())).chain(also);
        let told = cells.map(|(code, value)| {
            let (value, detail) = match code.clause() {
                "A4" => (if is_kept { value } else { NOT_KEPT }, destination),
                "A5" => (destination, ""),
                _ => (if is_kept { value } else { NOT_KEPT }, ""),
            };
            let mut row = message(&Finding::new(code, "tracking_number", value).with_detail(detail));
            if code == RowCode::NumUsedElsewhere {
                let cause = refusal(code, value);
                (row.message_en, row.message_zh) = (cause.en, cause.zh);
            }
            row
        });
        told.collect()
    }

    /// What was accepted with a failed upload or after it: files of one instant stand side by side. A number of an earlier row
    /// puts nothing right.
    fn since_failure(&self, failure: &Failure) -> Since {
        let is_later = |parcel: &Parcel<'_>| {
            let mut claims = parcel.shipment.claims.iter();
            claims
                .any(|claim| claim.uploaded_at >= failure.uploaded_at && claim.uploaded_at <= self.seen.as_of)
        };
        match &self.seen.parcels[..] {
            [] => Since::Nothing,
            parcels if parcels.iter().any(is_later) => Since::Accepted,
            _ => Since::NothingNew,
        }
    }

    /// The order's numbers that are in use.
    fn live_numbers(&self) -> Told {
        let parcels = self.seen.parcels.iter();
        let live = parcels.filter(|parcel| parcel.is_in_use_at(self.seen.as_of));
        let mut numbers: Vec<String> = live.map(|parcel| parcel.shipment.number.to_string()).collect();
        if numbers.len() > NUMBERS_MAX {
            numbers.truncate(NUMBERS_MAX);
            numbers.push("…".to_owned());
        }
        Told::new(numbers.join(", "), numbers.join("、"))
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
