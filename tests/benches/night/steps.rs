//! Where the pass's own time goes: its steps one by one, over the same orders again and again.

use std::hint::black_box;
use std::time::{Duration, Instant};

use digest::Watch;
use domain::{Order, PolicyBook, Timestamp};
use store::{Item, outstanding};

const ROUNDS: u32 = 25;

/// Prints what each step takes for an order, on one processor.
pub(crate) fn print(items: &[Item], book: &PolicyBook, as_of: Timestamp) {
    let orders: Vec<Order> = items.iter().map(decode).collect();
    let policy = |order: &Order| book.in_force_at(order.paid_at);
    let told = [
        ("decoding", each(items, decode)),
        (
            "the view as of the night",
            each(&orders, |order| {
                order.as_of(as_of, book.in_force_at(order.paid_at)).is_some()
            }),
        ),
        ("what the ledger lacks", {
            each(&orders, |order| {
                outstanding(
                    order,
                    order.as_of(as_of, book.in_force_at(order.paid_at)).as_ref(),
                    book,
                    as_of,
                )
                .len()
            })
        }),
        ("the digest's watch", {
            let mut watch = Watch::new(as_of, book);
            each(&orders, move |order| {
                if let Some(seen) = order.as_of(as_of, book.in_force_at(order.paid_at)) {
                    watch.seen(&seen, policy(order), book);
                }
            })
        }),
        ("whether it is settled for good", {
            each(&orders, |order| order.is_settled_for_good(policy(order)))
        }),
    ];
    for (step, took) in told {
        println!("  {step}: {} ns an order", took.as_nanos());
    }
}

fn decode(item: &Item) -> Order {
    let image = store::decode_order(item).expect("an order decodes");
    image.expect("an item of the orders is an order").order
}

/// What something takes for one of many things, in the quickest round.
fn each<T, R>(things: &[T], mut what: impl FnMut(&T) -> R) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for thing in things {
            black_box(what(thing));
        }
        began.elapsed()
    });
    rounds.min().unwrap_or_default() / things.len().max(1) as u32
}
