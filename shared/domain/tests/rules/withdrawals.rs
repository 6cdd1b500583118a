//! What was posted as of later than an instant is taken back: the order and its ledger are as they were, and go on.

use domain::assess::assess;
use domain::audit::{audit, remembered_balance};
use domain::ledger::reconcile;
use domain::withdrawal::{Withdrawal, counted};
use domain::{
    AppealStatus, AppealedClause, Because, Cents, EntryKind, LedgerEntry, Order, PolicyBook, Timestamp,
};
use proptest::prelude::*;

use crate::desk::season;
use crate::laws_of_nights::{nights, told};
use crate::season::{Case, appeal_fact, cents, day, deadline, decision_fact};

fn policy() -> &'static domain::Policy {
    PolicyBook::shipped().newest()
}

/// Takes back what is as of later than an instant, so many entries at a time; gives how many were posted.
fn withdraw(
    order: &mut Order,
    entries: &mut Vec<LedgerEntry>,
    withdrawal: Withdrawal,
    at_a_time: usize,
) -> usize {
    let mut posted = 0;
    loop {
        let mut made = withdrawal.entries(entries);
        if made.is_empty() {
            // A night that posts nothing writes no order; these tests note it all the same.
            order.remember_ledger(entries);
            return posted;
        }
        made.truncate(at_a_time);
        posted += made.len();
        entries.extend(made);
        order.remember_ledger(entries);
        assert_eq!(
            audit(order, entries),
            Vec::<String>::new(),
            "sound wherever it is killed"
        );
    }
}

fn moved(entries: &[LedgerEntry]) -> Cents {
    let moving = entries.iter().filter(|entry| entry.kind.moves_money());
    moving.map(|entry| entry.amount).sum()
}

fn night(order: &mut Order, as_of: Timestamp) -> Vec<LedgerEntry> {
    let due = assess(order, policy(), as_of).due;
    let posted = reconcile(order, &due, as_of, policy());
    order.note_posted(&posted, as_of);
    posted
}

/// An entry apart from its own number.
fn content(entries: &[LedgerEntry]) -> Vec<String> {
    let mut entries = entries.to_vec();
    entries.sort_by(|one, other| one.subject.cmp(&other.subject));
    let contents = entries.iter().map(|entry| {
        format!(
            "{:?} {:?} {} {} {:?} {:?}",
            entry.subject, entry.kind, entry.amount, entry.effective_at, entry.because, entry.reverses
        )
    });
    contents.collect()
}

/// The order as if only these entries had ever been posted.
fn with_only(order: &Order, entries: &[LedgerEntry]) -> Order {
    let mut calm = order.clone();
    calm.posted.clear();
    calm.restored.clear();
    calm.settled_as_of = None;
    for entry in entries {
        calm.note_posted(std::slice::from_ref(entry), entry.as_of);
    }
    calm
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_ledger_is_as_it_was_and_goes_on_as_if_nothing_had_been(
        facts in season(), nights in nights(), after in (0_i64..120).prop_map(day), at_a_time in 1_usize..5, more in 1_i64..30
    ) {
        let (mut order, mut entries) = {
            let told = told(&facts, &nights);
            (told.order, told.entries)
        };
        let stays: Vec<LedgerEntry> = entries.iter().filter(|entry| entry.as_of <= after).cloned().collect();
        let gone: Vec<LedgerEntry> = entries.iter().filter(|entry| entry.as_of > after).cloned().collect();
        let mut calm = with_only(&order, &stays);
        for number in 1..=2 {
            let withdrawal = Withdrawal { number, after };
            let posted = withdraw(&mut order, &mut entries, withdrawal, at_a_time);
            prop_assert_eq!(withdrawal.entries(&entries), vec![], "run again it posts nothing");
            if number == 1 {
                prop_assert_eq!(posted, gone.len());
                for entry in &gone {
                    let back: Vec<_> = entries.iter().filter(|other| other.reverses.as_ref() == Some(&entry.entry_id)).collect();
                    let back = back.into_iter().filter(|other| other.withdrawal().is_some()).collect::<Vec<_>>();
                    prop_assert_eq!(back.len(), 1);
                    prop_assert_eq!((back[0].as_of, back[0].amount), (entry.as_of, -entry.amount));
                    prop_assert_eq!(back[0].kind.moves_money(), entry.kind.moves_money());
                }
            }
            prop_assert_eq!(counted(entries.iter()), stays.iter().collect::<Vec<_>>());
            prop_assert_eq!((moved(&entries), remembered_balance(&order)), (moved(&stays), moved(&stays)));
            prop_assert_eq!(order.settled_as_of, calm.settled_as_of);
            prop_assert_eq!(order.is_sign_off_open(policy()), calm.is_sign_off_open(policy()));
            // Nights go on, are withdrawn once more, and go on again.
            let mut on = calm.clone();
            for as_of in [after.next(), after.plus(domain::Elapsed::days(more)), day(200)] {
                let (mut expected, mut found) = (night(&mut on, as_of), night(&mut order, as_of));
                // In which order a night posts its subjects is no part of the ledger.
                expected.sort_by(|one, other| one.subject.cmp(&other.subject));
                found.sort_by(|one, other| one.subject.cmp(&other.subject));
                prop_assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    prop_assert_eq!((&found.subject, found.kind, found.amount), (&expected.subject, expected.kind, expected.amount));
                }
                entries.extend(found);
                prop_assert_eq!(audit(&order, &entries), Vec::<String>::new());
            }
        }
        let ids: std::collections::BTreeSet<&str> = entries.iter().map(|entry| entry.entry_id.as_str()).collect();
        prop_assert_eq!(ids.len(), entries.len(), "no id is given twice");
        // What a first night takes back is the very entry that a calm ledger has it take back.
        let withdrawal = Withdrawal { number: 3, after };
        withdraw(&mut order, &mut entries, withdrawal, at_a_time);
        prop_assert_eq!(content(&night(&mut order, day(200))), content(&night(&mut calm, day(200))));
    }
}

fn filed() -> domain::facts::AppealFact {
    appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(20))
}

#[test]
fn a_hold_that_gave_way_to_its_fine_waits_again() {
    let mut case = Case::shipped().appeal(filed());
    assert_eq!(case.night(day(31)), [(EntryKind::Hold, cents("4.01"))]);
    let rejected = decision_fact(AppealedClause::B4, AppealStatus::Rejected, day(20), day(40));
    let mut wrong = case.clone().appeal(rejected);
    assert_eq!(wrong.night(day(9_000)), [(EntryKind::Fine, cents("4.01"))]);
    let withdrawal = Withdrawal {
        number: 1,
        after: day(31),
    };
    withdraw(&mut wrong.order, &mut wrong.entries, withdrawal, 9);
    assert_eq!(wrong.balance(), cents("0.00"));
    assert_eq!(wrong.night(day(32)), [], "it waits already");
    let taken_back = wrong.entries.last().expect("a reversal");
    assert_eq!(
        (taken_back.kind, taken_back.as_of),
        (EntryKind::Reversal, day(9_000))
    );
    let because = Because::Withdrawn {
        withdrawal: 1,
        after: day(31),
    };
    assert_eq!(taken_back.because, because);
    // Decided the other way, what is voided is the hold itself.
    let accepted = decision_fact(AppealedClause::B4, AppealStatus::Accepted, day(20), day(41));
    let mut wrong = wrong.appeal(domain::facts::AppealFact {
        appeal_id: "A-2".to_owned(),
        ..accepted
    });
    let night = wrong.settle(day(42));
    assert_eq!((night.len(), night[0].kind), (1, EntryKind::Void));
    assert_eq!(night[0].reverses.as_ref(), Some(&wrong.entries[0].entry_id));
    assert_eq!(audit(&wrong.order, &wrong.entries), Vec::<String>::new());
}

#[test]
fn a_fine_whose_reversal_is_withdrawn_stands_again() {
    let mut case = Case::shipped();
    assert_eq!(case.night(day(31)), [(EntryKind::Fine, cents("4.01"))]);
    let accepted = decision_fact(AppealedClause::B4, AppealStatus::Accepted, deadline(), day(40));
    let mut case = case.appeal(accepted);
    assert_eq!(case.night(day(9_000)), [(EntryKind::Reversal, cents("-4.01"))]);
    let withdrawal = Withdrawal {
        number: 1,
        after: day(31),
    };
    withdraw(&mut case.order, &mut case.entries, withdrawal, 9);
    assert_eq!(case.balance(), cents("4.01"));
    assert_eq!(case.night(day(39)), [], "not decided yet");
    let night = case.settle(day(41));
    assert_eq!((night.len(), night[0].kind), (1, EntryKind::Reversal));
    assert_eq!(night[0].reverses.as_ref(), Some(&case.entries[0].entry_id));
    assert_eq!(audit(&case.order, &case.entries), Vec::<String>::new());
}

#[test]
fn a_withdrawal_of_anything_but_the_newest_entry_is_found_out() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let withdrawal = Withdrawal {
        number: 1,
        after: day(30),
    };
    let made = withdrawal.entries(&case.entries);
    let tampered = |change: &dyn Fn(&mut LedgerEntry)| {
        let (mut order, mut entries, mut made) = (case.order.clone(), case.entries.clone(), made.clone());
        change(&mut made[0]);
        entries.extend(made);
        order.remember_ledger(&entries);
        audit(&order, &entries)
    };
    assert_eq!(tampered(&|_| {}), Vec::<String>::new());
    let changes: [&dyn Fn(&mut LedgerEntry); 4] = [
        &|entry| entry.as_of = day(32),
        &|entry| entry.amount = cents("-4.00"),
        &|entry| entry.reverses = None,
        &|entry| entry.kind = EntryKind::Void,
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert!(!tampered(change).is_empty(), "change {place}");
    }
}
