//! Dumps the stack that this release leaves after a small season. Run by hand when a stored form has changed:
//!
//! ```text
//! cargo test --workspace --test acceptance stored_forms -- --ignored
//! ```

use std::collections::BTreeMap;
use std::fs;

use domain::Month;
use eligibility_report::{Request, Step, Task};
use local::{BUCKET, ORDERS_TABLE, RECORDS_TABLE};
use serde_json::Value;
use store::Item;
use tests::{OwnCloud, at, made_up, operator_key};

use super::stack::golden;
use super::{LAST_NIGHT, PARKED_AT, attribute};

/// Orders of the season.
const ORDERS: u32 = 14;

/// Files in addition to the season's: facts of every other kind.
const EARLY: [(&str, &str); 3] = [
    ("rates", "date,currency,usd_per_unit\n2025-06-01,BRL,0.1754\n"),
    (
        "sellers",
        "seller_id,entity_type,credit_code\nS9,company,914403007084611361\n",
    ),
    (
        "statement",
        "statement_id,line_no,amount,currency,charged_at\nB1,1,1.20,USD,2024-05-02T00:00:00Z\n",
    ),
];

/// Orders that are under way when the stack is dumped, and rows that wait for their parents.
const LATE: [(&str, &str); 4] = [
    (
        "orders",
        "order_id,seller_id,paid_at,amount,currency,destination_country\n\
         8200000000000001,S1,2025-06-01T12:00:00Z,136.23,BRL,ES\n\
         8200000000000100,S1,2025-06-01T12:00:00Z,9000,JPY,ES\n",
    ),
    (
        "tracking",
        "order_id,carrier,tracking_number,uploaded_at,send_type,seller_id,amount,currency\n\
         8200000000000001,DHL,3318810025,2025-06-01T13:00:00Z,all,S1,136.23,BRL\n\
         8200000000000101,DHL,3318810132,2025-06-01T13:00:00Z,part,S1,80.10,USD\n",
    ),
    (
        "events",
        "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
         DHL,3318810025,picked_up,2025-06-01T14:00:00Z,2025-06-01T15:00:00Z\n\
         DHL,3318810143,picked_up,2025-06-01T14:00:00Z,2025-06-01T15:00:00Z\n",
    ),
    (
        "appeals",
        "appeal_id,order_id,clause,reason,status,filed_at\n\
         AP-1,8200000000000101,B4,late,pending,2025-06-01T16:00:00Z\n",
    ),
];

async fn lived() -> OwnCloud {
    let cloud = OwnCloud::new().await;
    let zone = cloud.policy.zone;
    for (date, day) in made_up(5, ORDERS).days(zone) {
        let ends = domain::time::day_starts_at(date.succ_opt().expect("a next day"), zone);
        for (file, table) in day.files() {
            let kind = file.split('-').next().unwrap_or(file);
            let key = operator_key(kind, &format!("{file}-{date}.csv"));
            cloud.upload(&key, table.csv(), Some(ends)).await;
        }
    }
    for (kind, content) in EARLY {
        cloud
            .upload(&operator_key(kind, "early.csv"), content, Some(at(LAST_NIGHT)))
            .await;
    }
    for night in [
        "2024-04-06T07:00:00Z",
        "2024-04-20T07:00:00Z",
        "2024-05-11T07:00:00Z",
    ] {
        cloud.night(at(night)).await.expect("a night");
        cloud.compact(at(night)).await.expect("a compaction");
    }
    let april: Month = "2024-04".parse().expect("a month");
    report_in_parts(&cloud, april).await;
    // A report keeps the figures of the months before its own.
    for month in [april, april.next()] {
        let report = cloud.report(Some(month), at("2024-08-01T00:00:00Z")).await;
        report.expect("a report");
    }
    cloud.night(at(LAST_NIGHT)).await.expect("a night");
    for (kind, content) in LATE {
        cloud
            .upload(&operator_key(kind, "late.csv"), content, Some(at(PARKED_AT)))
            .await;
    }
    cloud.deliver().await.expect("everything is delivered");
    cloud
}

/// A report of the running month, in two parts.
async fn report_in_parts(cloud: &OwnCloud, month: Month) {
    let steps = [
        (Step::Plan, 0),
        (Step::Part, 0),
        (Step::Part, 1),
        (Step::Merge, 0),
    ];
    for (step, bucket) in steps {
        let task = Task {
            request: Request {
                as_of: at("2024-04-20T08:00:00Z"),
                month: Some(month),
            },
            step: Some(step),
            bucket,
            buckets: Some(2),
        };
        let done = eligibility_report::run(&cloud.eligibility_report(), task).await;
        done.expect("a step of a report");
    }
}

async fn table(cloud: &OwnCloud, table: &str) -> Vec<u8> {
    let mut pages = cloud
        .dynamodb
        .scan()
        .table_name(table)
        .into_paginator()
        .items()
        .send();
    let mut items: Vec<BTreeMap<String, Value>> = Vec::new();
    while let Some(item) = pages.next().await {
        let item: Item = item.expect("the table can be read");
        let attributes = item.iter().map(|(name, value)| (name.clone(), attribute(value)));
        items.push(attributes.collect());
    }
    items.sort_by_key(|item| format!("{:?}", (item.get("order_id"), item.get("pk"), item.get("sk"))));
    let lines = items
        .iter()
        .map(|item| serde_json::to_string(item).expect("an item encodes"));
    format!("[\n{}\n]\n", lines.collect::<Vec<_>>().join(",\n")).into_bytes()
}

/// What is read again of the bucket: not the inbox, and no pages and workbooks, which are for people only.
fn is_read_again(key: &str) -> bool {
    let for_people = [".html", ".xlsx", "rejected.csv", "eligibility.csv"];
    !key.starts_with("inbox/") && !for_people.iter().any(|end| key.ends_with(end))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the golden stack of a release whose stored forms are new"]
async fn dump() {
    let number = fs::read_dir(golden()).expect("the golden stacks").count() + 1;
    let folder = golden().join(number.to_string());
    let cloud = lived().await;
    let mut pages = cloud.s3.list_objects_v2().bucket(BUCKET).into_paginator().send();
    while let Some(page) = pages.next().await {
        let objects = page
            .expect("the bucket can be listed")
            .contents
            .unwrap_or_default();
        for key in objects.into_iter().filter_map(|object| object.key) {
            if is_read_again(&key) {
                let path = folder.join("bucket").join(&key);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                let bytes = cloud.lake.bytes(&key).await.expect("an object");
                fs::write(path, bytes).expect("an object's file");
            }
        }
    }
    for (file, name) in [("orders.json", ORDERS_TABLE), ("records.json", RECORDS_TABLE)] {
        fs::write(folder.join(file), table(&cloud, name).await).expect("a table's file");
    }
}
