//! `waymark board`: what is near, at any time, for people and machines; it posts nothing.

use std::path::Path;

use serde_json::{Value, json};
use tests::Waymark;

use crate::command::waymark;

const HEADER: &str = "order_id,seller_id,paid_at,amount,currency,destination_country";
const PAID_AT: &str = "2024-05-01T00:00:00Z";
/// Five hours before the upload's deadline.
const SOON: &str = "2024-05-01T19:00:00Z";
/// Four days before the sign-off's.
const LATE: &str = "2024-05-27T00:00:00Z";

/// Three orders of two sellers, none of them ever sent.
fn with_orders(directory: &Path) -> Waymark {
    let waymark = waymark(&directory.join("state"));
    let file = directory.join("orders.csv");
    let rows = [
        ("8300000000000001", "S1", "20.00"),
        ("8300000000000002", "S2", "2000.00"),
        ("8300000000000003", "S1", "80.10"),
    ];
    let rows = rows.map(|(order, seller, amount)| format!("{order},{seller},{PAID_AT},{amount},USD,ES"));
    std::fs::write(&file, format!("{HEADER}\n{}\n", rows.join("\n"))).expect("a file");
    let path = file.to_string_lossy().into_owned();
    let ran = waymark.run(["upload", &path, "--kind", "orders", "--recorded-at", PAID_AT]);
    assert_eq!(ran.status, 0, "{ran:?}");
    waymark
}

fn board(waymark: &Waymark, more: &[&str]) -> Value {
    let ran = waymark.run(["board", "--json"].iter().chain(more));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    ran.json_lines().remove(0)
}

fn column(board: &Value, name: &str) -> Vec<Value> {
    let rows = board["board"]["rows"].as_array().expect("rows");
    rows.iter().map(|row| row[name].clone()).collect()
}

#[test]
fn the_board_is_sorted_by_money_and_posts_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = with_orders(directory.path());
    let late = board(&waymark, &["--as-of", LATE]);
    assert_eq!(
        column(&late, "at_risk"),
        [json!("50.00"), json!("4.01"), json!("1.00")]
    );
    assert_eq!(column(&late, "deadline"), vec![json!("2024-05-31T00:00:00Z"); 3]);
    assert_eq!(
        late["board"]["totals"]["B4"]["urgent"],
        json!({"count": 3, "at_risk": "55.01"})
    );
    let of_seller = board(&waymark, &["--as-of", LATE, "--seller", "S1"]);
    assert_eq!(
        column(&of_seller, "order_id"),
        [json!("8300000000000003"), json!("8300000000000001")]
    );
    // As of then: long after, nothing is near any more, and nothing was posted on the way.
    assert!(column(&board(&waymark, &["--as-of", "2024-07-01T00:00:00Z"]), "at_risk").is_empty());
    assert_eq!(
        column(&board(&waymark, &["--as-of", SOON]), "clause"),
        vec![json!("A1"); 3]
    );
    assert!(
        waymark
            .run(["ledger", "--json"])
            .json_lines()
            .iter()
            .all(|line| line.get("entry_id").is_none())
    );
}

#[test]
fn people_read_it_in_eighty_columns_of_either_language() {
    let directory = tempfile::tempdir().expect("a directory");
    let waymark = with_orders(directory.path());
    for (lang, words) in [
        (
            "en",
            [
                "Deadline board",
                "in the next 24 h",
                "50.00   4 d 00:00  05-31 08:00",
                "cancel and refund",
            ],
        ),
        (
            "zh",
            [
                "待办时限",
                "未来 24 小时",
                "50.00  4 天 00:00  05-31 08:00",
                "取消并退款",
            ],
        ),
    ] {
        for as_of in [SOON, LATE] {
            let ran = waymark.run(["board", "--as-of", as_of, "--lang", lang]);
            assert_eq!(ran.status, 0, "{ran:?}");
            for line in ran.stdout.lines() {
                // A Chinese character takes two columns.
                let columns: usize = line.chars().map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum();
                assert!(columns <= 80, "{columns}: {line}");
            }
            if as_of == LATE {
                for word in words {
                    assert!(ran.stdout.contains(word), "{word} in {}", ran.stdout);
                }
            }
        }
    }
    let ran = waymark.run(["board", "--as-of", LATE, "--rows", "1"]);
    assert!(
        ran.stdout.contains("… 2 more") && !ran.stdout.contains("8300000000000003"),
        "{ran:?}"
    );
}
