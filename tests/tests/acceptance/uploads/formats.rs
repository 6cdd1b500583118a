//! One file in every form that a clerk's tools give it: the same verdicts.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lake::Answer;
use rust_xlsxwriter::Workbook;
use tests::{at, operator_key};

use crate::uploads::{LEARNED_AT, cloud_with_orders, order_id};

/// A file as clerks have it: Chinese headers, sound rows, and slips of many kinds.
fn table() -> Vec<Vec<String>> {
    let header = ["订单号", "物流方式", "运单号", "上传时间", "备注"];
    let rows = [
        (order_id(0), "DHL", "3318810025", "首批，加急"),
        (order_id(1), "敦豪", "1000000006", ""),
        (order_id(2), "燕文", "UG328367918YP", "客户要求\"轻放\""),
        (order_id(3), "DHL", "33188 10025", "单号有空格"),
        (order_id(4), "DHL", "1.00000E+09", ""),
        (order_id(5), "信鸽", "1000000010", "承运商不明"),
        (order_id(999), "DHL", "1000000021", "订单未到"),
        (order_id(0), "DHL", "3318810025", "首批，加急"),
        ("订单".to_owned(), "DHL", "1000000032", ""),
        (order_id(6), "ＤＨＬ", "１０００００００４３", "全角\u{a0}字符"),
    ];
    let cells = |(order, carrier, number, remark): (String, &str, &str, &str)| {
        [order.as_str(), carrier, number, LEARNED_AT, remark]
            .map(str::to_owned)
            .to_vec()
    };
    std::iter::once(header.map(str::to_owned).to_vec())
        .chain(rows.map(cells))
        .collect()
}

fn delimited(delimiter: u8) -> String {
    let mut csv = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    for row in table() {
        csv.write_record(&row).expect("a row");
    }
    String::from_utf8(csv.into_inner().expect("a file")).expect("text")
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    let bytes = |unit: u16| {
        if little {
            unit.to_le_bytes()
        } else {
            unit.to_be_bytes()
        }
    };
    units.flat_map(bytes).collect()
}

fn gb18030(text: &str) -> Vec<u8> {
    let (bytes, _, lossy) = encoding_rs::GB18030.encode(text);
    assert!(!lossy);
    bytes.into_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

fn xlsx() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0..).zip(table()) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).expect("a cell");
        }
    }
    workbook.save_to_buffer().expect("a workbook")
}

/// The file in every form, each under a name that does not tell.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let comma = delimited(b',');
    vec![
        ("utf-8", comma.clone().into_bytes()),
        (
            "utf-8 with a byte order mark",
            format!("\u{feff}{comma}").into_bytes(),
        ),
        (
            "semicolons and CR LF",
            delimited(b';').replace('\n', "\r\n").into_bytes(),
        ),
        ("gbk", gb18030(&comma)),
        ("utf-16 tab text", utf16(&delimited(b'\t'), true)),
        ("utf-16, the high byte first", utf16(&delimited(b'\t'), false)),
        ("xlsx", xlsx()),
        ("gzip", gzip(comma.as_bytes())),
        ("gbk, gzip", gzip(&gb18030(&comma))),
        ("zstd", zstd::encode_all(comma.as_bytes(), 3).expect("memory")),
    ]
}

/// What an answer says of the rows, without what tells one form from another.
fn verdicts(answer: &Answer) -> (lake::Counts, Vec<(u64, String, String, String)>) {
    let issues = answer.issues.iter().map(|issue| {
        (
            issue.row,
            issue.code.clone(),
            issue.column.clone(),
            issue.value.clone(),
        )
    });
    (answer.counts, issues.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_in_every_form_gets_the_same_verdicts() {
    let mut expected = None;
    for (form, content) in forms() {
        let cloud = cloud_with_orders().await;
        let key = operator_key("tracking", "parcels.csv");
        let answer = cloud.upload(&key, content, Some(at(LEARNED_AT))).await;
        assert!(!answer.is_refused(), "{form}: {:?}", answer.issues);
        let told = verdicts(&answer);
        assert_eq!(told.0.rows, 10, "{form}");
        assert_eq!(*expected.get_or_insert_with(|| told.clone()), told, "{form}");
    }
    let (counts, _) = expected.expect("some form");
    assert_eq!(
        (counts.rejected, counts.parked, counts.unchanged),
        (4, 1, 1),
        "{counts:?}"
    );
}
