//! Uploads through the front door: what a file may do, what it may not, and what becomes of bad ones.

mod bounds;
mod checkpoints;
mod codes;
mod conflicts;
mod dry_run;
mod dry_run_files;
mod failing;
mod field;
mod files;
mod kinds;
mod messages;
mod overwriting;
mod own_carriers;
mod parking;
mod proposals;
mod redelivery;
mod sellers;
mod zones;

use std::collections::BTreeMap;

use lake::Answer;
use tests::{OwnCloud, at, operator_key};

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
    for (name, file) in [
        ("one.csv", orders_of("S1", 0..10)),
        ("two.csv", orders_of("S2", 10..20)),
    ] {
        let answer = cloud
            .upload(&operator_key("orders", name), file, Some(at(LEARNED_AT)))
            .await;
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
    assert_eq!(
        (answer.counts.rows, answer.issues.len()),
        (0, 1),
        "a refused file has one finding and no rows"
    );
    &answer.issues[0].code
}
