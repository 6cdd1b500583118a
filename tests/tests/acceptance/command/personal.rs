//! Personal data: what goes in with a season's files comes out in the answers that return rows, and nowhere else; and `waymark
//! erase` takes it out of both.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use local::{ORDERS_TABLE, RECORDS_TABLE};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use tests::{OwnCloud, Ran, Waymark};

use crate::command::{assert_complains, waymark};

const LEARNED_AT: &str = "2024-05-02T00:00:00Z";
const NIGHT: &str = "2024-06-15T07:15:00Z";

/// What stands in the season's files and must stand nowhere else.
const PLANTED: &[&str] = &[
    // CPF, CNPJ, INN and RFC: sound, wrong, without the zero at the start, and with it.
    "52998224725",
    "529.982.247-25",
    "52998224724",
    "11222333000181",
    "11.222.333/0001-81",
    "500100732259",
    "GODE561231GR8",
    "2345678054",
    // Telephones, as they are printed and as they are typed.
    "98765-4321",
    "13800138000",
    "9161234567",
    "916 123-45-67",
    // Names, addresses and mail.
    "Souza",
    "Silva",
    "Петров",
    "张三丰",
    "Flores 123",
    "ana.souza@example.com",
];

const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country,buyer,phone,address,cpf
8200000000000001,S1,2024-05-01T00:00:00Z,80.10,USD,BR,Ana Souza,+55 (11) 98765-4321,Rua das Flores 123,529.982.247-25
8200000000000002,S1,2024-05-01T00:00:00Z,80.10,USD,RU,Пётр Петров,+7 916 123-45-67,,500100732259
8200000000000003,S1,2024-05-01T00:00:00Z,80.10,USD,MX,Ana Souza,,,GODE561231GR8
8200000000000004,S1,2024-05-01T00:00:00Z,80.10,USD,US,张三丰,13800138000,,
8200000000000005,S1,2024-05-01T00:00:00Z,80.10,USD,US,,,,
8200000000000006,S1,2024-05-01T00:00:00Z,80.10,USD,BR,,,,
8200000000000007,S1,2024-05-01T00:00:00Z,a lot,USD,529.982.247-25,Ana Souza,,,
8200000000000008,S1,+55 (11) 98765-4321,1.00,USD,US,Ana Souza,,,
8200000000000009,S1,2024-05-01T00:00:00Z,1.00,ana.souza@example.com,US,Ana Souza,,,
";

const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at,send_type,invoice_no,consignee_tax_id,description,recipient,phone
8200000000000001,DHL,3318810025,,,INV-1,529.982.247-25,call Ana Souza 13800138000,Ana Souza,98765-4321
8200000000000002,DHL,1000000010,,,INV-1,52998224724,,Пётр Петров,+7 916 123-45-67
8200000000000003,DHL,1000000021,,,INV-1,GODE561231GR8,,Ana Souza,
8200000000000004,DHL,10000 00032,,,,11.222.333/0001-81,,张三丰,13800138000
8200000000000005,13800138000,1000000043,,,,,,,
8200000000000005,52998224725,1000000043,,,,,,,
8200000000000005,DHL,52998224725,,,,,,,
8200000000000005,DHL,+55 (11) 98765-4321,,,,,,,
8200000000000005,Ana Souza,529.982.247-25,,João Silva,,,,,
8200000000000005,DHL,1000000043,GODE561231GR8,,,,,,
8200000000000005,DHL,1000000043,,11222333000181,,,,,
8200000000000006,DHL,1000000054,,,INV-1,2345678054,,Ana Souza,
8200000000000005,DHL,1000000043,,,,,,Ana Souza,13800138000,52998224725,João Silva
8299999999999999,DHL,1000000065,,,INV-1,52998224725,,Ana Souza,98765-4321
ana.souza@example.com,DHL,1000000065,,,INV-1,52998224725,,Ana Souza,98765-4321
";

const EVENTS: &str = "carrier,tracking_number,event_code,occurred_at,recorded_at,description,operator
DHL,3318810025,\"快件交给张三丰，电话13800138000，正在派送\",2024-05-03T00:00:00Z,2024-05-03T00:00:00Z,,
DHL,3318810025,Mystery scan by courier: J Silva tel: 98765-4321,2024-05-04T00:00:00Z,2024-05-04T00:00:00Z,Ana Souza called,张三丰
DHL,3318810025,Delivered to Ana Souza,2024-05-05T00:00:00Z,2024-05-05T00:00:00Z,Signed for by Ana Souza 13800138000,
DHL,3318810025,Oddity CPF 529.982.247-25 ana.souza@example.com,2024-05-06T00:00:00Z,2024-05-06T00:00:00Z,,
DHL,3318810099,picked_up,2024-05-06T00:00:00Z,2024-05-06T00:00:00Z,Signed for by Ana Souza 13800138000,
DHL,3318810025,picked_up,529.982.247-25,2024-05-06T00:00:00Z,Ana Souza,
";

const APPEALS: &str = "appeal_id,order_id,clause,reason,status,filed_at,decided_at,evidence
AP-1,8200000000000002,A6,Ana Souza says 529.982.247-25 is right,pending,2024-05-03T00:00:00Z,,photo of Ana Souza
AP-2,8200000000000002,13800138000,Ana Souza,pending,2024-05-03T00:00:00Z,,
";

const SELLERS: &str = r#"{"seller_id":"S1","entity_type":"company","credit_code":"11222333000181"}
{"seller_id":"S2","entity_type":"company","agreements":[{"carrier":"DHL","stamped":"ana.souza@example.com"}]}
"#;

const STATEMENT: &str = "statement_id,line_no,order_id,kind,amount,currency,charged_at,description
ST-1,1,8200000000000002,fine tel: 13800138000,0.50,USD,2024-05-04T00:00:00Z,signed by Ana Souza 529.982.247-25
";

/// A file without a header: its first row is somebody's.
const HEADLESS: &str = "8200000000000005,Ana Souza,13800138000,52998224725,Rua das Flores 123\n";

fn files(directory: &Path) -> Vec<(&'static str, String)> {
    let files = [
        ("orders", "orders.csv", ORDERS),
        ("tracking", "tracking.csv", TRACKING),
        ("events", "events.csv", EVENTS),
        ("appeals", "appeals.csv", APPEALS),
        ("sellers", "sellers.jsonl", SELLERS),
        ("statement", "statement.csv", STATEMENT),
        ("tracking", "headless.csv", HEADLESS),
    ];
    let written = files.map(|(kind, name, content)| {
        let path = directory.join(name);
        fs::write(&path, content).expect("a file");
        (kind, path.to_string_lossy().into_owned())
    });
    written.to_vec()
}

/// The command, run with its logs; what it said on both streams.
fn said(waymark: &Waymark, arguments: &[&str]) -> String {
    let mut command = waymark.command(arguments);
    let ran = Ran::of(
        command
            .env("RUST_LOG", "debug")
            .output()
            .expect("the command can be started"),
    );
    assert!(ran.status < 2, "{arguments:?}: {ran:?}");
    ran.stdout + &ran.stderr
}

/// Every text in an object, whatever packs it.
fn text_of(key: &str, bytes: Vec<u8>) -> String {
    if key.ends_with(".parquet") {
        let reader = SerializedFileReader::new(Bytes::from(bytes)).expect("a parquet file");
        let rows = reader.get_row_iter(None).expect("rows");
        let cells = rows.flat_map(|row| {
            let row = row.expect("a row");
            let cells = row.get_column_iter().map(|(_, cell)| match cell {
                Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
                cell => cell.to_string(),
            });
            cells.collect::<Vec<_>>()
        });
        return cells.collect::<Vec<_>>().join("\n");
    }
    if key.ends_with(".xlsx") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a workbook");
        let mut text = String::new();
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).expect("a part");
            part.read_to_string(&mut text).expect("a part is text");
        }
        return text;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every object of the bucket with the texts in it, and every item of both tables.
async fn kept(cloud: &OwnCloud) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    let mut cursor = Some(lake::VersionCursor::default());
    while let Some(at) = cursor {
        let (versions, next) = cloud.lake.versions("", at).await.expect("the bucket is listed");
        for version in versions {
            let bytes = cloud.lake.bytes(&version.key).await.expect("an object");
            kept.insert(version.key.clone(), text_of(&version.key, bytes));
        }
        cursor = next;
    }
    for table in [ORDERS_TABLE, RECORDS_TABLE] {
        let mut items = cloud
            .dynamodb
            .scan()
            .table_name(table)
            .into_paginator()
            .items()
            .send();
        let mut text = String::new();
        while let Some(item) = items.next().await {
            for value in item.expect("an item").into_values() {
                text += &match value {
                    AttributeValue::B(bytes) => String::from_utf8_lossy(bytes.as_ref()).into_owned(),
                    value => format!("{value:?}"),
                };
                text.push('\n');
            }
        }
        kept.insert(table.to_owned(), text);
    }
    kept
}

/// Whether it returns to its sender as it came.
fn is_returning(key: &str) -> bool {
    key.starts_with("inbox/") || key.ends_with("/rejected.csv") || key.ends_with("/repaired.xlsx")
}

fn assert_clean(what: &str, text: &str) {
    for planted in PLANTED {
        let found = text.find(planted).map(|at| {
            let from = (0..=at.saturating_sub(80))
                .rev()
                .find(|at| text.is_char_boundary(*at));
            text[from.unwrap_or(at)..].chars().take(240).collect::<String>()
        });
        assert_eq!(found, None, "{what} holds {planted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_season_holds_of_persons_comes_out_in_the_returned_rows_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let cloud = tempfile::tempdir().expect("a directory");
    let waymark = waymark(cloud.path());
    let mut output = String::new();
    for (kind, file) in &files(directory.path()) {
        for json in [&["--json"][..], &["--lang", "zh"][..], &[][..]] {
            let arguments = [
                &["upload", file, "--kind", kind, "--recorded-at", LEARNED_AT][..],
                json,
            ];
            output += &said(&waymark, &arguments.concat());
            let dry = [&["validate", file, "--kind", kind][..], json].concat();
            output += &said(&waymark, &dry);
        }
    }
    output += &said(&waymark, &["scan", "night", "--as-of", NIGHT]);
    output += &said(
        &waymark,
        &["report", "--month", "2024-05", "--as-of", "2024-07-06T00:00:00Z"],
    );
    let entries = waymark.run(["ledger", "--json"]).json_lines();
    let is_failure = |entry: &&Value| entry["clause"] == "A6";
    assert!(entries.iter().filter(is_failure).count() >= 3, "{entries:?}");
    for entry in &entries {
        output += &entry.to_string();
        // The last line is the balance.
        if let Some(id) = entry["entry_id"].as_str() {
            output += &said(&waymark, &["explain", id]);
        }
    }
    for order in 1..=6 {
        let id = format!("820000000000000{order}");
        output += &said(&waymark, &["diagnose", &id, "--as-of", NIGHT]);
        output += &said(&waymark, &["diagnose", &id, "--as-of", NIGHT, "--json"]);
    }
    for command in [&["parked"][..], &["parked", "--json"], &["failures"], &["board"]] {
        output += &said(&waymark, command);
    }
    assert!(
        output.contains("TAX_ID_INVALID") && output.contains("52*******24"),
        "it was judged"
    );
    assert_clean("what the command says and logs", &output);

    let cloud = OwnCloud::reopen(cloud).await;
    cloud.deliver().await.expect("everything is delivered");
    let kept = kept(&cloud).await;
    let has = |part: &str| kept.keys().any(|key| key.contains(part));
    for part in [
        "lake/orders/",
        "lake/ledger/",
        "closes/",
        "reports/",
        "digest/",
        "report.json",
        "rejected.csv",
    ] {
        assert!(has(part), "{part}: {:?}", kept.keys());
    }
    for (key, text) in kept.iter().filter(|(key, _)| !is_returning(key)) {
        assert_clean(key, text);
    }
    let returned = kept.iter().filter(|(key, _)| is_returning(key));
    let returned: String = returned.map(|(_, text)| text.as_str()).collect();
    assert!(returned.contains("529.982.247-25"), "they go back as they came");
}

#[test]
fn masked_answers_hold_no_person_and_go_in_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let cloud = tempfile::tempdir().expect("a directory");
    let waymark = waymark(cloud.path());
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    let policy = path("policy.toml");
    fs::write(&policy, "[intake]\nanswers_masked = true\n").expect("a file");
    fs::write(path("orders.csv"), ORDERS).expect("a file");
    let upload = |name: &str, kind: &str| {
        let (file, out) = (path(name), path("out"));
        let arguments = [
            "upload",
            &file,
            "--kind",
            kind,
            "--policy",
            &policy,
            "--recorded-at",
            LEARNED_AT,
        ];
        let ran = waymark.run(arguments.into_iter().chain(["--out", &out, "--json"]));
        assert!(ran.status < 2, "{ran:?}");
        ran.json_lines().remove(0)
    };
    upload("orders.csv", "orders");
    // One row whose number alone is wrong, one whose id is wrong as well, one that fails by the carrier and is never fined for it.
    let rows = "8200000000000001,DHL,33188 10025,,,INV-1,529.982.247-25,,Ana Souza,98765-4321
8200000000000006,DHL,10000 00054,,,INV-1,52998224724,,Ana Souza,98765-4321
8200000000000003,AE Standard,1000000021,,,INV-1,GODE561231GR8,,Ana Souza,\n";
    let header = TRACKING.lines().next().expect("a header");
    fs::write(path("sent.csv"), format!("{header}\n{rows}")).expect("a file");
    let answer = upload("sent.csv", "tracking");
    assert_eq!(answer["counts"]["rejected"], 3, "{answer}");
    let rejected = fs::read_to_string(directory.path().join("out/sent/rejected.csv")).expect("an answer");
    assert_clean("rejected.csv", &rejected);
    let repaired = fs::read(directory.path().join("out/sent/repaired.xlsx")).expect("an answer");
    assert_clean("repaired.xlsx", &text_of("repaired.xlsx", repaired.clone()));

    // The number is corrected, the masks stay.
    let corrected = rejected
        .replace("33188 10025", "3318810025")
        .replace("10000 00054", "1000000054");
    fs::write(path("again.csv"), corrected.replace("AE Standard", "DHL")).expect("a file");
    let answer = upload("again.csv", "tracking");
    assert_eq!(answer["counts"]["accepted"], 1, "as before: {answer}");
    assert_eq!(
        answer["by_code"]["TAX_ID_MASKED"], 2,
        "the orders showed no valid one: {answer}"
    );
    assert_eq!(answer["fines"]["count"], 0, "a mask is never fined: {answer}");
    let codes = answer["by_code"].as_object().expect("codes");
    assert!(
        !codes.contains_key("TAX_ID_INVALID") && !codes.contains_key("TAX_ID_MISSING"),
        "{answer}"
    );

    fs::write(path("repaired.xlsx"), repaired).expect("a file");
    let answer = upload("repaired.xlsx", "tracking");
    assert_eq!(answer["fines"]["count"], 0, "{answer}");

    // Written whole, an id is judged as ever.
    let row = "8200000000000003,DHL,1000000021,,,INV-1,GODE561231GR8,,,";
    fs::write(path("whole.csv"), format!("{header}\n{row}\n")).expect("a file");
    let answer = upload("whole.csv", "tracking");
    assert_eq!(answer["counts"]["rejected"], 0, "{answer}");
    let row = "8200000000000003,DHL,1000000032,,part,INV-1,GO*********R8,,,";
    fs::write(path("masked.csv"), format!("{header}\n{row}\n")).expect("a file");
    let answer = upload("masked.csv", "tracking");
    assert_eq!(
        answer["counts"]["rejected"], 0,
        "the order has a valid one: {answer}"
    );
}

fn shown(ran: &Ran, action: &str) -> Vec<String> {
    let lines = ran.json_lines();
    let shown = lines.iter().filter(|line| line["action"] == action);
    shown
        .map(|line| line["key"].as_str().expect("a key").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_removes_what_names_the_order_and_touches_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let cloud = tempfile::tempdir().expect("a directory");
    let waymark = waymark(cloud.path());
    for (kind, file) in &files(directory.path()) {
        said(
            &waymark,
            &["upload", file, "--kind", kind, "--recorded-at", LEARNED_AT],
        );
    }
    let innocent = directory.path().join("innocent.csv");
    let header = ORDERS.lines().next().expect("a header");
    fs::write(
        &innocent,
        format!("{header}\n8200000000000011,S1,2024-05-01T00:00:00Z,1.00,USD,US,,,,\n"),
    )
    .expect("a file");
    let innocent = innocent.to_string_lossy().into_owned();
    said(
        &waymark,
        &[
            "upload",
            &innocent,
            "--kind",
            "orders",
            "--recorded-at",
            LEARNED_AT,
        ],
    );
    said(&waymark, &["scan", "night", "--as-of", NIGHT]);
    let ledger = waymark.run(["ledger", "--json"]).stdout;

    let named = [
        "inbox/events/_/events.csv",
        "inbox/orders/_/orders.csv",
        "inbox/tracking/_/tracking.csv",
        "outbox/events/_/events.csv/rejected.csv",
        "outbox/events/_/events.csv/repaired.xlsx",
        "outbox/orders/_/orders.csv/repaired.xlsx",
        "outbox/tracking/_/tracking.csv/repaired.xlsx",
    ];
    let erase =
        |more: &[&str]| waymark.run([&["erase", "--order", "8200000000000001", "--json"][..], more].concat());
    let ran = erase(&[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(
        shown(&ran, "found"),
        named,
        "the number alone names it in events.csv"
    );
    assert_eq!(shown(&erase(&[]), "found"), named, "a dry run removes nothing");
    let ran = waymark.run(["erase", "--number", "3318810025"]);
    assert!(
        ran.stdout.contains("8200000000000001") && ran.stdout.contains("--yes"),
        "{ran:?}"
    );

    let ran = erase(&["--yes"]);
    assert_eq!(
        (ran.status, shown(&ran, "erased")),
        (0, named.map(str::to_owned).to_vec())
    );
    let ran = erase(&["--yes"]);
    assert_eq!(
        (ran.status, shown(&ran, "erased")),
        (0, Vec::new()),
        "done again: {ran:?}"
    );
    assert_eq!(waymark.run(["ledger", "--json"]).stdout, ledger);
    assert_eq!(waymark.run(["ledger", "verify"]).status, 0);

    let cloud = OwnCloud::reopen(cloud).await;
    let delivered = cloud.deliver_notifications().await.expect("delivered");
    assert!(
        delivered.answered.is_empty(),
        "nothing is judged again: {delivered:?}"
    );
    let kept = kept(&cloud).await;
    for (key, text) in kept.iter().filter(|(key, _)| is_returning(key)) {
        assert!(
            !text.contains("8200000000000001") && !text.contains("3318810025"),
            "{key}"
        );
    }
    for key in [
        "inbox/orders/_/innocent.csv",
        "outbox/tracking/_/tracking.csv/report.json",
    ] {
        assert!(kept.contains_key(key), "{key}: {:?}", kept.keys());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_judged_yet_or_cannot_be_searched_is_not_removed() {
    let cloud = OwnCloud::new().await;
    cloud
        .put(&tests::operator_key("orders", "orders.csv"), ORDERS, None)
        .await;
    let packed = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, ORDERS.as_bytes()).expect("memory takes it");
        packed.finish().expect("memory takes it")
    };
    cloud
        .put(&tests::operator_key("orders", "cut.csv.gz"), &packed[..20], None)
        .await;
    let prefix = cloud
        .lake
        .versions("inbox/", lake::VersionCursor::default())
        .await;
    assert_eq!(prefix.expect("the bucket is listed").0.len(), 2);
    let directory = cloud.close();
    let ran = waymark(directory.path()).run(["erase", "--order", "8200000000000001", "--yes", "--json"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert_eq!(shown(&ran, "waiting"), ["inbox/orders/_/orders.csv"]);
    assert_eq!(shown(&ran, "unsearched"), ["inbox/orders/_/cut.csv.gz"]);
    let ran = waymark(directory.path()).run(["erase", "--number", "3318810025"]);
    assert_complains(&ran, 2, &["3318810025", "--order"]);
}
