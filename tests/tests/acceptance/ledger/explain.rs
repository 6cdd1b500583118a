//! `waymark explain`: why an entry stands in the ledger, told to a person and to a machine.

use std::path::Path;

use local::ORDERS_TABLE;
use tests::{Ran, Waymark};

use crate::ledger::desk::{Desk, NUMBER, ORDER, day, hour};

fn explain(directory: &Path, arguments: &[&str]) -> Ran {
    let waymark = Waymark::new(env!("CARGO_BIN_EXE_waymark-under-test"), directory);
    waymark.run(["explain"].iter().chain(arguments))
}

/// A silence of 60 h, fined; then an event that splits it, and an appeal that is pending.
async fn told() -> (Desk, String, String) {
    let mut desk = Desk::shipped().await;
    desk.events(&[
        ("picked_up", hour(0)),
        ("in_transit", hour(40)),
        ("in_transit", hour(100)),
    ])
    .await;
    desk.night(day(5)).await;
    desk.event_learned("export_customs", hour(70), day(6)).await;
    desk.night(day(7)).await;
    let episode = hour(40).to_string().replace(['-', ':'], "");
    let id = |end: &str| format!("{ORDER}.B3.{NUMBER}.{episode}.{end}");
    (desk, id("fine.1"), id("reversal.2"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fine_is_told_with_clause_arithmetic_and_both_times_in_both_zones() {
    let (desk, fine, _) = told().await;
    let directory = desk.cloud.close();
    let ran = explain(directory.path(), &[&fine]);
    assert_eq!(ran.status, 0, "{ran:?}");
    for words in [
        fine.as_str(),
        "+1.20 USD",
        "60 h 00 m > 48 h 00 m",
        "B3 silence: USD 1.20 for a silence strictly longer than 48 hours",
        "轨迹断更罚金:单条轨迹超48小时无更新,扣$1.2",
        "V4.2",
        // hour 40, in Pacific and Beijing time.
        "Pacific 2024-05-02 09:00 PDT, Beijing 2024-05-03 00:00 CST",
        // The late event: when it happened, when it was learned, and that it was not known.
        "2024-05-03 15:00 PDT",
        "2024-05-06 17:00 PDT",
        "recorded after the decision",
        "the order: upload ",
        &format!("the number {NUMBER}: upload "),
        ", row 1",
        "reversal",
        "owed for it now: 0.00 USD",
    ] {
        assert!(ran.stdout.contains(words), "`{words}` in {}", ran.stdout);
    }
    // Its table fits a terminal of 80 columns.
    let (_, events) = ran.stdout.split_once("== Events around it").expect("the events");
    let (events, _) = events.split_once("==").expect("what follows");
    let lines: Vec<&str> = events.lines().map(str::trim_end).collect();
    assert!(lines.len() > 8, "two lines an event: {lines:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:?}");
    let chinese = explain(directory.path(), &[&fine, "--lang", "zh"]);
    for words in [
        "轨迹断更",
        "严格超过 48 小时",
        "太平洋时间",
        "北京时间",
        "判定之后才记录",
    ] {
        assert!(chinese.stdout.contains(words), "`{words}` in {}", chinese.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_tells_a_machine_what_was_seen_and_what_it_takes_back() {
    let (desk, fine, reversal) = told().await;
    let directory = desk.cloud.close();
    let ran = explain(directory.path(), &["--json", &reversal]);
    let told = &ran.json_lines()[0];
    assert_eq!((ran.status, ran.json_lines().len()), (0, 1));
    assert_eq!(told["entry"]["reverses"], fine);
    assert_eq!(told["entry"]["because"]["silence"], "30 h 00 m");
    assert_eq!(told["clauses"][0]["id"], "B3");
    assert_eq!(told["policy"]["effective_on"], "2024-03-01");
    let chain: Vec<_> = told["chain"].as_array().expect("a list").iter().collect();
    assert_eq!((chain.len(), &chain[0]["entry_id"]), (2, &fine.as_str().into()));
    let events = told["events"].as_array().expect("a list");
    let late = events
        .iter()
        .find(|event| event["node"] == "export_customs")
        .expect("the late event");
    assert_eq!(late["occurred"]["utc"], hour(70).to_string());
    assert_eq!(late["recorded"]["utc"], day(6).to_string());
    assert_eq!(
        (&late["known_then"], &late["after"]),
        (&true.into(), &"30 h 00 m".into())
    );
    assert_eq!(told["owed"], "0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_every_clause_and_kind_are_told_from_what_they_hold() {
    let mut desk = Desk::shipped().await;
    desk.tracking(ORDER, "DHL", "12").await;
    desk.appeal("B4", "pending", day(29), day(29)).await;
    desk.night(day(31)).await;
    desk.appeal("B4", "accepted", day(29), day(33)).await;
    desk.appeal("A6", "accepted", day(29), day(33)).await;
    desk.night(day(34)).await;
    let ids: Vec<String> = desk
        .ledger()
        .await
        .into_iter()
        .map(|entry| entry.entry_id)
        .collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    // The order leaves the table, as it does long after it was settled: its entries stay and are told.
    let key = aws_sdk_dynamodb::types::AttributeValue::S(ORDER.to_owned());
    let delete = desk
        .cloud
        .dynamodb
        .delete_item()
        .table_name(ORDERS_TABLE)
        .key("order_id", key);
    delete.send().await.expect("an order is deleted");
    let directory = desk.cloud.close();
    for (end, words) in [
        (
            "A6.fine.1",
            &[
                ", NUM_FORMAT: The tracking number \"12\" does not follow",
                "row 1 of ",
                "refused cell: 12",
                "A2 number format",
                "应为10位纯数字",
                "USD 0.50, once per order ever",
            ][..],
        ),
        ("A6.reversal.2", &["AP-A6", "B5 appeals", "-0.50 USD"][..]),
        (
            "B4.hold.1",
            &[
                "5 % of 80.10, at most 50.00 = 4.01",
                "720 h 00 m",
                "held by appeal AP-B4, filed ",
                &format!("not signed by the deadline: {NUMBER} (under way)"),
                "30 × 24 hours",
            ][..],
        ),
        (
            "B4.void.2",
            &[
                "AP-B4",
                "accepted: Pacific 2024-06-02 17:00 PDT, Beijing 2024-06-03 08:00 CST",
            ][..],
        ),
    ] {
        let ran = explain(directory.path(), &[&format!("{ORDER}.{end}")]);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(
            ran.stdout.contains("lake/orders/"),
            "its events are in the lake: {}",
            ran.stdout
        );
        for words in words {
            assert!(ran.stdout.contains(words), "`{words}` in {}", ran.stdout);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_entry_is_refused_in_one_clear_sentence() {
    let (desk, fine, _) = told().await;
    let directory = desk.cloud.close();
    let unknown = fine.replace("fine.1", "fine.9");
    for (id, words) in [
        ("B3", "is no entry's id"),
        ("", "is no entry's id"),
        (unknown.as_str(), "the ledger has no entry"),
        ("8299999999999999.A6.fine.1", "the ledger has no entry"),
    ] {
        let ran = explain(directory.path(), &[id]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(
            ran.stderr.starts_with("waymark: ") && ran.stderr.contains(words),
            "{ran:?}"
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
}
