//! Files of every kind of badness, and their answers.

use std::collections::BTreeMap;

use domain::{OrderId, PolicyBook, TrackingNumber};
use lake::UploadKey;
use tests::{OwnCloud, at, operator_key};

use crate::uploads::{LEARNED_AT, TRACKING, cloud_with_orders, codes, file_code, order_id};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_answered_with_its_code_and_applies_nothing() {
    let cloud = cloud_with_orders().await;
    let before = cloud.orders().await;
    let good = |number: u32| format!("{},DHL,3318810025,{LEARNED_AT}\n", order_id(number));
    let junk: Vec<u8> = (0..40_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut broken_utf8 = format!("{TRACKING}{}", good(0).repeat(20_000)).into_bytes();
    let middle = broken_utf8.len() / 2;
    broken_utf8[middle] = 0xff;
    let cases: [(&str, Vec<u8>, &[&str]); 9] = [
        ("empty.csv", Vec::new(), &["FILE_EMPTY"]),
        (
            "blank.csv",
            b"\n \n\n".to_vec(),
            &["FILE_EMPTY", "HEADER_MISSING"],
        ),
        (
            "junk.bin",
            junk,
            &["FILE_TYPE", "FILE_DAMAGED", "ENCODING_UNSURE", "HEADER_MISSING"],
        ),
        ("broken-utf8.csv", broken_utf8, &["ENCODING_UNSURE"]),
        (
            "cut.csv.gz",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x2f".to_vec(),
            &["FILE_DAMAGED", "FILE_TYPE"],
        ),
        (
            "header.csv",
            format!("order,price\n{}", good(0)).into_bytes(),
            &["HEADER_MISSING"],
        ),
        (
            "twice.csv",
            format!("order_id,订单号,carrier,tracking_number\n{}", good(0)).into_bytes(),
            &["HEADER_DUPLICATE", "HEADER_AMBIGUOUS"],
        ),
        (
            "wide.csv",
            format!("{}{}\n{}", TRACKING.trim_end(), ",x".repeat(300), good(0)).into_bytes(),
            &["COLUMN_LIMIT"],
        ),
        (
            "picture.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            &["FILE_TYPE", "ENCODING_UNSURE"],
        ),
    ];
    for (name, content, expected) in cases {
        let key = operator_key("tracking", name);
        let answer = cloud.upload(&key, content, Some(at(LEARNED_AT))).await;
        assert!(
            expected.contains(&file_code(&answer)),
            "{name}: {}",
            file_code(&answer)
        );
        assert!(
            !answer.issues[0].message_zh.is_empty() && !answer.issues[0].fix_en.is_empty(),
            "{name}"
        );
        assert_eq!(cloud.orders().await, before, "{name} applied something");
    }
    let unknown_kind = cloud
        .upload(&operator_key("parcels", "x.csv"), good(0), Some(at(LEARNED_AT)))
        .await;
    assert_eq!(file_code(&unknown_kind), "FILE_TYPE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_alone_is_a_file_of_no_rows() {
    let cloud = OwnCloud::new().await;
    let answer = cloud
        .upload(&operator_key("tracking", "header-only.csv"), TRACKING, None)
        .await;
    assert!(
        !answer.is_refused() && answer.counts.rows == 0 && answer.issues.is_empty(),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_is_never_closed_spoils_no_row_before_it() {
    let cloud = cloud_with_orders().await;
    let numbers = ["1000000006", "1000000010", "1000000021"];
    let rows: String = numbers
        .iter()
        .zip(0..)
        .map(|(number, order)| format!("{},DHL,{number},{LEARNED_AT}\n", order_id(order)))
        .collect();
    let cut = format!("{TRACKING}{rows}{},DHL,\"10000000", order_id(3));
    let answer = cloud
        .upload(&operator_key("tracking", "cut.csv"), cut, Some(at(LEARNED_AT)))
        .await;
    if answer.is_refused() {
        assert!(
            cloud
                .orders()
                .await
                .iter()
                .all(|order| order.shipments.is_empty()),
            "a refused file applies nothing"
        );
    } else {
        assert_eq!((answer.counts.rows, answer.counts.rejected), (4, 1), "{answer:?}");
        assert!(
            cloud.orders().await[3].failure.is_none(),
            "half a row is nobody's failure"
        );
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
    let row = |(order, carrier, number, note): &(u32, &str, &str, &str)| {
        format!(
            "{},{carrier},{number},{LEARNED_AT},{}\n",
            order_id(*order),
            quoted(note)
        )
    };
    let file = format!(
        "order_id,carrier,tracking_number,uploaded_at,our note\n{}",
        rows.iter().map(row).collect::<String>()
    );
    let answer = cloud.upload(&key, file, Some(at(LEARNED_AT))).await;
    assert_eq!(
        (answer.counts.accepted, answer.counts.rejected, answer.fines.count),
        (1, 3, 3)
    );

    let rejected = cloud.rejected(&key).await;
    let unmended = cloud
        .upload(
            &operator_key("tracking", "unmended.csv"),
            rejected.clone(),
            Some(at(LEARNED_AT)),
        )
        .await;
    assert_eq!(unmended.counts.rejected, 3);
    assert_eq!(
        unmended.by_code, answer.by_code,
        "the answer file says what the file said"
    );

    let mended = mend(
        &rejected,
        &[
            ("33188 10036", "3318810036"),
            ("Nobody Post", "DHL"),
            ("3.31881E+09", "3318810051"),
        ],
    );
    let answer = cloud
        .upload(
            &operator_key("tracking", "mended.csv"),
            mended,
            Some(at(LEARNED_AT)),
        )
        .await;
    assert_eq!(
        (answer.counts.rows, answer.counts.rejected),
        (3, 0),
        "{:?}",
        answer.by_code
    );
    let orders = cloud.orders().await;
    assert!(orders[..4].iter().all(|order| order.shipments.len() == 1));
    assert_eq!(
        orders.iter().filter(|order| order.failure.is_some()).count(),
        3,
        "mending does not undo a failure (A6)"
    );
}

/// Replaces cells of an answer file, as a clerk does in a spreadsheet.
fn mend(file: &[u8], replacements: &[(&str, &str)]) -> Vec<u8> {
    let text = file
        .strip_prefix(b"\xef\xbb\xbf")
        .expect("rejected.csv begins with a byte order mark");
    let mut mended = csv::Writer::from_writer(Vec::new());
    for record in csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text)
        .records()
    {
        let record = record.expect("rejected.csv is sound csv");
        assert!(
            record.iter().all(|cell| !cell.starts_with(['=', '+', '@'])),
            "safe to open in a spreadsheet: {record:?}"
        );
        let cell = |cell: &str| {
            replacements
                .iter()
                .find(|(bad, _)| *bad == cell)
                .map_or(cell.to_owned(), |(_, good)| (*good).to_owned())
        };
        mended
            .write_record(record.iter().map(cell))
            .expect("memory takes every record");
    }
    mended.into_inner().expect("memory takes every byte")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_orders_that_name_a_number_at_one_instant_the_lower_id_has_it() {
    let owner_of = async |first: u32, second: u32, key: UploadKey| {
        let cloud = cloud_with_orders().await;
        let file = format!(
            "{TRACKING}{},DHL,3318810025,{LEARNED_AT}\n{},DHL,3318810025,{LEARNED_AT}\n",
            order_id(first),
            order_id(second)
        );
        let answer = cloud.upload(&key, file, Some(at(LEARNED_AT))).await;
        let waiting = if first < second { 2 } else { 1 };
        assert_eq!(
            codes(&answer),
            BTreeMap::from([(waiting, vec!["NUM_USED_ELSEWHERE"])])
        );
        assert_eq!((answer.fines.count, answer.fines.pending.0), (0, 50));
        let number = TrackingNumber::parse("3318810025").expect("a number");
        let policy = PolicyBook::shipped().newest();
        let owners: Vec<OrderId> = cloud
            .orders()
            .await
            .into_iter()
            .filter(|order| order.holds(&number, policy, at(LEARNED_AT)))
            .map(|order| order.order_id)
            .collect();
        assert_eq!(owners.len(), 1);
        owners[0].to_string()
    };
    let (first, second) = tokio::join!(
        owner_of(2, 7, operator_key("tracking", "a.csv")),
        owner_of(7, 2, operator_key("tracking", "b.csv"))
    );
    assert_eq!((first, second), (order_id(2), order_id(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_files_news_of_an_order_is_one_write() {
    let cloud = cloud_with_orders().await;
    let tracking = format!("{TRACKING}{},DHL,3318810025,{LEARNED_AT}\n", order_id(0));
    cloud
        .upload(&operator_key("tracking", "one.csv"), tracking, None)
        .await;
    let id = OrderId::parse(&order_id(0)).expect("an order's id");
    let before = cloud
        .store
        .order(&id)
        .await
        .expect("the table")
        .expect("the order")
        .version;
    let events = (1..=20).fold(
        "carrier,tracking_number,event_code,occurred_at,recorded_at\n".to_owned(),
        |file, hour| {
            let code = if hour == 1 { "picked_up" } else { "in_transit" };
            file + &format!("DHL,3318810025,{code},2024-05-03T{hour:02}:00:00Z,2024-05-03T{hour:02}:30:00Z\n")
        },
    );
    let answer = cloud
        .upload(&operator_key("events", "feed.csv"), events, None)
        .await;
    assert_eq!(answer.counts.accepted, 20, "{answer:?}");
    let after = cloud
        .store
        .order(&id)
        .await
        .expect("the table")
        .expect("the order");
    assert_eq!(after.order.event_count(), 20);
    assert_eq!(after.version, before + 1, "twenty events, one write");
}
