//! A shipment: one parcel under one tracking number, with its timeline.

use serde::{Deserialize, Serialize};

use crate::facts::EventFact;
use crate::node::NodeSet;
use crate::order::Source;
use crate::{Node, Timestamp, TrackingNumber};

/// Whether an upload replaces the order's earlier number or adds a parcel (B4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendType {
    /// The whole order under this number; earlier numbers are replaced.
    All,
    /// One more parcel of the order.
    Part,
}

/// One accepted tracking number of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The number; unique over all orders.
    pub number: TrackingNumber,
    /// The carrier's id in the carrier table.
    pub carrier: String,
    /// Whether it replaced earlier numbers.
    pub send_type: SendType,
    /// Its first accepted upload (A1, B1); also when we learned of it.
    pub uploaded_at: Timestamp,
    /// The row that brought it.
    pub source: Source,
    /// What the carrier reported, by time of occurrence.
    pub events: Vec<TrackingEvent>,
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

/// A shipment's timeline as of an instant: up to its end, with nothing that was learned later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The first pickup (B1; B3 runs from it).
    pub picked_up_at: Option<Timestamp>,
    /// The distinct instants of events from the pickup to the end, ascending (B3).
    pub instants: Vec<Timestamp>,
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
    /// The gaps between consecutive instants, as (from, until); without an end while the timeline has not ended (B3).
    pub fn gaps(&self) -> impl Iterator<Item = (Timestamp, Option<Timestamp>)> {
        let ends = self
            .instants
            .iter()
            .skip(1)
            .copied()
            .map(Some)
            .chain(self.end.is_none().then_some(None));
        self.instants.iter().copied().zip(ends)
    }
}

impl Shipment {
    /// Adds an event. The same event again (node, code and time of occurrence) keeps its earliest `recorded_at`,
    /// so any order, split or repetition of the same reports gives the same timeline.
    pub fn record(&mut self, fact: &EventFact) -> Recorded {
        let key = (fact.occurred_at, fact.node, fact.code.as_deref());
        match self
            .events
            .binary_search_by(|event| (event.occurred_at, event.node, event.code.as_deref()).cmp(&key))
        {
            Ok(at) if fact.recorded_at < self.events[at].recorded_at => {
                let overtaken = std::mem::replace(&mut self.events[at].recorded_at, fact.recorded_at);
                Recorded::Earlier(overtaken)
            }
            Ok(_) => Recorded::Known,
            Err(at) => {
                let EventFact {
                    node,
                    code,
                    occurred_at,
                    recorded_at,
                    ..
                } = fact.clone();
                self.events.insert(
                    at,
                    TrackingEvent {
                        occurred_at,
                        node,
                        code,
                        recorded_at,
                    },
                );
                Recorded::New
            }
        }
    }

    /// The timeline as of an instant.
    pub fn timeline(&self, as_of: Timestamp) -> Timeline {
        let known = || self.events.iter().filter(move |event| event.recorded_at <= as_of);
        let end = known()
            .find(|event| event.node.ends_timeline())
            .map(|event| (event.occurred_at, event.node));
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
                .filter(|at| *at >= picked_up_at)
                .collect(),
            None => Vec::new(),
        };
        instants.dedup();
        Timeline {
            picked_up_at,
            instants,
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
        (self.uploaded_at, self.source.row, &self.number)
    }
}
