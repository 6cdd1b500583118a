//! A seller's own prefix: what may be done under it.

use domain::{Clause, LedgerEntry, RowCode};
use store::ParkedNote;
use tests::{OwnCloud, at, entries, net, operator_key, seller_key};

use crate::uploads::{
    LEARNED_AT, ORDERS, PAID_AT, TRACKING, cloud_with_orders, codes, file_code, order_id, orders_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_file_touches_only_that_sellers_orders() {
    let cloud = cloud_with_orders().await;
    let before = cloud.orders().await;
    let tracking = format!(
        "order_id,carrier,tracking_number\n{},DHL,3318810025\n{},DHL,12 34\n",
        order_id(10),
        order_id(11)
    );
    let answer = cloud
        .upload(&seller_key("tracking", "S1", "mine.csv"), tracking, None)
        .await;
    assert_eq!(answer.counts.rejected, 2);
    assert_eq!(codes(&answer)[&1], ["ORDER_OTHER_SELLER"]);
    assert_eq!(answer.fines.count, 0, "nobody is fined for another's row");

    let appeals = format!(
        "appeal_id,order_id,reason,status,filed_at\nA1,{},late,pending,{LEARNED_AT}\n",
        order_id(12)
    );
    let answer = cloud
        .upload(&seller_key("appeals", "S1", "appeals.csv"), appeals, None)
        .await;
    assert_eq!(codes(&answer)[&1].last(), Some(&"ORDER_OTHER_SELLER"));

    let accepted = format!(
        "order_id,carrier,tracking_number\n{},DHL,3318810025\n",
        order_id(10)
    );
    assert_eq!(
        cloud
            .upload(&seller_key("tracking", "S2", "mine.csv"), accepted, None)
            .await
            .counts
            .accepted_with_warning,
        1
    );
    // Orders, events, rates and statements are the operator's to state.
    for (kind, file) in [
        ("orders", orders_of("S1", 13..14)),
        (
            "events",
            "carrier,tracking_number,event_code,occurred_at\nDHL,3318810025,signed,2024-05-03T00:00:00Z\n"
                .to_owned(),
        ),
        (
            "rates",
            "date,currency,usd_per_unit\n2024-05-01,EUR,9.99\n".to_owned(),
        ),
        (
            "statement",
            "statement_id,line_no,amount,currency,charged_at\nM1,1,0.50,USD,2024-05-03T00:00:00Z\n"
                .to_owned(),
        ),
    ] {
        let answer = cloud
            .upload(&seller_key(kind, "S1", "mine.csv"), file, None)
            .await;
        assert_eq!(file_code(&answer), "KIND_NOT_ALLOWED", "{kind}");
        let told = &answer.issues[0].message_zh;
        assert!(!told.contains(kind), "a kind is named in Chinese: {told}");
    }

    let after = cloud.orders().await;
    let touched: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .collect();
    assert_eq!(
        touched.len(),
        1,
        "only what S2 itself uploaded was applied: {touched:?}"
    );
    assert_eq!(after[10].event_count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_rows_parked_for_another_sellers_order_do_not_touch_it_when_it_arrives() {
    let cloud = OwnCloud::new().await;
    let tracking = format!(
        "order_id,carrier,tracking_number\n{},DHL,3318810025\n{},DHL,1 2\n",
        order_id(0),
        order_id(1)
    );
    let answer = cloud
        .upload(&seller_key("tracking", "S2", "early.csv"), tracking, None)
        .await;
    assert_eq!((answer.counts.parked, answer.counts.rejected), (1, 1));
    cloud
        .upload(
            &operator_key("orders", "orders.csv"),
            orders_of("S1", 0..2),
            Some(at(LEARNED_AT)),
        )
        .await;
    let orders = cloud.orders().await;
    assert!(
        orders
            .iter()
            .all(|order| order.shipments.is_empty() && order.failure.is_none()),
        "{orders:?}"
    );
    // The first row's sender was told that it waits, the second's that it is wrong: what became of the first is listed.
    let refused = |row: &ParkedNote| (row.upload_key.clone(), row.row, row.refused.clone());
    for again in ["same.csv", "again.csv"] {
        let mut listed = Vec::new();
        let listing = cloud.store.each_parked(|row| listed.push(refused(&row)));
        listing.await.expect("the rows can be listed");
        let key = "inbox/tracking/S2/early.csv".to_owned();
        assert_eq!(listed, [(key, 1, vec![RowCode::OrderOtherSeller])]);
        let orders = orders_of("S1", 0..2);
        let key = operator_key("orders", again);
        cloud.upload(&key, orders, Some(at(LEARNED_AT))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_cannot_state_times() {
    let cloud = cloud_with_orders().await;
    let tracking = format!("{TRACKING}{},DHL,3318810025,2024-05-01T01:00:00Z\n", order_id(0));
    let key = seller_key("tracking", "S1", "backdated.csv");
    // Neither by a column nor by the object's metadata.
    let answer = cloud
        .upload(&key, tracking, Some(at("2024-05-01T01:00:00Z")))
        .await;
    assert_eq!(answer.counts.accepted_with_warning, 1);
    assert!(
        codes(&answer)[&1].contains(&"UPLOAD_LATE"),
        "the object's time counts: {:?}",
        answer.by_code
    );
    let warned = answer.issues.iter().any(|issue| {
        issue.column == "uploaded_at" && issue.severity == "warning" && issue.code != "UPLOAD_LATE"
    });
    assert!(
        warned,
        "a warning says that the column was ignored: {:?}",
        answer.issues
    );
    let order = &cloud.orders().await[0];
    assert!(order.shipments[0].uploaded_at() > at("2025-01-01T00:00:00Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_cannot_decide_an_appeal() {
    let cloud = cloud_with_orders().await;
    let decided = |id: &str| {
        format!(
            "appeal_id,order_id,reason,status,filed_at,decided_at\n{id},{},late,accepted,2024-05-20T00:00:00Z,2024-05-21T00:00:00Z\n",
            order_id(0)
        )
    };
    cloud
        .upload(&seller_key("appeals", "S1", "appeals.csv"), decided("A1"), None)
        .await;
    let as_of = at("2024-06-20T00:00:00Z");
    cloud.settle(as_of).await;
    let b4 = |entries: &[LedgerEntry]| {
        net(entries)
            .into_iter()
            .filter(|fine| fine.clause == Clause::B4 && fine.order_id.as_str() == order_id(0))
            .count()
    };
    assert_eq!(
        b4(&entries(&cloud).await),
        1,
        "the fine stands: an appeal filed now is neither accepted nor in time"
    );
    cloud
        .upload(
            &operator_key("appeals", "appeals.csv"),
            decided("A2"),
            Some(at("2024-06-21T00:00:00Z")),
        )
        .await;
    cloud.settle(at("2024-06-22T00:00:00Z")).await;
    assert_eq!(b4(&entries(&cloud).await), 0, "an operator's word reverses it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_rates_are_refused() {
    let cloud = OwnCloud::new().await;
    let rates = "date,currency,usd_per_unit\n2024-04-30,EUR,1.08\n";
    let answer = cloud
        .upload(&seller_key("rates", "S1", "rates.csv"), rates, None)
        .await;
    assert_eq!(file_code(&answer), "KIND_NOT_ALLOWED");
    let order = format!("{ORDERS}{},S1,{PAID_AT},10.00,EUR,FR\n", order_id(0));
    let answer = cloud
        .upload(&operator_key("orders", "orders.csv"), order, Some(at(LEARNED_AT)))
        .await;
    assert_eq!(
        codes(&answer)[&1],
        ["RATE_MISSING"],
        "nothing of the refused file was applied"
    );
    cloud
        .upload(&operator_key("rates", "rates.csv"), rates, Some(at(LEARNED_AT)))
        .await;
    assert_eq!(
        cloud.orders().await[0].usd_at(at("2030-01-01T00:00:00Z")).0,
        1_080,
        "the parked order came with its rate"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_sellers_order_is_refused_without_naming_the_order() {
    let cloud = cloud_with_orders().await;
    let row = |order: u32| {
        format!(
            "order_id,carrier,tracking_number\n{},DHL,3318810025\n",
            order_id(order)
        )
    };
    let theirs = operator_key("tracking", "theirs.csv");
    cloud.upload(&theirs, row(10), Some(at(LEARNED_AT))).await;
    let answer = cloud
        .upload(&seller_key("tracking", "S1", "mine.csv"), row(0), None)
        .await;
    assert!(codes(&answer)[&1].contains(&"NUM_USED_ELSEWHERE"));
    assert!(
        answer
            .issues
            .iter()
            .all(|issue| !issue.message_en.contains(&order_id(10))),
        "{:?}",
        answer.issues
    );
    let answer = cloud
        .upload(
            &operator_key("tracking", "all.csv"),
            format!("{}\n", row(0)),
            Some(at("2024-05-03T00:00:00Z")),
        )
        .await;
    assert!(
        answer
            .issues
            .iter()
            .any(|issue| issue.message_en.contains(&order_id(10))),
        "{:?}",
        answer.issues
    );
}
