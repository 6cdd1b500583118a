//! Stored forms: what an earlier release left in the tables and the bucket is read by this one, together with what it writes
//! itself.
//!
//! `golden/<n>/` is such a stack, dumped: `orders.json` and `records.json` hold the tables' items, `bucket/` the objects. A stack
//! that is committed never changes. When a stored form changes, the release dumps a stack of its own ([`dump`]).

mod dump;
mod stack;
mod upgrade;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Month, OrderId, SellerId, TrackingNumber};
use eligibility_report::Request;
use lake::UploadKey;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use store::{Item, UploadRecord};
use tests::{OwnCloud, at, entries, operator_key};

use stack::Stack;

/// The last night that a dumped stack closed.
const LAST_NIGHT: &str = "2025-06-01T07:00:00Z";
/// When the rows that a dumped stack has parked were uploaded.
const PARKED_AT: &str = "2025-06-02T00:00:00Z";

/// The first byte of a part of a report, as this release writes it.
const PART_FORMAT: u8 = 131;

/// What the parked rows of a dumped stack wait for, kind by kind in the order in which it comes.
const PARENTS: [(&str, &str); 3] = [
    ("rates", "date,currency,usd_per_unit\n2025-06-01,JPY,0.0064\n"),
    (
        "orders",
        "order_id,seller_id,paid_at,amount,currency,destination_country\n\
         8200000000000101,S1,2025-06-01T12:00:00Z,80.10,USD,ES\n",
    ),
    (
        "tracking",
        "order_id,carrier,tracking_number,uploaded_at\n\
         8200000000000101,DHL,3318810143,2025-06-01T13:00:00Z\n",
    ),
];

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().expect("a text")
}

/// The records under one kind of key, by what follows it.
fn records<'a>(stack: &'a Stack, kind: &str) -> BTreeMap<&'a str, &'a Item> {
    let keyed = stack.records.iter().map(|item| (text(item, "pk"), item));
    keyed
        .filter_map(|(pk, item)| Some((pk.strip_prefix(kind)?, item)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_entries_of_every_stack_are_read() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        let orders = cloud.orders().await;
        let known: BTreeSet<&str> = orders.iter().map(|order| order.order_id.as_str()).collect();
        let kept = stack.orders.iter().map(|item| text(item, "order_id"));
        assert_eq!(known, kept.collect(), "{}", stack.name);
        for order in &orders {
            let stored = cloud.store.order(&order.order_id).await.expect("it is read");
            assert_eq!(stored.map(|stored| stored.order).as_ref(), Some(order));
        }
        let read: BTreeSet<String> = entries(&cloud)
            .await
            .into_iter()
            .map(|entry| format!("entry#{}", entry.entry_id))
            .collect();
        let kept = stack.records.iter().map(|item| text(item, "sk").to_owned());
        assert_eq!(read, kept.filter(|sk| sk.starts_with("entry#")).collect());
        assert!(read.len() > 10 && orders.iter().any(|order| !order.appeals.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_records_of_every_stack_are_read() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        for (number, item) in records(&stack, "number#") {
            let number = TrackingNumber::parse(number).expect("a number");
            let claimants = cloud.store.claimants(std::slice::from_ref(&number)).await;
            let claimants = claimants.expect("claimants are read").remove(&number);
            let first = claimants.as_deref().and_then(<[OrderId]>::first);
            assert_eq!(first.map(OrderId::as_str), Some(text(item, "order_id")));
        }
        let departed = records(&stack, "departed#")
            .into_keys()
            .filter_map(OrderId::parse);
        let departed: Vec<OrderId> = departed.collect();
        assert!(!departed.is_empty());
        let read = cloud.store.departed(&departed).await.expect("they are read");
        assert_eq!(read.len(), departed.len());
        for (key, item) in records(&stack, "upload#") {
            let upload = UploadRecord {
                key: key.to_owned(),
                upload: u64::from_str_radix(text(item, "sk"), 16).expect("an upload's id"),
            };
            assert!(
                cloud.store.is_upload_done(&upload).await.expect("it is read"),
                "{key}"
            );
        }
        let watermark = cloud.store.watermark().await.expect("it is read");
        assert!(watermark >= Some(at(LAST_NIGHT)), "{watermark:?}");
        let sellers = cloud.store.sellers().await.expect("they are read");
        assert!(!sellers.is_empty());
        let of_seller = SellerId::parse("S9").expect("a seller");
        let facts = cloud.store.seller_facts(&of_seller).await.expect("they are read");
        assert_eq!(facts.len(), 1);
        let line = (None, "B1".to_owned(), 1);
        let lines = cloud.store.statement_lines(std::slice::from_ref(&line)).await;
        assert!(lines.expect("they are read").contains_key(&line));
        let day = "2025-06-01".parse().expect("a day");
        let reais = domain::Currency::parse("BRL").expect("a currency");
        let rates = cloud.store.rates(reais, day, day).await.expect("they are read");
        assert_eq!(
            rates
                .values()
                .flatten()
                .map(|stated| stated.rate.to_string())
                .collect::<Vec<_>>(),
            ["0.1754"]
        );
    }
}

async fn parked(cloud: &OwnCloud) -> usize {
    let mut rows = 0;
    let listed = cloud.store.each_parked(|_| rows += 1).await;
    listed.expect("the parked rows can be listed");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_parked_in_every_stack_are_applied_when_their_parents_come() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        // One of each kind; the season's strangers wait on.
        let before = parked(&cloud).await;
        for (kind, content) in PARENTS {
            let key = operator_key(kind, "parents.csv");
            let answer = cloud.upload(&key, content, Some(at(PARKED_AT))).await;
            assert_eq!(answer.counts.accepted, 1, "{answer:?}");
        }
        assert_eq!(
            (before - parked(&cloud).await, cloud.forgotten_rows().await),
            (4, Vec::new())
        );
        let order = |id: &str| OrderId::parse(id).expect("an order id");
        let in_yen = cloud.store.order(&order("8200000000000100")).await;
        let in_yen = in_yen.expect("it is read").expect("it is placed").order;
        assert_eq!(in_yen.rates.len(), 1);
        let waited_for = cloud.store.order(&order("8200000000000101")).await;
        let order = waited_for.expect("it is read").expect("it is placed").order;
        let counts = (order.shipments.len(), order.event_count(), order.appeals.len());
        assert_eq!(counts, (2, 1, 1));
    }
}

async fn assert_chain_is_sound(cloud: &OwnCloud) -> u64 {
    let copy = tempfile::tempdir().expect("a directory");
    let copied = cloud.lake.fetch_closes(copy.path()).await;
    copied.expect("the closes can be copied");
    let mut closed = BTreeSet::new();
    let proof = lake::prove_chain(copy.path(), |_, entry| {
        closed.insert(entry.entry_id.clone());
    });
    let proof = proof.expect("the files can be read");
    assert_eq!(proof.told, Vec::<String>::new());
    let newest = cloud.store.newest_close().await.expect("it is read");
    assert_eq!(newest.as_ref(), proof.closes.last());
    let posted = entries(cloud).await.into_iter().map(|entry| entry.entry_id);
    assert_eq!(closed, posted.collect());
    newest.map_or(0, |close| close.number)
}

#[tokio::test(flavor = "multi_thread")]
async fn nights_of_every_stack_are_read_and_the_next_one_follows_them() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        let closes = assert_chain_is_sound(&cloud).await;
        let night = cloud.store.night(at(LAST_NIGHT)).await.expect("it is read");
        assert!(night.is_some_and(|night| night.closed.is_some()));
        let digest = cloud.digest(at(LAST_NIGHT)).await.expect("a digest");
        assert_eq!(digest.missing, 0, "every part of the pass is read");
        // Items and closes of this release stand next to those of the one before.
        for (kind, content) in PARENTS {
            let key = operator_key(kind, "parents.csv");
            cloud.upload(&key, content, Some(at(PARKED_AT))).await;
        }
        cloud.night(at("2025-08-01T07:00:00Z")).await.expect("a night");
        assert_eq!(assert_chain_is_sound(&cloud).await, closes + 1);
        assert!(!cloud.orders().await.is_empty());
    }
}

fn objects(stack: &Stack, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let keys = stack.objects().into_iter();
    let found = keys.filter(|(key, _)| key.starts_with(prefix) && key.ends_with(suffix));
    let found: Vec<PathBuf> = found.map(|(_, path)| path).collect();
    assert!(!found.is_empty(), "{} has no {prefix}…{suffix}", stack.name);
    found
}

#[test]
fn rows_of_the_lake_of_every_stack_hold_orders_and_entries_that_are_read() {
    for stack in Stack::all() {
        for path in objects(&stack, "lake/orders/", ".parquet") {
            for row in rows(&path) {
                let columns: BTreeMap<&str, usize> = names(&row);
                let order_id = row.get_string(columns["order_id"]).expect("an order id");
                let state = row.get_bytes(columns["state"]).expect("a state");
                store::decode_state(order_id, state.data()).expect("a state of the lake decodes");
            }
        }
        for path in objects(&stack, "lake/ledger/", ".parquet") {
            for row in rows(&path) {
                let columns = names(&row);
                let document = row.get_string(columns["document"]).expect("a document");
                let entry: domain::LedgerEntry = serde_json::from_str(document).expect("an entry");
                assert_eq!(
                    row.get_string(columns["entry_id"]).expect("an id"),
                    &entry.entry_id
                );
            }
        }
    }
}

/// A form of figures that changes raises its first byte: what begins with the present one is read, and encodes to the same
/// bytes. What begins with another is folded anew.
#[test]
fn figures_kept_in_every_stack_are_read_or_refused_as_another_releases() {
    let (of_months, of_parts) = (report::Kept::to_bytes(&[])[0], PART_FORMAT);
    for stack in Stack::all() {
        let kept = objects(&stack, "aggregates/", ".postcard");
        let is_part = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "parts");
        let (parts, months): (Vec<_>, Vec<_>) = kept.into_iter().partition(is_part);
        assert!(!parts.is_empty() && !months.is_empty());
        for path in months {
            let bytes = fs::read(path).expect("an aggregate");
            let kept = report::Kept::from_bytes(&bytes);
            assert_eq!(kept.is_some(), bytes[0] == of_months);
            assert!(kept.is_none_or(|kept| report::Kept::to_bytes(&kept) == bytes));
        }
        for path in parts {
            let bytes = fs::read(path).expect("a part");
            let part = report::KeptPart::from_bytes(&bytes);
            assert_eq!(part.is_some(), bytes[0] == of_parts);
            assert!(part.is_none_or(|part| part.to_bytes() == bytes));
        }
    }
}

fn rows(path: &PathBuf) -> Vec<parquet::record::Row> {
    let file = fs::File::open(path).expect("a file of the lake");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

fn names(row: &parquet::record::Row) -> BTreeMap<&str, usize> {
    let columns = row.get_column_iter().enumerate();
    columns.map(|(index, (name, _))| (name.as_str(), index)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_reads_every_stack_with_and_without_what_was_kept_of_its_months() {
    let may: Month = "2024-05".parse().expect("a month");
    for stack in Stack::all() {
        let mut revisions = BTreeSet::new();
        for kept in ["", "aggregates/"] {
            let cloud = stack.load_without(kept).await;
            let request = Request {
                as_of: at("2025-07-01T00:00:00Z"),
                month: Some(may),
            };
            let outcome = eligibility_report::handle(&cloud.eligibility_report(), request).await;
            let outcome = outcome.expect("a report");
            assert!(outcome.newest, "it follows the stack's own: {outcome:?}");
            revisions.insert(outcome.revision);
        }
        assert_eq!(revisions.len(), 1, "{revisions:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_every_stack_are_read() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        let keys = stack.objects().into_keys();
        let answered = keys.filter_map(|key| {
            let upload = key.strip_prefix("outbox/")?.strip_suffix("/report.json")?;
            UploadKey::parse(&format!("inbox/{upload}")).ok()
        });
        let answered: Vec<UploadKey> = answered.collect();
        assert!(answered.len() > 5);
        for key in answered {
            cloud.answer(&key).await;
        }
    }
}

/// An item's attribute in the form of a dump; see [`stack`].
fn attribute(value: &AttributeValue) -> serde_json::Value {
    match value {
        AttributeValue::S(text) => serde_json::json!({ "S": text }),
        AttributeValue::N(digits) => serde_json::json!({ "N": digits }),
        AttributeValue::B(bytes) => serde_json::json!({ "B": hex::encode(bytes.as_ref()) }),
        AttributeValue::L(list) => {
            serde_json::json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() })
        }
        other => panic!("{other:?} is in no item"),
    }
}
