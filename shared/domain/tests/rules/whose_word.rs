//! Whose word counts: what a seller states of an order that the operator states changes nothing of it (conventions).

use domain::assess::{Assessment, assess};
use domain::facts::OrderFact;
use domain::figures::{Figures, figures};
use domain::ledger::reconcile;
use domain::ruling::Uploader;
use domain::{Cents, Clause, Elapsed, Order, OrderStatus, PolicyBook, RowCode, SellerId, Source, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::desk::{Desk, Fact, moments, season};
use crate::season::{SELLER, codes, day, order_fact, seller, usd};

/// A row of an operator's file, or what a seller states of the order.
#[derive(Clone, Debug)]
enum Row {
    Operators(Fact),
    Sellers(OrderFact, SellerId),
}

fn take(desk: &mut Desk, row: &Row) {
    match row {
        Row::Operators(fact) => desk.take(fact),
        Row::Sellers(fact, by) => {
            let by = Uploader::Seller(by.clone());
            match &mut desk.order {
                Some(order) => {
                    order.rule_order(fact, &by, &PolicyBook::shipped().intake);
                }
                None => desk.order = Order::placed(fact, Vec::new(), &by),
            }
        }
    }
}

/// What a seller may state of the order once the policy allows it: other money, another time, another status.
fn sellers_row() -> impl Strategy<Value = Row> {
    let amounts = select(vec!["0.09", "80.10", "2000.00"]);
    let statuses = select(vec![
        OrderStatus::Paid,
        OrderStatus::Cancelled,
        OrderStatus::Refunded,
    ]);
    let sellers = select(vec![SELLER, SELLER, "S00005"]);
    let days = (-3_i64..3, 0_i64..60, proptest::option::of(0_i64..60));
    (amounts, statuses, sellers, days, 1_000_u64..2_000).prop_map(
        |(amount, status, by, (paid, recorded, status_at), upload)| {
            let by = seller(by);
            let fact = OrderFact {
                seller_id: by.clone(),
                amount: usd(amount),
                paid_at: order_fact().paid_at.plus(Elapsed::days(paid)),
                status,
                status_at: status_at.map(day),
                recorded_at: day(recorded),
                source: Source { upload, row: 1 },
                ..order_fact()
            };
            Row::Sellers(fact, by)
        },
    )
}

fn seen(order: Option<&Order>, moments: &[Timestamp]) -> Vec<(Assessment, Option<Figures>)> {
    let book = PolicyBook::shipped();
    let look = |at: &Timestamp| {
        let assessment = order.map(|order| assess(order, book.newest(), *at));
        let figures = order.and_then(|order| figures(order, book, *at));
        (assessment.unwrap_or_default(), figures)
    };
    moments.iter().map(look).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_a_seller_states_of_an_order_that_the_operator_stated_leaves_it_as_it_is(
        facts in season(),
        sellers in proptest::collection::vec((any::<Index>(), sellers_row()), 1..6),
    ) {
        let expected = Desk::order_of(&facts);
        let mut rows: Vec<Row> = facts.into_iter().map(Row::Operators).collect();
        for (place, row) in sellers {
            // After the operator's first row, which is the order's.
            rows.insert(place.index(rows.len()) + 1, row);
        }
        let mut desk = Desk::default();
        rows.iter().for_each(|row| take(&mut desk, row));
        prop_assert_eq!(desk.order, expected);
    }

    #[test]
    fn whichever_comes_first_the_operator_s_row_replaces_what_a_seller_stated(
        facts in season(),
        places in proptest::collection::vec(any::<Index>(), 16..48),
        sellers in proptest::collection::vec((any::<Index>(), sellers_row()), 1..6),
        nights in proptest::collection::vec((any::<Index>(), 1_i64..90), 0..4),
    ) {
        let policy = PolicyBook::shipped().newest();
        let moments = moments(&facts);
        let expected = Desk::order_of(&facts);
        let mut rows: Vec<Row> = Vec::new();
        for (fact, place) in facts.into_iter().zip(places.iter().cycle()) {
            rows.insert(place.index(rows.len() + 1), Row::Operators(fact));
        }
        for (place, row) in sellers {
            rows.insert(place.index(rows.len() + 1), row);
        }
        let mut runs: Vec<(usize, i64)> =
            nights.iter().map(|(place, at)| (place.index(rows.len()), *at)).collect();
        runs.sort_unstable();
        let mut entries = Vec::new();
        let mut desk = Desk::default();
        let mut latest = 0;
        let night = |order: &mut Order, at: Timestamp| {
            let due = assess(order, policy, at).due;
            let posted = reconcile(order, &due, at, policy);
            order.note_posted(&posted, at);
            posted
        };
        for (index, row) in rows.iter().enumerate() {
            take(&mut desk, row);
            for (_, at) in runs.iter().filter(|(after, _)| *after == index) {
                latest = latest.max(*at);
                if let Some(order) = &mut desk.order {
                    entries.extend(night(order, day(latest)));
                }
            }
        }
        let order = desk.order.as_mut().expect("the operator stated it");
        prop_assert_eq!(seen(Some(order), &moments), seen(expected.as_ref(), &moments));
        entries.extend(night(order, day(200)));
        for clause in [Clause::A6, Clause::B3, Clause::B4] {
            let moving = entries.iter().filter(|entry| entry.clause == clause && entry.kind.moves_money());
            let net: Cents = moving.map(|entry| entry.amount).sum();
            let due = seen(expected.as_ref(), &[day(200)]).remove(0).0.due;
            let fines = due
                .iter()
                .filter(|due| due.subject.clause == clause && due.verdict == domain::assess::Verdict::Fine);
            prop_assert_eq!(net, fines.map(|due| due.amount).sum::<Cents>(), "{}", clause);
        }
    }
}

#[test]
fn a_seller_s_row_about_an_order_that_the_operator_stated_says_that_it_is_ignored() {
    let mut order =
        Order::placed(&order_fact(), Vec::new(), &Uploader::Operator).expect("an order in dollars");
    let own = OrderFact {
        amount: usd("0.09"),
        status: OrderStatus::Cancelled,
        status_at: Some(day(1)),
        ..order_fact()
    };
    let before = order.clone();
    let ruling = order.rule_order(
        &own,
        &Uploader::Seller(seller(SELLER)),
        &PolicyBook::shipped().intake,
    );
    assert_eq!(codes(&ruling), [RowCode::StatementIgnored]);
    assert_eq!(order, before);
}
