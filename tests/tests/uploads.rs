//! Uploads through the front door: what a file may do, what it may not, and what becomes of bad ones.

use std::collections::BTreeMap;

use domain::{Clause, OrderId};
use lake::{Answer, UploadKey};
use tests::{OwnCloud, at, net, operator_key, seller_key};

const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country\n";
const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at\n";
const PAID_AT: &str = "2024-05-01T00:00:00Z";
/// When the tests' files were learned, unless they say so themselves.
const LEARNED_AT: &str = "2024-05-02T00:00:00Z";

fn order_id(number: u32) -> String {
    format!("{}", 8_200_000_000_000_000_u64 + u64::from(number))
}

/// A file of orders of one seller.
fn orders_of(seller: &str, numbers: std::ops::Range<u32>) -> String {
    let rows = numbers.map(|number| format!("{},{seller},{PAID_AT},80.10,USD,US\n", order_id(number)));
    rows.fold(ORDERS.to_owned(), |file, row| file + &row)
}

/// A cloud that knows orders 0 to 9 of S1 and 10 to 19 of S2.
async fn cloud_with_orders() -> OwnCloud {
    let cloud = OwnCloud::new().await;
    for (name, file) in [("one.csv", orders_of("S1", 0..10)), ("two.csv", orders_of("S2", 10..20))] {
        let answer = cloud.upload(&operator_key("orders", name), file, Some(at(LEARNED_AT))).await;
        assert_eq!(answer.counts.accepted, 10);
    }
    cloud
}

/// Codes by row.
fn codes(answer: &Answer) -> BTreeMap<u64, Vec<&str>> {
    let mut codes: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for issue in &answer.issues {
        codes.entry(issue.row).or_default().push(&issue.code);
    }
    codes
}

fn file_code(answer: &Answer) -> &str {
    assert!(answer.is_refused(), "{answer:?}");
    assert_eq!((answer.counts.rows, answer.issues.len()), (0, 1), "a refused file has one finding and no rows");
    &answer.issues[0].code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_file_touches_only_that_sellers_orders() {
    let cloud = cloud_with_orders().await;
    let before = cloud.orders().await;
    let tracking = format!("order_id,carrier,tracking_number\n{},DHL,3318810025\n{},DHL,12 34\n", order_id(10), order_id(11));
    let answer = cloud.upload(&seller_key("tracking", "S1", "mine.csv"), tracking, None).await;
    assert_eq!(answer.counts.rejected, 2);
    assert_eq!(codes(&answer)[&1], ["ORDER_OTHER_SELLER"]);
    assert_eq!(answer.fines.count, 0, "nobody is fined for another's row");

    let appeals = format!("appeal_id,order_id,reason,status,filed_at\nA1,{},late,pending,{LEARNED_AT}\n", order_id(12));
    let answer = cloud.upload(&seller_key("appeals", "S1", "appeals.csv"), appeals, None).await;
    assert_eq!(codes(&answer)[&1].last(), Some(&"ORDER_OTHER_SELLER"));

    let answer = cloud.upload(&seller_key("orders", "S1", "orders.csv"), orders_of("S2", 30..31), None).await;
    assert_eq!(codes(&answer)[&1], ["ORDER_OTHER_SELLER"]);
    // Taking over another's order by naming oneself as its seller.
    let answer = cloud.upload(&seller_key("orders", "S1", "orders.csv"), orders_of("S1", 13..14), None).await;
    assert_eq!(codes(&answer)[&1], ["ORDER_OTHER_SELLER"]);

    let accepted = format!("order_id,carrier,tracking_number\n{},DHL,3318810025\n", order_id(10));
    assert_eq!(cloud.upload(&seller_key("tracking", "S2", "mine.csv"), accepted, None).await.counts.accepted_with_warning, 1);
    let events = "carrier,tracking_number,event_code,occurred_at\nDHL,3318810025,signed,2024-05-03T00:00:00Z\n";
    let answer = cloud.upload(&seller_key("events", "S1", "events.csv"), events, None).await;
    assert_eq!(codes(&answer)[&1], ["ORDER_OTHER_SELLER"]);

    let after = cloud.orders().await;
    let touched: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    assert_eq!(touched.len(), 1, "only what S2 itself uploaded was applied: {touched:?}");
    assert_eq!(after[10].event_count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_rows_parked_for_another_sellers_order_do_not_touch_it_when_it_arrives() {
    let cloud = OwnCloud::new().await;
    let tracking = format!("order_id,carrier,tracking_number\n{},DHL,3318810025\n{},DHL,1 2\n", order_id(0), order_id(1));
    let answer = cloud.upload(&seller_key("tracking", "S2", "early.csv"), tracking, None).await;
    assert_eq!((answer.counts.parked, answer.counts.rejected), (1, 1));
    cloud.upload(&operator_key("orders", "orders.csv"), orders_of("S1", 0..2), Some(at(LEARNED_AT))).await;
    let orders = cloud.orders().await;
    assert!(orders.iter().all(|order| order.shipments.is_empty() && order.failure.is_none()), "{orders:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_cannot_state_times() {
    let cloud = cloud_with_orders().await;
    let tracking = format!("{TRACKING}{},DHL,3318810025,2024-05-01T01:00:00Z\n", order_id(0));
    let key = seller_key("tracking", "S1", "backdated.csv");
    // Neither by a column nor by the object's metadata.
    let answer = cloud.upload(&key, tracking, Some(at("2024-05-01T01:00:00Z"))).await;
    assert_eq!(answer.counts.accepted_with_warning, 1);
    assert!(codes(&answer)[&1].contains(&"UPLOAD_LATE"), "the object's time counts: {:?}", answer.by_code);
    let warned = answer.issues.iter().any(|issue| issue.column == "uploaded_at" && issue.severity == "warning" && issue.code != "UPLOAD_LATE");
    assert!(warned, "a warning says that the column was ignored: {:?}", answer.issues);
    let order = &cloud.orders().await[0];
    assert!(order.shipments[0].uploaded_at > at("2025-01-01T00:00:00Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_cannot_decide_an_appeal() {
    let cloud = cloud_with_orders().await;
    let decided = |id: &str| format!("appeal_id,order_id,reason,status,filed_at,decided_at\n{id},{},late,accepted,2024-05-20T00:00:00Z,2024-05-21T00:00:00Z\n", order_id(0));
    cloud.upload(&seller_key("appeals", "S1", "appeals.csv"), decided("A1"), None).await;
    let as_of = at("2024-06-20T00:00:00Z");
    cloud.settle(as_of).await;
    let b4 = |entries: &[domain::LedgerEntry]| net(entries).into_iter().filter(|fine| fine.clause == Clause::B4 && fine.order_id.as_str() == order_id(0)).count();
    assert_eq!(b4(&tests::entries(&cloud).await), 1, "the fine stands: an appeal filed now is neither accepted nor in time");
    cloud.upload(&operator_key("appeals", "appeals.csv"), decided("A2"), Some(at("2024-06-21T00:00:00Z"))).await;
    cloud.settle(at("2024-06-22T00:00:00Z")).await;
    assert_eq!(b4(&tests::entries(&cloud).await), 0, "an operator's word reverses it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_rates_are_refused() {
    let cloud = OwnCloud::new().await;
    let rates = "date,currency,usd_per_unit\n2024-04-30,EUR,1.08\n";
    let answer = cloud.upload(&seller_key("rates", "S1", "rates.csv"), rates, None).await;
    assert_eq!(file_code(&answer), "FILE_TYPE");
    let order = format!("{ORDERS}{},S1,{PAID_AT},10.00,EUR,FR\n", order_id(0));
    let answer = cloud.upload(&operator_key("orders", "orders.csv"), order, Some(at(LEARNED_AT))).await;
    assert_eq!(codes(&answer)[&1], ["RATE_MISSING"], "nothing of the refused file was applied");
    cloud.upload(&operator_key("rates", "rates.csv"), rates, Some(at(LEARNED_AT))).await;
    assert_eq!(cloud.orders().await[0].usd.0, 1_080, "the parked order came with its rate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_answered_with_its_code_and_applies_nothing() {
    let cloud = cloud_with_orders().await;
    let before = cloud.orders().await;
    let good = |number: u32| format!("{},DHL,3318810025,{LEARNED_AT}\n", order_id(number));
    let junk: Vec<u8> = (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut broken_utf8 = format!("{TRACKING}{}", good(0).repeat(20_000)).into_bytes();
    let middle = broken_utf8.len() / 2;
    broken_utf8[middle] = 0xff;
    let cases: [(&str, Vec<u8>, &[&str]); 9] = [
        ("empty.csv", Vec::new(), &["FILE_EMPTY"]),
        ("blank.csv", b"\n \n\n".to_vec(), &["FILE_EMPTY", "HEADER_MISSING"]),
        ("junk.bin", junk, &["FILE_TYPE", "FILE_DAMAGED", "ENCODING_UNSURE", "HEADER_MISSING"]),
        ("broken-utf8.csv", broken_utf8, &["ENCODING_UNSURE"]),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x2f".to_vec(), &["FILE_DAMAGED", "FILE_TYPE"]),
        ("header.csv", format!("order,price\n{}", good(0)).into_bytes(), &["HEADER_MISSING"]),
        ("twice.csv", format!("order_id,订单号,carrier,tracking_number\n{}", good(0)).into_bytes(), &["HEADER_DUPLICATE", "HEADER_AMBIGUOUS"]),
        ("wide.csv", format!("{}{}\n{}", TRACKING.trim_end(), ",x".repeat(300), good(0)).into_bytes(), &["ROW_LIMIT"]),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), &["FILE_TYPE"]),
    ];
    for (name, content, expected) in cases {
        let key = operator_key("tracking", name);
        let answer = cloud.upload(&key, content, Some(at(LEARNED_AT))).await;
        assert!(expected.contains(&file_code(&answer)), "{name}: {}", file_code(&answer));
        assert!(!answer.issues[0].message_zh.is_empty() && !answer.issues[0].fix_en.is_empty(), "{name}");
        assert_eq!(cloud.orders().await, before, "{name} applied something");
    }
    let unknown_kind = cloud.upload(&operator_key("parcels", "x.csv"), good(0), Some(at(LEARNED_AT))).await;
    assert_eq!(file_code(&unknown_kind), "FILE_TYPE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_alone_is_a_file_of_no_rows() {
    let cloud = OwnCloud::new().await;
    let answer = cloud.upload(&operator_key("tracking", "header-only.csv"), TRACKING, None).await;
    assert!(!answer.is_refused() && answer.counts.rows == 0 && answer.issues.is_empty(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_is_never_closed_spoils_no_row_before_it() {
    let cloud = cloud_with_orders().await;
    let numbers = ["1000000006", "1000000010", "1000000021"];
    let rows: String = numbers.iter().zip(0..).map(|(number, order)| format!("{},DHL,{number},{LEARNED_AT}\n", order_id(order))).collect();
    let cut = format!("{TRACKING}{rows}{},DHL,\"10000000", order_id(3));
    let answer = cloud.upload(&operator_key("tracking", "cut.csv"), cut, Some(at(LEARNED_AT))).await;
    if answer.is_refused() {
        assert!(cloud.orders().await.iter().all(|order| order.shipments.is_empty()), "a refused file applies nothing");
    } else {
        assert_eq!((answer.counts.rows, answer.counts.rejected), (4, 1), "{answer:?}");
        assert!(cloud.orders().await[3].failure.is_none(), "half a row is nobody's failure");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_can_be_mended_in_their_answer_and_uploaded_again() {
    let cloud = cloud_with_orders().await;
    let key = operator_key("tracking", "numbers.csv");
    let rows = [
        (0, "DHL", "3318810025", "fine"),
        (1, "DHL", "33188 10036", "spaced"),
        (2, "Nobody Post", "3318810040", "=cmd|' /C calc'!A0"),
        (3, "DHL", "3.31881E+09", "scientific, \"quoted\"\nover two lines"),
    ];
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let row = |(order, carrier, number, note): &(u32, &str, &str, &str)| format!("{},{carrier},{number},{LEARNED_AT},{}\n", order_id(*order), quoted(note));
    let file = format!("order_id,carrier,tracking_number,uploaded_at,our note\n{}", rows.iter().map(row).collect::<String>());
    let answer = cloud.upload(&key, file, Some(at(LEARNED_AT))).await;
    assert_eq!((answer.counts.accepted, answer.counts.rejected, answer.fines.count), (1, 3, 3));

    let rejected = cloud.rejected(&key).await;
    let unmended = cloud.upload(&operator_key("tracking", "unmended.csv"), rejected.clone(), Some(at(LEARNED_AT))).await;
    assert_eq!(unmended.counts.rejected, 3);
    assert_eq!(unmended.by_code, answer.by_code, "the answer file says what the file said");

    let mended = mend(&rejected, &[("33188 10036", "3318810036"), ("Nobody Post", "DHL"), ("3.31881E+09", "3318810051")]);
    let answer = cloud.upload(&operator_key("tracking", "mended.csv"), mended, Some(at(LEARNED_AT))).await;
    assert_eq!((answer.counts.rows, answer.counts.rejected), (3, 0), "{:?}", answer.by_code);
    let orders = cloud.orders().await;
    assert!(orders[..4].iter().all(|order| order.shipments.len() == 1));
    assert_eq!(orders.iter().filter(|order| order.failure.is_some()).count(), 3, "mending does not undo a failure (A6)");
}

/// Replaces cells of an answer file, as a clerk does in a spreadsheet.
fn mend(file: &[u8], replacements: &[(&str, &str)]) -> Vec<u8> {
    let text = file.strip_prefix(b"\xef\xbb\xbf").expect("rejected.csv begins with a byte order mark");
    let mut mended = csv::Writer::from_writer(Vec::new());
    for record in csv::ReaderBuilder::new().has_headers(false).from_reader(text).records() {
        let record = record.expect("rejected.csv is sound csv");
        assert!(record.iter().all(|cell| !cell.starts_with(['=', '+', '@'])), "safe to open in a spreadsheet: {record:?}");
        let cell = |cell: &str| replacements.iter().find(|(bad, _)| *bad == cell).map_or(cell.to_owned(), |(_, good)| (*good).to_owned());
        mended.write_record(record.iter().map(cell)).expect("memory takes every record");
    }
    mended.into_inner().expect("memory takes every byte")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_named_by_two_orders_belongs_to_the_first_row() {
    let owner_of = async |first: u32, second: u32, key: UploadKey| {
        let cloud = cloud_with_orders().await;
        let file = format!("{TRACKING}{},DHL,3318810025,{LEARNED_AT}\n{},DHL,3318810025,{LEARNED_AT}\n", order_id(first), order_id(second));
        let answer = cloud.upload(&key, file, Some(at(LEARNED_AT))).await;
        assert_eq!(codes(&answer), BTreeMap::from([(2, vec!["NUM_USED_ELSEWHERE"])]));
        assert_eq!(answer.fines.count, 1);
        let owners: Vec<OrderId> = cloud.orders().await.into_iter().filter(|order| !order.shipments.is_empty()).map(|order| order.order_id).collect();
        assert_eq!(owners.len(), 1);
        owners[0].to_string()
    };
    let (first, second) = tokio::join!(owner_of(2, 7, operator_key("tracking", "a.csv")), owner_of(7, 2, operator_key("tracking", "b.csv")));
    assert_eq!((first, second), (order_id(2), order_id(7)));
}
