//! Appeals (B5) through upload and night: hold → post or void, post → reversal, and anew when the decision turns.

use domain::LedgerEntry;

use crate::ledger::desk::{Desk, ORDER, day, hour};

const NONE: [&str; 0] = [];

/// The last entry's reason, as the ledger has it.
fn why(ledger: &[LedgerEntry], kind: &str) -> serde_json::Value {
    let entry = ledger.iter().find(|entry| entry.kind.as_str() == kind);
    serde_json::to_value(&entry.expect("an entry").because).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_appeal_holds_a_sign_off_and_its_decision_posts_or_voids() {
    for (decision, posted, balance) in [
        ("rejected", "B4 fine 2 4.01", 401),
        ("withdrawn", "B4 fine 2 4.01", 401),
        ("expired", "B4 fine 2 4.01", 401),
        ("accepted", "B4 void 2 -4.01", 0),
    ] {
        let mut desk = Desk::shipped().await;
        desk.appeal("B4", "pending", day(29), day(29)).await;
        assert_eq!(desk.night(day(31)).await, ["B4 hold 1 4.01"]);
        assert_eq!(desk.night(day(32)).await, NONE);
        assert_eq!(desk.balance().await, 0, "a hold is no money yet");
        desk.appeal("B4", decision, day(29), day(33)).await;
        assert_eq!(desk.night(day(34)).await, [posted], "{decision}");
        assert_eq!(desk.night(day(35)).await, NONE);
        assert_eq!(desk.balance().await, balance);
        let ledger = desk.ledger().await;
        assert_eq!(why(&ledger, "hold")["held_by_appeal"], "AP-B4");
        if decision == "accepted" {
            let because = why(&ledger, "void");
            assert_eq!(because["why"], "appeal_accepted");
            assert_eq!(because["filed_at"], day(29).to_string());
            assert_eq!(because["decided_at"], day(33).to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_appeal_takes_back_a_posted_fine_of_each_clause() {
    // A6, from a row that failed.
    let mut desk = Desk::new().await;
    desk.order(ORDER, "80.10").await;
    desk.tracking(ORDER, "DHL", "12").await;
    assert_eq!(desk.night(day(1)).await, ["A6 fine 1 0.50"]);
    desk.appeal("A6", "pending", day(2), day(2)).await;
    assert_eq!(
        desk.night(day(2).next()).await,
        NONE,
        "a pending one holds nothing"
    );
    desk.appeal("A6", "accepted", day(2), day(3)).await;
    assert_eq!(desk.night(day(4)).await, ["A6 reversal 2 -0.50"]);

    // B3, every silence of the order.
    let mut desk = Desk::shipped().await;
    desk.events(&[
        ("picked_up", hour(0)),
        ("in_transit", hour(60)),
        ("signed", hour(120)),
    ])
    .await;
    assert_eq!(desk.night(day(6)).await.len(), 2);
    desk.appeal("B3", "accepted", day(6), day(7)).await;
    assert_eq!(
        desk.night(day(8)).await,
        ["B3 reversal 2 -1.20", "B3 reversal 2 -1.20"]
    );
    assert_eq!(desk.balance().await, 0);

    // B4, filed whenever.
    let mut desk = Desk::shipped().await;
    assert_eq!(desk.night(day(31)).await, ["B4 fine 1 4.01"]);
    desk.appeal("B4", "accepted", day(40), day(41)).await;
    assert_eq!(desk.night(day(42)).await, ["B4 reversal 2 -4.01"]);
    assert_eq!(desk.balance().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appeal_that_names_one_silence_takes_back_that_one() {
    let mut desk = Desk::shipped().await;
    desk.events(&[
        ("picked_up", hour(0)),
        ("in_transit", hour(60)),
        ("signed", hour(120)),
    ])
    .await;
    desk.night(day(6)).await;
    desk.appeal_of("B3", &hour(60).to_string(), "accepted", day(6), day(7))
        .await;
    assert_eq!(desk.night(day(8)).await, ["B3 reversal 2 -1.20"]);
    let ledger = desk.ledger().await;
    let reversal = ledger
        .iter()
        .find(|entry| entry.reverses.is_some())
        .expect("a reversal");
    assert_eq!(reversal.subject.episode_start, Some(hour(60)));
    assert_eq!(desk.balance().await, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_is_overturned_posts_anew_and_so_does_a_fact_that_changes_back() {
    let mut desk = Desk::shipped().await;
    assert_eq!(desk.night(day(31)).await, ["B4 fine 1 4.01"]);
    desk.appeal("B4", "accepted", day(32), day(33)).await;
    assert_eq!(desk.night(day(34)).await, ["B4 reversal 2 -4.01"]);
    desk.appeal("B4", "rejected", day(32), day(35)).await;
    assert_eq!(desk.night(day(36)).await, ["B4 fine 3 4.01"]);
    // A sign-off in time, reported late, takes it back; nothing is due once it is signed.
    desk.event_learned("signed", day(20), day(37)).await;
    assert_eq!(desk.night(day(38)).await, ["B4 reversal 4 -4.01"]);
    let because = why(&desk.ledger().await, "reversal");
    assert_eq!(because["why"], "appeal_accepted", "the first one by its id");
    // The number was replaced in time, which is learned later still: the new parcel is not signed.
    desk.replacement("3318810036", day(10), day(39)).await;
    assert_eq!(desk.night(day(40)).await, ["B4 fine 5 4.01"]);
    assert_eq!(desk.balance().await, 401);
}

/// Several for one clause: accepted, then pending, then the rest; and only of the clause that they name.
#[tokio::test(flavor = "multi_thread")]
async fn an_appeal_against_another_clause_changes_nothing() {
    let mut desk = Desk::shipped().await;
    desk.appeal("A6", "accepted", day(1), day(2)).await;
    desk.appeal("B3", "pending", day(1), day(2)).await;
    desk.events(&[("picked_up", hour(1))]).await;
    assert_eq!(desk.night(day(5)).await, ["B3 fine 1 1.20"]);
    assert_eq!(desk.night(day(31)).await, ["B4 fine 1 4.01"]);
}
