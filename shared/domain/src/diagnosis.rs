//! What is wrong with a tracking number or an order (D1): every stage's result, the failing ones first, each with its cause,
//! clause, family (D2) and remedy, in English and Chinese.
//!
//! Judges nothing anew: what fails is what [`crate::assess`] says, what is near is what [`crate::deadlines`] lists, what is
//! fined is what the ledger holds. As of an instant only what was recorded by then counts.

mod claims;
mod ledger;
mod money;
mod number;
mod parcel;
mod sign_off;
mod stage;
mod texts;
mod unseen;
mod upload;

use chrono::NaiveDate;
use serde::Serialize;

use crate::assess::{Assessment, assess_seen};
use crate::because::Told;
use crate::clause::{ClauseText, clause_text};
use crate::deadlines::{Deadline, Matter, deadlines};
use crate::explain::{CitedPolicy, Moment};
use crate::order::{OrderAsOf, OrderStatus, Parcel};
use crate::seller::Agreement;
use crate::{
    Cents, Finding, LedgerEntry, Money, Order, OrderId, Policy, PolicyBook, SellerId, Timestamp,
    TrackingNumber,
};

use ledger::Ledger;
pub use stage::{Family, Stage, StageName, Standing};
use texts::Case;

/// Stages told, at most, beside the first of each name: an order may have any number of parcels.
const STAGES_MAX: usize = 200;

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As it was typed.
    pub text: &'a str,
    /// The number that it is, or that it was meant to be; `None` for an order's id, and where no number can be read.
    pub number: Option<&'a TrackingNumber>,
    /// The order's id that it may be as well, by its form; there is none such.
    pub order_id: Option<&'a OrderId>,
    /// What is wrong with its form (A2), as a row of a tracking file would be told.
    pub fault: Option<&'a Finding>,
}

/// What the tables have of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The order asked for, or the one that holds the number.
    pub order_id: Option<&'a OrderId>,
    /// That order; `None` when it is not there, or has left the table.
    pub order: Option<&'a Order>,
    /// All entries about it.
    pub entries: &'a [LedgerEntry],
    /// Rows that wait for the number or the order, and those that name it and wait for something else.
    pub waiting: &'a [Waiting],
    /// The agreements that the operator stated of the order's seller (C6); looked for where a parcel's carrier asks for one.
    pub agreements: &'a [Agreement],
}

/// What rows wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// What was asked.
    Itself,
    /// The order of the number that was asked.
    Order(OrderId),
    /// An exchange rate for the order that was asked.
    Rate {
        /// What was paid.
        amount: Money,
        /// The day of the payment (platform zone).
        paid_on: NaiveDate,
    },
}

/// Rows that wait, all for one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What for.
    pub awaited: Awaited,
    /// How many, as far as they were counted.
    pub rows: u64,
    /// Whether there are more.
    pub more: bool,
    /// The object that brought the earliest of them.
    pub upload_key: String,
    /// Its data row, from 1.
    pub row: u64,
    /// When the earliest was learned.
    pub since: Timestamp,
}

/// A diagnosis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// What was asked, as it was typed.
    pub asked: String,
    /// The instant as of which it is told.
    pub as_of: Timestamp,
    /// The worst that any stage is.
    pub standing: Standing,
    /// The number, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    /// Its order, as far as one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The order's seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<SellerId>,
    /// The policy pack that applies to the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<CitedPolicy>,
    /// Whether only its seller has stated the order: it then stands outside GMV and C1.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
    /// Whether that pack was not yet in force at the payment.
    pub policy_applied_early: bool,
    /// What the ledger holds against the order, in USD: fines less reversals.
    pub fined: Cents,
    /// What more it may cost, in USD: due and not posted, held, or due at a deadline without news.
    pub at_stake: Cents,
    /// Every stage: the failing ones, those at risk, then the rest, each in the order of D1.
    pub stages: Vec<Stage>,
    /// Stages for which there was no room.
    pub stages_left_out: u64,
    /// The clauses of the stages that fail or are at risk, in words.
    pub clauses: Vec<ClauseText>,
}

/// Diagnoses what was asked, as of an instant.
pub fn diagnose(asked: &Asked<'_>, known: &Known<'_>, book: &PolicyBook, as_of: Timestamp) -> Diagnosis {
    let seen = known
        .order
        .and_then(|order| order.as_of(as_of, book.in_force_at(order.paid_at)));
    let seen = seen.filter(|seen| {
        let has = |number: &TrackingNumber| {
            seen.parcels
                .iter()
                .any(|parcel| parcel.shipment.number == *number)
        };
        asked.number.is_none_or(has)
    });
    // An order that came later is none yet; one that has left still has its entries.
    let is_departed = known.order.is_none();
    let ledger = Ledger::as_of(known.entries, as_of);
    let mut stages: Vec<Stage> = asked.fault.map(number::faulty).into_iter().collect();
    let policy = match &seen {
        Some(seen) => {
            let policy = book.in_force_at(seen.order.paid_at);
            View::new(asked, seen, ledger, book, policy).stages(known.agreements, &mut stages);
            Some(policy)
        }
        None => {
            unseen::Unseen {
                asked,
                known,
                ledger,
                book,
                as_of,
            }
            .stages(&mut stages);
            None
        }
    };
    stages.sort_by_key(|stage| (stage.standing.min(Standing::Pending), stage.stage));
    let stages_left_out = cut(&mut stages);
    let fines = stages.iter().find(|stage| stage.stage == StageName::Fines);
    Diagnosis {
        asked: asked.text.to_owned(),
        as_of,
        standing: stages
            .iter()
            .map(|stage| stage.standing)
            .min()
            .unwrap_or(Standing::NotApplicable),
        tracking_number: asked.number.cloned(),
        order_id: known.order_id.filter(|_| seen.is_some() || is_departed).cloned(),
        seller_id: seen.as_ref().map(|seen| seen.order.seller_id.clone()),
        policy: policy.map(|policy| CitedPolicy {
            version: policy.version.clone(),
            effective_on: Some(policy.effective_on),
            effective_assumed: policy.effective_assumed,
        }),
        unconfirmed: seen.as_ref().is_some_and(|seen| !seen.order.confirmed),
        policy_applied_early: seen.is_some_and(|seen| book.applied_early(seen.order.paid_at)),
        fined: fines.map_or(Cents::ZERO, |fines| fines.fined),
        at_stake: fines.map_or(Cents::ZERO, |fines| fines.at_stake),
        clauses: clauses(&stages, policy.or_else(|| Some(book.newest()))),
        stages,
        stages_left_out,
    }
}

/// Leaves out what there is no room for: never the first stage of a name. Gives how many.
fn cut(stages: &mut Vec<Stage>) -> u64 {
    let before = stages.len();
    let (mut place, mut told) = (0, Vec::new());
    stages.retain(|stage| {
        place += 1;
        let is_first = !told.contains(&stage.stage);
        if is_first {
            told.push(stage.stage);
        }
        is_first || place <= STAGES_MAX
    });
    (before - stages.len()) as u64
}

/// What the clauses of the stages that need a person say, each once.
fn clauses(stages: &[Stage], policy: Option<&Policy>) -> Vec<ClauseText> {
    let mut ids: Vec<&str> = stages
        .iter()
        .filter(|stage| stage.standing.needs_a_person())
        .flat_map(|stage| stage.clauses.iter().copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().filter_map(|id| clause_text(id, policy)).collect()
}

/// An order as of an instant, with all that is judged of it.
struct View<'v, 'a> {
    asked: &'v Asked<'v>,
    seen: &'v OrderAsOf<'a>,
    assessment: Assessment,
    deadlines: Vec<Deadline<'a>>,
    ledger: Ledger<'v>,
    book: &'v PolicyBook,
    policy: &'v Policy,
}

impl<'v, 'a> View<'v, 'a> {
    fn new(
        asked: &'v Asked<'v>,
        seen: &'v OrderAsOf<'a>,
        ledger: Ledger<'v>,
        book: &'v PolicyBook,
        policy: &'v Policy,
    ) -> Self {
        Self {
            asked,
            seen,
            assessment: assess_seen(seen, policy),
            deadlines: deadlines(seen, policy),
            ledger,
            book,
            policy,
        }
    }

    fn stages(&self, agreements: &[Agreement], stages: &mut Vec<Stage>) {
        let failed = self.failed_upload();
        let failed_at = failed.as_ref().map(|stage| stage.stage);
        stages.extend(failed);
        let parcels: Vec<&Parcel<'a>> = self.parcels().collect();
        for parcel in &parcels {
            stages.extend([
                number::format_of(parcel, self.book),
                number::carrier_of(parcel, self.book, agreements),
            ]);
            stages.extend([self.pickup(parcel), self.nodes(parcel), self.staleness(parcel)]);
        }
        if parcels.is_empty() {
            let nothing_sent = match self.seen.first_upload() {
                None => Case::NothingSent,
                Some(_) => Case::NumbersHeldElsewhere,
            };
            let none = |stage, case: Case| Stage::told(stage, Standing::Pending, case, &[]);
            for stage in [StageName::Format, StageName::Carrier] {
                if failed_at != Some(stage) {
                    stages.push(none(stage, Case::NumberNone));
                }
            }
            for stage in [StageName::Pickup, StageName::Nodes, StageName::Staleness] {
                stages.push(none(stage, nothing_sent));
            }
        }
        stages.push(self.order());
        stages.extend(self.claims());
        stages.extend([self.upload_time(), self.sign_off()]);
        if failed_at != Some(StageName::CustomsPapers) {
            stages.push(self.customs_papers());
        }
        if failed_at != Some(StageName::Destination) {
            stages.push(self.destination());
        }
        stages.extend([self.appeals(), self.fines()]);
    }

    /// The parcel asked for, or all.
    fn parcels(&self) -> impl Iterator<Item = &'v Parcel<'a>> {
        let asked = self.asked.number;
        let parcels = self.seen.parcels.iter();
        parcels.filter(move |parcel| asked.is_none_or(|number| parcel.shipment.number == *number))
    }

    /// An instant in both zones.
    fn at(&self, at: Timestamp) -> Told {
        moment(at, self.book)
    }

    /// The deadline of a matter that still runs.
    fn running(&self, matter: Matter, number: Option<&TrackingNumber>) -> Option<&Deadline<'a>> {
        let is_about = |deadline: &&Deadline<'a>| {
            deadline.matter == matter && (number.is_none() || deadline.tracking_number == number)
        };
        self.deadlines.iter().find(is_about)
    }

    fn is_urgent(&self, deadline: &Deadline<'_>) -> bool {
        self.book.board.is_urgent(deadline, self.seen.as_of)
    }

    /// A stage whose deadline has not passed: at risk once it is urgent, as on the deadline board.
    fn runs_until(&self, stage: StageName, deadline: &Deadline<'_>) -> Stage {
        let standing = if self.is_urgent(deadline) {
            Standing::AtRisk
        } else {
            Standing::Pending
        };
        let texts = deadline.advice.texts(self.policy, self.book.newest_key_account());
        let cause = Case::RunsUntil.cause(&[
            ("left", Told::alike(deadline.at.since(self.seen.as_of))),
            ("deadline", self.at(deadline.at)),
            ("risk", Told::new(texts.risk_en, texts.risk_zh)),
        ]);
        Stage {
            remedy: Some(Told::new(texts.do_en, texts.do_zh)),
            deadline: Some(deadline.at),
            at_stake: deadline.at_risk,
            ..Stage::new(stage, standing, cause)
        }
    }

    /// The order itself: there, or over with a parcel still on its way.
    fn order(&self) -> Stage {
        let order = self.seen.order;
        let (status, since) = self.seen.status_at(self.seen.as_of);
        let replaced = self.parcels().find_map(|parcel| parcel.replaced_at);
        let given = [
            ("order", Told::alike(&order.order_id)),
            ("seller", Told::alike(&order.seller_id)),
            ("paid", self.at(order.paid_at)),
            ("amount", Told::alike(order.amount)),
            ("country", country(&order.destination)),
            ("status", status_words(status)),
            ("since", self.at(since)),
        ];
        let goes_on = self
            .seen
            .parcels
            .iter()
            .any(|parcel| parcel.is_in_use_at(self.seen.as_of) && parcel.timeline.end.is_none());
        let (standing, case) = match (status, goes_on) {
            _ if !order.confirmed => (Standing::AtRisk, Case::OrderUnconfirmed),
            (OrderStatus::Paid, _) => (Standing::Passed, Case::OrderKnown),
            (_, true) => (Standing::AtRisk, Case::OrderEnded),
            (_, false) => (Standing::Passed, Case::OrderOver),
        };
        let mut stage = Stage::told(StageName::Order, standing, case, &given);
        if let (Some(at), Some(_)) = (replaced, self.asked.number) {
            let replaced = Case::ParcelReplaced.cause(&[("at", self.at(at))]);
            stage.cause = stage.cause.and(&replaced);
        }
        stage
    }
}

/// An instant in the platform's time and in Beijing's.
fn moment(at: Timestamp, book: &PolicyBook) -> Told {
    let Moment { pacific, beijing, .. } = Moment::of(at, book.zone);
    // Its zone's abbreviation means another one in America.
    let beijing = beijing.trim_end_matches(" CST");
    Told::new(
        format!("{pacific} (Beijing {beijing})"),
        format!("北京时间 {beijing}（{pacific}）"),
    )
}

fn country(code: &str) -> Told {
    let named = |name: Option<&str>| name.unwrap_or(code).to_owned();
    Told::new(
        named(crate::country::name_en(code)),
        named(crate::country::name_zh(code)),
    )
}

fn status_words(status: OrderStatus) -> Told {
    let (en, zh) = status.words();
    Told::new(en, zh)
}
