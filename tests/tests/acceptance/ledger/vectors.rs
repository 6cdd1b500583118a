//! The rulebook's vectors of A6, B3 and B4, from files to the ledger.

use crate::ledger::desk::{Desk, NUMBER, ORDER, after, day, hour};

const NONE: [&str; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn two_gaps_over_48_hours_are_two_fines_and_a_late_event_takes_one_back() {
    let mut desk = Desk::shipped().await;
    desk.events(&[
        ("picked_up", hour(0)),
        ("in_transit", hour(40)),
        ("in_transit", hour(100)),
        ("in_transit", hour(101)),
        ("signed", hour(160)),
    ])
    .await;
    assert_eq!(desk.night(day(7)).await, ["B3 fine 1 1.20", "B3 fine 1 1.20"]);
    assert_eq!(desk.balance().await, 240);
    assert_eq!(
        desk.night(day(8)).await,
        NONE,
        "fined once, however many nights look"
    );
    desk.event_learned("in_transit", hour(70), day(8).next()).await;
    assert_eq!(desk.night(day(9)).await, ["B3 reversal 2 -1.20"]);
    assert_eq!(desk.balance().await, 120);

    let ledger = desk.ledger().await;
    let reversal = ledger
        .iter()
        .find(|entry| entry.reverses.is_some())
        .expect("a reversal");
    let because = serde_json::to_value(&reversal.because).expect("JSON");
    assert_eq!(because["why"], "no_longer_due");
    assert_eq!(because["silence"], "30 h 00 m", "it tells what it saw: {because}");
    assert_eq!(because["silent_until"], hour(70).to_string());
    assert_eq!(because["latest_fact_recorded_at"], day(8).next().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_of_48_hours_is_none_and_a_second_more_is_one() {
    for (gap, posted) in [
        (after(48, 0, 0), &[][..]),
        (after(48, 0, 1), &["B3 fine 1 1.20"][..]),
    ] {
        let mut desk = Desk::shipped().await;
        desk.events(&[("picked_up", hour(0)), ("signed", gap)]).await;
        assert_eq!(desk.night(day(7)).await, posted, "{gap}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_hours_of_silence_are_one_fine_through_many_nights() {
    let mut desk = Desk::shipped().await;
    desk.events(&[("picked_up", hour(0))]).await;
    let mut posted = Vec::new();
    for days in 1..=9 {
        posted.extend(desk.night(day(days)).await);
    }
    assert_eq!(posted, ["B3 fine 1 1.20"]);
}

/// B1's silence: no pickup costs nothing, however long it lasts, before or after the pickup comes.
#[tokio::test(flavor = "multi_thread")]
async fn the_silence_before_the_pickup_is_never_fined() {
    let mut desk = Desk::shipped().await;
    desk.events(&[("info_received", hour(1))]).await;
    for days in [3, 5, 9] {
        assert_eq!(desk.night(day(days)).await, NONE);
    }
    desk.event_learned("picked_up", day(9), day(9).next()).await;
    desk.event_learned("in_transit", day(10), day(10)).await;
    assert_eq!(desk.night(day(11)).await, NONE, "it ran from no pickup");
    assert_eq!(
        desk.night(day(13)).await,
        ["B3 fine 1 1.20"],
        "from the pickup on it runs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_per_cent_half_up_and_at_most_fifty() {
    let amounts = ["80.10", "12.30", "0.09", "999.99", "1000.01"];
    let mut desk = Desk::new().await;
    for (index, amount) in amounts.iter().enumerate() {
        desk.order(&format!("{}", 8_200_000_000_000_000 + index), amount)
            .await;
    }
    assert_eq!(desk.night(day(30)).await, NONE, "strictly more than 30 days");
    assert_eq!(desk.night(day(30).next()).await.len(), 4);
    let fines: Vec<String> = desk
        .ledger()
        .await
        .iter()
        .map(|entry| entry.amount.to_string())
        .collect();
    assert_eq!(
        fines,
        ["4.01", "0.62", "50.00", "50.00"],
        "0.09 owes nothing; by order"
    );
    assert_eq!(desk.night(day(40)).await, NONE, "once per order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_upload_is_fined_once_ever_and_mending_it_refunds_nothing() {
    let mut desk = Desk::new().await;
    desk.order(ORDER, "80.10").await;
    desk.tracking(ORDER, "DHL", "12").await;
    desk.tracking(ORDER, "Pigeon Post", "1").await;
    assert_eq!(desk.night(day(1)).await, ["A6 fine 1 0.50"]);
    desk.parcel(ORDER, NUMBER).await;
    desk.tracking(ORDER, "DHL", "13").await;
    for days in [2, 3] {
        assert_eq!(desk.night(day(days)).await, NONE);
    }
    assert_eq!(desk.balance().await, 50);
}
