//! As of an instant counts what was recorded by then: to the second.

use store::Tally;
use tests::{OwnCloud, at};

use crate::scans::{DEADLINE, cloud_with_orders, order_id, upload};

/// A cloud whose orders were picked up at 10:00 on the second day, with one more event each, 47 h later, that was
/// recorded at the instant given.
async fn cloud_with_events(recorded_at: &[&str]) -> OwnCloud {
    let cloud = cloud_with_orders(recorded_at.len() as u32).await;
    let mut tracking = "order_id,carrier,tracking_number,uploaded_at\n".to_owned();
    let mut events = "carrier,tracking_number,event_code,occurred_at,recorded_at\n".to_owned();
    for (order, recorded_at) in recorded_at.iter().enumerate() {
        let number = format!("YT{order:016}");
        tracking += &format!(
            "{},yunexpress,{number},2024-05-01T02:00:00Z\n",
            order_id(order as u32)
        );
        events += &format!("yunexpress,{number},picked_up,2024-05-02T10:00:00Z,2024-05-02T10:00:00Z\n");
        events += &format!("yunexpress,{number},in_transit,2024-05-04T09:00:00Z,{recorded_at}\n");
    }
    let answer = upload(&cloud, "tracking", &tracking, at("2024-05-01T02:00:00Z")).await;
    assert_eq!(answer.counts.accepted, recorded_at.len() as u64, "{answer:?}");
    let answer = upload(&cloud, "events", &events, at("2024-05-06T00:00:00Z")).await;
    assert_eq!(answer.counts.accepted, 2 * recorded_at.len() as u64, "{answer:?}");
    cloud
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_counts_from_the_second_at_which_it_was_recorded() {
    let recorded_at = ["2024-05-05T07:00:00Z", "2024-05-05T07:00:01Z"];
    let cloud = cloud_with_events(&recorded_at).await;
    let stalls = |as_of: &'static str| {
        let cloud = &cloud;
        async move { cloud.scan_stalls(at(as_of)).await.expect("a stall scan").tally }
    };
    // 69 h after the pickup: silent for too long, unless the event is known by then.
    let tally = stalls(recorded_at[0]).await;
    assert_eq!(
        (tally.posted, tally.reversed),
        (1, 0),
        "only the order whose event came a second later"
    );
    let tally = stalls(recorded_at[1]).await;
    assert_eq!(
        (tally.posted, tally.reversed),
        (0, 1),
        "a second later it is known and splits the silence"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_of_exactly_48_hours_is_none_and_a_second_more_is() {
    let cloud = cloud_with_events(&["2024-05-04T09:00:00Z"]).await;
    let at_the_limit = cloud
        .scan_stalls(at("2024-05-06T09:00:00Z"))
        .await
        .expect("a scan");
    assert_eq!(at_the_limit.tally.posted, 0);
    let beyond = cloud
        .scan_stalls(at("2024-05-06T09:00:01Z"))
        .await
        .expect("a scan");
    assert_eq!(beyond.tally.posted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_off_deadline_is_kept_at_its_second_and_missed_a_second_later() {
    let cloud = cloud_with_orders(3).await;
    let in_time = cloud.scan_signoffs(at(DEADLINE)).await.expect("a scan").tally;
    assert_eq!(in_time, Tally::default(), "the index does not even name them");
    assert_eq!(
        cloud
            .scan_stalls(at(DEADLINE))
            .await
            .expect("a scan")
            .tally
            .posted,
        0
    );
    let missed = cloud
        .scan_signoffs(at("2024-05-31T00:00:01Z"))
        .await
        .expect("a scan")
        .tally;
    assert_eq!((missed.examined, missed.posted), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_there_from_the_second_at_which_it_was_learned() {
    let cloud = OwnCloud::new().await;
    let file = format!(
        "order_id,seller_id,paid_at,amount,currency,destination_country\n{},S1,2024-03-01T00:00:00Z,80.10,USD,US\n",
        order_id(0)
    );
    upload(&cloud, "orders", &file, at("2024-06-01T07:15:01Z")).await;
    let before = cloud
        .scan_stalls(at("2024-06-01T07:15:00Z"))
        .await
        .expect("a scan")
        .tally;
    assert_eq!((before.examined, before.posted), (1, 0), "learned a second later");
    let then = cloud
        .scan_stalls(at("2024-06-01T07:15:01Z"))
        .await
        .expect("a scan")
        .tally;
    assert_eq!(then.posted, 1);
}
