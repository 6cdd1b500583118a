//! Laws over random seasons: whatever nights ran, and whatever came between them, the ledger ends where the rules do.

use std::collections::{BTreeMap, BTreeSet};

use domain::assess::assess;
use domain::audit::{audit, remembered_balance};
use domain::ledger::reconcile;
use domain::{Cents, Clause, EntryKind, LedgerEntry, Order, PolicyBook, Subject, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::desk::{Desk, Fact, moments, season};
use crate::season::{day, deadline};

fn policy() -> &'static domain::Policy {
    PolicyBook::shipped().newest()
}

/// One night: what it posts, noted with the order.
fn night(order: &mut Order, as_of: Timestamp) -> Vec<LedgerEntry> {
    let due = assess(order, policy(), as_of).due;
    let posted = reconcile(order, &due, as_of, policy());
    order.note_posted(&posted, as_of);
    posted
}

/// A season with its nights: facts arrive in the order given, and nights run between them, each later than the last.
#[derive(Clone, Debug)]
pub struct Told {
    pub order: Order,
    pub entries: Vec<LedgerEntry>,
}

pub fn told(facts: &[Fact], nights: &[(Index, Timestamp)]) -> Told {
    let mut runs: BTreeMap<usize, Vec<Timestamp>> = BTreeMap::new();
    let mut places: Vec<usize> = nights
        .iter()
        .map(|(place, _)| place.index(facts.len() + 1))
        .collect();
    let mut instants: Vec<Timestamp> = nights.iter().map(|(_, as_of)| *as_of).collect();
    places.sort_unstable();
    instants.sort_unstable();
    for (place, as_of) in places.into_iter().zip(instants) {
        runs.entry(place).or_default().push(as_of);
    }
    let (mut desk, mut entries) = (Desk::default(), Vec::new());
    for place in 0..=facts.len() {
        for as_of in runs.remove(&place).unwrap_or_default() {
            if let Some(order) = &mut desk.order {
                entries.extend(night(order, as_of));
            }
        }
        if let Some(fact) = facts.get(place) {
            desk.take(fact);
        }
    }
    let mut order = desk.order.expect("a season has its order");
    entries.extend(night(&mut order, day(200)));
    Told { order, entries }
}

/// What the ledger holds of each subject: money, and what waits.
fn net(entries: &[LedgerEntry]) -> BTreeMap<Subject, (Cents, Cents)> {
    let mut net: BTreeMap<Subject, (Cents, Cents)> = BTreeMap::new();
    for subject in entries
        .iter()
        .map(|entry| &entry.subject)
        .collect::<BTreeSet<_>>()
    {
        let of_subject = || entries.iter().filter(|entry| entry.subject == *subject);
        let money = of_subject()
            .filter(|entry| entry.kind.moves_money())
            .map(|entry| entry.amount)
            .sum();
        let mut held = Cents::ZERO;
        for entry in of_subject() {
            held = if entry.kind == EntryKind::Hold {
                entry.amount
            } else {
                Cents::ZERO
            };
        }
        net.insert(subject.clone(), (money, held));
    }
    net.retain(|_, sums| *sums != (Cents::ZERO, Cents::ZERO));
    net
}

pub fn nights() -> impl Strategy<Value = Vec<(Index, Timestamp)>> {
    let night = (any::<Index>(), (0_i64..120).prop_map(day));
    proptest::collection::vec(night, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_ledger_ends_alike_however_many_nights_ran(facts in season(), nights in nights()) {
        let nightly = told(&facts, &nights);
        let once = told(&facts, &[]);
        prop_assert_eq!(net(&nightly.entries), net(&once.entries));
        prop_assert!(once.entries.iter().all(|entry| matches!(entry.kind, EntryKind::Fine | EntryKind::Hold)));
        // And the net is what the rules ask for.
        let due = assess(&nightly.order, policy(), day(200)).due;
        let asked: Cents = due.iter().filter(|due| due.verdict == domain::assess::Verdict::Fine).map(|due| due.amount).sum();
        prop_assert_eq!(remembered_balance(&nightly.order), asked);
    }

    #[test]
    fn settling_again_changes_nothing(facts in season(), nights in nights(), more in 0_i64..3) {
        let mut told = told(&facts, &nights);
        let before = told.order.clone();
        prop_assert_eq!(night(&mut told.order, day(200)), vec![]);
        prop_assert_eq!(&told.order, &before);
        prop_assert_eq!(night(&mut told.order, day(200 + more)), vec![]);
    }

    #[test]
    fn the_order_remembers_what_the_ledger_holds(facts in season(), nights in nights()) {
        let told = told(&facts, &nights);
        prop_assert_eq!(audit(&told.order, &told.entries), Vec::<String>::new());
        let moved: Cents = told.entries.iter().filter(|entry| entry.kind.moves_money()).map(|entry| entry.amount).sum();
        prop_assert_eq!(remembered_balance(&told.order), moved);
    }

    #[test]
    fn an_entry_is_never_posted_twice_and_a_reversal_mirrors_its_entry(facts in season(), nights in nights()) {
        let entries = told(&facts, &nights).entries;
        let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.entry_id.as_str()).collect();
        prop_assert_eq!(ids.len(), entries.len());
        let mut taken_back = BTreeSet::new();
        for entry in &entries {
            let kind = match entry.kind {
                EntryKind::Reversal => EntryKind::Fine,
                EntryKind::Void => EntryKind::Hold,
                EntryKind::Fine | EntryKind::Hold => {
                    prop_assert!(entry.amount > Cents::ZERO && entry.reverses.is_none());
                    continue;
                }
            };
            let mirrored = entries.iter().find(|other| entry.reverses.as_ref() == Some(&other.entry_id));
            let mirrored = mirrored.ok_or_else(|| TestCaseError::fail("it takes back nothing"))?;
            prop_assert_eq!((mirrored.kind, mirrored.amount, &mirrored.subject), (kind, -entry.amount, &entry.subject));
            prop_assert!(taken_back.insert(mirrored.entry_id.clone()), "taken back twice");
        }
    }

    #[test]
    fn what_a_night_posts_does_not_look_past_its_instant(facts in season(), as_of in (0_i64..60).prop_map(day)) {
        // Posted before anything was known, so that there is something to take back.
        let known: Vec<Fact> = facts.iter().filter(|fact| fact.recorded_at() <= as_of).cloned().collect();
        let Some(mut then) = Desk::order_of(&known) else { return Ok(()) };
        let mut later = Desk::order_of(&facts).expect("a season has its order");
        for earlier in [as_of.minus(domain::Elapsed::days(20)), as_of.minus(domain::Elapsed::days(2)), as_of] {
            prop_assert_eq!(night(&mut then, earlier), night(&mut later, earlier));
        }
    }

    #[test]
    fn a_ledger_tampered_with_is_found_out(facts in season(), nights in nights(), which in any::<Index>(), how in 0_u8..6, by in 1_i64..500) {
        let Told { order, mut entries } = told(&facts, &nights);
        if entries.is_empty() {
            return Ok(());
        }
        let index = which.index(entries.len());
        match how {
            0 => drop(entries.remove(index)),
            1 => entries.push(entries[index].clone()),
            2 => entries[index].amount += Cents(by),
            3 => entries[index].amount = entries[index].amount - Cents(by),
            4 => entries[index].amount = -entries[index].amount,
            _ => {
                // A reversal of what stands no more, or of nothing.
                let mut reversal = entries[index].clone();
                reversal.kind = EntryKind::Reversal;
                reversal.amount = -reversal.amount;
                reversal.reverses = Some(entries[index].entry_id.clone());
                reversal.entry_id = format!("{}.reversal.{}", entries[index].order_id, entries.len() + 1);
                entries.push(reversal);
            }
        }
        prop_assert_ne!(audit(&order, &entries), Vec::<String>::new());
    }

    #[test]
    fn the_sign_off_is_closed_when_nothing_more_can_come_of_it(facts in season(), nights in nights(), late in 0_i64..40) {
        let last = facts.iter().map(Fact::recorded_at).max().map_or(deadline(), |at| at.max(deadline()));
        let nights: Vec<_> = nights.into_iter().filter(|(_, as_of)| *as_of <= last).collect();
        let mut order = told_until(&facts, &nights);
        let as_of = last.next().plus(domain::Elapsed::hours(late));
        night(&mut order, as_of);
        let is_open = order.is_sign_off_open(policy());
        let later = moments(&facts).into_iter().filter(|at| *at > as_of).chain([day(400)]);
        let mut more_comes = false;
        for at in later {
            let more = night(&mut order, at);
            more_comes |= more.iter().any(|entry| entry.clause == Clause::B4);
        }
        let still_held = order.posted.iter().any(|posted| posted.subject.clause == Clause::B4 && posted.kind == EntryKind::Hold);
        prop_assert_eq!(is_open, more_comes || still_held);
    }
}

/// The order after the nights, without a last one.
fn told_until(facts: &[Fact], nights: &[(Index, Timestamp)]) -> Order {
    let mut order = Desk::order_of(facts).expect("a season has its order");
    let mut instants: Vec<Timestamp> = nights.iter().map(|(_, as_of)| *as_of).collect();
    instants.sort_unstable();
    for as_of in instants {
        night(&mut order, as_of);
    }
    order
}
