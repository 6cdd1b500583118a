//! Rates that are recorded or stated again after an order was written: the nights take them up (conventions, "Rates").

use domain::{Order, PolicyBook, Timestamp};
use tests::{OwnCloud, at, entries, operator_key, seller_key};

use crate::scans::{NIGHT, PAID_AT, order_id, upload};

const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country\n";

async fn state_rate(cloud: &OwnCloud, date: &str, rate: &str, recorded_at: &str) {
    let file = format!("date,currency,usd_per_unit\n{date},EUR,{rate}\n");
    let answer = upload(cloud, "rates", &file, at(recorded_at)).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
}

/// Orders of 500.00 in a currency, paid at [`PAID_AT`], which is 30 April in the platform's zone; for euros with the rate of the
/// day before.
async fn cloud_with(orders: u32, currency: &str) -> OwnCloud {
    let cloud = OwnCloud::new().await;
    state_rate(&cloud, "2024-04-29", "1.20", PAID_AT).await;
    let row = |number| format!("{},S1,{PAID_AT},500.00,{currency},US\n", order_id(number));
    let file = (0..orders)
        .map(row)
        .fold(ORDERS.to_owned(), |file, row| file + &row);
    let answer = upload(&cloud, "orders", &file, at(PAID_AT)).await;
    assert_eq!(answer.counts.accepted, u64::from(orders), "{answer:?}");
    cloud
}

/// What was posted for an order, oldest first: the ordinal, and cents.
async fn posted(cloud: &OwnCloud, number: u32) -> Vec<(String, i64)> {
    let mut posted: Vec<_> = entries(cloud)
        .await
        .into_iter()
        .filter(|entry| entry.order_id.as_str() == order_id(number))
        .map(|entry| {
            let ordinal = entry.entry_id.rsplit('.').next().map(str::to_owned);
            (ordinal.unwrap_or_default(), entry.amount.0)
        })
        .collect();
    posted.sort();
    posted
}

async fn stored(cloud: &OwnCloud, number: u32) -> Order {
    let orders = cloud.orders().await;
    let found = orders
        .into_iter()
        .find(|order| order.order_id.as_str() == order_id(number));
    found.expect("the order")
}

/// What either scan does alone as of an instant: orders rated anew, fines, reversals.
async fn scan(cloud: &OwnCloud, by_stalls: bool, as_of: Timestamp) -> (u64, u64, u64) {
    let outcome = if by_stalls {
        cloud.scan_stalls(as_of).await
    } else {
        cloud.scan_signoffs(as_of).await
    };
    let outcome = outcome.expect("a scan");
    assert_eq!(outcome.failed_count, 0, "{outcome:?}");
    (outcome.rated_anew, outcome.tally.posted, outcome.tally.reversed)
}

async fn gmv(cloud: &OwnCloud, as_of: &str) -> String {
    let month = "2024-04".parse().expect("a month");
    let report = cloud.report(Some(month), at(as_of)).await.expect("a report");
    let csv = report.keys.iter().find(|key| key.ends_with("eligibility.csv"));
    let csv = cloud
        .lake
        .bytes(csv.expect("a table"))
        .await
        .expect("it is there");
    let csv = String::from_utf8(csv).expect("text");
    let mut lines = csv.trim_start_matches('\u{feff}').lines();
    let place = lines
        .next()
        .and_then(|header| header.split(',').position(|name| name == "gmv_usd"));
    let row = lines.next().expect("the seller's row");
    row.split(',')
        .nth(place.expect("a column"))
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn either_scan_posts_by_the_rate_that_is_recorded_before_its_night() {
    for by_stalls in [true, false] {
        let cloud = cloud_with(2, "EUR").await;
        state_rate(&cloud, "2024-04-30", "1.10", "2024-05-20T00:00:00Z").await;
        assert_eq!(scan(&cloud, by_stalls, at(NIGHT)).await, (2, 2, 0), "{by_stalls}");
        for number in 0..2 {
            assert_eq!(posted(&cloud, number).await, [("1".to_owned(), 2_750)]);
        }
        assert_eq!(
            scan(&cloud, by_stalls, at("2024-06-01T08:15:00Z")).await,
            (0, 0, 0),
            "and once"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_recorded_after_the_fine_takes_it_back_and_posts_it_anew() {
    let cloud = cloud_with(1, "EUR").await;
    cloud.settle(at(NIGHT)).await;
    state_rate(&cloud, "2024-04-30", "1.10", "2024-06-10T00:00:00Z").await;
    assert_eq!(
        gmv(&cloud, "2024-06-20T00:00:00Z").await,
        "600.00",
        "no night took it up"
    );
    assert_eq!(scan(&cloud, true, at("2024-06-11T07:15:00Z")).await, (1, 1, 1));
    state_rate(&cloud, "2024-04-30", "1.00", "2024-06-12T00:00:00Z").await;
    assert_eq!(scan(&cloud, true, at("2024-06-13T07:15:00Z")).await, (1, 1, 1));
    let expected = [(1, 3_000), (2, -3_000), (3, 2_750), (4, -2_750), (5, 2_500)];
    assert_eq!(
        posted(&cloud, 0).await,
        expected.map(|(ordinal, cents): (u32, i64)| (ordinal.to_string(), cents))
    );
    // The figures follow the rate from the instant at which it was recorded, and are what they were as of before.
    assert_eq!(gmv(&cloud, "2024-06-09T00:00:00Z").await, "600.00");
    assert_eq!(gmv(&cloud, "2024-06-11T00:00:00Z").await, "550.00");
    assert_eq!(gmv(&cloud, "2024-06-20T00:00:00Z").await, "500.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_that_comes_after_an_older_day_s_does_not_depend_on_which_came_first() {
    let mut ledgers = Vec::new();
    for late_first in [true, false] {
        let cloud = OwnCloud::new().await;
        let rates = [
            ("2024-04-30", "1.10", "2024-05-03T00:00:00Z"),
            ("2024-04-28", "1.40", PAID_AT),
        ];
        let place = if late_first { [0, 1] } else { [1, 0] };
        let (date, rate, recorded_at) = rates[place[0]];
        state_rate(&cloud, date, rate, recorded_at).await;
        let order = format!("{ORDERS}{},S1,{PAID_AT},500.00,EUR,US\n", order_id(0));
        upload(&cloud, "orders", &order, at(PAID_AT)).await;
        let (date, rate, recorded_at) = rates[place[1]];
        state_rate(&cloud, date, rate, recorded_at).await;
        cloud.settle(at(NIGHT)).await;
        let order = stored(&cloud, 0).await;
        ledgers.push((order.rates.clone(), posted(&cloud, 0).await));
    }
    assert_eq!(ledgers[0].0.len(), 2);
    assert_eq!(ledgers[0], ledgers[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_recorded_more_than_45_days_after_the_row_changes_nothing() {
    let cloud = cloud_with(1, "EUR").await;
    cloud.settle(at(NIGHT)).await;
    state_rate(&cloud, "2024-04-30", "1.10", "2024-06-15T00:00:01Z").await;
    assert_eq!(scan(&cloud, true, at("2024-06-16T07:15:00Z")).await, (0, 0, 0));
}

/// Signed in time: its sign-off is not open, no entry follows, and its time in the table was given already.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_settled_for_good_takes_up_a_rate_and_may_leave_after_it() {
    let cloud = cloud_with(1, "EUR").await;
    let id = order_id(0);
    let tracking = format!(
        "order_id,carrier,tracking_number,uploaded_at\n{id},yunexpress,YT0000000000000000,2024-05-01T02:00:00Z\n"
    );
    upload(&cloud, "tracking", &tracking, at("2024-05-01T02:00:00Z")).await;
    let events = "carrier,tracking_number,event_code,occurred_at\n\
                  yunexpress,YT0000000000000000,picked_up,2024-05-02T10:00:00Z\n\
                  yunexpress,YT0000000000000000,signed,2024-05-04T09:00:00Z\n";
    upload(&cloud, "events", events, at("2024-05-05T00:00:00Z")).await;
    let departing = async |as_of| cloud.scan_stalls(at(as_of)).await.expect("a scan").departing;
    assert_eq!(departing("2024-05-06T07:15:00Z").await, 1);
    state_rate(&cloud, "2024-04-30", "1.10", "2024-05-07T00:00:00Z").await;
    assert_eq!(scan(&cloud, true, at("2024-05-08T07:15:00Z")).await, (1, 0, 0));
    assert_eq!(gmv(&cloud, "2024-05-06T00:00:00Z").await, "600.00");
    assert_eq!(gmv(&cloud, "2024-05-08T00:00:00Z").await, "550.00");
    assert_eq!(departing("2024-05-09T07:15:00Z").await, 1, "its time begins anew");
    assert_eq!(departing("2024-05-10T07:15:00Z").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_read_once_a_run_and_not_at_all_for_dollars() {
    let mut halves = Vec::new();
    for (orders, currency) in [(1, "USD"), (1, "EUR"), (2, "USD"), (2, "EUR")] {
        let cloud = cloud_with(orders, currency).await;
        cloud.settle(at("2024-05-02T07:15:00Z")).await;
        let before = cloud.store.capacity_used();
        let request = stall_scan::Request {
            as_of: at("2024-05-03T07:15:00Z"),
            segment: 0,
            segments: 1,
            cursor: None,
        };
        let outcome =
            stall_scan::handle_all(&cloud.stall_scan(), request, entrypoint::TimeLeft::unlimited).await;
        assert_eq!(outcome.expect("a pass").rated_anew, 0);
        let used = cloud.store.capacity_used().since(before);
        halves.push((used.read_halves, used.write_halves));
    }
    let (usd, eur) = (halves[0], halves[1]);
    assert_eq!((eur.0 - usd.0, eur.1 - usd.1), (2, 0), "one consistent read");
    let (usd, eur) = (halves[2], halves[3]);
    assert_eq!((eur.0 - usd.0, eur.1 - usd.1), (2, 0), "however many orders");
}

/// Under a policy by which sellers state orders the operator's row replaces a seller's once the rate of its currency is there.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_s_row_in_another_currency_waits_for_its_rate_and_replaces_the_seller_s() {
    let directory = tempfile::tempdir().expect("a directory for a cloud");
    let sellers_too = PolicyBook::parse("[intake]\nseller_kinds = ['orders', 'tracking']").expect("sound");
    let replaced = local::replace_policy(directory.path(), &sellers_too).await;
    replaced.expect("a policy can be set");
    let cloud = OwnCloud::reopen(directory).await;
    let row = |amount: &str| format!("{ORDERS}{},S1,{PAID_AT},{amount},US\n", order_id(0));
    let sellers = seller_key("orders", "S1", "orders.csv");
    let answer = cloud.upload(&sellers, row("80.10,USD"), Some(at(PAID_AT))).await;
    assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    let operators = operator_key("orders", "orders.csv");
    let answer = cloud
        .upload(&operators, row("500.00,EUR"), Some(at(PAID_AT)))
        .await;
    assert_eq!(answer.counts.parked, 1, "{answer:?}");
    assert_eq!(stored(&cloud, 0).await.usd_at(at(NIGHT)).0, 8_010);
    state_rate(&cloud, "2024-04-30", "1.10", PAID_AT).await;
    assert_eq!(stored(&cloud, 0).await.usd_at(at(NIGHT)).0, 55_000);
}
