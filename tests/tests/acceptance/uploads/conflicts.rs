//! What a later file may change, and what never: ARCHITECTURE.md's table, a test a line.

use domain::{Order, OrderStatus, PolicyBook, RowCode};
use lake::Answer;
use tests::{OwnCloud, at, operator_key};

use crate::uploads::{LEARNED_AT, PAID_AT, cloud_with_orders, codes, order_id};

const LATER: &str = "2024-05-03T00:00:00Z";
const EARLIER: &str = "2024-05-01T12:00:00Z";
const ORDERS: &str = "order_id,seller_id,paid_at,amount,currency,destination_country,category,send_deadline,status,status_at\n";
const TRACKING: &str = "order_id,carrier,tracking_number,uploaded_at,send_type\n";
const EVENTS: &str = "carrier,tracking_number,event_code,occurred_at,recorded_at\n";
const APPEALS: &str = "appeal_id,order_id,clause,reason,status,filed_at,decided_at\n";

async fn put(cloud: &OwnCloud, kind: &str, name: &str, file: String, learned_at: &str) -> Answer {
    cloud
        .upload(&operator_key(kind, name), file, Some(at(learned_at)))
        .await
}

async fn order(cloud: &OwnCloud) -> Order {
    cloud.orders().await.remove(0)
}

fn only_code(answer: &Answer) -> &str {
    codes(answer)[&1][0]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_seller_payment_amount_currency_and_destination_never_change() {
    let cloud = cloud_with_orders().await;
    let before = order(&cloud).await;
    let cases = [
        format!("S2,{PAID_AT},80.10,USD,US"),
        "S1,2024-05-01T00:00:01Z,80.10,USD,US".to_owned(),
        format!("S1,{PAID_AT},80.11,USD,US"),
        format!("S1,{PAID_AT},80.10,EUR,US"),
        format!("S1,{PAID_AT},80.10,USD,FR"),
    ];
    for (index, facts) in cases.into_iter().enumerate() {
        let file = format!("{ORDERS}{},{facts},,,cancelled,{LATER}\n", order_id(0));
        let answer = put(&cloud, "orders", &format!("{index}.csv"), file, LATER).await;
        assert_eq!(only_code(&answer), RowCode::RowConflict.as_str(), "{index}");
        assert_eq!(
            order(&cloud).await,
            before,
            "a refused row changes nothing, not even the status"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_status_moves_on_and_keeps_its_history() {
    let cloud = cloud_with_orders().await;
    for (name, status, since) in [("one", "cancelled", LEARNED_AT), ("two", "refunded", LATER)] {
        let file = format!(
            "{ORDERS}{},S1,{PAID_AT},80.10,USD,US,,,{status},{since}\n",
            order_id(0)
        );
        assert_eq!(put(&cloud, "orders", name, file, LATER).await.counts.accepted, 1);
    }
    let told: Vec<OrderStatus> = order(&cloud)
        .await
        .statuses
        .iter()
        .map(|change| change.status)
        .collect();
    assert_eq!(told, [OrderStatus::Cancelled, OrderStatus::Refunded]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_category_and_deadline_stand_as_the_earliest_file_tells_them_in_any_order() {
    let file = |category: &str, deadline: &str| {
        format!(
            "{ORDERS}{},S1,{PAID_AT},80.10,USD,US,{category},{deadline},,\n",
            order_id(0)
        )
    };
    let early = (file("toys", "2024-05-09T00:00:00Z"), EARLIER);
    let late = (file("books", "2024-05-11T00:00:00Z"), LATER);
    for files in [[&early, &late], [&late, &early]] {
        let cloud = OwnCloud::new().await;
        for (index, (file, learned_at)) in files.into_iter().enumerate() {
            put(
                &cloud,
                "orders",
                &format!("{index}.csv"),
                file.clone(),
                learned_at,
            )
            .await;
        }
        let order = order(&cloud).await;
        assert_eq!(
            (order.category.as_deref(), order.send_deadline),
            (Some("toys"), Some(at("2024-05-09T00:00:00Z")))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_numbers_carrier_send_type_and_instant_stand_as_its_earliest_row_tells_them_in_any_order() {
    let file = |carrier: &str, uploaded_at: &str, send_type: &str| {
        format!(
            "{TRACKING}{},{carrier},3318810025,{uploaded_at},{send_type}\n",
            order_id(0)
        )
    };
    let early = file("DHL", EARLIER, "all");
    let late = file("FedEx", LATER, "part");
    for files in [[&early, &late], [&late, &early]] {
        let cloud = cloud_with_orders().await;
        for (index, file) in files.into_iter().enumerate() {
            put(&cloud, "tracking", &format!("{index}.csv"), file.clone(), LATER).await;
        }
        let shipments = order(&cloud).await.shipments;
        // A number that misses the other carrier's rule never comes so far.
        let told: Vec<_> = shipments
            .iter()
            .map(|shipment| {
                (
                    shipment.carrier.as_str(),
                    shipment.first_claim().send_type,
                    shipment.uploaded_at(),
                )
            })
            .collect();
        assert_eq!(told, [("dhl", domain::SendType::All, at(EARLIER))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_one_file_a_number_told_differently_is_a_conflict_and_the_first_row_stands() {
    let cloud = cloud_with_orders().await;
    let file = format!(
        "{TRACKING}{0},DHL,3318810025,{LEARNED_AT},all\n{0},DHL,3318810025,{LEARNED_AT},part\n",
        order_id(0)
    );
    let answer = put(&cloud, "tracking", "two.csv", file, LEARNED_AT).await;
    assert_eq!(codes(&answer)[&2], [RowCode::RowConflict.as_str()]);
    assert_eq!(
        order(&cloud).await.shipments[0].first_claim().send_type,
        domain::SendType::All
    );
}

/// What an order holds of a number as of an instant: whether it is its parcel, and what was reported of it.
fn parcel(order: &Order, number: &str) -> Option<usize> {
    let book = PolicyBook::shipped();
    let seen = order
        .as_of(at(LATER), book.in_force_at(order.paid_at))
        .expect("recorded");
    let parcel = seen
        .parcels
        .iter()
        .find(|parcel| parcel.shipment.number.as_str() == number)?;
    Some(parcel.timeline.instants.len())
}

/// A file pasted one row off is put right by the right file: rows, events and parked rows follow (A2).
#[tokio::test(flavor = "multi_thread")]
async fn the_right_file_after_one_pasted_a_row_off_puts_everything_right() {
    const NUMBERS: [&str; 3] = ["3318810025", "3318810036", "3318810040"];
    let cloud = cloud_with_orders().await;
    let file = |shift: usize, instant: &str| {
        let row = |order: usize| {
            let number = NUMBERS[(order + shift) % 3];
            format!("{},DHL,{number},{instant},all\n", order_id(order as u32))
        };
        format!("{TRACKING}{}", (0..3).map(row).collect::<String>())
    };
    let events = |nodes: &[&str]| {
        let of = |number: &&str| -> String {
            let event = |node: &&str| format!("DHL,{number},{node},{LEARNED_AT},{LEARNED_AT}\n");
            nodes.iter().map(event).collect()
        };
        format!("{EVENTS}{}", NUMBERS.iter().map(of).collect::<String>())
    };
    let wrong = put(&cloud, "tracking", "wrong.csv", file(1, EARLIER), EARLIER).await;
    assert_eq!(wrong.counts.accepted, 3);
    put(&cloud, "events", "picked.csv", events(&["picked_up"]), LEARNED_AT).await;
    let right = put(&cloud, "tracking", "right.csv", file(0, LEARNED_AT), LEARNED_AT).await;
    assert_eq!(right.counts.accepted, 3, "{:?}", right.issues);
    assert_eq!(right.fines.pending.0, 0);
    put(&cloud, "events", "signed.csv", events(&["signed"]), LATER).await;
    let orders = cloud.orders().await;
    for (order, number) in orders.iter().zip(NUMBERS) {
        for other in NUMBERS {
            assert_eq!(parcel(order, other), (number == other).then_some(1), "{other}");
        }
        let events = &order
            .shipment(&domain::TrackingNumber::parse(number).expect("a number"))
            .expect("claimed")
            .events;
        assert_eq!(events.len(), 2);
    }
    // The wrong file once more, byte for byte: it undoes nothing, and the answer says so.
    let again = put(&cloud, "tracking", "wrong-again.csv", file(1, EARLIER), LATER).await;
    assert_eq!(again.counts.unchanged, 3);
    assert!(
        again
            .notes
            .iter()
            .any(|note| note.message_en.contains("was sent before")),
        "{:?}",
        again.notes
    );
    assert_eq!(cloud.orders().await, orders);
}

/// A row of a number that another order holds is kept, waits, and is fined after 45 days; until then it is told as pending.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_whose_number_another_order_holds_waits_for_it() {
    let cloud = cloud_with_orders().await;
    let file = |order: u32, number: &str, instant: &str| {
        format!("{TRACKING}{},DHL,{number},{instant},all\n", order_id(order))
    };
    put(
        &cloud,
        "tracking",
        "0.csv",
        file(0, "3318810025", EARLIER),
        EARLIER,
    )
    .await;
    let waits = put(
        &cloud,
        "tracking",
        "1.csv",
        file(1, "3318810025", LEARNED_AT),
        LEARNED_AT,
    )
    .await;
    assert_eq!(only_code(&waits), RowCode::NumUsedElsewhere.as_str());
    assert_eq!(
        (waits.counts.parked, waits.fines.count, waits.fines.pending.0),
        (1, 0, 50)
    );
    assert_eq!(cloud.rows_waiting().await, 1);
    // Its holder names another number: the row no longer waits.
    put(&cloud, "tracking", "2.csv", file(0, "3318810036", LATER), LATER).await;
    let orders = cloud.orders().await;
    assert_eq!(
        (parcel(&orders[0], "3318810025"), parcel(&orders[1], "3318810025")),
        (None, Some(0))
    );
    assert_eq!(cloud.rows_waiting().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_told_again_keeps_its_earliest_recording_and_another_time_is_another_event() {
    let cloud = cloud_with_orders().await;
    let file = format!("{TRACKING}{},DHL,3318810025,{PAID_AT},all\n", order_id(0));
    put(&cloud, "tracking", "number.csv", file, LEARNED_AT).await;
    for (index, (occurred_at, recorded_at)) in [
        (EARLIER, LATER),
        (EARLIER, LEARNED_AT),
        (EARLIER, LATER),
        (LEARNED_AT, LATER),
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("{EVENTS}DHL,3318810025,picked_up,{occurred_at},{recorded_at}\n");
        put(&cloud, "events", &format!("{index}.csv"), file, LATER).await;
    }
    let shipments = order(&cloud).await.shipments;
    let told: Vec<_> = shipments[0]
        .events
        .iter()
        .map(|event| (event.occurred_at, event.recorded_at))
        .collect();
    assert_eq!(told, [(at(EARLIER), at(LEARNED_AT)), (at(LEARNED_AT), at(LATER))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appeal_moves_on_but_its_clause_and_filing_never_change() {
    let cloud = cloud_with_orders().await;
    let appeal = |clause: &str, status: &str, filed_at: &str, decided_at: &str| {
        format!(
            "{APPEALS}A1,{},{clause},late,{status},{filed_at},{decided_at}\n",
            order_id(0)
        )
    };
    let accepted = [
        appeal("B4", "pending", LEARNED_AT, ""),
        appeal("B4", "accepted", LEARNED_AT, LATER),
    ];
    for (index, file) in accepted.into_iter().enumerate() {
        let answer = put(&cloud, "appeals", &format!("good-{index}"), file, LATER).await;
        assert_eq!(answer.counts.accepted, 1, "{answer:?}");
    }
    let before = order(&cloud).await;
    assert_eq!(before.appeals[0].states.len(), 2);
    let refused = [
        appeal("A6", "accepted", LEARNED_AT, LATER),
        appeal("B4", "accepted", EARLIER, LATER),
    ];
    for (index, file) in refused.into_iter().enumerate() {
        let answer = put(&cloud, "appeals", &format!("bad-{index}"), file, LATER).await;
        assert_eq!(only_code(&answer), RowCode::RowConflict.as_str());
        assert_eq!(order(&cloud).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_reckoned_by_the_latest_rate_of_its_day_and_a_day_may_be_stated_again() {
    let cloud = OwnCloud::new().await;
    let rate = |rate: &str| format!("date,currency,usd_per_unit\n2024-04-30,EUR,{rate}\n");
    let placed = format!("{ORDERS}{},S1,{PAID_AT},100.00,EUR,US,,,,\n", order_id(0));
    put(&cloud, "rates", "0.csv", rate("1.10"), EARLIER).await;
    put(&cloud, "rates", "1.csv", rate("1.20"), LEARNED_AT).await;
    put(&cloud, "orders", "0.csv", placed, LATER).await;
    let order = order(&cloud).await;
    let usd = [EARLIER, LEARNED_AT].map(|as_of| order.usd_at(at(as_of)).0);
    assert_eq!(usd, [11_000, 12_000]);
    let twice = format!("{}2024-04-30,EUR,1.40\n", rate("1.30"));
    let answer = put(&cloud, "rates", "twice.csv", twice, LATER).await;
    assert_eq!(
        codes(&answer)[&2],
        [RowCode::RowConflict.as_str()],
        "within a file the first stands"
    );
}

/// Orders that contest numbers at one instant: each number belongs to the order with the lowest id.
#[tokio::test(flavor = "multi_thread")]
async fn among_orders_that_contest_numbers_at_one_instant_the_lowest_id_has_each() {
    let cloud = cloud_with_orders().await;
    let claims = [
        (5, "3318810025", "all"),
        (9, "3318810025", "all"),
        (9, "1000000006", "part"),
        (1, "1000000006", "all"),
    ];
    let row = |(order, number, send_type): (u32, &str, &str)| {
        format!("{},DHL,{number},{LEARNED_AT},{send_type}\n", order_id(order))
    };
    let file = format!("{TRACKING}{}", claims.map(row).concat());
    let answer = cloud
        .upload(
            &operator_key("tracking", "contested.csv"),
            file,
            Some(at(LEARNED_AT)),
        )
        .await;
    let waiting: Vec<u64> = codes(&answer)
        .into_iter()
        .filter(|(_, codes)| codes.contains(&"NUM_USED_ELSEWHERE"))
        .map(|(row, _)| row)
        .collect();
    assert_eq!(waiting, [2, 3], "{:?}", answer.issues);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_decides_an_appeal_twice_and_otherwise_contradicts_itself() {
    let cloud = cloud_with_orders().await;
    let row = |status: &str, decided_at: &str| {
        format!("A1,{},B4,x,{status},{LEARNED_AT},{decided_at}\n", order_id(0))
    };
    let file = format!(
        "{APPEALS}{}{}{}{}",
        row("pending", ""),
        row("accepted", LATER),
        row("rejected", LATER),
        row("accepted", LATER)
    );
    for name in ["first", "again"] {
        let answer = put(&cloud, "appeals", name, file.clone(), LATER).await;
        assert_eq!(
            answer.by_code.get("ROW_CONFLICT"),
            Some(&1),
            "{:?}",
            answer.issues
        );
        assert_eq!(answer.counts.rejected, 1);
        assert_eq!(
            answer
                .issues
                .iter()
                .find(|issue| issue.code == "ROW_CONFLICT")
                .map(|issue| issue.row),
            Some(3)
        );
    }
}
