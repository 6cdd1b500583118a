//! An upload that takes longer than a run, or whose runs are killed, is answered as if one run had judged all of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_lambda_events::event::s3::S3Event;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::PolicyBook;
use entrypoint::TimeLeft;
use lake::UploadKey;
use local::{BUCKET, Cloud, ORDERS_TABLE, RECORDS_TABLE};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::{Fuse, OwnCloud, assert_same, at, beside, made_up, operator_key, seed};
use upload_validation::{
    BatchLimits, Outcome as Ended, UploadValidation, Written, handle_in_time, judge_again,
};

use crate::uploads::redelivery::{AS_OF, Outcome};
use crate::uploads::{LEARNED_AT, PAID_AT, TRACKING, order_id, orders_of};

/// Small enough that files of a few dozen rows have many batches.
const BATCH: BatchLimits = BatchLimits {
    rows_max: 4,
    time_max: Duration::from_secs(1),
};
/// Calls of a run within which it may be killed.
const CALLS_MAX: u32 = 120;

/// Time for so many batches behind the first one, and for no more.
fn time_for(batches: i64) -> TimeLeft {
    let left = Arc::new(AtomicI64::new(batches));
    TimeLeft::told_by(move || match left.fetch_sub(1, Ordering::SeqCst) > 0 {
        true => Duration::MAX,
        false => Duration::ZERO,
    })
}

async fn cloud_of(batches: BatchLimits) -> OwnCloud {
    let mut cloud = OwnCloud::new().await;
    cloud.batches = batches;
    cloud
}

/// The event of an object that the bucket would report.
fn event_like(other: &S3Event, key: &str) -> S3Event {
    let mut event = other.clone();
    let object = &mut event.records[0].s3.object;
    (object.key, object.e_tag) = (Some(key.to_owned()), None);
    event
}

async fn keys_under(cloud: &OwnCloud, prefix: &str) -> Vec<String> {
    let listed = cloud.s3.list_objects_v2().bucket(BUCKET).prefix(prefix).send();
    let listed = listed.await.expect("the bucket can be listed");
    let keys = listed.contents().iter().filter_map(|object| object.key());
    keys.map(str::to_owned).collect()
}

/// Every object of an answer, by its key.
async fn answers(cloud: &OwnCloud) -> BTreeMap<String, Vec<u8>> {
    let mut answers = BTreeMap::new();
    for key in keys_under(cloud, "outbox/").await {
        let mut bytes = cloud.lake.bytes(&key).await.expect("an answer can be read");
        if key.ends_with(".json") {
            let mut report: serde_json::Value = serde_json::from_slice(&bytes).expect("a report is JSON");
            // When the file was stored is this cloud's own.
            report["upload"]["written_at"] = serde_json::Value::Null;
            report["upload"]["reported"] = serde_json::Value::Null;
            bytes = serde_json::to_vec_pretty(&report).expect("a report is JSON");
        }
        answers.insert(key, bytes);
    }
    answers
}

fn assert_same_answers(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>, what: &str) {
    assert_eq!(
        expected.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>(),
        "{what}"
    );
    for (key, bytes) in expected {
        if bytes != &found[key] {
            let lines = |bytes: &[u8]| -> Vec<String> {
                String::from_utf8_lossy(bytes)
                    .lines()
                    .map(str::to_owned)
                    .collect()
            };
            assert_same(&format!("{key}, {what}"), lines(bytes), lines(&found[key]));
            panic!("{key} has other bytes, {what}");
        }
    }
}

/// A queue of its own, which delivers a season's uploads by runs that end anywhere.
struct Queue<'a> {
    cloud: &'a Arc<OwnCloud>,
    random: ChaCha8Rng,
    /// Whether runs are killed, too, and messages delivered twice at once.
    is_rough: bool,
    runs: u32,
    kills: u32,
}

impl Queue<'_> {
    /// Delivers one upload's event, and those of its further runs, until it is answered.
    async fn deliver(&mut self, upload: S3Event) {
        let mut messages = VecDeque::from([upload]);
        let mut known = keys_under(self.cloud, lake::UPLOADS).await;
        while let Some(message) = messages.pop_front() {
            if self.is_rough && self.random.random_ratio(1, 2) && self.is_killed(&message).await {
                messages.push_front(message);
                continue;
            }
            let times = if self.is_rough && self.random.random_ratio(1, 4) {
                2
            } else {
                1
            };
            for ended in self.run(&message, times).await {
                self.runs += 1;
                let ended = ended.expect("a run that is not killed succeeds");
                assert_eq!(
                    ended.answered.len() + ended.handed_on.len() + ended.skipped as usize,
                    1
                );
            }
            for key in keys_under(self.cloud, lake::UPLOADS).await {
                if key.ends_with(lake::RUN_SUFFIX) && !known.contains(&key) {
                    messages.push_back(event_like(&message, &key));
                    known.push(key);
                }
            }
            if self.is_rough && self.random.random_ratio(1, 6) {
                // Late, and in vain.
                messages.push_back(message);
            }
        }
    }

    /// Runs that end in time, beside each other.
    async fn run(&mut self, message: &S3Event, times: u32) -> Vec<Result<Ended, entrypoint::Failure>> {
        let runs: Vec<_> = (0..times)
            .map(|_| {
                let time = time_for(self.random.random_range(0..4));
                let (cloud, message) = (Arc::clone(self.cloud), message.clone());
                beside(async move || handle_in_time(&cloud.upload_validation(), message, time).await)
            })
            .collect();
        let mut ended = Vec::new();
        for run in runs {
            ended.push(run.await.expect("a run does not panic"));
        }
        ended
    }

    /// A run that is killed at one of its calls, unless it ends before.
    async fn is_killed(&mut self, message: &S3Event) -> bool {
        let calls = self.random.random_range(0..CALLS_MAX);
        let fuse = match self.random.random_ratio(1, 2) {
            true => Fuse::before_call(calls),
            false => Fuse::after_call(calls),
        };
        let function = fuse.upload_validation(self.cloud);
        let time = time_for(self.random.random_range(0..9));
        let _ = handle_in_time(&function, message.clone(), time).await;
        self.kills += u32::from(fuse.has_blown());
        fuse.has_blown()
    }
}

async fn put_season(cloud: &OwnCloud, files: &[(&'static str, Vec<u8>)]) -> Vec<S3Event> {
    for (file, content) in files {
        let kind = file.split('-').next().unwrap_or(file);
        let key = operator_key(kind, &format!("{file}.csv"));
        cloud.put(&key, content, Some(at(AS_OF))).await;
    }
    let events = cloud.waiting_notifications().await;
    events.expect("the inbox reports its files")
}

/// A season with every kind of trouble, judged in one run a file, and by runs that end anywhere.
async fn assert_cuts_leave_no_trace(is_rough: bool, rounds: u64) {
    let season = made_up(seed(23), 40);
    let files: Vec<_> = season.files().map(|(file, table)| (file, table.csv())).collect();
    let calm = cloud_of(BATCH).await;
    put_season(&calm, &files).await;
    calm.deliver().await.expect("a calm delivery");
    // An event and a rate do not remember their rows: applied before a kill, they are `unchanged` after it.
    let is_compared = |key: &str| !is_rough || !["/events/", "/rates/"].iter().any(|kind| key.contains(kind));
    let compared = |answers: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        answers.into_iter().filter(|(key, _)| is_compared(key)).collect()
    };
    let expected = compared(answers(&calm).await);
    let outcome = Outcome::of(&calm).await;
    for round in 0..rounds {
        let cloud = Arc::new(cloud_of(BATCH).await);
        let mut queue = Queue {
            cloud: &cloud,
            random: ChaCha8Rng::seed_from_u64(seed(23) ^ round),
            is_rough,
            runs: 0,
            kills: 0,
        };
        for event in put_season(&cloud, &files).await {
            queue.deliver(event).await;
        }
        let (runs, kills) = (queue.runs, queue.kills);
        assert!(
            runs > 30 && (kills > 8 || !is_rough),
            "{runs} runs, {kills} kills"
        );
        let what = format!("round {round}");
        assert_same_answers(&expected, &compared(answers(&cloud).await), &what);
        outcome.assert_same(&what, &Outcome::of(&cloud).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_season_cut_short_at_random_batches_is_answered_to_the_byte_as_in_one_run() {
    assert_cuts_leave_no_trace(false, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_season_whose_runs_are_killed_cut_short_and_doubled_ends_as_one_that_was_left_alone() {
    assert_cuts_leave_no_trace(true, 3).await;
}

/// Tracking rows, one in forty of them bad in some way.
fn tracking_of(rows: u32) -> String {
    let row = |number: u32| {
        let (order, own) = (order_id(number), format!("YT{number:016}"));
        let (order, own, uploaded_at) = match number % 160 {
            13 => (order, own.replacen("YT", "YT ", 1), PAID_AT),
            53 => (order_id(900_000 + number), own, PAID_AT),
            93 => (order, "YT0000000000000001".to_owned(), PAID_AT),
            133 => (order, own, LEARNED_AT),
            _ => (order, own, PAID_AT),
        };
        format!("{order},YunExpress,{own},{uploaded_at}\n")
    };
    (0..rows)
        .map(row)
        .fold(TRACKING.to_owned(), |file, row| file + &row)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_cut_fifty_times_is_judged_row_by_row_once() {
    let rows: u32 = std::env::var("WAYMARK_CHECKPOINT_ROWS")
        .ok()
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(2_000);
    let orders = operator_key("orders", "orders.csv");
    let tracking = operator_key("tracking", "tracking.csv");
    let batches = BatchLimits {
        rows_max: rows as usize / 50,
        time_max: Duration::from_secs(1),
    };
    let mut found = Vec::new();
    for is_cut in [false, true] {
        let mut cloud = cloud_of(batches).await;
        cloud
            .upload(&orders, orders_of("S1", 0..rows), Some(at(LEARNED_AT)))
            .await;
        if is_cut {
            // Never enough for a second batch.
            cloud.batches.time_max = 2 * cloud.upload_time;
        }
        let before = cloud.store.capacity_used();
        cloud
            .upload(&tracking, tracking_of(rows), Some(at(LEARNED_AT)))
            .await;
        let used = cloud.store.capacity_used().since(before);
        let kept = keys_under(&cloud, lake::UPLOADS).await;
        let runs = kept.iter().filter(|key| key.ends_with(lake::RUN_SUFFIX)).count();
        let orders: Vec<String> = cloud
            .orders()
            .await
            .into_iter()
            .map(|mut order| {
                for claim in order
                    .shipments
                    .iter_mut()
                    .flat_map(|shipment| &mut shipment.claims)
                {
                    claim.stored.at_ms = 0;
                }
                format!("{order:?}")
            })
            .collect();
        found.push((answers(&cloud).await, orders, used, runs));
    }
    let [(whole, orders, once, none), (cut, orders_cut, used, runs)] = &found[..] else {
        panic!("two clouds");
    };
    assert_eq!((*none, *runs), (0, 50), "runs asked for");
    assert_same_answers(whole, cut, "cut");
    assert_same("orders", orders, orders_cut);
    assert_eq!(used.write_halves, once.write_halves, "each row is written once");
    // A further run looks once whether its upload is answered.
    let looks = used.read_halves - once.read_halves;
    assert!(
        looks <= 2 * 60,
        "each row is read once, and {looks} half units more"
    );
}

/// A cloud of small batches that knows thirty orders.
async fn cloud_with_orders() -> OwnCloud {
    let cloud = cloud_of(BATCH).await;
    cloud
        .upload(
            &operator_key("orders", "o.csv"),
            orders_of("S1", 0..30),
            Some(at(LEARNED_AT)),
        )
        .await;
    cloud
}

/// Cuts an upload's first run after its first batch; gives the event of the second run.
async fn second_run(cloud: &OwnCloud, key: &UploadKey, content: &str) -> S3Event {
    cloud.put(key, content, Some(at(LEARNED_AT))).await;
    let waiting = cloud.waiting_notifications().await.expect("an event");
    let event = waiting.last().expect("the upload's event").clone();
    let ended = handle_in_time(&cloud.upload_validation(), event, time_for(0)).await;
    let ended = ended.expect("a run that ends in time");
    assert_eq!((ended.handed_on[0].runs, ended.handed_on[0].rows), (1, 4));
    let waiting = cloud.waiting_notifications().await.expect("events");
    waiting.last().expect("the further run's event").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_policy_changes_between_its_runs_is_judged_whole_by_the_new_one() {
    let cloud = cloud_with_orders().await;
    let key = operator_key("tracking", "t.csv");
    // Row 14 is bad, and cheaper by the new policy.
    let event = second_run(&cloud, &key, &tracking_of(20)).await;
    let text = PolicyBook::shipped()
        .text()
        .replacen("fine_cents = 50", "fine_cents = 40", 1);
    let function = UploadValidation {
        policy: Arc::new(PolicyBook::parse(&text).expect("a policy")),
        ..cloud.upload_validation()
    };
    let ended = handle_in_time(&function, event, TimeLeft::unlimited()).await;
    assert_eq!(ended.expect("a run").answered.len(), 1);
    let answer = cloud.answer(&key).await;
    assert_eq!(
        (answer.counts.rows, answer.counts.accepted),
        (20, 19),
        "{answer:?}"
    );
    assert_eq!(answer.fines.amount.to_string(), "0.40");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_overwritten_between_its_runs_is_answered_as_what_it_is_now() {
    let cloud = cloud_with_orders().await;
    let key = operator_key("tracking", "t.csv");
    let event = second_run(&cloud, &key, &tracking_of(20)).await;
    cloud.put(&key, tracking_of(3), Some(at(LEARNED_AT))).await;
    let ended = handle_in_time(&cloud.upload_validation(), event, TimeLeft::unlimited()).await;
    assert_eq!(ended.expect("a run").skipped, 1);
    cloud
        .deliver_notifications()
        .await
        .expect("the rest is delivered");
    assert_eq!(cloud.answer(&key).await.counts.rows, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_run_of_which_nothing_is_kept_any_more_has_nothing_to_do() {
    let cloud = cloud_of(BATCH).await;
    let key = operator_key("orders", "o.csv");
    let event = second_run(&cloud, &key, &orders_of("S1", 0..30)).await;
    for kept in keys_under(&cloud, lake::UPLOADS).await {
        let gone = cloud.s3.delete_object().bucket(BUCKET).key(kept).send().await;
        gone.expect("it can be deleted");
    }
    let ended = handle_in_time(&cloud.upload_validation(), event, TimeLeft::unlimited()).await;
    assert_eq!(ended.expect("a run").skipped, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_day_stated_twice_in_a_file_the_first_rate_stands_wherever_batches_and_runs_end() {
    for is_cut in [false, true] {
        let mut cloud = cloud_of(BATCH).await;
        if is_cut {
            cloud.batches.time_max = 2 * cloud.upload_time;
        }
        let rows = (1..=9).map(|day| format!("2024-05-0{day},EUR,1.0{day}\n"));
        let file = rows.fold("date,currency,usd_per_unit\n".to_owned(), |file, row| file + &row);
        let key = operator_key("rates", "rates.csv");
        let answer = cloud
            .upload(&key, file + "2024-05-01,EUR,1.09\n", Some(at(LEARNED_AT)))
            .await;
        assert_eq!(
            (answer.counts.accepted, answer.counts.rejected),
            (9, 1),
            "{is_cut}"
        );
        assert_eq!(
            (answer.issues[0].row, &*answer.issues[0].code),
            (10, "ROW_CONFLICT")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_fails_in_a_further_run_is_set_aside_under_its_own_name_and_goes_on_there() {
    let mut cloud = cloud_of(BATCH).await;
    cloud.batches.time_max = 2 * cloud.upload_time;
    // Row 6, in the second batch, names an order that nobody can read.
    let put = cloud.dynamodb.put_item().table_name(ORDERS_TABLE);
    let put = put
        .item("order_id", AttributeValue::S(order_id(5)))
        .item("version", AttributeValue::N("1".to_owned()))
        .item("state", AttributeValue::B(Blob::new(b"")));
    put.send().await.expect("an item can be put");
    let key = operator_key("orders", "o.csv");
    cloud
        .put(&key, orders_of("S1", 0..10), Some(at(LEARNED_AT)))
        .await;
    let delivered = cloud.deliver_notifications().await.expect("a delivery");
    assert_eq!(delivered.set_aside.len(), 1);
    assert_eq!(delivered.set_aside[0].key, key.to_string());
    let gone = cloud.dynamodb.delete_item().table_name(ORDERS_TABLE);
    let gone = gone.key("order_id", AttributeValue::S(order_id(5)));
    gone.send().await.expect("an item can be deleted");
    Cloud::ask_again(cloud.path(), Some(&key.to_string())).expect("asked");
    let delivered = cloud.deliver_notifications().await.expect("a delivery");
    assert!(delivered.set_aside.is_empty(), "{delivered:?}");
    let counts = cloud.answer(&key).await.counts;
    assert_eq!((counts.rows, counts.accepted), (10, 10));
}

/// Tables that were restored to before an upload have none of its rows, while the bucket keeps what was ruled of them.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_judged_again_over_restored_tables_is_applied_whole() {
    let cloud = cloud_of(BATCH).await;
    let rows = (0..9).map(|row| format!("{},YunExpress,YT{row:016},{PAID_AT}\n", order_id(row)));
    let tracking = rows.fold(TRACKING.to_owned(), |file, row| file + &row);
    let files = [("orders", orders_of("S1", 0..10)), ("tracking", tracking)];
    for (kind, content) in files {
        cloud
            .upload(&operator_key(kind, "a.csv"), content, Some(at(LEARNED_AT)))
            .await;
    }
    let (orders, kept) = (cloud.orders().await, answers(&cloud).await);
    assert!(!orders.is_empty() && !keys_under(&cloud, lake::UPLOADS).await.is_empty());
    for (table, names) in [(ORDERS_TABLE, &["order_id"][..]), (RECORDS_TABLE, &["pk", "sk"])] {
        let scanned = cloud.dynamodb.scan().table_name(table).send().await;
        for item in scanned.expect("items").items() {
            let key = names.iter().map(|name| ((*name).to_owned(), item[*name].clone()));
            let delete = cloud.dynamodb.delete_item().table_name(table);
            let deleted = delete.set_key(Some(key.collect())).send().await;
            deleted.expect("an item is deleted");
        }
    }
    cloud.lake.forget_rulings().await.expect("they are forgotten");
    let answered = cloud.lake.answers_since(at("2024-01-01T00:00:00Z")).await;
    for answer in answered.expect("the answers") {
        let written = Written::answered_by(&answer.what).expect("an upload");
        let outcome = judge_again(&cloud.upload_validation(), written.clone()).await;
        assert_eq!(outcome.expect("it is judged").answered.len(), 1);
        let is_done = cloud.store.is_upload_done(&written.record()).await;
        assert!(is_done.expect("it is read"), "as the upload that it was");
    }
    assert_eq!(cloud.orders().await, orders);
    assert_same_answers(&kept, &answers(&cloud).await, "judged again");
}
