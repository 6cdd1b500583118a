//! B5: what an appeal does to a fine, as of any instant.

use domain::Because;
use domain::assess::Verdict;
use domain::facts::AppealFact;
use domain::{AppealStatus, AppealedClause, Clause, EntryKind, Node, RowCode, Timestamp};

use crate::season::{Case, appeal_fact, cents, codes, day, deadline, decision_fact, failing_fact, hour};

const B4: AppealedClause = AppealedClause::B4;
const FAILED: [AppealStatus; 3] = [
    AppealStatus::Rejected,
    AppealStatus::Withdrawn,
    AppealStatus::Expired,
];

fn filed(filed_at: Timestamp) -> AppealFact {
    appeal_fact(B4, AppealStatus::Pending, filed_at)
}

fn decided(status: AppealStatus, filed_at: Timestamp, decided_at: Timestamp) -> AppealFact {
    decision_fact(B4, status, filed_at, decided_at)
}

fn named(appeal_id: &str, fact: AppealFact) -> AppealFact {
    AppealFact {
        appeal_id: appeal_id.to_owned(),
        ..fact
    }
}

fn verdict(case: &Case, as_of: Timestamp) -> Option<Verdict> {
    case.sign_off(as_of).map(|(verdict, _)| verdict)
}

#[test]
fn an_accepted_appeal_counts_whenever_it_was_filed() {
    for filed_at in [day(10), deadline(), day(31), day(50)] {
        let case = Case::shipped().appeal(decided(AppealStatus::Accepted, filed_at, day(60)));
        assert_eq!(verdict(&case, day(61)), None, "{filed_at}");
    }
}

#[test]
fn a_fine_posted_before_its_appeal_is_accepted_is_reversed() {
    let mut case = Case::shipped();
    assert_eq!(case.night(day(31)), [(EntryKind::Fine, cents("4.01"))]);
    let mut case = case
        .appeal(filed(day(32)))
        .appeal(decided(AppealStatus::Accepted, day(32), day(40)));
    assert_eq!(case.night(day(39)), []);
    let night = case.settle(day(40));
    assert_eq!(
        (night.len(), night[0].kind, night[0].amount),
        (1, EntryKind::Reversal, cents("-4.01"))
    );
    assert_eq!(
        night[0].reverses.as_deref(),
        Some(case.entries[0].entry_id.as_str())
    );
    let because = Because::AppealAccepted {
        appeal_id: "A-1".to_owned(),
        filed_at: day(32),
        decided_at: day(40),
    };
    assert_eq!(night[0].because, because);
    assert_eq!(case.balance(), cents("0.00"));
}

#[test]
fn an_appeal_pending_by_the_deadline_holds_and_its_rejection_posts() {
    for status in FAILED {
        let mut case = Case::shipped().appeal(filed(deadline()));
        assert_eq!(case.night(day(31)), [(EntryKind::Hold, cents("4.01"))]);
        assert_eq!(case.night(day(32)), []);
        assert_eq!(case.balance(), cents("0.00"));
        let mut case = case.appeal(decided(status, deadline(), day(40)));
        assert_eq!(case.night(day(39)), [], "{status:?}");
        assert_eq!(
            case.night(day(41)),
            [(EntryKind::Fine, cents("4.01"))],
            "{status:?}"
        );
        assert_eq!(case.night(day(42)), []);
        assert_eq!(case.balance(), cents("4.01"));
    }
}

#[test]
fn an_appeal_pending_by_the_deadline_holds_and_its_acceptance_voids() {
    let mut case = Case::shipped().appeal(filed(day(20)));
    case.settle(day(31));
    let mut case = case.appeal(decided(AppealStatus::Accepted, day(20), day(40)));
    let night = case.settle(day(41));
    assert_eq!(
        (night.len(), night[0].kind, night[0].amount),
        (1, EntryKind::Void, cents("-4.01"))
    );
    assert_eq!(
        night[0].reverses.as_deref(),
        Some(case.entries[0].entry_id.as_str())
    );
    assert_eq!(case.balance(), cents("0.00"));
}

#[test]
fn an_appeal_pending_after_the_deadline_does_not_hold() {
    let case = Case::shipped().appeal(filed(deadline().next()));
    assert_eq!(verdict(&case, day(32)), Some(Verdict::Fine));
}

#[test]
fn a_failed_appeal_leaves_the_fine() {
    for status in FAILED {
        let case = Case::shipped().appeal(decided(status, day(10), day(12)));
        assert_eq!(verdict(&case, day(31)), Some(Verdict::Fine), "{status:?}");
    }
}

#[test]
fn before_its_decision_an_appeal_is_pending() {
    let case = Case::shipped().appeal(AppealFact {
        decided_at: Some(day(40)),
        recorded_at: day(20),
        ..appeal_fact(B4, AppealStatus::Accepted, day(20))
    });
    assert_eq!(verdict(&case, day(31)), Some(Verdict::Hold));
    assert_eq!(
        verdict(&case, Timestamp::from_unix(day(40).unix() - 1)),
        Some(Verdict::Hold)
    );
    assert_eq!(verdict(&case, day(40)), None);
}

#[test]
fn an_appeal_in_time_that_is_learned_late_holds_the_fine_that_was_posted() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let mut case = case.appeal(AppealFact {
        recorded_at: day(33),
        ..filed(day(29))
    });
    let night = case.settle(day(34));
    let kinds: Vec<_> = night.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Reversal, EntryKind::Hold]);
    assert_eq!(
        night[0].because,
        Because::AppealPending {
            appeal_id: "A-1".to_owned(),
            filed_at: day(29)
        }
    );
    assert_eq!(case.balance(), cents("0.00"));
}

#[test]
fn of_several_appeals_the_accepted_one_counts_then_a_pending_one_then_the_rest() {
    let rejected = named("A-1", decided(AppealStatus::Rejected, day(5), day(6)));
    let pending = named("A-2", filed(day(7)));
    let accepted = named("A-3", decided(AppealStatus::Accepted, day(8), day(9)));
    let case = Case::shipped().appeal(rejected);
    assert_eq!(verdict(&case, day(31)), Some(Verdict::Fine));
    let case = case.appeal(pending);
    assert_eq!(verdict(&case, day(31)), Some(Verdict::Hold));
    let case = case.appeal(accepted);
    assert_eq!(verdict(&case, day(31)), None);
}

#[test]
fn of_several_pending_appeals_one_in_time_is_enough() {
    let case = Case::shipped()
        .appeal(named("A-1", filed(day(31))))
        .appeal(named("A-2", filed(day(29))));
    assert_eq!(verdict(&case, day(32)), Some(Verdict::Hold));
}

#[test]
fn an_appeal_against_another_clause_changes_nothing() {
    let case = Case::shipped().appeal(decision_fact(
        AppealedClause::A6,
        AppealStatus::Accepted,
        day(1),
        day(2),
    ));
    assert_eq!(verdict(&case, day(31)), Some(Verdict::Fine));
}

#[test]
fn a_decision_that_is_overturned_posts_the_fine_anew() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let mut case = case.appeal(decided(AppealStatus::Accepted, day(32), day(33)));
    case.settle(day(34));
    let mut case = case.appeal(decided(AppealStatus::Rejected, day(32), day(35)));
    assert_eq!(case.night(day(36)), [(EntryKind::Fine, cents("4.01"))]);
    assert_eq!(case.balance(), cents("4.01"));
    let ids: Vec<_> = case.entries.iter().map(|entry| entry.entry_id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "8000011000000005.B4.fine.1",
            "8000011000000005.B4.reversal.2",
            "8000011000000005.B4.fine.3"
        ]
    );
}

/// The reversal cites the decision as it was known then, not one that came later.
#[test]
fn a_reversal_cites_the_decision_that_it_rests_on() {
    let mut case = Case::shipped();
    case.settle(day(31));
    let mut case = case
        .appeal(decided(AppealStatus::Accepted, day(32), day(33)))
        .appeal(decided(AppealStatus::Rejected, day(32), day(35)));
    let night = case.settle(day(34));
    let because = Because::AppealAccepted {
        appeal_id: "A-1".to_owned(),
        filed_at: day(32),
        decided_at: day(33),
    };
    assert_eq!(night[0].because, because);
}

#[test]
fn a_pending_appeal_holds_neither_an_upload_fine_nor_a_silence() {
    let mut case = Case::travelled(&[(Node::PickedUp, 2)]);
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(1)));
    let case = case
        .appeal(named(
            "A-1",
            appeal_fact(AppealedClause::A6, AppealStatus::Pending, hour(3)),
        ))
        .appeal(named(
            "A-2",
            appeal_fact(AppealedClause::B3, AppealStatus::Pending, hour(3)),
        ));
    let due = case.assess(day(5)).due;
    let verdicts: Vec<_> = due.iter().map(|due| (due.subject.clause, due.verdict)).collect();
    assert_eq!(
        verdicts,
        [(Clause::A6, Verdict::Fine), (Clause::B3, Verdict::Fine)]
    );
}

#[test]
fn an_accepted_appeal_against_silence_takes_back_every_episode_of_the_order() {
    let mut case = Case::travelled(&[(Node::PickedUp, 0), (Node::InTransit, 60), (Node::Signed, 120)]);
    assert_eq!(case.night(day(6)).len(), 2);
    let mut case = case.appeal(decision_fact(
        AppealedClause::B3,
        AppealStatus::Accepted,
        day(6),
        day(7),
    ));
    assert_eq!(
        case.night(day(8)),
        [
            (EntryKind::Reversal, cents("-1.20")),
            (EntryKind::Reversal, cents("-1.20"))
        ]
    );
    assert_eq!(case.balance(), cents("0.00"));
}

#[test]
fn an_appeal_that_names_one_episode_takes_back_that_one() {
    let mut case = Case::travelled(&[(Node::PickedUp, 0), (Node::InTransit, 60), (Node::Signed, 120)]);
    case.settle(day(6));
    let mut case = case.appeal(AppealFact {
        episode_start: Some(hour(60)),
        ..decision_fact(AppealedClause::B3, AppealStatus::Accepted, day(6), day(7))
    });
    let night = case.settle(day(8));
    assert_eq!(night.len(), 1);
    assert_eq!(night[0].subject.episode_start, Some(hour(60)));
    assert_eq!(case.balance(), cents("1.20"));
    // Refused after all: the one fine comes back.
    let mut case = case.appeal(AppealFact {
        episode_start: Some(hour(60)),
        ..decision_fact(AppealedClause::B3, AppealStatus::Rejected, day(6), day(9))
    });
    assert_eq!(case.night(day(10)), [(EntryKind::Fine, cents("1.20"))]);
}

#[test]
fn an_appeal_keeps_its_clause_its_filing_and_its_episode() {
    let mut case = Case::shipped().appeal(filed(day(10)));
    let conflicts = [
        filed(day(11)),
        appeal_fact(AppealedClause::B3, AppealStatus::Pending, day(10)),
        AppealFact {
            episode_start: Some(day(1)),
            ..filed(day(10))
        },
    ];
    for fact in conflicts {
        let before = case.order.clone();
        assert_eq!(codes(&case.rule_appeal(fact)), [RowCode::RowConflict]);
        assert_eq!(case.order, before);
    }
}

/// The rulebook is silent on a decision without a date; it holds from when it was learned, as the appeal is pending
/// until then.
#[test]
fn an_undated_decision_holds_from_when_it_was_learned() {
    let case = Case::shipped().appeal(filed(day(20))).appeal(AppealFact {
        recorded_at: day(40),
        ..appeal_fact(B4, AppealStatus::Accepted, day(20))
    });
    assert_eq!(verdict(&case, day(39)), Some(Verdict::Hold));
    assert_eq!(verdict(&case, day(40)), None);
}

#[test]
fn an_order_takes_so_many_appeals_and_each_so_many_states() {
    let book = crate::season::policy_with(&[
        ("appeals_per_order_max = 50", "appeals_per_order_max = 2"),
        ("states_per_appeal_max = 10", "states_per_appeal_max = 2"),
    ]);
    let mut case = Case::paid("80.10").under(book);
    let mut rule = |id: &str, status, decided_at| {
        let before = case.order.clone();
        let ruling = case.rule_appeal(AppealFact {
            appeal_id: id.to_owned(),
            decided_at,
            ..appeal_fact(B4, status, day(3))
        });
        if ruling.is_refused() {
            assert_eq!(case.order, before, "nothing of a refused row counts");
        }
        codes(&ruling)
    };
    assert_eq!(rule("AP-1", AppealStatus::Pending, None), []);
    assert_eq!(rule("AP-2", AppealStatus::Pending, None), []);
    assert_eq!(rule("AP-3", AppealStatus::Pending, None), [RowCode::AppealsLimit]);
    // An order full of appeals takes the decisions on them, and what is known takes no place.
    assert_eq!(rule("AP-1", AppealStatus::Rejected, Some(day(4))), []);
    assert_eq!(
        rule("AP-1", AppealStatus::Accepted, Some(day(5))),
        [RowCode::AppealsLimit]
    );
    assert_eq!(rule("AP-1", AppealStatus::Rejected, Some(day(4))), []);
    assert_eq!(rule("AP-2", AppealStatus::Accepted, Some(day(5))), []);
}
