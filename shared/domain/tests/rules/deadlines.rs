//! What is near: every fine that a later night posts without news was listed before, with its price.

use domain::assess::assess;
use domain::deadlines::{Advice, Matter};
use domain::{
    AppealStatus, AppealedClause, Cents, Clause, Elapsed, Node, Order, OrderStatus, PolicyBook, RowCode,
    SendType,
};
use proptest::prelude::*;

use crate::desk::{Desk, Fact, moments, season};
use crate::season::{
    Case, NUMBERS, Told, appeal_fact, cents, day, deadline, decision_fact, failing_fact, hour, number,
    order_fact, policy_with, told, usd,
};

fn of(matter: Matter, told: &[Told]) -> Vec<Told> {
    told.iter()
        .filter(|deadline| deadline.matter == matter)
        .cloned()
        .collect()
}

#[test]
fn an_order_without_an_upload_is_near_its_upload_and_its_sign_off() {
    let near = Case::paid("80.10").deadlines(hour(1));
    let [upload, sign_off] = &near[..] else {
        panic!("{near:?}")
    };
    assert_eq!(
        (upload.at, upload.matter, upload.at_risk),
        (hour(24), Matter::Upload, Cents::ZERO)
    );
    assert_eq!(upload.advice, Advice::Upload);
    assert_eq!((sign_off.at, sign_off.at_risk), (deadline(), cents("4.01")));
    assert_eq!(sign_off.advice, Advice::SignOffUnsent);
    assert_eq!(Case::paid("80.10").deadlines(hour(24)).len(), 2);
    assert_eq!(Case::paid("80.10").deadlines(hour(24).next()).len(), 1);
}

#[test]
fn a_failed_upload_is_to_be_mended() {
    let mut case = Case::paid("80.10");
    case.rule_tracking(failing_fact(RowCode::NumFormat, hour(2)));
    assert_eq!(case.deadlines(hour(3))[0].advice, Advice::UploadAgain);
    assert_eq!(case.deadlines(hour(1))[0].advice, Advice::Upload, "not known yet");
}

#[test]
fn a_moving_parcel_is_near_its_silence_with_its_number_and_price() {
    let case = Case::travelled(&[(Node::PickedUp, 1), (Node::InTransit, 30)]);
    let near = of(Matter::Silence, &case.deadlines(hour(40)));
    let [silence] = &near[..] else { panic!("{near:?}") };
    assert_eq!(
        (silence.at, silence.since, silence.at_risk),
        (hour(78), hour(30), cents("1.20"))
    );
    assert_eq!(silence.number, Some(number(NUMBERS[0])));
    // Once it costs, it is no longer near.
    assert_eq!(of(Matter::Silence, &case.deadlines(hour(78).next())), []);
}

#[test]
fn a_shipment_fined_once_has_no_further_silence_under_that_policy() {
    let events = [(Node::PickedUp, 0), (Node::InTransit, 60)];
    let per_shipment = policy_with(&[("fined_per = \"episode\"", "fined_per = \"shipment\"")]);
    let case = Case::travelled(&events);
    assert_eq!(of(Matter::Silence, &case.deadlines(hour(61))).len(), 1);
    assert_eq!(
        of(Matter::Silence, &case.under(per_shipment).deadlines(hour(61))),
        []
    );
}

#[test]
fn the_sign_offs_price_is_capped_and_gone_with_the_signature() {
    let dear = order_fact();
    let dear = domain::facts::OrderFact {
        amount: usd("1000.01"),
        ..dear
    };
    let case = Case::placed(&dear).upload(NUMBERS[0], SendType::All, hour(1));
    let near = of(Matter::SignOff, &case.deadlines(day(26)));
    let [sign_off] = &near[..] else { panic!("{near:?}") };
    assert_eq!(
        (sign_off.at_risk, sign_off.advice),
        (cents("50.00"), Advice::SignOff)
    );
    assert_eq!(
        sign_off.number,
        Some(number(NUMBERS[0])),
        "the one parcel that is not signed"
    );
    let signed = case.event(NUMBERS[0], Node::Signed, day(20));
    assert_eq!(signed.deadlines(day(26)), []);
    assert_eq!(
        Case::paid("0.09").deadlines(day(26)),
        [],
        "five per cent of nine cents are none"
    );
}

#[test]
fn a_cancelled_order_is_near_nothing() {
    let case = Case::paid("80.10").status(OrderStatus::Cancelled, hour(3));
    assert_eq!(case.deadlines(hour(4)), []);
    assert_eq!(case.deadlines(hour(2)).len(), 2, "not known yet");
}

#[test]
fn an_appeal_is_followed_up_while_pending_and_ends_the_matter_once_accepted() {
    let pending = Case::shipped().appeal(appeal_fact(AppealedClause::B4, AppealStatus::Pending, day(26)));
    let near = of(Matter::SignOff, &pending.deadlines(day(27)));
    assert_eq!(
        (near[0].advice, near[0].at_risk),
        (Advice::SignOffAppealed, cents("4.01"))
    );
    let accepted = pending.appeal(decision_fact(
        AppealedClause::B4,
        AppealStatus::Accepted,
        day(26),
        day(28),
    ));
    assert_eq!(of(Matter::SignOff, &accepted.deadlines(day(29))), []);
    assert_eq!(
        of(Matter::SignOff, &accepted.deadlines(day(27))).len(),
        1,
        "not decided yet"
    );
}

/// A cancellation, an event or a decision may be told before its time; whoever looks ahead knows of it.
#[test]
fn what_is_known_ahead_of_its_time_counts_at_the_deadline() {
    let ahead = Case::shipped()
        .event(NUMBERS[0], Node::PickedUp, hour(2))
        .event_learned(NUMBERS[0], Node::Signed, hour(40), hour(30));
    assert_eq!(ahead.deadlines(hour(31)), []);
    assert_eq!(ahead.deadlines(hour(29)).len(), 2);
}

/// What a night as of an instant would post for an order that has nothing in the ledger.
fn subjects_due(order: &Order, as_of: domain::Timestamp) -> Vec<domain::assess::Due> {
    assess(order, PolicyBook::shipped().newest(), as_of).due
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The promise of the board: nothing that a later night fines without news comes as a surprise, and its price was right.
    #[test]
    fn every_fine_without_news_was_listed_before_its_deadline(facts in season(), hours in 1_i64..200) {
        for seen_at in moments(&facts) {
            let known: Vec<Fact> = facts.iter().filter(|fact| fact.recorded_at() <= seen_at).cloned().collect();
            let Some(order) = Desk::order_of(&known) else { continue };
            // Whatever is learned later is in the order too, and must not show.
            let whole = Desk::order_of(&facts).expect("a season has its order");
            let listed = told(&order, PolicyBook::shipped().newest(), seen_at);
            prop_assert_eq!(&told(&whole, PolicyBook::shipped().newest(), seen_at), &listed, "as of {}", seen_at);
            let later = seen_at.plus(Elapsed::hours(hours));
            for due in subjects_due(&order, later) {
                if due.effective_at <= seen_at {
                    continue;
                }
                let is_listed = listed.iter().any(|deadline| {
                    deadline.at.next() == due.effective_at
                        && deadline.at_risk == due.amount
                        && deadline.matter.clause() == due.subject.clause.as_str()
                        && (due.subject.clause == Clause::B4 || deadline.number == due.subject.tracking_number)
                });
                prop_assert!(is_listed, "as of {}: {:?} is not in {:?}", seen_at, due, listed);
            }
        }
    }

    /// And the board cries no wolf: what it lists with a price is due the second after, unless something is learned or
    /// a decision known ahead speaks later.
    #[test]
    fn what_is_listed_with_a_price_is_due_right_after(facts in season()) {
        for seen_at in moments(&facts) {
            let known: Vec<Fact> = facts.iter().filter(|fact| fact.recorded_at() <= seen_at).cloned().collect();
            let Some(order) = Desk::order_of(&known) else { continue };
            for deadline in told(&order, PolicyBook::shipped().newest(), seen_at) {
                prop_assert!(deadline.at >= seen_at && deadline.since <= deadline.at);
                let is_appealed = !order.appeals.is_empty();
                if deadline.at_risk > Cents::ZERO && !is_appealed {
                    let due = subjects_due(&order, deadline.at.next());
                    let is_due = due.iter().any(|due| {
                        due.effective_at == deadline.at.next()
                            && due.amount == deadline.at_risk
                            && due.subject.clause.as_str() == deadline.matter.clause()
                    });
                    prop_assert!(is_due, "as of {}: {:?} against {:?}", seen_at, deadline, due);
                    prop_assert!(subjects_due(&order, deadline.at).iter().all(|due| due.effective_at != deadline.at.next()));
                }
            }
        }
    }
}
