//! Appeals against fines (B5).

use serde::{Deserialize, Serialize};

use crate::facts::AppealFact;
use crate::order::Source;
use crate::{Clause, Subject, Timestamp};

/// What has become of an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealStatus {
    /// Not decided yet.
    Pending,
    /// Refused.
    Rejected,
    /// Taken back by the seller.
    Withdrawn,
    /// Lapsed.
    Expired,
    /// Granted.
    Accepted,
}

/// A clause that can be appealed against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AppealedClause {
    /// The upload fine.
    A6,
    /// Silence.
    B3,
    /// The sign-off deadline.
    B4,
}

/// One appeal of an order, with its states as they were learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    /// The appeal's number.
    pub appeal_id: String,
    /// The clause appealed against.
    pub clause: AppealedClause,
    /// The one B3 episode it names; `None` for all of the order's.
    pub episode_start: Option<Timestamp>,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// What was learned of it.
    pub states: Vec<AppealState>,
    /// The row that brought it first.
    pub source: Source,
}

/// One state of an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppealState {
    /// From when it holds: the decision, or the filing where no decision is dated.
    pub since: Timestamp,
    /// The state.
    pub status: AppealStatus,
    /// When we learned it.
    pub recorded_at: Timestamp,
}

/// What an order's appeals mean for one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plea<'a> {
    /// An accepted appeal: no fine, or a reversal.
    Accepted(&'a Appeal),
    /// An appeal that is still pending.
    Pending(&'a Appeal),
    /// None, or none that changes anything.
    None,
}

impl Appeal {
    /// An appeal as its first row tells it.
    pub fn filed(fact: &AppealFact) -> Self {
        Self {
            appeal_id: fact.appeal_id.clone(),
            clause: fact.clause,
            episode_start: fact.episode_start,
            filed_at: fact.filed_at,
            states: vec![AppealState::of(fact)],
            source: fact.source,
        }
    }

    /// The appeal's status as of an instant; `None` when it was not known then. Before its decision it is pending.
    pub fn status(&self, as_of: Timestamp) -> Option<AppealStatus> {
        self.status_expected(as_of, as_of)
    }

    /// The decision that holds as of an instant.
    pub fn decision(&self, as_of: Timestamp) -> Option<&AppealState> {
        self.decision_expected(as_of, as_of)
    }

    /// The appeal's status at `at`, by what is known as of `known_by`.
    fn status_expected(&self, known_by: Timestamp, at: Timestamp) -> Option<AppealStatus> {
        self.states.iter().find(|state| state.recorded_at <= known_by)?;
        Some(
            self.decision_expected(known_by, at)
                .map_or(AppealStatus::Pending, |decision| decision.status),
        )
    }

    fn decision_expected(&self, known_by: Timestamp, at: Timestamp) -> Option<&AppealState> {
        let known = self
            .states
            .iter()
            .filter(|state| state.recorded_at <= known_by && state.since <= at);
        let decided = known.filter(|state| state.status != AppealStatus::Pending);
        decided.max_by_key(|state| (state.since, state.status))
    }

    /// Whether the state that a row states is known: it takes no place.
    pub(crate) fn knows(&self, fact: &AppealFact) -> bool {
        let state = AppealState::of(fact);
        self.states.iter().any(|known| known.is_like(&state))
    }

    /// Adds a state; the same state again keeps its earliest `recorded_at`. True when something changed.
    pub(crate) fn learn(&mut self, fact: &AppealFact) -> bool {
        let state = AppealState::of(fact);
        match self.states.iter_mut().find(|known| known.is_like(&state)) {
            Some(known) if known.recorded_at <= state.recorded_at => false,
            Some(known) => {
                known.recorded_at = state.recorded_at;
                true
            }
            None => {
                self.states.push(state);
                self.states.sort();
                true
            }
        }
    }

    /// Whether the appeal, accepted, takes away what came about at an instant.
    fn frees(&self, came_about_at: Timestamp, known_by: Timestamp, at: Timestamp) -> bool {
        self.clause == AppealedClause::B4
            || self.episode_start.is_some()
            || self
                .decision_expected(known_by, at)
                .is_some_and(|decision| decision.since >= came_about_at)
    }

    fn names(&self, subject: &Subject) -> bool {
        self.clause.clause() == subject.clause
            && (self.episode_start.is_none() || self.episode_start == subject.episode_start)
    }
}

impl AppealedClause {
    /// The clause itself.
    pub fn clause(self) -> Clause {
        match self {
            Self::A6 => Clause::A6,
            Self::B3 => Clause::B3,
            Self::B4 => Clause::B4,
        }
    }
}

impl AppealState {
    fn of(fact: &AppealFact) -> Self {
        Self {
            since: fact.since(),
            status: fact.status,
            recorded_at: fact.recorded_at,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.since, self.status) == (other.since, other.status)
    }
}

/// Of several appeals about one entry: accepted, then pending, then the rest (B5). An accepted appeal against A6 or B3 takes
/// away what came about at or before its decision, or the one episode that it names.
pub fn plea<'a>(
    appeals: &'a [Appeal],
    subject: &Subject,
    came_about_at: Timestamp,
    as_of: Timestamp,
) -> Plea<'a> {
    plea_known(appeals, subject, came_about_at, as_of, as_of)
}

/// As [`plea`], at an instant ahead of the one as of which is known what is known.
pub(crate) fn plea_known<'a>(
    appeals: &'a [Appeal],
    subject: &Subject,
    came_about_at: Timestamp,
    known_by: Timestamp,
    at: Timestamp,
) -> Plea<'a> {
    let with = |status| {
        appeals.iter().filter(move |appeal| {
            appeal.names(subject) && appeal.status_expected(known_by, at) == Some(status)
        })
    };
    let frees = |appeal: &&Appeal| appeal.frees(came_about_at, known_by, at);
    if let Some(appeal) = with(AppealStatus::Accepted)
        .filter(frees)
        .min_by_key(|appeal| (appeal.filed_at, &appeal.appeal_id))
    {
        return Plea::Accepted(appeal);
    }
    // The earliest filed decides whether it was filed by the deadline.
    with(AppealStatus::Pending)
        .min_by_key(|appeal| (appeal.filed_at, &appeal.appeal_id))
        .map_or(Plea::None, Plea::Pending)
}

/// Whether an accepted appeal stands at `from` and, by what is known as of `known_by`, at every instant after: a decision may
/// be known ahead of its date.
pub(crate) fn is_accepted_from(
    appeals: &[Appeal],
    subject: &Subject,
    came_about_at: Timestamp,
    known_by: Timestamp,
    from: Timestamp,
) -> bool {
    let ahead = appeals
        .iter()
        .flat_map(|appeal| &appeal.states)
        .filter(|state| state.recorded_at <= known_by && state.since > from)
        .map(|state| state.since);
    std::iter::once(from).chain(ahead).all(|at| {
        matches!(
            plea_known(appeals, subject, came_about_at, known_by, at),
            Plea::Accepted(_)
        )
    })
}
