//! The rules' numbers as data: versioned, effective-dated, replaceable without a rebuild, checked on load.

mod admission;
mod file;
mod sections;
mod zones;

use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use serde::Deserialize;

use crate::carrier::{CarrierTable, CarrierTableError, OwnCarrier};
use crate::claims::ClaimTerms;
use crate::event_code::{EventTables, KeepingPolicy, OwnEventCode, OwnEventError, OwnEventText};
use crate::node::NodeSet;
use crate::seller::Agreement;
use crate::time::day_starts_at;
use crate::{Cents, Elapsed, Node, RowCode, Timestamp, Zone, country};

use zones::ZonesSection;

pub use admission::{AdmissionPolicy, EntityPolicy, KeyAccountPolicy};
pub use sections::{
    BoardPolicy, EligibilityPolicy, Embargo, FulfilmentExtra, NodesPolicy, PapersPolicy, PickupPolicy,
    PickupStart, SeventhNode, SignOffPolicy, SilencePolicy, SilenceUnit, UploadPolicy,
};
pub use zones::ZonesPolicy;

/// The kinds of uploads, as `intake.seller_kinds` names them.
pub const UPLOAD_KINDS: [&str; 7] = [
    "orders",
    "tracking",
    "events",
    "appeals",
    "sellers",
    "rates",
    "statement",
];

/// All policy packs, the parameters that belong to none of them, and the operator's own data (carriers, embargo): what one
/// policy file says.
#[derive(Clone, Debug)]
pub struct PolicyBook {
    /// The platform's time zone.
    pub zone: Zone,
    /// In which zone a time without one is read.
    pub zones: ZonesPolicy,
    /// How rows are taken in.
    pub intake: IntakePolicy,
    /// How long a settled order stays in the table.
    pub retention: Elapsed,
    /// What the deadline board shows.
    pub board: BoardPolicy,
    /// The carriers (A2, A3): those that ship with the software and the operator's own.
    pub carriers: Arc<CarrierTable>,
    /// What carriers' codes and texts stand for (B2): the operator's own, before those that ship with the software.
    pub events: Arc<EventTables>,
    own_carriers: Vec<OwnCarrier>,
    own_events: (Vec<OwnEventCode>, Vec<OwnEventText>),
    packs: Vec<Policy>,
    admissions: Vec<AdmissionPolicy>,
    /// The file as it was read, with the sections that it leaves to the shipped one.
    text: String,
}

/// Parameters of the intake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakePolicy {
    /// How long a parked row waits for its parent.
    pub parked_max: Elapsed,
    /// How far a time may lie after its own recording: the widest error of a time zone.
    pub event_future_max: Elapsed,
    /// The earliest instant that a row may state: before it the platform had no orders.
    pub earliest: Timestamp,
    /// Days before the payment day whose rate may stand in for a missing one.
    pub rate_lookback_days_max: u32,
    /// Events an order may have (`EVENTS_LIMIT`).
    pub events_per_order_max: usize,
    /// Appeals an order may have (`APPEALS_LIMIT`).
    pub appeals_per_order_max: usize,
    /// States an appeal may have (`APPEALS_LIMIT`): an order full of appeals still takes the decisions on them.
    pub states_per_appeal_max: usize,
    /// Statuses an order may have, each with its instant (`STATUSES_LIMIT`).
    pub statuses_per_order_max: usize,
    /// The kinds of files that a seller may send under its own prefix.
    pub seller_kinds: Vec<String>,
    /// Whether personal cells are masked in `rejected.csv` and `repaired.xlsx` (P); else they go back as they came.
    pub answers_masked: bool,
    /// What stands for a sign-off though it is not the recipient's own (B4).
    pub keeping: KeepingPolicy,
}

/// One pack: the numbers of the clauses under A and B, and of a month's figures, from a day on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The pack's name, cited by every entry: `V4.2`.
    pub version: String,
    /// The first day (platform zone) on which orders paid are under this pack.
    pub effective_on: NaiveDate,
    /// Whether that day is our assumption.
    #[serde(default)]
    pub effective_assumed: bool,
    /// A1 and A6.
    pub upload: UploadPolicy,
    /// A4.
    pub papers: PapersPolicy,
    /// A5.
    #[serde(default)]
    pub embargo: Vec<Embargo>,
    /// B1.
    pub pickup: PickupPolicy,
    /// B2.
    pub nodes: NodesPolicy,
    /// B3.
    pub silence: SilencePolicy,
    /// B4.
    pub sign_off: SignOffPolicy,
    /// The figures of a month.
    pub eligibility: EligibilityPolicy,
    /// Claims on numbers: the file's, the same in every pack.
    #[serde(skip)]
    pub claims: ClaimTerms,
}

/// Why a policy file was refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, or a field that is missing, unknown or of the wrong type.
    #[error("the policy file cannot be read")]
    Unreadable(#[source] Box<toml::de::Error>),
    /// Well-formed, but it says something that cannot be meant.
    #[error("the policy file is not sound: {0}")]
    Unsound(String),
    /// An own carrier that cannot be used.
    #[error("the policy file's carriers cannot be used")]
    Carrier(#[from] CarrierTableError),
    /// An own code or text of events that cannot be used.
    #[error("the policy file's event codes and texts cannot be used")]
    Events(#[from] OwnEventError),
}

impl PolicyBook {
    /// The policy that ships with the software.
    pub fn shipped() -> &'static Self {
        static BOOK: LazyLock<PolicyBook> = LazyLock::new(|| {
            PolicyBook::parse(file::SHIPPED).expect("the shipped policy is proven sound by a test")
        });
        &BOOK
    }

    /// The whole text: the file as it was read and, after it, the sections that it leaves to the shipped one. So it says
    /// everything, whatever a later release ships, and its SHA-256 is what the policy is named by.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a seller may send files of a kind under its own prefix (conventions, "Whose word counts").
    pub fn seller_may_send(&self, kind: &str) -> bool {
        self.intake.seller_kinds.iter().any(|allowed| allowed == kind)
    }

    /// A3: whether a row of a carrier needs no agreement at an instant, or has one that covers it: by the policy file, or among
    /// those that the operator stated of the row's seller.
    pub fn is_covered(&self, carrier_id: &str, stated: &[Agreement], at: Timestamp) -> bool {
        let carrier = self
            .carriers
            .find(carrier_id)
            .filter(|carrier| carrier.needs_agreement());
        let Some(carrier) = carrier else { return true };
        let day = at.date_in(self.zone);
        // Papers may name a carrier as it was written before the table knew it.
        let is_with = |agreement: &&Agreement| {
            let named = self.carriers.find(&agreement.carrier);
            named.is_some_and(|named| named.id() == carrier.id())
        };
        carrier.is_covered_by_policy(day)
            || stated
                .iter()
                .filter(is_with)
                .any(|agreement| agreement.covers(day))
    }

    /// The pack in force at a payment; before the first pack's date, the first one.
    pub fn in_force_at(&self, paid_at: Timestamp) -> &Policy {
        let later = self.packs[1..]
            .iter()
            .rev()
            .find(|pack| day_starts_at(pack.effective_on, self.zone) <= paid_at);
        later.unwrap_or(&self.packs[0])
    }

    /// B4's shortest deadline over all packs: no order paid more recently can be due.
    pub fn sign_off_max_shortest(&self) -> Elapsed {
        self.packs
            .iter()
            .map(Policy::sign_off_max)
            .min()
            .unwrap_or(Elapsed::days(0))
    }

    /// The pack of a name, as entries cite it.
    pub fn pack(&self, version: &str) -> Option<&Policy> {
        self.packs.iter().find(|pack| pack.version == version)
    }

    /// The newest pack.
    pub fn newest(&self) -> &Policy {
        &self.packs[self.packs.len() - 1]
    }

    /// Whether the same files give the same facts under `other`: the intake's parameters, the zones, the operator's own
    /// carriers and event codes, and in every pack what is fined (A6) and refused (A4, A5) at an upload agree. Only then can what was taken in under one book be
    /// assessed under the other and nothing be missing.
    pub fn takes_in_like(&self, other: &Self) -> bool {
        let mut turns = self
            .packs
            .iter()
            .chain(&other.packs)
            .map(|pack| day_starts_at(pack.effective_on, self.zone));
        self.zone == other.zone
            && self.zones == other.zones
            && self.intake == other.intake
            && self.own_carriers == other.own_carriers
            && self.own_events == other.own_events
            && turns.all(|at| self.in_force_at(at).at_uploads() == other.in_force_at(at).at_uploads())
    }

    /// Whether the pack that applies to a payment was not yet in force then (reports say so).
    pub fn applied_early(&self, paid_at: Timestamp) -> bool {
        paid_at < day_starts_at(self.packs[0].effective_on, self.zone)
    }
}

impl Policy {
    /// A1: time from payment to the first accepted upload, at most.
    pub fn upload_max(&self) -> Elapsed {
        Elapsed::hours(i64::from(self.upload.deadline_hours))
    }

    /// B1: time to the first pickup, at most.
    pub fn pickup_max(&self) -> Elapsed {
        Elapsed::hours(i64::from(self.pickup.deadline_hours))
    }

    /// B3: silence, at most.
    pub fn silence_max(&self) -> Elapsed {
        Elapsed::hours(i64::from(self.silence.hours_max))
    }

    /// B4: time from payment to sign-off, at most.
    pub fn sign_off_max(&self) -> Elapsed {
        Elapsed::days(i64::from(self.sign_off.days_max))
    }

    /// A4: whether `country` wants papers.
    pub fn wants_papers(&self, country: &str) -> bool {
        self.papers
            .countries
            .iter()
            .any(|listed| is_same_code(listed, country))
    }

    /// A5: whether `country` was embargoed on the day of the payment.
    pub fn is_embargoed(&self, country: &str, paid_on: NaiveDate) -> bool {
        self.embargo.iter().any(|embargo| {
            embargo.country == country
                && embargo.from.is_none_or(|from| from <= paid_on)
                && embargo.until.is_none_or(|until| paid_on < until)
        })
    }

    /// A5: whether a country is on the list on any day.
    pub fn is_ever_embargoed(&self, country: &str) -> bool {
        self.embargo
            .iter()
            .any(|embargo| is_same_code(&embargo.country, country))
    }

    /// B2: whether a set of nodes is complete.
    pub fn is_complete(&self, nodes: NodeSet) -> bool {
        let seventh_is_there = self.nodes.seventh == SeventhNode::Any || nodes.contains(Node::DepartedOrigin);
        seventh_is_there
            && nodes.canonical_count() >= self.nodes.distinct_min
            && self.nodes.required.iter().all(|node| nodes.contains(*node))
    }

    /// What an incomplete set of nodes lacks (B2): the required ones not seen or, where it has them all, those of the
    /// eight that would do.
    pub fn missing_nodes(&self, nodes: NodeSet) -> NodeSet {
        let missing: NodeSet = (self.nodes.required.iter().copied())
            .filter(|node| !nodes.contains(*node))
            .collect();
        if missing != NodeSet::default() || self.is_complete(nodes) {
            return missing;
        }
        let would_do = match self.nodes.seventh {
            SeventhNode::Any => Node::ALL.as_slice(),
            SeventhNode::DepartedOrigin => &[Node::DepartedOrigin],
        };
        let absent = would_do.iter().copied();
        absent
            .filter(|node| node.is_canonical() && !nodes.contains(*node))
            .collect()
    }

    /// What of the pack decides which facts an upload leaves behind.
    fn at_uploads(&self) -> (&[RowCode], &PapersPolicy, &[Embargo]) {
        (&self.upload.fined_codes, &self.papers, &self.embargo)
    }

    fn check(&self) -> Result<(), PolicyError> {
        let unsound = |what: &str| Err(PolicyError::Unsound(format!("pack {}: {what}", self.version)));
        let countries = self
            .papers
            .countries
            .iter()
            .chain(self.embargo.iter().map(|embargo| &embargo.country));
        if let Some(code) = countries.into_iter().find(|code| !country::is_country(code)) {
            return unsound(&format!("`{code}` is not a country"));
        }
        if self.version.is_empty() || self.version.len() > 32 {
            return unsound("its version needs 1–32 characters");
        }
        let hours = [
            self.upload.deadline_hours,
            self.pickup.deadline_hours,
            self.silence.hours_max,
            self.sign_off.days_max,
        ];
        if hours.iter().any(|&limit| limit == 0 || limit > 10_000) {
            return unsound("a deadline is zero or beyond 10,000");
        }
        if self.sign_off.fine_basis_points > 10_000 {
            return unsound("a share is over the whole");
        }
        if let Some(Err(what)) = self.eligibility.key_account.as_ref().map(KeyAccountPolicy::check) {
            return unsound(what);
        }
        if self.nodes.required.iter().any(|node| !node.is_canonical()) || self.nodes.distinct_min > 8 {
            return unsound("B2 can only ask for the eight canonical nodes");
        }
        Ok(())
    }

    /// B4: the fine on an order's amount.
    pub fn sign_off_fine(&self, amount: Cents) -> Cents {
        amount
            .basis_points(self.sign_off.fine_basis_points)
            .min(Cents(i64::from(self.sign_off.fine_cents_max)))
    }
}

/// Whether two country codes are the same: of two bytes each, compared where they stand, since every row asks.
fn is_same_code(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().eq(other.bytes())
}

#[cfg(test)]
mod tests;
