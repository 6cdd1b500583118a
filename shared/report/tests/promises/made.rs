//! Figures made up in memory, for the tests and for the pages that `make test-web` opens.

use domain::{Cents, Elapsed, Month, Node, OrderId, SellerId};
use report::{
    Breakdown, BySeller, FailedOrder, Miss, Missing, MonthFigures, MonthReport, OrdersByName, Slice, Slices,
    Tally, UnconfirmedOrder, Undecided, UndecidedOrder,
};

/// No orders yet.
pub fn figures(seller: &SellerId, month: Month) -> MonthFigures {
    MonthFigures {
        seller_id: seller.clone(),
        month,
        orders: 0,
        excluded: 0,
        pending: 0,
        gmv: Cents::ZERO,
        fulfilment: Tally::default(),
        upload: Tally::default(),
        pickup: Tally::default(),
        delivery: Tally::default(),
        nodes: Tally::default(),
        fines_count: 0,
        fines: Cents::ZERO,
        early_policy: None,
        breakdown: Breakdown::default(),
    }
}

/// A portfolio of so many sellers over the three months of a report of `month`, the same each time: a few large ones,
/// many small ones, and some of everything that can go wrong.
pub fn portfolio(sellers: u64, month: Month, part_of_month: i64) -> Vec<MonthFigures> {
    let months = [month, month.minus(1), month.minus(2)];
    let mut made = Vec::new();
    for number in 0..sellers {
        let seller = SellerId::parse(&format!("CN{:09}", 1_000_000 + number * 7_919)).expect("a seller");
        let mut dice = Dice(number * 2_654_435_761 + 12_345);
        let size = [40, 120, 350, 700, 1_500][dice.below(5) as usize];
        let price = 6_000 + dice.below(20_000);
        let misses = [0, 3, 8, 20, 36, 46, 75][dice.below(7) as usize];
        for (index, month) in months.into_iter().enumerate() {
            let share = if index == 0 { part_of_month } else { 100 };
            let (size, misses) = (size * (80 + dice.below(40)), misses * (80 + dice.below(40)) / 100);
            let scale = (size * share / 10_000, price, misses, share < 100);
            made.push(one_month(&seller, month, &mut dice, scale));
        }
    }
    made
}

/// Orders of a report of made figures by name: as many as each seller has pending, failed and excluded.
pub fn by_name(report: &MonthReport) -> OrdersByName {
    OrdersByName {
        undecided: undecided(report),
        failed: failed(report),
        unconfirmed: unconfirmed(report),
    }
}

fn failed(report: &MonthReport) -> BySeller<FailedOrder> {
    let sellers = report.rows.iter().enumerate().map(|(place, row)| {
        let mut dice = Dice(place as u64 * 16_807 + 7);
        let orders = (0..row.orders_due - row.orders_fulfilled).map(|number| {
            let paid_at = report
                .as_of
                .minus(Elapsed::from_seconds(96 * 3_600 + dice.below(24 * 3_600)));
            let deadline = paid_at.plus(Elapsed::hours(24));
            let late = Elapsed::from_seconds(1 + dice.below(9 * 3_600));
            let (missing, happened_at) = match dice.below(3) {
                0 => (Missing::Upload, Some(deadline.plus(late))),
                1 => (Missing::Upload, None),
                _ => (Missing::Pickup, Some(deadline.plus(late))),
            };
            FailedOrder {
                order_id: OrderId::parse(&format!("82{place:06}{number:08}")).expect("an order id"),
                paid_at,
                misses: vec![Miss {
                    missing,
                    deadline,
                    happened_at,
                }],
                amount: Cents(900 + dice.below(30_000)),
            }
        });
        (row.seller_id.clone(), orders.collect())
    });
    sellers.collect()
}

fn unconfirmed(report: &MonthReport) -> BySeller<UnconfirmedOrder> {
    let sellers = report.rows.iter().enumerate().map(|(place, row)| {
        let orders = (0..row.orders_excluded.min(3)).map(|number| UnconfirmedOrder {
            order_id: OrderId::parse(&format!("83{place:06}{number:08}")).expect("an order id"),
            paid_at: report.as_of.minus(Elapsed::hours(24)),
        });
        (row.seller_id.clone(), orders.collect())
    });
    sellers.collect()
}

fn undecided(report: &MonthReport) -> Undecided {
    let sellers = report.rows.iter().enumerate().map(|(place, row)| {
        let mut dice = Dice(place as u64 * 48_271 + 11);
        let orders = (0..row.orders_pending).map(|number| {
            let id = format!("81{place:06}{number:08}");
            let left = Elapsed::from_seconds(60 + dice.below(72 * 3_600));
            let (missing, deadline) = match dice.below(9) {
                0..4 => (Missing::Upload, Some(report.as_of.plus(left))),
                4..8 => (Missing::Pickup, Some(report.as_of.plus(left))),
                _ => (Missing::Pickup, None),
            };
            UndecidedOrder {
                order_id: OrderId::parse(&id).expect("an order id"),
                paid_at: report.as_of.minus(Elapsed::from_seconds(dice.below(24 * 3_600))),
                missing,
                deadline,
                amount: Cents(900 + dice.below(30_000)),
            }
        });
        (row.seller_id.clone(), orders.collect())
    });
    sellers.collect()
}

/// Numbers that look thrown and are the same each time (an LCG; nothing of them is secret).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end.max(1) as u64) as i64
    }
}

const DESTINATIONS: [(&str, i64); 9] = [
    ("RU", 24),
    ("ES", 17),
    ("FR", 15),
    ("BR", 12),
    ("US", 10),
    ("PL", 8),
    ("MX", 6),
    ("KR", 5),
    ("DE", 3),
];
/// Who carries the orders of which destinations.
const CARRIERS: [(&str, &[&str]); 5] = [
    ("yanwen", &["RU", "KR"]),
    ("china_post", &["ES", "MX"]),
    ("dhl", &["US", "DE"]),
    ("jcex", &["FR", "PL"]),
    ("fedex", &["BR"]),
];

/// The orders of the destinations by carrier, less those that failed because nothing was ever uploaded.
fn carried(destinations: &Slices, price: i64) -> Slices {
    let of = |codes: &[&str]| {
        let mut sum = Slice::default();
        codes
            .iter()
            .filter_map(|code| destinations.get(*code))
            .for_each(|slice| sum.merge(slice));
        let (fulfilment, delivery) = (sum.fulfilment.failed(), sum.delivery.failed());
        let never = fulfilment.min(delivery) / 4;
        sum.orders -= never;
        sum.gmv = Cents(sum.gmv.0 - never * price);
        (sum.fulfilment.due, sum.delivery.due) = (sum.fulfilment.due - never, sum.delivery.due - never);
        sum
    };
    CARRIERS.map(|(name, codes)| (name.into(), of(codes))).into()
}

/// `misses` in a thousand orders.
fn one_month(
    seller: &SellerId,
    month: Month,
    dice: &mut Dice,
    (size, price, misses, runs): (i64, i64, i64, bool),
) -> MonthFigures {
    let orders = size + dice.below(size / 5 + 1);
    let pending = if runs { orders / 8 } else { 0 };
    let (excluded, due) = (orders / 50, orders - pending - orders / 50);
    let tally = |due: i64, in_a_thousand: i64, dice: &mut Dice| Tally {
        due,
        met: due - (due * in_a_thousand / 1_000 + dice.below(2) * i64::from(in_a_thousand > 0)).min(due),
    };
    let (fulfilment, delivery) = (tally(due, misses, dice), tally(due, 70, dice));
    let nodes = tally(due, 130, dice);
    let slice = |percent: i64, factor: i64, dice: &mut Dice| Slice {
        orders: (due + pending) * percent / 100,
        gmv: Cents((orders - excluded) * price * percent / 100),
        fulfilment: tally(due * percent / 100, misses * factor / 100, dice),
        delivery: tally(due * percent / 100, 70 * factor / 100, dice),
        nodes: tally(due * percent / 100, 130 * factor / 100, dice),
    };
    let destinations =
        DESTINATIONS.map(|(code, percent)| (code.into(), slice(percent, 60 + dice.below(90), dice)));
    let destinations = Slices::from(destinations);
    let carriers = carried(&destinations, price);
    let lacking = nodes.failed();
    let gaps = [
        (Node::DepartedOrigin, 60),
        (Node::ImportCustoms, 35),
        (Node::OutForDelivery, 20),
        (Node::ExportCustoms, 8),
    ];
    let missing = gaps.map(|(node, percent)| (node, lacking * percent / 100));
    let fines = orders * misses / 900;
    MonthFigures {
        orders,
        excluded,
        pending,
        gmv: Cents((orders - excluded) * price),
        fulfilment,
        upload: tally(due, misses * 2 / 3, dice),
        pickup: tally(due, misses / 3, dice),
        delivery,
        nodes,
        fines_count: fines,
        fines: Cents(fines * 120),
        breakdown: Breakdown {
            destinations,
            carriers,
            missing_nodes: missing.into_iter().filter(|(_, count)| *count > 0).collect(),
        },
        ..figures(seller, month)
    }
}
