//! Appeals (B5), and what the order costs: what the ledger holds, what is due, held and near.

use super::View;
use super::stage::{Family, Stage, StageName, Standing};
use super::texts::{Case, Given};
use crate::assess::Verdict;
use crate::because::{Told, appeal_words};
use crate::{Appeal, AppealStatus, AppealedClause, Cents, Clause, Subject};

/// Appeals told one by one, at most.
const APPEALS_MAX: usize = 5;

/// Sentences of one stage, the first remedy among them being the stage's.
#[derive(Default)]
struct Sentences {
    cause: Option<Told>,
    remedy: Option<Told>,
}

impl Sentences {
    fn say(&mut self, case: Case, given: Given<'_>) {
        let cause = case.cause(given);
        self.cause = Some(match self.cause.take() {
            Some(before) => before.and(&cause),
            None => cause,
        });
        self.remedy = self.remedy.take().or_else(|| case.remedy(given));
    }

    fn stage(self, stage: StageName, standing: Standing, none: Case) -> Stage {
        Stage {
            remedy: self.remedy,
            ..Stage::new(stage, standing, self.cause.unwrap_or_else(|| none.cause(&[])))
        }
    }
}

impl View<'_, '_> {
    /// What is due of some subjects and not charged yet: not posted, or held by an appeal.
    pub(super) fn unposted(&self, is_about: impl Fn(&Subject) -> bool) -> Cents {
        let due = self.assessment.due.iter().filter(|due| is_about(&due.subject));
        due.filter(|due| due.verdict == Verdict::Hold || !self.ledger.stands(&due.subject, due.amount))
            .map(|due| due.amount)
            .sum()
    }

    /// B5: every appeal that is known, and what became of it.
    pub(super) fn appeals(&self) -> Stage {
        let as_of = self.seen.as_of;
        let known = self.seen.order.appeals.iter();
        let mut known: Vec<(&Appeal, AppealStatus)> = known
            .filter_map(|appeal| Some((appeal, appeal.status(as_of)?)))
            .collect();
        known.sort_by_key(|(appeal, status)| self.appeal_standing(appeal, *status));
        let mut sentences = Sentences::default();
        for (appeal, status) in known.iter().take(APPEALS_MAX) {
            let decided_at = appeal
                .decision(as_of)
                .map_or(appeal.filed_at, |decision| decision.since);
            let deadline = self.seen.order.sign_off_deadline(self.policy);
            let given = [
                ("deadline", self.at(deadline)),
                ("appeal", Told::alike(&appeal.appeal_id)),
                ("clause", Told::alike(clause_of(appeal.clause))),
                ("filed", self.at(appeal.filed_at)),
                ("status", appeal_words(*status)),
                ("decided", self.at(decided_at)),
            ];
            let case = match status {
                AppealStatus::Pending => match appeal.clause {
                    AppealedClause::B4 if appeal.filed_at > deadline => Case::AppealLate,
                    AppealedClause::B4 => Case::AppealPending,
                    AppealedClause::A6 | AppealedClause::B3 if self.is_fined(clause_of(appeal.clause)) => {
                        Case::AppealHoldsNothing
                    }
                    AppealedClause::A6 | AppealedClause::B3 => Case::AppealPending,
                },
                AppealStatus::Accepted => Case::AppealAccepted,
                AppealStatus::Rejected | AppealStatus::Withdrawn | AppealStatus::Expired
                    if self.is_fined(clause_of(appeal.clause)) =>
                {
                    Case::AppealRefused
                }
                AppealStatus::Rejected | AppealStatus::Withdrawn | AppealStatus::Expired => Case::AppealMoot,
            };
            sentences.say(case, &given);
        }
        let more = known.len().saturating_sub(APPEALS_MAX);
        if more > 0 {
            sentences.say(Case::AppealsMore, &[("count", Told::alike(more))]);
        }
        let worst = known
            .first()
            .map(|(appeal, status)| (*appeal, self.appeal_standing(appeal, *status)));
        let standing = worst.map_or(Standing::NotApplicable, |(_, standing)| standing);
        Stage {
            family: worst
                .filter(|_| standing.needs_a_person())
                .and_then(|(appeal, _)| self.family_of(clause_of(appeal.clause))),
            ..sentences.stage(StageName::Appeals, standing, Case::AppealsNone)
        }
    }

    /// Refused while its fine is due: failed. Pending and holding nothing although a fine is due: at risk.
    fn appeal_standing(&self, appeal: &Appeal, status: AppealStatus) -> Standing {
        match (status, self.is_fined(clause_of(appeal.clause))) {
            (AppealStatus::Accepted, _) => Standing::Passed,
            (AppealStatus::Pending, true) => Standing::AtRisk,
            (AppealStatus::Pending, false) => Standing::Pending,
            (_, true) => Standing::Failed,
            (_, false) => Standing::Passed,
        }
    }

    /// Whether a fine under a clause is due and not held.
    fn is_fined(&self, clause: Clause) -> bool {
        let mut due = self.assessment.due.iter();
        due.any(|due| due.subject.clause == clause && due.verdict == Verdict::Fine)
    }

    /// What the whole order costs. Its `fined` is the ledger's balance.
    pub(super) fn fines(&self) -> Stage {
        let mut sentences = Sentences::default();
        let balance = self.ledger.balance();
        let mut clauses: Vec<Clause> = self.ledger.fines().map(|(subject, _)| subject.clause).collect();
        if balance > Cents::ZERO {
            let given = [("list", self.ledger.list()), ("amount", Told::alike(balance))];
            sentences.say(Case::FinesStand, &given);
        }
        let due = || {
            self.assessment
                .due
                .iter()
                .filter(|due| due.verdict == Verdict::Fine)
        };
        let fresh = || due().filter(|due| !self.ledger.stands(&due.subject, due.amount));
        let unposted: Cents = fresh().map(|due| due.amount).sum();
        clauses.extend(fresh().map(|due| due.subject.clause));
        say_amount(&mut sentences, Case::FinesUnposted, unposted);
        let stale = self
            .ledger
            .fines()
            .filter(|(subject, amount)| !due().any(|due| due.subject == **subject && due.amount == *amount));
        say_amount(
            &mut sentences,
            Case::FinesToReverse,
            stale.map(|(_, amount)| amount).sum(),
        );
        let waits = self
            .assessment
            .due
            .iter()
            .filter(|due| due.verdict == Verdict::Hold);
        let held: Cents = waits.map(|due| due.amount).sum();
        say_amount(&mut sentences, Case::FinesHeld, held);
        let mut priced = self
            .deadlines
            .iter()
            .filter(|deadline| deadline.at_risk > Cents::ZERO);
        let ahead: Cents = priced.clone().map(|deadline| deadline.at_risk).sum();
        let is_urgent = priced.clone().any(|deadline| self.is_urgent(deadline));
        let nearest = priced.next().map(|deadline| deadline.at);
        if let Some(at) = nearest {
            let given = [("amount", Told::alike(ahead)), ("deadline", self.at(at))];
            sentences.say(Case::FinesAhead, &given);
        }
        let standing = if balance > Cents::ZERO || unposted > Cents::ZERO {
            Standing::Failed
        } else if held > Cents::ZERO || is_urgent {
            Standing::AtRisk
        } else if nearest.is_some() {
            Standing::Pending
        } else {
            Standing::Passed
        };
        clauses.sort_unstable();
        clauses.dedup();
        // What is held or near is a sign-off or a silence.
        let dearest = self.dearest(&clauses);
        let family = dearest.map_or(Some(Family::Trace), |clause| self.family_of(clause));
        Stage {
            clauses: clauses.iter().map(|clause| clause.as_str()).collect(),
            family: family.filter(|_| standing.needs_a_person()),
            deadline: nearest,
            fined: balance,
            at_stake: unposted + held + ahead,
            ..sentences.stage(StageName::Fines, standing, Case::FinesNone)
        }
    }

    /// The clause that costs most of those that are charged.
    fn dearest(&self, clauses: &[Clause]) -> Option<Clause> {
        let cost = |clause: &Clause| {
            let is_its_own = |subject: &Subject| subject.clause == *clause;
            self.ledger.fined(*clause, None) + self.unposted(is_its_own)
        };
        clauses.iter().copied().max_by_key(cost)
    }

    /// The family of a clause that costs money (D2): of a failed upload that of the stage it is about.
    fn family_of(&self, clause: Clause) -> Option<Family> {
        match clause {
            Clause::A6 => self.failed_upload().and_then(|stage| stage.stage.family()),
            Clause::B3 | Clause::B4 => Some(Family::Trace),
        }
    }
}

fn say_amount(sentences: &mut Sentences, case: Case, amount: Cents) {
    if amount > Cents::ZERO {
        sentences.say(case, &[("amount", Told::alike(amount))]);
    }
}

fn clause_of(clause: AppealedClause) -> Clause {
    match clause {
        AppealedClause::A6 => Clause::A6,
        AppealedClause::B3 => Clause::B3,
        AppealedClause::B4 => Clause::B4,
    }
}
