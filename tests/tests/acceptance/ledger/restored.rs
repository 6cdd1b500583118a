//! Orders that were brought back from a backup, to a state of before their entries.

use local::ORDERS_TABLE;
use store::Item;
use tests::{OwnCloud, entries, seed};

use crate::ledger::closes::assert_sound;
use crate::ledger::{cloud_with_season, nights};

async fn orders(cloud: &OwnCloud) -> Vec<Item> {
    let pages = cloud.dynamodb.scan().table_name(ORDERS_TABLE).into_paginator();
    let mut items = pages.items().send();
    let mut orders = Vec::new();
    while let Some(item) = items.next().await {
        orders.push(item.expect("an order"));
    }
    orders
}

async fn bring_back(cloud: &OwnCloud, order: Item) {
    let put = cloud.dynamodb.put_item().table_name(ORDERS_TABLE);
    put.set_item(Some(order)).send().await.expect("an order is put");
}

/// The nights of a season, with the orders brought back after each to what they were before it: what restoring the orders
/// table alone comes to.
#[tokio::test(flavor = "multi_thread")]
async fn orders_that_were_brought_back_take_up_their_entries() {
    let (undisturbed, cloud) = (
        cloud_with_season(seed(35), 30).await,
        cloud_with_season(seed(35), 30).await,
    );
    for night in nights() {
        undisturbed.night(night).await.expect("a night");
        let before = orders(&cloud).await;
        cloud.night(night).await.expect("a night");
        for order in before {
            bring_back(&cloud, order).await;
        }
        let mut adopted = 0;
        for stored in cloud.store.scan_orders(0, 1, None).await.expect("orders").found {
            let stored = stored.expect("an order decodes");
            let adopting = cloud.store.adopt_entries(stored, &cloud.policy).await;
            adopted += u32::from(adopting.expect("the tables answer"));
        }
        assert!(adopted > 0);
    }
    let expected = entries(&undisturbed).await;
    assert!(expected.len() > 20, "{} entries", expected.len());
    assert_eq!(entries(&cloud).await, expected);
    assert_sound(&cloud, nights().len()).await;
}

/// Of an order that was brought back unseen the next night would post the same entries again, for ever in vain.
#[tokio::test(flavor = "multi_thread")]
async fn a_night_that_finds_its_entries_posted_goes_on_from_them() {
    let cloud = cloud_with_season(seed(36), 30).await;
    let night = nights()[0];
    let before = orders(&cloud).await;
    cloud.night(night).await.expect("a night");
    let posted = entries(&cloud).await;
    assert!(!posted.is_empty());
    for order in before {
        bring_back(&cloud, order).await;
    }
    let outcome = cloud.night(night.next()).await.expect("a night");
    assert_eq!(
        [outcome.stalls.failed, outcome.signoffs.failed].concat(),
        Vec::new()
    );
    assert_eq!(entries(&cloud).await, posted);
    assert_sound(&cloud, 2).await;
}
