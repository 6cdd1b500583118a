//! A shipment: one parcel under one tracking number, with its timeline.

use serde::{Deserialize, Serialize};

use crate::claims::{Claim, ClaimState, ClaimTerms, Docket, END_OF_TIME, Word};
use crate::facts::EventFact;
use crate::node::NodeSet;
use crate::{Node, OrderId, Timestamp, TrackingNumber};

/// Whether an upload replaces the order's earlier number or adds a parcel (B4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendType {
    /// The whole order under this number; earlier numbers are replaced.
    All,
    /// One more parcel of the order.
    Part,
}

/// A tracking number that an order has claimed, with every row that claimed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The number.
    pub number: TrackingNumber,
    /// The carrier's id in the carrier table, by the earliest row.
    pub carrier: String,
    /// The accepted rows that name it, in the order in which they count; never empty.
    pub claims: Vec<Claim>,
    /// What the carrier reported of the number, by time of occurrence: all of it, whosever it is.
    pub events: Vec<TrackingEvent>,
    /// What other orders say of the number, by order.
    pub rivals: Vec<Word>,
}

/// One report of a carrier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrackingEvent {
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What it stands for.
    pub node: Node,
    /// The carrier's own code; `None` when it is the node's own name.
    pub code: Option<String>,
    /// When we first learned it.
    pub recorded_at: Timestamp,
}

/// The part of a number's timeline that is its order's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The stretches whose events are the order's: from the first instant to before the second.
    windows: Vec<(Timestamp, Timestamp)>,
    /// When another order's claim took the number over for a new use, for good.
    taken_at: Option<Timestamp>,
}

/// A shipment's timeline as of an instant: up to its end, with nothing that was recorded later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The first pickup (B1; B3 runs from it).
    pub picked_up_at: Option<Timestamp>,
    /// The distinct instants of events from the pickup to the end or the stop, ascending (B3).
    pub instants: Vec<Timestamp>,
    /// When the number ceased to be the order's parcel without an end of its timeline: a silence ends there (B3).
    pub stopped_at: Option<Timestamp>,
    /// When the timeline ended, and by what.
    pub end: Option<(Timestamp, Node)>,
    /// When it was signed, unless it had ended otherwise before (B4).
    pub signed_at: Option<Timestamp>,
    /// The nodes seen by the end (B2), `order_placed` among them.
    pub nodes: NodeSet,
}

/// What recording an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It was not known.
    New,
    /// It was known, but is now known to have been learned earlier than at this instant.
    Earlier(Timestamp),
    /// It was known.
    Known,
}

impl Timeline {
    /// The gaps between consecutive instants, as (from, until); without an end while the timeline has not ended (B3). The
    /// instant at which the number was replaced ends its gap like an event.
    pub fn gaps(&self) -> impl Iterator<Item = (Timestamp, Option<Timestamp>)> {
        let last = match (self.stopped_at, self.end) {
            (Some(stopped_at), _) => Some(Some(stopped_at)),
            (None, Some(_)) => None,
            (None, None) => Some(None),
        };
        let ends = self.instants.iter().skip(1).copied().map(Some).chain(last);
        self.instants.iter().copied().zip(ends)
    }
}

impl Holding {
    fn has(&self, at: Timestamp) -> bool {
        self.windows
            .iter()
            .any(|(from, until)| *from <= at && at < *until)
    }

    /// When another order's claim took the number over for a new use, for good.
    pub fn taken_at(&self) -> Option<Timestamp> {
        self.taken_at
    }
}

impl Shipment {
    /// Adds an event. The same event again (node, code and time of occurrence) keeps its earliest `recorded_at`,
    /// so any order, split or repetition of the same reports gives the same timeline.
    pub fn record(&mut self, fact: &EventFact) -> Recorded {
        self.keep_event(TrackingEvent {
            occurred_at: fact.occurred_at,
            node: fact.node,
            code: fact.code.clone(),
            recorded_at: fact.recorded_at,
        })
    }

    /// Adds an event as it is kept elsewhere.
    pub(crate) fn keep_event(&mut self, event: TrackingEvent) -> Recorded {
        let key = |event: &TrackingEvent| (event.occurred_at, event.node);
        let place = self.events.binary_search_by(|known| {
            key(known)
                .cmp(&key(&event))
                .then_with(|| known.code.cmp(&event.code))
        });
        match place {
            Ok(at) if event.recorded_at < self.events[at].recorded_at => {
                let overtaken = std::mem::replace(&mut self.events[at].recorded_at, event.recorded_at);
                Recorded::Earlier(overtaken)
            }
            Ok(_) => Recorded::Known,
            Err(at) => {
                self.events.insert(at, event);
                Recorded::New
            }
        }
    }

    /// The first accepted row: what A1 and B1 run from, and what the carrier and the place among the numbers come from.
    ///
    /// # Panics
    /// Never: a shipment is made with a claim, and claims are not removed.
    pub fn first_claim(&self) -> &Claim {
        self.claims.first().expect("a shipment has a claim")
    }

    /// The instant of the first accepted row (A1, B1); also when the shipment was first recorded.
    pub fn uploaded_at(&self) -> Timestamp {
        self.first_claim().uploaded_at
    }

    /// The ends of the number's timelines that were recorded as of an instant, ascending.
    pub fn ends(&self, as_of: Timestamp) -> Vec<Timestamp> {
        let known = self.events.iter().filter(|event| event.recorded_at <= as_of);
        known
            .filter(|event| event.node.ends_timeline())
            .map(|event| event.occurred_at)
            .collect()
    }

    /// The part of the timeline that is the order's as of an instant, given what the order itself says of the number; `None`
    /// while the number is another's.
    pub fn holding(&self, own: &Word, terms: ClaimTerms, as_of: Timestamp) -> Option<Holding> {
        let from = terms.events_from(own.paid_at);
        let ends = self.ends(as_of);
        if self.rivals.is_empty() {
            let after = ends.iter().rev().find(|end| **end < own.paid_at);
            let from = after.map_or(from, |end| from.max(end.next()));
            return Some(Holding {
                windows: vec![(from, END_OF_TIME)],
                taken_at: None,
            });
        }
        let uses = self.judged(own, terms, as_of, |docket| docket.uses());
        let held: Vec<_> = uses.iter().filter(|held| held.holder == 0).collect();
        let last = held.last()?;
        let windows = held
            .iter()
            .map(|held| (held.from.max(from), held.until))
            .collect();
        Some(Holding {
            windows,
            taken_at: last.taken_at,
        })
    }

    /// Judges what the orders say of the number as of an instant, this order's word first.
    fn judged<R>(
        &self,
        own: &Word,
        terms: ClaimTerms,
        as_of: Timestamp,
        judge: impl FnOnce(&Docket<'_>) -> R,
    ) -> R {
        let words: Vec<&Word> = std::iter::once(own).chain(&self.rivals).collect();
        let ends = self.ends(as_of);
        judge(&Docket {
            words: &words,
            ends: &ends,
            terms,
            as_of,
        })
    }

    /// What one of this order's claims on the number came to as of an instant.
    pub fn claim_state(&self, own: &Word, claim: usize, terms: ClaimTerms, as_of: Timestamp) -> ClaimState {
        match own.claims.get(claim) {
            Some(claim) => self.judged(own, terms, as_of, |docket| docket.state(&docket.uses(), 0, claim)),
            None => ClaimState::Superseded,
        }
    }

    /// The order that holds the number as of an instant, when it is not this one.
    pub fn holder_elsewhere(&self, own: &Word, terms: ClaimTerms, as_of: Timestamp) -> Option<&OrderId> {
        let last = self.judged(own, terms, as_of, |docket| docket.uses().last().copied());
        self.rival(last?.holder)
    }

    /// The order for which one of this order's claims waits as of an instant: the holder of the use for which the claim competes.
    /// A later use may be another order's again.
    pub fn waits_for(
        &self,
        own: &Word,
        claim: usize,
        terms: ClaimTerms,
        as_of: Timestamp,
    ) -> Option<&OrderId> {
        let claim = own.claims.get(claim)?;
        let holder = self.judged(own, terms, as_of, |docket| {
            let uses = docket.uses();
            let waits = docket.state(&uses, 0, claim) == ClaimState::Waits;
            waits.then(|| docket.present_holder(&uses, 0)).flatten()
        });
        self.rival(holder?)
    }

    /// The order of a word, unless it is this order's own.
    fn rival(&self, word: usize) -> Option<&OrderId> {
        let word = self.rivals.get(word.checked_sub(1)?)?;
        Some(&word.order_id)
    }

    /// The other orders whose claims on the number wait as of an instant.
    pub fn waiting_rivals(&self, own: &Word, terms: ClaimTerms, as_of: Timestamp) -> Vec<&OrderId> {
        self.judged(own, terms, as_of, |docket| {
            let uses = docket.uses();
            let known = self.rivals.iter().enumerate();
            let known = known.filter(|(_, word)| word.recorded_at <= as_of);
            let waits = known.filter(|(index, word)| {
                let mut claims = word.claims.iter().filter(|claim| claim.uploaded_at <= as_of);
                claims.any(|claim| docket.state(&uses, index + 1, claim) == ClaimState::Waits)
            });
            waits.map(|(_, word)| &word.order_id).collect()
        })
    }

    /// The timeline as of an instant, of the events that are the order's. `stopped_at` is when the number ceased to be
    /// its parcel.
    pub fn timeline(&self, as_of: Timestamp, holding: &Holding, stopped_at: Option<Timestamp>) -> Timeline {
        let known = || {
            self.events
                .iter()
                .filter(move |event| event.recorded_at <= as_of && holding.has(event.occurred_at))
        };
        let end = known()
            .find(|event| event.node.ends_timeline())
            .map(|event| (event.occurred_at, event.node));
        let stopped_at = stopped_at.filter(|at| end.is_none_or(|(end_at, _)| *at < end_at));
        let counts = move |event: &&TrackingEvent| end.is_none_or(|(end_at, _)| event.occurred_at <= end_at);
        let first = |node: Node| {
            known()
                .filter(counts)
                .find(|event| event.node == node)
                .map(|event| event.occurred_at)
        };
        let picked_up_at = first(Node::PickedUp);
        let mut instants: Vec<Timestamp> = match picked_up_at {
            Some(picked_up_at) => known()
                .filter(counts)
                .map(|event| event.occurred_at)
                .filter(|at| *at >= picked_up_at && stopped_at.is_none_or(|stopped_at| *at <= stopped_at))
                .collect(),
            None => Vec::new(),
        };
        instants.dedup();
        Timeline {
            picked_up_at,
            instants,
            stopped_at,
            end,
            signed_at: first(Node::Signed),
            nodes: known()
                .filter(counts)
                .map(|event| event.node)
                .chain([Node::OrderPlaced])
                .collect(),
        }
    }

    /// The order in which uploads of one order count: by instant, then by row of the file.
    pub(crate) fn precedence(&self) -> (Timestamp, u64, &TrackingNumber) {
        let first = self.first_claim();
        (first.uploaded_at, first.source.row, &self.number)
    }
}
