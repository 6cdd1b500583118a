//! The ledger: what a night posts, and how entries name themselves and each other.

use domain::Because;
use domain::assess::{Due, Verdict};
use domain::because::Seen;
use domain::facts::AppealFact;
use domain::ledger::reconcile;
use domain::{AppealStatus, AppealedClause, EntryKind, LedgerEntry, Node, RowCode, SendType};

use crate::season::{
    Case, NUMBERS, appeal_fact, cents, day, decision_fact, failing_fact, hour, sign_off_subject,
};

#[test]
fn a_second_night_posts_nothing() {
    let mut case = Case::travelled(&[(Node::PickedUp, 1)]);
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(2)));
    assert_eq!(case.night(day(31)).len(), 3);
    assert_eq!(case.night(day(31)), []);
    assert_eq!(case.night(day(32)), []);
}

#[test]
fn an_entrys_id_is_made_of_what_it_is_about() {
    let mut case = Case::travelled(&[(Node::PickedUp, 1)]);
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(2)));
    case.settle(day(31));
    let ids: Vec<_> = case.entries.iter().map(|entry| entry.entry_id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "8000011000000005.A6.fine.1",
            "8000011000000005.B3.3318810025.20240501T130000Z.fine.1",
            "8000011000000005.B4.fine.1"
        ]
    );
}

#[test]
fn an_entry_reads_as_the_contract_says() {
    let mut case = Case::travelled(&[(Node::PickedUp, 0)]).appeal(decision_fact(
        AppealedClause::B3,
        AppealStatus::Accepted,
        day(4),
        day(5),
    ));
    case.settle(day(4));
    case.settle(day(6));
    let json = |entry: &LedgerEntry| serde_json::to_value(entry).expect("an entry encodes");
    let fine = serde_json::json!({
        "entry_id": "8000011000000005.B3.3318810025.20240501T120000Z.fine.1",
        "order_id": "8000011000000005",
        "seller_id": "S00004",
        "clause": "B3",
        "kind": "fine",
        "amount": "1.20",
        "currency": "USD",
        "subject": {"tracking_number": "3318810025", "episode_start": "2024-05-01T12:00:00Z"},
        "as_of": "2024-05-05T12:00:00Z",
        "effective_at": "2024-05-03T12:00:01Z",
        "policy": "V4.2",
        "because": {
            "why": "silence",
            "silent_from": "2024-05-01T12:00:00Z",
            "silent_until": null,
            "comparison": "96 h 00 m > 48 h 00 m",
        },
    });
    assert_eq!(json(&case.entries[0]), fine);
    let reversal = json(&case.entries[1]);
    assert_eq!(reversal["amount"], "-1.20");
    assert_eq!(
        reversal["reverses"],
        "8000011000000005.B3.3318810025.20240501T120000Z.fine.1"
    );
    for entry in &case.entries {
        let back: LedgerEntry = serde_json::from_value(json(entry)).expect("an entry decodes");
        assert_eq!(back, *entry);
    }
}

#[test]
fn an_amount_that_changed_is_reversed_and_posted_anew() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let because = case.entries[0].because.clone();
    let due = Due {
        subject: sign_off_subject(),
        verdict: Verdict::Fine,
        amount: cents("5.00"),
        effective_at: day(31),
        because,
    };
    let posted = reconcile(&case.order, &[due], day(32), case.book.newest());
    let kinds: Vec<_> = posted.iter().map(|entry| (entry.kind, entry.amount)).collect();
    assert_eq!(
        kinds,
        [
            (EntryKind::Reversal, cents("-4.01")),
            (EntryKind::Fine, cents("5.00"))
        ]
    );
    assert_eq!(posted[0].because, Because::AmountChanged { due: cents("5.00") });
    assert_eq!(posted[1].entry_id, "8000011000000005.B4.fine.3");
}

#[test]
fn a_hold_whose_amount_changed_is_voided_before_it_is_posted() {
    let mut case = Case::shipped().appeal(appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(3)));
    case.settle(day(31));
    let because = case.entries[0].because.clone();
    let due = Due {
        subject: sign_off_subject(),
        verdict: Verdict::Fine,
        amount: cents("5.00"),
        effective_at: day(31),
        because,
    };
    let posted = reconcile(&case.order, &[due], day(32), case.book.newest());
    let kinds: Vec<_> = posted.iter().map(|entry| (entry.kind, entry.amount)).collect();
    assert_eq!(
        kinds,
        [
            (EntryKind::Void, cents("-4.01")),
            (EntryKind::Fine, cents("5.00"))
        ]
    );
}

#[test]
fn a_reversal_without_an_appeal_says_when_the_order_was_last_heard_of() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let mut case = case
        .event_learned(NUMBERS[0], Node::Signed, day(20), day(33))
        .event_learned(NUMBERS[0], Node::PickedUp, day(1), day(50));
    let night = case.settle(day(34));
    let because = Because::NoLongerDue {
        latest_fact_recorded_at: Some(day(33)),
        seen: Seen {
            signed_at: Some(day(20)),
            ..Seen::default()
        },
    };
    assert_eq!(night[0].because, because);
    assert_eq!(night[0].effective_at, day(34));
}

#[test]
fn the_sign_off_stays_open_until_nothing_can_come_of_it() {
    let open = |case: &Case| {
        case.order
            .is_sign_off_open(case.book.in_force_at(case.order.paid_at))
    };
    let mut case = Case::paid("80.10");
    assert!(open(&case), "nobody has signed");
    case.settle(day(20));
    assert!(open(&case), "its deadline has not passed");
    let signed =
        case.clone()
            .upload(NUMBERS[0], SendType::All, hour(1))
            .event(NUMBERS[0], Node::Signed, day(9));
    assert!(!open(&signed), "signed in time");
    case.settle(day(31));
    assert!(!open(&case), "fined");

    let late = case.clone().appeal(AppealFact {
        recorded_at: day(33),
        ..appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(3))
    });
    assert!(open(&late), "an appeal filed in time was learned of late");

    let mut held = Case::paid("80.10").appeal(appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(3)));
    held.settle(day(31));
    assert!(open(&held), "an appeal is pending");
    let accepted = decision_fact(AppealedClause::B4, AppealStatus::Accepted, day(3), day(40));
    let mut held = held.appeal(accepted);
    assert!(open(&held), "decided, the hold still stands");
    held.settle(day(41));
    assert!(!open(&held), "voided");
}

#[test]
fn an_order_remembers_the_latest_night_that_posted() {
    let mut case = Case::shipped();
    case.order.note_posted(&[], day(9));
    case.order.note_posted(&[], day(5));
    assert_eq!(case.order.settled_as_of, Some(day(9)));
}
