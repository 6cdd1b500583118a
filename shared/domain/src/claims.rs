//! Claims on tracking numbers: whose a number is as of an instant ("Claims on numbers" of the rulebook; A2, A6, B3, B4).
//!
//! Every accepted row is a [`Claim`] of its order on its number, whoever owns the number. Ownership is never stored: it is a
//! pure fold over the claims that are known as of an instant ([`Docket::uses`]), so any order of arrival gives the same owner. An order
//! keeps the claims of its rivals beside its own ([`Word`]), so it can be judged without reading any other order.

use serde::{Deserialize, Serialize};

use crate::facts::Stored;
use crate::order::Source;
use crate::{Elapsed, OrderId, SendType, Timestamp};

/// The law's own numbers on claims: policy data, the same for every pack, since claims of several orders meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimTerms {
    /// A superseded claim yields the whole timeline to a claim that comes at most so many days after it.
    pub yield_days_max: u32,
    /// A claim that still waits so many days after its row is a failed upload (A6, `NUM_USED_ELSEWHERE`).
    pub fined_after_days: u32,
    /// Events dated more than so many days before the payment belong to an earlier use of the number.
    pub before_payment_days_max: u32,
    /// Numbers that an order may claim.
    pub numbers_per_order_max: usize,
    /// Rows by which an order may claim numbers.
    pub rows_per_order_max: usize,
    /// Orders that may claim one number.
    pub orders_per_number_max: usize,
}

impl Default for ClaimTerms {
    /// The rulebook's defaults.
    fn default() -> Self {
        Self {
            yield_days_max: 45,
            fined_after_days: 45,
            before_payment_days_max: 7,
            numbers_per_order_max: 50,
            rows_per_order_max: 400,
            orders_per_number_max: 50,
        }
    }
}

impl ClaimTerms {
    /// Why the numbers cannot be meant.
    pub(crate) fn check(&self) -> Result<(), String> {
        let days = [
            self.yield_days_max,
            self.fined_after_days,
            self.before_payment_days_max,
        ];
        let counts = [
            (self.numbers_per_order_max, 200),
            (self.rows_per_order_max, 2_000),
            (self.orders_per_number_max, 90),
        ];
        if days.iter().any(|days| *days > 1_000) {
            return Err("claims: more than 1,000 days".to_owned());
        }
        if counts.iter().any(|&(count, most)| count == 0 || count > most) {
            return Err("claims: 1–200 numbers and 1–2,000 rows an order, 1–90 orders a number".to_owned());
        }
        Ok(())
    }

    /// Other orders that may share numbers with one order. Whatever it says anew is written to all of them, in one transaction.
    pub fn rivals_max(self) -> usize {
        self.orders_per_number_max.saturating_sub(1)
    }

    /// How long after a superseded claim another one takes its whole timeline.
    pub fn yield_max(self) -> Elapsed {
        Elapsed::days(i64::from(self.yield_days_max))
    }

    /// When a claim that waits becomes a failed upload.
    pub fn fined_at(self, claimed_at: Timestamp) -> Timestamp {
        claimed_at.plus(Elapsed::days(i64::from(self.fined_after_days)))
    }

    /// The first instant whose events can belong to an order.
    pub fn events_from(self, paid_at: Timestamp) -> Timestamp {
        paid_at.minus(Elapsed::days(i64::from(self.before_payment_days_max)))
    }
}

/// One accepted row: an order's claim on a number, at the row's instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    /// The row's instant.
    pub uploaded_at: Timestamp,
    /// The file that brought it: of `all` rows at one instant, those of the file stored last are later.
    pub stored: Stored,
    /// The row.
    pub source: Source,
    /// Whether it replaces the order's other numbers.
    pub send_type: SendType,
}

/// When a claim ceased to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Supersession {
    /// From when it no longer stands: the later `all` row, or the cancellation.
    pub since: Timestamp,
    /// When that was recorded.
    pub recorded_at: Timestamp,
}

/// A claim as other orders see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RivalClaim {
    /// The row's instant.
    pub uploaded_at: Timestamp,
    /// What superseded it, ascending; each entry is recorded earlier than the one before.
    pub superseded: Vec<Supersession>,
}

/// All that an order says of one number: what its rivals keep of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The order.
    pub order_id: OrderId,
    /// Its payment.
    pub paid_at: Timestamp,
    /// When the order was recorded: before that its rows are no claims.
    pub recorded_at: Timestamp,
    /// Its claims, ascending.
    pub claims: Vec<RivalClaim>,
}

/// A stretch of a number's timeline that belongs to one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The order, as an index into the words.
    pub holder: usize,
    /// The first instant whose events belong to it.
    pub from: Timestamp,
    /// The first instant whose events no longer do; [`END_OF_TIME`] while it goes on.
    pub until: Timestamp,
    /// When a claim that began a new use took the number over; a silence of the holder ends then at the latest.
    pub taken_at: Option<Timestamp>,
    /// Whether it is the latest of the uses for which the same claims compete.
    pub is_current: bool,
    /// The end of the timeline before the payment, within which these claims compete.
    after: Option<Timestamp>,
}

/// What a claim came to as of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    /// Its order holds the number.
    Owns,
    /// Its own order superseded it.
    Superseded,
    /// Another order holds the number.
    Waits,
}

/// Later than every instant of a file.
pub const END_OF_TIME: Timestamp = Timestamp::from_unix(i64::MAX / 4);
const BEGINNING_OF_TIME: Timestamp = Timestamp::from_unix(i64::MIN / 4);

/// What the claims of one number are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Docket<'a> {
    /// What each order says.
    pub words: &'a [&'a Word],
    /// The ends of the number's timelines that were recorded as of the instant, ascending.
    pub ends: &'a [Timestamp],
    /// The law's numbers.
    pub terms: ClaimTerms,
    /// The instant.
    pub as_of: Timestamp,
}

#[derive(Clone, Copy)]
struct Standing<'a> {
    holder: usize,
    word: &'a Word,
    claimed_at: Timestamp,
    superseded_at: Option<Timestamp>,
}

impl Word {
    /// The instants at which something of it was recorded.
    pub fn recorded_at(&self) -> impl Iterator<Item = Timestamp> {
        let claims = self.claims.iter().flat_map(|claim| {
            let superseded = claim.superseded.iter();
            superseded
                .map(|supersession| supersession.recorded_at.max(supersession.since))
                .chain([claim.uploaded_at])
        });
        claims.chain([self.recorded_at])
    }

    /// The end of the number's earlier timelines before this order's payment: claims with the same one compete.
    fn after(&self, ends: &[Timestamp]) -> Option<Timestamp> {
        ends.iter().rev().find(|end| **end < self.paid_at).copied()
    }
}

impl RivalClaim {
    /// From when the claim is superseded, by what was recorded as of an instant.
    pub fn superseded_at(&self, as_of: Timestamp) -> Option<Timestamp> {
        let known = self
            .superseded
            .iter()
            .filter(|supersession| supersession.recorded_at <= as_of && supersession.since <= as_of);
        known.map(|supersession| supersession.since).min()
    }
}

impl Docket<'_> {
    /// The uses of the number: disjoint stretches of its timeline, in the order of time.
    ///
    /// Within one use the number belongs to the earliest claim that stands; where none does, to the last holder. A
    /// superseded claim yields to a claim within the terms by an order that was paid before it; any other later claim begins a
    /// new use.
    pub fn uses(&self) -> Vec<Use> {
        let known: Vec<(usize, &Word)> = (self.words.iter().copied().enumerate())
            .filter(|(_, word)| word.recorded_at <= self.as_of)
            .collect();
        let mut groups: Vec<Option<Timestamp>> =
            known.iter().map(|(_, word)| word.after(self.ends)).collect();
        groups.sort_unstable();
        groups.dedup();
        let mut uses = Vec::new();
        for after in groups {
            let from = after.map_or(BEGINNING_OF_TIME, Timestamp::next);
            if let Some(last) = uses.last_mut() {
                let last: &mut Use = last;
                last.until = last.until.min(from).max(last.from);
            }
            let mut claims: Vec<Standing<'_>> = known
                .iter()
                .filter(|(_, word)| word.after(self.ends) == after)
                .flat_map(|&(holder, word)| self.standings(holder, word))
                .collect();
            claims.sort_by_key(|claim| (claim.claimed_at, &claim.word.order_id));
            self.compete(&claims, after, from, &mut uses);
        }
        uses
    }

    fn standings<'w>(&self, holder: usize, word: &'w Word) -> impl Iterator<Item = Standing<'w>> {
        let as_of = self.as_of;
        let known = word.claims.iter().filter(move |claim| claim.uploaded_at <= as_of);
        known.map(move |claim| Standing {
            holder,
            word,
            claimed_at: claim.uploaded_at,
            superseded_at: claim.superseded_at(as_of),
        })
    }

    /// The uses for which `claims` compete, which are sorted by instant and order.
    fn compete(
        &self,
        claims: &[Standing<'_>],
        after: Option<Timestamp>,
        from: Timestamp,
        uses: &mut Vec<Use>,
    ) {
        let mut turns: Vec<Timestamp> = claims
            .iter()
            .flat_map(|claim| [Some(claim.claimed_at), claim.superseded_at])
            .flatten()
            .collect();
        turns.sort_unstable();
        turns.dedup();
        let begin = |holder, from| Use {
            holder,
            from,
            until: END_OF_TIME,
            taken_at: None,
            is_current: true,
            after,
        };
        // The claims by which the present holder has held the present use.
        let mut held: Vec<Standing<'_>> = Vec::new();
        for turn in turns {
            let standing = claims
                .iter()
                .find(|claim| claim.claimed_at <= turn && claim.superseded_at.is_none_or(|at| at > turn));
            let Some(next) = standing else { continue };
            match held.last() {
                None => uses.push(begin(next.holder, from)),
                Some(last) if last.holder == next.holder => {
                    if last.claimed_at != next.claimed_at {
                        held.push(*next);
                    }
                    continue;
                }
                Some(last) => {
                    let taken_at = last
                        .superseded_at
                        .map_or(next.claimed_at, |at| at.max(next.claimed_at));
                    let all_yield = held.iter().all(|claim| self.yields(claim, next));
                    if let Some(current) = uses.last_mut() {
                        if all_yield {
                            current.holder = next.holder;
                        } else {
                            let starts_at = next.claimed_at.max(current.from);
                            current.until = starts_at;
                            current.taken_at = Some(taken_at);
                            current.is_current = false;
                            uses.push(begin(next.holder, starts_at));
                        }
                    }
                    held.clear();
                }
            }
            held.push(*next);
        }
    }

    fn yields(&self, superseded: &Standing<'_>, next: &Standing<'_>) -> bool {
        next.claimed_at <= superseded.claimed_at.plus(self.terms.yield_max())
            && next.word.paid_at < superseded.claimed_at
    }

    /// Of the uses for which an order's claims compete, the present one's holder.
    pub fn present_holder(&self, uses: &[Use], order: usize) -> Option<usize> {
        let after = self.words.get(order)?.after(self.ends);
        let present = uses.iter().find(|found| found.is_current && found.after == after);
        present.map(|found| found.holder)
    }

    /// What the claim that `word` made at an instant came to, given the uses.
    pub fn state(&self, uses: &[Use], holder: usize, claim: &RivalClaim) -> ClaimState {
        if claim.superseded_at(self.as_of).is_some() {
            ClaimState::Superseded
        } else if self.present_holder(uses, holder) == Some(holder) {
            ClaimState::Owns
        } else {
            ClaimState::Waits
        }
    }
}

impl Claim {
    /// The order in which the rows of one order count.
    pub fn precedence(&self) -> (Timestamp, Stored, u64) {
        (self.uploaded_at, self.stored, self.source.row)
    }

    /// Whether this row comes after `other`: later, or at one instant in a file that was stored later. Rows of one file at
    /// one instant are one shipment.
    pub fn is_after(&self, other: &Self) -> bool {
        (self.uploaded_at, self.stored) > (other.uploaded_at, other.stored)
    }
}
