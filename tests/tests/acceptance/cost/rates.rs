//! What other currencies cost a night: the read of their rates, and what a rate that comes late changes.

use std::fmt::Write;

use domain::Timestamp;
use store::CapacityUsed;
use tests::{OwnCloud, at, operator_key};

use crate::cost::night::{measured, row};
use crate::cost::pass;

const ORDERS: u64 = 80;
const PAID_AT: &str = "2024-05-02T12:00:00Z";
/// A night before an order's thirty days are over, and one on which they are.
const EARLY: &str = "2024-05-10T07:15:00Z";
const UNSIGNED: &str = "2024-06-02T07:15:00Z";

/// The rows of the table of a night.
pub(crate) async fn rows() -> Vec<Vec<String>> {
    let in_euros = quiet(&cloud_with(1, "EUR").await, EARLY).await;
    let in_dollars = quiet(&cloud_with(1, "USD").await, EARLY).await;
    let cloud = cloud_with(ORDERS, "EUR").await;
    let unchanged = quiet(&cloud, EARLY).await;
    state_rate(&cloud, "2024-05-02", "1.10", EARLY).await;
    let changed = late_rate(&cloud, "2024-05-11T07:15:00Z").await;

    let fined = pass(&cloud, at(UNSIGNED)).await.tally;
    assert_eq!(fined.posted, ORDERS);
    state_rate(&cloud, "2024-05-02", "1.00", UNSIGNED).await;
    let reversed = late_rate(&cloud, "2024-06-03T07:15:00Z").await;
    let settled = quiet(&cloud, "2024-06-04T07:15:00Z").await;
    vec![
        row(
            "the rates of a currency's month of payments, for each run that meets it",
            in_euros.since(in_dollars),
            1,
        ),
        row(
            "an order whose rate has changed",
            changed.since(unchanged),
            ORDERS,
        ),
        row(
            "such an order whose fine is taken back and posted anew",
            reversed.since(settled),
            ORDERS,
        ),
    ]
}

async fn cloud_with(orders: u64, currency: &str) -> OwnCloud {
    let cloud = OwnCloud::new().await;
    state_rate(&cloud, "2024-05-01", "1.20", PAID_AT).await;
    let mut file = "order_id,seller_id,paid_at,amount,currency,destination_country".to_owned();
    for index in 0..orders {
        let order = 8_600_000_000_000_000 + index;
        write!(file, "\n{order},S00001,{PAID_AT},80.10,{currency},ES").expect("memory takes every row");
    }
    upload(&cloud, "orders", file, orders, at(PAID_AT)).await;
    cloud
}

async fn state_rate(cloud: &OwnCloud, date: &str, rate: &str, recorded_at: &str) {
    let file = format!("date,currency,usd_per_unit\n{date},EUR,{rate}\n");
    upload(cloud, "rates", file, 1, at(recorded_at)).await;
}

async fn upload(cloud: &OwnCloud, kind: &str, file: String, rows: u64, recorded_at: Timestamp) {
    let key = operator_key(kind, &format!("{recorded_at}.csv"));
    let answer = cloud.upload(&key, file, Some(recorded_at)).await;
    assert_eq!(answer.counts.accepted, rows, "{kind}");
}

async fn quiet(cloud: &OwnCloud, as_of: &str) -> CapacityUsed {
    night(cloud, as_of, 0).await
}

async fn late_rate(cloud: &OwnCloud, as_of: &str) -> CapacityUsed {
    night(cloud, as_of, ORDERS).await
}

async fn night(cloud: &OwnCloud, as_of: &str, rated_anew: u64) -> CapacityUsed {
    let night = async {
        assert_eq!(pass(cloud, at(as_of)).await.rated_anew, rated_anew);
    };
    measured(cloud, night).await
}
