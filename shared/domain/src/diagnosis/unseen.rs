//! What can be told of a number or an order that is not there: its form, the rows that wait for it, and what the ledger keeps
//! of an order that has left the table.

use super::ledger::Ledger;
use super::stage::{Family, Stage, StageName, Standing};
use super::texts::Case;
use super::upload::stage_of;
use super::{Asked, Awaited, Known, Waiting, moment, number};
use crate::because::Told;
use crate::count::noun;
use crate::parking::Wait;
use crate::{Because, Cents, Clause, OrderId, PolicyBook, RowCode, Timestamp};

/// What was asked, without an order to be seen as of then.
pub(super) struct Unseen<'v> {
    pub(super) asked: &'v Asked<'v>,
    pub(super) known: &'v Known<'v>,
    pub(super) ledger: Ledger<'v>,
    pub(super) book: &'v PolicyBook,
    pub(super) as_of: Timestamp,
}

impl Unseen<'_> {
    pub(super) fn stages(&self, stages: &mut Vec<Stage>) {
        match (self.asked.number, self.asked.fault) {
            (Some(asked), None) => stages.push(number::format_of_any(asked, &self.book.carriers)),
            (None, None) => stages.push(self.untold(StageName::Format, Case::NumberNone)),
            // The fault is told already, and the form that was meant is not what was typed.
            (_, Some(_)) => {}
        }
        stages.push(match self.asked.number {
            Some(asked) => number::carrier_of_any(asked, &self.book.carriers),
            None => self.untold(StageName::Carrier, Case::CarrierUntold),
        });
        stages.extend(self.orders());
        for stage in &StageName::ALL[3..11] {
            stages.push(self.untold(*stage, Case::NeedsOrder));
        }
        stages.push(self.fines());
    }

    /// The order that is not in the table, though it was.
    fn departed(&self) -> Option<&OrderId> {
        self.known.order_id.filter(|_| self.known.order.is_none())
    }

    /// A stage of which nothing can be told.
    fn untold(&self, stage: StageName, case: Case) -> Stage {
        match self.departed() {
            Some(order_id) => {
                let given = [("order", Told::alike(order_id))];
                Stage::told(stage, Standing::NotApplicable, Case::OrderDeparted, &given)
            }
            None => Stage::told(stage, Standing::Pending, case, &[]),
        }
    }

    /// The order that is not there, or what waits for it, each thing that it waits for on its own.
    fn orders(&self) -> Vec<Stage> {
        if self.departed().is_some() {
            return vec![self.untold(StageName::Order, Case::NeedsOrder)];
        }
        let known = self.known.waiting.iter();
        let waiting = known.filter(|waiting| waiting.since <= self.as_of);
        let stages: Vec<Stage> = waiting.map(|waiting| self.waited_for(waiting)).collect();
        if stages.is_empty() {
            return vec![self.unknown()];
        }
        stages
    }

    fn unknown(&self) -> Stage {
        const STAGE: StageName = StageName::Order;
        match self.asked.number {
            Some(number) => {
                let given = [
                    ("number", Told::alike(number)),
                    ("as_of", moment(self.as_of, self.book)),
                ];
                let case = match self.asked.order_id {
                    Some(_) => Case::NumberAndOrderUnknown,
                    None => Case::NumberUnknown,
                };
                Stage::told(STAGE, Standing::Failed, case, &given)
            }
            None => Stage::told(STAGE, Standing::Pending, Case::NumberUnreadable, &[]),
        }
    }

    /// Rows wait: applied by themselves when what they wait for comes, unless they have lapsed.
    fn waited_for(&self, waiting: &Waiting) -> Stage {
        let wait_max = self.book.intake.parked_max;
        let is_lapsed = Wait::of(waiting.since, self.as_of, wait_max).is_lapsed();
        let (count, row) = (waiting.rows, waiting.row);
        let (more_en, more_zh) = if waiting.more {
            (" or more", "以上")
        } else {
            ("", "")
        };
        let noun = noun(if waiting.more { count + 1 } else { count }, "row");
        let rows = Told::new(format!("{count}{more_en} {noun}"), format!("{count} 行{more_zh}"));
        let place = Told::new(
            format!("row {row} of {}", waiting.upload_key),
            format!("{} 第 {row} 行", waiting.upload_key),
        );
        let lapse = waiting.since.plus(wait_max);
        let mut given = vec![
            ("rows", rows),
            ("place", place),
            ("since", moment(waiting.since, self.book)),
            ("lapse", moment(lapse, self.book)),
        ];
        let [waits, lapsed] = match &waiting.awaited {
            Awaited::Itself => [Case::RowsWait, Case::RowsLapsed],
            Awaited::Order(order_id) => {
                given.push(("order", Told::alike(order_id)));
                [Case::RowsWaitForOrder, Case::RowsLapsedForOrder]
            }
            Awaited::Rate { amount, paid_on } => {
                given.extend([
                    ("amount", Told::alike(amount)),
                    ("currency", Told::alike(amount.currency)),
                    ("day", Told::alike(paid_on)),
                    ("days", Told::alike(self.book.intake.rate_lookback_days_max)),
                ]);
                [Case::RateWaits, Case::RateLapsed]
            }
        };
        let (standing, case) = match (is_lapsed, &waiting.awaited) {
            (true, _) => (Standing::Failed, lapsed),
            // Nothing can be judged of the order, and its deadlines run.
            (false, Awaited::Rate { .. }) => (Standing::AtRisk, waits),
            (false, _) => (Standing::Pending, waits),
        };
        let clauses = match waiting.awaited {
            Awaited::Rate { .. } => vec![RowCode::RateMissing.clause()],
            Awaited::Itself | Awaited::Order(_) => Vec::new(),
        };
        Stage {
            clauses,
            deadline: (!is_lapsed).then_some(lapse),
            ..Stage::told(StageName::Order, standing, case, &given)
        }
    }

    /// What the ledger keeps; without an order nothing more is due.
    fn fines(&self) -> Stage {
        let balance = self.ledger.balance();
        if self.departed().is_none() {
            return self.untold(StageName::Fines, Case::NeedsOrder);
        }
        if balance <= Cents::ZERO {
            return Stage::told(StageName::Fines, Standing::Passed, Case::FinesNone, &[]);
        }
        let given = [("list", self.ledger.list()), ("amount", Told::alike(balance))];
        let stage = Stage::told(StageName::Fines, Standing::Failed, Case::FinesStand, &given);
        let mut clauses: Vec<Clause> = self.ledger.fines().map(|(subject, _)| subject.clause).collect();
        clauses.dedup();
        let refused = self.known.entries.iter().find_map(|entry| match entry.because {
            Because::UploadFailed { code, .. } => Some(code),
            _ => None,
        });
        let family = match (clauses.first(), refused) {
            (Some(Clause::A6), Some(code)) => stage_of(code).family(),
            _ => Some(Family::Trace),
        };
        Stage {
            family,
            clauses: clauses.into_iter().map(Clause::as_str).collect(),
            fined: balance,
            ..stage
        }
    }
}
