//! An upgrade and its rollback, with live data and with work in flight: what the release before wrote, sent and began is taken up
//! by this one; and fields that a later release adds are passed over by this one, when it is deployed again.

use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::prelude::{BASE64_STANDARD, Engine};
use entrypoint::TimeLeft;
use local::{BUCKET, ORDERS_TABLE, RECORDS_TABLE};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::Item;
use tests::{OwnCloud, at, entries};
use upload_validation::{BatchOutcome, handle_batch};

use super::stack::Stack;
use super::{LAST_NIGHT, PARENTS, PARKED_AT, assert_chain_is_sound, parked, text};

/// The night in which the release changes.
const NIGHT: &str = "2025-08-01T07:00:00Z";

/// Inputs of the functions as release 0.1.0 gave them, and its state machines have them in flight. What is here is never
/// edited.
const STALLS: &str =
    r#"{"as_of":"2025-08-01T07:00:00Z","segment":0,"segments":1,"cursor":{"order_id":"8100000000000028"}}"#;
const SIGNOFFS: &str = r#"{"as_of":"2025-08-01T07:00:00Z","shard":3,"cursor":null}"#;
const CLOSE: &str = r#"{"as_of":"2025-08-01T07:00:00Z"}"#;
const PLAN: &str = r#"{"step":"plan","as_of":"2025-07-01T00:00:00Z","month":"2024-05","buckets":2}"#;
const PART_0: &str =
    r#"{"step":"part","as_of":"2025-07-01T00:00:00Z","month":"2024-05","bucket":0,"buckets":2}"#;
const PART_1: &str =
    r#"{"step":"part","as_of":"2025-07-01T00:00:00Z","month":"2024-05","bucket":1,"buckets":2}"#;
const MERGE: &str = r#"{"step":"merge","as_of":"2025-07-01T00:00:00Z","month":"2024-05","buckets":2}"#;
/// The merge of the report whose parts a stack holds.
const UNDER_WAY: &str = r#"{"step":"merge","as_of":"2024-04-20T08:00:00Z","month":"2024-04","buckets":2}"#;
const COMPACTION: &str = r#"{"compact":{"as_of":"2025-08-01T12:30:00Z"}}"#;
/// A further run of an upload, as it is asked for.
const RUN: &str =
    r#"{"key":"inbox/rates/_/large.csv","etag":null,"sequencer":"006639A3F325BB6F0E","at_ms":1748822400123}"#;

const RATES: &str = "date,currency,usd_per_unit\n2025-06-03,EUR,1.07\n";

/// A field that no release has, as a later one may add it.
fn with_later_field(mut document: Value) -> Value {
    if let Some(fields) = document.as_object_mut() {
        fields.insert("later".to_owned(), json!({ "field": [1, "of", null] }));
    }
    document
}

fn read<T: DeserializeOwned>(input: &str) -> T {
    let input: Value = serde_json::from_str(input).expect("JSON");
    serde_json::from_value(with_later_field(input)).expect("an input of the release before is read")
}

async fn put_item(cloud: &OwnCloud, table: &str, item: Item) {
    let put = cloud.dynamodb.put_item().table_name(table).set_item(Some(item));
    put.send().await.expect("an item can be put");
}

async fn put(cloud: &OwnCloud, key: &str, bytes: Vec<u8>) {
    let put = cloud.s3.put_object().bucket(BUCKET).key(key);
    put.body(bytes.into()).send().await.expect("an object can be put");
}

/// The stack as a later release leaves it that only adds fields, which is all that one may do without a reader in this one.
async fn with_later_fields(stack: &Stack) -> OwnCloud {
    let cloud = stack.load().await;
    let mut changed = 0;
    for item in &stack.records {
        let body = item.get("body").and_then(|body| body.as_s().ok());
        let document = body.and_then(|body| serde_json::from_str::<Value>(body).ok());
        if let Some(mut document) = document.filter(Value::is_object) {
            for part in ["told", "subject"] {
                if let Some(inner) = document.get_mut(part) {
                    *inner = with_later_field(inner.take());
                }
            }
            let mut item = item.clone();
            let body = with_later_field(document).to_string();
            item.insert("body".to_owned(), AttributeValue::S(body));
            item.insert("later".to_owned(), AttributeValue::S("attribute".to_owned()));
            put_item(&cloud, RECORDS_TABLE, item).await;
            changed += 1;
        }
    }
    for item in &stack.orders {
        let mut item = item.clone();
        item.insert("later".to_owned(), AttributeValue::S("attribute".to_owned()));
        put_item(&cloud, ORDERS_TABLE, item).await;
    }
    for (key, path) in stack.objects() {
        // What the closes say is proved to the byte: who proves it has to know all of it.
        if key.ends_with(".json") && !key.starts_with("closes/") {
            let bytes = std::fs::read(path).expect("an object's file");
            let document = serde_json::from_slice(&bytes).expect("JSON");
            put(&cloud, &key, with_later_field(document).to_string().into_bytes()).await;
            changed += 1;
        }
    }
    assert!(changed > 50, "{changed}");
    cloud
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_release_added_is_passed_over_when_this_one_is_deployed_again() {
    for stack in Stack::all() {
        let cloud = with_later_fields(&stack).await;
        let known = entries(&cloud).await.len();
        assert!(known > 10);
        let digest = cloud.digest(at(LAST_NIGHT)).await.expect("a digest");
        assert_eq!(digest.missing, 0);
        let before = parked(&cloud).await;
        for (kind, content) in PARENTS {
            let key = tests::operator_key(kind, "parents.csv");
            let answer = cloud.upload(&key, content, Some(at(PARKED_AT))).await;
            assert_eq!(answer.counts.accepted, 1, "{answer:?}");
        }
        assert_eq!(before - parked(&cloud).await, 4);
        let night = cloud.night(at(NIGHT)).await.expect("a night");
        assert_eq!((night.stalls.failed_count, night.signoffs.failed_count), (0, 0));
        assert!(entries(&cloud).await.len() >= known);
        let month = "2024-05".parse().expect("a month");
        let report = cloud.report(Some(month), at("2025-07-01T00:00:00Z")).await;
        report.expect("a report over what was published before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_and_a_report_that_the_release_before_began_are_ended() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        let closes = assert_chain_is_sound(&cloud).await;
        let scanned = stall_scan::handle(&cloud.stall_scan(), read(STALLS), TimeLeft::unlimited())
            .await
            .expect("a run goes on where the one before stopped");
        assert!(
            scanned.tally.examined > 0 && scanned.failed.is_empty(),
            "{scanned:?}"
        );
        let scanned = signoff_scan::handle(&cloud.signoff_scan(), read(SIGNOFFS), TimeLeft::unlimited())
            .await
            .expect("a shard is scanned");
        assert!(scanned.failed.is_empty(), "{scanned:?}");
        let closed = night_close::handle(&cloud.night_close(), read(CLOSE)).await;
        assert_eq!(closed.expect("a close").status, night_close::Status::Closed);
        morning_digest::handle(&cloud.morning_digest(), read(CLOSE))
            .await
            .expect("a digest");
        assert_eq!(assert_chain_is_sound(&cloud).await, closes + 1);
        // Parts of the release before are merged, or the state machine makes the plan anew.
        let function = cloud.eligibility_report();
        let report = |input| eligibility_report::run(&function, read(input));
        if let Err(missing) = report(UNDER_WAY).await {
            assert!(missing.to_string().contains("parts"), "{missing}");
        }
        for step in [PLAN, PART_0, PART_1, MERGE] {
            report(step).await.expect("a step of a report");
        }
        let task = serde_json::from_str(COMPACTION).expect("JSON");
        order_history::run(&cloud.order_history(), task, TimeLeft::unlimited())
            .await
            .expect("a compaction");
    }
}

/// A message of the uploads' queue.
fn message(key: &str, sequencer: &str) -> SqsEvent {
    let body = with_later_field(json!({ "Records": [with_later_field(json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2025-06-02T00:00:00.123Z", "eventName": "ObjectCreated:Put",
        "userIdentity": { "principalId": "AWS:EXAMPLE" },
        "requestParameters": { "sourceIPAddress": "203.0.113.12" },
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "uploads",
            "bucket": { "name": BUCKET, "ownerIdentity": { "principalId": "EXAMPLE" }, "arn": "arn:aws:s3:::bucket" },
            "object": { "key": key, "size": 60, "sequencer": sequencer },
        },
    }))] }));
    let message = json!({ "Records": [{
        "messageId": "1", "receiptHandle": "1", "body": body.to_string(),
        "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:0:uploads", "awsRegion": "us-east-1",
    }]});
    serde_json::from_value(message).expect("a message")
}

async fn deliver(cloud: &OwnCloud, key: &str) -> BatchOutcome {
    let batch = message(key, "006639A3F325BB6F0E");
    let delivered = handle_batch(&cloud.upload_validation(), batch, TimeLeft::unlimited()).await;
    delivered.expect("each message ends for itself")
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_wait_or_are_half_judged_are_answered() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        // One waits in the queue; of one a batch is kept and a further run is asked for, in the form of the release before.
        for name in ["waits", "large"] {
            put(&cloud, &format!("inbox/rates/_/{name}.csv"), RATES.into()).await;
        }
        let chain = "uploads/rates/_/large.csv/0123456789abcdef0123456789abcdef";
        let kept = format!("{chain}/batch-0000001.jsonl.zst");
        put(&cloud, &kept, b"what only its release reads".to_vec()).await;
        let run = format!("{chain}/run-00002.json");
        let asked = with_later_field(serde_json::from_str(RUN).expect("JSON"));
        put(&cloud, &run, asked.to_string().into_bytes()).await;
        for key in ["inbox/rates/_/waits.csv", &run] {
            let outcome = deliver(&cloud, key).await;
            let answered = &outcome.done.answered;
            assert_eq!(
                (answered.len(), outcome.failed.len()),
                (1, 0),
                "{key}: {outcome:?}"
            );
            assert_eq!(answered[0].counts.rejected, 0, "{outcome:?}");
        }
    }
}

/// An item as a stream's record has it.
fn image(item: &Item) -> Value {
    let attribute = |value: &AttributeValue| match value {
        // Bytes are in Base64 there; `serde_dynamo` reads them.
        AttributeValue::B(bytes) => {
            json!({ "B": BASE64_STANDARD.encode(bytes) })
        }
        other => super::attribute(other),
    };
    let attributes = item.iter().map(|(name, value)| (name.clone(), attribute(value)));
    Value::Object(attributes.collect())
}

fn changed(old: Option<&Item>, new: &Item, sequence: usize) -> Value {
    let mut change = json!({
        "ApproximateCreationDateTime": 1_748_822_400, "NewImage": image(new),
        "SequenceNumber": format!("{sequence:021}"), "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    if let Some(old) = old {
        change["OldImage"] = image(old);
    }
    json!({
        "eventID": sequence.to_string(), "eventName": "MODIFY", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1", "dynamodb": change, "eventSourceARN": "arn:aws:dynamodb:us-east-1:0:table/t/stream/1",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_wait_in_the_streams_reach_the_lake_in_either_form() {
    for stack in Stack::all() {
        let cloud = stack.load().await;
        // This release writes an order that the one before wrote: the change has both forms.
        cloud.night(at(NIGHT)).await.expect("a night");
        let scanned = cloud.dynamodb.scan().table_name(ORDERS_TABLE).send().await;
        let now = scanned.expect("the orders").items.unwrap_or_default();
        let before = |item: &Item| {
            let same = |old: &&Item| text(old, "order_id") == text(item, "order_id");
            stack.orders.iter().find(same)
        };
        let mut records: Vec<Value> = Vec::new();
        for item in &now {
            records.push(changed(None, before(item).expect("the order"), records.len()));
            records.push(changed(before(item), item, records.len()));
        }
        let ledger = stack
            .records
            .iter()
            .filter(|item| item.contains_key("ledger_sort"));
        for item in ledger {
            records.push(changed(None, item, records.len()));
        }
        let event: Event = serde_json::from_value(json!({ "Records": records })).expect("an event");
        let outcome = order_history::handle(&cloud.order_history(), event).await;
        let outcome = outcome.expect("every change is written");
        assert!(
            outcome.order_rows >= now.len() as u64 && outcome.entry_rows > 10,
            "{outcome:?}"
        );
    }
}

/// A later release wrote a new form before the one here could read it, and was rolled back: nothing is lost by it, it is said
/// which release is needed, and once that one is deployed again all goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_in_a_later_form_waits_for_the_release_that_reads_it() {
    let stack = &Stack::all()[0];
    let cloud = stack.load().await;
    let (order, others) = stack.orders.split_first().expect("orders");
    let order_id = text(order, "order_id").to_owned();
    let mut later = order.clone();
    let mut state = order["state"].as_b().expect("a state").as_ref().to_vec();
    state[0] = 9;
    later.insert("state".to_owned(), AttributeValue::B(Blob::new(state)));
    put_item(&cloud, ORDERS_TABLE, later).await;

    let version = env!("CARGO_PKG_VERSION");
    let said = format!(
        "order {order_id} is in format 9, which this release ({version}) cannot read: it reads [1, 2]; deploy the later release that \
         wrote it again"
    );
    let night = cloud.scan_stalls(at(NIGHT)).await.expect("a stall scan");
    assert_eq!(night.tally.examined, others.len() as u64 + 1);
    let failed: Vec<_> = night.failed.iter().map(|failed| &failed.reason[..]).collect();
    assert_eq!(failed, [&said[..]]);

    let row = format!(
        "order_id,carrier,tracking_number,uploaded_at\n{order_id},DHL,3318810154,2025-06-01T13:00:00Z\n"
    );
    put(&cloud, "inbox/tracking/_/one.csv", row.into_bytes()).await;
    let outcome = deliver(&cloud, "inbox/tracking/_/one.csv").await;
    assert!(outcome.done.answered.is_empty(), "it is no bad file: {outcome:?}");
    assert!(outcome.failed[0].cause.contains(&said), "{outcome:?}");
    assert_eq!(outcome.again.batch_item_failures.len(), 1);

    put_item(&cloud, ORDERS_TABLE, order.clone()).await;
    let outcome = deliver(&cloud, "inbox/tracking/_/one.csv").await;
    assert_eq!(outcome.done.answered.len(), 1, "{outcome:?}");
    assert!(outcome.done.answered[0].failed.is_none());
}
