//! An order's numbers: what it says of them, what others say, and which are its own.

use super::{Failure, Order, Source};
use crate::because::Refused;
use crate::claims::{Claim, ClaimState, RivalClaim, Supersession, Word};
use crate::shipment::Holding;
use crate::{
    OrderId, OrderStatus, Policy, RowCode, SendType, Shipment, Timestamp, TrackingEvent, TrackingNumber,
};

impl Order {
    /// What this order says of a number; `None` when it never claimed it.
    pub fn word_on(&self, number: &TrackingNumber) -> Option<Word> {
        let shipment = self.shipment(number)?;
        let claims = shipment.claims.iter().map(|claim| RivalClaim {
            uploaded_at: claim.uploaded_at,
            superseded: self.supersessions(number, claim),
        });
        Some(Word {
            order_id: self.order_id.clone(),
            paid_at: self.paid_at,
            recorded_at: self.recorded_at,
            claims: claims.collect(),
        })
    }

    /// What supersedes a claim: later `all` rows for other numbers, owned or waiting, and the order's cancellation after it.
    fn supersessions(&self, number: &TrackingNumber, claim: &Claim) -> Vec<Supersession> {
        let others = self.shipments.iter().filter(|other| other.number != *number);
        let rows = others
            .flat_map(|other| &other.claims)
            .filter(|row| row.send_type == SendType::All && row.is_after(claim))
            .map(|row| Supersession {
                since: row.uploaded_at,
                recorded_at: row.uploaded_at,
            });
        let cancelled = self
            .statuses
            .iter()
            .filter(|change| change.status == OrderStatus::Cancelled && change.since() > claim.uploaded_at)
            .map(|change| Supersession {
                since: change.since(),
                recorded_at: change.recorded_at,
            });
        let mut found: Vec<Supersession> = rows.chain(cancelled).collect();
        found.sort_unstable();
        // Of those that hold from later on only what was recorded earlier can matter.
        let mut matters: Vec<Supersession> = Vec::new();
        for supersession in found {
            if matters
                .last()
                .is_none_or(|last| supersession.recorded_at < last.recorded_at)
            {
                matters.push(supersession);
            }
        }
        matters
    }

    /// The numbers on which this order says something else than before.
    pub fn numbers_with_news(&self, before: Option<&Self>) -> Vec<TrackingNumber> {
        let numbers = self.shipments.iter().map(|shipment| &shipment.number);
        numbers
            .filter(|number| before.and_then(|before| before.word_on(number)) != self.word_on(number))
            .cloned()
            .collect()
    }

    /// Lets two orders that claim a number know of each other: each keeps the other's word, and all events that either has of
    /// it. True when the other order changed.
    pub fn meet(&mut self, other: &mut Self, number: &TrackingNumber) -> bool {
        let (Some(word), Some(others)) = (self.word_on(number), other.word_on(number)) else {
            return false;
        };
        let before = other.clone();
        self.keep_rival(number, others);
        other.keep_rival(number, word);
        let events = |order: &Self| order.shipment(number).map(|shipment| shipment.events.clone());
        let (own, others) = (
            events(self).unwrap_or_default(),
            events(other).unwrap_or_default(),
        );
        self.keep_events(number, &others);
        other.keep_events(number, &own);
        *other != before
    }

    /// Of a number that this order claims: the order that holds it as of an instant, when this row's claim waits for it
    /// (`NUM_USED_ELSEWHERE`).
    pub fn waits_for(
        &self,
        number: &TrackingNumber,
        source: Source,
        policy: &Policy,
        as_of: Timestamp,
    ) -> Option<OrderId> {
        let shipment = self
            .shipment(number)
            .filter(|shipment| !shipment.rivals.is_empty())?;
        let own = self.word_on(number)?;
        let claim = shipment.claims.iter().position(|claim| claim.source == source)?;
        shipment.waits_for(&own, claim, policy.claims, as_of).cloned()
    }

    /// Whether the number is this order's as of an instant, by the latest of its uses.
    pub fn holds(&self, number: &TrackingNumber, policy: &Policy, as_of: Timestamp) -> bool {
        let (Some(shipment), Some(own)) = (self.shipment(number), self.word_on(number)) else {
            return false;
        };
        let is_known = self.recorded_at <= as_of && shipment.uploaded_at() <= as_of;
        is_known && shipment.holder_elsewhere(&own, policy.claims, as_of).is_none()
    }

    /// Keeps what another order says of a number, in place of what it said before. True when it says something new.
    pub fn keep_rival(&mut self, number: &TrackingNumber, word: Word) -> bool {
        let before = self.learned_at();
        let Some(shipment) = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.number == *number)
        else {
            return false;
        };
        match shipment
            .rivals
            .binary_search_by(|known| known.order_id.cmp(&word.order_id))
        {
            Ok(at) if shipment.rivals[at] == word => return false,
            Ok(at) => shipment.rivals[at] = word,
            Err(at) => shipment.rivals.insert(at, word),
        }
        let after = self.learned_at();
        for overtaken in before.into_iter().filter(|at| after.binary_search(at).is_err()) {
            self.note_overtaken(overtaken);
        }
        true
    }

    /// Takes over the events that another order's item has of a number: every order that claims it keeps all of them.
    pub fn keep_events(&mut self, number: &TrackingNumber, events: &[TrackingEvent]) {
        let Some(shipment) = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.number == *number)
        else {
            return;
        };
        for event in events {
            shipment.keep_event(event.clone());
        }
    }

    /// The earliest failed upload as of an instant (A6): of a refused row, which is stored, or of a row whose claim still
    /// waited after its time (`NUM_USED_ELSEWHERE`), which is derived from what was dated and recorded by then.
    pub fn first_failure(&self, policy: &Policy, as_of: Timestamp) -> Option<Failure> {
        let stored = self
            .failure
            .as_ref()
            .filter(|failure| failure.uploaded_at <= as_of);
        let stored = stored.map(|failure| Failure {
            failed_at: failure.uploaded_at,
            uploaded_at: failure.uploaded_at,
            code: failure.code,
            source: failure.source,
            refused: failure.refused.clone(),
        });
        if !policy.upload.fined_codes.contains(&RowCode::NumUsedElsewhere) {
            return stored;
        }
        let contested = self
            .shipments
            .iter()
            .filter(|shipment| !shipment.rivals.is_empty());
        let waited_for_long = contested.filter_map(|shipment| self.waited_for_long(shipment, policy, as_of));
        stored
            .into_iter()
            .chain(waited_for_long)
            .min_by_key(|failure| (failure.failed_at, failure.source.row))
    }

    /// The earliest row of a number whose claim neither held it nor was superseded when its time was up.
    fn waited_for_long(&self, shipment: &Shipment, policy: &Policy, as_of: Timestamp) -> Option<Failure> {
        let own = self.word_on(&shipment.number)?;
        let rows = shipment.claims.iter().enumerate();
        let mut due = rows.map(|(index, claim)| (index, claim, policy.claims.fined_at(claim.uploaded_at)));
        due.find(|(index, _, failed_at)| {
            *failed_at <= as_of
                && self.recorded_at <= *failed_at
                && shipment.claim_state(&own, *index, policy.claims, *failed_at) == ClaimState::Waits
        })
        .map(|(_, claim, failed_at)| Failure {
            failed_at,
            uploaded_at: claim.uploaded_at,
            code: RowCode::NumUsedElsewhere,
            source: claim.source,
            refused: Refused {
                value: shipment.number.as_str().to_owned(),
                ..Refused::default()
            },
        })
    }

    /// The part of a number's timeline that is this order's; most numbers have no rivals, and nothing is to be weighed.
    pub(super) fn holding(&self, shipment: &Shipment, policy: &Policy, as_of: Timestamp) -> Option<Holding> {
        let own = if shipment.rivals.is_empty() {
            Word {
                order_id: self.order_id.clone(),
                paid_at: self.paid_at,
                recorded_at: self.recorded_at,
                claims: Vec::new(),
            }
        } else {
            self.word_on(&shipment.number)?
        };
        shipment.holding(&own, policy.claims, as_of)
    }
}
