//! The verdicts, and the status that tells of them.

use lake::Answer;

use super::{CLEAN, DIRTY, Desk, ORDERS, codes};
use crate::command::assert_complains;

#[test]
fn the_status_tells_whether_anything_was_refused() {
    let desk = Desk::new();
    let clean = desk.file("clean.csv", CLEAN);
    let dirty = desk.file("dirty.csv", DIRTY);
    assert_eq!(desk.validate(&[&clean], "tracking", &[]).status, 0);
    assert_eq!(desk.validate(&[&dirty], "tracking", &[]).status, 1);
    assert_eq!(
        desk.validate(&[&dirty, &clean], "tracking", &[]).status,
        1,
        "the worst counts, not the last"
    );
    let warned = desk.file("warned.csv", CLEAN.replace("3318810025", "3318810024"));
    assert_eq!(
        desk.validate(&[&warned], "tracking", &[]).status,
        0,
        "a warning refuses nothing"
    );
    let missing = desk.validate(&[&desk.path("missing.csv")], "tracking", &["--json"]);
    assert_complains(&missing, 2, &["missing.csv"]);
    assert_complains(
        &desk.validate(&[&desk.path("")], "tracking", &[]),
        2,
        &["not a file"],
    );
    let unknown = desk.validate(&[&clean], "parcels", &[]);
    assert_complains(&unknown, 2, &["parcels", "tracking"]);
    let orders = desk.path("none.csv").to_string_lossy().into_owned();
    let orders = desk.validate(&[&clean], "tracking", &["--orders", &orders]);
    assert_complains(&orders, 2, &["none.csv"]);
}

#[test]
fn a_file_that_is_refused_whole_has_its_code_and_no_rows() {
    let desk = Desk::new();
    let mut packed = crate::command::hostile::gzip(DIRTY.repeat(100).as_bytes());
    packed.truncate(packed.len() / 2);
    let zip = crate::command::hostile::zip("tracking.csv", DIRTY.as_bytes());
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("empty.csv", Vec::new(), "FILE_EMPTY"),
        ("really-a-zip.csv", zip, "FILE_TYPE"),
        ("cut.csv.gz", packed, "FILE_DAMAGED"),
        ("another.csv", b"name,price\nlamp,12\n".to_vec(), "HEADER_MISSING"),
        ("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(), "FILE_TYPE"),
    ];
    for (name, content, code) in cases {
        let path = desk.file(name, content);
        let answer = desk.answer(&path, "tracking", &[]);
        assert!(answer.is_refused(), "{name}: {answer:?}");
        let found: Vec<&str> = answer.issues.iter().map(|issue| issue.code.as_str()).collect();
        assert_eq!((answer.counts.rows, found), (0, vec![code]), "{name}");
        let ran = desk.validate(&[&path], "tracking", &[]);
        assert!(ran.stdout.contains(code), "a person sees the code too: {ran:?}");
    }
}

#[test]
fn given_orders_decide_what_depends_on_them() {
    let desk = Desk::new();
    let orders = desk.file("orders.csv", ORDERS).to_string_lossy().into_owned();
    let dirty = desk.file("dirty.csv", DIRTY);
    let without = desk.answer(&dirty, "tracking", &[]);
    assert!(!without.by_code.contains_key("ORDER_UNKNOWN"));
    assert!(
        without
            .notes
            .iter()
            .any(|note| note.code.as_deref() == Some("ORDER_UNKNOWN")),
        "what was not checked is said"
    );

    let with = desk.answer(&dirty, "tracking", &["--orders", &orders]);
    assert!(codes(&with, 3).contains(&"ORDER_UNKNOWN"), "{:?}", with.issues);
    assert_eq!(with.counts.parked, 1, "a sound row waits for its order");
    assert!(
        codes(&with, 2).contains(&"UPLOAD_LATE"),
        "48 hours after it was paid"
    );
    assert!(codes(&with, 1).is_empty(), "10 hours after it was paid");

    let sellers = ["--orders", &orders, "--seller", "S1"];
    let sellers = desk.answer(&dirty, "tracking", &sellers);
    assert_eq!(codes(&sellers, 9), ["ORDER_OTHER_SELLER"]);
    assert_eq!(sellers.upload.seller_id, "S1");
}

#[test]
fn a_seller_states_no_times() {
    let desk = Desk::new();
    let orders = desk.file("orders.csv", ORDERS).to_string_lossy().into_owned();
    let clean = desk.file("clean.csv", CLEAN);
    assert!(
        desk.answer(&clean, "tracking", &["--orders", &orders])
            .issues
            .is_empty(),
        "an operator's word counts"
    );
    let answer = desk.answer(&clean, "tracking", &["--orders", &orders, "--seller", "S1"]);
    assert_eq!(codes(&answer, 1), ["STATEMENT_IGNORED", "UPLOAD_LATE"]);
    let answer = desk.answer(&clean, "tracking", &["--seller", "S1"]);
    assert_eq!(codes(&answer, 1), ["STATEMENT_IGNORED"]);
}

#[test]
fn every_kind_can_be_judged() {
    let desk = Desk::new();
    let files = [
        ("orders", ORDERS, 3),
        ("tracking", CLEAN, 1),
        (
            "events",
            "carrier,tracking_number,event_code,occurred_at,recorded_at\n\
             DHL,3318810025,picked_up,2024-05-02T00:00:00Z,2024-05-02T01:00:00Z\n",
            1,
        ),
        (
            "appeals",
            "appeal_id,order_id,clause,reason,status,filed_at,evidence\n\
             A1,8200000000000000,A6,carrier_delay,pending,2024-05-03T00:00:00Z,pod.pdf\n",
            1,
        ),
        (
            "rates",
            "date,currency,usd_per_unit\n2024-05-01,EUR,1.0812\n2024-05-01,BRL,0.19\n",
            2,
        ),
        (
            "sellers",
            "{\"seller_id\":\"S1\",\"entity_type\":\"company\",\"name\":\"Lamps\"}\n",
            1,
        ),
        (
            "statement",
            "账单号,行号,order_id,扣款类型,扣款金额,币种,扣款时间,description\n\
             B1,1,8200000000000000,轨迹断更罚金,1.20,USD,2024-05-03T00:00:00Z,\n",
            1,
        ),
    ];
    for (kind, content, rows) in files {
        let path = desk.file(kind, content);
        let answer = desk.answer(&path, kind, &[]);
        assert_eq!(
            (
                &answer.upload.kind[..],
                answer.counts.rows,
                answer.counts.rejected
            ),
            (kind, rows, 0),
            "{:?}",
            answer.issues
        );
        // The same rows again are no news, whatever the kind.
        let header = content.lines().next().unwrap_or_default();
        let again = if kind == "sellers" {
            content
        } else {
            &content[header.len() + 1..]
        };
        let answer = desk.answer(&desk.file(kind, format!("{content}{again}")), kind, &[]);
        assert_eq!(
            (answer.counts.rows, answer.counts.unchanged),
            (2 * rows, rows),
            "{kind}: {:?}",
            answer.issues
        );
    }
}

/// A platform that numbers its orders by tens: only the orders tell such ids from cut ones.
#[test]
fn ids_that_look_cut_are_sound_where_their_orders_are_known() {
    let desk = Desk::new();
    let places = [10, 11, 13, 16, 17, 21, 28, 30, 41, 55, 62, 90];
    let rows: String = (0..12)
        .map(|at| {
            format!(
                "820000000000{}0,DHL,{}\n",
                100 + places[at],
                3_318_810_000_u64 + at as u64
            )
        })
        .collect();
    let tracking = desk.file(
        "tracking.csv",
        format!("order_id,carrier,tracking_number\n{rows}"),
    );
    let lost = |answer: &Answer| answer.by_code.get("ORDER_ID_PRECISION_LOST").copied();
    assert_eq!(lost(&desk.answer(&tracking, "tracking", &[])), Some(12));
    // Among the orders is one whose id has all its digits: a spreadsheet had no hand in that file.
    let known = |count: usize| {
        let orders = places[..count].iter().map(|place| {
            format!(
                "820000000000{}0,S1,2024-05-01T00:00:00Z,80.10,USD,US\n",
                100 + place
            )
        });
        format!(
            "{ORDERS}8200000000000003,S1,2024-05-01T00:00:00Z,80.10,USD,US\n{}",
            orders.collect::<String>()
        )
    };
    for (count, expected) in [(6, Some(12)), (7, None)] {
        let orders = desk.file("orders.csv", known(count));
        let orders = orders.to_string_lossy().into_owned();
        let answer = desk.answer(&tracking, "tracking", &["--orders", &orders]);
        assert_eq!(lost(&answer), expected, "{count} orders are known");
    }
}
