//! A million live orders, made and loaded within a minute or two.

use std::ops::Range;

use aws_sdk_dynamodb::types::{PutRequest, StreamSpecification, StreamViewType, WriteRequest};
use domain::facts::{EventFact, OrderFact, PapersFact, StatedOrder, TrackingFact};
use domain::order::Source;
use domain::ruling::Uploader;
use domain::{
    Currency, Elapsed, Money, Node, Order, OrderId, OrderStatus, PolicyBook, SellerId, SendType, Timestamp,
    TrackingNumber,
};
use futures::stream::{self, StreamExt};
use local::{Cloud, ORDERS_TABLE};

/// One order in so many is due for want of a signature, and one for its silence.
pub(crate) const DUE_ONE_IN: u64 = 100;

const EVENTS: i64 = 24;
/// DynamoDB's own limit.
const ITEMS_PER_BATCH: usize = 25;
const BATCHES_AT_ONCE: usize = 4;

/// Puts orders into the table, past its stream: nobody asks for a lake of them.
pub(crate) async fn load(cloud: &Cloud, orders: Range<u64>, as_of: Timestamp) {
    set_stream(cloud, false).await;
    let indexes: Vec<u64> = orders.collect();
    let batches = indexes.chunks(ITEMS_PER_BATCH).map(|batch| {
        let puts = batch.iter().map(|index| put(*index, as_of, &cloud.policy));
        let call = cloud.dynamodb.batch_write_item();
        call.request_items(ORDERS_TABLE, puts.collect()).send()
    });
    let mut written = stream::iter(batches).buffer_unordered(BATCHES_AT_ONCE);
    while let Some(answer) = written.next().await {
        answer.expect("the table takes a batch");
    }
    set_stream(cloud, true).await;
}

async fn set_stream(cloud: &Cloud, enabled: bool) {
    let stream = StreamSpecification::builder().stream_enabled(enabled);
    let stream = if enabled {
        stream.stream_view_type(StreamViewType::NewAndOldImages)
    } else {
        stream
    };
    let call = cloud.dynamodb.update_table().table_name(ORDERS_TABLE);
    call.stream_specification(stream.build().expect("a stream"))
        .send()
        .await
        .expect("the table's stream");
}

fn put(index: u64, as_of: Timestamp, book: &PolicyBook) -> WriteRequest {
    let order = order(index, as_of, book);
    let open = order.is_sign_off_open(book.in_force_at(order.paid_at));
    let item = store::order_item(&order, 1, open).expect("an order encodes");
    let put = PutRequest::builder().set_item(Some(item)).build();
    WriteRequest::builder().put_request(put.expect("an item")).build()
}

/// An order on its way with a lively timeline, paid two to twenty-eight days ago. One in a hundred was paid 31 days ago;
/// another one is silent for 60 hours.
fn order(index: u64, as_of: Timestamp, book: &PolicyBook) -> Order {
    let (days, is_silent) = match index % DUE_ONE_IN {
        0 => (31, false),
        50 => (12, true),
        other => (2 + other as i64 * 13 % 27, false),
    };
    let paid_at = as_of.minus(Elapsed::days(days));
    let source = Source {
        upload: 1,
        row: index,
    };
    let order_id = OrderId::parse(&format!("{}", 8_000_000_000_000_000 + index)).expect("an order id");
    let number = TrackingNumber::parse(&format!("YT{index:016}")).expect("a number");
    let mut order = Order::placed(
        &placed(&order_id, paid_at, source),
        Vec::new(),
        &Uploader::Operator,
    )
    .expect("an order in dollars");
    let uploaded_at = paid_at.plus(Elapsed::hours(8));
    let tracking = TrackingFact {
        order_id,
        uploaded_at,
        carrier: Some("yunexpress".into()),
        number: Some(number.clone()),
        send_type: SendType::All,
        papers: PapersFact::default(),
        stated: StatedOrder::default(),
        findings: Vec::new(),
        source,
        stored: None,
    };
    let policy = book.in_force_at(paid_at);
    order.rule_tracking(&tracking, &Uploader::Operator, policy, book);
    // Evenly spread from the pickup on, so that none is silent for two days.
    let step = as_of.since(uploaded_at).seconds() / (EVENTS + 1);
    let silent_from = as_of.minus(Elapsed::hours(if is_silent { 60 } else { 0 }));
    let instants = (1..=EVENTS).map(|event| Timestamp::from_unix(uploaded_at.unix() + step * event));
    for (event, occurred_at) in instants.take_while(|at| *at < silent_from).enumerate() {
        let fact = EventFact {
            number: number.clone(),
            node: if event == 0 {
                Node::PickedUp
            } else {
                Node::InTransit
            },
            code: None,
            occurred_at,
            recorded_at: occurred_at,
            findings: Vec::new(),
            source,
        };
        order.rule_event(
            &fact,
            &Uploader::Operator,
            policy,
            book.intake.events_per_order_max,
        );
    }
    order
}

fn placed(order_id: &OrderId, paid_at: Timestamp, source: Source) -> OrderFact {
    OrderFact {
        order_id: order_id.clone(),
        seller_id: SellerId::parse("S00001").expect("a seller"),
        paid_at,
        amount: Money::parse("80.10", Currency::USD).expect("an amount"),
        destination: "ES".to_owned(),
        category: Some("apparel".to_owned()),
        send_deadline: None,
        status: OrderStatus::Paid,
        status_at: None,
        recorded_at: paid_at,
        source,
    }
}
