//! Everything is bounded: an order at every bound has room in its item, what is beyond a bound is its row's finding, and no file
//! fails because of what another one brought.

use std::collections::BTreeMap;

use domain::PolicyBook;
use domain::ruling::Uploader;
use intake::{Kind, Limits};
use local::{ORDERS_TABLE, RECORDS_TABLE};
use store::item_bytes;
use tests::{OwnCloud, at, operator_key, seller_key};
use upload_validation::dry_run::{DryRun, KnownOrders};

use crate::uploads::{LEARNED_AT, ORDERS, PAID_AT, TRACKING, cloud_with_orders, order_id, orders_of};

/// An item of DynamoDB.
const ITEM_BYTES_MAX: usize = 400 << 10;
/// A cell of a file, at most.
const CELL_CHARACTERS_MAX: usize = 32_767;
/// Four bytes, two UTF-16 units.
const WIDE: &str = "𠀀";

const EVENTS: &str = "carrier,tracking_number,event_code,occurred_at,recorded_at,description\n";
const APPEALS: &str = "appeal_id,order_id,clause,reason,status,filed_at,decided_at,evidence\n";

/// Bytes of the largest item of either table.
async fn largest_item(cloud: &OwnCloud) -> usize {
    let mut largest = 0;
    for table in [ORDERS_TABLE, RECORDS_TABLE] {
        let mut pages = cloud.dynamodb.scan().table_name(table).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.expect("the table can be read");
            largest = page.items().iter().map(item_bytes).fold(largest, usize::max);
        }
    }
    largest
}

async fn put(cloud: &OwnCloud, kind: &str, name: &str, file: &str) -> lake::Answer {
    cloud
        .upload(&operator_key(kind, name), file, Some(at(LEARNED_AT)))
        .await
}

async fn put_of_seller(cloud: &OwnCloud, kind: &str, name: &str, file: &str) -> lake::Answer {
    cloud
        .upload(&seller_key(kind, "S1", name), file, Some(at(LEARNED_AT)))
        .await
}

fn lines(header: &str, rows: impl Iterator<Item = String>) -> String {
    rows.fold(header.to_owned(), |file, row| file + &row + "\n")
}

fn number(index: u32) -> String {
    // The digits of the index, so that the carrier's rule holds and the check digit at most warns.
    format!("20000{index:05}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_id_dragged_down_a_column_is_bounded_row_by_row() {
    let cloud = cloud_with_orders().await;
    let dragged = lines(
        TRACKING,
        (0..300).map(|row| format!("{},DHL,{},{LEARNED_AT}", order_id(0), number(row))),
    );
    let answer = put(&cloud, "tracking", "drag.csv", &dragged).await;
    assert_eq!(answer.by_code["NUMBERS_LIMIT"], 250, "{:?}", answer.by_code);
    assert_eq!((answer.counts.rejected, answer.counts.rows), (250, 300));
    // The same file again says the same.
    let again = put(&cloud, "tracking", "again.csv", &dragged).await;
    assert_eq!(again.by_code["NUMBERS_LIMIT"], 250, "{:?}", again.by_code);
}

/// Rows by code as a dry run finds them, with or without the orders, and with its answer's files or without.
fn dry_run(kind: Kind, file: &str, orders: Option<&str>, is_repaired: bool) -> BTreeMap<String, u64> {
    let directory = tempfile::tempdir().expect("a directory");
    let put = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let policy = PolicyBook::shipped();
    let orders = orders.map(|orders| {
        KnownOrders::read(&put("orders.csv", orders), policy, at(LEARNED_AT)).expect("an orders file")
    });
    let dry_run = DryRun {
        filled: intake::Filled::default(),
        kind,
        uploader: Uploader::Operator,
        recorded_at: at(LEARNED_AT),
        clock: at(LEARNED_AT),
        zone: None,
        policy,
        limits: Limits::default(),
        orders,
        progress: &|_| {},
    };
    let out = directory.path().join("out");
    let answer = dry_run.run(&put("file.csv", file), is_repaired.then_some(out.as_path()));
    answer.expect("the file is there").by_code
}

#[test]
fn a_dry_run_finds_what_is_beyond_a_bound() {
    let orders = orders_of("S1", 0..99);
    let dragged = lines(
        TRACKING,
        (0..300).map(|row| format!("{},DHL,{},{LEARNED_AT}", order_id(0), number(row))),
    );
    let one_number = lines(
        TRACKING,
        (0..99).map(|row| format!("{},DHL,{},{LEARNED_AT}", order_id(row), number(7))),
    );
    let appeals = lines(
        APPEALS,
        (0..60).map(|index| format!("A{index},{},B4,late,pending,{PAID_AT},,", order_id(0))),
    );
    let statuses = lines(
        &format!("{},status,status_at\n", ORDERS.trim_end()),
        (0..30).map(|minute| {
            format!(
                "{},S1,{PAID_AT},80.10,USD,US,refunded,2024-05-01T12:{minute:02}:00Z",
                order_id(0)
            )
        }),
    );
    for (kind, file, code, expected) in [
        (Kind::Tracking, &dragged, "NUMBERS_LIMIT", 250),
        (Kind::Tracking, &one_number, "NUMBERS_LIMIT", 49),
        (Kind::Appeals, &appeals, "APPEALS_LIMIT", 10),
        (Kind::Orders, &statuses, "STATUSES_LIMIT", 10),
    ] {
        for (orders, is_repaired) in [(None, false), (None, true), (Some(orders.as_str()), false)] {
            let by_code = dry_run(kind, file, orders, is_repaired);
            assert_eq!(
                by_code.get(code),
                Some(&expected),
                "{kind}, {}, {by_code:?}",
                orders.is_some()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_at_every_bound_has_room_in_its_item_and_takes_no_more() {
    let cloud = cloud_with_orders().await;
    let order = order_id(1);
    let minute = |index: u32| format!("2024-05-01T{:02}:{:02}:00Z", index / 60, index % 60);
    let later = |index: u32| format!("2024-05-01T{:02}:{:02}:30Z", index / 60, index % 60);
    let long = WIDE.repeat(CELL_CHARACTERS_MAX);
    let category = WIDE.repeat(200);
    let orders = lines(
        &format!("{},category,status,status_at\n", ORDERS.trim_end()),
        (0..21).map(|day| {
            // The earliest file states the category.
            let status = if day % 2 == 0 { "cancelled" } else { "refunded" };
            format!(
                "{order},S1,{PAID_AT},80.10,USD,US,{category},{status},{}",
                minute(day)
            )
        }),
    );
    let answer = put(&cloud, "orders", "statuses.csv", &orders).await;
    assert_eq!(answer.by_code["STATUSES_LIMIT"], 1, "{:?}", answer.by_code);

    let tracking = lines(
        &format!("{},send_type,tracking_website,description\n", TRACKING.trim_end()),
        (0..401).map(|row| {
            let (number, at) = (number(row % 50), minute(row));
            let text = if row < 3 { long.as_str() } else { "text" };
            format!("{order},DHL,{number},{at},part,{text},{text}")
        }),
    );
    let answer = put(&cloud, "tracking", "rows.csv", &tracking).await;
    assert_eq!(answer.by_code["NUMBERS_LIMIT"], 1, "{:?}", answer.by_code);

    let code = WIDE.repeat(60);
    let events = lines(
        EVENTS,
        (0..401).map(|row| {
            let at = later(row);
            format!("DHL,{},{code}{row},{at},{LEARNED_AT},{code}", number(row % 50))
        }),
    );
    let answer = put(&cloud, "events", "events.csv", &events).await;
    assert_eq!(answer.by_code["EVENTS_LIMIT"], 1, "{:?}", answer.by_code);

    let appeal = |index: u32| format!("{}{index:02}", WIDE.repeat(62));
    let appeals = lines(
        APPEALS,
        (0..51).flat_map(|index| {
            let (order, id) = (order.clone(), appeal(index));
            (0..11).map(move |state| {
                let decided = if state == 0 { String::new() } else { later(state) };
                let status = if state == 0 { "pending" } else { "rejected" };
                format!("{id},{order},B4,late,{status},{PAID_AT},{decided},e")
            })
        }),
    );
    let answer = put(&cloud, "appeals", "appeals.csv", &appeals).await;
    // One state of each of the 50 appeals, and all of the last appeal.
    assert_eq!(answer.by_code["APPEALS_LIMIT"], 50 + 11, "{:?}", answer.by_code);

    let at_the_bound = largest_item(&cloud).await;
    assert!(
        at_the_bound < 200 << 10,
        "{at_the_bound}: what nights write finds room, too"
    );
    for as_of in ["2024-05-09T08:15:00Z", "2024-06-09T08:15:00Z"] {
        cloud.settle(at(as_of)).await;
    }
    let settled = largest_item(&cloud).await;
    assert!(settled < ITEM_BYTES_MAX / 2, "{settled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_record_cannot_hold_is_its_rows_finding() {
    let directory = tempfile::tempdir().expect("a directory");
    let policy = PolicyBook::parse("[intake]\nevents_per_order_max = 5_000\n").expect("a sound policy");
    let replaced = local::replace_policy(directory.path(), &policy).await;
    replaced.expect("a new directory takes a policy");
    let cloud = OwnCloud::reopen(directory).await;
    put(&cloud, "orders", "orders.csv", &orders_of("S1", 0..1)).await;
    let tracking = format!("{TRACKING}{},DHL,{},{LEARNED_AT}\n", order_id(0), number(0));
    put(&cloud, "tracking", "tracking.csv", &tracking).await;
    let code = WIDE.repeat(38);
    let events = lines(
        EVENTS,
        (0..1_900).map(|row| {
            let (hour, minute, second) = (row / 3_600, row / 60 % 60, row % 60);
            format!(
                "DHL,{},{code},2024-05-02T{hour:02}:{minute:02}:{second:02}Z,{LEARNED_AT},",
                number(0)
            )
        }),
    );
    let answer = put(&cloud, "events", "events.csv", &events).await;
    assert!(answer.by_code["EVENTS_LIMIT"] > 50, "{:?}", answer.by_code);
    let (largest, events) = (largest_item(&cloud).await, cloud.orders().await[0].event_count());
    assert!(largest < 310 << 10 && events > 1_500, "{largest}, {events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_shares_numbers_with_so_many_orders_that_one_write_reaches_them_all() {
    let cloud = OwnCloud::new().await;
    put(&cloud, "orders", "orders.csv", &orders_of("S1", 0..99)).await;
    let header = format!("{},send_type\n", TRACKING.trim_end());
    let claims = |of: std::ops::Range<u32>, index: u32| {
        of.map(move |order| format!("{},DHL,{},{LEARNED_AT},part", order_id(order), number(index)))
    };
    // Order 0 shares its first number with 49 orders, and would share its second one with as many others.
    let file = lines(
        &header,
        claims(0..50, 0).chain(claims(50..99, 1)).chain(claims(0..1, 1)),
    );
    let answer = put_of_seller(&cloud, "tracking", "shared.csv", &file).await;
    assert_eq!(answer.by_code["NUMBERS_LIMIT"], 1, "{:?}", answer.by_code);
    // What the operator then says of the order changes what all of them know of it.
    let cancelled = format!(
        "{},status,status_at\n{},S1,{PAID_AT},80.10,USD,US,cancelled,2024-05-03T00:00:00Z\n",
        ORDERS.trim_end(),
        order_id(0)
    );
    let answer = cloud
        .upload(
            &operator_key("orders", "cancelled.csv"),
            cancelled,
            Some(at("2024-05-03T00:00:00Z")),
        )
        .await;
    assert_eq!(answer.counts.accepted, 1, "{:?}", answer.by_code);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_parked_by_the_thousand_for_one_order_are_bounded_and_fail_nobody() {
    let cloud = OwnCloud::new().await;
    let parked = lines(
        TRACKING,
        (0..1_000).map(|row| format!("{},DHL,{},", order_id(0), number(row))),
    );
    let answer = put_of_seller(&cloud, "tracking", "parked.csv", &parked).await;
    assert_eq!((answer.counts.parked, answer.counts.rejected), (400, 600));
    assert_eq!(answer.by_code["NUMBERS_LIMIT"], 600);
    // In another file there is no room left; another sender has its own.
    let more = lines(
        TRACKING,
        (1_000..1_010).map(|row| format!("{},DHL,{},", order_id(0), number(row))),
    );
    assert_eq!(
        put_of_seller(&cloud, "tracking", "more.csv", &more)
            .await
            .counts
            .rejected,
        10
    );
    assert_eq!(put(&cloud, "tracking", "more.csv", &more).await.counts.parked, 10);

    let answer = put(&cloud, "orders", "orders.csv", &orders_of("S1", 0..3)).await;
    assert_eq!(answer.counts.accepted, 3);
    let orders = cloud.orders().await;
    assert_eq!(orders[0].shipments.len(), 50);
    // Each row ended on its own: what the order had no room for was refused, and stays listed.
    assert_eq!(cloud.rows_waiting().await, 0);
    let mut refused = 0;
    let listed = cloud
        .store
        .each_parked(|row| refused += usize::from(!row.refused.is_empty()))
        .await;
    listed.expect("the parked rows can be listed");
    assert_eq!(refused, 410 - 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_cells_of_every_kind_are_answered_and_leave_small_records() {
    let cloud = cloud_with_orders().await;
    let long = WIDE.repeat(CELL_CHARACTERS_MAX);
    let kinds: [(&str, &str, &str); 6] = [
        (
            "orders",
            "order_id,seller_id,paid_at,amount,currency,destination_country,category,send_deadline,status,status_at",
            "8200000000000900,S1,2024-05-01T00:00:00Z,80.10,USD,US,toys,2024-05-03T00:00:00Z,paid,2024-05-01T01:00:00Z",
        ),
        (
            "tracking",
            "order_id,carrier,tracking_number,uploaded_at,send_type,invoice_no,consignee_tax_id,tracking_website,description,paid_at,destination_country,amount,currency,seller_id",
            "8200000000000901,DHL,3318810025,2024-05-02T00:00:00Z,all,INV-1,7707083893,https://a.example,d,2024-05-01T00:00:00Z,RU,80.10,USD,S1",
        ),
        (
            "events",
            "carrier,tracking_number,event_code,occurred_at,recorded_at,country,description",
            "DHL,1000000032,picked_up,2024-05-02T01:00:00Z,2024-05-02T02:00:00Z,CN,d",
        ),
        (
            "appeals",
            "appeal_id,order_id,clause,reason,status,filed_at,decided_at,evidence",
            "A1,8200000000000902,B4,late,accepted,2024-05-02T00:00:00Z,2024-05-02T01:00:00Z,e",
        ),
        ("rates", "date,currency,usd_per_unit", "2024-05-01,BRL,0.2"),
        (
            "statement",
            "statement_id,line_no,order_id,kind,amount,currency,charged_at,description",
            "ST-1,1,8200000000000000,fine,0.50,USD,2024-05-02T00:00:00Z,d",
        ),
    ];
    for (kind, header, row) in kinds {
        let cells: Vec<&str> = row.split(',').collect();
        let each = (0..cells.len()).map(|at| {
            let mut cells = cells.clone();
            cells[at] = &long;
            cells.join(",")
        });
        // All at once, but for what finds the row's order, number and instant.
        let needed = [
            "order_id",
            "tracking_number",
            "uploaded_at",
            "occurred_at",
            "recorded_at",
        ];
        let all = header
            .split(',')
            .zip(&cells)
            .map(|(name, cell)| if needed.contains(&name) { *cell } else { &long });
        let all = all.collect::<Vec<_>>().join(",");
        let file = lines(&format!("{header}\n"), each.chain([all]));
        let answer = put(&cloud, kind, "long.csv", &file).await;
        assert_eq!(answer.counts.rows, cells.len() as u64 + 1, "{kind}: {answer:?}");
    }
    // The largest papers that are taken.
    let name = WIDE.repeat(200);
    let (from, until) = ("2024-01-01", "permanent");
    let papers = |paper: String| vec![paper; 50].join(",");
    let line = format!(
        "{{\"seller_id\":\"S1\",\"entity_type\":\"overseas\",\"name\":\"{name}\",\"credit_code\":\"{name}\",\"authorisations\":[{}],\"agreements\":[{}]}}\n",
        papers(format!(
            "{{\"category\":\"{name}\",\"valid_from\":\"{from}\",\"valid_until\":\"{until}\"}}"
        )),
        papers(format!(
            "{{\"carrier\":\"{name}\",\"stamped\":true,\"clauses\":[\"scope\",\"scope\"],\"valid_from\":\"{from}\",\"valid_until\":\"{until}\"}}"
        )),
    );
    let answer = put(&cloud, "sellers", "papers.jsonl", &line).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    let largest = largest_item(&cloud).await;
    assert!(largest < 120 << 10, "{largest}");
}
