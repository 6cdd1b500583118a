//! Order numbers that a spreadsheet damaged: the one open order of the uploader's own is proposed, and nobody else's.

use std::collections::BTreeMap;

use lake::Answer;
use tests::{OwnCloud, at, operator_key, seller_key};

use crate::uploads::{LEARNED_AT, ORDERS, PAID_AT};

const HEADER: &str = "order_id,carrier,tracking_number\n";

async fn cloud() -> OwnCloud {
    let cloud = OwnCloud::new().await;
    let orders = [
        ("8300000000000005", "S1"),
        // Alike but for the last digits: one of each seller, and two of one.
        ("8310000000000004", "S1"),
        ("8310000000000007", "S2"),
        ("8320000000000001", "S1"),
        ("8320000000000002", "S1"),
        ("83300000000000042", "S1"),
        ("0123456789", "S1"),
        ("00987654321098", "S1"),
    ];
    let file = orders.iter().fold(ORDERS.to_owned(), |file, (order, seller)| {
        file + &format!("{order},{seller},{PAID_AT},80.10,USD,US\n")
    });
    let answer = cloud
        .upload(&operator_key("orders", "orders.csv"), file, Some(at(LEARNED_AT)))
        .await;
    assert_eq!(answer.counts.accepted, 8);
    cloud
}

/// What a file's rows are told to do, in both languages, by what their cells say.
fn fixes(answer: &Answer) -> BTreeMap<&str, (&str, &str)> {
    let of_orders = answer.issues.iter().filter(|issue| issue.column == "order_id");
    of_orders
        .map(|issue| {
            (
                issue.value.as_str(),
                (issue.fix_en.as_str(), issue.fix_zh.as_str()),
            )
        })
        .collect()
}

fn tracking(orders: &[&str]) -> String {
    orders.iter().fold(HEADER.to_owned(), |file, order| {
        file + &format!("{order},DHL,3318810025\n")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_open_order_that_fits_is_proposed_in_both_languages() {
    let cloud = cloud().await;
    let written = [
        ("8300000000000000", Some("8300000000000005")),
        ("8310000000000000", Some("8310000000000004")),
        ("8320000000000000", None),
        ("83300000000000000", Some("83300000000000042")),
        ("123456789", Some("0123456789")),
        ("987654321098", Some("00987654321098")),
        ("8.30000E+15", None),
        ("5550000000000000", None),
    ];
    let file = tracking(&written.map(|(cell, _)| cell));
    let answer = cloud
        .upload(&seller_key("tracking", "S1", "rounded.csv"), file, None)
        .await;
    assert_eq!(
        answer.counts.accepted + answer.counts.accepted_with_warning,
        0,
        "{answer:?}"
    );
    let fixes = fixes(&answer);
    for (cell, order) in written {
        let (en, zh) = fixes[cell];
        match order {
            Some(order) => {
                assert!(en.contains(&format!("Did you mean {order}?")), "{cell}: {en}");
                assert!(zh.contains(&format!("您要填的是 {order} 吗")), "{cell}: {zh}");
            }
            None => assert!(!en.contains("Did you mean"), "{cell}: {en}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sellers_order_is_never_named_and_an_operator_is_told_of_no_guess() {
    let cloud = cloud().await;
    let file = tracking(&["8300000000000000", "123456789"]);
    let answer = cloud
        .upload(&seller_key("tracking", "S2", "theirs.csv"), file, None)
        .await;
    assert!(!format!("{answer:?}").contains("Did you mean"), "{answer:?}");
    let file = tracking(&["8310000000000000"]);
    let answer = cloud
        .upload(&operator_key("tracking", "two.csv"), file, None)
        .await;
    assert!(
        !format!("{answer:?}").contains("Did you mean"),
        "two orders fit: {answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_shipped_is_not_proposed() {
    let cloud = cloud().await;
    let shipped = tracking(&["8300000000000005"]);
    cloud
        .upload(&seller_key("tracking", "S1", "shipped.csv"), shipped, None)
        .await;
    let file = tracking(&["8300000000000000"]);
    let answer = cloud
        .upload(&seller_key("tracking", "S1", "rounded.csv"), file, None)
        .await;
    assert!(!format!("{answer:?}").contains("Did you mean"), "{answer:?}");
}
