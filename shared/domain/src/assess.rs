//! The rules as one pure function: what an order owes the ledger, and what to warn of. What is near: [`crate::deadlines`].

use serde::{Deserialize, Serialize};

use crate::appeal::{Plea, plea};
use crate::because::Seen;
use crate::claims::END_OF_TIME;
use crate::order::{OrderAsOf, OrderStatus, Parcel};
use crate::policy::{PickupStart, SilenceUnit};
use crate::{Because, Cents, Clause, Node, Order, Policy, Subject, Timestamp, TrackingNumber};

/// What an order amounts to as of an instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assessment {
    /// Entries that the ledger should hold, no two of one subject.
    pub due: Vec<Due>,
    /// What went wrong without costing money.
    pub warnings: Vec<Warning>,
}

/// An entry that the ledger should hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// What it is about.
    pub subject: Subject,
    /// Whether it is charged or waits for an appeal.
    pub verdict: Verdict,
    /// USD cents, positive.
    pub amount: Cents,
    /// When it came about.
    pub effective_at: Timestamp,
    /// Why.
    pub because: Because,
}

/// Whether a due entry is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Charged.
    Fine,
    /// Waits for a pending appeal (B5).
    Hold,
}

/// A failing without a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A1: the first accepted upload is late, or missing past the deadline.
    UploadLate {
        /// The upload, if there is one.
        uploaded_at: Option<Timestamp>,
        /// The deadline.
        deadline: Timestamp,
    },
    /// B1: the first pickup is late, or missing past the deadline.
    PickupLate {
        /// The parcel.
        number: TrackingNumber,
        /// The pickup, if there is one.
        picked_up_at: Option<Timestamp>,
        /// The deadline.
        deadline: Timestamp,
    },
    /// B2: the timeline ended incomplete.
    NodesMissing {
        /// The parcel.
        number: TrackingNumber,
        /// Required nodes that never came.
        missing: Vec<Node>,
    },
}

/// Assesses an order as of an instant, under the policy in force at its payment.
///
/// Pure: the same facts give the same result however they were split, ordered or repeated, and however many
/// nights ran before.
pub fn assess(order: &Order, policy: &Policy, as_of: Timestamp) -> Assessment {
    order
        .as_of(as_of, policy)
        .map_or_else(Assessment::default, |seen| assess_seen(&seen, policy))
}

/// As [`assess`], over a view of the order that is there already.
pub fn assess_seen(seen: &OrderAsOf<'_>, policy: &Policy) -> Assessment {
    let rules = Rules { seen, policy };
    let mut assessment = Assessment::default();
    rules.upload(&mut assessment);
    rules.pickup(&mut assessment);
    rules.nodes(&mut assessment);
    rules.silence(&mut assessment);
    rules.sign_off(&mut assessment);
    assessment
}

struct Rules<'a> {
    seen: &'a OrderAsOf<'a>,
    policy: &'a Policy,
}

impl Rules<'_> {
    /// A1 (warning) and A6 (fine).
    fn upload(&self, assessment: &mut Assessment) {
        let order = self.seen.order;
        let deadline = order.paid_at.plus(self.policy.upload_max());
        let uploaded_at = self.seen.first_upload_at();
        let waits = uploaded_at.is_none() && self.seen.as_of <= deadline;
        if !waits && uploaded_at.is_none_or(|at| at > deadline) && !self.seen.is_excluded() {
            assessment.warnings.push(Warning::UploadLate {
                uploaded_at,
                deadline,
            });
        }
        let Some(failure) = order.first_failure(self.policy, self.seen.as_of) else {
            return;
        };
        let because = Because::UploadFailed {
            code: failure.code,
            uploaded_at: failure.uploaded_at,
            row: failure.source.row,
            refused: failure.refused,
        };
        let fine = Cents(i64::from(self.policy.upload.fine_cents));
        self.charge(
            assessment,
            Subject::order(Clause::A6),
            fine,
            failure.failed_at,
            failure.failed_at,
            because,
        );
    }

    /// B1 (warning). That silence is never also B3's, which runs from the pickup.
    fn pickup(&self, assessment: &mut Assessment) {
        for parcel in self
            .seen
            .parcels
            .iter()
            .filter(|parcel| parcel.is_live_at(self.seen.as_of))
        {
            let deadline = pickup_deadline(self.seen.order, parcel.shipment.uploaded_at(), self.policy);
            let picked_up_at = parcel.timeline.picked_up_at;
            let waits = picked_up_at.is_none() && self.seen.as_of <= deadline;
            if !waits && picked_up_at.is_none_or(|at| at > deadline) {
                let number = parcel.shipment.number.clone();
                assessment.warnings.push(Warning::PickupLate {
                    number,
                    picked_up_at,
                    deadline,
                });
            }
        }
    }

    /// B2 (warning), judged at the end of a timeline.
    fn nodes(&self, assessment: &mut Assessment) {
        for parcel in self
            .seen
            .parcels
            .iter()
            .filter(|parcel| parcel.is_in_use_at(self.seen.as_of))
        {
            if parcel.timeline.end.is_some() && !self.policy.is_complete(parcel.timeline.nodes) {
                let missing = self
                    .policy
                    .nodes
                    .required
                    .iter()
                    .copied()
                    .filter(|node| !parcel.timeline.nodes.contains(*node))
                    .collect();
                assessment.warnings.push(Warning::NodesMissing {
                    number: parcel.shipment.number.clone(),
                    missing,
                });
            }
        }
    }

    /// B3: every parcel's timeline, from its pickup to its end, whatever the order's status.
    fn silence(&self, assessment: &mut Assessment) {
        for parcel in &self.seen.parcels {
            for (silent_from, silent_until) in parcel.timeline.gaps() {
                let fined = self.episode(assessment, parcel, silent_from, silent_until);
                if fined && self.policy.silence.fined_per == SilenceUnit::Shipment {
                    break;
                }
            }
        }
    }

    /// One gap between consecutive events; true when it is a fined episode. A gap to an event that has not
    /// happened yet is measured to the scan's instant only: no fine before its time.
    fn episode(
        &self,
        assessment: &mut Assessment,
        parcel: &Parcel<'_>,
        silent_from: Timestamp,
        silent_until: Option<Timestamp>,
    ) -> bool {
        let limit = self.policy.silence_max();
        let silence = silent_until
            .map_or(self.seen.as_of, |until| until.min(self.seen.as_of))
            .since(silent_from);
        if silence <= limit {
            return false;
        }
        let episode_start = (self.policy.silence.fined_per == SilenceUnit::Episode).then_some(silent_from);
        let because = Because::Silence {
            silent_from,
            silent_until,
            comparison: format!("{silence} > {limit}"),
            ended_by: silent_until.and_then(|until| parcel.end_of_silence(until)),
        };
        let fine = Cents(i64::from(self.policy.silence.fine_cents));
        self.charge(
            assessment,
            Subject::silence(&parcel.shipment.number, episode_start),
            fine,
            silent_from.plus(limit),
            silent_from.plus(limit).next(),
            because,
        );
        true
    }

    /// A6 and B3: a pending appeal holds nothing; an accepted one takes away the fine of what came about by its decision.
    fn charge(
        &self,
        assessment: &mut Assessment,
        subject: Subject,
        amount: Cents,
        came_about_at: Timestamp,
        effective_at: Timestamp,
        because: Because,
    ) {
        let accepted = matches!(
            plea(&self.seen.order.appeals, &subject, came_about_at, self.seen.as_of),
            Plea::Accepted(_)
        );
        if !accepted && amount > Cents::ZERO {
            assessment.due.push(Due {
                subject,
                verdict: Verdict::Fine,
                amount,
                effective_at,
                because,
            });
        }
    }

    /// B4 and B5.
    fn sign_off(&self, assessment: &mut Assessment) {
        let (order, as_of) = (self.seen.order, self.seen.as_of);
        let deadline = order.sign_off_deadline(self.policy);
        let exempt = self.seen.status_at(deadline).0 != OrderStatus::Paid;
        if as_of <= deadline || exempt || self.seen.signed_at(deadline).is_some() {
            return;
        }
        let amount = self.policy.sign_off_fine(self.seen.usd);
        let subject = Subject::order(Clause::B4);
        let (verdict, held_by_appeal) = match plea(&order.appeals, &subject, deadline, as_of) {
            Plea::Accepted(_) => return,
            Plea::Pending(appeal) if appeal.filed_at <= deadline => {
                (Verdict::Hold, Some(appeal.appeal_id.clone()))
            }
            Plea::Pending(_) | Plea::None => (Verdict::Fine, None),
        };
        if amount == Cents::ZERO {
            return;
        }
        let because = Because::NotSigned {
            paid_at: order.paid_at,
            deadline,
            signed_at: self.seen.signed_at(as_of),
            order_usd: self.seen.usd,
            comparison: self.sign_off_arithmetic(amount),
            held_by_appeal,
            grounds: self.seen.sign_off_grounds(self.policy, deadline),
        };
        assessment.due.push(Due {
            subject,
            verdict,
            amount,
            effective_at: deadline.next(),
            because,
        });
    }

    fn sign_off_arithmetic(&self, amount: Cents) -> String {
        let rule = &self.policy.sign_off;
        let (usd, cap) = (self.seen.usd, Cents(i64::from(rule.fine_cents_max)));
        format!("{} % of {usd}, at most {cap} = {amount}", rule.percent())
    }
}

/// B1's deadline for a parcel.
pub fn pickup_deadline(order: &Order, uploaded_at: Timestamp, policy: &Policy) -> Timestamp {
    let start = match policy.pickup.runs_from {
        PickupStart::Upload => uploaded_at,
        PickupStart::Payment => order.paid_at,
    };
    start.plus(policy.pickup_max())
}

impl OrderAsOf<'_> {
    /// What is seen of a matter that was fined.
    fn seen_of(&self, subject: &Subject) -> Seen {
        match subject.clause {
            // The failure of an upload is a fact for ever: only an appeal or another policy takes its fine back.
            Clause::A6 => Seen::default(),
            Clause::B3 => self.seen_silence(subject).unwrap_or_default(),
            Clause::B4 => Seen {
                signed_at: self.signed_at(self.as_of),
                status: Some(self.status_at(self.as_of)).filter(|(status, _)| *status != OrderStatus::Paid),
                ..Seen::default()
            },
        }
    }

    /// The silence that began with an event; `None` when that event no longer counts, or no episode is named.
    fn seen_silence(&self, subject: &Subject) -> Option<Seen> {
        let number = subject.tracking_number.as_ref()?;
        let silent_from = subject.episode_start?;
        let parcel = self
            .parcels
            .iter()
            .find(|parcel| parcel.shipment.number == *number)?;
        let instants = &parcel.timeline.instants;
        let index = instants.binary_search(&silent_from).ok()?;
        let silent_until = match (instants.get(index + 1), parcel.timeline.stopped_at) {
            (Some(next), _) => *next,
            (None, Some(stopped_at)) => stopped_at,
            (None, None) if parcel.timeline.end.is_some() => return None,
            (None, None) => self.as_of,
        };
        Some(Seen {
            silent_until: Some(silent_until),
            silence: Some(silent_until.since(silent_from).to_string()),
            ..Seen::default()
        })
    }
}

impl Order {
    /// Why an entry is taken back as of an instant.
    pub(crate) fn why_withdrawn(
        &self,
        subject: &Subject,
        due: Option<&Due>,
        as_of: Timestamp,
        policy: &Policy,
    ) -> Because {
        let came_about_at = match subject.clause {
            Clause::A6 => self.first_failure(policy, as_of).map(|failure| failure.failed_at),
            Clause::B3 => subject
                .episode_start
                .map(|start| start.plus(policy.silence_max())),
            Clause::B4 => Some(self.sign_off_deadline(policy)),
        };
        let plea = plea(&self.appeals, subject, came_about_at.unwrap_or(as_of), as_of);
        match (plea, due) {
            (Plea::Accepted(appeal), None) => Because::AppealAccepted {
                appeal_id: appeal.appeal_id.clone(),
                filed_at: appeal.filed_at,
                decided_at: appeal
                    .decision(as_of)
                    .map_or(appeal.filed_at, |decision| decision.since),
            },
            (Plea::Pending(appeal), Some(due)) if due.verdict == Verdict::Hold => Because::AppealPending {
                appeal_id: appeal.appeal_id.clone(),
                filed_at: appeal.filed_at,
            },
            (_, Some(due)) => Because::AmountChanged { due: due.amount },
            (_, None) => {
                let latest_fact_recorded_at = self.learned_at().into_iter().rev().find(|at| *at <= as_of);
                Because::NoLongerDue {
                    latest_fact_recorded_at,
                    seen: self
                        .as_of(as_of, policy)
                        .map(|seen| seen.seen_of(subject))
                        .unwrap_or_default(),
                }
            }
        }
    }

    /// Whether B4 is not settled for good: the order must then stand in the index that the sign-off scan queries.
    ///
    /// Looks at every fact known, whenever learned. Settled means: signed in time, exempt or not worth a cent with
    /// nothing standing in the ledger, or fined in full with no appeal pending.
    pub fn is_sign_off_open(&self, policy: &Policy) -> bool {
        let assessment = assess(self, policy, END_OF_TIME);
        let subject = Subject::order(Clause::B4);
        let due = assessment.due.iter().find(|due| due.subject == subject);
        let posted = self
            .posted
            .iter()
            .find(|posted| posted.subject == subject)
            .filter(|posted| posted.amount > Cents::ZERO);
        let stands =
            posted.filter(|posted| matches!(posted.kind, crate::EntryKind::Fine | crate::EntryKind::Hold));
        match (due, stands) {
            (None, None) => false,
            (Some(due), Some(posted)) => {
                due.verdict == Verdict::Hold
                    || posted.kind != crate::EntryKind::Fine
                    || due.amount != posted.amount
            }
            (Some(_), None) | (None, Some(_)) => true,
        }
    }
}
