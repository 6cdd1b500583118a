//! The audit finds what was done to a ledger behind its back.

use domain::audit::{audit, remembered_balance};
use domain::{AppealStatus, AppealedClause, Cents, EntryKind, LedgerEntry, Node, OrderId};

use crate::season::{Case, NUMBERS, appeal_fact, cents, day, decision_fact, hour, seller};

/// A ledger with a fine, a reversal and a fine anew (B3), and a hold with its fine (B4).
fn busy() -> Case {
    let pending = appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(2));
    let mut case = Case::travelled(&[(Node::PickedUp, 0)]).appeal(pending);
    case.settle(day(4));
    let mut case = case.appeal(domain::facts::AppealFact {
        appeal_id: "A-2".to_owned(),
        ..decision_fact(AppealedClause::B3, AppealStatus::Accepted, day(4), day(5))
    });
    case.settle(day(6));
    let mut case = case.appeal(domain::facts::AppealFact {
        appeal_id: "A-2".to_owned(),
        ..decision_fact(AppealedClause::B3, AppealStatus::Rejected, day(4), day(7))
    });
    case.settle(day(8));
    case.settle(day(31));
    let mut case = case.appeal(decision_fact(
        AppealedClause::B4,
        AppealStatus::Rejected,
        day(2),
        day(33),
    ));
    case.settle(day(34));
    let kinds: Vec<_> = case.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(
        kinds,
        [
            EntryKind::Fine,
            EntryKind::Reversal,
            EntryKind::Fine,
            EntryKind::Hold,
            EntryKind::Fine
        ]
    );
    case
}

fn found(case: &Case, corrupt: impl Fn(&mut Vec<LedgerEntry>)) -> Vec<String> {
    let mut entries = case.entries.clone();
    corrupt(&mut entries);
    audit(&case.order, &entries)
}

#[test]
fn a_sound_ledger_has_nothing_to_be_found() {
    let case = busy();
    assert_eq!(audit(&case.order, &case.entries), Vec::<String>::new());
    assert_eq!(remembered_balance(&case.order), case.balance());
    assert_eq!(case.balance(), cents("5.21"));
    let mut shuffled = case.entries.clone();
    shuffled.reverse();
    assert_eq!(audit(&case.order, &shuffled), Vec::<String>::new());
}

#[test]
fn an_entry_that_is_gone_is_found() {
    let case = busy();
    for index in 0..case.entries.len() {
        let found = found(&case, |entries| {
            entries.remove(index);
        });
        assert!(!found.is_empty(), "{index}");
    }
    assert!(!audit(&case.order, &[]).is_empty());
}

#[test]
fn an_entry_that_stands_twice_is_found() {
    let case = busy();
    for index in 0..case.entries.len() {
        let found = found(&case, |entries| entries.push(entries[index].clone()));
        assert!(!found.is_empty(), "{index}");
    }
}

#[test]
fn an_amount_that_was_changed_is_found() {
    let case = busy();
    for index in 0..case.entries.len() {
        for change in [1, -1, 100, -1_000] {
            let found = found(&case, |entries| entries[index].amount += Cents(change));
            assert!(!found.is_empty(), "{index} {change}");
        }
        assert!(!found(&case, |entries| entries[index].amount = Cents::ZERO).is_empty());
        assert!(!found(&case, |entries| entries[index].amount = -entries[index].amount).is_empty());
    }
}

#[test]
fn a_reversal_without_its_entry_is_found() {
    let case = busy();
    let reversal = case.entries[1].clone();
    let mut fresh = Case::travelled(&[(Node::PickedUp, 0)]);
    assert!(!audit(&fresh.order, std::slice::from_ref(&reversal)).is_empty());
    fresh.settle(day(4));
    let found = audit(&fresh.order, &[fresh.entries[0].clone(), reversal]);
    assert!(!found.is_empty());
}

#[test]
fn a_reversal_that_names_another_entry_is_found() {
    let case = busy();
    let named = |reverses: Option<String>| found(&case, |entries| entries[1].reverses = reverses.clone());
    assert!(!named(None).is_empty());
    assert!(!named(Some(case.entries[2].entry_id.clone())).is_empty());
}

#[test]
fn an_entry_that_was_altered_in_kind_name_or_place_is_found() {
    let case = busy();
    type Alteration = (&'static str, fn(&mut LedgerEntry));
    let alterations: [Alteration; 5] = [
        ("clause", |entry| entry.clause = domain::Clause::A6),
        ("seller", |entry| entry.seller_id = seller("S00005")),
        ("order", |entry| {
            entry.order_id = OrderId::parse("8000011000000013").expect("an order id");
        }),
        ("policy", |entry| entry.policy.clear()),
        ("id", |entry| {
            entry.entry_id = entry.entry_id.replacen("8000011000000005", "8000011000000013", 1)
        }),
    ];
    for index in 0..case.entries.len() {
        for (what, alter) in alterations {
            let found = found(&case, |entries| alter(&mut entries[index]));
            assert!(!found.is_empty(), "{what} of {index}");
        }
        for kind in [
            EntryKind::Fine,
            EntryKind::Hold,
            EntryKind::Void,
            EntryKind::Reversal,
        ] {
            if kind != case.entries[index].kind {
                let found = found(&case, |entries| entries[index].kind = kind);
                assert!(!found.is_empty(), "{kind:?} of {index}");
            }
        }
    }
}

#[test]
fn an_order_that_forgot_its_entries_is_found() {
    let case = busy();
    for index in 0..case.order.posted.len() {
        let mut order = case.order.clone();
        order.posted.remove(index);
        assert!(!audit(&order, &case.entries).is_empty());
        let mut order = case.order.clone();
        order.posted[index].amount += Cents(1);
        assert!(!audit(&order, &case.entries).is_empty());
        let mut order = case.order.clone();
        order.posted[index].ordinal += 1;
        assert!(!audit(&order, &case.entries).is_empty());
    }
}

#[test]
fn one_fine_for_one_silence_however_the_episode_is_called() {
    // The same fine under another subject of the order: posted behind the order's back.
    let mut case = Case::travelled(&[(Node::PickedUp, 0)]);
    case.settle(day(4));
    let mut entries = case.entries.clone();
    let mut other = entries[0].clone();
    other.subject.episode_start = Some(hour(1));
    other.subject.tracking_number = domain::TrackingNumber::parse(NUMBERS[0]);
    entries.push(other);
    assert!(!audit(&case.order, &entries).is_empty());
}
