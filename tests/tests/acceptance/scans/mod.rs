//! The nightly scans through their handlers: as far as the time goes, asked for rightly and wrongly, refused, two at once.

mod exact_seconds;
mod poison;
mod rates;
mod refused;
mod requests;
mod retention;
mod side_by_side;
mod stopping;

use domain::Timestamp;
use lake::Answer;
use serde_json::Value;
use store::ScanOutcome;
use tests::{OwnCloud, at, entries, operator_key, written};

const PAID_AT: &str = "2024-05-01T00:00:00Z";
/// The last instant at which an order of these tests is in time (B4).
const DEADLINE: &str = "2024-05-31T00:00:00Z";
/// A night on which every unsigned order is due.
const NIGHT: &str = "2024-06-01T07:15:00Z";

fn order_id(number: u32) -> String {
    format!("{}", 8_300_000_000_000_000_u64 + u64::from(number))
}

/// A cloud that knows some orders, none of them ever sent.
async fn cloud_with_orders(orders: u32) -> OwnCloud {
    let cloud = OwnCloud::new().await;
    let header = "order_id,seller_id,paid_at,amount,currency,destination_country\n".to_owned();
    let rows = (0..orders).map(|number| format!("{},S1,{PAID_AT},80.10,USD,US\n", order_id(number)));
    let file = rows.fold(header, |file, row| file + &row);
    let answer = upload(&cloud, "orders", &file, at(PAID_AT)).await;
    assert_eq!(answer.counts.accepted, u64::from(orders));
    cloud
}

async fn upload(cloud: &OwnCloud, kind: &str, file: &str, learned_at: Timestamp) -> Answer {
    cloud
        .upload(
            &operator_key(kind, &format!("{learned_at}.csv")),
            file,
            Some(learned_at),
        )
        .await
}

/// The request of a run as Step Functions writes it; `None` when it cannot even be read.
fn stall_request(request: Value) -> Option<stall_scan::Request> {
    serde_json::from_value(request).ok()
}

fn signoff_request(request: Value) -> Option<signoff_scan::Request> {
    serde_json::from_value(request).ok()
}

/// The cursor that an outcome hands on, as JSON.
fn cursor_of(outcome: &ScanOutcome) -> Value {
    let outcome = serde_json::to_value(outcome).expect("an outcome is JSON");
    outcome.get("cursor").cloned().unwrap_or(Value::Null)
}

/// The ledger, to the byte.
async fn ledger(cloud: &OwnCloud) -> Vec<String> {
    written(&entries(cloud).await)
}
