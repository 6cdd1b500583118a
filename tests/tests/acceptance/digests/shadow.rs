//! A shadow policy beside the night: its part of the digest, and no trace of it anywhere else.

use std::sync::Arc;
use std::time::Duration;

use digest::ShadowPolicy;
use domain::PolicyBook;
use entrypoint::TimeLeft;
use local::{ORDERS_TABLE, RECORDS_TABLE};
use serde_json::json;
use sha2::{Digest, Sha256};
use stall_scan::{Request, StallScan};
use tests::{OwnCloud, at};

use super::{LATER, ORDERS, cloud_with_orders, digest, json_of};

const SHIPPED: &str = include_str!("../../../../shared/domain/data/policy.toml");

/// B4 at most 1.00.
fn capped() -> String {
    SHIPPED.replace("fine_cents_max = 5000", "fine_cents_max = 100")
}

fn scan(cloud: &OwnCloud, text: &str) -> StallScan {
    let shadow = ShadowPolicy::parse("policy/capped.toml", text).expect("a sound policy");
    StallScan {
        shadow: Some(Arc::new(shadow)),
        ..cloud.stall_scan()
    }
}

async fn pass(scan: &StallScan, segment: u32, segments: u32, time: impl Fn() -> TimeLeft) {
    let request = Request {
        as_of: at(LATER),
        segment,
        segments,
        cursor: None,
    };
    let outcome = stall_scan::handle_all(scan, request, time).await.expect("a pass");
    assert_eq!(outcome.failed_count, 0);
}

/// Every item of both tables, as its text.
async fn tables(cloud: &OwnCloud) -> Vec<String> {
    let mut items = Vec::new();
    for table in [ORDERS_TABLE, RECORDS_TABLE] {
        let mut scanned = cloud
            .dynamodb
            .scan()
            .table_name(table)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = scanned.next().await {
            let item = item.expect("a table can be read");
            let fields: std::collections::BTreeMap<_, _> = item.into_iter().collect();
            items.push(format!("{fields:?}"));
        }
    }
    items.sort();
    items
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_shadow_is_posted_and_not_a_byte_of_the_tables_differs() {
    let (alone, beside) = (cloud_with_orders(40).await, cloud_with_orders(40).await);
    pass(&alone.stall_scan(), 0, 1, TimeLeft::unlimited).await;
    pass(&scan(&beside, &capped()), 0, 1, TimeLeft::unlimited).await;
    assert!(tables(&alone).await == tables(&beside).await);
    let (one, other) = (digest(&alone, LATER).await, digest(&beside, LATER).await);
    assert_eq!(one, other, "the same was posted and stands on the board");
    let (mut told, without) = (
        json_of(&beside, "2024-05-31").await,
        json_of(&alone, "2024-05-31").await,
    );
    let shadow = told
        .as_object_mut()
        .expect("a document")
        .remove("shadow")
        .expect("the shadow");
    assert_eq!(told, without, "the shadow is all that is added");
    // 10.00 to 49.00, of which 5 %: from 21.00 on more than 1.00.
    let due: i64 = (10..50_i64).map(|dollars| dollars * 5).sum();
    let capped: i64 = (10..50_i64).map(|dollars| (dollars * 5).min(100)).sum();
    let amount = |cents: i64| json!(domain::Cents(cents).to_string());
    assert_eq!(
        (
            &shadow["total"]["in_force"]["fined"],
            &shadow["total"]["alternative"]["fined"]
        ),
        (&amount(due), &amount(capped))
    );
    assert_eq!(
        (
            &shadow["orders_differing"],
            &shadow["clauses"]["B4"]["difference"]["fined"]
        ),
        (&json!(29), &amount(capped - due))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_stopped_come_to_the_shadow_of_one_pass() {
    let (whole, hasty) = (cloud_with_orders(ORDERS).await, cloud_with_orders(ORDERS).await);
    pass(&scan(&whole, &capped()), 0, 1, TimeLeft::unlimited).await;
    pass(&scan(&hasty, &capped()), 0, 1, || {
        TimeLeft::told_by(|| Duration::ZERO)
    })
    .await;
    let shadow = async |cloud: &OwnCloud| {
        digest(cloud, LATER).await;
        json_of(cloud, "2024-05-31").await["shadow"].clone()
    };
    let expected = shadow(&whole).await;
    assert_eq!(expected["orders_compared"], ORDERS);
    assert_eq!(shadow(&hasty).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_that_read_another_text_under_the_same_key_are_not_added_up() {
    let cloud = cloud_with_orders(60).await;
    let other = capped().replace("fine_cents_max = 100", "fine_cents_max = 200");
    pass(&scan(&cloud, &capped()), 0, 2, TimeLeft::unlimited).await;
    pass(&scan(&cloud, &other), 1, 2, TimeLeft::unlimited).await;
    digest(&cloud, LATER).await;
    let shadow = &json_of(&cloud, "2024-05-31").await["shadow"];
    let compared = shadow["orders_compared"].as_u64().expect("a count");
    assert!(
        compared > 0 && compared < 60 && shadow["orders_seen"] == 60,
        "{shadow}"
    );
    let notes = shadow["notes"].to_string();
    assert!(notes.contains(&format!("Only {compared} of 60")), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shadow_is_read_from_the_bucket_and_a_bad_one_is_an_error() {
    let cloud = OwnCloud::new().await;
    let put = async |key: &str, text: &str| {
        let call = cloud.s3.put_object().bucket(local::BUCKET).key(key);
        let body = text.as_bytes().to_vec().into();
        call.body(body).send().await.expect("the bucket takes it");
    };
    put("policy/capped.toml", &capped()).await;
    put("policy/bad.toml", "no policy").await;
    let named = |text: &str| hex::encode(Sha256::digest(text));
    let read = async |named| stall_scan::shadow(&cloud.lake, named).await;
    assert!(read(None).await.expect("none is asked for").is_none());
    let whole = named(&capped());
    let shadow = read(Some(("policy/capped.toml", &whole)))
        .await
        .expect("it is there")
        .expect("a policy");
    assert_eq!(
        (shadow.name.file.as_str(), shadow.name.version.as_str()),
        (
            "policy/capped.toml",
            PolicyBook::shipped().newest().version.as_str()
        )
    );
    let changed = named(&format!("{}# changed\n", capped()));
    for (key, sha256) in [
        ("policy/bad.toml", &named("no policy")),
        ("policy/none.toml", &named("")),
        ("policy/capped.toml", &changed),
    ] {
        let error = read(Some((key, sha256)))
            .await
            .expect_err("the shipped policy stands in for none");
        assert!(error.to_string().contains(key), "{error}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_changed_under_its_key_is_refused_by_every_instance_that_starts() {
    let cloud = OwnCloud::new().await;
    let put = async |text: &str| {
        let call = cloud.s3.put_object().bucket(local::BUCKET);
        let body = text.as_bytes().to_vec().into();
        call.key("policy/pack.toml")
            .body(body)
            .send()
            .await
            .expect("the bucket takes it");
    };
    let own = "[[embargo]]\ncountry = \"IR\"\n";
    let sha256 = hex::encode(Sha256::digest(own));
    let start = async || cloud.lake.policy(Some(("policy/pack.toml", &sha256))).await;
    put(own).await;
    let book = start().await.expect("the text that the stack names");
    assert!(book.newest().is_ever_embargoed("IR") && book.newest().is_ever_embargoed("KP"));
    let changed = own.replace("IR", "CU");
    put(&changed).await;
    let error = start().await.expect_err("another text").to_string();
    for words in [
        "policy/pack.toml",
        &sha256,
        &hex::encode(Sha256::digest(&changed)),
    ] {
        assert!(error.contains(words), "{words} in {error}");
    }
    put(own).await;
    assert_eq!(start().await.expect("the text is back").text(), book.text());
}
