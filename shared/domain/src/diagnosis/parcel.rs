//! One parcel's way: pickup (B1), nodes (B2) and silence (B3).

use super::View;
use super::stage::{Stage, StageName, Standing};
use super::texts::Case;
use crate::assess::{Warning, pickup_deadline};
use crate::because::Told;
use crate::deadlines::Matter;
use crate::order::Parcel;
use crate::policy::PickupStart;
use crate::{Cents, Clause, Elapsed, Node, Subject, Timestamp};

impl View<'_, '_> {
    /// B1: the first pickup.
    pub(super) fn pickup(&self, parcel: &Parcel<'_>) -> Stage {
        const STAGE: StageName = StageName::Pickup;
        let number = &parcel.shipment.number;
        let uploaded_at = parcel.shipment.uploaded_at();
        let deadline = pickup_deadline(self.seen.order, uploaded_at, self.policy);
        let since = match self.policy.pickup.runs_from {
            PickupStart::Upload => uploaded_at,
            PickupStart::Payment => self.seen.order.paid_at,
        };
        let given = |at: Timestamp| {
            [
                ("at", self.at(at)),
                ("deadline", self.at(deadline)),
                (
                    "comparison",
                    comparison(at.since(since), self.policy.pickup_max()),
                ),
            ]
        };
        let late = self.assessment.warnings.iter().find_map(|warning| match warning {
            Warning::PickupLate {
                number: late,
                picked_up_at,
                ..
            } if late == number => Some(*picked_up_at),
            _ => None,
        });
        let running = self.running(Matter::Pickup, Some(number));
        let stage = match (late, parcel.timeline.picked_up_at, running) {
            (Some(Some(at)), ..) => Stage::told(STAGE, Standing::Failed, Case::PickupLate, &given(at)),
            (Some(None), ..) => Stage::told(
                STAGE,
                Standing::Failed,
                Case::PickupMissing,
                &given(self.seen.as_of),
            ),
            (None, Some(at), _) if at <= deadline => {
                Stage::told(STAGE, Standing::Passed, Case::PickupInTime, &given(at))
            }
            (None, None, Some(running)) => self.runs_until(STAGE, running),
            (None, ..) => self.aside(STAGE, parcel),
        };
        stage.of(number)
    }

    /// B2: judged at the end of the timeline; before that what is there, what is missing and what comes next.
    pub(super) fn nodes(&self, parcel: &Parcel<'_>) -> Stage {
        const STAGE: StageName = StageName::Nodes;
        let number = &parcel.shipment.number;
        if !parcel.is_in_use_at(self.seen.as_of) {
            return self.aside(STAGE, parcel).of(number);
        }
        let nodes = parcel.timeline.nodes;
        let missing = self.policy.missing_nodes(nodes);
        let furthest = nodes
            .iter()
            .filter(|node| node.is_canonical())
            .last()
            .unwrap_or(Node::OrderPlaced);
        let next = Node::ALL
            .into_iter()
            .find(|node| *node > furthest && node.is_canonical());
        let skipped = || missing.iter().filter(|node| *node < furthest);
        let given = [
            ("count", Told::alike(nodes.canonical_count())),
            ("have", names(nodes.iter().filter(|node| node.is_canonical()))),
            ("missing", names(missing.iter())),
            ("next", names(next.into_iter())),
            ("skipped", names(skipped())),
            ("latest", names([furthest].into_iter())),
        ];
        let fails = self.assessment.warnings.iter().any(
            |warning| matches!(warning, Warning::NodesMissing { number: lacking, .. } if lacking == number),
        );
        let (standing, case) = if fails {
            (Standing::Failed, Case::NodesMissing)
        } else if parcel.timeline.end.is_some() {
            (Standing::Passed, Case::NodesComplete)
        } else if skipped().next().is_some() {
            (Standing::AtRisk, Case::NodesSkipped)
        } else {
            (Standing::Pending, Case::NodesSoFar)
        };
        Stage::told(STAGE, standing, case, &given).of(number)
    }

    /// B3: every silence of the parcel, whatever the order's status.
    pub(super) fn staleness(&self, parcel: &Parcel<'_>) -> Stage {
        const STAGE: StageName = StageName::Staleness;
        let number = &parcel.shipment.number;
        let limit = self.policy.silence_max();
        let running = self.running(Matter::Silence, Some(number));
        let ahead = running.map_or(Cents::ZERO, |deadline| deadline.at_risk);
        let due = self
            .assessment
            .due
            .iter()
            .filter(|due| due.subject.tracking_number.as_ref() == Some(number));
        let stage = match (due.clone().next_back(), self.longest_silence(parcel), running) {
            (Some(latest), ..) => {
                let cause = latest.because.told_in_both(self.book.zone);
                let given = [("count", Told::alike(due.count())), ("cause", cause)];
                Stage::told(STAGE, Standing::Failed, Case::SilenceFine, &given)
            }
            (None, None, _) => Stage::told(STAGE, Standing::NotApplicable, Case::SilenceNotBegun, &[]),
            (None, Some(longest), Some(deadline)) if longest <= limit || self.is_urgent(deadline) => {
                self.runs_until(STAGE, deadline)
            }
            (None, Some(longest), _) => {
                let (standing, case) = self.silence_without_a_fine(longest);
                Stage::told(
                    STAGE,
                    standing,
                    case,
                    &[("comparison", comparison(longest, limit))],
                )
            }
        };
        let is_its_own = |subject: &Subject| subject.tracking_number.as_ref() == Some(number);
        Stage {
            fined: self.ledger.fined(Clause::B3, Some(number)),
            at_stake: self.unposted(is_its_own) + ahead,
            ..stage.of(number)
        }
    }

    /// What a longest silence is of which nothing is due.
    fn silence_without_a_fine(&self, longest: Elapsed) -> (Standing, Case) {
        if longest <= self.policy.silence_max() {
            (Standing::Passed, Case::SilenceWithin)
        } else if self.policy.silence.fine_cents == 0 {
            (Standing::Failed, Case::SilenceUnpriced)
        } else {
            (Standing::Passed, Case::SilenceExcused)
        }
    }

    /// The longest time without an event from the pickup on, up to now; `None` before the pickup.
    fn longest_silence(&self, parcel: &Parcel<'_>) -> Option<Elapsed> {
        parcel.timeline.picked_up_at?;
        let as_of = self.seen.as_of;
        let silences = parcel.timeline.gaps().map(|(from, until)| {
            let until = until.map_or(as_of, |until| until.min(as_of));
            until.since(from)
        });
        Some(silences.max().unwrap_or(Elapsed::from_seconds(0)))
    }

    /// A parcel that a stage does not look at any more.
    fn aside(&self, stage: StageName, parcel: &Parcel<'_>) -> Stage {
        let (case, at, node) = match (parcel.replaced_at, parcel.timeline.end) {
            (Some(at), _) => (Case::ParcelReplaced, at, None),
            (None, Some((at, node))) => (Case::ParcelEnded, at, Some(node)),
            (None, None) => (Case::NothingSent, self.seen.as_of, None),
        };
        let given = [("at", self.at(at)), ("node", names(node.into_iter()))];
        Stage::told(stage, Standing::NotApplicable, case, &given)
    }
}

fn comparison(took: Elapsed, limit: Elapsed) -> Told {
    let relation = if took > limit { ">" } else { "<=" };
    Told::alike(format!("{took} {relation} {limit}"))
}

fn names(nodes: impl Iterator<Item = Node>) -> Told {
    let (en, zh): (Vec<&str>, Vec<&str>) = nodes.map(Node::words).unzip();
    if en.is_empty() {
        return Told::new("none", "无");
    }
    Told::new(en.join(", "), zh.join("、"))
}
