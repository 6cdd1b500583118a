//! The order's sign-off (B4).

use super::stage::{Stage, StageName, Standing};
use super::texts::Case;
use super::{View, status_words};
use crate::appeal::{Plea, plea};
use crate::assess::Verdict;
use crate::because::Told;
use crate::deadlines::Matter;
use crate::{Cents, Clause, OrderStatus, Subject};

impl View<'_, '_> {
    /// B4: signed in time, exempt, held, fined, or still to come.
    pub(super) fn sign_off(&self) -> Stage {
        const STAGE: StageName = StageName::SignOff;
        let subject = Subject::order(Clause::B4);
        let due = self.assessment.due.iter().find(|due| due.subject == subject);
        let stage = match (due, self.running(Matter::SignOff, None)) {
            (Some(due), _) => {
                let cause = [("cause", due.because.told_in_both(self.book.zone))];
                match due.verdict {
                    Verdict::Fine => Stage::told(STAGE, Standing::Failed, Case::SignOffFine, &cause),
                    Verdict::Hold => Stage {
                        clauses: vec!["B4", "B5"],
                        ..Stage::told(STAGE, Standing::AtRisk, Case::SignOffHeld, &cause)
                    },
                }
            }
            (None, Some(deadline)) => self.runs_until(STAGE, deadline),
            (None, None) => self.sign_off_without_a_fine(&subject),
        };
        Stage {
            fined: self.ledger.fined(Clause::B4, None),
            at_stake: stage.at_stake + self.unposted(|subject| subject.clause == Clause::B4),
            ..stage
        }
    }

    /// Why nothing is due and nothing near.
    fn sign_off_without_a_fine(&self, subject: &Subject) -> Stage {
        let (order, as_of) = (self.seen.order, self.seen.as_of);
        let deadline = order.sign_off_deadline(self.policy);
        let is_over = as_of > deadline;
        let (status, since) = self.seen.status_expected_at(deadline);
        let signed_at = self.seen.signed_at(deadline);
        let at = signed_at.unwrap_or(deadline);
        let took = format!("{} <= {}", at.since(order.paid_at), self.policy.sign_off_max());
        let given = [
            ("deadline", self.at(deadline)),
            ("at", self.at(at)),
            ("comparison", Told::alike(took)),
            ("status", status_words(status)),
            ("since", self.at(since)),
        ];
        let is_accepted = matches!(plea(&order.appeals, subject, deadline, as_of), Plea::Accepted(_));
        let is_priced = self.policy.sign_off_fine(self.seen.usd) > Cents::ZERO;
        let (standing, case) = if status != OrderStatus::Paid {
            (Standing::NotApplicable, Case::SignOffExempt)
        } else if signed_at.is_some() {
            (Standing::Passed, Case::SignedInTime)
        } else if !is_over {
            (Standing::Pending, Case::SignOffAhead)
        } else if is_accepted && is_priced {
            (Standing::Passed, Case::SignOffExcused)
        } else {
            (Standing::Failed, Case::SignOffUnpriced)
        };
        Stage::told(StageName::SignOff, standing, case, &given)
    }
}
