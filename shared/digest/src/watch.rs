//! What a pass over the live orders gathers, order by order.

use std::collections::BTreeMap;

use domain::deadlines::deadlines;
use domain::order::OrderAsOf;
use domain::{Order, Policy, PolicyBook, Timestamp};
use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::carriers::CarrierFigures;
use crate::shadow::{Shadow, ShadowPolicy};

/// What a pass, or a stretch of it, has seen. Merges with the watch of any other stretch of the same pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The pass's instant.
    pub as_of: Timestamp,
    /// Orders seen.
    pub orders: u64,
    /// What is near.
    pub board: Board,
    /// Carriers, by their id.
    pub carriers: BTreeMap<String, CarrierFigures>,
    /// The same orders under a shadow policy, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
}

/// One run over a stretch of a segment, as it is kept for the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The last order of the stretch, after which another run goes on; `None` at the segment's end.
    pub until: Option<String>,
    /// What was seen.
    pub watch: Watch,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(as_of: Timestamp, book: &PolicyBook) -> Self {
        Self {
            as_of,
            orders: 0,
            board: Board::new(book.board.rows_max),
            carriers: BTreeMap::new(),
            shadow: None,
        }
    }

    /// Nothing seen yet, under a shadow policy too.
    pub fn beside(as_of: Timestamp, book: &PolicyBook, shadow: &ShadowPolicy) -> Self {
        Self {
            shadow: Some(Shadow::beside(shadow, book)),
            ..Self::new(as_of, book)
        }
    }

    /// Sees one order.
    pub fn order(&mut self, order: &Order, book: &PolicyBook) {
        let policy = book.in_force_at(order.paid_at);
        if let Some(seen) = order.as_of(self.as_of, policy) {
            self.seen(&seen, policy, book);
        }
    }

    /// Sees one order of which the view as of the pass's instant is there already; `policy` is the pack in force at its payment.
    pub fn seen(&mut self, seen: &OrderAsOf<'_>, policy: &Policy, book: &PolicyBook) {
        self.orders += 1;
        for deadline in deadlines(seen, policy) {
            self.board.add(seen.order, &deadline, self.as_of, &book.board);
        }
        let judged_from = self.as_of.minus(book.board.carriers_judged());
        for parcel in &seen.parcels {
            let carrier = parcel.shipment.carrier.as_str();
            if !self.carriers.contains_key(carrier) {
                self.carriers
                    .insert(carrier.to_owned(), CarrierFigures::default());
            }
            if let Some(figures) = self.carriers.get_mut(carrier) {
                figures.add(parcel, policy, judged_from, self.as_of);
            }
        }
    }

    /// Assesses an order that was [`seen`](Self::seen) under the shadow policy too.
    pub fn compare(&mut self, seen: &OrderAsOf<'_>, policy: &Policy, shadow: &ShadowPolicy) {
        if let Some(gathered) = &mut self.shadow {
            gathered.order(seen, policy, &shadow.book);
        }
    }

    /// Adds what another stretch of the same pass has seen.
    pub fn merge(&mut self, other: Self) {
        self.orders += other.orders;
        self.board.merge(other.board);
        for (carrier, figures) in other.carriers {
            self.carriers.entry(carrier).or_default().merge(&figures);
        }
        match (&mut self.shadow, other.shadow) {
            (Some(shadow), Some(other)) => shadow.merge(other),
            (None, other) => self.shadow = other,
            (Some(_), None) => {}
        }
    }
}
